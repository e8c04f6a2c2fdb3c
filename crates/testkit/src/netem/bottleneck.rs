//! The queue in front of a limited link, and the link that takes from it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::trace::{OPPORTUNITY_BYTES, Trace};

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// How fast the link takes what waits.
#[derive(Debug, Clone, Copy)]
pub(super) enum Capacity<'a> {
    /// Bits per second, more than 0.
    Rate(u64),
    /// A recording, and when it started.
    Trace(&'a Trace, Instant),
    /// Nothing passes.
    None,
}

impl Capacity<'_> {
    fn mean_bps(&self) -> u64 {
        match self {
            Self::Rate(rate) => *rate,
            Self::Trace(trace, _) => trace.mean_bps(),
            Self::None => 0,
        }
    }
}

/// First in, first out.
#[derive(Debug)]
pub(super) struct Bottleneck<T> {
    queue: VecDeque<Waiting<T>>,
    /// Sum of what is left of the packets in the queue.
    bytes: usize,
    /// When the link was last busy.
    served_to: Option<Instant>,
}

#[derive(Debug)]
struct Waiting<T> {
    item: T,
    bytes: usize,
    /// What the link has not yet taken, in bits times 10⁹, so that a change of rate in the middle is exact.
    left: u128,
    entered: Instant,
}

impl<T> Bottleneck<T> {
    pub(super) const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            served_to: None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How long a packet that comes now would wait for its turn.
    pub(super) fn wait(&self, capacity: Capacity<'_>) -> Duration {
        let left: u128 = self.queue.iter().map(|waiting| waiting.left).sum();
        let rate = u128::from(capacity.mean_bps().max(1));
        Duration::from_nanos(u64::try_from(left / rate).unwrap_or(u64::MAX))
    }

    pub(super) fn push(&mut self, now: Instant, bytes: usize, item: T) {
        self.bytes += bytes;
        self.queue.push_back(Waiting {
            item,
            bytes,
            left: bytes as u128 * 8 * NANOS_PER_SECOND,
            entered: now,
        });
    }

    /// Takes what the link takes until `until`: each with the time it leaves and the time it was in the queue.
    pub(super) fn serve(
        &mut self,
        until: Instant,
        capacity: Capacity<'_>,
        mut out: impl FnMut(Instant, Duration, T),
    ) {
        match capacity {
            Capacity::None => {}
            Capacity::Rate(rate) => self.serve_rate(until, rate.into(), &mut out),
            Capacity::Trace(trace, origin) => self.serve_trace(until, trace, origin, &mut out),
        }
        self.served_to = Some(until);
    }

    /// Nothing leaves before this; `None` while nothing can.
    pub(super) fn next_departure(&self, capacity: Capacity<'_>) -> Option<Instant> {
        let head = self.queue.front()?;
        let start = self.start(head);
        match capacity {
            Capacity::None => None,
            Capacity::Rate(rate) => Some(start + nanos(head.left.div_ceil(rate.into()))),
            Capacity::Trace(trace, origin) => {
                let number = trace.count_before(start.saturating_duration_since(origin));
                Some(origin + trace.opportunity(number))
            }
        }
    }

    fn serve_rate(&mut self, until: Instant, rate: u128, out: &mut impl FnMut(Instant, Duration, T)) {
        while let Some(mut head) = self.queue.pop_front() {
            let start = self.start(&head);
            let end = start + nanos(head.left.div_ceil(rate));
            if end > until {
                let elapsed = until.saturating_duration_since(start).as_nanos();
                head.left = head.left.saturating_sub(elapsed * rate);
                self.queue.push_front(head);
                return;
            }
            self.served_to = Some(end);
            self.leave(end, head, out);
        }
    }

    fn serve_trace(
        &mut self,
        until: Instant,
        trace: &Trace,
        origin: Instant,
        out: &mut impl FnMut(Instant, Duration, T),
    ) {
        let Some(head) = self.queue.front() else { return };
        let mut number = trace.count_before(self.start(head).saturating_duration_since(origin));
        loop {
            let at = origin + trace.opportunity(number);
            number += 1;
            if at > until {
                return;
            }
            let mut credit = OPPORTUNITY_BYTES as u128 * 8 * NANOS_PER_SECOND;
            while credit > 0 {
                let Some(mut head) = self.queue.pop_front() else {
                    return;
                };
                let taken = credit.min(head.left);
                credit -= taken;
                head.left -= taken;
                if head.left > 0 {
                    self.queue.push_front(head);
                } else {
                    self.leave(at, head, out);
                }
            }
        }
    }

    fn leave(&mut self, at: Instant, head: Waiting<T>, out: &mut impl FnMut(Instant, Duration, T)) {
        self.bytes -= head.bytes;
        out(at, at.saturating_duration_since(head.entered), head.item);
    }

    /// When the link can start, or go on, with the first in the queue.
    fn start(&self, head: &Waiting<T>) -> Instant {
        self.served_to
            .map_or(head.entered, |served| served.max(head.entered))
    }
}

fn nanos(count: u128) -> Duration {
    Duration::from_nanos(u64::try_from(count).unwrap_or(u64::MAX))
}
