//! AEAD_AES_128_GCM and AEAD_AES_256_GCM (RFC 7714) on aws-lc-rs.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::error::SrtpError;
use crate::srtp::RTCP_ENCRYPTED;
use crate::srtp::header::{RTCP_CLEAR, RtpPlace};

pub(super) const TAG_LEN: usize = 16;

pub(in crate::srtp) struct GcmKeys {
    key: LessSafeKey,
    salt: [u8; 12],
}

impl GcmKeys {
    pub(in crate::srtp) fn new(key: &[u8], salt: [u8; 12]) -> Result<Self, SrtpError> {
        let algorithm = if key.len() == 16 {
            &AES_128_GCM
        } else {
            &AES_256_GCM
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| SrtpError::KeyLength)?;
        Ok(Self {
            key: LessSafeKey::new(key),
            salt,
        })
    }

    /// Encrypts the body of `packet` and puts the tag behind it.
    #[inline]
    pub(in crate::srtp) fn seal_rtp(&self, packet: &mut [u8], place: RtpPlace) -> Result<(), SrtpError> {
        let RtpPlace {
            clear,
            len,
            ssrc,
            index,
        } = place;
        let (packet, room) = packet.split_at_mut_checked(len).ok_or(SrtpError::Malformed)?;
        let (header, payload) = packet.split_at_mut_checked(clear).ok_or(SrtpError::Malformed)?;
        let room = room.first_chunk_mut::<TAG_LEN>().ok_or(SrtpError::Malformed)?;
        let tag = self
            .key
            .seal_in_place_separate_tag(self.rtp_nonce(ssrc, index), Aad::from(&*header), payload)
            .map_err(|_| SrtpError::Malformed)?;
        room.copy_from_slice(tag.as_ref());
        Ok(())
    }

    /// Checks the tag behind the body of `packet` and decrypts it.
    #[inline]
    pub(in crate::srtp) fn open_rtp(&self, packet: &mut [u8], place: RtpPlace) -> Result<(), SrtpError> {
        let RtpPlace {
            clear,
            len,
            ssrc,
            index,
        } = place;
        let (header, sealed) = packet
            .get_mut(..len + TAG_LEN)
            .and_then(|packet| packet.split_at_mut_checked(clear))
            .ok_or(SrtpError::Malformed)?;
        self.key
            .open_in_place(self.rtp_nonce(ssrc, index), Aad::from(&*header), sealed)
            .map_err(|_| SrtpError::Authentication)?;
        Ok(())
    }

    /// Encrypts the compound `packet[..len]` but for its first header, and puts tag and index behind it.
    pub(in crate::srtp) fn seal_rtcp(
        &self,
        packet: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<(), SrtpError> {
        let word = (index | RTCP_ENCRYPTED).to_be_bytes();
        let (packet, room) = packet.split_at_mut_checked(len).ok_or(SrtpError::Malformed)?;
        let (header, body) = packet
            .split_first_chunk_mut::<RTCP_CLEAR>()
            .ok_or(SrtpError::Malformed)?;
        let (tag_room, room) = room
            .split_first_chunk_mut::<TAG_LEN>()
            .ok_or(SrtpError::Malformed)?;
        let index_room = room.first_chunk_mut::<4>().ok_or(SrtpError::Malformed)?;
        let tag = self
            .key
            .seal_in_place_separate_tag(self.rtcp_nonce(ssrc, index), rtcp_aad(header, word), body)
            .map_err(|_| SrtpError::Malformed)?;
        tag_room.copy_from_slice(tag.as_ref());
        *index_room = word;
        Ok(())
    }

    /// Checks the tag behind the compound `packet[..len]` and decrypts it.
    pub(in crate::srtp) fn open_rtcp(
        &self,
        packet: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<(), SrtpError> {
        let word = (index | RTCP_ENCRYPTED).to_be_bytes();
        let (header, sealed) = packet
            .get_mut(..len + TAG_LEN)
            .and_then(<[u8]>::split_first_chunk_mut::<RTCP_CLEAR>)
            .ok_or(SrtpError::Malformed)?;
        self.key
            .open_in_place(self.rtcp_nonce(ssrc, index), rtcp_aad(header, word), sealed)
            .map_err(|_| SrtpError::Authentication)?;
        Ok(())
    }

    pub(super) const fn secret_seed(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.salt;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// RFC 7714 §8.1: 00 00 | SSRC | rollover counter | sequence number, XOR salt.
    #[inline]
    fn rtp_nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let [s0, s1, s2, s3] = ssrc.to_be_bytes();
        let [_, _, i0, i1, i2, i3, i4, i5] = index.to_be_bytes();
        self.nonce([0, 0, s0, s1, s2, s3, i0, i1, i2, i3, i4, i5])
    }

    /// RFC 7714 §9.1: 00 00 | SSRC | 00 00 | index, XOR salt.
    fn rtcp_nonce(&self, ssrc: u32, index: u32) -> Nonce {
        let [s0, s1, s2, s3] = ssrc.to_be_bytes();
        let [i0, i1, i2, i3] = index.to_be_bytes();
        self.nonce([0, 0, s0, s1, s2, s3, 0, 0, i0, i1, i2, i3])
    }

    #[inline]
    fn nonce(&self, mut nonce: [u8; 12]) -> Nonce {
        for (byte, salt) in nonce.iter_mut().zip(self.salt) {
            *byte ^= salt;
        }
        Nonce::assume_unique_for_key(nonce)
    }
}

/// RFC 7714 §9.2: the readable header and the index word.
fn rtcp_aad(header: &[u8; RTCP_CLEAR], word: [u8; 4]) -> Aad<[u8; 12]> {
    let [a, b, c, d, e, f, g, h] = *header;
    let [i, j, k, l] = word;
    Aad::from([a, b, c, d, e, f, g, h, i, j, k, l])
}
