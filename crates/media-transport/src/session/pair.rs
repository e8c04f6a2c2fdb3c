//! Two sessions, one clock, one seeded link.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::test_clock::start;
use crate::test_ends::Ends;

/// What the link does to datagrams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub(super) delay: Duration,
    /// Added to the delay of each datagram, drawn anew: reorders.
    pub(super) jitter: Duration,
    pub(super) loss: f64,
    pub(super) duplication: f64,
    pub(super) is_cut: bool,
}

impl Link {
    pub(super) const CLEAN: Self = Self {
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
        loss: 0.0,
        duplication: 0.0,
        is_cut: false,
    };

    pub(super) const BAD: Self = Self {
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(40),
        loss: 0.15,
        duplication: 0.1,
        is_cut: false,
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Client,
    Server,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    at: Instant,
    order: u64,
    to: End,
    source: SocketAddr,
    destination: SocketAddr,
    bytes: Vec<u8>,
}

pub(super) struct Pair {
    pub(super) begin: Instant,
    pub(super) now: Instant,
    pub(super) client: PeerSession,
    pub(super) server: PeerSession,
    pub(super) client_address: SocketAddr,
    pub(super) server_address: SocketAddr,
    pub(super) link: Link,
    pub(super) client_events: Vec<PeerEvent>,
    pub(super) server_events: Vec<PeerEvent>,
    /// Decrypted media as it arrived.
    pub(super) client_media: Vec<Vec<u8>>,
    pub(super) server_media: Vec<Vec<u8>>,
    pub(super) drops: Vec<(End, DropReason)>,
    /// Everything that was sent, with its sender.
    pub(super) log: Vec<(End, Vec<u8>)>,
    flights: BinaryHeap<Reverse<Flight>>,
    order: u64,
    rng: StdRng,
}

impl Pair {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, Link::CLEAN, |_, _| {})
    }

    /// `change` may alter the client's and the server's view of each other before they are told.
    pub(super) fn with(
        seed: u64,
        link: Link,
        change: impl FnOnce(&mut RemoteParameters, &mut RemoteParameters),
    ) -> Self {
        Self::with_backends(Default::default(), seed, link, change)
    }

    /// The same with the client's and the server's DTLS library.
    pub(super) fn with_backends(
        (client_backend, server_backend): (DtlsBackend, DtlsBackend),
        seed: u64,
        link: Link,
        change: impl FnOnce(&mut RemoteParameters, &mut RemoteParameters),
    ) -> Self {
        let begin = start();
        let mut rng = StdRng::seed_from_u64(seed);
        let client_address = "192.0.2.7:4000".parse().unwrap();
        let server_address = "198.51.100.1:5000".parse().unwrap();
        let Ends {
            client,
            server,
            mut to_server,
            mut to_client,
        } = Ends::new(&mut rng, &[server_address]);
        change(&mut to_client, &mut to_server);
        let mut pair = Self {
            begin,
            now: begin,
            client: PeerSession::new(client, begin).with_dtls_backend(client_backend),
            server: PeerSession::new(server, begin).with_dtls_backend(server_backend),
            client_address,
            server_address,
            link,
            client_events: vec![],
            server_events: vec![],
            client_media: vec![],
            server_media: vec![],
            drops: vec![],
            log: vec![],
            flights: BinaryHeap::new(),
            order: 0,
            rng,
        };
        pair.server.set_remote(begin, to_server).unwrap();
        pair.client.set_remote(begin, to_client).unwrap();
        pair
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.now.duration_since(self.begin)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client.is_connected() && self.server.is_connected()
    }

    /// Runs until `done`, at most for `limit`; says whether it came to that.
    pub(super) fn drive_until(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        // More steps than any of these conversations has; a session that asks for "now" for ever would need them all.
        for _ in 0..50_000 {
            self.drain();
            if done(self) {
                return true;
            }
            let flight = self.flights.peek().map(|Reverse(flight)| flight.at);
            let timeouts = [self.client.poll_timeout(), self.server.poll_timeout(), flight];
            let Some(next) = timeouts.into_iter().flatten().min().filter(|next| *next <= end) else {
                self.now = end;
                return false;
            };
            self.now = self.now.max(next);
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
            while self
                .flights
                .peek()
                .is_some_and(|Reverse(flight)| flight.at <= self.now)
            {
                let Reverse(flight) = self.flights.pop().unwrap();
                self.deliver(flight);
                self.drain();
            }
        }
        panic!("the sessions spin");
    }

    pub(super) fn drive_for(&mut self, time: Duration) {
        let reached = self.drive_until(time, |_| false);
        assert!(!reached);
    }

    pub(super) fn connect(&mut self) {
        assert!(
            self.drive_until(Duration::from_secs(30), Self::is_connected),
            "{:?}",
            self.client_events
        );
    }

    /// Protects a packet at one end and puts it on the link.
    pub(super) fn send_media(&mut self, from: End, packet: &[u8]) {
        let mut buffer = packet.to_vec();
        buffer.resize(packet.len() + crate::SRTP_MAX_OVERHEAD, 0);
        let session = match from {
            End::Client => &mut self.client,
            End::Server => &mut self.server,
        };
        let len = match classify(packet) {
            PacketClass::Rtp => session.protect_rtp(&mut buffer, packet.len()).unwrap(),
            _ => session.protect_rtcp(&mut buffer, packet.len()).unwrap(),
        };
        buffer.truncate(len);
        let (source, destination) = session.selected_path().unwrap();
        self.send(from, Transmit { source, destination }, buffer);
    }

    /// Puts a datagram on the link.
    pub(super) fn send(&mut self, from: End, transmit: Transmit, bytes: Vec<u8>) {
        self.log.push((from, bytes.clone()));
        let (to, source) = match from {
            End::Client => (End::Server, self.client_address),
            End::Server => {
                assert_eq!(
                    transmit.source, self.server_address,
                    "leaves from where it was asked"
                );
                (End::Client, transmit.source)
            }
        };
        if self.link.is_cut || self.rng.random_bool(self.link.loss) {
            return;
        }
        let copies = if self.rng.random_bool(self.link.duplication) {
            2
        } else {
            1
        };
        for _ in 0..copies {
            self.order += 1;
            self.flights.push(Reverse(Flight {
                at: self.now + self.link.delay + self.link.jitter.mul_f64(self.rng.random()),
                order: self.order,
                to,
                source,
                destination: transmit.destination,
                bytes: bytes.clone(),
            }));
        }
    }

    /// Alters byte `at` of the first datagram of this class on the link; `false` when it is not so long.
    pub(super) fn corrupt(&mut self, class: PacketClass, at: usize) -> bool {
        let mut flights: Vec<_> = self.flights.drain().collect();
        let mut of_class = flights
            .iter_mut()
            .filter(|flight| classify(&flight.0.bytes) == class);
        let byte = of_class.next().and_then(|flight| flight.0.bytes.get_mut(at));
        let is_there = byte.is_some();
        if let Some(byte) = byte {
            *byte ^= 1;
        }
        self.flights = flights.into();
        is_there
    }

    fn deliver(&mut self, flight: Flight) {
        let Flight {
            to,
            source,
            destination,
            mut bytes,
            ..
        } = flight;
        let (session, address, media) = match to {
            End::Client => (&mut self.client, self.client_address, &mut self.client_media),
            End::Server => (&mut self.server, self.server_address, &mut self.server_media),
        };
        if destination != address {
            return;
        }
        match session.handle_datagram(self.now, source, destination, &mut bytes) {
            Received::Consumed => {}
            Received::Rtp(packet) | Received::Rtcp(packet) => media.push(packet.to_vec()),
            Received::Dropped(reason) => self.drops.push((to, reason)),
        }
    }

    fn drain(&mut self) {
        let mut buffer = Vec::new();
        while let Some(transmit) = self.client.poll_transmit(&mut buffer) {
            self.send(End::Client, transmit, buffer.clone());
        }
        while let Some(transmit) = self.server.poll_transmit(&mut buffer) {
            self.send(End::Server, transmit, buffer.clone());
        }
        self.client_events
            .extend(std::iter::from_fn(|| self.client.poll_event()));
        self.server_events
            .extend(std::iter::from_fn(|| self.server.poll_event()));
    }
}
