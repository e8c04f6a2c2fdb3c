//! A subscriber's streams: what came, what is missing and asked for again, and what it took to come.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use anteroom_media_transport::payload::vp8_starts_keyframe;
use anteroom_media_transport::rtcp::{CompoundWriter, MAX_COUNT, NtpTime, Packet as Rtcp, ReportBlock};
use anteroom_media_transport::rtp::{Packet, SequenceExtender};

use super::agreement::Kind;
use super::probe;
use super::protocol::Received;

/// A missing packet is asked for again once others have had this long to overtake.
const PATIENCE: Duration = Duration::from_millis(10);

/// Least time between two requests for the same packet.
const AGAIN: Duration = Duration::from_millis(50);

/// Requests for one packet.
const MAX_REQUESTS: u8 = 5;

/// Most packets of a stream that are waited for; the oldest are given up.
const MAX_MISSING: usize = 512;

/// Least time between two requests for a keyframe.
const KEYFRAME_INTERVAL: Duration = Duration::from_millis(500);

/// Packets of which it is known whether they came: a power of two.
const WINDOW: usize = 2048;

/// A packet that came, for whoever measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrived {
    pub(super) kind: Kind,
    /// When it was sent, if it says so; only for one that came by itself, and was sent while it counts.
    pub(super) sent: Option<u64>,
    /// It makes the first keyframe of a stream whole.
    pub(super) completes_keyframe: bool,
}

/// All streams of a subscriber.
pub(super) struct Receiver {
    ssrc: u32,
    payload_types: Vec<(u8, Kind)>,
    streams: HashMap<u32, Stream>,
    /// What is sent from the first moment up to the second counts.
    window: Option<(u64, u64)>,
    nacked: u64,
    keyframe_requests: u64,
}

struct Stream {
    kind: Kind,
    sequence: SequenceExtender,
    first: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    /// The extended number that came last at each place.
    came: Box<[u64]>,
    missing: BTreeMap<u64, Missing>,
    /// Middle of the NTP time in the last sender report, and when it came.
    sender_report: Option<(u32, Instant)>,
    keyframe: Keyframe,
    asked_for_keyframe: Option<Instant>,
    counted: Counted,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    since: Instant,
    requests: u8,
    requested: Option<Instant>,
}

/// How far the first keyframe has come.
#[derive(Debug, Clone, Copy)]
enum Keyframe {
    Awaited {
        since: Instant,
    },
    Coming {
        first: u64,
        timestamp: u32,
        last: Option<u64>,
        since: Instant,
    },
    Whole,
}

/// What counts of a stream.
#[derive(Debug, Clone, Default)]
struct Counted {
    lowest: Option<u64>,
    highest: u64,
    packets: u64,
    bytes: u64,
    reordered: u64,
    duplicates: u64,
    recovered: u64,
    /// Numbers of packets that are none of a publisher's: what the server sends to find out what the path carries.
    strange: Vec<u64>,
}

impl Receiver {
    /// A receiver that reports as `ssrc`.
    pub(super) fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            payload_types: Vec::new(),
            streams: HashMap::new(),
            window: None,
            nacked: 0,
            keyframe_requests: 0,
        }
    }

    /// Who reports.
    pub(super) const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Payload types that may come.
    pub(super) fn agree(&mut self, payload_types: Vec<(u8, Kind)>) {
        self.payload_types = payload_types;
    }

    /// From now on, what is sent from one moment up to another counts.
    pub(super) fn measure(&mut self, from: u64, until: u64) {
        self.window = Some((from, until));
    }

    /// Takes a packet that was `bytes` long.
    pub(super) fn packet(&mut self, now: Instant, packet: &Packet<'_>, bytes: usize) -> Option<Arrived> {
        let payload_type = packet.payload_type();
        let (_, kind) = *self
            .payload_types
            .iter()
            .find(|(known, _)| *known == payload_type)?;
        let number = packet.sequence_number();
        let stream = self
            .streams
            .entry(packet.ssrc())
            .or_insert_with(|| Stream::new(kind, number, now));
        let payload = packet.payload();
        let sent = probe::read(payload);
        let counts = sent
            .zip(self.window)
            .is_some_and(|(sent, (from, until))| (from..until).contains(&sent));
        let highest = stream.sequence.highest();
        let extended = stream.sequence.extend(number);
        let counted = &mut stream.counted;
        let place = usize::try_from(extended).unwrap_or(0) % WINDOW;
        if stream.came[place] == extended {
            counted.duplicates += u64::from(counts);
            return None;
        }
        stream.came[place] = extended;
        stream.received += 1;
        for lost in highest + 1..extended {
            stream.missing.insert(
                lost,
                Missing {
                    since: now,
                    requests: 0,
                    requested: None,
                },
            );
        }
        while stream.missing.len() > MAX_MISSING {
            stream.missing.pop_first();
        }
        let was_missing = stream.missing.remove(&extended);
        let was_requested = was_missing.is_some_and(|missing| missing.requests > 0);
        let is_late = extended < highest;
        if sent.is_none() && self.window.is_some() {
            counted.strange.push(extended);
        }
        if counts {
            counted.packets += 1;
            counted.bytes += bytes as u64;
            counted.recovered += u64::from(was_requested);
            counted.reordered += u64::from(is_late && !was_requested);
            counted.lowest = Some(counted.lowest.map_or(extended, |lowest| lowest.min(extended)));
            counted.highest = counted.highest.max(extended);
        }
        let completes_keyframe = kind == Kind::Video && stream.follow_keyframe(now, extended, packet);
        Some(Arrived {
            kind,
            // What was sent twice took as long as the loss was not noticed.
            sent: sent.filter(|_| counts && !was_requested),
            completes_keyframe,
        })
    }

    /// Takes a packet of RTCP.
    pub(super) fn rtcp(&mut self, now: Instant, packet: &Rtcp<'_>) {
        if let Rtcp::SenderReport(report) = packet
            && let Some(stream) = self.streams.get_mut(&report.ssrc)
        {
            stream.sender_report = Some((report.info.ntp.middle(), now));
        }
    }

    /// Writes what is to be asked for now into `out`; its length, 0 for nothing.
    pub(super) fn requests(&mut self, now: Instant, out: &mut [u8]) -> usize {
        let mut writer = CompoundWriter::new(out);
        for (ssrc, stream) in &mut self.streams {
            let mut wanted = Vec::new();
            stream
                .missing
                .retain(|_, missing| missing.requests < MAX_REQUESTS || !missing.is_due(now));
            for (number, missing) in &mut stream.missing {
                if missing.is_due(now) && wanted.len() < 64 {
                    missing.requests += 1;
                    missing.requested = Some(now);
                    // The lower bits are what the stream has.
                    wanted.push(u16::try_from(number & 0xffff).unwrap_or(0));
                }
            }
            if !wanted.is_empty() && writer.nack(self.ssrc, *ssrc, wanted.iter().copied()).is_ok() {
                self.nacked += wanted.len() as u64;
            }
            if stream.lacks_keyframe(now) && writer.picture_loss_indication(self.ssrc, *ssrc).is_ok() {
                stream.asked_for_keyframe = Some(now);
                self.keyframe_requests += 1;
            }
        }
        writer.len()
    }

    /// Writes the report of this second into `out`; its length, 0 for nothing.
    pub(super) fn report(&mut self, now: Instant, cname: &str, out: &mut [u8]) -> usize {
        let blocks: Vec<ReportBlock> = self
            .streams
            .iter_mut()
            .take(MAX_COUNT)
            .map(|(ssrc, stream)| stream.block(*ssrc, now))
            .collect();
        let mut writer = CompoundWriter::new(out);
        let written = writer
            .receiver_report(self.ssrc, &blocks)
            .and_then(|()| writer.source_description(&[(self.ssrc, cname)]));
        written.map_or(0, |()| writer.len())
    }

    /// What was counted.
    pub(super) fn counted(&self) -> Received {
        let mut received = Received {
            nacked: self.nacked,
            keyframe_requests: self.keyframe_requests,
            ..Received::default()
        };
        for stream in self.streams.values() {
            let Counted {
                lowest,
                highest,
                packets,
                bytes,
                reordered,
                duplicates,
                recovered,
                strange,
            } = &stream.counted;
            let expected = lowest.map_or(0, |lowest| {
                let between = strange
                    .iter()
                    .filter(|number| (lowest..=*highest).contains(number));
                highest - lowest + 1 - between.count() as u64
            });
            received.add(&Received {
                packets: *packets,
                bytes: *bytes,
                expected,
                reordered: *reordered,
                duplicates: *duplicates,
                recovered: *recovered,
                streams: u64::from(lowest.is_some()),
                ..Received::default()
            });
        }
        received
    }
}

impl Missing {
    fn is_due(&self, now: Instant) -> bool {
        match self.requested {
            Some(requested) => now.saturating_duration_since(requested) >= AGAIN,
            None => now.saturating_duration_since(self.since) >= PATIENCE,
        }
    }
}

impl Stream {
    fn new(kind: Kind, first: u16, now: Instant) -> Self {
        let sequence = SequenceExtender::new(first);
        Self {
            kind,
            first: sequence.highest(),
            sequence,
            received: 0,
            expected_before: 0,
            received_before: 0,
            came: vec![0; WINDOW].into(),
            missing: BTreeMap::new(),
            sender_report: None,
            keyframe: Keyframe::Awaited { since: now },
            asked_for_keyframe: None,
            counted: Counted::default(),
        }
    }

    /// Notes a packet of pictures; true when the first keyframe has become whole by it.
    fn follow_keyframe(&mut self, now: Instant, number: u64, packet: &Packet<'_>) -> bool {
        if matches!(self.keyframe, Keyframe::Whole) {
            return false;
        }
        if vp8_starts_keyframe(packet.payload()) {
            self.keyframe = Keyframe::Coming {
                first: number,
                timestamp: packet.timestamp(),
                last: packet.marker().then_some(number),
                since: now,
            };
        }
        let Keyframe::Coming {
            first,
            timestamp,
            last,
            ..
        } = &mut self.keyframe
        else {
            return false;
        };
        if packet.timestamp() == *timestamp && packet.marker() {
            *last = Some(number);
        }
        let has_come = |number| self.came[usize::try_from(number).unwrap_or(0) % WINDOW] == number;
        let is_whole = last.is_some_and(|last| (*first..=last).all(has_come));
        if is_whole {
            self.keyframe = Keyframe::Whole;
        }
        is_whole
    }

    fn lacks_keyframe(&self, now: Instant) -> bool {
        let since = match self.keyframe {
            Keyframe::Awaited { since } | Keyframe::Coming { since, .. } => since,
            Keyframe::Whole => return false,
        };
        // The server asks for one by itself when a subscriber comes.
        let since = self.asked_for_keyframe.map_or(since, |asked| asked.max(since));
        self.kind == Kind::Video && now.saturating_duration_since(since) >= KEYFRAME_INTERVAL
    }

    /// RFC 3550 §6.4.1 and appendix A.3. Jitter is left out: nobody adapts to it here.
    fn block(&mut self, ssrc: u32, now: Instant) -> ReportBlock {
        let highest = self.sequence.highest();
        let expected = highest.saturating_sub(self.first) + 1;
        let expected_now = expected - self.expected_before;
        let received_now = self.received - self.received_before;
        self.expected_before = expected;
        self.received_before = self.received;
        let lost_now = expected_now.saturating_sub(received_now);
        let fraction = (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255);
        let lost = expected.saturating_sub(self.received).min(0x7f_ffff);
        let (last, delay) = self.sender_report.map_or((0, 0), |(middle, at)| {
            // In units of 1/65536 s.
            let delay = now.saturating_duration_since(at).as_nanos() * 65_536 / 1_000_000_000;
            (middle, u32::try_from(delay).unwrap_or(u32::MAX))
        });
        ReportBlock {
            ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            cumulative_lost: i32::try_from(lost).unwrap_or(i32::MAX),
            highest_sequence: u32::try_from(highest & u64::from(u32::MAX)).unwrap_or(0),
            jitter: 0,
            last_sender_report: last,
            delay_since_last_sender_report: delay,
        }
    }
}

/// Wall-clock time as RTCP has it.
pub(super) fn ntp_now() -> NtpTime {
    /// Seconds from the NTP epoch (1900) to the Unix epoch.
    const NTP_OFFSET: u64 = 2_208_988_800;
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    NtpTime((since.as_secs() + NTP_OFFSET) << 32 | fraction)
}

#[cfg(test)]
mod tests;
