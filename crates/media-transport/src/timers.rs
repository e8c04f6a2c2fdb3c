//! Timers as an enumeration and a table, so that a timeout knows why it fires.

use std::time::Instant;

/// When each kind of timer fires. `None` is "not set"; there are no dates far ahead.
#[derive(Debug, Clone)]
pub(crate) struct Timers<T, const N: usize> {
    table: [(T, Option<Instant>); N],
}

impl<T: Copy + Eq, const N: usize> Timers<T, N> {
    /// A table with one place for each of `kinds`, none set.
    pub(crate) fn new(kinds: [T; N]) -> Self {
        Self {
            table: kinds.map(|kind| (kind, None)),
        }
    }

    pub(crate) fn set(&mut self, kind: T, at: Instant) {
        self.put(kind, Some(at));
    }

    pub(crate) fn stop(&mut self, kind: T) {
        self.put(kind, None);
    }

    pub(crate) fn stop_all(&mut self) {
        for (_, at) in &mut self.table {
            *at = None;
        }
    }

    pub(crate) fn is_set(&self, kind: T) -> bool {
        self.table
            .iter()
            .any(|(other, at)| *other == kind && at.is_some())
    }

    /// Takes the earliest timer that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<T> {
        let (kind, place) = self
            .table
            .iter_mut()
            .filter(|(_, at)| at.is_some_and(|at| at <= now))
            .min_by_key(|(_, at)| *at)?;
        *place = None;
        Some(*kind)
    }

    /// When the next timer fires.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.table.iter().filter_map(|(_, at)| *at).min()
    }

    fn put(&mut self, kind: T, at: Option<Instant>) {
        for (other, place) in &mut self.table {
            if *other == kind {
                *place = at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_clock::start;

    #[test]
    fn fires_in_order_and_once() {
        let now = start();
        let ms = Duration::from_millis;
        let mut timers = Timers::new(['a', 'b', 'c']);
        assert_eq!(timers.next_timeout(), None);
        timers.set('a', now + ms(20));
        timers.set('b', now + ms(10));
        timers.set('c', now + ms(30));
        timers.stop('c');
        assert!(timers.is_set('a') && !timers.is_set('c'));
        assert_eq!(timers.next_timeout(), Some(now + ms(10)));
        assert_eq!(timers.pop_due(now + ms(9)), None);
        assert_eq!(timers.pop_due(now + ms(20)), Some('b'));
        assert_eq!(timers.pop_due(now + ms(20)), Some('a'));
        assert_eq!(timers.pop_due(now + ms(40)), None);
        timers.set('a', now);
        timers.stop_all();
        assert_eq!(timers.next_timeout(), None);
    }
}
