//! The one sound format this crate works in (48 kHz, 16 bit, frames of 10 ms), and what others use turned into it and back.
//!
//! The conversions are plain loops over equal lengths, which compilers turn into vector instructions.

use std::time::Duration;

use crate::Error;

/// Sample rate of every PCM interface of this crate, in hertz; also the RTP clock of Opus (RFC 7587 §4.1).
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// Samples in one frame of 10 ms, one channel.
pub const FRAME_SAMPLES: usize = 480;

/// How long one [`AudioFrame`] lasts.
pub const FRAME_DURATION: Duration = Duration::from_millis(10);

/// 10 ms of mono sound at 48 kHz: what the jitter buffer gives and the mixer takes.
pub type AudioFrame = [i16; FRAME_SAMPLES];

/// A frame of digital silence.
pub const SILENCE: AudioFrame = [0; FRAME_SAMPLES];

/// The time that `samples` samples per channel last at 48 kHz, rounded down to a nanosecond.
#[must_use]
pub fn samples_to_duration(samples: u64) -> Duration {
    let rate = u64::from(SAMPLE_RATE_HZ);
    Duration::from_secs(samples / rate) + Duration::from_nanos(samples % rate * 1_000_000_000 / rate)
}

/// Samples as floats from −1 (included) to 1 (not quite reached): `i16::MIN` is −1. Exact.
///
/// # Errors
/// [`Error::Buffer`] when the lengths differ.
pub fn i16_to_f32(samples: &[i16], out: &mut [f32]) -> Result<(), Error> {
    same_length(samples.len(), out.len())?;
    for (out, &sample) in out.iter_mut().zip(samples) {
        *out = f32::from(sample) * (1.0 / 32_768.0);
    }
    Ok(())
}

/// Floats from −1 to 1 as samples: rounded to the nearest (ties to even), clipped beyond full scale; not-a-number
/// becomes silence. Undoes [`i16_to_f32`] exactly.
///
/// # Errors
/// [`Error::Buffer`] when the lengths differ.
pub fn f32_to_i16(samples: &[f32], out: &mut [i16]) -> Result<(), Error> {
    same_length(samples.len(), out.len())?;
    for (out, &sample) in out.iter_mut().zip(samples) {
        let number = if sample.is_nan() { 0.0 } else { sample };
        *out = round_in_range((number * 32_768.0).clamp(-32_768.0, 32_767.0));
    }
    Ok(())
}

/// One channel on both sides.
///
/// # Errors
/// [`Error::Buffer`] unless `out` has room for exactly two samples for each of `mono`.
pub fn mono_to_stereo(mono: &[i16], out: &mut [i16]) -> Result<(), Error> {
    same_length(mono.len().saturating_mul(2), out.len())?;
    for (out, &sample) in out.as_chunks_mut().0.iter_mut().zip(mono) {
        *out = [sample; 2];
    }
    Ok(())
}

/// Both channels in one: their mean, rounded towards zero, so that what was the same on both sides stays as it was and
/// nothing clips.
///
/// # Errors
/// [`Error::Buffer`] unless `stereo` has exactly two samples for each of `out`.
pub fn stereo_to_mono(stereo: &[i16], out: &mut [i16]) -> Result<(), Error> {
    same_length(out.len().saturating_mul(2), stereo.len())?;
    for (out, &[left, right]) in out.iter_mut().zip(stereo.as_chunks().0) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a mean of two is no larger than both"
        )]
        {
            *out = ((i32::from(left) + i32::from(right)) / 2) as i16;
        }
    }
    Ok(())
}

/// Channels of equal length, one after the other, become frames of one sample each.
///
/// # Errors
/// [`Error::Buffer`] when the channels differ in length or do not exactly fill `out`.
pub fn interleave<T: Copy>(channels: &[&[T]], out: &mut [T]) -> Result<(), Error> {
    check_planes(channels.iter().map(|channel| channel.len()), out.len())?;
    match channels {
        // The two that matter, in a form that vectorises.
        [mono] => out.copy_from_slice(mono),
        [left, right] => {
            for ((out, &left), &right) in out.as_chunks_mut().0.iter_mut().zip(*left).zip(*right) {
                *out = [left, right];
            }
        }
        channels => {
            for (offset, channel) in channels.iter().enumerate() {
                let slots = out.iter_mut().skip(offset).step_by(channels.len());
                for (slot, &sample) in slots.zip(*channel) {
                    *slot = sample;
                }
            }
        }
    }
    Ok(())
}

/// Undoes [`interleave`].
///
/// # Errors
/// [`Error::Buffer`] when the channels differ in length or `samples` does not exactly fill them.
pub fn deinterleave<T: Copy>(samples: &[T], channels: &mut [&mut [T]]) -> Result<(), Error> {
    check_planes(channels.iter().map(|channel| channel.len()), samples.len())?;
    match channels {
        [mono] => mono.copy_from_slice(samples),
        [left, right] => {
            for ((&[l, r], left), right) in samples
                .as_chunks()
                .0
                .iter()
                .zip(left.iter_mut())
                .zip(right.iter_mut())
            {
                (*left, *right) = (l, r);
            }
        }
        channels => {
            let count = channels.len();
            for (offset, channel) in channels.iter_mut().enumerate() {
                let slots = samples.iter().skip(offset).step_by(count);
                for (sample, &slot) in channel.iter_mut().zip(slots) {
                    *sample = slot;
                }
            }
        }
    }
    Ok(())
}

/// Applies a gain that goes in a line from `from` (in force before the first sample) to `to` (reached at the last).
/// Both are factors, 0 and more; 1 to 1 changes nothing. Louder than full scale is clipped.
pub fn ramp(samples: &mut [i16], from: f32, to: f32) {
    if samples.is_empty() || (from == 1.0 && to == 1.0) {
        return;
    }
    let slope = (to - from) / samples.len() as f32;
    // A counter of 32 bits, which vector instructions turn into floats.
    for (sample, i) in samples.iter_mut().zip(1i32..) {
        let gain = from + slope * i as f32;
        *sample = round_in_range((f32::from(*sample) * gain).clamp(-32_768.0, 32_767.0));
    }
}

/// Rounds and saturates a value in units of one 16-bit step; not-a-number becomes silence.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and saturating is what is wanted here"
)]
pub(crate) fn saturate(value: f32) -> i16 {
    value.round() as i16
}

/// Rounds a value that is within 16 bits to the nearest, ties to even. The sum has no room for a fraction, so its lowest
/// bits are the rounded value: two vector instructions, where `round` is a call per sample without SSE4.1.
#[expect(clippy::cast_possible_truncation, reason = "the lowest 16 bits are wanted")]
pub(crate) fn round_in_range(value: f32) -> i16 {
    /// 1.5 · 2²³.
    const NO_FRACTION: f32 = 12_582_912.0;
    (value + NO_FRACTION).to_bits() as i16
}

fn same_length(expected: usize, got: usize) -> Result<(), Error> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Buffer {
        expected: "input and output must match",
        got,
    })
}

fn check_planes(mut lengths: impl ExactSizeIterator<Item = usize>, total: usize) -> Result<(), Error> {
    let count = lengths.len();
    let first = lengths.next().unwrap_or(0);
    let equal = lengths.all(|length| length == first);
    if equal && first.checked_mul(count) == Some(total) {
        return Ok(());
    }
    Err(Error::Buffer {
        expected: "channels of equal length must fill the frames",
        got: total,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_samples_survive_the_way_through_floats() {
        let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let mut floats = vec![0.0; samples.len()];
        i16_to_f32(&samples, &mut floats).unwrap();
        assert_eq!((floats[0], floats[32_768]), (-1.0, 0.0));
        assert!(floats.iter().all(|f| (-1.0..1.0).contains(f)));
        let mut back = vec![1; samples.len()];
        f32_to_i16(&floats, &mut back).unwrap();
        assert_eq!(samples, back);
    }

    #[test]
    fn floats_are_rounded_and_clipped() {
        let step = 1.0 / 32_768.0;
        let cases = [
            (f32::NAN, 0),
            (f32::INFINITY, i16::MAX),
            (f32::NEG_INFINITY, i16::MIN),
            (1.0, i16::MAX),
            (-1.5, i16::MIN),
            (f32::MAX, i16::MAX),
            (0.49 * step, 0),
            (0.51 * step, 1),
            (-0.51 * step, -1),
            (1.5 * step, 2),
            (2.5 * step, 2),
            (-0.0, 0),
        ];
        for (input, expected) in cases {
            let mut out = [7];
            f32_to_i16(&[input], &mut out).unwrap();
            assert_eq!(out, [expected], "{input}");
        }
    }

    #[test]
    fn stereo_and_back() {
        let mono = [1, -1, i16::MAX, i16::MIN, 0];
        let mut stereo = [0; 10];
        mono_to_stereo(&mono, &mut stereo).unwrap();
        assert_eq!(stereo[..4], [1, 1, -1, -1]);
        let mut back = [0; 5];
        stereo_to_mono(&stereo, &mut back).unwrap();
        assert_eq!(mono, back);
        stereo_to_mono(
            &[i16::MIN, i16::MIN, i16::MAX, i16::MIN, 1, 0, -1, 0, 3, 4],
            &mut back,
        )
        .unwrap();
        assert_eq!(back, [i16::MIN, 0, 0, 0, 3]);
    }

    #[test]
    fn frames_and_planes() {
        for count in 1..5usize {
            let planes: Vec<Vec<i16>> = (0..count)
                .map(|c| (0..7).map(|i| i16::try_from(10 * c + i).unwrap()).collect())
                .collect();
            let mut frames = vec![0; 7 * count];
            let views: Vec<&[i16]> = planes.iter().map(Vec::as_slice).collect();
            interleave(&views, &mut frames).unwrap();
            for (i, frame) in frames.chunks(count).enumerate() {
                for (c, &sample) in frame.iter().enumerate() {
                    assert_eq!(usize::try_from(sample).unwrap(), 10 * c + i);
                }
            }
            let mut back = vec![vec![0; 7]; count];
            let mut views: Vec<&mut [i16]> = back.iter_mut().map(Vec::as_mut_slice).collect();
            deinterleave(&frames, &mut views).unwrap();
            assert_eq!(planes, back);
        }
    }

    #[test]
    fn refuses_lengths_that_do_not_fit() {
        let refused = |result| assert!(matches!(result, Err(Error::Buffer { .. })), "{result:?}");
        refused(i16_to_f32(&[0; 3], &mut [0.0; 2]));
        refused(f32_to_i16(&[0.0; 2], &mut [0; 3]));
        refused(mono_to_stereo(&[0; 2], &mut [0; 3]));
        refused(stereo_to_mono(&[0; 3], &mut [0; 1]));
        refused(interleave(&[&[0; 2], &[0; 3]], &mut [0; 5]));
        refused(interleave(&[&[0; 2], &[0; 2]], &mut [0; 5]));
        refused(deinterleave(&[0; 3], &mut [&mut [0; 1], &mut [0; 1]]));
        refused(deinterleave(&[0; 1], &mut []));
        assert!(interleave::<i16>(&[], &mut []).is_ok());
    }

    #[test]
    fn ramps_end_where_the_next_begins() {
        let mut samples = [10_000; 480];
        ramp(&mut samples[..240], 0.0, 0.5);
        ramp(&mut samples[240..], 0.5, 1.0);
        assert_eq!((samples[239], samples[479]), (5000, 10_000));
        let steps = samples.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(steps.clone().all(|step| (20..=21).contains(&step)));
        let mut same = [i16::MIN, 5, i16::MAX];
        ramp(&mut same, 1.0, 1.0);
        assert_eq!(same, [i16::MIN, 5, i16::MAX]);
        ramp(&mut same, 4.0, 4.0);
        assert_eq!(same, [i16::MIN, 20, i16::MAX]);
    }
}
