use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::client::Client;
use super::*;
use crate::test_clock::start;
use crate::{Certificate, IceCredentials, PeerConfig, PeerSession, RemoteParameters, Role, SrtpProfile};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    at: Instant,
    order: u64,
    source: SocketAddr,
    destination: SocketAddr,
    bytes: Vec<u8>,
}

/// A router, its clients, and what lies between them.
pub(super) struct Network {
    pub(super) now: Instant,
    pub(super) router: Router,
    pub(super) clients: Vec<Client>,
    pub(super) events: Vec<Event>,
    pub(super) delay: Duration,
    /// Drawn anew for each datagram: reorders.
    pub(super) jitter: Duration,
    pub(super) loss: f64,
    /// How many datagrams the router sent.
    pub(super) router_sent: usize,
    flights: BinaryHeap<Reverse<Flight>>,
    order: u64,
    rng: StdRng,
    certificate: Certificate,
    next_ask: Instant,
}

impl Network {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, RouterConfig::default())
    }

    pub(super) fn with(seed: u64, config: RouterConfig) -> Self {
        let now = start();
        Self {
            now,
            router: Router::new(config, seed, now),
            clients: vec![],
            events: vec![],
            delay: ms(10),
            jitter: Duration::ZERO,
            loss: 0.0,
            router_sent: 0,
            flights: BinaryHeap::new(),
            order: 0,
            rng: StdRng::seed_from_u64(seed),
            certificate: Certificate::generate().unwrap(),
            next_ask: now,
        }
    }

    pub(super) fn router_address() -> SocketAddr {
        "198.51.100.1:5000".parse().unwrap()
    }

    pub(super) fn command(&mut self, command: Command) {
        self.router.handle_command(self.now, command).unwrap();
        self.drain();
    }

    /// Adds a client to a room, not connected yet; its index, which is its [`PeerId`], too.
    pub(super) fn add(&mut self, room: u64) -> usize {
        let index = self.clients.len();
        let id = PeerId(u64::try_from(index).unwrap());
        let mut config = |role, certificate: &Certificate| PeerConfig {
            role,
            local: IceCredentials::generate(&mut self.rng),
            certificate: certificate.clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: self.rng.random(),
        };
        let theirs = Certificate::generate().unwrap();
        let (server, client) = (
            config(Role::Server, &self.certificate),
            config(Role::Client, &theirs),
        );
        let describe = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        let (to_client, to_server) = (
            describe(&server, vec![Self::router_address()]),
            describe(&client, vec![]),
        );
        let mut session = PeerSession::new(client, self.now);
        session.set_remote(self.now, to_client).unwrap();
        let address = SocketAddr::from(([192, 0, 2, 1], 4000 + u16::try_from(index).unwrap()));
        self.clients.push(Client::new(session, address));
        self.command(Command::AddPeer {
            peer: id,
            room: RoomId(room),
            config: server,
            remote: to_server,
        });
        index
    }

    /// Adds `count` clients to a room and connects them.
    pub(super) fn join(&mut self, room: u64, count: usize) -> Vec<usize> {
        let joined: Vec<usize> = (0..count).map(|_| self.add(room)).collect();
        self.connect();
        joined
    }

    pub(super) fn connect(&mut self) {
        for _ in 0..1000 {
            if self.clients.iter().all(|client| client.session.is_connected()) {
                self.run(ms(50));
                return;
            }
            self.run(ms(20));
        }
        panic!("not connected");
    }

    pub(super) fn publish(&mut self, client: usize, publications: Vec<Publication>) {
        let peer = PeerId(u64::try_from(client).unwrap());
        self.command(Command::SetPublications { peer, publications });
    }

    pub(super) fn subscribe(&mut self, client: usize, subscriptions: Vec<Subscription>) {
        let peer = PeerId(u64::try_from(client).unwrap());
        self.command(Command::SetSubscriptions { peer, subscriptions });
    }

    pub(super) fn set_forwarding(&mut self, client: usize, enabled: bool) {
        let peer = PeerId(u64::try_from(client).unwrap());
        self.command(Command::SetForwarding { peer, enabled });
    }

    pub(super) fn stats(&mut self, client: usize) -> PeerStats {
        let peer = PeerId(u64::try_from(client).unwrap());
        self.command(Command::RequestStats { peer });
        let Some(Event::Stats { stats, .. }) = self.events.pop() else {
            panic!("no statistics")
        };
        stats
    }

    /// Puts a datagram on the network.
    pub(super) fn send(&mut self, source: SocketAddr, destination: SocketAddr, bytes: Vec<u8>) {
        if self.rng.random_bool(self.loss) {
            return;
        }
        self.order += 1;
        let at = self.now + self.delay + self.jitter.mul_f64(self.rng.random());
        self.flights.push(Reverse(Flight {
            at,
            order: self.order,
            source,
            destination,
            bytes,
        }));
    }

    /// Lets time pass.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.drain();
        for _ in 0..200_000 {
            let flight = self.flights.peek().map(|Reverse(flight)| flight.at);
            let clients = self
                .clients
                .iter()
                .filter_map(|client| client.session.poll_timeout());
            let next = clients
                .chain(flight)
                .chain(self.router.poll_timeout())
                .chain([self.next_ask])
                .min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.router.handle_timeout(self.now);
            for client in &mut self.clients {
                client.session.handle_timeout(self.now);
            }
            if self.next_ask <= self.now {
                self.next_ask = self.now + ms(40);
                self.clients
                    .iter_mut()
                    .filter(|client| client.nacks)
                    .for_each(Client::ask_again);
            }
            self.drain();
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
        panic!("the network spins");
    }

    fn deliver(&mut self, flight: Flight) {
        let Flight {
            source,
            destination,
            mut bytes,
            ..
        } = flight;
        if destination == Self::router_address() {
            self.router
                .handle_datagram(self.now, source, destination, &mut bytes);
        } else if let Some(client) = self
            .clients
            .iter_mut()
            .find(|client| client.address == destination)
        {
            client.handle_datagram(self.now, source, bytes);
        }
    }

    pub(super) fn drain(&mut self) {
        let mut buffer = TransmitBuffer::new();
        let mut sent = Vec::new();
        while self.router.poll_transmit(&mut buffer) {
            for (transmit, contents) in buffer.datagrams() {
                assert_eq!(transmit.source, Self::router_address());
                sent.push((Self::router_address(), transmit.destination, contents.to_vec()));
            }
        }
        self.router_sent += sent.len();
        while let Some(event) = self.router.poll_event() {
            self.events.push(event);
        }
        for client in &mut self.clients {
            client.drain();
            let address = client.address;
            sent.extend(
                client
                    .out
                    .drain(..)
                    .map(|(destination, bytes)| (address, destination, bytes)),
            );
        }
        for (source, destination, bytes) in sent {
            self.send(source, destination, bytes);
        }
    }
}
