//! What cuts and new addresses do to a call: whole sessions, media both ways, seeded links, virtual time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anteroom_testkit::netem::{Link, LinkConfig};
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::*;
use crate::ice::{CONSENT_EXPIRY, INTERRUPTION_LIMIT};
use crate::test_clock::start;
use crate::test_ends::Ends;

const SECOND: Duration = Duration::from_secs(1);

/// Between packets of media.
const PACKET_TIME: Duration = Duration::from_millis(20);

const SERVER: &str = "198.51.100.1:5000";

#[derive(Debug, Default)]
struct Side {
    events: Vec<(Instant, PeerEvent)>,
    /// When media of the other side came.
    heard: Vec<Instant>,
    /// When something was sent, and what it claims to be.
    sent: Vec<(Instant, PacketClass)>,
}

impl Side {
    fn when(&self, event: PeerEvent) -> Vec<Instant> {
        let of = self.events.iter().filter(|(_, other)| *other == event);
        of.map(|(at, _)| *at).collect()
    }

    fn heard_within(&self, from: Instant, to: Instant) -> usize {
        self.heard.iter().filter(|at| (from..to).contains(*at)).count()
    }

    fn sent_within(&self, from: Instant, to: Instant) -> Vec<PacketClass> {
        let within = self.sent.iter().filter(|(at, _)| (from..to).contains(at));
        within.map(|(_, class)| *class).collect()
    }
}

/// A call: each side sends a packet every 20 ms for as long as it may.
struct Call {
    now: Instant,
    client: PeerSession,
    server: PeerSession,
    /// Answers the client's checks in place of the server, which then never sees one.
    stand_in: Option<PeerSession>,
    /// The last is the one the client has now.
    addresses: Vec<SocketAddr>,
    up: Link,
    down: Link,
    client_side: Side,
    server_side: Side,
    sequence: u16,
    next_media: Instant,
    is_silent: bool,
    is_without_checks: bool,
}

impl Call {
    fn new(link: &LinkConfig, seed: u64) -> Self {
        let now = start();
        let mut rng = StdRng::seed_from_u64(seed);
        let Ends {
            client,
            server,
            to_server,
            to_client,
        } = Ends::new(&mut rng, &[SERVER.parse().unwrap()]);
        let mut call = Self {
            now,
            client: PeerSession::new(client, now),
            server: PeerSession::new(server.clone(), now),
            stand_in: None,
            addresses: vec!["192.0.2.7:4000".parse().unwrap()],
            up: Link::new(link.clone(), seed),
            down: Link::new(link.clone(), seed + 1000),
            client_side: Side::default(),
            server_side: Side::default(),
            sequence: 0,
            next_media: now,
            is_silent: false,
            is_without_checks: false,
        };
        call.server.set_remote(now, to_server.clone()).unwrap();
        call.client.set_remote(now, to_client).unwrap();
        let mut stand_in = PeerSession::new(server, now);
        stand_in.set_remote(now, to_server).unwrap();
        call.drive_while(10 * SECOND, |call| {
            !(call.client.is_connected() && call.server.is_connected())
        });
        assert!(call.client.is_connected() && call.server.is_connected());
        call.stand_in = Some(stand_in);
        call.drive(5 * SECOND);
        call
    }

    /// From now on the client's checks do not reach the server, as if it sent none.
    fn without_checks(&mut self) {
        self.is_without_checks = true;
    }

    fn cut(&mut self, whether: bool) {
        for link in [&mut self.up, &mut self.down] {
            let mut config = link.config().clone();
            config.outage = whether;
            link.reconfigure(config);
        }
    }

    fn drive(&mut self, time: Duration) {
        self.drive_while(time, |_| true);
    }

    fn drive_while(&mut self, time: Duration, goes_on: impl Fn(&Self) -> bool) {
        let end = self.now + time;
        // More steps than any of these calls has.
        for _ in 0..200_000 {
            self.drain();
            let timers = [
                self.client.poll_timeout(),
                self.server.poll_timeout(),
                self.stand_in.as_ref().and_then(PeerSession::poll_timeout),
                self.up.next_delivery(),
                self.down.next_delivery(),
                Some(self.next_media),
            ];
            let next = timers.into_iter().flatten().min().unwrap_or(end);
            if next > end || !goes_on(self) {
                self.now = self.now.max(end.min(next));
                return;
            }
            self.now = self.now.max(next);
            self.step();
        }
        panic!("time does not go on");
    }

    fn step(&mut self) {
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        if let Some(stand_in) = &mut self.stand_in {
            stand_in.handle_timeout(self.now);
        }
        while let Some(delivery) = self.up.receive(self.now) {
            self.deliver_up(delivery.bytes);
        }
        while let Some(delivery) = self.down.receive(self.now) {
            let (index, mut bytes) = (usize::from(delivery.bytes[0]), delivery.bytes[1..].to_vec());
            // What goes to an address that it has no more, nobody gets.
            if index + 1 == self.addresses.len() {
                let (source, here) = (SERVER.parse().unwrap(), self.addresses[index]);
                if let Received::Rtp(_) = self.client.handle_datagram(self.now, source, here, &mut bytes) {
                    self.client_side.heard.push(self.now);
                }
            }
        }
        if self.next_media <= self.now {
            self.next_media = self.now + PACKET_TIME;
            self.say();
        }
    }

    fn deliver_up(&mut self, bytes: Vec<u8>) {
        let (source, mut bytes) = (self.addresses[usize::from(bytes[0])], bytes[1..].to_vec());
        let here = SERVER.parse().unwrap();
        let server = match &mut self.stand_in {
            Some(stand_in) if self.is_without_checks && classify(&bytes) == PacketClass::Stun => stand_in,
            _ => &mut self.server,
        };
        if let Received::Rtp(_) = server.handle_datagram(self.now, source, here, &mut bytes) {
            self.server_side.heard.push(self.now);
        }
    }

    fn say(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
        for is_client in [true, false] {
            if is_client && self.is_silent {
                continue;
            }
            let mut packet = vec![0x80, 111];
            packet.extend(self.sequence.to_be_bytes());
            packet.extend([0, 0, 0, 1, 0, 0, 0, 42]);
            packet.extend([7; 100]);
            let len = packet.len();
            packet.resize(len + crate::SRTP_MAX_OVERHEAD, 0);
            let session = if is_client {
                &mut self.client
            } else {
                &mut self.server
            };
            let path = session.selected_path();
            match session.protect_rtp(&mut packet, len) {
                Ok(len) => self.send(is_client, path.unwrap().1, &packet[..len]),
                Err(_) => assert!(!session.is_connected()),
            }
        }
    }

    fn drain(&mut self) {
        let mut buffer = Vec::new();
        while let Some(transmit) = self.client.poll_transmit(&mut buffer) {
            self.send(true, transmit.destination, &buffer);
        }
        while let Some(transmit) = self.server.poll_transmit(&mut buffer) {
            self.send(false, transmit.destination, &buffer);
        }
        if let Some(mut stand_in) = self.stand_in.take() {
            while let Some(transmit) = stand_in.poll_transmit(&mut buffer) {
                let index = self.index_of(transmit.destination);
                self.down.send(self.now, &[&[index], &buffer[..]].concat());
            }
            while stand_in.poll_event().is_some() {}
            self.stand_in = Some(stand_in);
        }
        let now = self.now;
        let events = std::iter::from_fn(|| self.client.poll_event());
        self.client_side.events.extend(events.map(|event| (now, event)));
        let events = std::iter::from_fn(|| self.server.poll_event());
        self.server_side.events.extend(events.map(|event| (now, event)));
    }

    fn send(&mut self, is_client: bool, destination: SocketAddr, bytes: &[u8]) {
        let class = classify(bytes);
        if is_client {
            self.client_side.sent.push((self.now, class));
            let index = u8::try_from(self.addresses.len() - 1).unwrap();
            self.up.send(self.now, &[&[index], bytes].concat());
        } else {
            self.server_side.sent.push((self.now, class));
            let index = self.index_of(destination);
            self.down.send(self.now, &[&[index], bytes].concat());
        }
    }

    fn index_of(&self, address: SocketAddr) -> u8 {
        let index = self.addresses.iter().position(|known| *known == address);
        u8::try_from(index.unwrap()).unwrap()
    }

    /// Nobody has begun a handshake since then.
    fn assert_no_handshake_since(&self, since: Instant) {
        for side in [&self.client_side, &self.server_side] {
            let sent = side.sent_within(since, self.now);
            assert!(sent.len() > 10 && !sent.contains(&PacketClass::Dtls));
        }
    }
}

fn clean() -> LinkConfig {
    LinkConfig::default().delay(Duration::from_millis(20))
}

#[test]
fn media_follows_a_client_to_its_new_address() {
    for (link, seed) in [(clean(), 1), (LinkConfig::wifi(), 2), (LinkConfig::mobile(), 3)] {
        let mut call = Call::new(&link, seed);
        let (before, moved) = (call.now, "203.0.113.9:61000".parse().unwrap());
        call.addresses.push(moved);
        call.drive(15 * SECOND);
        let followed = call.server_side.when(PeerEvent::RemoteAddress(moved));
        assert_eq!(followed.len(), 1);
        // The next check for consent says where it is, or the one after that when it is lost.
        let gap = followed[0].duration_since(before);
        assert!(gap > Duration::from_millis(10) && gap < 13 * SECOND, "{gap:?}");
        for side in [&call.client_side, &call.server_side] {
            assert!(side.when(PeerEvent::Interrupted).is_empty());
            let heard = side.heard_within(call.now - SECOND, call.now);
            assert!((40..=52).contains(&heard), "{heard} packets in the last second");
        }
        call.assert_no_handshake_since(before);
    }
}

#[test]
fn an_outage_of_thirty_seconds_is_survived_with_the_same_keys() {
    for (link, seed) in [
        (clean(), 4),
        (clean(), 5),
        (LinkConfig::wifi(), 6),
        (LinkConfig::mobile(), 7),
    ] {
        let mut call = Call::new(&link, seed);
        let cut = call.now;
        call.cut(true);
        call.drive(30 * SECOND);
        let back = call.now;
        call.cut(false);
        call.drive(25 * SECOND);
        for (name, side) in [("client", &call.client_side), ("server", &call.server_side)] {
            assert_eq!(side.heard_within(cut + SECOND, back), 0, "{name}");
            let interrupted = side.when(PeerEvent::Interrupted);
            let resumed = side.when(PeerEvent::Resumed);
            assert_eq!(interrupted.len(), resumed.len(), "{name}: {:?}", side.events);
            for (from, to) in interrupted.iter().zip(&resumed) {
                let after = from.duration_since(cut);
                assert!(after > 23 * SECOND && after <= 31 * SECOND, "{name} {after:?}");
                let took = to.saturating_duration_since(back);
                assert!(*to > back && took < 8 * SECOND, "{name} {took:?}");
                let sent = side.sent_within(*from + Duration::from_nanos(1), *to);
                assert!(sent.iter().all(|class| *class == PacketClass::Stun), "{name}");
            }
            let heard = side.heard_within(call.now - 10 * SECOND, call.now);
            assert!((440..=505).contains(&heard), "{name}: {heard} packets in 10 s");
        }
        assert_eq!(
            call.client_side.when(PeerEvent::Interrupted).len(),
            1,
            "its checks were older"
        );
        call.assert_no_handshake_since(cut);
    }
}

#[test]
fn an_outage_and_a_new_address_at_once_are_survived() {
    for seed in 10..14 {
        let mut call = Call::new(&clean(), seed);
        let cut = call.now;
        call.cut(true);
        call.drive(40 * SECOND);
        for side in [&call.client_side, &call.server_side] {
            assert_eq!(side.when(PeerEvent::Interrupted).len(), 1);
        }
        let moved = "203.0.113.9:61000".parse().unwrap();
        call.addresses.push(moved);
        call.cut(false);
        call.drive(15 * SECOND);
        assert_eq!(call.server.selected_path().unwrap().1, moved);
        for side in [&call.client_side, &call.server_side] {
            assert_eq!(side.when(PeerEvent::Resumed).len(), 1);
            let heard = side.heard_within(call.now - SECOND, call.now);
            assert!((45..=51).contains(&heard), "{heard}");
        }
        call.assert_no_handshake_since(cut);
    }
}

#[test]
fn who_is_lost_for_good_is_given_up_after_another_thirty_seconds() {
    for seed in 20..24 {
        let mut call = Call::new(&clean(), seed);
        let cut = call.now;
        call.cut(true);
        call.drive(120 * SECOND);
        let closed = PeerEvent::Closed(CloseReason::ConsentExpired);
        for side in [&call.client_side, &call.server_side] {
            let (interrupted, over) = (side.when(PeerEvent::Interrupted)[0], side.when(closed)[0]);
            let silent = interrupted.duration_since(cut);
            assert!(
                silent >= 23 * SECOND && silent <= CONSENT_EXPIRY + SECOND,
                "{silent:?}"
            );
            assert_eq!(over.duration_since(interrupted), INTERRUPTION_LIMIT);
            assert_eq!(side.events.last(), Some(&(over, closed)));
            assert!(side.sent_within(over, call.now).is_empty(), "not even a good-bye");
        }
        // A lite agent has nothing to say to who is not there.
        let interrupted = call.server_side.when(PeerEvent::Interrupted)[0];
        let after = call
            .server_side
            .sent_within(interrupted + Duration::from_nanos(1), call.now);
        assert!(after.is_empty(), "{after:?}");
        assert_eq!(
            (call.client.poll_timeout(), call.server.poll_timeout()),
            (None, None)
        );
    }
}

#[test]
fn media_alone_is_consent_enough_for_a_lite_agent() {
    let mut call = Call::new(&clean(), 30);
    call.without_checks();
    call.drive(120 * SECOND);
    assert!(call.server.is_connected());
    assert!(call.server_side.when(PeerEvent::Interrupted).is_empty());

    call.is_silent = true;
    let silent = call.now;
    call.drive(40 * SECOND);
    let interrupted = call.server_side.when(PeerEvent::Interrupted);
    let after = interrupted[0].duration_since(silent);
    assert!(
        after >= CONSENT_EXPIRY - PACKET_TIME && after <= CONSENT_EXPIRY + PACKET_TIME * 3,
        "{after:?}"
    );
    assert!(!call.server.is_connected());

    call.is_silent = false;
    let again = call.now;
    call.drive(10 * SECOND);
    let resumed = call.server_side.when(PeerEvent::Resumed);
    assert!(
        resumed[0].duration_since(again) <= SECOND + PACKET_TIME * 3,
        "{resumed:?}"
    );
    let heard = call.client_side.heard_within(call.now - SECOND, call.now);
    assert!((45..=51).contains(&heard), "{heard}");

    call.is_silent = true;
    let silent = call.now;
    call.drive(100 * SECOND);
    let over = call
        .server_side
        .when(PeerEvent::Closed(CloseReason::ConsentExpired));
    let after = over[0].duration_since(silent);
    assert!(after >= 59 * SECOND && after <= 61 * SECOND, "{after:?}");
}

#[test]
fn media_from_elsewhere_and_media_that_is_not_authentic_are_no_consent() {
    for is_forged in [false, true] {
        let mut call = Call::new(&clean(), 31);
        call.without_checks();
        call.is_silent = true;
        let silent = call.now;
        let (here, elsewhere) = (SERVER.parse().unwrap(), "203.0.113.50:1".parse().unwrap());
        for sequence in 0..40_u16 {
            let mut packet = vec![0x80, 111];
            packet.extend((30_000 + sequence).to_be_bytes());
            packet.extend([0, 0, 0, 1, 0, 0, 0, 43, 1, 2, 3, 4]);
            packet.resize(16 + crate::SRTP_MAX_OVERHEAD, 0);
            let len = call.client.protect_rtp(&mut packet, 16).unwrap();
            packet.truncate(len);
            let source = if is_forged { call.addresses[0] } else { elsewhere };
            if is_forged {
                packet[len - 1] ^= 1;
            }
            let received = call.server.handle_datagram(call.now, source, here, &mut packet);
            assert_eq!(matches!(received, Received::Rtp(_)), !is_forged);
            call.drive(SECOND);
        }
        let interrupted = call.server_side.when(PeerEvent::Interrupted);
        let after = interrupted[0].duration_since(silent);
        assert!(after <= CONSENT_EXPIRY + PACKET_TIME, "{after:?}");
    }
}
