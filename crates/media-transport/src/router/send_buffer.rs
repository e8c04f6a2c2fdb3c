//! Packets of one published track, kept for subscribers that ask for them again.

/// A ring of slots and a ring of bytes, each of fixed size and allocated with the first packet.
///
/// Packets are kept as they came from the publisher, decrypted, once for all subscribers.
#[derive(Debug)]
pub(super) struct SendBuffer {
    max_packets: usize,
    max_bytes: usize,
    /// A packet's slot is its sequence number modulo their number. Empty before the first packet.
    slots: Vec<Slot>,
    /// Written round and round. Empty before the first packet.
    bytes: Vec<u8>,
    /// How many bytes were ever written, those skipped at the end of the ring included.
    written: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    generation: u32,
    len: u32,
    sequence: u64,
    /// The value of `written` when the packet was.
    start: u64,
}

impl SendBuffer {
    pub(super) const fn new(max_packets: usize, max_bytes: usize) -> Self {
        Self {
            max_packets,
            max_bytes,
            slots: Vec::new(),
            bytes: Vec::new(),
            written: 0,
        }
    }

    /// Keeps a packet, at the cost of the oldest. One that is larger than the whole buffer is not kept.
    pub(super) fn insert(&mut self, generation: u32, sequence: u64, packet: &[u8]) {
        if packet.len() > self.max_bytes || packet.is_empty() || self.max_packets == 0 {
            return;
        }
        if self.slots.is_empty() {
            self.slots = vec![Slot::default(); self.max_packets];
            self.bytes = vec![0; self.max_bytes];
        }
        let size = self.max_bytes as u64;
        if self.offset(self.written) + packet.len() > self.max_bytes {
            self.written += size - self.written % size;
        }
        let offset = self.offset(self.written);
        let index = self.index(sequence);
        let (Some(target), Some(slot), Ok(len)) = (
            self.bytes.get_mut(offset..offset + packet.len()),
            self.slots.get_mut(index),
            u32::try_from(packet.len()),
        ) else {
            return;
        };
        target.copy_from_slice(packet);
        *slot = Slot {
            generation,
            len,
            sequence,
            start: self.written,
        };
        self.written += u64::from(len);
    }

    /// Forgets all packets and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.slots.fill(Slot::default());
    }

    /// A packet that is still there.
    pub(super) fn get(&self, generation: u32, sequence: u64) -> Option<&[u8]> {
        let slot = self.slots.get(self.index(sequence))?;
        let is_overwritten = self.written - slot.start > self.max_bytes as u64;
        if slot.len == 0 || slot.generation != generation || slot.sequence != sequence || is_overwritten {
            return None;
        }
        let offset = self.offset(slot.start);
        self.bytes.get(offset..offset + usize::try_from(slot.len).ok()?)
    }

    fn index(&self, sequence: u64) -> usize {
        // Smaller than `max_packets`, so it fits.
        usize::try_from(sequence % self.max_packets.max(1) as u64).unwrap_or(0)
    }

    fn offset(&self, position: u64) -> usize {
        // Smaller than `max_bytes`, so it fits.
        usize::try_from(position % self.max_bytes.max(1) as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_the_latest_packets_and_no_more() {
        let mut buffer = SendBuffer::new(4, 1000);
        for sequence in 0..6_u8 {
            buffer.insert(1, u64::from(sequence), &[sequence; 10]);
        }
        assert_eq!(buffer.get(1, 1), None);
        assert_eq!(buffer.get(1, 2), Some(&[2; 10][..]));
        assert_eq!(buffer.get(1, 5), Some(&[5; 10][..]));
        assert_eq!(buffer.get(2, 5), None, "another source");
        assert_eq!(buffer.get(1, 6), None);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let mut buffer = SendBuffer::new(100, 100);
        for sequence in 0..10 {
            buffer.insert(1, sequence, &[7; 30]);
        }
        let kept: Vec<u64> = (0..10)
            .filter(|sequence| buffer.get(1, *sequence).is_some())
            .collect();
        assert_eq!(kept, [7, 8, 9]);
        buffer.insert(1, 10, &[7; 101]);
        assert_eq!(buffer.get(1, 10), None);
        assert_eq!(buffer.bytes.len(), 100);
    }

    #[test]
    fn what_is_cleared_is_gone() {
        let mut buffer = SendBuffer::new(4, 100);
        buffer.insert(1, 1, &[7; 30]);
        buffer.clear();
        assert_eq!(buffer.get(1, 1), None);
        buffer.insert(1, 1, &[8; 30]);
        assert_eq!(buffer.get(1, 1), Some(&[8; 30][..]));
    }

    #[test]
    fn costs_nothing_before_the_first_packet() {
        let buffer = SendBuffer::new(1024, 1 << 20);
        assert_eq!(buffer.get(0, 0), None);
        assert_eq!(buffer.bytes.capacity() + buffer.slots.capacity(), 0);
    }

    proptest! {
        #[test]
        fn what_it_gives_is_what_it_got(
            packets in 1_usize..20,
            bytes in 1_usize..200,
            inserts in vec((0_u64..60, 1_usize..80), 1..200),
        ) {
            let mut buffer = SendBuffer::new(packets, bytes);
            let mut model = std::collections::HashMap::new();
            for (count, (sequence, len)) in inserts.into_iter().enumerate() {
                let packet = vec![u8::try_from(count % 251).unwrap(); len];
                buffer.insert(1, sequence, &packet);
                model.insert(sequence, packet.clone());
                if len <= bytes {
                    prop_assert_eq!(buffer.get(1, sequence), Some(&packet[..]));
                } else {
                    // Not kept; whatever stood there before may have.
                    model.remove(&sequence);
                }
                for (sequence, packet) in &model {
                    if let Some(kept) = buffer.get(1, *sequence) {
                        prop_assert_eq!(kept, &packet[..]);
                    }
                }
            }
        }
    }
}
