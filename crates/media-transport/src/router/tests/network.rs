use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::client::Client;
use super::paths::Paths;
use super::*;
use crate::test_clock::start;
use crate::test_ends::Ends;
use crate::{Certificate, PeerSession};

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    at: Instant,
    order: u64,
    source: SocketAddr,
    destination: SocketAddr,
    bytes: Vec<u8>,
}

/// A link with a queue of so many milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bottleneck {
    pub(super) bits_per_second: u64,
    pub(super) queue: Duration,
    pub(super) free_at: Instant,
    pub(super) longest: Duration,
    pub(super) dropped: usize,
}

impl Bottleneck {
    /// When a datagram is through; `None` when there is no room for it.
    fn pass(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        let begin = self.free_at.max(now);
        if begin - now > self.queue {
            self.dropped += 1;
            return None;
        }
        self.longest = self.longest.max(begin - now);
        let nanos = (bytes as u64 + 28) * 8 * 1_000_000_000 / self.bits_per_second;
        self.free_at = begin + Duration::from_nanos(nanos);
        Some(self.free_at)
    }
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
    /// A path that loses more than the others.
    pub(super) lossy: Option<(SocketAddr, f64)>,
    /// What the paths to clients carry.
    pub(super) bottlenecks: BTreeMap<SocketAddr, Bottleneck>,
    /// Paths to clients that share what they carry, queue and luck.
    pub(super) paths: Paths,
    /// How many datagrams the router sent.
    pub(super) router_sent: usize,
    /// How often the router took memory while it handled datagrams and gave out its own.
    pub(super) allocations: u64,
    /// Bytes the router has taken and not given back; what a crypto library takes by itself is not seen.
    pub(super) memory: i64,
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
            lossy: None,
            bottlenecks: BTreeMap::new(),
            paths: Paths::default(),
            router_sent: 0,
            allocations: 0,
            memory: 0,
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
        let (now, router) = (self.now, &mut self.router);
        let taken = allocation_counter::measure(|| router.handle_command(now, command).unwrap());
        self.memory += taken.bytes_current;
        self.drain();
    }

    /// Adds a client to a room, not connected yet; its index, which is its [`PeerId`], too.
    pub(super) fn add(&mut self, room: u64) -> usize {
        let index = self.clients.len();
        let id = PeerId(u64::try_from(index).unwrap());
        let Ends {
            client,
            server,
            to_server,
            to_client,
        } = Ends::with_certificate(&mut self.rng, &[Self::router_address()], self.certificate.clone());
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

    /// The path to a client carries so much from now on.
    pub(super) fn limit(&mut self, client: usize, bits_per_second: u64) {
        let address = self.clients[client].address;
        let now = self.now;
        let bottleneck = self.bottlenecks.entry(address).or_insert_with(|| Bottleneck {
            bits_per_second,
            queue: ms(500),
            free_at: now,
            longest: Duration::ZERO,
            dropped: 0,
        });
        bottleneck.bits_per_second = bits_per_second;
        bottleneck.longest = Duration::ZERO;
        bottleneck.dropped = 0;
    }

    /// Puts a datagram on the network.
    pub(super) fn send(&mut self, source: SocketAddr, destination: SocketAddr, bytes: Vec<u8>) {
        if self.paths.is_cut(source) || self.paths.is_cut(destination) {
            return;
        }
        if self.paths.send(self.now, destination, &bytes) {
            return;
        }
        let own = self.lossy.filter(|(lossy, _)| *lossy == destination);
        if self.rng.random_bool(own.map_or(self.loss, |(_, loss)| loss)) {
            return;
        }
        let now = self.now;
        let through = match self.bottlenecks.get_mut(&destination) {
            Some(bottleneck) => bottleneck.pass(now, bytes.len()),
            None => Some(now),
        };
        let Some(through) = through else { return };
        self.order += 1;
        let at = through + self.delay + self.jitter.mul_f64(self.rng.random());
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
        for _ in 0..2_000_000 {
            let flight = self.flights.peek().map(|Reverse(flight)| flight.at);
            let clients = self
                .clients
                .iter()
                .filter_map(|client| client.session.poll_timeout());
            let next = clients
                .chain(flight)
                .chain(self.router.poll_timeout())
                .chain(self.clients.iter().filter_map(Client::feedback_due))
                .chain([self.next_ask])
                .chain(self.paths.next_event())
                .min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            let (now, router) = (self.now, &mut self.router);
            let taken = allocation_counter::measure(|| router.handle_timeout(now));
            self.memory += taken.bytes_current;
            for client in &mut self.clients {
                client.session.handle_timeout(self.now);
                client.send_feedback(self.now);
            }
            if self.next_ask <= self.now {
                self.next_ask = self.now + ms(40);
                self.clients
                    .iter_mut()
                    .filter(|client| client.nacks)
                    .for_each(Client::ask_again);
            }
            self.drain();
            while let Some((destination, bytes)) = self.paths.receive(self.now) {
                let client = self
                    .clients
                    .iter_mut()
                    .find(|client| client.address == destination);
                client
                    .unwrap()
                    .handle_datagram(self.now, Self::router_address(), bytes);
                self.drain();
            }
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
            let (now, router) = (self.now, &mut self.router);
            let allocated =
                allocation_counter::measure(|| router.handle_datagram(now, source, destination, &mut bytes));
            self.allocations += allocated.count_total;
            self.memory += allocated.bytes_current;
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
        // Grows outside of what is measured.
        let own = crate::Transmit {
            source: Self::router_address(),
            destination: Self::router_address(),
        };
        for _ in 0..32 {
            buffer.push(own, &[0; 1024]);
        }
        loop {
            let (router, mut more) = (&mut self.router, false);
            let allocated = allocation_counter::measure(|| more = router.poll_transmit(&mut buffer));
            self.allocations += allocated.count_total;
            self.memory += allocated.bytes_current;
            if !more {
                break;
            }
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
