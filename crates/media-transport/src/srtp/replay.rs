/// Which of the latest 128 packet indices have been seen (RFC 3711 §3.3.2, which asks for at least 64).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReplayWindow {
    highest: u64,
    /// Bit *i* says that index `highest - i` has been seen; bit 0 is always set.
    seen: u128,
}

impl ReplayWindow {
    pub(super) const SIZE: u64 = u128::BITS as u64;

    /// A window whose first packet is `index`.
    pub(super) const fn starting_at(index: u64) -> Self {
        Self {
            highest: index,
            seen: 1,
        }
    }

    /// Marks an authenticated index as seen.
    #[inline]
    pub(super) const fn accept(&mut self, index: u64) {
        if index > self.highest {
            let step = index - self.highest;
            self.seen = if step < Self::SIZE {
                (self.seen << step) | 1
            } else {
                1
            };
            self.highest = index;
        } else {
            let age = self.highest - index;
            if age < Self::SIZE {
                self.seen |= 1 << age;
            }
        }
    }

    /// Whether `index` has been seen, or is too old to tell.
    #[inline]
    pub(super) const fn is_replay(&self, index: u64) -> bool {
        if index > self.highest {
            return false;
        }
        let age = self.highest - index;
        age >= Self::SIZE || self.seen & (1 << age) != 0
    }

    /// The highest index seen.
    #[inline]
    pub(super) const fn highest(&self) -> u64 {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_window_has_128_places() {
        let mut window = ReplayWindow::starting_at(0);
        window.accept(127);
        assert!(window.is_replay(0));
        assert!(!window.is_replay(1));
        window.accept(128);
        assert!(!window.is_replay(1));
        window.accept(129);
        assert!(window.is_replay(1), "older than the window");
        window.accept(1_000_000);
        assert!(window.is_replay(129));
        assert!(!window.is_replay(1_000_000 - 127));
        assert!(window.is_replay(1_000_000 - 128));
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(first in 0_u64..1000, steps in prop::collection::vec(-200_i64..200, 0..400)) {
            let mut window = ReplayWindow::starting_at(first);
            let mut seen = HashSet::from([first]);
            let mut highest = first;
            for step in steps {
                let index = highest.saturating_add_signed(step);
                let replay = seen.contains(&index) || index + ReplayWindow::SIZE <= highest;
                prop_assert_eq!(window.is_replay(index), replay, "index {} highest {}", index, highest);
                if !replay {
                    window.accept(index);
                    seen.insert(index);
                    highest = highest.max(index);
                }
                prop_assert_eq!(window.highest(), highest);
            }
        }
    }
}
