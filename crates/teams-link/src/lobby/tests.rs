//! The waiting list, and the same against a simple model.

use proptest::prelude::*;

use super::*;

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

/// In these tests a role is all that somebody is given, and a word why others are not.
type Verdict = super::Verdict<Role, &'static str>;

const ADMIT: Verdict = Verdict::Admit(Role::Attendee);
const FOR_ADMIT: Verdict = Verdict::Wait(LobbyReason::WaitForAdmit);
const FOR_START: Verdict = Verdict::Wait(LobbyReason::WaitForStart);
const DENY: Verdict = Verdict::Deny("locked");

fn keys(lobby: &Lobby<u32>) -> Vec<u32> {
    lobby.iter().map(|waiting| waiting.key).collect()
}

/// Reviews with what `decide` says; gives what has changed.
fn review(
    lobby: &mut Lobby<u32>,
    now: Instant,
    mut decide: impl FnMut(u32) -> Verdict,
) -> Vec<(u32, Outcome<Role, &'static str>)> {
    let mut changes = Vec::new();
    lobby.review();
    while let Some(key) = lobby.poll_review() {
        changes.extend(
            lobby
                .decided(now, &key, decide(key))
                .map(|outcome| (key, outcome)),
        );
    }
    changes
}

#[test]
fn who_is_to_wait_waits_until_taken_out() {
    let (mut lobby, now) = (lobby(), start());
    let waits = Outcome::Waits {
        reason: LobbyReason::WaitForAdmit,
        remaining: 30 * MINUTE,
    };
    assert_eq!(lobby.join(now, 1, FOR_ADMIT), Ok(waits));
    assert_eq!(lobby.join(now, 1, ADMIT), Err(JoinError::AlreadyWaiting));
    assert_eq!(lobby.get(&1).unwrap().since, now);
    assert!(lobby.take(&1));
    assert!(!lobby.take(&1), "rejected by two people at once");
    assert!(lobby.is_empty() && lobby.get(&1).is_none());
    assert_eq!(lobby.poll_timeout(), None);
}

#[test]
fn who_need_not_wait_takes_no_place() {
    let (mut lobby, now) = (lobby(), start());
    assert_eq!(lobby.join(now, 1, ADMIT), Ok(Outcome::Admitted(Role::Attendee)));
    assert_eq!(lobby.join(now, 1, DENY), Ok(Outcome::Refused("locked")));
    assert!(lobby.is_empty());
}

#[test]
fn the_lobby_has_a_limit() {
    let (mut lobby, now) = (lobby(), start());
    for key in 0..3 {
        lobby.join(now, key, FOR_START).map(drop).unwrap();
    }
    assert_eq!(lobby.join(now, 3, FOR_START), Err(JoinError::Full));
    assert_eq!(
        lobby.join(now, 3, ADMIT),
        Ok(Outcome::Admitted(Role::Attendee)),
        "who passes needs no place"
    );
    assert_eq!(lobby.take_all(), [0, 1, 2]);
    lobby.join(now, 3, FOR_START).map(drop).unwrap();
}

#[test]
fn who_waits_too_long_is_removed_to_the_instant() {
    let (mut lobby, now) = (lobby(), start());
    lobby.join(now, 1, FOR_ADMIT).map(drop).unwrap();
    lobby.join(now + MINUTE, 2, FOR_START).map(drop).unwrap();
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
fn a_time_out_beyond_the_clock_never_comes() {
    let mut lobby = Lobby::new(LobbyConfig {
        timeout: Duration::MAX,
        capacity: 1,
    });
    let now = start();
    lobby.join(now, 1, FOR_ADMIT).map(drop).unwrap();
    assert_eq!(lobby.poll_timeout(), None);
    assert_eq!(lobby.get(&1).unwrap().remaining(now), Duration::MAX);
    assert!(lobby.handle_timeout(now + 100_000 * MINUTE).is_empty());
}

#[test]
fn the_start_releases_those_who_wait_for_it() {
    let (mut lobby, now) = (lobby(), start());
    lobby.join(now, 1, FOR_START).map(drop).unwrap();
    lobby.join(now, 2, FOR_ADMIT).map(drop).unwrap();
    let changes = review(&mut lobby, now, |key| if key == 1 { ADMIT } else { FOR_ADMIT });
    assert_eq!(changes, [(1, Outcome::Admitted(Role::Attendee))]);
    assert_eq!(keys(&lobby), [2]);
}

#[test]
fn changed_settings_refuse_or_change_what_is_waited_for() {
    let (mut lobby, now) = (lobby(), start());
    for key in 1..=3 {
        lobby.join(now, key, FOR_ADMIT).map(drop).unwrap();
    }
    let changes = review(&mut lobby, now + MINUTE, |key| match key {
        1 => DENY,
        2 => FOR_START,
        _ => FOR_ADMIT,
    });
    let waits = Outcome::Waits {
        reason: LobbyReason::WaitForStart,
        remaining: 29 * MINUTE,
    };
    assert_eq!(changes, [(1, Outcome::Refused("locked")), (2, waits)]);
    // Waiting for something else does not lengthen the wait.
    assert_eq!(lobby.handle_timeout(now + 30 * MINUTE), [2, 3]);
}

#[test]
fn a_review_sees_everybody_once_and_can_start_over() {
    let (mut lobby, now) = (lobby(), start());
    assert_eq!(lobby.poll_review(), None, "nobody has asked for a review");
    for key in 1..=3 {
        lobby.join(now, key, FOR_ADMIT).map(drop).unwrap();
    }
    lobby.review();
    assert_eq!(lobby.poll_review(), Some(1));
    assert!(lobby.take(&2));
    assert_eq!(
        lobby.decided(now, &2, ADMIT),
        None,
        "who left is not brought back"
    );
    lobby.join(now, 4, FOR_ADMIT).map(drop).unwrap();
    assert_eq!(lobby.poll_review(), Some(3));
    assert_eq!(lobby.poll_review(), None, "who came meanwhile is not part of it");

    lobby.review();
    assert_eq!(lobby.poll_review(), Some(1));
    lobby.review();
    let rest: Vec<_> = std::iter::from_fn(|| lobby.poll_review()).collect();
    assert_eq!(rest, [1, 3, 4]);
}

#[test]
fn whoever_acts_second_on_a_guest_is_too_late() {
    let (mut lobby, now) = (lobby(), start());
    for key in 1..=3 {
        lobby.join(now, key, FOR_ADMIT).map(drop).unwrap();
    }
    assert!(lobby.take(&1));
    assert_eq!(lobby.decided(now, &1, ADMIT), None, "admitted after a rejection");
    assert_eq!(
        lobby.decided(now, &2, ADMIT),
        Some(Outcome::Admitted(Role::Attendee))
    );
    assert!(!lobby.take(&2), "rejected after an admission");
    assert_eq!(lobby.handle_timeout(now + 30 * MINUTE), [3]);
    assert_eq!(lobby.decided(now, &3, ADMIT), None, "admitted after the time-out");
    assert_eq!(lobby.decided(now, &3, FOR_START), None);
    assert!(lobby.is_empty());
}

#[derive(Debug, Clone)]
enum Op {
    Enter(u32),
    Take(u32),
    Wait(u64),
    Decide(u32, u8),
    Review(u32),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..6_u32).prop_map(Op::Enter),
        (0..6_u32).prop_map(Op::Take),
        (0..20_u64).prop_map(Op::Wait),
        (0..6_u32, 0..3_u8).prop_map(|(key, verdict)| Op::Decide(key, verdict)),
        any::<u32>().prop_map(Op::Review),
    ]
}

proptest! {
    /// Against a list of keys and minutes.
    #[test]
    fn behaves_as_a_list_with_deadlines(ops in prop::collection::vec(op(), 0..60)) {
        let first = start();
        let at = |minutes: u64| first + MINUTE * u32::try_from(minutes).unwrap();
        let (mut lobby, mut model, mut minutes) = (lobby(), Vec::<(u32, u64)>::new(), 0);
        for op in ops {
            match op {
                Op::Enter(key) => {
                    let fits = model.len() < 3 && model.iter().all(|(other, _)| *other != key);
                    prop_assert_eq!(lobby.join(at(minutes), key, FOR_ADMIT).is_ok(), fits);
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
                    prop_assert_eq!(lobby.handle_timeout(at(minutes)), expired);
                }
                Op::Decide(key, verdict) => {
                    let there = model.iter().any(|(other, _)| *other == key);
                    let verdict = [ADMIT, DENY, FOR_ADMIT][usize::from(verdict)];
                    let stays = verdict == FOR_ADMIT;
                    prop_assert_eq!(lobby.decided(at(minutes), &key, verdict).is_some(), there && !stays);
                    model.retain(|(other, _)| *other != key || stays);
                }
                Op::Review(mask) => {
                    let inside = |key: u32| mask & (1 << key) != 0;
                    let before = model.len();
                    model.retain(|(key, _)| !inside(*key));
                    let changes =
                        review(&mut lobby, at(minutes), |key| if inside(key) { ADMIT } else { FOR_ADMIT });
                    prop_assert_eq!(changes.len(), before - model.len());
                }
            }
            prop_assert_eq!(keys(&lobby), model.iter().map(|(key, _)| *key).collect::<Vec<_>>());
            prop_assert!((0..6).all(|key| lobby.contains(&key) == model.iter().any(|(other, _)| *other == key)));
            let next = model.iter().map(|(_, deadline)| *deadline).min();
            prop_assert_eq!(lobby.poll_timeout(), next.map(at));
        }
    }
}
