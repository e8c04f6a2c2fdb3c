use std::time::Duration;

use crate::error::ParseError;
use crate::wire::Reader;

/// Between what bounds a receiver shall keep its delay (libwebrtc's `playout-delay`): 0 for as soon as possible, the same
/// twice for an even one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PlayoutDelay {
    /// In units of 10 ms, 12 bits.
    min: u16,
    /// In units of 10 ms, 12 bits; not below `min`.
    max: u16,
}

impl PlayoutDelay {
    /// The longest delay that can be asked for: 40.95 s.
    pub const LONGEST: Duration = Duration::from_millis(40_950);

    /// Bounds in steps of 10 ms, rounded down and cut at [`Self::LONGEST`]; a `max` below `min` becomes `min`.
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Self {
        let units = |delay: Duration| {
            let units = delay.min(Self::LONGEST).as_millis() / 10;
            u16::try_from(units).unwrap_or(u16::MAX)
        };
        let min = units(min);
        Self {
            min,
            max: units(max).max(min),
        }
    }

    /// Reads the three bytes of the extension.
    ///
    /// # Errors
    /// [`ParseError`] for another length, or a minimum over the maximum.
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "playout delay";
        let mut reader = Reader::new(value);
        let [a, b, c] = reader.array(FIELD)?;
        reader.end(FIELD)?;
        let min = u16::from_be_bytes([a, b]) >> 4;
        let max = u16::from_be_bytes([b & 0x0f, c]);
        if min > max {
            return Err(ParseError::invalid(FIELD));
        }
        Ok(Self { min, max })
    }

    /// The value as it is sent.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 3] {
        let [_, a, b, c] = ((self.min as u32) << 12 | self.max as u32).to_be_bytes();
        [a, b, c]
    }

    /// The least delay.
    #[must_use]
    pub fn min(self) -> Duration {
        Duration::from_millis(u64::from(self.min) * 10)
    }

    /// The longest delay.
    #[must_use]
    pub fn max(self) -> Duration {
        Duration::from_millis(u64::from(self.max) * 10)
    }
}
