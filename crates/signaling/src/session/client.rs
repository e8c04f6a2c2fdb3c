//! The client's end of a session.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::is_replayed;
use super::timer::{Timer, Timers};
use crate::proto::{
    Ack, ClientMessage, Hello, Ping, Resume, ServerMessage, Welcome, client_message::Body, server_message,
};

/// Messages handled before they are acknowledged together.
const ACK_EVERY: u64 = 32;
/// Longest time a message handled goes unacknowledged.
const ACK_DELAY: Duration = Duration::from_secs(1);
/// Used until the server names its own.
const DEFAULT_PING_INTERVAL: Duration = Duration::from_secs(15);
/// Shortest interval a server can ask for.
const MIN_PING_INTERVAL: Duration = Duration::from_secs(1);

/// Who the client is.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// An ACS user token or a directory token.
    pub token: String,
    /// Name and version of the client, at most 256 characters.
    pub client: String,
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// What came from the server, once each and in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// The server accepted the connection; requests made until now are on their way.
    Welcome {
        /// Raw identifier of the caller.
        raw_id: String,
        /// True: everything goes on. False on a second connection: the session is a new one; join again.
        resumed: bool,
        /// How long the session outlives a dropped connection.
        resume_window: Duration,
        /// Requests of the earlier session that will never be answered.
        lost: Vec<u32>,
    },
    /// Any other message.
    Message(ServerMessage),
}

/// The server broke the protocol: close the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProtocolViolation {
    /// A message number is missing.
    #[error("message {got} after {last}")]
    Gap {
        /// The last number handled.
        last: u64,
        /// The number that came.
        got: u64,
    },
    /// A message of a numbered kind has no number.
    #[error("a message without its number")]
    Unnumbered,
    /// Something other than `Welcome`, `Denied` or `Error` came first.
    #[error("the server did not welcome")]
    NotWelcomed,
}

/// There is no connection to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not connected")]
pub struct NotConnected;

/// The client's end of one session, over as many connections as it takes.
///
/// Call [`connected`](Self::connected) for each connection, then drain [`poll_outgoing`](Self::poll_outgoing) after every
/// call. Requests made with [`request`](Self::request) are carried out once, whatever happens to the connection.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    connected: bool,
    welcomed: bool,
    resume_token: Option<ResumeToken>,
    ping_interval: Duration,
    /// Number of the newest message handled.
    last_seq: u64,
    acknowledged: u64,
    next_id: u32,
    /// Requests without an answer, by increasing id.
    unanswered: VecDeque<ClientMessage>,
    outgoing: VecDeque<ClientMessage>,
    timers: Timers,
}

/// Secret, and so without `Debug`.
#[derive(Clone)]
struct ResumeToken(String);

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(..)")
    }
}

impl ClientSession {
    /// A session before its first connection.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            connected: false,
            welcomed: false,
            resume_token: None,
            ping_interval: DEFAULT_PING_INTERVAL,
            last_seq: 0,
            acknowledged: 0,
            next_id: 1,
            unanswered: VecDeque::new(),
            outgoing: VecDeque::new(),
            timers: Timers::default(),
        }
    }

    /// A connection is open: says `Hello`, and asks to resume when there was one before.
    pub fn connected(&mut self, now: Instant) {
        self.connection_lost();
        self.connected = true;
        let resume = self.resume_token.clone().map(|ResumeToken(resume_token)| Resume {
            resume_token,
            last_seq: self.last_seq,
        });
        let hello = Hello {
            token: self.config.token.clone(),
            resume,
            client: self.config.client.clone(),
        };
        self.outgoing.push_back(ClientMessage {
            id: 0,
            body: Some(Body::Hello(hello)),
        });
        self.timers.set(Timer::Ping, now + self.ping_interval);
    }

    /// The connection is gone. Requests are kept for the next.
    pub fn connection_lost(&mut self) {
        self.connected = false;
        self.welcomed = false;
        self.outgoing.clear();
        self.timers.stop_all();
    }

    /// Asks for something and wants an answer: the id that `in_reply_to` will have. Goes out at once, or after the next
    /// `Welcome`; again after each reconnect until answered.
    pub fn request(&mut self, body: Body) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        let message = ClientMessage { id, body: Some(body) };
        if self.welcomed {
            self.outgoing.push_back(message.clone());
        }
        self.unanswered.push_back(message);
        id
    }

    /// Says something without wanting an answer, and only if there is a connection.
    ///
    /// # Errors
    ///
    /// [`NotConnected`] before `Welcome` and between connections.
    pub fn notify(&mut self, body: Body) -> Result<(), NotConnected> {
        if !self.welcomed {
            return Err(NotConnected);
        }
        self.outgoing.push_back(ClientMessage {
            id: 0,
            body: Some(body),
        });
        Ok(())
    }

    /// Takes a message of the server. `None` for what was handled before and for `Pong`.
    ///
    /// # Errors
    ///
    /// [`ProtocolViolation`]: close the connection; another one may resume.
    pub fn handle_message(
        &mut self,
        now: Instant,
        message: ServerMessage,
    ) -> Result<Option<Incoming>, ProtocolViolation> {
        use server_message::Body as Said;
        match message.body {
            Some(Said::Welcome(welcome)) => return Ok(Some(self.handle_welcome(welcome))),
            Some(Said::Pong(_)) => return Ok(None),
            Some(Said::Denied(_) | Said::Error(_) | Said::Ended(_)) => {}
            _ if !self.welcomed => return Err(ProtocolViolation::NotWelcomed),
            _ => {}
        }
        if message.seq == 0 {
            return match &message.body {
                Some(body) if is_replayed(body) => Err(ProtocolViolation::Unnumbered),
                _ => Ok(Some(Incoming::Message(message))),
            };
        }
        // Before `Welcome` numbers belong to the connection's own short session, which ends with this message.
        if self.welcomed {
            if message.seq <= self.last_seq {
                return Ok(None);
            }
            if message.seq != self.last_seq + 1 {
                return Err(ProtocolViolation::Gap {
                    last: self.last_seq,
                    got: message.seq,
                });
            }
            self.last_seq = message.seq;
            if matches!(message.body, Some(Said::Muted(_))) {
                // Until then the service does not let the microphone be unmuted.
                self.acknowledge();
            } else {
                self.schedule_ack(now);
            }
        }
        if message.in_reply_to != 0 {
            self.unanswered
                .retain(|request| request.id != message.in_reply_to);
        }
        Ok(Some(Incoming::Message(message)))
    }

    /// Fires the timers that are due: pings, acknowledges.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Ping => {
                    if self.welcomed {
                        self.outgoing.push_back(ClientMessage {
                            id: 0,
                            body: Some(Body::Ping(Ping {})),
                        });
                    }
                    self.timers.set(Timer::Ping, now + self.ping_interval);
                }
                Timer::Ack => self.acknowledge(),
                Timer::Hello | Timer::Idle | Timer::ChatGrace | Timer::ResumeWindow => {}
            }
        }
    }

    /// The next message for the connection. `now` restarts the ping interval.
    pub fn poll_outgoing(&mut self, now: Instant) -> Option<ClientMessage> {
        let message = self.outgoing.pop_front()?;
        self.timers.set(Timer::Ping, now + self.ping_interval);
        Some(message)
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether the server has welcomed the present connection.
    #[must_use]
    pub const fn is_welcomed(&self) -> bool {
        self.welcomed
    }

    /// Number of the newest message handled.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// Replaces the access token for connections to come.
    pub fn set_token(&mut self, token: String) {
        self.config.token = token;
    }

    fn handle_welcome(&mut self, welcome: Welcome) -> Incoming {
        let Welcome {
            session_id: _,
            resume_token,
            resume_window_ms,
            resumed,
            raw_id,
            ping_interval_ms,
        } = welcome;
        let is_first = self.resume_token.is_none();
        let mut lost = Vec::new();
        if !resumed {
            self.last_seq = 0;
            self.acknowledged = 0;
            if !is_first {
                lost = self.unanswered.drain(..).map(|request| request.id).collect();
            }
        }
        self.resume_token = Some(ResumeToken(resume_token));
        if ping_interval_ms != 0 {
            self.ping_interval = Duration::from_millis(ping_interval_ms.into()).max(MIN_PING_INTERVAL);
        }
        self.welcomed = true;
        self.outgoing.extend(self.unanswered.iter().cloned());
        Incoming::Welcome {
            raw_id,
            resumed,
            resume_window: Duration::from_millis(resume_window_ms.into()),
            lost,
        }
    }

    fn schedule_ack(&mut self, now: Instant) {
        if self.last_seq - self.acknowledged >= ACK_EVERY {
            self.acknowledge();
        } else if !self.timers.is_set(Timer::Ack) {
            self.timers.set(Timer::Ack, now + ACK_DELAY);
        }
    }

    fn acknowledge(&mut self) {
        self.timers.stop(Timer::Ack);
        self.acknowledged = self.last_seq;
        self.outgoing.push_back(ClientMessage {
            id: 0,
            body: Some(Body::Ack(Ack { seq: self.last_seq })),
        });
    }
}

#[cfg(test)]
mod tests;
