//! One WebSocket: a task that reads, writes and keeps time at once, so that neither direction waits for the other.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anteroom_chat::trouter::{ConnectionId, ServerConfig, ServerEnd, ServerEvent, ServerSession};
use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};

use super::line::{Command, Line, SocketHandle};
use super::{Slot, Ticket, resource_of};
use crate::http::auth::{Caller, authenticate_bearer};
use crate::state::App;

/// How long the last words may take.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Packets read before the socket is written to again.
const READ_AT_ONCE: usize = 64;

/// Serves a socket that was opened with this secret until it is over.
pub(crate) async fn run(app: App, mut socket: WebSocket, sid: String, _slot: Slot) {
    let now = Instant::now();
    let Some(ticket) = app.notifications().redeem(&sid, now) else {
        // Not handshaken: the client starts anew.
        let _ = tokio::time::timeout(LAST_WORDS, socket.send(Message::Text("7:::1+0".into()))).await;
        return;
    };
    let connection = app.notifications().next_connection();
    let handle = ticket.line.attach(connection);
    let Some(config) = open(&app, &ticket).await else {
        ticket.line.detach(connection, Instant::now());
        return;
    };
    let mut task = Task {
        session: ServerSession::new(config, now),
        line: ticket.line,
        connection,
        handle,
        unflushed: false,
        cut: false,
    };
    let end = task.serve(&app, &mut socket).await;
    task.line.detach(connection, Instant::now());
    tracing::debug!(?end, "a notification socket is closed");
    if task.cut {
        return;
    }
    let close = async {
        while let Some(packet) = task.session.poll_transmit() {
            socket.feed(Message::Text(packet.into())).await?;
        }
        socket.send(Message::Close(None)).await
    };
    let _ = tokio::time::timeout(LAST_WORDS, close).await;
}

/// Looks at the token once more, now that a revocation finds the socket; `None` when it must not open.
pub(super) async fn open(app: &App, ticket: &Ticket) -> Option<ServerConfig> {
    if let Some(resource) = resource_of(ticket.line.user())
        && app.emulator().cuts_socket(resource)
    {
        return None;
    }
    let caller = authenticate_bearer(app, &ticket.token).await.ok()?;
    Some(ServerConfig::new(match &caller {
        Caller::Guest(claims) => claims.expires_at,
        Caller::Directory(claims) => claims.expires_at,
    }))
}

struct Task {
    session: ServerSession,
    line: Arc<Line>,
    connection: ConnectionId,
    handle: Arc<SocketHandle>,
    unflushed: bool,
    /// The connection is to go without a word.
    cut: bool,
}

impl Task {
    /// Until the session is over; says why.
    async fn serve(&mut self, app: &App, socket: &mut WebSocket) -> Option<ServerEnd> {
        loop {
            let (now, wall) = (Instant::now(), app.clock().now());
            self.session.handle_timeout(now, wall);
            self.line.handle_timeout(now);
            if let Some(command) = self.handle.command() {
                self.obey(command);
            }
            if let Some(end) = self.drain_events(app) {
                return Some(end);
            }
            let of_session = self.session.poll_timeout(now, wall);
            let of_line = self.line.poll_timeout();
            let deadline = [of_session, of_line].into_iter().flatten().min()?;
            let handle = Arc::clone(&self.handle);
            let clock_changed = app.clock().changed();
            tokio::select! {
                gone = poll_fn(|context| self.poll_io(app, socket, context)) => if gone {
                    return None;
                },
                () = handle.wake.notified() => {}
                () = tokio::time::sleep_until(deadline.into()) => {}
                () = clock_changed => {}
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Close(disconnect) => self.session.close(disconnect),
            Command::Cut | Command::TooSlow => {
                self.cut = true;
                self.session.cut_slow_reader();
            }
        }
    }

    fn drain_events(&mut self, app: &App) -> Option<ServerEnd> {
        while let Some(event) = self.session.poll_event() {
            match event {
                ServerEvent::Answered(answer) => {
                    if let Some(event_id) = self.line.answered(answer) {
                        app.notifications().count_answer(event_id, answer.status);
                    }
                }
                ServerEvent::Ended(end) => {
                    self.cut |= matches!(end, ServerEnd::Dead | ServerEnd::TooSlow);
                    return Some(end);
                }
                _ => {}
            }
        }
        None
    }

    /// Writes what there is room for, then reads. Ready when something came, with whether the connection is gone.
    fn poll_io(&mut self, app: &App, socket: &mut WebSocket, context: &mut Context<'_>) -> Poll<bool> {
        if self.poll_write(app, socket, context).is_err() {
            return Poll::Ready(true);
        }
        if self.cut {
            return Poll::Ready(false);
        }
        let now = Instant::now();
        for read in 0..READ_AT_ONCE {
            match socket.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(Message::Text(text)))) => self.session.handle_packet(now, text.as_str()),
                // WebSocket's own pings, and binary ones, which are no packets: a sign of life.
                Poll::Ready(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_)))) => {
                    self.session.touch(now);
                }
                Poll::Ready(Some(Ok(Message::Close(_)) | Err(_)) | None) => return Poll::Ready(true),
                Poll::Pending if read == 0 => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(false)
    }

    fn poll_write(
        &mut self,
        app: &App,
        socket: &mut WebSocket,
        context: &mut Context<'_>,
    ) -> Result<(), axum::Error> {
        loop {
            match socket.poll_ready_unpin(context) {
                Poll::Ready(ready) => ready?,
                Poll::Pending => return Ok(()),
            }
            let Some(packet) = self.next_packet(app) else {
                break;
            };
            socket.start_send_unpin(Message::Text(packet.into()))?;
            self.unflushed = true;
        }
        if self.unflushed
            && let Poll::Ready(flushed) = socket.poll_flush_unpin(context)
        {
            flushed?;
            self.unflushed = false;
        }
        Ok(())
    }

    fn next_packet(&mut self, app: &App) -> Option<String> {
        if let Some(packet) = self.session.poll_transmit() {
            return Some(packet);
        }
        if self.cut || !self.session.can_notify() {
            return None;
        }
        let out = self.line.poll(self.connection, Instant::now())?;
        if let Some(resource) = resource_of(self.line.user())
            && app.emulator().cuts_socket(resource)
        {
            self.obey(Command::Cut);
            return None;
        }
        self.session
            .notify(out.id, self.line.path(), &out.body, self.line.recipient());
        self.session.poll_transmit()
    }
}
