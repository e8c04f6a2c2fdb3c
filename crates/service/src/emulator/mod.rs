//! What a developer's test suite needs from a local ACS: faults on demand. Development mode only.
//!
//! A rule belongs to one ACS resource and says for which operations, how often or how long, and what goes wrong. Rules
//! are asked after a request was authenticated, so that only requests of the resource meet them.

mod pattern;
mod rule;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anteroom_identity::id::{CommunicationIdentifier, ResourceId};
use axum::http::Method;
use tokio::sync::broadcast;

use crate::errors::emulator as entry;
use crate::http::errors::ApiError;

pub use pattern::{Pattern, PatternError};
pub use rule::{Fault, MAX_LATENCY, MAX_TIME, NewRule, Rule, RuleError, STATUSES};

/// Most rules of one resource.
const RULES: usize = 1_000;

/// Orders to cut sockets that a slow listener may be behind.
const CUTS_KEPT: usize = 64;

/// Paths of the controls themselves: no rule may lock them.
const OWN_PATHS: &str = "/emulator/";

/// The rules in force; clones are the same.
#[derive(Debug, Clone)]
pub struct Emulator(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    enabled: bool,
    /// Whether there is any rule: without one, nothing is locked.
    any: AtomicBool,
    rules: Mutex<Rules>,
    cuts: broadcast::Sender<Cut>,
}

#[derive(Debug, Default)]
struct Rules {
    last_id: u64,
    list: Vec<Rule>,
}

/// With what a request was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An access key of the resource.
    AccessKey,
    /// A user token of this service.
    Token,
    /// A token of Entra ID: an application's, or one that is exchanged.
    EntraToken,
}

/// An order to cut open notification sockets, without a closing handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Sockets of this resource's users.
    pub resource: ResourceId,
    /// Of this user only.
    pub user: Option<CommunicationIdentifier>,
}

impl Cut {
    /// Whether a socket of this user is meant.
    #[must_use]
    pub fn concerns(&self, resource: ResourceId, user: &CommunicationIdentifier) -> bool {
        self.resource == resource && self.user.as_ref().is_none_or(|only| only == user)
    }
}

impl Emulator {
    /// Controls; ones that are not `enabled` never have a rule.
    #[must_use]
    pub fn new(enabled: bool) -> Self {
        Self(Arc::new(Parts {
            enabled,
            any: AtomicBool::new(false),
            rules: Mutex::default(),
            cuts: broadcast::Sender::new(CUTS_KEPT),
        }))
    }

    /// Does to an authenticated request what the rules say: lets it wait, or answers in the operation's place.
    ///
    /// # Errors
    /// The error that a rule asked for.
    pub async fn intercept(
        &self,
        resource: ResourceId,
        credential: Credential,
        method: &Method,
        path: &str,
    ) -> Result<(), ApiError> {
        if !self.0.any.load(Ordering::Acquire) || path.starts_with(OWN_PATHS) {
            return Ok(());
        }
        let (latency, answer) = self.meet(resource, credential, method, path, Instant::now());
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        answer.map_or(Ok(()), Err)
    }

    /// Whether a rule cuts a notification socket now. To be asked when a socket opens and before each event is sent.
    #[must_use]
    pub fn cuts_socket(&self, resource: ResourceId) -> bool {
        if !self.0.any.load(Ordering::Acquire) {
            return false;
        }
        let mut rules = self.rules();
        rules.drop_expired(Instant::now());
        let cut = rules
            .list
            .iter_mut()
            .find(|rule| rule.resource == resource && rule.fault == Fault::DropSocket)
            .is_some_and(Rule::take);
        self.tidy(&mut rules);
        cut
    }

    /// Orders to cut open sockets, from now on. Whoever lags behind cuts all.
    #[must_use]
    pub fn cuts(&self) -> broadcast::Receiver<Cut> {
        self.0.cuts.subscribe()
    }

    /// Cuts open notification sockets.
    pub fn cut(&self, cut: Cut) {
        if self.0.enabled {
            // Nobody listening is fine.
            let _ = self.0.cuts.send(cut);
        }
    }

    /// Adds a rule.
    ///
    /// # Errors
    /// [`RuleError::TooMany`], or [`RuleError::Disabled`] outside development mode.
    pub fn add(&self, resource: ResourceId, new: NewRule) -> Result<Rule, RuleError> {
        if !self.0.enabled {
            return Err(RuleError::Disabled);
        }
        let now = Instant::now();
        let mut rules = self.rules();
        rules.drop_expired(now);
        if rules.of(resource).count() >= RULES {
            return Err(RuleError::TooMany);
        }
        rules.last_id += 1;
        let rule = Rule::new(rules.last_id, resource, new, now);
        rules.list.push(rule.clone());
        self.tidy(&mut rules);
        Ok(rule)
    }

    /// The rules of a resource in the order in which they were added.
    #[must_use]
    pub fn list(&self, resource: ResourceId) -> Vec<Rule> {
        let mut rules = self.rules();
        rules.drop_expired(Instant::now());
        self.tidy(&mut rules);
        rules.of(resource).cloned().collect()
    }

    /// Takes a rule back; false when the resource has none of this id.
    pub fn remove(&self, resource: ResourceId, id: u64) -> bool {
        let mut rules = self.rules();
        rules.drop_expired(Instant::now());
        let before = rules.list.len();
        rules
            .list
            .retain(|rule| rule.resource != resource || rule.id != id);
        let removed = rules.list.len() < before;
        self.tidy(&mut rules);
        removed
    }

    /// Takes all rules of a resource back.
    pub fn clear(&self, resource: ResourceId) {
        let mut rules = self.rules();
        rules.list.retain(|rule| rule.resource != resource);
        self.tidy(&mut rules);
    }

    /// Uses up the rules that a request meets: all latencies before the first answer, and that answer.
    fn meet(
        &self,
        resource: ResourceId,
        credential: Credential,
        method: &Method,
        path: &str,
        now: Instant,
    ) -> (Duration, Option<ApiError>) {
        let mut rules = self.rules();
        rules.drop_expired(now);
        let mut latency = Duration::ZERO;
        let mut answer = None;
        for rule in &mut rules.list {
            if rule.resource != resource || !rule.operation.matches(method, path) {
                continue;
            }
            match rule.fault {
                Fault::Latency(time) => {
                    if rule.take() {
                        latency = latency.saturating_add(time).min(MAX_LATENCY);
                    }
                }
                Fault::Status { status, retry_after } => {
                    if rule.take() {
                        answer = Some(injected(status, retry_after));
                        break;
                    }
                }
                Fault::ExpiredToken => {
                    let expired = match credential {
                        Credential::AccessKey => continue,
                        Credential::Token => ApiError::unauthorized(),
                        Credential::EntraToken => ApiError::denied(),
                    };
                    if rule.take() {
                        answer = Some(expired);
                        break;
                    }
                }
                Fault::DropSocket => {}
            }
        }
        self.tidy(&mut rules);
        (latency, answer)
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets rules that have done their work.
    fn tidy(&self, rules: &mut Rules) {
        rules.list.retain(|rule| rule.remaining != Some(0));
        self.0.any.store(!rules.list.is_empty(), Ordering::Release);
    }
}

impl Rules {
    fn of(&self, resource: ResourceId) -> impl Iterator<Item = &Rule> {
        self.list.iter().filter(move |rule| rule.resource == resource)
    }

    fn drop_expired(&mut self, now: Instant) {
        self.list
            .retain(|rule| rule.until.is_none_or(|until| now < until));
    }
}

/// The answer with this status.
fn injected(status: u16, retry_after: Option<u64>) -> ApiError {
    let error = ApiError::new(match status {
        401 => &entry::INJECTED_401,
        403 => &entry::INJECTED_403,
        429 => &entry::INJECTED_429,
        500 => &entry::INJECTED_500,
        502 => &entry::INJECTED_502,
        504 => &entry::INJECTED_504,
        _ => &entry::INJECTED_503,
    });
    match retry_after {
        Some(seconds) => error.with_retry_after(seconds),
        None => error,
    }
}

#[cfg(test)]
mod tests;
