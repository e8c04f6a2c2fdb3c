//! Brakes: connections per source.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Limits;

/// Open WebSocket connections, in all and per source.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<ConnectionParts>);

#[derive(Debug)]
struct ConnectionParts {
    most: usize,
    most_per_source: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// One open connection; dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct Slot {
    connections: Connections,
    source: IpAddr,
}

impl Connections {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(Arc::new(ConnectionParts {
            most: limits.websockets,
            most_per_source: limits.websockets_per_source,
            open: Mutex::default(),
        }))
    }

    /// Room for a connection from `source`, if there is any. Loopback counts in the total alone: everybody behind a
    /// reverse proxy on this machine comes from there.
    pub(crate) fn take(&self, source: IpAddr) -> Option<Slot> {
        let source = network(source);
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.all >= self.0.most {
            return None;
        }
        if !source.is_loopback() {
            let here = open.by_source.entry(source).or_default();
            if *here >= self.0.most_per_source {
                return None;
            }
            *here += 1;
        }
        open.all += 1;
        Some(Slot {
            connections: self.clone(),
            source,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self
            .connections
            .0
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(here) = open.by_source.get_mut(&self.source) {
            *here -= 1;
            if *here == 0 {
                open.by_source.remove(&self.source);
            }
        }
    }
}

/// What one customer of a provider usually has: a whole /64 in IPv6.
pub(super) fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize, per_source: usize) -> Connections {
        Connections::new(&Limits {
            websockets: all,
            websockets_per_source: per_source,
            ..Limits::default()
        })
    }

    #[test]
    fn counts_connections_per_source_and_in_all() {
        let connections = connections(3, 1);
        let first = connections.take("2001:db8::1".parse().unwrap()).unwrap();
        assert!(
            connections.take("2001:db8::2".parse().unwrap()).is_none(),
            "the same /64"
        );
        let _second = connections.take("192.0.2.1".parse().unwrap()).unwrap();
        let _third = connections.take("127.0.0.1".parse().unwrap()).unwrap();
        assert!(connections.take("192.0.2.2".parse().unwrap()).is_none());
        drop(first);
        assert!(connections.take("2001:db8::2".parse().unwrap()).is_some());
    }

    #[test]
    fn loopback_has_no_limit_of_its_own() {
        let connections = connections(3, 1);
        let here: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        let slots: Vec<_> = (0..3).map(|_| connections.take(here).unwrap()).collect();
        assert!(connections.take(here).is_none());
        drop(slots);
    }
}
