//! One running meeting, as a machine without sockets, storage or clock.
//!
//! [`Meeting`] is told what happened ([`Meeting::handle`], [`Meeting::handle_timeout`]) and answers with effects
//! ([`Meeting::poll_effect`]) that have to be carried out in order: messages to sessions, changes of the chat
//! membership, commands for the media router.
//!
//! ```text
//!            ┌───────────── Deny ──────────────▶ (Denied)
//!  Join ──decide──▶ Lobby ──admit, rule met──▶ InCall ──leave, remove, end, connection over──▶ (Ended)
//!            │        └───reject, time-out, rule───────────────────────────────────────────▶ (Ended)
//!            └──────────────── Admit ─────────────▲
//! ```
//!
//! What holds at all times, and is checked by a test with random operations:
//! - whoever waits in the lobby has no media, no chat, and is told nothing of the roster;
//! - a guest is a member of the chat thread exactly while it is in the call and connected (plus a grace);
//! - nothing is sent to a session after it was denied or ended.
//!
//! A call starts when the first participant is let in and is over when the last one has left; the lobby may outlive it.

mod call;
mod care;
mod chat;
mod decide;
mod feed;
mod group;
mod life;
mod live;
mod lobby;
mod names;
mod pace;
mod participant;
mod recording;
mod requests;
mod rights;
mod room;
mod shelves;
mod signs;
mod tracks;
mod views;

#[cfg(test)]
mod care_tests;
#[cfg(test)]
mod feed_tests;
#[cfg(test)]
mod happenings;
#[cfg(test)]
pub(super) mod harness;
#[cfg(test)]
mod model;
#[cfg(test)]
mod names_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod views_tests;
#[cfg(test)]
pub(super) mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use anteroom_identity::id::{CommunicationIdentifier, ObjectId, TenantId};
use anteroom_media_transport::router::{Command, RoomId};
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, MediaState, Section};
use anteroom_signaling::sdp::Description;
use anteroom_signaling::wire::SharedBody;
use anteroom_teams_link::admission::{EndReason, Settings};
use anteroom_teams_link::lobby::{Lobby, LobbyConfig};
use anteroom_teams_link::policy::{MeetingOptions, OrganizerPolicy, TenantSettings};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use time::OffsetDateTime;

pub use self::care::Ask;
use self::chat::Membership;
pub use self::chat::{ChatLine, ChatStart, HistoryShare};
use self::feed::Feed;
pub use self::group::GroupRules;
use self::life::{Call, Switches};
pub(crate) use self::pace::Pace;
use self::participant::Participant;
pub use self::participant::{Person, PersonKind, SessionId};
pub(crate) use self::requests::wire_reason;
pub use self::room::RoomRules;
use self::shelves::Shelves;
pub(crate) use self::tracks::id_in;
pub use self::tracks::room_of;
use crate::media::negotiate::{Environment, Receives};
use crate::meeting::events::{EventKind, Happening};

/// Most entries in one message of a snapshot; further ones follow as updates. A message of them has about 2 KiB: far
/// below the size limit, and every connection keeps a buffer of the largest it has sent.
const PER_MESSAGE: usize = 16;

/// One moment on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For time-outs.
    pub instant: Instant,
    /// For what people see and for the chat.
    pub wall: OffsetDateTime,
}

/// What identifies a meeting to its participants. `Debug` does not print the link, which lets people in.
#[derive(Clone, PartialEq, Eq)]
pub struct Facts {
    /// What the meeting is about.
    pub subject: String,
    /// The chat thread; empty in a room and in a group call.
    pub thread_id: String,
    /// The link to the meeting on this service; empty in a group call.
    pub join_url: String,
    /// Whose meeting it is; nobody's in a room and in a group call.
    pub host: Option<Host>,
}

impl Facts {
    /// The tenant of the organizer, if there is one.
    pub(super) fn tenant(&self) -> Option<TenantId> {
        self.host.map(|host| host.tenant)
    }
}

impl std::fmt::Debug for Facts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facts")
            .field("thread_id", &self.thread_id)
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Whose meeting it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// The tenant of the organizer.
    pub tenant: TenantId,
    /// The organizer.
    pub organizer: ObjectId,
}

/// What decides who gets in.
#[derive(Debug, Clone)]
pub enum Policy {
    /// A meeting's settings.
    Meeting(Rules),
    /// A room's list and times.
    Room(RoomRules),
    /// Of a group call.
    Group(GroupRules),
}

/// The settings that decide who gets in; they may change while the meeting runs.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Settings of the organizer's tenant.
    pub tenant: TenantSettings,
    /// The organizer's policy.
    pub organizer: OrganizerPolicy,
    /// Options of this meeting.
    pub options: MeetingOptions,
}

impl Rules {
    /// What rights depend on.
    #[must_use]
    pub const fn settings(&self) -> Settings<'_> {
        Settings {
            tenant: &self.tenant,
            organizer: &self.organizer,
            options: &self.options,
        }
    }
}

/// Caps of one meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Participants in the call.
    pub participants: usize,
    /// Participants in the lobby.
    pub lobby: usize,
    /// Participants, waiting or in the call, under one identity.
    pub per_identity: usize,
    /// How long a participant may wait in the lobby.
    pub lobby_timeout: Duration,
    /// Changes of the roster that follow one another within this time are told together; 0: each at once.
    pub fan_out: Duration,
}

/// What a meeting is made of.
#[derive(Debug)]
pub struct MeetingConfig {
    /// What identifies the meeting.
    pub facts: Facts,
    /// Who gets in.
    pub policy: Policy,
    /// Caps.
    pub limits: Limits,
    /// Our side of every media connection.
    pub media: Environment,
    /// The meeting's room in the media router.
    pub room: RoomId,
    /// Seed of identifiers, ICE passwords and SSRCs; from a cryptographically strong source.
    pub seed: [u8; 32],
}

/// What happened. `reply` is the id of the client's message, 0 when it wants no answer.
#[derive(Debug)]
pub enum Input {
    /// A session asks to enter; the first input of every session.
    Join {
        /// Who.
        person: Box<Person>,
        /// Id of the request.
        reply: u32,
    },
    /// A session asks to leave.
    Leave {
        /// Id of the request.
        reply: u32,
    },
    /// A session is over for a reason that is not the meeting's; it has been told.
    Gone,
    /// A session's connection dropped; it may come back.
    ConnectionLost,
    /// The grace for chat after a dropped connection is over.
    ChatGraceOver,
    /// A session came back on a new connection.
    Resumed,
    /// Let in from the lobby.
    Admit {
        /// Id of the request.
        reply: u32,
        /// Whom; ignored when `all`.
        ids: Vec<String>,
        /// Everybody who waits.
        all: bool,
    },
    /// Turn away from the lobby.
    Reject {
        /// Id of the request.
        reply: u32,
        /// Whom.
        ids: Vec<String>,
    },
    /// Remove from the call.
    Remove {
        /// Id of the request.
        reply: u32,
        /// Whom.
        ids: Vec<String>,
    },
    /// End the meeting for everyone.
    EndMeeting {
        /// Id of the request.
        reply: u32,
    },
    /// A wish about the meeting.
    Ask {
        /// Id of the request.
        reply: u32,
        /// The wish.
        ask: Ask,
    },
    /// The state of a participant's sources.
    MediaState {
        /// Id of the request.
        reply: u32,
        /// The state.
        state: MediaState,
        /// How many times the participant has acknowledged that somebody else had muted it.
        mutes: u32,
    },
    /// A session description.
    Offer {
        /// Id of the request.
        reply: u32,
        /// The parsed description.
        description: Box<Description>,
        /// What its sections are for.
        sections: Vec<Section>,
        /// How its sections receive.
        receives: Receives,
    },
    /// A chat message to send.
    SendChat {
        /// Id of the request.
        reply: u32,
        /// Plain text.
        text: String,
        /// The client's id of the message; may be empty.
        client_message_id: String,
    },
    /// The chat has taken or refused a message, or a read receipt.
    ChatSent {
        /// Id of the request.
        reply: u32,
        /// The message's id, empty for a receipt; or the error's key and sentence.
        result: Result<String, (&'static str, String)>,
    },
    /// Messages said before a participant connected, oldest first.
    History(Vec<ChatLine>),
}

/// What has to be done, in this order.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Send a message.
    Send {
        /// To whom.
        to: SessionId,
        /// The request it answers, or 0.
        reply: u32,
        /// The message.
        body: Body,
    },
    /// Send a message to many; it answers no request.
    SendAll {
        /// To whom.
        to: Vec<SessionId>,
        /// The message.
        body: SharedBody,
    },
    /// Send the last message, [`Body::Denied`] or [`Body::Ended`]; the session is over.
    End {
        /// Whose.
        session: SessionId,
        /// The request it answers, or 0.
        reply: u32,
        /// The message.
        body: Body,
    },
    /// Make a member of the chat thread, before what follows, and hand the outcome to [`Meeting::handle_chat_joined`].
    ChatAdd {
        /// Who.
        member: CommunicationIdentifier,
        /// Name of the member.
        display_name: String,
        /// What it may see of what was said before.
        history: HistoryShare,
    },
    /// Give a member of the chat thread another name.
    ChatRename {
        /// Whose.
        member: CommunicationIdentifier,
        /// The name.
        display_name: String,
    },
    /// Take the membership of the chat thread. Must be done before what follows.
    ChatRemove {
        /// Whose.
        member: CommunicationIdentifier,
    },
    /// Read what the member may see of the thread's history and hand it in as [`Input::History`].
    ChatHistory {
        /// For whom.
        to: SessionId,
        /// As which member.
        member: CommunicationIdentifier,
    },
    /// Send a chat message and hand the outcome in as [`Input::ChatSent`].
    ChatSend {
        /// For whom.
        from: SessionId,
        /// Id of the request.
        reply: u32,
        /// As which member.
        member: CommunicationIdentifier,
        /// Name of the sender.
        display_name: String,
        /// Plain text.
        text: String,
        /// The client's id of the message; may be empty.
        client_message_id: String,
    },
    /// Tell the thread that somebody is typing.
    ChatTyping {
        /// Who.
        from: SessionId,
        /// As which member.
        member: CommunicationIdentifier,
        /// Its name.
        display_name: String,
    },
    /// Note in the thread how far somebody has read, and hand the outcome in as [`Input::ChatSent`].
    ChatRead {
        /// For whom.
        from: SessionId,
        /// Id of the request.
        reply: u32,
        /// As which member.
        member: CommunicationIdentifier,
        /// The newest message it has read, as it named it.
        message_id: String,
    },
    /// A command for the media router.
    Media(Box<Command>),
    /// Tell the rest of the service what has happened.
    Event(Box<Happening>),
}

/// One running meeting.
///
/// - inputs: [`handle`](Self::handle), [`handle_chat`](Self::handle_chat), [`handle_chat_changed`](Self::handle_chat_changed),
///   [`handle_typing`](Self::handle_typing), [`handle_read`](Self::handle_read), [`handle_speakers`](Self::handle_speakers),
///   [`handle_media_closed`](Self::handle_media_closed), [`handle_demand`](Self::handle_demand), [`set_policy`](Self::set_policy), [`shut_down`](Self::shut_down), [`handle_timeout`](Self::handle_timeout)
/// - then, until there are none: [`poll_effect`](Self::poll_effect)
/// - then: [`poll_timeout`](Self::poll_timeout), [`is_empty`](Self::is_empty)
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Meeting {
    facts: Facts,
    policy: Policy,
    /// When to look whether a room is over.
    closes: Option<Instant>,
    limits: Limits,
    media: Environment,
    room: RoomId,
    random: Random,
    /// Everybody who waits or is in the call, in the order of arrival (session ids increase).
    people: BTreeMap<SessionId, Participant>,
    /// Exactly those of `people` who wait.
    lobby: Lobby<SessionId>,
    /// The running call; `Some` exactly while somebody is in it.
    call: Option<Call>,
    /// Who of `people` is a member of the chat thread.
    members: BTreeMap<CommunicationIdentifier, Membership>,
    /// Peers and tracks made so far in this room.
    ids_made: u32,
    /// Whether the last `Speaking` named anybody.
    speaking: bool,
    /// What the settings say of what can be switched in the call; `policy` has what is in force.
    configured: Switches,
    /// What everybody is to be told.
    feed: Feed,
    /// The roster, for newcomers.
    shelves: Shelves,
    /// How the meeting stands, as last written.
    state_body: Option<SharedBody>,
    /// How it stood when everybody was told last.
    state_told: Option<SharedBody>,
    /// What names the chat hides may have changed.
    names_changed: bool,
    /// The moment of the latest input.
    clock: Option<Now>,
    effects: VecDeque<Effect>,
}

/// Where identifiers come from.
#[derive(Debug)]
struct Random(StdRng);

/// For tests that look at every way a meeting can go on: each gets identifiers of its own.
#[cfg(test)]
impl Clone for Random {
    fn clone(&self) -> Self {
        Self(StdRng::from_rng(&mut rand::rng()))
    }
}

impl Meeting {
    /// A meeting with nobody in it.
    #[must_use]
    pub fn new(config: MeetingConfig) -> Self {
        let MeetingConfig {
            facts,
            policy,
            limits,
            media,
            room,
            seed,
        } = config;
        let lobby = Lobby::new(LobbyConfig {
            timeout: limits.lobby_timeout,
            capacity: limits.lobby,
        });
        let configured = match &policy {
            Policy::Meeting(rules) => Switches::of(&rules.options),
            Policy::Room(_) | Policy::Group(_) => Switches::of(&MeetingOptions::default()),
        };
        Self {
            facts,
            policy,
            closes: None,
            limits,
            media,
            room,
            random: Random(StdRng::from_seed(seed)),
            people: BTreeMap::new(),
            lobby,
            call: None,
            members: BTreeMap::new(),
            ids_made: 0,
            speaking: false,
            configured,
            feed: Feed::default(),
            shelves: Shelves::default(),
            state_body: None,
            state_told: None,
            names_changed: true,
            clock: None,
            effects: VecDeque::new(),
        }
    }

    /// Takes in what happened to a session, or what it asks for. Inputs of a session that is not (any more) here are
    /// ignored, since they may have crossed with its end.
    pub fn handle(&mut self, now: Now, session: SessionId, input: Input) {
        self.clock = Some(now);
        self.take_in(now, session, input);
        self.settle();
    }

    fn take_in(&mut self, now: Now, session: SessionId, input: Input) {
        if let Input::Join { person, reply } = input {
            self.join(now, session, *person, reply);
            return;
        }
        if !self.people.contains_key(&session) {
            return;
        }
        match input {
            Input::Join { .. } => {}
            Input::Leave { reply } => self.depart(now, session, reply, Some(EndReason::left())),
            Input::Gone => self.depart(now, session, 0, None),
            Input::ConnectionLost => self.connection_lost(session),
            Input::ChatGraceOver => self.chat_grace_over(session),
            Input::Resumed => self.resumed(session),
            Input::Admit { reply, ids, all } => self.admit(now, session, reply, &ids, all),
            Input::Reject { reply, ids } => self.reject(session, reply, &ids),
            Input::Remove { reply, ids } => self.remove(now, session, reply, &ids),
            Input::EndMeeting { reply } => self.end_meeting(session, reply),
            Input::Ask { reply, ask } => self.ask(now, session, reply, ask),
            Input::MediaState { reply, state, mutes } => self.media_state(session, reply, &state, mutes),
            Input::Offer {
                reply,
                description,
                sections,
                receives,
            } => {
                self.offer(session, reply, &description, &sections, receives);
            }
            Input::SendChat {
                reply,
                text,
                client_message_id,
            } => {
                self.send_chat(session, reply, text, client_message_id);
            }
            Input::ChatSent { reply, result } => self.chat_sent(session, reply, result),
            Input::History(lines) => self.history(session, lines),
        }
    }

    /// Replaces what decides who gets in, and decides anew about everybody in the lobby, and in a room's call.
    pub fn set_policy(&mut self, now: Now, policy: Policy) {
        self.clock = Some(now);
        let asked_consent = self.asks_consent();
        self.policy = policy;
        self.take_settings();
        self.names_changed = true;
        self.review_labels();
        self.review_room(now);
        self.review_start();
        self.review_recording();
        self.review_capabilities();
        self.review_consent(asked_consent);
        self.state_changed();
        self.reconcile_chat();
        self.review_lobby(now);
        self.settle();
    }

    /// Replaces what the meeting is called.
    pub fn set_subject(&mut self, subject: String) {
        self.facts.subject = subject;
    }

    /// Ends everything because the meeting or the room is no more.
    pub fn end(&mut self) {
        let reason = match self.policy {
            Policy::Meeting(_) | Policy::Group(_) => EndReason::ended(),
            Policy::Room(_) => EndReason::room_closed(),
        };
        self.end_all(&reason);
        self.settle();
    }

    /// Ends everything because the service stops.
    pub fn shut_down(&mut self) {
        self.end_all(&EndReason::service_stopping());
        self.settle();
    }

    /// Lets due time-outs fire.
    pub fn handle_timeout(&mut self, now: Now) {
        self.clock = Some(now);
        self.expire_lobby(now);
        self.close_in_time(now);
        self.settle();
    }

    /// Looks at the time anew: the wall clock was set.
    pub fn handle_clock_changed(&mut self, now: Now) {
        self.clock = Some(now);
        self.review_room(now);
        self.settle();
    }

    /// The next effect.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let closes = self.closes.filter(|_| !self.is_empty());
        let others = closes.into_iter().chain(self.feed.due());
        self.lobby.poll_timeout().into_iter().chain(others).min()
    }

    /// What identifies the meeting.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether nobody waits and nobody is in the call.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Whether a session is in the call or in the lobby.
    #[must_use]
    pub fn contains(&self, session: SessionId) -> bool {
        self.people.contains_key(&session)
    }

    fn send(&mut self, to: SessionId, body: Body) {
        self.reply(to, 0, body);
    }

    fn reply(&mut self, to: SessionId, reply: u32, body: Body) {
        self.effects.push_back(Effect::Send { to, reply, body });
    }

    /// Answers a request that wants an answer.
    fn done(&mut self, to: SessionId, reply: u32) {
        if reply != 0 {
            self.reply(to, reply, Body::Done(proto::Done { id: String::new() }));
        }
    }

    fn refuse(&mut self, to: SessionId, reply: u32, key: &str, message: &str) {
        let error = proto::Error {
            key: key.to_owned(),
            message: message.to_owned(),
            ..proto::Error::default()
        };
        self.reply(to, reply, Body::Error(error));
    }

    /// Sends to everybody in the call who fits.
    fn broadcast(&mut self, body: &Body, to: impl Fn(SessionId, &Participant) -> bool) {
        let present = self.people.iter();
        let to = present
            .filter(|(session, participant)| participant.in_call() && to(**session, participant))
            .map(|(session, _)| *session)
            .collect();
        self.send_all(to, body.clone());
    }

    /// Tells the rest of the service.
    fn happened(&mut self, kind: EventKind) {
        let call_id = self.call.as_ref().map(|call| call.id.clone()).unwrap_or_default();
        self.effects
            .push_back(Effect::Event(Box::new(Happening { call_id, kind })));
    }

    /// A fresh identifier, as text.
    fn fresh_id(&mut self) -> String {
        let mut bytes = [0; 16];
        rand::Rng::fill_bytes(&mut self.random.0, &mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
