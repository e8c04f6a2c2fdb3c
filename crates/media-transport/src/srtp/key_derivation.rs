//! Session keys from a master key (RFC 3711 §4.3, RFC 7714 §11, RFC 6188 for 256-bit keys).

use aes::cipher::{KeyIvInit, StreamCipher};
use aes::{Aes128, Aes256};
use ctr::Ctr128BE;

use super::SrtpProfile;
use crate::error::SrtpError;

/// The purposes of derived keys, RFC 3711 §4.3.1 and §4.3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// A master key and salt of the right lengths for their profile.
#[derive(Clone, Copy)]
pub(super) struct Master<'a> {
    key: MasterKey<'a>,
    /// 96-bit salts of the AEAD profiles are filled up with zeros on the right (RFC 7714 §11).
    salt: [u8; 14],
}

#[derive(Clone, Copy)]
enum MasterKey<'a> {
    Bits128(&'a [u8; 16]),
    Bits256(&'a [u8; 32]),
}

impl<'a> Master<'a> {
    pub(super) fn new(profile: SrtpProfile, key: &'a [u8], salt: &[u8]) -> Result<Self, SrtpError> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return Err(SrtpError::KeyLength);
        }
        let key = match key.first_chunk::<32>() {
            Some(key) => MasterKey::Bits256(key),
            None => MasterKey::Bits128(key.first_chunk().ok_or(SrtpError::KeyLength)?),
        };
        let mut padded = [0; 14];
        padded
            .get_mut(..salt.len())
            .ok_or(SrtpError::KeyLength)?
            .copy_from_slice(salt);
        Ok(Self { key, salt: padded })
    }

    /// The first `N` bytes of the key for `label`; the key derivation rate is zero.
    pub(super) fn derive<const N: usize>(&self, label: Label) -> [u8; N] {
        let mut iv = [0; 16];
        for (target, byte) in iv.iter_mut().zip(self.salt) {
            *target = byte;
        }
        iv[7] ^= label as u8;
        let mut derived = [0; N];
        match self.key {
            MasterKey::Bits128(key) => {
                Ctr128BE::<Aes128>::new(key.into(), &iv.into()).apply_keystream(&mut derived);
            }
            MasterKey::Bits256(key) => {
                Ctr128BE::<Aes256>::new(key.into(), &iv.into()).apply_keystream(&mut derived);
            }
        }
        derived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        core::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    /// RFC 3711 appendix B.3.
    #[test]
    fn derives_the_keys_of_rfc_3711_b_3() {
        let key = hex::<16>("E1F97A0D3E018BE0D64FA32C06DE4139");
        let salt = hex::<14>("0EC675AD498AFEEBB6960B3AABE6");
        let master = Master::new(SrtpProfile::Aes128CmHmacSha1_80, &key, &salt).unwrap();
        assert_eq!(
            master.derive(Label::RtpEncryption),
            hex::<16>("C61E7A93744F39EE10734AFE3FF7A087")
        );
        assert_eq!(
            master.derive(Label::RtpSalt),
            hex::<14>("30CBBC08863D8C85D49DB34A9AE1")
        );
        assert_eq!(
            master.derive(Label::RtpAuthentication),
            hex::<94>(
                "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF722709\
                 86371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2"
            )
        );
    }

    #[test]
    fn refuses_keys_of_other_lengths() {
        for (profile, key, salt) in [
            (SrtpProfile::AeadAes128Gcm, 15, 12),
            (SrtpProfile::AeadAes128Gcm, 32, 12),
            (SrtpProfile::AeadAes128Gcm, 16, 14),
            (SrtpProfile::AeadAes256Gcm, 16, 12),
            (SrtpProfile::Aes128CmHmacSha1_80, 16, 12),
        ] {
            let refused = Master::new(profile, &vec![0; key], &vec![0; salt]).map(|_| ());
            assert_eq!(refused, Err(SrtpError::KeyLength), "{profile} {key} {salt}");
        }
    }
}
