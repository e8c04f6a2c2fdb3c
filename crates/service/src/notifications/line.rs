//! One endpoint of one user, with the sockets it has.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anteroom_chat::trouter::{Answer, ConnectionId, Disconnect, Endpoint, EndpointLimits, Outgoing, Pushed};
use anteroom_chat::wire::notification::{NotificationBody, escaped_recipient};
use anteroom_identity::id::CommunicationIdentifier;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::Notify;

/// Allocations of an endpoint within the time below before it is to wait, unless it connects.
const ALLOCATIONS: usize = 5;
const ALLOCATIONS_WITHIN: Duration = Duration::from_secs(10);

/// Numbers of notifications that one millisecond of the clock stands for, so that an endpoint that was forgotten and
/// comes back does not use a number twice. Stays below 2⁵³ until the year 2250.
const IDS_PER_MS: u64 = 1000;

/// What a socket is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Say so and close.
    Close(Disconnect),
    /// Drop the connection without a word.
    Cut,
    /// The client does not take what it is sent: as a cut.
    TooSlow,
}

/// The way to wake a socket.
#[derive(Debug, Default)]
pub(crate) struct SocketHandle {
    pub(crate) wake: Notify,
    command: Mutex<Option<Command>>,
}

impl SocketHandle {
    fn tell(&self, command: Command) {
        let mut waiting = self.command.lock().unwrap_or_else(PoisonError::into_inner);
        // The first word stands, but nothing is weaker than a cut.
        if waiting.is_none() || matches!(command, Command::Cut) {
            *waiting = Some(command);
        }
        self.wake.notify_one();
    }

    /// The command that waits.
    pub(crate) fn command(&self) -> Option<Command> {
        self.command.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// One endpoint of one user.
#[derive(Debug)]
pub(crate) struct Line {
    user: CommunicationIdentifier,
    /// The user as packets have it.
    recipient: String,
    epid: String,
    /// Name in addresses: the same for the same user and endpoint, whenever.
    name: String,
    path: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    endpoint: Endpoint,
    sockets: Vec<(ConnectionId, Arc<SocketHandle>)>,
    allocations: VecDeque<Instant>,
}

impl Line {
    pub(crate) fn new(
        user: CommunicationIdentifier,
        epid: &str,
        limits: EndpointLimits,
        now: Instant,
    ) -> Self {
        let name = digest::digest(&digest::SHA256, format!("{user}\n{epid}").as_bytes());
        let name = URL_SAFE_NO_PAD.encode(name.as_ref().get(..12).unwrap_or_default());
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let first_id = u64::try_from(since_epoch.as_millis())
            .unwrap_or(0)
            .saturating_mul(IDS_PER_MS);
        Self {
            recipient: escaped_recipient(&user),
            user,
            epid: epid.to_owned(),
            path: format!("/v4/f/{name}/"),
            name,
            state: Mutex::new(State {
                endpoint: Endpoint::new(limits, first_id, now),
                sockets: Vec::new(),
                allocations: VecDeque::new(),
            }),
        }
    }

    pub(crate) fn user(&self) -> &CommunicationIdentifier {
        &self.user
    }

    pub(crate) fn epid(&self) -> &str {
        &self.epid
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn recipient(&self) -> &str {
        &self.recipient
    }

    /// False when the endpoint asks too often without connecting.
    pub(super) fn count_allocation(&self, now: Instant) -> bool {
        let mut state = self.state();
        while let Some(first) = state.allocations.front()
            && now.saturating_duration_since(*first) >= ALLOCATIONS_WITHIN
        {
            state.allocations.pop_front();
        }
        if state.allocations.len() >= ALLOCATIONS {
            return false;
        }
        state.allocations.push_back(now);
        true
    }

    /// A socket is open.
    pub(crate) fn attach(&self, connection: ConnectionId) -> Arc<SocketHandle> {
        let handle = Arc::new(SocketHandle::default());
        let mut state = self.state();
        state.allocations.clear();
        state.endpoint.connected(connection);
        state.sockets.push((connection, Arc::clone(&handle)));
        handle
    }

    /// A socket is gone.
    pub(crate) fn detach(&self, connection: ConnectionId, now: Instant) {
        let mut state = self.state();
        state.endpoint.disconnected(connection, now);
        state.sockets.retain(|(known, _)| *known != connection);
        state.wake_current();
    }

    pub(super) fn registered(&self, now: Instant) -> Option<ConnectionId> {
        let mut state = self.state();
        let old = state.endpoint.registered(now);
        state.wake_current();
        old
    }

    pub(super) fn unregistered(&self) {
        let mut state = self.state();
        state.endpoint.unregistered();
        state.wake_current();
    }

    pub(super) fn push(&self, body: NotificationBody) {
        let mut state = self.state();
        match state.endpoint.push(body) {
            Pushed::Wake(connection) => state.wake(connection),
            Pushed::Cut(connection) => state.tell(connection, Command::TooSlow),
            Pushed::Kept | Pushed::Lost => {}
        }
    }

    /// The next notification for this socket.
    pub(crate) fn poll(&self, connection: ConnectionId, now: Instant) -> Option<Outgoing> {
        self.state().endpoint.poll(connection, now)
    }

    /// An answer came. Gives the kind of event it is about.
    pub(crate) fn answered(&self, answer: Answer) -> Option<u16> {
        let mut state = self.state();
        let event_id = state.endpoint.answered(answer);
        // When this was the last answer to an old socket, the new one goes on.
        state.wake_current_if_waiting();
        event_id
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&self, now: Instant) {
        let mut state = self.state();
        let handed_over = state.endpoint.is_handing_over();
        if let Some(connection) = state.endpoint.handle_timeout(now) {
            state.tell(connection, Command::TooSlow);
        }
        // Any of the sockets may have kept the time.
        if handed_over && !state.endpoint.is_handing_over() {
            state.wake_current();
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.state().endpoint.poll_timeout()
    }

    pub(crate) fn command(&self, connection: ConnectionId, command: Command) {
        self.state().tell(connection, command);
    }

    pub(super) fn command_all(&self, command: Command) {
        for (_, handle) in &self.state().sockets {
            handle.tell(command);
        }
    }

    pub(super) fn away_since(&self) -> Option<Instant> {
        self.state().endpoint.detached_at()
    }

    pub(super) fn is_abandoned(&self, now: Instant) -> bool {
        self.state().endpoint.is_abandoned(now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn handle(&self, connection: ConnectionId) -> Option<&Arc<SocketHandle>> {
        let socket = self.sockets.iter().find(|(known, _)| *known == connection);
        socket.map(|(_, handle)| handle)
    }

    fn wake(&self, connection: ConnectionId) {
        if let Some(handle) = self.handle(connection) {
            handle.wake.notify_one();
        }
    }

    fn wake_current(&self) {
        if let Some(current) = self.endpoint.current() {
            self.wake(current);
        }
    }

    fn wake_current_if_waiting(&self) {
        if self.sockets.len() > 1 {
            self.wake_current();
        }
    }

    fn tell(&self, connection: ConnectionId, command: Command) {
        if let Some(handle) = self.handle(connection) {
            handle.tell(command);
        }
    }
}
