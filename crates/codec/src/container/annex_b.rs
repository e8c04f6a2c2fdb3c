//! H.264 byte streams (H.264 annex B): NAL units with start codes between them.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

use std::io::Read;

use crate::Error;

/// Longest access unit, and longest NAL unit, that is read.
pub const MAX_UNIT_BYTES: usize = 6 << 20;

/// What is put before each NAL unit.
const START_CODE: [u8; 4] = [0, 0, 0, 1];

/// Bytes asked for at a time.
const CHUNK_BYTES: u64 = 1 << 16;

/// The NAL units of a piece of byte stream, headers included, start codes and padding not. What stands before the
/// first start code is skipped; bytes without any hold no unit.
pub fn nal_units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(bytes);
    std::iter::from_fn(move || {
        loop {
            let unit = rest?;
            let end = find_start_code(unit);
            rest = end.and_then(|end| after_start_code(unit.get(end..)?));
            let unit = trim_zeros(unit.get(..end.unwrap_or(unit.len()))?);
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    })
}

/// Cuts a byte stream into access units: what belongs to one picture, parameter sets and delimiters before it
/// included (H.264 §7.4.1.2.3). There are no times in such a stream; whoever plays it knows the frame rate.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    /// What was read; the unit being looked for begins at `front`, once `started`.
    buffer: Vec<u8>,
    /// At most `searched`.
    front: usize,
    /// No start code ends before the second byte behind this; at most the length of `buffer`.
    searched: usize,
    started: bool,
    ended: bool,
    /// The access unit being put together.
    unit: Vec<u8>,
    /// A slice is in it.
    has_picture: bool,
}

impl<R: Read> Reader<R> {
    /// Reads nothing yet.
    pub const fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            front: 0,
            searched: 0,
            started: false,
            ended: false,
            unit: Vec::new(),
            has_picture: false,
        }
    }

    /// The next access unit, each NAL unit behind a start code of four bytes; `None` at the end. Parameter sets
    /// that no picture follows are left out.
    ///
    /// # Errors
    /// [`Error::Video`] for a unit over [`MAX_UNIT_BYTES`] or a stream without start code within as many bytes;
    /// [`Error::Io`].
    pub fn next_unit(&mut self) -> Result<Option<Vec<u8>>, Error> {
        while let Some(nal) = self.next_nal()? {
            let kind = nal.first().map_or(0, |header| header & 0x1f);
            let is_slice = matches!(kind, 1..=5);
            // A slice that begins with macroblock 0 is the first of its picture: ue(0) is a single one.
            let is_first_slice = matches!(kind, 1 | 2 | 5) && nal.get(1).is_none_or(|byte| byte & 0x80 != 0);
            let done = (self.has_picture && (is_first_slice || matches!(kind, 6..=9 | 14..=18))).then(|| {
                self.has_picture = false;
                std::mem::take(&mut self.unit)
            });
            if self.unit.len() + nal.len() + START_CODE.len() > MAX_UNIT_BYTES {
                return Err(Error::Video("an H.264 access unit over 6 MiB"));
            }
            self.unit.extend(START_CODE);
            self.unit.extend(nal);
            self.has_picture |= is_slice;
            if done.is_some() {
                return Ok(done);
            }
        }
        let is_whole = std::mem::take(&mut self.has_picture);
        Ok(is_whole.then(|| std::mem::take(&mut self.unit)))
    }

    fn next_nal(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let tail = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(at) = find_start_code(tail) {
                let at = self.searched + at;
                let nal = trim_zeros(self.buffer.get(self.front..at).unwrap_or_default()).to_vec();
                self.front = at + 3;
                self.searched = self.front;
                if std::mem::replace(&mut self.started, true) && !nal.is_empty() {
                    return Ok(Some(nal));
                }
                continue;
            }
            if self.ended {
                let nal = trim_zeros(self.buffer.get(self.front..).unwrap_or_default()).to_vec();
                self.buffer.clear();
                (self.front, self.searched) = (0, 0);
                return Ok((std::mem::take(&mut self.started) && !nal.is_empty()).then_some(nal));
            }
            self.buffer.drain(..self.front);
            self.front = 0;
            // A start code may be cut by the end of what is there.
            self.searched = self.buffer.len().saturating_sub(2);
            if self.buffer.len() > MAX_UNIT_BYTES {
                return Err(Error::Video("no H.264 start code within 6 MiB"));
            }
            let read = self
                .source
                .by_ref()
                .take(CHUNK_BYTES)
                .read_to_end(&mut self.buffer)?;
            self.ended = read == 0;
        }
    }
}

/// Where the next 00 00 01 is.
fn find_start_code(bytes: &[u8]) -> Option<usize> {
    bytes.windows(3).position(|window| window == [0, 0, 1])
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(find_start_code(bytes)? + 3..)
}

/// A unit never ends in a zero; those that stand there belong to the next start code, or pad.
fn trim_zeros(unit: &[u8]) -> &[u8] {
    let end = unit
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    unit.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut reader = Reader::new(bytes);
        std::iter::from_fn(|| reader.next_unit().unwrap()).collect()
    }

    #[test]
    fn finds_the_units_between_start_codes_of_either_length() {
        let stream = [
            9, 9, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0x65, 0x88,
        ];
        let found: Vec<&[u8]> = nal_units(&stream).collect();
        assert_eq!(found, [&[0x67, 1, 2][..], &[0x68, 3], &[0x65, 0x88]]);
        assert_eq!(nal_units(&[0x65, 1, 2]).count(), 0);
    }

    #[test]
    fn slices_of_one_picture_stay_together_and_parameter_sets_go_with_the_next() {
        let nal = |bytes: &[u8]| [&START_CODE[..], bytes].concat();
        let first = [
            nal(&[0x67, 1]),
            nal(&[0x68, 1]),
            nal(&[0x65, 0x80]),
            nal(&[0x65, 0x40]),
        ]
        .concat();
        let second = nal(&[0x41, 0x80, 7]);
        let third = [nal(&[0x06, 5]), nal(&[0x41, 0x80, 8])].concat();
        let dangling = nal(&[0x67, 1]);
        let stream = [&first[..], &second, &third, &dangling].concat();
        assert_eq!(units(&stream), [first, second, third]);
    }

    #[test]
    fn refuses_a_stream_that_never_starts_a_unit() {
        let mut reader = Reader::new(std::io::repeat(5));
        assert!(matches!(
            reader.next_unit(),
            Err(Error::Video("no H.264 start code within 6 MiB"))
        ));
        let endless: Vec<u8> = [0, 0, 1, 0x41, 0x10].repeat(3 << 19);
        let mut reader = Reader::new(&endless[..]);
        assert!(matches!(
            reader.next_unit(),
            Err(Error::Video("an H.264 access unit over 6 MiB"))
        ));
    }

    proptest! {
        #[test]
        fn the_reader_sees_the_same_units_however_the_bytes_come(
            bytes in proptest::collection::vec(prop_oneof![3 => 0u8..2, 1 => any::<u8>()], 0..300),
            step in 1usize..5,
        ) {
            struct Slow<'a>(&'a [u8], usize);
            impl Read for Slow<'_> {
                fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
                    let most = out.len().min(self.1);
                    self.0.read(&mut out[..most])
                }
            }
            let mut reader = Reader::new(Slow(&bytes, step));
            let mut cut = Vec::new();
            while let Some(unit) = reader.next_nal().unwrap() {
                cut.push(unit);
            }
            let whole: Vec<Vec<u8>> = nal_units(&bytes).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(cut, whole);
        }
    }
}
