//! A store that forgets with the process.

use std::collections::{BTreeMap, HashMap, HashSet};

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

#[derive(Debug)]
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
        check(self.threads.get(changes.thread()), changes)?;
        for change in changes.list() {
            match change {
                Change::CreateThread(properties) => {
                    self.threads
                        .insert(changes.thread().clone(), Stored::new(properties.clone()));
                }
                change => {
                    let thread = self
                        .threads
                        .get_mut(changes.thread())
                        .ok_or(StoreError::Conflict)?;
                    thread.apply(change);
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
            messages: BTreeMap::new(),
            places: HashMap::new(),
            sent_as: HashMap::new(),
        }
    }

    /// Makes a change that has been checked.
    fn apply(&mut self, change: &Change) {
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
            Change::PutMember(member) => match self.members.iter_mut().find(|known| known.id == member.id) {
                Some(known) => *known = member.clone(),
                None => self.members.push(member.clone()),
            },
            Change::RemoveMember(id) => self.members.retain(|member| member.id != *id),
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
            Change::UpdateThread(_) | Change::PutMember(_) | Change::RemoveMember(_) => true,
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
