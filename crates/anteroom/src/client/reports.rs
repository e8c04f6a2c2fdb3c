//! RTCP of this client: sender and receiver reports out, the service's sender reports in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anteroom_media_transport::SRTP_MAX_OVERHEAD;
use anteroom_media_transport::rtcp::{
    Compound, CompoundWriter, MAX_COUNT, NtpTime, Packet, ReportBlock, SenderInfo,
};
use anteroom_media_transport::rtp::SequenceExtender;

use super::sender::Sender;

/// Longest compound written: a sender report with 31 blocks and a name.
const MAX_COMPOUND: usize = 1024;

/// Seconds from the NTP epoch (1900) to the Unix epoch.
const NTP_OFFSET: u64 = 2_208_988_800;

/// What is reported about the streams we receive.
#[derive(Debug, Default)]
pub(super) struct Reports {
    streams: BTreeMap<u32, Stream>,
}

/// One received stream, RFC 3550 §A.3 and §A.8.
#[derive(Debug)]
struct Stream {
    sequence: SequenceExtender,
    first: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    /// Transit time of the packet before, in RTP ticks.
    transit: Option<u32>,
    /// Jitter in RTP ticks, times 16.
    jitter: u32,
    /// Middle of the NTP time in the last sender report, and when it came.
    sender_report: Option<(u32, Instant)>,
}

impl Reports {
    /// Forgets all streams but these.
    pub(super) fn retain(&mut self, ssrcs: &[u32]) {
        self.streams.retain(|ssrc, _| ssrcs.contains(ssrc));
    }

    /// Counts a packet that came; `arrival` is the time since any fixed instant.
    pub(super) fn received(
        &mut self,
        arrival: Duration,
        clock_hz: u32,
        ssrc: u32,
        sequence: u16,
        timestamp: u32,
    ) {
        let arrival = ticks(arrival, clock_hz);
        let stream = self.streams.entry(ssrc).or_insert_with(|| {
            let extender = SequenceExtender::new(sequence);
            Stream {
                first: extender.highest(),
                sequence: extender,
                received: 0,
                expected_before: 0,
                received_before: 0,
                transit: None,
                jitter: 0,
                sender_report: None,
            }
        });
        stream.sequence.extend(sequence);
        stream.received += 1;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = stream.transit.replace(transit) {
            let difference = transit.wrapping_sub(before).cast_signed().unsigned_abs();
            // A new talkspurt after silence is no jitter of the network worth a second.
            let difference = difference.min(clock_hz);
            stream.jitter = stream
                .jitter
                .saturating_add(difference)
                .saturating_sub((stream.jitter + 8) >> 4);
        }
    }

    /// Takes a compound from the service; what is malformed is ignored.
    pub(super) fn handle_rtcp(&mut self, now: Instant, compound: &[u8]) {
        for packet in Compound::new(compound) {
            let Ok(packet) = packet else { return };
            if let Packet::SenderReport(report) = packet
                && let Some(stream) = self.streams.get_mut(&report.ssrc)
            {
                stream.sender_report = Some((report.info.ntp.middle(), now));
            }
        }
    }

    /// Writes this second's compound into `out`; its length without protection, for which there is room behind it.
    pub(super) fn compound(
        &mut self,
        now: Instant,
        sender: Option<&Sender>,
        cname: &str,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let sender = sender?;
        let blocks: Vec<ReportBlock> = self
            .streams
            .iter_mut()
            .take(MAX_COUNT)
            .map(|(ssrc, stream)| stream.block(*ssrc, now))
            .collect();
        out.clear();
        out.resize(MAX_COMPOUND + SRTP_MAX_OVERHEAD, 0);
        let mut writer = CompoundWriter::new(out.get_mut(..MAX_COMPOUND)?);
        let ssrc = sender.outgoing().ssrc;
        if sender.packets() > 0 {
            let info = SenderInfo {
                ntp: ntp_now(),
                rtp_timestamp: sender.timestamp(),
                packet_count: low(sender.packets()),
                octet_count: low(sender.octets()),
            };
            writer.sender_report(ssrc, &info, &blocks).ok()?;
        } else {
            writer.receiver_report(ssrc, &blocks).ok()?;
        }
        writer.source_description(&[(ssrc, cname)]).ok()?;
        Some(writer.len())
    }
}

impl Stream {
    fn block(&mut self, ssrc: u32, now: Instant) -> ReportBlock {
        let highest = self.sequence.highest();
        let expected = highest.saturating_sub(self.first) + 1;
        let expected_now = expected - self.expected_before;
        let received_now = self.received - self.received_before;
        self.expected_before = expected;
        self.received_before = self.received;
        let lost_now = expected_now.saturating_sub(received_now);
        let fraction = (lost_now * 256).checked_div(expected_now).unwrap_or(0).min(255);
        let lost =
            i64::try_from(expected).unwrap_or(i64::MAX) - i64::try_from(self.received).unwrap_or(i64::MAX);
        let (last, delay) = self.sender_report.map_or((0, 0), |(middle, at)| {
            let delay = now.saturating_duration_since(at);
            // In units of 1/65536 s.
            (
                middle,
                u32::try_from(delay.as_nanos() * 65_536 / 1_000_000_000).unwrap_or(u32::MAX),
            )
        });
        ReportBlock {
            ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            // 24 bits, signed.
            cumulative_lost: i32::try_from(lost.clamp(-0x80_0000, 0x7f_ffff)).unwrap_or(0),
            highest_sequence: low(highest),
            jitter: self.jitter >> 4,
            last_sender_report: last,
            delay_since_last_sender_report: delay,
        }
    }
}

/// Writes a compound that asks for a keyframe into `out`; its length without protection, for which there is room
/// behind it.
pub(super) fn keyframe_request(
    sender_ssrc: u32,
    media_ssrc: u32,
    cname: &str,
    out: &mut Vec<u8>,
) -> Option<usize> {
    out.clear();
    out.resize(MAX_COMPOUND + SRTP_MAX_OVERHEAD, 0);
    let mut writer = CompoundWriter::new(out.get_mut(..MAX_COMPOUND)?);
    writer.receiver_report(sender_ssrc, &[]).ok()?;
    writer.source_description(&[(sender_ssrc, cname)]).ok()?;
    writer.picture_loss_indication(sender_ssrc, media_ssrc).ok()?;
    Some(writer.len())
}

/// A time in RTP ticks, modulo 2³².
fn ticks(time: Duration, clock_hz: u32) -> u32 {
    let ticks = time.as_micros() * u128::from(clock_hz) / 1_000_000;
    u32::try_from(ticks & u128::from(u32::MAX)).unwrap_or_default()
}

fn low(value: u64) -> u32 {
    u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default()
}

fn ntp_now() -> NtpTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    NtpTime((since.as_secs() + NTP_OFFSET) << 32 | fraction)
}

#[cfg(test)]
mod tests {
    use anteroom_codec::SAMPLE_RATE_HZ;

    use super::*;

    #[test]
    fn loss_is_counted_over_a_wrap_of_the_sequence() {
        let mut reports = Reports::default();
        let start = Instant::now();
        for (index, sequence) in [65_534u16, 65_535, 1, 2].into_iter().enumerate() {
            let at = Duration::from_millis(20 * index as u64);
            reports.received(at, SAMPLE_RATE_HZ, 7, sequence, 960 * u32::from(sequence));
        }
        let block = reports.streams.get_mut(&7).unwrap().block(7, start);
        assert_eq!(block.cumulative_lost, 1);
        assert_eq!(block.fraction_lost, 51, "a fifth, in 1/256");
        let block = reports.streams.get_mut(&7).unwrap().block(7, start);
        assert_eq!(block.fraction_lost, 0, "nothing since");
    }

    #[test]
    fn even_arrival_is_no_jitter_and_uneven_arrival_is() {
        let (mut even, mut uneven) = (Reports::default(), Reports::default());
        for index in 0..100u16 {
            let at = Duration::from_millis(20) * u32::from(index);
            let late = Duration::from_millis(if index % 2 == 0 { 0 } else { 10 });
            even.received(at, SAMPLE_RATE_HZ, 1, index, 960 * u32::from(index));
            uneven.received(at + late, SAMPLE_RATE_HZ, 1, index, 960 * u32::from(index));
        }
        assert_eq!(even.streams[&1].jitter, 0);
        let ms = (uneven.streams[&1].jitter >> 4) / 48;
        assert!((8..=10).contains(&ms), "{ms}");
    }
}
