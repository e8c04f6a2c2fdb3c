//! One socket over long polling: a session that requests come to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anteroom_chat::trouter::{ConnectionId, ServerEvent, ServerSession, polling};
use tokio::sync::Notify;

use super::line::{Command, Line, SocketHandle};
use super::{Slot, Ticket, resource_of, socket};
use crate::state::App;

/// How long a poll without news hangs.
const HANG: Duration = Duration::from_secs(25);

/// Most packets in one answer.
const PACKETS: usize = 64;

/// After so many bytes an answer is sent.
const BYTES: usize = 256 * 1024;

/// How long the last words wait for a poll.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// What a client that is not known is told.
pub(crate) const NOT_HANDSHAKEN: &str = "7:::1+0";

/// A socket over long polling.
#[derive(Debug)]
pub(crate) struct PollSocket {
    line: Arc<Line>,
    connection: ConnectionId,
    handle: Arc<SocketHandle>,
    session: Mutex<ServerSession>,
    /// Wakes the task that keeps time.
    minder: Notify,
    _slot: Slot,
}

impl PollSocket {
    /// Opens a socket under the secret's name; `None` when it must not open.
    pub(crate) async fn open(app: &App, sid: &str, ticket: Ticket, slot: Slot) -> Option<Arc<Self>> {
        let now = Instant::now();
        let connection = app.notifications().next_connection();
        let handle = ticket.line.attach(connection);
        let Some(config) = socket::open(app, &ticket).await else {
            ticket.line.detach(connection, now);
            return None;
        };
        let poll_socket = Arc::new(Self {
            line: ticket.line,
            connection,
            handle,
            session: Mutex::new(ServerSession::new(config, now)),
            minder: Notify::new(),
            _slot: slot,
        });
        app.notifications().add_poll_socket(sid, Arc::clone(&poll_socket));
        tokio::spawn(Arc::clone(&poll_socket).mind(app.clone(), sid.to_owned()));
        Some(poll_socket)
    }

    /// A `GET`: packets, or a sign of life after a while.
    pub(crate) async fn get(&self, app: &App) -> String {
        let hang_until = Instant::now() + HANG;
        loop {
            let woken = self.handle.wake.notified();
            let packets = self.packets(app);
            if !packets.is_empty() {
                return polling::body(&packets);
            }
            if self.session().is_ended() {
                return NOT_HANDSHAKEN.to_owned();
            }
            let now = Instant::now();
            if now >= hang_until {
                return "8::".to_owned();
            }
            // What the line waits for may have changed since the task that keeps time looked.
            self.minder.notify_one();
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep_until(hang_until.into()) => {}
            }
        }
    }

    /// A `POST`: packets of the client.
    pub(crate) fn post(&self, app: &App, body: &str) {
        self.session().handle_body(Instant::now(), body);
        self.drain_events(app);
        // What came may have to be answered by the poll that hangs.
        self.handle.wake.notify_one();
        self.minder.notify_one();
    }

    fn packets(&self, app: &App) -> Vec<String> {
        let now = Instant::now();
        self.obey();
        let mut packets = Vec::new();
        let mut bytes = 0;
        let mut session = self.session();
        session.touch(now);
        while packets.len() < PACKETS && bytes < BYTES {
            if let Some(packet) = session.poll_transmit() {
                bytes += packet.len();
                packets.push(packet);
                continue;
            }
            if !session.can_notify() {
                break;
            }
            let Some(out) = self.line.poll(self.connection, now) else {
                break;
            };
            if let Some(resource) = resource_of(self.line.user())
                && app.emulator().cuts_socket(resource)
            {
                session.cut_slow_reader();
                self.minder.notify_one();
                break;
            }
            session.notify(out.id, self.line.path(), &out.body, self.line.recipient());
        }
        packets
    }

    fn obey(&self) {
        let Some(command) = self.handle.command() else {
            return;
        };
        match command {
            Command::Close(disconnect) => self.session().close(disconnect),
            Command::Cut | Command::TooSlow => self.session().cut_slow_reader(),
        }
        self.minder.notify_one();
    }

    /// Whether the session is over.
    fn drain_events(&self, app: &App) -> bool {
        loop {
            let event = self.session().poll_event();
            match event {
                Some(ServerEvent::Answered(answer)) => {
                    if let Some(event_id) = self.line.answered(answer) {
                        app.notifications().count_answer(event_id, answer.status);
                    }
                }
                Some(_) => {}
                None => return self.session().is_ended(),
            }
        }
    }

    /// Keeps time until the session is over, then takes the socket away.
    async fn mind(self: Arc<Self>, app: App, sid: String) {
        loop {
            let (now, wall) = (Instant::now(), app.clock().now());
            self.session().handle_timeout(now, wall);
            self.line.handle_timeout(now);
            self.obey();
            let has_news = self.session().has_outgoing();
            if has_news {
                self.handle.wake.notify_one();
            }
            if self.drain_events(&app) {
                break;
            }
            let of_session = self.session().poll_timeout(now, wall);
            let of_line = self.line.poll_timeout();
            let Some(deadline) = [of_session, of_line].into_iter().flatten().min() else {
                break;
            };
            tokio::select! {
                () = self.minder.notified() => {}
                () = tokio::time::sleep_until(deadline.into()) => {}
                () = app.clock().changed() => {}
            }
        }
        self.line.detach(self.connection, Instant::now());
        self.handle.wake.notify_one();
        if self.session().has_outgoing() {
            // The reason of a close is fetched by the next poll.
            tokio::time::sleep(LAST_WORDS).await;
        }
        app.notifications().remove_poll_socket(&sid);
    }

    fn session(&self) -> MutexGuard<'_, ServerSession> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
