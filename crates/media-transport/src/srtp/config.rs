//! What SRTP can do beyond one key and encrypted payloads, chosen when a context is made.

use std::fmt;

use super::{MAX_RTP_INDEX, SrtpProfile};

/// The longest master key identifier, in bytes (RFC 4568 §6.1).
pub const MAX_MKI_LEN: usize = 128;

/// The most master keys one context holds at a time.
pub const MAX_MASTER_KEYS: usize = 16;

/// How to make an [`OutboundSrtp`](super::OutboundSrtp) or an [`InboundSrtp`](super::InboundSrtp).
///
/// ```
/// use anteroom_media_transport::srtp::{HeaderEncryption, MasterKey, OutboundSrtp, SrtpConfig, SrtpProfile};
///
/// let old = MasterKey::new(&[1], &[7; 16], &[9; 12]);
/// let new = MasterKey::new(&[2], &[8; 16], &[9; 12]).lifetime(1 << 31);
/// let config = SrtpConfig::with_master_keys(SrtpProfile::AeadAes128Gcm, [old, new])
///     .header_encryption(HeaderEncryption::Cryptex);
/// let mut sender = OutboundSrtp::with_config(&config)?;
/// sender.switch_key(&[2])?;
/// # Ok::<(), anteroom_media_transport::SrtpError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SrtpConfig {
    pub(super) profile: SrtpProfile,
    /// The first is the one to send with.
    pub(super) keys: Vec<MasterKey>,
    pub(super) header: HeaderEncryption,
}

impl SrtpConfig {
    /// One master key, which packets do not name.
    #[must_use]
    pub fn new(profile: SrtpProfile, key: &[u8], salt: &[u8]) -> Self {
        Self::with_master_keys(profile, [MasterKey::new(&[], key, salt)])
    }

    /// Master keys that packets name by their identifiers, at least one and at most [`MAX_MASTER_KEYS`]; a sender starts
    /// with the first. Identifiers have one length, from 1 to [`MAX_MKI_LEN`] bytes; a single key may have an empty
    /// one, and is then not named.
    #[must_use]
    pub fn with_master_keys(profile: SrtpProfile, keys: impl IntoIterator<Item = MasterKey>) -> Self {
        Self {
            profile,
            keys: keys.into_iter().collect(),
            header: HeaderEncryption::None,
        }
    }

    /// Encrypts parts of RTP headers, too. Both sides must have agreed on the same.
    #[must_use]
    pub const fn header_encryption(mut self, header: HeaderEncryption) -> Self {
        self.header = header;
        self
    }
}

/// A master key and salt, with the identifier that packets carry (MKI, RFC 3711 §3.1).
#[derive(Clone)]
pub struct MasterKey {
    pub(super) mki: Box<[u8]>,
    pub(super) key: Box<[u8]>,
    pub(super) salt: Box<[u8]>,
    pub(super) lifetime: u64,
}

impl MasterKey {
    /// Lengths are checked where the key is put to use.
    #[must_use]
    pub fn new(mki: &[u8], key: &[u8], salt: &[u8]) -> Self {
        Self {
            mki: mki.into(),
            key: key.into(),
            salt: salt.into(),
            lifetime: MAX_RTP_INDEX + 1,
        }
    }

    /// The most SRTP packets to protect, or to open, under this key; 2⁴⁸ is the default and the limit (RFC 3711 §9.2).
    #[must_use]
    pub fn lifetime(mut self, packets: u64) -> Self {
        self.lifetime = packets.min(MAX_RTP_INDEX + 1);
        self
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("mki", &self.mki)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

/// What of RTP headers is encrypted besides the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum HeaderEncryption {
    /// Nothing (RFC 3711).
    #[default]
    None,
    /// The values of these header extension elements (RFC 6904). Extensions that do not have the form of RFC 8285 stay
    /// readable.
    Elements(ExtensionIds),
    /// Contributing sources and the whole header extension (cryptex, RFC 9335).
    ///
    /// A packet with neither is sent as usual; one with contributing sources but no extension grows by four bytes; one
    /// whose extension is not of the forms 0xBEDE or 0x1000 cannot be sent, because it could not be hidden. Packets
    /// that arrive without cryptex are opened as usual.
    Cryptex,
}

/// A set of header extension identifiers (RFC 8285), as negotiated in `a=extmap`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ExtensionIds {
    bits: [u64; 4],
}

impl ExtensionIds {
    /// Whether `id` is in the set.
    #[must_use]
    pub fn contains(&self, id: u8) -> bool {
        self.bits
            .get(usize::from(id / 64))
            .is_some_and(|bits| bits & (1 << (id % 64)) != 0)
    }
}

impl FromIterator<u8> for ExtensionIds {
    fn from_iter<I: IntoIterator<Item = u8>>(ids: I) -> Self {
        let mut set = Self::default();
        for id in ids {
            if let Some(bits) = set.bits.get_mut(usize::from(id / 64)) {
                *bits |= 1 << (id % 64);
            }
        }
        set
    }
}

impl fmt::Debug for ExtensionIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries((0..=u8::MAX).filter(|id| self.contains(*id)))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let ids = ExtensionIds::from_iter([1, 3, 64, 255]);
        assert_eq!(format!("{ids:?}"), "{1, 3, 64, 255}");
        assert!(ids.contains(255) && !ids.contains(254) && !ids.contains(0));
    }

    #[test]
    fn debug_shows_no_key() {
        let key = MasterKey::new(&[5], &[7; 16], &[9; 12]).lifetime(u64::MAX);
        assert_eq!(
            format!("{key:?}"),
            format!("MasterKey {{ mki: [5], lifetime: {}, .. }}", 1_u64 << 48)
        );
    }
}
