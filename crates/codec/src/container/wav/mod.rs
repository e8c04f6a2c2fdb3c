//! RIFF/WAVE files: any rate from 8 to 192 kHz, any channels, 8 to 32 bit integers or float in; 48 kHz mono
//! 16 bit out. The one place that knows `hound`.

use std::{
    fs::File,
    io::{BufReader, BufWriter, ErrorKind, Read, Seek, Write},
    path::Path,
};

use hound::{SampleFormat, WavSpec};

use super::ReadLimits;
use crate::{Error, SAMPLE_RATE_HZ, format::saturate, resample::Resampler};

/// Most channels that are mixed down to one.
const MAX_CHANNELS: u16 = 64;

/// Most bytes of a file: its length field is 32 bits wide, and the header is 44 bytes.
const MAX_SAMPLES: u64 = (u32::MAX as u64 - 44) / 2;

/// Opens and reads a whole file as 48 kHz mono 16 bit.
///
/// # Errors
/// [`Error::Io`] when it cannot be opened; otherwise as [`read`].
pub fn open(path: impl AsRef<Path>, limits: ReadLimits) -> Result<Vec<i16>, Error> {
    read(BufReader::new(File::open(path)?), limits)
}

/// Reads a whole file as 48 kHz mono 16 bit: channels are averaged, other rates resampled.
///
/// A file that ends early (a recording that was cut off) gives what is there.
///
/// # Errors
/// [`Error::NotWav`] for anything else than RIFF/WAVE, [`Error::Wav`] for a broken header, a compressed encoding
/// or an unusual rate, [`Error::TooLong`] beyond `limits`.
pub fn read(mut reader: impl Read, limits: ReadLimits) -> Result<Vec<i16>, Error> {
    let mut magic = [0; 12];
    match reader.read_exact(&mut magic) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(Error::NotWav("too short")),
        Err(error) => return Err(error.into()),
    }
    let [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'] = magic else {
        return Err(Error::NotWav("it does not start with RIFF and WAVE"));
    };
    let wav = hound::WavReader::new(magic.as_slice().chain(reader)).map_err(read_error)?;
    let spec = wav.spec();
    if spec.channels == 0 || spec.channels > MAX_CHANNELS {
        return Err(Error::Wav("it has no channels, or more than 64"));
    }
    let resampler = Resampler::new(spec.sample_rate)
        .map_err(|_| Error::Wav("its sample rate is not 8000 to 192000 Hz"))?;
    match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Int, 8 | 16 | 24 | 32) => {
            let full_scale = 2f32.powi(i32::from(spec.bits_per_sample) - 1);
            let samples = wav
                .into_samples::<i32>()
                .map(|s| s.map(|s| s as f32 / full_scale));
            collect(samples, spec, resampler, limits)
        }
        (SampleFormat::Float, 32) => collect(wav.into_samples::<f32>(), spec, resampler, limits),
        _ => Err(Error::Wav(
            "its samples are neither 8, 16, 24, 32 bit integers nor 32 bit floats",
        )),
    }
}

fn collect(
    samples: impl Iterator<Item = hound::Result<f32>>,
    spec: WavSpec,
    mut resampler: Resampler,
    limits: ReadLimits,
) -> Result<Vec<i16>, Error> {
    let most = limits.samples(spec.sample_rate);
    let scale = 32_768.0 / f32::from(spec.channels);
    let mut out = Vec::new();
    let mut block = Vec::with_capacity(4096);
    let (mut sum, mut channel, mut frames) = (0.0, 0, 0u64);
    for sample in samples {
        match sample {
            Ok(sample) => sum += sample,
            Err(hound::Error::IoError(error)) if ended_early(&error) => break,
            Err(error) => return Err(read_error(error)),
        }
        channel += 1;
        if channel < spec.channels {
            continue;
        }
        frames += 1;
        if frames > most {
            return Err(limits.too_long());
        }
        block.push(saturate(sum * scale));
        (sum, channel) = (0.0, 0);
        if block.len() == block.capacity() {
            resampler.process(&block, &mut out)?;
            block.clear();
        }
    }
    resampler.process(&block, &mut out)?;
    resampler.finish(&mut out)?;
    Ok(out)
}

fn read_error(error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(error) if ended_early(&error) => Error::Wav("it ends before the sound starts"),
        hound::Error::IoError(error) => Error::Io(error),
        hound::Error::FormatError(reason) => Error::Wav(reason),
        hound::Error::TooWide => Error::Wav("a sample is wider than announced"),
        hound::Error::UnfinishedSample => Error::Wav("its length is not a whole number of samples"),
        hound::Error::Unsupported => Error::Wav("its encoding is not plain PCM or float"),
        hound::Error::InvalidSampleFormat => Error::Wav("its sample format is inconsistent"),
    }
}

/// Whether the file simply ended; hound says so with an error of its own making, of kind `Other`.
fn ended_early(error: &std::io::Error) -> bool {
    error.raw_os_error().is_none() && matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::Other)
}

/// Writes 48 kHz mono 16 bit PCM.
///
/// The header is brought up to date once a second of sound, so the file is whole but for its last second even
/// when the program is killed.
pub struct WavWriter<W: Write + Seek> {
    inner: hound::WavWriter<W>,
    samples: u64,
    /// Samples since the header was last written; less than a second.
    unflushed: usize,
}

impl WavWriter<BufWriter<File>> {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::new(BufWriter::new(File::create(path)?))
    }
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes to anything that can seek.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn new(writer: W) -> Result<Self, Error> {
        let spec = WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE_HZ,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let inner = hound::WavWriter::new(writer, spec).map_err(write_error)?;
        Ok(Self {
            inner,
            samples: 0,
            unflushed: 0,
        })
    }

    /// Appends samples.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::TooLong`] when the file would pass 4 GiB (12 hours); nothing is written then.
    pub fn write(&mut self, samples: &[i16]) -> Result<(), Error> {
        let total = self.samples + samples.len() as u64;
        if total > MAX_SAMPLES {
            return Err(Error::TooLong {
                limit_seconds: MAX_SAMPLES / u64::from(SAMPLE_RATE_HZ),
            });
        }
        for &sample in samples {
            self.inner.write_sample(sample).map_err(write_error)?;
        }
        self.samples = total;
        self.unflushed += samples.len();
        if self.unflushed >= SAMPLE_RATE_HZ as usize {
            self.inner.flush().map_err(write_error)?;
            self.unflushed = 0;
        }
        Ok(())
    }

    /// Samples written so far.
    #[must_use]
    pub const fn samples(&self) -> u64 {
        self.samples
    }

    /// Completes the file. Dropping the writer does the same, but cannot tell whether it worked.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<(), Error> {
        self.inner.finalize().map_err(write_error)
    }
}

impl<W: Write + Seek> std::fmt::Debug for WavWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavWriter")
            .field("samples", &self.samples)
            .finish_non_exhaustive()
    }
}

fn write_error(error: hound::Error) -> Error {
    match error {
        hound::Error::IoError(error) => Error::Io(error),
        _ => Error::Wav("the writer was handed an impossible format"),
    }
}

#[cfg(test)]
mod tests;
