use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use super::dimpl::Dimpl;
use super::keys::SrtpKeys;
#[cfg(feature = "webrtc-dtls")]
use super::webrtc::Webrtc;
use super::{Failure, Fingerprint};

/// The library that makes the DTLS handshake of a session.
///
/// Both keep the same promises; `docs/decisions/0001-dtls-backends.md` has a table of where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DtlsBackend {
    /// `dimpl`: DTLS 1.2 and 1.3.
    #[default]
    Dimpl,
    /// `rtc-dtls`, webrtc-rs's DTLS without I/O: DTLS 1.2.
    #[cfg(feature = "webrtc-dtls")]
    WebrtcDtls,
}

impl DtlsBackend {
    /// Every backend of this build.
    pub const ALL: &'static [Self] = &[
        Self::Dimpl,
        #[cfg(feature = "webrtc-dtls")]
        Self::WebrtcDtls,
    ];
}

/// The names `dimpl` and `rtc-dtls`.
impl fmt::Display for DtlsBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dimpl => "dimpl",
            #[cfg(feature = "webrtc-dtls")]
            Self::WebrtcDtls => "rtc-dtls",
        })
    }
}

/// A name of no backend of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no DTLS library of that name in this build, which has {}", Names)]
#[non_exhaustive]
pub struct UnknownBackend;

/// Those of this build.
struct Names;

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, backend) in DtlsBackend::ALL.iter().enumerate() {
            write!(f, "{}{backend}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

impl FromStr for DtlsBackend {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let named = |backend: &&Self| backend.to_string() == name;
        Self::ALL.iter().find(named).copied().ok_or(UnknownBackend)
    }
}

/// A connection of either backend.
#[derive(Debug)]
pub(super) enum Connection {
    Dimpl(Box<Dimpl>),
    #[cfg(feature = "webrtc-dtls")]
    Webrtc(Box<Webrtc>),
}

/// What a connection has to say.
#[derive(Debug)]
pub(super) enum Polled {
    /// A datagram of this length is at the start of the buffer.
    Datagram(usize),
    /// The peer has shown this certificate and, before [`Polled::Connected`], that it has the key to it.
    Certificate(Fingerprint),
    /// The keys, when the profile is one of ours. Follows the certificate.
    Keys(Option<Box<SrtpKeys>>),
    /// The handshake is done.
    Connected,
    /// The peer has closed the connection.
    CloseNotify,
    /// Nothing more until then, or until something comes in.
    Idle(Option<Instant>),
}

impl Connection {
    /// Takes a datagram; `Ok(false)` means that it was of no use.
    pub(super) fn handle_packet(&mut self, now: Instant, datagram: &[u8]) -> Result<bool, Failure> {
        match self {
            Self::Dimpl(connection) => connection.handle_packet(now, datagram),
            #[cfg(feature = "webrtc-dtls")]
            Self::Webrtc(connection) => connection.handle_packet(now, datagram),
        }
    }

    /// Lets due timers fire.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), Failure> {
        match self {
            Self::Dimpl(connection) => connection.handle_timeout(now),
            #[cfg(feature = "webrtc-dtls")]
            Self::Webrtc(connection) => connection.handle_timeout(now),
        }
    }

    /// The next thing it has to say, until it is idle.
    pub(super) fn poll(&mut self, now: Instant, buffer: &mut Vec<u8>) -> Polled {
        match self {
            Self::Dimpl(connection) => connection.poll(now, buffer),
            #[cfg(feature = "webrtc-dtls")]
            Self::Webrtc(connection) => connection.poll(buffer),
        }
    }

    /// What there is to send after a failure.
    #[cfg_attr(
        not(feature = "webrtc-dtls"),
        expect(
            clippy::needless_pass_by_ref_mut,
            reason = "the other library gives its own away"
        )
    )]
    pub(super) fn take_last_words(&mut self) -> VecDeque<Vec<u8>> {
        match self {
            // It sends no alerts, and is not to be asked after an error.
            Self::Dimpl(_) => VecDeque::new(),
            #[cfg(feature = "webrtc-dtls")]
            Self::Webrtc(connection) => connection.take_last_words(),
        }
    }

    /// Queues a `close_notify` when the handshake is done.
    pub(super) fn close(&mut self, now: Instant) {
        match self {
            Self::Dimpl(connection) => connection.close(),
            #[cfg(feature = "webrtc-dtls")]
            Self::Webrtc(connection) => connection.close(now),
        }
        #[cfg(not(feature = "webrtc-dtls"))]
        let _ = now;
    }
}
