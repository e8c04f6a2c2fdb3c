//! Links of the network simulator between the router and its clients.

use std::net::SocketAddr;
use std::time::Instant;

use anteroom_testkit::netem::{Link, LinkConfig};

use super::*;
use crate::bwe::scenarios::reno::Reno;

/// IPv4 and UDP headers. The first two bytes say for whom a datagram is.
const HEADERS: usize = 28;

/// For nobody: what others send over the same link.
const OTHERS: u16 = u16::MAX;

/// The same, with a number behind it: an elastic flow.
const ELASTIC: u16 = u16::MAX - 1;

/// What came out of a link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    pub(super) at: Instant,
    /// Index of the client's address; `None` for others.
    pub(super) to: Option<SocketAddr>,
    pub(super) bytes: usize,
    pub(super) queued: Duration,
}

/// A constant flow of others.
#[derive(Debug)]
struct Others {
    link: usize,
    next: Instant,
    until: Instant,
    interval: Duration,
}

const OTHERS_BYTES: usize = 1200;

#[derive(Debug, Default)]
pub(super) struct Paths {
    links: Vec<Link>,
    /// Which link leads to a client.
    to: Vec<(SocketAddr, usize)>,
    pub(super) passed: Vec<Passed>,
    others: Vec<Others>,
    /// Links that media does not come through.
    blocked: Vec<usize>,
    /// Links that nothing comes through.
    cut: Vec<usize>,
    /// Flows of others that take what they get, with their links.
    elastic: Vec<(usize, Reno)>,
}

impl Paths {
    /// A link that leads to these clients.
    pub(super) fn add(&mut self, config: LinkConfig, seed: u64, to: &[SocketAddr]) -> usize {
        self.links.push(Link::new(config, seed));
        let link = self.links.len() - 1;
        self.to.extend(to.iter().map(|address| (*address, link)));
        link
    }

    pub(super) fn reconfigure(&mut self, link: usize, config: LinkConfig) {
        self.links[link].reconfigure(config);
    }

    /// Whether media is lost; checks and handshakes are not.
    pub(super) fn block_media(&mut self, link: usize, is_blocked: bool) {
        self.blocked.retain(|blocked| *blocked != link);
        self.blocked.extend(is_blocked.then_some(link));
    }

    /// Whether nothing comes through, back from the clients neither.
    pub(super) fn cut(&mut self, link: usize, is_cut: bool) {
        self.cut.retain(|cut| *cut != link);
        self.cut.extend(is_cut.then_some(link));
    }

    pub(super) fn is_cut(&self, address: SocketAddr) -> bool {
        let link = self.to.iter().find(|(to, _)| *to == address);
        link.is_some_and(|(_, link)| self.cut.contains(link))
    }

    /// Others send as much as they can over a link for a while.
    pub(super) fn compete(&mut self, link: usize, from: Instant, until: Instant) {
        self.elastic.push((link, Reno::new(from, until)));
    }

    /// Others send so much over a link for a while.
    pub(super) fn disturb(&mut self, link: usize, from: Instant, until: Instant, bits_per_second: u64) {
        let nanos = (OTHERS_BYTES as u64) * 8 * 1_000_000_000 / bits_per_second;
        self.others.push(Others {
            link,
            next: from,
            until,
            interval: Duration::from_nanos(nanos),
        });
    }

    /// Takes a datagram whose destination is behind a link.
    pub(super) fn send(&mut self, now: Instant, destination: SocketAddr, bytes: &[u8]) -> bool {
        let Some((_, link)) = self.to.iter().find(|(address, _)| *address == destination) else {
            return false;
        };
        // RFC 7983: media begins with these.
        if self.blocked.contains(link) && matches!(bytes.first(), Some(128..=191)) {
            return true;
        }
        let mut datagram = vec![0; HEADERS];
        datagram[..2].copy_from_slice(&destination.port().to_be_bytes());
        datagram.extend_from_slice(bytes);
        self.links[*link].send(now, &datagram);
        true
    }

    pub(super) fn next_event(&self) -> Option<Instant> {
        let others = self.others.iter().map(|others| others.next);
        let links = self.links.iter().filter_map(Link::next_delivery);
        let elastic = self.elastic.iter().filter_map(|(_, flow)| flow.next_event());
        links.chain(others).chain(elastic).min()
    }

    /// The next datagram for a client.
    pub(super) fn receive(&mut self, now: Instant) -> Option<(SocketAddr, Vec<u8>)> {
        for others in &mut self.others {
            while others.next <= now && others.next < others.until {
                let mut datagram = vec![0; OTHERS_BYTES];
                datagram[..2].copy_from_slice(&OTHERS.to_be_bytes());
                self.links[others.link].send(others.next, &datagram);
                others.next += others.interval;
            }
        }
        self.others.retain(|others| others.next < others.until);
        for (link, flow) in &mut self.elastic {
            for number in flow.poll(now) {
                let mut datagram = vec![0; OTHERS_BYTES];
                datagram[..2].copy_from_slice(&ELASTIC.to_be_bytes());
                datagram[2..10].copy_from_slice(&number.to_be_bytes());
                self.links[*link].send(now, &datagram);
            }
        }
        for (index, link) in self.links.iter_mut().enumerate() {
            while let Some(delivery) = link.receive(now) {
                let port = u16::from_be_bytes([delivery.bytes[0], delivery.bytes[1]]);
                let flow = self
                    .elastic
                    .iter_mut()
                    .find(|(link, _)| port == ELASTIC && *link == index);
                if let Some((_, flow)) = flow {
                    let number = delivery.bytes[2..10].try_into().map(u64::from_be_bytes);
                    flow.acknowledge(delivery.at + link.config().delay, number.unwrap());
                }
                let to = self.to.iter().find(|(address, _)| address.port() == port);
                let to = to.map(|(address, _)| *address);
                self.passed.push(Passed {
                    at: delivery.at,
                    to,
                    bytes: delivery.bytes.len(),
                    queued: delivery.queued,
                });
                if let Some(to) = to {
                    return Some((to, delivery.bytes[HEADERS..].to_vec()));
                }
            }
        }
        None
    }

    /// Bits a second that came out for a client, or for others.
    pub(super) fn rate(&self, to: Option<SocketAddr>, from: Instant, until: Instant) -> u64 {
        let bytes: usize = self.between(to, from, until).map(|passed| passed.bytes).sum();
        let millis = u64::try_from((until - from).as_millis()).unwrap();
        bytes as u64 * 8 * 1000 / millis
    }

    /// The longest that so many percent of a client's datagrams waited.
    pub(super) fn queueing(&self, to: SocketAddr, percent: usize, from: Instant, until: Instant) -> Duration {
        let mut waits: Vec<Duration> = self
            .between(Some(to), from, until)
            .map(|passed| passed.queued)
            .collect();
        waits.sort_unstable();
        let place = (waits.len() * percent / 100).min(waits.len().saturating_sub(1));
        waits.get(place).copied().unwrap_or_default()
    }

    fn between(
        &self,
        to: Option<SocketAddr>,
        from: Instant,
        until: Instant,
    ) -> impl Iterator<Item = &Passed> {
        self.passed
            .iter()
            .filter(move |passed| passed.to == to && passed.at >= from && passed.at < until)
    }
}
