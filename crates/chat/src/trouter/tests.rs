//! Sessions in virtual time: scripted peers, and both sides against each other over sockets that drop.

use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::event::Event;
use crate::thread::ParticipantRef;
use crate::wire::notification::{ChatNotification, NotificationBody};

const WALL: OffsetDateTime = datetime!(2026-11-20 10:00:00 UTC);
const PATH: &str = "/v4/f/x/";

#[expect(clippy::disallowed_methods, reason = "the first instant of every test")]
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn server() -> ServerSession {
    ServerSession::new(ServerConfig::new(WALL + time::Duration::HOUR), *START)
}

fn opened() -> ServerSession {
    let mut session = server();
    assert_eq!(session.poll_transmit().as_deref(), Some("1::"));
    assert!(
        session
            .poll_transmit()
            .unwrap()
            .starts_with("5:1::{\"name\":\"trouter.connected\",\"args\":[{")
    );
    assert_eq!(session.poll_transmit(), None);
    session
}

fn note(number: u64) -> NotificationBody {
    let event = Event::Typing {
        thread: "19:a@thread.v2".parse().unwrap(),
        sender: ParticipantRef {
            id: "8:acs:x".parse().unwrap(),
            display_name: String::new(),
        },
        at: WALL,
        version: number,
    };
    NotificationBody::new(&event).unwrap()
}

fn number_of(body: &str) -> u64 {
    match ChatNotification::parse(body).unwrap() {
        ChatNotification::Typing { version, .. } => version.parse().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_opening_of_the_sdk() {
    let mut session = opened();
    session.handle_packet(
        *START,
        r#"5:1+::{"name":"user.activity","args":[{"state":"active","cv":"a+/.2"}]}"#,
    );
    assert_eq!(session.poll_transmit().as_deref(), Some("6:::1+[]"));
    session.handle_packet(*START, r#"5:2+::{"name":"ping"}"#);
    assert_eq!(session.poll_transmit().as_deref(), Some(r#"6:::2+["pong"]"#));
    session.handle_packet(*START, r#"5:3+::{"name":"what.ever","args":[]}"#);
    assert_eq!(session.poll_transmit().as_deref(), Some("6:::3+[]"));
    session.notify(1000, PATH, &note(1), "8:acs:bob");
    let packet = session.poll_transmit().unwrap();
    let data: serde_json::Value = serde_json::from_str(packet.strip_prefix("3:::").unwrap()).unwrap();
    assert_eq!((&data["id"], &data["url"]), (&1000.into(), &PATH.into()));
    assert!(
        data["body"]
            .as_str()
            .unwrap()
            .contains("\"recipientMri\":\"8:acs:bob\"")
    );
    session.handle_packet(
        *START,
        r#"3:::{"id":1000,"status":200,"headers":{"trouter-client":"{\"cd\":2}"},"body":""}"#,
    );
    assert_eq!(
        session.poll_event(),
        Some(ServerEvent::Answered(Answer {
            id: 1000,
            status: 200
        }))
    );
    session.handle_packet(*START, "0::");
    assert_eq!(session.poll_event(), Some(ServerEvent::Ended(ServerEnd::Left)));
}

#[test]
fn a_client_that_says_nothing_is_dead_after_its_time() {
    let mut session = opened();
    let at = session.poll_timeout(*START, WALL).unwrap();
    assert_eq!(at, *START + secs(90));
    session.handle_timeout(at - Duration::from_millis(1), WALL);
    assert!(!session.is_ended());
    session.handle_packet(*START + secs(89), "2::");
    session.handle_timeout(at, WALL);
    assert!(!session.is_ended());
    session.handle_timeout(*START + secs(179), WALL);
    assert_eq!(session.poll_event(), Some(ServerEvent::Ended(ServerEnd::Dead)));
    assert_eq!(session.poll_timeout(*START, WALL), None);
}

#[test]
fn a_token_that_ends_asks_for_another_socket_and_then_cuts() {
    let end = WALL + time::Duration::seconds(60);
    let mut session = ServerSession::new(ServerConfig::new(end), *START);
    while session.poll_transmit().is_some() {}
    assert_eq!(session.poll_timeout(*START, WALL), Some(*START + secs(60)));
    session.handle_timeout(*START + secs(60), end);
    assert_eq!(
        session.poll_transmit().as_deref(),
        Some(r#"5:2::{"name":"trouter.reconnect","args":[{"target":"self"}]}"#)
    );
    session.handle_timeout(*START + secs(61), end);
    assert_eq!((session.poll_transmit(), session.poll_event()), (None, None));
    assert_eq!(
        session.poll_timeout(*START + secs(61), end),
        Some(*START + secs(90))
    );
    session.handle_packet(*START + secs(80), "2::");
    session.handle_timeout(*START + secs(90), end);
    assert_eq!(
        session.poll_transmit().as_deref(),
        Some(r#"0:::{"reason":"unauthorized"}"#)
    );
    assert_eq!(session.poll_event(), Some(ServerEvent::Ended(ServerEnd::Expired)));
}

#[test]
fn who_floods_or_babbles_is_cut() {
    let mut session = opened();
    for id in 1..=64 {
        session.handle_packet(*START, &format!(r#"5:{id}+::{{"name":"ping"}}"#));
    }
    assert!(!session.is_ended());
    session.handle_packet(*START, r#"5:65+::{"name":"ping"}"#);
    assert_eq!(session.poll_event(), Some(ServerEvent::Ended(ServerEnd::TooSlow)));
    assert_eq!(session.poll_transmit(), None);

    let mut session = opened();
    for _ in 0..31 {
        session.handle_packet(*START, "x");
    }
    assert!(!session.is_ended());
    session.handle_packet(*START, "3:::not json");
    assert_eq!(
        session.poll_event(),
        Some(ServerEvent::Ended(ServerEnd::Malformed))
    );
}

#[test]
fn the_words_of_a_close() {
    for (disconnect, packet) in [
        (Disconnect::Plain, "0::"),
        (Disconnect::Replaced, "0:::dup"),
        (Disconnect::Unauthorized, r#"0:::{"reason":"unauthorized"}"#),
        (Disconnect::Evicted, r#"0:::{"reason":"skypetoken-deprecated"}"#),
    ] {
        let mut session = opened();
        session.close(disconnect);
        assert_eq!(session.poll_transmit().as_deref(), Some(packet));
        assert_eq!(
            session.poll_event(),
            Some(ServerEvent::Ended(ServerEnd::Closed(disconnect)))
        );
        session.handle_packet(*START, r#"5:1+::{"name":"ping"}"#);
        assert_eq!(session.poll_transmit(), None);
    }
}

#[test]
fn a_client_leaves_when_acknowledgements_do_not_come() {
    let mut client = ClientSession::new(ClientConfig::default(), Transport::WebSocket, *START);
    assert_eq!(client.poll_timeout(), Some(*START + secs(20)));
    client.handle_timeout(*START + secs(20));
    assert_eq!(
        client.poll_event(),
        Some(ClientEvent::Ended(ClientEnd::ConnectTimeout))
    );

    let mut client = ClientSession::new(ClientConfig::default(), Transport::WebSocket, *START);
    client.handle_packet(*START, "1::");
    client.handle_packet(*START, r#"3:::{"id":5,"body":"{}"}"#);
    assert!(client.poll_transmit().unwrap().contains("\"status\":504"));
    client.handle_packet(*START, r#"5:1::{"name":"trouter.connected","args":[{}]}"#);
    assert_eq!(client.poll_event(), Some(ClientEvent::Connected));
    assert!(
        client
            .poll_transmit()
            .unwrap()
            .starts_with("5:1+::{\"name\":\"user.activity\"")
    );
    client.handle_packet(*START, "6:::1+[]");
    assert_eq!(client.poll_timeout(), Some(*START + secs(10)));
    client.handle_timeout(*START + secs(10));
    assert!(
        client
            .poll_transmit()
            .unwrap()
            .starts_with("5:2+::{\"name\":\"user.activity\"")
    );
    client.handle_packet(*START + secs(10), "6:::2+[]");
    assert_eq!(client.poll_timeout(), Some(*START + secs(40)));
    client.handle_timeout(*START + secs(40));
    assert_eq!(
        client.poll_transmit().as_deref(),
        Some(r#"5:3+::{"name":"ping"}"#)
    );
    client.handle_timeout(*START + secs(45) - Duration::from_millis(1));
    assert_eq!(client.poll_event(), None);
    client.handle_timeout(*START + secs(45));
    assert_eq!(
        client.poll_event(),
        Some(ClientEvent::Ended(ClientEnd::AckTimeout))
    );
}

#[test]
fn the_newer_socket_delivers_once_registered_and_repeats_what_was_not_answered() {
    let (a, b) = (ConnectionId(1), ConnectionId(2));
    let mut endpoint = Endpoint::new(EndpointLimits::default(), 100, *START);
    assert_eq!(endpoint.push(note(0)), Pushed::Kept);
    endpoint.connected(a);
    assert_eq!(endpoint.push(note(1)), Pushed::Wake(a));
    assert_eq!(endpoint.poll(a, *START).unwrap().id, 100);
    assert_eq!(endpoint.poll(a, *START).unwrap().id, 101);
    endpoint.connected(b);
    assert_eq!(endpoint.push(note(2)), Pushed::Wake(a));
    assert!(endpoint.poll(b, *START).is_none());
    assert_eq!(endpoint.registered(*START), Some(a));
    // The first is answered by the old socket, the second is not: it comes again, before what is new.
    assert!(endpoint.poll(b, *START).is_none() && endpoint.poll(a, *START).is_none());
    assert_eq!(endpoint.answered(Answer { id: 100, status: 200 }), Some(245));
    assert_eq!(endpoint.answered(Answer { id: 100, status: 200 }), None);
    assert!(endpoint.poll(b, *START).is_none());
    assert_eq!(endpoint.handle_timeout(*START + secs(2)), None);
    let again: Vec<u64> = std::iter::from_fn(|| endpoint.poll(b, *START))
        .map(|out| out.id)
        .collect();
    assert_eq!(again, [101, 102]);
    endpoint.disconnected(a, *START);
    assert_eq!(endpoint.current(), Some(b));
    endpoint.disconnected(b, *START);
    assert!(!endpoint.is_abandoned(*START + secs(119)) && endpoint.is_abandoned(*START + secs(120)));
    assert_eq!(endpoint.pending(), 2);
}

#[test]
fn what_was_seen_is_known_in_whatever_order_it_came() {
    let mut seen = SeenNotifications::default();
    for (id, is_new) in [
        (1, true),
        (16, true),
        (12, true),
        (16, false),
        (13, true),
        (1, false),
        (12, false),
    ] {
        assert_eq!(seen.insert(id), is_new, "{id}");
    }
}

#[test]
fn a_client_that_stopped_is_not_sent_again_what_it_was_sent() {
    let (a, b) = (ConnectionId(1), ConnectionId(2));
    let mut endpoint = Endpoint::new(EndpointLimits::default(), 100, *START);
    endpoint.connected(a);
    for number in 0..3 {
        endpoint.push(note(number));
    }
    assert_eq!(endpoint.poll(a, *START).unwrap().id, 100);
    assert_eq!(endpoint.poll(a, *START).unwrap().id, 101);
    // It started anew before it was heard that it stopped.
    endpoint.connected(b);
    endpoint.registered(*START);
    endpoint.unregistered();
    assert_eq!(endpoint.answered(Answer { id: 101, status: 200 }), None);
    assert_eq!(endpoint.poll(b, *START).unwrap().id, 102);
    assert_eq!(endpoint.pending(), 1);
}

#[test]
fn a_slow_reader_is_cut_and_the_queue_is_bounded() {
    let limits = EndpointLimits {
        notifications: 3,
        ..EndpointLimits::default()
    };
    let mut endpoint = Endpoint::new(limits, 0, *START);
    let socket = ConnectionId(1);
    endpoint.connected(socket);
    for number in 0..3 {
        assert_eq!(endpoint.push(note(number)), Pushed::Wake(socket));
    }
    assert_eq!(endpoint.push(note(3)), Pushed::Cut(socket));
    assert_eq!((endpoint.pending(), endpoint.lost()), (3, 1));
    endpoint.disconnected(socket, *START);
    assert_eq!(endpoint.push(note(4)), Pushed::Lost);
    assert_eq!((endpoint.pending(), endpoint.lost()), (3, 2));
}

#[test]
fn a_socket_that_does_not_answer_is_cut() {
    let mut endpoint = Endpoint::new(EndpointLimits::default(), 0, *START);
    endpoint.connected(ConnectionId(1));
    endpoint.push(note(0));
    assert_eq!(endpoint.poll_timeout(), None);
    endpoint.poll(ConnectionId(1), *START).unwrap();
    assert_eq!(endpoint.poll_timeout(), Some(*START + secs(60)));
    assert_eq!(endpoint.handle_timeout(*START + secs(59)), None);
    assert_eq!(endpoint.handle_timeout(*START + secs(60)), Some(ConnectionId(1)));
}

/// One socket between both sides, with what is under way in each direction.
struct Socket {
    id: ConnectionId,
    server: ServerSession,
    client: ClientSession,
    down: VecDeque<String>,
    up: VecDeque<String>,
}

/// A client and a service over sockets that come and go.
struct World {
    now: Instant,
    endpoint: Endpoint,
    sockets: Vec<Socket>,
    seen: SeenNotifications,
    next_socket: u64,
    next_note: u64,
    heard: Vec<u64>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            now: *START,
            endpoint: Endpoint::new(EndpointLimits::default(), 1, *START),
            sockets: Vec::new(),
            seen: SeenNotifications::default(),
            next_socket: 1,
            next_note: 0,
            heard: Vec::new(),
        };
        world.connect();
        world
    }

    fn connect(&mut self) {
        let id = ConnectionId(self.next_socket);
        self.next_socket += 1;
        let server = ServerSession::new(ServerConfig::new(WALL + time::Duration::DAY), self.now);
        let client = ClientSession::new(ClientConfig::default(), Transport::WebSocket, self.now);
        self.sockets.push(Socket {
            id,
            server,
            client,
            down: VecDeque::new(),
            up: VecDeque::new(),
        });
        self.endpoint.connected(id);
    }

    fn drop_socket(&mut self, index: usize) {
        if index < self.sockets.len() {
            let socket = self.sockets.remove(index);
            self.endpoint.disconnected(socket.id, self.now);
        }
    }

    /// Moves at most `packets` in each direction of each socket.
    fn pump(&mut self, packets: usize) {
        let now = self.now;
        for index in 0..self.sockets.len() {
            let Some(socket) = self.sockets.get_mut(index) else {
                break;
            };
            while socket.server.can_notify() || socket.server.has_outgoing() {
                if let Some(packet) = socket.server.poll_transmit() {
                    socket.down.push_back(packet);
                } else if let Some(out) = self.endpoint.poll(socket.id, now) {
                    socket.server.notify(out.id, PATH, &out.body, "8:acs:bob");
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
                    match event {
                        ClientEvent::Notification(request) => {
                            if self.seen.insert(request.id) {
                                self.heard.push(number_of(&request.body));
                            }
                            socket.client.answer(now, request.id, 200);
                        }
                        ClientEvent::Connected => {}
                        other => panic!("{other:?}"),
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
                    match event {
                        ServerEvent::Answered(answer) => {
                            self.endpoint.answered(answer);
                        }
                        ServerEvent::Ended(end) => panic!("{end:?}"),
                    }
                }
            }
        }
    }

    fn settle(&mut self) {
        // A client whose socket went opens another, whatever older ones it still has.
        self.connect();
        self.endpoint.registered(self.now);
        for _ in 0..20 {
            self.pump(1000);
        }
        self.now += secs(3);
        self.endpoint.handle_timeout(self.now);
        for _ in 0..20 {
            self.pump(1000);
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Op {
    Push(u8),
    Pump(u8),
    Connect,
    Register,
    Drop(u8),
    Wait(u8),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1u8..8).prop_map(Op::Push),
        6 => (1u8..6).prop_map(Op::Pump),
        1 => Just(Op::Connect),
        2 => Just(Op::Register),
        2 => (0u8..3).prop_map(Op::Drop),
        1 => (1u8..4).prop_map(Op::Wait),
    ]
}

proptest! {
    /// Whatever drops and reconnects, each notification is heard once; and in order.
    #[test]
    fn nothing_is_lost_or_told_twice(ops in proptest::collection::vec(op(), 1..80)) {
        let mut world = World::new();
        for op in ops {
            match op {
                Op::Push(count) => {
                    for _ in 0..count {
                        let number = world.next_note;
                        world.next_note += 1;
                        world.endpoint.push(note(number));
                    }
                }
                Op::Pump(packets) => world.pump(packets.into()),
                Op::Connect if world.sockets.len() < 3 => world.connect(),
                Op::Connect => {}
                Op::Register => {
                    world.endpoint.registered(world.now);
                }
                Op::Drop(index) => world.drop_socket(index.into()),
                Op::Wait(seconds) => {
                    world.now += secs(seconds.into());
                    world.endpoint.handle_timeout(world.now);
                }
            }
            prop_assert!(world.endpoint.pending() <= 1000);
        }
        world.settle();
        let expected: Vec<u64> = (0..world.next_note).collect();
        prop_assert_eq!(&world.heard, &expected);
        prop_assert_eq!(world.endpoint.pending(), 0);
    }

    /// No text makes a session panic or grow.
    #[test]
    fn hostile_text_is_survived(texts in proptest::collection::vec("[0-8]{0,2}:[0-9+]{0,3}:(:[a-z{}\":0-9]{0,12})?", 0..200)) {
        let mut server = server();
        let mut client = ClientSession::new(ClientConfig::default(), Transport::WebSocket, *START);
        for text in &texts {
            server.handle_packet(*START, text);
            client.handle_packet(*START, text);
            while client.poll_event().is_some() {}
            while client.poll_transmit().is_some() {}
        }
        let mut waiting = 0;
        while server.poll_transmit().is_some() {
            waiting += 1;
        }
        prop_assert!(waiting <= 65);
    }
}
