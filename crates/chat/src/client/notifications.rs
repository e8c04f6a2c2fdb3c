//! Real-time notifications: events as they happen, over a WebSocket that is opened again whenever it drops.

mod connect;
mod link;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use uuid::Uuid;

use self::connect::{ConnectError, Connector};
use self::link::Link;
use super::ChatClient;
use crate::trouter::{ClientEvent, NotificationRequest, ReconnectTarget, SeenNotifications};
use crate::wire::notification::{ChatNotification, MalformedNotification};
use anteroom_identity::client::Error;

/// Events that may wait for the application. When it takes none, the service keeps them, and in the end cuts the socket.
const WAITING: usize = 256;

/// Back-off after the first failure; it doubles up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LAST_WAIT: Duration = Duration::from_secs(50);

/// How often in a row a token may be refused before that is final.
const MAX_REFUSED: u32 = 4;

/// How long the socket that was replaced is still listened to.
const OLD_SOCKET: Duration = Duration::from_secs(60);

/// What happens.
#[derive(Debug)]
#[non_exhaustive]
pub enum RealtimeEvent {
    /// Notifications come from now on. What happened before the first time, or while disconnected for more than two
    /// minutes, is to be listed.
    Connected,
    /// The connection dropped; another is being opened.
    Disconnected,
    /// Something happened in a thread.
    Notification(Box<ChatNotification>),
    /// A notification that could not be read. The service has been told.
    Malformed(MalformedNotification),
    /// The end: the service does not accept the token any more.
    Stopped(Error),
}

/// A subscription to everything the user may know. Dropping it ends it without a word; [`stop`](Self::stop) says so.
#[derive(Debug)]
pub struct RealtimeNotifications {
    events: mpsc::Receiver<RealtimeEvent>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl ChatClient {
    /// Starts to listen. Needs a tokio runtime; the first [`RealtimeEvent::Connected`] says that notifications come.
    ///
    /// # Errors
    /// [`Error`] when the service's configuration cannot be had; later failures are repaired, or are events.
    pub async fn start_realtime_notifications(&self) -> Result<RealtimeNotifications, Error> {
        let connector = Connector::configure(self.clone()).await?;
        let (sender, events) = mpsc::channel(WAITING);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut driver = Driver {
                connector,
                events: sender,
                seen: SeenNotifications::default(),
            };
            tokio::select! {
                () = driver.run() => {}
                // Said by stop(); when the receiver was dropped, the driver ends by itself.
                Ok(()) = stopped => {}
            }
            driver.connector.unregister().await;
        });
        Ok(RealtimeNotifications {
            events,
            stop: Some(stop),
            task,
        })
    }
}

impl RealtimeNotifications {
    /// The next event; `None` after [`RealtimeEvent::Stopped`]. Safe to cancel.
    pub async fn next(&mut self) -> Option<RealtimeEvent> {
        self.events.recv().await
    }

    /// Ends the subscription and tells the service.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.events.close();
        // The task ends after one request at the most.
        let _ = (&mut self.task).await;
    }
}

impl Drop for RealtimeNotifications {
    fn drop(&mut self) {
        if self.stop.is_some() {
            self.task.abort();
        }
    }
}

/// Keeps one socket open, two while the service moves it.
struct Driver {
    connector: Connector,
    events: mpsc::Sender<RealtimeEvent>,
    seen: SeenNotifications,
}

/// Why a socket is no longer served.
enum Over {
    /// It dropped, or the service closed it.
    Lost,
    /// Nobody listens any more.
    Unheard,
}

impl Driver {
    async fn run(&mut self) {
        let (mut failures, mut refused) = (0u32, 0u32);
        loop {
            match self.connector.connect(ReconnectTarget::SameEndpoint).await {
                Ok(link) => {
                    (failures, refused) = (0, 0);
                    if matches!(self.serve(link).await, Over::Unheard) {
                        return;
                    }
                    if self.events.send(RealtimeEvent::Disconnected).await.is_err() {
                        return;
                    }
                    // At once, as the official SDK does.
                    continue;
                }
                Err(ConnectError::Refused(error)) => {
                    refused += 1;
                    if refused >= MAX_REFUSED {
                        let _ = self.events.send(RealtimeEvent::Stopped(error)).await;
                        return;
                    }
                }
                Err(ConnectError::Failed) => refused = 0,
            }
            failures = failures.saturating_add(1);
            let wait = FIRST_WAIT
                .saturating_mul(1 << (failures - 1).min(6))
                .min(LAST_WAIT);
            tokio::select! {
                () = tokio::time::sleep(jittered(wait)) => {}
                () = self.events.closed() => return,
            }
        }
    }

    /// Until the socket, and those that take its place, are gone.
    async fn serve(&mut self, mut link: Link) -> Over {
        if self.events.send(RealtimeEvent::Connected).await.is_err() {
            return Over::Unheard;
        }
        self.connector.register().await;
        let mut old: Option<(Link, tokio::time::Instant)> = None;
        let mut moves: VecDeque<ReconnectTarget> = VecDeque::new();
        loop {
            if let Some(target) = moves.pop_front()
                && let Ok(newer) = self.connector.connect(target).await
            {
                // It took over what the old one was for; its end is no disconnection.
                if self.events.send(RealtimeEvent::Connected).await.is_err() {
                    return Over::Unheard;
                }
                self.connector.register().await;
                let until = tokio::time::Instant::now() + OLD_SOCKET;
                old = Some((std::mem::replace(&mut link, newer), until));
            }
            let event = tokio::select! {
                event = link.next() => (event, true),
                event = old_event(&mut old) => (event, false),
                () = self.events.closed() => return Over::Unheard,
                () = tokio::time::sleep(self.connector.register_again_in()) => {
                    self.connector.register().await;
                    continue;
                }
            };
            match event {
                (ClientEvent::Notification(request), is_current) => {
                    let id = request.id;
                    let (status, event) = self.read(request);
                    if let Some(event) = event
                        && self.events.send(event).await.is_err()
                    {
                        return Over::Unheard;
                    }
                    match (&mut old, is_current) {
                        (Some((old, _)), false) => old.answer(id, status),
                        _ => link.answer(id, status),
                    }
                }
                (ClientEvent::Reconnect(target), true) => moves.push_back(target),
                (ClientEvent::Ended(_), true) => return Over::Lost,
                (ClientEvent::Ended(_), false) => old = None,
                _ => {}
            }
        }
    }

    /// The answer to a notification, and what the application is told.
    fn read(&mut self, request: NotificationRequest) -> (u16, Option<RealtimeEvent>) {
        if self.connector.numbers_outlive_sockets() && !self.seen.insert(request.id) {
            return (200, None);
        }
        match ChatNotification::parse(&request.body) {
            Ok(notification) => (200, Some(RealtimeEvent::Notification(Box::new(notification)))),
            Err(malformed) => (404, Some(RealtimeEvent::Malformed(malformed))),
        }
    }
}

/// What the socket that was replaced still says; its time may end without a word.
async fn old_event(old: &mut Option<(Link, tokio::time::Instant)>) -> ClientEvent {
    match old {
        Some((link, until)) => {
            let until = *until;
            tokio::select! {
                event = link.next() => event,
                () = tokio::time::sleep_until(until) => ClientEvent::Ended(crate::trouter::ClientEnd::Left),
            }
        }
        None => std::future::pending().await,
    }
}

/// Within a fifth of the time, so that the clients of a service that restarts do not come all at once.
fn jittered(wait: Duration) -> Duration {
    let random = Uuid::new_v4().as_bytes()[0];
    wait.mul_f64(0.8 + 0.4 * f64::from(random) / 255.0)
}
