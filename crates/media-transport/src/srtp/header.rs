use std::ops::Range;

use crate::error::SrtpError;

/// Length of the part of an RTCP packet that stays readable (RFC 3711 §3.4).
pub(super) const RTCP_CLEAR: usize = 8;

/// Length of an RTP header without contributing sources and extension.
pub(super) const FIXED: usize = 12;

/// What protection must know of an RTP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RtpHeader {
    /// Bytes up to the payload: fixed part, contributing sources, extension.
    pub(super) len: usize,
    /// The first byte: extension bit and number of contributing sources.
    flags: u8,
    pub(super) sequence: u16,
    pub(super) ssrc: u32,
}

impl RtpHeader {
    #[inline]
    pub(super) fn parse(packet: &[u8]) -> Result<Self, SrtpError> {
        let Some((fixed, rest)) = packet.split_first_chunk::<FIXED>() else {
            return Err(SrtpError::Malformed);
        };
        let [flags, _, q0, q1, _, _, _, _, s0, s1, s2, s3] = *fixed;
        if flags >> 6 != 2 {
            return Err(SrtpError::Malformed);
        }
        let mut header = Self {
            len: FIXED,
            flags,
            sequence: u16::from_be_bytes([q0, q1]),
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]),
        };
        if flags & 0x1f != 0 {
            let variable = variable_len(flags, rest).ok_or(SrtpError::Malformed)?;
            header.len += variable;
        }
        Ok(header)
    }

    /// The place of the body of a packet of `len` bytes, its tag not counted.
    #[inline]
    pub(super) const fn place(&self, len: usize, index: u64) -> RtpPlace {
        RtpPlace {
            clear: self.len,
            len,
            ssrc: self.ssrc,
            index,
        }
    }

    /// Bytes of contributing sources.
    pub(super) const fn sources_len(&self) -> usize {
        4 * (self.flags & 0x0f) as usize
    }

    /// The kind of the extension (its "defined by profile" field) and the place of its elements, if there is one.
    /// `packet` must be the packet whose header this is.
    pub(super) fn extension(&self, packet: &[u8]) -> Option<(u16, Range<usize>)> {
        if self.flags & 0x10 == 0 {
            return None;
        }
        let at = FIXED + self.sources_len();
        let field = packet.get(at..)?.first_chunk()?;
        Some((u16::from_be_bytes(*field), at + 4..self.len))
    }
}

/// Where the body of an RTP packet is, and what it is encrypted as.
#[derive(Debug, Clone, Copy)]
pub(super) struct RtpPlace {
    /// Bytes before the body, which stay readable.
    pub(super) clear: usize,
    /// Bytes up to its end.
    pub(super) len: usize,
    pub(super) ssrc: u32,
    pub(super) index: u64,
}

impl RtpPlace {
    /// The same with another number of bytes that stay readable.
    pub(super) const fn behind(self, clear: usize) -> Self {
        Self { clear, ..self }
    }

    #[inline]
    pub(super) fn body(self, packet: &mut [u8]) -> Result<&mut [u8], SrtpError> {
        packet.get_mut(self.clear..self.len).ok_or(SrtpError::Malformed)
    }
}

/// Length of contributing sources and extension at the start of `rest`, when they fit.
fn variable_len(flags: u8, rest: &[u8]) -> Option<usize> {
    let sources = 4 * usize::from(flags & 0x0f);
    let mut len = sources;
    if flags & 0x10 != 0 {
        let [_, _, high, low] = rest.get(sources..)?.first_chunk()?;
        len += 4 + 4 * usize::from(u16::from_be_bytes([*high, *low]));
    }
    (len <= rest.len()).then_some(len)
}

/// The SSRC of the first packet in an RTCP compound; checks the version and the minimum length.
#[inline]
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Result<u32, SrtpError> {
    match packet.first_chunk::<RTCP_CLEAR>() {
        Some([flags, _, _, _, ssrc @ ..]) if flags >> 6 == 2 => Ok(u32::from_be_bytes(*ssrc)),
        _ => Err(SrtpError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_contributing_sources_and_extension() {
        let mut packet = vec![0x92, 111, 0x12, 0x34, 0, 0, 0, 1, 0xca, 0xfe, 0xba, 0xbe];
        packet.extend([0; 8]);
        packet.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        packet.push(99);
        let header = RtpHeader {
            len: 28,
            flags: 0x92,
            sequence: 0x1234,
            ssrc: 0xcafe_babe,
        };
        assert_eq!(RtpHeader::parse(&packet), Ok(header));
        assert_eq!(header.sources_len(), 8);
        assert_eq!(header.extension(&packet), Some((0xbede, 24..28)));
        for cut in 0..28 {
            assert_eq!(
                RtpHeader::parse(&packet[..cut]),
                Err(SrtpError::Malformed),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn refuses_other_versions() {
        let mut packet = [0; 16];
        assert_eq!(RtpHeader::parse(&packet), Err(SrtpError::Malformed));
        assert_eq!(rtcp_ssrc(&packet), Err(SrtpError::Malformed));
        packet[0] = 0x80;
        packet[7] = 5;
        assert_eq!(rtcp_ssrc(&packet), Ok(5));
        assert_eq!(rtcp_ssrc(&packet[..7]), Err(SrtpError::Malformed));
    }
}
