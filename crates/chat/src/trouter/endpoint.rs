//! One client over all its sockets: what it is to hear, and by which socket.
//!
//! Notifications are numbered per endpoint and kept until they are answered. The newest socket delivers, but while an
//! older one lives only once the client has registered the newer: until then it ignores what comes there. When another
//! socket takes over, what was sent and not answered is sent again, under its old number; a living old socket is given a
//! moment to bring the answers first. So nothing is lost, and only an answer that is lost itself makes a duplicate, which
//! a client that looks at the numbers can tell.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::message::Answer;
use crate::wire::notification::NotificationBody;

/// How much an endpoint keeps, and for how long.
#[derive(Debug, Clone)]
pub struct EndpointLimits {
    /// Notifications that may wait or be unanswered.
    pub notifications: usize,
    /// Their bodies together, in bytes; bodies are shared between recipients, so this is not the memory they take.
    pub bytes: usize,
    /// How long an endpoint without a socket is kept, and its notifications with it.
    pub keep: Duration,
    /// How long the answers to an old socket are waited for when a new one takes over.
    pub handover: Duration,
    /// A socket that leaves a notification unanswered for so long is of no use.
    pub answer_within: Duration,
}

impl Default for EndpointLimits {
    fn default() -> Self {
        Self {
            notifications: 1000,
            bytes: 8 * 1024 * 1024,
            keep: Duration::from_secs(120),
            handover: Duration::from_secs(2),
            answer_within: Duration::from_secs(60),
        }
    }
}

/// A socket of an endpoint, as the host counts them: newer ones have larger numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits for this socket.
    Wake(ConnectionId),
    /// It is kept until there is a socket.
    Kept,
    /// There is no room: this socket takes too slowly and is to be cut. Everything is kept but the oldest, which are lost.
    Cut(ConnectionId),
    /// There is no room and no socket: the oldest is lost.
    Lost,
}

/// A notification to be sent now.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its number.
    pub id: u64,
    /// What to send.
    pub body: NotificationBody,
}

/// One client over all its sockets.
#[derive(Debug)]
pub struct Endpoint {
    limits: EndpointLimits,
    queue: VecDeque<Entry>,
    /// The first so many of the queue have been sent. 0 <= sent <= queue.len()
    sent: usize,
    bytes: usize,
    next_id: u64,
    current: Option<ConnectionId>,
    /// Connected after the current one, and not registered yet.
    newer: Option<ConnectionId>,
    /// The one before the current, whose answers are waited for.
    handover: Option<Handover>,
    /// Since when there is no socket.
    detached_at: Option<Instant>,
    lost: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    body: NotificationBody,
    sent_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Handover {
    from: ConnectionId,
    until: Instant,
}

impl Endpoint {
    /// An endpoint without a socket. Its first notification gets this number; they must not be used again within the time
    /// that a client remembers.
    #[must_use]
    pub fn new(limits: EndpointLimits, first_id: u64, now: Instant) -> Self {
        Self {
            limits,
            queue: VecDeque::new(),
            sent: 0,
            bytes: 0,
            next_id: first_id,
            current: None,
            newer: None,
            handover: None,
            detached_at: Some(now),
            lost: 0,
        }
    }

    /// A socket is open.
    pub fn connected(&mut self, connection: ConnectionId) {
        self.detached_at = None;
        match self.current {
            None => self.take_over(connection),
            Some(current) if connection > current => {
                self.newer = self.newer.max(Some(connection));
            }
            Some(_) => {}
        }
    }

    /// The client has registered: its newest socket takes over. Gives the socket that is of no further use.
    pub fn registered(&mut self, now: Instant) -> Option<ConnectionId> {
        let newer = self.newer.take()?;
        let old = self.current.take();
        if let Some(from) = old
            && self.sent > 0
        {
            self.handover = Some(Handover {
                from,
                until: now + self.limits.handover,
            });
            self.current = Some(newer);
        } else {
            self.take_over(newer);
        }
        old
    }

    /// A socket is closed.
    pub fn disconnected(&mut self, connection: ConnectionId, now: Instant) {
        if self.newer == Some(connection) {
            self.newer = None;
        }
        if self.handover.is_some_and(|handover| handover.from == connection) {
            self.finish_handover();
        }
        if self.current == Some(connection) {
            self.current = None;
            self.handover = None;
            self.rewind();
            match self.newer.take() {
                Some(newer) => self.take_over(newer),
                None => self.detached_at = Some(now),
            }
        }
    }

    /// The client says that it stops listening. What it was sent is not sent again when it starts anew, answered or not:
    /// a client that stops takes back the request in which its last answers are.
    pub fn unregistered(&mut self) {
        while self.sent > 0 {
            self.remove(0);
        }
        self.handover = None;
    }

    /// Something the client is to hear of.
    pub fn push(&mut self, body: NotificationBody) -> Pushed {
        let bytes = body.escaped_bytes();
        let mut full = false;
        while !self.queue.is_empty()
            && (self.queue.len() >= self.limits.notifications
                || self.bytes.saturating_add(bytes) > self.limits.bytes)
        {
            full = true;
            self.drop_oldest();
        }
        let id = self.next_id;
        self.next_id += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.queue.push_back(Entry {
            id,
            body,
            sent_at: None,
        });
        match (self.current, full) {
            (Some(current), true) => Pushed::Cut(current),
            (Some(current), false) => Pushed::Wake(current),
            (None, true) => Pushed::Lost,
            (None, false) => Pushed::Kept,
        }
    }

    /// The next notification for this socket, if it is the one that delivers.
    pub fn poll(&mut self, connection: ConnectionId, now: Instant) -> Option<Outgoing> {
        if self.current != Some(connection) || self.handover.is_some() {
            return None;
        }
        let entry = self.queue.get_mut(self.sent)?;
        entry.sent_at = Some(now);
        self.sent += 1;
        Some(Outgoing {
            id: entry.id,
            body: entry.body.clone(),
        })
    }

    /// An answer came, by whichever socket. Gives the kind of event that was answered; `None` when nothing of that number
    /// waits for an answer. A client that was not ready (504) gets it again with the next socket.
    pub fn answered(&mut self, answer: Answer) -> Option<u16> {
        let at = self
            .queue
            .iter()
            .take(self.sent)
            .position(|entry| entry.id == answer.id)?;
        let event_id = self.queue.get(at)?.body.event_id();
        if answer.status != 504 {
            self.remove(at);
        }
        if self.handover.is_some() && self.sent == 0 {
            self.finish_handover();
        }
        Some(event_id)
    }

    /// Time has passed. Gives the socket that is to be cut because it does not answer.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<ConnectionId> {
        if self.handover.is_some_and(|handover| now >= handover.until) {
            self.finish_handover();
        }
        let waits = self.unanswered_since()?;
        if now >= waits + self.limits.answer_within {
            return self.current;
        }
        None
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next to be called, at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let handover = self.handover.map(|handover| handover.until);
        let answer = self
            .current
            .and_then(|_| self.unanswered_since())
            .map(|since| since + self.limits.answer_within);
        [handover, answer].into_iter().flatten().min()
    }

    /// Whether it had no socket for so long that it is to be forgotten.
    #[must_use]
    pub fn is_abandoned(&self, now: Instant) -> bool {
        self.detached_at
            .is_some_and(|since| now.saturating_duration_since(since) >= self.limits.keep)
    }

    /// Since when it has no socket.
    #[must_use]
    pub fn detached_at(&self) -> Option<Instant> {
        self.detached_at
    }

    /// The socket that delivers.
    #[must_use]
    pub fn current(&self) -> Option<ConnectionId> {
        self.current
    }

    /// Whether the answers to an old socket are waited for, and nothing is sent until then.
    #[must_use]
    pub fn is_handing_over(&self) -> bool {
        self.handover.is_some()
    }

    /// All its sockets that are in use, the one that delivers first.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        let handover = self.handover.map(|handover| handover.from);
        [self.current, self.newer, handover].into_iter().flatten()
    }

    /// Notifications that wait or are unanswered.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Notifications that were dropped for want of room.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn unanswered_since(&self) -> Option<Instant> {
        self.queue.front().and_then(|entry| entry.sent_at)
    }

    fn take_over(&mut self, connection: ConnectionId) {
        self.current = Some(connection);
        self.rewind();
    }

    fn finish_handover(&mut self) {
        self.handover = None;
        self.rewind();
    }

    fn rewind(&mut self) {
        for entry in self.queue.iter_mut().take(self.sent) {
            entry.sent_at = None;
        }
        self.sent = 0;
    }

    fn drop_oldest(&mut self) {
        self.remove(0);
        self.lost = self.lost.saturating_add(1);
    }

    fn remove(&mut self, at: usize) {
        if let Some(entry) = self.queue.remove(at) {
            self.bytes = self.bytes.saturating_sub(entry.body.escaped_bytes());
            if at < self.sent {
                self.sent -= 1;
            }
        }
    }
}
