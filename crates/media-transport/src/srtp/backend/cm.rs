//! AES128_CM_HMAC_SHA1_80 and _32 (RFC 3711 §4.1.1, §4.2.1): counter mode of aws-lc-rs, HMAC with SHA-1 of RustCrypto or
//! side by side; the key schedule and the two padded HMAC states are computed once.

use anteroom_sha1_multibuffer::{HmacSha1, Tag};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;

use crate::error::SrtpError;

pub(in crate::srtp) struct CmKeys {
    cipher: EncryptingKey,
    mac: HmacSha1,
    salt: [u8; 14],
    tag_len: usize,
}

impl CmKeys {
    pub(in crate::srtp) fn new(
        key: &[u8; 16],
        salt: [u8; 14],
        auth: &[u8; 20],
        tag_len: usize,
    ) -> Result<Self, SrtpError> {
        let cipher = UnboundCipherKey::new(&AES_128, key)
            .and_then(EncryptingKey::ctr)
            .map_err(|_| SrtpError::KeyLength)?;
        Ok(Self {
            cipher,
            mac: HmacSha1::new(auth),
            salt,
            tag_len,
        })
    }

    /// Encrypts or decrypts.
    #[inline]
    pub(in crate::srtp) fn crypt(&self, body: &mut [u8], ssrc: u32, index: u64) -> Result<(), SrtpError> {
        let iv = FixedLength::from(cm_iv(&self.salt, ssrc, index));
        // Counter mode takes any length: no error is known.
        match self.cipher.less_safe_encrypt(body, EncryptionContext::Iv128(iv)) {
            Ok(_) => Ok(()),
            Err(_) => Err(SrtpError::Malformed),
        }
    }

    #[inline]
    pub(super) const fn mac(&self) -> &HmacSha1 {
        &self.mac
    }

    /// Writes as much of the tag as the profile has.
    #[inline]
    pub(super) fn put_tag(&self, room: &mut [u8], tag: &Tag) -> Result<(), SrtpError> {
        let tag = tag.get(..self.tag_len).ok_or(SrtpError::Malformed)?;
        room.get_mut(..self.tag_len)
            .ok_or(SrtpError::Malformed)?
            .copy_from_slice(tag);
        Ok(())
    }

    /// Checks the tag that is the end of `packet`: over its first `len` bytes and the word `last`, which is written
    /// behind them. That overwrites what stands there, so that everything is hashed as one piece.
    #[inline]
    pub(super) fn verify(&self, packet: &mut [u8], len: usize, last: [u8; 4]) -> Result<(), SrtpError> {
        let mut received = Tag::default();
        let tag_at = packet
            .len()
            .checked_sub(self.tag_len)
            .ok_or(SrtpError::Malformed)?;
        let received = received.get_mut(..self.tag_len).ok_or(SrtpError::Malformed)?;
        received.copy_from_slice(packet.get(tag_at..).ok_or(SrtpError::Malformed)?);
        put_word(packet, len, last)?;
        let computed = self
            .mac
            .tag(packet.get(..len + WORD).ok_or(SrtpError::Malformed)?);
        let computed = computed.get(..self.tag_len).ok_or(SrtpError::Malformed)?;
        verify_slices_are_equal(computed, received).map_err(|_| SrtpError::Authentication)
    }

    #[inline]
    pub(super) const fn tag_len(&self) -> usize {
        self.tag_len
    }

    pub(super) const fn secret_seed(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.salt;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// The rollover counter in the tag of SRTP, the index in that of SRTCP.
pub(super) const WORD: usize = 4;

#[inline]
pub(super) fn put_word(packet: &mut [u8], at: usize, word: [u8; WORD]) -> Result<(), SrtpError> {
    packet
        .get_mut(at..)
        .and_then(<[u8]>::first_chunk_mut)
        .map(|room| *room = word)
        .ok_or(SrtpError::Malformed)
}

/// RFC 3711 §4.1.1: IV = salt · 2¹⁶ XOR SSRC · 2⁶⁴ XOR index · 2¹⁶.
#[inline]
pub(in crate::srtp) fn cm_iv(salt: &[u8; 14], ssrc: u32, index: u64) -> [u8; 16] {
    let [s0, s1, s2, s3] = ssrc.to_be_bytes();
    let [_, _, i0, i1, i2, i3, i4, i5] = index.to_be_bytes();
    let mut iv = [0, 0, 0, 0, s0, s1, s2, s3, i0, i1, i2, i3, i4, i5, 0, 0];
    for (byte, salt) in iv.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    iv
}

/// RFC 3711 §4.2: what stands behind the packet when its tag is computed.
#[inline]
pub(super) const fn rollover_counter(index: u64) -> [u8; WORD] {
    let [_, _, r0, r1, r2, r3, _, _] = index.to_be_bytes();
    [r0, r1, r2, r3]
}
