//! The adapter round `rtc-dtls`.

use std::collections::VecDeque;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::{Certificate as RtcCertificate, CryptoPrivateKey};
use rtc_dtls::crypto_provider::{RTCCryptoProvider, SignatureScheme, default_provider};
use rtc_dtls::endpoint::{Endpoint as RtcEndpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error as RtcError;

use super::backend::Polled;
use super::intake::{Intake, Verdict};
use super::keys::SrtpKeys;
use super::{Certificate, Failure, Fingerprint, HANDSHAKE_TIMEOUT, INITIAL_RTO, MTU, Side};
use crate::srtp::SrtpProfile;

/// How often the library repeats a flight before it gives up.
const RETRIES: u32 = 7;

/// What a fragment's record may have around it: record header (13), handshake header (12), explicit nonce and tag (24). The
/// library's limit counts the fragment alone.
const FRAGMENT_OVERHEAD: usize = 13 + 12 + 24;

/// The label of RFC 5764 §4.2.
const EXPORTER: &str = "EXTRACTOR-dtls_srtp";

/// The library wants an address for its table of connections, and here there is one connection.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

static PROVIDER: LazyLock<Option<Arc<dyn RTCCryptoProvider>>> = LazyLock::new(|| default_provider().ok());

/// What comes after the last flight, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshake,
    Certificate,
    Keys,
    Connected,
    Established,
    Closed,
}

pub(super) struct Webrtc {
    side: Side,
    inner: RtcEndpoint,
    intake: Intake,
    stage: Stage,
    is_close_said: bool,
    waiting: VecDeque<BytesMut>,
    /// What asked the client for its cookie, until the cookie is here.
    cookie_request: Option<BytesMut>,
    /// When the last flight was sent, and how often it has been repeated.
    sent: Instant,
    repeated: u32,
    deadline: Instant,
}

/// What can be used again by all connections with a certificate.
#[derive(Default)]
pub(super) struct Shared {
    key: OnceLock<Option<RtcCertificate>>,
    /// A server's configuration for each of [`SrtpProfile::PREFERENCE`].
    passive: [OnceLock<Option<Arc<HandshakeConfig>>>; SrtpProfile::PREFERENCE.len()],
}

impl Webrtc {
    pub(super) fn active(
        certificate: &Certificate,
        accepted: &[SrtpProfile],
        now: Instant,
    ) -> Result<Self, Failure> {
        let config = configure(certificate, accepted, Side::Active).ok_or(Failure::Protocol)?;
        let mut connection = Self::new(Side::Active, None, now);
        let result = connection
            .inner
            .connect(now, PEER, Arc::new(config), None)
            .map_err(|error| failure(&error));
        connection.drain();
        result.map(|()| connection)
    }

    /// A server for a client that offers these profiles, of which the best that is accepted is taken.
    pub(super) fn passive(
        certificate: &Certificate,
        accepted: &[SrtpProfile],
        offered: &[SrtpProfile],
        now: Instant,
    ) -> Result<Self, Failure> {
        let best = accepted.iter().find(|profile| offered.contains(profile));
        let best = best.ok_or(Failure::SrtpProfile)?;
        let at = SrtpProfile::PREFERENCE.iter().position(|profile| profile == best);
        let shared = certificate.shared();
        // The library takes the first of the client's list that it has: it is given one.
        let config = at
            .and_then(|at| shared.passive.get(at))
            .and_then(|config| {
                config
                    .get_or_init(|| configure(certificate, &[*best], Side::Passive).map(Arc::new))
                    .clone()
            })
            .ok_or(Failure::SrtpProfile)?;
        Ok(Self::new(Side::Passive, Some(config), now))
    }

    fn new(side: Side, config: Option<Arc<HandshakeConfig>>, now: Instant) -> Self {
        Self {
            side,
            inner: RtcEndpoint::new(PEER, TransportProtocol::UDP, config),
            intake: Intake::default(),
            stage: Stage::Handshake,
            is_close_said: false,
            waiting: VecDeque::new(),
            cookie_request: None,
            sent: now,
            repeated: 0,
            deadline: now + HANDSHAKE_TIMEOUT,
        }
    }

    pub(super) fn handle_packet(&mut self, now: Instant, datagram: &[u8]) -> Result<bool, Failure> {
        if self.stage == Stage::Closed {
            return Ok(false);
        }
        let is_connected = self.stage != Stage::Handshake;
        match self.intake.judge(datagram, is_connected) {
            Verdict::Drop => Ok(false),
            Verdict::Alert(description) => Err(Failure::Alert(Some(description))),
            Verdict::Repeated => {
                // The library would answer a ClientHello only if its record were numbered anew, which not every client does.
                if let Some(request) = &self.cookie_request {
                    self.waiting.push_back(request.clone());
                    return Ok(true);
                }
                // The peer's timer has fired; ours would soon.
                if !is_connected && now.saturating_duration_since(self.sent) >= self.gap() / 2 {
                    self.repeat(now)?;
                }
                Ok(true)
            }
            Verdict::HandOver => {
                let result = self.inner.read(now, PEER, None, BytesMut::from(datagram));
                if self.drain() {
                    (self.sent, self.repeated) = (now, 0);
                    let is_asking = self.side == Side::Passive && self.intake.messages() == 1;
                    self.cookie_request = self.waiting.back().filter(|_| is_asking).cloned();
                }
                match result {
                    Ok(events) => {
                        self.take(&events);
                        Ok(true)
                    }
                    Err(RtcError::ErrAlertFatalOrClose) => Err(Failure::Alert(None)),
                    // Whatever is not an alert is noise by then.
                    Err(_) if is_connected => Ok(false),
                    Err(error) => Err(failure(&error)),
                }
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), Failure> {
        if self.stage != Stage::Handshake {
            return Ok(());
        }
        if self.deadline <= now {
            return Err(Failure::Timeout);
        }
        if self.repeat_at().is_some_and(|at| at <= now) {
            self.repeat(now)?;
        }
        Ok(())
    }

    pub(super) fn take_last_words(&mut self) -> VecDeque<Vec<u8>> {
        self.waiting.drain(..).map(Vec::from).collect()
    }

    pub(super) fn poll(&mut self, buffer: &mut Vec<u8>) -> Polled {
        if let Some(datagram) = self.waiting.pop_front() {
            if buffer.len() < datagram.len() {
                buffer.resize(datagram.len(), 0);
            }
            if let Some(room) = buffer.get_mut(..datagram.len()) {
                room.copy_from_slice(&datagram);
            }
            return Polled::Datagram(datagram.len());
        }
        match self.stage {
            Stage::Certificate => {
                let state = self.inner.get_connection_state(PEER);
                let leaf = state.and_then(|state| state.peer_certificates.first());
                self.stage = Stage::Keys;
                // The fingerprint of nothing is nobody's.
                Polled::Certificate(Fingerprint::of_certificate(leaf.map_or(&[], Vec::as_slice)))
            }
            Stage::Keys => {
                self.stage = Stage::Connected;
                Polled::Keys(self.keys().map(Box::new))
            }
            Stage::Connected => {
                self.stage = Stage::Established;
                Polled::Connected
            }
            Stage::Closed if !self.is_close_said => {
                self.is_close_said = true;
                Polled::CloseNotify
            }
            Stage::Established | Stage::Closed => Polled::Idle(None),
            Stage::Handshake => {
                let repeat = self.repeat_at().unwrap_or(self.deadline);
                Polled::Idle(Some(repeat.min(self.deadline)))
            }
        }
    }

    pub(super) fn close(&mut self, now: Instant) {
        // Before that there is nothing to close, and an alert in the clear would be anybody's.
        if matches!(self.stage, Stage::Connected | Stage::Established) {
            // An error says that there is no connection (any more), which is what was asked for.
            let _ = self.inner.close(now);
            self.drain();
        }
        (self.stage, self.is_close_said) = (Stage::Closed, true);
    }

    fn take(&mut self, events: &[EndpointEvent]) {
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => self.stage = Stage::Certificate,
                // A peer that closes during the handshake has said so in the clear.
                EndpointEvent::PeerClosed => self.stage = Stage::Closed,
                // Application data would be SCTP, which nobody negotiates here.
                _ => {}
            }
        }
    }

    /// Takes what is to be sent out of the library; whether there was something.
    fn drain(&mut self) -> bool {
        let before = self.waiting.len();
        while let Some(transmit) = self.inner.poll_transmit() {
            self.waiting.push_back(transmit.message);
        }
        self.waiting.len() > before
    }

    fn keys(&self) -> Option<SrtpKeys> {
        let state = self.inner.get_connection_state(PEER)?;
        let profile = from_rtc(state.srtp_protection_profile())?;
        let material = state
            .export_keying_material(EXPORTER, &[], SrtpKeys::material_len(profile))
            .ok()?;
        SrtpKeys::split(material.as_ref(), profile, self.side)
    }

    /// How long to wait before the flight is repeated (again). The library's own interval does not grow.
    fn gap(&self) -> Duration {
        INITIAL_RTO.saturating_mul(1 << self.repeated.min(RETRIES))
    }

    fn repeat_at(&self) -> Option<Instant> {
        self.inner.poll_timeout(&PEER)?;
        (self.repeated < RETRIES).then(|| self.sent + self.gap())
    }

    /// Sends the last flight again, when there is one that is the library's turn to repeat.
    fn repeat(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(armed) = self.inner.poll_timeout(&PEER) else {
            return Ok(());
        };
        if self.repeated >= RETRIES {
            return Ok(());
        }
        // Its timer may be a little later than ours.
        let result = self.inner.handle_timeout(PEER, now.max(armed));
        self.drain();
        self.sent = now;
        self.repeated += 1;
        result.map_err(|error| failure(&error))
    }
}

impl fmt::Debug for Webrtc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webrtc")
            .field("side", &self.side)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// `None` when the library refuses the certificate, which it does not with the keys that we make.
fn configure(certificate: &Certificate, profiles: &[SrtpProfile], side: Side) -> Option<HandshakeConfig> {
    let provider = PROVIDER.as_ref()?;
    let key = certificate
        .shared()
        .key
        .get_or_init(|| {
            let (der, key) = certificate.to_parts();
            let key = provider
                .crypto()
                .import_signing_key(SignatureScheme::EcdsaP256Sha256, key)
                .ok()?;
            Some(RtcCertificate {
                certificate: vec![der.to_vec().into()],
                private_key: CryptoPrivateKey::from_signing_key(key),
            })
        })
        .clone()?;
    ConfigBuilder::default()
        .with_crypto_provider(Arc::clone(provider))
        .with_certificates(vec![key])
        .with_cipher_suites(vec![
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Rsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
            CipherSuiteId::Tls_Ecdhe_Rsa_With_ChaCha20_Poly1305_Sha256,
        ])
        .with_srtp_protection_profiles(profiles.iter().copied().filter_map(to_rtc).collect())
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        // Without it the session's keys are not bound to its handshake (RFC 7627 §1); every WebRTC endpoint has it.
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_flight_interval(INITIAL_RTO)
        .with_mtu(MTU - FRAGMENT_OVERHEAD)
        // No chain and no name are checked: the fingerprint is, before the keys are given out (RFC 8827 §5.1).
        .with_insecure_skip_verify(true)
        .build(side == Side::Active, None)
        .ok()
}

fn failure(error: &RtcError) -> Failure {
    match error {
        RtcError::ErrServerNoMatchingSrtpProfile
        | RtcError::ErrClientNoMatchingSrtpProfile
        | RtcError::ErrRequestedButNoSrtpExtension => Failure::SrtpProfile,
        RtcError::ErrAlertFatalOrClose => Failure::Alert(None),
        _ => Failure::Protocol,
    }
}

const fn from_rtc(profile: SrtpProtectionProfile) -> Option<SrtpProfile> {
    match profile {
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Some(SrtpProfile::AeadAes128Gcm),
        SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => Some(SrtpProfile::AeadAes256Gcm),
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Some(SrtpProfile::Aes128CmHmacSha1_80),
        _ => None,
    }
}

const fn to_rtc(profile: SrtpProfile) -> Option<SrtpProtectionProfile> {
    match profile {
        SrtpProfile::AeadAes128Gcm => Some(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm),
        SrtpProfile::AeadAes256Gcm => Some(SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm),
        SrtpProfile::Aes128CmHmacSha1_80 => Some(SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80),
        // Too short a tag to negotiate.
        SrtpProfile::Aes128CmHmacSha1_32 => None,
    }
}
