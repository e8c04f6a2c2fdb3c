//! Reports to and from the subscriber about the stream.

use std::time::{Duration, Instant};

use super::super::munger::later;
use super::super::publisher::Track;
use super::Subscriber;
use crate::rtcp::{ReportBlock, SenderInfo};

/// The loss from which on that is done, in 1/256: three percent; and for how long.
const LOSSY: u8 = 8;
const LOSSY_FOR: Duration = Duration::from_secs(15);

impl Subscriber {
    /// What to say about the stream, in the publisher's wall-clock time. `None` before the publisher has told it.
    pub(in crate::router) fn sender_info(&mut self, now: Instant, track: &Track) -> Option<SenderInfo> {
        if self.counters.packets == 0 {
            return None;
        }
        let source = track.source(self.munger.generation()?)?;
        let (info, at) = source.report?;
        let offset = self.munger.timestamp_offset(source.generation)?;
        let elapsed = now.saturating_duration_since(at);
        let ntp = info.ntp.later(elapsed);
        self.reports = [Some((ntp.middle(), now)), self.reports[0]];
        #[expect(clippy::cast_possible_truncation, reason = "the wire's counts wrap")]
        let (packet_count, octet_count) = (self.counters.packets as u32, self.counters.bytes as u32);
        Some(SenderInfo {
            ntp,
            rtp_timestamp: later(info.rtp_timestamp.wrapping_add(offset), elapsed, self.clock_rate),
            packet_count,
            octet_count,
        })
    }

    /// Takes what the subscriber says about the stream; the round-trip time, if that follows.
    pub(in crate::router) fn handle_report(&mut self, now: Instant, block: &ReportBlock) -> Option<Duration> {
        self.reported = *block;
        if block.fraction_lost >= LOSSY {
            self.lossy_until = Some(now + LOSSY_FOR);
        }
        let (_, sent) = self
            .reports
            .into_iter()
            .flatten()
            .find(|(ntp, _)| *ntp == block.last_sender_report)?;
        let delay = u64::from(block.delay_since_last_sender_report);
        let delay = Duration::from_nanos(delay * 1_000_000_000 / 65_536);
        now.saturating_duration_since(sent).checked_sub(delay)
    }
}
