use crate::error::ParseError;
use crate::wire::Reader;

const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
/// Single-time aggregation packet type A, RFC 6184 §5.7.1.
const STAP_A: u8 = 24;
/// Fragmentation unit type A, RFC 6184 §5.8.
const FU_A: u8 = 28;

pub(super) fn starts_keyframe(payload: &[u8]) -> bool {
    read(payload).unwrap_or(false)
}

fn read(payload: &[u8]) -> Result<bool, ParseError> {
    let mut reader = Reader::new(payload);
    match reader.u8("NAL header")? & 0x1f {
        NAL_IDR | NAL_SPS => Ok(true),
        STAP_A => {
            while !reader.is_empty() {
                let length = usize::from(reader.u16("NAL size")?);
                let unit = reader.bytes(length, "NAL unit")?;
                if unit
                    .first()
                    .is_some_and(|header| matches!(header & 0x1f, NAL_IDR | NAL_SPS))
                {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        FU_A => {
            let header = reader.u8("FU header")?;
            Ok(header & 0x80 != 0 && matches!(header & 0x1f, NAL_IDR | NAL_SPS))
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parameter_sets_and_idr_slices() {
        assert!(starts_keyframe(&[0x67, 1]));
        assert!(starts_keyframe(&[0x65, 1]));
        assert!(starts_keyframe(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]));
        assert!(starts_keyframe(&[0x78, 0, 2, 0x06, 1, 0, 2, 0x65, 1]));
        assert!(starts_keyframe(&[0x7c, 0x85, 1]));
    }

    #[test]
    fn is_not_fooled_by_what_only_looks_like_one() {
        assert!(!starts_keyframe(&[]));
        assert!(!starts_keyframe(&[0x61, 1]), "a non-IDR slice");
        assert!(!starts_keyframe(&[0x7c, 0x05, 1]), "a later fragment");
        assert!(
            !starts_keyframe(&[0x7c, 0x81, 1]),
            "a fragment of a non-IDR slice"
        );
        assert!(!starts_keyframe(&[0x78, 0, 9, 0x67]), "cut off");
    }
}
