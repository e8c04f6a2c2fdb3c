use crate::error::{ParseError, SrtpError};
use crate::wire::Reader;

/// Length of the part of an RTCP packet that stays readable (RFC 3711 §3.4).
pub(super) const RTCP_CLEAR: usize = 8;

/// What protection must know of an RTP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RtpHeader {
    /// Bytes up to the payload: fixed part, contributing sources, extension.
    pub(super) len: usize,
    pub(super) sequence: u16,
    pub(super) ssrc: u32,
}

impl RtpHeader {
    #[inline]
    pub(super) fn parse(packet: &[u8]) -> Result<Self, SrtpError> {
        Self::read(packet).map_err(|_| SrtpError::Malformed)
    }

    #[inline]
    fn read(packet: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(packet);
        let flags = reader.u8("flags")?;
        if flags >> 6 != 2 {
            return Err(ParseError::invalid("version"));
        }
        reader.u8("payload type")?;
        let sequence = reader.u16("sequence number")?;
        reader.u32("timestamp")?;
        let ssrc = reader.u32("ssrc")?;
        reader.bytes(4 * usize::from(flags & 0x0f), "contributing sources")?;
        if flags & 0x10 != 0 {
            reader.u16("extension profile")?;
            let words = reader.u16("extension length")?;
            reader.bytes(4 * usize::from(words), "extension")?;
        }
        Ok(Self {
            len: packet.len() - reader.remaining(),
            sequence,
            ssrc,
        })
    }
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
            sequence: 0x1234,
            ssrc: 0xcafe_babe,
        };
        assert_eq!(RtpHeader::parse(&packet), Ok(header));
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
