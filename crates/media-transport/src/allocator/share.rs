//! Who gets what of a budget: a function of its arguments alone.

use std::ops::Range;

use super::ladder::Rung;
use super::{Source, SourceKind, View};
use crate::bwe::Bitrate;

/// The part of a budget, in percent, that is kept for the least of ordinary sources before a prominent one rises.
const KEPT_PERCENT: u32 = 20;

/// A source, as far as sharing is concerned.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) rank: Rank,
    /// Its rungs.
    pub(super) rungs: Range<usize>,
    /// Not higher than this: 0 is paused, 1 the first rung.
    pub(super) cap: usize,
    /// The result.
    pub(super) level: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Audio,
    /// A screen, or what the viewer has pinned.
    Prominent,
    Ordinary,
}

impl Rank {
    pub(super) fn of(source: &Source<'_>) -> Self {
        match (source.kind, source.view) {
            (SourceKind::Audio, _) => Self::Audio,
            (SourceKind::Screen, _) | (_, View::Pinned { .. }) => Self::Prominent,
            (SourceKind::Camera, _) => Self::Ordinary,
        }
    }
}

/// Sets the level of each claim; they are in the order in which they are served. What is spent.
///
/// Audio has at least its least, whatever the budget. Then come the least of each prominent source and, in order, as
/// much of each as there is, but for a part that is kept for the others; then the least of the others; then they rise in
/// turn. What does not fit is passed over.
pub(super) fn share(budget: Bitrate, rungs: &[Rung], claims: &mut [Claim]) -> Bitrate {
    let mut purse = Purse {
        rungs,
        budget,
        spent: Bitrate::ZERO,
    };
    for claim in claims.iter_mut() {
        claim.level = 0;
        if claim.rank == Rank::Audio && claim.top() > 0 {
            claim.level = 1;
            purse.spent = purse.spent.saturating_add(cost(rungs, claim, 1));
        }
    }
    purse.rise(claims, Rank::Audio);
    purse.least(claims, Rank::Prominent);
    let least = claims
        .iter()
        .filter(|claim| claim.rank == Rank::Ordinary && claim.top() > 0);
    let least = least.fold(Bitrate::ZERO, |sum, claim| {
        sum.saturating_add(cost(rungs, claim, 1))
    });
    let kept = least.min(budget.percent(KEPT_PERCENT));
    purse.budget = budget.saturating_sub(kept);
    purse.rise(claims, Rank::Prominent);
    purse.budget = budget;
    purse.least(claims, Rank::Ordinary);
    while purse.rise_in_turn(claims) {}
    purse.spent
}

/// What a level of a claim costs.
pub(super) fn cost(rungs: &[Rung], claim: &Claim, level: usize) -> Bitrate {
    let index = level.checked_sub(1).map(|level| claim.rungs.start + level);
    let rung = index.and_then(|index| rungs.get(index));
    rung.map_or(Bitrate::ZERO, |rung| rung.bitrate)
}

impl Claim {
    fn top(&self) -> usize {
        self.rungs.len().min(self.cap)
    }
}

struct Purse<'a> {
    rungs: &'a [Rung],
    budget: Bitrate,
    spent: Bitrate,
}

impl Purse<'_> {
    /// Raises a claim to a level, if that can be paid.
    fn pay(&mut self, claim: &mut Claim, level: usize) -> bool {
        let more = cost(self.rungs, claim, level).saturating_sub(cost(self.rungs, claim, claim.level));
        let spent = self.spent.saturating_add(more);
        if spent > self.budget {
            return false;
        }
        (self.spent, claim.level) = (spent, level);
        true
    }

    fn least(&mut self, claims: &mut [Claim], rank: Rank) {
        for claim in claims.iter_mut().filter(|claim| claim.rank == rank) {
            if claim.top() > 0 {
                self.pay(claim, 1);
            }
        }
    }

    /// Each as far as it goes.
    fn rise(&mut self, claims: &mut [Claim], rank: Rank) {
        let served = claims
            .iter_mut()
            .filter(|claim| claim.rank == rank && claim.level > 0);
        for claim in served {
            while claim.level < claim.top() && self.pay(claim, claim.level + 1) {}
        }
    }

    /// Each ordinary one a step; whether any was.
    fn rise_in_turn(&mut self, claims: &mut [Claim]) -> bool {
        let served = claims
            .iter_mut()
            .filter(|claim| claim.rank == Rank::Ordinary && claim.level > 0);
        let mut has_risen = false;
        for claim in served {
            if claim.level < claim.top() {
                has_risen |= self.pay(claim, claim.level + 1);
            }
        }
        has_risen
    }
}
