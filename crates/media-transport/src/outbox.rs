//! Datagrams that wait to be sent.

use std::collections::VecDeque;
use std::net::SocketAddr;

/// The most datagrams that wait; further ones are lost, as on any full link, and sent again by their protocol.
const MAX_QUEUED: usize = 64;

/// The most emptied buffers that are kept for reuse.
const MAX_SPARE: usize = 4;

/// The largest of them, in bytes: connectivity checks and their answers go on for as long as a session lives, what is
/// larger belongs to a handshake.
const MAX_SPARE_BYTES: usize = 256;

/// Where a datagram from [`poll_transmit`](crate::PeerSession::poll_transmit) goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmit {
    /// The local address it must leave from: the one the datagram it answers came to. An unspecified
    /// address (`0.0.0.0:0`, `[::]:0`) means that the operating system may choose.
    pub source: SocketAddr,
    /// The remote address.
    pub destination: SocketAddr,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<(Transmit, Vec<u8>)>,
    spare: Vec<Vec<u8>>,
}

impl Outbox {
    pub(crate) fn push(&mut self, transmit: Transmit, datagram: &[u8]) {
        if self.queue.len() >= MAX_QUEUED {
            return;
        }
        let mut buffer = self.spare.pop().unwrap_or_default();
        buffer.clear();
        buffer.extend_from_slice(datagram);
        self.queue.push_back((transmit, buffer));
    }

    /// Puts the next datagram into `buf`, replacing what it held.
    pub(crate) fn pop(&mut self, buf: &mut Vec<u8>) -> Option<Transmit> {
        let (transmit, datagram) = self.queue.pop_front()?;
        // Not swapped: the caller's buffer is one for all sessions, and large.
        buf.clear();
        buf.extend_from_slice(&datagram);
        if self.spare.len() < MAX_SPARE && datagram.capacity() <= MAX_SPARE_BYTES {
            self.spare.push(datagram);
        }
        Some(transmit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transmit() -> Transmit {
        let address = "127.0.0.1:1".parse().unwrap();
        Transmit {
            source: address,
            destination: address,
        }
    }

    #[test]
    fn keeps_order_and_bounds() {
        let transmit = transmit();
        let mut outbox = Outbox::default();
        for byte in 0..100 {
            outbox.push(transmit, &[byte]);
        }
        let mut buf = vec![9; 50];
        for byte in 0..64 {
            assert_eq!(outbox.pop(&mut buf), Some(transmit));
            assert_eq!(buf, [byte]);
        }
        assert_eq!(outbox.pop(&mut buf), None);
    }

    #[test]
    fn what_a_handshake_needed_is_not_kept() {
        let transmit = transmit();
        let mut outbox = Outbox::default();
        let mut buf = Vec::with_capacity(65_536);
        for len in [1200, 100] {
            outbox.push(transmit, &vec![7; len]);
            assert_eq!(outbox.pop(&mut buf), Some(transmit));
            assert_eq!((buf.len(), buf.capacity()), (len, 65_536));
        }
        let kept: Vec<_> = outbox.spare.iter().map(Vec::capacity).collect();
        assert!(matches!(kept[..], [100..=256]), "{kept:?}");
    }
}
