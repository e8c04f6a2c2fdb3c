//! One peer.

mod event;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use event::{
    CloseReason, DropReason, PeerConfig, PeerEvent, Received, RemoteParameters, Role, Transmit,
};

use crate::error::Error;
use crate::ice::IceCredentials;

/// One WebRTC peer.
#[derive(Debug)]
pub struct PeerSession {
    config: PeerConfig,
    remote: Option<RemoteParameters>,
}

impl PeerSession {
    /// A session that waits for its remote description.
    #[must_use]
    pub fn new(config: PeerConfig, _now: Instant) -> Self {
        Self { config, remote: None }
    }

    /// Sets what signaling told about the peer.
    ///
    /// # Errors
    /// [`Error::RemoteAlreadySet`], [`Error::InvalidCredentials`], [`Error::Closed`].
    pub fn set_remote(&mut self, _now: Instant, remote: RemoteParameters) -> Result<(), Error> {
        remote.credentials.validate()?;
        self.remote = Some(remote);
        Ok(())
    }

    /// Starts an ICE restart with new credentials on both sides; DTLS, keys and the current path stay.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::NotConnected`] without a remote description, [`Error::Closed`].
    pub fn restart_ice(
        &mut self,
        _now: Instant,
        local: IceCredentials,
        remote: IceCredentials,
        _candidates: &[SocketAddr],
    ) -> Result<(), Error> {
        remote.validate()?;
        self.config.local = local;
        Ok(())
    }

    /// Takes a datagram.
    pub fn handle_datagram<'b>(
        &mut self,
        _now: Instant,
        _source: SocketAddr,
        _destination: SocketAddr,
        _datagram: &'b mut [u8],
    ) -> Received<'b> {
        Received::Dropped(DropReason::Closed)
    }

    /// Lets due timers fire.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// Closes the session, telling the peer by `close_notify` when there is a DTLS connection.
    pub fn close(&mut self, _now: Instant) {}

    /// Protects an outgoing RTP packet of `len` bytes in place and returns its new length.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Srtp`], [`Error::BufferTooSmall`].
    pub fn protect_rtp(&mut self, _buf: &mut [u8], _len: usize) -> Result<usize, Error> {
        Err(Error::NotConnected)
    }

    /// Protects an outgoing RTCP compound of `len` bytes in place and returns its new length.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Srtp`], [`Error::BufferTooSmall`].
    pub fn protect_rtcp(&mut self, _buf: &mut [u8], _len: usize) -> Result<usize, Error> {
        Err(Error::NotConnected)
    }

    /// The next datagram to send, STUN or DTLS; it replaces the content of `buf`.
    pub fn poll_transmit(&mut self, _buf: &mut Vec<u8>) -> Option<Transmit> {
        None
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        None
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Whether ICE and DTLS have completed and the session is not closed.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        false
    }

    /// The path for media, (local, remote).
    #[must_use]
    pub fn selected_path(&self) -> Option<(SocketAddr, SocketAddr)> {
        None
    }

    /// The latest round-trip time of a connectivity check; `None` on a [`Role::Server`], which sends none.
    #[must_use]
    pub fn rtt(&self) -> Option<Duration> {
        None
    }
}
