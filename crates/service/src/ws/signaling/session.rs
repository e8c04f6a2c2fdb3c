//! One participant's session: a task that owns the session machine, outlives dropped connections, and stands between
//! the client and its meeting.

use std::time::{Duration, Instant};

use anteroom_signaling::proto;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::sdp::{Description, SdpError};
use anteroom_signaling::session::{JoinLocator, Request, SendError, ServerSession, SessionEvent, State};
use anteroom_teams_link::admission::EndReason;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::connection::{Closing, Connection, Received, Room};
use super::greeting::{denied, flush, resume_token};
use crate::http::auth::{self, AuthError, Caller};
use crate::media::Preflight;
use crate::media::negotiate::Receives;
use crate::meeting::caller::{self, CALL_SCOPES, Means};
use crate::meeting::machine::{Ask, Input, Pace, Person, SessionId, wire_reason};
use crate::meeting::{MeetingHandle, Resume, ToSession};
use crate::state::App;

/// Undecodable messages a client may send before it is cut off.
const MALFORMED_ALLOWED: u32 = 16;

/// One check of the network every so often, after a burst.
const CHECKS: (Duration, u32) = (Duration::from_secs(1), 5);

/// A session outlives its token by so much: Microsoft's credentials give a token out until it has expired, and get the next
/// one only then.
const RENEWAL_GRACE: Duration = Duration::from_secs(60);

/// The task of one session.
pub(super) struct Actor {
    app: App,
    id: SessionId,
    session: ServerSession,
    connection: Option<Connection>,
    caller: Caller,
    /// What the client calls itself.
    client: String,
    /// How many `Muted` the client was sent, and the number of the last one.
    mutes: u32,
    muted_at: u64,
    /// When the caller's token expires.
    expires: OffsetDateTime,
    inbox: mpsc::Receiver<ToSession>,
    inbox_sender: mpsc::Sender<ToSession>,
    /// The one in force; the registry knows the session by it.
    resume_token: String,
    /// A check of the client's network, before it joins.
    check: Option<Box<Preflight>>,
    checks: Pace,
    /// The meeting this session is in, lobby included.
    meeting: Option<MeetingHandle>,
    malformed: u32,
    /// How the connection is closed once the session is over.
    closing: Closing,
}

/// What a turn of the loop woke up for.
enum Wake {
    Received(Received),
    Room,
    Inbox(Option<ToSession>),
    Timer,
    CheckOver,
    Expired,
    Stopping,
}

impl Actor {
    pub(super) fn new(
        app: App,
        id: SessionId,
        session: ServerSession,
        (caller, client): (Caller, String),
        inbox: mpsc::Receiver<ToSession>,
        inbox_sender: mpsc::Sender<ToSession>,
    ) -> Self {
        Self {
            app,
            id,
            session,
            connection: None,
            caller,
            client,
            mutes: 0,
            muted_at: 0,
            expires: OffsetDateTime::UNIX_EPOCH,
            inbox,
            inbox_sender,
            resume_token: String::new(),
            check: None,
            checks: Pace::default(),
            meeting: None,
            malformed: 0,
            closing: Closing::Normal,
        }
    }

    /// Uses a connection, with the resume token its client was told.
    pub(super) fn attach(&mut self, connection: Connection, resume_token: String, expires: OffsetDateTime) {
        if let Some(old) = self.connection.replace(connection) {
            old.close(Closing::Replaced);
        }
        let before = std::mem::replace(&mut self.resume_token, resume_token.clone());
        self.app
            .registry()
            .set_resume_token(&before, resume_token, self.inbox_sender.clone());
        self.expires = expires;
    }

    pub(super) async fn run(mut self: Box<Self>) {
        let guest = match &self.caller {
            Caller::Guest(claims) => Some(claims.user),
            Caller::Directory(_) => None,
        };
        if let Some(user) = guest {
            self.app
                .registry()
                .add_guest(user, self.id, self.inbox_sender.clone());
            // What became void before this line found nobody to tell.
            Box::pin(self.recheck()).await;
        }
        loop {
            self.flush();
            self.settle().await;
            if self.session.is_finished() {
                break;
            }
            match self.wake().await {
                // Boxed, as what is rare: a session waits for most of its life, and should not keep room for the rest.
                Wake::Received(received) => Box::pin(self.received(received)).await,
                Wake::Room => {}
                Wake::Inbox(message) => self.handle_meeting(message).await,
                Wake::Timer => self.session.handle_timeout(Instant::now()),
                Wake::CheckOver => self.check = None,
                Wake::Expired => self.end(&EndReason::unauthenticated()).await,
                Wake::Stopping => self.end(&EndReason::service_stopping()).await,
            }
        }
        self.tell(Input::Gone).await;
        self.app.registry().forget_token(&self.resume_token);
        if let Some(user) = guest {
            self.app.registry().forget_guest(user, self.id);
        }
    }

    async fn wake(&mut self) -> Wake {
        let timeout = self.session.poll_timeout();
        let live = self.session.state() != State::Ended;
        // In a meeting the meeting ends the session when the service stops.
        let alone = live && self.meeting.is_none();
        let stopping = self.app.registry().stopping();
        let clock = self.app.clock();
        let room = self.connection.as_ref().map(Connection::room);
        let (blocked, broken) = (
            matches!(room, Some(Room::Later)),
            matches!(room, Some(Room::Never)),
        );
        let check = self.check.as_ref().map(|check| check.until());
        let (connection, inbox) = (&mut self.connection, &mut self.inbox);
        let socket = async {
            match connection {
                // While the client does not take what it is sent, nothing more is taken from it either.
                Some(_) if broken => Wake::Received(Received::Gone),
                Some(connection) if blocked => {
                    connection.has_room().await;
                    Wake::Room
                }
                Some(connection) => Wake::Received(connection.receive().await),
                None => std::future::pending().await,
            }
        };
        let timer = async {
            match timeout {
                Some(at) => sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let checked = async {
            match check {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = timer => Wake::Timer,
            () = checked => Wake::CheckOver,
            message = inbox.recv() => Wake::Inbox(message),
            () = clock.sleep_until(self.expires + RENEWAL_GRACE), if live => Wake::Expired,
            () = stopping, if alone => Wake::Stopping,
            wake = socket => wake,
        }
    }

    /// Hands over what there is room for.
    fn flush(&mut self) {
        if let Some(connection) = &self.connection {
            flush(connection, &mut self.session);
        }
    }

    /// Acts on what the session machine has to say.
    async fn settle(&mut self) {
        while let Some(event) = self.session.poll_event() {
            match event {
                SessionEvent::HelloTimeout => self.cut(Closing::Policy).await,
                SessionEvent::IdleTimeout => self.cut(Closing::Policy).await,
                SessionEvent::Overrun => self.cut(Closing::TooSlow).await,
                SessionEvent::ChatGraceOver => self.tell(Input::ChatGraceOver).await,
                // The end of `run` tells the meeting.
                SessionEvent::ResumeWindowOver => {
                    tracing::debug!(session = %self.id, "connection lost for good")
                }
                _ => {}
            }
        }
        if self.session.should_close() {
            self.cut(self.closing).await;
        }
    }

    /// Gives the connection up; the session may be continued.
    async fn cut(&mut self, closing: Closing) {
        if let Some(connection) = self.connection.take() {
            connection.close(closing);
        }
        self.disconnected().await;
    }

    async fn disconnected(&mut self) {
        self.connection = None;
        self.check = None;
        if self.session.is_connected() {
            self.session.connection_lost(Instant::now());
            self.tell(Input::ConnectionLost).await;
        }
    }

    async fn received(&mut self, received: Received) {
        match received {
            Received::Message(message) => {
                let reply = message.id;
                // What is refused has been answered by the session machine.
                if let Ok(Some(request)) = self.session.handle_message(Instant::now(), message) {
                    self.request(reply, request).await;
                }
            }
            Received::Malformed => {
                self.malformed += 1;
                self.refuse(0, "malformed", "The message cannot be decoded.");
                if self.malformed > MALFORMED_ALLOWED {
                    self.closing = Closing::Policy;
                    self.end(&EndReason::protocol_violation()).await;
                }
            }
            Received::Violation(closing) => self.cut(closing).await,
            Received::Gone => self.disconnected().await,
        }
    }

    async fn request(&mut self, reply: u32, request: Request) {
        let input = match request {
            // The session machine lets only the first one through.
            Request::Hello(_) => return,
            Request::Join {
                locator,
                display_name,
            } => {
                self.join(reply, &locator, &display_name).await;
                return;
            }
            Request::RefreshToken(refresh) => {
                self.refresh(reply, &refresh.token).await;
                return;
            }
            Request::Preflight(preflight) => {
                self.preflight(reply, &preflight.sdp).await;
                return;
            }
            Request::Offer(offer) => {
                let Some(description) = self.description(reply, &offer.sdp) else {
                    return;
                };
                Input::Offer {
                    reply,
                    description: Box::new(description),
                    sections: offer.sections,
                    receives: if offer.confirms {
                        Receives::Confirmed
                    } else {
                        Receives::AtOnce
                    },
                }
            }
            Request::ConfirmAnswer => ask(reply, Ask::ConfirmAnswer),
            Request::MediaState(state) => Input::MediaState {
                reply,
                state,
                mutes: self.acknowledged_mutes(),
            },
            Request::SendChat(chat) => Input::SendChat {
                reply,
                text: chat.text,
                client_message_id: chat.client_message_id,
            },
            Request::SendTyping => ask(reply, Ask::Typing),
            Request::SendReadReceipt { message_id } => ask(reply, Ask::ReadUpTo(message_id)),
            Request::Admit(admit) => Input::Admit {
                reply,
                ids: admit.participant_ids,
                all: admit.all,
            },
            Request::Reject(reject) => Input::Reject {
                reply,
                ids: reject.participant_ids,
            },
            Request::Remove(remove) => Input::Remove {
                reply,
                ids: remove.participant_ids,
            },
            Request::EndMeeting => Input::EndMeeting { reply },
            Request::SetHand(hand) => ask(reply, Ask::SetHand(hand)),
            Request::SendReaction(reaction) => ask(reply, Ask::React(reaction)),
            Request::Spotlight(spotlight) => ask(reply, Ask::Spotlight(spotlight)),
            Request::MuteParticipants(mute) => ask(reply, Ask::Mute(mute)),
            Request::SetAttendeeMedia(media) => ask(reply, Ask::AttendeeMedia(media)),
            Request::SetRole(role) => ask(reply, Ask::SetRole(role)),
            Request::Rename(rename) => ask(reply, Ask::Rename(rename.name)),
            Request::LockMeeting { locked } => ask(reply, Ask::Lock(locked)),
            Request::SetRecording(recording) => ask(reply, Ask::Record(recording)),
            Request::GrantConsent => ask(reply, Ask::Consent),
            Request::StartMeeting => ask(reply, Ask::Start),
            Request::SetViews(views) => ask(reply, Ask::SetViews(views)),
            Request::Leave => {
                if self.meeting.is_none() {
                    self.send(reply, ended(&EndReason::left()));
                    return;
                }
                Input::Leave { reply }
            }
        };
        self.tell(input).await;
    }

    /// An offer that can be read; if it cannot be, the client is told.
    fn description(&mut self, reply: u32, sdp: &str) -> Option<Description> {
        match Description::parse(sdp) {
            Ok(description) => return Some(description),
            Err(SdpError::TooLarge(_)) => self.refuse(reply, "too_large", "The description is too long."),
            Err(error) => self.refuse(reply, "bad_sdp", &format!("The description is refused: {error}.")),
        }
        None
    }

    /// Answers an offer for a connection that carries nothing.
    async fn preflight(&mut self, reply: u32, sdp: &str) {
        let (interval, burst) = CHECKS;
        if !self.checks.allows(Instant::now(), interval, burst) {
            self.refuse(reply, "rate_limited", "The network is checked too often.");
            return;
        }
        let Some(description) = self.description(reply, sdp) else {
            return;
        };
        // One at a time; the one before counts no more.
        self.check = None;
        match self.app.registry().check_network(description).await {
            Ok((check, sdp)) => {
                self.check = Some(Box::new(check));
                let answer = proto::Answer {
                    sdp,
                    missing_tracks: Vec::new(),
                };
                self.send(reply, Body::Answer(answer));
            }
            Err(refused) => self.refuse(reply, refused.key, refused.message),
        }
    }

    async fn join(&mut self, reply: u32, locator: &JoinLocator, display_name: &str) {
        self.check = None;
        let means = Means {
            client: &self.client,
            media_only: false,
        };
        let entered = match caller::person(&self.app, &self.caller, display_name, means).await {
            Ok(person) => self.enter(reply, locator, person).await,
            Err(reason) => Err(reason),
        };
        match entered {
            Ok(meeting) => self.meeting = Some(meeting),
            Err(reason) => self.send(reply, denied(&reason)),
        }
    }

    async fn enter(
        &self,
        reply: u32,
        locator: &JoinLocator,
        person: Person,
    ) -> Result<MeetingHandle, EndReason> {
        let source = self.connection.as_ref().map(Connection::source);
        let venue = self.app.registry().find(source, locator, &person).await?;
        self.app
            .registry()
            .enter(venue, self.id, person, reply, self.inbox_sender.clone())
    }

    async fn handle_meeting(&mut self, message: Option<ToSession>) {
        match message {
            Some(ToSession::Send { reply, body }) => self.send(reply, *body),
            Some(ToSession::Share(body)) => {
                let sent = self.session.send_shared(&body);
                self.note(sent);
            }
            Some(ToSession::End { reply, body }) => {
                self.meeting = None;
                self.send(reply, *body);
            }
            Some(ToSession::Recheck) => Box::pin(self.recheck()).await,
            Some(ToSession::Resume(resume)) => Box::pin(self.resume(*resume)).await,
            // Cannot be: this task holds a sender.
            None => {}
        }
    }

    /// Continues on another connection.
    async fn resume(&mut self, resume: Resume) {
        let Resume {
            connection,
            caller,
            hello_id,
            token,
            last_seq,
            refused,
        } = resume;
        let fresh = resume_token();
        let known =
            self.session.accepts_resume_token(&token) && caller.identifier() == self.caller.identifier();
        let resumed = known
            && self
                .session
                .resume(Instant::now(), hello_id, last_seq, fresh.clone())
                .is_ok();
        if !resumed {
            // The one that asked may have given up.
            let _ = refused.send(connection);
            return;
        }
        let expires = caller.expires_at();
        self.caller = caller;
        self.attach(connection, fresh, expires);
        // Also of one that took over from a connection that still was there: what has no number may have been lost with it.
        self.tell(Input::Resumed).await;
        self.recheck().await;
    }

    /// Goes on with a fresh token of the same user. The session is bound to that one from then on, also where it ends
    /// sooner, as when a session is continued with another token.
    async fn refresh(&mut self, reply: u32, token: &str) {
        match auth::authenticate_bearer(&self.app, token).await {
            Ok(caller)
                if caller.identifier() == self.caller.identifier() && caller.has_any_scope(&CALL_SCOPES) =>
            {
                self.expires = caller.expires_at();
                self.caller = caller;
                self.send(reply, Body::Done(proto::Done::default()));
            }
            Ok(_) | Err(AuthError::Refused) => {
                self.refuse(
                    reply,
                    "unauthenticated",
                    "The token is not valid here, or somebody else's.",
                );
            }
            Err(error) => {
                tracing::error!(%error, "a token could not be checked");
                self.refuse(reply, "unavailable", "The token could not be checked; try again.");
            }
        }
    }

    /// Ends the session when its token has become void: revoked, its identity deleted, or its access key rotated.
    async fn recheck(&mut self) {
        let Caller::Guest(claims) = &self.caller else {
            return;
        };
        match auth::still_holds(&self.app, claims).await {
            Ok(true) => {}
            Ok(false) => self.end(&EndReason::unauthenticated()).await,
            // The session goes on until the token's end: the database failing is not its holder's fault.
            Err(error) => tracing::error!(%error, "a token could not be checked again"),
        }
    }

    /// Ends the session for a reason of its own, and tells the meeting.
    async fn end(&mut self, reason: &EndReason) {
        let body = match self.session.state() {
            State::AwaitHello | State::AwaitJoin | State::Joining => denied(reason),
            State::Lobby | State::InCall | State::Ended => ended(reason),
        };
        self.tell(Input::Gone).await;
        self.meeting = None;
        self.check = None;
        self.send(0, body);
    }

    async fn tell(&mut self, input: Input) {
        let Some(meeting) = &self.meeting else { return };
        if meeting.tell(self.id, input).await.is_err() {
            // A meeting ends its sessions before it goes; without that it has failed.
            self.meeting = None;
            self.send(0, ended(&EndReason::service_failure()));
        }
    }

    fn refuse(&mut self, reply: u32, key: &str, message: &str) {
        self.send(
            reply,
            Body::Error(proto::Error {
                key: key.to_owned(),
                message: message.to_owned(),
                ..proto::Error::default()
            }),
        );
    }

    fn send(&mut self, reply: u32, body: Body) {
        let is_mute = matches!(body, Body::Muted(_));
        let sent = self.session.send(reply, body);
        self.note(sent);
        if is_mute && let Ok(number) = sent {
            self.mutes += 1;
            self.muted_at = number;
        }
    }

    /// How many `Muted` the client has said to have. At most one is outstanding: nobody is muted again who has not unmuted,
    /// and nobody unmutes who has not acknowledged.
    const fn acknowledged_mutes(&self) -> u32 {
        if self.session.acknowledged() >= self.muted_at {
            self.mutes
        } else {
            self.mutes.saturating_sub(1)
        }
    }

    fn note(&self, sent: Result<u64, SendError>) {
        match sent {
            Ok(_) | Err(SendError::Ended) => {}
            Err(error) => tracing::error!(session = %self.id, %error, "a message could not be sent"),
        }
    }
}

const fn ask(reply: u32, ask: Ask) -> Input {
    Input::Ask { reply, ask }
}

fn ended(reason: &EndReason) -> Body {
    Body::Ended(proto::Ended {
        reason: Some(wire_reason(reason)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of what is kept while an operation on this is under way.
    fn size<T, F>(_: impl FnOnce(T) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_session_that_waits_is_small() {
        let (actor, running) = (size_of::<Actor>(), size(Actor::run));
        assert!(actor <= 1024, "a session has {actor} bytes");
        assert!(running <= 1536, "its task has {running} bytes");
        assert!(size_of::<ToSession>() <= 24, "there are queues of them");
    }
}
