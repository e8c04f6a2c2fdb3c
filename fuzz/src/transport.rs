//! Packets in streams, and a whole session of the service.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anteroom_media_transport::stun::{Class, MessageBuilder, TransactionId};
use anteroom_media_transport::tcp::{Deframer, LENGTH_BYTES, TcpRemote, frames_mut, push_frame};
use anteroom_media_transport::{
    Certificate, IceCredentials, PeerConfig, PeerEvent, PeerSession, Received, RemoteParameters, Role,
    SRTP_MAX_OVERHEAD, SrtpProfile,
};

/// Steps that are taken of an input.
const MAX_STEPS: usize = 300;

/// Datagrams that one input may bring about.
const MAX_ANSWERS: usize = 64;

/// Both ends' certificates; making them is slow.
static CERTIFICATES: LazyLock<[Certificate; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Certificate::generate().expect("the system has randomness")));

/// A stream of RFC 4571. The first two bytes say how long packets may be and how the stream is cut; however it is cut, the
/// same packets come out, and the same error.
pub fn tcp_frames(data: &[u8]) {
    let [longest, cut, stream @ ..] = data else { return };
    let max_len = 1 + usize::from(*longest) * 12;
    let mut whole = Vec::new();
    let mut deframer = Deframer::new(max_len);
    let result = deframer.push(&mut stream.to_vec(), |packet| whole.push(packet.to_vec()));
    assert!(whole.iter().all(|packet| (1..=max_len).contains(&packet.len())));
    let end = deframer.finish();

    let mut pieces = Vec::new();
    let mut deframer = Deframer::new(max_len);
    let (mut last, mut random) = (Ok(()), u32::from(*cut) | 0x100);
    let mut bytes = stream.to_vec();
    let mut rest = &mut bytes[..];
    while !rest.is_empty() {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let len = 1 + (random >> 24) as usize % (1 + usize::from(*cut));
        let (chunk, tail) = rest.split_at_mut(len.min(rest.len()));
        last = deframer.push(chunk, |packet| pieces.push(packet.to_vec()));
        assert!(deframer.buffered() < LENGTH_BYTES + max_len);
        rest = tail;
    }
    assert_eq!((&pieces, last, deframer.finish()), (&whole, result, end));

    let mut written = Vec::new();
    for packet in &whole {
        push_frame(&mut written, packet).expect("it was read");
    }
    assert!(written.len() <= stream.len());
    assert!(frames_mut(&mut written).eq(whole.iter()));
    let _ = frames_mut(&mut stream.to_vec()).count();
}

/// A session in the service's role, and the client whose keys it shares.
struct Session {
    now: Instant,
    server: PeerSession,
    client: PeerSession,
    server_at: SocketAddr,
    /// The client's credentials and the server's: as they were, and as they are.
    credentials: [[IceCredentials; 2]; 2],
    next_id: u8,
    sequence: u16,
    is_closed: bool,
}

/// The first byte says whether the session is connected at the beginning, then come steps: a byte that says what, a length,
/// and so many bytes.
pub fn peer_session(data: &[u8]) {
    let Some((choice, mut rest)) = data.split_first() else {
        return;
    };
    let mut session = Session::new();
    if choice & 1 == 0 {
        session.connect();
    }
    for _ in 0..MAX_STEPS {
        let [what, length, tail @ ..] = rest else { break };
        let (body, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = tail;
        session.step(*what, body);
        session.look();
    }
}

impl Session {
    fn new() -> Self {
        let now = Instant::now();
        let [first, second] = &*CERTIFICATES;
        let config = |role, certificate: &Certificate, letter: &str| PeerConfig {
            role,
            local: credentials(letter),
            certificate: certificate.clone(),
            srtp_profiles: SrtpProfile::PREFERENCE.to_vec(),
            seed: 1,
        };
        let (client, server) = (
            config(Role::Client, first, "c"),
            config(Role::Server, second, "s"),
        );
        let server_at = ([192, 0, 2, 2], 5000).into();
        let about = |config: &PeerConfig, candidates| RemoteParameters {
            credentials: config.local.clone(),
            fingerprint: config.certificate.fingerprint(),
            candidates,
        };
        let (about_client, about_server) = (about(&client, vec![]), about(&server, vec![server_at]));
        let pair = [client.local.clone(), server.local.clone()];
        let mut session = Self {
            now,
            server: PeerSession::new(server, now),
            client: PeerSession::new(client, now),
            server_at,
            credentials: [pair.clone(), pair],
            next_id: 0,
            sequence: 0,
            is_closed: false,
        };
        session
            .server
            .set_remote(now, about_client)
            .expect("a new session");
        session
            .client
            .set_remote(now, about_server)
            .expect("a new session");
        session
    }

    /// Lets the two find each other.
    fn connect(&mut self) {
        let mut buffer = Vec::new();
        for _ in 0..200 {
            while self.client.poll_transmit(&mut buffer).is_some() {
                self.server
                    .handle_datagram(self.now, address(0), self.server_at, &mut buffer);
            }
            while self.server.poll_transmit(&mut buffer).is_some() {
                self.client
                    .handle_datagram(self.now, self.server_at, address(0), &mut buffer);
            }
            if self.client.is_connected() && self.server.is_connected() {
                return;
            }
            self.now += Duration::from_millis(20);
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
        }
        panic!("they did not connect");
    }

    fn step(&mut self, what: u8, body: &[u8]) {
        let from = address(what & 7);
        match what >> 3 {
            // Anything at all.
            0..=7 => {
                self.deliver(from, body.to_vec(), false);
            }
            // A check, right but for what the bytes say.
            8..=15 => {
                let flags = body.first().copied().unwrap_or(1);
                if let Some(check) = self.check(flags, body.get(1..).unwrap_or_default()) {
                    self.deliver(from, check, false);
                }
            }
            // Media of the client, right or not.
            16..=21 => {
                let is_rtcp = what & 8 != 0;
                let Some(mut packet) = self.media(is_rtcp, body) else {
                    return;
                };
                let is_harmed = body.len() > 3 && body[0] & 3 == 3;
                if is_harmed {
                    let at = usize::from(body[1]) % packet.len();
                    packet[at] ^= body[2].max(1);
                }
                self.deliver(from, packet, true);
            }
            22..=29 => {
                let longer = |sum: u64, byte: &u8| (sum * 3 + u64::from(*byte)).min(40_000);
                self.now += Duration::from_millis(body.iter().fold(1, longer));
                self.handle_timeout();
            }
            30 => {
                let letter = char::from(b'd' + body.first().copied().unwrap_or(0) % 20).to_string();
                let fresh = [credentials(&letter), credentials(&letter.to_uppercase())];
                let [client, server] = fresh.clone();
                if self.server.restart_ice(self.now, server, client, &[]).is_ok() {
                    let before = std::mem::replace(&mut self.credentials[1], fresh);
                    self.credentials[0] = before;
                }
            }
            _ => {
                if body.first() == Some(&0xff) {
                    self.server.close(self.now);
                }
            }
        }
    }

    fn check(&mut self, flags: u8, more: &[u8]) -> Option<Vec<u8>> {
        self.next_id = self.next_id.wrapping_add(1);
        let id = if flags & 16 == 0 { self.next_id } else { 7 };
        let [client, server] = &self.credentials[usize::from(flags & 32 == 0)];
        let mut buffer = [0; 900];
        let class = if flags & 64 == 0 {
            Class::Request
        } else {
            Class::Success
        };
        let mut builder = MessageBuilder::new(&mut buffer, class, TransactionId([id; 12])).ok()?;
        builder.username(&server.ufrag, &client.ufrag).ok()?;
        if flags & 1 != 0 {
            builder.use_candidate().ok()?;
        }
        if flags & 2 != 0 {
            builder.ice_controlled(1).ok()?;
        }
        if let [kind, value @ ..] = more
            && flags & 4 != 0
        {
            let kind = anteroom_media_transport::stun::AttributeType(u16::from(*kind) << 7);
            builder.raw_attribute(kind, value).ok()?;
        }
        let pwd = if flags & 8 == 0 { &server.pwd } else { &client.pwd };
        builder.finish_with_integrity(pwd).ok().map(<[u8]>::to_vec)
    }

    fn media(&mut self, is_rtcp: bool, body: &[u8]) -> Option<Vec<u8>> {
        let mut packet = if is_rtcp {
            vec![0x80, 201, 0, 1, 0, 0, 0, 9]
        } else {
            self.sequence = self.sequence.wrapping_add(1);
            let [high, low] = self.sequence.to_be_bytes();
            let mut packet = vec![0x80, 96, high, low, 0, 0, 0, 0, 0, 0, 0, 9];
            packet.extend(body);
            packet
        };
        let len = packet.len();
        packet.resize(len + SRTP_MAX_OVERHEAD, 0);
        let protected = if is_rtcp {
            self.client.protect_rtcp(&mut packet, len)
        } else {
            self.client.protect_rtp(&mut packet, len)
        };
        packet.truncate(protected.ok()?);
        Some(packet)
    }

    fn deliver(&mut self, from: SocketAddr, mut bytes: Vec<u8>, is_media: bool) {
        let received = self
            .server
            .handle_datagram(self.now, from, self.server_at, &mut bytes);
        if let Received::Rtp(_) | Received::Rtcp(_) = received {
            assert!(is_media && !self.is_closed, "nobody has sent it");
        }
    }

    /// Timers fire and move forward: a session never wants "now" for ever.
    fn handle_timeout(&mut self) {
        for _ in 0..16 {
            self.server.handle_timeout(self.now);
            if self.server.poll_timeout().is_none_or(|at| at > self.now) {
                return;
            }
        }
        panic!("time does not go on");
    }

    fn look(&mut self) {
        let mut buffer = Vec::new();
        let mut answers = 0;
        while self.server.poll_transmit(&mut buffer).is_some() {
            assert!(buffer.len() <= 1200);
            answers += 1;
        }
        assert!(answers <= MAX_ANSWERS, "{answers} answers to one input");
        while let Some(event) = self.server.poll_event() {
            assert!(!self.is_closed, "nothing follows the end");
            self.is_closed = matches!(event, PeerEvent::Closed(_));
        }
        if self.is_closed {
            assert_eq!(
                (self.server.poll_timeout(), self.server.is_connected()),
                (None, false)
            );
        }
        if self.server.is_connected() {
            assert!(self.server.selected_path().is_some());
        }
    }
}

/// Addresses of the client: some by UDP, some by TCP, of the same numbers.
fn address(index: u8) -> SocketAddr {
    let plain = SocketAddr::from(([192, 0, 2, 1 + index % 4], 4000));
    if index < 4 {
        plain
    } else {
        TcpRemote::candidate(plain).into()
    }
}

fn credentials(letter: &str) -> IceCredentials {
    IceCredentials {
        ufrag: letter.repeat(4),
        pwd: letter.repeat(22),
    }
}
