use std::time::Instant;

use super::{
    Bus, MAX_SOURCES, Mixer,
    select::{SelectConfig, Selector},
};
use crate::{AudioFrame, Error, SILENCE, format::ramp, level::audio_level_dbov};

/// Settings of a [`Conference`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConferenceConfig {
    /// Who is heard when many speak at once; `None` mixes everybody.
    pub select: Option<SelectConfig>,
}

/// A room in which every leg hears all the others.
///
/// In every tick of 10 ms, in this order:
///
/// 1. [`push`](Self::push) (or [`push_with_level`](Self::push_with_level)) for every leg that has sound;
/// 2. [`tick`](Self::tick), once;
/// 3. [`heard`](Self::heard) for every leg that listens.
///
/// The sum is made once and each speaker's own sound taken out of it, so a tick costs one addition and one subtraction
/// per speaker, however many listen: all who are not heard themselves share one mix ([`Heard::Everyone`]), to be
/// encoded once. Who begins or ends to be heard is faded over 10 ms, and a leg's way between its own mix and the shared
/// one keeps the limiter's gain, so neither clicks. After the legs have joined, nothing is allocated.
///
/// ```
/// use std::time::Instant;
/// use anteroom_codec::mix::{Conference, ConferenceConfig, Heard};
/// let mut room = Conference::new(ConferenceConfig::default())?;
/// let (alice, bob, carol) = (room.join()?, room.join()?, room.join()?);
/// let now = Instant::now();
/// for _ in 0..2 {
///     room.push(alice, &[1000; 480]);
///     room.push(bob, &[200; 480]);
///     room.tick(now);
/// }
/// assert_eq!(room.heard(alice), Heard::Own(&[200; 480]));
/// assert_eq!(room.heard(carol), Heard::Everyone(&[1200; 480]));
/// # Ok::<(), anteroom_codec::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Conference {
    legs: Vec<Slot>,
    selector: Option<Selector<u32>>,
    bus: Bus,
    /// What all hear who are not on the bus themselves.
    everyone: Mixer,
    heard_by_everyone: AudioFrame,
}

/// Names a leg of one [`Conference`]; never used again after the leg left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId {
    slot: u32,
    generation: u32,
}

/// What a leg hears in this tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// The mix of all who are heard, the same for everyone who gets this.
    Everyone(&'a AudioFrame),
    /// A mix for this leg alone: without its own sound.
    Own(&'a AudioFrame),
}

impl<'a> Heard<'a> {
    /// The sound, whoever else gets it.
    #[must_use]
    pub const fn frame(self) -> &'a AudioFrame {
        match self {
            Self::Everyone(frame) | Self::Own(frame) => frame,
        }
    }
}

#[derive(Debug, Clone)]
struct Slot {
    generation: u32,
    leg: Option<Box<Leg>>,
}

#[derive(Debug, Clone)]
struct Leg {
    /// What it put on the bus: its sound, faded.
    own: AudioFrame,
    /// Its level, −dBov; `None` until it pushes in this tick.
    pushed: Option<u8>,
    /// 0 or 1: how it is heard at the end of the last tick.
    gain: f32,
    on_bus: bool,
    /// Present, and `heard` valid, while its mix is not everyone's.
    mixer: Option<Mixer>,
    heard: AudioFrame,
}

impl Conference {
    /// An empty room.
    ///
    /// # Errors
    /// [`Error::Setting`] as [`Selector::new`].
    pub fn new(config: ConferenceConfig) -> Result<Self, Error> {
        Ok(Self {
            legs: Vec::new(),
            selector: config.select.map(Selector::new).transpose()?,
            bus: Bus::new(),
            everyone: Mixer::new(),
            heard_by_everyone: SILENCE,
        })
    }

    /// Adds a leg.
    ///
    /// # Errors
    /// [`Error::Setting`] when there are [`MAX_SOURCES`] legs.
    pub fn join(&mut self) -> Result<LegId, Error> {
        let free = self.legs.iter().position(|slot| slot.leg.is_none());
        let index = free.unwrap_or(self.legs.len());
        let Some(slot) = u32::try_from(index).ok().filter(|_| index < MAX_SOURCES) else {
            return Err(Error::Setting("a conference has at most 65535 legs"));
        };
        if free.is_none() {
            self.legs.push(Slot {
                generation: 0,
                leg: None,
            });
        }
        let mut generation = 0;
        if let Some(slot) = self.legs.get_mut(index) {
            generation = slot.generation;
            slot.leg = Some(Box::new(Leg::new()));
        }
        Ok(LegId { slot, generation })
    }

    /// Removes a leg; `false` when it is not there.
    pub fn leave(&mut self, leg: LegId) -> bool {
        let Some(slot) = self.slot_mut(leg) else {
            return false;
        };
        slot.leg = None;
        slot.generation = slot.generation.wrapping_add(1);
        if let Some(selector) = &mut self.selector {
            selector.remove(&leg.slot);
        }
        true
    }

    /// Takes the sound of a leg for this tick; the last one counts. A leg without sound need not push. `false` when
    /// there is no such leg.
    pub fn push(&mut self, leg: LegId, frame: &AudioFrame) -> bool {
        // The level is only asked for to select, or to see that there is nothing to mix.
        let level = if self.selector.is_some() {
            audio_level_dbov(frame)
        } else if frame.iter().fold(0, |all, sample| all | sample) == 0 {
            127
        } else {
            0
        };
        self.push_with_level(leg, frame, level)
    }

    /// As [`push`](Self::push) with the level (−dBov, 0 to 127, RFC 6464) that is known already, for instance from an
    /// RTP header extension.
    pub fn push_with_level(&mut self, leg: LegId, frame: &AudioFrame, level: u8) -> bool {
        let Some(leg) = self.slot_mut(leg).and_then(|slot| slot.leg.as_mut()) else {
            return false;
        };
        leg.own = *frame;
        leg.pushed = Some(level);
        true
    }

    /// Mixes what was pushed since the last tick.
    pub fn tick(&mut self, now: Instant) {
        if let Some(selector) = &mut self.selector {
            for (slot, leg) in legs(&mut self.legs) {
                selector.update(now, slot, leg.pushed.unwrap_or(127));
            }
            selector.select(now);
        }
        self.bus.clear();
        for (slot, leg) in legs(&mut self.legs) {
            let wanted = self
                .selector
                .as_ref()
                .is_none_or(|selector| selector.is_selected(&slot));
            leg.contribute(wanted, &mut self.bus);
        }
        for (_, leg) in legs(&mut self.legs) {
            leg.render(&self.bus, &self.everyone);
        }
        self.everyone.render(&self.bus, &mut self.heard_by_everyone);
    }

    /// What a leg hears since the last tick; a leg that is not there hears what everyone does.
    #[must_use]
    pub fn heard(&self, leg: LegId) -> Heard<'_> {
        let slot = self.legs.get(leg.slot as usize);
        match slot
            .filter(|slot| slot.generation == leg.generation)
            .and_then(|s| s.leg.as_ref())
        {
            Some(leg) if leg.mixer.is_some() => Heard::Own(&leg.heard),
            _ => self.everyone(),
        }
    }

    /// What everyone hears who is not heard, a recorder for instance: the mix of all who are.
    #[must_use]
    pub const fn everyone(&self) -> Heard<'_> {
        Heard::Everyone(&self.heard_by_everyone)
    }

    /// Whether this leg was on the bus in the last tick.
    #[must_use]
    pub fn is_heard(&self, leg: LegId) -> bool {
        let slot = self.legs.get(leg.slot as usize);
        slot.filter(|slot| slot.generation == leg.generation)
            .and_then(|slot| slot.leg.as_ref())
            .is_some_and(|leg| leg.on_bus)
    }

    /// Legs on the bus in the last tick.
    #[must_use]
    pub const fn speakers(&self) -> usize {
        self.bus.sources()
    }

    fn slot_mut(&mut self, leg: LegId) -> Option<&mut Slot> {
        self.legs
            .get_mut(leg.slot as usize)
            .filter(|slot| slot.generation == leg.generation && slot.leg.is_some())
    }
}

fn legs(slots: &mut [Slot]) -> impl Iterator<Item = (u32, &mut Leg)> {
    (0..)
        .zip(slots)
        .filter_map(|(index, slot)| Some((index, slot.leg.as_deref_mut()?)))
}

impl Leg {
    const fn new() -> Self {
        Self {
            own: SILENCE,
            pushed: None,
            gain: 0.0,
            on_bus: false,
            mixer: None,
            heard: SILENCE,
        }
    }

    fn contribute(&mut self, wanted: bool, bus: &mut Bus) {
        let level = self.pushed.take();
        let start = self.gain;
        // What stopped without a last frame cannot be faded; what comes after the gap can.
        self.gain = if wanted && level.is_some() { 1.0 } else { 0.0 };
        self.on_bus = level.is_some_and(|level| level < 127) && (start > 0.0 || self.gain > 0.0);
        if self.on_bus {
            ramp(&mut self.own, start, self.gain);
            bus.add(&self.own);
        }
    }

    /// `everyone` is the shared mixer as it was before this tick.
    fn render(&mut self, bus: &Bus, everyone: &Mixer) {
        if self.on_bus {
            let mixer = self.mixer.get_or_insert_with(|| everyone.clone());
            mixer.render_without(bus, &self.own, &mut self.heard);
        } else if let Some(mixer) = &mut self.mixer {
            if mixer.agrees_with(everyone) {
                self.mixer = None;
            } else {
                mixer.render(bus, &mut self.heard);
            }
        }
    }
}
