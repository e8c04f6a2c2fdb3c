use crate::error::ParseError;
use crate::wire::Reader;

/// How loud the sound in a packet is, as its sender measured it (RFC 6464).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AudioLevel {
    /// In dB below the overload point, 0..=127: 0 is the loudest there is, 127 is digital silence.
    pub below_overload_db: u8,
    /// Whether the sender takes it for speech.
    pub is_voice: bool,
}

impl AudioLevel {
    /// Reads the extension: one byte; in the two-byte form some senders append a second that has no meaning.
    ///
    /// # Errors
    /// [`ParseError`] for an empty value.
    #[inline]
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        let level = Reader::new(value).u8("audio level")?;
        Ok(Self {
            below_overload_db: level & 0x7f,
            is_voice: level & 0x80 != 0,
        })
    }

    /// The value as it is sent; a level over 127 becomes 127.
    #[must_use]
    #[inline]
    pub const fn to_bytes(self) -> [u8; 1] {
        let level = if self.below_overload_db > 127 {
            127
        } else {
            self.below_overload_db
        };
        [level | (self.is_voice as u8) << 7]
    }
}
