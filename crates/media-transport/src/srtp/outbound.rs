use std::fmt;

use anteroom_sha1_multibuffer::{HmacSha1, Tag};

use super::backend::{Transform, put_mki};
use super::config::{MasterKey, SrtpConfig};
use super::header::{RtpHeader, rtcp_ssrc};
use super::keys::{HeaderMode, KeyRing, SessionKeys};
use super::streams::Streams;
use super::{MAX_RTCP_INDEX, SrtpProfile, cryptex, extension, roc};
use crate::error::SrtpError;

/// Protects what we send.
///
/// Start every stream with a sequence number below 2¹⁵ (RFC 3711 §3.3.1), so that a receiver who misses the first
/// packets still guesses the right rollover counter.
pub struct OutboundSrtp {
    profile: SrtpProfile,
    keys: KeyRing,
    /// The highest packet index protected so far, by SSRC. It goes on when the key changes (RFC 3711 §3.3.1).
    streams: Streams<u64>,
    /// One counter for all SSRCs: gaps are allowed, and (SSRC, index) stays unique.
    next_rtcp_index: u32,
}

/// An RTP packet that may wait for its tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encrypted {
    /// Bytes that the tag covers, with the rollover counter behind the packet; `None` when it has its tag.
    pub(super) signed: Option<usize>,
    /// Length of the packet.
    len: usize,
    /// Length of the whole SRTP packet.
    pub(super) total: usize,
}

impl OutboundSrtp {
    /// One master key, and nothing else encrypted than payloads.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`] when key or salt do not have the profile's lengths.
    pub fn new(profile: SrtpProfile, master_key: &[u8], master_salt: &[u8]) -> Result<Self, SrtpError> {
        Self::with_config(&SrtpConfig::new(profile, master_key, master_salt))
    }

    /// Derives the session keys of all master keys.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`], [`SrtpError::InvalidMki`], [`SrtpError::TooManyKeys`], and
    /// [`SrtpError::UnknownMasterKey`] when there is no key at all.
    pub fn with_config(config: &SrtpConfig) -> Result<Self, SrtpError> {
        let keys = KeyRing::new(config)?;
        let streams = Streams::new(keys.current().transform.secret_seed());
        Ok(Self {
            profile: config.profile,
            keys,
            streams,
            next_rtcp_index: 0,
        })
    }

    /// Adds a master key, to be used after [`switch_key`](Self::switch_key).
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`], [`SrtpError::TooManyKeys`], [`SrtpError::InvalidMki`] also when this context was made
    /// without identifiers.
    pub fn add_key(&mut self, key: &MasterKey) -> Result<(), SrtpError> {
        self.keys.add(key)
    }

    /// Protects with this master key from now on; the one used so far is kept. Packet indices go on, so the receiver
    /// notices nothing but the identifier.
    ///
    /// # Errors
    /// [`SrtpError::UnknownMasterKey`].
    pub fn switch_key(&mut self, mki: &[u8]) -> Result<(), SrtpError> {
        self.keys.switch(mki)
    }

    /// Forgets a master key.
    ///
    /// # Errors
    /// [`SrtpError::UnknownMasterKey`]; [`SrtpError::InvalidMki`] for the one that is in use.
    pub fn remove_key(&mut self, mki: &[u8]) -> Result<(), SrtpError> {
        self.keys.remove(mki)
    }

    /// Protects the RTP packet in `buffer[..len]` in place and returns its new length, at most
    /// [`max_overhead`](Self::max_overhead) longer.
    ///
    /// An older sequence number may be protected again (a retransmission): the rollover counter is chosen nearest to
    /// the newest packet of the stream. It must then be the *same packet*, byte for byte: another one under the
    /// same number would break the confidentiality of both.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::BufferTooSmall`], [`SrtpError::BeforeStart`] for a sequence number before
    /// the first of the stream's space, [`SrtpError::TooManyStreams`], [`SrtpError::KeyExhausted`]. The packet is as it
    /// was then.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let encrypted = self.encrypt_rtp(buffer, len)?;
        if let (Some(signed), Some(mac)) = (encrypted.signed, self.rtp_mac()) {
            let tag = mac.tag(buffer.get(..signed).ok_or(SrtpError::Malformed)?);
            self.sign_rtp(buffer, encrypted, &tag)?;
        }
        Ok(encrypted.total)
    }

    /// Brings nearer what [`protect_rtp`](Self::protect_rtp) needs, as far as `steps` pointers lead.
    #[inline]
    pub(crate) fn warm(&self, steps: u32) {
        if steps == 0 {
            self.keys.warm();
        }
        self.streams.warm(steps);
    }

    /// Protects the RTCP compound in `buffer[..len]` in place and returns its new length, at most
    /// [`max_overhead`](Self::max_overhead) longer.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::BufferTooSmall`], [`SrtpError::KeyExhausted`].
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buffer
            .get(..len)
            .ok_or(SrtpError::BufferTooSmall { needed: len })?;
        let ssrc = rtcp_ssrc(packet)?;
        let total = len + self.profile.rtcp_tag_len() + 4 + self.keys.mki_len();
        let packet = buffer
            .get_mut(..total)
            .ok_or(SrtpError::BufferTooSmall { needed: total })?;
        if self.next_rtcp_index > MAX_RTCP_INDEX {
            return Err(SrtpError::KeyExhausted);
        }
        let index = self.next_rtcp_index;
        self.next_rtcp_index += 1;
        let transform = &self.keys.current().transform;
        transform.protect_rtcp(packet, len, ssrc, index, self.keys.current_mki())?;
        Ok(total)
    }

    /// The most that protection adds to a packet, in bytes: [`SRTP_MAX_OVERHEAD`](super::SRTP_MAX_OVERHEAD), and what
    /// identifiers and cryptex need.
    #[must_use]
    pub const fn max_overhead(&self) -> usize {
        let header = match self.keys.mode() {
            HeaderMode::Cryptex => 4,
            HeaderMode::Plain | HeaderMode::Elements => 0,
        };
        super::SRTP_MAX_OVERHEAD + self.keys.mki_len() + header
    }

    /// Does all of [`protect_rtp`](Self::protect_rtp) but the tag of a profile where it stands for itself.
    #[inline]
    pub(super) fn encrypt_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<Encrypted, SrtpError> {
        let packet = buffer
            .get(..len)
            .ok_or(SrtpError::BufferTooSmall { needed: len })?;
        let header = RtpHeader::parse(packet)?;
        let stream = self.streams.get_mut(header.ssrc);
        let index = match stream.as_deref() {
            None => u64::from(header.sequence),
            Some(highest) => match roc::estimate(*highest, header.sequence) {
                Some(index) => index,
                None if *highest <= u64::from(u16::MAX) => return Err(SrtpError::BeforeStart),
                None => return Err(SrtpError::KeyExhausted),
            },
        };
        let plan = Plan::of(self.keys.mode(), packet, &header)?;
        let len = len + plan.growth();
        let total = len + self.profile.tag_len() + self.keys.mki_len();
        let packet = buffer
            .get_mut(..total)
            .ok_or(SrtpError::BufferTooSmall { needed: total })?;
        let keys = self.keys.current_mut();
        keys.check_lifetime()?;
        // The index is taken before anything is encrypted under it.
        match stream {
            Some(highest) => *highest = (*highest).max(index),
            None => self.streams.insert(header.ssrc, index)?,
        }
        keys.count_packet();
        if let Plan::Payload = plan {
            keys.transform.encrypt_rtp(packet, header.place(len, index))?;
        } else {
            plan.encrypt(keys, packet, header, len, index)?;
        }
        let signed = if self.profile.is_aead() {
            put_mki(packet, len + self.profile.tag_len(), self.keys.current_mki())?;
            None
        } else {
            Some(Transform::prepare_tag(packet, len, index)?)
        };
        Ok(Encrypted { signed, len, total })
    }

    /// The key for the tag of an [`Encrypted`] packet that waits for it.
    #[inline]
    pub(super) const fn rtp_mac(&self) -> Option<&HmacSha1> {
        self.keys.current().transform.rtp_mac()
    }

    /// Puts identifier and tag behind a packet.
    #[inline]
    pub(super) fn sign_rtp(&self, buffer: &mut [u8], packet: Encrypted, tag: &Tag) -> Result<(), SrtpError> {
        put_mki(buffer, packet.len, self.keys.current_mki())?;
        let room = buffer
            .get_mut(packet.len + self.keys.mki_len()..packet.total)
            .ok_or(SrtpError::Malformed)?;
        self.keys.current().transform.put_rtp_tag(room, tag)
    }
}

/// What is encrypted of one packet.
#[derive(Debug, Clone, Copy)]
enum Plan {
    Payload,
    Elements,
    Cryptex(cryptex::Outbound),
}

impl Plan {
    #[inline]
    fn of(mode: HeaderMode, packet: &[u8], header: &RtpHeader) -> Result<Self, SrtpError> {
        match mode {
            HeaderMode::Plain => Ok(Self::Payload),
            HeaderMode::Elements => {
                extension::check_elements(packet, header)?;
                Ok(Self::Elements)
            }
            HeaderMode::Cryptex => Ok(match cryptex::Outbound::of(packet, header)? {
                cryptex::Outbound::Plain => Self::Payload,
                outbound => Self::Cryptex(outbound),
            }),
        }
    }

    #[inline]
    const fn growth(self) -> usize {
        match self {
            Self::Cryptex(outbound) => outbound.growth(),
            Self::Payload | Self::Elements => 0,
        }
    }

    /// `len` is the length with the growth.
    fn encrypt(
        self,
        keys: &SessionKeys,
        packet: &mut [u8],
        header: RtpHeader,
        len: usize,
        index: u64,
    ) -> Result<(), SrtpError> {
        let (place, transform) = (header.place(len, index), &keys.transform);
        match self {
            Self::Payload => transform.encrypt_rtp(packet, place),
            Self::Elements => {
                if let Some(elements) = &keys.elements {
                    elements.crypt(packet, &header, index)?;
                }
                transform.encrypt_rtp(packet, place)
            }
            Self::Cryptex(outbound) => {
                let header = if outbound.growth() > 0 {
                    cryptex::add_extension(packet, &header, len - outbound.growth())?;
                    RtpHeader::parse(packet)?
                } else {
                    header
                };
                cryptex::toggle_mark(packet, &header)?;
                cryptex::join(packet, &header)?;
                transform.encrypt_rtp(packet, place.behind(cryptex::CLEAR))?;
                cryptex::split(packet, &header)
            }
        }
    }
}

impl fmt::Debug for OutboundSrtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundSrtp")
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}
