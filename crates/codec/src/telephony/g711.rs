//! ITU-T G.711: each sample of 8 kHz sound becomes one byte, logarithmically. No state, no delay.
//!
//! Without tables: a handful of integer operations per sample, which vectorise. 16-bit samples are taken as ITU-T
//! G.191's reference does: the magnitude of a negative sample is its one's complement, so both signs are treated alike.

use super::check_room;
use crate::Error;

/// Sample rate of G.711, and its RTP clock, in hertz.
pub const SAMPLE_RATE_HZ: u32 = 8_000;

/// Which of the two logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law (PCMA, RTP payload type 8): 13 bits, the world outside North America and Japan.
    A,
    /// µ-law (PCMU, RTP payload type 0): 14 bits, North America and Japan.
    Mu,
}

impl Law {
    /// Both, for tests and tables.
    pub const ALL: [Self; 2] = [Self::A, Self::Mu];

    /// The code of digital silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::A => 0xD5,
            Self::Mu => 0xFF,
        }
    }

    /// Encodes one sample.
    #[must_use]
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            Self::A => encode_a(sample),
            Self::Mu => encode_mu(sample),
        }
    }

    /// Decodes one sample; every byte is a code.
    #[must_use]
    pub const fn decode(self, code: u8) -> i16 {
        match self {
            Self::A => decode_a(code),
            Self::Mu => decode_mu(code),
        }
    }

    /// Encodes sound, 8 kHz mono.
    ///
    /// # Errors
    /// [`Error::Buffer`] when the lengths differ.
    pub fn encode_all(self, samples: &[i16], out: &mut [u8]) -> Result<(), Error> {
        check_room("one byte for each sample is needed", samples.len(), out.len())?;
        let pairs = out.iter_mut().zip(samples);
        match self {
            Self::A => pairs.for_each(|(out, &sample)| *out = encode_a(sample)),
            Self::Mu => pairs.for_each(|(out, &sample)| *out = encode_mu(sample)),
        }
        Ok(())
    }

    /// Decodes a payload, 8 kHz mono.
    ///
    /// # Errors
    /// [`Error::Buffer`] when the lengths differ.
    pub fn decode_all(self, codes: &[u8], out: &mut [i16]) -> Result<(), Error> {
        check_room("one sample for each byte is needed", codes.len(), out.len())?;
        let pairs = out.iter_mut().zip(codes);
        match self {
            Self::A => pairs.for_each(|(out, &code)| *out = decode_a(code)),
            Self::Mu => pairs.for_each(|(out, &code)| *out = decode_mu(code)),
        }
        Ok(())
    }
}

/// The even bits of an A-law code are sent inverted.
const EVEN_BITS: u8 = 0x55;

/// What µ-law adds to the magnitude of 14 bits, so that all its segments begin at powers of two.
const BIAS: i32 = 33;

/// The magnitude of a sample, 0 to 32 767, and the sign bit of its code, 0x80 for positive.
const fn split(sample: i16) -> (i32, u8) {
    let sign = if sample < 0 { 0 } else { 0x80 };
    ((sample ^ (sample >> 15)) as i32, sign)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "3 bits of segment and 4 of mantissa"
)]
const fn encode_a(sample: i16) -> u8 {
    let (magnitude, sign) = split(sample);
    // 11 bits. The first two segments have the same step.
    let level = magnitude >> 4;
    let segment = 27 - (level | 0x1F).leading_zeros();
    let code = if level < 32 {
        level
    } else {
        (((segment + 1) as i32) << 4) | ((level >> segment) & 0x0F)
    };
    (code as u8 | sign) ^ EVEN_BITS
}

#[expect(clippy::cast_possible_truncation, reason = "at most 32 256")]
const fn decode_a(code: u8) -> i16 {
    let code = code ^ EVEN_BITS;
    let (segment, mantissa) = ((code >> 4) & 7, (code & 0x0F) as i32);
    // The middle of the interval.
    let magnitude = if segment == 0 {
        (mantissa << 4) + 8
    } else {
        ((mantissa << 4) + 0x108) << (segment - 1)
    };
    let value = if code & 0x80 == 0 { -magnitude } else { magnitude };
    value as i16
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "3 bits of segment and 4 of mantissa"
)]
const fn encode_mu(sample: i16) -> u8 {
    let (magnitude, sign) = split(sample);
    let biased = (magnitude >> 2) + BIAS;
    let level = if biased > 0x1FFF { 0x1FFF } else { biased };
    let segment = 26 - level.leading_zeros();
    let code = ((segment as i32) << 4) | ((level >> (segment + 1)) & 0x0F);
    // All bits but the sign are sent inverted.
    (code as u8 ^ 0x7F) | sign
}

#[expect(clippy::cast_possible_truncation, reason = "at most 32 124")]
const fn decode_mu(code: u8) -> i16 {
    let inverted = !code;
    let (segment, mantissa) = ((inverted >> 4) & 7, (inverted & 0x0F) as i32);
    let magnitude = ((((mantissa << 1) + BIAS) << segment) - BIAS) << 2;
    let value = if inverted & 0x80 == 0 {
        magnitude
    } else {
        -magnitude
    };
    value as i16
}

#[cfg(test)]
mod tests {
    use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

    use super::*;

    fn all_samples() -> Vec<i16> {
        (i16::MIN..=i16::MAX).collect()
    }

    fn encode_all(law: Law) -> Vec<u8> {
        let samples = all_samples();
        let mut codes = vec![0; samples.len()];
        law.encode_all(&samples, &mut codes).unwrap();
        codes
    }

    #[test]
    fn agrees_with_an_independent_implementation_on_everything() {
        for code in 0..=u8::MAX {
            assert_eq!(Law::A.decode(code), decode_alaw(code), "{code:#x}");
            assert_eq!(Law::Mu.decode(code), decode_ulaw(code), "{code:#x}");
        }
        for sample in all_samples() {
            assert_eq!(Law::A.encode(sample), encode_alaw(sample), "{sample}");
            assert_eq!(Law::Mu.encode(sample), encode_ulaw(sample), "{sample}");
        }
    }

    /// Which interval a magnitude falls into, by the decision values that G.711's tables 1 and 2 list: within a segment
    /// they are equally far apart, and each segment's step is twice the one before's.
    fn interval(law: Law, magnitude: i32) -> u8 {
        // In units of 16 bits. A-law: 32 steps of 16, then 16 each of 32, 64, … µ-law: half a step of 8, 15 of 8, then
        // 16 each of 16, 32, …
        let (mut bound, mut step, mut left) = match law {
            Law::A => (0, 16, 32),
            Law::Mu => (-4, 8, 16),
        };
        for code in 0..127 {
            bound += step;
            if magnitude < bound {
                return code;
            }
            left -= 1;
            if left == 0 {
                (step, left) = (step * 2, 16);
            }
        }
        127
    }

    #[test]
    fn decides_where_the_recommendation_says() {
        for law in Law::ALL {
            for (sample, code) in all_samples().into_iter().zip(encode_all(law)) {
                let magnitude = i32::from(if sample < 0 { !sample } else { sample });
                let (mask, positive) = match law {
                    Law::A => (0x55, code & 0x80 != 0),
                    Law::Mu => (0x7F, code & 0x80 != 0),
                };
                assert_eq!((code ^ mask) & 0x7F, interval(law, magnitude), "{law:?} {sample}");
                assert_eq!(positive, sample >= 0);
            }
        }
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for law in Law::ALL {
            for code in 0..=u8::MAX {
                let again = law.encode(law.decode(code));
                // µ-law has two zeros, and 16-bit sound only one.
                let expected = if (law, code) == (Law::Mu, 0x7F) {
                    0xFF
                } else {
                    code
                };
                assert_eq!(again, expected, "{law:?}");
            }
            let silence = law.decode(law.silence());
            assert!((0..=8).contains(&silence));
            assert_eq!(law.encode(0), law.silence());
        }
    }

    #[test]
    fn the_error_is_a_part_of_the_sample_and_no_less() {
        for law in Law::ALL {
            let codes = encode_all(law);
            let mut out = vec![0; codes.len()];
            law.decode_all(&codes, &mut out).unwrap();
            let (mut signal, mut noise) = (0.0, 0.0);
            for (sample, decoded) in all_samples().into_iter().zip(out) {
                let error = i32::from(sample) - i32::from(decoded);
                assert!(
                    error.abs() <= i32::from(sample).abs() / 31 + 9,
                    "{law:?} {sample}"
                );
                signal += f64::from(sample).powi(2);
                noise += f64::from(error).powi(2);
            }
            // 16 steps an octave: about 38 dB, whatever the level.
            let snr = 10.0 * f64::log10(signal / noise);
            assert!((36.0..41.0).contains(&snr), "{law:?} {snr}");
        }
    }

    #[test]
    fn refuses_lengths_that_do_not_fit() {
        assert!(matches!(
            Law::A.encode_all(&[0; 3], &mut [0; 2]),
            Err(Error::Buffer { got: 2, .. })
        ));
        assert!(matches!(
            Law::Mu.decode_all(&[0; 3], &mut [0; 4]),
            Err(Error::Buffer { got: 4, .. })
        ));
    }
}
