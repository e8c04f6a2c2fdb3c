//! Opus (RFC 7587): what the first byte of a packet says (RFC 6716 §3).

use std::time::Duration;

use crate::error::ParseError;
use crate::wire::Reader;

/// The longest packet (RFC 6716 §3.4).
const MAX_DURATION: Duration = Duration::from_millis(120);
/// With discontinuous transmission, an encoder says that nothing is to be heard in as many bytes at most.
const MAX_DTX_LEN: usize = 2;

/// The table of contents of a packet (RFC 6716 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpusToc {
    /// Mode, bandwidth and frame size, 0..=31.
    pub config: u8,
    /// Two channels.
    pub is_stereo: bool,
    /// How many frames the packet has, 1..=48.
    pub frames: u8,
}

impl OpusToc {
    /// Reads the front of a packet.
    ///
    /// # Errors
    /// [`ParseError`] when it is empty, or its frames take no or more than 120 ms.
    pub fn read(payload: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(payload);
        let bits = reader.u8("Opus TOC")?;
        let toc = Self {
            config: bits >> 3,
            is_stereo: bits & 0x04 != 0,
            frames: match bits & 0x03 {
                0 => 1,
                1 | 2 => 2,
                _ => reader.u8("Opus frame count")? & 0x3f,
            },
        };
        if toc.frames == 0 || toc.duration() > MAX_DURATION {
            return Err(ParseError::invalid("Opus frame count"));
        }
        Ok(toc)
    }

    /// How long one frame is.
    #[must_use]
    pub const fn frame_duration(self) -> Duration {
        // RFC 6716 table 2.
        let micros = match self.config {
            0..=11 => [10_000, 20_000, 40_000, 60_000][(self.config % 4) as usize],
            12..=15 => [10_000, 20_000][(self.config % 2) as usize],
            _ => [2500, 5000, 10_000, 20_000][(self.config % 4) as usize],
        };
        Duration::from_micros(micros)
    }

    /// How long the packet is.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.frame_duration() * u32::from(self.frames)
    }
}

/// Whether a packet says that nothing is to be heard for now: with discontinuous transmission an encoder sends one of at
/// most two bytes every 400 ms, and nothing between.
#[must_use]
#[inline]
pub const fn is_dtx(payload: &[u8]) -> bool {
    payload.len() <= MAX_DTX_LEN
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_those_of_the_table() {
        let millis = |toc: &[u8]| OpusToc::read(toc).unwrap().duration().as_secs_f64() * 1e3;
        assert_eq!(millis(&[0x00]), 10.0);
        assert_eq!(millis(&[3 << 3]), 60.0);
        assert_eq!(millis(&[13 << 3]), 20.0);
        assert_eq!(millis(&[16 << 3]), 2.5);
        assert_eq!(millis(&[31 << 3 | 1]), 40.0);
        assert_eq!(millis(&[16 << 3 | 3, 48]), 120.0);
        let stereo = OpusToc::read(&[0xfc, 1]).unwrap();
        assert!(stereo.is_stereo && stereo.config == 31 && stereo.frames == 2 - 1);
    }

    #[test]
    fn refuses_what_no_encoder_sends() {
        let count = ParseError::invalid("Opus frame count");
        assert_eq!(OpusToc::read(&[]), Err(ParseError::truncated("Opus TOC")));
        assert_eq!(
            OpusToc::read(&[3]),
            Err(ParseError::truncated("Opus frame count"))
        );
        assert_eq!(OpusToc::read(&[3, 0]), Err(count));
        assert_eq!(OpusToc::read(&[16 << 3 | 3, 49]), Err(count));
        assert_eq!(OpusToc::read(&[3 << 3 | 3, 3]), Err(count));
    }

    #[test]
    fn silence_is_short() {
        assert!(is_dtx(&[0xf8]) && is_dtx(&[0xf8, 0xff]) && is_dtx(&[]));
        assert!(!is_dtx(&[0xf8, 0xff, 0xfe]));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..4)) {
            if let Ok(toc) = OpusToc::read(&bytes) {
                prop_assert!(toc.duration() > Duration::ZERO && toc.duration() <= MAX_DURATION);
            }
        }
    }
}
