//! A store that forgets with the process.

use std::collections::{BTreeMap, HashMap};

use anteroom_identity::id::CommunicationIdentifier;

use super::{Change, Changes, ChatStore, MessageRange};
use crate::error::StoreError;
use crate::id::{ClientMessageId, MessageId, SequenceId, ThreadId};
use crate::thread::{Member, Message, ThreadProperties};

/// Threads in memory, for tests and for services that need not remember.
#[derive(Debug, Default)]
pub struct MemoryChatStore {
    threads: BTreeMap<ThreadId, Stored>,
}

#[derive(Debug, Clone)]
struct Stored {
    properties: ThreadProperties,
    members: Vec<Member>,
    messages: BTreeMap<SequenceId, Message>,
    places: HashMap<MessageId, SequenceId>,
    sent_as: HashMap<(CommunicationIdentifier, ClientMessageId), MessageId>,
}

impl MemoryChatStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl ChatStore for MemoryChatStore {
    fn thread(&self, id: &ThreadId) -> Result<Option<ThreadProperties>, StoreError> {
        Ok(self.threads.get(id).map(|thread| thread.properties.clone()))
    }

    fn member(&self, thread: &ThreadId, id: &CommunicationIdentifier) -> Result<Option<Member>, StoreError> {
        let members = self
            .threads
            .get(thread)
            .map(|thread| thread.members.as_slice())
            .unwrap_or_default();
        Ok(members.iter().find(|member| member.id == *id).cloned())
    }

    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError> {
        Ok(self
            .threads
            .get(thread)
            .map(|thread| thread.members.clone())
            .unwrap_or_default())
    }

    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError> {
        Ok(self
            .threads
            .iter()
            .filter(|(_, thread)| thread.members.iter().any(|member| member.id == *id))
            .map(|(id, _)| id.clone())
            .collect())
    }

    fn message(&self, thread: &ThreadId, id: MessageId) -> Result<Option<Message>, StoreError> {
        Ok(self
            .threads
            .get(thread)
            .and_then(|thread| thread.message(id))
            .cloned())
    }

    fn messages(&self, thread: &ThreadId, range: &MessageRange) -> Result<Vec<Message>, StoreError> {
        let MessageRange {
            before,
            after,
            created_from,
            limit,
        } = range;
        let Some(thread) = self.threads.get(thread) else {
            return Ok(Vec::new());
        };
        Ok(thread
            .messages
            .values()
            .rev()
            .skip_while(|message| before.is_some_and(|before| message.sequence_id >= before))
            .take_while(|message| message.sequence_id > *after)
            .filter(|message| message.created_on >= *created_from)
            .take(*limit)
            .cloned()
            .collect())
    }

    fn sent_as(
        &self,
        thread: &ThreadId,
        sender: &CommunicationIdentifier,
        client_message_id: &ClientMessageId,
    ) -> Result<Option<MessageId>, StoreError> {
        let key = (sender.clone(), client_message_id.clone());
        Ok(self
            .threads
            .get(thread)
            .and_then(|thread| thread.sent_as.get(&key))
            .copied())
    }

    fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        // Worked out on a copy, so that a conflict half way leaves nothing behind.
        let mut thread = self.threads.get(changes.thread()).cloned();
        for change in changes.list() {
            match (&mut thread, change) {
                (none @ None, Change::CreateThread(properties)) => {
                    *none = Some(Stored::new(properties.clone()));
                }
                (Some(thread), change) => thread.apply(change)?,
                (None, _) => return Err(StoreError::Conflict),
            }
        }
        if let Some(thread) = thread {
            self.threads.insert(changes.thread().clone(), thread);
        }
        Ok(())
    }
}

impl Stored {
    fn new(properties: ThreadProperties) -> Self {
        Self {
            properties,
            members: Vec::new(),
            messages: BTreeMap::new(),
            places: HashMap::new(),
            sent_as: HashMap::new(),
        }
    }

    fn apply(&mut self, change: &Change) -> Result<(), StoreError> {
        match change {
            Change::CreateThread(_) => return Err(StoreError::Conflict),
            Change::UpdateThread(properties) => self.properties = properties.clone(),
            Change::InsertMessage {
                message,
                client_message_id,
            } => {
                if self.messages.contains_key(&message.sequence_id) || self.places.contains_key(&message.id) {
                    return Err(StoreError::Conflict);
                }
                if let (Some(sender), Some(name)) = (&message.sender, client_message_id) {
                    let earlier = self.sent_as.insert((sender.clone(), name.clone()), message.id);
                    if earlier.is_some() {
                        return Err(StoreError::Conflict);
                    }
                }
                self.places.insert(message.id, message.sequence_id);
                self.messages.insert(message.sequence_id, message.clone());
            }
            Change::UpdateMessage(message) => {
                let place = self.places.get(&message.id).ok_or(StoreError::Conflict)?;
                let stored = self.messages.get_mut(place).ok_or(StoreError::Conflict)?;
                *stored = message.clone();
            }
            Change::PutMember(member) => match self.members.iter_mut().find(|known| known.id == member.id) {
                Some(known) => *known = member.clone(),
                None => self.members.push(member.clone()),
            },
            Change::RemoveMember(id) => self.members.retain(|member| member.id != *id),
        }
        Ok(())
    }

    fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(self.places.get(&id)?)
    }
}

#[cfg(test)]
mod tests {
    crate::chat_store_tests!(crate::store::MemoryChatStore::new());
}
