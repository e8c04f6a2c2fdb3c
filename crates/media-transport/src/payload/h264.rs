//! H.264 (RFC 6184), with the layers of RFC 6190 where a packet says them.

use crate::error::ParseError;
use crate::wire::Reader;

/// The type of a NAL unit, or of the packet that stands where one would; unknown values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NalType(pub u8);

impl NalType {
    /// A slice of a picture that refers to others.
    pub const SLICE: Self = Self(1);
    /// A slice of a picture with which a decoder can start.
    pub const IDR: Self = Self(5);
    /// Supplemental enhancement information.
    pub const SEI: Self = Self(6);
    /// Sequence parameter set.
    pub const SPS: Self = Self(7);
    /// Picture parameter set.
    pub const PPS: Self = Self(8);
    /// Prefix that tells the layers of the unit behind it (H.264 annex G).
    pub const PREFIX: Self = Self(14);
    /// A slice of a higher layer (H.264 annex G).
    pub const SCALABLE_SLICE: Self = Self(20);
    /// Single-time aggregation packet type A, RFC 6184 §5.7.1.
    pub const STAP_A: Self = Self(24);
    /// Fragmentation unit type A, RFC 6184 §5.8.
    pub const FU_A: Self = Self(28);

    const fn of(header: u8) -> Self {
        Self(header & 0x1f)
    }

    /// Whether a decoder can start here: the slices of such a picture, or the set that stands before them.
    #[must_use]
    pub const fn starts_sequence(self) -> bool {
        matches!(self, Self::IDR | Self::SPS)
    }
}

/// What is in a packet, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum H264Payload<'a> {
    /// One NAL unit, header included.
    Single(&'a [u8]),
    /// Several, all of one time (STAP-A).
    Aggregate(NalUnits<'a>),
    /// A part of one (FU-A).
    Fragment {
        /// The type of the unit.
        nal_type: NalType,
        /// The first part.
        is_start: bool,
        /// The last part.
        is_end: bool,
        /// What follows the two headers.
        data: &'a [u8],
    },
    /// A packet type that WebRTC does not use (STAP-B, MTAP, FU-B) or that is reserved.
    Unknown(NalType),
}

impl<'a> H264Payload<'a> {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`ParseError`] when a header is cut off.
    pub fn read(payload: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(payload);
        let nal_type = NalType::of(reader.u8("NAL header")?);
        Ok(match nal_type {
            NalType(1..=23) => Self::Single(payload),
            NalType::STAP_A => Self::Aggregate(NalUnits { rest: reader.rest() }),
            NalType::FU_A => {
                let header = reader.u8("FU header")?;
                Self::Fragment {
                    nal_type: NalType::of(header),
                    is_start: header & 0x80 != 0,
                    is_end: header & 0x40 != 0,
                    data: reader.rest(),
                }
            }
            other => Self::Unknown(other),
        })
    }

    /// Whether the packet begins something a decoder can start with, see
    /// [`h264_starts_keyframe`](super::h264_starts_keyframe).
    #[must_use]
    pub fn is_keyframe_start(&self) -> bool {
        match self {
            Self::Single(unit) => type_of(unit).starts_sequence(),
            Self::Aggregate(units) => units.into_iter().any(|unit| type_of(unit).starts_sequence()),
            Self::Fragment {
                nal_type, is_start, ..
            } => *is_start && nal_type.starts_sequence(),
            Self::Unknown(_) => false,
        }
    }

    /// The temporal layer, 0..=7, where the packet tells it: in a prefix, or in the header of a higher layer's slice.
    /// Browsers send neither; there the dependency descriptor or the frame marking extension tells it.
    #[must_use]
    pub fn temporal_id(&self) -> Option<u8> {
        match self {
            Self::Single(unit) => temporal_id(unit),
            Self::Aggregate(units) => units.into_iter().find_map(temporal_id),
            Self::Fragment { .. } | Self::Unknown(_) => None,
        }
    }
}

/// Iterates over the NAL units of an aggregate, headers included, as far as they are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NalUnits<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk()?;
        let (unit, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.rest = rest;
        Some(unit)
    }
}

/// The type of a unit; 0, which is none, of an empty one.
fn type_of(unit: &[u8]) -> NalType {
    NalType::of(unit.first().copied().unwrap_or_default())
}

/// Bits 5 to 7 of the third byte of the header extension (H.264 §G.7.3.1.1), when it is that of scalable video.
fn temporal_id(unit: &[u8]) -> Option<u8> {
    let [_, flags, _, ids] = *unit.first_chunk()?;
    let is_extended = matches!(type_of(unit), NalType::PREFIX | NalType::SCALABLE_SLICE);
    (is_extended && flags & 0x80 != 0).then_some(ids >> 5)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::payload::h264_starts_keyframe as starts_keyframe;

    #[test]
    fn finds_parameter_sets_and_idr_slices() {
        assert!(starts_keyframe(&[0x67, 1]));
        assert!(starts_keyframe(&[0x65, 1]));
        assert!(starts_keyframe(&[0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1]));
        assert!(starts_keyframe(&[0x78, 0, 2, 0x06, 1, 0, 2, 0x65, 1]));
        assert!(starts_keyframe(&[0x7c, 0x85, 1]));
    }

    #[test]
    fn is_not_fooled_by_what_only_looks_like_one() {
        assert!(!starts_keyframe(&[]));
        assert!(!starts_keyframe(&[0x61, 1]), "a non-IDR slice");
        assert!(!starts_keyframe(&[0x7c, 0x05, 1]), "a later fragment");
        assert!(
            !starts_keyframe(&[0x7c, 0x81, 1]),
            "a fragment of a non-IDR slice"
        );
        assert!(!starts_keyframe(&[0x78, 0, 9, 0x67]), "cut off");
    }

    #[test]
    fn tells_packets_apart() {
        assert_eq!(H264Payload::read(&[0x61, 9]), Ok(H264Payload::Single(&[0x61, 9])));
        let Ok(H264Payload::Aggregate(units)) = H264Payload::read(&[0x78, 0, 1, 0x67, 0, 0, 0, 2, 0x68, 1])
        else {
            panic!()
        };
        assert!(units.eq([&[0x67][..], &[], &[0x68, 1]]));
        let fragment = H264Payload::Fragment {
            nal_type: NalType::SLICE,
            is_start: false,
            is_end: true,
            data: &[5],
        };
        assert_eq!(H264Payload::read(&[0x7c, 0x41, 5]), Ok(fragment));
        assert_eq!(
            H264Payload::read(&[0x19, 1]),
            Ok(H264Payload::Unknown(NalType(25)))
        );
        assert_eq!(H264Payload::read(&[0]), Ok(H264Payload::Unknown(NalType(0))));
        assert_eq!(
            H264Payload::read(&[0x7c]),
            Err(ParseError::truncated("FU header"))
        );
    }

    #[test]
    fn temporal_layers_are_read_where_they_are_told() {
        let told = |payload: &[u8]| H264Payload::read(payload).unwrap().temporal_id();
        assert_eq!(told(&[0x6e, 0x80, 0, 0x5f]), Some(2));
        assert_eq!(told(&[0x74, 0xc0, 0x10, 0x20, 1, 2]), Some(1));
        assert_eq!(told(&[0x78, 0, 4, 0x6e, 0x80, 0, 0x60, 0, 2, 0x61, 1]), Some(3));
        assert_eq!(told(&[0x6e, 0x00, 0, 0x5f]), None, "of multiview video");
        assert_eq!(told(&[0x61, 0x80, 0, 0x5f]), None);
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in vec(any::<u8>(), 0..60), aggregate: bool) {
            let mut bytes = bytes;
            if let (true, Some(first)) = (aggregate, bytes.first_mut()) {
                *first = 0x78;
            }
            if let Ok(read) = H264Payload::read(&bytes) {
                let _ = (read.is_keyframe_start(), read.temporal_id());
                if let H264Payload::Aggregate(units) = read {
                    prop_assert!(units.map(|unit| unit.len() + 2).sum::<usize>() < bytes.len());
                }
            }
        }
    }
}
