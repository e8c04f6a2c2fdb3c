//! Real-time notifications: the codec, and sessions as sequences of operations.

use std::collections::{BTreeSet, VecDeque};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use anteroom_chat::event::Event;
use anteroom_chat::thread::ParticipantRef;
use anteroom_chat::trouter::{
    Allocation, ClientConfig, ClientEvent, ClientSession, ConnectionId, Endpoint, EndpointLimits, Handshake,
    Packet, Registration, SeenNotifications, ServerConfig, ServerEvent, ServerSession, Transport, polling,
};
use anteroom_chat::wire::notification::{ChatNotification, NotificationBody};
use time::OffsetDateTime;

/// The number under which the first notification is sent.
const FIRST_ID: u64 = 1;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Text from either side: packets, polling bodies, handshakes, JSON of requests and notifications.
pub fn trouter_frame(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(packet) = Packet::parse(text) {
        let written = packet.to_string();
        assert_eq!(Packet::parse(&written), Ok(packet));
    }
    if let Ok(packets) = polling::packets(text)
        && !packets.is_empty()
    {
        let body = polling::body(&packets);
        assert_eq!(polling::packets(&body), Ok(packets));
    }
    if let Ok(handshake) = text.parse::<Handshake>() {
        assert_eq!(handshake.to_string().parse(), Ok(handshake));
    }
    let _ = serde_json::from_str::<Registration>(text);
    if let Ok(allocation) = serde_json::from_str::<Allocation>(text) {
        let _ = allocation.connectparams.to_query();
    }
    let _ = ChatNotification::parse(text);
    let wall = OffsetDateTime::UNIX_EPOCH;
    let mut server = ServerSession::new(ServerConfig::new(wall + time::Duration::HOUR), *START);
    let mut client = ClientSession::new(ClientConfig::default(), Transport::WebSocket, *START);
    server.handle_body(*START, text);
    client.handle_body(*START, text);
    server.handle_timeout(*START + Duration::from_secs(1), wall);
    client.handle_timeout(*START + Duration::from_secs(1));
}

struct Socket {
    id: ConnectionId,
    server: ServerSession,
    client: ClientSession,
    down: VecDeque<String>,
    up: VecDeque<String>,
}

/// An endpoint, its sockets and its client, told what to do byte by byte. However sockets drop, what the endpoint did not
/// give up is heard once and in order.
pub fn trouter_session(data: &[u8]) {
    let limits = EndpointLimits {
        notifications: 64,
        ..EndpointLimits::default()
    };
    let mut endpoint = Endpoint::new(limits, FIRST_ID, *START);
    let mut sockets: Vec<Socket> = Vec::new();
    let mut seen = SeenNotifications::default();
    let mut heard = Heard::default();
    let (mut now, mut next_note, mut next_socket) = (*START, 0, 1);
    for byte in data.iter().take(2000) {
        let count = usize::from(byte >> 3);
        match byte & 7 {
            0 | 1 => {
                for _ in 0..count.min(8) {
                    let lost = endpoint.lost();
                    endpoint.push(note(next_note));
                    for _ in lost..endpoint.lost() {
                        heard.given_up.extend(heard.waiting.pop_first());
                    }
                    heard.waiting.insert(next_note);
                    next_note += 1;
                }
            }
            2..=4 => pump(&mut endpoint, &mut sockets, &mut seen, &mut heard, now, count),
            5 if sockets.len() < 4 => {
                sockets.push(connect(&mut endpoint, next_socket, now));
                next_socket += 1;
            }
            5 => {
                endpoint.registered(now);
            }
            6 if count < sockets.len() => {
                let socket = sockets.remove(count);
                endpoint.disconnected(socket.id, now);
            }
            6 => {
                endpoint.registered(now);
            }
            _ => {
                now += Duration::from_millis(100 * count as u64);
                if let Some(cut) = endpoint.handle_timeout(now) {
                    sockets.retain(|socket| socket.id != cut);
                    endpoint.disconnected(cut, now);
                }
            }
        }
        assert!(endpoint.pending() <= 64);
    }
    for socket in sockets.drain(..) {
        endpoint.disconnected(socket.id, now);
    }
    sockets.push(connect(&mut endpoint, next_socket, now));
    for _ in 0..4 {
        pump(&mut endpoint, &mut sockets, &mut seen, &mut heard, now, 1000);
    }
    assert_eq!(endpoint.pending(), 0);
    assert!(heard.waiting.is_empty());
    // What was given up may come late, by an old socket that it was on.
    let kept: Vec<u64> = heard
        .numbers
        .iter()
        .copied()
        .filter(|number| !heard.given_up.contains(number))
        .collect();
    assert!(kept.windows(2).all(|pair| pair[0] < pair[1]), "{kept:?}");
    assert_eq!((kept.len() + heard.given_up.len()) as u64, next_note);
}

/// What the client heard, and what it is still to hear.
#[derive(Default)]
struct Heard {
    numbers: Vec<u64>,
    /// Neither answered nor given up.
    waiting: BTreeSet<u64>,
    given_up: BTreeSet<u64>,
}

fn connect(endpoint: &mut Endpoint, number: u64, now: Instant) -> Socket {
    let id = ConnectionId(number);
    endpoint.connected(id);
    // Neither side's timers run here: this is about what is delivered.
    let config = ServerConfig::new(OffsetDateTime::UNIX_EPOCH + time::Duration::DAY);
    Socket {
        id,
        server: ServerSession::new(config, now),
        client: ClientSession::new(ClientConfig::default(), Transport::WebSocket, now),
        down: VecDeque::new(),
        up: VecDeque::new(),
    }
}

fn pump(
    endpoint: &mut Endpoint,
    sockets: &mut [Socket],
    seen: &mut SeenNotifications,
    heard: &mut Heard,
    now: Instant,
    packets: usize,
) {
    for socket in sockets {
        loop {
            if let Some(packet) = socket.server.poll_transmit() {
                socket.down.push_back(packet);
            } else if let Some(out) = endpoint.poll(socket.id, now) {
                socket.server.notify(out.id, "/v4/f/x/", &out.body, "8:acs:x");
            } else {
                break;
            }
        }
        for _ in 0..packets {
            let Some(packet) = socket.down.pop_front() else {
                break;
            };
            socket.client.handle_packet(now, &packet);
            while let Some(event) = socket.client.poll_event() {
                if let ClientEvent::Notification(request) = event {
                    if seen.insert(request.id)
                        && let Ok(ChatNotification::Typing { version, .. }) =
                            ChatNotification::parse(&request.body)
                    {
                        heard.numbers.push(version.parse().expect("our own number"));
                    }
                    socket.client.answer(now, request.id, 200);
                }
            }
        }
        while let Some(packet) = socket.client.poll_transmit() {
            socket.up.push_back(packet);
        }
        for _ in 0..packets {
            let Some(packet) = socket.up.pop_front() else {
                break;
            };
            socket.server.handle_packet(now, &packet);
            while let Some(event) = socket.server.poll_event() {
                if let ServerEvent::Answered(answer) = event
                    && endpoint.answered(answer).is_some()
                {
                    heard.waiting.remove(&(answer.id - FIRST_ID));
                }
            }
        }
    }
}

fn note(number: u64) -> NotificationBody {
    let event = Event::Typing {
        thread: "19:a@thread.v2".parse().expect("a thread id"),
        sender: ParticipantRef {
            id: "8:acs:x".parse().expect("a raw id"),
            display_name: String::new(),
        },
        at: OffsetDateTime::UNIX_EPOCH,
        version: number,
    };
    NotificationBody::new(&event).expect("typing is told")
}
