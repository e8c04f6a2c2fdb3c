//! Any sample rate to the 48 kHz this crate works in.

use std::fmt;

use rubato::{
    Async, FixedAsync, Indexing, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction, audioadapter_buffers::direct::InterleavedSlice,
};

use crate::{Error, SAMPLE_RATE_HZ, format::saturate};

/// Lowest rate taken, in hertz.
pub const MIN_RATE_HZ: u32 = 8_000;

/// Highest rate taken, in hertz.
pub const MAX_RATE_HZ: u32 = 192_000;

/// Input samples converted at a time.
const CHUNK: usize = 1024;

/// Length of the interpolation filter, in input samples.
const SINC_LENGTH: usize = 128;

/// Converts one channel from a fixed rate to 48 kHz, streaming, with the filter's delay taken out: *n* samples in
/// make ⌈*n* · 48 000 / rate⌉ samples out once [`finish`](Self::finish) was called.
pub struct Resampler {
    /// `None` when the input is at 48 kHz already.
    converter: Option<Converter>,
}

struct Converter {
    inner: Async<f32>,
    input_rate_hz: u32,
    /// Samples waiting for a whole chunk; shorter than [`CHUNK`] between calls.
    pending: Vec<f32>,
    scratch: Vec<f32>,
    /// Samples still to be dropped from the front of the output.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// A converter from `input_rate_hz`, [`MIN_RATE_HZ`] to [`MAX_RATE_HZ`].
    ///
    /// # Errors
    /// [`Error::Setting`] for any other rate.
    pub fn new(input_rate_hz: u32) -> Result<Self, Error> {
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&input_rate_hz) {
            return Err(Error::Setting("sample rate must be 8000 to 192000 Hz"));
        }
        if input_rate_hz == SAMPLE_RATE_HZ {
            return Ok(Self { converter: None });
        }
        let parameters = SincInterpolationParameters::new(SINC_LENGTH, WindowFunction::BlackmanHarris2)
            .oversampling_factor(256)
            .interpolation(SincInterpolationType::Quadratic);
        let ratio = f64::from(SAMPLE_RATE_HZ) / f64::from(input_rate_hz);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input)
            .map_err(|_| Error::Setting("sample rate cannot be converted"))?;
        let scratch = vec![0.0; inner.output_frames_max()];
        // The peak of the filter, to the nearest sample; rubato's `output_delay` is up to one sample more.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "15 to 383"
        )]
        let delay = (SINC_LENGTH as f64 / 2.0 * ratio - 1.0).round() as usize;
        let pending = Vec::with_capacity(CHUNK);
        Ok(Self {
            converter: Some(Converter {
                inner,
                input_rate_hz,
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
        let total =
            (converter.taken * u64::from(SAMPLE_RATE_HZ)).div_ceil(u64::from(converter.input_rate_hz));
        while converter.given < total {
            converter.convert(out)?;
        }
        let surplus = usize::try_from(converter.given - total).unwrap_or(0);
        out.truncate(out.len().saturating_sub(surplus));
        Ok(())
    }

    /// Converts a whole clip at once.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn convert(input_rate_hz: u32, input: &[i16]) -> Result<Vec<i16>, Error> {
        let mut resampler = Self::new(input_rate_hz)?;
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
        let rate = self
            .converter
            .as_ref()
            .map_or(SAMPLE_RATE_HZ, |c| c.input_rate_hz);
        f.debug_struct("Resampler")
            .field("input_rate_hz", &rate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, hz: f64, seconds: f64) -> Vec<i16> {
        let step = hz * std::f64::consts::TAU / f64::from(rate);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small test numbers"
        )]
        let n = (f64::from(rate) * seconds) as u32;
        #[expect(clippy::cast_possible_truncation, reason = "small test numbers")]
        (0..n)
            .map(|i| saturate(((f64::from(i) * step).sin() * 10_000.0) as f32))
            .collect()
    }

    #[test]
    fn keeps_a_tone_in_place_at_every_common_and_odd_rate() {
        for rate in [
            8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 44_099, 48_000, 96_000, 192_000,
        ] {
            let input = sine(rate, 440.0, 0.5);
            let out = Resampler::convert(rate, &input).unwrap();
            let expected = sine(48_000, 440.0, 0.5);
            let length = (input.len() as u64 * 48_000).div_ceil(u64::from(rate));
            assert_eq!(out.len() as u64, length, "{rate}");
            // The edges ring; between them the tone must be where it was, to half a sample.
            let worst = (2_000..20_000)
                .map(|i| i32::from(out[i]) - i32::from(expected[i]))
                .map(i32::abs)
                .max();
            assert!(worst.unwrap() < 300, "{rate}: {worst:?}");
        }
    }

    #[test]
    fn chunking_does_not_matter() {
        let input = sine(44_100, 700.0, 0.3);
        let whole = Resampler::convert(44_100, &input).unwrap();
        let mut resampler = Resampler::new(44_100).unwrap();
        let mut pieces = Vec::new();
        for piece in input.chunks(97) {
            resampler.process(piece, &mut pieces).unwrap();
        }
        resampler.finish(&mut pieces).unwrap();
        assert_eq!(whole, pieces);
    }

    #[test]
    fn refuses_rates_out_of_range_and_takes_nothing() {
        for rate in [0, 1, 7_999, 192_001, u32::MAX] {
            assert!(matches!(Resampler::new(rate), Err(Error::Setting(_))), "{rate}");
        }
        assert_eq!(Resampler::convert(8_000, &[]).unwrap(), []);
        assert_eq!(Resampler::convert(16_000, &[0]).unwrap().len(), 3);
    }
}
