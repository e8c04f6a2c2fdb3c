//! Who of many is heard: the loudest few, chosen so that nobody flaps in and out.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use anteroom_codec::mix::select::{SelectConfig, Selector};
//! let mut selector = Selector::new(SelectConfig { speakers: 1, ..SelectConfig::default() })?;
//! let now = Instant::now();
//! selector.update(now, "alice", 127); // silent
//! selector.update(now, "bob", 20); // speaks
//! assert!(selector.select(now));
//! assert!(selector.is_selected(&"bob") && !selector.is_selected(&"alice"));
//! # Ok::<(), anteroom_codec::Error>(())
//! ```

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::Error;

/// Settings of a [`Selector`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectConfig {
    /// Most who are selected at a time, at least 1. Three are enough for talk; more than that at once is a crowd that
    /// nobody can follow, and only adds their rooms' noise.
    pub speakers: usize,
    /// A level this quiet (−dBov, RFC 6464, 0 to 127) is nobody speaking, and takes no free place.
    pub silence_level: u8,
    /// How many decibels louder than the quietest of the selected one must be to take its place.
    pub margin_db: u8,
    /// For how long one must be that much louder: a cough or a key that falls takes nobody's place.
    pub lead: Duration,
    /// Who has got a place keeps it this long against any who is louder.
    pub min_hold: Duration,
    /// Who falls silent keeps the place this long, if nobody else wants it: the pause between two sentences.
    pub hangover: Duration,
}

impl Default for SelectConfig {
    fn default() -> Self {
        Self {
            speakers: 3,
            silence_level: 60,
            margin_db: 6,
            lead: Duration::from_millis(100),
            min_hold: Duration::from_millis(600),
            hangover: Duration::from_secs(2),
        }
    }
}

/// Chooses the loudest few by their levels over time.
///
/// - [`update`](Self::update) takes a level whenever there is one, from the sound or from an RTP header extension;
/// - [`select`](Self::select), called once per tick, decides;
/// - [`is_selected`](Self::is_selected) and [`selected`](Self::selected) tell.
///
/// A free place goes to the loudest at once, so no beginning of a word is lost. A place that is taken changes hands only
/// to one who is louder by [`SelectConfig::margin_db`] for [`SelectConfig::lead`], and not before
/// [`SelectConfig::min_hold`]; so a place changes hands at most once in that time. It costs what its members cost:
/// bounding their number is the caller's.
#[derive(Debug, Clone)]
pub struct Selector<K> {
    config: SelectConfig,
    members: BTreeMap<K, Member>,
    /// The last time between two levels, and how far the meter goes up and down in it: it is nearly always the same.
    pace: (Duration, f32, f32),
}

#[derive(Debug, Clone)]
struct Member {
    /// The last level, in decibels above −127 dBov: 0 to 127.
    latest: f32,
    /// The same, smoothed.
    loudness: f32,
    /// Time of the last level.
    updated: Instant,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// Not selected; since when it has been loud enough to take somebody's place.
    Outside { ahead_since: Option<Instant> },
    /// Selected; since when, and when it was last not silent.
    Inside { since: Instant, spoke: Instant },
}

/// How fast the smoothed level follows a louder one.
const ATTACK_SECONDS: f32 = 0.02;

/// How fast the smoothed level follows a quieter one: slower than the gaps between syllables.
const RELEASE_SECONDS: f32 = 0.25;

/// Who has sent no level for this long has stopped sending, and counts as silent.
const STALE: Duration = Duration::from_millis(200);

impl<K: Ord + Copy> Selector<K> {
    /// A selector without members.
    ///
    /// # Errors
    /// [`Error::Setting`] when nobody may be selected, or a level is above 127.
    pub fn new(config: SelectConfig) -> Result<Self, Error> {
        if config.speakers == 0 {
            return Err(Error::Setting("at least one speaker must be selected"));
        }
        if config.silence_level > 127 || config.margin_db > 127 {
            return Err(Error::Setting("levels and margins are 0 to 127 dB"));
        }
        Ok(Self {
            config,
            members: BTreeMap::new(),
            pace: (Duration::ZERO, 0.0, 0.0),
        })
    }

    /// Takes the level of `key` at `now`: 0 (full scale) to 127 (silence), in −dBov; more counts as 127. A key not
    /// known becomes a member.
    pub fn update(&mut self, now: Instant, key: K, level: u8) {
        let loudness = 127.0 - f32::from(level.min(127));
        let member = self.members.entry(key).or_insert(Member {
            latest: loudness,
            loudness,
            updated: now,
            place: Place::Outside { ahead_since: None },
        });
        let elapsed = now.saturating_duration_since(member.updated);
        if elapsed != self.pace.0 {
            let part = |constant: f32| 1.0 - (-elapsed.as_secs_f32() / constant).exp();
            self.pace = (elapsed, part(ATTACK_SECONDS), part(RELEASE_SECONDS));
        }
        let (_, up, down) = self.pace;
        let part = if loudness > member.loudness { up } else { down };
        member.latest = loudness;
        member.loudness += (loudness - member.loudness) * part;
        member.updated = now.max(member.updated);
    }

    /// Forgets a member; its place is free from the next [`select`](Self::select) on.
    pub fn remove(&mut self, key: &K) {
        self.members.remove(key);
    }

    /// Decides who is selected from `now` on; `true` when that changed.
    pub fn select(&mut self, now: Instant) -> bool {
        let (speakers, hangover) = (self.config.speakers, self.config.hangover);
        let silence = 127.0 - f32::from(self.config.silence_level);
        let mut changed = false;
        let mut taken = 0;
        for member in self.members.values_mut() {
            if now.saturating_duration_since(member.updated) > STALE {
                (member.latest, member.loudness) = (0.0, 0.0);
            }
            if let Place::Inside { since, spoke } = member.place {
                let spoke = if member.latest > silence { now } else { spoke };
                if now.saturating_duration_since(spoke) > hangover {
                    member.place = Place::Outside { ahead_since: None };
                    changed = true;
                } else {
                    member.place = Place::Inside { since, spoke };
                    taken += 1;
                }
            }
        }
        while taken < speakers
            && let Some(loudest) = self.loudest_outside(silence)
        {
            loudest.place = Place::Inside {
                since: now,
                spoke: now,
            };
            taken += 1;
            changed = true;
        }
        for _ in 0..taken {
            if !self.replace(now, silence) {
                break;
            }
            changed = true;
        }
        changed
    }

    /// Whether this member is selected; `false` for who is none.
    #[must_use]
    pub fn is_selected(&self, key: &K) -> bool {
        self.members.get(key).is_some_and(Member::is_inside)
    }

    /// All who are selected, in the order of their keys; at most [`SelectConfig::speakers`].
    pub fn selected(&self) -> impl Iterator<Item = K> + '_ {
        let inside = self.members.iter().filter(|(_, member)| member.is_inside());
        inside.map(|(&key, _)| key)
    }

    /// The settings in force.
    #[must_use]
    pub const fn config(&self) -> &SelectConfig {
        &self.config
    }

    /// Lets the loudest outside take the place of the quietest inside, if it may.
    fn replace(&mut self, now: Instant, silence: f32) -> bool {
        let (margin, lead, hold) = (
            f32::from(self.config.margin_db),
            self.config.lead,
            self.config.min_hold,
        );
        let passes = |louder: f32, than: f32| louder > than && louder >= than + margin;
        let held = |since: Instant| now.saturating_duration_since(since) >= hold;
        let quietest = |free_only: bool| {
            self.members
                .iter()
                .filter_map(|(&key, member)| match member.place {
                    Place::Inside { since, .. } if !free_only || held(since) => Some((key, member.loudness)),
                    _ => None,
                })
                .min_by(|a, b| a.1.total_cmp(&b.1))
        };
        let Some((_, bar)) = quietest(false) else {
            return false;
        };
        let weakest = quietest(true);
        // The lead is counted from when one passes the quietest, whether that place can be taken yet or not.
        let (mut best, mut loudest) = (None, silence);
        for (&key, member) in &mut self.members {
            let Place::Outside { ahead_since } = &mut member.place else {
                continue;
            };
            if !passes(member.loudness, bar) || member.loudness <= silence {
                *ahead_since = None;
            } else if now.saturating_duration_since(*ahead_since.get_or_insert(now)) >= lead
                && member.loudness > loudest
            {
                (best, loudest) = (Some(key), member.loudness);
            }
        }
        let (Some(winner), Some((loser, level))) = (best, weakest) else {
            return false;
        };
        if !passes(loudest, level) {
            return false;
        }
        if let Some(member) = self.members.get_mut(&loser) {
            member.place = Place::Outside { ahead_since: None };
        }
        if let Some(member) = self.members.get_mut(&winner) {
            member.place = Place::Inside {
                since: now,
                spoke: now,
            };
        }
        true
    }

    fn loudest_outside(&mut self, silence: f32) -> Option<&mut Member> {
        self.members
            .values_mut()
            .filter(|member| !member.is_inside() && member.latest > silence)
            .max_by(|a, b| a.latest.total_cmp(&b.latest))
    }
}

impl Member {
    const fn is_inside(&self) -> bool {
        matches!(self.place, Place::Inside { .. })
    }
}
