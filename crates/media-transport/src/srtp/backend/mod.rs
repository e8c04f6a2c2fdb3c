//! The cryptographic transforms, without streams, indices or replay protection.

mod cm;
mod gcm;

use anteroom_sha1_multibuffer::{HmacSha1, Tag};

pub(super) use cm::{CmKeys, cm_iv};
pub(super) use gcm::GcmKeys;

use super::header::{RTCP_CLEAR, RtpPlace};
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
    pub(super) fn new(profile: SrtpProfile, master: &Master<'_>) -> Result<Self, SrtpError> {
        Ok(match profile {
            SrtpProfile::AeadAes128Gcm => Self::gcm::<16>(master)?,
            SrtpProfile::AeadAes256Gcm => Self::gcm::<32>(master)?,
            SrtpProfile::Aes128CmHmacSha1_80 | SrtpProfile::Aes128CmHmacSha1_32 => Self::Cm {
                rtp: CmKeys::new(
                    &master.derive(Label::RtpEncryption),
                    master.derive(Label::RtpSalt),
                    &master.derive(Label::RtpAuthentication),
                    profile.tag_len(),
                )?,
                rtcp: CmKeys::new(
                    &master.derive(Label::RtcpEncryption),
                    master.derive(Label::RtcpSalt),
                    &master.derive(Label::RtcpAuthentication),
                    profile.rtcp_tag_len(),
                )?,
            },
        })
    }

    fn gcm<const KEY_LEN: usize>(master: &Master<'_>) -> Result<Self, SrtpError> {
        let keys = |key, salt| GcmKeys::new(&master.derive::<KEY_LEN>(key), master.derive(salt));
        Ok(Self::Gcm {
            rtp: keys(Label::RtpEncryption, Label::RtpSalt)?,
            rtcp: keys(Label::RtcpEncryption, Label::RtcpSalt)?,
        })
    }

    /// Encrypts the body of `packet`. Behind it, AEAD transforms put their tag, and the others what the tag must cover
    /// besides the packet: see [`rtp_mac`](Self::rtp_mac).
    #[inline]
    pub(super) fn encrypt_rtp(&self, packet: &mut [u8], place: RtpPlace) -> Result<(), SrtpError> {
        match self {
            Self::Gcm { rtp, .. } => rtp.seal_rtp(packet, place),
            Self::Cm { rtp, .. } => rtp.crypt(place.body(packet)?, place.ssrc, place.index),
        }
    }

    /// The key for the tag of RTP packets, when encryption does not make one.
    #[inline]
    pub(super) const fn rtp_mac(&self) -> Option<&HmacSha1> {
        match self {
            Self::Gcm { .. } => None,
            Self::Cm { rtp, .. } => Some(rtp.mac()),
        }
    }

    /// Writes the rollover counter behind the `len` bytes of an encrypted packet and returns how many of them the tag
    /// covers now. There is room: no profile's tag is shorter.
    #[inline]
    pub(super) fn prepare_tag(packet: &mut [u8], len: usize, index: u64) -> Result<usize, SrtpError> {
        cm::put_word(packet, len, cm::rollover_counter(index))?;
        Ok(len + cm::WORD)
    }

    #[inline]
    pub(super) fn put_rtp_tag(&self, room: &mut [u8], tag: &Tag) -> Result<(), SrtpError> {
        match self {
            Self::Gcm { .. } => Ok(()),
            Self::Cm { rtp, .. } => rtp.put_tag(room, tag),
        }
    }

    /// Checks the tag and decrypts the body of `packet`.
    #[inline]
    pub(super) fn open_rtp(&self, packet: &mut [u8], place: RtpPlace) -> Result<(), SrtpError> {
        self.verify_rtp(packet, place)?;
        self.decrypt_rtp(packet, place)
    }

    /// The first half of [`open_rtp`](Self::open_rtp): checks a tag that stands for itself at the end of an SRTP
    /// packet. AEAD does that in the second.
    #[inline]
    pub(super) fn verify_rtp(&self, packet: &mut [u8], place: RtpPlace) -> Result<(), SrtpError> {
        match self {
            Self::Gcm { .. } => Ok(()),
            Self::Cm { rtp, .. } => rtp.verify(packet, place.len, cm::rollover_counter(place.index)),
        }
    }

    /// The second half of [`open_rtp`](Self::open_rtp).
    #[inline]
    pub(super) fn decrypt_rtp(&self, packet: &mut [u8], place: RtpPlace) -> Result<(), SrtpError> {
        match self {
            Self::Gcm { rtp, .. } => rtp.open_rtp(packet, place),
            Self::Cm { rtp, .. } => rtp.crypt(place.body(packet)?, place.ssrc, place.index),
        }
    }

    /// Encrypts an RTCP compound of `len` bytes and puts tag, index and `mki` behind it, in the profile's order; there must
    /// be room.
    pub(super) fn protect_rtcp(
        &self,
        packet: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
        mki: &[u8],
    ) -> Result<(), SrtpError> {
        match self {
            Self::Gcm { rtcp, .. } => {
                rtcp.seal_rtcp(packet, len, ssrc, index)?;
                put_mki(packet, len + gcm::TAG_LEN + cm::WORD, mki)
            }
            Self::Cm { rtcp, .. } => {
                rtcp.crypt(rtcp_body(packet, len)?, ssrc, u64::from(index))?;
                cm::put_word(packet, len, (index | RTCP_ENCRYPTED).to_be_bytes())?;
                let signed = packet.get(..len + cm::WORD).ok_or(SrtpError::Malformed)?;
                let tag = rtcp.mac().tag(signed);
                put_mki(packet, len + cm::WORD, mki)?;
                let room = packet
                    .get_mut(len + cm::WORD + mki.len()..)
                    .ok_or(SrtpError::Malformed)?;
                rtcp.put_tag(room, &tag)
            }
        }
    }

    /// Checks the tag and decrypts an RTCP compound in place; returns the length without trailer.
    pub(super) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        trailer: RtcpTrailer,
        ssrc: u32,
    ) -> Result<usize, SrtpError> {
        let RtcpTrailer { len, index } = trailer;
        match self {
            Self::Gcm { rtcp, .. } => rtcp.open_rtcp(packet, len, ssrc, index)?,
            Self::Cm { rtcp, .. } => {
                rtcp.verify(packet, len, (index | RTCP_ENCRYPTED).to_be_bytes())?;
                rtcp.crypt(rtcp_body(packet, len)?, ssrc, u64::from(index))?;
            }
        }
        Ok(len)
    }

    /// Finds the index word: behind the tag for AEAD profiles (RFC 7714 §9.2), before it otherwise (RFC 3711 §3.4); a
    /// master key identifier of `mki_len` bytes follows it.
    pub(super) fn rtcp_trailer(&self, packet: &[u8], mki_len: usize) -> Result<RtcpTrailer, SrtpError> {
        let len = packet
            .len()
            .checked_sub(self.rtcp_tag_len() + cm::WORD + mki_len)
            .ok_or(SrtpError::Malformed)?;
        if len < RTCP_CLEAR {
            return Err(SrtpError::Malformed);
        }
        let at = match self {
            Self::Gcm { .. } => len + gcm::TAG_LEN,
            Self::Cm { .. } => len,
        };
        let word = packet.get(at..).and_then(<[u8]>::first_chunk);
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

    const fn rtcp_tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => gcm::TAG_LEN,
            Self::Cm { rtcp, .. } => rtcp.tag_len(),
        }
    }
}

/// Where the protected part of an SRTCP packet ends, and its index.
#[derive(Debug, Clone, Copy)]
pub(super) struct RtcpTrailer {
    pub(super) len: usize,
    pub(super) index: u32,
}

/// What is encrypted of an RTCP compound of `len` bytes.
fn rtcp_body(packet: &mut [u8], len: usize) -> Result<&mut [u8], SrtpError> {
    packet.get_mut(RTCP_CLEAR..len).ok_or(SrtpError::Malformed)
}

/// Writes a master key identifier.
#[inline]
pub(super) fn put_mki(packet: &mut [u8], at: usize, mki: &[u8]) -> Result<(), SrtpError> {
    if mki.is_empty() {
        return Ok(());
    }
    packet
        .get_mut(at..at + mki.len())
        .ok_or(SrtpError::Malformed)?
        .copy_from_slice(mki);
    Ok(())
}
