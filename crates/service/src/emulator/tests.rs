//! Rules.

use super::*;

const PATH: &str = "/chat/threads/x/messages";

fn rule(fault: Fault, calls: Option<u32>, seconds: Option<u64>) -> NewRule {
    let operation = "POST /chat/threads/*/messages".parse().unwrap();
    NewRule::new(operation, fault, calls, seconds.map(Duration::from_secs)).unwrap()
}

fn status(status: u16) -> Fault {
    Fault::Status {
        status,
        retry_after: None,
    }
}

fn resources() -> (ResourceId, ResourceId) {
    (
        "6d0e6d6e-0000-4000-8000-000000000001".parse().unwrap(),
        "6d0e6d6e-0000-4000-8000-000000000002".parse().unwrap(),
    )
}

async fn call(emulator: &Emulator, resource: ResourceId) -> u16 {
    let outcome = emulator
        .intercept(resource, Credential::Token, &Method::POST, PATH)
        .await;
    outcome.map_or_else(|error| error.status().as_u16(), |()| 200)
}

#[tokio::test]
async fn a_rule_is_for_so_many_calls_of_its_resource() {
    let emulator = Emulator::new(true);
    let (one, other) = resources();
    emulator.add(one, rule(status(503), Some(2), None)).unwrap();
    assert_eq!(call(&emulator, other).await, 200);
    assert_eq!(call(&emulator, one).await, 503);
    assert_eq!(emulator.list(one)[0].remaining, Some(1));
    assert_eq!(emulator.list(one)[0].hits, 1);
    assert!(emulator.list(other).is_empty());
    let get = emulator
        .intercept(one, Credential::Token, &Method::GET, PATH)
        .await;
    assert_eq!(get, Ok(()));
    assert_eq!(call(&emulator, one).await, 503);
    assert_eq!(call(&emulator, one).await, 200);
    assert!(emulator.list(one).is_empty());
}

#[test]
fn a_rule_is_for_a_time() {
    let emulator = Emulator::new(true);
    let (one, _) = resources();
    emulator.add(one, rule(status(429), None, Some(10))).unwrap();
    let begun = Instant::now();
    let refused = |seconds| {
        let at = begun + Duration::from_secs(seconds);
        let (_, answer) = emulator.meet(one, Credential::Token, &Method::POST, PATH, at);
        answer.is_some()
    };
    assert!((0..10).all(refused));
    assert!(!refused(11));
    assert!(
        !emulator.0.any.load(Ordering::Acquire),
        "nothing is locked any more"
    );
}

#[tokio::test]
async fn latencies_add_up_and_an_error_comes_after_them() {
    let emulator = Emulator::new(true);
    let (one, _) = resources();
    let latency = |seconds| Fault::Latency(Duration::from_secs(seconds));
    emulator.add(one, rule(latency(3), Some(2), None)).unwrap();
    emulator.add(one, rule(status(500), Some(1), None)).unwrap();
    emulator.add(one, rule(latency(4), Some(1), None)).unwrap();
    let begun = Instant::now();
    assert_eq!(call(&emulator, one).await, 500);
    assert_eq!(
        begun.elapsed().as_secs(),
        3,
        "what stands behind the error is not met"
    );
    let begun = Instant::now();
    assert_eq!(call(&emulator, one).await, 200);
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test]
async fn tokens_expire_for_those_who_have_one() {
    let emulator = Emulator::new(true);
    let (one, _) = resources();
    emulator
        .add(one, rule(Fault::ExpiredToken, Some(1), None))
        .unwrap();
    let signed = emulator
        .intercept(one, Credential::AccessKey, &Method::POST, PATH)
        .await;
    assert_eq!(signed, Ok(()));
    assert_eq!(call(&emulator, one).await, 401);
    assert_eq!(call(&emulator, one).await, 200);
}

#[tokio::test]
async fn sockets_are_cut() {
    let emulator = Emulator::new(true);
    let (one, other) = resources();
    emulator.add(one, rule(Fault::DropSocket, Some(1), None)).unwrap();
    assert_eq!(call(&emulator, one).await, 200);
    assert!(!emulator.cuts_socket(other));
    assert!(emulator.cuts_socket(one));
    assert!(!emulator.cuts_socket(one));

    let mut cuts = emulator.cuts();
    let user: CommunicationIdentifier = "8:acs:a_b".parse().unwrap();
    let cut = Cut {
        resource: one,
        user: Some(user.clone()),
    };
    emulator.cut(cut.clone());
    assert_eq!(cuts.try_recv(), Ok(cut.clone()));
    assert!(cut.concerns(one, &user));
    assert!(!cut.concerns(other, &user));
    assert!(!cut.concerns(one, &"8:acs:a_c".parse().unwrap()));
}

#[tokio::test]
async fn rules_are_taken_back() {
    let emulator = Emulator::new(true);
    let (one, other) = resources();
    let first = emulator.add(one, rule(status(403), Some(9), None)).unwrap();
    emulator.add(one, rule(status(504), Some(9), None)).unwrap();
    emulator.add(other, rule(status(502), Some(9), None)).unwrap();
    assert!(!emulator.remove(other, first.id));
    assert!(emulator.remove(one, first.id));
    assert!(!emulator.remove(one, first.id));
    assert_eq!(call(&emulator, one).await, 504);
    emulator.clear(one);
    assert_eq!(call(&emulator, one).await, 200);
    assert_eq!(call(&emulator, other).await, 502);
}

#[tokio::test]
async fn the_controls_cannot_be_locked_and_are_bounded() {
    let emulator = Emulator::new(true);
    let (one, other) = resources();
    let all = NewRule::new(Pattern::any(), status(401), Some(1), None).unwrap();
    emulator.add(one, all.clone()).unwrap();
    let own = emulator
        .intercept(one, Credential::AccessKey, &Method::GET, "/emulator/rules")
        .await;
    assert_eq!(own, Ok(()));
    for _ in 1..RULES {
        emulator.add(one, all.clone()).unwrap();
    }
    assert_eq!(emulator.add(one, all.clone()), Err(RuleError::TooMany));
    emulator.add(other, all).unwrap();
}

#[tokio::test]
async fn there_are_no_rules_outside_development_mode() {
    let emulator = Emulator::new(false);
    let (one, _) = resources();
    assert_eq!(
        emulator.add(one, rule(status(500), Some(1), None)),
        Err(RuleError::Disabled)
    );
    assert_eq!(call(&emulator, one).await, 200);
}

#[test]
fn refuses_rules_out_of_range() {
    let new = |fault, calls, seconds: Option<u64>| {
        NewRule::new(Pattern::any(), fault, calls, seconds.map(Duration::from_secs)).map(|_| ())
    };
    let late = |milliseconds| Fault::Latency(Duration::from_millis(milliseconds));
    assert_eq!(new(late(0), Some(1), None), Err(RuleError::Latency));
    assert_eq!(new(late(120_001), Some(1), None), Err(RuleError::Latency));
    assert_eq!(new(late(120_000), Some(1), None), Ok(()));
    assert_eq!(new(status(418), Some(1), None), Err(RuleError::Status));
    assert_eq!(new(status(500), None, None), Err(RuleError::Endless));
    assert_eq!(new(status(500), Some(0), None), Err(RuleError::Calls));
    assert_eq!(new(status(500), Some(1_000_001), None), Err(RuleError::Calls));
    assert_eq!(new(status(500), None, Some(0)), Err(RuleError::Time));
    assert_eq!(new(status(500), None, Some(86_401)), Err(RuleError::Time));
    let retry = Fault::Status {
        status: 429,
        retry_after: Some(86_401),
    };
    assert_eq!(new(retry, Some(1), None), Err(RuleError::RetryAfter));
    for known in STATUSES {
        assert_eq!(new(status(known), Some(1), Some(1)), Ok(()));
        assert_eq!(injected(known, None).status().as_u16(), known);
    }
}
