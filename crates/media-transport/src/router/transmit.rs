use crate::session::Transmit;

/// Datagrams for one peer, one behind the other in one allocation that is used again and again.
///
/// A [`Router`](super::Router) fills it with everything that waits for one peer; [`bursts`](Self::bursts) cuts it into
/// pieces that a socket with segmentation offload sends in one call.
#[derive(Debug, Default)]
pub struct TransmitBuffer {
    /// Grows and is never shortened: the part behind `used` is scratch space.
    bytes: Vec<u8>,
    /// Invariant: `used <= bytes.len()`, and the sum of all `datagrams`' lengths.
    used: usize,
    datagrams: Vec<Datagram>,
}

#[derive(Debug, Clone, Copy)]
struct Datagram {
    path: Transmit,
    len: usize,
}

/// Consecutive datagrams for one destination, of one size but for the last, which may be smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst<'a> {
    /// Where from and where to.
    pub transmit: Transmit,
    /// The datagrams, one behind the other.
    pub contents: &'a [u8],
    /// Size of all of them but the last, in bytes.
    pub segment_size: usize,
}

impl<'a> Burst<'a> {
    /// The single datagrams.
    pub fn datagrams(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        self.contents.chunks(self.segment_size.max(1))
    }
}

impl TransmitBuffer {
    /// Most bytes of one burst: one UDP datagram's length is what the kernel takes at a time.
    const MAX_BURST_BYTES: usize = 60_000;

    /// Without content or capacity.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops the content and keeps the capacity.
    pub fn clear(&mut self) {
        self.used = 0;
        self.datagrams.clear();
    }

    /// How many datagrams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    /// The sum of their lengths.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.used
    }

    /// The datagrams in order.
    pub fn datagrams(&self) -> impl Iterator<Item = (Transmit, &[u8])> {
        let mut start = 0;
        self.datagrams.iter().map(move |datagram| {
            let contents = self.bytes.get(start..start + datagram.len).unwrap_or_default();
            start += datagram.len;
            (datagram.path, contents)
        })
    }

    /// The datagrams, grouped for segmentation offload with at most `max_segments` in each group.
    pub fn bursts(&self, max_segments: usize) -> impl Iterator<Item = Burst<'_>> {
        let mut rest = self.datagrams.as_slice();
        let mut start = 0;
        std::iter::from_fn(move || {
            let first = rest.first()?;
            let mut count = 1;
            let mut len = first.len;
            for datagram in rest
                .get(1..max_segments.max(1))
                .unwrap_or_else(|| rest.get(1..).unwrap_or_default())
            {
                if datagram.path != first.path
                    || datagram.len > first.len
                    || len + datagram.len > Self::MAX_BURST_BYTES
                {
                    break;
                }
                count += 1;
                len += datagram.len;
                if datagram.len < first.len {
                    break;
                }
            }
            let contents = self.bytes.get(start..start + len).unwrap_or_default();
            start += len;
            rest = rest.get(count..).unwrap_or_default();
            Some(Burst {
                transmit: first.path,
                contents,
                segment_size: first.len,
            })
        })
    }

    /// Appends a datagram that `write` puts to the front of a slice of `room` bytes, returning its length; nothing is
    /// appended when it fails.
    pub(super) fn push_with<E>(
        &mut self,
        path: Transmit,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let end = self.used + room;
        if self.bytes.len() < end {
            self.bytes.resize(end.next_power_of_two(), 0);
        }
        let len = write(self.bytes.get_mut(self.used..end).unwrap_or_default())?.min(room);
        self.used += len;
        self.datagrams.push(Datagram { path, len });
        Ok(len)
    }

    /// Appends a copy of another buffer's datagrams.
    pub(super) fn append(&mut self, other: &Self) {
        for (path, contents) in other.datagrams() {
            let _ = self.push_with(path, contents.len(), |buffer| {
                buffer.copy_from_slice(contents);
                Ok::<_, std::convert::Infallible>(contents.len())
            });
        }
    }

    /// Gives memory back that an unusual burst needed.
    pub(super) fn shrink(&mut self, max_bytes: usize) {
        if self.bytes.len() > max_bytes {
            self.bytes.truncate(max_bytes.max(self.used));
            self.bytes.shrink_to(max_bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(port: u16) -> Transmit {
        Transmit {
            source: ([127, 0, 0, 1], 9).into(),
            destination: ([127, 0, 0, 1], port).into(),
        }
    }

    fn buffer(datagrams: &[(u16, usize)]) -> TransmitBuffer {
        let mut buffer = TransmitBuffer::new();
        for (index, (port, len)) in datagrams.iter().enumerate() {
            let fill = u8::try_from(index).unwrap();
            let write = |slice: &mut [u8]| {
                slice[..*len].fill(fill);
                Ok::<_, ()>(*len)
            };
            buffer.push_with(path(*port), 1500, write).unwrap();
        }
        buffer
    }

    fn shapes(buffer: &TransmitBuffer, max_segments: usize) -> Vec<(u16, usize, usize)> {
        let bursts = buffer.bursts(max_segments);
        bursts
            .map(|b| (b.transmit.destination.port(), b.segment_size, b.contents.len()))
            .collect()
    }

    #[test]
    fn equal_sizes_to_one_destination_make_a_burst_that_a_smaller_one_ends() {
        let buffer = buffer(&[(1, 100), (1, 100), (1, 40), (1, 40), (2, 40), (1, 50), (1, 60)]);
        assert_eq!(
            shapes(&buffer, 64),
            [(1, 100, 240), (1, 40, 40), (2, 40, 40), (1, 50, 50), (1, 60, 60)]
        );
        assert_eq!(shapes(&buffer, 1).len(), 7);
        let lengths: Vec<usize> = buffer
            .bursts(64)
            .flat_map(|b| b.datagrams().map(<[u8]>::len))
            .collect();
        assert_eq!(lengths, [100, 100, 40, 40, 40, 50, 60]);
    }

    #[test]
    fn contents_stay_in_order() {
        let buffer = buffer(&[(1, 3), (1, 3), (2, 2)]);
        let all: Vec<_> = buffer
            .datagrams()
            .map(|(_, contents)| contents.to_vec())
            .collect();
        assert_eq!(all, [vec![0; 3], vec![1; 3], vec![2; 2]]);
        assert_eq!((buffer.len(), buffer.len_bytes()), (3, 8));
    }

    #[test]
    fn bursts_are_bounded_in_segments_and_bytes() {
        let buffer = buffer(&[(1, 1400); 100]);
        assert_eq!(shapes(&buffer, 10), [(1, 1400, 14_000); 10]);
        assert!(shapes(&buffer, 64).iter().all(|(_, _, len)| *len <= 60_000));
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let mut buffer = TransmitBuffer::new();
        assert_eq!(buffer.push_with(path(1), 10, |_| Err::<usize, _>(5)), Err(5));
        assert!(buffer.is_empty());
        assert_eq!(buffer.len_bytes(), 0);
    }
}
