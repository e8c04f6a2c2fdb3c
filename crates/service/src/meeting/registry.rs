//! Which meetings and sessions run.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anteroom_identity::id::{AcsUserId, ResourceId, TenantId};
use anteroom_media_transport::Error as MediaError;
use anteroom_media_transport::net::MetricsSnapshot;
use anteroom_media_transport::router::{Event, RoomId, TrackId};
use anteroom_signaling::sdp::Description;
use anteroom_signaling::session::JoinLocator;
use anteroom_teams_link::admission::{self, EndReason};
use anteroom_teams_link::link::{self, LinkError, MeetingRef};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::events::MeetingEvents;
use super::limits::Connections;
use super::live::LiveCall;
use super::machine::{Person, PersonKind, SessionId, room_of};
use super::task::{self, ToMeeting};
use super::{MeetingHandle, ToSession, Venue};
use crate::error::StartError;
use crate::http::failures::Wait;
use crate::media::negotiate::Refused;
use crate::media::{self, MediaAddrs, MediaControl, Preflight};
use crate::state::App;

/// How long calls may take to end when the service stops.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// How long a meeting may take to say who is there.
const REPORT_WITHIN: Duration = Duration::from_secs(2);

/// The running meetings and sessions of one service; clones are the same registry.
///
/// Made with [`new`](Self::new), in use between [`start`](Self::start) and [`shutdown`](Self::shutdown).
#[derive(Debug, Clone)]
pub struct Registry(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    running: OnceLock<Running>,
    state: Mutex<State>,
    sessions: AtomicU64,
    rooms: AtomicU64,
    events: MeetingEvents,
    stopping: watch::Sender<bool>,
    /// A clone is held by everything that still has something to do; the channel closes when nothing has.
    tracker: Mutex<Option<mpsc::Sender<()>>>,
    tracked: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

/// What there is from `start` on.
#[derive(Debug)]
struct Running {
    media: MediaControl,
    connections: Connections,
    /// For each check of a network that may run at the same time.
    network_checks: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    /// Set by `start`, cleared by `shutdown`: the app holds the registry, and the registry the app.
    app: Option<App>,
    /// By [`Venue::key`].
    meetings: HashMap<String, mpsc::Sender<ToMeeting>>,
    /// By room, for events of the media router.
    rooms: HashMap<u64, mpsc::Sender<ToMeeting>>,
    /// By resume token.
    tokens: HashMap<String, mpsc::Sender<ToSession>>,
    /// Of guests, whose tokens can become void.
    guests: HashMap<AcsUserId, Vec<(SessionId, mpsc::Sender<ToSession>)>>,
    pump: Option<JoinHandle<()>>,
}

/// Held by whatever has to finish before the service has stopped.
#[derive(Debug)]
pub(crate) struct Busy(#[expect(dead_code, reason = "its drop is what counts")] Option<mpsc::Sender<()>>);

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// A registry with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        let (tracker, tracked) = mpsc::channel(1);
        Self(Arc::new(Parts {
            running: OnceLock::new(),
            state: Mutex::default(),
            sessions: AtomicU64::new(1),
            rooms: AtomicU64::new(1),
            events: MeetingEvents::default(),
            stopping: watch::Sender::new(false),
            tracker: Mutex::new(Some(tracker)),
            tracked: tokio::sync::Mutex::new(tracked),
        }))
    }

    /// Starts media; meetings can be joined from now on. Returns the addresses listened on.
    ///
    /// # Errors
    /// A media port is taken or cannot be listened on; the registry was started before.
    pub fn start(&self, app: &App) -> Result<MediaAddrs, StartError> {
        let (media, events) = media::start(app.config())?;
        let addresses = media.addresses();
        let running = Running {
            media,
            connections: Connections::new(&app.config().limits),
            network_checks: Arc::new(Semaphore::new(app.config().limits.network_checks)),
        };
        if self.0.running.set(running).is_err() {
            return Err(StartError::Internal("the registry was started twice".to_owned()));
        }
        let pump = tokio::spawn(pump(self.clone(), events));
        let mut state = self.state();
        state.app = Some(app.clone());
        state.pump = Some(pump);
        Ok(addresses)
    }

    /// Ends all calls with 503 / 990040 `service_stopping`, waits until their participants have been told and guests are
    /// out of the chats, then stops media.
    pub async fn shutdown(&self) {
        self.0.stopping.send_replace(true);
        let meetings: Vec<_> = self.state().meetings.values().cloned().collect();
        let ended = async {
            for meeting in meetings {
                // One that has gone has nothing left to end.
                let _ = meeting.send(ToMeeting::ShutDown).await;
            }
            self.0
                .tracker
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            let mut tracked = self.0.tracked.lock().await;
            while tracked.recv().await.is_some() {}
        };
        if tokio::time::timeout(SHUTDOWN_GRACE, ended).await.is_err() {
            tracing::warn!("some calls did not end in time");
        }
        self.0.events.close();
        if let Some(running) = self.0.running.get() {
            running.media.shutdown().await;
        }
        let pump = {
            let mut state = self.state();
            let pump = state.pump.take();
            *state = State::default();
            pump
        };
        if let Some(pump) = pump {
            pump.abort();
        }
    }

    /// What happens in calls.
    #[must_use]
    pub fn events(&self) -> &MeetingEvents {
        &self.0.events
    }

    /// Whether [`shutdown`](Self::shutdown) has been called.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.0.stopping.borrow()
    }

    /// What each media thread has counted; nothing before media has started.
    #[must_use]
    pub fn media_metrics(&self) -> Vec<MetricsSnapshot> {
        let running = self.0.running.get();
        running.map_or_else(Vec::new, |running| running.media.metrics())
    }

    /// Meetings with somebody in the lobby or in the call.
    #[must_use]
    pub fn running_meetings(&self) -> usize {
        self.state().meetings.len()
    }

    /// Whether somebody is in the lobby or in the call of the meeting with this id.
    #[must_use]
    pub fn is_running(&self, meeting: &str) -> bool {
        self.state().meetings.contains_key(meeting)
    }

    /// Resolves when [`shutdown`](Self::shutdown) is called.
    pub(crate) fn stopping(&self) -> impl Future<Output = ()> + use<> {
        let mut stopping = self.0.stopping.subscribe();
        async move {
            // The sender lives as long as the registry.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }
    }

    /// Makes `shutdown` wait until this is dropped.
    pub(crate) fn busy(&self) -> Busy {
        Busy(
            self.0
                .tracker
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }

    /// Room for a connection from a source, if there is any.
    pub(crate) fn connection_slot(&self, source: IpAddr) -> Option<super::Slot> {
        self.0.running.get()?.connections.take(source)
    }

    /// Begins a check of somebody's network; gives it with the answer to its offer.
    ///
    /// # Errors
    /// As [`Preflight::begin`], and `busy` when as many run as may.
    pub(crate) async fn check_network(&self, offer: Description) -> Result<(Preflight, String), Refused> {
        let running = self.0.running.get().filter(|_| !self.is_stopping());
        let found = running.and_then(|running| {
            let permit = Arc::clone(&running.network_checks).try_acquire_owned().ok()?;
            Some((running.media.clone(), permit))
        });
        let (media, permit) = found.ok_or(Refused {
            key: "busy",
            message: "Too many networks are checked at the moment; try again.",
        })?;
        let room = RoomId(self.0.rooms.fetch_add(1, Ordering::Relaxed));
        Preflight::begin(media, room, permit, offer).await
    }

    /// What the media router was told since the last call.
    #[cfg(test)]
    pub(super) fn media_commands(&self) -> Vec<anteroom_media_transport::router::Command> {
        self.0
            .running
            .get()
            .map(|running| running.media.take_sent())
            .unwrap_or_default()
    }

    pub(crate) fn next_session(&self) -> SessionId {
        SessionId::new(self.0.sessions.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes a session reachable by a new resume token instead of the one before.
    pub(crate) fn set_resume_token(&self, before: &str, token: String, inbox: mpsc::Sender<ToSession>) {
        let mut state = self.state();
        state.tokens.remove(before);
        state.tokens.insert(token, inbox);
    }

    /// The session that may be continued with this token. 256 random bits need no constant-time look-up; the session
    /// compares again.
    pub(crate) fn session_with_token(&self, token: &str) -> Option<mpsc::Sender<ToSession>> {
        self.state().tokens.get(token).cloned()
    }

    /// Makes a guest's session known to [`recheck_user`](Self::recheck_user), until [`forget_guest`](Self::forget_guest).
    pub(crate) fn add_guest(&self, user: AcsUserId, session: SessionId, inbox: mpsc::Sender<ToSession>) {
        let mut state = self.state();
        state.guests.entry(user).or_default().push((session, inbox));
    }

    pub(crate) fn forget_guest(&self, user: AcsUserId, session: SessionId) {
        let mut state = self.state();
        if let Some(sessions) = state.guests.get_mut(&user) {
            sessions.retain(|(known, _)| *known != session);
            if sessions.is_empty() {
                state.guests.remove(&user);
            }
        }
    }

    /// A user's tokens were revoked, or the user was deleted: sessions whose token is void end.
    pub(crate) fn recheck_user(&self, user: AcsUserId) {
        for (_, inbox) in self.state().guests.get(&user).into_iter().flatten() {
            recheck(inbox);
        }
    }

    /// A resource's access key was changed: sessions whose token is void end.
    pub(crate) fn recheck_resource(&self, resource: ResourceId) {
        let state = self.state();
        let of_resource = state
            .guests
            .iter()
            .filter(|(user, _)| user.resource() == resource);
        for (_, inbox) in of_resource.flat_map(|(_, sessions)| sessions) {
            recheck(inbox);
        }
    }

    pub(crate) fn forget_token(&self, token: &str) {
        self.state().tokens.remove(token);
    }

    /// The meeting, room or group call that somebody wants to join.
    ///
    /// # Errors
    /// The reason for `Denied`.
    pub(crate) async fn find(
        &self,
        source: Option<IpAddr>,
        locator: &JoinLocator,
        person: &Person,
    ) -> Result<Venue, EndReason> {
        let app = self.app()?;
        let wanted = match locator {
            // There is nothing to look up, and nothing to guess: whoever names it makes it.
            JoinLocator::GroupId(id) => return group(id, person),
            JoinLocator::MeetingLink(link) => Wanted::meeting(link::parse(link, app.own_hosts()))?,
            JoinLocator::MeetingId { meeting_id, passcode } => {
                Wanted::meeting(link::by_meeting_id(meeting_id, passcode))?
            }
            JoinLocator::Coordinates {
                thread_id,
                organizer_id,
                tenant_id,
                message_id,
            } => Wanted::meeting(link::by_coordinates(
                thread_id,
                organizer_id,
                tenant_id,
                message_id,
            ))?,
            JoinLocator::RoomId(id) => Wanted::Room(id.parse().map_err(|_| EndReason::bad_locator())?),
        };
        let (limits, now) = (app.passcode_limits(), Instant::now());
        let too_many = |_: Wait| EndReason::too_many_attempts();
        let (attempt, found, unknown) = match wanted {
            Wanted::Meeting(reference) => {
                let attempt = limits.attempt(&reference, source, now).map_err(too_many)?;
                let found = app.meetings().find(&reference).await.map_err(look_up_failed);
                let today = app.clock().now();
                let venue = found.map(|record| {
                    let known = record.filter(|record| today < record.expiry());
                    known.map(|record| Venue::Meeting(Box::new(record)))
                });
                (attempt, venue, EndReason::meeting_not_found())
            }
            Wanted::Room(id) => {
                let attempt = limits.attempt_room(source, now).map_err(too_many)?;
                // A room of another resource does not exist.
                let ours = |resource| matches!(person.kind, PersonKind::Guest { resource: own, .. } if own == resource);
                let found = app.rooms().invited(id).await.map_err(look_up_failed);
                let venue = found.map(|found| {
                    found
                        .filter(|(room, _)| ours(room.resource))
                        .map(|(room, _)| Venue::Room(room.id))
                });
                (attempt, venue, EndReason::room_not_found())
            }
        };
        match found {
            Ok(Some(venue)) => {
                attempt.was_no_failure();
                Ok(venue)
            }
            Ok(None) => Err(unknown),
            Err(reason) => {
                attempt.was_no_failure();
                Err(reason)
            }
        }
    }

    /// Hands a session to the meeting or the room's call, which is started if it does not run. The decision comes as a message.
    ///
    /// # Errors
    /// The reason for `Denied`.
    pub(crate) fn enter(
        &self,
        venue: Venue,
        session: SessionId,
        person: Person,
        reply: u32,
        inbox: mpsc::Sender<ToSession>,
    ) -> Result<MeetingHandle, EndReason> {
        let running = self.0.running.get().ok_or_else(EndReason::service_stopping)?;
        let mut state = self.state();
        let app = state
            .app
            .clone()
            .filter(|_| !self.is_stopping())
            .ok_or_else(EndReason::service_stopping)?;
        // Sent under the lock that `retire` takes: a meeting that is found here does not end before it has read this.
        let join = ToMeeting::Join {
            session,
            person: Box::new(person),
            reply,
            inbox,
        };
        let key = venue.key();
        if let Some(meeting) = state.meetings.get(&key)
            && !meeting.is_closed()
        {
            let meeting = meeting.clone();
            meeting.try_send(join).map_err(|_| EndReason::service_failure())?;
            return Ok(MeetingHandle { inbox: meeting });
        }
        let (meeting, messages) = mpsc::channel(task::INBOX_MESSAGES);
        meeting.try_send(join).map_err(|_| EndReason::service_failure())?;
        let room = RoomId(self.0.rooms.fetch_add(1, Ordering::Relaxed));
        state.meetings.insert(key, meeting.clone());
        state.rooms.insert(room.0, meeting.clone());
        task::spawn(app, running.media.clone(), venue, room, meeting.clone(), messages);
        Ok(MeetingHandle { inbox: meeting })
    }

    /// How a meeting stands; nobody is in one that does not run.
    pub(crate) async fn status(&self, id: &str) -> MeetingStatus {
        let meeting = self.state().meetings.get(id).cloned();
        let Some(meeting) = meeting else {
            return MeetingStatus::default();
        };
        let (reply, answer) = oneshot::channel();
        // A meeting that ends meanwhile does not run.
        let _ = meeting.send(ToMeeting::Status(reply)).await;
        answer.await.unwrap_or_default()
    }

    /// Who is in the running meetings of a tenant; of all tenants and in rooms, when none is named. In the order of their
    /// ids. A meeting that does not answer soon is left out.
    pub(crate) async fn live(&self, tenant: Option<TenantId>) -> Vec<LiveCall> {
        let running: Vec<_> = self.state().meetings.values().cloned().collect();
        let reports = running.into_iter().map(|meeting| async move {
            let (reply, answer) = oneshot::channel();
            meeting.send(ToMeeting::Report { tenant, reply }).await.ok()?;
            answer.await.ok()?
        });
        let reports = reports.map(|report| tokio::time::timeout(REPORT_WITHIN, report));
        let reports = futures_util::future::join_all(reports).await;
        let mut live: Vec<LiveCall> = reports.into_iter().filter_map(|report| report.ok()?).collect();
        live.sort_by(|a, b| a.id.cmp(&b.id));
        live
    }

    /// Ends a running meeting of a tenant for everybody, or any call when no tenant is named; false when there is none.
    pub(crate) async fn end(&self, id: &str, tenant: Option<TenantId>) -> bool {
        let meeting = self.state().meetings.get(id).cloned();
        let Some(meeting) = meeting else { return false };
        let (reply, answer) = oneshot::channel();
        // A meeting that ends meanwhile does not run.
        let _ = meeting.send(ToMeeting::End { tenant, reply }).await;
        answer.await.unwrap_or(false)
    }

    /// Takes an empty meeting out, unless somebody is on the way in; true when it is out.
    pub(super) fn retire(&self, id: &str, room: RoomId, messages: &mpsc::Receiver<ToMeeting>) -> bool {
        let mut state = self.state();
        if !messages.is_empty() {
            return false;
        }
        state.meetings.remove(id);
        state.rooms.remove(&room.0);
        true
    }

    /// Takes a meeting out whose task has failed.
    pub(super) fn discard(&self, room: RoomId) {
        let mut state = self.state();
        if let Some(failed) = state.rooms.remove(&room.0) {
            state.meetings.retain(|_, meeting| !meeting.same_channel(&failed));
        }
    }

    fn app(&self) -> Result<App, EndReason> {
        self.state().app.clone().ok_or_else(EndReason::service_stopping)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a meeting stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MeetingStatus {
    /// Whether somebody of the organization is in the call, or has been.
    pub(crate) started: bool,
    /// How many are in the call.
    pub(crate) participants: usize,
}

/// The group call of that id among the users of somebody's resource.
fn group(id: &str, person: &Person) -> Result<Venue, EndReason> {
    // As everybody writes GUIDs, and in no other way that the parser knows.
    let id = Some(id).filter(|id| id.len() == uuid::fmt::Hyphenated::LENGTH);
    let id = id.and_then(|id| uuid::Uuid::try_parse(id).ok());
    let id = id.ok_or_else(EndReason::bad_locator)?;
    match person.kind {
        PersonKind::Guest { resource, .. } => Ok(Venue::Group { resource, id }),
        PersonKind::Organization { .. } => Err(EndReason::group_users_only()),
    }
}

fn look_up_failed(error: impl std::error::Error) -> EndReason {
    tracing::error!(%error, "a meeting or room could not be looked up");
    EndReason::service_failure()
}

/// Never waits: a session may be waiting for its meeting.
fn recheck(inbox: &mpsc::Sender<ToSession>) {
    if let Err(mpsc::error::TrySendError::Full(message)) = inbox.try_send(ToSession::Recheck) {
        let inbox = inbox.clone();
        tokio::spawn(async move { inbox.send(message).await });
    }
}

/// What a locator names.
enum Wanted {
    Meeting(MeetingRef),
    Room(anteroom_rooms::RoomId),
}

impl Wanted {
    /// Clouds and kinds that are never joined are refused whatever the rest of the link says.
    fn meeting(reference: Result<MeetingRef, LinkError>) -> Result<Self, EndReason> {
        let reference = reference.map_err(EndReason::from)?;
        let unknown = admission::refuse_unknown(&reference).reason;
        if unknown == EndReason::meeting_not_found() {
            Ok(Self::Meeting(reference))
        } else {
            Err(unknown)
        }
    }
}

/// How often it is tried again to tell a busy meeting what is wanted of its tracks.
const DEMAND_RETRY: Duration = Duration::from_millis(50);

/// Hands the media router's events to the meetings. Never waits for one, since a meeting may be waiting for the media
/// thread, and that for room for its events.
async fn pump(registry: Registry, mut events: mpsc::Receiver<Event>) {
    // What is wanted of tracks whose meeting had no room. The newest counts, so that it may not be overtaken.
    let mut late: HashMap<TrackId, Event> = HashMap::new();
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            () = tokio::time::sleep(DEMAND_RETRY), if !late.is_empty() => {
                late = late
                    .drain()
                    .filter_map(|(track, event)| Some((track, deliver_demand(&registry, event)?)))
                    .collect();
                continue;
            }
        };
        let Some(event) = event else { return };
        let room = match &event {
            Event::ActiveSpeakers { room, .. } => room.0,
            Event::PeerConnected { peer, .. }
            | Event::PeerClosed { peer, .. }
            | Event::FirstPacket { peer, .. }
            | Event::Stats { peer, .. } => room_of(*peer),
            Event::Demand { track, .. } => {
                let track = *track;
                late.remove(&track);
                late.extend(deliver_demand(&registry, event).map(|event| (track, event)));
                continue;
            }
            // Who leaves is forgotten at once, and commands may cross with that.
            Event::Refused {
                peer,
                error: MediaError::Unknown("peer"),
            } => {
                tracing::debug!(%peer, "a command for somebody who has left");
                continue;
            }
            Event::Refused { peer, error } => {
                tracing::error!(%peer, %error, "the media router refused a command");
                continue;
            }
            _ => continue,
        };
        let meeting = registry.state().rooms.get(&room).cloned();
        let Some(meeting) = meeting else { continue };
        let must_arrive = matches!(event, Event::PeerClosed { .. });
        if let Err(mpsc::error::TrySendError::Full(event)) =
            meeting.try_send(ToMeeting::Media(Box::new(event)))
            && must_arrive
        {
            tokio::spawn(async move { meeting.send(event).await });
        }
    }
}

/// Tells a meeting what is wanted of one of its tracks; gives it back when there is no room.
fn deliver_demand(registry: &Registry, event: Event) -> Option<Event> {
    let Event::Demand { peer, .. } = &event else {
        return None;
    };
    let meeting = registry.state().rooms.get(&room_of(*peer)).cloned()?;
    match meeting.try_send(ToMeeting::Media(Box::new(event))) {
        Err(mpsc::error::TrySendError::Full(ToMeeting::Media(event))) => Some(*event),
        _ => None,
    }
}
