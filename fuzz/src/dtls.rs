//! DTLS records at arbitrary times, from an address that has passed its connectivity check.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anteroom_media_transport::{
    Certificate, DtlsBackend, IceCredentials, PeerConfig, PeerSession, Received, RemoteParameters, Role,
    SrtpProfile,
};

/// Both ends' certificates; making them is slow.
static CERTIFICATES: LazyLock<[Certificate; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Certificate::generate().expect("the system has randomness")));

/// Steps that are taken of an input.
const MAX_STEPS: usize = 300;

/// Two sessions whose connectivity checks have passed.
struct Sessions {
    now: Instant,
    client: PeerSession,
    server: PeerSession,
    client_at: SocketAddr,
    server_at: SocketAddr,
    /// What was sent and not delivered: (to the server, bytes).
    queue: Vec<(bool, Vec<u8>)>,
    /// Bytes delivered to and sent by the server in the handshake.
    brought: usize,
    answered: usize,
}

/// The first byte chooses the libraries and whether the certificates are the announced ones, then come steps: a byte that
/// says what, a length, and so many bytes.
pub fn dtls_session(data: &[u8]) {
    let Some((choice, mut rest)) = data.split_first() else {
        return;
    };
    let all = DtlsBackend::ALL;
    let backend = |bits: u8| all[usize::from(bits & 1) % all.len()];
    let is_stranger = choice & 4 != 0;
    let mut sessions = Sessions::new(backend(*choice), backend(*choice >> 1), is_stranger);
    sessions.drain();
    for _ in 0..MAX_STEPS {
        let [what, length, tail @ ..] = rest else { break };
        let (body, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        sessions.step(*what, body);
        sessions.drain();
    }
    assert!(
        !is_stranger || !(sessions.server.is_connected() || sessions.client.is_connected()),
        "a stranger"
    );
}

impl Sessions {
    fn new(client: DtlsBackend, server: DtlsBackend, is_stranger: bool) -> Self {
        let now = Instant::now();
        let config = |role, certificate: &Certificate, letter: &str| PeerConfig {
            role,
            local: IceCredentials {
                ufrag: letter.repeat(4),
                pwd: letter.repeat(22),
            },
            certificate: certificate.clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: 1,
        };
        let [first, second] = &*CERTIFICATES;
        let (ours, theirs) = (
            config(Role::Client, first, "c"),
            config(Role::Server, second, "s"),
        );
        let (client_at, server_at) = (([192, 0, 2, 1], 4000).into(), ([192, 0, 2, 2], 5000).into());
        let about = |config: &PeerConfig, candidates| {
            let mut fingerprint = config.certificate.fingerprint();
            fingerprint.0[0] ^= u8::from(is_stranger);
            RemoteParameters {
                credentials: config.local.clone(),
                fingerprint,
                candidates,
            }
        };
        let (about_client, about_server) = (about(&ours, vec![]), about(&theirs, vec![server_at]));
        let mut sessions = Self {
            now,
            client: PeerSession::new(ours, now).with_dtls_backend(client),
            server: PeerSession::new(theirs, now).with_dtls_backend(server),
            client_at,
            server_at,
            queue: vec![],
            brought: 0,
            answered: 0,
        };
        sessions
            .server
            .set_remote(now, about_client)
            .expect("a new session");
        sessions
            .client
            .set_remote(now, about_server)
            .expect("a new session");
        sessions
    }

    fn step(&mut self, what: u8, body: &[u8]) {
        let to_server = what & 0x80 == 0;
        match what & 0x7f {
            0..=31 => self.deliver(to_server, body.to_vec()),
            // A record with a header that is right.
            kind @ 32..=63 => {
                let (content, epoch) = (20 + (kind & 7), kind >> 3 & 1);
                let mut record = vec![content, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 1, kind];
                let length = u16::try_from(body.len()).unwrap_or_default();
                record.extend(length.to_be_bytes());
                record.extend(body);
                self.deliver(to_server, record);
            }
            // What is on its way, as it is, changed, or again.
            act @ 64..=111 => {
                let at = usize::from(act & 3).min(self.queue.len().saturating_sub(1));
                let Some((to_server, mut bytes)) = self.queue.get(at).cloned() else {
                    return;
                };
                if act & 4 == 0 {
                    self.queue.remove(at);
                }
                if act & 8 != 0 {
                    let length = bytes.len().max(1);
                    for pair in body.as_chunks::<2>().0 {
                        if let Some(byte) = bytes.get_mut(usize::from(pair[0]) * 7 % length) {
                            *byte ^= pair[1];
                        }
                    }
                }
                self.deliver(to_server, bytes);
            }
            _ => {
                let longer = |sum: u64, byte: &u8| (sum * 2 + u64::from(*byte)).min(10_000);
                self.now += Duration::from_millis(body.iter().fold(1, longer));
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
        }
    }

    fn deliver(&mut self, to_server: bool, mut bytes: Vec<u8>) {
        let received = if to_server {
            self.brought += bytes.len();
            self.server
                .handle_datagram(self.now, self.client_at, self.server_at, &mut bytes)
        } else {
            self.client
                .handle_datagram(self.now, self.server_at, self.client_at, &mut bytes)
        };
        assert!(
            !matches!(received, Received::Rtp(_) | Received::Rtcp(_)),
            "nobody has sent any"
        );
    }

    fn drain(&mut self) {
        let mut buffer = Vec::new();
        while self.client.poll_transmit(&mut buffer).is_some() {
            assert!(buffer.len() <= 1200);
            self.queue.push((true, buffer.clone()));
        }
        while self.server.poll_transmit(&mut buffer).is_some() {
            assert!(buffer.len() <= 1200);
            self.answered += buffer.len();
            self.queue.push((false, buffer.clone()));
        }
        // A flight for a datagram, and repetitions that timers ask for.
        assert!(self.answered <= 200_000 + 20 * self.brought, "an amplifier");
        while self.client.poll_event().is_some() {}
        while self.server.poll_event().is_some() {}
        self.queue.truncate(64);
    }
}
