//! Runs a meeting: one task that takes messages in turn and carries the machine's effects out in order.

mod chat;
mod load;
mod recorder;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anteroom_chat::id::SequenceId;
use anteroom_identity::id::TenantId;
use anteroom_media_transport::router::{Command, Event, PeerId, RoomId};
use futures_util::FutureExt as _;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::sleep_until;

use self::chat::{Chat, heard};
use self::load::{Loaded, config, load, place};
use super::chat_bridge::{self, What};
use super::events::Place;
use super::live::LiveCall;
use super::machine::{Effect, Input, Meeting, Now, Person, Policy, SessionId};
use super::presence::Presence;
use super::registry::MeetingStatus;
use super::started::Started;
use super::{ToSession, Venue};
use crate::media::MediaControl;
use crate::meetings::SettingsChanged;
use crate::recording::{EndReason, Recorder};
use crate::rooms::RoomChanged;
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
