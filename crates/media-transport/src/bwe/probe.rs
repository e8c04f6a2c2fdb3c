//! Probe clusters: some packets in a row at a rate that is tried out.

use std::time::Duration;

use super::Bitrate;

/// Names a cluster, for as long as its estimator lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProbeId(pub(super) u32);

/// Some packets to send at a certain rate; media if there is some, padding if not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeRequest {
    /// Goes with each of its packets to [`Estimator::sent`](super::Estimator::sent).
    pub id: ProbeId,
    /// How fast.
    pub rate: Bitrate,
    /// At least so many bytes.
    pub bytes: u64,
    /// At least so many packets.
    pub packets: u32,
    pub(super) trust: Trust,
}

/// How far the result of one cluster is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// All of it: nothing is known, or it was so before.
    Full,
    /// A step towards it: what is in use must not be at risk.
    Step,
}

/// A cluster lasts at least this long: those for a quick start, and the others, which must not take jitter for
/// capacity.
const FIRST_DURATION: Duration = Duration::from_millis(15);
const DURATION: Duration = Duration::from_millis(25);

/// A cluster has at least so many packets.
const MIN_PACKETS: u32 = 5;

/// Clusters measured at a time.
const MAX_CLUSTERS: usize = 4;

/// The part of a cluster, in percent, that must arrive.
const ARRIVED_PERCENT: u64 = 70;

/// A cluster that took longer than this to be sent or to arrive measured something else, in microseconds.
const MAX_DURATION_US: i64 = 1_000_000;

/// Arrived so much faster than sent, in percent, it says nothing.
const BUNCHED_PERCENT: u32 = 150;

/// Arrived so much slower than sent, in percent, the cluster has found the limit.
const LIMITED_PERCENT: u32 = 90;

/// What is used of a limit that was found, in percent, so that the queue of the cluster drains.
const USED_PERCENT: u32 = 95;

impl ProbeRequest {
    pub(super) fn new(id: u32, rate: Bitrate, trust: Trust) -> Self {
        let duration = match trust {
            Trust::Full => FIRST_DURATION,
            Trust::Step => DURATION,
        };
        Self {
            id: ProbeId(id),
            rate,
            bytes: rate.bytes_in(duration).max(1),
            packets: MIN_PACKETS,
            trust,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Cluster {
    request: ProbeRequest,
    packets: u32,
    bytes: u64,
    first_sent: i64,
    last_sent: i64,
    last_sent_bytes: u32,
    first_arrived: i64,
    first_arrived_bytes: u32,
    last_arrived: i64,
}

/// What a cluster has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rate: Bitrate,
    pub(super) trust: Trust,
}

/// What clusters have found.
#[derive(Debug, Default)]
pub(super) struct ProbeResults {
    clusters: [Option<Cluster>; MAX_CLUSTERS],
    next: usize,
}

impl ProbeResults {
    /// Expects packets of a cluster; the oldest one is given up for it.
    pub(super) fn expect(&mut self, request: ProbeRequest) {
        let cluster = Cluster {
            request,
            packets: 0,
            bytes: 0,
            first_sent: i64::MAX,
            last_sent: i64::MIN,
            last_sent_bytes: 0,
            first_arrived: i64::MAX,
            first_arrived_bytes: 0,
            last_arrived: i64::MIN,
        };
        if let Some(place) = self.clusters.get_mut(self.next) {
            *place = Some(cluster);
        }
        self.next = (self.next + 1) % MAX_CLUSTERS;
    }

    /// Takes a packet of a cluster, times in microseconds; the rate that was found, as soon as enough has arrived.
    pub(super) fn add(&mut self, id: ProbeId, sent: i64, arrived: i64, bytes: u32) -> Option<Found> {
        let cluster = self
            .clusters
            .iter_mut()
            .flatten()
            .find(|cluster| cluster.request.id == id)?;
        cluster.packets += 1;
        cluster.bytes += u64::from(bytes);
        cluster.first_sent = cluster.first_sent.min(sent);
        if sent >= cluster.last_sent {
            cluster.last_sent = sent;
            cluster.last_sent_bytes = bytes;
        }
        if arrived < cluster.first_arrived {
            cluster.first_arrived = arrived;
            cluster.first_arrived_bytes = bytes;
        }
        cluster.last_arrived = cluster.last_arrived.max(arrived);
        let trust = cluster.request.trust;
        cluster.result().map(|rate| Found { rate, trust })
    }
}

impl Cluster {
    fn result(&self) -> Option<Bitrate> {
        let request = &self.request;
        let least_packets = u64::from(request.packets) * ARRIVED_PERCENT / 100;
        if u64::from(self.packets) < least_packets.max(2)
            || self.bytes < request.bytes * ARRIVED_PERCENT / 100
        {
            return None;
        }
        let sent = rate(self.bytes, self.last_sent_bytes, self.last_sent - self.first_sent)?;
        let arrived = rate(
            self.bytes,
            self.first_arrived_bytes,
            self.last_arrived - self.first_arrived,
        )?;
        // Faster than it was sent: it was held back somewhere and let go.
        if arrived > sent.percent(BUNCHED_PERCENT) {
            return None;
        }
        Some(if arrived < sent.percent(LIMITED_PERCENT) {
            arrived.percent(USED_PERCENT)
        } else {
            sent.min(arrived)
        })
    }
}

fn rate(bytes: u64, but: u32, micros: i64) -> Option<Bitrate> {
    let micros = Some(micros).filter(|micros| (1..=MAX_DURATION_US).contains(micros))?;
    let bytes = bytes.saturating_sub(but.into());
    Bitrate::from_bytes(bytes, Duration::from_micros(u64::try_from(micros).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(gap_sent: i64, gap_arrived: i64, packets: i64) -> Option<Bitrate> {
        let mut results = ProbeResults::default();
        let request = ProbeRequest::new(7, Bitrate::from_kbps(4800), Trust::Full);
        assert_eq!((request.bytes, request.packets), (9000, 5));
        results.expect(request);
        (0..packets)
            .filter_map(|i| results.add(request.id, i * gap_sent, 5_000_000 + i * gap_arrived, 1200))
            .last()
            .map(|found| found.rate)
    }

    #[test]
    fn finds_the_rate_or_the_limit() {
        assert_eq!(run(2_000, 2_000, 8), Some(Bitrate::from_kbps(4800)));
        assert_eq!(run(2_000, 4_000, 8), Some(Bitrate::from_kbps(2280)));
        assert_eq!(run(2_000, 1_500, 8), Some(Bitrate::from_kbps(4800)));
    }

    #[test]
    fn says_nothing_of_what_it_cannot_know() {
        assert_eq!(run(2_000, 2_000, 5), None, "too few");
        assert_eq!(run(2_000, 500, 8), None, "held back and let go");
        assert_eq!(run(0, 2_000, 8), None, "sent at once");
        assert_eq!(run(2_000, 0, 8), None);
        assert_eq!(run(2_000, 400_000, 8), None, "too slow");
        assert_eq!(ProbeResults::default().add(ProbeId(1), 0, 0, 1), None);
    }

    #[test]
    fn remembers_few_clusters() {
        let mut results = ProbeResults::default();
        for id in 0..10 {
            results.expect(ProbeRequest::new(id, Bitrate::from_kbps(100), Trust::Step));
        }
        let known: Vec<_> = results
            .clusters
            .iter()
            .flatten()
            .map(|cluster| cluster.request.id.0)
            .collect();
        assert_eq!(known, [8, 9, 6, 7]);
    }
}
