//! For tests: every way a small meeting can go, through the real machine.
//!
//! A state is a running [`Meeting`] with the [`Watch`] that looks at it from outside; an action is one thing a participant,
//! an administrator, a network or the time can do. The checker tries all actions in all states it has not seen. Two states
//! are the same when everything is that can make a difference later on: who is where, since when, connected or not, what
//! is set, who is in the chat and has media. Identifiers, which are random, and the order of the two guests are not.
//!
//! That the checker can fail is shown by [`Fault`]s, each a broken rule or a broken effect.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_media_transport::router::Command;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Section, TrackSource, section};
use anteroom_signaling::sdp::{Description, LocalTransport, Msid, OfferBuilder};
use anteroom_signaling::wire::SharedBody;
use anteroom_teams_link::admission::LobbyReason;
use anteroom_teams_link::lobby::{Lobby, LobbyConfig};
use anteroom_teams_link::policy::{AllowedPresenters, LobbyScope, Switch};
use stateright::{Checker, HasDiscoveries, Model};

use super::harness::{
    LOBBY_TIMEOUT, alice, bob, environment, first_moment, guest, long, meeting_facts, rules,
};
use super::watch::{Property, Seen, Settings, Step, Terms, Watch, are_names_hidden};
use super::{
    Ask, ChatLine, ChatStart, Effect, HistoryShare, Input, Limits, Meeting, MeetingConfig, Now, Person,
    Policy, Rules, SessionId,
};
use crate::media::negotiate::Receives;

/// So many steps of time are a lobby's time-out.
const TICKS: u32 = 2;

/// The people of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Who {
    Organizer,
    Colleague,
    Dana,
    /// Dana on a second device.
    DanaAgain,
    Erin,
}

const EVERYBODY: [Who; 4] = [Who::Organizer, Who::Colleague, Who::Dana, Who::Erin];
const THREE: [Who; 3] = [Who::Organizer, Who::Colleague, Who::Dana];
const GUESTS: [Who; 3] = [Who::Dana, Who::DanaAgain, Who::Erin];

impl Who {
    fn person(self) -> Person {
        match self {
            Self::Organizer => alice(),
            Self::Colleague => bob(),
            Self::Dana | Self::DanaAgain => guest(1),
            Self::Erin => guest(2),
        }
    }

    fn is_guest(self) -> bool {
        GUESTS.contains(&self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Action {
    Join(Who),
    Leave(Who),
    /// The connection drops; comes back; is down for longer than the chat's grace.
    Lose(Who),
    Resume(Who),
    GraceOver(Who),
    /// The connection is down for too long, or the token has expired.
    Gone(Who),
    /// By id, which may be that of a stay that is over: somebody else was quicker.
    Admit(Who, Who),
    Reject(Who, Who),
    AdmitAll(Who),
    Remove(Who, Who),
    End(Who),
    Offer(Who),
    Scope(LobbyScope),
    Anonymous(bool),
    Start(bool),
    Lock(bool),
    GreenRoom(bool),
    HideNames(bool),
    /// For this call.
    LockCall(Who, bool),
    /// Presenter, or attendee.
    Role(Who, Who, bool),
    Begin(Who),
    /// Half of the lobby's time-out passes.
    Time,
    /// The node goes down without a word and comes up again.
    Restart,
}

/// What is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The decision does not read `isLocked`.
    IgnoresLock,
    /// The decision does not read `DisableAnonymousJoin`.
    IgnoresAnonymous,
    /// The decision takes every meeting for started.
    IgnoresStart,
    /// A changed setting is not applied to those who wait.
    NoReview,
    /// The decision does not know green rooms.
    IgnoresGreenRoom,
    /// What is told of the roster has all names.
    ShowsNames,
    /// Everybody whose rights change is told of a role that nobody gave.
    WrongRole,
    /// Nobody is removed in time.
    NoTimeOut,
    /// What is told of the roster is told to the lobby, too.
    RosterToLobby,
    /// Who leaves stays in the chat.
    KeepsChat,
    /// Who leaves keeps media.
    KeepsMedia,
    /// Who is admitted after having left is let in all the same.
    RevivesTheGone,
    /// The rejected are told that they waited too long.
    WrongReason,
    /// The last message is lost.
    NoEnd,
}

/// What is explored.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    people: &'static [Who],
    /// Guests ask for what they may not.
    pushy: bool,
    scope: LobbyScope,
    /// Settings change.
    settings: bool,
    /// Connections drop and come back, tokens expire, the node restarts.
    connections: bool,
    /// Time passes.
    time: bool,
    /// Media is offered.
    media: bool,
    /// The meeting has a green room at first, guests attend, and it is begun.
    green_room: bool,
    /// The meeting is locked in the call.
    locks: bool,
    /// Roles are given in the call; guests attend at first.
    roles: bool,
    /// Names are hidden from attendees, and shown; guests attend at first.
    names: bool,
    /// Most in the call, most in the lobby.
    caps: (usize, usize),
    fault: Fault,
}

impl Bounds {
    const fn new() -> Self {
        Self {
            people: &EVERYBODY,
            pushy: true,
            scope: LobbyScope::Organization,
            settings: false,
            connections: false,
            time: false,
            media: false,
            green_room: false,
            locks: false,
            roles: false,
            names: false,
            caps: (8, 4),
            fault: Fault::None,
        }
    }
}

/// A meeting and everybody's last stay in it.
#[derive(Debug, Clone)]
struct World {
    meeting: Meeting,
    watch: Watch,
    rules: Rules,
    /// Whether somebody comes twice.
    twins: bool,
    /// Whether names matter.
    names: bool,
    now: Now,
    sessions: u64,
    /// The session everybody has or had last, and the participant id it had.
    stays: BTreeMap<Who, (SessionId, String)>,
    /// Places after which members of the chat see what is said.
    chat: BTreeMap<CommunicationIdentifier, u64>,
    said: u64,
    /// How the last step ended sessions; not part of the state.
    ends: Vec<String>,
}

struct Lobbies {
    bounds: Bounds,
    first: World,
    offer: Description,
    /// How sessions have ended so far, anywhere.
    ends: Arc<Mutex<BTreeSet<String>>>,
}

impl World {
    fn new(bounds: &Bounds) -> Self {
        let mut rules = rules(bounds.scope);
        rules.options.is_green_room_enabled = bounds.green_room;
        if bounds.green_room || bounds.roles || bounds.names {
            rules.options.allowed_presenters = AllowedPresenters::Organization;
        }
        let mut taken = rules.clone();
        taken.options.is_green_room_enabled &= bounds.fault != Fault::IgnoresGreenRoom;
        let limits = Limits {
            participants: bounds.caps.0,
            lobby: bounds.caps.1,
            per_identity: 3,
            lobby_timeout: LOBBY_TIMEOUT,
            fan_out: Duration::ZERO,
        };
        let meeting = Meeting::new(MeetingConfig {
            facts: meeting_facts(),
            policy: Policy::Meeting(taken),
            limits,
            media: environment(),
            room: anteroom_media_transport::router::RoomId(7),
            seed: [7; 32],
        });
        let now = first_moment();
        let terms = Terms::new(&meeting.facts, &meeting.limits, Some(Settings::of(&rules)));
        Self {
            watch: Watch::new(terms, now.instant),
            meeting,
            rules,
            twins: bounds.people.contains(&Who::DanaAgain),
            names: bounds.names,
            now,
            sessions: 0,
            stays: BTreeMap::new(),
            chat: BTreeMap::new(),
            said: 0,
            ends: Vec::new(),
        }
    }

    fn session(&self, who: Who) -> Option<SessionId> {
        self.stays.get(&who).map(|(session, _)| *session)
    }

    fn seen(&self, who: Who) -> Option<Seen> {
        self.watch.seen(self.session(who)?)
    }

    fn connected(&self, who: Who) -> bool {
        let participant = self
            .session(who)
            .and_then(|session| self.meeting.people.get(&session));
        participant.is_some_and(|participant| participant.connected)
    }

    fn apply(&mut self, action: Action, model: &Lobbies) {
        let fault = model.bounds.fault;
        self.ends.clear();
        match action {
            Action::Join(who) => {
                self.sessions += 1;
                let session = SessionId::new(self.sessions);
                let person = Box::new(who.person());
                self.stays.insert(who, (session, String::new()));
                let input = Input::Join {
                    person: person.clone(),
                    reply: 1,
                };
                self.tell(session, Step::Join(session, person), input, fault);
                if let Some(participant) = self.meeting.people.get(&session) {
                    self.stays.insert(who, (session, participant.id.clone()));
                }
            }
            Action::Leave(who) => self.act(who, Step::Leave, Input::Leave { reply: 2 }, fault),
            Action::Gone(who) => self.act(who, Step::Gone, Input::Gone, fault),
            Action::Lose(who) => self.act(who, |_| Step::Other, Input::ConnectionLost, fault),
            Action::Resume(who) => self.act(who, |_| Step::Other, Input::Resumed, fault),
            Action::GraceOver(who) => self.act(who, |_| Step::Other, Input::ChatGraceOver, fault),
            Action::Admit(by, whom) => {
                let (reply, all) = (3, false);
                let ids = self.ids(whom);
                self.act_on(by, whom, Step::Admit, Input::Admit { reply, ids, all }, fault);
                if fault == Fault::RevivesTheGone {
                    self.revive(by, whom);
                }
            }
            Action::Reject(by, whom) => {
                let ids = self.ids(whom);
                self.act_on(by, whom, Step::Reject, Input::Reject { reply: 4, ids }, fault);
            }
            Action::Remove(by, whom) => {
                let ids = self.ids(whom);
                self.act_on(by, whom, Step::Remove, Input::Remove { reply: 5, ids }, fault);
            }
            Action::AdmitAll(by) => {
                let (reply, ids, all) = (6, Vec::new(), true);
                self.act(by, Step::AdmitAll, Input::Admit { reply, ids, all }, fault);
            }
            Action::End(by) => self.act(by, Step::End, Input::EndMeeting { reply: 7 }, fault),
            Action::Offer(who) => {
                let input = Input::Offer {
                    reply: 8,
                    description: Box::new(model.offer.clone()),
                    sections: vec![Section {
                        mid: "0".to_owned(),
                        r#use: Some(section::Use::Publish(TrackSource::Microphone.into())),
                    }],
                    receives: Receives::AtOnce,
                };
                self.act(who, Step::Offer, input, fault);
            }
            Action::Scope(scope) => self.set(fault, |rules| rules.options.lobby.scope = scope),
            Action::Anonymous(on) => self.set(fault, |rules| rules.tenant.disable_anonymous_join = !on),
            Action::Start(on) => self.set(fault, |rules| rules.organizer.allow_anonymous_start = on),
            Action::Lock(on) => self.set(fault, |rules| rules.options.locked = on),
            Action::GreenRoom(on) => self.set(fault, |rules| rules.options.is_green_room_enabled = on),
            Action::HideNames(on) => self.set(fault, |rules| {
                rules.organizer.attendee_identity_masking =
                    if on { Switch::Enabled } else { Switch::Disabled };
            }),
            Action::LockCall(by, locked) => {
                let (reply, ask) = (9, Ask::Lock(locked));
                self.act(by, |by| Step::Lock(by, locked), Input::Ask { reply, ask }, fault);
            }
            Action::Role(by, whom, presents) => {
                let role = if presents {
                    proto::Role::Presenter
                } else {
                    proto::Role::Attendee
                };
                let ask = Ask::SetRole(proto::SetRole {
                    participant_id: self.ids(whom).pop().unwrap_or_default(),
                    role: role.into(),
                });
                let step = |by, whom| Step::SetRole(by, whom, role);
                self.act_on(by, whom, step, Input::Ask { reply: 10, ask }, fault);
            }
            Action::Begin(by) => {
                let (reply, ask) = (11, Ask::Start);
                self.act(by, Step::Begin, Input::Ask { reply, ask }, fault);
            }
            Action::Time => {
                let by = LOBBY_TIMEOUT / TICKS;
                self.now.instant += by;
                self.now.wall += by;
                self.watch.begin(self.now.instant, Step::Time);
                let due = self
                    .meeting
                    .poll_timeout()
                    .is_some_and(|at| at <= self.now.instant);
                if due && fault != Fault::NoTimeOut {
                    self.meeting.handle_timeout(self.now);
                }
                self.drain(fault);
            }
            Action::Restart => self.restart(&model.bounds),
        }
        self.say(fault);
        self.watch.forget_over();
    }

    fn act(&mut self, who: Who, step: impl FnOnce(SessionId) -> Step, input: Input, fault: Fault) {
        if let Some(session) = self.session(who) {
            self.tell(session, step(session), input, fault);
        }
    }

    fn act_on(
        &mut self,
        by: Who,
        whom: Who,
        step: impl FnOnce(SessionId, Vec<SessionId>) -> Step,
        input: Input,
        fault: Fault,
    ) {
        let whom = self.session(whom).into_iter().collect();
        self.act(by, |by| step(by, whom), input, fault);
    }

    fn tell(&mut self, session: SessionId, step: Step, input: Input, fault: Fault) {
        self.watch.begin(self.now.instant, step);
        self.meeting.handle(self.now, session, input);
        self.drain(fault);
    }

    fn set(&mut self, fault: Fault, change: impl FnOnce(&mut Rules)) {
        change(&mut self.rules);
        self.watch.begin(self.now.instant, Step::Other);
        self.watch
            .set(Settings::of(&self.rules), are_names_hidden(&self.rules));
        let mut rules = self.rules.clone();
        match fault {
            Fault::IgnoresLock => rules.options.locked = false,
            Fault::IgnoresAnonymous => rules.tenant.disable_anonymous_join = false,
            Fault::IgnoresStart => rules.organizer.allow_anonymous_start = true,
            Fault::IgnoresGreenRoom => rules.options.is_green_room_enabled = false,
            _ => {}
        }
        if fault == Fault::NoReview {
            let nobody = Lobby::new(LobbyConfig::default());
            let waiting = std::mem::replace(&mut self.meeting.lobby, nobody);
            self.meeting.set_policy(self.now, Policy::Meeting(rules));
            self.meeting.lobby = waiting;
        } else {
            self.meeting.set_policy(self.now, Policy::Meeting(rules));
        }
        self.drain(fault);
    }

    /// Sessions are cut off, guests are taken out of the chat at the start, and everybody has to come anew.
    fn restart(&mut self, bounds: &Bounds) {
        for session in self.meeting.people.keys() {
            self.watch.begin(self.now.instant, Step::Gone(*session));
        }
        for member in std::mem::take(&mut self.chat).into_keys() {
            self.watch.left_chat(&member);
        }
        let fresh = Self::new(bounds);
        self.watch.lose_media();
        self.meeting = fresh.meeting;
        self.meeting.policy = Policy::Meeting(self.rules.clone());
        self.drain(bounds.fault);
    }

    /// A line is said in the thread, by whatever way.
    fn say(&mut self, fault: Fault) {
        self.said += 1;
        let text = self.watch.next_line();
        self.watch.begin(self.now.instant, Step::Other);
        let mut line = line(self.said, text, self.now);
        if self.names && self.seen(Who::Dana) == Some(Seen::Inside) {
            let Person { id, display_name, .. } = Who::Dana.person();
            (line.sender, line.sender_display_name) = (id.to_string(), display_name);
        }
        // Whoever says something has typed it, and has read and may change what it said.
        if let Ok(by) = line.sender.parse() {
            self.meeting.handle_typing(&by, &line.sender_display_name);
        }
        self.meeting.handle_chat(&line);
        if let Ok(by) = line.sender.parse() {
            self.meeting.handle_read(&by, &line.id, line.created);
        }
        self.meeting.handle_chat_changed(&line);
        self.drain(fault);
    }

    fn drain(&mut self, fault: Fault) {
        while let Some(effect) = self.meeting.poll_effect() {
            for effect in self.broken(effect, fault) {
                self.watch.effect(&effect);
                self.carry_out(effect);
            }
        }
        self.watch.finish();
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::ChatAdd { member, history, .. } => {
                let start = match history {
                    HistoryShare::All => place(0, self.now),
                    HistoryShare::FromNow => place(self.said, self.now),
                    HistoryShare::Since(start) => start,
                };
                self.chat.insert(member.clone(), start.after);
                self.meeting.handle_chat_joined(&member, start);
            }
            Effect::ChatRemove { member } => {
                self.chat.remove(&member);
            }
            Effect::ChatHistory { to, member } => {
                let after = self.chat.get(&member).copied();
                let last = after.filter(|after| *after < self.said).map(|_| self.said);
                let lines = last.map(|said| line(said, said.to_string(), self.now));
                self.meeting
                    .handle(self.now, to, Input::History(lines.into_iter().collect()));
            }
            Effect::End { body, .. } => {
                if let Body::Denied(proto::Denied { reason }) | Body::Ended(proto::Ended { reason }) = body {
                    self.ends.extend(reason.map(|reason| reason.key));
                }
            }
            Effect::Send { .. }
            | Effect::SendAll { .. }
            | Effect::ChatRename { .. }
            | Effect::ChatSend { .. }
            | Effect::ChatTyping { .. }
            | Effect::ChatRead { .. }
            | Effect::Event(_)
            | Effect::Media(_) => {}
        }
    }

    /// What becomes of an effect.
    fn broken(&self, effect: Effect, fault: Fault) -> Vec<Effect> {
        match (fault, effect) {
            (Fault::RosterToLobby, Effect::SendAll { mut to, body }) => {
                if matches!(body.body(), Body::Roster(_)) {
                    to.extend(self.meeting.lobby.iter().map(|waiting| waiting.key));
                }
                vec![Effect::SendAll { to, body }]
            }
            (
                Fault::ShowsNames,
                Effect::Send {
                    to,
                    reply,
                    body: Body::Roster(mut roster),
                },
            ) => {
                self.unmask(&mut roster);
                let body = Body::Roster(roster);
                vec![Effect::Send { to, reply, body }]
            }
            (Fault::ShowsNames, Effect::SendAll { to, body }) => {
                let mut shown = body.body().clone();
                if let Body::Roster(roster) = &mut shown {
                    self.unmask(roster);
                }
                vec![Effect::SendAll {
                    to,
                    body: SharedBody::new(shown),
                }]
            }
            (
                Fault::WrongRole,
                Effect::Send {
                    to,
                    reply,
                    body: Body::CapabilitiesChanged(mut changed),
                },
            ) => {
                changed.role = proto::Role::CoOrganizer.into();
                let body = Body::CapabilitiesChanged(changed);
                vec![Effect::Send { to, reply, body }]
            }
            (Fault::KeepsChat, Effect::ChatRemove { .. }) | (Fault::NoEnd, Effect::End { .. }) => Vec::new(),
            (Fault::KeepsMedia, Effect::Media(command)) if matches!(*command, Command::RemovePeer { .. }) => {
                Vec::new()
            }
            (
                Fault::WrongReason,
                Effect::End {
                    session,
                    reply,
                    mut body,
                },
            ) => {
                if let Body::Ended(proto::Ended { reason: Some(reason) }) = &mut body
                    && reason.key == "lobby_denied"
                {
                    reason.key = "lobby_timeout".to_owned();
                }
                vec![Effect::End { session, reply, body }]
            }
            (_, effect) => vec![effect],
        }
    }

    /// Puts the names back that the machine has hidden.
    fn unmask(&self, roster: &mut proto::RosterUpdate) {
        for entry in &mut roster.upserted {
            let known = self.meeting.people.values().find(|known| known.id == entry.id);
            if let Some(known) = known {
                entry.display_name.clone_from(&known.person.display_name);
            }
        }
    }

    /// Lets in somebody who has left, as an admission that does not look at the lobby would.
    fn revive(&mut self, by: Who, whom: Who) {
        let Some((session, id)) = self.stays.get(&whom).cloned() else {
            return;
        };
        let manages = self.session(by).is_some_and(|by| self.watch.manages_lobby(by));
        if manages && !id.is_empty() && !self.meeting.contains(session) {
            let connected = proto::Connected {
                participant_id: id,
                ..proto::Connected::default()
            };
            self.watch.sent(session, &Body::Connected(connected));
        }
    }

    fn ids(&self, who: Who) -> Vec<String> {
        self.stays
            .get(&who)
            .map(|(_, id)| id.clone())
            .into_iter()
            .collect()
    }

    /// Everything of a person that can make a difference later.
    fn trace(&self, who: Who) -> Trace {
        let identity = who.person().id;
        let (removed, admitted) = (
            self.watch.was_removed(&identity),
            self.watch.was_admitted(&identity),
        );
        let given = self.watch.given_role(&identity).map(i32::from);
        let Some((session, id)) = self.stays.get(&who) else {
            return Trace::default();
        };
        let seen = self.watch.seen(*session).filter(|seen| *seen != Seen::Over);
        let participant = self.meeting.people.get(session);
        let waiting = self.meeting.lobby.get(session);
        let present = participant.and_then(super::Participant::present);
        Trace {
            removed,
            admitted,
            given,
            role: self.watch.role(*session).map(i32::from),
            known: !id.is_empty(),
            seen,
            rank: participant.map_or(0, |_| 1 + self.meeting.people.range(..*session).count()),
            connected: participant.is_some_and(|participant| participant.connected),
            waits_for_start: waiting.is_some_and(|waiting| waiting.reason == LobbyReason::WaitForStart),
            left: waiting.map_or(Duration::ZERO, |waiting| waiting.remaining(self.now.instant)),
            member: self.watch.members().contains(&who.person().id),
            manages: self.watch.manages_lobby(*session),
            chat: present.map(|present| (present.chat_suspended, present.chat_access)),
            media: present.is_some_and(|present| present.peer.is_some()),
        }
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Trace {
    removed: bool,
    admitted: bool,
    given: Option<i32>,
    role: Option<i32>,
    known: bool,
    seen: Option<Seen>,
    /// Place in the order of arrival.
    rank: usize,
    connected: bool,
    waits_for_start: bool,
    left: Duration,
    member: bool,
    manages: bool,
    chat: Option<(bool, bool)>,
    media: bool,
}

/// What two worlds have in common that can only go on in the same way.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Trail {
    /// The guests are alike, unless one of them comes twice: what one can do, the other can.
    guests: [Trace; 3],
    colleagues: [Trace; 2],
    settings: Option<Settings>,
    names_hidden: bool,
    lock: Option<bool>,
    /// Whether a call runs, and the organization has been in it.
    call: Option<bool>,
    broken: bool,
}

impl World {
    fn trail(&self) -> Trail {
        let mut guests = GUESTS.map(|who| self.trace(who));
        // With a second device of one of them, its two devices are alike.
        let alike = if self.twins { 0..2 } else { 0..3 };
        if let Some(alike) = guests.get_mut(alike) {
            alike.sort_unstable();
        }
        Trail {
            guests,
            colleagues: [Who::Organizer, Who::Colleague].map(|who| self.trace(who)),
            settings: self.watch.terms.settings,
            names_hidden: self.watch.terms.names_hidden,
            lock: self.watch.lock(),
            call: self.meeting.call.as_ref().map(|call| call.started),
            broken: self.watch.breach.is_some(),
        }
    }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.trail().hash(hasher);
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.trail() == other.trail()
    }
}

impl Model for Lobbies {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.first.clone()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        // What is broken stays so.
        if world.watch.breach.is_some() {
            return;
        }
        let bounds = &self.bounds;
        for &who in bounds.people {
            match world.seen(who) {
                None | Some(Seen::Over) => actions.push(Action::Join(who)),
                Some(Seen::Asked | Seen::Waiting | Seen::Inside) => self.own(world, who, actions),
            }
        }
        let asks = |by: &&Who| world.session(**by).is_some() && (bounds.pushy || !by.is_guest());
        for &by in bounds.people.iter().filter(asks) {
            let others = bounds
                .people
                .iter()
                .filter(|whom| world.session(**whom).is_some());
            for &whom in others {
                // Guests try what they may not: on themselves and on each other.
                let tries = if by.is_guest() {
                    whom.is_guest()
                } else {
                    whom != by
                };
                if tries && whom != Who::Organizer {
                    actions.extend([Action::Admit(by, whom), Action::Reject(by, whom)]);
                    if world.seen(whom) == Some(Seen::Inside) && by != Who::Colleague {
                        actions.push(Action::Remove(by, whom));
                    }
                }
            }
            actions.push(Action::AdmitAll(by));
            actions.push(Action::End(by));
        }
        if bounds.settings {
            let Settings {
                scope,
                anonymous,
                start,
                locked,
                green_room: _,
                presenters: _,
            } = Settings::of(&world.rules);
            let scopes = [
                LobbyScope::Everyone,
                LobbyScope::Organization,
                LobbyScope::Organizer,
            ];
            actions.extend(
                scopes
                    .into_iter()
                    .filter(|other| *other != scope)
                    .map(Action::Scope),
            );
            actions.extend([
                Action::Anonymous(!anonymous),
                Action::Start(!start),
                Action::Lock(!locked),
            ]);
        }
        self.switches(world, actions);
        if bounds.time && !world.meeting.lobby.is_empty() {
            actions.push(Action::Time);
        }
        if bounds.connections {
            actions.push(Action::Restart);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.apply(action, self);
        let mut ends = self.ends.lock().unwrap();
        ends.extend(next.ends.drain(..));
        Some(next)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        fn holds(world: &World, property: Property) -> bool {
            world
                .watch
                .breach
                .as_ref()
                .is_none_or(|(broken, _)| *broken != property)
        }
        fn inside(world: &World, who: Who) -> bool {
            world.seen(who) == Some(Seen::Inside)
        }
        use stateright::Property as Check;
        vec![
            Check::always(
                "nothing of the call reaches a session that is not in it",
                |_, world: &World| holds(world, Property::Secrecy),
            ),
            Check::always("whoever is let in may come in", |_, world: &World| {
                holds(world, Property::Entry)
            }),
            Check::always("nobody waits who should not", |_, world: &World| {
                holds(world, Property::Waiting)
            }),
            Check::always("every session has one end, for its reason", |_, world: &World| {
                holds(world, Property::Ending)
            }),
            Check::always("nobody is beyond the caps", |_, world: &World| {
                holds(world, Property::Caps)
            }),
            // That these can be reached shows that the model says something.
            Check::sometimes("a guest waits", |_, world: &World| {
                world.seen(Who::Dana) == Some(Seen::Waiting)
            }),
            Check::sometimes("all guests are in the call", |model: &Self, world: &World| {
                let mut guests = model.bounds.people.iter().filter(|who| who.is_guest());
                guests.all(|who| inside(world, *who))
            }),
            Check::sometimes(
                "a guest is in the call without the organization",
                |_, world: &World| {
                    inside(world, Who::Dana)
                        && !inside(world, Who::Organizer)
                        && !inside(world, Who::Colleague)
                },
            ),
        ]
    }
}

impl Lobbies {
    fn new(bounds: Bounds) -> Self {
        let transport = LocalTransport {
            ice_ufrag: "abcd".to_owned(),
            ice_pwd: "0123456789012345678901".to_owned(),
            fingerprint: [0xab; 32],
        };
        let msid = Msid {
            stream: "s".to_owned(),
            track: "t".to_owned(),
        };
        let sdp = OfferBuilder::new(1, 1, transport)
            .audio_send("0", 1234, "me", msid)
            .build();
        Self {
            first: World::new(&bounds),
            bounds,
            offer: Description::parse(&sdp).unwrap(),
            ends: Arc::default(),
        }
    }

    /// What is switched in a call, and the settings that go with it.
    fn switches(&self, world: &World, actions: &mut Vec<Action>) {
        let bounds = &self.bounds;
        let inside = |who: &&Who| world.seen(**who) == Some(Seen::Inside);
        for &by in bounds.people.iter().filter(inside) {
            if bounds.locks {
                actions.extend([Action::LockCall(by, true), Action::LockCall(by, false)]);
            }
            if bounds.green_room {
                actions.push(Action::Begin(by));
            }
            if bounds.roles {
                for &whom in bounds.people.iter().filter(inside) {
                    actions.extend([Action::Role(by, whom, true), Action::Role(by, whom, false)]);
                }
            }
        }
        if bounds.locks && !bounds.settings {
            actions.push(Action::Lock(!world.rules.options.locked));
        }
        if bounds.green_room {
            actions.push(Action::GreenRoom(!world.rules.options.is_green_room_enabled));
        }
        if bounds.names {
            actions.push(Action::HideNames(!are_names_hidden(&world.rules)));
        }
    }

    /// What somebody can do on its own account.
    fn own(&self, world: &World, who: Who, actions: &mut Vec<Action>) {
        actions.push(Action::Leave(who));
        if self.bounds.connections {
            actions.push(Action::Gone(who));
            if world.connected(who) {
                actions.push(Action::Lose(who));
            } else {
                actions.extend([Action::Resume(who), Action::GraceOver(who)]);
            }
        }
        if self.bounds.media && who != Who::Colleague {
            actions.push(Action::Offer(who));
        }
    }
}

fn line(sequence: u64, text: String, now: Now) -> ChatLine {
    ChatLine {
        id: sequence.to_string(),
        sequence,
        sender: "8:orgid:somebody".to_owned(),
        sender_display_name: "Somebody".to_owned(),
        text,
        created: now.wall,
        edited: None,
        deleted: false,
    }
}

const fn place(after: u64, now: Now) -> ChatStart {
    ChatStart { after, at: now.wall }
}

/// Explores everything within bounds; gives how sessions have ended, anywhere.
fn explore(name: &str, bounds: Bounds) -> BTreeSet<String> {
    let model = Lobbies::new(bounds);
    let ends = Arc::clone(&model.ends);
    let begun = std::time::Instant::now();
    let checker = model.checker().threads(2).spawn_bfs().join();
    println!(
        "{name}: {} states, {} transitions, depth {}, {:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        begun.elapsed()
    );
    for (property, path) in checker.discoveries() {
        if let Some((_, what)) = path.last_state().watch.breach.clone() {
            panic!("{property}: {what}\nafter {:?}", path.into_actions());
        }
    }
    checker.assert_properties();
    let ends = ends.lock().unwrap();
    ends.clone()
}

fn assert_ends(ends: &BTreeSet<String>, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(*ends, expected, "how sessions end within these bounds");
}

#[test]
fn people_come_and_go_and_are_admitted_rejected_and_removed() {
    let ends = explore("people", Bounds::new());
    assert_ends(&ends, &["ended", "left", "lobby_denied", "removed"]);
}

#[test]
fn settings_change_under_those_who_wait() {
    let ends = explore(
        "settings",
        Bounds {
            pushy: long(),
            settings: true,
            ..Bounds::new()
        },
    );
    let expected = [
        "anonymous_join_disabled",
        "ended",
        "left",
        "lobby_denied",
        "meeting_locked",
        "removed",
    ];
    assert_ends(&ends, &expected);
}

#[test]
fn connections_drop_tokens_expire_and_the_node_restarts() {
    let ends = explore(
        "connections",
        Bounds {
            pushy: long(),
            connections: true,
            ..Bounds::new()
        },
    );
    assert_ends(&ends, &["ended", "left", "lobby_denied", "removed"]);
}

#[test]
fn time_passes_while_connections_are_down() {
    let ends = explore(
        "time",
        Bounds {
            people: &[Who::Organizer, Who::Dana, Who::Erin],
            connections: true,
            time: true,
            ..Bounds::new()
        },
    );
    assert_ends(
        &ends,
        &["ended", "left", "lobby_denied", "lobby_timeout", "removed"],
    );
}

/// Everything at once takes many minutes: `cargo xtask test --long`.
#[test]
fn everything_at_once() {
    let bounds = if long() {
        Bounds {
            settings: true,
            connections: true,
            time: true,
            ..Bounds::new()
        }
    } else {
        Bounds {
            people: &[Who::Organizer, Who::Dana],
            settings: true,
            connections: true,
            time: true,
            ..Bounds::new()
        }
    };
    let ends = explore("everything", bounds);
    assert!(ends.len() >= 7, "{ends:?}");
}

#[test]
fn call_and_lobby_are_full() {
    let ends = explore(
        "caps",
        Bounds {
            caps: (3, 1),
            time: true,
            ..Bounds::new()
        },
    );
    let expected = [
        "ended",
        "left",
        "lobby_denied",
        "lobby_timeout",
        "meeting_full",
        "removed",
    ];
    assert_ends(&ends, &expected);
}

#[test]
fn media_is_for_those_in_the_call() {
    let ends = explore(
        "media",
        Bounds {
            media: true,
            ..Bounds::new()
        },
    );
    assert_ends(&ends, &["ended", "left", "lobby_denied", "removed"]);
}

#[test]
fn an_open_lobby_waits_for_the_start() {
    let ends = explore(
        "start",
        Bounds {
            scope: LobbyScope::Everyone,
            time: true,
            ..Bounds::new()
        },
    );
    assert!(
        ends.contains("lobby_timeout") && ends.contains("left"),
        "{ends:?}"
    );
}

#[test]
fn attendees_wait_for_the_beginning_of_a_green_room() {
    for scope in [LobbyScope::Everyone, LobbyScope::Organization] {
        let ends = explore(
            "green room",
            Bounds {
                people: if long() { &EVERYBODY } else { &THREE },
                scope,
                green_room: true,
                roles: long(),
                ..Bounds::new()
            },
        );
        assert_ends(&ends, &["ended", "left", "lobby_denied", "removed"]);
    }
}

#[test]
fn a_lock_of_the_call_and_one_of_the_meeting() {
    let ends = explore(
        "locks",
        Bounds {
            people: if long() { &EVERYBODY } else { &THREE },
            locks: true,
            ..Bounds::new()
        },
    );
    assert_ends(
        &ends,
        &["ended", "left", "lobby_denied", "meeting_locked", "removed"],
    );
}

#[test]
fn roles_are_given_and_taken_in_the_call() {
    let ends = explore(
        "roles",
        Bounds {
            people: if long() { &EVERYBODY } else { &THREE },
            roles: true,
            ..Bounds::new()
        },
    );
    assert_ends(&ends, &["ended", "left", "lobby_denied", "removed"]);
}

#[test]
fn somebody_comes_with_two_devices() {
    let ends = explore(
        "two devices",
        Bounds {
            people: &[Who::Organizer, Who::Dana, Who::DanaAgain],
            pushy: long(),
            connections: true,
            roles: long(),
            ..Bounds::new()
        },
    );
    assert_ends(&ends, &["ended", "left", "lobby_denied", "removed"]);
}

#[test]
fn names_are_hidden_from_attendees_whatever_their_role_was() {
    let ends = explore(
        "names",
        Bounds {
            people: &[Who::Organizer, Who::Dana, Who::Erin],
            pushy: false,
            roles: true,
            names: true,
            connections: long(),
            ..Bounds::new()
        },
    );
    assert_ends(&ends, &["ended", "left", "lobby_denied", "removed"]);
}

/// What is broken on purpose is found, and found to be what it is.
#[test]
fn the_checker_finds_broken_rules() {
    use Property::{Ending, Entry, Secrecy, Waiting};
    let small = Bounds {
        people: &[Who::Organizer, Who::Dana],
        ..Bounds::new()
    };
    let settings = Bounds {
        settings: true,
        ..small
    };
    let time = Bounds { time: true, ..small };
    let green_room = Bounds {
        scope: LobbyScope::Everyone,
        green_room: true,
        ..small
    };
    let roles = Bounds { roles: true, ..small };
    let names = Bounds {
        people: &[Who::Organizer, Who::Dana, Who::Erin],
        pushy: false,
        names: true,
        ..Bounds::new()
    };
    let media = Bounds { media: true, ..small };
    let pair = Bounds {
        people: &[Who::Organizer, Who::Colleague, Who::Dana],
        ..Bounds::new()
    };
    let cases = [
        (Fault::IgnoresLock, Entry, &settings),
        (Fault::IgnoresAnonymous, Entry, &settings),
        (Fault::IgnoresStart, Entry, &settings),
        (Fault::IgnoresGreenRoom, Entry, &green_room),
        (Fault::WrongRole, Entry, &roles),
        (Fault::ShowsNames, Secrecy, &names),
        (Fault::NoReview, Waiting, &settings),
        (Fault::NoTimeOut, Waiting, &time),
        (Fault::RosterToLobby, Secrecy, &pair),
        (Fault::KeepsChat, Secrecy, &small),
        (Fault::KeepsMedia, Secrecy, &media),
        (Fault::RevivesTheGone, Secrecy, &small),
        (Fault::WrongReason, Ending, &small),
        (Fault::NoEnd, Ending, &small),
    ];
    for (fault, property, bounds) in cases {
        let bounds = Bounds { fault, ..*bounds };
        let checker = Lobbies::new(bounds)
            .checker()
            .finish_when(HasDiscoveries::AnyFailures)
            .spawn_bfs()
            .join();
        let found = checker.discoveries().into_values().find_map(|path| {
            path.last_state()
                .watch
                .breach
                .clone()
                .map(|breach| (breach, path))
        });
        let ((broken, what), path) = found.unwrap_or_else(|| panic!("{fault:?} was not found"));
        let actions = path.into_actions();
        println!("{fault:?}: {what}, after {actions:?}");
        assert_eq!(broken, property, "{fault:?}: {what}, after {actions:?}");
    }
}
