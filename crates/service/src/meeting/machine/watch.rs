//! For tests: an observer outside a meeting, who sees what goes in and what comes out, and knows what must never come
//! out.
//!
//! It has rules of its own, written down anew from what the settings mean, and never looks into the machine:
//! - no media, chat, roster entry or secret (thread, link, call, other people's names, capabilities) reaches a session that
//!   has not been let in, and none after its end;
//! - an attendee is told no name of another attendee where names are hidden;
//! - whoever is let in may pass by the rules, or was admitted by a participant with the right to, in that very step or
//!   before the meeting was begun;
//! - everybody has the role that the rules give, or somebody with the right to;
//! - nobody is left in the lobby who may pass, was admitted or rejected, or has waited too long;
//! - every session has exactly one end, for the reason that brought it about;
//! - nobody beyond the caps gets in.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anteroom_identity::id::{CommunicationIdentifier, ObjectId, TenantId};
use anteroom_media_transport::router::{Command, PeerId, TrackId};
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, LobbyUpdate, Role, RosterUpdate};
use anteroom_signaling::wire::{self, Encoding};
use anteroom_teams_link::policy::{AllowedPresenters, AttendeeRole, LobbyScope};

use super::{Effect, Facts, Person, PersonKind, Rules, SessionId};

/// What was done to a meeting.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A session asks to enter.
    Join(SessionId, Box<Person>),
    /// A session asks to leave.
    Leave(SessionId),
    /// A session is over by itself: its connection for good, or its token.
    Gone(SessionId),
    /// Admit these.
    Admit(SessionId, Vec<SessionId>),
    /// Admit everybody who waits.
    AdmitAll(SessionId),
    /// Reject these.
    Reject(SessionId, Vec<SessionId>),
    /// Remove these from the call.
    Remove(SessionId, Vec<SessionId>),
    /// End for everybody.
    End(SessionId),
    /// Lock the meeting for this call, or unlock it.
    Lock(SessionId, bool),
    /// Give these a role.
    SetRole(SessionId, Vec<SessionId>, Role),
    /// Begin the meeting.
    Begin(SessionId),
    /// A media offer.
    Offer(SessionId),
    /// Time has passed, and the media or chat grace with it.
    Time,
    /// The service stops.
    ShutDown,
    /// Anything that lets nobody in and ends nobody by itself.
    Other,
}

/// The settings of a meeting that an observer has an opinion on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Settings {
    pub(crate) scope: LobbyScope,
    /// Whether guests are allowed at all.
    pub(crate) anonymous: bool,
    /// Whether guests may be first in.
    pub(crate) start: bool,
    pub(crate) locked: bool,
    /// Attendees wait until the meeting is begun.
    pub(crate) green_room: bool,
    pub(crate) presenters: AllowedPresenters,
}

impl Settings {
    pub(crate) fn of(rules: &Rules) -> Self {
        Self {
            scope: rules.options.lobby.scope,
            anonymous: !rules.tenant.disable_anonymous_join && rules.organizer.allow_anonymous_join,
            start: rules.organizer.allow_anonymous_start,
            locked: rules.options.locked,
            green_room: rules.options.is_green_room_enabled,
            presenters: rules.options.allowed_presenters,
        }
    }
}

/// Whether attendees may not see each other's names.
pub(crate) fn are_names_hidden(rules: &Rules) -> bool {
    let by_meeting = &rules.options.anonymize_identity_for_roles;
    rules.organizer.attendee_identity_masking.is_enabled() || by_meeting.contains(&AttendeeRole::Attendee)
}

/// What the observer holds a meeting to.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// `None`: no opinion on who may pass, as in a room.
    pub(crate) settings: Option<Settings>,
    /// Attendees do not see each other's names.
    pub(crate) names_hidden: bool,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) organizer: Option<ObjectId>,
    /// Thread id, link and the like.
    pub(crate) secrets: Vec<String>,
    pub(crate) participants: usize,
    pub(crate) lobby: usize,
    pub(crate) timeout: Duration,
}

impl Terms {
    pub(crate) fn new(facts: &Facts, limits: &super::Limits, settings: Option<Settings>) -> Self {
        Self {
            settings,
            names_hidden: false,
            tenant: facts.host.map(|host| host.tenant),
            organizer: facts.host.map(|host| host.organizer),
            secrets: [&facts.thread_id, &facts.join_url]
                .into_iter()
                .filter(|secret| !secret.is_empty())
                .cloned()
                .collect(),
            participants: limits.participants,
            lobby: limits.lobby,
            timeout: limits.lobby_timeout,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Seen {
    /// Has asked to enter, and was not answered.
    Asked,
    Waiting,
    Inside,
    Over,
}

#[derive(Debug, Clone)]
struct Session {
    person: Box<Person>,
    seen: Seen,
    since: Instant,
    /// Participant id, known once inside.
    id: String,
    /// As it was told.
    role: Role,
    manages_lobby: bool,
    ends_meetings: bool,
    removes: bool,
    /// Chat lines up to this one were said before the stay began.
    chat_from: u64,
}

/// What must hold at all times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    /// Nothing of the call reaches a session that is not in it.
    Secrecy,
    /// Whoever is let in may come in.
    Entry,
    /// Nobody waits who should not.
    Waiting,
    /// Every session has one end, for the reason that brought it about.
    Ending,
    /// Nobody beyond the caps.
    Caps,
}

/// Who begins meetings and gives roles.
const LEADERS: [Role; 3] = [Role::Organizer, Role::CoOrganizer, Role::Presenter];

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) terms: Terms,
    sessions: BTreeMap<SessionId, Session>,
    members: BTreeSet<CommunicationIdentifier>,
    /// Chat lines said so far; the text of each is its number.
    pub(crate) lines: u64,
    peers: BTreeMap<PeerId, SessionId>,
    tracks: BTreeMap<PeerId, BTreeSet<TrackId>>,
    subscriptions: BTreeMap<PeerId, BTreeSet<TrackId>>,
    /// Somebody of the organization is or was in the running call.
    started: bool,
    /// Who was removed from the running call comes back through the lobby only.
    removed: BTreeSet<CommunicationIdentifier>,
    /// Who was let in before the running call was begun comes in with its beginning.
    admitted: BTreeSet<CommunicationIdentifier>,
    /// Roles given in the running call.
    given: BTreeMap<CommunicationIdentifier, Role>,
    /// What was locked or unlocked in the running call.
    lock: Option<bool>,
    step: Step,
    /// Whoever does it has the right to.
    entitled: bool,
    /// What different sessions are told in one step is not heard in order.
    pub(crate) unordered: bool,
    let_in_now: BTreeSet<SessionId>,
    changed_now: BTreeSet<SessionId>,
    now: Instant,
    /// What was wrong first.
    pub(crate) breach: Option<(Property, String)>,
}

impl Watch {
    pub(crate) fn new(terms: Terms, now: Instant) -> Self {
        Self {
            terms,
            sessions: BTreeMap::new(),
            members: BTreeSet::new(),
            lines: 0,
            peers: BTreeMap::new(),
            tracks: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            started: false,
            removed: BTreeSet::new(),
            admitted: BTreeSet::new(),
            given: BTreeMap::new(),
            lock: None,
            step: Step::Other,
            entitled: false,
            unordered: false,
            let_in_now: BTreeSet::new(),
            changed_now: BTreeSet::new(),
            now,
            breach: None,
        }
    }

    /// Something is about to be done.
    pub(crate) fn begin(&mut self, now: Instant, step: Step) {
        self.now = now;
        if let Step::Join(session, person) = &step
            && !self.sessions.contains_key(session)
        {
            let asked = Session {
                person: person.clone(),
                seen: Seen::Asked,
                since: now,
                id: String::new(),
                role: Role::Unspecified,
                manages_lobby: false,
                ends_meetings: false,
                removes: false,
                chat_from: 0,
            };
            self.sessions.insert(*session, asked);
        }
        if let Step::Gone(session) = step {
            self.over(session);
        }
        self.entitled = self.entitles(&step);
        self.let_in_now.clear();
        self.changed_now.clear();
        if self.entitled {
            self.note(&step);
        }
        self.step = step;
    }

    /// Other settings hold from now on.
    pub(crate) fn set(&mut self, settings: Settings, names_hidden: bool) {
        let before = self.terms.settings.replace(settings);
        self.terms.names_hidden = names_hidden;
        // What is changed in the settings replaces what was switched in the call.
        if before.is_some_and(|before| before.locked != settings.locked) {
            self.lock = None;
        }
        let verified = |session: &Session| {
            session.seen == Seen::Inside && !matches!(self.standing(&session.person), Standing::Guest)
        };
        self.started |= !settings.green_room && self.sessions.values().any(verified);
    }

    /// What somebody with the right to does that outlasts the step.
    fn note(&mut self, step: &Step) {
        match step {
            Step::Admit(..) | Step::AdmitAll(_) => {
                let waiting = self.sessions.iter().filter(|(id, session)| {
                    let named = match step {
                        Step::Admit(_, whom) => whom.contains(id),
                        _ => true,
                    };
                    named
                        && session.seen == Seen::Waiting
                        && self.is_allowed(&session.person)
                        && self.waits_for_the_beginning(&session.person)
                });
                let admitted: Vec<_> = waiting.map(|(_, session)| session.person.id.clone()).collect();
                if !self.is_full() {
                    self.admitted.extend(admitted);
                }
            }
            Step::Lock(_, locked) => self.lock = Some(*locked),
            Step::SetRole(_, whom, role) => {
                for whom in whom {
                    if let Some(session) = self.sessions.get(whom) {
                        self.given.insert(session.person.id.clone(), *role);
                    }
                }
            }
            Step::Begin(_) => self.started = true,
            _ => {}
        }
    }

    /// A line is about to be said in the thread, the text of which has to be this.
    pub(crate) fn next_line(&mut self) -> String {
        self.lines += 1;
        self.lines.to_string()
    }

    /// Something came out.
    pub(crate) fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Send { to, body, .. } => self.sent(*to, body),
            Effect::SendAll { to, body } => {
                for to in to {
                    self.sent(*to, body.body());
                }
            }
            Effect::Event(_) => {}
            Effect::End { session, body, .. } => self.ended(*session, body),
            Effect::ChatAdd { member, .. } => self.joined_chat(member),
            Effect::ChatRename { member, .. } => {
                self.demand(Property::Secrecy, self.members.contains(member), || {
                    format!("{member} has a name in the chat and is not in it")
                });
            }
            Effect::ChatRemove { member } => self.left_chat(member),
            Effect::ChatHistory { to, .. }
            | Effect::ChatSend { from: to, .. }
            | Effect::ChatTyping { from: to, .. }
            | Effect::ChatRead { from: to, .. } => {
                self.demand(Property::Secrecy, self.is(*to, Seen::Inside), || {
                    format!("the chat works for {to}, who is not inside")
                });
            }
            Effect::Media(command) => self.media(command),
        }
    }

    pub(crate) fn joined_chat(&mut self, member: &CommunicationIdentifier) {
        self.members.insert(member.clone());
    }

    pub(crate) fn left_chat(&mut self, member: &CommunicationIdentifier) {
        self.members.remove(member);
    }

    /// A session was sent something.
    pub(crate) fn sent(&mut self, to: SessionId, body: &Body) {
        match (self.seen(to), body) {
            (Some(Seen::Asked | Seen::Waiting), Body::Lobby(_)) => {
                self.keeps_secrets(to, body);
                self.change(to, |session| session.seen = Seen::Waiting);
            }
            (Some(Seen::Asked | Seen::Waiting), Body::Error(_)) => self.keeps_secrets(to, body),
            (Some(Seen::Asked | Seen::Waiting), Body::Connected(connected)) => self.let_in(to, connected),
            (Some(Seen::Inside), body) => self.sent_inside(to, body),
            (seen, body) => self.fail(Property::Secrecy, || format!("{to}, {seen:?}, was sent {body:?}")),
        }
    }

    /// A session was sent its last message.
    pub(crate) fn ended(&mut self, session: SessionId, body: &Body) {
        let reason = match body {
            Body::Denied(proto::Denied { reason }) | Body::Ended(proto::Ended { reason }) => reason.as_ref(),
            _ => None,
        };
        let Some(reason) = reason else {
            self.fail(Property::Ending, || {
                format!("the last message of {session} is {body:?}")
            });
            return;
        };
        let seen = self.seen(session);
        self.demand(
            Property::Ending,
            matches!(body, Body::Denied(_)) == (seen == Some(Seen::Asked)),
            || format!("{session}, {seen:?}, was sent {body:?}"),
        );
        if seen != Some(Seen::Inside) {
            self.keeps_secrets(session, body);
        }
        self.demand(Property::Ending, self.may_end(session, &reason.key), || {
            format!("{session}, {seen:?}, ended with {}", reason.key)
        });
        let media = self.peers.values().any(|owner| *owner == session);
        self.demand(Property::Secrecy, !media, || {
            format!("{session} is over and has media")
        });
        if reason.key == "removed"
            && let Some(session) = self.sessions.get(&session)
        {
            self.admitted.remove(&session.person.id);
            self.removed.insert(session.person.id.clone());
        }
        self.over(session);
        let id = self
            .sessions
            .get(&session)
            .map(|session| session.person.id.clone());
        if let Some(id) = id.filter(is_guest) {
            let chats = self.members.contains(&id) && !self.is_inside(&id);
            self.demand(Property::Secrecy, !chats, || {
                format!("{session} is over and in the chat")
            });
        }
    }

    /// The media router was told something.
    pub(crate) fn media(&mut self, command: &Command) {
        let peer = command.peer();
        match command {
            Command::AddPeer { .. } => {
                let Step::Offer(by) = self.step else {
                    self.fail(Property::Secrecy, || format!("{peer} got media without an offer"));
                    return;
                };
                self.peers.insert(peer, by);
            }
            Command::RemovePeer { .. } => {
                self.peers.remove(&peer);
                self.tracks.remove(&peer);
                self.subscriptions.remove(&peer);
                return;
            }
            Command::SetPublications { publications, .. } => {
                let tracks = publications.iter().map(|publication| publication.track);
                self.tracks.insert(peer, tracks.collect());
            }
            Command::SetSubscriptions { subscriptions, .. } => {
                let tracks = subscriptions.iter().map(|subscription| subscription.track);
                self.subscriptions.insert(peer, tracks.collect());
            }
            _ => {}
        }
        let owner = self.peers.get(&peer).copied();
        self.demand(
            Property::Secrecy,
            owner.is_some_and(|owner| self.is(owner, Seen::Inside)),
            || format!("{command:?} is for somebody who is not inside"),
        );
    }

    /// Everything that follows from the step has come out.
    pub(crate) fn finish(&mut self) {
        let waiting: Vec<SessionId> = self.all(Seen::Waiting).collect();
        let inside = self.all(Seen::Inside).count();
        self.demand(Property::Caps, inside <= self.terms.participants, || {
            format!("{inside} are in the call")
        });
        self.demand(Property::Caps, waiting.len() <= self.terms.lobby, || {
            format!("{} are in the lobby", waiting.len())
        });
        let asked = self.all(Seen::Asked).next();
        self.demand(Property::Ending, asked.is_none(), || {
            format!("{asked:?} was not answered")
        });
        for session in waiting {
            self.waits_rightly(session);
        }
        if let Step::Leave(left) = self.step {
            let over = self.seen(left).is_none_or(|seen| seen == Seen::Over);
            self.demand(Property::Ending, over, || format!("{left} has left and is there"));
        }
        let strangers = self
            .members
            .iter()
            .find(|id| is_guest(id) && !self.is_inside(id))
            .cloned();
        self.demand(Property::Secrecy, strangers.is_none(), || {
            format!("{strangers:?} is in the chat, not in the call")
        });
        let outside = self
            .peers
            .values()
            .copied()
            .find(|owner| !self.is(*owner, Seen::Inside));
        self.demand(Property::Secrecy, outside.is_none(), || {
            format!("{outside:?} has media and is not inside")
        });
        let published: BTreeSet<TrackId> = self.tracks.values().flatten().copied().collect();
        let stale = self
            .subscriptions
            .values()
            .flatten()
            .find(|track| !published.contains(track))
            .copied();
        self.demand(Property::Secrecy, stale.is_none(), || {
            format!("{stale:?} is received and not published")
        });
        let alive = self.sessions.values().any(|session| session.seen != Seen::Over);
        self.demand(Property::Ending, !(alive && self.everybody_goes()), || {
            "the meeting has ended and somebody is there".to_owned()
        });
        self.step = Step::Other;
    }

    /// Whether somebody was removed from the running call.
    pub(crate) fn was_removed(&self, id: &CommunicationIdentifier) -> bool {
        self.removed.contains(id)
    }

    /// What has become of a session; `None` for one that has not come.
    pub(crate) fn seen(&self, session: SessionId) -> Option<Seen> {
        self.sessions.get(&session).map(|session| session.seen)
    }

    /// The sessions in this state.
    pub(crate) fn all(&self, seen: Seen) -> impl Iterator<Item = SessionId> {
        self.sessions
            .iter()
            .filter(move |(_, session)| session.seen == seen)
            .map(|(id, _)| *id)
    }

    /// Whether somebody comes in as soon as the meeting is begun.
    pub(crate) fn was_admitted(&self, id: &CommunicationIdentifier) -> bool {
        self.admitted.contains(id)
    }

    /// The role somebody was given in the running call.
    pub(crate) fn given_role(&self, id: &CommunicationIdentifier) -> Option<Role> {
        self.given.get(id).copied()
    }

    /// What was locked or unlocked in the running call.
    pub(crate) const fn lock(&self) -> Option<bool> {
        self.lock
    }

    /// The role a session was told last.
    pub(crate) fn role(&self, session: SessionId) -> Option<Role> {
        let session = self.sessions.get(&session)?;
        (session.seen == Seen::Inside).then_some(session.role)
    }

    /// Whether a session was told that it may look after the lobby.
    pub(crate) fn manages_lobby(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|session| session.seen == Seen::Inside && session.manages_lobby)
    }

    pub(crate) fn members(&self) -> &BTreeSet<CommunicationIdentifier> {
        &self.members
    }

    /// The media router has forgotten everybody.
    pub(crate) fn lose_media(&mut self) {
        self.peers.clear();
        self.tracks.clear();
        self.subscriptions.clear();
    }

    /// Forgets sessions that are over, whose number grows without bound.
    pub(crate) fn forget_over(&mut self) {
        self.sessions.retain(|_, session| session.seen != Seen::Over);
    }

    fn let_in(&mut self, to: SessionId, connected: &proto::Connected) {
        let Some(session) = self.sessions.get(&to) else {
            return;
        };
        let person = session.person.clone();
        if self.unordered && self.is_last_to_go() {
            self.call_is_over();
        }
        let guest = is_guest(&person.id);
        let can = |name: &str| connected.capabilities.iter().any(|capability| capability == name);
        let (manages_lobby, ends_meetings, removes) = (
            can("manageLobby"),
            can("hangUpForEveryOne"),
            can("removeParticipant"),
        );
        self.demand(
            Property::Entry,
            !(guest && (manages_lobby || ends_meetings || removes)),
            || format!("the guest {to} runs the meeting: {:?}", connected.capabilities),
        );
        let forgiven = self.unordered && self.is_admitted_somewhere(&person);
        let rightly =
            self.passes(&person, forgiven) || (self.is_admitted(to) && self.may_be_admitted(&person));
        let (role, expected) = (connected.role(), self.expected_role(&person));
        self.demand(
            Property::Entry,
            expected.is_none_or(|expected| expected == role),
            || format!("{to} was let in as {role:?}, not as {expected:?}"),
        );
        self.demand(Property::Caps, !self.is_full(), || {
            format!("{to} was let into a full call")
        });
        let step = self.step.clone();
        self.demand(Property::Entry, rightly, || {
            format!("{to} was let in by {step:?}")
        });
        let chat_from = self
            .sessions
            .values()
            .filter(|other| other.seen == Seen::Inside && other.person.id == person.id)
            .map(|other| other.chat_from)
            .fold(self.lines, u64::min);
        // Who lets somebody in again has thought better of it.
        self.removed.remove(&person.id);
        let green_room = self.terms.settings.is_some_and(|settings| settings.green_room);
        self.started |= !green_room && self.is_of_organization(&person);
        self.let_in_now.insert(to);
        self.change(to, |session| {
            session.seen = Seen::Inside;
            session.id.clone_from(&connected.participant_id);
            session.role = role;
            session.manages_lobby = manages_lobby;
            session.ends_meetings = ends_meetings;
            session.removes = removes;
            session.chat_from = chat_from;
        });
        if !connected.call_id.is_empty() && !self.terms.secrets.contains(&connected.call_id) {
            self.terms.secrets.push(connected.call_id.clone());
        }
    }

    fn sent_inside(&mut self, to: SessionId, body: &Body) {
        self.keeps_names(to, body);
        match body {
            Body::Roster(RosterUpdate { upserted, .. }) => {
                let stranger = upserted.iter().find(|entry| {
                    !self
                        .sessions
                        .values()
                        .any(|session| session.seen == Seen::Inside && session.id == entry.id)
                });
                self.demand(Property::Secrecy, stranger.is_none(), || {
                    format!("{to} was told that {stranger:?} is inside")
                });
            }
            Body::LobbyRoster(LobbyUpdate { upserted, .. }) => {
                self.demand(Property::Secrecy, self.manages_lobby(to), || {
                    format!("{to} was told of the lobby without the right to")
                });
                let inside = upserted.iter().find(|entry| {
                    self.sessions.iter().any(|(id, session)| {
                        session.id == entry.id && !(self.unordered && self.let_in_now.contains(id))
                    })
                });
                self.demand(Property::Secrecy, inside.is_none(), || {
                    format!("{to} was told that {inside:?} waits")
                });
            }
            Body::Chat(message) => self.hears(to, message),
            Body::Typing(_) | Body::ReadReceipt(_) => self.notices(to),
            Body::CapabilitiesChanged(changed) => {
                let can = |name: &str| changed.capabilities.iter().any(|capability| capability == name);
                self.role_changed(to, changed.role());
                self.change(to, |session| {
                    session.manages_lobby = can("manageLobby");
                    session.ends_meetings = can("hangUpForEveryOne");
                    session.removes = can("removeParticipant");
                });
            }
            Body::Connected(_) | Body::Lobby(_) => self.fail(Property::Secrecy, || {
                format!("{to} is inside and was sent {body:?}")
            }),
            _ => {}
        }
    }

    fn role_changed(&mut self, of: SessionId, role: Role) {
        let Some(session) = self.sessions.get(&of) else {
            return;
        };
        let given = self.given.get(&session.person.id).copied();
        let before = session.role;
        if before != role {
            self.changed_now.insert(of);
        }
        let rightly = self.terms.settings.is_none() || role == before || given == Some(role);
        self.demand(Property::Entry, rightly, || {
            format!("{of} is {role:?}, was {before:?} and was given {given:?}")
        });
        self.change(of, |session| session.role = role);
    }

    /// Demands that an attendee is not told the names of others, where names are hidden.
    fn keeps_names(&mut self, to: SessionId, body: &Body) {
        let Some(viewer) = self.sessions.get(&to) else {
            return;
        };
        if !self.terms.names_hidden || viewer.role != Role::Attendee {
            return;
        }
        let message = proto::ServerMessage {
            seq: 0,
            in_reply_to: 0,
            body: Some(body.clone()),
        };
        let frame = wire::encode_server(Encoding::Json, &message);
        let text = String::from_utf8_lossy(frame.as_bytes());
        let attendees = self.sessions.iter().filter(|(id, session)| {
            // Where messages to several are not heard in order, a role that has just changed counts for neither side.
            let settled = !(self.unordered && self.changed_now.contains(id));
            session.role == Role::Attendee && session.person.id != viewer.person.id && settled
        });
        // Somebody who presents on another device, or did, is shown by name there.
        let presents = |this: &SessionId, person: &Person| {
            self.sessions.iter().any(|(other, session)| {
                other != this && session.person.id == person.id && LEADERS.contains(&session.role)
            })
        };
        let attendees = attendees.filter(|(id, session)| !presents(id, &session.person));
        let told = attendees
            .map(|(_, session)| &session.person.display_name)
            .find(|name| text.contains(name.as_str()))
            .cloned();
        self.demand(Property::Secrecy, told.is_none(), || {
            format!("{to} is an attendee and was told {told:?}: {text}")
        });
    }

    /// Demands that whoever is told of the chat is in it.
    fn notices(&mut self, to: SessionId) {
        let Some(session) = self.sessions.get(&to) else {
            return;
        };
        // Colleagues stay in the chat beyond the call.
        let member = !is_guest(&session.person.id) || self.members.contains(&session.person.id);
        self.demand(Property::Secrecy, member, || {
            format!("{to} heard the chat without being a member")
        });
    }

    fn hears(&mut self, to: SessionId, message: &proto::ChatMessage) {
        self.notices(to);
        let said: u64 = message.text.parse().unwrap_or(u64::MAX);
        let Some(session) = self.sessions.get(&to) else {
            return;
        };
        let before = is_guest(&session.person.id) && said <= session.chat_from;
        self.demand(Property::Secrecy, !before, || {
            format!("{to} heard line {said}, said before it came")
        });
    }

    /// Whether a session may have ended for this reason.
    fn may_end(&self, session: SessionId, key: &str) -> bool {
        let Some(found) = self.sessions.get(&session) else {
            return false;
        };
        let seen = found.seen;
        let due = self.now >= found.since + self.terms.timeout;
        match (seen, key) {
            (Seen::Over, _) => false,
            (_, "left") => matches!(self.step, Step::Leave(leaves) if leaves == session),
            (Seen::Waiting, "lobby_denied") => self.is_rejected(session),
            (Seen::Waiting, "lobby_timeout") => due,
            (Seen::Inside, "removed") => self.is_removed(session),
            (Seen::Waiting | Seen::Inside, "ended" | "service_stopping") => self.everybody_goes(),
            (_, "lobby_denied" | "lobby_timeout" | "removed" | "ended") => false,
            // Also when the lobby is full, or one identity has too many sessions.
            (Seen::Asked, "meeting_full") => true,
            (Seen::Waiting, "meeting_full") => self.is_full(),
            (Seen::Asked | Seen::Waiting, _) => {
                self.terms.settings.is_none() || !self.is_allowed(&found.person)
            }
            (Seen::Inside, key) => self.terms.settings.is_none() || key == "media_lost",
        }
    }

    /// Demands of somebody who waits that nothing says otherwise.
    fn waits_rightly(&mut self, waiting: SessionId) {
        let Some(session) = self.sessions.get(&waiting) else {
            return;
        };
        let (person, since) = (session.person.clone(), session.since);
        self.demand(Property::Waiting, self.now < since + self.terms.timeout, || {
            format!("{waiting} waits beyond the time-out")
        });
        let passes = self.terms.settings.is_some() && self.may_pass(&person) && !self.is_full();
        self.demand(Property::Waiting, !passes, || {
            format!("{waiting} waits and may pass")
        });
        self.demand(Property::Waiting, !self.is_rejected(waiting), || {
            format!("{waiting} was rejected and waits")
        });
        // Without the settings nobody knows of a green room.
        let admitted = self.terms.settings.is_some()
            && self.is_admitted(waiting)
            && self.may_be_admitted(&person)
            && !self.is_full();
        self.demand(Property::Waiting, !admitted, || {
            format!("{waiting} was admitted and waits")
        });
    }

    fn keeps_secrets(&mut self, to: SessionId, body: &Body) {
        let text = format!("{body:?}");
        let own = self
            .sessions
            .get(&to)
            .map(|session| session.person.display_name.clone());
        let others = self
            .sessions
            .values()
            .flat_map(|session| [&session.person.display_name, &session.id])
            .filter(|name| !name.is_empty() && Some(*name) != own.as_ref());
        let told = others
            .chain(&self.terms.secrets)
            .find(|secret| text.contains(secret.as_str()))
            .cloned();
        self.demand(Property::Secrecy, told.is_none(), || {
            format!("{to} is not inside and was told {told:?}: {text}")
        });
    }

    /// Whether somebody need not wait for anybody.
    fn may_pass(&self, person: &Person) -> bool {
        self.passes(person, false)
    }

    /// The same; who is forgiven a removal is not held back by it.
    fn passes(&self, person: &Person, forgiven: bool) -> bool {
        let Some(settings) = self.terms.settings else {
            return true;
        };
        let opened = self.started || settings.start;
        let admitted = self.admitted.contains(&person.id);
        let passes = match self.standing(person) {
            Standing::Organizer => true,
            Standing::Colleague => settings.scope != LobbyScope::Organizer || admitted,
            Standing::Guest if settings.scope == LobbyScope::Everyone => opened,
            Standing::Guest => admitted,
        };
        let held = self.removed.contains(&person.id) && !admitted;
        passes && (forgiven || !held) && self.may_be_admitted(person)
    }

    /// Whether somebody may come in when a participant says so.
    fn may_be_admitted(&self, person: &Person) -> bool {
        self.is_allowed(person) && !self.waits_for_the_beginning(person)
    }

    /// Whether somebody may be in the meeting at all.
    fn is_allowed(&self, person: &Person) -> bool {
        let Some(settings) = self.terms.settings else {
            return true;
        };
        let locked = self.lock.unwrap_or(settings.locked);
        match self.standing(person) {
            Standing::Organizer => true,
            Standing::Colleague => !locked,
            Standing::Guest => !locked && settings.anonymous,
        }
    }

    /// Attendees do not come into a green room.
    fn waits_for_the_beginning(&self, person: &Person) -> bool {
        let green_room = self.terms.settings.is_some_and(|settings| settings.green_room);
        green_room && !self.started && self.expected_role(person) == Some(Role::Attendee)
    }

    /// The role somebody comes in with; `None` for no opinion.
    fn expected_role(&self, person: &Person) -> Option<Role> {
        let settings = self.terms.settings?;
        let presents = match (self.standing(person), settings.presenters) {
            (Standing::Organizer, _) => return Some(Role::Organizer),
            (_, AllowedPresenters::Everyone) => true,
            (standing, AllowedPresenters::Organization) => standing == Standing::Colleague,
            // Nobody is invited.
            (_, AllowedPresenters::RoleIsPresenter | AllowedPresenters::Organizer) => false,
        };
        let by_settings = if presents { Role::Presenter } else { Role::Attendee };
        Some(self.given.get(&person.id).copied().unwrap_or(by_settings))
    }

    fn standing(&self, person: &Person) -> Standing {
        match person.kind {
            PersonKind::Organization { tenant, object } if Some(tenant) == self.terms.tenant => {
                if Some(object) == self.terms.organizer {
                    Standing::Organizer
                } else {
                    Standing::Colleague
                }
            }
            _ => Standing::Guest,
        }
    }

    fn is_of_organization(&self, person: &Person) -> bool {
        !matches!(self.standing(person), Standing::Guest)
    }

    fn is_full(&self) -> bool {
        self.all(Seen::Inside).count() >= self.terms.participants
    }

    fn entitles(&self, step: &Step) -> bool {
        let by = |session: &SessionId| {
            self.sessions
                .get(session)
                .filter(|session| session.seen == Seen::Inside)
        };
        match step {
            Step::Admit(session, _) | Step::AdmitAll(session) | Step::Reject(session, _) => {
                self.manages_lobby(*session)
            }
            Step::Remove(session, _) => by(session).is_some_and(|session| session.removes),
            Step::Lock(session, _) => self.leads(by(session), &[Role::Organizer, Role::CoOrganizer]),
            Step::Begin(session) => self.leads(by(session), &LEADERS),
            Step::SetRole(session, whom, _) => {
                let there = |whom: &SessionId| by(whom).is_some_and(|whom| whom.role != Role::Organizer);
                self.leads(by(session), &LEADERS) && whom.iter().all(there) && !whom.is_empty()
            }
            Step::End(session) => by(session).is_some_and(|session| session.ends_meetings),
            _ => false,
        }
    }

    /// Whether somebody of the organization has one of these roles.
    fn leads(&self, session: Option<&Session>, roles: &[Role]) -> bool {
        session
            .is_some_and(|session| self.is_of_organization(&session.person) && roles.contains(&session.role))
    }

    fn is_admitted(&self, session: SessionId) -> bool {
        let named = match &self.step {
            Step::Admit(_, whom) => whom.contains(&session),
            step => matches!(step, Step::AdmitAll(_)),
        };
        self.entitled && named
    }

    /// Whether somebody is let in on one device: then no device of theirs is held back for a removal.
    fn is_admitted_somewhere(&self, person: &Person) -> bool {
        self.sessions
            .iter()
            .any(|(id, session)| session.person.id == person.id && self.is_admitted(*id))
    }

    fn is_rejected(&self, session: SessionId) -> bool {
        self.entitled && matches!(&self.step, Step::Reject(_, whom) if whom.contains(&session))
    }

    fn is_removed(&self, session: SessionId) -> bool {
        self.entitled && matches!(&self.step, Step::Remove(_, whom) if whom.contains(&session))
    }

    fn everybody_goes(&self) -> bool {
        match self.step {
            Step::End(_) => self.entitled,
            Step::ShutDown => true,
            _ => false,
        }
    }

    fn is_inside(&self, id: &CommunicationIdentifier) -> bool {
        self.sessions
            .values()
            .any(|session| session.seen == Seen::Inside && session.person.id == *id)
    }

    fn is(&self, session: SessionId, seen: Seen) -> bool {
        self.seen(session) == Some(seen)
    }

    fn over(&mut self, session: SessionId) {
        self.change(session, |session| session.seen = Seen::Over);
        if self.all(Seen::Inside).next().is_none() {
            self.call_is_over();
        }
    }

    /// Whether nobody is inside but who goes in this step, and is told so only after who comes in then.
    fn is_last_to_go(&self) -> bool {
        let (Step::Leave(going) | Step::Gone(going)) = &self.step else {
            return false;
        };
        self.is(*going, Seen::Inside) && self.all(Seen::Inside).all(|id| id == *going)
    }

    /// What was so for one call ends with it.
    fn call_is_over(&mut self) {
        self.removed.clear();
        self.admitted.clear();
        self.given.clear();
        self.lock = None;
        self.started = false;
    }

    fn change(&mut self, session: SessionId, change: impl FnOnce(&mut Session)) {
        if let Some(session) = self.sessions.get_mut(&session) {
            change(session);
        }
    }

    fn demand(&mut self, property: Property, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.fail(property, otherwise);
        }
    }

    /// Says what is wrong; the first counts.
    pub(crate) fn fail(&mut self, property: Property, what: impl FnOnce() -> String) {
        if self.breach.is_none() {
            self.breach = Some((property, what()));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Organizer,
    Colleague,
    /// Anonymous to the organization, signed in elsewhere or not at all.
    Guest,
}

fn is_guest(id: &CommunicationIdentifier) -> bool {
    matches!(id, CommunicationIdentifier::CommunicationUser(_))
}
