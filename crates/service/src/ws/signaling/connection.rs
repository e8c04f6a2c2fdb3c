//! One WebSocket: messages in and out, and an orderly end.

use std::net::IpAddr;
use std::time::Duration;

use anteroom_signaling::proto::ClientMessage;
use anteroom_signaling::wire::{self, Encoding, Frame};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::{mpsc, oneshot};

use crate::meeting::{Busy, Slot};

/// Messages between the session and the socket. Few, since what does not fit waits in the session's replay buffer,
/// which is what decides that a reader is too slow.
const QUEUE_MESSAGES: usize = 8;

/// How long the other end may take to answer a close.
const CLOSE_GRACE: Duration = Duration::from_secs(3);

/// How long a connection that cannot be read any more stays open for the client to see why.
const LINGER: Duration = Duration::from_secs(1);

/// Why a connection is closed, as WebSocket close codes (RFC 6455 §7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// The session is over.
    Normal,
    /// Bytes that are no message, before anybody said who it is; or text that is not UTF-8.
    Invalid,
    /// Frames that are not WebSocket.
    Protocol,
    /// Not authenticated, too late, or too many bad messages.
    Policy,
    /// A message over the limit.
    TooBig,
    /// The session goes on elsewhere.
    Replaced,
    /// Takes messages too slowly.
    TooSlow,
}

/// What came from the client.
#[derive(Debug)]
pub(crate) enum Received {
    /// A message.
    Message(ClientMessage),
    /// A WebSocket message that is none of ours.
    Malformed,
    /// The connection broke a rule that WebSocket itself has.
    Violation(Closing),
    /// The connection is gone.
    Gone,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    encoding: Encoding,
    source: IpAddr,
    stream: SplitStream<WebSocket>,
    /// Boxed, since a queue of tokio's has room for 32, however few it takes.
    outgoing: mpsc::Sender<Box<Message>>,
    /// Ends the writer at once, whatever it waits for.
    cut: oneshot::Sender<CloseFrame>,
    writer: tokio::task::JoinHandle<()>,
    slot: Slot,
    busy: Busy,
}

/// Room for one message.
#[derive(Debug)]
pub(crate) enum Room {
    /// There is room.
    Now,
    /// Not before the socket has taken some.
    Later,
    /// The connection is gone.
    Never,
}

impl Connection {
    pub(crate) fn new(socket: WebSocket, encoding: Encoding, source: IpAddr, slot: Slot, busy: Busy) -> Self {
        let (sink, stream) = socket.split();
        let (outgoing, queue) = mpsc::channel(QUEUE_MESSAGES);
        let (cut, cutting) = oneshot::channel();
        let writer = tokio::spawn(write(sink, queue, cutting));
        Self {
            encoding,
            source,
            stream,
            outgoing,
            cut,
            writer,
            slot,
            busy,
        }
    }

    /// How messages are written.
    pub(crate) const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Where the client connects from.
    pub(crate) fn source(&self) -> IpAddr {
        self.source
    }

    /// The next message. Safe to cancel.
    pub(crate) async fn receive(&mut self) -> Received {
        loop {
            let payload = match self.stream.next().await {
                None => return Received::Gone,
                Some(Err(error)) => return violation(error),
                Some(Ok(Message::Close(_))) => return Received::Gone,
                // Answered by the WebSocket library.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(text))) if self.encoding == Encoding::Json => text.into(),
                Some(Ok(Message::Binary(bytes))) if self.encoding == Encoding::Protobuf => bytes,
                Some(Ok(Message::Text(_) | Message::Binary(_))) => return Received::Malformed,
            };
            return match wire::decode_client(self.encoding, &payload) {
                Ok(message) => Received::Message(message),
                Err(wire::DecodeError::TooLarge { .. }) => Received::Violation(Closing::TooBig),
                Err(_) => Received::Malformed,
            };
        }
    }

    /// Whether a message can be sent now.
    pub(crate) fn room(&self) -> Room {
        if self.outgoing.is_closed() {
            Room::Never
        } else if self.outgoing.capacity() > 0 {
            Room::Now
        } else {
            Room::Later
        }
    }

    /// Resolves when there is room, or never will be. Safe to cancel.
    pub(crate) async fn has_room(&self) {
        // The permit is given back at once; only this task sends.
        let _ = self.outgoing.reserve().await;
    }

    /// Hands a message to the socket; false when there is no room for it.
    pub(crate) fn send(&self, frame: Frame) -> bool {
        let message = match frame {
            Frame::Binary(bytes) => Message::Binary(bytes.into()),
            Frame::Text(text) => Message::Text(text.into()),
        };
        self.outgoing.try_send(Box::new(message)).is_ok()
    }

    /// Ends the connection after what was handed over has been sent; returns at once.
    pub(crate) fn close(self, closing: Closing) {
        let Self {
            stream,
            outgoing,
            cut,
            mut writer,
            slot,
            busy,
            ..
        } = self;
        tokio::spawn(async move {
            let _slot = slot;
            if matches!(closing, Closing::TooSlow | Closing::Replaced) {
                // The writer may be stuck, or gone.
                let _ = cut.send(frame(closing));
            } else {
                // The queue may be full of what has to come first.
                let last = Box::new(Message::Close(Some(frame(closing))));
                let _ = tokio::time::timeout(CLOSE_GRACE, outgoing.send(last)).await;
            }
            drop(outgoing);
            let _ = tokio::time::timeout(CLOSE_GRACE, &mut writer).await;
            drop(busy);
            // Unread input at the time a TCP connection is closed resets it, and the client might lose our last words.
            let drain = stream.for_each(|_| std::future::ready(()));
            let _ = tokio::time::timeout(CLOSE_GRACE, drain).await;
            if matches!(closing, Closing::TooBig | Closing::Invalid | Closing::Protocol) {
                // After such an error nothing more can be read: all there is to do is to give the client time.
                tokio::time::sleep(LINGER).await;
            }
            writer.abort();
        });
    }
}

async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Box<Message>>,
    mut cutting: oneshot::Receiver<CloseFrame>,
) {
    let frame = loop {
        let message = tokio::select! {
            biased;
            frame = &mut cutting => break frame.ok(),
            message = queue.recv() => message,
        };
        let Some(message) = message else { break None };
        let closes = matches!(*message, Message::Close(_));
        let sent = tokio::select! {
            biased;
            // Dropping a half-finished send is fine: nothing but a close follows.
            frame = &mut cutting => break frame.ok(),
            sent = sink.send(*message) => sent,
        };
        if sent.is_err() || closes {
            return;
        }
    };
    if let Some(frame) = frame {
        let _ = tokio::time::timeout(CLOSE_GRACE, sink.send(Message::Close(Some(frame)))).await;
    }
}

/// What an error of the WebSocket library means for the connection.
fn violation(error: axum::Error) -> Received {
    use tokio_tungstenite::tungstenite::Error;
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => Received::Violation(Closing::TooBig),
        Some(Error::Utf8(_)) => Received::Violation(Closing::Invalid),
        Some(Error::Protocol(_)) => Received::Violation(Closing::Protocol),
        _ => Received::Gone,
    }
}

fn frame(closing: Closing) -> CloseFrame {
    let (code, reason) = match closing {
        Closing::Normal => (close_code::NORMAL, "session over"),
        Closing::Invalid => (close_code::INVALID, "malformed message"),
        Closing::Protocol => (close_code::PROTOCOL, "not WebSocket"),
        Closing::Policy => (close_code::POLICY, "not accepted"),
        Closing::TooBig => (close_code::SIZE, "message too large"),
        Closing::Replaced => (close_code::NORMAL, "continued on another connection"),
        Closing::TooSlow => (close_code::AGAIN, "messages are taken too slowly"),
    };
    CloseFrame {
        code,
        reason: reason.into(),
    }
}
