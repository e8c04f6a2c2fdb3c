//! The thread of a recording.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use anteroom_media_transport::router::{Command, PeerId, TapEmpty, TapReader, TapSink, TrackId, tap};
use tokio::sync::mpsc;

use super::manifest::{EndReason, MeetingInfo, Person};
use super::session::{Failure, Session};
use super::{Figures, Limits, RecordingConfig};
use crate::clock::Clock;
use crate::media::MediaControl;
use crate::meeting::{Busy, ToMeeting};

/// Blocks of 64 KiB between the media thread and the recorder: seconds of a large meeting, while the disk is slow.
const BLOCKS: usize = 256;

/// How long there may be nothing to read before it is looked what else there is to do.
const TURN: Duration = Duration::from_millis(20);

/// How long what is still on its way is waited for at the end.
const REST: Duration = Duration::from_secs(1);

/// How often a meeting that is behind is told again, a [`TURN`] apart.
const MOST_TRIES: u32 = 500;

/// What a recording begins with.
#[derive(Debug)]
pub(crate) struct Start {
    /// The id by which it listens.
    pub(crate) tap: PeerId,
    pub(crate) meeting: MeetingInfo,
    pub(crate) people: Vec<(PeerId, Person)>,
    pub(crate) clock: Clock,
    pub(crate) media: MediaControl,
    /// Who is told when it ends by itself.
    pub(crate) inbox: mpsc::Sender<ToMeeting>,
    /// The service stops when this is gone.
    pub(crate) busy: Busy,
}

/// A recording, as its meeting sees it. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Recorder {
    tap: PeerId,
    notes: Sender<Note>,
    sink: TapSink,
}

#[derive(Debug)]
enum Note {
    Person(PeerId, Person),
    End(EndReason),
}

impl Recorder {
    /// The id by which it listens.
    pub(crate) const fn tap(&self) -> PeerId {
        self.tap
    }

    /// Where the room's packets have to go.
    pub(crate) fn sink(&self) -> TapSink {
        self.sink.clone()
    }

    /// Whose a peer's tracks are; said before anything of them can come.
    pub(crate) fn person(&self, peer: PeerId, person: Person) {
        // One that has ended by itself says so in its own time.
        let _ = self.notes.send(Note::Person(peer, person));
    }

    /// Ends it. What is on its way is still written.
    pub(crate) fn end(self, reason: EndReason) {
        let _ = self.notes.send(Note::End(reason));
    }
}

/// Starts the thread; `None` when there can be none.
pub(super) fn spawn(
    config: &RecordingConfig,
    directory: PathBuf,
    figures: Arc<Figures>,
    start: Start,
) -> Option<Recorder> {
    let (sink, packets) = tap(BLOCKS);
    let (notes, orders) = channel();
    let limits = Limits::of(config);
    let id = start.tap;
    let running = Running {
        tap: start.tap,
        media: start.media,
        inbox: start.inbox,
        clock: start.clock,
        figures,
        told: false,
        _busy: start.busy,
    };
    let (meeting, people) = (start.meeting, start.people);
    let spawned = std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || {
            let (now, wall) = (Instant::now(), running.clock.now());
            let began = Session::create(&directory, meeting, wall, now, limits);
            let mut began = match began {
                Ok(session) => session,
                Err(failure) => return running.failed(&failure),
            };
            for (peer, person) in people {
                began.person(peer, person);
            }
            running.record(began, &packets, &orders);
        });
    match spawned {
        Ok(_) => Some(Recorder { tap: id, notes, sink }),
        Err(error) => {
            tracing::error!(%error, "no thread can be had to record a meeting");
            // What was to run in it has told the meeting.
            None
        }
    }
}

/// What a thread has to do whatever happens.
struct Running {
    tap: PeerId,
    media: MediaControl,
    inbox: mpsc::Sender<ToMeeting>,
    clock: Clock,
    figures: Arc<Figures>,
    /// The meeting need not be told that it is over.
    told: bool,
    _busy: Busy,
}

impl Running {
    fn record(mut self, mut session: Session, packets: &TapReader, orders: &Receiver<Note>) {
        tracing::info!(directory = %session.directory().display(), "recording");
        let mut wanted = Vec::new();
        let ended = loop {
            match self.turn(&mut session, packets, orders, &mut wanted) {
                Ok(None) => {}
                Ok(Some(reason)) => break Ok(reason),
                Err(failure) => break Err(failure),
            }
        };
        let reason = match &ended {
            Ok(reason) => {
                self.told = true;
                *reason
            }
            Err(failure) => {
                self.tell(failure.reason);
                failure.reason
            }
        };
        let directory = session.directory().to_owned();
        let wall = self.clock.now();
        let finished = session.finish(Instant::now(), wall, reason, packets.dropped(), &self.figures);
        if let Err(failure) = ended.and(finished) {
            self.log(&failure);
        }
        tracing::info!(directory = %directory.display(), ?reason, "the recording ended");
    }

    /// Takes what there is; why it ends, when it does.
    fn turn(
        &self,
        session: &mut Session,
        packets: &TapReader,
        orders: &Receiver<Note>,
        wanted: &mut Vec<TrackId>,
    ) -> Result<Option<EndReason>, Failure> {
        let mut end = obey(session, orders);
        let mut next = packets.next_within(TURN);
        let mut over_at = None;
        loop {
            match next {
                Ok(batch) => {
                    // Who sent it was said before it came.
                    end = end.or_else(|| obey(session, orders));
                    for packet in batch.packets() {
                        session.handle_packet(&packet, wanted)?;
                    }
                    for track in wanted.drain(..) {
                        let peer = self.tap;
                        self.media.try_send(Command::WantKeyframe { peer, track });
                    }
                }
                Err(TapEmpty::Over) => {
                    let end = end.or_else(|| last_order(session, orders));
                    // Unless the meeting has ended it, it has to be told.
                    return end.map(Some).ok_or_else(|| EndReason::ServiceStopped.into());
                }
                Err(TapEmpty::NotYet) if end.is_none() => break,
                // It comes until the router has heard that nobody listens.
                Err(TapEmpty::NotYet) => {
                    let over = *over_at.get_or_insert_with(|| Instant::now() + REST);
                    if Instant::now() >= over {
                        return Ok(end);
                    }
                }
            }
            next = if end.is_some() {
                packets.next_within(TURN)
            } else {
                packets.try_next()
            };
            session.tick(Instant::now(), packets.dropped(), &self.figures)?;
        }
        let now = Instant::now();
        session.mix(now)?;
        session.tick(now, packets.dropped(), &self.figures)?;
        Ok(None)
    }

    fn failed(mut self, failure: &Failure) {
        self.log(failure);
        self.tell(failure.reason);
    }

    fn log(&self, failure: &Failure) {
        match (&failure.error, failure.reason) {
            (Some(error), reason) => {
                self.figures.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, ?reason, "a recording cannot go on");
            }
            (None, reason) => tracing::warn!(?reason, "a recording ends by itself"),
        }
    }

    /// Tells the meeting that nothing is recorded any more.
    fn tell(&mut self, reason: EndReason) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        // A meeting that is over needs to know nothing.
        for _ in 0..MOST_TRIES {
            let over = ToMeeting::RecordingOver {
                tap: self.tap,
                reason,
            };
            match self.inbox.try_send(over) {
                Err(mpsc::error::TrySendError::Full(_)) => std::thread::sleep(TURN),
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
            }
        }
        tracing::error!("a meeting was not told that its recording is over");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not told by now means a panic.
        self.tell(EndReason::WriteFailed);
        self.figures.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Takes what the meeting has said; why it ends, when it does.
fn obey(session: &mut Session, orders: &Receiver<Note>) -> Option<EndReason> {
    loop {
        match orders.try_recv() {
            Ok(Note::Person(peer, person)) => session.person(peer, person),
            Ok(Note::End(reason)) => return Some(reason),
            Err(TryRecvError::Empty) => return None,
            // Its task is gone without a word.
            Err(TryRecvError::Disconnected) => return Some(EndReason::MeetingEnded),
        }
    }
}

/// Nothing comes any more: the meeting says why, if it still can.
fn last_order(session: &mut Session, orders: &Receiver<Note>) -> Option<EndReason> {
    loop {
        match orders.recv_timeout(REST) {
            Ok(Note::Person(peer, person)) => session.person(peer, person),
            Ok(Note::End(reason)) => return Some(reason),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
        }
    }
}
