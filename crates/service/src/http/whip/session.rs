//! A participant that takes part by media alone: a task that stands between the client's HTTP requests and the meeting.

use std::net::IpAddr;
use std::time::Instant;

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{MediaState, Section, TrackSource, section};
use anteroom_signaling::sdp::{Description, Fragment};
use anteroom_signaling::session::JoinLocator;
use anteroom_teams_link::admission::EndReason;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use super::program::Program;
use super::sessions::{Command, Listed, Patch, Patched};
use crate::errors::{join, whip as entry};
use crate::http::auth::{self, Caller};
use crate::http::errors::ApiError;
use crate::media::negotiate::Receives;
use crate::meeting::caller::{self, Means};
use crate::meeting::machine::{Ask, Input, SessionId};
use crate::meeting::{MeetingHandle, Slot, ToSession};
use crate::state::App;

/// Messages from the meeting that may wait for the session.
const INBOX_MESSAGES: usize = 2048;

/// Requests of the client that may wait for the session.
const COMMANDS: usize = 4;

/// Number of the request to join; descriptions count on from here.
const JOIN: u32 = 1;

/// What somebody wants who comes.
pub(super) struct Wish {
    pub(super) caller: Caller,
    /// The name of a guest.
    pub(super) name: String,
    pub(super) locator: JoinLocator,
    pub(super) source: IpAddr,
    /// Agrees to being recorded.
    pub(super) consents: bool,
    pub(super) offer: Description,
    pub(super) kind: Kind,
}

/// Which way media goes.
pub(super) enum Kind {
    /// In. By mid, what each section sends.
    Publisher(Vec<(String, TrackSource)>),
    /// Out.
    Player(Program),
}

impl Kind {
    pub(super) const fn path(&self) -> &'static str {
        match self {
            Self::Publisher(_) => "/whip",
            Self::Player(_) => "/whep",
        }
    }

    /// What a guest is called that brings no name, and what its client calls itself.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Publisher(_) => "WHIP",
            Self::Player(_) => "WHEP",
        }
    }
}

/// A session that has begun.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) id: String,
    pub(super) sdp: String,
    pub(super) etag: String,
}

type Reply<T> = oneshot::Sender<Result<T, ApiError>>;

/// The task of one session.
pub(super) struct Session {
    app: App,
    id: SessionId,
    wish: Wish,
    inbox: mpsc::Receiver<ToSession>,
    inbox_sender: mpsc::Sender<ToSession>,
    commands: mpsc::Receiver<Command>,
    commands_sender: mpsc::Sender<Command>,
    meeting: Option<MeetingHandle>,
    stage: Stage,
    /// Number of the latest description given to the meeting.
    asked: u32,
    /// What the sections of the latest description are for.
    sections: Vec<Section>,
    etag: String,
    /// Restarts that wait for the meeting's answer, with the number of their description.
    restarts: Vec<(u32, Reply<Patched>)>,
    /// Who wants to know that the session has ended.
    leaving: Vec<oneshot::Sender<()>>,
    /// While the service has it, the client counts as connected.
    _slot: Slot,
}

/// How far it has come.
enum Stage {
    /// Nobody has answered the client yet.
    Entering(Reply<Begun>),
    Running(#[expect(dead_code, reason = "its drop is what counts")] Listed),
    Over,
}

/// What a turn of the loop woke up for.
enum Wake {
    Told(Option<ToSession>),
    Asked(Option<Command>),
    /// The client has not waited for its answer.
    GivenUp,
    Expired,
    Timer,
    Stopping,
}

impl Session {
    pub(super) fn new(app: App, wish: Wish, slot: Slot) -> Self {
        let (inbox_sender, inbox) = mpsc::channel(INBOX_MESSAGES);
        let (commands_sender, commands) = mpsc::channel(COMMANDS);
        Self {
            id: app.registry().next_session(),
            app,
            wish,
            inbox,
            inbox_sender,
            commands,
            commands_sender,
            meeting: None,
            stage: Stage::Over,
            asked: JOIN,
            sections: Vec::new(),
            etag: String::new(),
            restarts: Vec::new(),
            leaving: Vec::new(),
            _slot: slot,
        }
    }

    pub(super) async fn run(mut self, reply: Reply<Begun>) {
        let _busy = self.app.registry().busy();
        self.stage = Stage::Entering(reply);
        let guest = match &self.wish.caller {
            Caller::Guest(claims) => Some(claims.user),
            Caller::Directory(_) => None,
        };
        if let Some(user) = guest {
            let inbox = self.inbox_sender.clone();
            self.app.registry().add_guest(user, self.id, inbox);
            // What became void before this line found nobody to tell.
            self.recheck().await;
        }
        if !matches!(self.stage, Stage::Over)
            && let Err(reason) = self.enter().await
        {
            self.finish(refusal(reason.key));
        }
        while !matches!(self.stage, Stage::Over) {
            match self.wake().await {
                Wake::Told(Some(message)) => self.told(message).await,
                Wake::Asked(Some(command)) => self.asked(command).await,
                Wake::Timer => self.follow().await,
                Wake::GivenUp => self.finish(ApiError::new(&entry::OVER)),
                Wake::Expired => self.finish(refusal(EndReason::unauthenticated().key)),
                Wake::Stopping => self.finish(ApiError::unavailable()),
                // Cannot be: this task holds the senders.
                Wake::Told(None) | Wake::Asked(None) => break,
            }
        }
        // The meeting may have ended it; then it knows no such session any more.
        self.tell(Input::Gone).await;
        if let Some(user) = guest {
            self.app.registry().forget_guest(user, self.id);
        }
        for leaving in self.leaving.drain(..) {
            // Whoever asked may have gone.
            let _ = leaving.send(());
        }
    }

    async fn wake(&mut self) -> Wake {
        let due = match &self.wish.kind {
            Kind::Player(program) => program.due(),
            Kind::Publisher(_) => None,
        };
        let timer = async {
            match due {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let stage = &mut self.stage;
        let given_up = async {
            match stage {
                Stage::Entering(reply) => reply.closed().await,
                Stage::Running(_) | Stage::Over => std::future::pending().await,
            }
        };
        // In a meeting the meeting ends the session when the service stops.
        let alone = self.meeting.is_none();
        let stopping = self.app.registry().stopping();
        let expires = self.wish.caller.expires_at();
        tokio::select! {
            biased;
            message = self.inbox.recv() => Wake::Told(message),
            command = self.commands.recv() => Wake::Asked(command),
            () = timer => Wake::Timer,
            () = given_up => Wake::GivenUp,
            () = self.app.clock().sleep_until(expires) => Wake::Expired,
            () = stopping, if alone => Wake::Stopping,
        }
    }

    async fn enter(&mut self) -> Result<(), EndReason> {
        let wish = &self.wish;
        let means = Means {
            client: wish.kind.name(),
            media_only: true,
        };
        let person = caller::person(&self.app, &wish.caller, &wish.name, means).await?;
        let registry = self.app.registry();
        let venue = registry.find(Some(wish.source), &wish.locator, &person).await?;
        let meeting = registry.enter(venue, self.id, person, JOIN, self.inbox_sender.clone())?;
        self.meeting = Some(meeting);
        Ok(())
    }

    async fn told(&mut self, message: ToSession) {
        match message {
            ToSession::Send { reply, body } => self.heard(reply, &body).await,
            ToSession::Share(body) => self.heard(0, body.body()).await,
            ToSession::End { body, .. } => {
                self.meeting = None;
                let key = match &*body {
                    Body::Denied(denied) => denied.reason.as_ref().map(|reason| &*reason.key),
                    Body::Ended(ended) => ended.reason.as_ref().map(|reason| &*reason.key),
                    _ => None,
                };
                self.finish(refusal(key.unwrap_or_default()));
            }
            ToSession::Recheck => self.recheck().await,
            // Nobody was given a token to resume with.
            ToSession::Resume(_) => {}
        }
    }

    async fn heard(&mut self, reply: u32, body: &Body) {
        match body {
            Body::Connected(_) => {
                self.sections = match &mut self.wish.kind {
                    Kind::Publisher(sources) => sources.iter().map(publish).collect(),
                    Kind::Player(program) => program.choose(Instant::now(), &self.wish.offer),
                };
                self.offer().await;
            }
            Body::Answer(answer) => self.answered(reply, &answer.sdp).await,
            Body::Error(error) if reply > JOIN && reply == self.asked => {
                self.refused(&error.key, &error.message)
            }
            Body::Tracks(update) => {
                if let Kind::Player(program) = &mut self.wish.kind {
                    program.tracks(update);
                    self.follow().await;
                }
            }
            Body::Speaking(speaking) => {
                if let Kind::Player(program) = &mut self.wish.kind {
                    program.speaking(speaking);
                    self.follow().await;
                }
            }
            Body::MeetingState(state) if state.consent_required && self.wish.consents => {
                let (reply, ask) = (0, Ask::Consent);
                self.tell(Input::Ask { reply, ask }).await;
            }
            Body::CapabilitiesChanged(_) => self.show().await,
            _ => {}
        }
    }

    /// Gives the meeting the description, with what its sections are for by now.
    async fn offer(&mut self) {
        self.asked += 1;
        let input = Input::Offer {
            reply: self.asked,
            description: Box::new(self.wish.offer.clone()),
            sections: self.sections.clone(),
            receives: match self.wish.kind {
                Kind::Player(_) => Receives::Following,
                Kind::Publisher(_) => Receives::AtOnce,
            },
        };
        self.tell(input).await;
    }

    /// Has a player's sections receive what they are to receive now.
    async fn follow(&mut self) {
        let Kind::Player(program) = &mut self.wish.kind else {
            return;
        };
        // Before the first description there is nothing to change.
        if self.asked == JOIN {
            return;
        }
        let sections = program.choose(Instant::now(), &self.wish.offer);
        if sections != self.sections {
            self.sections = sections;
            self.offer().await;
        }
    }

    async fn answered(&mut self, number: u32, sdp: &str) {
        let Ok(answer) = Description::parse(sdp) else {
            tracing::error!("an answer of our own cannot be read");
            self.finish(ApiError::internal());
            return;
        };
        self.etag = format!("\"{}\"", answer.ice_ufrag);
        if let Some(place) = self.restarts.iter().position(|(asked, _)| *asked == number) {
            let (_, reply) = self.restarts.swap_remove(place);
            let (fragment, etag) = (Fragment::of_answer(sdp), self.etag.clone());
            // The client may have gone.
            let _ = reply.send(Ok(Patched::Restarted { fragment, etag }));
        }
        if !matches!(self.stage, Stage::Entering(_)) {
            return;
        }
        let owner = self.wish.caller.identifier();
        let listed = self
            .app
            .media_sessions()
            .list(owner, self.commands_sender.clone());
        let begun = Begun {
            id: listed.id.clone(),
            sdp: sdp.to_owned(),
            etag: self.etag.clone(),
        };
        if let Stage::Entering(reply) = std::mem::replace(&mut self.stage, Stage::Running(listed))
            && reply.send(Ok(begun)).is_err()
        {
            self.finish(ApiError::new(&entry::OVER));
            return;
        }
        self.show().await;
    }

    /// The meeting has refused the latest description.
    fn refused(&mut self, key: &str, message: &str) {
        let error = match key {
            "not_allowed" => ApiError::new(&entry::NOT_ALLOWED),
            _ => ApiError::new(&entry::BAD_DESCRIPTION),
        };
        let error = error.with_message(message.to_owned());
        match self.restarts.pop() {
            Some((_, reply)) => {
                // The client may have gone.
                let _ = reply.send(Err(error));
            }
            None if matches!(self.stage, Stage::Entering(_)) => self.finish(error),
            None => tracing::debug!(session = %self.id, key, "a section could not follow"),
        }
    }

    /// Says for everybody's roster what is sent. Mutes by others are never undone by it.
    async fn show(&mut self) {
        let Kind::Publisher(sources) = &self.wish.kind else {
            return;
        };
        let sends = |wanted| sources.iter().any(|(_, source)| *source == wanted);
        let state = MediaState {
            mic_muted: !sends(TrackSource::Microphone),
            camera_on: sends(TrackSource::Camera),
            screen_sharing: sends(TrackSource::Screen),
        };
        let input = Input::MediaState {
            reply: 0,
            state,
            mutes: 0,
        };
        self.tell(input).await;
    }

    async fn asked(&mut self, command: Command) {
        match command {
            Command::Patch(patch, reply) => self.patched(patch, reply).await,
            Command::Delete(reply) => {
                self.leaving.push(reply);
                self.tell(Input::Leave { reply: 0 }).await;
            }
        }
    }

    async fn patched(&mut self, patch: Patch, reply: Reply<Patched>) {
        let Patch {
            if_match,
            credentials,
        } = patch;
        let offer = &mut self.wish.offer;
        let fresh = credentials.filter(|(ufrag, pwd)| *ufrag != offer.ice_ufrag || *pwd != offer.ice_pwd);
        let answer = match (&*if_match, fresh) {
            ("*", Some(fresh)) => {
                (offer.ice_ufrag, offer.ice_pwd) = fresh;
                self.offer().await;
                self.restarts.push((self.asked, reply));
                return;
            }
            ("*", None) => Err(ApiError::new(&entry::BAD_FRAGMENT)),
            // Another ICE session's tag, or credentials that belong to none.
            (tag, fresh) if tag != self.etag || fresh.is_some() => {
                Err(ApiError::new(&entry::PRECONDITION_FAILED))
            }
            _ => Ok(Patched::Noted),
        };
        // The client may have gone.
        let _ = reply.send(answer);
    }

    /// Ends when the token has become void: revoked, its identity deleted, or its access key rotated.
    async fn recheck(&mut self) {
        let Caller::Guest(claims) = &self.wish.caller else {
            return;
        };
        match auth::still_holds(&self.app, claims).await {
            Ok(true) => {}
            Ok(false) => self.finish(ApiError::unauthorized()),
            Err(error) => tracing::error!(%error, "a token could not be checked again"),
        }
    }

    async fn tell(&mut self, input: Input) {
        let Some(meeting) = &self.meeting else { return };
        if meeting.tell(self.id, input).await.is_err() {
            // A meeting ends its sessions before it goes; without that it has failed.
            self.meeting = None;
            self.finish(ApiError::internal());
        }
    }

    /// The session is over; whoever still waits for its beginning is told why.
    fn finish(&mut self, error: ApiError) {
        if let Stage::Entering(reply) = std::mem::replace(&mut self.stage, Stage::Over) {
            // The client may have gone.
            let _ = reply.send(Err(error));
        }
    }
}

fn publish((mid, source): &(String, TrackSource)) -> Section {
    Section {
        mid: mid.clone(),
        r#use: Some(section::Use::Publish((*source).into())),
    }
}

/// Why somebody is not let in, as HTTP says it.
fn refusal(key: &str) -> ApiError {
    let found = join::ENTRIES.iter().find(|entry| entry.key() == key);
    match found {
        Some(found) if found.status() >= 400 => ApiError::new(found),
        // Not a failure for who is in a call, and so without a status.
        Some(found) if key.starts_with("lobby_") => {
            ApiError::new(&entry::NOT_ADMITTED).with_message(found.sentence())
        }
        _ => ApiError::new(&entry::OVER),
    }
}
