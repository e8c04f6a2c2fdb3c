//! The first moments of a connection: who is there, and whether a session goes on.

use std::time::Instant;

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Hello};
use anteroom_signaling::session::{Accepted, Request, ServerSession, SessionConfig};
use anteroom_teams_link::admission::EndReason;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::connection::{Closing, Connection, Received, Room};
use super::session::Actor;
use crate::http::auth::{self, AuthError, Caller};
use crate::meeting::caller::CALL_SCOPES;
use crate::meeting::machine::wire_reason;
use crate::meeting::{Resume, ToSession};
use crate::state::App;

/// Messages from the meeting that may wait for the session. The session takes them without waiting for anything but
/// the meeting itself, so this is only ever filled by a burst.
const INBOX_MESSAGES: usize = 2048;

/// Bytes of randomness in a resume token.
const RESUME_TOKEN_BYTES: usize = 32;

/// Serves a connection from `Hello` to the end of its session, or hands it to the session it continues.
pub(crate) async fn run(app: App, connection: Connection) {
    let _busy = app.registry().busy();
    // Boxed: nothing of the greeting lives as long as the session.
    if let Some(actor) = Box::pin(start(app, connection)).await {
        actor.run().await;
    }
}

/// The session of somebody who is known and continues no other.
async fn start(app: App, connection: Connection) -> Option<Box<Actor>> {
    let mut session = ServerSession::new(Instant::now(), SessionConfig::default());
    let (connection, hello_id, hello) = greet(&app, connection, &mut session).await?;
    let caller = match authenticate(&app, &hello).await {
        Ok(caller) => caller,
        Err(reason) => {
            deny(connection, session, hello_id, &reason);
            return None;
        }
    };
    let connection = resume(&app, connection, &caller, hello_id, &hello).await?;

    let id = app.registry().next_session();
    let (inbox_sender, inbox) = mpsc::channel(INBOX_MESSAGES);
    let resume_token = resume_token();
    let accepted = Accepted {
        session_id: uuid::Uuid::new_v4().to_string(),
        resume_token: resume_token.clone(),
        raw_id: caller.identifier().to_string(),
    };
    session.accept(accepted).ok()?;
    let expires = caller.expires_at();
    let mut actor = Box::new(Actor::new(
        app,
        id,
        session,
        (caller, hello.client),
        inbox,
        inbox_sender,
    ));
    actor.attach(connection, resume_token, expires);
    Some(actor)
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
pub(super) fn flush(connection: &Connection, session: &mut ServerSession) {
    while matches!(connection.room(), Room::Now) {
        let Some(frame) = session.poll_frame(connection.encoding()) else {
            return;
        };
        connection.send(frame);
    }
}

pub(super) fn denied(reason: &EndReason) -> Body {
    Body::Denied(proto::Denied {
        reason: Some(wire_reason(reason)),
    })
}

pub(super) fn resume_token() -> String {
    use base64::Engine as _;
    let mut bytes = [0; RESUME_TOKEN_BYTES];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
