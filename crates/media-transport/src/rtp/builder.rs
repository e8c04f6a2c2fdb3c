use thiserror::Error;

use super::{FIXED_HEADER_LEN, ONE_BYTE_PROFILE, TWO_BYTE_PROFILE};
use crate::wire::{BufferFull, Writer};

/// The most header extensions one packet gets from a [`PacketBuilder`].
pub const MAX_EXTENSIONS: usize = 8;

/// Why a packet could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The caller's buffer is too small.
    #[error("buffer too small")]
    BufferTooSmall,
    /// A payload type over 127.
    #[error("payload type over 127")]
    PayloadType,
    /// Extension id 0, or a value over 255 bytes.
    #[error("invalid header extension")]
    Extension,
    /// More than [`MAX_EXTENSIONS`].
    #[error("too many header extensions")]
    TooManyExtensions,
    /// More than 15 contributing sources.
    #[error("too many contributing sources")]
    TooManySources,
    /// More than 255 bytes of padding, or less than there is.
    #[error("padding of a length that cannot be written")]
    Padding,
    /// What is to be changed is no packet.
    #[error("malformed packet")]
    Malformed,
}

impl From<BufferFull> for WriteError {
    fn from(_: BufferFull) -> Self {
        Self::BufferTooSmall
    }
}

/// Writes an RTP packet.
///
/// Extensions are written in the one-byte form when every one of them fits it (id 1..=14, 1 to 16 bytes), in the
/// two-byte form otherwise.
#[derive(Debug, Clone, Copy)]
pub struct PacketBuilder<'a> {
    marker: bool,
    payload_type: u8,
    sequence_number: u16,
    timestamp: u32,
    ssrc: u32,
    sources: &'a [u32],
    extensions: [(u8, &'a [u8]); MAX_EXTENSIONS],
    /// How many were given; over [`MAX_EXTENSIONS`] the packet is refused.
    extension_count: usize,
    /// Goes before the payload of a retransmission.
    original_sequence_number: Option<u16>,
    padding: u8,
}

impl<'a> PacketBuilder<'a> {
    /// A packet without marker, sources and extensions.
    #[must_use]
    #[inline]
    pub const fn new(payload_type: u8, sequence_number: u16, timestamp: u32, ssrc: u32) -> Self {
        Self {
            marker: false,
            payload_type,
            sequence_number,
            timestamp,
            ssrc,
            sources: &[],
            extensions: [(0, &[]); MAX_EXTENSIONS],
            extension_count: 0,
            original_sequence_number: None,
            padding: 0,
        }
    }

    /// Sets the marker bit.
    #[must_use]
    #[inline]
    pub const fn marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }

    /// Sets the contributing sources, at most 15.
    #[must_use]
    pub const fn contributing_sources(mut self, sources: &'a [u32]) -> Self {
        self.sources = sources;
        self
    }

    /// Adds a header extension.
    #[must_use]
    #[inline]
    pub fn extension(mut self, id: u8, value: &'a [u8]) -> Self {
        if let Some(slot) = self.extensions.get_mut(self.extension_count) {
            *slot = (id, value);
        }
        self.extension_count += 1;
        self
    }

    /// Makes it a retransmission of the packet that had this sequence number (RFC 4588 §4): payload type, SSRC and the
    /// packet's own sequence number are those of the retransmission stream.
    #[must_use]
    #[inline]
    pub const fn original_sequence_number(mut self, original: u16) -> Self {
        self.original_sequence_number = Some(original);
        self
    }

    /// Appends this many bytes of padding, the counting byte included; 0 for none.
    #[must_use]
    pub const fn padding(mut self, padding: u8) -> Self {
        self.padding = padding;
        self
    }

    /// Writes the packet to the front of `buffer` and returns its length.
    ///
    /// # Errors
    /// [`WriteError`]; the content of `buffer` is unspecified then.
    pub fn write(&self, payload: &[u8], buffer: &mut [u8]) -> Result<usize, WriteError> {
        let extensions = self
            .extensions
            .get(..self.extension_count)
            .ok_or(WriteError::TooManyExtensions)?;
        let sources = u8::try_from(self.sources.len()).ok().filter(|count| *count < 16);
        let sources = sources.ok_or(WriteError::TooManySources)?;
        if self.payload_type > 0x7f {
            return Err(WriteError::PayloadType);
        }
        let mut writer = Writer::new(buffer);
        let mut fixed = [0; FIXED_HEADER_LEN];
        fixed[0] = 0x80 | u8::from(self.padding > 0) << 5 | u8::from(!extensions.is_empty()) << 4 | sources;
        fixed[1] = u8::from(self.marker) << 7 | self.payload_type;
        fixed[2..4].copy_from_slice(&self.sequence_number.to_be_bytes());
        fixed[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        fixed[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        writer.bytes(&fixed)?;
        for source in self.sources {
            writer.u32(*source)?;
        }
        if !extensions.is_empty() {
            write_extensions(extensions, &mut writer)?;
        }
        if let Some(original) = self.original_sequence_number {
            writer.u16(original)?;
        }
        writer.bytes(payload)?;
        if let Some(zeros) = self.padding.checked_sub(1) {
            for _ in 0..zeros {
                writer.u8(0)?;
            }
            writer.u8(self.padding)?;
        }
        Ok(writer.position())
    }
}

fn write_extensions(extensions: &[(u8, &[u8])], writer: &mut Writer<'_>) -> Result<(), WriteError> {
    if extensions.iter().any(|(id, _)| *id == 0) {
        return Err(WriteError::Extension);
    }
    let one_byte = extensions
        .iter()
        .all(|(id, value)| *id < 15 && (1..=16).contains(&value.len()));
    writer.u16(if one_byte {
        ONE_BYTE_PROFILE
    } else {
        TWO_BYTE_PROFILE
    })?;
    let length_at = writer.position();
    writer.u16(0)?;
    let start = writer.position();
    for (id, value) in extensions {
        let length = u8::try_from(value.len()).map_err(|_| WriteError::Extension)?;
        if one_byte {
            writer.u8(id << 4 | length.saturating_sub(1))?;
        } else {
            writer.u8(*id)?;
            writer.u8(length)?;
        }
        writer.bytes(value)?;
    }
    while !(writer.position() - start).is_multiple_of(4) {
        writer.u8(0)?;
    }
    // At most 8 values of 257 bytes.
    let words = u16::try_from((writer.position() - start) / 4).map_err(|_| WriteError::Extension)?;
    writer.set_u16(length_at, words)?;
    Ok(())
}
