//! What everybody in the call is told of everybody else.
//!
//! A change in a quiet meeting is told at once. Those that follow within [`Limits::fan_out`](super::Limits) are told
//! together, so that many who come at once are one message per receiver and not one per newcomer; and that message is
//! made once for all receivers.

use std::collections::BTreeSet;
use std::time::Instant;

use anteroom_media_transport::router::TrackId;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Announcement, RosterUpdate, TracksUpdate};
use anteroom_signaling::wire::SharedBody;

use super::names::{ByView, View};
use super::participant::{Participant, Present, SessionId};
use super::{Effect, Meeting, PER_MESSAGE, Policy};

/// Most names in an announcement.
const NAMES: usize = 10;

/// Numbers of the newest changes that somebody knows of: who is told the whole roster, or of all tracks, knows of every
/// change up to then.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) roster: u64,
    pub(super) tracks: u64,
}

/// A track that has come or gone.
#[derive(Debug, Clone)]
struct TrackChange {
    /// Who publishes it.
    owner: SessionId,
    number: u64,
    what: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Added(proto::Track),
    /// With the number of its addition, when nobody has been told of that yet but those who were told of all tracks
    /// since.
    Removed(TrackId, Option<u64>),
}

impl TrackChange {
    /// The number of the track's first change that is still to be told.
    fn first(&self) -> u64 {
        match self.what {
            Change::Removed(_, Some(added)) => added,
            Change::Added(_) | Change::Removed(_, None) => self.number,
        }
    }

    /// Whether it is news for somebody.
    fn concerns(&self, somebody: SessionId, known: Known) -> bool {
        let heard_of = match self.what {
            Change::Added(_) | Change::Removed(_, None) => true,
            Change::Removed(_, Some(added)) => known.tracks >= added,
        };
        self.owner != somebody && self.number > known.tracks && heard_of
    }
}

/// Who came and went since it was announced last.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
struct Gathered {
    entered: Vec<(SessionId, String)>,
    entered_count: u32,
    left: Vec<String>,
    left_count: u32,
}

/// What has to be told.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Feed {
    /// Whose roster entries are new.
    changed: BTreeSet<SessionId>,
    /// Participant ids that left.
    left: Vec<String>,
    /// Tracks that were added and removed, in order.
    tracks: Vec<TrackChange>,
    /// The state of the meeting is new.
    state: bool,
    announcement: ByView<Gathered>,
    newest: Known,
    /// When something was told last.
    told: Option<Instant>,
    /// When to tell what is kept back.
    due: Option<Instant>,
}

impl Feed {
    fn is_empty(&self) -> bool {
        let Self {
            changed,
            left,
            tracks,
            state,
            announcement: _,
            ..
        } = self;
        changed.is_empty() && left.is_empty() && tracks.is_empty() && !state
    }

    /// When something is due.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What somebody knows who is told everything now.
    pub(super) const fn newest(&self) -> Known {
        self.newest
    }
}

impl Meeting {
    /// A participant's roster entry is another one now.
    pub(super) fn roster_changed(&mut self, session: SessionId) {
        let Some(present) = self.people.get(&session).and_then(Participant::present) else {
            return;
        };
        self.shelves.changed(present.shelf);
        self.feed.changed.insert(session);
        self.feed.newest.roster += 1;
    }

    /// Somebody has come into the call.
    pub(super) fn entered(&mut self, session: SessionId) {
        self.roster_changed(session);
        let Some(participant) = self.people.get(&session).filter(|_| self.announces()) else {
            return;
        };
        let nameless = participant.present().is_some_and(Present::is_nameless);
        let name = &participant.person.display_name;
        for view in View::ALL {
            let gathered = self.feed.announcement.get_mut(view);
            gathered.entered_count += 1;
            let named = (session, name.clone());
            add(&mut gathered.entered, named, nameless && view == View::Masked);
        }
    }

    /// Somebody is no longer in `people`.
    pub(super) fn left(&mut self, session: SessionId, id: String, name: String, nameless: bool) {
        self.feed.changed.remove(&session);
        self.feed.left.push(id);
        self.feed.newest.roster += 1;
        if self.announces() {
            for view in View::ALL {
                let gathered = self.feed.announcement.get_mut(view);
                let hidden = nameless && view == View::Masked;
                if hidden {
                    gathered.entered.retain(|(other, _)| *other != session);
                }
                gathered.left_count += 1;
                add(&mut gathered.left, name.clone(), hidden);
            }
        }
    }

    /// The state of the meeting is another one now.
    pub(super) fn state_changed(&mut self) {
        self.feed.state |= self.call.is_some();
    }

    /// Tracks have come and gone.
    pub(super) fn tracks_changed(&mut self, owner: SessionId, added: Vec<proto::Track>, removed: &[TrackId]) {
        for id in removed {
            let text = id.0.to_string();
            let waiting = self
                .feed
                .tracks
                .iter()
                .position(|change| matches!(&change.what, Change::Added(track) if track.id == text));
            let added = waiting.map(|place| self.feed.tracks.remove(place).number);
            self.track_changed(owner, Change::Removed(*id, added));
        }
        for track in added {
            self.track_changed(owner, Change::Added(track));
        }
    }

    fn track_changed(&mut self, owner: SessionId, what: Change) {
        self.feed.newest.tracks += 1;
        let number = self.feed.newest.tracks;
        self.feed.tracks.push(TrackChange { owner, number, what });
    }

    /// Tells what is to be told, or sees to it that it is told in time. At the end of every input.
    pub(super) fn settle(&mut self) {
        if self.feed.is_empty() {
            return;
        }
        let Some(now) = self.clock.map(|now| now.instant) else {
            return;
        };
        let quiet = self
            .feed
            .told
            .is_none_or(|told| now.saturating_duration_since(told) >= self.limits.fan_out);
        if quiet {
            self.tell_everybody();
            self.feed.told = Some(now);
            self.feed.due = None;
        } else {
            self.feed.due = self.feed.told.map(|told| told + self.limits.fan_out);
        }
    }

    fn tell_everybody(&mut self) {
        let (newest, told) = (self.feed.newest, self.feed.told);
        let feed = std::mem::replace(
            &mut self.feed,
            Feed {
                newest,
                told,
                ..Feed::default()
            },
        );
        let Feed {
            changed,
            left,
            tracks,
            state,
            mut announcement,
            ..
        } = feed;
        // Whoever came after the newest change was told the whole roster.
        let behind: Vec<SessionId> = self
            .people
            .iter()
            .filter(|(_, participant)| {
                participant
                    .present()
                    .is_some_and(|present| present.known.roster < newest.roster)
            })
            .map(|(session, _)| *session)
            .collect();
        let behind = View::ALL.map(|view| (view, self.of_view(&behind, view)));
        for (view, to) in &behind {
            let gathered = std::mem::take(announcement.get_mut(*view));
            if let Some(announcement) = self.announcement(gathered, *view) {
                self.send_all(to.clone(), Body::Announcement(announcement));
            }
        }
        if state {
            self.tell_state();
        }
        for (view, to) in &behind {
            self.tell_roster(*view, to, &changed, &left);
        }
        self.tell_tracks(&tracks);
    }

    /// What is announced to those of a view; `None` when nobody came or went. Whoever came as a presenter may be an
    /// attendee by now.
    fn announcement(&self, gathered: Gathered, view: View) -> Option<Announcement> {
        if gathered.entered_count + gathered.left_count == 0 {
            return None;
        }
        let hidden = |session: &SessionId| {
            let present = self.people.get(session).and_then(Participant::present);
            view == View::Masked && present.is_some_and(Present::is_nameless)
        };
        let entered = gathered.entered.into_iter();
        Some(Announcement {
            entered: entered
                .filter_map(|(session, name)| (!hidden(&session)).then_some(name))
                .collect(),
            entered_count: gathered.entered_count,
            left: gathered.left,
            left_count: gathered.left_count,
        })
    }

    fn tell_roster(&mut self, view: View, to: &[SessionId], changed: &BTreeSet<SessionId>, left: &[String]) {
        if to.is_empty() {
            return;
        }
        let mut upserted = changed
            .iter()
            .filter_map(|session| self.roster_entry(*session, view))
            .collect::<Vec<_>>()
            .into_iter()
            .peekable();
        let mut left = left.iter().cloned().peekable();
        while upserted.peek().is_some() || left.peek().is_some() {
            let update = RosterUpdate {
                snapshot: false,
                upserted: upserted.by_ref().take(PER_MESSAGE).collect(),
                left: left.by_ref().take(PER_MESSAGE).collect(),
            };
            self.send_all(to.to_vec(), Body::Roster(update));
        }
        if view == View::Masked {
            for session in to.iter().filter(|session| changed.contains(session)) {
                self.send_own_entry(*session);
            }
        }
    }

    /// Everybody hears of all tracks but their own, and those they know of.
    fn tell_tracks(&mut self, changes: &[TrackChange]) {
        let Some(oldest) = changes.iter().map(TrackChange::first).min() else {
            return;
        };
        let owners: BTreeSet<SessionId> = changes.iter().map(|change| change.owner).collect();
        let mut shared = Vec::new();
        let mut own = Vec::new();
        for (session, participant) in &self.people {
            let Some(present) = participant.present() else {
                continue;
            };
            if owners.contains(session) || present.known.tracks >= oldest {
                own.push((*session, present.known));
            } else {
                shared.push((*session, present.known));
            }
        }
        if let Some((one, known)) = shared.first().copied() {
            let to: Vec<SessionId> = shared.into_iter().map(|(session, _)| session).collect();
            for update in updates(changes, one, known) {
                self.send_all(to.clone(), Body::Tracks(update));
            }
        }
        for (one, known) in own {
            for update in updates(changes, one, known) {
                self.send(one, Body::Tracks(update));
            }
        }
    }

    pub(super) fn present_sessions(&self) -> Vec<SessionId> {
        self.people
            .iter()
            .filter(|(_, participant)| participant.in_call())
            .map(|(session, _)| *session)
            .collect()
    }

    /// Sends a message to many, or does nothing when there is nobody.
    pub(super) fn send_all(&mut self, to: Vec<SessionId>, body: Body) {
        match *to.as_slice() {
            [] => {}
            [one] => self.send(one, body),
            _ => self.share(to, SharedBody::new(body)),
        }
    }

    pub(super) fn share(&mut self, to: Vec<SessionId>, body: SharedBody) {
        if !to.is_empty() {
            self.effects.push_back(Effect::SendAll { to, body });
        }
    }

    fn announces(&self) -> bool {
        matches!(&self.policy, Policy::Meeting(rules) if rules.options.is_entry_exit_announced)
    }
}

/// Adds somebody, unless the name is hidden or there are enough.
fn add<T>(names: &mut Vec<T>, somebody: T, hidden: bool) {
    if !hidden && names.len() < NAMES {
        names.push(somebody);
    }
}

/// What is news for somebody.
fn updates(changes: &[TrackChange], somebody: SessionId, known: Known) -> Vec<TracksUpdate> {
    let news = || changes.iter().filter(|change| change.concerns(somebody, known));
    let mut added = news()
        .filter_map(|change| match &change.what {
            Change::Added(track) => Some(track.clone()),
            Change::Removed(..) => None,
        })
        .peekable();
    let mut removed = news()
        .filter_map(|change| match &change.what {
            Change::Added(_) => None,
            Change::Removed(track, _) => Some(track.0.to_string()),
        })
        .peekable();
    let mut updates = Vec::new();
    while added.peek().is_some() || removed.peek().is_some() {
        updates.push(TracksUpdate {
            snapshot: false,
            added: added.by_ref().take(PER_MESSAGE).collect(),
            removed: removed.by_ref().take(PER_MESSAGE).collect(),
        });
    }
    updates
}
