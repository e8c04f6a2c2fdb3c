use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use super::Path;
use crate::stun::TransactionId;
use crate::tcp::TcpRemote;

/// Time to the first retransmission, RFC 8445 §14.3; it doubles with each (RFC 8489 §6.2.1).
const INITIAL_RTO: Duration = Duration::from_millis(500);

/// How often a request is sent, RFC 8489 §6.2.1 (Rc).
const MAX_SENDS: u32 = 7;

/// Wait after the last one in units of the first timeout, RFC 8489 §6.2.1 (Rm).
const LAST_WAIT: u32 = 16;

/// How long an answer is waited for over TCP, which repeats what is lost itself, in units of the first timeout,
/// RFC 8489 §6.2.2 (Ti).
const RELIABLE_WAIT: u32 = 79;

/// One remote address and how checking it goes. Our own address is whatever the system sends from.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) remote: SocketAddr,
    /// Where answers arrive; known after the first.
    pub(super) local: Option<SocketAddr>,
    pub(super) state: PairState,
    /// Whether it has ever answered authentically.
    pub(super) is_valid: bool,
}

/// RFC 8445 §6.1.2.6, without freezing: there is one component and one foundation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PairState {
    Waiting,
    InProgress(Transaction),
    Succeeded,
    Failed,
}

impl Pair {
    pub(super) const fn new(remote: SocketAddr) -> Self {
        Self {
            remote,
            local: None,
            state: PairState::Waiting,
            is_valid: false,
        }
    }

    /// The path to send on; the system chooses the source while we do not know it.
    pub(super) fn path(&self) -> Path {
        Path {
            local: self.local.unwrap_or_else(|| unspecified(self.remote)),
            remote: self.remote,
        }
    }

    /// Whether it has to be connected to first.
    pub(super) fn is_tcp(&self) -> bool {
        TcpRemote::of(self.remote).is_some()
    }

    /// Whether nothing has come of it yet.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.state, PairState::Waiting | PairState::InProgress(_))
    }

    pub(super) const fn transaction(&self) -> Option<&Transaction> {
        match &self.state {
            PairState::InProgress(transaction) => Some(transaction),
            _ => None,
        }
    }
}

/// A request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) id: TransactionId,
    pub(super) nominates: bool,
    sends: u32,
    /// Invariant: at least 1.
    max_sends: u32,
    last_sent: Instant,
    /// When to send again, or to give up.
    pub(super) next: Instant,
}

impl Transaction {
    /// A request that is sent now.
    pub(super) fn start(id: TransactionId, nominates: bool, is_tcp: bool, now: Instant) -> Self {
        let (max_sends, wait) = if is_tcp {
            (1, RELIABLE_WAIT)
        } else {
            (MAX_SENDS, 1)
        };
        Self {
            id,
            nominates,
            sends: 1,
            max_sends,
            last_sent: now,
            next: now + INITIAL_RTO * wait,
        }
    }

    /// Counts one more transmission; `None` when it has been sent often enough.
    pub(super) fn retransmit(mut self, now: Instant) -> Option<Self> {
        if self.sends >= self.max_sends {
            return None;
        }
        let wait = if self.sends + 1 == MAX_SENDS {
            LAST_WAIT
        } else {
            1 << self.sends
        };
        self.sends += 1;
        self.last_sent = now;
        self.next = now + INITIAL_RTO * wait;
        Some(self)
    }

    /// The round-trip time, unless retransmissions make it ambiguous (Karn).
    pub(super) fn rtt(&self, now: Instant) -> Option<Duration> {
        (self.sends == 1).then(|| now.saturating_duration_since(self.last_sent))
    }
}

/// The address that says "any", of the same family.
pub(super) fn unspecified(remote: SocketAddr) -> SocketAddr {
    match remote {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::start;

    #[test]
    fn sends_seven_times_with_doubling_waits() {
        let begin = start();
        let mut transaction = Transaction::start(TransactionId([0; 12]), false, false, begin);
        let mut sent_ms = vec![0];
        let given_up = loop {
            let now = transaction.next;
            match transaction.retransmit(now) {
                Some(next) => transaction = next,
                None => break now,
            }
            sent_ms.push(now.duration_since(begin).as_millis());
        };
        assert_eq!(sent_ms, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
        assert_eq!(given_up.duration_since(begin), Duration::from_millis(39_500));
        assert_eq!(transaction.rtt(given_up), None);
    }

    #[test]
    fn sends_once_over_tcp() {
        let begin = start();
        let transaction = Transaction::start(TransactionId([0; 12]), false, true, begin);
        assert_eq!(
            transaction.next.duration_since(begin),
            Duration::from_millis(39_500)
        );
        assert_eq!(transaction.retransmit(transaction.next), None);
    }
}
