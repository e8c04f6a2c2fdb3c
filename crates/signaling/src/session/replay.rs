//! Numbered messages on their way to the client, kept until it has them.

use std::collections::VecDeque;

use prost::Message as _;

use crate::proto::{ServerMessage, server_message::Body};
use crate::wire::{Encoding, Frame, SharedBody, encode_server};

/// The body of a message that is kept.
#[derive(Debug, Clone)]
pub(super) enum Kept {
    /// Of this session alone. Boxed, since bodies are large and most messages are shared.
    Own(Box<Body>),
    /// Many sessions' in common.
    Shared(SharedBody),
}

/// A message that is kept, with its number.
#[derive(Debug, Clone)]
pub(super) struct Numbered {
    seq: u64,
    in_reply_to: u32,
    body: Kept,
}

impl Kept {
    pub(super) fn encoded_len(&self, seq: u64, in_reply_to: u32) -> usize {
        match self {
            // A message's length is the sum of its fields' lengths.
            Self::Own(body) => header(seq, in_reply_to).encoded_len() + body.encoded_len(),
            Self::Shared(body) => header(seq, in_reply_to).encoded_len() + body.protobuf().len(),
        }
    }
}

impl Numbered {
    pub(super) fn into_message(self) -> ServerMessage {
        let body = match self.body {
            Kept::Own(body) => *body,
            Kept::Shared(body) => body.body().clone(),
        };
        ServerMessage {
            body: Some(body),
            ..header(self.seq, self.in_reply_to)
        }
    }

    pub(super) fn encode(self, encoding: Encoding) -> Frame {
        match &self.body {
            Kept::Shared(body) => body.encode(encoding, self.seq, self.in_reply_to),
            Kept::Own(_) => encode_server(encoding, &self.into_message()),
        }
    }
}

const fn header(seq: u64, in_reply_to: u32) -> ServerMessage {
    ServerMessage {
        seq,
        in_reply_to,
        body: None,
    }
}

/// The messages of a session that the client has not acknowledged.
///
/// Numbers are gapless: the buffer holds `first_kept ..= last`, and `next_to_send` is within
/// `first_kept ..= last + 1` unless messages were dropped unsent.
#[derive(Debug)]
pub(super) struct Replay {
    messages: VecDeque<(Numbered, usize)>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
    /// Number of the newest message; 0 before the first.
    last: u64,
    /// Number of the next message for the present connection.
    next_to_send: u64,
    /// Number of the newest message that the client has; 0 before the first.
    acknowledged: u64,
}

/// Messages that there is always room for.
const ROOM: usize = 4;

/// The client can no longer get every message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overrun;

impl Replay {
    pub(super) const fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            messages: VecDeque::new(),
            bytes: 0,
            max_messages,
            max_bytes,
            last: 0,
            next_to_send: 1,
            acknowledged: 0,
        }
    }

    /// Appends a message and gives it its number. `Err` when the bounds pushed out a message that was not sent yet.
    pub(super) fn push(&mut self, in_reply_to: u32, body: Kept) -> (u64, Result<(), Overrun>) {
        self.last += 1;
        let len = body.encoded_len(self.last, in_reply_to);
        let message = Numbered {
            seq: self.last,
            in_reply_to,
            body,
        };
        self.bytes += len;
        self.messages.push_back((message, len));
        while self.messages.len() > self.max_messages || self.bytes > self.max_bytes {
            self.drop_oldest();
        }
        let sent = if self.can_send() { Ok(()) } else { Err(Overrun) };
        (self.last, sent)
    }

    /// The next message the present connection has not had.
    pub(super) fn poll(&mut self) -> Option<Numbered> {
        let index = usize::try_from(self.next_to_send.checked_sub(self.first_kept())?).ok()?;
        let (message, _) = self.messages.get(index)?;
        self.next_to_send += 1;
        Some(message.clone())
    }

    /// Forgets what the client has. `false` when it claims a message that was never sent.
    pub(super) fn acknowledge(&mut self, seq: u64) -> bool {
        if seq >= self.next_to_send {
            return false;
        }
        self.acknowledged = self.acknowledged.max(seq);
        while self.first_kept() <= seq && !self.messages.is_empty() {
            self.drop_oldest();
        }
        // Who comes to a large meeting is told much at once, and then little for an hour.
        if self.messages.len() < self.messages.capacity() / 4 {
            self.messages.shrink_to(ROOM.max(self.messages.len() * 2));
        }
        true
    }

    /// Starts a new connection after the message with this number.
    pub(super) fn rewind(&mut self, last_seq: u64) {
        self.next_to_send = last_seq + 1;
        self.acknowledge(last_seq);
    }

    /// Number of the oldest message kept, or of the next one when none is.
    pub(super) fn first_kept(&self) -> u64 {
        self.last + 1 - self.messages.len() as u64
    }

    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    pub(super) const fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Whether nothing was dropped before the present connection had it.
    pub(super) fn can_send(&self) -> bool {
        self.next_to_send >= self.first_kept()
    }

    /// Whether the present connection has had every message.
    pub(super) const fn is_sent(&self) -> bool {
        self.next_to_send > self.last
    }

    fn drop_oldest(&mut self) {
        if let Some((_, len)) = self.messages.pop_front() {
            self.bytes -= len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Done;

    #[test]
    fn room_for_many_messages_is_given_back() {
        let mut replay = Replay::new(1024, 1024 * 1024);
        let mut say = |count: u64| {
            for _ in 0..count {
                let _ = replay.push(0, Kept::Own(Box::new(Body::Done(Done::default()))));
                assert!(replay.poll().is_some());
            }
            let (last, room) = (replay.last(), replay.messages.capacity());
            assert!(replay.acknowledge(last));
            (room, replay.messages.capacity())
        };
        let (before, after) = say(500);
        assert!(before >= 500 && after <= 2 * ROOM, "{before} and then {after}");
        // A few messages at a time find the room they need.
        let (before, after) = say(3);
        assert!(before <= 2 * ROOM && after == before, "{before} and then {after}");
    }
}
