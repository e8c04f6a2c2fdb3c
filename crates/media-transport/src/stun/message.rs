use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::attribute::{parse_error_code, parse_xor_address};
use super::crc32::crc32;
use super::{
    AttributeType, ErrorCode, FINGERPRINT_XOR, HEADER_LEN, INTEGRITY_LEN, MAGIC_COOKIE, METHOD_BINDING,
};
use crate::error::ParseError;
use crate::wire::Reader;

/// The most unknown attributes that are remembered for a 420 response; further ones are not listed.
const MAX_UNKNOWN: usize = 8;

/// The class of a message, RFC 8489 §5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// Success response.
    Success,
    /// Error response.
    Error,
}

impl Class {
    pub(super) const fn bits(self) -> u16 {
        match self {
            Self::Request => 0x000,
            Self::Indication => 0x010,
            Self::Success => 0x100,
            Self::Error => 0x110,
        }
    }
}

/// The 96-bit number that a response shares with its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionId(pub [u8; 12]);

/// A structurally valid Binding message. Borrowed from its datagram.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    class: Class,
    id: TransactionId,
    username: Option<&'a str>,
    priority: Option<u32>,
    use_candidate: bool,
    controlling: Option<u64>,
    controlled: Option<u64>,
    xor_mapped_address: Option<SocketAddr>,
    error_code: Option<ErrorCode>,
    unknown: [AttributeType; MAX_UNKNOWN],
    unknown_count: usize,
    /// What MESSAGE-INTEGRITY covers behind the header, and its value.
    integrity: Option<(&'a [u8], &'a [u8; INTEGRITY_LEN])>,
    header: &'a [u8; HEADER_LEN],
    has_fingerprint: bool,
}

impl<'a> Message<'a> {
    /// Parses a datagram that holds exactly one Binding message.
    ///
    /// Of an attribute that comes twice the first counts; behind MESSAGE-INTEGRITY only FINGERPRINT counts, which must
    /// be last and right (RFC 8489 §14, §14.5, §14.7).
    ///
    /// # Errors
    /// [`ParseError`] naming the field.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        let header = datagram
            .first_chunk::<HEADER_LEN>()
            .ok_or(ParseError::truncated("STUN header"))?;
        let mut reader = Reader::new(datagram);
        let (class, length) = read_type_and_length(&mut reader)?;
        let id = TransactionId(reader.array("transaction id")?);
        if usize::from(length) != reader.remaining() {
            return Err(if usize::from(length) > reader.remaining() {
                ParseError::truncated("STUN attributes")
            } else {
                ParseError::leftover("STUN message")
            });
        }
        let mut message = Self {
            class,
            id,
            username: None,
            priority: None,
            use_candidate: false,
            controlling: None,
            controlled: None,
            xor_mapped_address: None,
            error_code: None,
            unknown: [AttributeType(0); MAX_UNKNOWN],
            unknown_count: 0,
            integrity: None,
            header,
            has_fingerprint: false,
        };
        let attributes = reader.rest();
        let mut reader = Reader::new(attributes);
        while !reader.is_empty() {
            let start = attributes.len() - reader.remaining();
            let before = attributes.get(..start).unwrap_or_default();
            let attribute = AttributeType(reader.u16("attribute type")?);
            let length = usize::from(reader.u16("attribute length")?);
            let value = reader.bytes(length, "attribute value")?;
            reader.bytes(length.wrapping_neg() % 4, "attribute padding")?;
            if attribute == AttributeType::FINGERPRINT {
                reader.end("FINGERPRINT")?;
                message.check_fingerprint(datagram, HEADER_LEN + start, value)?;
            } else if message.integrity.is_none() {
                message.read_attribute(attribute, value, before)?;
            }
        }
        Ok(message)
    }

    /// Whether MESSAGE-INTEGRITY is there and made with `password` (short-term credentials, RFC 8489 §9.1).
    /// Takes the same time for every wrong value.
    #[must_use]
    pub fn verify_integrity(&self, password: &str) -> bool {
        let Some((covered, value)) = self.integrity else {
            return false;
        };
        let Some(mac) = integrity_mac(password, self.header, covered) else {
            return false;
        };
        mac.verify_slice(value).is_ok()
    }

    /// Request, indication or response.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The transaction.
    #[must_use]
    pub const fn transaction_id(&self) -> TransactionId {
        self.id
    }

    /// USERNAME in its two halves: the receiver's user fragment, then the sender's (RFC 8445 §7.2.2).
    #[must_use]
    pub fn username(&self) -> Option<(&'a str, &'a str)> {
        self.username?.split_once(':')
    }

    /// PRIORITY.
    #[must_use]
    pub const fn priority(&self) -> Option<u32> {
        self.priority
    }

    /// Whether USE-CANDIDATE is there: the controlling side nominates this pair.
    #[must_use]
    pub const fn use_candidate(&self) -> bool {
        self.use_candidate
    }

    /// The tie breaker of a sender who believes to be controlling.
    #[must_use]
    pub const fn ice_controlling(&self) -> Option<u64> {
        self.controlling
    }

    /// The tie breaker of a sender who believes to be controlled.
    #[must_use]
    pub const fn ice_controlled(&self) -> Option<u64> {
        self.controlled
    }

    /// XOR-MAPPED-ADDRESS, already XORed back.
    #[must_use]
    pub const fn xor_mapped_address(&self) -> Option<SocketAddr> {
        self.xor_mapped_address
    }

    /// ERROR-CODE.
    #[must_use]
    pub const fn error_code(&self) -> Option<ErrorCode> {
        self.error_code
    }

    /// Attributes that must be understood and are not, at most eight of them.
    #[must_use]
    pub fn unknown_attributes(&self) -> &[AttributeType] {
        self.unknown.get(..self.unknown_count).unwrap_or_default()
    }

    /// Whether there is a (correct) FINGERPRINT.
    #[must_use]
    pub const fn has_fingerprint(&self) -> bool {
        self.has_fingerprint
    }

    /// Whether there is a MESSAGE-INTEGRITY, right or wrong.
    #[must_use]
    pub const fn has_integrity(&self) -> bool {
        self.integrity.is_some()
    }

    fn read_attribute(
        &mut self,
        attribute: AttributeType,
        value: &'a [u8],
        before: &'a [u8],
    ) -> Result<(), ParseError> {
        match attribute {
            AttributeType::USERNAME => {
                let text = core::str::from_utf8(value).map_err(|_| ParseError::invalid("USERNAME"))?;
                self.username.get_or_insert(text);
            }
            AttributeType::MESSAGE_INTEGRITY => {
                let value = <&[u8; INTEGRITY_LEN]>::try_from(value)
                    .map_err(|_| ParseError::invalid("MESSAGE-INTEGRITY"))?;
                self.integrity = Some((before, value));
            }
            AttributeType::ERROR_CODE => {
                self.error_code.get_or_insert(parse_error_code(value)?);
            }
            AttributeType::XOR_MAPPED_ADDRESS => {
                self.xor_mapped_address
                    .get_or_insert(parse_xor_address(value, self.id)?);
            }
            AttributeType::PRIORITY => {
                self.priority
                    .get_or_insert(read_exact(value, "PRIORITY", Reader::u32)?);
            }
            AttributeType::USE_CANDIDATE => {
                Reader::new(value).end("USE-CANDIDATE")?;
                self.use_candidate = true;
            }
            AttributeType::ICE_CONTROLLED => {
                self.controlled
                    .get_or_insert(read_exact(value, "ICE-CONTROLLED", Reader::u64)?);
            }
            AttributeType::ICE_CONTROLLING => {
                self.controlling
                    .get_or_insert(read_exact(value, "ICE-CONTROLLING", Reader::u64)?);
            }
            AttributeType::UNKNOWN_ATTRIBUTES => {}
            unknown => {
                if unknown.is_comprehension_required()
                    && let Some(place) = self.unknown.get_mut(self.unknown_count)
                {
                    *place = unknown;
                    self.unknown_count += 1;
                }
            }
        }
        Ok(())
    }

    fn check_fingerprint(&mut self, datagram: &[u8], start: usize, value: &[u8]) -> Result<(), ParseError> {
        let expected = read_exact(value, "FINGERPRINT", Reader::u32)?;
        let covered = datagram.get(..start).unwrap_or_default();
        if crc32(&[covered]) ^ FINGERPRINT_XOR != expected {
            return Err(ParseError::invalid("FINGERPRINT"));
        }
        self.has_fingerprint = true;
        Ok(())
    }
}

/// The local and remote user fragment in the USERNAME of a STUN request, for finding the session it belongs to.
///
/// Nothing else is checked: neither the rest of the message nor its integrity. `None` for anything but a Binding
/// request with a USERNAME of the form `local:remote`.
#[must_use]
pub fn peek_username(datagram: &[u8]) -> Option<(&str, &str)> {
    let mut reader = Reader::new(datagram);
    let (class, _) = read_type_and_length(&mut reader).ok()?;
    if class != Class::Request {
        return None;
    }
    reader.bytes(12, "transaction id").ok()?;
    while !reader.is_empty() {
        let attribute = AttributeType(reader.u16("attribute type").ok()?);
        let length = usize::from(reader.u16("attribute length").ok()?);
        let value = reader.bytes(length, "attribute value").ok()?;
        if attribute == AttributeType::USERNAME {
            return core::str::from_utf8(value).ok()?.split_once(':');
        }
        reader
            .bytes(length.wrapping_neg() % 4, "attribute padding")
            .ok()?;
    }
    None
}

/// HMAC-SHA1 over a message up to MESSAGE-INTEGRITY, whose length field counts that attribute in (RFC 8489 §14.5).
pub(super) fn integrity_mac(password: &str, header: &[u8; HEADER_LEN], covered: &[u8]) -> Option<Hmac<Sha1>> {
    let length = u16::try_from(covered.len() + 4 + INTEGRITY_LEN).ok()?;
    let [kind_high, kind_low, _, _, cookie_and_id @ ..] = header;
    let mac = Hmac::<Sha1>::new_from_slice(password.as_bytes()).ok()?;
    Some(
        mac.chain_update([*kind_high, *kind_low])
            .chain_update(length.to_be_bytes())
            .chain_update(cookie_and_id)
            .chain_update(covered),
    )
}

fn read_type_and_length(reader: &mut Reader<'_>) -> Result<(Class, u16), ParseError> {
    let kind = reader.u16("message type")?;
    let class = match kind & 0x110 {
        0x000 => Class::Request,
        0x010 => Class::Indication,
        0x100 => Class::Success,
        _ => Class::Error,
    };
    if kind & !0x110 != METHOD_BINDING {
        return Err(ParseError::invalid("message type"));
    }
    let length = reader.u16("message length")?;
    if !length.is_multiple_of(4) {
        return Err(ParseError::invalid("message length"));
    }
    if reader.u32("magic cookie")? != MAGIC_COOKIE {
        return Err(ParseError::invalid("magic cookie"));
    }
    Ok((class, length))
}

fn read_exact<'a, T>(
    value: &'a [u8],
    field: &'static str,
    read: impl FnOnce(&mut Reader<'a>, &'static str) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    let mut reader = Reader::new(value);
    let result = read(&mut reader, field)?;
    reader.end(field)?;
    Ok(result)
}
