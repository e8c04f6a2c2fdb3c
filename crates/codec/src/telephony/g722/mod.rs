//! ITU-T G.722 at 64 kbit/s: 7 kHz of sound, sampled at 16 kHz, two samples to a byte.
//!
//! The band is split in two by a quadrature mirror filter; the lower half gets 6 bits a sample and the upper 2, each as
//! the difference to a prediction (ADPCM). Bit-exact: another decoder makes the same of it.
//!
//! RTP counts its clock at 8 kHz for this codec, by an old mistake that must be kept (RFC 3551 §4.5.2): 20 ms are 320
//! samples, 160 bytes and 160 ticks.

mod band;
mod tables;
#[cfg(test)]
mod tests;

use self::band::{Band, Half, qmf};
use super::check_room;
use crate::Error;

/// Samples per second of the sound, in hertz.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// The RTP clock, in hertz, which is not the sample rate.
pub const RTP_CLOCK_HZ: u32 = 8_000;

/// Samples by which decoded sound lags what was encoded: the two filters' delay.
pub const DELAY_SAMPLES: usize = 22;

/// The coding side of one stream.
#[derive(Debug, Clone)]
pub struct Encoder {
    low: Band,
    high: Band,
    /// The last samples, oldest first.
    history: [i32; 24],
}

impl Encoder {
    /// An encoder at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            low: Band::new(Half::Low),
            high: Band::new(Half::High),
            history: [0; 24],
        }
    }

    /// Encodes sound, 16 kHz mono.
    ///
    /// # Errors
    /// [`Error::Buffer`] unless `samples` has exactly two samples for each byte of `out`.
    pub fn encode(&mut self, samples: &[i16], out: &mut [u8]) -> Result<(), Error> {
        check_room(
            "two samples for each byte are needed",
            out.len().saturating_mul(2),
            samples.len(),
        )?;
        for (out, pair) in out.iter_mut().zip(samples.as_chunks().0) {
            let (even, odd) = qmf(&mut self.history, pair.map(i32::from));
            let low = self.low.encode((even + odd) >> 14);
            let high = self.high.encode((even - odd) >> 14);
            *out = (high << 6) | low;
        }
        Ok(())
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

/// The decoding side of one stream. Every byte is a code, so no payload is malformed.
#[derive(Debug, Clone)]
pub struct Decoder {
    low: Band,
    high: Band,
    /// The last sums and differences of the two bands, oldest first.
    history: [i32; 24],
}

impl Decoder {
    /// A decoder at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            low: Band::new(Half::Low),
            high: Band::new(Half::High),
            history: [0; 24],
        }
    }

    /// Decodes a payload to 16 kHz mono.
    ///
    /// # Errors
    /// [`Error::Buffer`] unless `out` has room for exactly two samples for each byte.
    pub fn decode(&mut self, codes: &[u8], out: &mut [i16]) -> Result<(), Error> {
        check_room(
            "room for two samples for each byte is needed",
            codes.len().saturating_mul(2),
            out.len(),
        )?;
        for (&code, pair) in codes.iter().zip(out.as_chunks_mut().0) {
            let low = self.low.decode(code & 0x3F);
            let high = self.high.decode(code >> 6);
            let (even, odd) = qmf(&mut self.history, [low + high, low - high]);
            *pair = [even, odd].map(|sum| band::saturate(sum >> 11));
        }
        Ok(())
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}
