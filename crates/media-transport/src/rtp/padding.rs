use super::{FIXED_HEADER_LEN, WriteError};
use crate::error::ParseError;

/// Set when a packet ends with padding (RFC 3550 §5.1).
const PADDING_BIT: u8 = 0x20;

/// Pads the RTP packet in the first `length` bytes of `buffer` so that it has `target` bytes (RFC 3550 §5.1). Padding it
/// has already grows.
///
/// This is how packets get equal sizes for one segmented send. It has to happen before SRTP.
///
/// # Errors
/// [`WriteError::Padding`] when `target` is below `length` or the padding would have more than 255 bytes,
/// [`WriteError::BufferTooSmall`], [`WriteError::Malformed`] when it is no packet. Nothing is changed then.
#[inline]
pub fn pad_to(buffer: &mut [u8], length: usize, target: usize) -> Result<(), WriteError> {
    let growth = target.checked_sub(length).ok_or(WriteError::Padding)?;
    let packet = buffer.get_mut(..target).ok_or(WriteError::BufferTooSmall)?;
    let present = match packet.get(..length).and_then(<[u8]>::split_first) {
        Some((first, rest)) if length >= FIXED_HEADER_LEN => match rest.last() {
            _ if first & PADDING_BIT == 0 => 0,
            Some(count) if (1..=length - FIXED_HEADER_LEN).contains(&usize::from(*count)) => {
                usize::from(*count)
            }
            _ => return Err(WriteError::Malformed),
        },
        _ => return Err(WriteError::Malformed),
    };
    if growth == 0 {
        return Ok(());
    }
    let count = u8::try_from(present + growth).map_err(|_| WriteError::Padding)?;
    // The byte that counted before is padding like any other now.
    let from = if present > 0 { length - 1 } else { length };
    if let Some((last, zeros)) = packet.get_mut(from..).and_then(<[u8]>::split_last_mut) {
        zeros.fill(0);
        *last = count;
    }
    if let Some(first) = packet.first_mut() {
        *first |= PADDING_BIT;
    }
    Ok(())
}

/// Takes the padding off an RTP packet: clears the bit and returns the length without padding.
///
/// # Errors
/// [`ParseError`] when the padding is longer than what follows the fixed header, or counts zero bytes.
#[inline]
pub fn unpad(packet: &mut [u8]) -> Result<usize, ParseError> {
    let length = packet.len();
    let body = length
        .checked_sub(FIXED_HEADER_LEN)
        .ok_or(ParseError::truncated("RTP header"))?;
    let count = packet.last().map_or(0, |count| usize::from(*count));
    match packet.first_mut() {
        Some(first) if *first & PADDING_BIT != 0 => {
            if !(1..=body).contains(&count) {
                return Err(ParseError::invalid("padding"));
            }
            *first &= !PADDING_BIT;
            Ok(length - count)
        }
        _ => Ok(length),
    }
}
