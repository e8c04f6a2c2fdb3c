use std::time::Duration;

use proptest::prelude::*;

use super::super::request::JoinLocator;
use super::*;
use crate::proto::{
    Ack, Admit, Answer, ChatMessage, ConfirmAnswer, Connected, Demand, Done, EndMeeting, Ended, Leave, Lobby,
    MediaState, Offer, Ping, Preflight, ReadReceipt, RefreshToken, Reject, Remove, Resume, RosterUpdate,
    SendChat, SendReadReceipt, SendTyping, SetViews, Speaking, TrackView, Typing,
    client_message::Body as Said, join,
};
use crate::session::{ClientConfig, ClientSession, Incoming};

/// Tests may ask for one instant; every other is that plus a duration.
#[expect(clippy::disallowed_methods, reason = "the epoch of a test")]
fn start() -> Instant {
    Instant::now()
}

fn say(id: u32, body: Said) -> ClientMessage {
    ClientMessage { id, body: Some(body) }
}

fn hello() -> Said {
    Said::Hello(Hello {
        token: "token".into(),
        resume: None,
        client: "test".into(),
    })
}

fn join() -> Said {
    Said::Join(Join {
        locator: Some(join::Locator::MeetingLink("https://meet.example/meet/1".into())),
        display_name: "Dana".into(),
    })
}

fn chat(text: &str) -> Body {
    Body::Chat(ChatMessage {
        text: text.into(),
        ..ChatMessage::default()
    })
}

fn accepted(token: &str) -> Accepted {
    Accepted {
        session_id: "s1".into(),
        resume_token: token.into(),
        raw_id: "8:acs:x".into(),
    }
}

fn drain(session: &mut ServerSession) -> Vec<ServerMessage> {
    std::iter::from_fn(|| session.poll_outgoing()).collect()
}

fn seqs(messages: &[ServerMessage]) -> Vec<u64> {
    messages
        .iter()
        .map(|message| message.seq)
        .filter(|seq| *seq != 0)
        .collect()
}

fn in_state(state: State, now: Instant) -> ServerSession {
    in_state_with(state, now, SessionConfig::default())
}

fn in_state_with(state: State, now: Instant, config: SessionConfig) -> ServerSession {
    let mut session = ServerSession::new(now, config);
    if state >= State::AwaitJoin {
        session.handle_message(now, say(1, hello())).unwrap();
        session.accept(accepted("t1")).unwrap();
    }
    if state >= State::Joining {
        session.handle_message(now, say(2, join())).unwrap();
    }
    if state >= State::Lobby {
        session.send(2, Body::Lobby(Lobby::default())).unwrap();
    }
    if state >= State::InCall {
        session.send(2, Body::Connected(Connected::default())).unwrap();
    }
    if state >= State::Ended {
        session.send(0, Body::Ended(Ended::default())).unwrap();
    }
    assert_eq!(session.state(), state);
    session
}

const STATES: [State; 6] = [
    State::AwaitHello,
    State::AwaitJoin,
    State::Joining,
    State::Lobby,
    State::InCall,
    State::Ended,
];

#[test]
fn the_whole_way_in_and_out() {
    let now = start();
    let mut session = ServerSession::new(now, SessionConfig::default());
    assert!(matches!(
        session.handle_message(now, say(1, hello())),
        Ok(Some(Request::Hello(_)))
    ));
    assert_eq!(session.state(), State::AwaitHello);
    session.accept(accepted("t1")).unwrap();
    let welcome = drain(&mut session);
    assert_eq!((welcome.len(), welcome[0].seq, welcome[0].in_reply_to), (1, 0, 1));
    let Some(Body::Welcome(welcome)) = &welcome[0].body else {
        panic!("{welcome:?}")
    };
    assert_eq!(
        (
            welcome.resumed,
            welcome.resume_window_ms,
            welcome.ping_interval_ms,
            welcome.raw_id.as_str()
        ),
        (false, 30_000, 15_000, "8:acs:x")
    );

    let request = session.handle_message(now, say(2, join())).unwrap().unwrap();
    let Request::Join {
        locator: JoinLocator::MeetingLink(link),
        display_name,
    } = request
    else {
        panic!()
    };
    assert_eq!(
        (link.as_str(), display_name.as_str()),
        ("https://meet.example/meet/1", "Dana")
    );
    assert_eq!(session.state(), State::Joining);
    assert_eq!(session.send(2, Body::Lobby(Lobby::default())), Ok(1));
    assert_eq!(session.send(0, Body::Lobby(Lobby::default())), Ok(2));
    assert_eq!(session.state(), State::Lobby);
    assert_eq!(session.send(0, Body::Connected(Connected::default())), Ok(3));
    assert_eq!(session.state(), State::InCall);
    assert_eq!(session.send(0, chat("hi")), Ok(4));
    assert_eq!(
        session.handle_message(now, say(3, Said::Leave(Leave {}))),
        Ok(Some(Request::Leave))
    );
    assert!(!session.should_close());
    assert_eq!(session.send(3, Body::Ended(Ended::default())), Ok(5));
    assert_eq!(session.state(), State::Ended);
    assert!(!session.should_close());
    assert_eq!(seqs(&drain(&mut session)), [1, 2, 3, 4, 5]);
    assert!(session.should_close());
    session.connection_lost(now);
    assert!(session.is_finished());
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn what_may_be_sent_in_which_state() {
    let now = start();
    let bodies = [
        ("lobby", Body::Lobby(Lobby::default())),
        ("connected", Body::Connected(Connected::default())),
        ("denied", Body::Denied(Denied::default())),
        ("ended", Body::Ended(Ended::default())),
        ("roster", Body::Roster(RosterUpdate::default())),
        ("answer", Body::Answer(Answer::default())),
        ("speaking", Body::Speaking(Speaking::default())),
        ("demand", Body::Demand(Demand::default())),
        ("typing", Body::Typing(Typing::default())),
        ("error", Body::Error(ErrorBody::default())),
        ("done", Body::Done(Done::default())),
        ("welcome", Body::Welcome(Welcome::default())),
        ("pong", Body::Pong(Pong {})),
    ];
    let allowed = |state| -> Vec<&str> {
        bodies
            .iter()
            .filter(|(_, body)| in_state(state, now).send(0, body.clone()).is_ok())
            .map(|(name, _)| *name)
            .collect()
    };
    assert_eq!(allowed(State::AwaitHello), ["denied", "ended"]);
    assert_eq!(
        allowed(State::AwaitJoin),
        ["denied", "ended", "answer", "error", "done"]
    );
    assert_eq!(
        allowed(State::Joining),
        ["lobby", "connected", "denied", "ended", "error", "done"]
    );
    assert_eq!(
        allowed(State::Lobby),
        ["lobby", "connected", "denied", "ended", "error", "done"]
    );
    assert_eq!(
        allowed(State::InCall),
        [
            "ended", "roster", "answer", "speaking", "demand", "typing", "error", "done"
        ]
    );
    assert_eq!(allowed(State::Ended), [""; 0]);
    assert_eq!(
        in_state(State::Ended, now).send(0, chat("x")),
        Err(SendError::Ended)
    );
    assert_eq!(
        in_state(State::Lobby, now).send(0, chat("x")),
        Err(SendError::WrongState(State::Lobby))
    );
}

#[test]
fn what_a_client_may_say_in_which_state() {
    let now = start();
    let said = [
        ("hello", hello()),
        ("join", join()),
        ("preflight", Said::Preflight(Preflight::default())),
        (
            "refreshToken",
            Said::RefreshToken(RefreshToken { token: "new".into() }),
        ),
        ("offer", Said::Offer(Offer::default())),
        ("confirmAnswer", Said::ConfirmAnswer(ConfirmAnswer {})),
        ("mediaState", Said::MediaState(MediaState::default())),
        (
            "sendChat",
            Said::SendChat(SendChat {
                text: "x".into(),
                client_message_id: String::new(),
            }),
        ),
        ("sendTyping", Said::SendTyping(SendTyping {})),
        (
            "sendReadReceipt",
            Said::SendReadReceipt(SendReadReceipt {
                message_id: "1".into(),
            }),
        ),
        ("admit", Said::Admit(Admit::default())),
        ("reject", Said::Reject(Reject::default())),
        ("remove", Said::Remove(Remove::default())),
        ("endMeeting", Said::EndMeeting(EndMeeting {})),
        ("setViews", Said::SetViews(SetViews::default())),
        ("leave", Said::Leave(Leave {})),
        ("ping", Said::Ping(Ping {})),
        ("ack", Said::Ack(Ack { seq: 0 })),
    ];
    let outcomes = |state| -> Vec<(&str, &str)> {
        said.iter()
            .map(
                |(name, body)| match in_state(state, now).handle_message(now, say(9, body.clone())) {
                    Ok(_) => (*name, "ok"),
                    Err(refused) => (*name, refused.key),
                },
            )
            .collect()
    };
    let in_call = [
        "offer",
        "confirmAnswer",
        "mediaState",
        "sendChat",
        "sendTyping",
        "sendReadReceipt",
        "admit",
        "reject",
        "remove",
        "endMeeting",
        "setViews",
    ];
    for state in STATES {
        for (name, outcome) in outcomes(state) {
            let expected = match (state, name) {
                (State::Ended, _) => "ended",
                (State::AwaitHello, "hello") | (_, "ping" | "ack")
                    if state != State::AwaitHello || name == "hello" =>
                {
                    "ok"
                }
                (State::AwaitHello, _) => "unauthenticated",
                (_, "hello") => "malformed",
                (State::AwaitJoin, "join" | "preflight") | (_, "refreshToken") => "ok",
                (_, "join" | "preflight") => "already_joined",
                (State::AwaitJoin, "leave") => "not_in_call",
                (_, "leave") => "ok",
                (State::InCall, name) if in_call.contains(&name) => "ok",
                _ => "not_in_call",
            };
            assert_eq!(outcome, expected, "{name} in {state:?}");
        }
    }
}

#[test]
fn refusals_are_answered() {
    let now = start();
    let mut session = in_state(State::Lobby, now);
    drain(&mut session);
    session
        .handle_message(now, say(5, Said::Offer(Offer::default())))
        .unwrap_err();
    let messages = drain(&mut session);
    assert_eq!(
        (messages.len(), messages[0].seq, messages[0].in_reply_to),
        (1, 2, 5)
    );
    let Some(Body::Error(error)) = &messages[0].body else {
        panic!("{messages:?}")
    };
    assert_eq!(error.key, "not_in_call");
    assert_eq!(session.state(), State::Lobby);
}

#[test]
fn a_first_message_other_than_hello_ends_the_session() {
    let now = start();
    let mut session = ServerSession::new(now, SessionConfig::default());
    session.handle_message(now, say(1, join())).unwrap_err();
    let messages = drain(&mut session);
    let Some(Body::Denied(Denied { reason: Some(reason) })) = &messages[0].body else {
        panic!("{messages:?}")
    };
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (401, 10_009, "unauthenticated")
    );
    assert!(session.should_close());
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn lengths_are_bounded() {
    let now = start();
    let refusal = |state, body| {
        in_state(state, now)
            .handle_message(now, say(9, body))
            .map(|_| ())
            .map_err(|r| r.key)
    };
    let text = |len: usize| {
        Said::SendChat(SendChat {
            text: "a".repeat(len),
            client_message_id: "ü".repeat(64),
        })
    };
    assert_eq!(refusal(State::InCall, text(0)), Err("malformed"));
    assert_eq!(refusal(State::InCall, text(28_672)), Ok(()));
    assert_eq!(refusal(State::InCall, text(28_673)), Err("too_large"));
    let id = |len: usize| {
        Said::SendChat(SendChat {
            text: "a".into(),
            client_message_id: "a".repeat(len),
        })
    };
    assert_eq!(refusal(State::InCall, id(65)), Err("too_large"));
    let receipt = |len: usize| {
        Said::SendReadReceipt(SendReadReceipt {
            message_id: "1".repeat(len),
        })
    };
    assert_eq!(refusal(State::InCall, receipt(0)), Err("malformed"));
    assert_eq!(refusal(State::InCall, receipt(64)), Ok(()));
    assert_eq!(refusal(State::InCall, receipt(65)), Err("malformed"));
    let admit = |len: usize| {
        Said::Admit(Admit {
            participant_ids: vec![String::new(); len],
            all: false,
        })
    };
    assert_eq!(refusal(State::InCall, admit(1024)), Ok(()));
    assert_eq!(refusal(State::InCall, admit(1025)), Err("too_large"));
    let views = |len: usize| {
        Said::SetViews(SetViews {
            views: vec![TrackView::default(); len],
        })
    };
    assert_eq!(refusal(State::InCall, views(1024)), Ok(()));
    assert_eq!(refusal(State::InCall, views(1025)), Err("too_large"));
    let link = |len: usize, name: usize| {
        Said::Join(Join {
            locator: Some(join::Locator::MeetingLink("a".repeat(len))),
            display_name: "a".repeat(name),
        })
    };
    assert_eq!(refusal(State::AwaitJoin, link(8192, 1024)), Ok(()));
    assert_eq!(refusal(State::AwaitJoin, link(8193, 0)), Err("too_large"));
    assert_eq!(refusal(State::AwaitJoin, link(1, 1025)), Err("bad_display_name"));
    assert_eq!(
        refusal(State::AwaitJoin, Said::Join(Join::default())),
        Err("malformed")
    );
    let hello = |token: usize, client: usize| {
        Said::Hello(Hello {
            token: "a".repeat(token),
            resume: None,
            client: "a".repeat(client),
        })
    };
    assert_eq!(refusal(State::AwaitHello, hello(16_384, 256)), Ok(()));
    assert_eq!(refusal(State::AwaitHello, hello(16_385, 0)), Err("too_large"));
    assert_eq!(refusal(State::AwaitHello, hello(1, 257)), Err("too_large"));
    let refresh = |len: usize| {
        Said::RefreshToken(RefreshToken {
            token: "a".repeat(len),
        })
    };
    assert_eq!(refusal(State::InCall, refresh(16_384)), Ok(()));
    assert_eq!(refusal(State::InCall, refresh(16_385)), Err("too_large"));
    let huge = Body::Answer(Answer {
        sdp: "a".repeat(MAX_MESSAGE_BYTES),
        missing_tracks: Vec::new(),
    });
    assert!(matches!(
        in_state(State::InCall, now).send(0, huge),
        Err(SendError::TooLarge(_))
    ));
}

#[test]
fn tokens_are_not_printed() {
    let secret = "eyJhbGciOi";
    let refresh = RefreshToken { token: secret.into() };
    let request = Request::RefreshToken(refresh.clone());
    assert!(!format!("{refresh:?} {request:?}").contains(secret));
}

#[test]
fn a_join_that_was_refused_for_its_form_can_be_repeated() {
    let now = start();
    let mut session = in_state(State::AwaitJoin, now);
    session
        .handle_message(now, say(2, Said::Join(Join::default())))
        .unwrap_err();
    assert!(matches!(
        session.handle_message(now, say(3, join())),
        Ok(Some(Request::Join { .. }))
    ));
}

#[test]
fn accept_needs_a_hello() {
    let now = start();
    let mut session = ServerSession::new(now, SessionConfig::default());
    assert_eq!(
        session.accept(accepted("t")),
        Err(SendError::WrongState(State::AwaitHello))
    );
    let mut session = in_state(State::AwaitJoin, now);
    assert_eq!(
        session.accept(accepted("t")),
        Err(SendError::WrongState(State::AwaitJoin))
    );
}

#[test]
fn hello_is_waited_for_ten_seconds() {
    let now = start();
    let mut session = ServerSession::new(now, SessionConfig::default());
    let due = now + Duration::from_secs(10);
    assert_eq!(session.poll_timeout(), Some(due));
    session.handle_timeout(due - Duration::from_millis(1));
    assert_eq!(session.poll_event(), None);
    session.handle_timeout(due);
    assert_eq!(session.poll_event(), Some(SessionEvent::HelloTimeout));
    assert_eq!(session.state(), State::Ended);
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn any_message_is_a_sign_of_life() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    let idle = Duration::from_millis(37_500);
    assert_eq!(session.poll_timeout(), Some(now + idle));
    let later = now + Duration::from_secs(15);
    session
        .handle_message(later, say(0, Said::Ping(Ping {})))
        .unwrap();
    session.handle_timeout(now + idle);
    assert_eq!(session.poll_event(), None);
    session.handle_timeout(later + idle);
    assert_eq!(session.poll_event(), Some(SessionEvent::IdleTimeout));
    assert_eq!(session.state(), State::InCall);
}

#[test]
fn chat_grace_then_resume_window() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    session.connection_lost(now);
    session.connection_lost(now + Duration::from_secs(1));
    assert_eq!(session.poll_timeout(), Some(now + Duration::from_secs(5)));
    session.handle_timeout(now + Duration::from_secs(5));
    assert_eq!(session.poll_event(), Some(SessionEvent::ChatGraceOver));
    assert_eq!(session.poll_timeout(), Some(now + Duration::from_secs(30)));
    session.handle_timeout(now + Duration::from_secs(30));
    assert_eq!(session.poll_event(), Some(SessionEvent::ResumeWindowOver));
    assert!(session.is_finished());
    assert_eq!(session.resume(now, 1, 0, "t2".into()), Err(ResumeError::Ended));
}

#[test]
fn a_lobby_has_no_chat_grace() {
    let now = start();
    let mut session = in_state(State::Lobby, now);
    session.connection_lost(now);
    assert_eq!(session.poll_timeout(), Some(now + Duration::from_secs(30)));
}

#[test]
fn a_connection_lost_before_hello_leaves_nothing() {
    let now = start();
    let mut session = in_state(State::AwaitHello, now);
    session.connection_lost(now);
    assert!(session.is_finished());
    assert_eq!(session.resume(now, 1, 0, "t2".into()), Err(ResumeError::Ended));
}

#[test]
fn resuming_replays_what_was_missed() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    for text in ["a", "b", "c"] {
        session.send(0, chat(text)).unwrap();
    }
    assert_eq!(seqs(&drain(&mut session)), [1, 2, 3, 4, 5]);
    session.connection_lost(now);
    session.send(0, chat("d")).unwrap();
    assert_eq!(session.poll_outgoing(), None);

    let later = now + Duration::from_secs(4);
    assert_eq!(session.resume(later, 7, 3, "t2".into()), Ok(()));
    let messages = drain(&mut session);
    assert!(
        matches!(&messages[0], ServerMessage { seq: 0, in_reply_to: 7, body: Some(Body::Welcome(welcome)) }
            if welcome.resumed && welcome.resume_token == "t2"),
        "{messages:?}"
    );
    assert_eq!(seqs(&messages), [4, 5, 6]);
    session.handle_timeout(later + Duration::from_secs(30));
    assert_eq!(session.poll_event(), None);
}

#[test]
fn the_resume_token_is_used_once() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    assert!(session.accepts_resume_token("t1"));
    for wrong in ["", "t", "t2", "t11"] {
        assert!(!session.accepts_resume_token(wrong), "{wrong}");
    }
    session.connection_lost(now);
    session.resume(now, 1, 0, "t2".into()).unwrap();
    assert!(session.accepts_resume_token("t2"));
    assert!(!session.accepts_resume_token("t1"));
    assert!(!ServerSession::new(now, SessionConfig::default()).accepts_resume_token(""));
}

#[test]
fn a_new_connection_takes_over_from_one_that_lingers() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    drain(&mut session);
    assert_eq!(session.resume(now, 1, 1, "t2".into()), Ok(()));
    assert_eq!(seqs(&drain(&mut session)), [2]);
    assert!(session.is_connected());
}

#[test]
fn an_end_that_was_missed_is_delivered_later() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    drain(&mut session);
    session.connection_lost(now);
    assert_eq!(session.send(0, Body::Ended(Ended::default())), Ok(3));
    assert!(!session.is_finished());
    assert!(!session.should_close());
    // No chat to withdraw any more.
    assert_eq!(session.poll_timeout(), Some(now + Duration::from_secs(30)));
    session.resume(now, 1, 2, "t2".into()).unwrap();
    assert_eq!(seqs(&drain(&mut session)), [3]);
    assert!(session.should_close());
}

#[test]
fn refuses_a_client_ahead_of_the_session() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    session.connection_lost(now);
    assert_eq!(
        session.resume(now, 1, 3, "t2".into()),
        Err(ResumeError::UnknownSequence)
    );
    assert_eq!(
        session.resume(now, 1, u64::MAX, "t2".into()),
        Err(ResumeError::UnknownSequence)
    );
    assert!(session.accepts_resume_token("t1"));
    assert_eq!(session.resume(now, 1, 2, "t2".into()), Ok(()));
}

#[test]
fn acknowledged_messages_are_forgotten() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    drain(&mut session);
    assert_eq!(
        session.handle_message(now, say(0, Said::Ack(Ack { seq: 2 }))),
        Ok(None)
    );
    assert_eq!(
        session.handle_message(now, say(0, Said::Ack(Ack { seq: 1 }))),
        Ok(None)
    );
    let refused = session
        .handle_message(now, say(0, Said::Ack(Ack { seq: 3 })))
        .unwrap_err();
    assert_eq!(refused.key, "malformed");
    session.connection_lost(now);
    assert_eq!(
        session.resume(now, 1, 1, "t2".into()),
        Err(ResumeError::ReplayGone)
    );
    assert_eq!(session.resume(now, 1, 2, "t2".into()), Ok(()));
}

#[test]
fn the_replay_buffer_is_bounded_by_count() {
    let now = start();
    let config = SessionConfig {
        replay_messages: 4,
        ..SessionConfig::default()
    };
    let mut session = in_state_with(State::InCall, now, config);
    drain(&mut session);
    session.connection_lost(now);
    for _ in 0..4 {
        session.send(0, chat("x")).unwrap();
    }
    assert_eq!(
        session.resume(now, 1, 1, "t2".into()),
        Err(ResumeError::ReplayGone)
    );
    assert_eq!(session.resume(now, 1, 2, "t2".into()), Ok(()));
    assert_eq!(seqs(&drain(&mut session)), [3, 4, 5, 6]);
}

#[test]
fn the_replay_buffer_is_bounded_by_bytes() {
    let now = start();
    let config = SessionConfig {
        replay_bytes: 1_000,
        ..SessionConfig::default()
    };
    let mut session = in_state_with(State::InCall, now, config);
    drain(&mut session);
    session.connection_lost(now);
    session.send(0, chat(&"x".repeat(400))).unwrap();
    session.send(0, chat(&"x".repeat(400))).unwrap();
    session.send(0, chat(&"x".repeat(400))).unwrap();
    assert_eq!(
        session.resume(now, 1, 2, "t2".into()),
        Err(ResumeError::ReplayGone)
    );
    assert_eq!(session.resume(now, 1, 3, "t2".into()), Ok(()));
    assert_eq!(seqs(&drain(&mut session)), [4, 5]);
}

#[test]
fn a_client_that_does_not_read_is_given_up_once() {
    let now = start();
    let config = SessionConfig {
        replay_messages: 4,
        ..SessionConfig::default()
    };
    let mut session = in_state_with(State::InCall, now, config);
    for _ in 0..2 {
        session.send(0, chat("x")).unwrap();
    }
    assert_eq!(session.poll_event(), None);
    for _ in 0..3 {
        session.send(0, chat("x")).unwrap();
    }
    assert_eq!(session.poll_event(), Some(SessionEvent::Overrun));
    assert_eq!(session.poll_event(), None);
    // Nothing out of order is sent in the meantime; the welcome was waiting too.
    assert_eq!(seqs(&drain(&mut session)), [0; 0]);
}

#[test]
fn speakers_are_coalesced_and_pongs_bounded() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    for _ in 0..100 {
        assert_eq!(session.send(0, Body::Speaking(Speaking::default())), Ok(0));
        session.handle_message(now, say(0, Said::Ping(Ping {}))).unwrap();
    }
    let messages = drain(&mut session);
    let count = |wanted: fn(&Body) -> bool| {
        messages
            .iter()
            .filter(|m| m.body.as_ref().is_some_and(wanted))
            .count()
    };
    assert!(matches!(messages[0].body, Some(Body::Welcome(_))));
    assert_eq!(count(|body| matches!(body, Body::Speaking(_))), 1);
    assert_eq!(count(|body| matches!(body, Body::Pong(_))), MAX_UNNUMBERED - 2);
    session.connection_lost(now);
    assert_eq!(session.send(0, Body::Speaking(Speaking::default())), Ok(0));
    session.resume(now, 1, 2, "t2".into()).unwrap();
    assert_eq!(drain(&mut session).len(), 1);
}

#[test]
fn of_each_track_the_newest_demand_waits() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    drain(&mut session);
    let demand = |track: &str, watched| {
        Body::Demand(Demand {
            track_id: track.into(),
            watched,
            ..Demand::default()
        })
    };
    for (track, watched) in [("1", true), ("2", true), ("1", false)] {
        assert_eq!(session.send(0, demand(track, watched)), Ok(0));
    }
    let bodies: Vec<_> = drain(&mut session).into_iter().filter_map(|m| m.body).collect();
    assert_eq!(bodies, [demand("2", true), demand("1", false)]);
}

#[test]
fn that_somebody_is_typing_waits_once_and_is_not_told_again() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    drain(&mut session);
    let typing = |raw_id: &str| {
        Body::Typing(Typing {
            raw_id: raw_id.into(),
            ..Typing::default()
        })
    };
    for who in ["a", "b", "a"] {
        assert_eq!(session.send(0, typing(who)), Ok(0));
    }
    assert_eq!(session.send(0, Body::ReadReceipt(ReadReceipt::default())), Ok(3));
    session.connection_lost(now);
    session.resume(now, 1, 2, "t2".into()).unwrap();
    let bodies: Vec<_> = drain(&mut session).into_iter().filter_map(|m| m.body).collect();
    assert!(
        matches!(bodies[..], [Body::Welcome(_), Body::ReadReceipt(_)]),
        "{bodies:?}"
    );
    for who in ["a", "b", "a"] {
        session.send(0, typing(who)).unwrap();
    }
    let bodies: Vec<_> = drain(&mut session).into_iter().filter_map(|m| m.body).collect();
    assert_eq!(bodies, [typing("b"), typing("a")]);
}

#[test]
fn a_request_that_comes_twice_is_carried_out_once() {
    let now = start();
    let mut session = in_state(State::InCall, now);
    let request = say(3, Said::MediaState(MediaState::default()));
    assert!(matches!(
        session.handle_message(now, request.clone()),
        Ok(Some(Request::MediaState(_)))
    ));
    assert_eq!(session.handle_message(now, request), Ok(None));
    // Without an id there is nothing to tell by.
    for _ in 0..2 {
        let request = say(0, Said::MediaState(MediaState::default()));
        assert!(matches!(session.handle_message(now, request), Ok(Some(_))));
    }
}

/// A client and a server whose connection is cut at random, with messages lost on both ways.
#[derive(Debug, Clone)]
enum Op {
    ServerSays,
    ClientAsks,
    /// Deliver that many messages to the client, to the server.
    Deliver(u8, u8),
    Tick(u16),
    Cut,
    Reconnect,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => Just(Op::ServerSays),
        2 => Just(Op::ClientAsks),
        4 => (0..6_u8, 0..6_u8).prop_map(|(down, up)| Op::Deliver(down, up)),
        1 => (0..3_000_u16).prop_map(Op::Tick),
        1 => Just(Op::Cut),
        2 => Just(Op::Reconnect),
    ]
}

struct Pair {
    now: Instant,
    server: ServerSession,
    client: ClientSession,
    connected: bool,
    tokens: u32,
    up: VecDeque<ClientMessage>,
    down: VecDeque<ServerMessage>,
    said: u64,
    heard: Vec<ServerMessage>,
    asked: Vec<u32>,
    carried_out: Vec<u32>,
}

impl Pair {
    fn new() -> Self {
        let now = start();
        let mut client = ClientSession::new(ClientConfig {
            token: "t".into(),
            client: "test".into(),
        });
        let mut server = ServerSession::new(now, SessionConfig::default());
        client.connected(now);
        server
            .handle_message(now, client.poll_outgoing(now).unwrap())
            .unwrap();
        server.accept(accepted("1")).unwrap();
        client
            .handle_message(now, server.poll_outgoing().unwrap())
            .unwrap();
        let id = client.request(join());
        server
            .handle_message(now, client.poll_outgoing(now).unwrap())
            .unwrap();
        server.send(id, Body::Connected(Connected::default())).unwrap();
        Self {
            now,
            server,
            client,
            connected: true,
            tokens: 1,
            up: VecDeque::new(),
            down: VecDeque::new(),
            said: 1,
            heard: Vec::new(),
            asked: Vec::new(),
            carried_out: Vec::new(),
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::ServerSays => {
                self.said = self.server.send(0, chat("x")).unwrap();
            }
            Op::ClientAsks => self
                .asked
                .push(self.client.request(Said::MediaState(MediaState::default()))),
            Op::Deliver(down, up) => self.deliver(*down, *up),
            Op::Tick(ms) => {
                self.now += Duration::from_millis((*ms).into());
                self.client.handle_timeout(self.now);
            }
            Op::Cut => self.cut(),
            Op::Reconnect => self.reconnect(),
        }
        self.pump();
        assert!(
            self.down
                .iter()
                .map(|message| message.seq)
                .filter(|seq| *seq != 0)
                .is_sorted()
        );
    }

    fn pump(&mut self) {
        self.up
            .extend(std::iter::from_fn(|| self.client.poll_outgoing(self.now)));
        self.down
            .extend(std::iter::from_fn(|| self.server.poll_outgoing()));
    }

    fn deliver(&mut self, down: u8, up: u8) {
        for _ in 0..down {
            let Some(message) = self.down.pop_front() else {
                break;
            };
            if let Some(Incoming::Message(message)) = self.client.handle_message(self.now, message).unwrap() {
                self.heard.push(message);
            }
        }
        for _ in 0..up {
            let Some(message) = self.up.pop_front() else { break };
            let id = message.id;
            if let Some(request) = self.server.handle_message(self.now, message).unwrap() {
                assert_eq!(request, Request::MediaState(MediaState::default()));
                self.carried_out.push(id);
                self.said = self.server.send(id, Body::Done(Done::default())).unwrap();
            }
        }
        self.pump();
    }

    fn cut(&mut self) {
        self.up.clear();
        self.down.clear();
        self.connected = false;
        self.server.connection_lost(self.now);
        self.client.connection_lost();
    }

    fn reconnect(&mut self) {
        if self.connected {
            // The server need not have noticed that the old connection is gone.
            self.up.clear();
            self.down.clear();
        }
        self.client.connected(self.now);
        let Some(Said::Hello(Hello {
            resume: Some(Resume {
                resume_token,
                last_seq,
            }),
            ..
        })) = self.client.poll_outgoing(self.now).unwrap().body
        else {
            panic!("the client had a session");
        };
        assert!(self.server.accepts_resume_token(&resume_token));
        self.tokens += 1;
        self.server
            .resume(self.now, 0, last_seq, self.tokens.to_string())
            .unwrap();
        let welcome = self.server.poll_outgoing().unwrap();
        assert!(matches!(
            self.client.handle_message(self.now, welcome),
            Ok(Some(Incoming::Welcome { resumed: true, .. }))
        ));
        self.connected = true;
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_or_doubled_across_reconnects(ops in proptest::collection::vec(op(), 0..200)) {
        let mut pair = Pair::new();
        pair.pump();
        for op in &ops {
            pair.apply(op);
        }
        pair.reconnect();
        pair.pump();
        while !pair.up.is_empty() || !pair.down.is_empty() {
            pair.deliver(u8::MAX, u8::MAX);
        }
        let heard: Vec<u64> = pair.heard.iter().map(|message| message.seq).collect();
        prop_assert_eq!(heard, (1..=pair.said).collect::<Vec<_>>());
        prop_assert_eq!(&pair.carried_out, &pair.asked);
        let answered: Vec<u32> =
            pair.heard.iter().map(|message| message.in_reply_to).filter(|id| *id > 1).collect();
        prop_assert_eq!(answered, pair.asked);
    }
}
