//! Real-time notifications: who listens, by which sockets, and getting every event to all of them in order.
//!
//! ```text
//! ChatHub ──notices, in commit order──► dispatcher ──► lines of each recipient ──► socket tasks
//! ```
//!
//! A *line* is one endpoint of one user: a browser tab, a device. It keeps what its client has not answered, so that a
//! socket that drops loses nothing; see [`anteroom_chat::trouter::Endpoint`]. Sockets pull from their line as they can
//! write, so that a slow reader fills its own line and nobody else's.

mod line;
mod polling;
mod socket;
mod ticket;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anteroom_chat::Notice;
use anteroom_chat::trouter::{ConnectionId, Disconnect, EndpointLimits};
use anteroom_chat::wire::notification::NotificationBody;
use anteroom_identity::id::{CommunicationIdentifier, ResourceId};
use tokio::sync::mpsc;

pub(crate) use self::line::{Command, Line};
pub(crate) use self::polling::{NOT_HANDSHAKEN, PollSocket};
pub(crate) use self::socket::run as run_socket;
pub(crate) use self::ticket::Ticket;
use self::ticket::Tickets;
use crate::chat::Told;
use crate::chat::names::{HiddenNames, names_only};
use crate::emulator::Cut;
use crate::state::App;

/// Endpoints of one user at a time.
const LINES_PER_USER: usize = 32;

/// Endpoints for each socket there may be: those whose client is away, or has not connected yet.
const LINES_PER_SOCKET: usize = 2;

/// How often endpoints without a socket are looked at.
const SWEEP_EVERY: Duration = Duration::from_secs(10);

/// How long the socket that was replaced stays, for its last answers.
const REPLACED_AFTER: Duration = Duration::from_secs(5);

/// Everybody who listens; clones are the same.
#[derive(Debug, Clone)]
pub struct Notifications(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    lines: RwLock<HashMap<CommunicationIdentifier, Vec<Arc<Line>>>>,
    line_count: AtomicUsize,
    tickets: Mutex<Tickets>,
    polls: Mutex<HashMap<String, Arc<PollSocket>>>,
    next_connection: AtomicU64,
    sockets: AtomicUsize,
    max_sockets: usize,
    delivered: AtomicU64,
    failed: AtomicU64,
}

/// No room for another endpoint or socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The user has, or the service has, as many as there may be.
    #[error("too many notification sockets")]
    TooMany,
    /// One endpoint asks again and again without ever connecting.
    #[error("the endpoint does not connect")]
    TooOften,
}

/// Figures for those who run the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotificationStats {
    /// Sockets that are open.
    pub sockets: usize,
    /// Endpoints, connected or away.
    pub endpoints: usize,
    /// Notifications that clients took.
    pub delivered: u64,
    /// Notifications that clients could not read or had no handler for.
    pub failed: u64,
}

/// One of the sockets there may be.
#[derive(Debug)]
pub(crate) struct Slot(Notifications);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.0.sockets.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Notifications {
    /// Nobody listens yet.
    #[must_use]
    pub fn new(max_sockets: usize) -> Self {
        Self(Arc::new(Parts {
            lines: RwLock::default(),
            line_count: AtomicUsize::new(0),
            tickets: Mutex::default(),
            polls: Mutex::default(),
            next_connection: AtomicU64::new(1),
            sockets: AtomicUsize::new(0),
            max_sockets,
            delivered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }))
    }

    /// Starts what runs as long as the service: the dispatcher, and the sweeping of endpoints that nobody comes back to.
    pub(crate) fn start(&self, mut notices: mpsc::Receiver<Told>) {
        let notifications = self.clone();
        tokio::spawn(async move {
            while let Some(Told { notice, hidden }) = notices.recv().await {
                notifications.publish(&notice, hidden.as_deref());
            }
        });
        let weak = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                let Some(parts) = weak.upgrade() else { return };
                Self(parts).sweep(Instant::now());
            }
        });
    }

    /// Cuts sockets when a developer asks for it.
    pub(crate) fn obey(&self, app: &App) {
        let mut cuts = app.emulator().cuts();
        let weak = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            use tokio::sync::broadcast::error::RecvError;
            loop {
                let cut = match cuts.recv().await {
                    Ok(cut) => Some(cut),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                };
                let Some(parts) = weak.upgrade() else { return };
                Self(parts).cut(cut.as_ref());
            }
        });
    }

    /// Figures.
    #[must_use]
    pub fn stats(&self) -> NotificationStats {
        NotificationStats {
            sockets: self.0.sockets.load(Ordering::Acquire),
            endpoints: self.0.line_count.load(Ordering::Acquire),
            delivered: self.0.delivered.load(Ordering::Relaxed),
            failed: self.0.failed.load(Ordering::Relaxed),
        }
    }

    /// Closes all sockets of a user whose tokens are no longer good; the client comes back if it gets a good one.
    pub fn revoked(&self, user: &CommunicationIdentifier) {
        self.command_user(user, Command::Close(Disconnect::Unauthorized));
    }

    /// Closes all sockets of a user who is no more, and forgets what was kept for it.
    pub fn deleted(&self, user: &CommunicationIdentifier) {
        self.command_user(user, Command::Close(Disconnect::Evicted));
        let removed = self.lines_mut().remove(user).unwrap_or_default();
        self.0.line_count.fetch_sub(removed.len(), Ordering::AcqRel);
    }

    /// Closes all sockets of a resource's users, whose tokens may no longer be good.
    pub fn recheck(&self, resource: ResourceId) {
        self.command_where(
            |user| resource_of(user) == Some(resource),
            Command::Close(Disconnect::Unauthorized),
        );
    }

    /// Cuts sockets without a word; all of them for `None`.
    fn cut(&self, cut: Option<&Cut>) {
        self.command_where(
            |user| match (cut, resource_of(user)) {
                (None, _) => true,
                (Some(cut), Some(resource)) => cut.concerns(resource, user),
                (Some(cut), None) => cut.user.as_ref() == Some(user),
            },
            Command::Cut,
        );
    }

    fn command_user(&self, user: &CommunicationIdentifier, command: Command) {
        for line in self.lines().get(user).into_iter().flatten() {
            line.command_all(command);
        }
    }

    fn command_where(&self, is_meant: impl Fn(&CommunicationIdentifier) -> bool, command: Command) {
        for (_, lines) in self.lines().iter().filter(|(user, _)| is_meant(user)) {
            for line in lines {
                line.command_all(command);
            }
        }
    }

    /// The user's endpoint of this id; made when there is none.
    ///
    /// # Errors
    /// [`Refusal`]
    pub(crate) fn allocate(
        &self,
        user: &CommunicationIdentifier,
        epid: &str,
        now: Instant,
    ) -> Result<Arc<Line>, Refusal> {
        let line = self.line_or_new(user, epid, now)?;
        if line.count_allocation(now) {
            Ok(line)
        } else {
            Err(Refusal::TooOften)
        }
    }

    /// The user's endpoint of this id, which was allocated before; made when it was forgotten since.
    ///
    /// # Errors
    /// [`Refusal::TooMany`]
    pub(crate) fn line_for_handshake(
        &self,
        user: &CommunicationIdentifier,
        epid: &str,
        now: Instant,
    ) -> Result<Arc<Line>, Refusal> {
        self.line_or_new(user, epid, now)
    }

    fn line_or_new(
        &self,
        user: &CommunicationIdentifier,
        epid: &str,
        now: Instant,
    ) -> Result<Arc<Line>, Refusal> {
        if let Some(line) = self.line(user, epid) {
            return Ok(line);
        }
        let mut lines = self.lines_mut();
        let of_user = lines.entry(user.clone()).or_default();
        if let Some(line) = of_user.iter().find(|line| line.epid() == epid) {
            return Ok(Arc::clone(line));
        }
        if of_user.len() >= LINES_PER_USER {
            // A tab that was closed says nothing: the one longest away goes.
            let away = of_user
                .iter()
                .enumerate()
                .filter_map(|(index, line)| line.away_since().map(|since| (since, index)))
                .min();
            let Some((_, index)) = away else {
                return Err(Refusal::TooMany);
            };
            of_user.remove(index);
            self.0.line_count.fetch_sub(1, Ordering::AcqRel);
        }
        let most = self.0.max_sockets.saturating_mul(LINES_PER_SOCKET);
        if self.0.line_count.load(Ordering::Acquire) >= most {
            if of_user.is_empty() {
                lines.remove(user);
            }
            return Err(Refusal::TooMany);
        }
        let line = Arc::new(Line::new(user.clone(), epid, EndpointLimits::default(), now));
        of_user.push(Arc::clone(&line));
        self.0.line_count.fetch_add(1, Ordering::AcqRel);
        Ok(line)
    }

    /// The client has registered the newest socket of an endpoint.
    pub(crate) fn registered(&self, user: &CommunicationIdentifier, epid: &str, now: Instant) {
        let Some(line) = self.line(user, epid) else { return };
        if let Some(old) = line.registered(now) {
            tokio::spawn(async move {
                tokio::time::sleep(REPLACED_AFTER).await;
                line.command(old, Command::Close(Disconnect::Replaced));
            });
        }
    }

    /// The client of an endpoint stops listening.
    pub(crate) fn unregistered(&self, user: &CommunicationIdentifier, epid: &str) {
        let mut lines = self.lines_mut();
        let Some(of_user) = lines.get_mut(user) else {
            return;
        };
        // A socket that is open stays: the client may have started again in the meantime.
        let before = of_user.len();
        of_user.retain(|line| {
            if line.epid() != epid {
                return true;
            }
            line.unregistered();
            line.away_since().is_none()
        });
        self.0
            .line_count
            .fetch_sub(before - of_user.len(), Ordering::AcqRel);
        if of_user.is_empty() {
            lines.remove(user);
        }
    }

    /// Hands out the secret with which a socket is opened.
    pub(crate) fn issue_ticket(&self, ticket: Ticket, now: Instant) -> String {
        self.tickets().issue(ticket, now)
    }

    /// Takes a secret; it is good once.
    pub(crate) fn redeem(&self, sid: &str, now: Instant) -> Option<Ticket> {
        self.tickets().redeem(sid, now)
    }

    /// Room for one more socket.
    pub(crate) fn slot(&self) -> Option<Slot> {
        let taken = self.0.sockets.fetch_add(1, Ordering::AcqRel);
        let slot = Slot(self.clone());
        (taken < self.0.max_sockets).then_some(slot)
    }

    pub(crate) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.0.next_connection.fetch_add(1, Ordering::Relaxed))
    }

    /// The polling socket of this name.
    pub(crate) fn poll_socket(&self, sid: &str) -> Option<Arc<PollSocket>> {
        self.polls().get(sid).cloned()
    }

    pub(crate) fn add_poll_socket(&self, sid: &str, socket: Arc<PollSocket>) {
        self.polls().insert(sid.to_owned(), socket);
    }

    pub(crate) fn remove_poll_socket(&self, sid: &str) {
        self.polls().remove(sid);
    }

    /// Counts an answer, and says in the log what a client could not read: there is no other sign of it.
    pub(crate) fn count_answer(&self, event_id: u16, status: u16) {
        if status == 200 {
            self.0.delivered.fetch_add(1, Ordering::Relaxed);
        } else {
            self.0.failed.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(event_id, status, "a client did not take a notification");
        }
    }

    /// One event to everybody who is to hear of it. Its body is written when the first listener is found; where names are
    /// hidden, once with and once without them.
    fn publish(&self, notice: &Notice, hidden: Option<&HiddenNames>) {
        let lines = self.lines();
        let (mut full, mut masked) = (None, None);
        for recipient in notice.recipients.iter() {
            let Some(of_user) = lines.get(recipient) else {
                continue;
            };
            let own = names_only(&notice.event) == Some(recipient);
            let hidden = hidden.filter(|hidden| !own && hidden.hides_from(recipient));
            let body = if hidden.is_some() { &mut masked } else { &mut full };
            if body.is_none() {
                let written = match hidden {
                    Some(hidden) => NotificationBody::new(&hidden.masked(&notice.event)),
                    None => NotificationBody::new(&notice.event),
                };
                let Some(written) = written else {
                    return;
                };
                *body = Some(written);
            }
            if let Some(body) = body {
                for line in of_user {
                    line.push(body.clone());
                }
            }
        }
    }

    fn sweep(&self, now: Instant) {
        let mut lines = self.lines_mut();
        let mut removed = 0;
        lines.retain(|_, of_user| {
            let before = of_user.len();
            of_user.retain(|line| !line.is_abandoned(now));
            removed += before - of_user.len();
            !of_user.is_empty()
        });
        self.0.line_count.fetch_sub(removed, Ordering::AcqRel);
    }

    fn line(&self, user: &CommunicationIdentifier, epid: &str) -> Option<Arc<Line>> {
        let lines = self.lines();
        let line = lines.get(user)?.iter().find(|line| line.epid() == epid)?;
        Some(Arc::clone(line))
    }

    fn lines(&self) -> std::sync::RwLockReadGuard<'_, HashMap<CommunicationIdentifier, Vec<Arc<Line>>>> {
        self.0.lines.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn lines_mut(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<CommunicationIdentifier, Vec<Arc<Line>>>> {
        self.0.lines.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn tickets(&self) -> MutexGuard<'_, Tickets> {
        self.0.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn polls(&self) -> MutexGuard<'_, HashMap<String, Arc<PollSocket>>> {
        self.0.polls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ACS resource of a user; `None` for those of a directory.
pub(crate) fn resource_of(user: &CommunicationIdentifier) -> Option<ResourceId> {
    match user {
        CommunicationIdentifier::CommunicationUser(user) => Some(user.resource()),
        _ => None,
    }
}
