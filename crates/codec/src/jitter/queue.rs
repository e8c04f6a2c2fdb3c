//! Packets that wait for their turn.

use std::collections::VecDeque;

use super::Pulled;

/// Waiting packets in the order in which they will be heard, at most a given number of them. Buffers are used again, so that
/// nothing is allocated once it has been as full as it gets.
#[derive(Debug)]
pub(super) struct Queue {
    /// Ordered by timestamp, then by sequence number.
    packets: VecDeque<Waiting>,
    most: usize,
    /// The sum of their lengths, in samples.
    samples: i64,
    /// Payload buffers to use again; with `packets` at most `most`.
    spare: Vec<Vec<u8>>,
}

/// A packet that waits. Times are extended RTP timestamps or samples on the listener's clock.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Its extended sequence number; `None` for a redundant copy, which has none.
    pub(super) sequence: Option<i64>,
    pub(super) timestamp: i64,
    pub(super) arrival: i64,
    /// 0 for a packet without payload (padding), which only takes a number.
    pub(super) samples: i64,
    /// Samples that in-band redundancy in this packet can restore before it; 0 when it has none.
    pub(super) fec_samples: i64,
    /// Whether it has deep redundancy that is to be used.
    pub(super) dred: bool,
    pub(super) dtx: bool,
    pub(super) payload: Vec<u8>,
}

impl Waiting {
    pub(super) const fn end(&self) -> i64 {
        self.timestamp + self.samples
    }

    /// What its sound is called.
    pub(super) const fn origin(&self) -> Pulled {
        match (self.dtx, self.sequence) {
            (true, _) => Pulled::Silence,
            (false, Some(_)) => Pulled::Decoded,
            (false, None) => Pulled::Red,
        }
    }
}

impl Queue {
    pub(super) const fn new(most: usize) -> Self {
        Self {
            packets: VecDeque::new(),
            most,
            samples: 0,
            spare: Vec::new(),
        }
    }

    /// Puts a packet into its place with a copy of `payload`. There has to be room for it. A copy of what waits already is
    /// dropped, and a packet takes the place of its copies.
    pub(super) fn insert(&mut self, mut packet: Waiting, payload: &[u8]) {
        let key = |packet: &Waiting| (packet.timestamp, packet.sequence);
        let place = self
            .packets
            .iter()
            .rposition(|other| key(other) <= key(&packet))
            .map_or(0, |before| before + 1);
        let same = |other: &Waiting| other.timestamp == packet.timestamp && other.samples > 0;
        if packet.sequence.is_none() {
            // Without a number it is sorted before what has one.
            let waits = |at: usize| self.packets.get(at).is_some_and(same);
            if waits(place) || place.checked_sub(1).is_some_and(waits) {
                return;
            }
        } else if packet.samples > 0
            && let Some(at) = place.checked_sub(1)
            && let Some(copy) = self
                .packets
                .get_mut(at)
                .filter(|other| other.sequence.is_none() && same(other))
        {
            self.samples += packet.samples - copy.samples;
            packet.payload = std::mem::take(&mut copy.payload);
            fill(&mut packet.payload, payload);
            *copy = packet;
            return;
        }
        packet.payload = self.spare.pop().unwrap_or_default();
        fill(&mut packet.payload, payload);
        self.samples += packet.samples;
        self.packets.insert(place, packet);
    }

    /// Takes out what is heard next. Its payload is given back by [`recycle`](Self::recycle).
    pub(super) fn pop(&mut self) -> Option<Waiting> {
        let packet = self.packets.pop_front()?;
        self.samples -= packet.samples;
        Some(packet)
    }

    pub(super) fn pop_if(&mut self, condition: impl FnOnce(&Waiting) -> bool) -> Option<Waiting> {
        self.front().is_some_and(condition).then(|| self.pop())?
    }

    pub(super) fn recycle(&mut self, payload: Vec<u8>) {
        if self.spare.len() + self.packets.len() < self.most {
            self.spare.push(payload);
        }
    }

    pub(super) fn front(&self) -> Option<&Waiting> {
        self.packets.front()
    }

    pub(super) fn len(&self) -> usize {
        self.packets.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.packets.len() >= self.most
    }

    /// The sound that waits, in samples.
    pub(super) const fn samples(&self) -> i64 {
        self.samples
    }
}

fn fill(buffer: &mut Vec<u8>, payload: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: Option<i64>, timestamp: i64, samples: i64) -> Waiting {
        Waiting {
            sequence,
            timestamp,
            arrival: 0,
            samples,
            fec_samples: 0,
            dred: false,
            dtx: false,
            payload: Vec::new(),
        }
    }

    fn order(queue: &mut Queue) -> Vec<(Option<i64>, i64, Vec<u8>)> {
        std::iter::from_fn(|| queue.pop())
            .map(|p| (p.sequence, p.timestamp, p.payload))
            .collect()
    }

    #[test]
    fn sorts_by_time_and_then_by_number() {
        let mut queue = Queue::new(8);
        queue.insert(packet(Some(3), 1920, 960), b"3");
        queue.insert(packet(Some(2), 960, 0), b"");
        queue.insert(packet(Some(1), 960, 960), b"1");
        queue.insert(packet(Some(0), 0, 960), b"0");
        assert_eq!(queue.samples(), 3 * 960);
        assert_eq!(
            order(&mut queue),
            [
                (Some(0), 0, b"0".to_vec()),
                (Some(1), 960, b"1".to_vec()),
                (Some(2), 960, b"".to_vec()),
                (Some(3), 1920, b"3".to_vec()),
            ]
        );
        assert_eq!(queue.samples(), 0);
    }

    #[test]
    fn a_copy_fills_a_gap_and_gives_way_to_the_packet() {
        let mut queue = Queue::new(8);
        queue.insert(packet(Some(1), 960, 960), b"1");
        queue.insert(packet(None, 960, 960), b"copy of 1");
        queue.insert(packet(None, 0, 960), b"copy of 0");
        queue.insert(packet(None, 0, 960), b"another");
        assert_eq!(queue.len(), 2);
        assert_eq!(queue.front().map(Waiting::origin), Some(Pulled::Red));
        queue.insert(packet(Some(0), 0, 480), b"0");
        assert_eq!(queue.samples(), 480 + 960);
        assert_eq!(
            order(&mut queue),
            [(Some(0), 0, b"0".to_vec()), (Some(1), 960, b"1".to_vec())]
        );
    }

    #[test]
    fn a_copy_beside_padding_of_the_same_time_is_kept() {
        let mut queue = Queue::new(8);
        queue.insert(packet(Some(2), 960, 0), b"");
        queue.insert(packet(None, 960, 960), b"copy of 1");
        assert_eq!(queue.len(), 2);
        queue.insert(packet(Some(1), 960, 960), b"1");
        assert_eq!(
            order(&mut queue),
            [(Some(1), 960, b"1".to_vec()), (Some(2), 960, b"".to_vec())]
        );
    }

    #[test]
    fn uses_buffers_again() {
        let mut queue = Queue::new(2);
        queue.insert(packet(Some(1), 0, 960), &[7; 100]);
        let payload = queue.pop().unwrap().payload;
        let address = payload.as_ptr();
        queue.recycle(payload);
        queue.insert(packet(Some(2), 960, 960), &[8; 90]);
        assert_eq!(queue.pop().unwrap().payload.as_ptr(), address);
    }
}
