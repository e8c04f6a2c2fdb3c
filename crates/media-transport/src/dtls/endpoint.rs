use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use super::backend::{Connection, Polled};
#[cfg(feature = "webrtc-dtls")]
use super::client_hello::FirstHello;
use super::client_hello::is_client_hello;
use super::dimpl::Dimpl;
use super::keys::SrtpKeys;
#[cfg(feature = "webrtc-dtls")]
use super::webrtc::Webrtc;
use super::{Certificate, DtlsBackend, Failure, Fingerprint, Side};
use crate::srtp::SrtpProfile;

/// Size of the buffer a backend writes into.
const OUTPUT_LEN: usize = 2048;

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

/// What an endpoint is made of.
#[derive(Debug)]
pub(crate) struct EndpointConfig {
    pub(crate) backend: DtlsBackend,
    pub(crate) side: Side,
    pub(crate) certificate: Certificate,
    /// The fingerprint that the peer's certificate must have.
    pub(crate) expected: Fingerprint,
    /// The profiles that may be used, the best first.
    pub(crate) accepted: Vec<SrtpProfile>,
}

/// One DTLS connection.
///
/// Every mutation is followed by [`Endpoint::poll_output`] until it has nothing more to say. A failure is final: afterwards
/// there are only [last words](Endpoint::poll_last_words).
pub(crate) struct Endpoint {
    config: EndpointConfig,
    state: State,
    certificate_ok: bool,
    keys: Option<Box<SrtpKeys>>,
    has_had_keys: bool,
    is_connected: bool,
    timeout: Option<Instant>,
    /// Empty as long as there is nothing to send.
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// The passive side, until a ClientHello has come.
    Waiting,
    /// The same, where the ClientHello is wanted whole.
    #[cfg(feature = "webrtc-dtls")]
    Gathering(FirstHello),
    Open(Connection),
    /// Over, with what is to be sent nevertheless.
    Failed(VecDeque<Vec<u8>>),
}

impl Endpoint {
    pub(crate) fn new(config: EndpointConfig, now: Instant) -> Result<Self, Failure> {
        let is_active = config.side == Side::Active;
        let state = match config.backend {
            DtlsBackend::Dimpl if is_active => State::Open(Connection::Dimpl(Box::new(Dimpl::active(
                &config.certificate,
                now,
            )))),
            DtlsBackend::Dimpl => State::Waiting,
            #[cfg(feature = "webrtc-dtls")]
            DtlsBackend::WebrtcDtls if is_active => {
                let connection = Webrtc::active(&config.certificate, &config.accepted, now)?;
                State::Open(Connection::Webrtc(Box::new(connection)))
            }
            #[cfg(feature = "webrtc-dtls")]
            DtlsBackend::WebrtcDtls => State::Gathering(FirstHello::default()),
        };
        Ok(Self {
            config,
            state,
            certificate_ok: false,
            keys: None,
            has_had_keys: false,
            is_connected: false,
            // The first flight is due at once.
            timeout: is_active.then_some(now),
            buffer: vec![],
        })
    }

    /// Takes a datagram. `Ok(false)` means that it was of no use.
    pub(crate) fn handle_packet(&mut self, now: Instant, datagram: &[u8]) -> Result<bool, Failure> {
        let result = match &mut self.state {
            State::Open(connection) => connection.handle_packet(now, datagram),
            State::Failed(_) => Ok(false),
            _ if !is_client_hello(datagram) => Ok(false),
            State::Waiting => {
                let mut connection = Dimpl::passive(&self.config.certificate, datagram, now);
                let result = connection.handle_packet(now, datagram);
                self.state = State::Open(Connection::Dimpl(Box::new(connection)));
                result
            }
            #[cfg(feature = "webrtc-dtls")]
            State::Gathering(first) => match first.push(datagram) {
                None => Ok(true),
                Some((offered, datagrams)) => self.open(now, &offered, &datagrams),
            },
        };
        self.end_on_failure(result)
    }

    /// Lets the backend's timers fire.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), Failure> {
        let result = match &mut self.state {
            State::Open(connection) if self.timeout.is_some_and(|at| at <= now) => {
                connection.handle_timeout(now)
            }
            _ => Ok(()),
        };
        self.end_on_failure(result)
    }

    /// The next thing the endpoint has to say.
    pub(crate) fn poll_output(&mut self, now: Instant) -> Result<Option<Output<'_>>, Failure> {
        match self.poll(now) {
            Ok(Some(Said::Datagram(length))) => Ok(self.buffer.get(..length).map(Output::Datagram)),
            Ok(Some(Said::Connected(keys))) => Ok(Some(Output::Connected(keys))),
            Ok(Some(Said::CloseNotify)) => Ok(Some(Output::CloseNotify)),
            Ok(None) => Ok(None),
            Err(failure) => self.end_on_failure(Err(failure)),
        }
    }

    /// After a failure: what there is to send nevertheless, an alert for the most part.
    pub(crate) fn poll_last_words(&mut self) -> Option<Vec<u8>> {
        match &mut self.state {
            State::Failed(last_words) => last_words.pop_front(),
            _ => None,
        }
    }

    /// When [`Endpoint::handle_timeout`] wants to be called.
    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Failed(_) => None,
            _ => self.timeout,
        }
    }

    /// Queues a `close_notify` when there is a connection to close.
    pub(crate) fn close(&mut self, now: Instant) {
        if let State::Open(connection) = &mut self.state {
            connection.close(now);
        }
    }

    #[cfg(feature = "webrtc-dtls")]
    fn open(
        &mut self,
        now: Instant,
        offered: &[SrtpProfile],
        datagrams: &[Vec<u8>],
    ) -> Result<bool, Failure> {
        let config = &self.config;
        let mut connection = Webrtc::passive(&config.certificate, &config.accepted, offered, now)?;
        let mut result = Ok(true);
        for datagram in datagrams {
            result = connection.handle_packet(now, datagram);
            if result.is_err() {
                break;
            }
        }
        self.state = State::Open(Connection::Webrtc(Box::new(connection)));
        result
    }

    fn poll(&mut self, now: Instant) -> Result<Option<Said>, Failure> {
        let State::Open(connection) = &mut self.state else {
            return Ok(None);
        };
        if self.buffer.is_empty() {
            self.buffer.resize(OUTPUT_LEN, 0);
        }
        loop {
            if self.is_connected && self.certificate_ok && self.keys.is_some() {
                return Ok(self.keys.take().map(Said::Connected));
            }
            match connection.poll(now, &mut self.buffer) {
                Polled::Datagram(length) => return Ok(Some(Said::Datagram(length))),
                Polled::Certificate(fingerprint) => {
                    if fingerprint != self.config.expected {
                        return Err(Failure::Fingerprint);
                    }
                    self.certificate_ok = true;
                }
                Polled::Keys(keys) => {
                    if !self.certificate_ok {
                        return Err(Failure::Fingerprint);
                    }
                    let keys = keys.filter(|keys| self.config.accepted.contains(&keys.profile));
                    self.keys = Some(keys.ok_or(Failure::SrtpProfile)?);
                    self.has_had_keys = true;
                }
                Polled::Connected => self.is_connected = true,
                Polled::CloseNotify => return Ok(Some(Said::CloseNotify)),
                // The peer has not negotiated SRTP at all.
                Polled::Idle(_) if self.is_connected && !self.has_had_keys => {
                    return Err(Failure::SrtpProfile);
                }
                Polled::Idle(timeout) => {
                    self.timeout = timeout;
                    // An idle session keeps no buffer, and most sessions are idle after the handshake.
                    self.buffer = vec![];
                    return Ok(None);
                }
            }
        }
    }

    fn end_on_failure<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        if result.is_err() {
            let last_words = match &mut self.state {
                State::Open(connection) => connection.take_last_words(),
                _ => VecDeque::new(),
            };
            self.state = State::Failed(last_words);
        }
        result
    }
}

/// [`Output`] without the loan, which cannot be returned from inside a loop.
enum Said {
    Datagram(usize),
    Connected(Box<SrtpKeys>),
    CloseNotify,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("side", &self.config.side)
            .field("state", &self.state)
            .field("is_connected", &self.is_connected)
            .finish_non_exhaustive()
    }
}
