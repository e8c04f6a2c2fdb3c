use thiserror::Error;

/// Bytes of the length before each packet, RFC 4571 §2.
pub const LENGTH_BYTES: usize = 2;

/// Why a stream can be read no further, or a packet not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A packet longer than what is taken. Where the next one begins is known, but whoever sends such a thing does not
    /// speak our protocols.
    #[error("a packet of {len} bytes where {max} are allowed")]
    Oversize {
        /// Its length, in bytes.
        len: usize,
        /// What is taken at most, in bytes.
        max: usize,
    },
    /// The stream ended inside a packet.
    #[error("the stream ended inside a packet")]
    Truncated,
}

/// Finds packets in a stream (RFC 4571 §2).
///
/// Packets that lie whole in the bytes it is given are lent from there; only one that is not yet complete is kept, so that
/// it never holds more than one packet of the longest length. Empty packets, which the specification allows, are passed
/// over. After an error it stays in error: nothing that follows can be trusted to begin where it seems to.
#[derive(Debug)]
pub struct Deframer {
    /// The beginning of a packet, with its length. Invariant: at most `LENGTH_BYTES + max_len` bytes, and never a whole
    /// packet between calls.
    partial: Vec<u8>,
    max_len: usize,
    failed: Option<FrameError>,
}

impl Deframer {
    /// For packets of up to `max_len` bytes; more than 65,535 never come.
    #[must_use]
    pub const fn new(max_len: usize) -> Self {
        Self {
            partial: Vec::new(),
            max_len,
            failed: None,
        }
    }

    /// Takes the next bytes of the stream, and calls `take` with each packet that is complete with them, in order.
    ///
    /// # Errors
    /// [`FrameError::Oversize`], now and from now on. Packets before it were given out.
    pub fn push(&mut self, mut bytes: &mut [u8], mut take: impl FnMut(&mut [u8])) -> Result<(), FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if !self.partial.is_empty() {
            let rest = self.complete(bytes, &mut take)?;
            bytes = bytes.get_mut(rest..).unwrap_or_default();
        }
        while let Some(length) = bytes.first_chunk::<LENGTH_BYTES>() {
            let end = LENGTH_BYTES + self.check(u16::from_be_bytes(*length))?;
            if bytes.len() < end {
                break;
            }
            let (frame, rest) = std::mem::take(&mut bytes).split_at_mut(end);
            bytes = rest;
            if let Some(packet) = frame.get_mut(LENGTH_BYTES..).filter(|packet| !packet.is_empty()) {
                take(packet);
            }
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    /// The stream has ended.
    ///
    /// # Errors
    /// The one there was, or [`FrameError::Truncated`] when it ended inside a packet.
    pub fn finish(self) -> Result<(), FrameError> {
        match self.failed {
            Some(error) => Err(error),
            None if self.partial.is_empty() => Ok(()),
            None => Err(FrameError::Truncated),
        }
    }

    /// Bytes of a packet that has begun.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.partial.len()
    }

    /// Completes the packet that has begun, as far as the bytes allow; how many of them it took.
    fn complete(&mut self, bytes: &[u8], take: &mut impl FnMut(&mut [u8])) -> Result<usize, FrameError> {
        let mut used = 0;
        let mut grow = |partial: &mut Vec<u8>, to: usize| {
            let wanted = to.saturating_sub(partial.len());
            let rest = bytes.get(used..).unwrap_or_default();
            let more = rest.get(..wanted).unwrap_or(rest);
            partial.extend_from_slice(more);
            used += more.len();
            partial.len() >= to
        };
        if !grow(&mut self.partial, LENGTH_BYTES) {
            return Ok(used);
        }
        let length = self.partial.first_chunk().copied().unwrap_or_default();
        let len = self.check(u16::from_be_bytes(length))?;
        if !grow(&mut self.partial, LENGTH_BYTES + len) {
            return Ok(used);
        }
        if let Some(packet) = self
            .partial
            .get_mut(LENGTH_BYTES..)
            .filter(|packet| !packet.is_empty())
        {
            take(packet);
        }
        self.partial.clear();
        Ok(used)
    }

    fn check(&mut self, length: u16) -> Result<usize, FrameError> {
        let (len, max) = (usize::from(length), self.max_len);
        if len <= max {
            return Ok(len);
        }
        let error = FrameError::Oversize { len, max };
        self.failed = Some(error);
        self.partial = Vec::new();
        Err(error)
    }
}

/// Appends a packet with its length.
///
/// # Errors
/// [`FrameError::Oversize`] when it is longer than the length can say; nothing is appended then.
pub fn push_frame(out: &mut Vec<u8>, packet: &[u8]) -> Result<(), FrameError> {
    let length = u16::try_from(packet.len()).map_err(|_| FrameError::Oversize {
        len: packet.len(),
        max: usize::from(u16::MAX),
    })?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(packet);
    Ok(())
}

/// The packets of bytes that [`push_frame`] has written. What is not whole ends it.
pub fn frames_mut(mut bytes: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = std::mem::take(&mut bytes).split_first_chunk_mut::<LENGTH_BYTES>()?;
        let (packet, rest) = rest.split_at_mut_checked(usize::from(u16::from_be_bytes(*length)))?;
        bytes = rest;
        Some(packet)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX: usize = 1500;

    fn read(deframer: &mut Deframer, bytes: &[u8]) -> (Vec<Vec<u8>>, Result<(), FrameError>) {
        let mut packets = Vec::new();
        let result = deframer.push(&mut bytes.to_vec(), |packet| packets.push(packet.to_vec()));
        (packets, result)
    }

    #[test]
    fn half_a_length_and_half_a_packet_wait_for_the_rest() {
        let mut deframer = Deframer::new(MAX);
        assert_eq!(read(&mut deframer, &[0]), (vec![], Ok(())));
        assert_eq!(read(&mut deframer, &[3]), (vec![], Ok(())));
        assert_eq!(read(&mut deframer, b"ab"), (vec![], Ok(())));
        assert_eq!(deframer.buffered(), 4);
        let (packets, result) = read(&mut deframer, b"c\0\x02de\0\x01");
        assert_eq!((packets, result), (vec![b"abc".to_vec(), b"de".to_vec()], Ok(())));
        assert_eq!(deframer.buffered(), 2);
        assert_eq!(deframer.finish(), Err(FrameError::Truncated));
    }

    #[test]
    fn empty_packets_are_passed_over() {
        let mut deframer = Deframer::new(MAX);
        let bytes = [0, 0, 0, 0, 0, 1, 7, 0, 0];
        assert_eq!(read(&mut deframer, &bytes), (vec![vec![7]], Ok(())));
        for byte in bytes {
            read(&mut deframer, &[byte]).1.unwrap();
        }
        assert_eq!((deframer.buffered(), deframer.finish()), (0, Ok(())));
    }

    #[test]
    fn an_oversize_packet_ends_the_stream_before_any_of_it_is_kept() {
        let oversize = Err(FrameError::Oversize {
            len: MAX + 1,
            max: MAX,
        });
        let length = u16::try_from(MAX + 1).unwrap().to_be_bytes();
        for split in [0, 1, 2] {
            let mut deframer = Deframer::new(MAX);
            let mut bytes = vec![0, 1, 9];
            bytes.extend(length);
            let (head, tail) = bytes.split_at(3 + split);
            let (mut packets, mut result) = read(&mut deframer, head);
            if result.is_ok() {
                let (more, after) = read(&mut deframer, tail);
                packets.extend(more);
                result = after;
            }
            assert_eq!((packets, result), (vec![vec![9]], oversize), "{split}");
            assert_eq!(read(&mut deframer, &[0, 1, 9]), (vec![], oversize), "for ever");
            assert_eq!((deframer.buffered(), deframer.finish()), (0, oversize));
        }
        let mut deframer = Deframer::new(MAX);
        let mut longest = Vec::new();
        push_frame(&mut longest, &[5; MAX]).unwrap();
        assert_eq!(read(&mut deframer, &longest), (vec![vec![5; MAX]], Ok(())));
    }

    #[test]
    fn a_packet_that_no_length_can_say_is_not_written() {
        let mut out = vec![1];
        let error = FrameError::Oversize {
            len: 65_536,
            max: 65_535,
        };
        assert_eq!(push_frame(&mut out, &[0; 65_536]), Err(error));
        assert_eq!(out, [1]);
        push_frame(&mut out, &[0; 65_535]).unwrap();
        assert_eq!(out.len(), 1 + 2 + 65_535);
    }

    proptest! {
        /// However a stream is cut, the same packets come out, and no more than one of them is ever kept.
        #[test]
        fn chunking_changes_nothing(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..MAX), 0..12),
            cuts in prop::collection::vec(1..4000_usize, 0..40),
        ) {
            let mut stream = Vec::new();
            for packet in &packets {
                push_frame(&mut stream, packet).unwrap();
            }
            let frames: Vec<Vec<u8>> = frames_mut(&mut stream.clone()).map(|packet| packet.to_vec()).collect();
            prop_assert_eq!(&frames, &packets);
            let mut deframer = Deframer::new(MAX);
            let mut got = Vec::new();
            let mut rest = &mut stream[..];
            let mut cuts = cuts.into_iter().chain(std::iter::repeat(700));
            while !rest.is_empty() {
                let (chunk, tail) = rest.split_at_mut(cuts.next().unwrap().min(rest.len()));
                deframer.push(chunk, |packet| got.push(packet.to_vec())).unwrap();
                prop_assert!(deframer.buffered() < LENGTH_BYTES + MAX);
                rest = tail;
            }
            let filled: Vec<Vec<u8>> = packets.into_iter().filter(|packet| !packet.is_empty()).collect();
            prop_assert_eq!(got, filled);
            prop_assert_eq!(deframer.finish(), Ok(()));
        }
    }
}
