//! Finding a place in a stream by its granule positions (RFC 7845 §4.6).
#![warn(clippy::indexing_slicing)]

use std::io::{Read, Seek};

use super::{
    pages::{Damage, MAX_PAGE_BYTES, Page, Pages},
    reader::Reader,
};
use crate::{Error, opus::packet};

/// What a decoder hears before its output can be used: 80 ms.
const PRE_ROLL: u64 = 3840;

/// Below this many bytes, reading on is as fast as halving.
const CLOSE_BYTES: u64 = 2 * MAX_PAGE_BYTES as u64;

pub(super) fn seek<R: Read + Seek>(reader: &mut Reader<R>, sample: u64) -> Result<(), Error> {
    let start = start(reader)?;
    let wanted = sample.saturating_add(u64::from(reader.head.pre_skip));
    let from = start.saturating_add(wanted.saturating_sub(PRE_ROLL));
    let sound_at = reader.sound_at;
    match reader.pages.aside(|pages| page_before(pages, sound_at, from))? {
        Some((page, granule)) => {
            reader.pages.jump_past(&page)?;
            reader.position = granule.saturating_sub(start);
        }
        None => {
            reader.pages.jump(sound_at)?;
            reader.position = 0;
        }
    }
    reader.in_page = 0;
    reader.skip = wanted.saturating_sub(reader.position);
    Ok(())
}

pub(super) fn length<R: Read + Seek>(reader: &mut Reader<R>) -> Result<u64, Error> {
    let start = start(reader)?;
    let sound_at = reader.sound_at;
    let last = reader.pages.aside(|pages| {
        let mut piece_end = pages.source_length()?;
        // From the end on, a piece at a time.
        while piece_end > sound_at {
            let piece = piece_end.saturating_sub(CLOSE_BYTES).max(sound_at);
            pages.jump(piece)?;
            let mut last = None;
            while let Some((_, granule)) = our_page(pages, piece_end)? {
                last = last.max(Some(granule));
            }
            if last.is_some() {
                return Ok(last);
            }
            piece_end = piece;
        }
        Ok(None)
    })?;
    let samples = last.unwrap_or(start).saturating_sub(start);
    Ok(samples.saturating_sub(u64::from(reader.head.pre_skip)))
}

/// The granule position the stream starts from: that of its first page, less what is on it.
fn start<R: Read + Seek>(reader: &mut Reader<R>) -> Result<u64, Error> {
    if let Some(start) = reader.start {
        return Ok(start);
    }
    let sound_at = reader.sound_at;
    let start = reader.pages.aside(|pages| {
        pages.jump(sound_at)?;
        let mut samples = 0;
        while let Some(packet) = pages.next(Damage::Skip)? {
            samples += packet::duration_samples(&packet.data).unwrap_or(0) as u64;
            match packet.granule {
                // It may lie before the end of the packets, to trim them.
                Some(_) if packet.is_last => return Ok(0),
                Some(granule) => return Ok(granule.saturating_sub(samples)),
                None => {}
            }
        }
        Ok(0)
    })?;
    reader.start = Some(start);
    Ok(start)
}

/// The last page of the stream that ends at `granule` or before, and where that is.
fn page_before<R: Read + Seek>(
    pages: &mut Pages<R>,
    sound_at: u64,
    granule: u64,
) -> Result<Option<(Page, u64)>, Error> {
    let (mut low, mut high) = (sound_at, pages.source_length()?);
    let mut before = None;
    while high.saturating_sub(low) > CLOSE_BYTES {
        let middle = low + (high - low) / 2;
        pages.jump(middle)?;
        match our_page(pages, high)? {
            Some((page, at)) if at <= granule => {
                low = page.end();
                before = Some((page, at));
            }
            _ => high = middle,
        }
    }
    pages.jump(low)?;
    while let Some((page, at)) = our_page(pages, u64::MAX)? {
        if at > granule {
            break;
        }
        before = Some((page, at));
    }
    Ok(before)
}

/// The next page of the stream being read on which a packet ends, if it starts before `limit`, and its granule
/// position. `None` also at the first page of a chained stream, and where nothing can be read.
fn our_page<R: Read>(pages: &mut Pages<R>, limit: u64) -> Result<Option<(Page, u64)>, Error> {
    let serial = pages.serial();
    loop {
        match pages.next_page(Damage::Skip) {
            Ok(Some(page)) if page.start >= limit || page.is_first() => return Ok(None),
            Ok(Some(page)) => {
                if let Some(granule) = page.granule.filter(|_| Some(page.serial) == serial) {
                    return Ok(Some((page, granule)));
                }
            }
            Ok(None) | Err(Error::Ogg(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}
