//! When each peer wants to be looked at: a heap in which entries can be moved, since that happens with every packet.

use std::time::Instant;

/// Not in the heap.
const NOWHERE: u32 = u32::MAX;

/// At most one time for each slot. Takes memory only when there are more slots than ever before.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// A binary heap: each entry is not later than those at twice its place plus one and plus two.
    heap: Vec<(Instant, u32)>,
    /// By slot: its place in the heap.
    places: Vec<u32>,
}

impl Schedule {
    /// The earliest time.
    pub(super) fn first(&self) -> Option<Instant> {
        self.heap.first().map(|(at, _)| *at)
    }

    /// When a slot's turn is.
    pub(super) fn get(&self, slot: u32) -> Option<Instant> {
        self.heap.get(self.place(slot)?).map(|(at, _)| *at)
    }

    /// Sets the time of a slot.
    pub(super) fn set(&mut self, slot: u32, at: Instant) {
        let place = self.place(slot).unwrap_or_else(|| {
            self.heap.push((at, slot));
            self.heap.len() - 1
        });
        if let Some(entry) = self.heap.get_mut(place) {
            *entry = (at, slot);
        }
        let place = self.rise(place);
        self.sink(place);
    }

    /// Forgets the time of a slot.
    pub(super) fn remove(&mut self, slot: u32) {
        let Some(place) = self.place(slot) else { return };
        self.heap.swap_remove(place);
        if let Some(known) = self.places.get_mut(slot as usize) {
            *known = NOWHERE;
        }
        if place < self.heap.len() {
            let place = self.rise(place);
            self.sink(place);
        }
    }

    /// Takes a slot whose time has come.
    pub(super) fn pop(&mut self, now: Instant) -> Option<u32> {
        let (at, slot) = *self.heap.first()?;
        if at > now {
            return None;
        }
        self.remove(slot);
        Some(slot)
    }

    fn place(&self, slot: u32) -> Option<usize> {
        let place = *self.places.get(slot as usize)?;
        (place != NOWHERE).then_some(place as usize)
    }

    /// Notes where an entry is.
    fn note(&mut self, place: usize) {
        let Some((_, slot)) = self.heap.get(place) else {
            return;
        };
        let slot = *slot as usize;
        if self.places.len() <= slot {
            self.places.resize(slot + 1, NOWHERE);
        }
        if let Some(known) = self.places.get_mut(slot) {
            // There are no more entries than slots.
            *known = u32::try_from(place).unwrap_or(NOWHERE);
        }
    }

    fn rise(&mut self, mut place: usize) -> usize {
        while let Some(parent) = place.checked_sub(1).map(|place| place / 2)
            && self.is_earlier(place, parent)
        {
            self.heap.swap(place, parent);
            self.note(place);
            place = parent;
        }
        self.note(place);
        place
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let child = if self.is_earlier(right, left) { right } else { left };
            if !self.is_earlier(child, place) {
                break;
            }
            self.heap.swap(place, child);
            self.note(place);
            place = child;
        }
        self.note(place);
    }

    /// Whether there is an entry at `one`, and it is earlier than that at `other`.
    fn is_earlier(&self, one: usize, other: usize) -> bool {
        let at = |place: usize| self.heap.get(place).map(|(at, _)| *at);
        match (at(one), at(other)) {
            (Some(one), Some(other)) => one < other,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::test_clock::start;

    proptest! {
        #[test]
        fn the_earliest_comes_first(steps in vec((0_u8..4, 0_u32..20, 0_u64..50), 1..300)) {
            let begin = start();
            let (mut schedule, mut model) = (Schedule::default(), BTreeMap::new());
            for (what, slot, millis) in steps {
                let at = begin + Duration::from_millis(millis);
                match what {
                    0 | 1 => {
                        schedule.set(slot, at);
                        model.insert(slot, at);
                    }
                    2 => {
                        schedule.remove(slot);
                        model.remove(&slot);
                    }
                    _ => {
                        let taken = schedule.pop(at);
                        let first = model.values().min().copied();
                        prop_assert_eq!(taken.is_some(), first.is_some_and(|first| first <= at));
                        if let Some(slot) = taken {
                            prop_assert_eq!(model.remove(&slot), first);
                        }
                    }
                }
                prop_assert_eq!(schedule.first(), model.values().min().copied());
                prop_assert_eq!(schedule.get(slot), model.get(&slot).copied());
            }
        }
    }
}
