//! Both agents against scripted peers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::outbox::Outbox;
use crate::session::DropReason;
use crate::stun::{AttributeType, Class, ErrorCode, Message, MessageBuilder, TransactionId};
use crate::tcp::TcpRemote;
use crate::test_clock::start;

fn credentials(name: &str) -> IceCredentials {
    IceCredentials {
        ufrag: name.to_owned(),
        pwd: name.repeat(22),
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// An agent called "ours" whose peer is called "peer".
struct Script {
    agent: Agent,
    outbox: Outbox,
    now: Instant,
    here: SocketAddr,
    next_id: u8,
}

impl Script {
    fn lite() -> Self {
        let mut script = Self::with(Agent::lite(credentials("ours")));
        script
            .agent
            .set_remote(script.now, credentials("peer"), &[], &mut script.outbox);
        script
    }

    fn controlling(candidates: &[SocketAddr]) -> Self {
        let mut script = Self::with(Agent::controlling(credentials("ours"), StdRng::seed_from_u64(5)));
        script
            .agent
            .set_remote(script.now, credentials("peer"), candidates, &mut script.outbox);
        script
    }

    fn with(agent: Agent) -> Self {
        Self {
            agent,
            outbox: Outbox::default(),
            now: start(),
            here: address("10.0.0.1:5000"),
            next_id: 0,
        }
    }

    fn wait(&mut self, time: Duration) -> Option<IceEvent> {
        self.now += time;
        self.agent.handle_timeout(self.now, &mut self.outbox)
    }

    const fn path(&self, remote: SocketAddr) -> Path {
        Path {
            local: self.here,
            remote,
        }
    }

    /// What an input results in that selects the path from there.
    const fn selects(&self, remote: SocketAddr) -> Result<Option<IceEvent>, DropReason> {
        Ok(Some(IceEvent::Selected(self.path(remote))))
    }

    fn deliver(&mut self, from: SocketAddr, datagram: &[u8]) -> Result<Option<IceEvent>, DropReason> {
        self.agent.handle_message(
            self.now,
            self.path(from),
            &Message::parse(datagram).unwrap(),
            &mut self.outbox,
        )
    }

    /// A check by the peer, changed by `write`.
    fn check(
        &mut self,
        from: SocketAddr,
        write: impl FnOnce(&mut MessageBuilder<'_>),
    ) -> Result<Option<IceEvent>, DropReason> {
        self.next_id += 1;
        let mut buffer = [0; 600];
        let mut builder =
            MessageBuilder::new(&mut buffer, Class::Request, TransactionId([self.next_id; 12])).unwrap();
        builder.username("ours", "peer").unwrap();
        write(&mut builder);
        let datagram = builder.finish_with_integrity(&credentials("ours").pwd).unwrap();
        self.deliver(from, datagram)
    }

    /// The next datagram to send: where to, and the bytes.
    fn sent(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        let mut datagram = Vec::new();
        self.outbox
            .pop(&mut datagram)
            .map(|transmit| (transmit.destination, datagram))
    }

    /// The peer's answer to a check of ours.
    fn answer(&mut self, from: SocketAddr, request: &[u8]) -> Result<Option<IceEvent>, DropReason> {
        let id = Message::parse(request).unwrap().transaction_id();
        let mut buffer = [0; 600];
        let mut builder = MessageBuilder::new(&mut buffer, Class::Success, id).unwrap();
        builder.xor_mapped_address(self.here).unwrap();
        let datagram = builder.finish_with_integrity(&credentials("peer").pwd).unwrap();
        self.deliver(from, datagram)
    }
}

/// The path from where the script is to this address.
fn path_to(remote: &str) -> Path {
    Path {
        local: address("10.0.0.1:5000"),
        remote: address(remote),
    }
}

const A: &str = "192.0.2.1:1000";
const B: &str = "192.0.2.2:2000";

#[test]
fn lite_answers_with_the_address_it_saw() {
    let mut script = Script::lite();
    assert_eq!(script.check(address(A), |_| {}), Ok(None));
    let (to, datagram) = script.sent().unwrap();
    let response = Message::parse(&datagram).unwrap();
    assert_eq!((to, response.class()), (address(A), Class::Success));
    assert_eq!(response.xor_mapped_address(), Some(address(A)));
    assert!(response.verify_integrity(&credentials("ours").pwd));
    assert_eq!(script.agent.selected(), None, "not nominated");
    assert!(script.agent.is_verified(Path {
        local: script.here,
        remote: address(A)
    }));
    assert!(!script.agent.is_verified(Path {
        local: script.here,
        remote: address(B)
    }));
}

#[test]
fn lite_follows_the_latest_nomination() {
    let mut script = Script::lite();
    for remote in [A, B, A] {
        let event = script.check(address(remote), |check| check.use_candidate().unwrap());
        assert_eq!(event, script.selects(address(remote)));
        assert_eq!(script.agent.selected(), Some(script.path(address(remote))));
        let again = script.check(address(remote), |check| check.use_candidate().unwrap());
        assert_eq!(again, Ok(None), "nothing new");
    }
}

#[test]
fn lite_drops_unauthenticated_checks_without_a_word() {
    let mut script = Script::lite();
    for (receiver, sender, password) in [
        ("ours", "peer", "wrong"),
        ("other", "peer", "ours"),
        ("ours", "other", "ours"),
    ] {
        let mut buffer = [0; 600];
        let mut builder = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([9; 12])).unwrap();
        builder.username(receiver, sender).unwrap();
        builder.use_candidate().unwrap();
        let datagram = builder.finish_with_integrity(&credentials(password).pwd).unwrap();
        assert_eq!(
            script.deliver(address(A), datagram),
            Err(DropReason::UnauthenticatedStun)
        );
    }
    let mut buffer = [0; 600];
    let builder = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([9; 12])).unwrap();
    let datagram = builder.finish().unwrap();
    assert_eq!(
        script.deliver(address(A), datagram),
        Err(DropReason::UnauthenticatedStun)
    );
    assert_eq!((script.sent(), script.agent.selected()), (None, None));
}

#[test]
fn lite_reports_a_role_conflict() {
    let mut script = Script::lite();
    let event = script.check(address(A), |check| {
        check.ice_controlled(7).unwrap();
        check.use_candidate().unwrap();
    });
    assert_eq!(event, Ok(None));
    let (_, datagram) = script.sent().unwrap();
    assert_eq!(
        Message::parse(&datagram).unwrap().error_code(),
        Some(ErrorCode::ROLE_CONFLICT)
    );
    assert_eq!(script.agent.selected(), None);
}

#[test]
fn lite_names_attributes_it_must_understand_and_does_not() {
    let mut script = Script::lite();
    let mut buffer = [0; 600];
    let mut builder = MessageBuilder::new(&mut buffer, Class::Request, TransactionId([1; 12])).unwrap();
    builder.username("ours", "peer").unwrap();
    builder.raw_attribute(AttributeType(0x7ffe), b"?").unwrap();
    let datagram = builder.finish_with_integrity(&credentials("ours").pwd).unwrap();
    assert_eq!(script.deliver(address(A), datagram), Ok(None));
    let (_, datagram) = script.sent().unwrap();
    let response = Message::parse(&datagram).unwrap();
    assert_eq!(response.error_code(), Some(ErrorCode::UNKNOWN_ATTRIBUTE));
    assert!(response.verify_integrity(&credentials("ours").pwd));
    assert!(!script.agent.is_verified(Path {
        local: script.here,
        remote: address(A)
    }));
}

#[test]
fn lite_keeps_a_bounded_number_of_verified_paths() {
    let mut script = Script::lite();
    for port in 1000..1100 {
        script
            .check(SocketAddr::new(address(A).ip(), port), |_| {})
            .unwrap();
    }
    let verified = |port| {
        script.agent.is_verified(Path {
            local: script.here,
            remote: SocketAddr::new(address(A).ip(), port),
        })
    };
    assert_eq!((1000..1100).filter(|port| verified(*port)).count(), 32);
    assert!(verified(1099) && !verified(1000));
}

#[test]
fn lite_fails_without_nomination_and_expires_without_checks() {
    let mut script = Script::lite();
    script.check(address(A), |_| {}).unwrap();
    assert_eq!(script.wait(CONNECT_TIMEOUT - Duration::from_millis(1)), None);
    assert_eq!(script.wait(Duration::from_millis(1)), Some(IceEvent::Failed));
    assert_eq!(script.agent.poll_timeout(), None);

    let mut script = Script::lite();
    script
        .check(address(A), |check| check.use_candidate().unwrap())
        .unwrap();
    script.wait(Duration::from_secs(20));
    script.check(address(A), |_| {}).unwrap();
    assert_eq!(
        script.wait(CONSENT_EXPIRY - Duration::from_millis(1)),
        None,
        "any check along the path renews consent"
    );
    assert_eq!(script.wait(Duration::from_millis(1)), Some(IceEvent::Interrupted));
    assert_eq!(script.agent.selected(), None);
    assert_eq!(script.wait(INTERRUPTION_LIMIT - Duration::from_millis(1)), None);
    assert_eq!(
        script.wait(Duration::from_millis(1)),
        Some(IceEvent::ConsentExpired)
    );
    assert_eq!(script.agent.poll_timeout(), None);
}

#[test]
fn lite_finds_an_interrupted_peer_wherever_it_proves_to_be() {
    for (from, event) in [(A, IceEvent::Resumed), (B, IceEvent::Selected(path_to(B)))] {
        let mut script = Script::lite();
        script
            .check(address(A), |check| check.use_candidate().unwrap())
            .unwrap();
        script.wait(Duration::from_secs(10));
        // Elsewhere is another path: it does not renew, and without a nomination it does not lead.
        assert_eq!(script.check(address(B), |_| {}), Ok(None));
        assert_eq!(script.agent.selected(), Some(path_to(A)));
        assert_eq!(
            script.wait(CONSENT_EXPIRY - Duration::from_secs(10)),
            Some(IceEvent::Interrupted)
        );
        script.wait(INTERRUPTION_LIMIT - Duration::from_secs(1));
        assert_eq!(script.check(address(from), |_| {}), Ok(Some(event)));
        assert_eq!(script.agent.selected(), Some(path_to(from)));
        assert_eq!(script.wait(CONSENT_EXPIRY - Duration::from_millis(1)), None);
        assert_eq!(script.wait(Duration::from_millis(1)), Some(IceEvent::Interrupted));
    }
}

#[test]
fn lite_takes_media_along_the_path_for_consent() {
    let mut script = Script::lite();
    script
        .check(address(A), |check| check.use_candidate().unwrap())
        .unwrap();
    for _ in 0..10 {
        assert_eq!(script.wait(CONSENT_EXPIRY - Duration::from_secs(1)), None);
        script.agent.heard(script.now, path_to(A));
    }
    // Timers that are early find that there is time.
    let due = script.agent.poll_timeout().unwrap();
    assert!(due <= script.now + CONSENT_EXPIRY);
    script
        .agent
        .heard(script.now + Duration::from_secs(20), path_to(B));
    assert_eq!(script.wait(CONSENT_EXPIRY), Some(IceEvent::Interrupted));
    script.agent.heard(script.now, path_to(A));
    let due = script.agent.poll_timeout().unwrap();
    assert_eq!(due.duration_since(script.now), Duration::from_secs(1));
    assert_eq!(script.wait(Duration::from_secs(1)), Some(IceEvent::Resumed));
}

#[test]
fn tcp_waits_for_udp_and_sends_once() {
    let tcp = SocketAddr::from(TcpRemote::candidate(address(A)));
    let mut script = Script::controlling(&[tcp, address(A)]);
    let mut sent = vec![];
    for step in 0..=30 {
        while let Some((to, _)) = script.sent() {
            sent.push((step * 100, to));
        }
        script.wait(Duration::from_millis(100));
    }
    let udp = address(A);
    assert_eq!(sent, [(0, udp), (500, udp), (1000, tcp), (1500, udp)]);

    // Alone it is tried at once.
    let mut script = Script::controlling(&[tcp]);
    let (to, check) = script.sent().unwrap();
    assert_eq!(to, tcp);
    script.answer(tcp, &check).unwrap();
    let (to, nomination) = script.sent().unwrap();
    assert_eq!(to, tcp);
    assert_eq!(script.answer(tcp, &nomination), script.selects(tcp));

    // Where UDP answers, it is not tried at all.
    let mut script = Script::controlling(&[tcp, address(A)]);
    script.wait(Duration::from_millis(900));
    let (_, check) = script.sent().unwrap();
    script.answer(udp, &check).unwrap();
    for _ in 0..30 {
        script.wait(Duration::from_millis(100));
    }
    assert!(std::iter::from_fn(|| script.sent()).all(|(to, _)| to == udp));
}

#[test]
fn the_same_address_of_udp_and_tcp_are_two() {
    let tcp = SocketAddr::from(TcpRemote::candidate(address(A)));
    let mut script = Script::lite();
    script.check(tcp, |check| check.use_candidate().unwrap()).unwrap();
    let (to, answer) = script.sent().unwrap();
    assert_eq!(to, tcp);
    let seen = Message::parse(&answer).unwrap().xor_mapped_address();
    assert_eq!(seen, Some(address(A)), "what it says is plain");
    let path = |remote| Path {
        local: script.here,
        remote,
    };
    assert!(script.agent.is_verified(path(tcp)));
    assert!(!script.agent.is_verified(path(address(A))));
    let other = SocketAddr::from(TcpRemote::new(address(A), 2.try_into().unwrap()));
    assert!(!script.agent.is_verified(path(other)));
}

#[test]
fn controlling_checks_everything_anew_when_interrupted() {
    let mut script = Script::controlling(&[address(A), address(B)]);
    for _ in 0..2 {
        let (_, request) = script.sent().unwrap();
        script.answer(address(A), &request).unwrap();
    }
    let selected = script.agent.selected();
    assert!(selected.is_some());
    let end = script.now + CONSENT_EXPIRY;
    let mut event = None;
    while event.is_none() {
        while script.sent().is_some() {}
        let due = script.agent.poll_timeout().unwrap();
        event = script.wait(due.duration_since(script.now));
    }
    assert_eq!((event, script.now), (Some(IceEvent::Interrupted), end));
    assert_eq!(script.agent.selected(), None);
    let (to, _) = script.sent().unwrap();
    assert_eq!(to, address(A));
    script.wait(Duration::from_millis(50));
    let (to, check) = script.sent().unwrap();
    assert_eq!(to, address(B));
    script.answer(address(B), &check).unwrap();
    script.wait(Duration::from_millis(100));
    let nomination = std::iter::from_fn(|| script.sent())
        .find(|(to, _)| *to == address(B))
        .unwrap()
        .1;
    assert_eq!(script.answer(address(B), &nomination), script.selects(address(B)));
}

#[test]
fn controlling_paces_its_checks_and_nominates_the_best() {
    let mut script = Script::controlling(&[address(A), address(B)]);
    let (to, first) = script.sent().unwrap();
    assert_eq!(to, address(A));
    let check = Message::parse(&first).unwrap();
    assert_eq!(check.username(), Some(("peer", "ours")));
    assert!(check.verify_integrity(&credentials("peer").pwd));
    assert!(check.ice_controlling().is_some() && check.priority().is_some() && !check.use_candidate());
    assert_eq!(script.sent(), None, "the second waits for its turn");
    script.wait(Duration::from_millis(50));
    let (to, second) = script.sent().unwrap();
    assert_eq!(to, address(B));

    assert_eq!(script.answer(address(B), &second), Ok(None));
    assert_eq!(script.sent(), None, "the better one gets its grace");
    assert_eq!(script.answer(address(A), &first), Ok(None));
    let (to, nomination) = script.sent().unwrap();
    assert_eq!(to, address(A));
    assert!(Message::parse(&nomination).unwrap().use_candidate());
    assert_eq!(script.answer(address(A), &nomination), script.selects(address(A)));
}

#[test]
fn controlling_settles_for_the_second_best_after_the_grace() {
    let mut script = Script::controlling(&[address(A), address(B)]);
    script.sent().unwrap();
    script.wait(Duration::from_millis(50));
    let (_, second) = script.sent().unwrap();
    script.answer(address(B), &second).unwrap();
    script.wait(Duration::from_millis(99));
    assert_eq!(script.sent(), None);
    script.wait(Duration::from_millis(1));
    let (to, nomination) = script.sent().unwrap();
    assert_eq!(to, address(B));
    assert_eq!(script.answer(address(B), &nomination), script.selects(address(B)));
}

#[test]
fn controlling_insists_on_its_role() {
    let mut script = Script::controlling(&[address(A)]);
    let (_, request) = script.sent().unwrap();
    let id = Message::parse(&request).unwrap().transaction_id();
    let mut buffer = [0; 600];
    let mut builder = MessageBuilder::new(&mut buffer, Class::Error, id).unwrap();
    builder.error_code(ErrorCode::ROLE_CONFLICT).unwrap();
    let datagram = builder.finish_with_integrity(&credentials("peer").pwd).unwrap();
    assert_eq!(script.deliver(address(A), datagram), Ok(None));
    let (_, again) = script.sent().unwrap();
    assert_eq!(Message::parse(&again).unwrap().ice_controlling(), Some(u64::MAX));

    script
        .check(address(A), |check| check.ice_controlling(u64::MAX).unwrap())
        .unwrap();
    let (_, datagram) = script.sent().unwrap();
    assert_eq!(
        Message::parse(&datagram).unwrap().error_code(),
        Some(ErrorCode::ROLE_CONFLICT)
    );
}

#[test]
fn controlling_answers_and_checks_a_peer_that_it_did_not_know() {
    let mut script = Script::controlling(&[]);
    assert_eq!(script.sent(), None);
    script
        .check(address(B), |check| check.ice_controlled(1).unwrap())
        .unwrap();
    let (_, response) = script.sent().unwrap();
    assert_eq!(Message::parse(&response).unwrap().class(), Class::Success);
    let (to, triggered) = script.sent().unwrap();
    assert_eq!(
        (to, Message::parse(&triggered).unwrap().class()),
        (address(B), Class::Request)
    );
}

#[test]
fn controlling_believes_no_answer_without_integrity_or_from_elsewhere() {
    let mut script = Script::controlling(&[address(A)]);
    let (_, request) = script.sent().unwrap();
    let id = Message::parse(&request).unwrap().transaction_id();
    let mut buffer = [0; 600];
    let builder = MessageBuilder::new(&mut buffer, Class::Success, id).unwrap();
    let datagram = builder.finish().unwrap();
    assert_eq!(
        script.deliver(address(A), datagram),
        Err(DropReason::UnauthenticatedStun)
    );
    assert_eq!(script.answer(address(B), &request), Ok(None));
    assert_eq!(script.agent.best(), None);
    assert_eq!(
        script.answer(address(A), &request),
        Err(DropReason::UnexpectedStun),
        "the pair has failed"
    );
}

#[test]
fn controlling_asks_for_consent_every_five_seconds_or_so() {
    let mut script = Script::controlling(&[address(A)]);
    for _ in 0..2 {
        let (_, request) = script.sent().unwrap();
        script.answer(address(A), &request).unwrap();
    }
    let mut last = script.now;
    for _ in 0..20 {
        let due = script.agent.poll_timeout().unwrap();
        let interval = due.duration_since(last);
        assert!(
            (Duration::from_secs(4)..=Duration::from_secs(6)).contains(&interval),
            "{interval:?}"
        );
        last = due;
        assert_eq!(script.wait(due.duration_since(script.now)), None);
        let (_, request) = script.sent().unwrap();
        assert!(Message::parse(&request).unwrap().use_candidate());
        script.now += Duration::from_millis(30);
        script.answer(address(A), &request).unwrap();
        assert_eq!(script.agent.rtt(), Some(Duration::from_millis(30)));
    }
}
