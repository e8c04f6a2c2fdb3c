use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{MAGIC_COOKIE, TransactionId};
use crate::error::ParseError;
use crate::wire::{BufferFull, Reader, Writer};

/// The type of an attribute. Values without a constant are kept as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttributeType(pub u16);

impl AttributeType {
    /// USERNAME, RFC 8489 §14.3.
    pub const USERNAME: Self = Self(0x0006);
    /// MESSAGE-INTEGRITY, RFC 8489 §14.5.
    pub const MESSAGE_INTEGRITY: Self = Self(0x0008);
    /// ERROR-CODE, RFC 8489 §14.8.
    pub const ERROR_CODE: Self = Self(0x0009);
    /// UNKNOWN-ATTRIBUTES, RFC 8489 §14.13.
    pub const UNKNOWN_ATTRIBUTES: Self = Self(0x000a);
    /// XOR-MAPPED-ADDRESS, RFC 8489 §14.2.
    pub const XOR_MAPPED_ADDRESS: Self = Self(0x0020);
    /// PRIORITY, RFC 8445 §16.1.
    pub const PRIORITY: Self = Self(0x0024);
    /// USE-CANDIDATE, RFC 8445 §16.1.
    pub const USE_CANDIDATE: Self = Self(0x0025);
    /// FINGERPRINT, RFC 8489 §14.7.
    pub const FINGERPRINT: Self = Self(0x8028);
    /// ICE-CONTROLLED, RFC 8445 §16.1.
    pub const ICE_CONTROLLED: Self = Self(0x8029);
    /// ICE-CONTROLLING, RFC 8445 §16.1.
    pub const ICE_CONTROLLING: Self = Self(0x802a);

    /// Whether a receiver that does not know the type must refuse the request (RFC 8489 §14).
    #[must_use]
    pub const fn is_comprehension_required(self) -> bool {
        self.0 < 0x8000
    }
}

/// The number in an ERROR-CODE attribute. Values without a constant are kept as they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u16);

impl ErrorCode {
    /// 400 Bad Request.
    pub const BAD_REQUEST: Self = Self(400);
    /// 401 Unauthenticated.
    pub const UNAUTHENTICATED: Self = Self(401);
    /// 420 Unknown Attribute.
    pub const UNKNOWN_ATTRIBUTE: Self = Self(420);
    /// 487 Role Conflict, RFC 8445 §7.3.1.1.
    pub const ROLE_CONFLICT: Self = Self(487);

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::BAD_REQUEST => "Bad Request",
            Self::UNAUTHENTICATED => "Unauthenticated",
            Self::UNKNOWN_ATTRIBUTE => "Unknown Attribute",
            Self::ROLE_CONFLICT => "Role Conflict",
            _ => "",
        }
    }
}

/// Reads ERROR-CODE: class 3..=6 and number 0..=99 (RFC 8489 §14.8).
pub(super) fn parse_error_code(value: &[u8]) -> Result<ErrorCode, ParseError> {
    let mut reader = Reader::new(value);
    reader.u16("error code")?;
    let class = reader.u8("error class")? & 0x07;
    let number = reader.u8("error number")?;
    if !(3..=6).contains(&class) || number > 99 {
        return Err(ParseError::invalid("error code"));
    }
    Ok(ErrorCode(u16::from(class) * 100 + u16::from(number)))
}

/// Reads XOR-MAPPED-ADDRESS (RFC 8489 §14.2).
pub(super) fn parse_xor_address(value: &[u8], id: TransactionId) -> Result<SocketAddr, ParseError> {
    let mut reader = Reader::new(value);
    reader.u8("address reserved")?;
    let family = reader.u8("address family")?;
    let [cookie_high, ..] = split_cookie();
    let port = reader.u16("address port")? ^ cookie_high;
    let address = match family {
        1 => IpAddr::from(Ipv4Addr::from_bits(reader.u32("IPv4 address")? ^ MAGIC_COOKIE)),
        2 => {
            let bits = u128::from_be_bytes(reader.array("IPv6 address")?) ^ v6_mask(id);
            IpAddr::from(Ipv6Addr::from_bits(bits))
        }
        _ => return Err(ParseError::invalid("address family")),
    };
    reader.end("XOR-MAPPED-ADDRESS")?;
    Ok(SocketAddr::new(address, port))
}

/// Writes the value of XOR-MAPPED-ADDRESS.
pub(super) fn write_xor_address(
    writer: &mut Writer<'_>,
    address: SocketAddr,
    id: TransactionId,
) -> Result<(), BufferFull> {
    let [cookie_high, ..] = split_cookie();
    writer.u8(0)?;
    let port = address.port() ^ cookie_high;
    match address.ip() {
        IpAddr::V4(ip) => {
            writer.u8(1)?;
            writer.u16(port)?;
            writer.u32(ip.to_bits() ^ MAGIC_COOKIE)
        }
        IpAddr::V6(ip) => {
            writer.u8(2)?;
            writer.u16(port)?;
            writer.bytes(&(ip.to_bits() ^ v6_mask(id)).to_be_bytes())
        }
    }
}

const fn split_cookie() -> [u16; 2] {
    let [a, b, c, d] = MAGIC_COOKIE.to_be_bytes();
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}

fn v6_mask(TransactionId(id): TransactionId) -> u128 {
    let mut mask = [0; 16];
    for (target, byte) in mask
        .iter_mut()
        .zip(MAGIC_COOKIE.to_be_bytes().into_iter().chain(id))
    {
        *target = byte;
    }
    u128::from_be_bytes(mask)
}
