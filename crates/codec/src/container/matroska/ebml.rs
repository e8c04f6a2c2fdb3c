//! EBML (RFC 8794): element identifiers, sizes, and the handful of element kinds a Matroska file is made of.

/// An element's identifier with its length marker, as it stands in the file (RFC 9559 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(pub(super) u32);

impl Id {
    pub(super) const EBML: Self = Self(0x1a45_dfa3);
    pub(super) const EBML_VERSION: Self = Self(0x4286);
    pub(super) const EBML_READ_VERSION: Self = Self(0x42f7);
    pub(super) const EBML_MAX_ID_LENGTH: Self = Self(0x42f2);
    pub(super) const EBML_MAX_SIZE_LENGTH: Self = Self(0x42f3);
    pub(super) const DOC_TYPE: Self = Self(0x4282);
    pub(super) const DOC_TYPE_VERSION: Self = Self(0x4287);
    pub(super) const DOC_TYPE_READ_VERSION: Self = Self(0x4285);
    pub(super) const VOID: Self = Self(0xec);
    pub(super) const SEGMENT: Self = Self(0x1853_8067);
    pub(super) const SEEK_HEAD: Self = Self(0x114d_9b74);
    pub(super) const SEEK: Self = Self(0x4dbb);
    pub(super) const SEEK_ID: Self = Self(0x53ab);
    pub(super) const SEEK_POSITION: Self = Self(0x53ac);
    pub(super) const INFO: Self = Self(0x1549_a966);
    pub(super) const TIMESTAMP_SCALE: Self = Self(0x002a_d7b1);
    pub(super) const DURATION: Self = Self(0x4489);
    pub(super) const MUXING_APP: Self = Self(0x4d80);
    pub(super) const WRITING_APP: Self = Self(0x5741);
    pub(super) const TRACKS: Self = Self(0x1654_ae6b);
    pub(super) const TRACK_ENTRY: Self = Self(0xae);
    pub(super) const TRACK_NUMBER: Self = Self(0xd7);
    pub(super) const TRACK_UID: Self = Self(0x73c5);
    pub(super) const TRACK_TYPE: Self = Self(0x83);
    pub(super) const FLAG_LACING: Self = Self(0x9c);
    pub(super) const NAME: Self = Self(0x536e);
    pub(super) const LANGUAGE: Self = Self(0x0022_b59c);
    pub(super) const CODEC_ID: Self = Self(0x86);
    pub(super) const CODEC_PRIVATE: Self = Self(0x63a2);
    pub(super) const CODEC_DELAY: Self = Self(0x56aa);
    pub(super) const SEEK_PRE_ROLL: Self = Self(0x56bb);
    pub(super) const VIDEO: Self = Self(0xe0);
    pub(super) const PIXEL_WIDTH: Self = Self(0xb0);
    pub(super) const PIXEL_HEIGHT: Self = Self(0xba);
    pub(super) const AUDIO: Self = Self(0xe1);
    pub(super) const SAMPLING_FREQUENCY: Self = Self(0xb5);
    pub(super) const CHANNELS: Self = Self(0x9f);
    pub(super) const CLUSTER: Self = Self(0x1f43_b675);
    pub(super) const TIMESTAMP: Self = Self(0xe7);
    pub(super) const SIMPLE_BLOCK: Self = Self(0xa3);
    pub(super) const CUES: Self = Self(0x1c53_bb6b);
    pub(super) const CUE_POINT: Self = Self(0xbb);
    pub(super) const CUE_TIME: Self = Self(0xb3);
    pub(super) const CUE_TRACK_POSITIONS: Self = Self(0xb7);
    pub(super) const CUE_TRACK: Self = Self(0xf7);
    pub(super) const CUE_CLUSTER_POSITION: Self = Self(0xf1);

    /// One to four bytes, the length marker included.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let bytes = self.0.to_be_bytes();
        let skip = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
        out.extend(bytes.iter().skip(skip));
    }
}

/// Width in bytes of a size that is written again once it is known.
pub(super) const WIDE_SIZE: usize = 8;

/// A size of eight bytes that says "not known" (RFC 8794 §6.2).
pub(super) const UNKNOWN_SIZE: [u8; WIDE_SIZE] = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/// Largest size or value a variable-length integer can hold.
const MAX_VALUE: u64 = (1 << 56) - 2;

/// A size in as few bytes as it takes.
pub(super) fn write_size(out: &mut Vec<u8>, size: u64) {
    let mut width = 1;
    // All ones are reserved for the unknown size, so seven bits hold 0 to 126.
    while width < WIDE_SIZE && size >= (1 << (7 * width)) - 1 {
        width += 1;
    }
    write_size_as(out, size, width);
}

/// A size in `width` bytes, 1 to 8; larger than fits is written as the largest that does.
pub(super) fn write_size_as(out: &mut Vec<u8>, size: u64, width: usize) {
    let marked = size.min(MAX_VALUE) | 1 << (7 * width);
    out.extend(marked.to_be_bytes().iter().skip(WIDE_SIZE.saturating_sub(width)));
}

/// An element of any bytes.
pub(super) fn binary(out: &mut Vec<u8>, id: Id, value: &[u8]) {
    id.write(out);
    write_size(out, value.len() as u64);
    out.extend(value);
}

/// An unsigned integer in as few bytes as it takes, one at least.
pub(super) fn unsigned(out: &mut Vec<u8>, id: Id, value: u64) {
    let bytes = value.to_be_bytes();
    let skip = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
    binary(out, id, bytes.get(skip..).unwrap_or_default());
}

/// A float of eight bytes.
pub(super) fn float(out: &mut Vec<u8>, id: Id, value: f64) {
    binary(out, id, &value.to_be_bytes());
}

/// An element made of others.
pub(super) fn master(out: &mut Vec<u8>, id: Id, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut inside = Vec::new();
    fill(&mut inside);
    binary(out, id, &inside);
}

/// An element that means nothing and is `length` bytes long, header included: 2 or more.
pub(super) fn void(out: &mut Vec<u8>, length: u64) {
    Id::VOID.write(out);
    let width = if length < 128 { 1 } else { WIDE_SIZE };
    let inside = length.saturating_sub(1 + width as u64);
    write_size_as(out, inside, width);
}

/// What a size says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Known(u64),
    /// Up to the next element of the same or a higher level.
    Unknown,
}

/// A variable-length integer: its value and the bytes it took; `None` when cut off or not one.
pub(super) fn read_size(bytes: &[u8]) -> Option<(Size, usize)> {
    let first = *bytes.first()?;
    let width = first.leading_zeros() as usize + 1;
    if width > WIDE_SIZE {
        return None;
    }
    let value = bytes
        .get(..width)?
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    let value = value & ((1 << (7 * width)) - 1);
    let size = if value == (1 << (7 * width)) - 1 {
        Size::Unknown
    } else {
        Size::Known(value)
    };
    Some((size, width))
}

/// An identifier and the bytes it took; `None` when cut off or not one.
pub(super) fn read_id(bytes: &[u8]) -> Option<(Id, usize)> {
    let width = bytes.first()?.leading_zeros() as usize + 1;
    if width > 4 {
        return None;
    }
    let id = bytes
        .get(..width)?
        .iter()
        .fold(0, |id, byte| id << 8 | u32::from(*byte));
    Some((Id(id), width))
}

/// Takes one element of known size off the front: its identifier and what is in it.
pub(super) fn take<'a>(bytes: &mut &'a [u8]) -> Option<(Id, &'a [u8])> {
    let (id, id_width) = read_id(bytes)?;
    let (size, size_width) = read_size(bytes.get(id_width..)?)?;
    let Size::Known(size) = size else { return None };
    let inside = bytes.get(id_width + size_width..)?;
    let (inside, rest) = inside.split_at_checked(usize::try_from(size).ok()?)?;
    *bytes = rest;
    Some((id, inside))
}

/// The value of an unsigned integer element; `None` beyond eight bytes.
pub(super) fn read_unsigned(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_round_trip_in_the_fewest_bytes() {
        for (size, width) in [
            (0, 1),
            (126, 1),
            (127, 2),
            (16_382, 2),
            (16_383, 3),
            (1 << 40, 6),
            (MAX_VALUE, 8),
        ] {
            let mut out = Vec::new();
            write_size(&mut out, size);
            assert_eq!(out.len(), width, "{size}");
            assert_eq!(read_size(&out), Some((Size::Known(size), width)));
            assert_eq!(read_size(&out[..width - 1]), None);
        }
        assert_eq!(read_size(&UNKNOWN_SIZE), Some((Size::Unknown, 8)));
        assert_eq!(read_size(&[0xff]), Some((Size::Unknown, 1)));
        assert_eq!(read_size(&[0]), None);
    }

    #[test]
    fn a_void_takes_the_room_it_is_given() {
        for length in [2, 11, 68, 127, 128, 4000] {
            let mut out = Vec::new();
            void(&mut out, length);
            let (_, id) = read_id(&out).unwrap();
            let (Size::Known(inside), size) = read_size(&out[id..]).unwrap() else {
                panic!("a known size");
            };
            assert_eq!(inside + (id + size) as u64, length);
        }
    }
}
