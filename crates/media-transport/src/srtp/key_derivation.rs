//! Session keys from a master key (RFC 3711 §4.3, RFC 7714 §11, RFC 6188 for 256-bit keys).

use aes::cipher::{KeyIvInit, StreamCipher};
use aes::{Aes128, Aes256};
use ctr::Ctr128BE;

use super::SrtpProfile;
use crate::error::SrtpError;

/// The purposes of derived keys, RFC 3711 §4.3.1 and §4.3.2, RFC 6904 §3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
    HeaderEncryption = 6,
    HeaderSalt = 7,
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

    /// RFC 6904 appendix A.1: the same master key.
    #[test]
    fn derives_the_header_keys_of_rfc_6904_a_1() {
        let key = hex::<16>("E1F97A0D3E018BE0D64FA32C06DE4139");
        let salt = hex::<14>("0EC675AD498AFEEBB6960B3AABE6");
        let master = Master::new(SrtpProfile::Aes128CmHmacSha1_80, &key, &salt).unwrap();
        assert_eq!(
            master.derive(Label::HeaderEncryption),
            hex::<16>("549752054D6FB708622C4A2E596A1B93")
        );
        assert_eq!(
            master.derive(Label::HeaderSalt),
            hex::<14>("AB01818174C40D39A3781F7C2D27")
        );
    }

    /// RFC 6188 §7.2. Its 112-bit salt belongs to AES_256_CM, which no profile here has; derivation is the same.
    #[test]
    fn derives_the_keys_of_rfc_6188_7_2() {
        let key = hex::<32>("f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6");
        let master = Master {
            key: MasterKey::Bits256(&key),
            salt: hex("3b04803de51ee7c96423ab5b78d2"),
        };
        assert_eq!(
            master.derive(Label::RtpEncryption),
            hex::<32>("5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4")
        );
        assert_eq!(
            master.derive(Label::RtpSalt),
            hex::<14>("fa31791685ca444a9e07c6c64e93")
        );
        assert_eq!(
            master.derive(Label::RtpAuthentication),
            hex::<20>("fd9c32d39ed5fbb5a9dc96b30818454d1313dc05")
        );
    }

    /// RFC 9335 appendix A.2: a 96-bit salt, filled up.
    #[test]
    fn derives_the_aead_keys_of_rfc_9335_a_2() {
        let key = hex::<16>("000102030405060708090a0b0c0d0e0f");
        let salt = hex::<12>("a0a1a2a3a4a5a6a7a8a9aaab");
        let master = Master::new(SrtpProfile::AeadAes128Gcm, &key, &salt).unwrap();
        assert_eq!(
            master.derive(Label::RtpEncryption),
            hex::<16>("077c6143cb221bc355ff23d5f984a16e")
        );
        assert_eq!(
            master.derive(Label::RtpSalt),
            hex::<12>("9af3e95364ebac9c99c5a7c4")
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
