use super::REMB_NAME;
use crate::error::ParseError;
use crate::wire::Reader;

/// Packets asked for again (generic NACK, RFC 4585 §6.2.1), borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Nack<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    /// For packets of which stream.
    pub media_ssrc: u32,
    entries: &'a [[u8; 4]],
}

impl<'a> Nack<'a> {
    #[inline]
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let (sender_ssrc, media_ssrc) = (reader.u32("NACK")?, reader.u32("NACK")?);
        let (entries, leftover) = reader.rest().as_chunks();
        if !leftover.is_empty() {
            return Err(ParseError::leftover("NACK"));
        }
        if entries.is_empty() {
            return Err(ParseError::truncated("NACK"));
        }
        Ok(Self {
            sender_ssrc,
            media_ssrc,
            entries,
        })
    }

    /// The sequence numbers in wire order: each entry names one and, by a bit mask, up to 16 that follow it.
    #[must_use]
    #[inline]
    pub fn sequence_numbers(&self) -> NackedNumbers<'a> {
        NackedNumbers {
            entries: self.entries.iter(),
            first: 0,
            left: 0,
        }
    }
}

/// Iterates over the sequence numbers of a [`Nack`].
#[derive(Debug, Clone)]
pub struct NackedNumbers<'a> {
    entries: std::slice::Iter<'a, [u8; 4]>,
    first: u16,
    /// Bit *i* for `first + i`; seventeen bits.
    left: u32,
}

impl Iterator for NackedNumbers<'_> {
    type Item = u16;

    #[inline]
    fn next(&mut self) -> Option<u16> {
        if self.left == 0 {
            let [a, b, c, d] = *self.entries.next()?;
            self.first = u16::from_be_bytes([a, b]);
            self.left = u32::from(u16::from_be_bytes([c, d])) << 1 | 1;
        }
        // At most sixteen.
        #[expect(clippy::cast_possible_truncation, reason = "see above")]
        let distance = self.left.trailing_zeros() as u16;
        self.left &= self.left - 1;
        Some(self.first.wrapping_add(distance))
    }
}

/// A keyframe asked for (RFC 4585 §6.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureLossIndication {
    /// Who asks.
    pub sender_ssrc: u32,
    /// Of which stream.
    pub media_ssrc: u32,
}

impl PictureLossIndication {
    pub(super) fn read(body: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let pli = Self {
            sender_ssrc: reader.u32("PLI")?,
            media_ssrc: reader.u32("PLI")?,
        };
        reader.end("PLI")?;
        Ok(pli)
    }
}

/// Keyframes asked for with command numbers (RFC 5104 §4.3.1), borrowed.
#[derive(Debug, Clone, Copy)]
pub struct FullIntraRequest<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    entries: &'a [[u8; 8]],
}

impl<'a> FullIntraRequest<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let sender_ssrc = reader.u32("FIR")?;
        // Unused (RFC 5104 §4.3.1.2): the streams are in the entries.
        reader.u32("FIR")?;
        let (entries, leftover) = reader.rest().as_chunks();
        if !leftover.is_empty() {
            return Err(ParseError::leftover("FIR"));
        }
        Ok(Self { sender_ssrc, entries })
    }

    /// Stream and command number of each request.
    #[must_use]
    pub fn entries(&self) -> FirEntries<'a> {
        FirEntries {
            entries: self.entries.iter(),
        }
    }
}

/// Iterates over `(media SSRC, command number)` of a [`FullIntraRequest`].
#[derive(Debug, Clone)]
pub struct FirEntries<'a> {
    entries: std::slice::Iter<'a, [u8; 8]>,
}

impl Iterator for FirEntries<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        self.entries
            .next()
            .map(|[a, b, c, d, number, ..]| (u32::from_be_bytes([*a, *b, *c, *d]), *number))
    }
}

/// The receiver's estimate of what may be sent to it (draft-alvestrand-rmcat-remb §2.2), borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Remb<'a> {
    /// Who says so.
    pub sender_ssrc: u32,
    /// For all streams together.
    pub bits_per_second: u64,
    ssrcs: &'a [[u8; 4]],
}

impl<'a> Remb<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(body);
        let sender_ssrc = reader.u32("REMB")?;
        reader.u32("REMB")?;
        if &reader.array::<4>("REMB")? != REMB_NAME {
            return Err(ParseError::invalid("REMB"));
        }
        let count = reader.u8("REMB")?;
        let rate = reader.u24("REMB")?;
        let (exponent, mantissa) = (rate >> 18, u64::from(rate & 0x3_ffff));
        let bits_per_second = mantissa
            .checked_shl(exponent)
            .filter(|shifted| shifted >> exponent == mantissa)
            .ok_or(ParseError::invalid("REMB bitrate"))?;
        let ssrcs = reader
            .bytes(usize::from(count) * 4, "REMB streams")?
            .as_chunks()
            .0;
        reader.end("REMB")?;
        Ok(Self {
            sender_ssrc,
            bits_per_second,
            ssrcs,
        })
    }

    /// The streams it is about.
    pub fn ssrcs(&self) -> impl ExactSizeIterator<Item = u32> + use<'a> {
        self.ssrcs.iter().map(|ssrc| u32::from_be_bytes(*ssrc))
    }
}
