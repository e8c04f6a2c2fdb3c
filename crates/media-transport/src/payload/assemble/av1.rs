//! Temporal units of AV1: the units of all packets with one timestamp, each with its size (AV1 specification §5.2).

use super::Finished;
use crate::error::ParseError;
use crate::payload::av1::{Av1Payload, ObuHeader, ObuType};

/// In the header of a unit: its size follows.
const HAS_SIZE: u8 = 0x02;
/// In the header of a unit: a byte about layers follows.
const HAS_EXTENSION: u8 = 0x04;

#[derive(Debug, Default)]
pub(super) struct TemporalUnit {
    has_begun: bool,
    is_keyframe: bool,
    has_frame: bool,
    /// The beginning of a unit that goes on in the next packet.
    part: Option<Vec<u8>>,
}

impl TemporalUnit {
    pub(super) fn append(&mut self, payload: &[u8], data: &mut Vec<u8>) -> Result<(), ParseError> {
        const FIELD: &str = "AV1 aggregation header";
        let read = Av1Payload::read(payload)?;
        if read.continues != self.part.is_some() {
            return Err(ParseError::invalid(FIELD));
        }
        if !self.has_begun {
            self.has_begun = true;
            self.is_keyframe = read.is_keyframe_start();
        }
        let mut elements = read.elements().peekable();
        let mut part = self.part.take();
        while let Some(element) = elements.next() {
            let is_open = read.is_continued && elements.peek().is_none();
            match (part.take(), is_open) {
                (None, false) => self.add(element, data)?,
                (None, true) => self.part = Some(element.to_vec()),
                (Some(mut unit), is_open) => {
                    unit.extend_from_slice(element);
                    if is_open {
                        self.part = Some(unit);
                    } else {
                        self.add(&unit, data)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Bytes that wait for the rest of their unit.
    pub(super) fn held(&self) -> usize {
        self.part.as_ref().map_or(0, Vec::len)
    }

    pub(super) fn finish(&self, data: &[u8]) -> Result<Finished, ParseError> {
        const FIELD: &str = "AV1 temporal unit";
        if self.part.is_some() || data.is_empty() {
            return Err(ParseError::truncated(FIELD));
        }
        Ok(Finished::Picture {
            is_keyframe: self.is_keyframe && self.has_frame,
            size: None,
        })
    }

    fn add(&mut self, unit: &[u8], data: &mut Vec<u8>) -> Result<(), ParseError> {
        const FIELD: &str = "OBU";
        if unit.is_empty() {
            return Ok(());
        }
        let header = ObuHeader::read(unit)?;
        // Neither is in files either.
        if matches!(header.obu_type, ObuType::TEMPORAL_DELIMITER | ObuType::PADDING) {
            return Ok(());
        }
        self.has_frame |= matches!(header.obu_type, ObuType::FRAME | ObuType::FRAME_HEADER);
        let flags = unit.first().copied().unwrap_or_default();
        if flags & HAS_SIZE != 0 {
            // The payload format asks for none (§5), and still they come; its own length must be all there is.
            let content = sized(unit).ok_or(ParseError::invalid(FIELD))?;
            data.extend_from_slice(content);
            return Ok(());
        }
        let (front, content) = unit
            .split_at_checked(if flags & HAS_EXTENSION == 0 { 1 } else { 2 })
            .ok_or(ParseError::truncated(FIELD))?;
        data.push(flags | HAS_SIZE);
        data.extend_from_slice(front.get(1..).unwrap_or_default());
        push_leb128(content.len(), data);
        data.extend_from_slice(content);
        Ok(())
    }
}

/// A unit that has a size of its own: the bytes that belong to it.
fn sized(unit: &[u8]) -> Option<&[u8]> {
    let at = if unit.first()? & HAS_EXTENSION == 0 { 1 } else { 2 };
    let (mut length, mut bytes) = (0_usize, 0);
    for byte in unit.get(at..)?.iter().take(8) {
        let part = usize::from(byte & 0x7f);
        length |= part
            .checked_shl(bytes * 7)
            .filter(|shifted| shifted >> (bytes * 7) == part)?;
        bytes += 1;
        if byte & 0x80 == 0 {
            let start = at + usize::try_from(bytes).ok()?;
            return unit.get(..start.checked_add(length)?);
        }
    }
    None
}

/// AV1 specification §4.10.5.
fn push_leb128(mut value: usize, data: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            data.push(low & 0x7f);
            return;
        }
        data.push(low | 0x80);
    }
}
