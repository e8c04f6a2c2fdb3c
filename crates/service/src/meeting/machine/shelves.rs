//! The whole roster, in pieces that are made once for all newcomers who see the same names.

use std::collections::BTreeSet;

use anteroom_signaling::proto::RosterUpdate;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::wire::SharedBody;

use super::names::{ByView, View};
use super::participant::{Participant, Present, SessionId};
use super::{Meeting, PER_MESSAGE};

/// Everybody in the call, [`PER_MESSAGE`] to a shelf. When somebody comes, goes or changes, one shelf is made anew; the
/// others are handed out as they are.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Shelves(Vec<Shelf>);

#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
struct Shelf {
    on_it: BTreeSet<SessionId>,
    made: ByView<Option<SharedBody>>,
}

impl Shelves {
    /// Finds a place for somebody; gives the shelf's number.
    pub(super) fn put(&mut self, session: SessionId) -> usize {
        let free = self.0.iter().position(|shelf| shelf.on_it.len() < PER_MESSAGE);
        let index = free.unwrap_or_else(|| {
            self.0.push(Shelf::default());
            self.0.len() - 1
        });
        if let Some(shelf) = self.0.get_mut(index) {
            shelf.on_it.insert(session);
            shelf.made = ByView::default();
        }
        index
    }

    pub(super) fn take(&mut self, index: usize, session: SessionId) {
        if let Some(shelf) = self.0.get_mut(index) {
            shelf.on_it.remove(&session);
            shelf.made = ByView::default();
        }
        while self.0.last().is_some_and(|last| last.on_it.is_empty()) {
            self.0.pop();
        }
    }

    pub(super) fn changed(&mut self, index: usize) {
        if let Some(shelf) = self.0.get_mut(index) {
            shelf.made = ByView::default();
        }
    }
}

impl Meeting {
    /// The whole roster as the session sees it. The first message says that it is.
    pub(super) fn send_roster_snapshot(&mut self, session: SessionId) {
        let present = self.people.get(&session).and_then(Participant::present);
        let Some(view) = present.map(Present::view) else {
            return;
        };
        let mut shelves = std::mem::take(&mut self.shelves);
        for (index, shelf) in shelves.0.iter_mut().enumerate() {
            if shelf.on_it.is_empty() && index > 0 {
                continue;
            }
            let body = shelf.made.get_mut(view).get_or_insert_with(|| {
                let entries = shelf.on_it.iter();
                SharedBody::new(Body::Roster(RosterUpdate {
                    snapshot: index == 0,
                    upserted: entries
                        .filter_map(|session| self.roster_entry(*session, view))
                        .collect(),
                    left: Vec::new(),
                }))
            });
            let body = body.clone();
            self.share(vec![session], body);
        }
        self.shelves = shelves;
        if view == View::Masked {
            self.send_own_entry(session);
        }
    }

    /// Everybody sees the own name, which what is made for many does not have.
    pub(super) fn send_own_entry(&mut self, session: SessionId) {
        if let Some(entry) = self.roster_entry(session, View::Full) {
            let update = RosterUpdate {
                snapshot: false,
                upserted: vec![entry],
                left: Vec::new(),
            };
            self.send(session, Body::Roster(update));
        }
    }
}
