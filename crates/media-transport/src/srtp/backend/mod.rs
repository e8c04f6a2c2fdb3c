//! The cryptographic transforms, without streams, indices or replay protection.

mod cm;
mod gcm;

pub(super) use cm::CmKeys;
pub(super) use gcm::GcmKeys;

use super::key_derivation::{Label, Master};
use super::{RTCP_ENCRYPTED, SrtpProfile};
use crate::error::SrtpError;

/// Derived keys for both RTP and RTCP under one master key.
#[expect(
    clippy::large_enum_variant,
    reason = "two per session, and a pointer less on every packet"
)]
pub(super) enum Transform {
    Gcm { rtp: GcmKeys, rtcp: GcmKeys },
    Cm { rtp: CmKeys, rtcp: CmKeys },
}

impl Transform {
    pub(super) fn new(profile: SrtpProfile, key: &[u8], salt: &[u8]) -> Result<Self, SrtpError> {
        let master = Master::new(profile, key, salt)?;
        Ok(match profile {
            SrtpProfile::AeadAes128Gcm => Self::Gcm {
                rtp: GcmKeys::new(
                    &master.derive::<16>(Label::RtpEncryption),
                    master.derive(Label::RtpSalt),
                )?,
                rtcp: GcmKeys::new(
                    &master.derive::<16>(Label::RtcpEncryption),
                    master.derive(Label::RtcpSalt),
                )?,
            },
            SrtpProfile::AeadAes256Gcm => Self::Gcm {
                rtp: GcmKeys::new(
                    &master.derive::<32>(Label::RtpEncryption),
                    master.derive(Label::RtpSalt),
                )?,
                rtcp: GcmKeys::new(
                    &master.derive::<32>(Label::RtcpEncryption),
                    master.derive(Label::RtcpSalt),
                )?,
            },
            SrtpProfile::Aes128CmHmacSha1_80 => Self::Cm {
                rtp: CmKeys::new(
                    &master.derive(Label::RtpEncryption),
                    master.derive(Label::RtpSalt),
                    &master.derive(Label::RtpAuthentication),
                )?,
                rtcp: CmKeys::new(
                    &master.derive(Label::RtcpEncryption),
                    master.derive(Label::RtcpSalt),
                    &master.derive(Label::RtcpAuthentication),
                )?,
            },
        })
    }

    /// Encrypts `buffer[header..len]` and puts the tag behind it.
    #[inline]
    pub(super) fn protect_rtp(
        &self,
        buffer: &mut [u8],
        header: usize,
        len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let total = len + self.tag_len();
        let packet = room(buffer, total)?;
        match self {
            Self::Gcm { rtp, .. } => rtp.protect_rtp(packet, header, len, ssrc, index)?,
            Self::Cm { rtp, .. } => rtp.protect_rtp(packet, header, len, ssrc, index)?,
        }
        Ok(total)
    }

    /// Checks the tag and decrypts in place; returns the length without the tag.
    #[inline]
    pub(super) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        let len = packet
            .len()
            .checked_sub(self.tag_len())
            .ok_or(SrtpError::Malformed)?;
        if len < header {
            return Err(SrtpError::Malformed);
        }
        match self {
            Self::Gcm { rtp, .. } => rtp.unprotect_rtp(packet, header, ssrc, index)?,
            Self::Cm { rtp, .. } => rtp.unprotect_rtp(packet, header, len, ssrc, index)?,
        }
        Ok(len)
    }

    /// Encrypts an RTCP compound of `len` bytes and puts tag and index behind it, in the profile's order.
    pub(super) fn protect_rtcp(
        &self,
        buffer: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<usize, SrtpError> {
        let total = len + self.tag_len() + 4;
        let packet = room(buffer, total)?;
        match self {
            Self::Gcm { rtcp, .. } => rtcp.protect_rtcp(packet, len, ssrc, index)?,
            Self::Cm { rtcp, .. } => rtcp.protect_rtcp(packet, len, ssrc, index)?,
        }
        Ok(total)
    }

    /// Checks the tag and decrypts an RTCP compound in place; returns the length without trailer.
    pub(super) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        trailer: RtcpTrailer,
        ssrc: u32,
    ) -> Result<usize, SrtpError> {
        let index = trailer.index;
        match self {
            Self::Gcm { rtcp, .. } => rtcp.unprotect_rtcp(packet, trailer.len, ssrc, index)?,
            Self::Cm { rtcp, .. } => rtcp.unprotect_rtcp(packet, trailer.len, ssrc, index)?,
        }
        Ok(trailer.len)
    }

    /// Finds the index word: behind the tag for AEAD profiles (RFC 7714 §9.2), before it otherwise (RFC 3711 §3.4).
    pub(super) fn rtcp_trailer(&self, packet: &[u8]) -> Result<RtcpTrailer, SrtpError> {
        let len = packet
            .len()
            .checked_sub(self.tag_len() + 4)
            .ok_or(SrtpError::Malformed)?;
        if len < super::header::RTCP_CLEAR {
            return Err(SrtpError::Malformed);
        }
        let word = match self {
            Self::Gcm { .. } => packet.last_chunk::<4>(),
            Self::Cm { .. } => packet.get(len..).and_then(<[u8]>::first_chunk),
        };
        let word = u32::from_be_bytes(*word.ok_or(SrtpError::Malformed)?);
        if word & RTCP_ENCRYPTED == 0 {
            return Err(SrtpError::Unencrypted);
        }
        Ok(RtcpTrailer {
            len,
            index: word & !RTCP_ENCRYPTED,
        })
    }

    /// A number that only holders of the key can know; seeds the stream table.
    pub(super) fn secret_seed(&self) -> u64 {
        match self {
            Self::Gcm { rtcp, .. } => rtcp.secret_seed(),
            Self::Cm { rtcp, .. } => rtcp.secret_seed(),
        }
    }

    #[inline]
    pub(super) const fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => gcm::TAG_LEN,
            Self::Cm { .. } => cm::TAG_LEN,
        }
    }
}

/// Where the protected part of an SRTCP packet ends, and its index.
#[derive(Debug, Clone, Copy)]
pub(super) struct RtcpTrailer {
    pub(super) len: usize,
    pub(super) index: u32,
}

#[inline]
fn room(buffer: &mut [u8], needed: usize) -> Result<&mut [u8], SrtpError> {
    buffer
        .get_mut(..needed)
        .ok_or(SrtpError::BufferTooSmall { needed })
}
