use std::fmt;

use crate::telephony::ParseError;

/// Bytes of one event report.
pub const REPORT_BYTES: usize = 4;

/// Most reports taken from one packet; senders put one in, or a few short ones after each other.
pub const MAX_REPORTS: usize = 64;

/// What happened: an event code (RFC 4733 §3 and §7). Codes this crate has no name for are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Event(pub u8);

impl Event {
    /// The key `*`.
    pub const STAR: Self = Self(10);
    /// The key `#`.
    pub const POUND: Self = Self(11);
    /// A short interruption of the line (hook flash).
    pub const FLASH: Self = Self(16);

    /// The keys in the order of their codes, 0 to 15.
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
    ];

    /// The event of a key: `0` to `9`, `*`, `#`, `A` to `D` (small letters too).
    #[must_use]
    pub fn from_digit(digit: char) -> Option<Self> {
        let digit = digit.to_ascii_uppercase();
        let code = Self::DIGITS.iter().position(|&known| known == digit)?;
        u8::try_from(code).ok().map(Self)
    }

    /// The key, when it is one.
    #[must_use]
    pub fn digit(self) -> Option<char> {
        Self::DIGITS.get(usize::from(self.0)).copied()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.digit() {
            Some(digit) => write!(f, "{digit}"),
            None => write!(f, "event {}", self.0),
        }
    }
}

/// One event report (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventReport {
    /// What happens.
    pub event: Event,
    /// Whether it is over: `duration` is all of it.
    pub end: bool,
    /// Power of a tone in −dBm0, 0 (loudest) to 63. Without meaning for events that are no tones.
    pub volume: u8,
    /// How long it has lasted since the packet's timestamp, in ticks of the RTP clock. 0 is a state that has no end
    /// (RFC 4733 §2.3.5).
    pub duration_ticks: u16,
}

/// Bit E.
const END: u8 = 0x80;

/// Bits that hold the volume. The bit between is reserved: sent as 0, not looked at.
const VOLUME: u8 = 0x3F;

impl EventReport {
    /// The bytes; a volume above 63 is sent as 63.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; REPORT_BYTES] {
        let volume = if self.volume > VOLUME { VOLUME } else { self.volume };
        let end = if self.end { END } else { 0 };
        let [high, low] = self.duration_ticks.to_be_bytes();
        [self.event.0, end | volume, high, low]
    }

    /// Reads the bytes; all are valid.
    #[must_use]
    pub const fn from_bytes([event, flags, high, low]: [u8; REPORT_BYTES]) -> Self {
        Self {
            event: Event(event),
            end: flags & END != 0,
            volume: flags & VOLUME,
            duration_ticks: u16::from_be_bytes([high, low]),
        }
    }
}

/// The reports in a payload: at least one. The first begins at the packet's timestamp, and each further one where the
/// one before ended (RFC 4733 §2.5.1.5).
///
/// # Errors
/// [`ParseError::Empty`], [`ParseError::EventLength`] when bytes are left over, [`ParseError::TooManyEvents`] beyond
/// [`MAX_REPORTS`].
pub fn parse(payload: &[u8]) -> Result<impl Iterator<Item = EventReport> + '_, ParseError> {
    let (reports, rest) = payload.as_chunks();
    if payload.is_empty() {
        return Err(ParseError::Empty);
    }
    if !rest.is_empty() {
        return Err(ParseError::EventLength {
            length: payload.len(),
        });
    }
    if reports.len() > MAX_REPORTS {
        return Err(ParseError::TooManyEvents);
    }
    Ok(reports.iter().copied().map(EventReport::from_bytes))
}
