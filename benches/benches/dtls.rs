//! DTLS handshakes as the server: how many a core makes in a second, and what an established session keeps on the heap;
//! for each backend, with a client of each, in the same run.
//!
//! A session is whole: the connectivity check before the handshake, the fingerprint, and both directions' SRTP keys are
//! in both figures. Only what the server does is counted, in CPU time of its thread. The clients offer what they have, so
//! `dimpl` with `dimpl` speaks DTLS 1.3 and every other pair DTLS 1.2.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anteroom_media_transport::{
    Certificate, DtlsBackend, IceCredentials, PeerConfig, PeerEvent, PeerSession, RemoteParameters, Role,
    SrtpProfile,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustix::time::{ClockId, clock_gettime};

/// Handshakes of each pair in a pass.
const HANDSHAKES: u32 = 100;

/// Passes, all pairs in turns.
const PASSES: usize = 9;

/// Sessions whose heap is measured.
const SESSIONS: usize = 32;

/// Server handshakes per second and core that are wanted.
const WANTED_PER_SECOND: f64 = 8_000.0;

/// Bytes of heap per established session that are wanted, at most.
const WANTED_BYTES: usize = 16 * 1024;

struct Peers {
    client: Certificate,
    server: Certificate,
    rng: StdRng,
}

/// What is measured around every call of the server's.
trait Meter {
    fn around<T>(&mut self, call: impl FnOnce() -> T) -> T;
}

/// CPU time.
#[derive(Default)]
struct Time(Duration);

impl Meter for Time {
    fn around<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let before = cpu_time();
        let result = call();
        self.0 += cpu_time().saturating_sub(before);
        result
    }
}

/// Bytes that are still there afterwards.
#[derive(Default)]
struct Heap(i64);

impl Meter for Heap {
    fn around<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let mut result = None;
        let info = allocation_counter::measure(|| result = Some(call()));
        self.0 += info.bytes_current;
        result.expect("it has been called")
    }
}

impl Peers {
    fn config(&mut self, role: Role) -> PeerConfig {
        PeerConfig {
            role,
            local: IceCredentials::generate(&mut self.rng),
            certificate: match role {
                Role::Client => self.client.clone(),
                Role::Server => self.server.clone(),
            },
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: 1,
        }
    }

    /// A handshake; the established server session.
    fn connect(&mut self, client: DtlsBackend, server: DtlsBackend, meter: &mut impl Meter) -> PeerSession {
        let (client_at, server_at): (SocketAddr, SocketAddr) =
            (([192, 0, 2, 1], 4000).into(), ([192, 0, 2, 2], 5000).into());
        let mut now = Instant::now();
        let (ours, theirs) = (self.config(Role::Client), self.config(Role::Server));
        let about = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        let (about_client, about_server) = (about(&ours, vec![]), about(&theirs, vec![server_at]));
        let mut client = PeerSession::new(ours, now).with_dtls_backend(client);
        let mut server = meter.around(|| {
            let mut server = PeerSession::new(theirs, now).with_dtls_backend(server);
            server.set_remote(now, about_client).expect("a new session");
            server
        });
        client.set_remote(now, about_server).expect("a new session");
        let mut buffer = Vec::with_capacity(2048);
        let mut answers = Vec::with_capacity(2048);
        for _ in 0..1_000 {
            while client.poll_transmit(&mut buffer).is_some() {
                meter.around(|| {
                    server.handle_datagram(now, client_at, server_at, &mut buffer);
                });
            }
            while meter.around(|| server.poll_transmit(&mut answers)).is_some() {
                client.handle_datagram(now, server_at, client_at, &mut answers);
            }
            meter.around(|| while server.poll_event().is_some() {});
            while let Some(event) = client.poll_event() {
                assert!(!matches!(event, PeerEvent::Closed(_)), "{event:?}");
            }
            if client.is_connected() && server.is_connected() {
                return server;
            }
            now += Duration::from_millis(5);
            client.handle_timeout(now);
            meter.around(|| server.handle_timeout(now));
        }
        panic!("no connection");
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).expect("no negative time");
    let nanoseconds = u32::try_from(time.tv_nsec).expect("less than a second");
    Duration::new(seconds, nanoseconds)
}

#[expect(clippy::print_stdout, reason = "the report is the product of a bench")]
fn main() {
    let mut peers = Peers {
        client: Certificate::generate().expect("the system has randomness"),
        server: Certificate::generate().expect("the system has randomness"),
        rng: StdRng::seed_from_u64(7),
    };
    let all = DtlsBackend::ALL;
    let pairs: Vec<_> = all
        .iter()
        .flat_map(|server| all.iter().map(move |client| (*client, *server)))
        .collect();
    let mut times = vec![Vec::with_capacity(PASSES); pairs.len()];
    for _ in 0..PASSES {
        for ((client, server), times) in pairs.iter().zip(&mut times) {
            let mut time = Time::default();
            for _ in 0..HANDSHAKES {
                drop(peers.connect(*client, *server, &mut time));
            }
            times.push(time.0 / HANDSHAKES);
        }
    }
    let mut first = None;
    for ((client, server), mut times) in pairs.into_iter().zip(times) {
        times.sort_unstable();
        let median = times.get(PASSES / 2).copied().unwrap_or_default();
        let per_second = 1.0 / median.as_secs_f64();
        let mut heap = Heap::default();
        let sessions: Vec<_> = (0..SESSIONS)
            .map(|_| peers.connect(client, server, &mut heap))
            .collect();
        let bytes = usize::try_from(heap.0).unwrap_or_default() / sessions.len();
        let first = *first.get_or_insert(median);
        println!(
            "dtls/server {server:?} with client {client:?}: {:.0} us, {per_second:.0} per second and core ({:.2} of the budget), \
             {bytes} bytes per session ({:.2} of the budget), time {:.2} x the first",
            median.as_secs_f64() * 1e6,
            per_second / WANTED_PER_SECOND,
            bytes as f64 / WANTED_BYTES as f64,
            median.as_secs_f64() / first.as_secs_f64(),
        );
    }
}
