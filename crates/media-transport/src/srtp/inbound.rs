use std::fmt;

use super::backend::Transform;
use super::header::{RtpHeader, rtcp_ssrc};
use super::replay::ReplayWindow;
use super::streams::Streams;
use super::{SrtpProfile, roc};
use crate::error::SrtpError;

/// Opens what we receive under one master key, each packet at most once.
pub struct InboundSrtp {
    transform: Transform,
    rtp: Streams<ReplayWindow>,
    rtcp: Streams<ReplayWindow>,
}

impl InboundSrtp {
    /// Derives the session keys.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`] when key or salt do not have the profile's lengths.
    pub fn new(profile: SrtpProfile, master_key: &[u8], master_salt: &[u8]) -> Result<Self, SrtpError> {
        let transform = Transform::new(profile, master_key, master_salt)?;
        let seed = transform.secret_seed();
        Ok(Self {
            transform,
            rtp: Streams::new(seed),
            rtcp: Streams::new(seed),
        })
    }

    /// Authenticates and decrypts an SRTP packet in place; returns the length of the RTP packet.
    ///
    /// No state changes on an error, but the payload's bytes are unspecified then.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::Replayed`], [`SrtpError::Authentication`],
    /// [`SrtpError::TooManyStreams`], [`SrtpError::KeyExhausted`].
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let header = RtpHeader::parse(packet)?;
        let stream = self.rtp.get_mut(header.ssrc);
        let index = match stream.as_deref() {
            None => u64::from(header.sequence),
            Some(window) => match roc::estimate(window.highest(), header.sequence) {
                Some(index) => index,
                // Nothing precedes the first cycle, so it can only be a long jump ahead in it.
                None if window.highest() <= u64::from(u16::MAX) => u64::from(header.sequence),
                None => return Err(SrtpError::KeyExhausted),
            },
        };
        match stream {
            Some(window) => {
                if window.is_replay(index) {
                    return Err(SrtpError::Replayed);
                }
                let len = self
                    .transform
                    .unprotect_rtp(packet, header.len, header.ssrc, index)?;
                window.accept(index);
                Ok(len)
            }
            None => {
                if self.rtp.is_full() {
                    return Err(SrtpError::TooManyStreams);
                }
                let len = self
                    .transform
                    .unprotect_rtp(packet, header.len, header.ssrc, index)?;
                self.rtp.insert(header.ssrc, ReplayWindow::starting_at(index))?;
                Ok(len)
            }
        }
    }

    /// Authenticates and decrypts an SRTCP packet in place; returns the length of the RTCP compound.
    ///
    /// No state changes on an error, but the bytes behind the first eight are unspecified then.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::Unencrypted`], [`SrtpError::Replayed`],
    /// [`SrtpError::Authentication`], [`SrtpError::TooManyStreams`].
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let trailer = self.transform.rtcp_trailer(packet)?;
        let index = u64::from(trailer.index);
        match self.rtcp.get_mut(ssrc) {
            Some(window) => {
                if window.is_replay(index) {
                    return Err(SrtpError::Replayed);
                }
                let len = self.transform.unprotect_rtcp(packet, trailer, ssrc)?;
                window.accept(index);
                Ok(len)
            }
            None => {
                if self.rtcp.is_full() {
                    return Err(SrtpError::TooManyStreams);
                }
                let len = self.transform.unprotect_rtcp(packet, trailer, ssrc)?;
                self.rtcp.insert(ssrc, ReplayWindow::starting_at(index))?;
                Ok(len)
            }
        }
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
