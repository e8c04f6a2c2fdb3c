//! Mixing: many speakers to one listener, without clipping and without the listener's own voice.
//!
//! ```
//! use anteroom_codec::mix::{Bus, Mixer};
//! let (alice, bob, dana) = ([1000i16; 480], [200; 480], [30; 480]);
//! let mut bus = Bus::new();
//! for frame in [&alice, &bob, &dana] {
//!     bus.add(frame);
//! }
//! let mut for_dana = Mixer::new();
//! let mut heard = [0; 480];
//! for_dana.render_without(&bus, &dana, &mut heard);
//! assert_eq!(heard[0], 1200);
//! ```

mod limiter;

use crate::{AudioFrame, FRAME_SAMPLES};

use limiter::Limiter;

/// The sum of all sources in one tick of 10 ms; shared by all listeners, so a tick costs one addition per source
/// and one rendering per listener.
#[derive(Debug, Clone)]
pub struct Bus {
    sum: [i32; FRAME_SAMPLES],
    sources: usize,
}

impl Bus {
    /// An empty bus: silence.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sum: [0; FRAME_SAMPLES],
            sources: 0,
        }
    }

    /// Empties the bus for the next tick.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Adds one source. The sum is exact for up to 65 535 sources and saturates beyond.
    pub fn add(&mut self, frame: &AudioFrame) {
        for (sum, &sample) in self.sum.iter_mut().zip(frame) {
            *sum = sum.saturating_add(i32::from(sample));
        }
        self.sources += 1;
    }

    /// Sources added since the last [`clear`](Self::clear).
    #[must_use]
    pub const fn sources(&self) -> usize {
        self.sources
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

/// What one listener hears. Each listener has a mixer of its own, because the limiter remembers its gain.
#[derive(Debug, Clone, Default)]
pub struct Mixer {
    limiter: Limiter,
}

impl Mixer {
    /// A mixer for one listener.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Renders everything on the bus.
    pub fn render(&mut self, bus: &Bus, out: &mut AudioFrame) {
        self.limiter.process(&bus.sum, out);
    }

    /// Renders everything but `own`, the frame this listener added itself (mix-minus).
    pub fn render_without(&mut self, bus: &Bus, own: &AudioFrame, out: &mut AudioFrame) {
        let mut sum = bus.sum;
        for (sum, &sample) in sum.iter_mut().zip(own) {
            *sum = sum.saturating_sub(i32::from(sample));
        }
        self.limiter.process(&sum, out);
    }

    /// Mixes a few frames directly, for who has one listener only.
    pub fn mix<'f>(&mut self, frames: impl IntoIterator<Item = &'f AudioFrame>, out: &mut AudioFrame) {
        let mut bus = Bus::new();
        for frame in frames {
            bus.add(frame);
        }
        self.render(&bus, out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tone(step: f32, amplitude: f32) -> AudioFrame {
        std::array::from_fn(|i| crate::format::saturate((i as f32 * step).sin() * amplitude))
    }

    #[test]
    fn nothing_is_silence_and_one_quiet_source_passes_untouched() {
        let mut mixer = Mixer::new();
        let mut out = [7; FRAME_SAMPLES];
        mixer.mix([], &mut out);
        assert_eq!(out, [0; FRAME_SAMPLES]);
        let voice = tone(0.05, 20_000.0);
        mixer.mix([&voice], &mut out);
        assert_eq!(out, voice);
    }

    #[test]
    fn mix_minus_is_the_mix_of_the_others() {
        let (a, b, c) = (tone(0.03, 5000.0), tone(0.05, 4000.0), tone(0.011, 3000.0));
        let mut bus = Bus::new();
        [&a, &b, &c].into_iter().for_each(|f| bus.add(f));
        assert_eq!(bus.sources(), 3);
        let (mut minus, mut others) = ([0; FRAME_SAMPLES], [0; FRAME_SAMPLES]);
        Mixer::new().render_without(&bus, &b, &mut minus);
        Mixer::new().mix([&a, &c], &mut others);
        assert_eq!(minus, others);
    }

    proptest! {
        #[test]
        fn any_sum_stays_within_full_scale_and_keeps_its_sign(
            levels in proptest::collection::vec(0f32..32_767.0, 1..40),
            ticks in 1usize..8,
        ) {
            let mut mixer = Mixer::new();
            for tick in 0..ticks {
                let mut bus = Bus::new();
                for (i, level) in levels.iter().enumerate() {
                    bus.add(&tone(0.01 + 0.003 * (i + tick) as f32, *level));
                }
                let mut out = [0; FRAME_SAMPLES];
                mixer.render(&bus, &mut out);
                for (&sum, &sample) in bus.sum.iter().zip(&out) {
                    prop_assert!(sample > i16::MIN, "hard clipping");
                    prop_assert!(sum.signum() * i32::from(sample) >= 0);
                    prop_assert!(i32::from(sample).abs() <= sum.abs());
                }
            }
        }
    }
}
