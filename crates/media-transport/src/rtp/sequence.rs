use std::fmt;

/// A 16-bit RTP sequence number; the order is the circular one of RFC 3550 appendix A.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SequenceNumber(pub u16);

impl SequenceNumber {
    /// How far `self` is ahead of `other`, -32768..=32767.
    ///
    /// ```
    /// use anteroom_media_transport::rtp::SequenceNumber;
    ///
    /// assert_eq!(SequenceNumber(2).distance_from(SequenceNumber(65_535)), 3);
    /// ```
    #[must_use]
    #[inline]
    pub const fn distance_from(self, other: Self) -> i16 {
        self.0.wrapping_sub(other.0).cast_signed()
    }

    /// Whether `self` follows `other`. Of two numbers exactly half a cycle apart neither does.
    #[must_use]
    #[inline]
    pub const fn is_after(self, other: Self) -> bool {
        self.distance_from(other) > 0
    }

    /// The next number.
    #[must_use]
    #[inline]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Restores the upper bits of the sequence numbers of one stream.
///
/// Extended numbers start one cycle up, so that packets from before the first one seen have a number, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SequenceExtender {
    /// Invariant: at least 2¹⁶.
    highest: u64,
}

impl SequenceExtender {
    /// Starts a stream with the first sequence number seen.
    #[must_use]
    pub const fn new(first: u16) -> Self {
        Self {
            highest: (1 << 16) | first as u64,
        }
    }

    /// The extended number nearest to the highest one so far.
    #[must_use]
    #[inline]
    pub const fn peek(&self, sequence: u16) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
        let distance = sequence.wrapping_sub(self.highest as u16).cast_signed();
        // The highest is at least one cycle up, the distance at most half a cycle: this never wraps below zero.
        self.highest.wrapping_add_signed(distance as i64)
    }

    /// The extended number, which may become the highest.
    #[inline]
    pub const fn extend(&mut self, sequence: u16) -> u64 {
        let extended = self.peek(sequence);
        if extended > self.highest {
            self.highest = extended;
        }
        extended
    }

    /// The highest extended number so far.
    #[must_use]
    #[inline]
    pub const fn highest(&self) -> u64 {
        self.highest
    }
}

/// The 64-bit number nearest to `reference` whose lower 32 bits are `timestamp`.
#[must_use]
#[inline]
pub const fn extend_timestamp(reference: u64, timestamp: u32) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
    let distance = timestamp.wrapping_sub(reference as u32).cast_signed();
    reference.wrapping_add_signed(distance as i64)
}
