//! What everybody in the call is told of everybody else.
//!
//! A change in a quiet meeting is told at once. Those that follow within [`Limits::fan_out`](super::Limits) are told
//! together, so that many who come at once are one message per receiver and not one per newcomer; and that message is
//! made once for all receivers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anteroom_media_transport::router::TrackId;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Announcement, RosterUpdate, TracksUpdate};
use anteroom_signaling::wire::SharedBody;

use super::participant::{Participant, SessionId};
use super::{Effect, Meeting, PER_MESSAGE, Policy};

/// Most names in an announcement.
const NAMES: usize = 10;

/// What has to be told.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Feed {
    /// Whose roster entries are new.
    changed: BTreeSet<SessionId>,
    /// Participant ids that left.
    left: Vec<String>,
    /// Tracks that were added and removed, by who publishes them.
    tracks: BTreeMap<SessionId, (Vec<proto::Track>, Vec<TrackId>)>,
    /// The state of the meeting is new.
    state: bool,
    announcement: Announcement,
    /// Number of the newest change of the roster.
    newest: u64,
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

    /// Number of the newest change of the roster: who is told the whole roster now knows everything up to it.
    pub(super) const fn newest(&self) -> u64 {
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
        self.feed.newest += 1;
    }

    /// Somebody has come into the call.
    pub(super) fn entered(&mut self, session: SessionId, name: String) {
        self.roster_changed(session);
        if self.announces() {
            let announcement = &mut self.feed.announcement;
            announcement.entered_count += 1;
            if announcement.entered.len() < NAMES {
                announcement.entered.push(name);
            }
        }
    }

    /// Somebody is no longer in `people`.
    pub(super) fn left(&mut self, session: SessionId, id: String, name: String) {
        self.feed.changed.remove(&session);
        self.feed.left.push(id);
        self.feed.newest += 1;
        if self.announces() {
            let announcement = &mut self.feed.announcement;
            announcement.left_count += 1;
            if announcement.left.len() < NAMES {
                announcement.left.push(name);
            }
        }
    }

    /// The state of the meeting is another one now.
    pub(super) fn state_changed(&mut self) {
        self.feed.state |= self.call.is_some();
    }

    /// Tracks have come and gone.
    pub(super) fn tracks_changed(&mut self, owner: SessionId, added: Vec<proto::Track>, removed: &[TrackId]) {
        if added.is_empty() && removed.is_empty() {
            return;
        }
        let (waiting, gone) = self.feed.tracks.entry(owner).or_default();
        waiting.retain(|track| !removed.iter().any(|gone| gone.0.to_string() == track.id));
        waiting.extend(added);
        gone.extend(removed);
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
            announcement,
            ..
        } = feed;
        // Whoever came after the newest change was told the whole roster.
        let behind: Vec<SessionId> = self
            .people
            .iter()
            .filter(|(_, participant)| {
                participant
                    .present()
                    .is_some_and(|present| present.synced < newest)
            })
            .map(|(session, _)| *session)
            .collect();
        if announcement.entered_count + announcement.left_count > 0 {
            self.send_all(behind.clone(), Body::Announcement(announcement));
        }
        if state {
            self.tell_state();
        }
        self.tell_roster(&behind, &changed, left);
        self.tell_tracks(tracks);
    }

    fn tell_roster(&mut self, to: &[SessionId], changed: &BTreeSet<SessionId>, left: Vec<String>) {
        let organization = self.facts.tenant();
        let mut upserted = changed
            .iter()
            .filter_map(|session| self.people.get(session)?.roster_entry(organization))
            .collect::<Vec<_>>()
            .into_iter()
            .peekable();
        let mut left = left.into_iter().peekable();
        while upserted.peek().is_some() || left.peek().is_some() {
            let update = RosterUpdate {
                snapshot: false,
                upserted: upserted.by_ref().take(PER_MESSAGE).collect(),
                left: left.by_ref().take(PER_MESSAGE).collect(),
            };
            self.send_all(to.to_vec(), Body::Roster(update));
        }
    }

    /// Everybody hears of all tracks but their own.
    fn tell_tracks(&mut self, tracks: BTreeMap<SessionId, (Vec<proto::Track>, Vec<TrackId>)>) {
        if tracks.is_empty() {
            return;
        }
        let present = self.present_sessions();
        let (owners, others): (Vec<_>, Vec<_>) = present
            .into_iter()
            .partition(|session| tracks.contains_key(session));
        for update in updates(&tracks, None) {
            self.send_all(others.clone(), Body::Tracks(update));
        }
        for owner in owners {
            for update in updates(&tracks, Some(owner)) {
                self.send(owner, Body::Tracks(update));
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

/// What was added and removed by all but `except`.
fn updates(
    tracks: &BTreeMap<SessionId, (Vec<proto::Track>, Vec<TrackId>)>,
    except: Option<SessionId>,
) -> Vec<TracksUpdate> {
    let of_others = || tracks.iter().filter(|(owner, _)| Some(**owner) != except);
    let mut added = of_others()
        .flat_map(|(_, (added, _))| added.iter().cloned())
        .peekable();
    let mut removed = of_others()
        .flat_map(|(_, (_, removed))| removed.iter().map(|track| track.0.to_string()))
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
