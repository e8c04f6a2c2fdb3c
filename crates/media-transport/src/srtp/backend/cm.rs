//! AES128_CM_HMAC_SHA1_80 (RFC 3711 §4.1.1, §4.2.1) on RustCrypto, which beats aws-lc-rs for this pair; the key
//! schedules and the two padded HMAC states are computed once.

use aes::Aes128Enc;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipher, StreamCipherCoreWrapper};
use ctr::{CtrCore, flavors};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::error::SrtpError;
use crate::srtp::RTCP_ENCRYPTED;
use crate::srtp::header::RTCP_CLEAR;

pub(super) const TAG_LEN: usize = 10;

pub(in crate::srtp) struct CmKeys {
    cipher: Aes128Enc,
    mac: Hmac<Sha1>,
    salt: [u8; 14],
}

impl CmKeys {
    pub(in crate::srtp) fn new(key: &[u8; 16], salt: [u8; 14], auth: &[u8; 20]) -> Result<Self, SrtpError> {
        let mac = Hmac::new_from_slice(auth).map_err(|_| SrtpError::KeyLength)?;
        Ok(Self {
            cipher: Aes128Enc::new(key.into()),
            mac,
            salt,
        })
    }

    /// `packet` holds header, payload and room for the tag.
    #[inline]
    pub(in crate::srtp) fn protect_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), SrtpError> {
        let (body, room) = packet.split_at_mut_checked(len).ok_or(SrtpError::Malformed)?;
        self.crypt(body.get_mut(header..).ok_or(SrtpError::Malformed)?, ssrc, index);
        let tag = self.rtp_mac(body, index).finalize().into_bytes();
        copy_tag(room, &tag)
    }

    #[inline]
    pub(in crate::srtp) fn unprotect_rtp(
        &self,
        packet: &mut [u8],
        header: usize,
        len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<(), SrtpError> {
        let (body, tag) = packet.split_at_mut_checked(len).ok_or(SrtpError::Malformed)?;
        self.rtp_mac(body, index)
            .verify_truncated_left(tag)
            .map_err(|_| SrtpError::Authentication)?;
        self.crypt(body.get_mut(header..).ok_or(SrtpError::Malformed)?, ssrc, index);
        Ok(())
    }

    /// `packet` holds the compound of `len` bytes and room for index and tag.
    pub(in crate::srtp) fn protect_rtcp(
        &self,
        packet: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<(), SrtpError> {
        let (signed, room) = packet.split_at_mut_checked(len + 4).ok_or(SrtpError::Malformed)?;
        let (body, word) = signed.split_at_mut_checked(len).ok_or(SrtpError::Malformed)?;
        word.copy_from_slice(&(index | RTCP_ENCRYPTED).to_be_bytes());
        self.crypt(
            body.get_mut(RTCP_CLEAR..).ok_or(SrtpError::Malformed)?,
            ssrc,
            u64::from(index),
        );
        let tag = self.mac.clone().chain_update(&*signed).finalize().into_bytes();
        copy_tag(room, &tag)
    }

    pub(in crate::srtp) fn unprotect_rtcp(
        &self,
        packet: &mut [u8],
        len: usize,
        ssrc: u32,
        index: u32,
    ) -> Result<(), SrtpError> {
        let (signed, tag) = packet.split_at_mut_checked(len + 4).ok_or(SrtpError::Malformed)?;
        self.mac
            .clone()
            .chain_update(&*signed)
            .verify_truncated_left(tag)
            .map_err(|_| SrtpError::Authentication)?;
        let body = signed.get_mut(RTCP_CLEAR..len).ok_or(SrtpError::Malformed)?;
        self.crypt(body, ssrc, u64::from(index));
        Ok(())
    }

    pub(super) const fn secret_seed(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.salt;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// RFC 3711 §4.1.1: IV = salt · 2¹⁶ XOR SSRC · 2⁶⁴ XOR index · 2¹⁶.
    #[inline]
    fn crypt(&self, body: &mut [u8], ssrc: u32, index: u64) {
        let [s0, s1, s2, s3] = ssrc.to_be_bytes();
        let [_, _, i0, i1, i2, i3, i4, i5] = index.to_be_bytes();
        let mut iv = [0, 0, 0, 0, s0, s1, s2, s3, i0, i1, i2, i3, i4, i5, 0, 0];
        for (byte, salt) in iv.iter_mut().zip(self.salt) {
            *byte ^= salt;
        }
        let core = CtrCore::<_, flavors::Ctr128BE>::inner_iv_init(&self.cipher, &iv.into());
        StreamCipherCoreWrapper::from_core(core).apply_keystream(body);
    }

    /// RFC 3711 §4.2: the packet and the rollover counter.
    #[inline]
    fn rtp_mac(&self, body: &[u8], index: u64) -> Hmac<Sha1> {
        let [_, _, r0, r1, r2, r3, _, _] = index.to_be_bytes();
        self.mac.clone().chain_update(body).chain_update([r0, r1, r2, r3])
    }
}

#[inline]
fn copy_tag(room: &mut [u8], tag: &[u8]) -> Result<(), SrtpError> {
    room.copy_from_slice(tag.get(..TAG_LEN).ok_or(SrtpError::Malformed)?);
    Ok(())
}
