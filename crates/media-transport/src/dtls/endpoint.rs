use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, UnexpectedMessageError};

use super::client_hello::{first_profile_is_best, is_client_hello};
use super::{Certificate, Fingerprint};
use crate::srtp::{InboundSrtp, OutboundSrtp, SrtpProfile};

/// Largest datagram we send: fits any path that carries RTP, IPv6 and tunnels included.
const MTU: usize = 1200;

/// First retransmission; it doubles each time. Much shorter than the second of RFC 6347 §4.2.4.1, because ICE has
/// shown before that the path works.
const INITIAL_RTO: Duration = Duration::from_millis(250);

/// Retransmissions of a flight: the last one after 16 s.
const RETRIES: usize = 6;

/// How long the handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// Further ahead than this the backend's timer means "nothing pending".
const NOTHING_PENDING: Duration = Duration::from_secs(3600);

/// How long the backend waits that asks for "now" when it has just had it. A DTLS 1.3 client does so as long as a
/// datagram of the server's flight is missing, and would send acknowledgements as fast as the machine can.
const AGAIN: Duration = INITIAL_RTO.checked_div(4).unwrap();

/// Initial size of the buffer the backend writes into.
const OUTPUT_LEN: usize = 2048;

static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let config = Config::builder()
        // The cookie proves the client's address; the authenticated connectivity check has done that already.
        .use_server_cookie(false)
        .require_client_certificate(true)
        .mtu(MTU)
        .flight_start_rto(INITIAL_RTO)
        .flight_retries(RETRIES)
        .handshake_timeout(HANDSHAKE_TIMEOUT)
        .build();
    Arc::new(config.expect("the configuration is constant and within the backend's bounds"))
});

/// Which side of the handshake we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Waits for the ClientHello.
    Passive,
    /// Sends it.
    Active,
}

/// Why a connection is over. Nothing can be done with the endpoint afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The certificate is not the announced one.
    Fingerprint,
    /// Anything else that ends a handshake or a connection.
    Protocol,
}

/// What the endpoint has to say, in this order of interest.
#[derive(Debug)]
pub(crate) enum Output<'a> {
    /// To send.
    Datagram(&'a [u8]),
    /// The handshake is done, the certificate is the announced one, and these are the keys.
    Connected(Box<SrtpKeys>),
    /// The peer has closed the connection.
    CloseNotify,
}

/// Ready contexts for both directions.
#[derive(Debug)]
pub(crate) struct SrtpKeys {
    pub(crate) profile: SrtpProfile,
    pub(crate) inbound: InboundSrtp,
    pub(crate) outbound: OutboundSrtp,
}

/// One DTLS connection.
///
/// Every mutation is followed by [`Endpoint::poll_output`] until it has nothing more to say.
pub(crate) struct Endpoint {
    side: Side,
    certificate: Certificate,
    expected: Fingerprint,
    accepted: Vec<SrtpProfile>,
    /// `None` on the passive side until a ClientHello has come, which decides the version.
    backend: Option<Dtls>,
    certificate_ok: bool,
    keys: Option<Box<SrtpKeys>>,
    is_connected: bool,
    timeout: Option<Instant>,
    buffer: Vec<u8>,
}

impl Endpoint {
    /// `expected` is the fingerprint that the peer's certificate must have, `accepted` the profiles that may be used.
    pub(crate) fn new(
        side: Side,
        certificate: Certificate,
        expected: Fingerprint,
        accepted: Vec<SrtpProfile>,
        now: Instant,
    ) -> Self {
        let backend = (side == Side::Active).then(|| {
            let mut backend = Dtls::new_auto(Arc::clone(&CONFIG), certificate.to_backend(), now);
            backend.set_active(true);
            backend
        });
        Self {
            side,
            certificate,
            expected,
            accepted,
            backend,
            certificate_ok: false,
            keys: None,
            is_connected: false,
            // The first flight is due at once.
            timeout: (side == Side::Active).then_some(now),
            buffer: vec![0; OUTPUT_LEN],
        }
    }

    /// Takes a datagram. `Ok(false)` means that it was of no use.
    pub(crate) fn handle_packet(&mut self, now: Instant, datagram: &[u8]) -> Result<bool, Failure> {
        let backend = match &mut self.backend {
            Some(backend) => backend,
            None if is_client_hello(datagram) => {
                let (config, certificate) = (Arc::clone(&CONFIG), self.certificate.to_backend());
                self.backend.insert(if first_profile_is_best(datagram) {
                    Dtls::new_auto(config, certificate, now)
                } else {
                    Dtls::new_12(config, certificate, now)
                })
            }
            None => return Ok(false),
        };
        backend.handle_timeout(now).map_err(|_| Failure::Protocol)?;
        match backend.handle_packet(datagram) {
            Ok(()) => Ok(true),
            // The backend says this of a flight whose first datagram is late, and is none the worse for it.
            Err(dimpl::Error::UnexpectedMessage(UnexpectedMessageError::UnrecognizedAutoServerResponse)) => {
                Ok(false)
            }
            Err(_) => Err(Failure::Protocol),
        }
    }

    /// Lets the backend's timers fire.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), Failure> {
        match &mut self.backend {
            Some(backend) if self.timeout.is_some_and(|at| at <= now) => {
                backend.handle_timeout(now).map_err(|_| Failure::Protocol)
            }
            _ => Ok(()),
        }
    }

    /// The next thing the endpoint has to say.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Result<Option<Output<'_>>, Failure> {
        let Some(backend) = &mut self.backend else {
            return Ok(None);
        };
        loop {
            if self.is_connected && self.certificate_ok && self.keys.is_some() {
                return Ok(self.keys.take().map(Output::Connected));
            }
            // What the backend lends cannot be returned from inside a loop, so a datagram's length is noted instead.
            let length = match backend.poll_output(&mut self.buffer) {
                dimpl::Output::Packet(packet) => packet.len(),
                dimpl::Output::BufferTooSmall { needed } => {
                    self.buffer.resize(needed, 0);
                    continue;
                }
                dimpl::Output::Timeout(at) => {
                    let at = if at <= now { now + AGAIN } else { at };
                    self.timeout = (at < now + NOTHING_PENDING).then_some(at);
                    return Ok(None);
                }
                dimpl::Output::Connected => {
                    self.is_connected = true;
                    continue;
                }
                dimpl::Output::PeerCert(der) => {
                    if Fingerprint::of_certificate(der) != self.expected {
                        return Err(Failure::Fingerprint);
                    }
                    self.certificate_ok = true;
                    continue;
                }
                dimpl::Output::KeyingMaterial(material, profile) => {
                    if !self.certificate_ok {
                        return Err(Failure::Fingerprint);
                    }
                    let profile = from_backend(profile).filter(|profile| self.accepted.contains(profile));
                    let keys = profile.and_then(|profile| split_keys(&material, profile, self.side));
                    self.keys = Some(Box::new(keys.ok_or(Failure::Protocol)?));
                    continue;
                }
                dimpl::Output::CloseNotify => return Ok(Some(Output::CloseNotify)),
                // Application data would be SCTP, which nobody negotiates here.
                _ => continue,
            };
            return Ok(self.buffer.get(..length).map(Output::Datagram));
        }
    }

    /// When [`Endpoint::handle_timeout`] wants to be called.
    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        self.timeout
    }

    /// Queues a `close_notify` when there is a connection to close.
    pub(crate) fn close(&mut self) {
        if let Some(backend) = &mut self.backend {
            // An error says that there is no connection (any more), which is what was asked for.
            let _ = backend.close();
        }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("side", &self.side)
            .field("backend", &self.backend)
            .field("is_connected", &self.is_connected)
            .finish_non_exhaustive()
    }
}

const fn from_backend(profile: dimpl::SrtpProfile) -> Option<SrtpProfile> {
    match profile {
        dimpl::SrtpProfile::AEAD_AES_128_GCM => Some(SrtpProfile::AeadAes128Gcm),
        dimpl::SrtpProfile::AEAD_AES_256_GCM => Some(SrtpProfile::AeadAes256Gcm),
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => Some(SrtpProfile::Aes128CmHmacSha1_80),
        _ => None,
    }
}

/// RFC 5764 §4.2: client key, server key, client salt, server salt.
fn split_keys(material: &[u8], profile: SrtpProfile, side: Side) -> Option<SrtpKeys> {
    let (client_key, rest) = material.split_at_checked(profile.key_len())?;
    let (server_key, rest) = rest.split_at_checked(profile.key_len())?;
    let (client_salt, rest) = rest.split_at_checked(profile.salt_len())?;
    let server_salt = rest.get(..profile.salt_len())?;
    let ((our_key, our_salt), (their_key, their_salt)) = match side {
        Side::Active => ((client_key, client_salt), (server_key, server_salt)),
        Side::Passive => ((server_key, server_salt), (client_key, client_salt)),
    };
    Some(SrtpKeys {
        profile,
        outbound: OutboundSrtp::new(profile, our_key, our_salt).ok()?,
        inbound: InboundSrtp::new(profile, their_key, their_salt).ok()?,
    })
}
