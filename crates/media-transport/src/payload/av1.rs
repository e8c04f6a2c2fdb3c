//! AV1 (RTP payload format of the Alliance for Open Media, §4).

use crate::error::ParseError;
use crate::wire::Reader;

/// The type of an open bitstream unit (AV1 specification §6.2.2); unknown values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObuType(pub u8);

impl ObuType {
    /// What a decoder has to have first.
    pub const SEQUENCE_HEADER: Self = Self(1);
    /// Not sent in RTP.
    pub const TEMPORAL_DELIMITER: Self = Self(2);
    /// The header of a frame, tiles follow.
    pub const FRAME_HEADER: Self = Self(3);
    /// Tiles.
    pub const TILE_GROUP: Self = Self(4);
    /// About the stream, such as its scalability.
    pub const METADATA: Self = Self(5);
    /// Header and tiles of a frame.
    pub const FRAME: Self = Self(6);
    /// The header of a frame once more.
    pub const REDUNDANT_FRAME_HEADER: Self = Self(7);
    /// Filling.
    pub const PADDING: Self = Self(15);
}

/// The header of an open bitstream unit (AV1 specification §5.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObuHeader {
    /// What it is.
    pub obu_type: ObuType,
    /// Temporal id, 0..=7, and spatial id, 0..=3, when the unit belongs to layers.
    pub layer: Option<(u8, u8)>,
}

/// What is in a packet, borrowed and checked: the lengths of all elements add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Av1Payload<'a> {
    /// Z: the first element goes on with a unit of the packet before.
    pub continues: bool,
    /// Y: the last element goes on in the next packet.
    pub is_continued: bool,
    /// N: the first packet of a coded video sequence.
    pub starts_sequence: bool,
    elements: Elements<'a>,
}

/// Iterates over the elements of a packet, each a unit or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elements<'a> {
    rest: &'a [u8],
    /// How many elements are left, of which the last has no length; `None` when all have one.
    left: Option<u8>,
}

impl<'a> Av1Payload<'a> {
    /// Reads the aggregation header of a packet and checks its elements.
    ///
    /// # Errors
    /// [`ParseError`] when a length runs past the end, or there is nothing.
    pub fn read(payload: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(payload);
        let flags = reader.u8("AV1 aggregation header")?;
        let count = flags >> 4 & 0x03;
        let elements = Elements {
            rest: reader.rest(),
            left: (count > 0).then_some(count),
        };
        let mut check = elements;
        while !check.is_done() {
            check.read()?;
        }
        Ok(Self {
            continues: flags & 0x80 != 0,
            is_continued: flags & 0x40 != 0,
            starts_sequence: flags & 0x08 != 0,
            elements,
        })
    }

    /// The elements in order.
    #[must_use]
    pub const fn elements(&self) -> Elements<'a> {
        self.elements
    }

    /// The headers of the units that begin in the packet.
    pub fn headers(&self) -> impl Iterator<Item = ObuHeader> + use<'a> {
        let skip = usize::from(self.continues);
        self.elements
            .skip(skip)
            .filter_map(|element| ObuHeader::read(element).ok())
    }

    /// Whether the packet is the first of a keyframe with which a decoder can start: it begins a coded video sequence and
    /// has the sequence header.
    #[must_use]
    pub fn is_keyframe_start(&self) -> bool {
        self.starts_sequence
            && !self.continues
            && self
                .headers()
                .any(|header| header.obu_type == ObuType::SEQUENCE_HEADER)
    }

    /// Temporal and spatial id of the first unit that has them. The dependency descriptor tells them for every packet.
    #[must_use]
    pub fn layer(&self) -> Option<(u8, u8)> {
        self.headers().find_map(|header| header.layer)
    }
}

impl ObuHeader {
    /// Reads the header at the front of a unit.
    ///
    /// # Errors
    /// [`ParseError`] when it is cut off, or its first bit is set.
    pub fn read(unit: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "OBU header";
        let mut reader = Reader::new(unit);
        let first = reader.u8(FIELD)?;
        if first & 0x80 != 0 {
            return Err(ParseError::invalid(FIELD));
        }
        let layer = if first & 0x04 == 0 {
            None
        } else {
            let extension = reader.u8(FIELD)?;
            Some((extension >> 5, extension >> 3 & 0x03))
        };
        Ok(Self {
            obu_type: ObuType(first >> 3),
            layer,
        })
    }
}

impl<'a> Elements<'a> {
    const fn is_done(&self) -> bool {
        match self.left {
            Some(left) => left == 0,
            None => self.rest.is_empty(),
        }
    }

    fn read(&mut self) -> Result<&'a [u8], ParseError> {
        const FIELD: &str = "OBU element";
        if self.left == Some(1) {
            self.left = Some(0);
            return Ok(std::mem::take(&mut self.rest));
        }
        let mut reader = Reader::new(self.rest);
        let length = read_leb128(&mut reader)?;
        let element = reader.bytes(length, FIELD)?;
        self.rest = reader.rest();
        self.left = self.left.map(|left| left.saturating_sub(1));
        Ok(element)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.is_done() {
            return None;
        }
        self.read().ok()
    }
}

/// Seven bits per byte, the lowest first; four bytes are more than a packet has (AV1 specification §4.10.5).
fn read_leb128(reader: &mut Reader<'_>) -> Result<usize, ParseError> {
    const FIELD: &str = "OBU element length";
    let mut value = 0;
    for at in 0..4 {
        let byte = reader.u8(FIELD)?;
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(ParseError::invalid(FIELD))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::payload::av1_starts_keyframe as starts_keyframe;

    const SEQUENCE_HEADER: u8 = 1 << 3;
    const FRAME: u8 = 6 << 3;

    #[test]
    fn a_keyframe_begins_with_a_sequence_header() {
        assert!(starts_keyframe(&[0x08, 2, SEQUENCE_HEADER, 0, 2, FRAME, 0]));
        assert!(starts_keyframe(&[0x28, 2, SEQUENCE_HEADER, 0, FRAME, 0]));
        assert!(starts_keyframe(&[0x58, SEQUENCE_HEADER, 0]), "to be continued");
        assert!(!starts_keyframe(&[0x18, FRAME, 0]), "no sequence header");
        assert!(
            !starts_keyframe(&[0x10, SEQUENCE_HEADER, 0]),
            "not the first of a sequence"
        );
        assert!(!starts_keyframe(&[0x98, SEQUENCE_HEADER, 0]), "a part of a unit");
        assert!(!starts_keyframe(&[]));
        assert!(!starts_keyframe(&[0x08, 9, SEQUENCE_HEADER]), "cut off");
    }

    #[test]
    fn finds_elements_and_layers() {
        let payload = [0xa0, 0x81, 0x00, 0xaa, FRAME | 0x04, 0b0101_1000, 9];
        let read = Av1Payload::read(&payload).unwrap();
        assert!(read.continues && !read.is_continued && !read.starts_sequence);
        assert!(read.elements().eq([&[0xaa][..], &[FRAME | 0x04, 0b0101_1000, 9]]));
        assert_eq!(read.layer(), Some((2, 3)));
        let plain = Av1Payload::read(&[0x10, FRAME, 1]).unwrap();
        assert_eq!((plain.layer(), plain.headers().count()), (None, 1));
        assert_eq!(
            Av1Payload::read(&[0x20, 0x80, 0x80, 0x80, 0x80, 0]),
            Err(ParseError::invalid("OBU element length"))
        );
        assert_eq!(
            Av1Payload::read(&[0x30, 1, 1]),
            Err(ParseError::truncated("OBU element length")),
            "three are promised"
        );
        assert_eq!(ObuHeader::read(&[0x80]), Err(ParseError::invalid("OBU header")));
        assert_eq!(ObuHeader::read(&[0x34]), Err(ParseError::truncated("OBU header")));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..60)) {
            if let Ok(read) = Av1Payload::read(&bytes) {
                prop_assert!(read.elements().map(<[u8]>::len).sum::<usize>() < bytes.len());
                prop_assert!(read.headers().count() <= read.elements().count());
                let _ = (read.is_keyframe_start(), read.layer());
            }
        }
    }
}
