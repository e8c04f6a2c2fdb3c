use thiserror::Error;

use super::{
    FMT_APPLICATION, FMT_FIR, FMT_NACK, FMT_PLI, FMT_TRANSPORT_CC, MAX_COUNT, NtpTime, PacketType, REMB_NAME,
    ReceptionTime, ReportBlock, SDES_CNAME, SenderInfo, transport_cc, xr,
};
use crate::wire::{BufferFull, Writer};

/// Why a packet could not be written. What was written before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The caller's buffer is too small.
    #[error("buffer too small")]
    BufferTooSmall,
    /// More than [`MAX_COUNT`] blocks, chunks or sources, or 255 streams of a REMB.
    #[error("too many entries")]
    TooMany,
    /// A text over 255 bytes.
    #[error("text over 255 bytes")]
    TooLong,
    /// Nothing to say, where the packet has to name something.
    #[error("nothing to write")]
    Empty,
}

impl From<BufferFull> for WriteError {
    fn from(_: BufferFull) -> Self {
        Self::BufferTooSmall
    }
}

/// Writes a compound packet into the caller's slice.
///
/// RFC 3550 §6.1 asks for a report first; that is the caller's business.
#[derive(Debug)]
pub struct CompoundWriter<'b> {
    buffer: &'b mut [u8],
    /// Invariant: `used <= buffer.len()`, a multiple of four.
    used: usize,
}

impl<'b> CompoundWriter<'b> {
    /// Starts at the front of `buffer`.
    #[must_use]
    pub const fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, used: 0 }
    }

    /// Appends a sender report.
    ///
    /// # Errors
    /// [`WriteError::TooMany`], [`WriteError::BufferTooSmall`].
    pub fn sender_report(
        &mut self,
        ssrc: u32,
        info: &SenderInfo,
        blocks: &[ReportBlock],
    ) -> Result<(), WriteError> {
        self.packet(PacketType::SENDER_REPORT, count(blocks.len())?, |writer| {
            writer.u32(ssrc)?;
            writer.u64(info.ntp.0)?;
            writer.u32(info.rtp_timestamp)?;
            writer.u32(info.packet_count)?;
            writer.u32(info.octet_count)?;
            blocks.iter().try_for_each(|block| write_block(block, writer))
        })
    }

    /// Appends a receiver report.
    ///
    /// # Errors
    /// [`WriteError::TooMany`], [`WriteError::BufferTooSmall`].
    pub fn receiver_report(&mut self, ssrc: u32, blocks: &[ReportBlock]) -> Result<(), WriteError> {
        self.packet(PacketType::RECEIVER_REPORT, count(blocks.len())?, |writer| {
            writer.u32(ssrc)?;
            blocks.iter().try_for_each(|block| write_block(block, writer))
        })
    }

    /// Appends a source description that names `(SSRC, CNAME)`.
    ///
    /// # Errors
    /// [`WriteError::TooMany`], [`WriteError::TooLong`], [`WriteError::BufferTooSmall`].
    pub fn source_description(&mut self, names: &[(u32, &str)]) -> Result<(), WriteError> {
        self.packet(PacketType::SOURCE_DESCRIPTION, count(names.len())?, |writer| {
            for (ssrc, cname) in names {
                writer.u32(*ssrc)?;
                writer.u8(SDES_CNAME)?;
                writer.u8(u8::try_from(cname.len()).map_err(|_| WriteError::TooLong)?)?;
                writer.bytes(cname.as_bytes())?;
                // The zero that ends the list, then to the boundary.
                writer.u8(0)?;
                writer.align(4)?;
            }
            Ok(())
        })
    }

    /// Appends the end of sources.
    ///
    /// # Errors
    /// [`WriteError::TooMany`], [`WriteError::BufferTooSmall`].
    pub fn goodbye(&mut self, ssrcs: &[u32]) -> Result<(), WriteError> {
        self.packet(PacketType::GOODBYE, count(ssrcs.len())?, |writer| {
            ssrcs.iter().try_for_each(|ssrc| Ok(writer.u32(*ssrc)?))
        })
    }

    /// Appends a generic NACK. Rising sequence numbers make the shortest packet.
    ///
    /// # Errors
    /// [`WriteError::Empty`], [`WriteError::BufferTooSmall`].
    pub fn nack(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        sequence_numbers: impl Iterator<Item = u16>,
    ) -> Result<(), WriteError> {
        self.packet(PacketType::TRANSPORT_FEEDBACK, FMT_NACK, |writer| {
            writer.u32(sender_ssrc)?;
            writer.u32(media_ssrc)?;
            let mut entry: Option<(u16, u16)> = None;
            for sequence in sequence_numbers {
                if let Some((first, mask)) = &mut entry {
                    let distance = sequence.wrapping_sub(*first);
                    if distance == 0 {
                        continue;
                    }
                    if distance <= 16 {
                        *mask |= 1 << (distance - 1);
                        continue;
                    }
                    writer.u16(*first)?;
                    writer.u16(*mask)?;
                }
                entry = Some((sequence, 0));
            }
            let (first, mask) = entry.ok_or(WriteError::Empty)?;
            writer.u16(first)?;
            Ok(writer.u16(mask)?)
        })
    }

    /// Appends a generic NACK with as many of the sequence numbers as fit, from the front, and returns how many. Rising
    /// sequence numbers make the shortest packet.
    ///
    /// # Errors
    /// [`WriteError::Empty`], [`WriteError::BufferTooSmall`] when not one fits.
    pub fn nack_fitting(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        sequence_numbers: &[u16],
    ) -> Result<usize, WriteError> {
        const HEADERS_LEN: usize = 12;
        let room = self.buffer.len().saturating_sub(self.used + HEADERS_LEN) / 4;
        // The length field counts words.
        let mut entries = room.min(usize::from(u16::MAX) - 2);
        let mut first = None;
        let fitting = sequence_numbers.iter().position(|sequence| {
            let shares = first.is_some_and(|first| sequence.wrapping_sub(first) <= 16);
            if shares {
                return false;
            }
            first = Some(*sequence);
            entries.checked_sub(1).map(|left| entries = left).is_none()
        });
        let fitting = sequence_numbers.get(..fitting.unwrap_or(sequence_numbers.len()));
        let fitting = fitting.unwrap_or_default();
        if fitting.is_empty() && !sequence_numbers.is_empty() {
            return Err(WriteError::BufferTooSmall);
        }
        self.nack(sender_ssrc, media_ssrc, fitting.iter().copied())?;
        Ok(fitting.len())
    }

    /// Appends transport-wide feedback about the first of `arrivals`, as many as fit, and returns how many.
    pub(super) fn transport_feedback(
        &mut self,
        feedback: transport_cc::Feedback,
        arrivals: impl Iterator<Item = Option<u32>> + Clone,
    ) -> Result<u16, WriteError> {
        const HEADER_LEN: usize = 4;
        // The length field counts words.
        let room = self
            .buffer
            .len()
            .saturating_sub(self.used + HEADER_LEN)
            .min(4 * usize::from(u16::MAX));
        let mut written = 0;
        self.packet(PacketType::TRANSPORT_FEEDBACK, FMT_TRANSPORT_CC, |writer| {
            written = transport_cc::write(writer, room, feedback, arrivals)?;
            Ok(())
        })?;
        Ok(written)
    }

    /// Appends a picture loss indication.
    ///
    /// # Errors
    /// [`WriteError::BufferTooSmall`].
    pub fn picture_loss_indication(&mut self, sender_ssrc: u32, media_ssrc: u32) -> Result<(), WriteError> {
        self.packet(PacketType::PAYLOAD_FEEDBACK, FMT_PLI, |writer| {
            writer.u32(sender_ssrc)?;
            Ok(writer.u32(media_ssrc)?)
        })
    }

    /// Appends a full intra request for one stream.
    ///
    /// # Errors
    /// [`WriteError::BufferTooSmall`].
    pub fn full_intra_request(
        &mut self,
        sender_ssrc: u32,
        media_ssrc: u32,
        number: u8,
    ) -> Result<(), WriteError> {
        self.packet(PacketType::PAYLOAD_FEEDBACK, FMT_FIR, |writer| {
            writer.u32(sender_ssrc)?;
            writer.u32(0)?;
            writer.u32(media_ssrc)?;
            Ok(writer.u32(u32::from(number) << 24)?)
        })
    }

    /// Appends a REMB. The rate is rounded down to 18 significant bits.
    ///
    /// # Errors
    /// [`WriteError::TooMany`], [`WriteError::BufferTooSmall`].
    pub fn remb(&mut self, sender_ssrc: u32, bits_per_second: u64, ssrcs: &[u32]) -> Result<(), WriteError> {
        let count = u8::try_from(ssrcs.len()).map_err(|_| WriteError::TooMany)?;
        self.packet(PacketType::PAYLOAD_FEEDBACK, FMT_APPLICATION, |writer| {
            writer.u32(sender_ssrc)?;
            writer.u32(0)?;
            writer.bytes(REMB_NAME)?;
            writer.u8(count)?;
            let exponent = (u64::BITS - bits_per_second.leading_zeros()).saturating_sub(18);
            let mantissa = u32::try_from(bits_per_second >> exponent).map_err(|_| WriteError::TooMany)?;
            writer.u24(exponent << 18 | mantissa)?;
            ssrcs.iter().try_for_each(|ssrc| Ok(writer.u32(*ssrc)?))
        })
    }

    /// Appends an extended report with the time at which it is sent: whoever sends media answers with
    /// [`Self::reception_times`], and the round trip is known.
    ///
    /// # Errors
    /// [`WriteError::BufferTooSmall`].
    pub fn receiver_reference_time(&mut self, ssrc: u32, ntp: NtpTime) -> Result<(), WriteError> {
        self.packet(PacketType::EXTENDED_REPORT, 0, |writer| {
            writer.u32(ssrc)?;
            writer.u16(u16::from(xr::RECEIVER_REFERENCE_TIME) << 8)?;
            writer.u16(2)?;
            Ok(writer.u64(ntp.0)?)
        })
    }

    /// Appends an extended report that says when reference times had come.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] for more than [`MAX_COUNT`], [`WriteError::BufferTooSmall`].
    pub fn reception_times(&mut self, ssrc: u32, times: &[ReceptionTime]) -> Result<(), WriteError> {
        let words = 3 * u16::from(count(times.len())?);
        self.packet(PacketType::EXTENDED_REPORT, 0, |writer| {
            writer.u32(ssrc)?;
            writer.u16(u16::from(xr::DELAY_SINCE_LAST) << 8)?;
            writer.u16(words)?;
            for time in times {
                writer.u32(time.ssrc)?;
                writer.u32(time.last)?;
                writer.u32(time.delay)?;
            }
            Ok(())
        })
    }

    /// How many bytes have been written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.used
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Ends the writing and gives the written part of the buffer back.
    #[must_use]
    pub fn finish(self) -> &'b [u8] {
        let buffer: &'b [u8] = self.buffer;
        buffer.get(..self.used).unwrap_or_default()
    }

    /// Appends a packet whose body `write` writes; the length is filled in.
    fn packet(
        &mut self,
        packet_type: PacketType,
        count: u8,
        write: impl FnOnce(&mut Writer<'_>) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let mut writer = Writer::new(self.buffer.get_mut(self.used..).unwrap_or_default());
        writer.u8(0x80 | count)?;
        writer.u8(packet_type.0)?;
        writer.u16(0)?;
        write(&mut writer)?;
        let words = u16::try_from(writer.position() / 4 - 1).map_err(|_| WriteError::BufferTooSmall)?;
        writer.set_u16(2, words)?;
        self.used += writer.position();
        Ok(())
    }
}

fn count(entries: usize) -> Result<u8, WriteError> {
    u8::try_from(entries)
        .ok()
        .filter(|_| entries <= MAX_COUNT)
        .ok_or(WriteError::TooMany)
}

fn write_block(block: &ReportBlock, writer: &mut Writer<'_>) -> Result<(), WriteError> {
    const LIMIT: i32 = 1 << 23;
    writer.u32(block.ssrc)?;
    writer.u8(block.fraction_lost)?;
    writer.u24(block.cumulative_lost.clamp(-LIMIT, LIMIT - 1).cast_unsigned())?;
    writer.u32(block.highest_sequence)?;
    writer.u32(block.jitter)?;
    writer.u32(block.last_sender_report)?;
    Ok(writer.u32(block.delay_since_last_sender_report)?)
}
