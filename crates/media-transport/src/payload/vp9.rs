//! VP9 (RFC 9628).

use crate::error::ParseError;
use crate::wire::Reader;

use super::vp8::PictureId;

/// Most pictures a picture refers to (§4.2: P_DIFF is repeated up to twice).
pub const MAX_REFERENCES: usize = 3;
/// Most spatial layers: their number has three bits.
pub const MAX_SPATIAL_LAYERS: usize = 8;

/// The payload descriptor (§4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp9Descriptor<'a> {
    /// Length of the descriptor in bytes, scalability structure included. The payload goes on behind it.
    pub len: usize,
    /// The number of the picture, which all its layers share.
    pub picture_id: Option<PictureId>,
    /// P: the frame refers to earlier pictures.
    pub is_inter_predicted: bool,
    /// F: references are in every packet, and there is no TL0PICIDX.
    pub is_flexible: bool,
    /// B: the first packet of a layer's frame.
    pub starts_frame: bool,
    /// E: the last packet of a layer's frame.
    pub ends_frame: bool,
    /// Z: higher spatial layers do not refer to the frame.
    pub is_not_spatial_reference: bool,
    /// The layers, if there are any.
    pub layer: Option<Vp9Layer>,
    /// TL0PICIDX: the number of the picture of the lowest temporal layer that this one is, or refers to.
    pub tl0_pic_idx: Option<u8>,
    /// The scalability structure, which comes with keyframes.
    pub structure: Option<Vp9Structure<'a>>,
    references: [u8; MAX_REFERENCES],
    reference_count: u8,
}

/// The layers of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Vp9Layer {
    /// TID, 0..=7.
    pub temporal_id: u8,
    /// U: a receiver can change up to this temporal layer here, since later pictures of it refer to none before.
    pub is_switching_up_point: bool,
    /// SID, 0..=7.
    pub spatial_id: u8,
    /// D: the frame refers to the next lower spatial layer of its picture.
    pub uses_lower_spatial_layer: bool,
}

/// How many layers there are and how pictures refer to each other (§4.2.1), borrowed and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vp9Structure<'a> {
    /// 1..=[`MAX_SPATIAL_LAYERS`].
    pub spatial_layers: u8,
    /// Four bytes each: width and height.
    sizes: &'a [[u8; 4]],
    /// How many pictures the group has; 0 without a group.
    pictures: u8,
    group: &'a [u8],
}

/// A picture of the group by which the stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupPicture<'a> {
    /// Its temporal layer.
    pub temporal_id: u8,
    /// As [`Vp9Layer::is_switching_up_point`].
    pub is_switching_up_point: bool,
    /// How many pictures back those are that it refers to, at most [`MAX_REFERENCES`].
    pub references: &'a [u8],
}

impl<'a> Vp9Descriptor<'a> {
    /// Reads the descriptor of a packet.
    ///
    /// # Errors
    /// [`ParseError`] when it is cut off, or refers to more than three pictures.
    pub fn read(payload: &'a [u8]) -> Result<Self, ParseError> {
        const FIELD: &str = "VP9 payload descriptor";
        let mut reader = Reader::new(payload);
        let flags = reader.u8(FIELD)?;
        let [
            has_id,
            inter,
            has_layer,
            flexible,
            begins,
            ends,
            has_structure,
            no_reference,
        ] = [7, 6, 5, 4, 3, 2, 1, 0].map(|bit: u8| flags >> bit & 1 == 1);
        let picture_id = if has_id {
            let id = reader.u8(FIELD)?;
            Some(if id & 0x80 == 0 {
                PictureId::Short(id)
            } else {
                PictureId::Long(u16::from_be_bytes([id & 0x7f, reader.u8(FIELD)?]))
            })
        } else {
            None
        };
        let (mut layer, mut tl0_pic_idx) = (None, None);
        if has_layer {
            let bits = reader.u8(FIELD)?;
            layer = Some(Vp9Layer {
                temporal_id: bits >> 5,
                is_switching_up_point: bits & 0x10 != 0,
                spatial_id: bits >> 1 & 0x07,
                uses_lower_spatial_layer: bits & 0x01 != 0,
            });
            if !flexible {
                tl0_pic_idx = Some(reader.u8(FIELD)?);
            }
        }
        let (mut references, mut reference_count) = ([0; MAX_REFERENCES], 0);
        if flexible && inter {
            loop {
                let bits = reader.u8(FIELD)?;
                let reference = references.get_mut(usize::from(reference_count));
                *reference.ok_or(ParseError::invalid("VP9 references"))? = bits >> 1;
                reference_count += 1;
                if bits & 0x01 == 0 {
                    break;
                }
            }
        }
        let structure = if has_structure {
            Some(Vp9Structure::read(&mut reader)?)
        } else {
            None
        };
        Ok(Self {
            len: payload.len() - reader.remaining(),
            picture_id,
            is_inter_predicted: inter,
            is_flexible: flexible,
            starts_frame: begins,
            ends_frame: ends,
            is_not_spatial_reference: no_reference,
            layer,
            tl0_pic_idx,
            structure,
            references,
            reference_count,
        })
    }

    /// Whether the packet is the first of a keyframe: of the lowest spatial layer, referring to nothing. The higher layers
    /// of the same picture belong to it, and do not start it.
    #[must_use]
    pub fn is_keyframe_start(&self) -> bool {
        !self.is_inter_predicted
            && self.starts_frame
            && self
                .layer
                .is_none_or(|layer| layer.spatial_id == 0 && !layer.uses_lower_spatial_layer)
    }

    /// How many pictures back those are that the frame refers to, 0..=127 each; known in flexible mode only.
    #[must_use]
    pub fn references(&self) -> &[u8] {
        self.references
            .get(..usize::from(self.reference_count))
            .unwrap_or_default()
    }
}

impl<'a> Vp9Structure<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        const FIELD: &str = "VP9 scalability structure";
        let flags = reader.u8(FIELD)?;
        let spatial_layers = (flags >> 5) + 1;
        let sizes = if flags & 0x10 == 0 {
            &[][..]
        } else {
            reader.bytes(usize::from(spatial_layers) * 4, FIELD)?
        };
        let pictures = if flags & 0x08 == 0 { 0 } else { reader.u8(FIELD)? };
        let start = *reader;
        for _ in 0..pictures {
            read_picture(reader)?;
        }
        let mut group = start;
        Ok(Self {
            spatial_layers,
            sizes: sizes.as_chunks().0,
            pictures,
            group: group.bytes(start.remaining() - reader.remaining(), FIELD)?,
        })
    }

    /// Width and height of a spatial layer in pixels, if said.
    #[must_use]
    pub fn size(&self, spatial_id: u8) -> Option<(u16, u16)> {
        self.sizes
            .get(usize::from(spatial_id))
            .map(|[a, b, c, d]| (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])))
    }

    /// The pictures of the group, in order; none in flexible mode.
    pub fn pictures(&self) -> impl Iterator<Item = GroupPicture<'a>> + use<'a> {
        let mut reader = Reader::new(self.group);
        (0..self.pictures).map_while(move |_| read_picture(&mut reader).ok())
    }
}

fn read_picture<'a>(reader: &mut Reader<'a>) -> Result<GroupPicture<'a>, ParseError> {
    const FIELD: &str = "VP9 picture group";
    let bits = reader.u8(FIELD)?;
    Ok(GroupPicture {
        temporal_id: bits >> 5,
        is_switching_up_point: bits & 0x10 != 0,
        references: reader.bytes(usize::from(bits >> 2 & 0x03), FIELD)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::payload::vp9_starts_keyframe;

    #[test]
    fn reads_non_flexible_mode_with_its_structure() {
        let payload = [
            0b1010_1011,
            0x81,
            0x02,
            0b0011_0101,
            9,           // I L B V Z, picture 258, tid 1 U sid 2 D, TL0PICIDX
            0b0101_1000, // three spatial layers with sizes, a group
            1,
            0x40,
            0,
            0xb4,
            2,
            0x80,
            1,
            0x68,
            5,
            0,
            2,
            0xd0, // sizes
            2,
            0b0000_0000,
            0b0011_1000,
            1,
            2, // two pictures, the second refers to two
            0xaa,
        ];
        let read = Vp9Descriptor::read(&payload).unwrap();
        assert_eq!(read.len, payload.len() - 1);
        assert_eq!(read.picture_id, Some(PictureId::Long(258)));
        assert!(!read.is_inter_predicted && !read.is_flexible && read.starts_frame && !read.ends_frame);
        assert!(read.is_not_spatial_reference);
        assert_eq!(
            read.layer,
            Some(Vp9Layer {
                temporal_id: 1,
                is_switching_up_point: true,
                spatial_id: 2,
                uses_lower_spatial_layer: true
            })
        );
        assert_eq!(read.tl0_pic_idx, Some(9));
        let structure = read.structure.unwrap();
        let sizes: Vec<_> = (0..4).map(|layer| structure.size(layer)).collect();
        assert_eq!(
            sizes,
            [Some((320, 180)), Some((640, 360)), Some((1280, 720)), None]
        );
        let pictures: Vec<_> = structure.pictures().collect();
        assert_eq!(pictures.len(), 2);
        assert_eq!(
            (pictures[1].temporal_id, pictures[1].references),
            (1, &[1, 2][..])
        );
        assert!(pictures[1].is_switching_up_point && pictures[0].references.is_empty());
        for end in 0..read.len {
            assert!(Vp9Descriptor::read(&payload[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn reads_flexible_mode_with_references() {
        let payload = [0b1111_0100, 5, 0b0100_0010, 3 << 1 | 1, 7 << 1, 0xaa];
        let read = Vp9Descriptor::read(&payload).unwrap();
        assert!(read.is_flexible && read.is_inter_predicted && read.ends_frame);
        assert_eq!(
            (read.references(), read.len, read.tl0_pic_idx),
            (&[3, 7][..], 5, None)
        );
        let four = [0b0101_0000, 3, 3, 3, 2];
        assert_eq!(
            Vp9Descriptor::read(&four),
            Err(ParseError::invalid("VP9 references"))
        );
    }

    #[test]
    fn a_keyframe_begins_in_the_lowest_layer() {
        assert!(vp9_starts_keyframe(&[0b0000_1000, 1]));
        assert!(vp9_starts_keyframe(&[0b0010_1000, 0, 0, 1]));
        assert!(
            !vp9_starts_keyframe(&[0b0010_1000, 0b0000_0011, 0, 1]),
            "a higher layer of it"
        );
        assert!(!vp9_starts_keyframe(&[0b0100_1000, 1]), "an inter frame");
        assert!(!vp9_starts_keyframe(&[0b0000_0100, 1]), "a continuation");
        assert!(!vp9_starts_keyframe(&[]));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..60)) {
            if let Ok(read) = Vp9Descriptor::read(&bytes) {
                prop_assert!(read.len <= bytes.len() && read.references().len() <= MAX_REFERENCES);
                if let Some(structure) = read.structure {
                    prop_assert_eq!(structure.pictures().count(), usize::from(structure.pictures));
                }
            }
        }
    }
}
