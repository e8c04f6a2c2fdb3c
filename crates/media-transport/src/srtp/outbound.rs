use std::fmt;

use super::backend::Transform;
use super::header::{RtpHeader, rtcp_ssrc};
use super::streams::Streams;
use super::{MAX_RTCP_INDEX, SrtpProfile, roc};
use crate::error::SrtpError;

/// Protects what we send under one master key.
///
/// Start every stream with a sequence number below 2¹⁵ (RFC 3711 §3.3.1), so that a receiver who misses the first
/// packets still guesses the right rollover counter.
pub struct OutboundSrtp {
    transform: Transform,
    /// The highest packet index protected so far, by SSRC.
    streams: Streams<u64>,
    /// One counter for all SSRCs: gaps are allowed, and (SSRC, index) stays unique.
    next_rtcp_index: u32,
}

impl OutboundSrtp {
    /// Derives the session keys.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`] when key or salt do not have the profile's lengths.
    pub fn new(profile: SrtpProfile, master_key: &[u8], master_salt: &[u8]) -> Result<Self, SrtpError> {
        let transform = Transform::new(profile, master_key, master_salt)?;
        let streams = Streams::new(transform.secret_seed());
        Ok(Self {
            transform,
            streams,
            next_rtcp_index: 0,
        })
    }

    /// Protects the RTP packet in `buffer[..len]` in place and returns its new length, at most
    /// [`SRTP_MAX_OVERHEAD`](super::SRTP_MAX_OVERHEAD) longer.
    ///
    /// An older sequence number may be protected again (a retransmission): the rollover counter is chosen nearest to
    /// the newest packet of the stream. It must then be the *same packet*, byte for byte: another one under the
    /// same number would break the confidentiality of both.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::BufferTooSmall`], [`SrtpError::BeforeStart`] for a sequence number before
    /// the first of the stream's space, [`SrtpError::TooManyStreams`], [`SrtpError::KeyExhausted`].
    pub fn protect_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
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
        let total = len + self.transform.tag_len();
        if buffer.len() < total {
            return Err(SrtpError::BufferTooSmall { needed: total });
        }
        // The index is taken before anything is encrypted under it.
        match stream {
            Some(highest) => *highest = (*highest).max(index),
            None => self.streams.insert(header.ssrc, index)?,
        }
        self.transform
            .protect_rtp(buffer, header.len, len, header.ssrc, index)
    }

    /// Protects the RTCP compound in `buffer[..len]` in place and returns its new length, at most
    /// [`SRTP_MAX_OVERHEAD`](super::SRTP_MAX_OVERHEAD) longer.
    ///
    /// # Errors
    /// [`SrtpError::Malformed`], [`SrtpError::BufferTooSmall`], [`SrtpError::KeyExhausted`].
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buffer
            .get(..len)
            .ok_or(SrtpError::BufferTooSmall { needed: len })?;
        let ssrc = rtcp_ssrc(packet)?;
        if self.next_rtcp_index > MAX_RTCP_INDEX {
            return Err(SrtpError::KeyExhausted);
        }
        let index = self.next_rtcp_index;
        self.next_rtcp_index += 1;
        self.transform.protect_rtcp(buffer, len, ssrc, index)
    }
}

impl fmt::Debug for OutboundSrtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundSrtp")
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}
