use std::fmt;

use super::FIXED_HEADER_LEN;
use super::extension::{ExtensionMap, ExtensionValues, Extensions};
use crate::error::ParseError;

/// A borrowed view of one RTP packet whose lengths have been checked.
#[derive(Clone, Copy)]
pub struct Packet<'a> {
    fixed: &'a [u8; FIXED_HEADER_LEN],
    sources: &'a [u8],
    extensions: Extensions<'a>,
    payload: &'a [u8],
    padding: u8,
}

impl<'a> Packet<'a> {
    /// Checks version, lengths and padding (RFC 3550 §5.1, appendix A.1).
    ///
    /// A header extension of an unknown profile is skipped over; an element that runs past the end of the extension
    /// block ends the iteration, as RFC 8285 asks.
    ///
    /// # Errors
    /// [`ParseError`] naming the field.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let (fixed, rest) = bytes
            .split_first_chunk::<FIXED_HEADER_LEN>()
            .ok_or(ParseError::truncated("RTP header"))?;
        let first = fixed[0];
        if first >> 6 != 2 {
            return Err(ParseError::invalid("RTP version"));
        }
        let (sources, rest) = rest
            .split_at_checked(usize::from(first & 0x0f) * 4)
            .ok_or(ParseError::truncated("contributing sources"))?;
        let (extensions, rest) = if first & 0x10 == 0 {
            (Extensions::none(), rest)
        } else {
            let ([a, b, c, d], rest) = rest
                .split_first_chunk()
                .ok_or(ParseError::truncated("extension header"))?;
            let words = u16::from_be_bytes([*c, *d]);
            let (block, rest) = rest
                .split_at_checked(usize::from(words) * 4)
                .ok_or(ParseError::truncated("extension block"))?;
            (Extensions::new(u16::from_be_bytes([*a, *b]), block), rest)
        };
        let padding = if first & 0x20 == 0 {
            0
        } else {
            let count = *rest.last().ok_or(ParseError::truncated("padding"))?;
            if count == 0 || usize::from(count) > rest.len() {
                return Err(ParseError::invalid("padding"));
            }
            count
        };
        let payload = rest.get(..rest.len() - usize::from(padding)).unwrap_or_default();
        Ok(Self {
            fixed,
            sources,
            extensions,
            payload,
            padding,
        })
    }

    /// The marker bit; its meaning is the payload format's.
    #[must_use]
    #[inline]
    pub const fn marker(&self) -> bool {
        self.fixed[1] & 0x80 != 0
    }

    /// 0..=127.
    #[must_use]
    #[inline]
    pub const fn payload_type(&self) -> u8 {
        self.fixed[1] & 0x7f
    }

    /// The sequence number; [`SequenceExtender`](super::SequenceExtender) restores its upper bits.
    #[must_use]
    #[inline]
    pub const fn sequence_number(&self) -> u16 {
        u16::from_be_bytes([self.fixed[2], self.fixed[3]])
    }

    /// In units of the payload format's clock.
    #[must_use]
    #[inline]
    pub const fn timestamp(&self) -> u32 {
        u32::from_be_bytes([self.fixed[4], self.fixed[5], self.fixed[6], self.fixed[7]])
    }

    /// The synchronisation source.
    #[must_use]
    #[inline]
    pub const fn ssrc(&self) -> u32 {
        u32::from_be_bytes([self.fixed[8], self.fixed[9], self.fixed[10], self.fixed[11]])
    }

    /// The contributing sources, at most 15.
    pub fn contributing_sources(&self) -> impl ExactSizeIterator<Item = u32> + 'a {
        self.sources
            .as_chunks::<4>()
            .0
            .iter()
            .map(|source| u32::from_be_bytes(*source))
    }

    /// The header extensions.
    #[must_use]
    #[inline]
    pub const fn extensions(&self) -> Extensions<'a> {
        self.extensions
    }

    /// The value of the first header extension with this id.
    #[must_use]
    #[inline]
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.extensions
            .into_iter()
            .find_map(|(found, value)| (found == id).then_some(value))
    }

    /// The values of all header extensions that `map` knows, found in one walk.
    #[must_use]
    #[inline]
    pub fn extension_values(&self, map: &ExtensionMap) -> ExtensionValues<'a> {
        ExtensionValues::find(self.extensions, map)
    }

    /// The payload without padding.
    #[must_use]
    #[inline]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// How many bytes of padding followed the payload, the counting byte included; 0 without padding.
    #[must_use]
    #[inline]
    pub const fn padding(&self) -> u8 {
        self.padding
    }
}

impl fmt::Debug for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packet")
            .field("ssrc", &self.ssrc())
            .field("sequence_number", &self.sequence_number())
            .field("timestamp", &self.timestamp())
            .field("payload_type", &self.payload_type())
            .field("marker", &self.marker())
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}
