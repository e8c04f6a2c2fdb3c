use crate::error::ParseError;
use crate::rtcp::NtpTime;
use crate::wire::Reader;

/// When the first sample of a frame was captured (libwebrtc's `abs-capture-time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AbsCaptureTime {
    /// By the capturer's clock.
    pub captured: NtpTime,
    /// How far the capturer's clock is ahead of the sender's, in 1/2³² s; `None` when the sender does not say. A mixer
    /// or forwarder that sends with its own clock has to correct it.
    pub clock_offset: Option<i64>,
}

impl AbsCaptureTime {
    /// Reads the extension: eight bytes, or sixteen with the offset.
    ///
    /// # Errors
    /// [`ParseError`] for another length.
    pub fn read(value: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "abs-capture-time";
        let mut reader = Reader::new(value);
        let captured = NtpTime(reader.u64(FIELD)?);
        let clock_offset = if reader.is_empty() {
            None
        } else {
            Some(reader.u64(FIELD)?.cast_signed())
        };
        reader.end(FIELD)?;
        Ok(Self {
            captured,
            clock_offset,
        })
    }

    /// The value as it is sent: the bytes, and how many of them.
    #[must_use]
    pub fn to_bytes(self) -> ([u8; 16], usize) {
        let offset = self.clock_offset.unwrap_or_default().cast_unsigned();
        let whole = u128::from(self.captured.0) << 64 | u128::from(offset);
        (
            whole.to_be_bytes(),
            if self.clock_offset.is_some() { 16 } else { 8 },
        )
    }
}
