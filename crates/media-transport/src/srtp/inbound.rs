use std::fmt;

use super::config::{MasterKey, SrtpConfig};
use super::header::{RtpHeader, RtpPlace, rtcp_ssrc};
use super::keys::{HeaderMode, KeyRing, SessionKeys};
use super::replay::ReplayWindow;
use super::streams::Streams;
use super::{SrtpProfile, cryptex, extension, roc};
use crate::error::SrtpError;

/// Opens what we receive, each packet at most once.
pub struct InboundSrtp {
    profile: SrtpProfile,
    keys: KeyRing,
    /// Under all master keys, so that a packet cannot come again under another one.
    rtp: Streams<ReplayWindow>,
    rtcp: Streams<ReplayWindow>,
}

impl InboundSrtp {
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
        let seed = keys.current().transform.secret_seed();
        Ok(Self {
            profile: config.profile,
            keys,
            rtp: Streams::new(seed),
            rtcp: Streams::new(seed),
        })
    }

    /// Adds a master key that packets may name from now on.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`], [`SrtpError::TooManyKeys`], [`SrtpError::InvalidMki`] also when this context was made
    /// without identifiers.
    pub fn add_key(&mut self, key: &MasterKey) -> Result<(), SrtpError> {
        self.keys.add(key)
    }

    /// Forgets a master key; its packets are refused from now on. The last one cannot be forgotten.
    ///
    /// # Errors
    /// [`SrtpError::UnknownMasterKey`]; [`SrtpError::InvalidMki`] for the last one.
    pub fn remove_key(&mut self, mki: &[u8]) -> Result<(), SrtpError> {
        self.keys.step_aside(mki);
        self.keys.remove(mki)
    }

    /// Authenticates and decrypts an SRTP packet in place; returns the length of the RTP packet.
    ///
    /// No state changes on an error, but the packet's bytes are unspecified then.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::Replayed`], [`SrtpError::Authentication`],
    /// [`SrtpError::TooManyStreams`], [`SrtpError::KeyExhausted`], [`SrtpError::UnknownMasterKey`].
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let header = RtpHeader::parse(packet)?;
        let tag_len = self.profile.tag_len();
        let len = packet
            .len()
            .checked_sub(tag_len + self.keys.mki_len())
            .filter(|len| *len >= header.len)
            .ok_or(SrtpError::Malformed)?;
        let mode = self.keys.mode();
        let behind_mki = if self.profile.is_aead() { 0 } else { tag_len };
        let keys = self.keys.named_by(packet, behind_mki)?;
        keys.check_lifetime()?;
        let is_full = self.rtp.is_full();
        let stream = self.rtp.get_mut(header.ssrc);
        let index = match stream.as_deref() {
            None if is_full => return Err(SrtpError::TooManyStreams),
            None => u64::from(header.sequence),
            Some(window) => {
                let index = match roc::estimate(window.highest(), header.sequence) {
                    Some(index) => index,
                    // Nothing precedes the first cycle, so it can only be a long jump ahead in it.
                    None if window.highest() <= u64::from(u16::MAX) => u64::from(header.sequence),
                    None => return Err(SrtpError::KeyExhausted),
                };
                if window.is_replay(index) {
                    return Err(SrtpError::Replayed);
                }
                index
            }
        };
        open(keys, mode, packet, &header, header.place(len, index))?;
        match stream {
            Some(window) => window.accept(index),
            None => self.rtp.insert(header.ssrc, ReplayWindow::starting_at(index))?,
        }
        keys.count_packet();
        Ok(len)
    }

    /// Authenticates and decrypts an SRTCP packet in place; returns the length of the RTCP compound.
    ///
    /// No state changes on an error, but the bytes behind the first eight are unspecified then.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::Unencrypted`], [`SrtpError::Replayed`],
    /// [`SrtpError::Authentication`], [`SrtpError::TooManyStreams`], [`SrtpError::UnknownMasterKey`].
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let mki_len = self.keys.mki_len();
        let behind_mki = match self.profile.is_aead() {
            true => 0,
            false => self.profile.rtcp_tag_len(),
        };
        let transform = &self.keys.named_by(packet, behind_mki)?.transform;
        let trailer = transform.rtcp_trailer(packet, mki_len)?;
        let index = u64::from(trailer.index);
        match self.rtcp.get_mut(ssrc) {
            Some(window) => {
                if window.is_replay(index) {
                    return Err(SrtpError::Replayed);
                }
                let len = transform.unprotect_rtcp(packet, trailer, ssrc)?;
                window.accept(index);
                Ok(len)
            }
            None => {
                if self.rtcp.is_full() {
                    return Err(SrtpError::TooManyStreams);
                }
                let len = transform.unprotect_rtcp(packet, trailer, ssrc)?;
                self.rtcp.insert(ssrc, ReplayWindow::starting_at(index))?;
                Ok(len)
            }
        }
    }
}

/// Authenticates and decrypts a packet.
#[inline]
fn open(
    keys: &SessionKeys,
    mode: HeaderMode,
    packet: &mut [u8],
    header: &RtpHeader,
    place: RtpPlace,
) -> Result<(), SrtpError> {
    if mode == HeaderMode::Plain {
        return keys.transform.open_rtp(packet, place);
    }
    open_with_header(keys, mode, packet, header, place)
}

fn open_with_header(
    keys: &SessionKeys,
    mode: HeaderMode,
    packet: &mut [u8],
    header: &RtpHeader,
    place: RtpPlace,
) -> Result<(), SrtpError> {
    let transform = &keys.transform;
    match mode {
        HeaderMode::Cryptex if cryptex::is_encrypted(packet, header) => {
            transform.verify_rtp(packet, place)?;
            cryptex::join(packet, header)?;
            transform.decrypt_rtp(packet, place.behind(cryptex::CLEAR))?;
            cryptex::split(packet, header)?;
            cryptex::toggle_mark(packet, header)
        }
        HeaderMode::Elements => {
            // Lengths are readable, so a broken header is refused before anything else is done with the packet.
            extension::check_elements(packet, header)?;
            transform.open_rtp(packet, place)?;
            match &keys.elements {
                Some(elements) => elements.crypt(packet, header, place.index),
                None => Ok(()),
            }
        }
        HeaderMode::Plain | HeaderMode::Cryptex => transform.open_rtp(packet, place),
    }
}

impl fmt::Debug for InboundSrtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundSrtp")
            .field("rtp", &self.rtp)
            .field("rtcp", &self.rtcp)
            .finish_non_exhaustive()
    }
}
