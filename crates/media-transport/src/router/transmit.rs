use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use crate::session::Transmit;

/// Datagrams for one peer, one behind the other in one allocation that is used again and again.
///
/// A [`Router`](super::Router) fills it with everything that waits for one peer; [`bursts`](Self::bursts) cuts it into
/// pieces that a socket with segmentation offload sends in one call. A socket that takes only some of them goes on with
/// [`next_burst`](Self::next_burst) later.
#[derive(Debug, Default)]
pub struct TransmitBuffer {
    /// Grows and is never shortened: the part behind `used` is scratch space.
    bytes: Vec<u8>,
    /// Invariant: `used <= bytes.len()`, and the sum of all `datagrams`' lengths.
    used: usize,
    datagrams: Vec<Datagram>,
    /// How many of them were taken, and how many bytes that is.
    taken: usize,
    taken_bytes: usize,
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
    pub(super) const MAX_BURST_BYTES: usize = 60_000;

    /// Most segments of one burst, whatever a kernel says: Linux took so many before it took more.
    pub(crate) const MAX_SEGMENTS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

    /// Without content or capacity.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops the content and keeps the capacity.
    pub fn clear(&mut self) {
        self.used = 0;
        self.datagrams.clear();
        self.taken = 0;
        self.taken_bytes = 0;
    }

    /// Appends a copy of a datagram.
    pub fn push(&mut self, transmit: Transmit, datagram: &[u8]) {
        let _ = self.push_with(transmit, datagram.len(), |buffer| {
            buffer.copy_from_slice(datagram);
            Ok::<_, Infallible>(datagram.len())
        });
    }

    /// Counts the first `datagrams` of what is left as taken.
    pub fn take(&mut self, datagrams: usize) {
        let left = self.datagrams.get(self.taken..).unwrap_or_default();
        let taken = left.get(..datagrams).unwrap_or(left);
        self.taken_bytes += taken.iter().map(|datagram| datagram.len).sum::<usize>();
        self.taken += taken.len();
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

    /// Where the next datagram that was not [`taken`](Self::take) goes; `None` when all were.
    #[must_use]
    pub fn next_destination(&self) -> Option<SocketAddr> {
        Some(self.datagrams.get(self.taken)?.path.destination)
    }

    /// The next datagrams that were not [`taken`](Self::take), as many as go together, and at most `max_segments`.
    #[must_use]
    pub fn next_burst(&self, max_segments: usize) -> Option<Burst<'_>> {
        self.burst_at(self.taken, self.taken_bytes, max_segments)
            .map(|(_, burst)| burst)
    }

    /// The datagrams, grouped for segmentation offload with at most `max_segments` in each group.
    pub fn bursts(&self, max_segments: usize) -> impl Iterator<Item = Burst<'_>> {
        let (mut index, mut start) = (0, 0);
        std::iter::from_fn(move || {
            let (count, burst) = self.burst_at(index, start, max_segments)?;
            index += count;
            start += burst.contents.len();
            Some(burst)
        })
    }

    /// The burst that begins with a datagram, whose bytes begin at `start`.
    fn burst_at(&self, index: usize, start: usize, max_segments: usize) -> Option<(usize, Burst<'_>)> {
        let (first, others) = self.datagrams.get(index..)?.split_first()?;
        let (mut count, mut len) = (1, first.len);
        for datagram in others.iter().take(max_segments.saturating_sub(1)) {
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
        let burst = Burst {
            transmit: first.path,
            contents: self.bytes.get(start..start + len).unwrap_or_default(),
            segment_size: first.len,
        };
        Some((count, burst))
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

    /// Drops all datagrams for which `keep` does not hold. None may have been [`taken`](Self::take).
    pub(super) fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        let (bytes, mut start, mut used) = (&mut self.bytes, 0, 0);
        self.datagrams.retain(|datagram| {
            let place = start..start + datagram.len;
            start = place.end;
            let is_kept = bytes.get(place.clone()).is_some_and(&keep);
            if is_kept {
                bytes.copy_within(place, used);
                used += datagram.len;
            }
            is_kept
        });
        self.used = used;
    }

    /// Appends a copy of another buffer's datagrams.
    pub(super) fn append(&mut self, other: &Self) {
        for (path, contents) in other.datagrams() {
            self.push(path, contents);
        }
    }

    /// Gives memory back that an unusual burst needed.
    pub(crate) fn shrink(&mut self, max_bytes: usize) {
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
    fn what_is_not_retained_leaves_no_trace() {
        let mut buffer = buffer(&[(1, 3), (1, 4), (2, 2), (1, 5)]);
        buffer.retain(|datagram| [4, 5].contains(&datagram.len()));
        let all: Vec<_> = buffer
            .datagrams()
            .map(|(_, contents)| contents.to_vec())
            .collect();
        assert_eq!(all, [vec![1; 4], vec![3; 5]]);
        assert_eq!((buffer.len(), buffer.len_bytes()), (2, 9));
        buffer.retain(|_| false);
        assert_eq!((buffer.is_empty(), buffer.len_bytes()), (true, 0));
    }

    #[test]
    fn bursts_are_bounded_in_segments_and_bytes() {
        let buffer = buffer(&[(1, 1400); 100]);
        assert_eq!(shapes(&buffer, 10), [(1, 1400, 14_000); 10]);
        assert!(shapes(&buffer, 64).iter().all(|(_, _, len)| *len <= 60_000));
    }

    #[test]
    fn what_was_taken_does_not_come_again() {
        let mut buffer = buffer(&[(1, 100), (1, 100), (1, 100), (2, 50)]);
        let next = |buffer: &TransmitBuffer| {
            let burst = buffer.next_burst(64)?;
            assert_eq!(buffer.next_destination(), Some(burst.transmit.destination));
            Some((
                burst.transmit.destination.port(),
                burst.contents[0],
                burst.contents.len(),
            ))
        };
        assert_eq!(next(&buffer), Some((1, 0, 300)));
        buffer.take(1);
        assert_eq!(next(&buffer), Some((1, 1, 200)));
        assert_eq!(buffer.next_burst(1).unwrap().contents, [1; 100]);
        buffer.take(2);
        assert_eq!(next(&buffer), Some((2, 3, 50)));
        buffer.take(5);
        assert_eq!(next(&buffer), None);
        assert_eq!(buffer.next_destination(), None);
        buffer.clear();
        buffer.push(path(7), b"more");
        assert_eq!(next(&buffer), Some((7, b'm', 4)));
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let mut buffer = TransmitBuffer::new();
        assert_eq!(buffer.push_with(path(1), 10, |_| Err::<usize, _>(5)), Err(5));
        assert!(buffer.is_empty());
        assert_eq!(buffer.len_bytes(), 0);
    }
}
