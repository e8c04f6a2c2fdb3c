//! One socket, the client's side, with the timers of the chat SDK for browsers.
//!
//! 1. `1::`, then `trouter.connected`, within 20 s; the client is connected then.
//! 2. Over WebSocket it says `user.activity`, twice, and expects the acknowledgement within 10 s.
//! 3. Notifications come; each is answered with [`answer`](ClientSession::answer), and a `ping` follows.
//! 4. A `ping` every 40 s is to be acknowledged within 5 s.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::frame::{AckRequest, Packet, PacketKind, parse_ack};
use super::message::{Answer, EventData, NotificationRequest};
use super::{ReconnectTarget, Transport, polling};

/// Largest packet of a service, in bytes. A message is at most 28 KB, but escaped three times over.
const MAX_SERVER_BYTES: usize = 4 * 1024 * 1024;

/// Ids of notifications remembered, so that what is sent again after a drop is not told twice.
const REMEMBERED: usize = 1024;

/// The timers of a client.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// From the start to `trouter.connected`.
    pub connect_within: Duration,
    /// Between pings.
    pub ping_every: Duration,
    /// From a ping to its acknowledgement.
    pub pong_within: Duration,
    /// From `user.activity` to its acknowledgement, and from there to the second one.
    pub activity_within: Duration,
    /// Without any packet for so long, the service is gone; of the handshake, plus 2 s.
    pub heartbeat: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            connect_within: Duration::from_secs(20),
            ping_every: Duration::from_secs(40),
            pong_within: Duration::from_secs(5),
            activity_within: Duration::from_secs(10),
            heartbeat: Duration::from_secs(182),
        }
    }
}

/// Why a client's session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEnd {
    /// The client left.
    Left,
    /// The service closed the socket, and may have said why.
    Disconnected(Option<String>),
    /// The service does not know this socket.
    NotHandshaken,
    /// `trouter.connected` did not come.
    ConnectTimeout,
    /// An acknowledgement did not come.
    AckTimeout,
    /// Nothing came for too long.
    Silence,
}

/// What a session tells its host.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// Notifications come from now on.
    Connected,
    /// Something happened. Give an [`answer`](ClientSession::answer).
    Notification(NotificationRequest),
    /// The service asks for another socket; this one stays until that is connected.
    Reconnect(ReconnectTarget),
    /// The session is over. Send what [`ClientSession::poll_transmit`] still has, then close the socket.
    Ended(ClientEnd),
}

/// The ids of the notifications that came lately, over all sockets of an endpoint.
///
/// A service that numbers notifications per endpoint (Anteroom does) sends one again whose answer it did not see. It is
/// to be answered again, and not to be told twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenNotifications {
    /// In the order in which they came, the oldest first.
    ids: VecDeque<u64>,
    highest: Option<u64>,
}

/// One socket, the client's side. See the [module](super) for how to drive it.
#[derive(Debug)]
pub struct ClientSession {
    config: ClientConfig,
    transport: Transport,
    state: State,
    outgoing: VecDeque<String>,
    events: VecDeque<ClientEvent>,
    next_event_id: u64,
    last_received: Instant,
    ping: Ping,
    activity: Activity,
    activity_count: u32,
    correlations: VecDeque<(u64, Option<String>)>,
    malformed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Connecting { until: Instant },
    Connected,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ping {
    Next(Instant),
    Pending { id: u64, until: Instant },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Idle,
    Next(Instant),
    Pending { id: u64, until: Instant, again: bool },
}

impl ClientSession {
    /// A socket that was just opened.
    #[must_use]
    pub fn new(config: ClientConfig, transport: Transport, now: Instant) -> Self {
        Self {
            state: State::Connecting {
                until: now + config.connect_within,
            },
            ping: Ping::Next(now + config.ping_every),
            config,
            transport,
            outgoing: VecDeque::new(),
            events: VecDeque::new(),
            next_event_id: 1,
            last_received: now,
            activity: Activity::Idle,
            activity_count: 0,
            correlations: VecDeque::new(),
            malformed: 0,
        }
    }

    /// One packet from the service.
    pub fn handle_packet(&mut self, now: Instant, text: &str) {
        if self.state == State::Ended {
            return;
        }
        self.last_received = self.last_received.max(now);
        match Packet::parse(text) {
            Ok(packet) if text.len() <= MAX_SERVER_BYTES => self.handle(now, packet),
            _ => self.malformed = self.malformed.saturating_add(1),
        }
    }

    /// The body of the answer to a `GET` of long polling.
    pub fn handle_body(&mut self, now: Instant, body: &str) {
        match polling::packets(body) {
            Ok(packets) => {
                for packet in packets {
                    self.handle_packet(now, packet);
                }
            }
            Err(_) => self.malformed = self.malformed.saturating_add(1),
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Ended => return,
            State::Connecting { until } if now >= until => {
                self.outgoing.push_back("0::".to_owned());
                return self.end(ClientEnd::ConnectTimeout);
            }
            State::Connecting { .. } => {}
            State::Connected => self.keep_alive(now),
        }
        if now.saturating_duration_since(self.last_received) >= self.config.heartbeat {
            self.end(ClientEnd::Silence);
        }
    }

    /// Answers a notification: 200 when it was understood, 404 when not.
    pub fn answer(&mut self, now: Instant, id: u64, status: u16) {
        if self.state == State::Ended {
            return;
        }
        let at = self.correlations.iter().position(|(known, _)| *known == id);
        let correlation = at
            .and_then(|at| self.correlations.remove(at))
            .and_then(|(_, vector)| vector);
        self.outgoing
            .push_back(Answer { id, status }.packet(correlation.as_deref()));
        if self.transport == Transport::WebSocket && matches!(self.ping, Ping::Next(_)) {
            self.send_ping(now);
        }
    }

    /// Leaves.
    pub fn leave(&mut self) {
        if self.state != State::Ended {
            self.outgoing.push_back("0::".to_owned());
            self.end(ClientEnd::Left);
        }
    }

    /// The next packet for the socket.
    pub fn poll_transmit(&mut self) -> Option<String> {
        self.outgoing.pop_front()
    }

    /// What happened.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next to be called, at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let silence = self.last_received + self.config.heartbeat;
        match self.state {
            State::Ended => None,
            State::Connecting { until } => Some(until.min(silence)),
            State::Connected if self.transport == Transport::XhrPolling => Some(silence),
            State::Connected => {
                let ping = match self.ping {
                    Ping::Next(at) | Ping::Pending { until: at, .. } => at,
                };
                let activity = match self.activity {
                    Activity::Idle => silence,
                    Activity::Next(at) | Activity::Pending { until: at, .. } => at,
                };
                Some(silence.min(ping).min(activity))
            }
        }
    }

    /// Whether the session is over.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Packets that were dropped because they are none.
    #[must_use]
    pub fn malformed_packets(&self) -> u32 {
        self.malformed
    }

    fn handle(&mut self, now: Instant, packet: Packet<'_>) {
        match packet.kind {
            PacketKind::DISCONNECT => {
                let reason = packet.data.filter(|data| !data.is_empty()).map(str::to_owned);
                self.end(ClientEnd::Disconnected(reason));
            }
            PacketKind::ERROR => self.end(ClientEnd::NotHandshaken),
            PacketKind::HEARTBEAT => self.outgoing.push_back("2::".to_owned()),
            PacketKind::MESSAGE => self.handle_request(packet),
            PacketKind::EVENT => self.handle_event(now, packet),
            PacketKind::ACK => match packet.data.map(parse_ack) {
                Some(Ok((id, _))) => self.handle_ack(now, id),
                _ => self.malformed = self.malformed.saturating_add(1),
            },
            PacketKind::CONNECT | PacketKind::NOOP => {}
            _ => self.malformed = self.malformed.saturating_add(1),
        }
    }

    fn handle_request(&mut self, packet: Packet<'_>) {
        let Some(mut request) = packet.data.and_then(NotificationRequest::parse) else {
            self.malformed = self.malformed.saturating_add(1);
            return;
        };
        if let AckRequest::Receipt(id) | AckRequest::Data(id) = packet.ack {
            self.outgoing.push_back(format!("6:::{id}"));
        }
        if self.state != State::Connected {
            let too_early = Answer {
                id: request.id,
                status: 504,
            };
            self.outgoing
                .push_back(too_early.packet(request.correlation.as_deref()));
            return;
        }
        if self.correlations.len() >= REMEMBERED {
            self.correlations.pop_front();
        }
        self.correlations
            .push_back((request.id, request.correlation.take()));
        self.events.push_back(ClientEvent::Notification(request));
    }

    fn handle_event(&mut self, now: Instant, packet: Packet<'_>) {
        let data = packet.data.and_then(|data| serde_json::from_str(data).ok());
        let Some(EventData { name, args }) = data else {
            self.malformed = self.malformed.saturating_add(1);
            return;
        };
        match (name.as_str(), args.first()) {
            ("trouter.connected", Some(first)) if first.is_object() => {
                if matches!(self.state, State::Connecting { .. }) {
                    self.state = State::Connected;
                    self.ping = Ping::Next(now + self.config.ping_every);
                    self.events.push_back(ClientEvent::Connected);
                    if self.transport == Transport::WebSocket {
                        self.send_activity(now);
                    }
                }
            }
            ("trouter.reconnect", first) => {
                let target = first.and_then(|first| first.get("target"));
                let target = match target.and_then(|target| target.as_str()) {
                    Some("self") => ReconnectTarget::SameEndpoint,
                    _ => ReconnectTarget::NewEndpoint,
                };
                self.events.push_back(ClientEvent::Reconnect(target));
            }
            ("trouter.message_loss", Some(first)) => {
                let id = self.take_event_id();
                let data = serde_json::json!({"name": "trouter.processed_message_loss", "args": [first]});
                self.outgoing.push_back(format!("5:{id}+::{data}"));
            }
            _ => {}
        }
    }

    fn handle_ack(&mut self, now: Instant, id: u64) {
        if matches!(self.ping, Ping::Pending { id: pending, .. } if pending == id) {
            self.ping = Ping::Next(now + self.config.ping_every);
        }
        if let Activity::Pending {
            id: pending, again, ..
        } = self.activity
            && pending == id
        {
            self.activity = if again {
                Activity::Next(now + self.config.activity_within)
            } else {
                Activity::Idle
            };
        }
    }

    fn keep_alive(&mut self, now: Instant) {
        if self.transport == Transport::XhrPolling {
            return;
        }
        match self.ping {
            Ping::Next(at) if now >= at => self.send_ping(now),
            Ping::Pending { until, .. } if now >= until => return self.end(ClientEnd::AckTimeout),
            Ping::Next(_) | Ping::Pending { .. } => {}
        }
        match self.activity {
            Activity::Next(at) if now >= at => self.send_activity(now),
            Activity::Pending { until, .. } if now >= until => self.end(ClientEnd::AckTimeout),
            Activity::Idle | Activity::Next(_) | Activity::Pending { .. } => {}
        }
    }

    fn send_ping(&mut self, now: Instant) {
        let id = self.take_event_id();
        self.outgoing.push_back(format!(r#"5:{id}+::{{"name":"ping"}}"#));
        self.ping = Ping::Pending {
            id,
            until: now + self.config.pong_within,
        };
    }

    fn send_activity(&mut self, now: Instant) {
        let id = self.take_event_id();
        self.activity_count += 1;
        let count = self.activity_count;
        self.outgoing.push_back(format!(
            r#"5:{id}+::{{"name":"user.activity","args":[{{"state":"active","cv":"anteroom.{count}"}}]}}"#
        ));
        self.activity = Activity::Pending {
            id,
            until: now + self.config.activity_within,
            again: count == 1,
        };
    }

    fn take_event_id(&mut self) -> u64 {
        let id = self.next_event_id;
        self.next_event_id += 1;
        id
    }

    fn end(&mut self, end: ClientEnd) {
        if self.state != State::Ended {
            self.state = State::Ended;
            self.events.push_back(ClientEvent::Ended(end));
        }
    }
}

impl SeenNotifications {
    /// Remembers an id; false when it is known.
    pub fn insert(&mut self, id: u64) -> bool {
        // The usual case is the next number; the search is for what comes again.
        if self.highest.is_some_and(|highest| id <= highest) && self.ids.contains(&id) {
            return false;
        }
        if self.ids.len() >= REMEMBERED {
            self.ids.pop_front();
        }
        self.ids.push_back(id);
        self.highest = self.highest.max(Some(id));
        true
    }
}
