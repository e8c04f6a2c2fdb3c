use crate::error::ParseError;
use crate::wire::Reader;

pub(super) fn starts_keyframe(payload: &[u8]) -> bool {
    read(payload).unwrap_or(false)
}

/// Reads the payload descriptor (RFC 7741 §4.2) and the first byte of the payload header (§4.3).
fn read(payload: &[u8]) -> Result<bool, ParseError> {
    const DESCRIPTOR: &str = "VP8 payload descriptor";
    let mut reader = Reader::new(payload);
    let first = reader.u8(DESCRIPTOR)?;
    let (has_extension, starts_partition, partition) = (first & 0x80 != 0, first & 0x10 != 0, first & 0x07);
    if !starts_partition || partition != 0 {
        return Ok(false);
    }
    if has_extension {
        let extension = reader.u8(DESCRIPTOR)?;
        if extension & 0x80 != 0 && reader.u8(DESCRIPTOR)? & 0x80 != 0 {
            // A 15-bit picture id has a second byte.
            reader.u8(DESCRIPTOR)?;
        }
        if extension & 0x40 != 0 {
            // TL0PICIDX
            reader.u8(DESCRIPTOR)?;
        }
        if extension & 0x30 != 0 {
            // TID and KEYIDX share a byte.
            reader.u8(DESCRIPTOR)?;
        }
    }
    // The inverse keyframe bit.
    Ok(reader.u8("VP8 payload header")? & 0x01 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_start_of_a_keyframe_behind_every_descriptor() {
        assert!(starts_keyframe(&[0x10, 0x00]));
        assert!(starts_keyframe(&[0x90, 0x80, 0x05, 0x10]));
        assert!(starts_keyframe(&[0x90, 0x80, 0x85, 0x05, 0x10]));
        assert!(starts_keyframe(&[0x90, 0xf0, 0x85, 0x05, 1, 2, 0x10]));
        assert!(starts_keyframe(&[0x90, 0x20, 2, 0x10]));
    }

    #[test]
    fn is_not_fooled_by_what_only_looks_like_one() {
        assert!(!starts_keyframe(&[]));
        assert!(!starts_keyframe(&[0x10]));
        assert!(!starts_keyframe(&[0x10, 0x01]), "an inter frame");
        assert!(!starts_keyframe(&[0x00, 0x00]), "a continuation");
        assert!(!starts_keyframe(&[0x11, 0x00]), "the second partition");
        assert!(!starts_keyframe(&[0x90, 0x80, 0x85, 0x05]), "cut off");
    }
}
