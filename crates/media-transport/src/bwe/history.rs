//! What was sent, until it is reported.

use std::collections::VecDeque;
use std::time::Instant;

use super::ProbeId;

/// A packet that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) sequence: u64,
    pub(super) at: Instant,
    pub(super) bytes: u32,
    pub(super) probe: Option<ProbeId>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    InFlight,
    /// Its report was lost.
    Unknown,
    Lost,
    Received,
}

/// What a report says that was not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Received(Sent),
    Lost(Sent),
    /// Reported as lost before; it was only late.
    Late(Sent),
}

/// Packets by sequence number, bounded in number and age.
#[derive(Debug)]
pub(super) struct History {
    /// Invariant: sequence numbers strictly increase.
    packets: VecDeque<Sent>,
    max_packets: usize,
    /// Sum over packets in flight.
    in_flight_bytes: u64,
    /// Every packet with a lower number is not in flight.
    settled: u64,
}

impl History {
    pub(super) fn new(max_packets: usize) -> Self {
        Self {
            packets: VecDeque::new(),
            max_packets: max_packets.max(1),
            in_flight_bytes: 0,
            settled: 0,
        }
    }

    /// Remembers a packet; `false` when its number is not above the last one.
    pub(super) fn push(&mut self, at: Instant, sequence: u64, bytes: u32, probe: Option<ProbeId>) -> bool {
        if self.packets.back().is_some_and(|last| last.sequence >= sequence) {
            return false;
        }
        if self.packets.len() >= self.max_packets {
            self.forget_first();
        }
        self.in_flight_bytes += u64::from(bytes);
        self.packets.push_back(Sent {
            sequence,
            at,
            bytes,
            probe,
            state: State::InFlight,
        });
        true
    }

    /// Forgets what was sent before.
    pub(super) fn expire(&mut self, before: Instant) {
        while self.packets.front().is_some_and(|first| first.at < before) {
            self.forget_first();
        }
    }

    /// Takes a report about one packet; `None` when it is unknown or says nothing new.
    pub(super) fn report(&mut self, sequence: u64, has_arrived: bool) -> Option<News> {
        let index = self.index(sequence)?;
        let packet = self.packets.get_mut(index)?;
        let before = packet.state;
        packet.state = match (before, has_arrived) {
            (State::Received, _) | (State::Lost, false) => return None,
            (_, true) => State::Received,
            (_, false) => State::Lost,
        };
        if before == State::InFlight {
            self.in_flight_bytes -= u64::from(packet.bytes);
        }
        let packet = *packet;
        Some(match (before, has_arrived) {
            (State::Lost, _) => News::Late(packet),
            (_, true) => News::Received(packet),
            (_, false) => News::Lost(packet),
        })
    }

    /// Forgets the oldest as far as nothing can be said of them any more. The latest stays: what follows is compared with
    /// its number.
    pub(super) fn trim(&mut self) {
        while self.packets.len() > 1
            && self
                .packets
                .front()
                .is_some_and(|first| first.state == State::Received)
        {
            self.forget_first();
        }
    }

    /// What was sent before this packet and not reported yet never will be.
    pub(super) fn settle_before(&mut self, sequence: u64) {
        if sequence <= self.settled {
            return;
        }
        let from = self.index(self.settled).unwrap_or_else(|| {
            self.packets
                .partition_point(|packet| packet.sequence < self.settled)
        });
        for packet in self.packets.range_mut(from..) {
            if packet.sequence >= sequence {
                break;
            }
            if packet.state == State::InFlight {
                packet.state = State::Unknown;
                self.in_flight_bytes -= u64::from(packet.bytes);
            }
        }
        self.settled = sequence;
    }

    /// Nothing that was sent so far is in flight any more.
    pub(super) fn settle_all(&mut self) {
        if let Some(last) = self.packets.back() {
            self.settle_before(last.sequence + 1);
        }
    }

    pub(super) fn in_flight_bytes(&self) -> u64 {
        self.in_flight_bytes
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    fn index(&self, sequence: u64) -> Option<usize> {
        let first = self.packets.front()?.sequence;
        // Most often there are no holes.
        let guess = usize::try_from(sequence.checked_sub(first)?).ok()?;
        if self
            .packets
            .get(guess)
            .is_some_and(|packet| packet.sequence == sequence)
        {
            return Some(guess);
        }
        self.packets
            .binary_search_by_key(&sequence, |packet| packet.sequence)
            .ok()
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.packets.pop_front()
            && first.state == State::InFlight
        {
            self.in_flight_bytes -= u64::from(first.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_clock::start;

    #[test]
    fn each_packet_is_news_once() {
        let now = start();
        let mut history = History::new(100);
        for sequence in [5, 6, 8, 9] {
            assert!(history.push(now, sequence, 100, None));
        }
        assert!(!history.push(now, 9, 100, None));
        assert_eq!(history.in_flight_bytes(), 400);
        assert!(matches!(history.report(8, true), Some(News::Received(sent)) if sent.sequence == 8));
        assert!(matches!(history.report(6, false), Some(News::Lost(_))));
        assert_eq!(history.report(6, false), None);
        assert!(matches!(history.report(6, true), Some(News::Late(_))));
        assert_eq!(history.report(6, true), None);
        assert_eq!(history.report(7, true), None);
        assert_eq!(history.report(u64::MAX, true), None);
        assert_eq!(history.in_flight_bytes(), 200);
        history.settle_before(9);
        assert_eq!(history.in_flight_bytes(), 100);
        assert!(
            matches!(history.report(5, true), Some(News::Received(_))),
            "late report"
        );
        history.settle_all();
        assert_eq!(history.in_flight_bytes(), 0);
    }

    #[test]
    fn what_has_arrived_is_forgotten_as_soon_as_nothing_older_is_open() {
        let now = start();
        let mut history = History::new(100);
        for sequence in 1..=5 {
            history.push(now, sequence, 100, None);
        }
        history.report(2, true);
        history.trim();
        assert_eq!(history.len(), 5, "the first may still be reported");
        history.report(1, true);
        history.trim();
        assert_eq!((history.len(), history.in_flight_bytes()), (3, 300));
        history.report(3, false);
        for sequence in 4..=5 {
            history.report(sequence, true);
        }
        history.trim();
        assert_eq!(history.len(), 3, "what was lost may only be late");
        history.report(3, true);
        history.trim();
        assert_eq!(history.len(), 1);
        assert!(!history.push(now, 5, 100, None), "numbers go on behind the last");
        assert_eq!(history.report(4, true), None, "known");
    }

    #[test]
    fn is_bounded_in_number_and_age() {
        let now = start();
        let mut history = History::new(10);
        for sequence in 0..1000 {
            history.push(now + Duration::from_millis(sequence), sequence, 10, None);
        }
        assert_eq!((history.len(), history.in_flight_bytes()), (10, 100));
        history.expire(now + Duration::from_millis(995));
        assert_eq!((history.len(), history.in_flight_bytes()), (5, 50));
    }
}
