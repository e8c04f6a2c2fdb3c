use std::fmt;
use std::time::Duration;

/// Bits per second, 0 to 10¹². Arithmetic saturates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bitrate(u64);

impl Bitrate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most that can be said, a terabit per second.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// From bits per second; more than [`MAX`](Self::MAX) is that.
    #[must_use]
    pub const fn from_bps(bps: u64) -> Self {
        if bps > Self::MAX.0 { Self::MAX } else { Self(bps) }
    }

    /// From thousands of bits per second.
    #[must_use]
    pub const fn from_kbps(kbps: u64) -> Self {
        Self::from_bps(kbps.saturating_mul(1000))
    }

    /// The rate at which so many bytes pass in that time; `None` when there is no time.
    #[must_use]
    pub fn from_bytes(bytes: u64, time: Duration) -> Option<Self> {
        let bits = u128::from(bytes) * 8 * 1_000_000_000;
        let bps = bits.checked_div(time.as_nanos())?;
        Some(Self::from_bps(u64::try_from(bps).unwrap_or(u64::MAX)))
    }

    /// In bits per second.
    #[must_use]
    pub const fn as_bps(self) -> u64 {
        self.0
    }

    /// The whole bytes that pass in that time.
    #[must_use]
    pub fn bytes_in(self, time: Duration) -> u64 {
        let bytes = u128::from(self.0).saturating_mul(time.as_nanos()) / 8_000_000_000;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// How long so many bytes take; an hour at most, and at rate zero.
    #[must_use]
    pub fn time_for(self, bytes: u64) -> Duration {
        const MOST: Duration = Duration::from_secs(3600);
        let nanos = (u128::from(bytes) * 8_000_000_000).checked_div(u128::from(self.0));
        let nanos = nanos.and_then(|nanos| u64::try_from(nanos).ok());
        nanos.map_or(MOST, |nanos| Duration::from_nanos(nanos).min(MOST))
    }

    /// A part of it in percent; more than 100 is more.
    #[must_use]
    pub const fn percent(self, percent: u32) -> Self {
        let whole = (self.0 / 100).saturating_mul(percent as u64);
        let rest = self.0 % 100 * percent as u64 / 100;
        Self::from_bps(whole.saturating_add(rest))
    }

    /// The sum.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self::from_bps(self.0.saturating_add(other.0))
    }

    /// The difference, or zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    pub(super) fn as_f64(self) -> f64 {
        // Exact: below 2⁵³.
        self.0 as f64
    }

    /// Nothing for what is not a number.
    pub(super) fn from_f64(bps: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates; NaN is 0"
        )]
        Self::from_bps(bps as u64)
    }

    pub(super) fn scale(self, factor: f64) -> Self {
        Self::from_f64(self.as_f64() * factor)
    }
}

impl fmt::Display for Bitrate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kbit/s", self.0 / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_time() {
        let rate = Bitrate::from_kbps(800);
        assert_eq!(rate.bytes_in(Duration::from_millis(5)), 500);
        assert_eq!(rate.time_for(500), Duration::from_millis(5));
        assert_eq!(Bitrate::from_bytes(500, Duration::from_millis(5)), Some(rate));
        assert_eq!(Bitrate::from_bytes(500, Duration::ZERO), None);
        assert_eq!(Bitrate::ZERO.time_for(1), Duration::from_secs(3600));
        assert_eq!(rate.percent(85), Bitrate::from_kbps(680));
        assert_eq!(Bitrate::from_bps(150).percent(150), Bitrate::from_bps(225));
        assert_eq!(rate.to_string(), "800 kbit/s");
    }

    #[test]
    fn nothing_overflows_and_nothing_is_not_a_number() {
        assert_eq!(Bitrate::from_bps(u64::MAX), Bitrate::MAX);
        assert_eq!(Bitrate::MAX.percent(u32::MAX), Bitrate::MAX);
        assert_eq!(Bitrate::MAX.bytes_in(Duration::MAX), u64::MAX);
        assert_eq!(
            Bitrate::from_bytes(u64::MAX, Duration::from_nanos(1)),
            Some(Bitrate::MAX)
        );
        assert_eq!(Bitrate::from_f64(f64::NAN), Bitrate::ZERO);
        assert_eq!(Bitrate::from_f64(-1.0), Bitrate::ZERO);
        assert_eq!(Bitrate::MAX.scale(f64::INFINITY), Bitrate::MAX);
        assert_eq!(Bitrate::ZERO.scale(f64::INFINITY), Bitrate::ZERO);
    }
}
