//! Which layer of each source a subscriber is sent, within what its path carries.
//!
//! Audio comes first. Then screens and what the viewer has pinned, then cameras, by priority and by the size at which
//! they are shown; nobody is sent more pixels than are seen. What does not fit is paused.
//!
//! A layer is given up at once when it no longer fits, and a better one is taken when there has been room for it, and
//! something to spare, for some time; longer when that went wrong before. What the viewer changes counts at once.
//!
//! ```
//! use std::time::Instant;
//! use anteroom_media_transport::allocator::{
//!     Allocator, AllocatorConfig, Choice, Layer, Source, SourceKind, View,
//! };
//! use anteroom_media_transport::bwe::Bitrate;
//!
//! let layer = |spatial, height, kbps| Layer {
//!     spatial,
//!     temporal: 0,
//!     width: height * 16 / 9,
//!     height,
//!     bitrate: Bitrate::from_kbps(kbps),
//! };
//! let camera = [layer(0, 180, 150), layer(1, 360, 500), layer(2, 720, 1700)];
//! let source = |id, view| Source { id, kind: SourceKind::Camera, priority: 0, view, layers: &camera };
//! let sources = [
//!     source(1, View::Tile { width: 320, height: 180 }),
//!     source(2, View::Pinned { width: 1280, height: 720 }),
//!     source(3, View::Hidden),
//! ];
//! let mut allocator = Allocator::new(AllocatorConfig::default());
//! let allocations = allocator.allocate(Instant::now(), Bitrate::from_kbps(1000), &sources);
//! let choices: Vec<_> = allocations.iter().map(|allocation| allocation.choice).collect();
//! assert_eq!(choices, [Choice::Layer(0), Choice::Layer(1), Choice::Paused]);
//! // More would be of use: the estimator may look for it.
//! assert_eq!(allocator.wanted(), Bitrate::from_kbps(1850));
//! ```

mod ladder;
mod share;
#[cfg(test)]
mod tests;
mod types;

use std::cmp::Reverse;
use std::time::{Duration, Instant};

pub use types::{Allocation, AllocatorConfig, Choice, Layer, Source, SourceKind, View};

use self::ladder::Rung;
use self::share::{Claim, Rank, cost, share};
use crate::bwe::Bitrate;

/// Shares what a subscriber's path carries among its sources. See the [module](self) for its use.
#[derive(Debug)]
pub struct Allocator {
    config: AllocatorConfig,
    /// Sorted by id.
    states: Vec<State>,
    allocations: Vec<Allocation>,
    rungs: Vec<Rung>,
    /// In the order in which they are served, with the index of their source.
    claims: Vec<Claim>,
    order: Vec<usize>,
    /// Levels that are in force, in the order of `claims`.
    present: Vec<usize>,
    spent: Bitrate,
    wanted: Bitrate,
    /// See [`set_sustained`](Self::set_sustained).
    sustained: Bitrate,
    /// Since when something better has been possible.
    better_since: Option<Instant>,
    /// When to look again for it.
    due: Option<Instant>,
    patience: Duration,
    /// How long what is better now has to be so.
    waits: Duration,
    last_rise: Option<Instant>,
    /// The budget when something better was taken the last time.
    risen_at: Bitrate,
    /// When that did not last, and what the budget had been.
    failed: Option<(Instant, Bitrate)>,
}

/// What was said about a source, and decided, the last time.
#[derive(Debug, Clone, Copy)]
struct State {
    id: u64,
    kind: SourceKind,
    priority: u8,
    view: View,
    /// The layer that is sent.
    key: Option<(u8, u8)>,
    /// When the viewer last changed something.
    since: Instant,
    is_seen: bool,
    is_changed: bool,
}

/// A better choice that was given up within this time did not last.
const LASTING: Duration = Duration::from_secs(12);

/// After this time without that, the patience is the first one again.
const FORGIVEN: Duration = Duration::from_secs(30);

impl Allocator {
    /// An allocator that has allocated nothing.
    #[must_use]
    pub fn new(config: AllocatorConfig) -> Self {
        Self {
            config,
            states: Vec::new(),
            allocations: Vec::new(),
            rungs: Vec::new(),
            claims: Vec::new(),
            order: Vec::new(),
            present: Vec::new(),
            spent: Bitrate::ZERO,
            wanted: Bitrate::ZERO,
            sustained: Bitrate::ZERO,
            better_since: None,
            due: None,
            patience: config.patience,
            waits: config.patience,
            last_rise: None,
            risen_at: Bitrate::ZERO,
            failed: None,
        }
    }

    /// Decides for all sources, in their order. To be called when the budget or anything about a source has changed, and
    /// at [`poll_timeout`](Self::poll_timeout).
    pub fn allocate(&mut self, now: Instant, budget: Bitrate, sources: &[Source<'_>]) -> &[Allocation] {
        let is_changed = self.take_note(now, sources);
        self.rank(sources);
        let present = self.recall(sources);
        let sustained = self.sustained.max(budget);
        if is_changed {
            self.cap_unchanged(sources);
            self.spent = share(sustained, &self.rungs, &mut self.claims);
            self.better_since = None;
        } else if present > sustained {
            self.cap_all();
            self.spent = share(sustained, &self.rungs, &mut self.claims);
            self.note_fall(now);
        } else if present > budget {
            self.better_since = None;
            self.stay(present);
        } else {
            self.rise(now, budget, present);
        }
        self.due = self.better_since.map(|since| since + self.waits);
        self.settle(sources);
        &self.allocations
    }

    /// What is there need not be given up while it fits into this, though the budget is lower for a moment. Nothing better
    /// is taken for it.
    pub fn set_sustained(&mut self, sustained: Bitrate) {
        self.sustained = sustained;
    }

    /// What the last decision takes.
    #[must_use]
    pub fn spent(&self) -> Bitrate {
        self.spent
    }

    /// What the best choice for every source would take.
    #[must_use]
    pub fn wanted(&self) -> Bitrate {
        self.wanted
    }

    /// What the budget must be for the next better choice of any source; `None` when all have the best.
    #[must_use]
    pub fn needed(&self) -> Option<Bitrate> {
        let steps = self.claims.iter().filter_map(|claim| {
            let next = (claim.level < claim.rungs.len()).then_some(claim.level + 1)?;
            let more = cost(&self.rungs, claim, next);
            Some(more.saturating_sub(cost(&self.rungs, claim, claim.level)))
        });
        let next = self.spent.saturating_add(steps.min()?);
        Some(next.percent(100 + self.config.headroom_percent))
    }

    /// When to allocate again though nothing has changed: something better may be taken then.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Compares the sources with the last time's; whether the viewer or the publishers have changed anything.
    fn take_note(&mut self, now: Instant, sources: &[Source<'_>]) -> bool {
        for state in &mut self.states {
            (state.is_seen, state.is_changed) = (false, false);
        }
        let mut is_changed = false;
        for source in sources {
            let found = self.states.binary_search_by_key(&source.id, |state| state.id);
            let state = State {
                id: source.id,
                kind: source.kind,
                priority: source.priority,
                view: source.view,
                key: None,
                since: now,
                is_seen: true,
                is_changed: true,
            };
            match found {
                Err(place) => {
                    self.states.insert(place, state);
                    is_changed = true;
                }
                Ok(place) => {
                    let Some(known) = self.states.get_mut(place) else {
                        continue;
                    };
                    let is_same =
                        (known.kind, known.priority, known.view) == (state.kind, state.priority, state.view);
                    if is_same {
                        known.is_seen = true;
                    } else {
                        *known = State {
                            key: known.key,
                            ..state
                        };
                        is_changed = true;
                    }
                }
            }
        }
        self.states.retain(|state| state.is_seen);
        is_changed
    }

    /// Builds ladders and the order in which sources are served.
    fn rank(&mut self, sources: &[Source<'_>]) {
        self.order.clear();
        self.order.extend(0..sources.len());
        let area = |view| match view {
            View::Tile { width, height } | View::Pinned { width, height } => {
                u64::from(width) * u64::from(height)
            }
            View::Hidden => 0,
        };
        self.order.sort_unstable_by_key(|index| {
            sources.get(*index).map(|one| {
                (
                    Rank::of(one),
                    Reverse(one.priority),
                    Reverse(area(one.view)),
                    one.id,
                    *index,
                )
            })
        });
        self.rungs.clear();
        self.claims.clear();
        self.wanted = Bitrate::ZERO;
        for source in self.order.iter().filter_map(|index| sources.get(*index)) {
            let begin = self.rungs.len();
            ladder::build(source, &mut self.rungs);
            let claim = Claim {
                rank: Rank::of(source),
                rungs: begin..self.rungs.len(),
                cap: usize::MAX,
                level: 0,
            };
            let best = cost(&self.rungs, &claim, claim.rungs.len());
            self.wanted = self.wanted.saturating_add(best);
            self.claims.push(claim);
        }
    }

    /// Finds the levels that are in force on the ladders of now; what they take.
    fn recall(&mut self, sources: &[Source<'_>]) -> Bitrate {
        self.present.clear();
        let mut sum = Bitrate::ZERO;
        for (claim, index) in self.claims.iter().zip(&self.order) {
            let key = sources
                .get(*index)
                .and_then(|source| self.state(source.id))
                .and_then(|state| state.key);
            let own = self.rungs.get(claim.rungs.clone()).unwrap_or_default();
            let level = key.map_or(0, |key| {
                // The layer itself, or else the best that is not better.
                let level = own.partition_point(|rung| rung.key <= key);
                level.max(1).min(own.len())
            });
            sum = sum.saturating_add(cost(&self.rungs, claim, level));
            self.present.push(level);
        }
        sum
    }

    fn cap_all(&mut self) {
        for (claim, level) in self.claims.iter_mut().zip(&self.present) {
            claim.cap = *level;
        }
    }

    /// What was not changed does not rise only because something else was.
    fn cap_unchanged(&mut self, sources: &[Source<'_>]) {
        for ((claim, level), index) in self.claims.iter_mut().zip(&self.present).zip(&self.order) {
            let id = sources.get(*index).map(|source| source.id);
            let found = id.and_then(|id| self.states.binary_search_by_key(&id, |state| state.id).ok());
            let state = found.and_then(|place| self.states.get(place));
            if state.is_some_and(|state| !state.is_changed) {
                claim.cap = *level;
            }
        }
    }

    /// Takes something better when it has been possible for long enough.
    fn rise(&mut self, now: Instant, budget: Bitrate, present: Bitrate) {
        let careful =
            Bitrate::from_bps(budget.as_bps() / u64::from(100 + self.config.headroom_percent) * 100);
        let spent = share(careful, &self.rungs, &mut self.claims);
        let levels = self.claims.iter().map(|claim| claim.level);
        if levels.gt(self.present.iter().copied()) {
            let since = *self.better_since.get_or_insert(now);
            // What did not last before is not taken early again, unless there is far more than there was then.
            let plenty = self.config.plenty_percent;
            let is_plenty = budget >= spent.percent(plenty)
                && self
                    .failed
                    .is_none_or(|(_, failed)| budget >= failed.percent(plenty));
            self.waits = self.needed_patience(now);
            if is_plenty {
                self.waits = self.waits.min(self.config.plenty_patience);
            }
            if now.saturating_duration_since(since) >= self.waits {
                self.better_since = None;
                // What is new is guessed, which is no fault of the path.
                self.last_rise = (!self.has_new(now)).then_some(now);
                self.risen_at = budget;
                self.spent = spent;
                return;
            }
        } else {
            self.better_since = None;
        }
        self.stay(present);
    }

    /// Leaves everything as it is.
    fn stay(&mut self, present: Bitrate) {
        for (claim, level) in self.claims.iter_mut().zip(&self.present) {
            claim.level = *level;
        }
        self.spent = present;
    }

    fn needed_patience(&self, now: Instant) -> Duration {
        if self.has_new(now) {
            self.config.first_patience
        } else {
            self.patience
        }
    }

    /// Whether a source is new or was changed by the viewer.
    fn has_new(&self, now: Instant) -> bool {
        let is_new = |state: &State| now.saturating_duration_since(state.since) < self.config.new_for;
        self.states.iter().any(is_new)
    }

    /// Something had to be given up.
    fn note_fall(&mut self, now: Instant) {
        self.better_since = None;
        let since = self.last_rise.map(|last| now.saturating_duration_since(last));
        if since.is_some_and(|since| since < LASTING) {
            self.patience = (self.patience * 2).min(self.config.max_patience);
            self.failed = Some((now, self.risen_at));
            self.last_rise = None;
            return;
        }
        let since = self.failed.map(|(at, _)| now.saturating_duration_since(at));
        if since.is_none_or(|since| since > FORGIVEN) {
            self.patience = self.config.patience;
            self.failed = None;
        }
    }

    /// Remembers the decision and tells it in the order of the sources.
    fn settle(&mut self, sources: &[Source<'_>]) {
        self.allocations.clear();
        self.allocations.extend(sources.iter().map(|source| Allocation {
            id: source.id,
            choice: Choice::Paused,
        }));
        for (claim, index) in self.claims.iter().zip(&self.order) {
            let rung = claim
                .level
                .checked_sub(1)
                .and_then(|level| self.rungs.get(claim.rungs.start + level));
            let Some(allocation) = self.allocations.get_mut(*index) else {
                continue;
            };
            if let Some(rung) = rung {
                allocation.choice = Choice::Layer(rung.layer);
            }
            let place = self.states.binary_search_by_key(&allocation.id, |state| state.id);
            if let Some(state) = place.ok().and_then(|place| self.states.get_mut(place)) {
                state.key = rung.map(|rung| rung.key);
            }
        }
    }

    fn state(&self, id: u64) -> Option<&State> {
        let place = self.states.binary_search_by_key(&id, |state| state.id).ok()?;
        self.states.get(place)
    }
}
