//! Datagrams that wait to be sent.

use std::collections::VecDeque;
use std::net::SocketAddr;

/// The most datagrams that wait; further ones are lost, as on any full link, and sent again by their protocol.
const MAX_QUEUED: usize = 64;

/// The most emptied buffers that are kept for reuse.
const MAX_SPARE: usize = 4;

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
        let (transmit, mut datagram) = self.queue.pop_front()?;
        std::mem::swap(buf, &mut datagram);
        if self.spare.len() < MAX_SPARE {
            self.spare.push(datagram);
        }
        Some(transmit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_bounds() {
        let address = "127.0.0.1:1".parse().unwrap();
        let transmit = Transmit {
            source: address,
            destination: address,
        };
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
}
