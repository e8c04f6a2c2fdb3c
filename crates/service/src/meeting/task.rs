//! Runs a meeting: one task that takes messages in turn and carries the machine's effects out in order.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anteroom_chat::id::SequenceId;
use anteroom_chat::{Notice, ThreadId};
use anteroom_identity::id::{CommunicationIdentifier, TenantId};
use anteroom_media_transport::router::{Command, Event, PeerId, RoomId};
use futures_util::FutureExt as _;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::sleep_until;

use super::chat_bridge::{self, Heard, Outgoing, What};
use super::events::Place;
use super::live::LiveCall;
use super::machine::{
    ChatLine, Effect, Facts, GroupRules, Host, Input, Limits, Meeting, MeetingConfig, Now, Person, Policy,
    RoomRules, Rules, SessionId,
};
use super::presence::Presence;
use super::registry::MeetingStatus;
use super::started::Started;
use super::{ToSession, Venue};
use crate::media::MediaControl;
use crate::meetings::SettingsChanged;
use crate::recording::{self, EndReason, MeetingInfo, Recorder, tap_of};
use crate::rooms::{RoomChanged, RoomsError};
use crate::state::App;

/// Messages that may wait for a meeting; sessions wait for room, and nobody can join a meeting that is behind.
pub(super) const INBOX_MESSAGES: usize = 1024;

/// Changes of a roster that follow one another this soon are told together. Nobody sees the difference, and many who
/// come at once cost one message per receiver and not one each.
pub(super) const FAN_OUT: Duration = Duration::from_millis(50);

/// Messages that are taken in before anything is carried out.
const TOGETHER: usize = 64;

/// How often a chat membership that could not be taken away is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What a meeting is told.
#[derive(Debug)]
pub(crate) enum ToMeeting {
    /// A session wants in.
    Join {
        session: SessionId,
        person: Box<Person>,
        reply: u32,
        inbox: mpsc::Sender<ToSession>,
    },
    /// Something happened to a session.
    Session(SessionId, Box<Input>),
    /// The media router has something to say.
    Media(Box<Event>),
    /// Somebody wants to know how the meeting stands.
    Status(oneshot::Sender<MeetingStatus>),
    /// Somebody wants to know who is there. `None` is answered when it is no meeting of the tenant.
    Report {
        /// Whose meetings are meant; `None`: all, and rooms.
        tenant: Option<TenantId>,
        reply: oneshot::Sender<Option<LiveCall>>,
    },
    /// An administrator ends it; answers whether it is one of the tenant's.
    End {
        /// As in `Report`.
        tenant: Option<TenantId>,
        reply: oneshot::Sender<bool>,
    },
    /// A recording has ended by itself.
    RecordingOver { tap: PeerId, reason: EndReason },
    /// The service stops.
    ShutDown,
}

struct Task {
    app: App,
    venue: Venue,
    place: Arc<Place>,
    room: RoomId,
    meeting: Meeting,
    sessions: HashMap<SessionId, mpsc::Sender<ToSession>>,
    media: MediaControl,
    /// The meeting's chat; rooms and group calls have none.
    chat: Option<Chat>,
    /// What the meeting began with; rooms and group calls have no such settings.
    started: Option<Started>,
    /// Where others tell the meeting something.
    inbox: mpsc::Sender<ToMeeting>,
    recorder: Option<Recorder>,
    /// Recordings that were begun.
    recordings: u32,
    stops: bool,
}

struct Chat {
    thread: ThreadId,
    /// Place of the newest message the meeting has heard of.
    heard: SequenceId,
    presence: Presence,
    outgoing: mpsc::Sender<Outgoing>,
}

/// Starts a meeting's task.
pub(super) fn spawn(
    app: App,
    media: MediaControl,
    venue: Venue,
    room: RoomId,
    inbox: mpsc::Sender<ToMeeting>,
    messages: mpsc::Receiver<ToMeeting>,
) {
    let busy = app.registry().busy();
    let registry = app.registry().clone();
    tokio::spawn(async move {
        let running = AssertUnwindSafe(run(app, media, venue, room, inbox, messages)).catch_unwind();
        if running.await.is_err() {
            // A bug in one meeting is the end of that meeting alone; its sessions see the inbox closed.
            tracing::error!(room = room.0, "a meeting's task panicked");
            registry.discard(room);
        }
        drop(busy);
    });
}

async fn run(
    app: App,
    media: MediaControl,
    venue: Venue,
    room: RoomId,
    inbox: mpsc::Sender<ToMeeting>,
    mut messages: mpsc::Receiver<ToMeeting>,
) {
    let newest = match &venue {
        Venue::Meeting(record) => app
            .chat()
            .newest(&record.thread_id)
            .await
            .unwrap_or(SequenceId::ZERO),
        Venue::Room(_) | Venue::Group { .. } => SequenceId::ZERO,
    };
    // Listen first, then read: no change is missed.
    let mut settings = app.meetings().subscribe();
    let mut rooms = app.rooms().subscribe();
    let mut said = match &venue {
        Venue::Meeting(record) => Some(app.chat().subscribe(&record.thread_id)),
        Venue::Room(_) | Venue::Group { .. } => None,
    };
    let Ok(Some(loaded)) = load(&app, &venue).await else {
        // Found a moment ago, so it was deleted meanwhile or the database fails: nobody gets in.
        app.registry().discard(room);
        return;
    };
    let chat = match &venue {
        Venue::Meeting(record) => Some(Chat {
            thread: record.thread_id.clone(),
            heard: newest,
            presence: Presence::new(app.chat().clone(), record.thread_id.clone()),
            outgoing: chat_bridge::spawn(app.chat().clone(), record.thread_id.clone(), inbox.clone()),
        }),
        Venue::Room(_) | Venue::Group { .. } => None,
    };
    let started = match &loaded.policy {
        Policy::Meeting(rules) => Some(Started::new(&loaded.subject, &rules.options)),
        Policy::Room(_) | Policy::Group(_) => None,
    };
    let mut task = Task {
        started,
        meeting: Meeting::new(config(&app, &media, &venue, loaded, room)),
        chat,
        sessions: HashMap::new(),
        place: Arc::new(place(&venue)),
        venue,
        app,
        room,
        media,
        inbox,
        recorder: None,
        recordings: 0,
        stops: false,
    };
    let clock = task.app.clock().clone();
    let mut clock_changed = Box::pin(clock.changed());
    loop {
        let timeout = task.meeting.poll_timeout();
        let retry = task.has_leftovers().then(|| now() + RETRY);
        tokio::select! {
            biased;
            change = settings.recv() => task.settings_changed(change).await,
            change = rooms.recv() => task.room_changed(change).await,
            notice = heard(said.as_mut()) => task.said(notice).await,
            message = messages.recv() => match message {
                Some(message) => {
                    task.message(message);
                    // Many who come at once wait for one commit of the chat together; a change of the settings counts
                    // before whoever came after it.
                    let changed = || !settings.is_empty() || !rooms.is_empty();
                    for _ in 0..TOGETHER {
                        if changed() {
                            break;
                        }
                        let Ok(message) = messages.try_recv() else { break };
                        task.message(message);
                    }
                }
                // Cannot be: `inbox` is a sender.
                None => return,
            },
            () = at(timeout) => {
                let now = task.now();
                task.meeting.handle_timeout(now);
            }
            () = &mut clock_changed => {
                // Listen first, then look.
                clock_changed = Box::pin(clock.changed());
                let now = task.now();
                task.meeting.handle_clock_changed(now);
            }
            () = at(retry) => task.retry().await,
        }
        task.carry_out().await;
        let idle = task.meeting.is_empty() && !task.has_leftovers();
        if idle {
            // Nobody is there from whom names are hidden; the next call may be another task's.
            task.show_names();
            if task
                .app
                .registry()
                .retire(&task.venue.key(), task.room, &messages)
            {
                return;
            }
            task.meeting.tell_hidden_names();
        }
    }
}

impl Task {
    fn message(&mut self, message: ToMeeting) {
        let now = self.now();
        match message {
            ToMeeting::Join {
                session,
                person,
                reply,
                inbox,
            } => {
                self.sessions.insert(session, inbox);
                self.meeting.handle(now, session, Input::Join { person, reply });
            }
            ToMeeting::Session(session, input) => {
                if matches!(*input, Input::Gone) {
                    self.sessions.remove(&session);
                }
                self.meeting.handle(now, session, *input);
            }
            ToMeeting::Media(event) => match *event {
                Event::PeerClosed { peer, .. } => self.meeting.handle_media_closed(now, peer),
                Event::ActiveSpeakers { speakers, .. } => {
                    let speakers: Vec<_> = speakers.iter().map(|(peer, _, level)| (*peer, *level)).collect();
                    self.meeting.handle_speakers(&speakers);
                }
                Event::Demand {
                    peer,
                    track,
                    is_watched,
                    rids,
                } => self.meeting.handle_demand(peer, track, is_watched, rids),
                event => tracing::trace!(room = self.room.0, ?event, "media"),
            },
            ToMeeting::Status(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(MeetingStatus {
                    started: self.meeting.started(),
                    participants: self.meeting.present_count(),
                });
            }
            ToMeeting::Report { tenant, reply } => {
                let report = self.is_of(tenant).then(|| self.meeting.live(self.venue.key()));
                // Whoever asked may have gone.
                let _ = reply.send(report);
            }
            ToMeeting::End { tenant, reply } => {
                let ends = self.is_of(tenant);
                if ends {
                    self.meeting.end();
                }
                let _ = reply.send(ends);
            }
            ToMeeting::RecordingOver { tap, reason } => {
                if self.recorder.take_if(|recorder| recorder.tap() == tap).is_some() {
                    tracing::warn!(room = self.room.0, ?reason, "a meeting is not recorded any more");
                    self.media.try_send(Command::RemovePeer { peer: tap });
                    self.meeting.handle_recording_over();
                }
            }
            ToMeeting::ShutDown => {
                self.stops = true;
                self.meeting.shut_down();
            }
        }
    }

    /// Whether it is a meeting of the tenant; everything is, where none is named.
    fn is_of(&self, tenant: Option<TenantId>) -> bool {
        let host = self.meeting.facts().host;
        tenant.is_none_or(|tenant| host.is_some_and(|host| host.tenant == tenant))
    }

    async fn settings_changed(&mut self, change: Result<SettingsChanged, broadcast::error::RecvError>) {
        let Venue::Meeting(record) = &self.venue else {
            return;
        };
        let concerned = match &change {
            Ok(SettingsChanged::Meeting(id)) => *id == record.id,
            Ok(SettingsChanged::Tenant(tenant)) => *tenant == record.tenant,
            Err(_) => true,
        };
        if concerned {
            self.reload().await;
        }
    }

    async fn room_changed(&mut self, change: Result<RoomChanged, broadcast::error::RecvError>) {
        let Venue::Room(id) = &self.venue else {
            return;
        };
        if change.is_err() || change == Ok(RoomChanged(*id)) {
            self.reload().await;
        }
    }

    /// Looks at everybody with what is in force now.
    async fn reload(&mut self) {
        match load(&self.app, &self.venue).await {
            Ok(Some(Loaded {
                mut subject,
                mut policy,
            })) => {
                if let (Some(started), Policy::Meeting(rules)) = (&self.started, &mut policy) {
                    started.keep(&mut subject, &mut rules.options);
                }
                let now = self.now();
                self.meeting.set_subject(subject);
                self.meeting.set_policy(now, policy);
            }
            Ok(None) => self.meeting.end(),
            // What was in force stays so.
            Err(error) => tracing::error!(%error, "a call's settings could not be read"),
        }
    }

    fn has_leftovers(&self) -> bool {
        self.chat
            .as_ref()
            .is_some_and(|chat| chat.presence.has_leftovers())
    }

    async fn retry(&mut self) {
        if let Some(chat) = &mut self.chat {
            chat.presence.retry().await;
        }
    }

    async fn said(&mut self, notice: Result<Arc<Notice>, broadcast::error::RecvError>) {
        match notice {
            Ok(notice) => {
                if let Some(heard) = chat_bridge::heard(&notice.event) {
                    self.heard(&heard);
                }
            }
            Err(_) => self.catch_up().await,
        }
    }

    /// Reads what was said while the meeting did not listen.
    async fn catch_up(&mut self) {
        let Some(chat) = &self.chat else { return };
        match chat_bridge::missed(self.app.chat(), &chat.thread, chat.heard).await {
            Ok(lines) => {
                for line in lines {
                    self.hear(&line);
                }
            }
            Err(error) => {
                tracing::error!(%error, "what was said in a meeting's chat could not be read");
                self.meeting.handle_chat_lagged();
            }
        }
    }

    fn heard(&mut self, heard: &Heard) {
        match heard {
            Heard::Said(line) => self.hear(line),
            Heard::Changed(line) => self.meeting.handle_chat_changed(line),
            Heard::Typing { by, display_name } => self.meeting.handle_typing(by, display_name),
            Heard::Read { by, message_id, said } => self.meeting.handle_read(by, message_id, *said),
        }
    }

    /// Takes a message in, once: what was read may be told again.
    fn hear(&mut self, line: &ChatLine) {
        let place = SequenceId::new(line.sequence);
        if let Some(chat) = &mut self.chat
            && place > chat.heard
        {
            chat.heard = place;
            self.meeting.handle_chat(line);
        }
    }

    async fn carry_out(&mut self) {
        loop {
            let mut effects = Vec::new();
            while let Some(effect) = self.meeting.poll_effect() {
                effects.push(effect);
            }
            // Before anybody can read anything.
            self.hide_names();
            // Before those are heard again who did not want to be recorded.
            self.end_recording().await;
            if effects.is_empty() {
                // After those were silenced.
                if self.begin_recording().await {
                    return;
                }
                self.meeting.handle_recording_over();
                continue;
            }
            self.join_chat(&mut effects).await;
            for effect in effects {
                self.carry_out_one(effect).await;
            }
        }
    }

    /// Begins to write, when the meeting says that it is recorded. Says `false` when that cannot be.
    async fn begin_recording(&mut self) -> bool {
        let recordings = self.app.recordings();
        if self.recorder.is_some() || !self.meeting.is_being_recorded() || !recordings.is_enabled() {
            return true;
        }
        let meeting = match &self.venue {
            Venue::Meeting(record) => MeetingInfo {
                id: record.id.clone(),
                subject: record.subject.clone(),
                tenant: Some(record.tenant.to_string()),
                organizer: Some(record.organizer.to_string()),
                thread_id: Some(record.thread_id.to_string()),
            },
            Venue::Room(_) | Venue::Group { .. } => MeetingInfo {
                id: self.venue.key(),
                subject: String::new(),
                tenant: None,
                organizer: None,
                thread_id: None,
            },
        };
        let tap = tap_of(self.room, self.recordings);
        self.recordings += 1;
        let senders = self.meeting.senders();
        let begun = recordings.start(recording::Start {
            tap,
            meeting,
            people: senders.map(|(peer, sender)| (peer, person(sender))).collect(),
            clock: self.app.clock().clone(),
            media: self.media.clone(),
            inbox: self.inbox.clone(),
            busy: self.app.registry().busy(),
        });
        let Some(recorder) = begun else { return false };
        let sink = recorder.sink();
        self.recorder = Some(recorder);
        let (peer, room) = (tap, self.room);
        self.media.send(Command::AddTap { peer, room, sink }).await;
        true
    }

    /// Ends what is written, when the meeting is no longer recorded.
    async fn end_recording(&mut self) {
        if self.meeting.is_being_recorded() {
            return;
        }
        let Some(recorder) = self.recorder.take() else {
            return;
        };
        let peer = recorder.tap();
        self.media.send(Command::RemovePeer { peer }).await;
        recorder.end(match (self.stops, self.meeting.started()) {
            (true, _) => EndReason::ServiceStopped,
            (false, false) => EndReason::MeetingEnded,
            (false, true) => EndReason::Stopped,
        });
    }

    /// Tells the recorder whose a peer's tracks are.
    fn tell_recorder(&self, peer: PeerId) {
        if let Some(recorder) = &self.recorder
            && let Some(sender) = self.meeting.sender(peer)
        {
            recorder.person(peer, person(sender));
        }
    }

    /// Has the chat hide names as the meeting does.
    fn hide_names(&mut self) {
        if let (Some(hidden), Some(chat)) = (self.meeting.take_hidden_names(), &self.chat) {
            self.app.chat().names().set(&chat.thread, hidden.map(Arc::new));
        }
    }

    fn show_names(&self) {
        if let Some(chat) = &self.chat {
            self.app.chat().names().set(&chat.thread, None);
        }
    }

    /// Makes everybody a member of the chat who is to be one, at once: nobody minds being one a little early, and those
    /// that wait together share a commit. Who is taken out before waits for that.
    async fn join_chat(&mut self, effects: &mut Vec<Effect>) {
        let Some(chat) = &mut self.chat else { return };
        let mut removed = Vec::new();
        let (mut joining, mut rest) = (Vec::new(), Vec::new());
        for effect in effects.drain(..) {
            match effect {
                Effect::ChatAdd {
                    member,
                    display_name,
                    history,
                } if !removed.contains(&member) => joining.push((member, display_name, history)),
                Effect::ChatRemove { member } => {
                    removed.push(member.clone());
                    rest.push(Effect::ChatRemove { member });
                }
                effect => rest.push(effect),
            }
        }
        *effects = rest;
        for (member, start) in chat.presence.add_all(joining).await {
            self.meeting.handle_chat_joined(&member, start);
        }
    }

    async fn carry_out_one(&mut self, effect: Effect) {
        match effect {
            Effect::Send { to, reply, body } => {
                let body = Box::new(body);
                self.tell(to, ToSession::Send { reply, body });
            }
            Effect::SendAll { to, body } => {
                for session in to {
                    self.tell(session, ToSession::Share(body.clone()));
                }
            }
            Effect::End { session, reply, body } => {
                let body = Box::new(body);
                self.tell(session, ToSession::End { reply, body });
                self.sessions.remove(&session);
            }
            Effect::ChatAdd {
                member,
                display_name,
                history,
            } => {
                let Some(chat) = &mut self.chat else { return };
                let start = chat.presence.add(&member, &display_name, history).await;
                self.meeting.handle_chat_joined(&member, start);
            }
            Effect::ChatRename { member, display_name } => {
                if let Some(chat) = &self.chat {
                    chat.presence.rename(&member, &display_name).await;
                }
            }
            Effect::ChatRemove { member } => {
                if let Some(chat) = &mut self.chat {
                    chat.presence.remove(member).await;
                }
            }
            Effect::ChatHistory { to, member } => self.history(to, &member).await,
            Effect::ChatSend {
                from,
                reply,
                member,
                display_name,
                text,
                client_message_id,
            } => {
                let what = What::Say {
                    display_name,
                    text,
                    client_message_id,
                };
                self.hand_over(from, reply, member, what);
            }
            Effect::ChatTyping {
                from,
                member,
                display_name,
            } => self.hand_over(from, 0, member, What::Typing { display_name }),
            Effect::ChatRead {
                from,
                reply,
                member,
                message_id,
            } => self.hand_over(from, reply, member, What::Read { message_id }),
            Effect::Media(command) => {
                if let Command::AddPeer { peer, .. } | Command::SetPublications { peer, .. } = &*command {
                    self.tell_recorder(*peer);
                }
                self.media.send(*command).await;
            }
            Effect::Event(happening) => {
                let at = self.now().wall;
                let events = self.app.registry().events();
                events.publish(&self.place, at, *happening).await;
            }
        }
    }

    /// Has something done in the thread, in turn. What nobody waits for is left out while the thread cannot keep up.
    fn hand_over(&mut self, from: SessionId, reply: u32, member: CommunicationIdentifier, what: What) {
        let wants_answer = !matches!(what, What::Typing { .. });
        let outgoing = Outgoing {
            session: from,
            reply,
            member,
            what,
        };
        let chat = self.chat.as_ref();
        if chat.is_none_or(|chat| chat.outgoing.try_send(outgoing).is_err()) && wants_answer {
            let result = Err(("busy", "The chat cannot keep up; try again.".to_owned()));
            let now = self.now();
            self.meeting.handle(now, from, Input::ChatSent { reply, result });
        }
    }

    async fn history(&mut self, to: SessionId, member: &CommunicationIdentifier) {
        let Some(chat) = &self.chat else { return };
        match chat_bridge::history(self.app.chat(), &chat.thread, member).await {
            Ok(lines) => {
                let now = self.now();
                self.meeting.handle(now, to, Input::History(lines));
            }
            Err(error) => tracing::error!(%error, "a chat history could not be read"),
        }
    }

    /// Tells a session. One that does not keep up is given up: it can no longer know what holds.
    fn tell(&mut self, session: SessionId, message: ToSession) {
        let Some(inbox) = self.sessions.get(&session) else {
            return;
        };
        if let Err(error) = inbox.try_send(message) {
            tracing::warn!(%session, %error, "a session does not take its messages");
            self.sessions.remove(&session);
            let now = self.now();
            self.meeting.handle(now, session, Input::Gone);
        }
    }

    fn now(&self) -> Now {
        Now {
            instant: now(),
            wall: self.app.clock().now(),
        }
    }
}

/// What is said next; never, where there is no chat.
async fn heard(
    said: Option<&mut broadcast::Receiver<Arc<Notice>>>,
) -> Result<Arc<Notice>, broadcast::error::RecvError> {
    match said {
        Some(said) => said.recv().await,
        None => std::future::pending().await,
    }
}

/// The runtime's time, which tests hold and let go on.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}

fn person((id, identity, display_name): (String, String, String)) -> recording::Person {
    recording::Person {
        id,
        identity,
        display_name,
    }
}

/// Where events happen.
fn place(venue: &Venue) -> Place {
    match venue {
        Venue::Meeting(record) => Place::Meeting {
            id: record.id.clone(),
            tenant: record.tenant,
            organizer: record.organizer,
            thread_id: record.thread_id.to_string(),
        },
        Venue::Room(id) => Place::Room { id: id.to_string() },
        Venue::Group { resource, id } => Place::Group {
            key: venue.key(),
            id: id.to_string(),
            resource: *resource,
        },
    }
}

/// What a call is about and who gets in.
struct Loaded {
    subject: String,
    policy: Policy,
}

/// What holds for a meeting, a room or a group call now; `None` when it does not exist any more.
async fn load(app: &App, venue: &Venue) -> Result<Option<Loaded>, RoomsError> {
    match venue {
        Venue::Meeting(record) => {
            let Some(record) = app.meetings().get(&record.id).await? else {
                return Ok(None);
            };
            let rules = app.meetings().rules(&record).await?;
            Ok(rules.map(|rules| Loaded {
                subject: record.subject,
                policy: Policy::Meeting(Rules {
                    tenant: rules.tenant,
                    organizer: rules.applied.policy,
                    options: rules.effective.options,
                }),
            }))
        }
        Venue::Room(id) => {
            let found = app.rooms().invited(*id).await?;
            Ok(found.map(|(room, list)| Loaded {
                subject: format!("Room {id}"),
                policy: Policy::Room(RoomRules {
                    room,
                    invited: list
                        .into_iter()
                        .map(|invited| (invited.user, invited.role))
                        .collect(),
                }),
            }))
        }
        Venue::Group { resource, .. } => Ok(Some(Loaded {
            subject: "Group call".to_owned(),
            policy: Policy::Group(GroupRules { resource: *resource }),
        })),
    }
}

fn config(app: &App, media: &MediaControl, venue: &Venue, loaded: Loaded, room: RoomId) -> MeetingConfig {
    let limits = &app.config().limits;
    let mut seed = [0; 32];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut seed);
    let Loaded { subject, policy } = loaded;
    let tenants = match &policy {
        Policy::Meeting(rules) => rules
            .tenant
            .lobby_timeout_seconds
            .map(|seconds| seconds.get().into()),
        Policy::Room(_) | Policy::Group(_) => None,
    };
    let facts = match venue {
        Venue::Meeting(record) => Facts {
            subject,
            thread_id: record.thread_id.to_string(),
            join_url: record.join_url.clone(),
            host: Some(Host {
                tenant: record.tenant,
                organizer: record.organizer,
            }),
        },
        Venue::Room(id) => Facts {
            subject,
            thread_id: String::new(),
            join_url: format!("{}/join?room={id}", app.issuer()),
            host: None,
        },
        Venue::Group { .. } => Facts {
            subject,
            thread_id: String::new(),
            join_url: String::new(),
            host: None,
        },
    };
    MeetingConfig {
        facts,
        policy,
        limits: Limits {
            participants: limits.meeting_participants,
            lobby: limits.meeting_lobby,
            fan_out: FAN_OUT,
            per_identity: limits.sessions_per_identity(app.config().dev),
            lobby_timeout: Duration::from_secs(tenants.unwrap_or(limits.lobby_timeout_seconds)),
        },
        media: media.environment(room),
        room,
        seed,
    }
}
