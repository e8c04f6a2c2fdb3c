use std::fmt;

use rubato::{
    Fft, FixedSync, Indexing, Resampler as _, WindowFunction, audioadapter_buffers::direct::InterleavedSlice,
};

use super::check_rate;
use crate::{Error, format::round_in_range};

/// Converts one channel of a call between two rates: every block of 10 ms in is a block of exactly 10 ms out, so the
/// two sides never drift apart, however long it takes. Allocates only in [`new`](Self::new).
///
/// What it costs is a constant delay of 5 ms ([`delay_samples`](Self::delay_samples)) and the top of the band. All passes
/// (0.3 dB) up to 85 % of half the lower rate at 8 kHz (3.4 kHz, the telephone's band), 92 % at 16 kHz (7.4 kHz), 97 % at
/// 44.1 kHz; nothing above that half comes through, neither as itself nor as an alias.
pub struct BlockResampler {
    /// `None` when both rates are the same.
    inner: Option<Fft<f32>>,
    input: Vec<f32>,
    output: Vec<f32>,
}

/// Blocks per second.
const BLOCKS_HZ: u32 = 100;

impl BlockResampler {
    /// A converter between two rates, both multiples of 100 Hz within [`MIN_RATE_HZ`](super::MIN_RATE_HZ) and
    /// [`MAX_RATE_HZ`](super::MAX_RATE_HZ).
    ///
    /// # Errors
    /// [`Error::Setting`] for any other rate.
    pub fn new(input_rate_hz: u32, output_rate_hz: u32) -> Result<Self, Error> {
        check_rate(input_rate_hz)?;
        check_rate(output_rate_hz)?;
        if !input_rate_hz.is_multiple_of(BLOCKS_HZ) || !output_rate_hz.is_multiple_of(BLOCKS_HZ) {
            return Err(Error::Setting("a block of 10 ms must be whole samples"));
        }
        let block = |rate: u32| (rate / BLOCKS_HZ) as usize;
        let inner = if input_rate_hz == output_rate_hz {
            None
        } else {
            let fft = Fft::new_custom(
                input_rate_hz as usize,
                output_rate_hz as usize,
                block(input_rate_hz),
                1,
                1,
                // Half as steep again as the squared window; what leaks through is below 16 bits with both.
                WindowFunction::BlackmanHarris,
                FixedSync::Both,
            );
            Some(fft.map_err(|_| Error::Setting("sample rate cannot be converted"))?)
        };
        Ok(Self {
            inner,
            input: vec![0.0; block(input_rate_hz)],
            output: vec![0.0; block(output_rate_hz)],
        })
    }

    /// Converts whole blocks: *n* times [`input_block`](Self::input_block) samples become *n* times
    /// [`output_block`](Self::output_block).
    ///
    /// # Errors
    /// [`Error::Buffer`] when the input is not whole blocks or `out` is not room for exactly as many; nothing has been
    /// converted then.
    pub fn process(&mut self, input: &[i16], out: &mut [i16]) -> Result<(), Error> {
        let (taken, given) = (self.input.len(), self.output.len());
        let blocks = input.len() / taken;
        if blocks * taken != input.len() || blocks.checked_mul(given) != Some(out.len()) {
            return Err(Error::Buffer {
                expected: "whole blocks of 10 ms, as many in as out, are needed",
                got: input.len(),
            });
        }
        let Some(inner) = &mut self.inner else {
            out.copy_from_slice(input);
            return Ok(());
        };
        for (input, out) in input.chunks_exact(taken).zip(out.chunks_exact_mut(given)) {
            for (number, &sample) in self.input.iter_mut().zip(input) {
                *number = f32::from(sample);
            }
            let refused = Error::Setting("the sample rate converter refused its input");
            let (Ok(from), Ok(mut to)) = (
                InterleavedSlice::new(self.input.as_slice(), 1, taken),
                InterleavedSlice::new_mut(self.output.as_mut_slice(), 1, given),
            ) else {
                return Err(refused);
            };
            if inner
                .process_into_buffer(&from, &mut to, None::<&Indexing>)
                .is_err()
            {
                return Err(refused);
            }
            for (out, number) in out.iter_mut().zip(&self.output) {
                *out = round_in_range(number.clamp(-32_768.0, 32_767.0));
            }
        }
        Ok(())
    }

    /// Forgets what came before, as at the start of a call.
    pub fn reset(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.reset();
        }
    }

    /// Samples in 10 ms of input.
    #[must_use]
    pub const fn input_block(&self) -> usize {
        self.input.len()
    }

    /// Samples in 10 ms of output.
    #[must_use]
    pub const fn output_block(&self) -> usize {
        self.output.len()
    }

    /// By how many samples the output lags the input, at the output's rate.
    #[must_use]
    pub fn delay_samples(&self) -> usize {
        self.inner.as_ref().map_or(0, |inner| inner.output_delay())
    }
}

impl fmt::Debug for BlockResampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockResampler")
            .field("input_block", &self.input.len())
            .field("output_block", &self.output.len())
            .finish_non_exhaustive()
    }
}
