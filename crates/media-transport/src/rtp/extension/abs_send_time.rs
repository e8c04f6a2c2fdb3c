use std::time::Duration;

use crate::error::ParseError;
use crate::wire::Reader;

/// When a packet left its sender, in 1/2¹⁸ s, 24 bits: it wraps after 64 seconds.
///
/// The clock is the sender's own; only differences mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AbsSendTime(u32);

impl AbsSendTime {
    /// The time this far from the beginning of the sender's clock.
    #[must_use]
    pub fn at(since_start: Duration) -> Self {
        // 64 s is a whole cycle, and less than that in nanoseconds times 2¹⁸ has 54 bits.
        let nanos = (since_start.as_secs() % 64) * 1_000_000_000 + u64::from(since_start.subsec_nanos());
        Self(u32::try_from((nanos << 18) / 1_000_000_000).unwrap_or_default() & 0xff_ffff)
    }

    /// Reads the three bytes of the extension.
    ///
    /// # Errors
    /// [`ParseError`] for another length.
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "abs-send-time";
        let mut reader = Reader::new(value);
        let time = reader.u24(FIELD)?;
        reader.end(FIELD)?;
        Ok(Self(time))
    }

    /// The value as it is sent.
    #[must_use]
    #[inline]
    pub const fn to_bytes(self) -> [u8; 3] {
        let [_, a, b, c] = self.0.to_be_bytes();
        [a, b, c]
    }

    /// The 24 bits, in 1/2¹⁸ s.
    #[must_use]
    pub const fn ticks(self) -> u32 {
        self.0
    }

    /// How many ticks of 1/2¹⁸ s `self` is after `other`, -2²³..2²³.
    #[must_use]
    pub const fn ticks_since(self, other: Self) -> i32 {
        // Sign-extends the difference of 24 bits.
        (self.0.wrapping_sub(other.0) << 8).cast_signed() >> 8
    }
}
