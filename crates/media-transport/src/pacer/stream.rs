//! The frames of one stream that wait, and which of them go when there are too many.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::config::{Class, Frame, FrameKind};

/// A keyframe on its way is given up only after this many times the longest wait.
const PATIENCE_WITH_KEYFRAMES: u32 = 6;

/// Most packets given up that wait for the owner to hear of them.
const MAX_GIVEN_UP: usize = 1024;

/// A packet that waits.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    pub(super) item: T,
    pub(super) bytes: usize,
    pub(super) since: Instant,
    pub(super) frame: Frame,
}

#[derive(Debug)]
pub(super) struct StreamQueue<T> {
    pub(super) stream: u32,
    pub(super) class: Class,
    /// What it may still send in this round.
    pub(super) deficit: usize,
    queue: VecDeque<Waiting<T>>,
    /// What was given up, until the owner takes it.
    given_up: VecDeque<T>,
    bytes: usize,
    /// Only a keyframe is let in.
    needs_keyframe: bool,
    /// The rest of this frame is not let in.
    skipped: Option<u64>,
    /// The frame of which the last packet was sent, unless it is complete.
    begun: Option<u64>,
}

/// What giving up frames has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dropped {
    pub(super) packets: usize,
    pub(super) bytes: usize,
    /// Whether nothing more can be decoded before the next keyframe, and that is new.
    pub(super) needs_keyframe: bool,
}

impl<T> StreamQueue<T> {
    pub(super) fn new(stream: u32, class: Class) -> Self {
        Self {
            stream,
            class,
            deficit: 0,
            queue: VecDeque::new(),
            given_up: VecDeque::new(),
            bytes: 0,
            needs_keyframe: false,
            skipped: None,
            begun: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn packets(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn needs_keyframe(&self) -> bool {
        self.needs_keyframe
    }

    pub(super) fn items_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.queue.iter_mut().map(|waiting| &mut waiting.item)
    }

    pub(super) fn poll_given_up(&mut self) -> Option<T> {
        self.given_up.pop_front()
    }

    fn give_up(&mut self, item: T) {
        if self.given_up.len() < MAX_GIVEN_UP {
            self.given_up.push_back(item);
        }
    }

    pub(super) fn front(&self) -> Option<&Waiting<T>> {
        self.queue.front()
    }

    /// Lets a packet in; `false` when its frame, or all until a keyframe, is given up.
    pub(super) fn push(&mut self, waiting: Waiting<T>) -> bool {
        let frame = waiting.frame;
        if self.skipped == Some(frame.number) {
            return false;
        }
        if self.needs_keyframe {
            if frame.kind != FrameKind::Key {
                return false;
            }
            self.needs_keyframe = false;
        }
        self.skipped = None;
        self.bytes += waiting.bytes;
        self.queue.push_back(waiting);
        true
    }

    /// Lets a packet through, when nothing waits; `false` where [`push`](Self::push) has to decide.
    pub(super) fn pass(&mut self, frame: Frame) -> bool {
        if self.needs_keyframe || self.skipped == Some(frame.number) || !self.queue.is_empty() {
            return false;
        }
        self.skipped = None;
        self.begun = (!frame.is_last).then_some(frame.number);
        true
    }

    pub(super) fn pop(&mut self) -> Option<Waiting<T>> {
        let waiting = self.queue.pop_front()?;
        self.bytes -= waiting.bytes;
        let frame = waiting.frame;
        self.begun = (!frame.is_last).then_some(frame.number);
        Some(waiting)
    }

    /// When a frame will have waited too long. Keyframes are large and have more time.
    pub(super) fn expires_at(&self, max_delay: Duration) -> Option<Instant> {
        let is_key = |waiting: &&Waiting<T>| waiting.frame.kind == FrameKind::Key;
        let keyframe = self.queue.front().filter(is_key);
        let keyframe = keyframe.map(|first| first.since + max_delay * PATIENCE_WITH_KEYFRAMES);
        let other = self.queue.iter().find(|waiting| !is_key(waiting));
        let other = other.map(|first| first.since + max_delay);
        [keyframe, other].into_iter().flatten().min()
    }

    /// Gives up frames that have waited too long.
    pub(super) fn expire(&mut self, now: Instant, max_delay: Duration) -> Dropped {
        let mut dropped = Dropped::default();
        while self.expires_at(max_delay).is_some_and(|at| at <= now) {
            dropped.add(self.drop_some());
        }
        dropped
    }

    /// Gives up some whole frames, at least a packet if there is one. In this order: what stands before a newer
    /// keyframe, what nothing depends on, what stands behind the last keyframe, and everything. A keyframe that is on its
    /// way, or next, stays as long as there is something else.
    pub(super) fn drop_some(&mut self) -> Dropped {
        let (head, has_begun) = self.head_keyframe();
        let (complete, newest) = self.newer_keyframes(head);
        if let Some(keyframe) = complete {
            let from = if has_begun { head } else { 0 };
            if from < keyframe {
                return self.remove(from..keyframe, false);
            }
        }
        if let Some(keyframe) = newest.filter(|keyframe| head < *keyframe) {
            return self.remove(head..keyframe, false);
        }
        let dropped = self.drop_discardable(head);
        if dropped.packets > 0 {
            return dropped;
        }
        let is_key = |waiting: &Waiting<T>| waiting.frame.kind == FrameKind::Key;
        let behind = self.queue.iter().rposition(is_key).map_or(0, |index| index + 1);
        if behind < self.queue.len() {
            return self.remove(behind..self.queue.len(), true);
        }
        match newest {
            Some(keyframe) => self.remove(0..keyframe, false),
            None => self.drop_all(),
        }
    }

    /// Gives up everything.
    pub(super) fn drop_all(&mut self) -> Dropped {
        self.remove(0..self.queue.len(), true)
    }

    /// How many packets at the head are of one keyframe, and whether some of it has been sent.
    fn head_keyframe(&self) -> (usize, bool) {
        let Some(first) = self.queue.front() else {
            return (0, false);
        };
        if first.frame.kind != FrameKind::Key {
            return (0, false);
        }
        let number = first.frame.number;
        let count = self
            .queue
            .iter()
            .take_while(|waiting| waiting.frame.number == number);
        let has_begun = self.begun.is_some_and(|begun| begun == number);
        (count.count(), has_begun)
    }

    /// Where the newest complete keyframe begins, and the newest one, not before `from`.
    fn newer_keyframes(&self, from: usize) -> (Option<usize>, Option<usize>) {
        let (mut complete, mut newest) = (None, None);
        let mut number = None;
        for (index, waiting) in self.queue.iter().enumerate().skip(from) {
            let frame = waiting.frame;
            if frame.kind != FrameKind::Key {
                continue;
            }
            if number.replace(frame.number) != Some(frame.number) {
                newest = Some(index);
            }
            if frame.is_last {
                complete = newest;
            }
        }
        (complete, newest)
    }

    fn drop_discardable(&mut self, from: usize) -> Dropped {
        let begun = self.begun;
        let mut dropped = Dropped::default();
        let mut last_dropped = None;
        for index in 0..self.queue.len() {
            let Some(waiting) = self.queue.pop_front() else {
                break;
            };
            let is_dropped = index >= from
                && waiting.frame.kind == FrameKind::Discardable
                && begun.is_none_or(|number| number != waiting.frame.number);
            if is_dropped {
                dropped.packets += 1;
                dropped.bytes += waiting.bytes;
                last_dropped = Some(waiting.frame);
                self.give_up(waiting.item);
            } else {
                self.queue.push_back(waiting);
            }
        }
        self.bytes -= dropped.bytes;
        if let Some(frame) = last_dropped.filter(|frame| !frame.is_last) {
            self.skipped = Some(frame.number);
        }
        dropped
    }

    fn remove(&mut self, range: std::ops::Range<usize>, needs_keyframe: bool) -> Dropped {
        let is_to_end = range.end == self.queue.len();
        let mut dropped = Dropped {
            needs_keyframe: needs_keyframe && !self.needs_keyframe,
            ..Dropped::default()
        };
        let mut last = None;
        for waiting in self.queue.drain(range) {
            dropped.packets += 1;
            dropped.bytes += waiting.bytes;
            last = Some(waiting.frame);
            if self.given_up.len() < MAX_GIVEN_UP {
                self.given_up.push_back(waiting.item);
            }
        }
        self.bytes -= dropped.bytes;
        self.needs_keyframe |= needs_keyframe;
        // A keyframe, too, is of no use without its beginning.
        if let Some(frame) = last.filter(|frame| is_to_end && !frame.is_last) {
            self.skipped = Some(frame.number);
        }
        dropped
    }
}

impl Dropped {
    pub(super) fn add(&mut self, other: Self) {
        self.packets += other.packets;
        self.bytes += other.bytes;
        self.needs_keyframe |= other.needs_keyframe;
    }
}
