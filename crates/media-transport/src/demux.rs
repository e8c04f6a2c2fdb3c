//! Tells the protocols on one UDP port apart by their first bytes (RFC 7983, RFC 5761).

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

/// What a datagram claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PacketClass {
    /// First byte 0..=3: STUN (RFC 8489).
    Stun,
    /// First byte 20..=63: DTLS.
    Dtls,
    /// First byte 128..=191 and not RTCP: RTP or SRTP.
    Rtp,
    /// First byte 128..=191 and packet type 192..=223: RTCP or SRTCP (RFC 5761 §4).
    Rtcp,
    /// Empty, or a protocol this crate does not speak (ZRTP, TURN channel data, …).
    Unknown,
}

/// Classifies a datagram by its first two bytes. Nothing else is looked at, so the class is a claim, not a fact.
///
/// ```
/// use anteroom_media_transport::demux::{PacketClass, classify};
///
/// assert_eq!(classify(&[0x80, 111]), PacketClass::Rtp);
/// assert_eq!(classify(&[0x80, 200]), PacketClass::Rtcp);
/// assert_eq!(classify(&[]), PacketClass::Unknown);
/// ```
#[must_use]
#[inline]
pub const fn classify(datagram: &[u8]) -> PacketClass {
    match datagram {
        [0..=3, ..] => PacketClass::Stun,
        [20..=63, ..] => PacketClass::Dtls,
        [128..=191, 192..=223, ..] => PacketClass::Rtcp,
        [128..=191, _, ..] => PacketClass::Rtp,
        _ => PacketClass::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_has_the_class_of_rfc_7983() {
        for first in 0..=u8::MAX {
            let expected = match first {
                0..=3 => PacketClass::Stun,
                20..=63 => PacketClass::Dtls,
                128..=191 => PacketClass::Rtp,
                _ => PacketClass::Unknown,
            };
            assert_eq!(classify(&[first, 96]), expected, "first byte {first}");
        }
    }

    #[test]
    fn the_second_byte_separates_rtcp() {
        for second in 0..=u8::MAX {
            let expected = if (192..=223).contains(&second) {
                PacketClass::Rtcp
            } else {
                PacketClass::Rtp
            };
            assert_eq!(classify(&[0x80, second]), expected, "second byte {second}");
        }
    }

    #[test]
    fn a_lone_first_byte_of_rtp_is_unknown() {
        assert_eq!(classify(&[0x80]), PacketClass::Unknown);
    }
}
