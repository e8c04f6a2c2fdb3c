//! For tests: a meeting whose effects are carried out by a model of the chat, and written down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anteroom_identity::id::{
    AcsUserId, CommunicationIdentifier, ObjectId, ResourceId, TeamsUserId, TenantId,
};
use anteroom_identity::token::Scope;
use anteroom_media_transport::Certificate;
use anteroom_media_transport::router::{Command, RoomId};
use anteroom_signaling::proto::section::Use;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, MediaState, Section, TrackSource};
use anteroom_signaling::sdp::Description;
use anteroom_teams_link::policy::{LobbyScope, MeetingOptions, OrganizerPolicy, TenantSettings};
use anteroom_teams_link::{Capability, Role};
use time::OffsetDateTime;
use uuid::Uuid;

use super::happenings::Ledger;
use super::participant::CallRole;
use super::watch::{Step, Terms, Watch, are_names_hidden};
use super::{
    ChatLine, ChatStart, Effect, Facts, GroupRules, HistoryShare, Host, Input, Limits, Meeting,
    MeetingConfig, Now, Person, PersonKind, Policy, RoomRules, Rules, SessionId,
};
use crate::media::negotiate::{Environment, Receives};
use crate::meeting::events::Happening;

pub(super) const LOBBY_TIMEOUT: Duration = Duration::from_secs(600);

/// Of a client that knows of every mute.
pub(super) const KNOWN: u32 = u32::MAX;

pub(super) struct Harness {
    pub(super) meeting: Meeting,
    /// Looks on from outside, where it is asked to.
    pub(super) watch: Option<Watch>,
    pub(super) rules: Rules,
    pub(super) now: Now,
    sessions: u64,
    /// What each session was sent since it was last asked.
    sent: BTreeMap<SessionId, Vec<(u32, Body)>>,
    /// The last message of sessions that are over.
    pub(super) over: BTreeMap<SessionId, proto::EndReason>,
    /// Members of the chat, with the place after which they see what is said.
    pub(super) members: BTreeMap<CommunicationIdentifier, u64>,
    pub(super) said: Vec<ChatLine>,
    /// Names that members of the chat took.
    pub(super) renamed: Vec<String>,
    pub(super) commands: Vec<Command>,
    /// What the rest of the service was told.
    pub(super) happened: Vec<Happening>,
    /// What follows from that.
    ledger: Ledger,
}

/// Whether there is time for much: `cargo xtask test --long`.
pub(crate) fn long() -> bool {
    std::env::var_os("ANTEROOM_TEST_LONG").is_some_and(|value| value == "1")
}

/// When every test begins.
pub(super) fn start() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
}

/// The same, on both clocks. The first instant is arbitrary, and the same everywhere.
pub(super) fn first_moment() -> Now {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    Now {
        instant: *FIRST.get_or_init(Instant::now),
        wall: start(),
    }
}

/// A certificate takes a while to make, so there is one for all tests.
pub(super) fn environment() -> Environment {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    Environment {
        certificate: CERTIFICATE
            .get_or_init(|| Certificate::generate().unwrap())
            .clone(),
        candidates: vec!["127.0.0.1:5000".parse().unwrap()],
        tcp_candidates: Vec::new(),
    }
}

pub(super) fn rules(scope: LobbyScope) -> Rules {
    let mut rules = Rules {
        tenant: TenantSettings::default(),
        organizer: OrganizerPolicy::default(),
        options: MeetingOptions::default(),
    };
    rules.options.lobby.scope = scope;
    rules
}

/// Alice's meeting.
pub(super) fn meeting_facts() -> Facts {
    let PersonKind::Organization {
        object: organizer, ..
    } = alice().kind
    else {
        unreachable!()
    };
    Facts {
        subject: "Weekly".to_owned(),
        thread_id: "19:meeting_x@thread.v2".to_owned(),
        join_url: "https://127.0.0.1/meet/1".to_owned(),
        host: Some(Host {
            tenant: tenant(),
            organizer,
        }),
    }
}

pub(super) fn tenant() -> TenantId {
    Uuid::from_u128(0x7e).to_string().parse().unwrap()
}

pub(super) fn person(name: &str, object: u128) -> Person {
    employee_of(tenant(), name, object)
}

pub(super) fn employee_of(tenant: TenantId, name: &str, object: u128) -> Person {
    let object: ObjectId = Uuid::from_u128(object).to_string().parse().unwrap();
    Person {
        id: CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(object)),
        display_name: name.to_owned(),
        client: String::new(),
        kind: PersonKind::Organization { tenant, object },
        media_only: false,
    }
}

pub(super) fn alice() -> Person {
    person("Alice", 0xa)
}

pub(super) fn bob() -> Person {
    person("Bob", 0xb)
}

pub(super) fn guest(number: u128) -> Person {
    let resource: ResourceId = Uuid::from_u128(0x2e5).to_string().parse().unwrap();
    Person {
        id: CommunicationIdentifier::CommunicationUser(AcsUserId::new(resource, Uuid::from_u128(number))),
        display_name: format!("Guest {number}"),
        client: String::new(),
        kind: PersonKind::Guest {
            resource,
            scopes: [Scope::Voip].into_iter().collect(),
        },
        media_only: false,
    }
}

/// What a browser offers that sends microphone and camera.
pub(super) fn offer() -> Input {
    let section = |mid: &str, kind: &str, codec: &str| {
        format!(
            "m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=ice-ufrag:abcd\r\n\
             a=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\n\
             a=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 {codec}\r\na=ssrc:100{mid} cname:x\r\n",
            ["AA"; 32].join(":")
        )
    };
    let sdp = format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n{}{}",
        section("0", "audio", "opus/48000/2"),
        section("1", "video", "VP8/90000")
    );
    let publish = |mid: &str, source: TrackSource| Section {
        mid: mid.to_owned(),
        r#use: Some(Use::Publish(source.into())),
    };
    Input::Offer {
        reply: 1,
        description: Box::new(Description::parse(&sdp).unwrap()),
        sections: vec![
            publish("0", TrackSource::Microphone),
            publish("1", TrackSource::Camera),
        ],
        receives: Receives::AtOnce,
    }
}

impl Harness {
    pub(super) fn new(scope: LobbyScope) -> Self {
        Self::with(
            scope,
            Limits {
                participants: 8,
                lobby: 4,
                per_identity: 3,
                lobby_timeout: LOBBY_TIMEOUT,
                fan_out: Duration::ZERO,
            },
        )
    }

    pub(super) fn with(scope: LobbyScope, limits: Limits) -> Self {
        let rules = rules(scope);
        Self::of(meeting_facts(), Policy::Meeting(rules.clone()), limits, rules)
    }

    /// Lets somebody look on from outside, who is asked by [`check`](Self::check).
    pub(super) fn watched(mut self) -> Self {
        // Who may pass is beyond somebody who does not know what was switched in the call.
        let terms = Terms::new(&self.meeting.facts, &self.meeting.limits, None);
        self.watch = Some(Watch::new(terms, self.now.instant));
        self
    }

    /// A room's call.
    pub(super) fn in_room(room: RoomRules, limits: Limits) -> Self {
        let facts = Facts {
            subject: "Room".to_owned(),
            thread_id: String::new(),
            join_url: "https://127.0.0.1/join?room=1".to_owned(),
            host: None,
        };
        let rules = Rules {
            tenant: TenantSettings::default(),
            organizer: OrganizerPolicy::default(),
            options: MeetingOptions::default(),
        };
        Self::of(facts, Policy::Room(room), limits, rules)
    }

    /// A group call of the guests' resource.
    pub(super) fn in_group(limits: Limits) -> Self {
        let PersonKind::Guest { resource, .. } = guest(1).kind else {
            unreachable!()
        };
        let facts = Facts {
            subject: "Group call".to_owned(),
            thread_id: String::new(),
            join_url: String::new(),
            host: None,
        };
        let policy = Policy::Group(GroupRules { resource });
        Self::of(facts, policy, limits, rules(LobbyScope::Organization))
    }

    fn of(facts: Facts, policy: Policy, limits: Limits, rules: Rules) -> Self {
        let meeting = Meeting::new(MeetingConfig {
            facts,
            policy,
            limits,
            media: environment(),
            room: RoomId(7),
            seed: [7; 32],
        });
        Self {
            meeting,
            rules,
            watch: None,
            now: first_moment(),
            sessions: 0,
            sent: BTreeMap::new(),
            over: BTreeMap::new(),
            members: BTreeMap::new(),
            said: Vec::new(),
            renamed: Vec::new(),
            commands: Vec::new(),
            happened: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    pub(super) fn join(&mut self, person: Person) -> SessionId {
        self.sessions += 1;
        let session = SessionId::new(self.sessions);
        self.tell(
            session,
            Input::Join {
                person: Box::new(person),
                reply: 1,
            },
        );
        session
    }

    pub(super) fn tell(&mut self, session: SessionId, input: Input) {
        let step = self.step(session, &input);
        self.begin(step);
        self.meeting.handle(self.now, session, input);
        self.carry_out();
        self.finish();
    }

    pub(super) fn shut_down(&mut self) {
        self.begin(Step::ShutDown);
        self.meeting.shut_down();
        self.carry_out();
        self.finish();
    }

    pub(super) fn change_rules(&mut self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.rules);
        self.begin(Step::Other);
        let names_hidden = are_names_hidden(&self.rules);
        if let Some(watch) = &mut self.watch {
            watch.terms.names_hidden = names_hidden;
        }
        self.meeting
            .set_policy(self.now, Policy::Meeting(self.rules.clone()));
        self.carry_out();
        self.finish();
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.now.instant += by;
        self.now.wall += by;
        self.begin(Step::Time);
        if self
            .meeting
            .poll_timeout()
            .is_some_and(|at| at <= self.now.instant)
        {
            self.meeting.handle_timeout(self.now);
        }
        self.carry_out();
        self.finish();
    }

    /// Somebody says something in the thread, by whatever way.
    pub(super) fn say(&mut self, text: &str) {
        let sequence = self.said.len() as u64 + 1;
        let text = match &mut self.watch {
            Some(watch) => watch.next_line(),
            None => text.to_owned(),
        };
        let line = ChatLine {
            id: sequence.to_string(),
            sequence,
            sender: "8:orgid:somebody".to_owned(),
            sender_display_name: "Somebody".to_owned(),
            text,
            created: self.now.wall,
            edited: None,
            deleted: false,
        };
        self.said.push(line.clone());
        self.meeting.handle_chat(&line);
        self.carry_out();
    }

    /// Somebody changes or deletes what it said.
    pub(super) fn change(&mut self, line: &ChatLine) {
        self.meeting.handle_chat_changed(line);
        self.carry_out();
    }

    pub(super) fn carry_out(&mut self) {
        while let Some(effect) = self.meeting.poll_effect() {
            if let Some(watch) = &mut self.watch {
                watch.effect(&effect);
            }
            match effect {
                Effect::Send { to, reply, body } => {
                    assert!(!self.over.contains_key(&to), "{to} is over and was sent {body:?}");
                    self.sent.entry(to).or_default().push((reply, body));
                }
                Effect::SendAll { to, body } => {
                    for to in to {
                        assert!(!self.over.contains_key(&to), "{to} is over and was sent {body:?}");
                        self.sent.entry(to).or_default().push((0, body.body().clone()));
                    }
                }
                Effect::End { session, body, .. } => {
                    let reason = match body {
                        Body::Denied(proto::Denied { reason }) | Body::Ended(proto::Ended { reason }) => {
                            reason
                        }
                        other => panic!("the last message is {other:?}"),
                    };
                    let before = self.over.insert(session, reason.unwrap());
                    assert_eq!(before, None, "{session} ended twice");
                }
                Effect::ChatAdd { member, history, .. } => {
                    let newest = self.said.len() as u64;
                    let start = match history {
                        HistoryShare::All => ChatStart {
                            after: 0,
                            at: OffsetDateTime::UNIX_EPOCH,
                        },
                        HistoryShare::FromNow => ChatStart {
                            after: newest,
                            at: self.now.wall,
                        },
                        HistoryShare::Since(start) => start,
                    };
                    self.members.insert(member.clone(), start.after);
                    self.meeting.handle_chat_joined(&member, start);
                }
                Effect::ChatRename { member, display_name } => {
                    assert!(self.members.contains_key(&member), "is no member");
                    self.renamed.push(display_name);
                }
                Effect::ChatRemove { member } => {
                    assert!(self.members.remove(&member).is_some(), "was no member");
                }
                Effect::ChatHistory { to, member } => {
                    let after = self.members[&member];
                    let lines = self
                        .said
                        .iter()
                        .filter(|line| line.sequence > after)
                        .cloned()
                        .collect();
                    self.meeting.handle(self.now, to, Input::History(lines));
                }
                Effect::ChatSend {
                    from,
                    reply,
                    member,
                    text,
                    ..
                } => {
                    let result = if self.members.contains_key(&member) {
                        self.say(&text);
                        Ok(self.said.len().to_string())
                    } else {
                        Err(("not_allowed", String::new()))
                    };
                    self.meeting
                        .handle(self.now, from, Input::ChatSent { reply, result });
                }
                Effect::ChatTyping {
                    member, display_name, ..
                } => {
                    if self.members.contains_key(&member) {
                        self.meeting.handle_typing(&member, &display_name);
                    }
                }
                Effect::ChatRead {
                    from,
                    reply,
                    member,
                    message_id,
                } => {
                    let read = self.said.iter().find(|line| line.id == message_id);
                    let result = match (read.cloned(), self.members.get(&member)) {
                        (Some(line), Some(after)) if line.sequence > *after => {
                            self.meeting.handle_read(&member, &line.id, line.created);
                            Ok(String::new())
                        }
                        (_, None) => Err(("not_allowed", String::new())),
                        _ => Err(("unknown_message", String::new())),
                    };
                    self.meeting
                        .handle(self.now, from, Input::ChatSent { reply, result });
                }
                Effect::Media(command) => self.commands.push(*command),
                Effect::Event(happening) => {
                    self.ledger.take(&happening);
                    self.happened.push(*happening);
                }
            }
        }
        self.ledger.check(&self.meeting);
    }

    fn begin(&mut self, step: Step) {
        if let Some(watch) = &mut self.watch {
            watch.begin(self.now.instant, step);
        }
    }

    fn finish(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.finish();
        }
    }

    /// What an input is to somebody outside.
    fn step(&self, session: SessionId, input: &Input) -> Step {
        let named = |ids: &[String]| self.meeting.find(ids, |_| true);
        match input {
            Input::Join { person, .. } => Step::Join(session, person.clone()),
            Input::Leave { .. } => Step::Leave(session),
            Input::Gone => Step::Gone(session),
            Input::Admit { all: true, .. } => Step::AdmitAll(session),
            Input::Admit { ids, .. } => Step::Admit(session, named(ids)),
            Input::Reject { ids, .. } => Step::Reject(session, named(ids)),
            Input::Remove { ids, .. } => Step::Remove(session, named(ids)),
            Input::EndMeeting { .. } => Step::End(session),
            Input::Offer { .. } => Step::Offer(session),
            _ => Step::Other,
        }
    }

    /// What a session was sent since the last call.
    pub(super) fn take(&mut self, session: SessionId) -> Vec<Body> {
        self.sent
            .remove(&session)
            .unwrap_or_default()
            .into_iter()
            .map(|(_, body)| body)
            .collect()
    }

    /// What a session was sent and nobody took.
    pub(super) fn sent_to(&self, session: SessionId) -> Vec<Body> {
        let sent = self.sent.get(&session).into_iter().flatten();
        sent.map(|(_, body)| body.clone()).collect()
    }

    pub(super) fn take_all(&mut self) {
        self.sent.clear();
    }

    /// The key of the only error a session was sent since the last call.
    pub(super) fn error(&mut self, session: SessionId) -> String {
        match self.take(session).as_slice() {
            [Body::Error(error)] => error.key.clone(),
            other => panic!("not one error: {other:?}"),
        }
    }

    pub(super) fn end_key(&self, session: SessionId) -> Option<&str> {
        self.over.get(&session).map(|reason| reason.key.as_str())
    }

    pub(super) fn id_of(&self, session: SessionId) -> String {
        self.meeting.people[&session].id.clone()
    }

    pub(super) fn in_call(&self, session: SessionId) -> bool {
        self.meeting
            .people
            .get(&session)
            .is_some_and(super::Participant::in_call)
    }

    pub(super) fn in_lobby(&self, session: SessionId) -> bool {
        self.meeting
            .people
            .get(&session)
            .is_some_and(|participant| !participant.in_call())
    }

    pub(super) fn admit(&mut self, by: SessionId, whom: SessionId) {
        let ids = vec![self.id_of(whom)];
        self.tell(
            by,
            Input::Admit {
                reply: 9,
                ids,
                all: false,
            },
        );
    }

    pub(super) fn unmute(&mut self, session: SessionId) {
        let state = MediaState {
            mic_muted: false,
            camera_on: false,
            screen_sharing: false,
        };
        self.tell(
            session,
            Input::MediaState {
                reply: 0,
                state,
                mutes: KNOWN,
            },
        );
    }

    /// What holds at all times.
    pub(super) fn check(&self) {
        let breach = self.watch.as_ref().and_then(|watch| watch.breach.as_ref());
        assert_eq!(breach, None);
        let meeting = &self.meeting;
        let mut members = BTreeSet::new();
        let mut tracks = BTreeSet::new();
        for (session, participant) in &meeting.people {
            assert!(
                !self.over.contains_key(session),
                "{session} is over and still here"
            );
            let Some(present) = participant.present() else {
                continue;
            };
            if !present.chat_suspended && meeting.chat_is_on(participant) {
                members.insert(participant.person.id.clone());
            }
            let allowed = |capability| present.capabilities.contains(capability);
            assert!(
                present.mic_muted || allowed(Capability::UnmuteMic),
                "heard without the right"
            );
            assert!(
                !present.camera_on || allowed(Capability::TurnVideoOn),
                "seen without the right"
            );
            assert_eq!(present.report.set(), present.capabilities);
            let guest = matches!(participant.person.kind, PersonKind::Guest { .. });
            let leads = matches!(
                present.role,
                CallRole::Meeting(Role::Organizer | Role::CoOrganizer)
            );
            assert!(!(guest && leads), "a guest leads the meeting");
            for track in present.peer.iter().flat_map(|peer| peer.tracks()) {
                assert!(tracks.insert(track.track), "a track is published twice");
            }
        }
        assert_eq!(meeting.members.keys().cloned().collect::<BTreeSet<_>>(), members);
        for member in self.members.keys() {
            let guest = matches!(member, CommunicationIdentifier::CommunicationUser(_));
            assert!(
                !guest || members.contains(member),
                "a guest outside the call is in the chat"
            );
        }
        for member in &members {
            assert!(
                self.members.contains_key(member),
                "somebody in the call is not in the chat"
            );
        }
        let present = meeting
            .people
            .values()
            .filter(|participant| participant.in_call())
            .count();
        assert_eq!(meeting.call.is_some(), present > 0);
        for session in meeting
            .call
            .iter()
            .flat_map(|call| call.hands.iter().chain(&call.spotlight))
        {
            assert!(self.in_call(*session), "a hand or a spotlight of nobody");
        }
        assert!(present <= meeting.limits.participants);
        assert!(meeting.people.len() - present <= meeting.limits.lobby);
        let lobby = present < meeting.people.len();
        let waiting: BTreeSet<SessionId> = meeting.lobby.iter().map(|waiting| waiting.key).collect();
        let outside = |(session, participant): (&SessionId, &super::Participant)| {
            (!participant.in_call()).then_some(*session)
        };
        assert_eq!(waiting, meeting.people.iter().filter_map(outside).collect());
        let ends = meeting.closes.is_some() && present > 0;
        assert_eq!(
            meeting.poll_timeout().is_some(),
            lobby || ends,
            "only the lobby and the end of a room have time-outs"
        );
        for (session, sent) in &self.sent {
            if self.in_lobby(*session) {
                let only_lobby = sent
                    .iter()
                    .all(|(_, body)| matches!(body, Body::Lobby(_) | Body::Error(_)));
                assert!(only_lobby, "somebody in the lobby was sent {sent:?}");
            }
        }
    }
}
