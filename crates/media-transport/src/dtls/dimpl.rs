//! The adapter round `dimpl`.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, SecurityError, UnexpectedMessageError};

use super::backend::Polled;
use super::client_hello::first_profile_is_best;
use super::keys::SrtpKeys;
use super::{Certificate, Failure, Fingerprint, HANDSHAKE_TIMEOUT, INITIAL_RTO, MTU, Side};
use crate::srtp::SrtpProfile;

/// Retransmissions of a flight: the last one after 16 s.
const RETRIES: usize = 6;

/// Further ahead than this the backend's timer means "nothing pending".
const NOTHING_PENDING: Duration = Duration::from_secs(3600);

/// How long the backend waits that asks for "now" when it has just had it. A DTLS 1.3 client does so as long as a
/// datagram of the server's flight is missing, and would send acknowledgements as fast as the machine can.
const AGAIN: Duration = INITIAL_RTO.checked_div(4).unwrap();

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

#[derive(Debug)]
pub(super) struct Dimpl {
    side: Side,
    dtls: Dtls,
}

impl Dimpl {
    pub(super) fn active(certificate: &Certificate, now: Instant) -> Self {
        let mut dtls = Dtls::new_auto(Arc::clone(&CONFIG), certificate.to_dimpl(), now);
        dtls.set_active(true);
        Self {
            side: Side::Active,
            dtls,
        }
    }

    /// A server for the client whose first datagram this is; the datagram is still to be handed over.
    pub(super) fn passive(certificate: &Certificate, datagram: &[u8], now: Instant) -> Self {
        let (config, certificate) = (Arc::clone(&CONFIG), certificate.to_dimpl());
        Self {
            side: Side::Passive,
            dtls: if first_profile_is_best(datagram) {
                Dtls::new_auto(config, certificate, now)
            } else {
                Dtls::new_12(config, certificate, now)
            },
        }
    }

    pub(super) fn handle_packet(&mut self, now: Instant, datagram: &[u8]) -> Result<bool, Failure> {
        self.handle_timeout(now)?;
        match self.dtls.handle_packet(datagram) {
            Ok(()) => Ok(true),
            // The backend says this of a flight whose first datagram is late, and is none the worse for it.
            Err(dimpl::Error::UnexpectedMessage(UnexpectedMessageError::UnrecognizedAutoServerResponse)) => {
                Ok(false)
            }
            Err(error) => Err(failure(&error)),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), Failure> {
        self.dtls.handle_timeout(now).map_err(|error| failure(&error))
    }

    pub(super) fn poll(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Polled {
        loop {
            return match self.dtls.poll_output(buffer) {
                dimpl::Output::Packet(packet) => Polled::Datagram(packet.len()),
                dimpl::Output::BufferTooSmall { needed } => {
                    buffer.resize(needed, 0);
                    continue;
                }
                dimpl::Output::Timeout(at) => {
                    let at = if at <= now { now + AGAIN } else { at };
                    Polled::Idle((at < now + NOTHING_PENDING).then_some(at))
                }
                dimpl::Output::Connected => Polled::Connected,
                dimpl::Output::PeerCert(der) => Polled::Certificate(Fingerprint::of_certificate(der)),
                dimpl::Output::KeyingMaterial(material, profile) => {
                    let keys = from_dimpl(profile)
                        .and_then(|profile| SrtpKeys::split(&material, profile, self.side));
                    Polled::Keys(keys.map(Box::new))
                }
                dimpl::Output::CloseNotify => Polled::CloseNotify,
                // Application data would be SCTP, which nobody negotiates here.
                _ => continue,
            };
        }
    }

    pub(super) fn close(&mut self) {
        // An error says that there is no connection (any more), which is what was asked for.
        let _ = self.dtls.close();
    }
}

fn failure(error: &dimpl::Error) -> Failure {
    match error {
        dimpl::Error::Timeout(_) => Failure::Timeout,
        dimpl::Error::SecurityError(SecurityError::FatalAlert { description }) => {
            Failure::Alert(Some(*description))
        }
        _ => Failure::Protocol,
    }
}

const fn from_dimpl(profile: dimpl::SrtpProfile) -> Option<SrtpProfile> {
    match profile {
        dimpl::SrtpProfile::AEAD_AES_128_GCM => Some(SrtpProfile::AeadAes128Gcm),
        dimpl::SrtpProfile::AEAD_AES_256_GCM => Some(SrtpProfile::AeadAes256Gcm),
        dimpl::SrtpProfile::AES128_CM_SHA1_80 => Some(SrtpProfile::Aes128CmHmacSha1_80),
        _ => None,
    }
}
