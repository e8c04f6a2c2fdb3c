//! One socket with its session.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::trouter::{ClientConfig, ClientEnd, ClientEvent, ClientSession, Transport};

/// One socket with its session.
pub(super) struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    session: ClientSession,
    unflushed: bool,
}

impl Link {
    /// Waits until the service says that the client is connected; `None` when it does not.
    pub(super) async fn open(
        socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
        heartbeat: Duration,
    ) -> Option<Self> {
        let config = ClientConfig {
            heartbeat,
            ..ClientConfig::default()
        };
        let mut link = Self {
            socket,
            session: ClientSession::new(config, Transport::WebSocket, now()),
            unflushed: false,
        };
        loop {
            match link.next().await {
                ClientEvent::Connected => return Some(link),
                ClientEvent::Ended(_) => return None,
                _ => {}
            }
        }
    }

    /// The next event. Safe to cancel.
    pub(super) async fn next(&mut self) -> ClientEvent {
        loop {
            self.session.handle_timeout(now());
            if let Some(event) = self.session.poll_event() {
                return event;
            }
            // Without a timeout the session is over, and has said so.
            let Some(deadline) = self.session.poll_timeout() else {
                return ClientEvent::Ended(ClientEnd::Left);
            };
            tokio::select! {
                gone = poll_fn(|context| self.poll_io(context)) => if gone {
                    return ClientEvent::Ended(ClientEnd::Disconnected(None));
                },
                () = tokio::time::sleep_until(deadline.into()) => {}
            }
        }
    }

    /// Answers a notification; sent with the next event that is waited for.
    pub(super) fn answer(&mut self, id: u64, status: u16) {
        self.session.answer(now(), id, status);
    }

    /// Ready when something came, with whether the connection is gone.
    fn poll_io(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        if self.poll_write(context).is_err() {
            return Poll::Ready(true);
        }
        match self.socket.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(Message::Text(text)))) => {
                self.session.handle_packet(now(), text.as_str());
                Poll::Ready(false)
            }
            Poll::Ready(Some(Ok(Message::Close(_)) | Err(_)) | None) => Poll::Ready(true),
            Poll::Ready(Some(Ok(_))) => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Result<(), Error> {
        loop {
            match self.socket.poll_ready_unpin(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Ok(()),
            }
            let Some(packet) = self.session.poll_transmit() else {
                break;
            };
            self.socket.start_send_unpin(Message::text(packet))?;
            self.unflushed = true;
        }
        if self.unflushed
            && let Poll::Ready(flushed) = self.socket.poll_flush_unpin(context)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a client is the edge")]
fn now() -> Instant {
    Instant::now()
}
