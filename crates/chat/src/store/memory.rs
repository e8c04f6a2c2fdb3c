//! A store that forgets with the process.

use std::collections::{BTreeMap, HashMap, HashSet};

use anteroom_identity::id::CommunicationIdentifier;
use time::OffsetDateTime;

use super::{Change, Changes, ChatStore, MembershipPlace, MessageRange, ThreadRange};
use crate::error::StoreError;
use crate::id::{ClientMessageId, MessageId, SequenceId, ThreadId};
use crate::thread::{Member, Message, MessageKind, Receipt, ThreadProperties};

/// Threads in memory, for tests and for services that need not remember.
#[derive(Debug, Default)]
pub struct MemoryChatStore {
    threads: BTreeMap<ThreadId, Stored>,
    created_as: HashMap<(CommunicationIdentifier, ClientMessageId), ThreadId>,
    places: MembershipPlace,
}

#[derive(Debug)]
struct Stored {
    properties: ThreadProperties,
    members: Vec<(MembershipPlace, Member)>,
    receipts: Vec<Receipt>,
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
        let stored = self.threads.get(thread);
        let mut members = stored.into_iter().flat_map(|thread| &thread.members);
        Ok(members
            .find(|(_, member)| member.id == *id)
            .map(|(_, member)| member.clone()))
    }

    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError> {
        let stored = self.threads.get(thread);
        let members = stored.into_iter().flat_map(|thread| &thread.members);
        Ok(members
            .map(|(_, member)| member)
            .filter(|member| member.is_present())
            .cloned()
            .collect())
    }

    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError> {
        Ok(self
            .threads
            .iter()
            .filter(|(_, thread)| thread.members.iter().any(|(_, member)| member.id == *id))
            .map(|(id, _)| id.clone())
            .collect())
    }

    fn threads_page(
        &self,
        range: &ThreadRange<'_>,
    ) -> Result<Vec<(MembershipPlace, ThreadProperties)>, StoreError> {
        let active = |properties: &ThreadProperties| {
            let last = properties
                .last_message
                .map_or(properties.created_on, MessageId::time);
            properties.deleted_on.is_none() && last >= range.active_from
        };
        let mut found: Vec<_> = self
            .threads
            .values()
            .filter(|thread| active(&thread.properties))
            .flat_map(|thread| thread.members.iter().map(move |member| (member, thread)))
            .filter(|((place, member), _)| {
                member.id == *range.member
                    && member.is_present()
                    && range.before.is_none_or(|before| *place < before)
            })
            .map(|((place, _), thread)| (*place, thread.properties.clone()))
            .collect();
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        found.truncate(range.limit);
        Ok(found)
    }

    fn created_as(
        &self,
        creator: &CommunicationIdentifier,
        name: &ClientMessageId,
    ) -> Result<Option<ThreadId>, StoreError> {
        Ok(self.created_as.get(&(creator.clone(), name.clone())).cloned())
    }

    fn receipt(
        &self,
        thread: &ThreadId,
        reader: &CommunicationIdentifier,
    ) -> Result<Option<Receipt>, StoreError> {
        let stored = self.threads.get(thread);
        let mut receipts = stored.into_iter().flat_map(|thread| &thread.receipts);
        Ok(receipts.find(|receipt| receipt.reader == *reader).cloned())
    }

    fn receipts(&self, thread: &ThreadId) -> Result<Vec<Receipt>, StoreError> {
        let stored = self.threads.get(thread);
        let mut receipts: Vec<Receipt> = stored
            .into_iter()
            .flat_map(|thread| thread.receipts.clone())
            .collect();
        receipts.reverse();
        Ok(receipts)
    }

    fn expired_threads(&self, now: OffsetDateTime, limit: usize) -> Result<Vec<ThreadId>, StoreError> {
        let is_due = |properties: &&ThreadProperties| {
            let at = properties.retention.deletes_at(properties.created_on);
            properties.deleted_on.is_none() && at.is_some_and(|at| at <= now)
        };
        let heads = self.threads.values().map(|thread| &thread.properties);
        Ok(heads
            .filter(is_due)
            .take(limit)
            .map(|head| head.id.clone())
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
        check(self.threads.get(changes.thread()), changes)?;
        let taken = |change: &Change| match change {
            Change::NameCreation { creator, name } => {
                self.created_as.contains_key(&(creator.clone(), name.clone()))
            }
            _ => false,
        };
        if changes.list().iter().any(taken) {
            return Err(StoreError::Conflict);
        }
        for change in changes.list() {
            match change {
                Change::NameCreation { creator, name } => {
                    let key = (creator.clone(), name.clone());
                    self.created_as.insert(key, changes.thread().clone());
                }
                Change::CreateThread(properties) => {
                    self.threads
                        .insert(changes.thread().clone(), Stored::new(properties.clone()));
                }
                change => {
                    let thread = self
                        .threads
                        .get_mut(changes.thread())
                        .ok_or(StoreError::Conflict)?;
                    self.places += 1;
                    thread.apply(change, self.places);
                }
            }
        }
        Ok(())
    }
}

impl Stored {
    fn new(properties: ThreadProperties) -> Self {
        Self {
            properties,
            members: Vec::new(),
            receipts: Vec::new(),
            messages: BTreeMap::new(),
            places: HashMap::new(),
            sent_as: HashMap::new(),
        }
    }

    /// Makes a change that has been checked.
    fn apply(&mut self, change: &Change, place: MembershipPlace) {
        match change {
            Change::CreateThread(properties) | Change::UpdateThread(properties) => {
                self.properties = properties.clone();
            }
            Change::InsertMessage {
                message,
                client_message_id,
            } => {
                if let (Some(sender), Some(name)) = (&message.sender, client_message_id) {
                    self.sent_as.insert((sender.clone(), name.clone()), message.id);
                }
                self.places.insert(message.id, message.sequence_id);
                self.messages.insert(message.sequence_id, message.clone());
            }
            Change::UpdateMessage(message) => {
                if let Some(place) = self.places.get(&message.id) {
                    self.messages.insert(*place, message.clone());
                }
            }
            Change::PutMember(member) => {
                match self.members.iter_mut().find(|(_, known)| known.id == member.id) {
                    Some((_, known)) => *known = member.clone(),
                    None => self.members.push((place, member.clone())),
                }
            }
            Change::RemoveMember(id) => self.members.retain(|(_, member)| member.id != *id),
            Change::PutReceipt(receipt) => {
                self.receipts.retain(|known| known.reader != receipt.reader);
                self.receipts.push(receipt.clone());
            }
            Change::RemoveReceipt(id) => self.receipts.retain(|receipt| receipt.reader != *id),
            Change::DeleteThread(properties) => {
                for (_, member) in &mut self.members {
                    member.display_name.clear();
                    member.metadata.clear();
                }
                *self = Self {
                    members: std::mem::take(&mut self.members),
                    ..Self::new(properties.clone())
                };
            }
            Change::Erase { id, at } => self.erase(id, *at),
            // Known to the store, not to the thread.
            Change::NameCreation { .. } => {}
        }
    }

    fn erase(&mut self, id: &CommunicationIdentifier, at: OffsetDateTime) {
        self.members.retain(|(_, member)| member.id != *id);
        self.receipts.retain(|receipt| receipt.reader != *id);
        self.sent_as.retain(|(sender, _), _| sender != id);
        for message in self.messages.values_mut() {
            if message.sender.as_ref() == Some(id) {
                message.content.clear();
                message.sender_display_name.clear();
                message.metadata.clear();
                message.deleted_on.get_or_insert(at);
            }
            if let MessageKind::ParticipantAdded { participants, .. }
            | MessageKind::ParticipantRemoved { participants, .. } = &mut message.kind
            {
                for participant in participants
                    .iter_mut()
                    .filter(|participant| participant.id == *id)
                {
                    participant.display_name.clear();
                }
            }
        }
    }

    fn message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(self.places.get(&id)?)
    }
}

/// Whether all changes can be made, so that a conflict half way leaves nothing behind.
fn check(thread: Option<&Stored>, changes: &Changes) -> Result<(), StoreError> {
    let mut exists = thread.is_some();
    let (mut ids, mut places, mut names) = (HashSet::new(), HashSet::new(), HashSet::new());
    for change in changes.list() {
        let fits = match change {
            Change::CreateThread(_) => !std::mem::replace(&mut exists, true),
            _ if !exists => false,
            Change::InsertMessage {
                message,
                client_message_id,
            } => {
                let name = message.sender.clone().zip(client_message_id.clone());
                let is_free = thread.is_none_or(|thread| {
                    !thread.messages.contains_key(&message.sequence_id)
                        && !thread.places.contains_key(&message.id)
                        && name
                            .as_ref()
                            .is_none_or(|name| !thread.sent_as.contains_key(name))
                });
                is_free
                    && ids.insert(message.id)
                    && places.insert(message.sequence_id)
                    && name.is_none_or(|name| names.insert(name))
            }
            Change::UpdateMessage(message) => {
                ids.contains(&message.id)
                    || thread.is_some_and(|thread| thread.places.contains_key(&message.id))
            }
            Change::UpdateThread(_)
            | Change::PutMember(_)
            | Change::RemoveMember(_)
            | Change::PutReceipt(_)
            | Change::RemoveReceipt(_)
            | Change::NameCreation { .. }
            | Change::DeleteThread(_)
            | Change::Erase { .. } => true,
        };
        if !fits {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    crate::chat_store_tests!(crate::store::MemoryChatStore::new());
}
