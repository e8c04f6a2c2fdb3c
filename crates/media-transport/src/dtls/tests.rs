//! Two endpoints in virtual time: every backend with every other.

mod hostile;
mod openssl;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::srtp::{SRTP_MAX_OVERHEAD, SrtpProfile};
use crate::test_clock::start;

const SECOND: Duration = Duration::from_secs(1);
const DELAY: Duration = Duration::from_millis(20);

/// What becomes of the datagram with this number, counted from 0 in the order of sending.
type Fate = Box<dyn FnMut(usize, &[u8], &mut StdRng) -> Vec<Duration>>;

/// Client's and server's.
fn pairings() -> impl Iterator<Item = (DtlsBackend, DtlsBackend)> {
    let all = DtlsBackend::ALL;
    all.iter()
        .flat_map(move |client| all.iter().map(move |server| (*client, *server)))
}

struct End {
    endpoint: Endpoint,
    keys: Option<Box<SrtpKeys>>,
    is_closed: bool,
    failure: Option<DtlsFailure>,
}

impl End {
    fn new(config: EndpointConfig, now: Instant) -> Self {
        Self {
            endpoint: Endpoint::new(config, now).unwrap(),
            keys: None,
            is_closed: false,
            failure: None,
        }
    }

    /// Everything that is to be sent after a mutation.
    fn drain(&mut self, now: Instant, result: Result<(), DtlsFailure>) -> Vec<Vec<u8>> {
        let mut datagrams = vec![];
        let mut result = result.map(|()| true);
        while let Ok(true) = result {
            match self.endpoint.poll_output(now) {
                Ok(Some(Output::Datagram(datagram))) => datagrams.push(datagram.to_vec()),
                Ok(Some(Output::Connected(keys))) => {
                    assert!(self.keys.is_none(), "said once");
                    self.keys = Some(keys);
                }
                Ok(Some(Output::CloseNotify)) => {
                    assert!(!self.is_closed, "said once");
                    self.is_closed = true;
                }
                Ok(None) => result = Ok(false),
                Err(failure) => result = Err(failure),
            }
        }
        if let Err(failure) = result {
            self.failure.get_or_insert(failure);
            while let Some(datagram) = self.endpoint.poll_last_words() {
                datagrams.push(datagram);
            }
            assert_eq!(self.endpoint.poll_timeout(), None);
        }
        assert!(datagrams.iter().all(|datagram| datagram.len() <= MTU));
        datagrams
    }
}

/// When it arrives, its number, whether it is from the client, and what it is.
type Flight = (Instant, usize, bool, Vec<u8>);

struct Duo {
    now: Instant,
    begin: Instant,
    client: End,
    server: End,
    fate: Fate,
    rng: StdRng,
    backends: (DtlsBackend, DtlsBackend),
    sent: usize,
    /// (when, from the client, bytes)
    log: Vec<(Duration, bool, Vec<u8>)>,
    flights: BinaryHeap<Reverse<Flight>>,
}

impl Duo {
    fn new(backends: (DtlsBackend, DtlsBackend)) -> Self {
        Self::with(backends, |_, _| {})
    }

    fn with(
        backends: (DtlsBackend, DtlsBackend),
        change: impl FnOnce(&mut EndpointConfig, &mut EndpointConfig),
    ) -> Self {
        let begin = start();
        let (client_certificate, server_certificate) =
            (Certificate::generate().unwrap(), Certificate::generate().unwrap());
        let mut client = EndpointConfig {
            backend: backends.0,
            side: Side::Active,
            expected: server_certificate.fingerprint(),
            certificate: client_certificate.clone(),
            accepted: SrtpProfile::PREFERENCE.to_vec(),
        };
        let mut server = EndpointConfig {
            backend: backends.1,
            side: Side::Passive,
            expected: client_certificate.fingerprint(),
            certificate: server_certificate,
            accepted: SrtpProfile::PREFERENCE.to_vec(),
        };
        change(&mut client, &mut server);
        Self {
            now: begin,
            begin,
            client: End::new(client, begin),
            server: End::new(server, begin),
            fate: Box::new(|_, _, _| vec![DELAY]),
            rng: StdRng::seed_from_u64(1),
            backends,
            sent: 0,
            log: vec![],
            flights: BinaryHeap::new(),
        }
    }

    fn fate(mut self, fate: impl FnMut(usize, &[u8], &mut StdRng) -> Vec<Duration> + 'static) -> Self {
        self.fate = Box::new(fate);
        self
    }

    fn send(&mut self, from_client: bool, datagrams: Vec<Vec<u8>>) {
        for datagram in datagrams {
            self.log
                .push((self.now.duration_since(self.begin), from_client, datagram.clone()));
            for delay in (self.fate)(self.sent, &datagram, &mut self.rng) {
                let at = self.now + delay;
                self.flights
                    .push(Reverse((at, self.sent, from_client, datagram.clone())));
            }
            self.sent += 1;
        }
    }

    fn mutate(
        &mut self,
        is_client: bool,
        act: impl FnOnce(&mut Endpoint, Instant) -> Result<(), DtlsFailure>,
    ) {
        let end = if is_client {
            &mut self.client
        } else {
            &mut self.server
        };
        let result = act(&mut end.endpoint, self.now);
        let datagrams = end.drain(self.now, result);
        self.send(is_client, datagrams);
    }

    /// Goes on until that holds or so much time has passed; whether it holds.
    fn drive(&mut self, limit: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + limit;
        loop {
            if done(self) {
                return true;
            }
            let timers = [&self.client, &self.server].map(|end| end.endpoint.poll_timeout());
            let arrival = self.flights.peek().map(|flight| flight.0.0);
            let next = timers.into_iter().flatten().chain(arrival).min();
            let Some(next) = next.filter(|at| *at <= end) else {
                self.now = end;
                return done(self);
            };
            self.now = self.now.max(next);
            while let Some(Reverse((at, ..))) = self.flights.peek() {
                if *at > self.now {
                    break;
                }
                let Some(Reverse((_, _, from_client, datagram))) = self.flights.pop() else {
                    break;
                };
                self.mutate(!from_client, |endpoint, now| {
                    endpoint.handle_packet(now, &datagram).map(|_| ())
                });
            }
            for is_client in [true, false] {
                self.mutate(is_client, Endpoint::handle_timeout);
            }
        }
    }

    fn assert_unharmed(&self) {
        let failures = (self.client.failure, self.server.failure);
        assert_eq!(failures, (None, None), "{:?}", self.backends);
    }

    fn is_connected(&self) -> bool {
        self.client.keys.is_some() && self.server.keys.is_some()
    }

    fn is_over(&self) -> bool {
        self.client.failure.is_some() && self.server.failure.is_some()
    }

    /// A packet each way, under keys that both have.
    fn exchange(&mut self) -> SrtpProfile {
        let (client, server) = (
            self.client.keys.as_mut().unwrap(),
            self.server.keys.as_mut().unwrap(),
        );
        assert_eq!(client.profile, server.profile);
        assert_opens(client, server);
        assert_opens(server, client);
        client.profile
    }
}

fn assert_opens(from: &mut SrtpKeys, to: &mut SrtpKeys) {
    let packet = [0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 42, b'h', b'i'];
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + SRTP_MAX_OVERHEAD, 0);
    let sealed = from.outbound.protect_rtp(&mut buffer, packet.len()).unwrap();
    let opened = to.inbound.unprotect_rtp(&mut buffer[..sealed]).unwrap();
    assert_eq!(buffer[..opened], packet);
}

#[test]
fn endpoints_can_go_to_another_thread() {
    const fn is_send<T: Send>() {}
    is_send::<Endpoint>();
}

#[test]
fn every_backend_connects_to_every_other() {
    for backends in pairings() {
        let mut duo = Duo::new(backends);
        assert!(duo.drive(SECOND, Duo::is_connected), "{backends:?}");
        // Nothing is lost, so nothing is repeated: two round trips, and one more for a cookie.
        assert!(
            duo.now - duo.begin <= 6 * DELAY,
            "{backends:?}: {:?}",
            duo.now - duo.begin
        );
        let profile = duo.exchange();
        assert_ne!(profile, SrtpProfile::Aes128CmHmacSha1_80, "{backends:?}");
        if backends.1 != DtlsBackend::Dimpl {
            assert_eq!(profile, SrtpProfile::AeadAes128Gcm, "the server's first choice");
        }
        let sent = duo.sent;
        assert!(
            !duo.drive(100 * SECOND, |duo| duo.sent > sent),
            "{backends:?}: silence afterwards"
        );
        duo.assert_unharmed();
        assert_eq!(duo.client.endpoint.poll_timeout(), None, "{backends:?}");
        assert_eq!(duo.server.endpoint.poll_timeout(), None, "{backends:?}");
    }
}

#[test]
fn each_datagram_may_be_lost_once() {
    for backends in pairings() {
        for lost in 0..8 {
            let mut duo = Duo::new(backends).fate(
                move |number, _, _| {
                    if number == lost { vec![] } else { vec![DELAY] }
                },
            );
            assert!(
                duo.drive(4 * SECOND, Duo::is_connected),
                "{backends:?} without datagram {lost}: {:?} {:?}",
                duo.client.failure,
                duo.server.failure
            );
            duo.exchange();
        }
    }
}

#[test]
fn a_flight_is_repeated_when_its_answer_is_late_and_the_wait_doubles() {
    for (backend, _) in pairings() {
        let mut duo = Duo::new((backend, DtlsBackend::Dimpl)).fate(|_, _, _| vec![]);
        duo.drive(5 * SECOND, |_| false);
        let at: Vec<f64> = duo.log.iter().map(|(at, ..)| at.as_secs_f64()).collect();
        // 0, 0.25, 0.75, 1.75, 3.75 s, with a quarter of jitter at most on each wait.
        assert_eq!(at.len(), 5, "{backend:?}: {at:?}");
        for (pair, wait) in at.windows(2).zip([0.25, 0.5, 1.0, 2.0]) {
            let ratio = (pair[1] - pair[0]) / wait;
            assert!((0.74..=1.26).contains(&ratio), "{backend:?}: {at:?}");
        }
    }
}

#[test]
fn a_peer_that_repeats_faster_than_us_does_not_stop_our_timer() {
    for (client, server) in pairings() {
        // The server's first two answers after the cookie are lost, while the client repeats itself all the time.
        let mut lost = 0;
        let mut duo = Duo::new((client, server)).fate(move |_, datagram, _| {
            let is_flight_4 = datagram.len() > 13 && datagram[13] == 2;
            if is_flight_4 && lost < 2 {
                lost += 1;
                return vec![];
            }
            let is_hello = datagram.len() > 13 && datagram[0] == 22 && datagram[13] == 1;
            let copies = if is_hello { 12 } else { 1 };
            (0..copies).map(|copy| DELAY + copy * 3 * DELAY).collect()
        });
        assert!(
            duo.drive(6 * SECOND, Duo::is_connected),
            "{client:?} {server:?}: {:?} {:?}",
            duo.client.failure,
            duo.server.failure
        );
        duo.exchange();
    }
}

#[test]
fn lost_doubled_and_reordered_datagrams_are_survived() {
    for backends in pairings() {
        for seed in 0..20 {
            let mut duo = Duo::new(backends).fate(|_, _, rng| {
                let copies = if rng.random_bool(0.15) {
                    0
                } else {
                    1 + usize::from(rng.random_bool(0.1))
                };
                (0..copies)
                    .map(|_| DELAY + Duration::from_millis(rng.random_range(0..60)))
                    .collect()
            });
            duo.rng = StdRng::seed_from_u64(seed);
            assert!(
                duo.drive(29 * SECOND, Duo::is_connected),
                "{backends:?} {seed}: {:?} {:?}",
                duo.client.failure,
                duo.server.failure
            );
            duo.exchange();
        }
    }
}

#[test]
fn a_flight_that_arrives_backwards_is_understood() {
    for backends in pairings() {
        // Datagrams of one instant arrive in the opposite order of sending.
        let mut duo = Duo::new(backends)
            .fate(|number, _, _| vec![DELAY - Duration::from_micros(u64::try_from(number % 16).unwrap())]);
        assert!(duo.drive(4 * SECOND, Duo::is_connected), "{backends:?}");
        duo.exchange();
    }
}

#[test]
fn another_certificate_than_the_announced_one_gets_no_keys() {
    for backends in pairings() {
        for at_server in [true, false] {
            let mut duo = Duo::with(backends, |client, server| {
                let end = if at_server { server } else { client };
                end.expected.0[7] ^= 1;
            });
            let refusing = |duo: &Duo| {
                let end = if at_server { &duo.server } else { &duo.client };
                (end.failure, end.keys.is_some())
            };
            assert!(
                duo.drive(5 * SECOND, |duo| refusing(duo).0.is_some()),
                "{backends:?}"
            );
            assert_eq!(
                refusing(&duo),
                (Some(DtlsFailure::Fingerprint), false),
                "{backends:?}, server: {at_server}"
            );
        }
    }
}

#[test]
fn a_profile_that_is_not_accepted_gets_no_keys() {
    for backends in pairings() {
        let mut duo = Duo::with(backends, |_, server| {
            server.accepted = vec![SrtpProfile::Aes128CmHmacSha1_80];
        });
        duo.drive(5 * SECOND, |duo| {
            duo.server.failure.is_some() || duo.is_connected()
        });
        if backends.1 == DtlsBackend::Dimpl {
            // It cannot be told what to choose, and prefers GCM.
            assert_eq!(duo.server.failure, Some(DtlsFailure::SrtpProfile), "{backends:?}");
            assert!(duo.server.keys.is_none());
        } else {
            assert_eq!(duo.exchange(), SrtpProfile::Aes128CmHmacSha1_80, "{backends:?}");
        }
    }
}

/// A client that offers AES-128-GCM and nothing else; `dimpl` always offers all that it has.
#[cfg(feature = "webrtc-dtls")]
#[test]
fn a_client_may_offer_a_single_profile() {
    for server in DtlsBackend::ALL {
        for profile in SrtpProfile::PREFERENCE {
            let mut duo = Duo::with((DtlsBackend::WebrtcDtls, *server), |client, _| {
                client.accepted = vec![profile];
            });
            assert!(duo.drive(SECOND, Duo::is_connected), "{server:?}, {profile}");
            assert_eq!(duo.exchange(), profile, "{server:?}");
        }
    }
}

#[test]
fn close_notify_is_understood_both_ways() {
    for backends in pairings() {
        for from_client in [true, false] {
            let mut duo = Duo::new(backends);
            assert!(duo.drive(SECOND, Duo::is_connected));
            duo.mutate(from_client, |endpoint, now| {
                endpoint.close(now);
                Ok(())
            });
            let told = |duo: &Duo| {
                let end = if from_client { &duo.server } else { &duo.client };
                end.is_closed
            };
            assert!(duo.drive(SECOND, told), "{backends:?}, client: {from_client}");
            duo.drive(SECOND, |_| false);
            duo.assert_unharmed();
        }
    }
}

#[test]
fn nobody_there_is_a_timeout_and_closing_early_says_nothing() {
    for (backend, _) in pairings() {
        let mut duo = Duo::new((backend, backend)).fate(|_, _, _| vec![]);
        assert!(
            duo.drive(31 * SECOND, |duo| duo.client.failure.is_some()),
            "{backend:?}"
        );
        assert_eq!(duo.client.failure, Some(DtlsFailure::Timeout), "{backend:?}");
        let waited = duo.now - duo.begin;
        assert!(
            (15 * SECOND..=31 * SECOND).contains(&waited),
            "{backend:?}: {waited:?}"
        );
        assert!(duo.sent <= 8, "{backend:?}: {} ClientHellos", duo.sent);

        // A server whose client is gone when it has all that the server has to say.
        let mut duo = Duo::new((DtlsBackend::Dimpl, backend));
        let arrive = if backend == DtlsBackend::Dimpl { 2 } else { 4 };
        duo.fate = Box::new(move |number, _, _| if number < arrive { vec![DELAY] } else { vec![] });
        assert!(duo.drive(70 * SECOND, Duo::is_over), "{backend:?}");
        assert_eq!(duo.server.failure, Some(DtlsFailure::Timeout), "{backend:?}");
        assert!(duo.server.keys.is_none());

        let mut duo = Duo::new((backend, backend));
        let sent = duo.sent;
        duo.mutate(true, |endpoint, now| {
            endpoint.close(now);
            Ok(())
        });
        duo.mutate(false, |endpoint, now| {
            endpoint.close(now);
            Ok(())
        });
        assert!(duo.sent - sent <= 1, "at most the ClientHello that was due");
    }
}
