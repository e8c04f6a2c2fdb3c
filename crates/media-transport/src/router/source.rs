//! One synchronisation source of a publisher: numbering, reception statistics, and its clock.

use std::time::{Duration, Instant};

use super::nack::Gaps;
use super::ticks;
use crate::rtcp::{NtpTime, ReportBlock, SenderInfo};
use crate::rtp::dependency::DependencyReader;
use crate::rtp::{Packet, SequenceExtender};

/// A jump over more packets than this is a new start (RFC 3550 appendix A.1, `MAX_DROPOUT`).
const MAX_DROPOUT: u64 = 3000;

/// Reception state of one SSRC.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) ssrc: u32,
    /// Tells this source's packets from those of all others of the track, and from its own before a new start.
    pub(super) generation: u32,
    /// Index of its simulcast layer.
    pub(super) layer: usize,
    pub(super) dependencies: DependencyReader,
    pub(super) gaps: Gaps,
    /// When it was last heard.
    pub(super) last_heard: Instant,
    /// Its latest sender report, and when that came.
    pub(super) report: Option<(SenderInfo, Instant)>,
    clock_rate: u32,
    numbers: SequenceExtender,
    /// The first extended number.
    base: u64,
    received: u64,
    /// Reception at the time of the report before.
    expected_prior: u64,
    received_prior: u64,
    /// Arrival in RTP time minus timestamp, of the latest packet.
    transit: Option<u32>,
    /// Interarrival jitter times 16 (RFC 3550 appendix A.8).
    jitter_16: u32,
    /// Origin of arrival times.
    begin: Instant,
}

/// Where a packet stands in its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) sequence: u64,
    /// The numbering starts anew with this packet: the source needs another generation.
    pub(super) is_restart: bool,
}

impl Source {
    pub(super) fn new(
        now: Instant,
        generation: u32,
        packet: &Packet<'_>,
        layer: usize,
        clock_rate: u32,
    ) -> Self {
        let numbers = SequenceExtender::new(packet.sequence_number());
        Self {
            ssrc: packet.ssrc(),
            generation,
            layer,
            dependencies: DependencyReader::new(),
            gaps: Gaps::default(),
            last_heard: now,
            report: None,
            clock_rate,
            base: numbers.highest(),
            numbers,
            received: 0,
            expected_prior: 0,
            received_prior: 0,
            transit: None,
            jitter_16: 0,
            begin: now,
        }
    }

    /// Takes note of a packet of this source.
    pub(super) fn handle_packet(&mut self, now: Instant, packet: &Packet<'_>) -> Numbered {
        let sequence = self.numbers.peek(packet.sequence_number());
        let is_restart = sequence.abs_diff(self.numbers.highest()) > MAX_DROPOUT;
        let sequence = if is_restart {
            self.numbers = SequenceExtender::new(packet.sequence_number());
            self.base = self.numbers.highest();
            (self.received, self.expected_prior, self.received_prior) = (0, 0, 0);
            self.transit = None;
            self.gaps = Gaps::default();
            self.base
        } else {
            self.numbers.extend(packet.sequence_number())
        };
        self.last_heard = now;
        self.received += 1;
        let arrival = ticks(now.saturating_duration_since(self.begin), self.clock_rate);
        let transit = arrival.wrapping_sub(packet.timestamp());
        if let Some(previous) = self.transit.replace(transit) {
            let difference = transit.wrapping_sub(previous).cast_signed().unsigned_abs();
            // A jump of the timestamp is no jitter.
            if difference < self.clock_rate {
                self.jitter_16 = self.jitter_16 - ((self.jitter_16 + 8) >> 4) + difference;
            }
        }
        Numbered { sequence, is_restart }
    }

    /// The extended number of a packet that came in another stream; `None` when it cannot be one of this numbering.
    pub(super) fn peek(&self, packet: &Packet<'_>) -> Option<u64> {
        let sequence = self.numbers.peek(packet.sequence_number());
        (sequence.abs_diff(self.numbers.highest()) <= MAX_DROPOUT).then_some(sequence)
    }

    /// Takes note of a packet that came in the stream of retransmissions: it is none of this source's in its reports,
    /// which tell what the path does.
    pub(super) fn handle_repaired(&mut self, packet: &Packet<'_>) {
        self.numbers.extend(packet.sequence_number());
    }

    /// The timestamp at a time of the publisher's clock; `None` before its first report.
    pub(super) fn timestamp_at(&self, ntp: NtpTime) -> Option<u32> {
        let (report, _) = self.report?;
        let rate = i128::from(self.clock_rate);
        let since = ((i128::from(ntp.0) - i128::from(report.ntp.0)) * rate) >> 32;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "RTP time wraps"
        )]
        let ticks = since as u32;
        Some(report.rtp_timestamp.wrapping_add(ticks))
    }

    /// The report block of the second that ends now; `None` when nothing came since the block before.
    pub(super) fn report_block(&mut self, now: Instant) -> Option<ReportBlock> {
        if self.received == self.received_prior {
            return None;
        }
        let expected = self.expected();
        let expected_interval = expected - self.expected_prior;
        let received_interval = self.received - self.received_prior;
        self.expected_prior = expected;
        self.received_prior = self.received;
        let lost_interval = expected_interval.saturating_sub(received_interval);
        let fraction = (lost_interval * 256).checked_div(expected_interval).unwrap_or(0);
        let (last_sender_report, delay_since_last_sender_report) =
            self.report.map_or((0, 0), |(info, at)| {
                (
                    info.ntp.middle(),
                    ticks(now.saturating_duration_since(at), 65_536),
                )
            });
        #[expect(clippy::cast_possible_truncation, reason = "the wire has 16 bits of cycles")]
        let highest_sequence = (self.numbers.highest() - (1 << 16)) as u32;
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            cumulative_lost: i32::try_from(self.lost()).unwrap_or(i32::MAX),
            highest_sequence,
            jitter: self.jitter_16 >> 4,
            last_sender_report,
            delay_since_last_sender_report,
        })
    }

    pub(super) fn jitter(&self) -> Duration {
        let rate = u64::from(self.clock_rate.max(1));
        Duration::from_nanos(u64::from(self.jitter_16 >> 4) * 1_000_000_000 / rate)
    }

    /// Packets missing so far; duplicates make up for others, as RFC 3550 has it.
    pub(super) fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    fn expected(&self) -> u64 {
        self.numbers.highest() - self.base + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::NtpTime;
    use crate::rtp::PacketBuilder;
    use crate::test_clock::start;

    const RATE: u32 = 48_000;

    fn feed(source: &mut Option<Source>, now: Instant, sequence: u16, timestamp: u32) -> Numbered {
        let mut bytes = [0; 12];
        PacketBuilder::new(0, sequence, timestamp, 5)
            .write(&[], &mut bytes)
            .unwrap();
        let packet = Packet::parse(&bytes).unwrap();
        source
            .get_or_insert_with(|| Source::new(now, 1, &packet, 0, RATE))
            .handle_packet(now, &packet)
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn reports_loss_of_the_interval_and_of_the_whole() {
        let begin = start();
        let mut source = None;
        for sequence in [65_533, 65_534, 65_535, 1, 2, 3, 5, 6] {
            feed(&mut source, begin, sequence, 0);
        }
        let source_ref = source.as_mut().unwrap();
        source_ref.report = Some((
            SenderInfo {
                ntp: NtpTime(7 << 32),
                ..SenderInfo::default()
            },
            begin,
        ));
        let block = source_ref.report_block(begin + ms(500)).unwrap();
        assert_eq!((block.cumulative_lost, block.fraction_lost), (2, 51));
        assert_eq!(block.highest_sequence, 65_536 + 6);
        assert_eq!(
            (block.last_sender_report, block.delay_since_last_sender_report),
            (7 << 16, 32_768)
        );
        assert_eq!(source_ref.report_block(begin), None, "nothing new");
        feed(&mut source, begin, 7, 0);
        let block = source.as_mut().unwrap().report_block(begin).unwrap();
        assert_eq!((block.cumulative_lost, block.fraction_lost), (2, 0));
    }

    #[test]
    fn jitter_follows_rfc_3550() {
        let begin = start();
        let mut source = None;
        // Every other packet is 10 ms late: differences of 480 ticks, towards which the estimate converges.
        for count in 0..400_u16 {
            let late = if count % 2 == 1 { 10 } else { 0 };
            feed(
                &mut source,
                begin + ms(u64::from(count) * 20 + late),
                count,
                u32::from(count) * 960,
            );
        }
        let jitter = source.unwrap().jitter();
        assert!(jitter > ms(9) && jitter <= ms(10), "{jitter:?}");
    }

    #[test]
    fn a_far_jump_in_either_direction_is_a_new_start() {
        let begin = start();
        let mut source = None;
        assert!(!feed(&mut source, begin, 100, 0).is_restart);
        assert!(!feed(&mut source, begin, 3100, 0).is_restart);
        assert!(feed(&mut source, begin, 6200, 0).is_restart);
        assert!(feed(&mut source, begin, 100, 0).is_restart);
        assert_eq!(source.unwrap().lost(), 0);
    }
}
