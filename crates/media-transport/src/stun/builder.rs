use std::net::SocketAddr;

use hmac::Mac;

use super::attribute::write_xor_address;
use super::crc32::crc32;
use super::message::integrity_mac;
use super::{
    AttributeType, Class, ErrorCode, FINGERPRINT_XOR, HEADER_LEN, INTEGRITY_LEN, MAGIC_COOKIE,
    METHOD_BINDING, TransactionId,
};
use crate::wire::{BufferFull, Writer};

/// Writes one Binding message into the caller's buffer. 600 bytes hold anything ICE says.
#[derive(Debug)]
pub struct MessageBuilder<'a> {
    writer: Writer<'a>,
    id: TransactionId,
}

impl<'a> MessageBuilder<'a> {
    /// Starts a message.
    ///
    /// # Errors
    /// [`BufferFull`] when the buffer is shorter than a header.
    pub fn new(buffer: &'a mut [u8], class: Class, id: TransactionId) -> Result<Self, BufferFull> {
        let mut writer = Writer::new(buffer);
        writer.u16(METHOD_BINDING | class.bits())?;
        writer.u16(0)?;
        writer.u32(MAGIC_COOKIE)?;
        writer.bytes(&id.0)?;
        Ok(Self { writer, id })
    }

    /// USERNAME: the user fragment of the receiver, then that of the sender (RFC 8445 §7.2.2).
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn username(&mut self, receiver: &str, sender: &str) -> Result<(), BufferFull> {
        self.attribute(AttributeType::USERNAME, |writer| {
            writer.bytes(receiver.as_bytes())?;
            writer.bytes(b":")?;
            writer.bytes(sender.as_bytes())
        })
    }

    /// PRIORITY.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn priority(&mut self, priority: u32) -> Result<(), BufferFull> {
        self.attribute(AttributeType::PRIORITY, |writer| writer.u32(priority))
    }

    /// USE-CANDIDATE.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn use_candidate(&mut self) -> Result<(), BufferFull> {
        self.attribute(AttributeType::USE_CANDIDATE, |_| Ok(()))
    }

    /// ICE-CONTROLLING with our tie breaker.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn ice_controlling(&mut self, tie_breaker: u64) -> Result<(), BufferFull> {
        self.attribute(AttributeType::ICE_CONTROLLING, |writer| writer.u64(tie_breaker))
    }

    /// ICE-CONTROLLED with our tie breaker.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn ice_controlled(&mut self, tie_breaker: u64) -> Result<(), BufferFull> {
        self.attribute(AttributeType::ICE_CONTROLLED, |writer| writer.u64(tie_breaker))
    }

    /// XOR-MAPPED-ADDRESS.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn xor_mapped_address(&mut self, address: SocketAddr) -> Result<(), BufferFull> {
        let id = self.id;
        self.attribute(AttributeType::XOR_MAPPED_ADDRESS, |writer| {
            write_xor_address(writer, address, id)
        })
    }

    /// ERROR-CODE with the reason phrase of its RFC.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn error_code(&mut self, code: ErrorCode) -> Result<(), BufferFull> {
        self.attribute(AttributeType::ERROR_CODE, |writer| {
            writer.u24(u32::from(code.0 / 100))?;
            let [_, number] = (code.0 % 100).to_be_bytes();
            writer.u8(number)?;
            writer.bytes(code.reason().as_bytes())
        })
    }

    /// UNKNOWN-ATTRIBUTES.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn unknown_attributes(&mut self, attributes: &[AttributeType]) -> Result<(), BufferFull> {
        self.attribute(AttributeType::UNKNOWN_ATTRIBUTES, |writer| {
            attributes
                .iter()
                .try_for_each(|attribute| writer.u16(attribute.0))
        })
    }

    /// An attribute that has no method of its own.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn raw_attribute(&mut self, attribute: AttributeType, value: &[u8]) -> Result<(), BufferFull> {
        self.attribute(attribute, |writer| writer.bytes(value))
    }

    /// Ends the message with MESSAGE-INTEGRITY and FINGERPRINT.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn finish_with_integrity(mut self, password: &str) -> Result<&'a [u8], BufferFull> {
        let (header, covered) = self
            .writer
            .written()
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(BufferFull)?;
        let mac = integrity_mac(password, header, covered).ok_or(BufferFull)?;
        let value: [u8; INTEGRITY_LEN] = mac.finalize().into_bytes().into();
        self.attribute(AttributeType::MESSAGE_INTEGRITY, |writer| writer.bytes(&value))?;
        self.finish()
    }

    /// Ends the message with FINGERPRINT alone: for errors towards a peer that is not authenticated.
    ///
    /// # Errors
    /// [`BufferFull`].
    pub fn finish(mut self) -> Result<&'a [u8], BufferFull> {
        // The checksum covers a length that counts FINGERPRINT in.
        self.set_length(8)?;
        let value = crc32(&[self.writer.written()]) ^ FINGERPRINT_XOR;
        self.attribute(AttributeType::FINGERPRINT, |writer| writer.u32(value))?;
        Ok(self.writer.into_written())
    }

    fn attribute(
        &mut self,
        attribute: AttributeType,
        value: impl FnOnce(&mut Writer<'a>) -> Result<(), BufferFull>,
    ) -> Result<(), BufferFull> {
        self.writer.u16(attribute.0)?;
        let length_at = self.writer.position();
        self.writer.u16(0)?;
        let start = self.writer.position();
        value(&mut self.writer)?;
        let length = u16::try_from(self.writer.position() - start).map_err(|_| BufferFull)?;
        self.writer.set_u16(length_at, length)?;
        self.writer.align(4)?;
        self.set_length(0)
    }

    fn set_length(&mut self, to_come: usize) -> Result<(), BufferFull> {
        let length = self.writer.position() - HEADER_LEN + to_come;
        self.writer
            .set_u16(2, u16::try_from(length).map_err(|_| BufferFull)?)
    }
}
