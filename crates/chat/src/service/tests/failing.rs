//! What becomes of a command whose changes cannot be stored.

use super::*;

/// A store that fails when told to.
#[derive(Debug, Default)]
struct Failing {
    inner: MemoryChatStore,
    fails: bool,
}

impl ChatStore for Failing {
    fn thread(&self, id: &ThreadId) -> Result<Option<ThreadProperties>, StoreError> {
        self.inner.thread(id)
    }
    fn member(&self, thread: &ThreadId, id: &CommunicationIdentifier) -> Result<Option<Member>, StoreError> {
        self.inner.member(thread, id)
    }
    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError> {
        self.inner.members(thread)
    }
    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError> {
        self.inner.threads_of(id)
    }
    fn threads_page(
        &self,
        range: &crate::ThreadRange<'_>,
    ) -> Result<Vec<(crate::MembershipPlace, ThreadProperties)>, StoreError> {
        self.inner.threads_page(range)
    }
    fn created_as(
        &self,
        creator: &CommunicationIdentifier,
        name: &ClientMessageId,
    ) -> Result<Option<ThreadId>, StoreError> {
        self.inner.created_as(creator, name)
    }
    fn receipt(
        &self,
        thread: &ThreadId,
        reader: &CommunicationIdentifier,
    ) -> Result<Option<crate::Receipt>, StoreError> {
        self.inner.receipt(thread, reader)
    }
    fn receipts(&self, thread: &ThreadId) -> Result<Vec<crate::Receipt>, StoreError> {
        self.inner.receipts(thread)
    }
    fn expired_threads(&self, now: OffsetDateTime, limit: usize) -> Result<Vec<ThreadId>, StoreError> {
        self.inner.expired_threads(now, limit)
    }
    fn message(&self, thread: &ThreadId, id: MessageId) -> Result<Option<Message>, StoreError> {
        self.inner.message(thread, id)
    }
    fn messages(&self, thread: &ThreadId, range: &MessageRange) -> Result<Vec<Message>, StoreError> {
        self.inner.messages(thread, range)
    }
    fn sent_as(
        &self,
        thread: &ThreadId,
        sender: &CommunicationIdentifier,
        name: &ClientMessageId,
    ) -> Result<Option<MessageId>, StoreError> {
        self.inner.sent_as(thread, sender, name)
    }
    fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        if self.fails
            && changes
                .list()
                .iter()
                .any(|change| matches!(change, Change::InsertMessage { .. }))
        {
            return Err(StoreError::Failed("disk full".into()));
        }
        self.inner.commit(changes)
    }
}

#[test]
fn what_was_not_stored_did_not_happen() {
    let mut chat = ChatService::new(Failing::default());
    let new = NewThread {
        members: vec![Member::with_history(user(1), "")],
        system_messages: SystemMessages::Silent,
        ..NewThread::new("T", user(1), NOON)
    };
    let id = chat.create_thread(new).unwrap().id;
    while chat.poll_event().is_some() {}
    chat.store_mut().fails = true;
    let failed = chat.send_message(&user(1), &id, named("x", "c"), NOON);
    assert_eq!(
        failed,
        Err(ChatError::Store(StoreError::Failed("disk full".into())))
    );
    assert_eq!(chat.poll_event(), None);
    chat.store_mut().fails = false;
    let sent = chat.send_message(&user(1), &id, named("x", "c"), NOON).unwrap();
    assert_eq!((sent.deduplicated, sent.message.sequence_id.get()), (false, 1));
}
