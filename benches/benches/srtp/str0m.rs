//! str0m's SRTP. Its context is private and its ciphers are not, and so what its context does with them is done here, by
//! what its `SrtpContext::protect_rtp` and `unprotect_rtp` do: a new buffer for what is sealed, one that is kept for what is
//! opened. What it computes of a packet's index, and the check for replays, are left out: it is a little slower than this.

use anteroom_media_transport::srtp::SrtpProfile;
use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoProvider, from_feature_flags,
};

use crate::HEADER;

const GCM_TAG: usize = 16;

const HMAC_TAG: usize = 10;

/// What its cipher in counter mode wants behind its output.
const CTR_PADDING: usize = 15;

/// The rollover counter, which the tag of HMAC-SHA1 covers.
const ROC: [u8; 4] = [0; 4];

const HMAC_KEY: [u8; 20] = [0x77; 20];

enum Cipher {
    Gcm128(Box<dyn AeadAes128GcmCipher>),
    Gcm256(Box<dyn AeadAes256GcmCipher>),
    Cm(Box<dyn Aes128CmSha1_80Cipher>),
}

/// One direction with keys of its own.
pub(crate) struct Str0m {
    cipher: Cipher,
    provider: CryptoProvider,
    scratch: Vec<u8>,
}

impl Str0m {
    /// `None` for a profile that str0m does not have.
    pub(crate) fn new(profile: SrtpProfile, seals: bool) -> Option<Self> {
        let provider = from_feature_flags();
        let srtp = provider.srtp_provider;
        let cipher = match profile {
            SrtpProfile::AeadAes128Gcm => {
                Cipher::Gcm128(srtp.aead_aes_128_gcm().create_cipher([0x5a; 16], seals))
            }
            SrtpProfile::AeadAes256Gcm => {
                Cipher::Gcm256(srtp.aead_aes_256_gcm().create_cipher([0x5a; 32], seals))
            }
            SrtpProfile::Aes128CmHmacSha1_80 => {
                Cipher::Cm(srtp.aes_128_cm_sha1_80().create_cipher([0x5a; 16], seals))
            }
            SrtpProfile::Aes128CmHmacSha1_32 => return None,
        };
        Some(Self {
            cipher,
            provider,
            scratch: Vec::new(),
        })
    }

    pub(crate) fn protect(&mut self, packet: &[u8]) -> Vec<u8> {
        let (header, payload) = packet.split_at(HEADER);
        let room = match self.cipher {
            Cipher::Gcm128(_) | Cipher::Gcm256(_) => GCM_TAG,
            Cipher::Cm(_) => CTR_PADDING,
        };
        let mut sealed = vec![0; packet.len() + room];
        let (start, rest) = sealed.split_at_mut(HEADER);
        match &mut self.cipher {
            Cipher::Gcm128(cipher) => cipher.encrypt(&iv(header), header, payload, rest),
            Cipher::Gcm256(cipher) => cipher.encrypt(&iv(header), header, payload, rest),
            Cipher::Cm(cipher) => cipher.encrypt(&iv(header), payload, rest),
        }
        .expect("a short message");
        start.copy_from_slice(header);
        if matches!(self.cipher, Cipher::Cm(_)) {
            let tag = self.hmac(&sealed[..packet.len()]);
            sealed.truncate(packet.len() + HMAC_TAG);
            sealed[packet.len()..].copy_from_slice(&tag);
        }
        sealed
    }

    /// The payload's length.
    pub(crate) fn unprotect(&mut self, packet: &[u8]) -> usize {
        let (header, sealed) = packet.split_at(HEADER);
        let len = match self.cipher {
            Cipher::Gcm128(_) | Cipher::Gcm256(_) => sealed.len() - GCM_TAG,
            Cipher::Cm(_) => sealed.len() - HMAC_TAG,
        };
        if matches!(self.cipher, Cipher::Cm(_)) {
            let (content, tag) = packet.split_at(HEADER + len);
            assert_eq!(self.hmac(content), tag, "an authentic packet");
        }
        let Self { cipher, scratch, .. } = self;
        match cipher {
            Cipher::Gcm128(cipher) => {
                scratch.resize(len, 0);
                cipher
                    .decrypt(&iv(header), &[header], sealed, scratch)
                    .expect("an authentic packet")
            }
            Cipher::Gcm256(cipher) => {
                scratch.resize(len, 0);
                cipher
                    .decrypt(&iv(header), &[header], sealed, scratch)
                    .expect("an authentic packet")
            }
            Cipher::Cm(cipher) => {
                scratch.resize(len + CTR_PADDING, 0);
                let opened = cipher.decrypt(&iv(header), &sealed[..len], scratch);
                opened.expect("a short message");
                len
            }
        }
    }

    fn hmac(&self, content: &[u8]) -> [u8; HMAC_TAG] {
        let hmac = self.provider.sha1_hmac_provider;
        let tag = hmac.sha1_hmac(&HMAC_KEY, &[content, &ROC]);
        *tag.first_chunk().expect("twenty bytes")
    }
}

/// One that differs from packet to packet; how it is made of a salt is left out.
fn iv<const N: usize>(header: &[u8]) -> [u8; N] {
    let mut iv = [7; N];
    iv[..4].copy_from_slice(&header[..4]);
    iv
}
