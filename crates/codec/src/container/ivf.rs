//! IVF: the plain container in which encoders and test tools keep VP8, VP9 and AV1 (and some H.264) pictures.
//!
//! A header of 32 bytes, then each frame with its length and time; numbers are little-endian.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

use std::{
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    time::Duration,
};

use super::video::VideoFormat;
use crate::Error;

/// Longest frame read or written: twice an uncompressed picture of 1920 by 1080.
pub const MAX_FRAME_BYTES: usize = 6 << 20;

const HEADER_BYTES: u16 = 32;

/// What a file says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IvfHeader {
    /// The coding.
    pub format: VideoFormat,
    /// In pixels; later frames may have other sizes.
    pub width: u16,
    /// In pixels.
    pub height: u16,
    /// Units of time in `rate.1` seconds: 30 and 1 count frames, 90000 and 1 RTP time. Neither is 0.
    pub rate: (u32, u32),
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IvfFrame {
    /// When it is shown, from the start, rounded down to a nanosecond.
    pub timestamp: Duration,
    /// At least one byte.
    pub data: Vec<u8>,
}

/// Reads a file frame by frame.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    header: IvfHeader,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::Ivf`] when it is none, of an unknown coding, or without a unit of time; [`Error::Io`].
    pub fn new(mut source: R) -> Result<Self, Error> {
        let mut bytes = [0; HEADER_BYTES as usize];
        if !fill(&mut source, &mut bytes)? {
            return Err(Error::Ivf("it ends before the header does"));
        }
        let mut rest = bytes.as_slice();
        if take(&mut rest) != *b"DKIF" || take(&mut rest) != [0, 0] {
            return Err(Error::Ivf("it does not start with DKIF and version 0"));
        }
        let length = u16::from_le_bytes(take(&mut rest));
        let format = match &take(&mut rest) {
            b"VP80" => VideoFormat::Vp8,
            b"VP90" => VideoFormat::Vp9,
            b"AV01" => VideoFormat::Av1,
            b"H264" => VideoFormat::H264,
            _ => return Err(Error::Ivf("its coding is neither VP8, VP9, AV1 nor H.264")),
        };
        let (width, height) = (
            u16::from_le_bytes(take(&mut rest)),
            u16::from_le_bytes(take(&mut rest)),
        );
        let rate = (
            u32::from_le_bytes(take(&mut rest)),
            u32::from_le_bytes(take(&mut rest)),
        );
        if rate.0 == 0 || rate.1 == 0 {
            return Err(Error::Ivf("it has no unit of time"));
        }
        let more = length
            .checked_sub(HEADER_BYTES)
            .ok_or(Error::Ivf("its header is too short"))?;
        std::io::copy(&mut source.by_ref().take(u64::from(more)), &mut std::io::sink())?;
        Ok(Self {
            source,
            header: IvfHeader {
                format,
                width,
                height,
                rate,
            },
        })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &IvfHeader {
        &self.header
    }

    /// The next frame; `None` at the end, and where the file breaks off. Empty frames, which stand for dropped
    /// ones, are left out.
    ///
    /// # Errors
    /// [`Error::Ivf`] for a frame over [`MAX_FRAME_BYTES`]; [`Error::Io`].
    pub fn next_frame(&mut self) -> Result<Option<IvfFrame>, Error> {
        loop {
            let mut head = [0; 12];
            if !fill(&mut self.source, &mut head)? {
                return Ok(None);
            }
            let mut rest = head.as_slice();
            let length = u32::from_le_bytes(take(&mut rest));
            let units = u64::from_le_bytes(take(&mut rest));
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > MAX_FRAME_BYTES {
                return Err(Error::Ivf("a frame over 6 MiB"));
            }
            // Grows with what is there, not with what is announced.
            let mut data = Vec::new();
            self.source.by_ref().take(length as u64).read_to_end(&mut data)?;
            if data.len() < length {
                return Ok(None);
            }
            if !data.is_empty() {
                let timestamp = self.header.time(units);
                return Ok(Some(IvfFrame { timestamp, data }));
            }
        }
    }
}

impl IvfHeader {
    fn time(&self, units: u64) -> Duration {
        let nanos = u128::from(units) * u128::from(self.rate.1) * 1_000_000_000 / u128::from(self.rate.0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// The unit nearest to a time.
    fn units(&self, time: Duration) -> u64 {
        let per_second = 1_000_000_000 * u128::from(self.rate.1);
        let units = time.as_nanos().saturating_mul(u128::from(self.rate.0));
        u64::try_from(units.saturating_add(per_second / 2) / per_second).unwrap_or(u64::MAX)
    }
}

/// Writes a file frame by frame. Killed at any time it leaves a file that plays up to the last whole frame.
#[derive(Debug)]
pub struct Writer<W: Write + Seek> {
    sink: W,
    header: IvfHeader,
    frames: u32,
}

impl<W: Write + Seek> Writer<W> {
    /// Writes the header; the sink has to be at its start.
    ///
    /// # Errors
    /// [`Error::Setting`] for a rate with a zero in it; [`Error::Io`].
    pub fn create(sink: W, header: IvfHeader) -> Result<Self, Error> {
        if header.rate.0 == 0 || header.rate.1 == 0 {
            return Err(Error::Setting("a rate with a zero in it"));
        }
        let mut writer = Self {
            sink,
            header,
            frames: 0,
        };
        writer.write_header()?;
        Ok(writer)
    }

    /// Adds a frame; its time is rounded to the file's unit.
    ///
    /// # Errors
    /// [`Error::Buffer`] for an empty frame or one over [`MAX_FRAME_BYTES`]; [`Error::Io`].
    pub fn write_frame(&mut self, timestamp: Duration, data: &[u8]) -> Result<(), Error> {
        let length = match u32::try_from(data.len()) {
            Ok(length) if !data.is_empty() && data.len() <= MAX_FRAME_BYTES => length,
            _ => {
                return Err(Error::Buffer {
                    expected: "1 byte to 6 MiB",
                    got: data.len(),
                });
            }
        };
        self.sink.write_all(&length.to_le_bytes())?;
        self.sink.write_all(&self.header.units(timestamp).to_le_bytes())?;
        self.sink.write_all(data)?;
        self.frames = self.frames.saturating_add(1);
        Ok(())
    }

    /// Fills in the number of frames and returns the sink.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(mut self) -> Result<W, Error> {
        self.sink.seek(SeekFrom::Start(0))?;
        self.write_header()?;
        self.sink.seek(SeekFrom::End(0))?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn write_header(&mut self) -> Result<(), Error> {
        let IvfHeader {
            format,
            width,
            height,
            rate,
        } = self.header;
        let mut out = b"DKIF\0\0".to_vec();
        out.extend(HEADER_BYTES.to_le_bytes());
        out.extend(match format {
            VideoFormat::Vp8 => b"VP80",
            VideoFormat::Vp9 => b"VP90",
            VideoFormat::Av1 => b"AV01",
            VideoFormat::H264 => b"H264",
        });
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend(rate.0.to_le_bytes());
        out.extend(rate.1.to_le_bytes());
        out.extend(self.frames.to_le_bytes());
        out.extend([0; 4]);
        Ok(self.sink.write_all(&out)?)
    }
}

/// Fills the buffer, or says `false` when the file ends first.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> Result<bool, Error> {
    match source.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The next bytes of a header that is known to be long enough; zeros behind it.
fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    match rest.split_first_chunk() {
        Some((bytes, after)) => {
            *rest = after;
            *bytes
        }
        None => [0; N],
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    const HEADER: IvfHeader = IvfHeader {
        format: VideoFormat::Vp8,
        width: 64,
        height: 48,
        rate: (90_000, 1),
    };

    fn file(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = Writer::create(Cursor::new(Vec::new()), HEADER).unwrap();
        for (i, frame) in (0..).zip(frames) {
            writer.write_frame(Duration::from_millis(40) * i, frame).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn frames(bytes: &[u8]) -> Result<Vec<IvfFrame>, Error> {
        let mut reader = Reader::new(bytes)?;
        std::iter::from_fn(|| reader.next_frame().transpose()).collect()
    }

    #[test]
    fn refuses_what_is_no_ivf_file() {
        let reason = |bytes: &[u8]| match Reader::new(bytes) {
            Err(Error::Ivf(reason)) => reason,
            other => panic!("{other:?}"),
        };
        let good = file(&[vec![1; 10]]);
        let with = |at: usize, value: &[u8]| {
            let mut bad = good.clone();
            bad[at..at + value.len()].copy_from_slice(value);
            bad
        };
        assert_eq!(reason(&good[..31]), "it ends before the header does");
        let no_magic = "it does not start with DKIF and version 0";
        assert_eq!(reason(&with(0, b"R")), no_magic);
        assert_eq!(reason(&with(4, &[1])), no_magic);
        assert_eq!(reason(&with(6, &[31])), "its header is too short");
        let unknown = "its coding is neither VP8, VP9, AV1 nor H.264";
        assert_eq!(reason(&with(8, b"XVID")), unknown);
        assert_eq!(reason(&with(16, &[0; 4])), "it has no unit of time");
        assert_eq!(reason(&with(20, &[0; 4])), "it has no unit of time");
        let long = with(32, &(6u32 << 20 | 1).to_le_bytes());
        assert!(matches!(frames(&long), Err(Error::Ivf("a frame over 6 MiB"))));
        assert_eq!(good[24..28], [1, 0, 0, 0], "the number of frames is filled in");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_up_to_any_cut(
            data in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..10),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = file(&data);
            let all = frames(&bytes).unwrap();
            prop_assert_eq!(all.len(), data.len());
            for (i, (frame, data)) in (0..).zip(all.iter().zip(&data)) {
                prop_assert_eq!(&frame.data, data);
                prop_assert_eq!(frame.timestamp, Duration::from_millis(40) * i);
            }
            let cut = 32 + cut.index(bytes.len() - 31);
            let whole = data.iter().scan(32, |end, data| {
                *end += 12 + data.len();
                Some(*end)
            }).take_while(|end| *end <= cut).count();
            prop_assert_eq!(frames(&bytes[..cut]).unwrap(), &all[..whole]);
        }

        #[test]
        fn no_bytes_can_break_it(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), known in any::<bool>()) {
            if known {
                bytes.splice(0..bytes.len().min(12), *b"DKIF\0\0\x20\0VP80");
            }
            let _ = frames(&bytes);
        }
    }
}
