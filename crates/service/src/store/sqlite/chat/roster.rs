//! The members of threads, remembered between calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anteroom_chat::ThreadId;
use anteroom_chat::thread::Member;
use anteroom_identity::id::CommunicationIdentifier;

/// Members remembered, in all threads together: some 100 MB when all have long names.
const MEMBERS_KEPT: usize = 100_000;

/// The members of threads, remembered between calls and connections.
///
/// What is remembered counts only with the stamp under which it was read. A change of members gives the thread a stamp
/// never used before, in the same transaction, so that nothing need be told when that is undone.
#[derive(Debug, Clone, Default)]
pub struct RosterCache(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    rosters: HashMap<ThreadId, (i64, Roster)>,
    members: usize,
}

/// The present members of a thread.
#[derive(Debug, Clone)]
pub(super) struct Roster(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    members: Vec<Member>,
    by_id: HashMap<CommunicationIdentifier, usize>,
}

impl Roster {
    pub(super) fn new(members: Vec<Member>) -> Self {
        let by_id = members
            .iter()
            .enumerate()
            .map(|(index, member)| (member.id.clone(), index))
            .collect();
        Self(Arc::new(Parts { members, by_id }))
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.0.members
    }

    pub(super) fn member(&self, id: &CommunicationIdentifier) -> Option<&Member> {
        self.0.by_id.get(id).and_then(|index| self.0.members.get(*index))
    }
}

impl RosterCache {
    pub(super) fn find(&self, thread: &ThreadId, stamp: i64) -> Option<Roster> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, roster) = kept.rosters.get(thread)?;
        (*known == stamp).then(|| roster.clone())
    }

    pub(super) fn keep(&self, thread: &ThreadId, stamp: i64, roster: Roster) -> Roster {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.members.saturating_add(roster.members().len()) > MEMBERS_KEPT {
            // Rare, and what is in use is read again at once.
            *kept = Kept::default();
        }
        kept.members += roster.members().len();
        if let Some((_, old)) = kept.rosters.insert(thread.clone(), (stamp, roster.clone())) {
            kept.members = kept.members.saturating_sub(old.members().len());
        }
        roster
    }
}
