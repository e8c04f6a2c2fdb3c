//! Groups of packets, and how much later than sent each arrives (draft-ietf-rmcat-gcc-02 §5.1 and §5.2).

/// Packets sent within this time of the first are one group, in microseconds (§5.2).
const BURST_US: i64 = 5_000;

/// Packets that arrive this close together, and closer than they were sent, waited in one queue, in microseconds.
const ARRIVAL_BURST_US: i64 = 5_000;

/// No group arrives over a longer time, in microseconds.
const MAX_BURST_US: i64 = 100_000;

/// A larger difference between two groups is a jump of a clock or the end of an outage, in microseconds.
const MAX_DIFFERENCE_US: i64 = 3_000_000;

/// So many groups in a row that arrived before their predecessors: the receiver's clock was set back.
const MAX_REORDERED: u32 = 3;

/// Two groups compared, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) sent: i64,
    pub(super) arrived: i64,
    /// When the later group was complete, by the receiver's clock.
    pub(super) at: i64,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    first_arrived: i64,
    last_arrived: i64,
}

#[derive(Debug, Default)]
pub(super) struct InterArrival {
    previous: Option<Group>,
    current: Option<Group>,
    reordered: u32,
}

impl InterArrival {
    /// Takes a packet; the difference of the last two complete groups when it begins a third.
    pub(super) fn add(&mut self, sent: i64, arrived: i64) -> Option<Delta> {
        let begun = Group {
            first_sent: sent,
            last_sent: sent,
            first_arrived: arrived,
            last_arrived: arrived,
        };
        let Some(current) = &mut self.current else {
            self.current = Some(begun);
            return None;
        };
        if sent < current.first_sent {
            return None;
        }
        if current.takes(sent, arrived) {
            current.last_sent = current.last_sent.max(sent);
            current.last_arrived = current.last_arrived.max(arrived);
            return None;
        }
        let complete = *current;
        let previous = self.previous.replace(complete);
        self.current = Some(begun);
        self.compare(&complete, &previous?)
    }

    /// Starts again, as behind a gap in what was measured.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    fn compare(&mut self, complete: &Group, previous: &Group) -> Option<Delta> {
        let delta = Delta {
            sent: complete.last_sent - previous.last_sent,
            arrived: complete.last_arrived - previous.last_arrived,
            at: complete.last_arrived,
        };
        if (delta.arrived - delta.sent).abs() > MAX_DIFFERENCE_US {
            self.reset();
            return None;
        }
        if delta.arrived < 0 {
            self.reordered += 1;
            if self.reordered >= MAX_REORDERED {
                self.reset();
            }
            return None;
        }
        self.reordered = 0;
        Some(delta)
    }
}

impl Group {
    fn takes(&self, sent: i64, arrived: i64) -> bool {
        if sent - self.first_sent <= BURST_US {
            return true;
        }
        let arrived_after = arrived - self.last_arrived;
        arrived_after - (sent - self.last_sent) < 0
            && arrived_after <= ARRIVAL_BURST_US
            && arrived - self.first_arrived < MAX_BURST_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_complete_groups() {
        let mut groups = InterArrival::default();
        assert_eq!(groups.add(0, 100_000), None);
        assert_eq!(groups.add(4_000, 104_000), None);
        assert_eq!(groups.add(20_000, 120_000), None);
        let delta = groups.add(40_000, 150_000);
        assert_eq!(
            delta,
            Some(Delta {
                sent: 16_000,
                arrived: 16_000,
                at: 120_000
            })
        );
        let delta = groups.add(60_000, 170_000);
        assert_eq!(
            delta,
            Some(Delta {
                sent: 20_000,
                arrived: 30_000,
                at: 150_000
            })
        );
    }

    #[test]
    fn what_comes_out_of_one_queue_is_one_group() {
        let mut groups = InterArrival::default();
        groups.add(0, 100_000);
        for i in 1..5 {
            assert_eq!(groups.add(i * 10_000, 100_000 + i * 1000), None);
        }
        assert_eq!(groups.add(100_000, 200_000), None, "the second group of two");
    }

    #[test]
    fn jumps_and_old_packets_give_no_difference() {
        let mut groups = InterArrival::default();
        groups.add(0, 100_000);
        groups.add(20_000, 120_000);
        assert_eq!(groups.add(10_000, 121_000), None, "sent before the group");
        assert!(groups.add(40_000, 9_000_000).is_some());
        assert_eq!(groups.add(60_000, 9_020_000), None, "the clock has jumped");
        assert_eq!(groups.add(80_000, 9_040_000), None, "so it starts again");
        assert_eq!(groups.add(100_000, 9_060_000), None);
        assert!(groups.add(120_000, 9_080_000).is_some());
    }
}
