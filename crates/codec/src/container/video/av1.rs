//! AV1 open bitstream units, the sequence header, and the record that stands before a track's pictures ("AV1 Codec
//! ISO Media File Format Binding" §2.3.3, which Matroska uses too).

use super::bits::Bits;
use crate::Error;

const SEQUENCE_HEADER: u8 = 1;
const TEMPORAL_DELIMITER: u8 = 2;
const TILE_LIST: u8 = 8;
const PADDING: u8 = 15;

/// The `av1C` record of an AV1 track: profile, level, colour format and the sequence header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Av1Config {
    record: Vec<u8>,
    size: (u16, u16),
}

impl Av1Config {
    /// From a temporal unit with a sequence header in it, which is what a decoder can start with.
    ///
    /// # Errors
    /// [`Error::Video`] when there is none, or it is malformed.
    pub fn from_temporal_unit(unit: &[u8]) -> Result<Self, Error> {
        for obu in obus(unit) {
            let obu = obu?;
            if obu.kind == SEQUENCE_HEADER {
                return Self::from_sequence_header(obu.payload);
            }
        }
        Err(Error::Video("an AV1 temporal unit without sequence header"))
    }

    fn from_sequence_header(payload: &[u8]) -> Result<Self, Error> {
        let header = SequenceHeader::parse(payload)?;
        // Marker and version 1; then what a player may ask before it decodes.
        let mut record = vec![
            0x81,
            header.profile << 5 | header.level,
            u8::from(header.high_tier) << 7
                | u8::from(header.color.high_bit_depth) << 6
                | u8::from(header.color.twelve_bit) << 5
                | u8::from(header.color.monochrome) << 4
                | u8::from(header.color.subsampling_x) << 3
                | u8::from(header.color.subsampling_y) << 2
                | header.color.sample_position,
            0,
            // The header itself, this time with a size whatever it came with.
            SEQUENCE_HEADER << 3 | 2,
        ];
        write_leb128(&mut record, payload.len());
        record.extend(payload);
        Ok(Self {
            record,
            size: header.size,
        })
    }

    /// The record.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.record
    }

    /// Largest width and height in pixels.
    #[must_use]
    pub const fn size(&self) -> (u16, u16) {
        self.size
    }
}

/// A temporal unit without what does not belong into a file: delimiters, tile lists and padding.
pub(in crate::container) fn without_delimiters(unit: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    for obu in obus(unit) {
        let obu = obu?;
        if !matches!(obu.kind, TEMPORAL_DELIMITER | TILE_LIST | PADDING) {
            out.extend(obu.whole);
        }
    }
    Ok(())
}

struct Obu<'a> {
    kind: u8,
    payload: &'a [u8],
    /// Header and size included.
    whole: &'a [u8],
}

/// The units of the low-overhead format (AV1 §5.3). One without a size goes to the end.
fn obus(bytes: &[u8]) -> impl Iterator<Item = Result<Obu<'_>, Error>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (all, obu) = (rest, take_obu(&mut rest));
        Some(match obu {
            Some((kind, payload)) => {
                let length = all.len() - rest.len();
                let whole = all.get(..length).unwrap_or_default();
                Ok(Obu { kind, payload, whole })
            }
            None => {
                rest = &[];
                Err(Error::Video("a truncated AV1 unit"))
            }
        })
    })
}

fn take_obu<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&header, mut inside) = rest.split_first()?;
    // The first bit is forbidden.
    if header & 0x80 != 0 {
        return None;
    }
    if header & 4 != 0 {
        inside = inside.get(1..)?;
    }
    let payload;
    if header & 2 == 0 {
        payload = inside;
        *rest = &[];
    } else {
        let (length, after) = leb128(inside)?;
        (payload, *rest) = after.split_at_checked(length)?;
    }
    Some((header >> 3 & 15, payload))
}

/// AV1 §4.10.5: seven bits a byte, the lowest first, at most eight bytes and 32 bits.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (i, byte) in bytes.iter().enumerate().take(8) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).ok()?;
            return Some((usize::try_from(value).ok()?, bytes.get(i + 1..)?));
        }
    }
    None
}

fn write_leb128(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push(0x80 | value.to_le_bytes()[0]);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// AV1 §5.5.
struct SequenceHeader {
    profile: u8,
    /// Of the first operating point, as is the tier.
    level: u8,
    high_tier: bool,
    size: (u16, u16),
    color: ColorConfig,
}

#[derive(Default)]
struct ColorConfig {
    high_bit_depth: bool,
    twelve_bit: bool,
    monochrome: bool,
    subsampling_x: bool,
    subsampling_y: bool,
    /// 0 to 3.
    sample_position: u8,
}

impl SequenceHeader {
    fn parse(payload: &[u8]) -> Result<Self, Error> {
        let mut bits = Bits::new(payload, "a truncated AV1 sequence header");
        let profile = bits.small(3)?;
        if profile > 2 {
            return Err(Error::Video("AV1 of an unknown profile"));
        }
        bits.bit()?;
        let is_reduced = bits.bit()?;
        let (level, high_tier) = if is_reduced {
            (bits.small(5)?, false)
        } else {
            Self::operating_points(&mut bits)?
        };
        let width_bits = bits.bits(4)? + 1;
        let height_bits = bits.bits(4)? + 1;
        let mut side = |count| {
            u16::try_from(bits.bits(count)? + 1).map_err(|_| Error::Video("an AV1 frame over 65535 pixels"))
        };
        let size = (side(width_bits)?, side(height_bits)?);
        if !is_reduced && bits.bit()? {
            bits.bits(7)?;
        }
        bits.bits(3)?;
        if !is_reduced {
            Self::tools(&mut bits)?;
        }
        bits.bits(3)?;
        Ok(Self {
            profile,
            level,
            high_tier,
            size,
            color: ColorConfig::parse(&mut bits, profile)?,
        })
    }

    /// From the timing information to the last operating point; level and tier of the first.
    fn operating_points(bits: &mut Bits<'_>) -> Result<(u8, bool), Error> {
        let mut delay_bits = None;
        if bits.bit()? {
            bits.bits(32)?;
            bits.bits(32)?;
            if bits.bit()? {
                bits.exp_golomb()?;
            }
            if bits.bit()? {
                delay_bits = Some(bits.bits(5)? + 1);
                bits.bits(32)?;
                bits.bits(10)?;
            }
        }
        let has_display_delay = bits.bit()?;
        let mut first = None;
        for _ in 0..=bits.bits(5)? {
            bits.bits(12)?;
            let level = bits.small(5)?;
            let high_tier = level > 7 && bits.bit()?;
            first.get_or_insert((level, high_tier));
            if let Some(delay_bits) = delay_bits
                && bits.bit()?
            {
                bits.bits(delay_bits)?;
                bits.bits(delay_bits)?;
                bits.bit()?;
            }
            if has_display_delay && bits.bit()? {
                bits.bits(4)?;
            }
        }
        Ok(first.unwrap_or_default())
    }

    /// The coding tools between the frame size and the loop filters.
    fn tools(bits: &mut Bits<'_>) -> Result<(), Error> {
        bits.bits(4)?;
        let has_order_hint = bits.bit()?;
        if has_order_hint {
            bits.bits(2)?;
        }
        let may_use_screen_content_tools = bits.bit()? || bits.bit()?;
        if may_use_screen_content_tools && !bits.bit()? {
            bits.bit()?;
        }
        if has_order_hint {
            bits.bits(3)?;
        }
        Ok(())
    }
}

impl ColorConfig {
    /// AV1 §5.5.2.
    fn parse(bits: &mut Bits<'_>, profile: u8) -> Result<Self, Error> {
        let mut color = Self {
            high_bit_depth: bits.bit()?,
            ..Self::default()
        };
        color.twelve_bit = profile == 2 && color.high_bit_depth && bits.bit()?;
        color.monochrome = profile != 1 && bits.bit()?;
        let described = if bits.bit()? {
            (bits.bits(8)?, bits.bits(8)?, bits.bits(8)?)
        } else {
            (2, 2, 2)
        };
        if color.monochrome {
            bits.bit()?;
            (color.subsampling_x, color.subsampling_y) = (true, true);
            return Ok(color);
        }
        // BT.709 primaries, sRGB transfer, identity matrix: RGB, which is never subsampled.
        if described == (1, 13, 0) {
            return Ok(color);
        }
        bits.bit()?;
        (color.subsampling_x, color.subsampling_y) = match profile {
            0 => (true, true),
            1 => (false, false),
            _ if color.twelve_bit => {
                let across = bits.bit()?;
                (across, across && bits.bit()?)
            }
            _ => (true, false),
        };
        if color.subsampling_x && color.subsampling_y {
            color.sample_position = bits.small(2)?;
        }
        Ok(color)
    }
}
