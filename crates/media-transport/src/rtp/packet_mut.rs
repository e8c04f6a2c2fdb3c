use std::fmt;

use super::extension::Form;
use super::{FIXED_HEADER_LEN, Packet};
use crate::error::ParseError;

/// A mutable view of one RTP packet whose lengths have been checked. Nothing it does changes the packet's length.
///
/// ```
/// use anteroom_media_transport::rtp::{Packet, PacketBuilder, PacketMut};
///
/// let mut bytes = [0; 64];
/// let length = PacketBuilder::new(111, 7, 960, 0x5eed)
///     .extension(3, &[0, 1])
///     .write(b"sound", &mut bytes)?;
///
/// let mut packet = PacketMut::parse(&mut bytes[..length])?;
/// packet.set_ssrc(0xf00d);
/// packet.set_sequence_number(8);
/// assert!(packet.set_extension(3, &[0, 2]));
/// assert!(!packet.set_extension(4, &[0, 2]), "it has none with this id");
///
/// let packet = Packet::parse(&bytes[..length])?;
/// assert_eq!((packet.ssrc(), packet.sequence_number()), (0xf00d, 8));
/// assert_eq!(packet.extension(3), Some(&[0, 2][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PacketMut<'a> {
    fixed: &'a mut [u8; FIXED_HEADER_LEN],
    /// `None` without extensions of RFC 8285.
    form: Option<Form>,
    block: &'a mut [u8],
    payload: &'a mut [u8],
}

impl<'a> PacketMut<'a> {
    /// Checks what [`Packet::parse`] checks.
    ///
    /// # Errors
    /// [`ParseError`] naming the field.
    #[inline]
    pub fn parse(bytes: &'a mut [u8]) -> Result<Self, ParseError> {
        let padding = usize::from(Packet::parse(bytes)?.padding());
        let (fixed, rest) = bytes
            .split_first_chunk_mut::<FIXED_HEADER_LEN>()
            .ok_or(ParseError::truncated("RTP header"))?;
        let sources = usize::from(fixed[0] & 0x0f) * 4;
        let (_, rest) = rest
            .split_at_mut_checked(sources)
            .ok_or(ParseError::truncated("contributing sources"))?;
        let (form, block, rest) = if fixed[0] & 0x10 == 0 {
            (None, Default::default(), rest)
        } else {
            let ([a, b, c, d], rest) = rest
                .split_first_chunk_mut::<4>()
                .ok_or(ParseError::truncated("extension header"))?;
            let words = usize::from(u16::from_be_bytes([*c, *d]));
            let (block, rest) = rest
                .split_at_mut_checked(words * 4)
                .ok_or(ParseError::truncated("extension block"))?;
            (Form::of(u16::from_be_bytes([*a, *b])), block, rest)
        };
        let (payload, _) = rest
            .split_at_mut_checked(rest.len().saturating_sub(padding))
            .ok_or(ParseError::invalid("padding"))?;
        Ok(Self {
            fixed,
            form,
            block,
            payload,
        })
    }

    /// Sets the marker bit.
    #[inline]
    pub const fn set_marker(&mut self, marker: bool) {
        self.fixed[1] = self.fixed[1] & 0x7f | (marker as u8) << 7;
    }

    /// Sets the payload type, 0..=127; of a higher one the lower seven bits.
    #[inline]
    pub const fn set_payload_type(&mut self, payload_type: u8) {
        self.fixed[1] = self.fixed[1] & 0x80 | payload_type & 0x7f;
    }

    /// Sets the sequence number.
    #[inline]
    pub const fn set_sequence_number(&mut self, sequence_number: u16) {
        [self.fixed[2], self.fixed[3]] = sequence_number.to_be_bytes();
    }

    /// Sets the timestamp, in units of the payload format's clock.
    #[inline]
    pub const fn set_timestamp(&mut self, timestamp: u32) {
        [self.fixed[4], self.fixed[5], self.fixed[6], self.fixed[7]] = timestamp.to_be_bytes();
    }

    /// Sets the synchronisation source.
    #[inline]
    pub const fn set_ssrc(&mut self, ssrc: u32) {
        [self.fixed[8], self.fixed[9], self.fixed[10], self.fixed[11]] = ssrc.to_be_bytes();
    }

    /// Overwrites the first header extension with this id. `false`, and nothing is changed, when there is none or its
    /// value has another length.
    #[inline]
    pub fn set_extension(&mut self, id: u8, value: &[u8]) -> bool {
        let mut done = None;
        self.rewrite_extensions(|found, bytes| {
            if found == id && done.is_none() {
                done = Some(bytes.len() == value.len());
                if bytes.len() == value.len() {
                    bytes.copy_from_slice(value);
                }
            }
            found
        });
        done.unwrap_or(false)
    }

    /// Shows every header extension to `rewrite`, in wire order: it may change the value and returns the id to be written.
    ///
    /// An extension that gets the id 0, or one that the form of the block cannot say (15 and more in the one-byte form),
    /// is removed: zeros, which are padding, take its place.
    #[inline]
    pub fn rewrite_extensions(&mut self, mut rewrite: impl FnMut(u8, &mut [u8]) -> u8) {
        let Some(form) = self.form else { return };
        let mut rest = &mut *self.block;
        while let Some((head, behind)) = std::mem::take(&mut rest).split_first_mut() {
            match form {
                _ if *head == 0 => rest = behind,
                Form::OneByte => {
                    let id = *head >> 4;
                    // Both end the block for readers.
                    if matches!(id, 0 | 15) {
                        return;
                    }
                    let length = usize::from(*head & 0x0f) + 1;
                    let Some((value, behind)) = behind.split_at_mut_checked(length) else {
                        return;
                    };
                    match rewrite(id, value) {
                        new @ 1..=14 => *head = new << 4 | *head & 0x0f,
                        _ => {
                            *head = 0;
                            value.fill(0);
                        }
                    }
                    rest = behind;
                }
                Form::TwoByte => {
                    let Some((length, behind)) = behind.split_first_mut() else {
                        return;
                    };
                    let Some((value, behind)) = behind.split_at_mut_checked(usize::from(*length)) else {
                        return;
                    };
                    *head = rewrite(*head, value);
                    if *head == 0 {
                        *length = 0;
                        value.fill(0);
                    }
                    rest = behind;
                }
            }
        }
    }

    /// The payload without padding, for descriptors that are rewritten in place.
    #[inline]
    pub const fn payload_mut(&mut self) -> &mut [u8] {
        self.payload
    }
}

impl fmt::Debug for PacketMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketMut")
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}
