//! What happens in calls, told to the rest of the service: attendance reports, webhooks.
//!
//! ```text
//! machine ──Happening──▶ task (adds place, time, sequence) ──MeetingEvent──▶ MeetingEvents ──▶ subscribe: may miss some
//!                                                                                          └─▶ follow: misses none
//! ```

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anteroom_identity::id::{CommunicationIdentifier, ObjectId, ResourceId, TenantId};
use anteroom_teams_link::admission::EndReason;
use time::OffsetDateTime;
use tokio::sync::{broadcast, mpsc};

use super::machine::ChatLine;
use crate::bus::Topic;
use crate::store::sqlite::settings;
use crate::store::{Store, StoreError};

/// Events that a subscriber of the topic may be behind.
const TOPIC_EVENTS: usize = 4096;

/// Name of the setting that counts starts of the service.
const STARTS: &str = "meeting_event_starts";

/// Sequence numbers of one run of the service: a thousand per second last for 115 days, and 900,000 runs stay below
/// 2⁵³, so that every JSON parser reads the numbers.
const PER_START: u64 = 10_000_000_000;

/// Something that happened in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingEvent {
    /// Strictly increasing within a meeting, also when the service is started anew; with gaps.
    pub sequence: u64,
    /// When it happened.
    pub at: OffsetDateTime,
    /// Where.
    pub place: Arc<Place>,
    /// The call it happened in; empty when nobody has been let in yet.
    pub call_id: String,
    /// What.
    pub kind: EventKind,
}

/// Where a call takes place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a meeting.
    Meeting {
        /// The meeting's stable id.
        id: String,
        /// The organizer's tenant.
        tenant: TenantId,
        /// The organizer.
        organizer: ObjectId,
        /// The chat thread.
        thread_id: String,
    },
    /// In a room.
    Room {
        /// The room's id.
        id: String,
    },
    /// In a group call.
    Group {
        /// Tells it apart from those of other resources, and from meetings and rooms.
        key: String,
        /// The id that its participants agreed on.
        id: String,
        /// Whose users they are.
        resource: ResourceId,
    },
}

impl Place {
    /// The id of the meeting or the room, or the key of the group call; they never look alike.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Meeting { id, .. } | Self::Room { id } | Self::Group { key: id, .. } => id,
        }
    }

    /// The organizer's tenant; rooms and group calls have none.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Meeting { tenant, .. } => Some(*tenant),
            Self::Room { .. } | Self::Group { .. } => None,
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The first participant is in the call.
    Started,
    /// The last participant has left the call.
    Ended,
    /// Somebody is in the call.
    Joined {
        /// Who.
        participant: EventParticipant,
    },
    /// Somebody is in the call no more.
    Left {
        /// Who.
        participant: EventParticipant,
        /// Why; `None` when the connection is over and nobody can be told.
        reason: Option<EndReason>,
    },
    /// Somebody waits in the lobby.
    LobbyWaiting {
        /// Who.
        participant: EventParticipant,
    },
    /// Somebody waits no more.
    LobbyLeft {
        /// Who.
        participant: EventParticipant,
        /// What became of it.
        outcome: LobbyOutcome,
    },
    /// Something was said in the meeting's chat while somebody waited or was in the call.
    ChatMessage {
        /// Who said it, if it is in the call.
        participant: Option<EventParticipant>,
        /// What was said.
        line: ChatLine,
    },
}

/// What became of somebody in the lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LobbyOutcome {
    /// Let in, by hand or by a rule.
    Admitted,
    /// Turned away by hand.
    Rejected,
    /// Nobody let it in in time.
    TimedOut,
    /// Left, or its connection is over.
    Gone,
    /// A rule has changed, or the meeting has ended.
    Refused(EndReason),
}

impl LobbyOutcome {
    /// What a reason to leave the lobby amounts to.
    #[must_use]
    pub fn of(reason: Option<&EndReason>) -> Self {
        match reason {
            None => Self::Gone,
            Some(reason) if *reason == EndReason::left() => Self::Gone,
            Some(reason) if *reason == EndReason::lobby_denied() => Self::Rejected,
            Some(reason) if *reason == EndReason::lobby_timeout() => Self::TimedOut,
            Some(reason) => Self::Refused(*reason),
        }
    }
}

/// Somebody in the lobby or in the call.
#[derive(Clone, PartialEq, Eq)]
pub struct EventParticipant {
    /// Identifier in this meeting, new with every join.
    pub id: String,
    /// Who it is.
    pub identity: CommunicationIdentifier,
    /// The directory it is of, for somebody of a directory.
    pub tenant: Option<TenantId>,
    /// The name others see.
    pub display_name: String,
    /// What it is in the call; `None` in the lobby.
    pub role: Option<EventRole>,
    /// Not of the organizer's tenant; nobody is external where there is no organizer.
    pub external: bool,
}

/// Names are not for logs.
impl fmt::Debug for EventParticipant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventParticipant")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("external", &self.external)
            .finish_non_exhaustive()
    }
}

/// What somebody is in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventRole {
    /// Of a meeting.
    Organizer,
    /// Of a meeting.
    CoOrganizer,
    /// Of a meeting or a room.
    Presenter,
    /// Of a meeting or a room.
    Attendee,
    /// Of a room.
    Consumer,
    /// Of a room.
    Collaborator,
}

impl EventRole {
    /// The name in reports and events, as Graph and ACS write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::CoOrganizer => "coorganizer",
            Self::Presenter => "presenter",
            Self::Attendee => "attendee",
            Self::Consumer => "consumer",
            Self::Collaborator => "collaborator",
        }
    }
}

/// Something that happened, as the machine says it: it knows neither the time nor the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// As [`MeetingEvent::call_id`].
    pub call_id: String,
    /// What.
    pub kind: EventKind,
}

/// Events of all calls of the service, each meeting's in order.
#[derive(Debug)]
pub struct MeetingEvents {
    topic: Topic<Arc<MeetingEvent>>,
    followers: Mutex<Vec<mpsc::Sender<Arc<MeetingEvent>>>>,
    last: AtomicU64,
}

impl Default for MeetingEvents {
    fn default() -> Self {
        Self {
            topic: Topic::new(TOPIC_EVENTS),
            followers: Mutex::default(),
            last: AtomicU64::new(0),
        }
    }
}

impl MeetingEvents {
    /// Events from now on. Who falls behind by more than 4096 misses the oldest, and is told.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<MeetingEvent>> {
        self.topic.subscribe()
    }

    /// All events from now on until the service stops. Meetings wait while there is no room in the receiver: it has to
    /// be emptied soon, or dropped.
    #[must_use]
    pub fn follow(&self, capacity: usize) -> mpsc::Receiver<Arc<MeetingEvent>> {
        let (follower, events) = mpsc::channel(capacity);
        self.followers().push(follower);
        events
    }

    /// Numbers events above all those of earlier runs on this database.
    pub(crate) async fn resume(&self, store: &Store) -> Result<(), StoreError> {
        let start = store.write(|connection| next_start(connection)).await?;
        self.last
            .store(start.saturating_mul(PER_START), Ordering::Relaxed);
        Ok(())
    }

    /// Tells everybody; waits for followers that are behind.
    pub(super) async fn publish(&self, place: &Arc<Place>, at: OffsetDateTime, happening: Happening) {
        let event = Arc::new(MeetingEvent {
            sequence: self.last.fetch_add(1, Ordering::Relaxed) + 1,
            at,
            place: Arc::clone(place),
            call_id: happening.call_id,
            kind: happening.kind,
        });
        let followers: Vec<_> = {
            let mut followers = self.followers();
            followers.retain(|follower| !follower.is_closed());
            followers.clone()
        };
        for follower in followers {
            // One that has gone meanwhile wants to know no more.
            let _ = follower.send(Arc::clone(&event)).await;
        }
        self.topic.publish(event);
    }

    /// Nothing will happen any more: followers see the end.
    pub(super) fn close(&self) {
        self.followers().clear();
    }

    fn followers(&self) -> std::sync::MutexGuard<'_, Vec<mpsc::Sender<Arc<MeetingEvent>>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often the service was started on this database, this time included.
fn next_start(connection: &crate::store::Tx) -> Result<u64, StoreError> {
    let before = match settings::get(connection, STARTS)? {
        Some(text) => text.parse().map_err(|_| StoreError::Corrupt("setting"))?,
        None => 0_u64,
    };
    let start = before.saturating_add(1);
    settings::set(connection, STARTS, &start.to_string())?;
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Arc<Place> {
        Arc::new(Place::Room { id: "99".to_owned() })
    }

    fn started() -> Happening {
        Happening {
            call_id: "call".to_owned(),
            kind: EventKind::Started,
        }
    }

    #[tokio::test]
    async fn followers_get_everything_in_order_and_then_the_end() {
        let events = MeetingEvents::default();
        let mut follower = events.follow(2);
        let mut subscriber = events.subscribe();
        drop(events.follow(1));
        let told = async {
            for _ in 0..5 {
                events
                    .publish(&place(), OffsetDateTime::UNIX_EPOCH, started())
                    .await;
            }
            events.close();
        };
        let heard = async {
            let mut sequences = Vec::new();
            while let Some(event) = follower.recv().await {
                sequences.push(event.sequence);
            }
            sequences
        };
        let ((), sequences) = tokio::join!(told, heard);
        assert_eq!(sequences, [1, 2, 3, 4, 5]);
        assert_eq!(subscriber.recv().await.unwrap().sequence, 1);
    }

    #[tokio::test]
    async fn numbers_increase_over_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("anteroom.db")).unwrap();
        let mut last = 0;
        for _ in 0..3 {
            let events = MeetingEvents::default();
            events.resume(&store).await.unwrap();
            let mut follower = events.follow(1);
            events
                .publish(&place(), OffsetDateTime::UNIX_EPOCH, started())
                .await;
            let event = follower.recv().await.unwrap();
            assert!(event.sequence > last, "{} after {last}", event.sequence);
            last = event.sequence;
        }
        assert!(last < 1 << 53);
        store.close().await;
    }
}
