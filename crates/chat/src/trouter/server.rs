//! One socket, the service's side.
//!
//! 1. `1::` and `trouter.connected` are sent at once; the session is open from then on.
//! 2. Every event that asks for an acknowledgement gets one; `ping` is answered `pong`.
//! 3. [`notify`](ServerSession::notify) sends notifications; answers come as [`ServerEvent::Answered`].
//! 4. When the token ends the client is asked to connect again, and cut after a grace.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use time::OffsetDateTime;

use super::frame::{AckRequest, Packet, PacketKind};
use super::message::{Answer, EventData, notification_packet};
use super::{ReconnectTarget, polling};
use crate::wire::notification::NotificationBody;

/// Largest packet or polling body of a client, in bytes: answers, events and acknowledgements are all short.
pub const MAX_CLIENT_BYTES: usize = 64 * 1024;

/// Malformed packets after which a socket is closed.
const MAX_MALFORMED: u32 = 32;

/// How a socket is treated.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// A client from which nothing came for so long is dead. Clients ping every 40 s.
    pub dead_after: Duration,
    /// End of the token the socket was opened with.
    pub expires_at: OffsetDateTime,
    /// How long a client whose token ended may take to open another socket.
    pub expiry_grace: Duration,
    /// Life of the allocation, told to the client.
    pub ttl: Duration,
    /// Packets that may wait for the socket; a client that lets more come together is cut.
    pub queue_packets: usize,
}

impl ServerConfig {
    /// The usual values for a socket opened with a token that ends then.
    #[must_use]
    pub const fn new(expires_at: OffsetDateTime) -> Self {
        Self {
            dead_after: Duration::from_secs(90),
            expires_at,
            expiry_grace: Duration::from_secs(30),
            ttl: Duration::from_secs(24 * 60 * 60),
            queue_packets: 64,
        }
    }
}

/// The words with which a socket is closed, and what the client makes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnect {
    /// Reconnects at once.
    Plain,
    /// Another socket of the endpoint took over; nothing to be done.
    Replaced,
    /// Asks its credential for a token, then reconnects.
    Unauthorized,
    /// Stops until the application starts it again.
    Evicted,
}

impl Disconnect {
    const fn data(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Replaced => Some("dup"),
            Self::Unauthorized => Some(r#"{"reason":"unauthorized"}"#),
            Self::Evicted => Some(r#"{"reason":"skypetoken-deprecated"}"#),
        }
    }
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEnd {
    /// The client said that it goes.
    Left,
    /// The service closed it.
    Closed(Disconnect),
    /// Nothing came for too long.
    Dead,
    /// The client does not take what it is sent.
    TooSlow,
    /// The client sends what is no packet.
    Malformed,
    /// The token ended, and no other socket came.
    Expired,
}

/// What a session tells its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client answered a notification: 200, or what went wrong.
    Answered(Answer),
    /// The session is over. Send what [`ServerSession::poll_transmit`] still has, then close the socket.
    Ended(ServerEnd),
}

/// One socket, the service's side. See the [module](super) for how to drive it.
#[derive(Debug)]
pub struct ServerSession {
    config: ServerConfig,
    state: State,
    outgoing: VecDeque<String>,
    events: VecDeque<ServerEvent>,
    last_received: Instant,
    next_event_id: u64,
    malformed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The client was asked to connect again, because its token ended; it is cut then.
    Expiring(Instant),
    Ended,
}

impl ServerSession {
    /// A socket that was just opened.
    #[must_use]
    pub fn new(config: ServerConfig, now: Instant) -> Self {
        let ttl = config.ttl.as_secs();
        let connected = format!(r#"5:1::{{"name":"trouter.connected","args":[{{"ttl":{ttl},"dur":"0"}}]}}"#);
        let mut outgoing = VecDeque::with_capacity(2);
        outgoing.push_back("1::".to_owned());
        outgoing.push_back(connected);
        Self {
            config,
            state: State::Open,
            outgoing,
            events: VecDeque::new(),
            last_received: now,
            next_event_id: 2,
            malformed: 0,
        }
    }

    /// One packet from the client.
    pub fn handle_packet(&mut self, now: Instant, text: &str) {
        if self.state == State::Ended {
            return;
        }
        self.last_received = self.last_received.max(now);
        match Packet::parse(text) {
            Ok(packet) if text.len() <= MAX_CLIENT_BYTES => self.handle(packet),
            _ => self.count_malformed(),
        }
    }

    /// The body of a `POST` of long polling.
    pub fn handle_body(&mut self, now: Instant, body: &str) {
        match polling::packets(body) {
            Ok(packets) => {
                self.touch(now);
                for packet in packets {
                    self.handle_packet(now, packet);
                }
            }
            Err(_) => self.count_malformed(),
        }
    }

    /// The client gave a sign of life outside of packets: a poll.
    pub fn touch(&mut self, now: Instant) {
        self.last_received = self.last_received.max(now);
    }

    /// Time has passed: on the monotonic clock and on the wall.
    pub fn handle_timeout(&mut self, now: Instant, wall: OffsetDateTime) {
        match self.state {
            State::Ended => return,
            State::Open if wall >= self.config.expires_at => {
                self.reconnect(ReconnectTarget::SameEndpoint);
                if self.state == State::Open {
                    self.state = State::Expiring(now + self.config.expiry_grace);
                }
            }
            State::Expiring(cut_at) if now >= cut_at => {
                self.say_goodbye(Disconnect::Unauthorized);
                self.end(ServerEnd::Expired);
                return;
            }
            State::Open | State::Expiring(_) => {}
        }
        if now.saturating_duration_since(self.last_received) >= self.config.dead_after {
            self.end(ServerEnd::Dead);
        }
    }

    /// Sends a notification. Ask [`can_notify`](Self::can_notify) first; ignored on a session that is over.
    ///
    /// `id` comes back in the answer; `path` is the path of the endpoint's address.
    pub fn notify(&mut self, id: u64, path: &str, body: &NotificationBody, recipient: &str) {
        if self.state != State::Ended {
            self.outgoing
                .push_back(notification_packet(id, path, body, recipient));
        }
    }

    /// Asks the client to open another socket, which will take over.
    pub fn reconnect(&mut self, target: ReconnectTarget) {
        if self.state == State::Ended {
            return;
        }
        let id = self.next_event_id;
        self.next_event_id += 1;
        let target = match target {
            ReconnectTarget::SameEndpoint => "self",
            ReconnectTarget::NewEndpoint => "global",
        };
        self.queue(format!(
            r#"5:{id}::{{"name":"trouter.reconnect","args":[{{"target":"{target}"}}]}}"#
        ));
    }

    /// Closes the socket.
    pub fn close(&mut self, disconnect: Disconnect) {
        if self.state != State::Ended {
            self.say_goodbye(disconnect);
            self.end(ServerEnd::Closed(disconnect));
        }
    }

    /// The socket does not take what it is sent.
    pub fn cut_slow_reader(&mut self) {
        self.end(ServerEnd::TooSlow);
    }

    /// The next packet for the socket.
    pub fn poll_transmit(&mut self) -> Option<String> {
        self.outgoing.pop_front()
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next to be called, at the latest.
    #[must_use]
    pub fn poll_timeout(&self, now: Instant, wall: OffsetDateTime) -> Option<Instant> {
        let dead_at = self.last_received + self.config.dead_after;
        match self.state {
            State::Ended => None,
            State::Expiring(cut_at) => Some(cut_at.min(dead_at)),
            State::Open => {
                let left = Duration::try_from(self.config.expires_at - wall).unwrap_or(Duration::ZERO);
                // An end that does not fit the clock is no end.
                Some(now.checked_add(left).map_or(dead_at, |end| end.min(dead_at)))
            }
        }
    }

    /// Whether nothing waits for the socket, so that a notification would be sent next.
    #[must_use]
    pub fn can_notify(&self) -> bool {
        self.state != State::Ended && self.outgoing.is_empty()
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Whether packets wait for the socket.
    #[must_use]
    pub fn has_outgoing(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Packets that were dropped because they are none.
    #[must_use]
    pub fn malformed_packets(&self) -> u32 {
        self.malformed
    }

    fn handle(&mut self, packet: Packet<'_>) {
        match packet.kind {
            PacketKind::DISCONNECT => self.end(ServerEnd::Left),
            PacketKind::EVENT => self.handle_event(packet),
            PacketKind::MESSAGE => match packet.data.and_then(Answer::parse) {
                Some(answer) => self.events.push_back(ServerEvent::Answered(answer)),
                None => self.count_malformed(),
            },
            // Signs of life.
            PacketKind::HEARTBEAT | PacketKind::NOOP | PacketKind::ACK => {}
            _ => self.count_malformed(),
        }
    }

    /// What is not known is acknowledged all the same: a client waits for that, and for nothing more.
    fn handle_event(&mut self, packet: Packet<'_>) {
        let name = packet
            .data
            .and_then(|data| serde_json::from_str(data).ok())
            .map(|event: EventData| event.name);
        let is_ping = name.as_deref() == Some("ping");
        if name.is_none() {
            self.count_malformed();
        }
        match packet.ack {
            AckRequest::Data(id) if is_ping => self.queue(format!(r#"6:::{id}+["pong"]"#)),
            AckRequest::Data(id) => self.queue(format!("6:::{id}+[]")),
            AckRequest::Receipt(id) => self.queue(format!("6:::{id}")),
            AckRequest::None => {}
        }
    }

    /// Queues what the client caused; if it does not read, it may not cause more.
    fn queue(&mut self, packet: String) {
        if self.state == State::Ended {
            return;
        }
        if self.outgoing.len() >= self.config.queue_packets {
            self.end(ServerEnd::TooSlow);
        } else {
            self.outgoing.push_back(packet);
        }
    }

    fn say_goodbye(&mut self, disconnect: Disconnect) {
        let mut packet = "0::".to_owned();
        if let Some(data) = disconnect.data() {
            // Writing to a String does not fail.
            let _ = write!(packet, ":{data}");
        }
        self.outgoing.push_back(packet);
    }

    fn count_malformed(&mut self) {
        self.malformed = self.malformed.saturating_add(1);
        if self.malformed >= MAX_MALFORMED {
            self.end(ServerEnd::Malformed);
        }
    }

    fn end(&mut self, end: ServerEnd) {
        if self.state != State::Ended {
            self.state = State::Ended;
            self.events.push_back(ServerEvent::Ended(end));
            if matches!(end, ServerEnd::TooSlow | ServerEnd::Dead | ServerEnd::Left) {
                self.outgoing.clear();
            }
        }
    }
}
