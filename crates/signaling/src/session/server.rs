//! The server's end of a session.

use std::collections::VecDeque;
use std::time::Instant;

use super::replay::{Kept, Numbered, Overrun, Replay};
use super::request::{self, Refused, Request};
use super::state::{Accepted, ResumeError, SendError, SessionEvent, State};
use super::timer::{Timer, Timers};
use super::{SessionConfig, is_replayed};
use crate::proto::{
    Ack, ClientMessage, Denied, EndReason, Error as ErrorBody, Hello, Join, LockMeeting, Pong, ServerMessage,
    Welcome, client_message, server_message::Body,
};
use crate::wire::{Encoding, Frame, MAX_MESSAGE_BYTES, SharedBody, encode_server};

/// Most unnumbered messages waiting for the connection; the oldest goes first.
const MAX_UNNUMBERED: usize = 16;
/// The server's end of one session. See the [module](super) for the flow.
///
/// - Input: [`handle_message`](Self::handle_message), [`connection_lost`](Self::connection_lost),
///   [`handle_timeout`](Self::handle_timeout).
/// - Commands: [`accept`](Self::accept), [`resume`](Self::resume), [`send`](Self::send).
/// - Output, to drain after each of the above: [`poll_outgoing`](Self::poll_outgoing),
///   [`poll_event`](Self::poll_event), [`should_close`](Self::should_close), [`poll_timeout`](Self::poll_timeout).
#[derive(Debug)]
pub struct ServerSession {
    config: SessionConfig,
    state: State,
    connected: bool,
    /// `None` until `accept`.
    identity: Option<Accepted>,
    /// Id of the `Hello` that waits for an answer.
    hello: Option<u32>,
    /// Highest non-zero request id handled.
    last_request: u32,
    replay: Replay,
    /// Boxed: a queue keeps its room, and messages are large.
    unnumbered: VecDeque<Box<ServerMessage>>,
    timers: Timers,
    events: VecDeque<SessionEvent>,
}

impl ServerSession {
    /// A session whose connection has just been opened.
    #[must_use]
    pub fn new(now: Instant, config: SessionConfig) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Hello, now + config.hello_timeout);
        Self {
            replay: Replay::new(config.replay_messages, config.replay_bytes),
            config,
            state: State::AwaitHello,
            connected: true,
            identity: None,
            hello: None,
            last_request: 0,
            unnumbered: VecDeque::new(),
            timers,
            events: VecDeque::new(),
        }
    }

    /// Takes a message of the client. `Ping` and `Ack` are dealt with inside, and so are requests that came twice:
    /// `Ok(None)`.
    ///
    /// # Errors
    ///
    /// [`Refused`] when the message is out of order, incomplete or too large. The client is told with an `Error`
    /// message, or `Denied` in place of a first message that is no acceptable `Hello`.
    pub fn handle_message(
        &mut self,
        now: Instant,
        message: ClientMessage,
    ) -> Result<Option<Request>, Refused> {
        if self.state == State::Ended || !self.connected {
            return Err(Refused {
                key: "ended",
                message: "The session is over.",
            });
        }
        let ClientMessage { id, body } = message;
        if self.timers.is_set(Timer::Idle) {
            self.timers.set(Timer::Idle, now + self.config.idle_timeout);
        }
        let result = match body {
            Some(client_message::Body::Hello(hello)) => return self.handle_hello(now, id, hello).map(Some),
            _ if self.state == State::AwaitHello => {
                return Err(self.deny(
                    id,
                    Refused {
                        key: "unauthenticated",
                        message: "Hello has to come first.",
                    },
                ));
            }
            Some(client_message::Body::Ping(_)) => {
                self.send_unnumbered(id, Body::Pong(Pong {}));
                return Ok(None);
            }
            Some(client_message::Body::Ack(Ack { seq })) => self.handle_ack(seq).map(|()| None),
            // The answer is in the replay buffer, or on its way.
            Some(_) if id != 0 && id <= self.last_request => return Ok(None),
            Some(body) => {
                self.last_request = self.last_request.max(id);
                self.handle_request(body).map(Some)
            }
            None => Err(Refused {
                key: "malformed",
                message: "The message has no body known here.",
            }),
        };
        if let Err(Refused { key, message }) = result {
            self.push(
                id,
                Body::Error(ErrorBody {
                    key: key.to_owned(),
                    message: message.to_owned(),
                    ..ErrorBody::default()
                }),
            );
        }
        result
    }

    /// The connection is gone. Messages sent from now on wait for the next one.
    pub fn connection_lost(&mut self, now: Instant) {
        if !self.connected {
            return;
        }
        self.connected = false;
        self.unnumbered.clear();
        self.timers.stop_all();
        match self.state {
            State::AwaitHello => self.state = State::Ended,
            // The reason has been handed over: nothing is left to come back for.
            State::Ended if self.replay.is_sent() => {}
            state => {
                if state == State::InCall {
                    self.timers.set(Timer::ChatGrace, now + self.config.chat_grace);
                }
                self.timers
                    .set(Timer::ResumeWindow, now + self.config.resume_window);
            }
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expired(now) {
            let event = match timer {
                Timer::Hello => {
                    self.state = State::Ended;
                    SessionEvent::HelloTimeout
                }
                Timer::Idle => SessionEvent::IdleTimeout,
                Timer::ChatGrace => SessionEvent::ChatGraceOver,
                Timer::ResumeWindow => {
                    self.state = State::Ended;
                    SessionEvent::ResumeWindowOver
                }
                Timer::Ping | Timer::Ack => continue,
            };
            self.events.push_back(event);
        }
    }

    /// Welcomes the client after a `Hello` that the host found good.
    ///
    /// # Errors
    ///
    /// [`SendError::WrongState`] unless a `Hello` is waiting for this.
    pub fn accept(&mut self, accepted: Accepted) -> Result<(), SendError> {
        let (State::AwaitHello, Some(hello)) = (self.state, self.hello) else {
            return Err(SendError::WrongState(self.state));
        };
        self.state = State::AwaitJoin;
        self.identity = Some(accepted);
        self.send_welcome(hello, false);
        Ok(())
    }

    /// Continues this session on a new connection, whose `Hello` the host has received on a session of its own (drop
    /// that one), checked, and found to name this session: [`raw_id`](Self::raw_id) and
    /// [`accepts_resume_token`](Self::accepts_resume_token) say so. An older connection that still lingers is to be
    /// closed. The client gets `Welcome`, in reply to `hello_id`, and then every message after `last_seq`.
    ///
    /// # Errors
    ///
    /// [`ResumeError`]; the session is unchanged, and the client starts a new one.
    pub fn resume(
        &mut self,
        now: Instant,
        hello_id: u32,
        last_seq: u64,
        new_token: String,
    ) -> Result<(), ResumeError> {
        let window_over = !self.connected && !self.timers.is_set(Timer::ResumeWindow);
        let Some(identity) = &mut self.identity else {
            return Err(ResumeError::Ended);
        };
        if window_over {
            return Err(ResumeError::Ended);
        }
        if last_seq > self.replay.last() {
            return Err(ResumeError::UnknownSequence);
        }
        if last_seq + 1 < self.replay.first_kept() {
            return Err(ResumeError::ReplayGone);
        }
        identity.resume_token = new_token;
        self.connected = true;
        self.unnumbered.clear();
        self.replay.rewind(last_seq);
        self.timers.stop_all();
        self.timers.set(Timer::Idle, now + self.config.idle_timeout);
        // What was reported about the connection before is no longer true.
        self.events.clear();
        self.send_welcome(hello_id, true);
        Ok(())
    }

    /// Sends a message, now or after the next reconnect; `Lobby`, `Connected`, `Denied` and `Ended` change the state.
    /// Returns its number, 0 for messages that have none. Those are dropped while nobody is connected.
    ///
    /// # Errors
    ///
    /// [`SendError`] when the message does not fit the state or is too large; nothing is sent.
    pub fn send(&mut self, in_reply_to: u32, body: Body) -> Result<u64, SendError> {
        if self.state == State::Ended {
            return Err(SendError::Ended);
        }
        let next = self.state_after(&body).ok_or(SendError::WrongState(self.state))?;
        if !is_replayed(&body) {
            self.send_unnumbered(in_reply_to, body);
            return Ok(0);
        }
        let kept = Kept::Own(Box::new(body));
        let len = kept.encoded_len(u64::MAX, u32::MAX);
        if len > MAX_MESSAGE_BYTES {
            return Err(SendError::TooLarge(len));
        }
        self.state = next;
        if next == State::Ended {
            self.timers.stop(Timer::Hello);
            self.timers.stop(Timer::ChatGrace);
        }
        Ok(self.keep(in_reply_to, kept))
    }

    /// As [`send`](Self::send), of a message that goes to other clients as well: it is written once for all of them.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_shared(&mut self, body: &SharedBody) -> Result<u64, SendError> {
        if self.state == State::Ended {
            return Err(SendError::Ended);
        }
        let next = self
            .state_after(body.body())
            .ok_or(SendError::WrongState(self.state))?;
        if next != self.state || !is_replayed(body.body()) {
            return self.send(0, body.body().clone());
        }
        let kept = Kept::Shared(body.clone());
        let len = kept.encoded_len(u64::MAX, 0);
        if len > MAX_MESSAGE_BYTES {
            return Err(SendError::TooLarge(len));
        }
        Ok(self.keep(0, kept))
    }

    /// The next message for the connection.
    pub fn poll_outgoing(&mut self) -> Option<ServerMessage> {
        if !self.connected {
            return None;
        }
        let unnumbered = self.unnumbered.pop_front().map(|message| *message);
        unnumbered.or_else(|| self.replay.poll().map(Numbered::into_message))
    }

    /// The next message for the connection, written; cheaper than [`poll_outgoing`](Self::poll_outgoing) for messages
    /// that go to many.
    pub fn poll_frame(&mut self, encoding: Encoding) -> Option<Frame> {
        if !self.connected {
            return None;
        }
        if let Some(message) = self.unnumbered.pop_front() {
            return Some(encode_server(encoding, &message));
        }
        Some(self.replay.poll()?.encode(encoding))
    }

    /// The next event for the host.
    pub fn poll_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The session is over and the connection has taken everything: close it.
    #[must_use]
    pub fn should_close(&self) -> bool {
        self.connected && self.state == State::Ended && self.unnumbered.is_empty() && self.replay.is_sent()
    }

    /// The session is over and cannot come back: forget it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.state == State::Ended && !self.connected && !self.timers.is_set(Timer::ResumeWindow)
    }

    /// Where the session stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether there is a connection now.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.connected
    }

    /// Raw identifier of the caller, once accepted.
    #[must_use]
    pub fn raw_id(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.raw_id.as_str())
    }

    /// The session's name, once accepted.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.identity
            .as_ref()
            .map(|identity| identity.session_id.as_str())
    }

    /// Whether this is the resume token now in force. Takes the same time for every wrong token of the right length.
    #[must_use]
    pub fn accepts_resume_token(&self, token: &str) -> bool {
        self.identity
            .as_ref()
            .is_some_and(|identity| constant_time_eq(&identity.resume_token, token))
    }

    /// Number of the newest message sent, 0 before the first.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.replay.last()
    }

    /// Number of the newest message that the client has said it has handled, 0 before the first.
    #[must_use]
    pub const fn acknowledged(&self) -> u64 {
        self.replay.acknowledged()
    }

    fn handle_hello(&mut self, now: Instant, id: u32, hello: Hello) -> Result<Request, Refused> {
        if self.state != State::AwaitHello || self.hello.is_some() {
            let refused = Refused {
                key: "malformed",
                message: "Hello is said once.",
            };
            if self.state == State::AwaitHello {
                return Err(self.deny(id, refused));
            }
            let Refused { key, message } = refused;
            self.push(
                id,
                Body::Error(ErrorBody {
                    key: key.to_owned(),
                    message: message.to_owned(),
                    ..ErrorBody::default()
                }),
            );
            return Err(refused);
        }
        if let Err(refused) = request::check_hello(&hello) {
            return Err(self.deny(id, refused));
        }
        self.hello = Some(id);
        self.timers.stop(Timer::Hello);
        self.timers.set(Timer::Idle, now + self.config.idle_timeout);
        Ok(Request::Hello(hello))
    }

    fn handle_ack(&mut self, seq: u64) -> Result<(), Refused> {
        if self.replay.acknowledge(seq) {
            return Ok(());
        }
        Err(Refused {
            key: "malformed",
            message: "That number was never sent.",
        })
    }

    /// Everything between `Welcome` and the end.
    fn handle_request(&mut self, body: client_message::Body) -> Result<Request, Refused> {
        use client_message::Body as Said;
        match body {
            Said::Join(join) => self.handle_join(join),
            Said::Preflight(preflight) if self.state == State::AwaitJoin => Ok(Request::Preflight(preflight)),
            Said::Preflight(_) => Err(Refused {
                key: "already_joined",
                message: "The network is checked before joining.",
            }),
            Said::RefreshToken(refresh) => request::refresh_token(refresh),
            Said::Leave(_) if matches!(self.state, State::Joining | State::Lobby | State::InCall) => {
                Ok(Request::Leave)
            }
            _ if self.state != State::InCall => Err(Refused {
                key: "not_in_call",
                message: "That needs a call.",
            }),
            Said::Offer(offer) => {
                request::bounded_list(offer.sections.len())?;
                Ok(Request::Offer(offer))
            }
            Said::ConfirmAnswer(_) => Ok(Request::ConfirmAnswer),
            Said::MediaState(state) => Ok(Request::MediaState(state)),
            Said::SendChat(chat) => request::chat(chat),
            Said::SendTyping(_) => Ok(Request::SendTyping),
            Said::SendReadReceipt(receipt) => request::read_receipt(receipt),
            Said::Admit(admit) => {
                request::bounded_list(admit.participant_ids.len())?;
                Ok(Request::Admit(admit))
            }
            Said::Reject(reject) => {
                request::bounded_list(reject.participant_ids.len())?;
                Ok(Request::Reject(reject))
            }
            Said::Remove(remove) => {
                request::bounded_list(remove.participant_ids.len())?;
                Ok(Request::Remove(remove))
            }
            Said::EndMeeting(_) => Ok(Request::EndMeeting),
            Said::SetHand(hand) => Ok(Request::SetHand(hand)),
            Said::SendReaction(reaction) => Ok(Request::SendReaction(reaction)),
            Said::Spotlight(spotlight) => {
                request::bounded_list(spotlight.participant_ids.len())?;
                Ok(Request::Spotlight(spotlight))
            }
            Said::MuteParticipants(mute) => {
                request::bounded_list(mute.participant_ids.len())?;
                Ok(Request::MuteParticipants(mute))
            }
            Said::SetAttendeeMedia(media) => {
                request::bounded_list(media.participant_ids.len())?;
                Ok(Request::SetAttendeeMedia(media))
            }
            Said::SetRole(role) => Ok(Request::SetRole(role)),
            Said::Rename(rename) => request::rename(rename),
            Said::LockMeeting(LockMeeting { locked }) => Ok(Request::LockMeeting { locked }),
            Said::SetRecording(recording) => Ok(Request::SetRecording(recording)),
            Said::GrantConsent(_) => Ok(Request::GrantConsent),
            Said::StartMeeting(_) => Ok(Request::StartMeeting),
            Said::SetViews(views) => request::views(views),
            Said::Hello(_) | Said::Ack(_) | Said::Ping(_) | Said::Leave(_) => Err(Refused {
                key: "malformed",
                message: "Out of order.",
            }),
        }
    }

    fn handle_join(&mut self, join: Join) -> Result<Request, Refused> {
        if self.state != State::AwaitJoin {
            return Err(Refused {
                key: "already_joined",
                message: "A session joins once.",
            });
        }
        let request = request::join(join)?;
        self.state = State::Joining;
        Ok(request)
    }

    /// The state after sending `body`, or `None` when it is not for this state.
    fn state_after(&self, body: &Body) -> Option<State> {
        use State::{AwaitHello, AwaitJoin, Ended, InCall, Joining, Lobby};
        match (self.state, body) {
            (_, Body::Welcome(_) | Body::Pong(_)) => None,
            (Joining | Lobby, Body::Lobby(_)) => Some(Lobby),
            (Joining | Lobby, Body::Connected(_)) => Some(InCall),
            (AwaitHello | AwaitJoin | Joining | Lobby, Body::Denied(_)) => Some(Ended),
            (_, Body::Ended(_)) => Some(Ended),
            (_, Body::Lobby(_) | Body::Connected(_) | Body::Denied(_)) => None,
            (AwaitHello, _) => None,
            (state, Body::Done(_) | Body::Error(_)) => Some(state),
            // Of a `Preflight`.
            (AwaitJoin, Body::Answer(_)) => Some(AwaitJoin),
            (
                InCall,
                Body::Answer(_)
                | Body::Roster(_)
                | Body::LobbyRoster(_)
                | Body::Tracks(_)
                | Body::Speaking(_)
                | Body::Chat(_)
                | Body::ChatAccess(_)
                | Body::CapabilitiesChanged(_)
                | Body::MeetingState(_)
                | Body::RecordingState(_)
                | Body::Reaction(_)
                | Body::Announcement(_)
                | Body::Muted(_)
                | Body::Demand(_)
                | Body::Typing(_)
                | Body::ReadReceipt(_),
            ) => Some(InCall),
            (AwaitJoin | Joining | Lobby | Ended, _) => None,
        }
    }

    fn deny(&mut self, id: u32, refused: Refused) -> Refused {
        self.timers.stop_all();
        let reason = EndReason {
            code: 401,
            sub_code: 10_009,
            key: "unauthenticated".to_owned(),
            message: refused.message.to_owned(),
        };
        self.push(id, Body::Denied(Denied { reason: Some(reason) }));
        self.state = State::Ended;
        refused
    }

    fn push(&mut self, in_reply_to: u32, body: Body) -> u64 {
        self.keep(in_reply_to, Kept::Own(Box::new(body)))
    }

    fn keep(&mut self, in_reply_to: u32, kept: Kept) -> u64 {
        let was_complete = self.replay.can_send();
        let (seq, sent) = self.replay.push(in_reply_to, kept);
        if sent == Err(Overrun) && was_complete && self.connected {
            self.events.push_back(SessionEvent::Overrun);
        }
        seq
    }

    fn send_welcome(&mut self, in_reply_to: u32, resumed: bool) {
        let Some(Accepted {
            session_id,
            resume_token,
            raw_id,
        }) = self.identity.clone()
        else {
            return;
        };
        let millis = |duration: std::time::Duration| u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
        self.send_unnumbered(
            in_reply_to,
            Body::Welcome(Welcome {
                session_id,
                resume_token,
                resume_window_ms: millis(self.config.resume_window),
                resumed,
                raw_id,
                ping_interval_ms: millis(self.config.ping_interval),
            }),
        );
    }

    fn send_unnumbered(&mut self, in_reply_to: u32, body: Body) {
        if !self.connected {
            return;
        }
        // Only the newest is worth a slow client's time.
        self.unnumbered
            .retain(|waiting| !waiting.body.as_ref().is_some_and(|old| is_outdated(old, &body)));
        if self.unnumbered.len() >= MAX_UNNUMBERED {
            // Never the `Welcome`, which comes first.
            let oldest = usize::from(matches!(
                self.unnumbered.front().and_then(|first| first.body.as_ref()),
                Some(Body::Welcome(_))
            ));
            self.unnumbered.remove(oldest);
        }
        self.unnumbered.push_back(Box::new(ServerMessage {
            seq: 0,
            in_reply_to,
            body: Some(body),
        }));
    }
}

/// Whether a message that waits says nothing any more beside a newer one: a list of speakers, the demand for one track,
/// that the same person is typing.
fn is_outdated(waiting: &Body, newer: &Body) -> bool {
    match (waiting, newer) {
        (Body::Speaking(_), Body::Speaking(_)) => true,
        (Body::Demand(waiting), Body::Demand(newer)) => waiting.track_id == newer.track_id,
        (Body::Typing(waiting), Body::Typing(newer)) => waiting.raw_id == newer.raw_id,
        _ => false,
    }
}

/// Compares secrets without stopping at the first difference.
fn constant_time_eq(a: &str, b: &str) -> bool {
    let difference = a
        .bytes()
        .zip(b.bytes())
        .fold(0_u8, |difference, (a, b)| difference | (a ^ b));
    // `black_box` keeps the compiler from turning the fold into an early exit.
    a.len() == b.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests;
