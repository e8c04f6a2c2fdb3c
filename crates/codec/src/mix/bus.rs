use super::limiter::Limiter;
use crate::{AudioFrame, FRAME_SAMPLES};

/// Most sources on one [`Bus`]: so many full-scale voices, and one more taken away, still fit into 32 bits.
pub const MAX_SOURCES: usize = 65_535;

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

    /// Adds one source. Sources beyond [`MAX_SOURCES`] are not heard.
    pub fn add(&mut self, frame: &AudioFrame) {
        if self.sources >= MAX_SOURCES {
            return;
        }
        for (sum, &sample) in self.sum.iter_mut().zip(frame) {
            *sum = sum.wrapping_add(i32::from(sample));
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
        self.limiter.process_difference(&bus.sum, own, out);
    }

    /// Whether this mixer and `other`, both given the same bus from now on, make the same of it.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        self.limiter.agrees_with(&other.limiter)
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
