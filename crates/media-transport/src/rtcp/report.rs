use std::time::Duration;

use crate::error::ParseError;
use crate::wire::Reader;

/// Wall-clock time as NTP writes it: seconds since 1900 in the upper, 1/2³² s in the lower half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The middle 32 bits, in 1/65536 s, by which reports refer to it (RFC 3550 §4).
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper bits are left out on purpose"
    )]
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }

    /// The time this much later; wraps as NTP does in 2036.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        let fraction = (u64::from(by.subsec_nanos()) << 32) / 1_000_000_000;
        Self(self.0.wrapping_add(by.as_secs() << 32).wrapping_add(fraction))
    }
}

/// What a sender says about one of its streams (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SenderInfo {
    /// The moment of the report.
    pub ntp: NtpTime,
    /// The same moment in the stream's RTP time.
    pub rtp_timestamp: u32,
    /// RTP packets sent since the start.
    pub packet_count: u32,
    /// Payload bytes sent since the start.
    pub octet_count: u32,
}

/// What a receiver says about one stream (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ReportBlock {
    /// The stream.
    pub ssrc: u32,
    /// Loss since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the start, -2²³..2²³; negative when there were duplicates.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with the number of cycles in the upper half.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the RTP clock.
    pub jitter: u32,
    /// [`NtpTime::middle`] of the last sender report; 0 when there was none.
    pub last_sender_report: u32,
    /// Delay since that report in 1/65536 s.
    pub delay_since_last_sender_report: u32,
}

impl ReportBlock {
    /// Length on the wire in bytes.
    pub(super) const LEN: usize = 24;

    #[inline]
    const fn read(bytes: &[u8; Self::LEN]) -> Self {
        let [
            a,
            b,
            c,
            d,
            fraction_lost,
            e,
            f,
            g,
            h,
            i,
            j,
            k,
            l,
            m,
            n,
            o,
            p,
            q,
            r,
            s,
            t,
            u,
            v,
            w,
        ] = *bytes;
        Self {
            ssrc: u32::from_be_bytes([a, b, c, d]),
            fraction_lost,
            // Sign-extends 24 bits.
            cumulative_lost: i32::from_be_bytes([e, f, g, 0]) >> 8,
            highest_sequence: u32::from_be_bytes([h, i, j, k]),
            jitter: u32::from_be_bytes([l, m, n, o]),
            last_sender_report: u32::from_be_bytes([p, q, r, s]),
            delay_since_last_sender_report: u32::from_be_bytes([t, u, v, w]),
        }
    }
}

/// A sender report, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct SenderReport<'a> {
    /// The stream it is about.
    pub ssrc: u32,
    /// What it says about that stream.
    pub info: SenderInfo,
    blocks: &'a [[u8; ReportBlock::LEN]],
}

impl<'a> SenderReport<'a> {
    #[inline]
    pub(super) fn read(count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let ssrc = reader.u32("sender report")?;
        let info = SenderInfo {
            ntp: NtpTime(reader.u64("sender report")?),
            rtp_timestamp: reader.u32("sender report")?,
            packet_count: reader.u32("sender report")?,
            octet_count: reader.u32("sender report")?,
        };
        Ok(Self {
            ssrc,
            info,
            blocks: read_blocks(count, &mut reader)?,
        })
    }

    /// What the sender says about the streams it receives.
    #[inline]
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = ReportBlock> + use<'a> {
        self.blocks.iter().map(ReportBlock::read)
    }
}

/// A receiver report, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    blocks: &'a [[u8; ReportBlock::LEN]],
}

impl<'a> ReceiverReport<'a> {
    #[inline]
    pub(super) fn read(count: u8, body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let ssrc = reader.u32("receiver report")?;
        Ok(Self {
            ssrc,
            blocks: read_blocks(count, &mut reader)?,
        })
    }

    /// The reports.
    #[inline]
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = ReportBlock> + use<'a> {
        self.blocks.iter().map(ReportBlock::read)
    }
}

/// Profile-specific extensions behind the blocks are allowed and left out (RFC 3550 §6.4.3).
#[inline]
fn read_blocks<'a>(count: u8, reader: &mut Reader<'a>) -> Result<&'a [[u8; ReportBlock::LEN]], ParseError> {
    let blocks = reader.bytes(usize::from(count) * ReportBlock::LEN, "report blocks")?;
    Ok(blocks.as_chunks().0)
}
