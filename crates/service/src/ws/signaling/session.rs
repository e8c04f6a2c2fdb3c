//! One participant's session: a task that owns the session machine, outlives dropped connections, and stands between
//! the client and its meeting.

use std::time::{Duration, Instant};

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::token::Scope;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Hello};
use anteroom_signaling::sdp::{Description, SdpError};
use anteroom_signaling::session::{
    Accepted, JoinLocator, Request, SendError, ServerSession, SessionConfig, SessionEvent, State,
};
use anteroom_teams_link::DisplayName;
use anteroom_teams_link::admission::EndReason;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::connection::{Closing, Connection, Received, Room};
use crate::http::auth::{self, AuthError, Caller};
use crate::meeting::machine::{Input, Person, PersonKind, SessionId, wire_reason};
use crate::meeting::{MeetingHandle, Resume, ToSession};
use crate::state::App;

/// Messages from the meeting that may wait for the session. The session takes them without waiting for anything but
/// the meeting itself, so this is only ever filled by a burst.
const INBOX_MESSAGES: usize = 2048;

/// Undecodable messages a client may send before it is cut off.
const MALFORMED_ALLOWED: u32 = 16;

/// Bytes of randomness in a resume token.
const RESUME_TOKEN_BYTES: usize = 32;

/// Scopes that allow to take part in calls.
const CALL_SCOPES: [Scope; 2] = [Scope::Voip, Scope::VoipJoin];

/// Serves a connection from `Hello` to the end of its session, or hands it to the session it continues.
pub(crate) async fn run(app: App, connection: Connection) {
    let _busy = app.registry().busy();
    let mut session = ServerSession::new(Instant::now(), SessionConfig::default());
    let Some((connection, hello_id, hello)) = greet(&app, connection, &mut session).await else {
        return;
    };
    let caller = match authenticate(&app, &hello).await {
        Ok(caller) => caller,
        Err(reason) => {
            deny(connection, session, hello_id, &reason);
            return;
        }
    };
    let Some(connection) = resume(&app, connection, &caller, hello_id, &hello).await else {
        return;
    };

    let id = app.registry().next_session();
    let (inbox_sender, inbox) = mpsc::channel(INBOX_MESSAGES);
    let resume_token = resume_token();
    let accepted = Accepted {
        session_id: uuid::Uuid::new_v4().to_string(),
        resume_token: resume_token.clone(),
        raw_id: caller.identifier().to_string(),
    };
    if session.accept(accepted).is_err() {
        return;
    }
    app.registry()
        .set_resume_token(id, None, resume_token.clone(), inbox_sender.clone());
    let actor = Actor {
        id,
        session,
        connection: Some(connection),
        expires: expiry(&app, &caller),
        caller,
        inbox,
        inbox_sender,
        resume_token,
        meeting: None,
        malformed: 0,
        closing: Closing::Normal,
        app,
    };
    actor.run().await;
}

/// Waits for `Hello`.
async fn greet(
    app: &App,
    mut connection: Connection,
    session: &mut ServerSession,
) -> Option<(Connection, u32, Hello)> {
    loop {
        let deadline = session.poll_timeout().unwrap_or_else(Instant::now);
        let received = tokio::select! {
            received = connection.receive() => received,
            () = sleep_until(deadline.into()) => {
                connection.close(Closing::Policy);
                return None;
            }
            () = app.registry().stopping() => {
                let _ = session.send(0, denied(&EndReason::service_stopping()));
                flush(&connection, session);
                connection.close(Closing::Policy);
                return None;
            }
        };
        match received {
            Received::Message(message) => {
                let id = message.id;
                match session.handle_message(Instant::now(), message) {
                    Ok(Some(Request::Hello(hello))) => return Some((connection, id, hello)),
                    Ok(_) => {}
                    Err(_) => {
                        flush(&connection, session);
                        connection.close(Closing::Policy);
                        return None;
                    }
                }
            }
            Received::Malformed => {
                connection.close(Closing::Invalid);
                return None;
            }
            Received::Violation(closing) => {
                connection.close(closing);
                return None;
            }
            Received::Gone => return None,
        }
    }
}

/// Who says hello; guests need a scope for calls.
async fn authenticate(app: &App, hello: &Hello) -> Result<Caller, EndReason> {
    match auth::authenticate_bearer(app, &hello.token).await {
        Ok(caller) if caller.has_any_scope(&CALL_SCOPES) => Ok(caller),
        Ok(_) | Err(AuthError::Refused) => Err(EndReason::unauthenticated()),
        Err(error) => {
            tracing::error!(%error, "a token could not be checked");
            Err(EndReason::service_failure())
        }
    }
}

/// Hands the connection to the session it continues. Gives it back when there is none, or it cannot be continued.
async fn resume(
    app: &App,
    connection: Connection,
    caller: &Caller,
    hello_id: u32,
    hello: &Hello,
) -> Option<Connection> {
    let Some(wanted) = &hello.resume else {
        return Some(connection);
    };
    let Some(session) = app.registry().session_with_token(&wanted.resume_token) else {
        return Some(connection);
    };
    let (refused, answer) = tokio::sync::oneshot::channel();
    let resume = Resume {
        connection,
        caller: caller.clone(),
        hello_id,
        token: wanted.resume_token.clone(),
        last_seq: wanted.last_seq,
        refused,
    };
    match session.send(ToSession::Resume(Box::new(resume))).await {
        // The answer is the connection when the session does not take it, and nothing when it does.
        Ok(()) => answer.await.ok(),
        Err(mpsc::error::SendError(ToSession::Resume(resume))) => Some(resume.connection),
        Err(_) => None,
    }
}

fn deny(connection: Connection, mut session: ServerSession, reply: u32, reason: &EndReason) {
    let _ = session.send(reply, denied(reason));
    flush(&connection, &mut session);
    connection.close(Closing::Policy);
}

/// Hands over what there is room for.
fn flush(connection: &Connection, session: &mut ServerSession) {
    while matches!(connection.room(), Room::Now) {
        let Some(message) = session.poll_outgoing() else {
            return;
        };
        connection.send(&message);
    }
}

fn denied(reason: &EndReason) -> Body {
    Body::Denied(proto::Denied {
        reason: Some(wire_reason(reason)),
    })
}

fn ended(reason: &EndReason) -> Body {
    Body::Ended(proto::Ended {
        reason: Some(wire_reason(reason)),
    })
}

fn resume_token() -> String {
    use base64::Engine as _;
    let mut bytes = [0; RESUME_TOKEN_BYTES];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// When the caller's token expires.
fn expiry(app: &App, caller: &Caller) -> Instant {
    let at: OffsetDateTime = match caller {
        Caller::Guest(claims) => claims.expires_at,
        Caller::Directory(claims) => claims.expires_at,
    };
    // Negative when it has just expired.
    Instant::now() + Duration::try_from(at - app.clock().now()).unwrap_or_default()
}

struct Actor {
    app: App,
    id: SessionId,
    session: ServerSession,
    connection: Option<Connection>,
    caller: Caller,
    /// When the caller's token expires.
    expires: Instant,
    inbox: mpsc::Receiver<ToSession>,
    inbox_sender: mpsc::Sender<ToSession>,
    /// The one in force; the registry knows the session by it.
    resume_token: String,
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
    Expired,
    Stopping,
}

impl Actor {
    async fn run(mut self) {
        loop {
            self.flush();
            self.settle().await;
            if self.session.is_finished() {
                break;
            }
            match self.wake().await {
                Wake::Received(received) => self.received(received).await,
                Wake::Room => {}
                Wake::Inbox(message) => self.from_meeting(message).await,
                Wake::Timer => self.session.handle_timeout(Instant::now()),
                Wake::Expired => self.end(&EndReason::unauthenticated()).await,
                Wake::Stopping => self.end(&EndReason::service_stopping()).await,
            }
        }
        self.tell(Input::Gone).await;
        self.app.registry().forget_token(&self.resume_token);
    }

    async fn wake(&mut self) -> Wake {
        let timeout = self.session.poll_timeout();
        let live = self.session.state() != State::Ended;
        // In a meeting the meeting ends the session when the service stops.
        let alone = live && self.meeting.is_none();
        let stopping = self.app.registry().stopping();
        let room = self.connection.as_ref().map(Connection::room);
        let (blocked, broken) = (
            matches!(room, Some(Room::Later)),
            matches!(room, Some(Room::Never)),
        );
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
        tokio::select! {
            biased;
            () = timer => Wake::Timer,
            message = inbox.recv() => Wake::Inbox(message),
            () = sleep_until(self.expires.into()), if live => Wake::Expired,
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
            Request::Offer(offer) => match Description::parse(&offer.sdp) {
                Ok(description) => Input::Offer {
                    reply,
                    description: Box::new(description),
                    sections: offer.sections,
                },
                Err(SdpError::TooLarge(_)) => {
                    self.refuse(reply, "too_large", "The description is too long.");
                    return;
                }
                Err(error) => {
                    self.refuse(reply, "bad_sdp", &format!("The description is refused: {error}."));
                    return;
                }
            },
            Request::MediaState(state) => Input::MediaState { reply, state },
            Request::SendChat(chat) => Input::SendChat {
                reply,
                text: chat.text,
                client_message_id: chat.client_message_id,
            },
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

    async fn join(&mut self, reply: u32, locator: &JoinLocator, display_name: &str) {
        let entered = match self.person(display_name).await {
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
        let record = self.app.registry().find(source, locator).await?;
        self.app
            .registry()
            .enter(record, self.id, person, reply, self.inbox_sender.clone())
    }

    /// Who joins. Guests bring their name, the others' comes from the directory.
    async fn person(&self, display_name: &str) -> Result<Person, EndReason> {
        let id: CommunicationIdentifier = self.caller.identifier();
        match &self.caller {
            Caller::Guest(claims) => {
                let name = DisplayName::parse(display_name).map_err(|_| EndReason::bad_display_name())?;
                let kind = PersonKind::Guest {
                    resource: claims.user.resource(),
                };
                Ok(Person {
                    id,
                    display_name: name.into_string(),
                    kind,
                })
            }
            Caller::Directory(claims) => {
                let user = self.app.directory().user(claims.object).await.map_err(|error| {
                    tracing::error!(%error, "a directory user could not be looked up");
                    EndReason::service_failure()
                })?;
                let user = user.ok_or_else(EndReason::unauthenticated)?;
                let kind = PersonKind::Organization {
                    tenant: user.tenant,
                    object: user.oid,
                };
                Ok(Person {
                    id,
                    display_name: user.display_name,
                    kind,
                })
            }
        }
    }

    async fn from_meeting(&mut self, message: Option<ToSession>) {
        match message {
            Some(ToSession::Send { reply, body }) => self.send(reply, body),
            Some(ToSession::End { reply, body }) => {
                self.meeting = None;
                self.send(reply, body);
            }
            Some(ToSession::Resume(resume)) => self.resume(*resume).await,
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
        let was_connected = self.connection.is_some();
        if let Some(old) = self.connection.replace(connection) {
            old.close(Closing::Replaced);
        }
        let before = std::mem::replace(&mut self.resume_token, fresh.clone());
        self.app
            .registry()
            .set_resume_token(self.id, Some(&before), fresh, self.inbox_sender.clone());
        self.expires = expiry(&self.app, &caller);
        self.caller = caller;
        if !was_connected {
            self.tell(Input::Resumed).await;
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
            }),
        );
    }

    fn send(&mut self, reply: u32, body: Body) {
        match self.session.send(reply, body) {
            Ok(_) | Err(SendError::Ended) => {}
            Err(error) => tracing::error!(session = %self.id, %error, "a message could not be sent"),
        }
    }
}
