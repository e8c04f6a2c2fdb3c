//! One peer: ICE, DTLS and SRTP put together, without socket, thread or clock.
//!
//! ```text
//!              set_remote            path selected, handshake done               consent expired
//!   New ───────────────────▶ Connecting ───────────────────────────▶ Connected ◀──────────────────▶ Interrupted
//!    │                           │                                       │       the peer is back         │
//!    └───────────────────────────┴──────────────── close, failure ───────┴────────────────────────────────┴──▶ Closed
//! ```
//! Whatever arrives out of this order is dropped by name ([`DropReason`]); what ends a session is said once
//! ([`PeerEvent::Closed`]).

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod event;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

pub use event::{CloseReason, DropReason, PeerConfig, PeerEvent, Received, RemoteParameters, Role};

use crate::demux::{PacketClass, classify};
use crate::dtls::{
    Certificate, DtlsBackend, DtlsFailure, Endpoint, EndpointConfig, Fingerprint, Output, Side, SrtpKeys,
};
use crate::error::Error;
use crate::ice::{Agent, IceCredentials, IceEvent, Path};
use crate::outbox::Outbox;
pub use crate::outbox::Transmit;
use crate::srtp::SrtpProfile;
use crate::stun::Message;
use crate::tcp::plain;

/// One WebRTC peer.
///
/// - Getters: [`is_connected`](Self::is_connected), [`selected_path`](Self::selected_path), [`rtt`](Self::rtt).
/// - Input: [`handle_datagram`](Self::handle_datagram), [`handle_timeout`](Self::handle_timeout).
/// - Commands: [`set_remote`](Self::set_remote), [`restart_ice`](Self::restart_ice),
///   [`protect_rtp`](Self::protect_rtp), [`protect_rtcp`](Self::protect_rtcp), [`close`](Self::close).
/// - After each input and command (other than the two `protect_`): drain [`poll_event`](Self::poll_event) and
///   [`poll_transmit`](Self::poll_transmit), then ask [`poll_timeout`](Self::poll_timeout).
///
/// An `Err` means that a command was refused; the session goes on.
#[derive(Debug)]
pub struct PeerSession {
    role: Role,
    certificate: Certificate,
    profiles: Vec<SrtpProfile>,
    backend: DtlsBackend,
    state: State,
    ice: Agent,
    /// Known from `set_remote` on.
    expected: Option<Fingerprint>,
    /// Made when there is a path for it.
    dtls: Option<Box<Endpoint>>,
    /// The verified path that DTLS arrived on, for answers before a path is selected.
    dtls_path: Option<Path>,
    /// Present from the end of the handshake until the session is closed.
    keys: Option<Box<SrtpKeys>>,
    outbox: Outbox,
    events: VecDeque<PeerEvent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Connecting,
    Connected,
    /// Connected, but nothing may be sent.
    Interrupted,
    Closed,
}

impl PeerSession {
    /// A session that waits for its remote description. It reads no clock and starts no timer before that.
    #[must_use]
    pub fn new(config: PeerConfig, _now: Instant) -> Self {
        let PeerConfig {
            role,
            local,
            certificate,
            srtp_profiles,
            seed,
        } = config;
        let ice = match role {
            Role::Server => Agent::lite(local),
            Role::Client => Agent::controlling(local, StdRng::seed_from_u64(seed)),
        };
        Self {
            role,
            certificate,
            profiles: srtp_profiles,
            backend: DtlsBackend::default(),
            state: State::New,
            ice,
            expected: None,
            dtls: None,
            dtls_path: None,
            keys: None,
            outbox: Outbox::default(),
            events: VecDeque::new(),
        }
    }

    /// The same session with this library for its DTLS handshake; before [`set_remote`](Self::set_remote).
    #[must_use]
    pub const fn with_dtls_backend(mut self, backend: DtlsBackend) -> Self {
        self.backend = backend;
        self
    }

    /// Sets what signaling told about the peer. A [`Role::Client`] begins its checks.
    ///
    /// # Errors
    /// [`Error::RemoteAlreadySet`], [`Error::InvalidCredentials`], [`Error::Closed`]; nothing has changed then.
    pub fn set_remote(&mut self, now: Instant, remote: RemoteParameters) -> Result<(), Error> {
        match self.state {
            State::New => {}
            State::Connecting | State::Connected | State::Interrupted => return Err(Error::RemoteAlreadySet),
            State::Closed => return Err(Error::Closed),
        }
        let RemoteParameters {
            credentials,
            fingerprint,
            candidates,
        } = remote;
        credentials.validate()?;
        self.state = State::Connecting;
        self.expected = Some(fingerprint);
        self.ice
            .set_remote(now, credentials, &candidates, &mut self.outbox);
        Ok(())
    }

    /// Restarts ICE with new credentials on both sides. DTLS, keys and the current path stay in use until the peer
    /// nominates a path under the new ones. Without `candidates` a client tries the addresses it knows.
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`], [`Error::NotConnected`] before the remote description, [`Error::Closed`]; nothing
    /// has changed then.
    pub fn restart_ice(
        &mut self,
        now: Instant,
        local: IceCredentials,
        remote: IceCredentials,
        candidates: &[SocketAddr],
    ) -> Result<(), Error> {
        match self.state {
            State::New => return Err(Error::NotConnected),
            State::Connecting | State::Connected | State::Interrupted => {}
            State::Closed => return Err(Error::Closed),
        }
        local.validate()?;
        remote.validate()?;
        self.ice.set_local(local);
        self.ice.set_remote(now, remote, candidates, &mut self.outbox);
        Ok(())
    }

    /// Takes a datagram that came from `source` to our address `destination`. What came over TCP has the
    /// [`TcpRemote`](crate::tcp::TcpRemote) of its connection as its source.
    ///
    /// Media is decrypted in place and lent back, without allocation. A dropped datagram has changed nothing in the
    /// session, but its bytes may have been overwritten.
    pub fn handle_datagram<'b>(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        datagram: &'b mut [u8],
    ) -> Received<'b> {
        if self.state == State::Closed {
            return Received::Dropped(DropReason::Closed);
        }
        let path = Path {
            local: destination,
            remote: source,
        };
        match classify(datagram) {
            PacketClass::Rtp => {
                let Some(keys) = &mut self.keys else {
                    return Received::Dropped(DropReason::NoKeys);
                };
                match keys.inbound.unprotect_rtp(datagram) {
                    Ok(len) => {
                        self.ice.heard(now, path);
                        Received::Rtp(datagram.get_mut(..len).unwrap_or_default())
                    }
                    Err(error) => Received::Dropped(DropReason::Srtp(error)),
                }
            }
            PacketClass::Rtcp => {
                let Some(keys) = &mut self.keys else {
                    return Received::Dropped(DropReason::NoKeys);
                };
                match keys.inbound.unprotect_rtcp(datagram) {
                    Ok(len) => {
                        self.ice.heard(now, path);
                        Received::Rtcp(datagram.get_mut(..len).unwrap_or_default())
                    }
                    Err(error) => Received::Dropped(DropReason::Srtp(error)),
                }
            }
            PacketClass::Stun => consumed(self.handle_stun(now, path, datagram)),
            PacketClass::Dtls => consumed(self.handle_dtls(now, path, datagram)),
            PacketClass::Unknown => Received::Dropped(DropReason::UnknownProtocol),
        }
    }

    /// Lets due timers fire. Early and late calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.state == State::Closed {
            return;
        }
        if let Some(event) = self.ice.handle_timeout(now, &mut self.outbox) {
            self.handle_ice_event(now, event);
        }
        if let Some(dtls) = &mut self.dtls {
            let result = dtls.handle_timeout(now);
            self.drain_dtls(now, result);
        }
    }

    /// Closes the session, telling the peer by `close_notify` when there is a DTLS connection. What it leaves to send
    /// still comes out of [`poll_transmit`](Self::poll_transmit).
    pub fn close(&mut self, now: Instant) {
        if self.state == State::Closed {
            return;
        }
        if let Some(dtls) = &mut self.dtls {
            dtls.close(now);
            self.drain_dtls(now, Ok(()));
        }
        self.finish(CloseReason::Local);
    }

    /// Protects an outgoing RTP packet of `len` bytes in place and returns its new length; `buf` needs up to
    /// [`SRTP_MAX_OVERHEAD`](crate::SRTP_MAX_OVERHEAD) more. Send it along [`selected_path`](Self::selected_path).
    ///
    /// An older sequence number may be protected again, see
    /// [`OutboundSrtp::protect_rtp`](crate::srtp::OutboundSrtp::protect_rtp).
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Closed`], [`Error::Srtp`], [`Error::BufferTooSmall`].
    pub fn protect_rtp(&mut self, buf: &mut [u8], len: usize) -> Result<usize, Error> {
        Ok(self.outbound()?.outbound.protect_rtp(buf, len)?)
    }

    /// Brings nearer what [`protect_rtp`](Self::protect_rtp) needs, as far as `steps` pointers lead.
    #[inline]
    pub(crate) fn warm(&self, steps: u32) {
        if steps == 0 {
            anteroom_prefetch::read(&self.keys);
            anteroom_prefetch::read(&self.state);
        } else if let Some(keys) = &self.keys {
            keys.outbound.warm(steps - 1);
        }
    }

    /// Protects an outgoing RTCP compound of `len` bytes in place and returns its new length; `buf` needs up to
    /// [`SRTP_MAX_OVERHEAD`](crate::SRTP_MAX_OVERHEAD) more.
    ///
    /// # Errors
    /// [`Error::NotConnected`], [`Error::Closed`], [`Error::Srtp`], [`Error::BufferTooSmall`].
    pub fn protect_rtcp(&mut self, buf: &mut [u8], len: usize) -> Result<usize, Error> {
        Ok(self.outbound()?.outbound.protect_rtcp(buf, len)?)
    }

    /// The next datagram to send, STUN or DTLS and at most 1200 bytes; it replaces the content of `buf`.
    pub fn poll_transmit(&mut self, buf: &mut Vec<u8>) -> Option<Transmit> {
        self.outbox.pop(buf)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<PeerEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; `None` when nothing is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.state == State::Closed {
            return None;
        }
        let dtls = self.dtls.as_ref().and_then(|dtls| dtls.poll_timeout());
        self.ice.poll_timeout().into_iter().chain(dtls).min()
    }

    /// Whether ICE and DTLS have completed, and the session is neither interrupted nor closed.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    /// The path for media, (local, remote); follows the peer when it roams. `None` before there is one and while the
    /// session is interrupted. A remote address of TCP is a [`TcpRemote`](crate::tcp::TcpRemote).
    #[must_use]
    pub fn selected_path(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.ice.selected().map(|path| (path.local, path.remote))
    }

    /// The latest round-trip time of a connectivity check; `None` on a [`Role::Server`], which sends none.
    #[must_use]
    pub const fn rtt(&self) -> Option<Duration> {
        self.ice.rtt()
    }

    fn outbound(&mut self) -> Result<&mut SrtpKeys, Error> {
        match (self.state, &mut self.keys) {
            (State::Connected, Some(keys)) => Ok(keys),
            (State::Closed, _) => Err(Error::Closed),
            _ => Err(Error::NotConnected),
        }
    }

    fn handle_stun(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Result<(), DropReason> {
        let message = Message::parse(datagram).map_err(DropReason::MalformedStun)?;
        let event = self.ice.handle_message(now, path, &message, &mut self.outbox)?;
        if let Some(event) = event {
            self.handle_ice_event(now, event);
        }
        // A client may begin the handshake on the first path that answers, before it is nominated.
        if self.role == Role::Client && self.dtls.is_none() && self.ice.best().is_some() {
            self.start_dtls(now);
        }
        Ok(())
    }

    fn handle_ice_event(&mut self, now: Instant, event: IceEvent) {
        match event {
            IceEvent::Selected(path) => {
                let remote = plain(path.remote);
                self.events.push_back(PeerEvent::RemoteAddress(remote));
                self.resume();
                self.connect();
            }
            IceEvent::Resumed => {
                self.resume();
                self.connect();
            }
            IceEvent::Interrupted => {
                if self.state == State::Connected {
                    self.state = State::Interrupted;
                    self.events.push_back(PeerEvent::Interrupted);
                }
            }
            IceEvent::Failed => self.fail(now, CloseReason::IceFailed),
            // Who does not consent is not sent a good-bye either.
            IceEvent::ConsentExpired => self.finish(CloseReason::ConsentExpired),
        }
    }

    fn handle_dtls(&mut self, now: Instant, path: Path, datagram: &[u8]) -> Result<(), DropReason> {
        if self.expected.is_none() {
            return Err(DropReason::NoRemote);
        }
        if !self.ice.is_verified(path) {
            return Err(DropReason::UnverifiedAddress);
        }
        if self.dtls.is_none() {
            self.start_dtls(now);
        }
        let Some(dtls) = &mut self.dtls else {
            return Err(DropReason::UnusableDtls);
        };
        let result = dtls.handle_packet(now, datagram);
        if result == Ok(false) {
            return Err(DropReason::UnusableDtls);
        }
        self.dtls_path = Some(path);
        self.drain_dtls(now, result.map(|_| ()));
        Ok(())
    }

    fn start_dtls(&mut self, now: Instant) {
        let Some(expected) = self.expected else { return };
        let side = match self.role {
            Role::Server => Side::Passive,
            Role::Client => Side::Active,
        };
        let config = EndpointConfig {
            backend: self.backend,
            side,
            certificate: self.certificate.clone(),
            expected,
            accepted: self.profiles.clone(),
        };
        let endpoint = match Endpoint::new(config, now) {
            Ok(endpoint) => endpoint,
            Err(failure) => return self.finish(CloseReason::DtlsFailed(failure)),
        };
        let dtls = self.dtls.insert(Box::new(endpoint));
        let result = dtls.handle_timeout(now);
        self.drain_dtls(now, result);
    }

    /// Takes everything the DTLS endpoint has to say after a mutation with this result.
    fn drain_dtls(&mut self, now: Instant, mut result: Result<(), DtlsFailure>) {
        let path = match self.state {
            State::Interrupted => None,
            _ => self.ice.best().or(self.dtls_path),
        };
        let mut is_closed = false;
        while result.is_ok()
            && let Some(dtls) = &mut self.dtls
        {
            match dtls.poll_output(now) {
                Ok(Some(Output::Datagram(datagram))) => push_dtls(&mut self.outbox, path, datagram),
                Ok(Some(Output::Connected(keys))) => self.keys = Some(keys),
                Ok(Some(Output::CloseNotify)) => is_closed = true,
                Ok(None) => break,
                Err(failure) => result = Err(failure),
            }
        }
        if let (Err(_), Some(dtls)) = (result, &mut self.dtls) {
            while let Some(datagram) = dtls.poll_last_words() {
                push_dtls(&mut self.outbox, path, &datagram);
            }
        }
        match result {
            Ok(()) if is_closed => self.finish(CloseReason::CloseNotify),
            Ok(()) => self.connect(),
            Err(DtlsFailure::Fingerprint) => self.finish(CloseReason::FingerprintMismatch),
            Err(failure) => self.finish(CloseReason::DtlsFailed(failure)),
        }
    }

    /// Says so once path and keys are both there.
    fn connect(&mut self) {
        if self.state == State::Connecting
            && self.ice.selected().is_some()
            && let Some(keys) = &self.keys
        {
            self.state = State::Connected;
            self.events.push_back(PeerEvent::Connected {
                profile: keys.profile,
            });
        }
    }

    /// The peer is back.
    fn resume(&mut self) {
        if self.state == State::Interrupted {
            self.state = State::Connected;
            self.events.push_back(PeerEvent::Resumed);
        }
    }

    /// Ends the session because of ICE; the peer may still hear a `close_notify`.
    fn fail(&mut self, now: Instant, reason: CloseReason) {
        if let Some(dtls) = &mut self.dtls {
            dtls.close(now);
            self.drain_dtls(now, Ok(()));
        }
        self.finish(reason);
    }

    fn finish(&mut self, reason: CloseReason) {
        if self.state != State::Closed {
            self.state = State::Closed;
            self.keys = None;
            self.dtls = None;
            self.events.push_back(PeerEvent::Closed(reason));
        }
    }
}

/// Without a path there is nobody to send it to.
fn push_dtls(outbox: &mut Outbox, path: Option<Path>, datagram: &[u8]) {
    if let Some(Path { local, remote }) = path {
        let transmit = Transmit {
            source: local,
            destination: remote,
        };
        outbox.push(transmit, datagram);
    }
}

fn consumed<'b>(result: Result<(), DropReason>) -> Received<'b> {
    match result {
        Ok(()) => Received::Consumed,
        Err(reason) => Received::Dropped(reason),
    }
}
