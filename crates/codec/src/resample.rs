//! Sample rates: any to the 48 kHz this crate works in, and from there to any other.
//!
//! - [`Resampler`] converts clips and files between any two rates, and takes its delay out;
//! - [`BlockResampler`] converts a call: 10 ms in, exactly 10 ms out, for ever.
//!
//! Both stand on `rubato`.

mod block;
#[cfg(test)]
mod tests;

pub use block::BlockResampler;

use std::fmt;

use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction, audioadapter_buffers::direct::InterleavedSlice,
};

use crate::{Error, SAMPLE_RATE_HZ, format::saturate};

/// Lowest rate converted, in hertz.
pub const MIN_RATE_HZ: u32 = 8_000;

/// Highest rate converted, in hertz.
pub const MAX_RATE_HZ: u32 = 192_000;

/// Input samples converted at a time.
const CHUNK: usize = 1024;

/// Length of the interpolation filter, in input samples.
const SINC_LENGTH: usize = 128;

/// Converts one channel from one rate to another, streaming, with the filter's delay taken out: *n* samples in make
/// ⌈*n* · output rate / input rate⌉ samples out once [`finish`](Self::finish) was called.
pub struct Resampler {
    /// `None` when both rates are the same.
    converter: Option<Converter>,
}

struct Converter {
    inner: Async<f32>,
    input_rate_hz: u32,
    output_rate_hz: u32,
    /// Samples waiting for a whole chunk; shorter than [`CHUNK`] between calls.
    pending: Vec<f32>,
    scratch: Vec<f32>,
    /// Samples still to be dropped from the front of the output.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A converter from `input_rate_hz`, [`MIN_RATE_HZ`] to [`MAX_RATE_HZ`], to 48 kHz.
    ///
    /// # Errors
    /// [`Error::Setting`] for any other rate.
    pub fn new(input_rate_hz: u32) -> Result<Self, Error> {
        Self::between(input_rate_hz, SAMPLE_RATE_HZ)
    }

    /// A converter between two rates, both [`MIN_RATE_HZ`] to [`MAX_RATE_HZ`]. What the lower of the two cannot hold is
    /// filtered out.
    ///
    /// # Errors
    /// [`Error::Setting`] for any other rate.
    pub fn between(input_rate_hz: u32, output_rate_hz: u32) -> Result<Self, Error> {
        check_rate(input_rate_hz)?;
        check_rate(output_rate_hz)?;
        if input_rate_hz == output_rate_hz {
            return Ok(Self { converter: None });
        }
        let parameters = SincInterpolationParameters::new(SINC_LENGTH, WindowFunction::BlackmanHarris2)
            .oversampling_factor(256)
            .interpolation(SincInterpolationType::Quadratic);
        let ratio = f64::from(output_rate_hz) / f64::from(input_rate_hz);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input)
            .map_err(|_| Error::Setting("sample rate cannot be converted"))?;
        let scratch = vec![0.0; inner.output_frames_max()];
        // Silence before the sound, so that the filter's delay is whole samples at both rates; where that took too much
        // of it (odd rates), the delay is out to the nearest sample.
        let before = (0..CHUNK)
            .find(|before| {
                ((SINC_LENGTH / 2 + before) as u64 * u64::from(output_rate_hz))
                    .is_multiple_of(u64::from(input_rate_hz))
            })
            .unwrap_or(0);
        // The peak of the filter; rubato's `output_delay` is up to one sample more.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "10 to 26 111"
        )]
        let delay = ((SINC_LENGTH / 2 + before) as f64 * ratio - 1.0).round() as usize;
        let mut pending = Vec::with_capacity(CHUNK);
        pending.resize(before, 0.0);
        Ok(Self {
            converter: Some(Converter {
                inner,
                input_rate_hz,
                output_rate_hz,
                pending,
                scratch,
                delay,
                taken: 0,
                given: 0,
            }),
        })
    }

    /// Takes input and appends what is ready to `out`; the rest comes later.
    ///
    /// # Errors
    /// [`Error::Setting`] when the converter refuses, which no input can bring about.
    pub fn process(&mut self, input: &[i16], out: &mut Vec<i16>) -> Result<(), Error> {
        match &mut self.converter {
            None => out.extend_from_slice(input),
            Some(converter) => {
                for &sample in input {
                    converter.pending.push(f32::from(sample));
                    converter.taken += 1;
                    if converter.pending.len() == CHUNK {
                        converter.convert(out)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the stream: appends what is still on its way.
    ///
    /// # Errors
    /// As [`process`](Self::process).
    pub fn finish(mut self, out: &mut Vec<i16>) -> Result<(), Error> {
        let Some(converter) = &mut self.converter else {
            return Ok(());
        };
        let total = (converter.taken * u64::from(converter.output_rate_hz))
            .div_ceil(u64::from(converter.input_rate_hz));
        while converter.given < total {
            converter.convert(out)?;
        }
        let surplus = usize::try_from(converter.given - total).unwrap_or(0);
        out.truncate(out.len().saturating_sub(surplus));
        Ok(())
    }

    /// Converts a whole clip to 48 kHz at once.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn convert(input_rate_hz: u32, input: &[i16]) -> Result<Vec<i16>, Error> {
        Self::convert_between(input_rate_hz, SAMPLE_RATE_HZ, input)
    }

    /// Converts a whole clip at once.
    ///
    /// # Errors
    /// As [`between`](Self::between).
    pub fn convert_between(
        input_rate_hz: u32,
        output_rate_hz: u32,
        input: &[i16],
    ) -> Result<Vec<i16>, Error> {
        let mut resampler = Self::between(input_rate_hz, output_rate_hz)?;
        let mut out = Vec::new();
        resampler.process(input, &mut out)?;
        resampler.finish(&mut out)?;
        Ok(out)
    }
}

impl Converter {
    /// Converts what is pending, filled up with silence to a whole chunk.
    fn convert(&mut self, out: &mut Vec<i16>) -> Result<(), Error> {
        let refused = Error::Setting("the sample rate converter refused its input");
        self.pending.resize(CHUNK, 0.0);
        let room = self.scratch.len();
        let (Ok(input), Ok(mut output)) = (
            InterleavedSlice::new(self.pending.as_slice(), 1, CHUNK),
            InterleavedSlice::new_mut(self.scratch.as_mut_slice(), 1, room),
        ) else {
            return Err(refused);
        };
        let Ok((_, made)) = self
            .inner
            .process_into_buffer(&input, &mut output, None::<&Indexing>)
        else {
            return Err(refused);
        };
        self.pending.clear();
        let dropped = self.delay.min(made);
        self.delay -= dropped;
        let ready = self.scratch.get(dropped..made).unwrap_or_default();
        self.given += ready.len() as u64;
        out.extend(ready.iter().copied().map(saturate));
        Ok(())
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rates = self
            .converter
            .as_ref()
            .map(|c| (c.input_rate_hz, c.output_rate_hz));
        f.debug_struct("Resampler")
            .field("rates_hz", &rates)
            .finish_non_exhaustive()
    }
}

fn check_rate(rate_hz: u32) -> Result<(), Error> {
    if (MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
        return Ok(());
    }
    Err(Error::Setting("sample rate must be 8000 to 192000 Hz"))
}
