//! The waiting list, and the same against a simple model.

use proptest::prelude::*;

use super::*;
use crate::admission::EndReason;

const MINUTE: Duration = Duration::from_secs(60);

#[expect(
    clippy::disallowed_methods,
    reason = "an arbitrary first instant; every later one is derived from it"
)]
fn start() -> Instant {
    Instant::now()
}

fn lobby() -> Lobby<u32> {
    Lobby::new(LobbyConfig {
        timeout: 30 * MINUTE,
        capacity: 3,
    })
}

fn admit() -> Decision {
    Decision::Admit {
        role: Role::Presenter,
        capabilities: CapabilitySet::EMPTY,
    }
}

fn refusal() -> Refusal {
    Refusal {
        reason: EndReason::meeting_locked(),
        setting: crate::admission::Setting::Locked,
    }
}

#[test]
fn who_enters_waits_until_taken_out() {
    let (mut lobby, now) = (lobby(), start());
    assert_eq!(lobby.enter(now, 1, LobbyReason::WaitForAdmit), Ok(()));
    assert_eq!(
        lobby.enter(now, 1, LobbyReason::WaitForAdmit),
        Err(EnterError::AlreadyWaiting)
    );
    assert!(lobby.contains(&1));
    assert!(lobby.take(&1));
    assert!(!lobby.take(&1), "admitted by two people at once");
    assert!(lobby.is_empty());
    assert_eq!(lobby.poll_timeout(), None);
}

#[test]
fn the_lobby_has_a_limit() {
    let (mut lobby, now) = (lobby(), start());
    for key in 0..3 {
        assert_eq!(lobby.enter(now, key, LobbyReason::WaitForStart), Ok(()));
    }
    assert_eq!(
        lobby.enter(now, 3, LobbyReason::WaitForStart),
        Err(EnterError::Full)
    );
    assert_eq!(lobby.take_all(), [0, 1, 2]);
    assert_eq!(lobby.enter(now, 3, LobbyReason::WaitForStart), Ok(()));
}

#[test]
fn who_waits_too_long_is_removed_to_the_instant() {
    let (mut lobby, now) = (lobby(), start());
    lobby.enter(now, 1, LobbyReason::WaitForAdmit).unwrap();
    lobby.enter(now + MINUTE, 2, LobbyReason::WaitForStart).unwrap();
    assert_eq!(lobby.poll_timeout(), Some(now + 30 * MINUTE));
    assert!(
        lobby
            .handle_timeout(now + 30 * MINUTE - Duration::from_nanos(1))
            .is_empty()
    );
    assert_eq!(lobby.handle_timeout(now + 30 * MINUTE), [1]);
    assert_eq!(lobby.poll_timeout(), Some(now + 31 * MINUTE));
    assert_eq!(lobby.handle_timeout(now + 90 * MINUTE), [2]);
    assert_eq!(lobby.poll_timeout(), None);
}

#[test]
fn the_start_releases_those_who_wait_for_it() {
    let (mut lobby, now) = (lobby(), start());
    lobby.enter(now, 1, LobbyReason::WaitForStart).unwrap();
    lobby.enter(now, 2, LobbyReason::WaitForAdmit).unwrap();
    let changes = lobby.review(|key| {
        if *key == 1 {
            admit()
        } else {
            Decision::Lobby(LobbyReason::WaitForAdmit)
        }
    });
    let expected = Change::Admitted {
        key: 1,
        role: Role::Presenter,
        capabilities: CapabilitySet::EMPTY,
    };
    assert_eq!(changes, [expected]);
    assert_eq!(lobby.iter().map(|waiting| waiting.key).collect::<Vec<_>>(), [2]);
}

#[test]
fn changed_settings_refuse_or_change_what_is_waited_for() {
    let (mut lobby, now) = (lobby(), start());
    for key in 1..=3 {
        lobby.enter(now, key, LobbyReason::WaitForAdmit).unwrap();
    }
    let changes = lobby.review(|key| match key {
        1 => Decision::Deny(refusal()),
        2 => Decision::Lobby(LobbyReason::WaitForStart),
        _ => Decision::Lobby(LobbyReason::WaitForAdmit),
    });
    let expected = [
        Change::Refused {
            key: 1,
            refusal: refusal(),
        },
        Change::WaitsFor {
            key: 2,
            reason: LobbyReason::WaitForStart,
        },
    ];
    assert_eq!(changes, expected);
    assert_eq!(lobby.len(), 2);
    // Waiting for something else does not lengthen the wait.
    assert_eq!(lobby.handle_timeout(now + 30 * MINUTE), [2, 3]);
}

#[test]
fn an_earlier_admission_of_a_review_is_seen_by_the_later() {
    let (mut lobby, now) = (lobby(), start());
    for key in 1..=3 {
        lobby.enter(now, key, LobbyReason::WaitForStart).unwrap();
    }
    let mut places = 1;
    let changes = lobby.review(|_| {
        if places == 0 {
            return Decision::Deny(refusal());
        }
        places -= 1;
        admit()
    });
    assert!(matches!(changes[0], Change::Admitted { key: 1, .. }));
    assert!(matches!(
        changes[1..],
        [Change::Refused { key: 2, .. }, Change::Refused { key: 3, .. }]
    ));
}

#[derive(Debug, Clone)]
enum Op {
    Enter(u32),
    Take(u32),
    Wait(u64),
    Review(u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..6_u32).prop_map(Op::Enter),
        (0..6_u32).prop_map(Op::Take),
        (0..20_u64).prop_map(Op::Wait),
        any::<u32>().prop_map(Op::Review),
    ]
}

proptest! {
    /// Against a list of keys and minutes.
    #[test]
    fn behaves_as_a_list_with_deadlines(ops in prop::collection::vec(op(), 0..60)) {
        let first = start();
        let (mut lobby, mut model, mut minutes) = (lobby(), Vec::<(u32, u64)>::new(), 0);
        for op in ops {
            match op {
                Op::Enter(key) => {
                    let fits = model.len() < 3 && model.iter().all(|(other, _)| *other != key);
                    let entered = lobby.enter(first + MINUTE * u32::try_from(minutes).unwrap(), key, LobbyReason::WaitForAdmit);
                    prop_assert_eq!(entered.is_ok(), fits);
                    if fits {
                        model.push((key, minutes + 30));
                    }
                }
                Op::Take(key) => {
                    let there = model.iter().any(|(other, _)| *other == key);
                    model.retain(|(other, _)| *other != key);
                    prop_assert_eq!(lobby.take(&key), there);
                }
                Op::Wait(more) => {
                    minutes += more;
                    let expired: Vec<_> =
                        model.iter().filter(|(_, deadline)| *deadline <= minutes).map(|(key, _)| *key).collect();
                    model.retain(|(_, deadline)| *deadline > minutes);
                    let now = first + MINUTE * u32::try_from(minutes).unwrap();
                    prop_assert_eq!(lobby.handle_timeout(now), expired);
                }
                Op::Review(mask) => {
                    let inside = |key: u32| mask & (1 << key) != 0;
                    let before = model.len();
                    model.retain(|(key, _)| !inside(*key));
                    let changes = lobby.review(|key| {
                        if inside(*key) { admit() } else { Decision::Lobby(LobbyReason::WaitForAdmit) }
                    });
                    prop_assert_eq!(changes.len(), before - model.len());
                }
            }
            prop_assert_eq!(lobby.iter().map(|waiting| waiting.key).collect::<Vec<_>>(), model.iter().map(|(key, _)| *key).collect::<Vec<_>>());
            let next = model.iter().map(|(_, deadline)| *deadline).min();
            prop_assert_eq!(lobby.poll_timeout(), next.map(|at| first + MINUTE * u32::try_from(at).unwrap()));
        }
    }
}
