//! VP8 (RFC 7741).

use crate::error::ParseError;
use crate::wire::Reader;

/// The longest descriptor: both flag bytes, a picture id of two bytes, TL0PICIDX, TID and KEYIDX.
pub const MAX_DESCRIPTOR_LEN: usize = 6;

/// I of the extension byte: a picture id follows.
const HAS_PICTURE_ID: u8 = 0x80;
/// L: TL0PICIDX follows.
const HAS_TL0_PIC_IDX: u8 = 0x40;
/// T: TID counts.
const HAS_TID: u8 = 0x20;
/// K: KEYIDX counts.
const HAS_KEY_IDX: u8 = 0x10;

/// The payload descriptor (§4.2), and what the payload header (§4.3) says of a keyframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp8Descriptor {
    /// Length of the descriptor in bytes, 1..=[`MAX_DESCRIPTOR_LEN`]. The payload goes on behind it.
    pub len: usize,
    /// N: nothing refers to the frame.
    pub is_non_reference: bool,
    /// S: the first packet of a partition.
    pub starts_partition: bool,
    /// PID, the partition, 0..=7.
    pub partition: u8,
    /// The number of the frame.
    pub picture_id: Option<PictureId>,
    /// TL0PICIDX: the number of the frame of the lowest temporal layer that this one is, or refers to.
    pub tl0_pic_idx: Option<u8>,
    /// TID and Y.
    pub temporal: Option<TemporalLayer>,
    /// KEYIDX, 0..=31: the number of the latest keyframe.
    pub key_idx: Option<u8>,
    is_keyframe: bool,
    size: Option<(u16, u16)>,
}

/// The number of a frame, in the width it was sent with. Senders keep to one width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PictureId {
    /// 0..=127.
    Short(u8),
    /// 0..=32767.
    Long(u16),
}

/// Where in the temporal layers a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TemporalLayer {
    /// TID, 0..=3.
    pub id: u8,
    /// Y: it refers to the lowest layer only, so that a receiver can change up to it here.
    pub is_sync: bool,
}

impl PictureId {
    /// The number.
    #[must_use]
    pub const fn value(self) -> u16 {
        match self {
            Self::Short(id) => id as u16,
            Self::Long(id) => id,
        }
    }
}

impl Vp8Descriptor {
    /// Reads the descriptor of a packet.
    ///
    /// # Errors
    /// [`ParseError`] when it is cut off.
    pub fn read(payload: &[u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "VP8 payload descriptor";
        let mut reader = Reader::new(payload);
        let first = reader.u8(FIELD)?;
        let extension = if first & 0x80 == 0 { 0 } else { reader.u8(FIELD)? };
        let picture_id = if extension & HAS_PICTURE_ID == 0 {
            None
        } else {
            let id = reader.u8(FIELD)?;
            Some(if id & 0x80 == 0 {
                PictureId::Short(id)
            } else {
                PictureId::Long(u16::from_be_bytes([id & 0x7f, reader.u8(FIELD)?]))
            })
        };
        let tl0_pic_idx = if extension & HAS_TL0_PIC_IDX == 0 {
            None
        } else {
            Some(reader.u8(FIELD)?)
        };
        let layers = if extension & (HAS_TID | HAS_KEY_IDX) == 0 {
            0
        } else {
            reader.u8(FIELD)?
        };
        let len = payload.len() - reader.remaining();
        let starts_partition = first & 0x10 != 0;
        let partition = first & 0x07;
        let begins_frame = starts_partition && partition == 0;
        // P of the payload header is the inverse keyframe bit; the header of a keyframe has the size, too.
        let header = reader.rest();
        let is_keyframe = begins_frame && header.first().is_some_and(|first| first & 0x01 == 0);
        Ok(Self {
            len,
            is_non_reference: first & 0x20 != 0,
            starts_partition,
            partition,
            picture_id,
            tl0_pic_idx,
            temporal: (extension & HAS_TID != 0).then_some(TemporalLayer {
                id: layers >> 6,
                is_sync: layers & 0x20 != 0,
            }),
            key_idx: (extension & HAS_KEY_IDX != 0).then_some(layers & 0x1f),
            is_keyframe,
            size: read_size(header).filter(|_| is_keyframe),
        })
    }

    /// Whether the packet is the first of a frame.
    #[must_use]
    pub const fn is_frame_start(&self) -> bool {
        self.starts_partition && self.partition == 0
    }

    /// Whether the packet is the first of a keyframe.
    #[must_use]
    pub const fn is_keyframe_start(&self) -> bool {
        self.is_keyframe
    }

    /// Width and height in pixels, in the first packet of a keyframe (RFC 6386 §9.1).
    #[must_use]
    pub const fn size(&self) -> Option<(u16, u16)> {
        self.size
    }

    /// Writes other numbers into the descriptor of the payload that begins `buffer` and is `payload_len` bytes long. The
    /// payload moves when the picture id gets another width. Returns the new length.
    ///
    /// Numbers the descriptor does not have are not added: those of `numbers` that are not in it count for nothing.
    ///
    /// `None`, and nothing is changed, when `buffer` is too small or does not begin with this descriptor.
    #[must_use]
    pub fn rewrite(&self, buffer: &mut [u8], payload_len: usize, numbers: &Vp8Numbers) -> Option<usize> {
        let mut descriptor = [0; MAX_DESCRIPTOR_LEN];
        let len = self.write(buffer.get(..self.len)?, numbers, &mut descriptor)?;
        let behind = self.len..payload_len;
        let new_len = payload_len.checked_sub(self.len)? + len;
        // Both ends have to be there before anything moves.
        buffer.get(..new_len.max(payload_len))?;
        if len != self.len {
            buffer.copy_within(behind, len);
        }
        buffer.get_mut(..len)?.copy_from_slice(descriptor.get(..len)?);
        Some(new_len)
    }

    /// Writes the descriptor with other numbers.
    fn write(&self, before: &[u8], numbers: &Vp8Numbers, to: &mut [u8; MAX_DESCRIPTOR_LEN]) -> Option<usize> {
        let mut len = 0;
        let mut put = |byte: u8| {
            *to.get_mut(len)? = byte;
            len += 1;
            Some(())
        };
        let (first, rest) = before.split_first()?;
        put(*first)?;
        if first & 0x80 != 0 {
            put(*rest.first()?)?;
        }
        if self.picture_id.is_some() {
            match numbers.picture_id {
                PictureId::Short(id) => put(id & 0x7f)?,
                PictureId::Long(id) => {
                    let [upper, lower] = id.to_be_bytes();
                    put(upper | 0x80)?;
                    put(lower)?;
                }
            }
        }
        if self.tl0_pic_idx.is_some() {
            put(numbers.tl0_pic_idx)?;
        }
        if self.temporal.is_some() || self.key_idx.is_some() {
            let layers = before.last()?;
            put(match self.key_idx {
                Some(_) => layers & 0xe0 | numbers.key_idx & 0x1f,
                None => *layers,
            })?;
        }
        Some(len)
    }
}

/// What a forwarder that leaves frames out, or changes between sources, has to count itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Vp8Numbers {
    /// The picture id, in the width it shall have.
    pub picture_id: PictureId,
    /// TL0PICIDX.
    pub tl0_pic_idx: u8,
    /// KEYIDX, the lower five bits.
    pub key_idx: u8,
}

/// The frame tag, the start code and the size of a keyframe (RFC 6386 §9.1).
fn read_size(header: &[u8]) -> Option<(u16, u16)> {
    let [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d] = header.first_chunk()? else {
        return None;
    };
    // The upper two bits are a scale for display.
    let pixels = |low: &u8, high: &u8| u16::from_le_bytes([*low, high & 0x3f]);
    Some((pixels(a, b), pixels(c, d)))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::payload::vp8_starts_keyframe as starts_keyframe;

    #[test]
    fn finds_the_start_of_a_keyframe_behind_every_descriptor() {
        assert!(starts_keyframe(&[0x10, 0x00]));
        assert!(starts_keyframe(&[0x90, 0x80, 0x05, 0x10]));
        assert!(starts_keyframe(&[0x90, 0x80, 0x85, 0x05, 0x10]));
        assert!(starts_keyframe(&[0x90, 0xf0, 0x85, 0x05, 1, 2, 0x10]));
        assert!(starts_keyframe(&[0x90, 0x20, 2, 0x10]));
    }

    #[test]
    fn is_not_fooled_by_what_only_looks_like_one() {
        assert!(!starts_keyframe(&[]));
        assert!(!starts_keyframe(&[0x10]));
        assert!(!starts_keyframe(&[0x10, 0x01]), "an inter frame");
        assert!(!starts_keyframe(&[0x00, 0x00]), "a continuation");
        assert!(!starts_keyframe(&[0x11, 0x00]), "the second partition");
        assert!(!starts_keyframe(&[0x90, 0x80, 0x85, 0x05]), "cut off");
    }

    #[test]
    fn reads_all_fields() {
        let keyframe = [
            0xb0,
            0xf0,
            0x92,
            0x34,
            7,
            0b0110_0101,
            0x10,
            0,
            0,
            0x9d,
            0x01,
            0x2a,
            0x80,
            0x42,
            0x68,
            0x01,
        ];
        let read = Vp8Descriptor::read(&keyframe).unwrap();
        assert_eq!((read.len, read.picture_id), (6, Some(PictureId::Long(0x1234))));
        assert_eq!((read.tl0_pic_idx, read.key_idx), (Some(7), Some(5)));
        assert_eq!(read.temporal, Some(TemporalLayer { id: 1, is_sync: true }));
        assert!(read.is_non_reference && read.is_keyframe_start());
        assert_eq!(read.size(), Some((640, 360)));
        for end in 0..6 {
            assert_eq!(
                Vp8Descriptor::read(&keyframe[..end]),
                Err(ParseError::truncated("VP8 payload descriptor")),
                "{end}"
            );
        }
        let plain = Vp8Descriptor::read(&[0x00, 0xff]).unwrap();
        assert_eq!((plain.len, plain.picture_id, plain.temporal), (1, None, None));
    }

    #[test]
    fn numbers_change_and_the_payload_moves() {
        let mut buffer = [0x90, 0xe0, 5, 6, 0x40, b'a', b'b', b'c', 0xee];
        let read = Vp8Descriptor::read(&buffer[..8]).unwrap();
        let numbers = |picture_id| Vp8Numbers {
            picture_id,
            tl0_pic_idx: 200,
            key_idx: 9,
        };
        assert_eq!(
            read.rewrite(&mut buffer[..8], 8, &numbers(PictureId::Long(3))),
            None
        );
        assert_eq!(buffer[..5], [0x90, 0xe0, 5, 6, 0x40]);
        assert_eq!(
            read.rewrite(&mut buffer, 8, &numbers(PictureId::Long(0x7fff))),
            Some(9)
        );
        assert_eq!(buffer, [0x90, 0xe0, 0xff, 0xff, 200, 0x40, b'a', b'b', b'c']);
        let read = Vp8Descriptor::read(&buffer).unwrap();
        assert_eq!(
            read.rewrite(&mut buffer, 9, &numbers(PictureId::Short(127))),
            Some(8)
        );
        assert_eq!(buffer[..8], [0x90, 0xe0, 127, 200, 0x40, b'a', b'b', b'c']);
        assert_eq!(read.rewrite(&mut buffer, 3, &numbers(PictureId::Short(0))), None);
    }

    proptest! {
        #[test]
        fn what_is_rewritten_reads_back(first: u8, extension: u8, rest in vec(any::<u8>(), 4..40), id: u16, long: bool, tl0_pic_idx: u8, key_idx in 0_u8..32) {
            let mut payload = vec![first, extension];
            payload.extend_from_slice(&rest);
            let len = payload.len();
            let before = Vp8Descriptor::read(&payload).unwrap();
            let picture_id = if long { PictureId::Long(id & 0x7fff) } else { PictureId::Short(id.to_be_bytes()[1] & 0x7f) };
            let behind = payload[before.len..].to_vec();
            payload.push(0);
            let len = before.rewrite(&mut payload, len, &Vp8Numbers { picture_id, tl0_pic_idx, key_idx }).unwrap();
            let after = Vp8Descriptor::read(&payload[..len]).unwrap();
            prop_assert_eq!(&payload[after.len..len], &behind[..]);
            let expected = Vp8Descriptor {
                len: after.len,
                picture_id: before.picture_id.map(|_| picture_id),
                tl0_pic_idx: before.tl0_pic_idx.map(|_| tl0_pic_idx),
                key_idx: before.key_idx.map(|_| key_idx),
                ..before
            };
            prop_assert_eq!(after, expected);
        }

        #[test]
        fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..20), len in 0_usize..30) {
            let mut bytes = bytes;
            if let Ok(read) = Vp8Descriptor::read(&bytes) {
                prop_assert!(read.len <= bytes.len().min(MAX_DESCRIPTOR_LEN));
                let numbers = Vp8Numbers { picture_id: PictureId::Long(1), tl0_pic_idx: 2, key_idx: 3 };
                let _ = read.rewrite(&mut bytes, len, &numbers);
            }
        }
    }
}
