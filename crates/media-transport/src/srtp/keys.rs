use super::SrtpProfile;
use super::backend::Transform;
use super::config::{HeaderEncryption, MAX_MASTER_KEYS, MAX_MKI_LEN, MasterKey, SrtpConfig};
use super::extension::ElementKeys;
use super::key_derivation::Master;
use crate::error::SrtpError;

/// What one master key gives.
pub(super) struct SessionKeys {
    pub(super) transform: Transform,
    /// With RFC 6904 only.
    pub(super) elements: Option<Box<ElementKeys>>,
    /// RTP packets until the end of its lifetime.
    packets_left: u64,
}

impl SessionKeys {
    fn new(profile: SrtpProfile, key: &MasterKey, header: HeaderEncryption) -> Result<Self, SrtpError> {
        let master = Master::new(profile, &key.key, &key.salt)?;
        let elements = match header {
            HeaderEncryption::Elements(ids) => Some(Box::new(ElementKeys::new(profile, &master, ids))),
            HeaderEncryption::None | HeaderEncryption::Cryptex => None,
        };
        Ok(Self {
            transform: Transform::new(profile, &master)?,
            elements,
            packets_left: key.lifetime,
        })
    }

    #[inline]
    pub(super) const fn check_lifetime(&self) -> Result<(), SrtpError> {
        match self.packets_left {
            0 => Err(SrtpError::KeyExhausted),
            _ => Ok(()),
        }
    }

    #[inline]
    pub(super) const fn count_packet(&mut self) {
        self.packets_left = self.packets_left.saturating_sub(1);
    }
}

/// A [`HeaderEncryption`] without what packets of the plain kind need not carry along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderMode {
    Plain,
    Elements,
    Cryptex,
}

/// The master keys of a context. The one in use stands apart, so that contexts with one key pay nothing for the others.
pub(super) struct KeyRing {
    profile: SrtpProfile,
    header: HeaderEncryption,
    /// 0: packets name no key, and there is one only.
    mki_len: usize,
    current: NamedKeys,
    others: Vec<NamedKeys>,
}

struct NamedKeys {
    mki: Box<[u8]>,
    keys: SessionKeys,
}

impl KeyRing {
    pub(super) fn new(config: &SrtpConfig) -> Result<Self, SrtpError> {
        let (first, rest) = config.keys.split_first().ok_or(SrtpError::UnknownMasterKey)?;
        if first.mki.len() > MAX_MKI_LEN {
            return Err(SrtpError::InvalidMki);
        }
        let mut ring = Self {
            profile: config.profile,
            header: config.header,
            mki_len: first.mki.len(),
            current: NamedKeys {
                mki: first.mki.clone(),
                keys: SessionKeys::new(config.profile, first, config.header)?,
            },
            others: Vec::new(),
        };
        for key in rest {
            ring.add(key)?;
        }
        Ok(ring)
    }

    pub(super) fn add(&mut self, key: &MasterKey) -> Result<(), SrtpError> {
        if self.mki_len == 0 || key.mki.len() != self.mki_len || self.find(&key.mki).is_ok() {
            return Err(SrtpError::InvalidMki);
        }
        if self.others.len() + 1 >= MAX_MASTER_KEYS {
            return Err(SrtpError::TooManyKeys);
        }
        self.others.push(NamedKeys {
            mki: key.mki.clone(),
            keys: SessionKeys::new(self.profile, key, self.header)?,
        });
        Ok(())
    }

    /// Makes another key the current one; the old one stays.
    pub(super) fn switch(&mut self, mki: &[u8]) -> Result<(), SrtpError> {
        if self.mki_len == 0 {
            return Err(SrtpError::UnknownMasterKey);
        }
        if let Some(other) = self.find(mki)?.and_then(|position| self.others.get_mut(position)) {
            std::mem::swap(&mut self.current, other);
        }
        Ok(())
    }

    /// Makes any other key the current one if this is it.
    pub(super) fn step_aside(&mut self, mki: &[u8]) {
        if *self.current.mki == *mki
            && let Some(other) = self.others.first_mut()
        {
            std::mem::swap(&mut self.current, other);
        }
    }

    /// Forgets a key that is not the current one.
    pub(super) fn remove(&mut self, mki: &[u8]) -> Result<(), SrtpError> {
        let position = self.find(mki)?.ok_or(SrtpError::InvalidMki)?;
        self.others.swap_remove(position);
        Ok(())
    }

    #[inline]
    pub(super) fn warm(&self) {
        anteroom_prefetch::read(&self.mki_len);
        anteroom_prefetch::read(&self.header);
        anteroom_prefetch::read(&self.current.keys);
    }

    #[inline]
    pub(super) const fn mode(&self) -> HeaderMode {
        match self.header {
            HeaderEncryption::None => HeaderMode::Plain,
            HeaderEncryption::Elements(_) => HeaderMode::Elements,
            HeaderEncryption::Cryptex => HeaderMode::Cryptex,
        }
    }

    #[inline]
    pub(super) const fn mki_len(&self) -> usize {
        self.mki_len
    }

    #[inline]
    pub(super) const fn current(&self) -> &SessionKeys {
        &self.current.keys
    }

    #[inline]
    pub(super) const fn current_mut(&mut self) -> &mut SessionKeys {
        &mut self.current.keys
    }

    #[inline]
    pub(super) fn current_mki(&self) -> &[u8] {
        &self.current.mki
    }

    /// The key that a packet names; `behind` bytes follow the identifier.
    #[inline]
    pub(super) fn named_by(&mut self, packet: &[u8], behind: usize) -> Result<&mut SessionKeys, SrtpError> {
        if self.mki_len == 0 {
            return Ok(&mut self.current.keys);
        }
        let (rest, _) = packet
            .split_at_checked(packet.len().wrapping_sub(behind))
            .ok_or(SrtpError::Malformed)?;
        let (_, mki) = rest
            .split_at_checked(rest.len().wrapping_sub(self.mki_len))
            .ok_or(SrtpError::Malformed)?;
        match self.find(mki)? {
            None => Ok(&mut self.current.keys),
            Some(position) => match self.others.get_mut(position) {
                Some(named) => Ok(&mut named.keys),
                None => Err(SrtpError::UnknownMasterKey),
            },
        }
    }

    /// `None` is the current one, `Some` a position among the others.
    fn find(&self, mki: &[u8]) -> Result<Option<usize>, SrtpError> {
        if *self.current.mki == *mki {
            return Ok(None);
        }
        self.others
            .iter()
            .position(|named| *named.mki == *mki)
            .map(Some)
            .ok_or(SrtpError::UnknownMasterKey)
    }
}
