//! Values at small, stable indices.

/// A vector with holes; a hole is filled before the vector grows.
#[derive(Debug)]
pub(super) struct Slots<T> {
    values: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self {
            values: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Puts a value into a free slot. `None` when there are 2³² of them.
    pub(super) fn insert(&mut self, value: T) -> Option<u32> {
        if let Some(slot) = self.free.pop() {
            *self.values.get_mut(slot as usize)? = Some(value);
            return Some(slot);
        }
        let slot = u32::try_from(self.values.len()).ok()?;
        self.values.push(Some(value));
        Some(slot)
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        let value = self.values.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(value)
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.values.get(slot as usize)?.as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.values.get_mut(slot as usize)?.as_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.values.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_slot_is_used_again() {
        let mut slots = Slots::new();
        assert_eq!((slots.insert('a'), slots.insert('b')), (Some(0), Some(1)));
        assert_eq!(slots.remove(0), Some('a'));
        assert_eq!(slots.remove(0), None);
        assert_eq!((slots.get(0), slots.len()), (None, 1));
        assert_eq!(slots.insert('c'), Some(0));
        assert_eq!(slots.get_mut(0), Some(&mut 'c'));
    }
}
