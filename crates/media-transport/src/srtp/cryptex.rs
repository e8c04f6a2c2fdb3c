//! Completely encrypted header extensions and contributing sources (cryptex, RFC 9335).
//!
//! The encrypted part must be one piece for the cipher, but the four bytes that lead the extension stay readable and
//! stand between contributing sources and elements. They change places with the sources for as long as it takes.

use super::extension::{ONE_BYTE, TWO_BYTE};
use super::header::{FIXED, RtpHeader};
use crate::error::SrtpError;

/// In place of 0xBEDE and 0x1000 (RFC 9335 §5).
const ENCRYPTED_ONE_BYTE: u16 = 0xc0de;
const ENCRYPTED_TWO_BYTE: u16 = 0xc2de;

/// The extension's leading bytes: its kind and its length in words.
const LEAD: usize = 4;

/// What stays readable while [`join`]ed: the fixed header and the extension's leading bytes.
pub(super) const CLEAR: usize = FIXED + LEAD;

/// How a packet is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outbound {
    /// Nothing in its header to hide.
    Plain,
    /// The extension is there.
    Extension,
    /// An empty extension must be added, to say that the sources are encrypted.
    SourcesOnly,
}

impl Outbound {
    /// # Errors
    /// [`SrtpError::Malformed`] for an extension of which RFC 9335 does not know how to say that it is encrypted.
    pub(super) fn of(packet: &[u8], header: &RtpHeader) -> Result<Self, SrtpError> {
        match header.extension(packet) {
            Some((ONE_BYTE | TWO_BYTE, _)) => Ok(Self::Extension),
            Some(_) => Err(SrtpError::Malformed),
            None if header.sources_len() > 0 => Ok(Self::SourcesOnly),
            None => Ok(Self::Plain),
        }
    }

    /// How many bytes the packet grows by.
    pub(super) const fn growth(self) -> usize {
        match self {
            Self::SourcesOnly => LEAD,
            Self::Plain | Self::Extension => 0,
        }
    }
}

/// Adds the empty extension to the packet of `len` bytes in `buffer`.
pub(super) fn add_extension(buffer: &mut [u8], header: &RtpHeader, len: usize) -> Result<(), SrtpError> {
    let packet = buffer.get_mut(..len + LEAD).ok_or(SrtpError::Malformed)?;
    let flags = packet.first_mut().ok_or(SrtpError::Malformed)?;
    *flags |= 0x10;
    packet.copy_within(header.len..len, header.len + LEAD);
    let [high, low] = ONE_BYTE.to_be_bytes();
    packet
        .get_mut(header.len..)
        .and_then(<[u8]>::first_chunk_mut)
        .map(|lead| *lead = [high, low, 0, 0])
        .ok_or(SrtpError::Malformed)
}

/// Whether a packet that arrived says it is encrypted this way.
pub(super) fn is_encrypted(packet: &[u8], header: &RtpHeader) -> bool {
    header
        .extension(packet)
        .is_some_and(|(field, _)| matches!(field, ENCRYPTED_ONE_BYTE | ENCRYPTED_TWO_BYTE))
}

/// Marks an extension as encrypted, or no longer so.
pub(super) fn toggle_mark(packet: &mut [u8], header: &RtpHeader) -> Result<(), SrtpError> {
    let field = packet
        .get_mut(FIXED + header.sources_len()..)
        .and_then(<[u8]>::first_chunk_mut::<2>)
        .ok_or(SrtpError::Malformed)?;
    let toggled = match u16::from_be_bytes(*field) {
        ONE_BYTE => ENCRYPTED_ONE_BYTE,
        TWO_BYTE => ENCRYPTED_TWO_BYTE,
        ENCRYPTED_ONE_BYTE => ONE_BYTE,
        ENCRYPTED_TWO_BYTE => TWO_BYTE,
        _ => return Err(SrtpError::Malformed),
    };
    *field = toggled.to_be_bytes();
    Ok(())
}

/// Puts the extension's leading bytes before the sources, so that everything behind [`CLEAR`] is one piece.
pub(super) fn join(packet: &mut [u8], header: &RtpHeader) -> Result<(), SrtpError> {
    movable(packet, header)?.rotate_right(LEAD);
    Ok(())
}

/// Undoes [`join`].
pub(super) fn split(packet: &mut [u8], header: &RtpHeader) -> Result<(), SrtpError> {
    movable(packet, header)?.rotate_left(LEAD);
    Ok(())
}

fn movable<'a>(packet: &'a mut [u8], header: &RtpHeader) -> Result<&'a mut [u8], SrtpError> {
    packet
        .get_mut(FIXED..CLEAR + header.sources_len())
        .ok_or(SrtpError::Malformed)
}
