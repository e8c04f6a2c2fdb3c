//! How often an operation may be called: sliding windows per caller, thread or resource.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anteroom_chat::ThreadId;
use anteroom_identity::id::{CommunicationIdentifier, ResourceId};
use serde::{Deserialize, Serialize};

use super::errors::ApiError;

/// Keys counted apart in one window; all beyond share one count.
const KEYS: usize = 200_000;

/// How much more than ACS the generous profile allows: a runaway loop is stopped, a busy test suite is not.
pub(super) const GENEROUS: f64 = 1000.0;

/// Operations whose rate is limited, by their names in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Op {
    /// `POST /identities` without scopes.
    CreateIdentity,
    /// `POST /identities` with scopes.
    CreateIdentityWithToken,
    /// `…/:issueAccessToken`
    IssueToken,
    /// `…/:revokeAccessTokens`
    RevokeTokens,
    /// `DELETE /identities/{id}`
    DeleteIdentity,
    /// `/teamsUser/:exchangeAccessToken` and its newer forms.
    ExchangeToken,
    /// `POST /chat/threads`
    CreateThread,
    /// `DELETE /chat/threads/{id}`
    DeleteThread,
    /// `PATCH /chat/threads/{id}`
    UpdateThread,
    /// `…/participants/:add`
    AddParticipants,
    /// `…/participants/:remove`
    RemoveParticipant,
    /// `GET /chat/threads`
    ListThreads,
    /// `GET /chat/threads/{id}`
    GetThread,
    /// `GET …/messages/{id}`
    GetMessage,
    /// `GET …/messages`
    ListMessages,
    /// `GET …/participants`
    ListParticipants,
    /// `GET …/readReceipts`
    ListReadReceipts,
    /// `POST …/messages`
    SendMessage,
    /// `PATCH …/messages/{id}`
    UpdateMessage,
    /// `DELETE …/messages/{id}`
    DeleteMessage,
    /// `POST …/readReceipts`
    SendReadReceipt,
    /// `POST …/typing`
    SendTyping,
}

/// What calls are counted together for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// All calls to one ACS resource.
    Resource,
    /// One user's calls.
    User,
    /// All calls on one thread.
    Thread,
    /// One user's calls on one thread.
    UserAndThread,
}

/// At most so many calls in so many seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Counted together for.
    pub per: Per,
    /// Calls, from 1.
    #[serde(deserialize_with = "at_least_one")]
    pub calls: u32,
    /// Seconds, from 1.
    #[serde(deserialize_with = "at_least_one")]
    pub seconds: u32,
}

pub(super) fn at_least_one<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    std::num::NonZeroU32::deserialize(deserializer).map(std::num::NonZeroU32::get)
}

/// The rates in force.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RateConfig {
    /// Where the numbers come from.
    pub profile: Profile,
    /// Rates of single operations in place of the profile's; an empty list for none.
    pub operations: BTreeMap<Op, Vec<Rate>>,
}

/// A named set of rates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A thousand times what ACS allows.
    #[default]
    Generous,
    /// What ACS documents as its service limits.
    Acs,
    /// No rates at all.
    Off,
}

/// Counts calls.
#[derive(Debug)]
pub struct Rates {
    rules: HashMap<Op, usize>,
    groups: Vec<Vec<Rule>>,
    hasher: RandomState,
    start: Instant,
}

#[derive(Debug)]
struct Rule {
    per: Per,
    meter: Meter,
}

/// Counts calls by what they are counted together for.
#[derive(Debug)]
pub(super) struct Meter {
    calls: u32,
    length: Duration,
    counts: Mutex<Counts>,
}

/// The counts of the window that runs and of the one before: enough for a sliding estimate, and what nobody touches for
/// two windows is forgotten without a sweep.
#[derive(Debug, Default)]
struct Counts {
    window: u64,
    now: HashMap<u64, u32>,
    before: HashMap<u64, u32>,
}

impl Rates {
    /// Rates as configured.
    #[must_use]
    pub fn new(config: &RateConfig) -> Self {
        let factor = match config.profile {
            Profile::Generous => Some(GENEROUS),
            Profile::Acs => Some(1.0),
            Profile::Off => None,
        };
        let (mut rules, mut groups) = (HashMap::new(), Vec::new());
        let mut add = |ops: &[Op], rates: Vec<Rate>| {
            for op in ops {
                rules.insert(*op, groups.len());
            }
            let rule = |rate: Rate| Rule {
                per: rate.per,
                meter: Meter::new(rate.calls, rate.seconds),
            };
            groups.push(rates.into_iter().map(rule).collect());
        };
        for (ops, rates) in factor.map(|factor| (acs(), factor)).into_iter().flat_map(scaled) {
            add(ops, rates);
        }
        for (op, rates) in &config.operations {
            add(&[*op], rates.clone());
        }
        Self {
            rules,
            groups,
            hasher: RandomState::new(),
            start: Instant::now(),
        }
    }

    /// Counts a call, unless there were too many.
    ///
    /// # Errors
    /// 429 `TooManyRequests` with the seconds after which the call would be let through.
    pub fn check(
        &self,
        op: Op,
        resource: ResourceId,
        user: Option<&CommunicationIdentifier>,
        thread: Option<&ThreadId>,
    ) -> Result<(), ApiError> {
        self.check_at(op, resource, user, thread, Instant::now())
            .map_err(|wait| ApiError::too_many_requests(wait.as_secs().max(1)))
    }

    fn check_at(
        &self,
        op: Op,
        resource: ResourceId,
        user: Option<&CommunicationIdentifier>,
        thread: Option<&ThreadId>,
        now: Instant,
    ) -> Result<(), Duration> {
        let Some(rules) = self.rules.get(&op).and_then(|group| self.groups.get(*group)) else {
            return Ok(());
        };
        let since_start = now.saturating_duration_since(self.start);
        let key = |per| match per {
            Per::Resource => self.hasher.hash_one(resource),
            Per::User => self.hasher.hash_one((resource, user)),
            Per::Thread => self.hasher.hash_one((resource, thread)),
            Per::UserAndThread => self.hasher.hash_one((resource, user, thread)),
        };
        // A call that one of the rules refuses must not count against the others.
        let mut taken: Vec<(&Rule, u64)> = Vec::with_capacity(rules.len());
        for rule in rules {
            let key = key(rule.per);
            if let Err(wait) = rule.meter.take(key, since_start) {
                for (rule, key) in taken {
                    rule.meter.give_back(key);
                }
                return Err(wait);
            }
            taken.push((rule, key));
        }
        Ok(())
    }
}

impl Meter {
    /// At most so many calls in so many seconds.
    pub(super) fn new(calls: u32, seconds: u32) -> Self {
        Self {
            calls,
            length: Duration::from_secs(u64::from(seconds.max(1))),
            counts: Mutex::default(),
        }
    }

    /// Counts a call, unless there were too many: then it says how long to wait.
    pub(super) fn take(&self, key: u64, since_start: Duration) -> Result<(), Duration> {
        let length = self.length;
        let window = since_start.as_secs() / length.as_secs();
        let into =
            since_start.saturating_sub(length.saturating_mul(u32::try_from(window).unwrap_or(u32::MAX)));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.turn_to(window);
        let key = counts.slot(key);
        let before = f64::from(counts.before.get(&key).copied().unwrap_or(0));
        let now = counts.now.get(&key).copied().unwrap_or(0);
        let most = f64::from(self.calls);
        // Of the window before counts the part that the sliding window still covers.
        let covered = 1.0 - into.as_secs_f64() / length.as_secs_f64();
        if before * covered + f64::from(now) + 1.0 > most {
            let left = length.saturating_sub(into);
            // In this window room comes as the one before slides out; if this one alone is full, in the next.
            let free_at = 1.0 - (most - f64::from(now) - 1.0) / before.max(1.0);
            let wait = if f64::from(now) + 1.0 <= most && before > 0.0 {
                length.mul_f64(free_at.clamp(0.0, 1.0)).saturating_sub(into)
            } else {
                left + length.mul_f64((1.0 - (most - 1.0).max(0.0) / f64::from(now.max(1))).clamp(0.0, 1.0))
            };
            return Err(wait + Duration::from_millis(999));
        }
        *counts.now.entry(key).or_insert(0) += 1;
        Ok(())
    }

    /// A call that was counted and not made after all.
    pub(super) fn give_back(&self, key: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let key = counts.slot(key);
        if let Some(count) = counts.now.get_mut(&key) {
            *count = count.saturating_sub(1);
        }
    }
}

impl Counts {
    fn turn_to(&mut self, window: u64) {
        // Of two callers at the border the slower may come second.
        if window <= self.window {
            return;
        }
        let last = std::mem::take(&mut self.now);
        self.before = if window == self.window + 1 {
            last
        } else {
            HashMap::new()
        };
        self.window = window;
    }

    /// The key to count under: its own, or the one that all share when there are too many.
    fn slot(&self, key: u64) -> u64 {
        if self.now.len() < KEYS || self.now.contains_key(&key) {
            key
        } else {
            0
        }
    }
}

type Row = (&'static [Op], &'static [(Per, u32, u32)]);

fn scaled((rows, factor): (&'static [Row], f64)) -> impl Iterator<Item = (&'static [Op], Vec<Rate>)> {
    rows.iter().map(move |(ops, rates)| {
        let rates = rates.iter().map(|(per, calls, seconds)| Rate {
            per: *per,
            calls: scale(*calls, factor),
            seconds: *seconds,
        });
        (*ops, rates.collect())
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and the product is positive"
)]
pub(super) fn scale(calls: u32, factor: f64) -> u32 {
    (f64::from(calls) * factor) as u32
}

/// "Service limits for Azure Communication Services": operations of a row are counted together.
fn acs() -> &'static [Row] {
    use Op::*;
    use Per::*;
    &[
        (&[CreateIdentity], &[(Resource, 1000, 30)]),
        (&[CreateIdentityWithToken], &[(Resource, 1000, 30)]),
        (&[IssueToken], &[(Resource, 1000, 30)]),
        (&[RevokeTokens], &[(Resource, 500, 30)]),
        (&[DeleteIdentity], &[(Resource, 500, 30)]),
        (&[ExchangeToken], &[(Resource, 500, 30)]),
        (&[CreateThread], &[(User, 10, 10), (Resource, 3000, 60)]),
        (&[DeleteThread], &[(User, 10, 10)]),
        (&[UpdateThread], &[(Thread, 5, 10)]),
        (
            &[AddParticipants, RemoveParticipant],
            &[(Thread, 10, 10), (Thread, 30, 60)],
        ),
        (&[ListThreads, GetThread], &[(User, 50, 10)]),
        (&[GetMessage], &[(UserAndThread, 50, 10), (Thread, 250, 10)]),
        (
            &[ListMessages],
            &[
                (UserAndThread, 50, 10),
                (UserAndThread, 200, 60),
                (Thread, 250, 10),
                (Thread, 400, 60),
            ],
        ),
        (&[ListReadReceipts], &[(UserAndThread, 5, 10)]),
        (&[ListParticipants], &[(UserAndThread, 10, 10)]),
        (
            &[SendMessage, UpdateMessage, DeleteMessage],
            &[(Thread, 10, 10), (Thread, 30, 60)],
        ),
        (
            &[SendReadReceipt],
            &[(UserAndThread, 10, 10), (UserAndThread, 30, 60)],
        ),
        (
            &[SendTyping],
            &[
                (UserAndThread, 5, 10),
                (UserAndThread, 15, 60),
                (Thread, 10, 10),
                (Thread, 30, 60),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        rates: Rates,
        resource: ResourceId,
        users: Vec<CommunicationIdentifier>,
        threads: Vec<ThreadId>,
    }

    impl World {
        fn new(profile: Profile) -> Self {
            let config = RateConfig {
                profile,
                ..RateConfig::default()
            };
            Self::with(&config)
        }

        fn with(config: &RateConfig) -> Self {
            let resource = ResourceId::random();
            let user = |_| anteroom_identity::id::AcsUserId::random(resource).into();
            Self {
                rates: Rates::new(config),
                resource,
                users: (0..3).map(user).collect(),
                threads: (0..2).map(|_| ThreadId::random()).collect(),
            }
        }

        fn call(&self, op: Op, user: usize, thread: usize, at_ms: u64) -> Result<(), Duration> {
            let (user, thread) = (&self.users[user], &self.threads[thread]);
            let now = self.rates.start + Duration::from_millis(at_ms);
            self.rates
                .check_at(op, self.resource, Some(user), Some(thread), now)
        }
    }

    #[test]
    fn acs_lets_ten_messages_a_thread_through_in_ten_seconds_whoever_sends() {
        let world = World::new(Profile::Acs);
        for n in 0..10 {
            let op = [Op::SendMessage, Op::UpdateMessage, Op::DeleteMessage][n % 3];
            assert_eq!(world.call(op, n % 3, 0, 100), Ok(()));
        }
        assert!(world.call(Op::SendMessage, 0, 0, 100).is_err());
        assert_eq!(world.call(Op::SendMessage, 0, 1, 100), Ok(()), "another thread");
    }

    #[test]
    fn who_waits_as_told_is_let_through() {
        let world = World::new(Profile::Acs);
        for _ in 0..5 {
            assert_eq!(world.call(Op::UpdateThread, 0, 0, 4_000), Ok(()));
        }
        for at in [4_000, 9_999, 11_000] {
            let wait = world.call(Op::UpdateThread, 0, 0, at).unwrap_err();
            assert!(wait <= Duration::from_secs(20), "{wait:?}");
            let whole_seconds = wait.as_secs().max(1) * 1000;
            let probe = World::new(Profile::Acs);
            for _ in 0..5 {
                assert_eq!(probe.call(Op::UpdateThread, 0, 0, 4_000), Ok(()));
            }
            assert_eq!(
                probe.call(Op::UpdateThread, 0, 0, at + whole_seconds),
                Ok(()),
                "{at} {wait:?}"
            );
        }
    }

    #[test]
    fn never_more_than_allowed_in_any_window() {
        let world = World::new(Profile::Acs);
        let let_through: Vec<u64> = (0..600_000_u64)
            .step_by(137)
            .filter(|at| world.call(Op::SendMessage, 0, 0, *at).is_ok())
            .collect();
        assert!(let_through.len() > 200, "{}", let_through.len());
        for (n, at) in let_through.iter().enumerate() {
            let within = |length: u64| {
                let_through[n..]
                    .iter()
                    .take_while(|later| **later < at + length)
                    .count()
            };
            // The window before is taken as evenly spread, so a burst can be over by its own unevenness.
            assert!(
                within(10_000) <= 15 && within(60_000) <= 45,
                "{} {}",
                within(10_000),
                within(60_000)
            );
        }
    }

    #[test]
    fn a_refused_call_does_not_count() {
        let world = World::new(Profile::Acs);
        for _ in 0..5 {
            assert_eq!(world.call(Op::SendTyping, 0, 0, 0), Ok(()));
        }
        for _ in 0..100 {
            assert!(world.call(Op::SendTyping, 0, 0, 0).is_err());
        }
        for _ in 0..5 {
            assert_eq!(
                world.call(Op::SendTyping, 1, 0, 0),
                Ok(()),
                "the thread's count was left alone"
            );
        }
        assert!(world.call(Op::SendTyping, 2, 0, 0).is_err(), "the thread is full");
    }

    #[test]
    fn generous_off_and_own_rates() {
        let world = World::new(Profile::Generous);
        assert!((0..5_000).all(|_| world.call(Op::SendMessage, 0, 0, 0).is_ok()));
        let world = World::new(Profile::Off);
        assert!((0..20_000).all(|_| world.call(Op::SendMessage, 0, 0, 0).is_ok()));
        let rate = Rate {
            per: Per::User,
            calls: 2,
            seconds: 1,
        };
        let world = World::with(&RateConfig {
            profile: Profile::Off,
            operations: [(Op::SendMessage, vec![rate])].into(),
        });
        let through = (0..9)
            .filter(|_| world.call(Op::SendMessage, 0, 0, 0).is_ok())
            .count();
        assert_eq!(through, 2);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let rule = Meter::new(1, 10);
        for key in 1..=2 * KEYS as u64 {
            let _ = rule.take(key, Duration::ZERO);
        }
        assert!(rule.counts.lock().unwrap().now.len() <= KEYS + 1);
        // Known ones are counted by themselves on.
        assert!(rule.take(1, Duration::ZERO).is_err());
        assert_eq!(rule.take(1, Duration::from_secs(25)), Ok(()));
    }
}
