//! The task of one call: signaling in the middle, commands from the owner on one side, media on the other.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anteroom_signaling::proto::{self, client_message, server_message};
use anteroom_signaling::session::{ClientConfig, ClientSession, Incoming as Said};
use anteroom_teams_link::Capability;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use super::media::{Media, MediaEvent};
use super::negotiation::Negotiation;
use super::socket::Socket;
use super::tls::Trust;
use super::{
    Command, Error, Event, JoinOptions, LobbyReason, Participant, Reaction, Refusal, Target, Waiting,
};

/// First pause between attempts to connect again; doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(3);

/// How long after the end of media the service may take to say why.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Sub-code of "the client vanished", for a session that could not be resumed.
const VANISHED: u32 = 4521;

pub(super) struct Call {
    options: JoinOptions,
    endpoint: Url,
    trust: Trust,
    events: mpsc::Sender<Event>,
    session: ClientSession,
    resume_window: Duration,
    asked_to_join: Instant,
    in_call: bool,
    leaving: bool,
    roster: BTreeMap<String, Participant>,
    lobby: BTreeMap<String, Waiting>,
    negotiation: Option<Negotiation>,
    offer_id: u32,
    media: Option<Media>,
    subscribed: Vec<String>,
    /// Who waits for the answers to requests.
    answers: HashMap<u32, oneshot::Sender<Result<String, Refusal>>>,
    /// Fresh tokens, by the request with which the service is given them.
    tokens: HashMap<u32, String>,
    /// Something is being played, for others to hear.
    speaking: bool,
    /// Media ended on its own: until when the service may say why, and how it ended.
    media_lost: Option<(Instant, String)>,
}

/// Whether the call goes on.
enum Next {
    GoOn,
    Reconnect,
    Over,
}

impl Call {
    pub(super) fn new(
        options: JoinOptions,
        endpoint: Url,
        trust: Trust,
        token: String,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let client = format!("anteroom/{}", env!("CARGO_PKG_VERSION"));
        let mut session = ClientSession::new(ClientConfig { token, client });
        session.request(client_message::Body::Join(proto::Join {
            locator: Some(match &options.target {
                Target::Link(link) => proto::join::Locator::MeetingLink(link.clone()),
                Target::Room(id) => proto::join::Locator::RoomId(id.clone()),
                Target::Group(id) => proto::join::Locator::GroupId(id.clone()),
            }),
            display_name: options.display_name.clone(),
        }));
        Self {
            options,
            endpoint,
            trust,
            events,
            session,
            resume_window: Duration::from_secs(30),
            asked_to_join: Instant::now(),
            in_call: false,
            leaving: false,
            roster: BTreeMap::new(),
            lobby: BTreeMap::new(),
            negotiation: None,
            offer_id: 0,
            media: None,
            subscribed: Vec::new(),
            answers: HashMap::new(),
            tokens: HashMap::new(),
            speaking: false,
            media_lost: None,
        }
    }

    pub(super) async fn run(mut self, mut socket: Socket, mut commands: mpsc::Receiver<Command>) {
        self.session.connected(std::time::Instant::now());
        loop {
            match self.serve(&mut socket, &mut commands).await {
                Next::Over => break,
                Next::GoOn | Next::Reconnect => match self.reconnect().await {
                    Some(again) => socket = again,
                    None => break,
                },
            }
        }
        if let Some(media) = self.media.take() {
            media.close().await;
        }
        socket.close().await;
    }

    /// Works until the connection is gone or the call is over.
    async fn serve(&mut self, socket: &mut Socket, commands: &mut mpsc::Receiver<Command>) -> Next {
        loop {
            while let Some(message) = self.session.poll_outgoing(std::time::Instant::now()) {
                if socket.send(&message).await.is_err() {
                    return Next::Reconnect;
                }
            }
            let timeout = self.session.poll_timeout().map(Instant::from_std);
            let next = tokio::select! {
                message = socket.receive() => match message {
                    Some(Ok(message)) => self.handle_message(message).await,
                    Some(Err(error)) => self.fail(&error).await,
                    None => Next::Reconnect,
                },
                command = commands.recv() => match command {
                    Some(Command::DropConnection) => return Next::Reconnect,
                    Some(command) => self.handle_command(command).await,
                    // The handle is gone: so is the participant.
                    None => return Next::Over,
                },
                event = next_media_event(&mut self.media) => self.handle_media(event).await,
                () = sleep_until_or_never(self.media_lost.as_ref().map(|(deadline, _)| *deadline)) => {
                    let reason = self.media_lost.take().map(|(_, reason)| reason).unwrap_or_default();
                    self.fail(&Error::Media(reason)).await
                }
                () = sleep_until_or_never(timeout) => {
                    self.session.handle_timeout(std::time::Instant::now());
                    Next::GoOn
                }
            };
            if !matches!(next, Next::GoOn) {
                return next;
            }
        }
    }

    async fn reconnect(&mut self) -> Option<Socket> {
        self.session.connection_lost();
        if self.leaving {
            self.end(
                proto::EndReason {
                    key: "left".to_owned(),
                    ..Default::default()
                },
                false,
            )
            .await;
            return None;
        }
        self.emit(Event::Reconnecting).await;
        let deadline = Instant::now() + self.resume_window;
        let mut pause = FIRST_PAUSE;
        while Instant::now() < deadline {
            if let Ok(socket) = Socket::connect(&self.endpoint, &self.trust).await {
                self.session.connected(std::time::Instant::now());
                return Some(socket);
            }
            sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
        self.vanished().await;
        None
    }

    async fn vanished(&self) {
        let reason = proto::EndReason {
            code: 0,
            sub_code: VANISHED,
            key: "connection_lost".to_owned(),
            message: "The connection to the meeting was lost.".to_owned(),
        };
        self.end(reason, false).await;
    }

    async fn handle_message(&mut self, message: proto::ServerMessage) -> Next {
        match self.session.handle_message(std::time::Instant::now(), message) {
            Ok(None) => Next::GoOn,
            Ok(Some(Said::Welcome {
                resumed,
                resume_window,
                ..
            })) => {
                self.resume_window = resume_window;
                if resumed {
                    self.emit(Event::Resumed).await;
                } else if self.in_call {
                    self.vanished().await;
                    return Next::Over;
                }
                Next::GoOn
            }
            Ok(Some(Said::Message(message))) => {
                let Some(body) = message.body else {
                    return Next::GoOn;
                };
                self.handle_body(message.in_reply_to, body).await
            }
            // Another connection continues where this one broke the rules.
            Err(_) => Next::Reconnect,
        }
    }

    async fn handle_body(&mut self, in_reply_to: u32, body: server_message::Body) -> Next {
        use server_message::Body;
        match body {
            Body::Lobby(lobby) => {
                let reason = match lobby.reason() {
                    proto::lobby::Reason::WaitForStart => LobbyReason::Start,
                    _ => LobbyReason::Admit,
                };
                self.emit(Event::Lobby { reason }).await;
            }
            Body::Connected(connected) => return self.connected(connected).await,
            Body::Denied(denied) => {
                self.end(denied.reason.unwrap_or_default(), true).await;
                return Next::Over;
            }
            Body::Ended(ended) => {
                let refused = !self.in_call && !self.leaving;
                self.end(ended.reason.unwrap_or_default(), refused).await;
                return Next::Over;
            }
            Body::Answer(answer) => return self.handle_answer(in_reply_to, &answer).await,
            Body::Roster(update) => self.update_roster(update).await,
            Body::LobbyRoster(update) => self.update_lobby(update).await,
            Body::Tracks(update) => {
                if let Some(negotiation) = &mut self.negotiation {
                    negotiation.update_tracks(update);
                }
                self.offer();
            }
            // It sends sound alone, which is never paused for want of listeners.
            Body::Demand(_) => {}
            Body::Speaking(speaking) => {
                let level = |speaker: &proto::Speaker| u8::try_from(speaker.level).unwrap_or(127).min(127);
                let loudest: Vec<String> = speaking
                    .speakers
                    .iter()
                    .map(|speaker| speaker.participant_id.clone())
                    .collect();
                if let Some(negotiation) = &mut self.negotiation {
                    negotiation.watch(&loudest);
                }
                self.offer();
                let speakers = speaking
                    .speakers
                    .iter()
                    .map(|s| (s.participant_id.clone(), level(s)))
                    .collect();
                self.emit(Event::Speaking(speakers)).await;
            }
            Body::Chat(chat) if chat.deleted || (chat.edited_ms != 0 && !chat.history) => {
                let text = Some(chat.text).filter(|_| !chat.deleted);
                self.emit(Event::ChatChanged { id: chat.id, text }).await;
            }
            Body::Typing(typing) => {
                self.emit(Event::Typing {
                    participant_id: typing.participant_id,
                    display_name: typing.display_name,
                })
                .await;
            }
            Body::ReadReceipt(receipt) => {
                self.emit(Event::ReadReceipt {
                    participant_id: receipt.participant_id,
                    message_id: receipt.message_id,
                })
                .await;
            }
            Body::Chat(chat) => {
                self.emit(Event::Chat {
                    id: chat.id,
                    sender: chat.sender_raw_id,
                    sender_name: chat.sender_display_name,
                    text: chat.text,
                    history: chat.history,
                })
                .await;
            }
            Body::Done(done) => {
                if let Some(token) = self.tokens.remove(&in_reply_to) {
                    self.session.set_token(token);
                }
                if let Some(answer) = self.answers.remove(&in_reply_to) {
                    let _ = answer.send(Ok(done.id));
                }
            }
            Body::Error(error) => {
                let refusal = Refusal {
                    key: error.key,
                    message: error.message,
                };
                self.tokens.remove(&in_reply_to);
                if let Some(answer) = self.answers.remove(&in_reply_to) {
                    let _ = answer.send(Err(refusal));
                } else {
                    if in_reply_to != 0
                        && in_reply_to == self.offer_id
                        && let Some(negotiation) = &mut self.negotiation
                    {
                        negotiation.refused();
                    }
                    self.emit(Event::Refused {
                        key: refusal.key,
                        message: refusal.message,
                    })
                    .await;
                }
            }
            Body::CapabilitiesChanged(changed) => {
                let role = changed.role().into();
                if let Some(negotiation) = &mut self.negotiation {
                    negotiation.set_may_speak(may_speak(&changed.capabilities));
                }
                self.emit(Event::CapabilitiesChanged {
                    role,
                    capabilities: changed.capabilities,
                })
                .await;
                self.offer();
            }
            Body::MeetingState(state) => self.emit(Event::MeetingState(state.into())).await,
            Body::RecordingState(state) => {
                self.emit(Event::Recording {
                    recording: state.recording,
                    transcription: state.transcription,
                    consent_required: state.consent_required,
                })
                .await;
            }
            Body::Reaction(reaction) => {
                let participant_id = reaction.participant_id.clone();
                if let Some(reaction) = Reaction::of(reaction.kind()) {
                    self.emit(Event::Reaction {
                        participant_id,
                        reaction,
                    })
                    .await;
                }
            }
            Body::Announcement(announcement) => {
                self.emit(Event::Announcement {
                    entered: announcement.entered,
                    left: announcement.left,
                })
                .await;
            }
            Body::Muted(muted) => {
                self.speaking = false;
                let by = muted.by_participant_id;
                self.emit(Event::Muted { by }).await;
            }
            Body::ChatAccess(_) | Body::Welcome(_) | Body::Pong(_) => {}
        }
        Next::GoOn
    }

    async fn connected(&mut self, connected: proto::Connected) -> Next {
        self.in_call = true;
        let role = connected.role().into();
        let may_speak = may_speak(&connected.capabilities);
        self.emit(Event::Connected {
            participant_id: connected.participant_id,
            role,
            capabilities: connected.capabilities,
            subject: connected.subject,
            thread_id: connected.thread_id,
        })
        .await;
        // Nobody listens to a microphone that says nothing; it counts as muted until something is played.
        let _ = self
            .session
            .notify(client_message::Body::MediaState(proto::MediaState {
                mic_muted: true,
                ..Default::default()
            }));
        // The thread's random source must not be held over an await.
        let negotiation = Negotiation::new(&mut rand::rng(), may_speak, self.options.record_video);
        let negotiation = match negotiation {
            Ok(negotiation) => negotiation,
            Err(error) => return self.fail(&error).await,
        };
        match Media::start(&negotiation, self.options.record || self.options.record_video).await {
            Ok(media) => self.media = Some(media),
            Err(error) => return self.fail(&error).await,
        }
        self.negotiation = Some(negotiation);
        self.offer();
        Next::GoOn
    }

    fn offer(&mut self) {
        if let Some(offer) = self.negotiation.as_mut().and_then(Negotiation::next_offer) {
            self.offer_id = self.session.request(client_message::Body::Offer(offer));
        }
    }

    async fn handle_answer(&mut self, in_reply_to: u32, answer: &proto::Answer) -> Next {
        let Some(negotiation) = self.negotiation.as_mut().filter(|_| in_reply_to == self.offer_id) else {
            return Next::GoOn;
        };
        let agreed = match negotiation.answered(answer) {
            Ok(agreed) => agreed,
            Err(error) => return self.fail(&error).await,
        };
        let now_subscribed: Vec<String> = agreed.incoming.iter().map(|track| track.track.clone()).collect();
        let fresh: Vec<String> = agreed
            .incoming
            .iter()
            .filter(|track| !self.subscribed.contains(&track.track))
            .map(|track| track.participant.clone())
            .collect();
        self.subscribed = now_subscribed;
        if let Some(media) = &self.media {
            media.agreed(agreed).await;
        }
        for participant_id in fresh {
            self.emit(Event::Subscribed { participant_id }).await;
        }
        self.offer();
        Next::GoOn
    }

    async fn update_roster(&mut self, update: proto::RosterUpdate) {
        if update.snapshot {
            self.roster.clear();
        }
        for participant in update.upserted {
            self.roster.insert(participant.id.clone(), participant.into());
        }
        for id in update.left {
            self.roster.remove(&id);
        }
        self.emit(Event::Roster(self.roster.values().cloned().collect()))
            .await;
    }

    async fn update_lobby(&mut self, update: proto::LobbyUpdate) {
        if update.snapshot {
            self.lobby.clear();
        }
        let arrived: Vec<String> = update.upserted.iter().map(|waiting| waiting.id.clone()).collect();
        for waiting in update.upserted {
            self.lobby.insert(waiting.id.clone(), waiting.into());
        }
        for id in update.left {
            self.lobby.remove(&id);
        }
        self.emit(Event::LobbyRoster(self.lobby.values().cloned().collect()))
            .await;
        if self.options.admit_all && !arrived.is_empty() {
            self.session.request(client_message::Body::Admit(proto::Admit {
                participant_ids: arrived,
                all: false,
            }));
        }
    }

    async fn handle_command(&mut self, command: Command) -> Next {
        match command {
            Command::Chat { text, answer } => {
                let client_message_id = uuid::Uuid::new_v4().to_string();
                let send = proto::SendChat {
                    text,
                    client_message_id,
                };
                let id = self.session.request(client_message::Body::SendChat(send));
                self.answers.insert(id, answer);
            }
            Command::RefreshToken { token, answer } => {
                let refresh = proto::RefreshToken { token: token.clone() };
                let id = self.session.request(client_message::Body::RefreshToken(refresh));
                self.tokens.insert(id, token);
                self.answers.insert(id, answer);
            }
            Command::Typing => {
                // Between connections nobody is to hear of it later.
                let _ = self
                    .session
                    .notify(client_message::Body::SendTyping(proto::SendTyping {}));
            }
            Command::ReadUpTo { message_id } => {
                let receipt = proto::SendReadReceipt { message_id };
                self.session
                    .request(client_message::Body::SendReadReceipt(receipt));
            }
            Command::Admit { participants } => {
                let admit = proto::Admit {
                    participant_ids: participants,
                    all: false,
                };
                self.session.request(client_message::Body::Admit(admit));
            }
            Command::Reject { participants } => {
                let reject = proto::Reject {
                    participant_ids: participants,
                };
                self.session.request(client_message::Body::Reject(reject));
            }
            Command::End => {
                self.session
                    .request(client_message::Body::EndMeeting(proto::EndMeeting {}));
            }
            Command::SetRecording { on } => {
                let recording = client_message::Body::SetRecording(proto::SetRecording {
                    recording: on,
                    transcription: false,
                });
                self.session.request(recording);
            }
            Command::GrantConsent => {
                let consent = client_message::Body::GrantConsent(proto::GrantConsent {});
                self.session.request(consent);
                if self.speaking {
                    // What was cut off for want of it stays so until its owner says otherwise.
                    self.set_muted(false);
                }
            }
            Command::Leave => {
                self.leaving = true;
                self.session.request(client_message::Body::Leave(proto::Leave {}));
            }
            Command::Play { samples, repeat } => {
                if let Some(media) = &self.media {
                    media.play(samples, repeat).await;
                }
                self.set_muted(false);
            }
            Command::TakeRecording { answer } => match &self.media {
                Some(media) => media.take_recording(answer).await,
                None => drop(answer.send(Vec::new())),
            },
            Command::TakePictures { answer } => match &self.media {
                Some(media) => media.take_pictures(answer).await,
                None => drop(answer.send(Vec::new())),
            },
            Command::DropConnection => return Next::Reconnect,
        }
        Next::GoOn
    }

    async fn handle_media(&mut self, event: MediaEvent) -> Next {
        match event {
            MediaEvent::Connected => self.emit(Event::MediaConnected).await,
            MediaEvent::FirstAudio(at) => {
                let after_join = at.saturating_duration_since(self.asked_to_join);
                self.emit(Event::FirstAudio { after_join }).await;
            }
            MediaEvent::Played => {
                self.set_muted(true);
                self.emit(Event::Played).await;
            }
            MediaEvent::Stats(stats) => self.emit(Event::Stats(stats)).await,
            MediaEvent::Closed(reason) => {
                // The service closes media before it says why; without a word the call is broken.
                self.media = None;
                self.media_lost = Some((Instant::now() + END_TIMEOUT, reason));
            }
        }
        Next::GoOn
    }

    fn set_muted(&mut self, mic_muted: bool) {
        self.speaking = !mic_muted;
        // Between connections the roster keeps the old state; the sound itself does not depend on it.
        let _ = self
            .session
            .notify(client_message::Body::MediaState(proto::MediaState {
                mic_muted,
                ..Default::default()
            }));
    }

    async fn end(&self, reason: proto::EndReason, refused: bool) {
        self.emit(Event::Ended {
            reason: reason.into(),
            refused,
        })
        .await;
    }

    async fn fail(&self, error: &Error) -> Next {
        self.emit(Event::Failed {
            message: error.to_string(),
        })
        .await;
        Next::Over
    }

    async fn emit(&self, event: Event) {
        // An owner that does not listen any more still has its call.
        let _ = self.events.send(event).await;
    }
}

fn may_speak(capabilities: &[String]) -> bool {
    capabilities
        .iter()
        .any(|capability| capability == Capability::UnmuteMic.as_str())
}

async fn next_media_event(media: &mut Option<Media>) -> MediaEvent {
    match media {
        Some(media) => media.next_event().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until_or_never(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
