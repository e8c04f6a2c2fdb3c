//! H.264 parameter sets, and the record that stands before a track's pictures (ISO/IEC 14496-15 §5.3.3.1).

use super::bits::Bits;
use crate::{Error, container::annex_b};

/// Coded slice of an IDR picture (H.264 table 7-1).
const IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;
const ACCESS_UNIT_DELIMITER: u8 = 9;

/// Most sequence parameter sets the record has room for.
const MAX_SPS: usize = 31;

/// Most picture parameter sets the record has room for.
const MAX_PPS: usize = 255;

/// The `avcC` record of an H.264 track: profile, level and parameter sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvcConfig {
    record: Vec<u8>,
    size: (u16, u16),
}

impl AvcConfig {
    /// From an access unit with parameter sets in it, as browsers send with each keyframe, in Annex B form.
    ///
    /// # Errors
    /// [`Error::Video`] when a sequence or picture parameter set is missing or malformed.
    pub fn from_annex_b(access_unit: &[u8]) -> Result<Self, Error> {
        let (mut sps, mut pps) = (Vec::new(), Vec::new());
        for unit in annex_b::nal_units(access_unit) {
            match nal_type(unit) {
                SPS if !sps.contains(&unit) => sps.push(unit),
                PPS if !pps.contains(&unit) => pps.push(unit),
                _ => {}
            }
        }
        Self::new(&sps, &pps)
    }

    /// From parameter sets as NAL units, headers included.
    ///
    /// # Errors
    /// [`Error::Video`] without any, for malformed ones, or for more than the record has room for (31 and 255).
    pub fn new(sps: &[&[u8]], pps: &[&[u8]]) -> Result<Self, Error> {
        let (Some(first), false) = (sps.first(), pps.is_empty()) else {
            return Err(Error::Video("H.264 without parameter sets"));
        };
        if sps.len() > MAX_SPS || pps.len() > MAX_PPS {
            return Err(Error::Video("too many H.264 parameter sets"));
        }
        let Some(&[_, profile, constraints, level]) = first.first_chunk() else {
            return Err(Error::Video(TRUNCATED));
        };
        let parsed = Sps::parse(first)?;
        // Version 1; lengths of four bytes; the upper bits are reserved and set.
        let mut record = vec![1, profile, constraints, level, 0xff];
        record.push(0xe0 | u8::try_from(sps.len()).unwrap_or(0));
        for unit in sps {
            set(&mut record, unit)?;
        }
        record.push(u8::try_from(pps.len()).unwrap_or(0));
        for unit in pps {
            set(&mut record, unit)?;
        }
        if matches!(profile, 100 | 110 | 122 | 144) {
            record.extend([
                0xfc | parsed.chroma_format,
                0xf8 | parsed.luma_depth,
                0xf8 | parsed.chroma_depth,
                0,
            ]);
        }
        Ok(Self {
            record,
            size: parsed.size,
        })
    }

    /// The record.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.record
    }

    /// Width and height in pixels, after cropping.
    #[must_use]
    pub const fn size(&self) -> (u16, u16) {
        self.size
    }
}

/// An access unit with each NAL unit's length before it, four bytes, instead of start codes. Delimiters go; parameter
/// sets stay, for they may have changed since the record was written.
pub(in crate::container) fn length_prefixed(access_unit: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    for unit in annex_b::nal_units(access_unit) {
        if nal_type(unit) == ACCESS_UNIT_DELIMITER {
            continue;
        }
        let length = u32::try_from(unit.len()).map_err(|_| Error::Video("an H.264 unit over 4 GiB"))?;
        out.extend(length.to_be_bytes());
        out.extend(unit);
    }
    Ok(())
}

/// Whether a picture is in it with which a decoder can start.
pub(super) fn has_idr(access_unit: &[u8]) -> bool {
    annex_b::nal_units(access_unit).any(|unit| nal_type(unit) == IDR)
}

fn nal_type(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |header| header & 0x1f)
}

fn set(record: &mut Vec<u8>, unit: &[u8]) -> Result<(), Error> {
    let length = u16::try_from(unit.len()).map_err(|_| Error::Video("an H.264 parameter set over 64 KiB"))?;
    record.extend(length.to_be_bytes());
    record.extend(unit);
    Ok(())
}

const TRUNCATED: &str = "a truncated H.264 sequence parameter set";
const BROKEN: Error = Error::Video("a malformed H.264 sequence parameter set");

/// What the record needs to know of a sequence parameter set (H.264 §7.3.2.1.1).
struct Sps {
    chroma_format: u8,
    /// Bits beyond eight.
    luma_depth: u8,
    chroma_depth: u8,
    size: (u16, u16),
}

impl Sps {
    fn parse(unit: &[u8]) -> Result<Self, Error> {
        let plain = without_emulation_prevention(unit);
        let mut bits = Bits::new(&plain, TRUNCATED);
        bits.bits(8)?;
        let profile = bits.bits(8)?;
        bits.bits(16)?;
        bits.exp_golomb()?;
        let (mut chroma_format, mut luma_depth, mut chroma_depth, mut planes) = (1, 0, 0, false);
        if matches!(
            profile,
            100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
        ) {
            chroma_format = at_most(&mut bits, 3)?;
            planes = chroma_format == 3 && bits.bit()?;
            luma_depth = at_most(&mut bits, 6)?;
            chroma_depth = at_most(&mut bits, 6)?;
            bits.bit()?;
            if bits.bit()? {
                for list in 0..if chroma_format == 3 { 12 } else { 8 } {
                    if bits.bit()? {
                        skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        bits.exp_golomb()?;
        match bits.exp_golomb()? {
            0 => drop(bits.exp_golomb()?),
            1 => {
                bits.bit()?;
                bits.signed_exp_golomb()?;
                bits.signed_exp_golomb()?;
                for _ in 0..at_most(&mut bits, 255)? {
                    bits.signed_exp_golomb()?;
                }
            }
            2 => {}
            _ => return Err(BROKEN),
        }
        bits.exp_golomb()?;
        bits.bit()?;
        let width = macroblocks(&mut bits)?;
        let map_units = macroblocks(&mut bits)?;
        let fields = u32::from(!bits.bit()?);
        if fields == 1 {
            bits.bit()?;
        }
        let height = map_units * (1 + fields);
        bits.bit()?;
        let mut crop = [0; 4];
        if bits.bit()? {
            for side in &mut crop {
                *side = bits.exp_golomb()?;
            }
        }
        // How many pixels one unit of cropping is (§7.4.2.1.1, table 6-1).
        let (across, down) = match chroma_format {
            1 if !planes => (2, 2),
            2 if !planes => (2, 1),
            _ => (1, 1),
        };
        let [left, right, top, bottom] = crop;
        Ok(Self {
            chroma_format,
            luma_depth,
            chroma_depth,
            size: (
                cropped(width, left, right, across)?,
                cropped(height, top, bottom, down * (1 + fields))?,
            ),
        })
    }
}

fn at_most(bits: &mut Bits<'_>, most: u8) -> Result<u8, Error> {
    match u8::try_from(bits.exp_golomb()?) {
        Ok(value) if value <= most => Ok(value),
        _ => Err(BROKEN),
    }
}

/// A side in macroblocks, less one: to pixels, which have to fit the file's 16 bits.
fn macroblocks(bits: &mut Bits<'_>) -> Result<u32, Error> {
    match bits.exp_golomb()? {
        value @ 0..4095 => Ok((value + 1) * 16),
        _ => Err(BROKEN),
    }
}

fn cropped(side: u32, before: u32, after: u32, unit: u32) -> Result<u16, Error> {
    let cut = before
        .checked_add(after)
        .and_then(|cut| cut.checked_mul(unit))
        .ok_or(BROKEN)?;
    match side.checked_sub(cut).map(u16::try_from) {
        Some(Ok(side @ 1..)) => Ok(side),
        _ => Err(BROKEN),
    }
}

/// §7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut Bits<'_>, length: u32) -> Result<(), Error> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..length {
        if next != 0 {
            next = (last + bits.signed_exp_golomb()?).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

/// Takes out each 3 that stands after two zeros (§7.4.1).
fn without_emulation_prevention(unit: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}
