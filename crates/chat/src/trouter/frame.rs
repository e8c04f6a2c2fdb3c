//! Packets of socket.io 0.9: `type ":" [id ["+"]] ":" [endpoint] [":" data]`.

use std::fmt::{self, Write as _};

use thiserror::Error;

/// Kind of a packet: the digit it starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PacketKind(pub u8);

impl PacketKind {
    /// The sender goes; data may say why.
    pub const DISCONNECT: Self = Self(0);
    /// First packet of the service.
    pub const CONNECT: Self = Self(1);
    /// Asks for, or is, a sign of life.
    pub const HEARTBEAT: Self = Self(2);
    /// A notification, or the answer to one.
    pub const MESSAGE: Self = Self(3);
    /// Not used by Trouter.
    pub const JSON: Self = Self(4);
    /// `{"name":…,"args":[…]}`
    pub const EVENT: Self = Self(5);
    /// Acknowledges an event, see [`parse_ack`].
    pub const ACK: Self = Self(6);
    /// `1+0`: not handshaken, reconnect.
    pub const ERROR: Self = Self(7);
    /// Nothing, and a sign of life.
    pub const NOOP: Self = Self(8);
}

/// Whether and how the sender wants an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckRequest {
    /// No id, no acknowledgement.
    None,
    /// An id without `+`: of its receipt.
    Receipt(u64),
    /// An id with `+`: with data.
    Data(u64),
}

/// One packet, borrowing its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What it is.
    pub kind: PacketKind,
    /// Its id.
    pub ack: AckRequest,
    /// The namespace; empty in Trouter.
    pub endpoint: &'a str,
    /// What follows the third colon.
    pub data: Option<&'a str>,
}

/// Text that is no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Does not start with one digit 0 to 8 and a colon.
    #[error("malformed packet type")]
    Kind,
    /// The id is not a number below 2⁵³, or there is a `+` without one.
    #[error("malformed packet id")]
    Id,
    /// The second colon is missing.
    #[error("malformed packet")]
    Colons,
    /// An acknowledgement without the id it acknowledges.
    #[error("malformed acknowledgement")]
    Ack,
    /// A polling body that is neither a packet nor a sequence of them.
    #[error("malformed polling body")]
    Polling,
}

/// Ids are numbers of JavaScript.
const MAX_ID: u64 = (1 << 53) - 1;

impl<'a> Packet<'a> {
    /// A packet without id, endpoint and data.
    #[must_use]
    pub const fn new(kind: PacketKind) -> Self {
        Self {
            kind,
            ack: AckRequest::None,
            endpoint: "",
            data: None,
        }
    }

    /// The same packet with data.
    #[must_use]
    pub const fn with_data(mut self, data: &'a str) -> Self {
        self.data = Some(data);
        self
    }

    /// The same packet with an id.
    #[must_use]
    pub const fn with_ack(mut self, ack: AckRequest) -> Self {
        self.ack = ack;
        self
    }

    /// Reads a packet. Data may hold colons.
    ///
    /// # Errors
    /// [`FrameError`]
    pub fn parse(text: &'a str) -> Result<Self, FrameError> {
        let (kind, rest) = text.split_once(':').ok_or(FrameError::Kind)?;
        let kind = match kind.as_bytes() {
            [digit @ b'0'..=b'8'] => PacketKind(digit - b'0'),
            _ => return Err(FrameError::Kind),
        };
        let (id, rest) = rest.split_once(':').ok_or(FrameError::Colons)?;
        let ack = match (id, id.strip_suffix('+')) {
            ("", _) => AckRequest::None,
            (_, Some(id)) => AckRequest::Data(number(id).ok_or(FrameError::Id)?),
            (id, None) => AckRequest::Receipt(number(id).ok_or(FrameError::Id)?),
        };
        let (endpoint, data) = match rest.split_once(':') {
            Some((endpoint, data)) => (endpoint, Some(data)),
            None => (rest, None),
        };
        Ok(Self {
            kind,
            ack,
            endpoint,
            data,
        })
    }
}

impl fmt::Display for Packet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind.0)?;
        match self.ack {
            AckRequest::None => {}
            AckRequest::Receipt(id) => write!(f, "{id}")?,
            AckRequest::Data(id) => write!(f, "{id}+")?,
        }
        f.write_char(':')?;
        f.write_str(self.endpoint)?;
        match self.data {
            Some(data) => {
                f.write_char(':')?;
                f.write_str(data)
            }
            None => Ok(()),
        }
    }
}

/// The data of an [`ACK`](PacketKind::ACK): `<id>` or `<id>+<JSON array>`.
///
/// # Errors
/// [`FrameError::Ack`]
pub fn parse_ack(data: &str) -> Result<(u64, Option<&str>), FrameError> {
    let (id, args) = match data.split_once('+') {
        Some((id, args)) => (id, Some(args)),
        None => (data, None),
    };
    Ok((number(id).ok_or(FrameError::Ack)?, args))
}

/// Plain decimal digits.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 16 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= MAX_ID)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_sdk_sends() {
        let event =
            Packet::parse("5:12+::{\"name\":\"user.activity\",\"args\":[{\"cv\":\"a+/b:c.3\"}]}").unwrap();
        assert_eq!(event.kind, PacketKind::EVENT);
        assert_eq!(event.ack, AckRequest::Data(12));
        assert_eq!(event.endpoint, "");
        assert!(event.data.unwrap().ends_with(".3\"}]}"));
        assert_eq!(Packet::parse("0::"), Ok(Packet::new(PacketKind::DISCONNECT)));
        assert_eq!(
            Packet::parse("0:::dup"),
            Ok(Packet::new(PacketKind::DISCONNECT).with_data("dup"))
        );
        assert_eq!(Packet::parse("2::"), Ok(Packet::new(PacketKind::HEARTBEAT)));
        assert_eq!(
            parse_ack(Packet::parse("6:::7+[\"pong\"]").unwrap().data.unwrap()),
            Ok((7, Some("[\"pong\"]")))
        );
        assert_eq!(parse_ack("7"), Ok((7, None)));
    }

    #[test]
    fn refuses_what_is_no_packet() {
        for (text, error) in [
            ("", FrameError::Kind),
            ("9::", FrameError::Kind),
            ("33::", FrameError::Kind),
            ("x::", FrameError::Kind),
            ("3", FrameError::Kind),
            ("3:", FrameError::Colons),
            ("3:1", FrameError::Colons),
            ("3:+:", FrameError::Id),
            ("3:1a:", FrameError::Id),
            ("3:-1:", FrameError::Id),
            ("3:9007199254740992:", FrameError::Id),
            ("3:99999999999999999999999:", FrameError::Id),
        ] {
            assert_eq!(Packet::parse(text), Err(error), "{text}");
        }
        for text in ["", "+", "x+[]", "+[]"] {
            assert_eq!(parse_ack(text), Err(FrameError::Ack), "{text}");
        }
    }

    proptest! {
        #[test]
        fn packets_round_trip(
            kind in 0u8..9,
            id in proptest::option::of((0..=MAX_ID, any::<bool>())),
            endpoint in "[^:]{0,8}",
            data in proptest::option::of(any::<String>()),
        ) {
            let ack = match id {
                None => AckRequest::None,
                Some((id, false)) => AckRequest::Receipt(id),
                Some((id, true)) => AckRequest::Data(id),
            };
            let packet = Packet { kind: PacketKind(kind), ack, endpoint: &endpoint, data: data.as_deref() };
            let text = packet.to_string();
            prop_assert_eq!(Packet::parse(&text), Ok(packet));
        }

        #[test]
        fn whatever_parses_is_written_the_same(text in "[0-9:+a{}]{0,20}") {
            if let Ok(packet) = Packet::parse(&text) {
                let written = packet.to_string();
                prop_assert_eq!(Packet::parse(&written), Ok(packet));
            }
        }
    }
}
