use super::*;
use crate::proto::{Denied, Done, MediaState, RosterUpdate, Speaking};
use server_message::Body as Said;

#[expect(clippy::disallowed_methods, reason = "the epoch of a test")]
fn start() -> Instant {
    Instant::now()
}

fn client() -> ClientSession {
    ClientSession::new(ClientConfig {
        token: "secret".into(),
        client: "test".into(),
    })
}

fn welcome(resumed: bool) -> ServerMessage {
    let welcome = Welcome {
        resume_token: "r".into(),
        resume_window_ms: 30_000,
        resumed,
        ping_interval_ms: 5_000,
        ..Welcome::default()
    };
    ServerMessage {
        seq: 0,
        in_reply_to: 0,
        body: Some(Said::Welcome(welcome)),
    }
}

fn roster(seq: u64) -> ServerMessage {
    ServerMessage {
        seq,
        in_reply_to: 0,
        body: Some(Said::Roster(RosterUpdate::default())),
    }
}

fn welcomed(now: Instant) -> ClientSession {
    let mut client = client();
    client.connected(now);
    client.handle_message(now, welcome(false)).unwrap();
    drain(&mut client, now);
    client
}

fn drain(client: &mut ClientSession, now: Instant) -> Vec<ClientMessage> {
    std::iter::from_fn(|| client.poll_outgoing(now)).collect()
}

#[test]
fn requests_wait_for_the_welcome() {
    let now = start();
    let mut client = client();
    let id = client.request(Body::MediaState(MediaState::default()));
    assert_eq!(client.notify(Body::Ping(Ping {})), Err(NotConnected));
    client.connected(now);
    let out = drain(&mut client, now);
    assert!(
        matches!(
            &out[..],
            [ClientMessage {
                body: Some(Body::Hello(Hello { resume: None, .. })),
                ..
            }]
        ),
        "{out:?}"
    );
    client.handle_message(now, welcome(false)).unwrap();
    assert_eq!(
        drain(&mut client, now)
            .iter()
            .map(|message| message.id)
            .collect::<Vec<_>>(),
        [id]
    );
    assert_eq!(client.notify(Body::Ping(Ping {})), Ok(()));
}

#[test]
fn answered_requests_are_not_repeated() {
    let now = start();
    let mut client = welcomed(now);
    let first = client.request(Body::MediaState(MediaState::default()));
    let second = client.request(Body::MediaState(MediaState::default()));
    let done = ServerMessage {
        seq: 1,
        in_reply_to: first,
        body: Some(Said::Done(Done::default())),
    };
    assert!(matches!(
        client.handle_message(now, done),
        Ok(Some(Incoming::Message(_)))
    ));
    client.connection_lost();
    client.connected(now);
    let out = drain(&mut client, now);
    let Some(Body::Hello(Hello {
        resume: Some(resume), ..
    })) = &out[0].body
    else {
        panic!("{out:?}")
    };
    assert_eq!((resume.resume_token.as_str(), resume.last_seq), ("r", 1));
    client.handle_message(now, welcome(true)).unwrap();
    assert_eq!(
        drain(&mut client, now)
            .iter()
            .map(|message| message.id)
            .collect::<Vec<_>>(),
        [second]
    );
}

#[test]
fn a_session_that_could_not_be_resumed_starts_over() {
    let now = start();
    let mut client = welcomed(now);
    let lost_id = client.request(Body::MediaState(MediaState::default()));
    client.handle_message(now, roster(1)).unwrap();
    client.connected(now);
    let incoming = client.handle_message(now, welcome(false)).unwrap();
    assert!(
        matches!(&incoming, Some(Incoming::Welcome { resumed: false, lost, .. }) if *lost == [lost_id]),
        "{incoming:?}"
    );
    assert_eq!(client.last_seq(), 0);
    assert!(matches!(client.handle_message(now, roster(1)), Ok(Some(_))));
}

#[test]
fn repeats_are_dropped_and_gaps_refused() {
    let now = start();
    let mut client = welcomed(now);
    assert!(matches!(client.handle_message(now, roster(1)), Ok(Some(_))));
    assert_eq!(client.handle_message(now, roster(1)), Ok(None));
    assert_eq!(
        client.handle_message(now, roster(3)),
        Err(ProtocolViolation::Gap { last: 1, got: 3 })
    );
    assert_eq!(
        client.handle_message(now, roster(0)),
        Err(ProtocolViolation::Unnumbered)
    );
    let speaking = ServerMessage {
        seq: 0,
        in_reply_to: 0,
        body: Some(Said::Speaking(Speaking::default())),
    };
    assert!(matches!(client.handle_message(now, speaking), Ok(Some(_))));
}

#[test]
fn only_refusals_may_come_before_the_welcome() {
    let now = start();
    let mut client = client();
    client.connected(now);
    assert_eq!(
        client.handle_message(now, roster(1)),
        Err(ProtocolViolation::NotWelcomed)
    );
    let denied = ServerMessage {
        seq: 1,
        in_reply_to: 0,
        body: Some(Said::Denied(Denied::default())),
    };
    assert!(matches!(
        client.handle_message(now, denied),
        Ok(Some(Incoming::Message(_)))
    ));
    assert_eq!(client.last_seq(), 0);
}

#[test]
fn acknowledges_in_batches_or_after_a_second() {
    let now = start();
    let mut client = welcomed(now);
    client.handle_message(now, roster(1)).unwrap();
    assert_eq!(client.poll_timeout(), Some(now + ACK_DELAY));
    client.handle_timeout(now + ACK_DELAY);
    let acks = |out: Vec<ClientMessage>| -> Vec<u64> {
        out.into_iter()
            .filter_map(|message| match message.body {
                Some(Body::Ack(Ack { seq })) => Some(seq),
                _ => None,
            })
            .collect()
    };
    assert_eq!(acks(drain(&mut client, now)), [1]);
    for seq in 2..=1 + ACK_EVERY {
        client.handle_message(now, roster(seq)).unwrap();
    }
    assert_eq!(acks(drain(&mut client, now)), [1 + ACK_EVERY]);
}

#[test]
fn acknowledges_at_once_that_it_was_muted() {
    let now = start();
    let mut client = welcomed(now);
    client.handle_message(now, roster(1)).unwrap();
    let muted = ServerMessage {
        seq: 2,
        in_reply_to: 0,
        body: Some(Said::Muted(crate::proto::Muted::default())),
    };
    client.handle_message(now, muted).unwrap();
    let acks: Vec<_> = drain(&mut client, now)
        .into_iter()
        .filter(|message| matches!(message.body, Some(Body::Ack(Ack { seq: 2 }))))
        .collect();
    assert_eq!(acks.len(), 1);
}

#[test]
fn pings_when_it_has_nothing_else_to_say() {
    let now = start();
    let mut client = welcomed(now);
    let due = now + Duration::from_secs(5);
    assert_eq!(client.poll_timeout(), Some(due));
    client.handle_timeout(due);
    assert_eq!(
        drain(&mut client, due),
        [ClientMessage {
            id: 0,
            body: Some(Body::Ping(Ping {}))
        }]
    );
    assert_eq!(client.poll_timeout(), Some(due + Duration::from_secs(5)));
    client.connection_lost();
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn debug_output_holds_no_secrets() {
    let client = welcomed(start());
    assert!(!format!("{client:?}").contains("secret"));
}
