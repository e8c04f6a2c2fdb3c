//! Encryption of header extension elements (RFC 6904), also beside AEAD transforms (RFC 7714 §8.3).

use std::ops::Range;

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes256Enc};

use super::SrtpProfile;
use super::backend::cm_iv;
use super::config::ExtensionIds;
use super::header::RtpHeader;
use super::key_derivation::{Label, Master};
use crate::error::SrtpError;

/// The "defined by profile" field of one-byte elements (RFC 8285 §4.2).
pub(super) const ONE_BYTE: u16 = 0xbede;

/// The same of two-byte elements, without application bits (RFC 8285 §4.3).
pub(super) const TWO_BYTE: u16 = 0x1000;

const BLOCK: usize = 16;

/// The key stream's key and salt, and which elements it is for.
pub(super) struct ElementKeys {
    cipher: Cipher,
    salt: [u8; 14],
    ids: ExtensionIds,
}

enum Cipher {
    Aes128(Aes128Enc),
    Aes256(Aes256Enc),
}

impl ElementKeys {
    /// AES in counter mode with the profile's key length, for all profiles (RFC 6904 §3.1, RFC 7714 §8.3).
    pub(super) fn new(profile: SrtpProfile, master: &Master<'_>, ids: ExtensionIds) -> Self {
        let cipher = if profile.key_len() == 32 {
            Cipher::Aes256(Aes256Enc::new(
                &master.derive::<32>(Label::HeaderEncryption).into(),
            ))
        } else {
            Cipher::Aes128(Aes128Enc::new(
                &master.derive::<16>(Label::HeaderEncryption).into(),
            ))
        };
        Self {
            cipher,
            salt: master.derive(Label::HeaderSalt),
            ids,
        }
    }

    /// Encrypts or decrypts the values of its elements in the header of `packet`.
    pub(super) fn crypt(&self, packet: &mut [u8], header: &RtpHeader, index: u64) -> Result<(), SrtpError> {
        let Some((field, body)) = header.extension(packet) else {
            return Ok(());
        };
        let body = packet.get_mut(body).ok_or(SrtpError::Malformed)?;
        let mut next = 0;
        let mut stream = KeyStream {
            keys: self,
            iv: cm_iv(&self.salt, header.ssrc, index),
            position: None,
            block: [0; BLOCK],
        };
        while let Some((id, value)) = element(body, field, &mut next)? {
            if !self.ids.contains(id) {
                continue;
            }
            let start = value.start;
            for (offset, byte) in body
                .get_mut(value)
                .ok_or(SrtpError::Malformed)?
                .iter_mut()
                .enumerate()
            {
                *byte ^= stream.byte(start + offset);
            }
        }
        Ok(())
    }

    fn encrypt_block(&self, block: &mut [u8; BLOCK]) {
        match &self.cipher {
            Cipher::Aes128(cipher) => cipher.encrypt_block(block.into()),
            Cipher::Aes256(cipher) => cipher.encrypt_block(block.into()),
        }
    }
}

/// Whether all elements of the packet's header extension lie inside it.
pub(super) fn check_elements(packet: &[u8], header: &RtpHeader) -> Result<(), SrtpError> {
    let Some((field, body)) = header.extension(packet) else {
        return Ok(());
    };
    let body = packet.get(body).ok_or(SrtpError::Malformed)?;
    let mut next = 0;
    while element(body, field, &mut next)?.is_some() {}
    Ok(())
}

/// The element at or behind `next`, which is moved behind it: identifier and place of the value.
fn element(body: &[u8], field: u16, next: &mut usize) -> Result<Option<(u8, Range<usize>)>, SrtpError> {
    while let Some(&first) = body.get(*next) {
        let (id, start, len) = match field {
            ONE_BYTE => {
                let (id, len) = (first >> 4, usize::from(first & 0x0f) + 1);
                // 15 stops the reader; so does padding that claims a length (RFC 8285 §4.2).
                if id == 15 || (id == 0 && first != 0) {
                    return Ok(None);
                }
                (id, *next + 1, len)
            }
            // Any application bits.
            0x1000..=0x100f => {
                let len = match first {
                    0 => 0,
                    _ => usize::from(*body.get(*next + 1).ok_or(SrtpError::Malformed)?),
                };
                (first, *next + 2, len)
            }
            _ => return Ok(None),
        };
        if id == 0 {
            *next += 1;
            continue;
        }
        let value = start..start + len;
        if value.end > body.len() {
            return Err(SrtpError::Malformed);
        }
        *next = value.end;
        return Ok(Some((id, value)));
    }
    Ok(None)
}

/// Bytes of the key stream, which runs over the whole extension and is used where a value is.
struct KeyStream<'a> {
    keys: &'a ElementKeys,
    iv: [u8; BLOCK],
    /// Which block of the stream `block` is.
    position: Option<usize>,
    block: [u8; BLOCK],
}

impl KeyStream<'_> {
    fn byte(&mut self, at: usize) -> u8 {
        let position = at / BLOCK;
        if self.position != Some(position) {
            // An extension has at most 2¹⁸ bytes, so that the lower 16 bits of the counter do.
            self.block = self.iv;
            if let (Some(counter), Ok(position)) = (self.block.last_chunk_mut::<2>(), u16::try_from(position))
            {
                *counter = position.to_be_bytes();
            }
            self.keys.encrypt_block(&mut self.block);
            self.position = Some(position);
        }
        self.block.get(at % BLOCK).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walk(field: u16, body: &[u8]) -> Result<Vec<(u8, Range<usize>)>, SrtpError> {
        let mut next = 0;
        let mut found = Vec::new();
        while let Some(element) = element(body, field, &mut next)? {
            found.push(element);
        }
        Ok(found)
    }

    #[test]
    fn walks_one_byte_elements() {
        let body = [0x10, 0xaa, 0, 0, 0x31, 1, 2, 0xf0, 0x22];
        assert_eq!(walk(ONE_BYTE, &body), Ok(vec![(1, 1..2), (3, 5..7)]));
        assert_eq!(walk(ONE_BYTE, &[0x01, 0x10, 0xaa]), Ok(vec![]));
        assert_eq!(walk(ONE_BYTE, &[0x12, 1, 2]), Err(SrtpError::Malformed));
        assert_eq!(walk(0xabac, &[0x12, 1, 2]), Ok(vec![]));
    }

    #[test]
    fn walks_two_byte_elements() {
        let body = [5, 0, 0, 17, 2, 8, 9, 0];
        assert_eq!(walk(TWO_BYTE, &body), Ok(vec![(5, 2..2), (17, 5..7)]));
        assert_eq!(walk(0x100f, &body), walk(TWO_BYTE, &body));
        assert_eq!(walk(TWO_BYTE, &[5]), Err(SrtpError::Malformed));
        assert_eq!(walk(TWO_BYTE, &[5, 3, 1, 2]), Err(SrtpError::Malformed));
    }

    proptest! {
        #[test]
        fn elements_are_disjoint_and_inside(
            field in prop::sample::select(vec![ONE_BYTE, TWO_BYTE, 0x1003]), body in prop::collection::vec(any::<u8>(), 0..300)
        ) {
            let mut end = 0;
            for (id, value) in walk(field, &body).unwrap_or_default() {
                prop_assert!(id != 0 && value.start > end && value.end <= body.len());
                end = value.end - usize::from(value.is_empty());
            }
        }
    }
}
