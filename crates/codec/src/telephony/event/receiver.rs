use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Event, EventReport, parse};
use crate::telephony::ParseError;

/// The longest duration one segment can report, in ticks.
const SEGMENT_TICKS: u32 = 0xFFFF;

/// Segments that may be missing altogether in the middle of one event.
const MAX_MISSING_SEGMENTS: u32 = 8;

/// Changes kept for [`EventReceiver::poll`]; more than any packet brings.
const MAX_WAITING: usize = 256;

/// A timestamp this far behind the newest is a new stream's, not a late packet's: 60 s at 8 kHz.
const FAR_BEHIND: u32 = 480_000;

/// What happened to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It was pressed.
    Started {
        /// Which.
        event: Event,
        /// Power of its tone in −dBm0, 0 to 63.
        volume: u8,
    },
    /// It was let go. Follows each `Started`, before the next one.
    Ended {
        /// Which.
        event: Event,
        /// How long it was pressed, in ticks of the RTP clock, as far as was reported.
        duration_ticks: u64,
        /// How that is known.
        cause: EndCause,
    },
}

/// How the end of an event became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndCause {
    /// A packet said so.
    EndBit,
    /// The next event began: all three packets with the end bit were lost.
    NextEvent,
    /// Nothing was heard of it any more.
    Timeout,
}

/// What an [`EventReceiver`] has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventStats {
    /// Reports that told something new.
    pub reports: u64,
    /// Reports of what was known already: repetitions of the end, mostly.
    pub repeated: u64,
    /// Reports of an event that came after a later one; dropped.
    pub late: u64,
    /// Changes dropped because nobody polled.
    pub dropped: u64,
}

/// Makes keys out of the packets of one RTP stream, whatever is lost, repeated or out of order.
///
/// - [`receive`](Self::receive) takes a packet;
/// - [`poll`](Self::poll) gives what happened, until it gives `None`;
/// - [`next_timeout`](Self::next_timeout) says when to call [`handle_timeout`](Self::handle_timeout).
///
/// An event begins with the first packet of it that arrives, with the marker bit or without, and is reported once. Its
/// end is the first of its packets with the end bit; where all of those are lost, the beginning of the next event, or
/// silence for the time given to [`new`](Self::new).
#[derive(Debug, Clone)]
pub struct EventReceiver {
    timeout: Duration,
    state: State,
    waiting: VecDeque<Happened>,
    stats: EventStats,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Nothing was ever received.
    Fresh,
    /// A key is down.
    Active(Active),
    /// The last key is up. Its packets may still come.
    Over {
        /// Timestamp of the last segment.
        timestamp: u32,
    },
}

#[derive(Debug, Clone, Copy)]
struct Active {
    event: Event,
    /// Timestamp of the current segment.
    timestamp: u32,
    /// Length of the segments before it, in ticks.
    before: u64,
    /// What was reported of the current one.
    duration: u16,
    heard: Instant,
}

impl EventReceiver {
    /// A receiver that takes an event for over when nothing was heard of it for `timeout`: three packet intervals, as
    /// RFC 4733 §2.5.2.1 has it, and some jitter.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            state: State::Fresh,
            waiting: VecDeque::new(),
            stats: EventStats {
                reports: 0,
                repeated: 0,
                late: 0,
                dropped: 0,
            },
        }
    }

    /// Takes the payload and the RTP timestamp of a packet that arrived at `now`.
    ///
    /// # Errors
    /// As [`parse`]; nothing of the packet was taken then.
    pub fn receive(&mut self, now: Instant, timestamp: u32, payload: &[u8]) -> Result<(), ParseError> {
        let reports = parse(payload)?;
        self.handle_timeout(now);
        let mut timestamp = timestamp;
        for report in reports {
            self.report(now, timestamp, report);
            timestamp = timestamp.wrapping_add(report.duration_ticks.into());
        }
        Ok(())
    }

    /// Ends an event of which nothing was heard for too long. Calling it early does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let State::Active(active) = self.state
            && now.saturating_duration_since(active.heard) >= self.timeout
        {
            self.end(active, EndCause::Timeout);
        }
    }

    /// What happened since, in order.
    pub fn poll(&mut self) -> Option<Happened> {
        self.waiting.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); `None` while no key is down.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Active(active) => active.heard.checked_add(self.timeout),
            _ => None,
        }
    }

    /// The key that is down, and for how long that was reported, in ticks.
    #[must_use]
    pub fn active(&self) -> Option<(Event, u64)> {
        match self.state {
            State::Active(active) => Some((active.event, active.total())),
            _ => None,
        }
    }

    /// The counters.
    #[must_use]
    pub const fn stats(&self) -> &EventStats {
        &self.stats
    }

    fn report(&mut self, now: Instant, timestamp: u32, report: EventReport) {
        match self.state {
            State::Fresh => self.start(now, timestamp, report),
            State::Over { timestamp: last } => match age(last, timestamp) {
                Age::Same => self.stats.repeated += 1,
                Age::Late => self.stats.late += 1,
                Age::New => self.start(now, timestamp, report),
            },
            State::Active(active) => {
                if let Some(active) = active.updated(now, timestamp, report) {
                    self.stats.reports += 1;
                    self.state = State::Active(active);
                    self.end_if(report.end);
                } else {
                    match age(active.timestamp, timestamp) {
                        // The same place, another event: the sender changed its mind, or lies.
                        Age::Same | Age::Late => self.stats.late += 1,
                        Age::New => {
                            self.end(active, EndCause::NextEvent);
                            self.start(now, timestamp, report);
                        }
                    }
                }
            }
        }
    }

    fn start(&mut self, now: Instant, timestamp: u32, report: EventReport) {
        self.stats.reports += 1;
        self.state = State::Active(Active {
            event: report.event,
            timestamp,
            before: 0,
            duration: report.duration_ticks,
            heard: now,
        });
        self.say(Happened::Started {
            event: report.event,
            volume: report.volume,
        });
        self.end_if(report.end);
    }

    fn end_if(&mut self, end: bool) {
        if let (State::Active(active), true) = (self.state, end) {
            self.end(active, EndCause::EndBit);
        }
    }

    fn end(&mut self, active: Active, cause: EndCause) {
        self.state = State::Over {
            timestamp: active.timestamp,
        };
        self.say(Happened::Ended {
            event: active.event,
            duration_ticks: active.total(),
            cause,
        });
    }

    fn say(&mut self, happened: Happened) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(happened);
        } else {
            self.stats.dropped += 1;
        }
    }
}

impl Active {
    /// Itself with what a report adds, if the report is about it.
    fn updated(mut self, now: Instant, timestamp: u32, report: EventReport) -> Option<Self> {
        if report.event != self.event {
            return None;
        }
        let ahead = timestamp.wrapping_sub(self.timestamp);
        let segments = ahead / SEGMENT_TICKS;
        if !ahead.is_multiple_of(SEGMENT_TICKS) || segments > MAX_MISSING_SEGMENTS + 1 {
            return None;
        }
        if segments > 0 {
            self.before += u64::from(ahead);
            self.timestamp = timestamp;
            self.duration = 0;
        }
        // Packets may overtake each other; the end is what it says it is.
        self.duration = if report.end {
            report.duration_ticks
        } else {
            self.duration.max(report.duration_ticks)
        };
        self.heard = self.heard.max(now);
        Some(self)
    }

    fn total(&self) -> u64 {
        self.before + u64::from(self.duration)
    }
}

enum Age {
    Same,
    Late,
    New,
}

/// How a timestamp stands to the newest known.
const fn age(newest: u32, timestamp: u32) -> Age {
    let behind = newest.wrapping_sub(timestamp);
    match behind {
        0 => Age::Same,
        1..=FAR_BEHIND => Age::Late,
        _ => Age::New,
    }
}
