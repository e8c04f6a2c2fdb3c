//! The agent of a native client (RFC 8445, full and controlling).
//!
//! 1. Checks go out to the peer's addresses, one per 50 ms, the best first. TCP is tried once UDP has not answered for a
//!    second.
//! 2. The best pair that answers is *nominated*: checked once more with USE-CANDIDATE. A better one that is still
//!    being checked gets 100 ms of grace.
//! 3. The answer *selects* the pair. From then on it is asked for consent about every 5 s (RFC 7675).
//! 4. Without an answer for 30 s the session is interrupted, and all addresses are checked anew, those of TCP among them.
//!    After another 30 s it is over.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

use super::agent::IceEvent;
use super::check::{Claim, accept, authenticate, refuse, send};
use super::pair::{Pair, PairState, Transaction, unspecified};
use super::{CONNECT_TIMEOUT, CONSENT_EXPIRY, CONSENT_INTERVAL, INTERRUPTION_LIMIT, IceCredentials, Path};
use crate::outbox::Outbox;
use crate::session::DropReason;
use crate::stun::{Class, ErrorCode, Message, MessageBuilder, TransactionId};
use crate::timers::Timers;

/// Pace of first checks, RFC 8445 §14.2 (Ta).
const PACE: Duration = Duration::from_millis(50);

/// How long a working pair waits for a better one.
const NOMINATION_GRACE: Duration = Duration::from_millis(100);

/// How long UDP may take to answer before TCP is tried: two checks, and the answer to the second.
const TCP_DELAY: Duration = Duration::from_secs(1);

/// The most remote addresses that are checked, signalled and discovered ones together.
const MAX_PAIRS: usize = 64;

/// The most consent checks whose answers are still waited for: the whole 30 s of them.
const MAX_CONSENT_CHECKS: usize = 8;

/// After so many unanswered consent checks our own address is in doubt, and the system chooses a new one.
const SUSPECT_AFTER: usize = 2;

/// How often a role conflict is answered by a new check, before the pair counts as failed.
const MAX_ROLE_CONFLICTS: u32 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    /// The next first check may go out.
    Pace,
    /// The grace for better pairs is over.
    Nominate,
    /// No path was found in time.
    Connect,
    /// The next consent check is due.
    Consent,
    /// The peer's consent has expired.
    Expiry,
    /// It has not come back.
    End,
}

#[derive(Debug)]
pub(crate) struct ControllingAgent {
    local: IceCredentials,
    remote: Option<IceCredentials>,
    rng: StdRng,
    tie_breaker: u64,
    role_conflicts: u32,
    /// The best first.
    pairs: Vec<Pair>,
    selected: Option<Path>,
    /// Whether the peer's consent to the selected path has expired.
    is_interrupted: bool,
    /// When TCP may be tried.
    tcp_from: Option<Instant>,
    consent_checks: VecDeque<(TransactionId, Instant)>,
    rtt: Option<Duration>,
    timers: Timers<Timer, 6>,
}

impl ControllingAgent {
    pub(crate) fn new(local: IceCredentials, mut rng: StdRng) -> Self {
        let tie_breaker = rng.next_u64();
        Self {
            local,
            remote: None,
            rng,
            tie_breaker,
            role_conflicts: 0,
            pairs: Vec::new(),
            selected: None,
            is_interrupted: false,
            tcp_from: None,
            consent_checks: VecDeque::new(),
            rtt: None,
            timers: Timers::new([
                Timer::Pace,
                Timer::Nominate,
                Timer::Connect,
                Timer::Consent,
                Timer::Expiry,
                Timer::End,
            ]),
        }
    }

    pub(crate) fn set_local(&mut self, local: IceCredentials) {
        self.local = local;
    }

    pub(crate) fn set_remote(
        &mut self,
        now: Instant,
        remote: IceCredentials,
        candidates: &[SocketAddr],
        outbox: &mut Outbox,
    ) {
        // On a restart without new candidates the known addresses are checked again.
        let known: Vec<_> = if candidates.is_empty() {
            self.selected
                .iter()
                .map(|path| path.remote)
                .chain(self.pairs.iter().map(|pair| pair.remote))
                .collect()
        } else {
            candidates.to_vec()
        };
        self.remote = Some(remote);
        self.role_conflicts = 0;
        self.consent_checks.clear();
        self.timers.stop(Timer::Consent);
        self.timers.stop(Timer::End);
        self.timers.set(Timer::Connect, now + CONNECT_TIMEOUT);
        self.check_all(now, known, outbox);
    }

    pub(crate) fn handle_message(
        &mut self,
        now: Instant,
        path: Path,
        message: &Message<'_>,
        outbox: &mut Outbox,
    ) -> Result<Option<IceEvent>, DropReason> {
        match message.class() {
            Class::Request => self.handle_request(now, path, message, outbox).map(|()| None),
            Class::Success | Class::Error => self.handle_response(now, path, message, outbox),
            Class::Indication => Err(DropReason::UnexpectedStun),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant, outbox: &mut Outbox) -> Option<IceEvent> {
        self.retransmit(now, outbox);
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Pace => self.start_next(now, outbox),
                Timer::Nominate => self.nominate(now, outbox),
                Timer::Consent => self.ask_consent(now, outbox),
                Timer::Expiry => return self.interrupt(now, outbox),
                Timer::Connect | Timer::End => {
                    self.timers.stop_all();
                    self.pairs.clear();
                    return Some(if timer == Timer::End {
                        IceEvent::ConsentExpired
                    } else {
                        IceEvent::Failed
                    });
                }
            }
        }
        None
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let transactions = self
            .pairs
            .iter()
            .filter_map(|pair| pair.transaction().map(|it| it.next));
        transactions.chain(self.timers.next_timeout()).min()
    }

    pub(crate) fn is_verified(&self, path: Path) -> bool {
        self.selected
            .is_some_and(|selected| selected.remote == path.remote)
            || self
                .pairs
                .iter()
                .any(|pair| pair.is_valid && pair.remote == path.remote)
    }

    /// The nominated path, unless nothing may be sent along it.
    pub(crate) const fn selected(&self) -> Option<Path> {
        if self.is_interrupted { None } else { self.selected }
    }

    pub(crate) fn best(&self) -> Option<Path> {
        self.selected()
            .or_else(|| self.pairs.iter().find(|pair| pair.is_valid).map(Pair::path))
    }

    pub(crate) const fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    fn handle_request(
        &mut self,
        now: Instant,
        path: Path,
        message: &Message<'_>,
        outbox: &mut Outbox,
    ) -> Result<(), DropReason> {
        authenticate(message, &self.local, self.remote.as_ref())?;
        if refuse(message, Claim::Controlling, path, &self.local, outbox) {
            return Ok(());
        }
        accept(message, path, &self.local, outbox);
        if self.selected().is_some() {
            return Ok(());
        }
        // RFC 8445 §7.3.1.4: the address may be a new one, and its pair is checked out of turn.
        self.add_pair(path.remote);
        let found = self.pairs.iter().position(|pair| pair.remote == path.remote);
        if let Some(index) = found
            && matches!(
                self.pairs.get(index),
                Some(Pair {
                    state: PairState::Waiting | PairState::Failed,
                    ..
                })
            )
        {
            self.start(index, false, now, outbox);
        }
        Ok(())
    }

    fn handle_response(
        &mut self,
        now: Instant,
        path: Path,
        message: &Message<'_>,
        outbox: &mut Outbox,
    ) -> Result<Option<IceEvent>, DropReason> {
        let remote = self.remote.as_ref().ok_or(DropReason::UnexpectedStun)?;
        if !message.verify_integrity(&remote.pwd) {
            return Err(DropReason::UnauthenticatedStun);
        }
        let id = message.transaction_id();
        if let Some(index) = self.consent_checks.iter().position(|(other, _)| *other == id) {
            return self.handle_consent(now, path, message, index);
        }
        let pending = self
            .pairs
            .iter()
            .enumerate()
            .find_map(|(index, pair)| pair.transaction().filter(|it| it.id == id).map(|it| (index, *it)));
        let (index, transaction) = pending.ok_or(DropReason::UnexpectedStun)?;
        let pair = self.pairs.get_mut(index).ok_or(DropReason::UnexpectedStun)?;
        // RFC 8445 §7.2.5.2.1: an answer from elsewhere makes the pair useless.
        if pair.remote != path.remote {
            pair.state = PairState::Failed;
            return Ok(None);
        }
        if message.class() == Class::Error {
            if message.error_code() == Some(ErrorCode::ROLE_CONFLICT)
                && self.role_conflicts < MAX_ROLE_CONFLICTS
            {
                // Our role is fixed; with the highest tie breaker the other side has to yield.
                self.role_conflicts += 1;
                self.tie_breaker = u64::MAX;
                self.start(index, transaction.nominates, now, outbox);
            } else {
                pair.state = PairState::Failed;
            }
            return Ok(None);
        }
        pair.state = PairState::Succeeded;
        pair.is_valid = true;
        pair.local = Some(path.local);
        self.rtt = transaction.rtt(now).or(self.rtt);
        if transaction.nominates {
            return Ok(self.select(now, path));
        }
        let better_pending = self.pairs.iter().take(index).any(Pair::is_open);
        if better_pending {
            if !self.timers.is_set(Timer::Nominate) {
                self.timers.set(Timer::Nominate, now + NOMINATION_GRACE);
            }
        } else {
            self.nominate(now, outbox);
        }
        Ok(None)
    }

    fn handle_consent(
        &mut self,
        now: Instant,
        path: Path,
        message: &Message<'_>,
        index: usize,
    ) -> Result<Option<IceEvent>, DropReason> {
        let Some(selected) = &mut self.selected else {
            return Err(DropReason::UnexpectedStun);
        };
        if message.class() != Class::Success || selected.remote != path.remote {
            return Err(DropReason::UnexpectedStun);
        }
        if let Some((_, sent)) = self.consent_checks.get(index) {
            self.rtt = Some(now.saturating_duration_since(*sent));
        }
        self.consent_checks.clear();
        let moved = selected.local != path.local;
        selected.local = path.local;
        let was_interrupted = self.settle(now);
        Ok(match (moved, was_interrupted) {
            (true, _) => Some(IceEvent::Selected(path)),
            (false, true) => Some(IceEvent::Resumed),
            (false, false) => None,
        })
    }

    fn select(&mut self, now: Instant, path: Path) -> Option<IceEvent> {
        let changed = self.selected != Some(path);
        self.selected = Some(path);
        self.timers.stop_all();
        let was_interrupted = self.settle(now);
        self.schedule_consent(now);
        match (changed, was_interrupted) {
            (true, _) => Some(IceEvent::Selected(path)),
            (false, true) => Some(IceEvent::Resumed),
            (false, false) => None,
        }
    }

    /// The peer agrees to the selected path; whether it had not for a while, so that others were checked meanwhile.
    fn settle(&mut self, now: Instant) -> bool {
        self.timers.set(Timer::Expiry, now + CONSENT_EXPIRY);
        self.timers.stop(Timer::End);
        let was_interrupted = std::mem::take(&mut self.is_interrupted);
        let is_restarting = self.timers.is_set(Timer::Connect);
        if !is_restarting {
            self.timers.stop(Timer::Pace);
            self.timers.stop(Timer::Nominate);
            for pair in &mut self.pairs {
                if pair.state != PairState::Succeeded {
                    pair.state = PairState::Failed;
                }
            }
        }
        was_interrupted
    }

    /// The peer's consent has expired. It may be elsewhere, or reached another way.
    fn interrupt(&mut self, now: Instant, outbox: &mut Outbox) -> Option<IceEvent> {
        self.is_interrupted = true;
        // A restart has its own limit, and its checks are on their way.
        if !self.timers.is_set(Timer::Connect) {
            self.timers.set(Timer::End, now + INTERRUPTION_LIMIT);
            let known = self.pairs.iter().map(|pair| pair.remote);
            let known = known.chain(self.selected.map(|path| path.remote)).collect();
            self.check_all(now, known, outbox);
        }
        Some(IceEvent::Interrupted)
    }

    /// Begins to check these addresses, and forgets what was known of others.
    fn check_all(&mut self, now: Instant, remotes: Vec<SocketAddr>, outbox: &mut Outbox) {
        self.pairs.clear();
        for remote in remotes {
            self.add_pair(remote);
        }
        // Whatever their order, UDP is better (RFC 6544 §4.2).
        self.pairs.sort_by_key(Pair::is_tcp);
        self.tcp_from = Some(now + TCP_DELAY);
        self.timers.stop(Timer::Nominate);
        self.start_next(now, outbox);
    }

    fn add_pair(&mut self, remote: SocketAddr) {
        if self.pairs.len() < MAX_PAIRS && self.pairs.iter().all(|pair| pair.remote != remote) {
            self.pairs.push(Pair::new(remote));
        }
    }

    /// Starts the first check of the best pair that waits.
    fn start_next(&mut self, now: Instant, outbox: &mut Outbox) {
        let Some(index) = self
            .pairs
            .iter()
            .position(|pair| pair.state == PairState::Waiting)
        else {
            return;
        };
        let is_tcp = self.pairs.get(index).is_some_and(Pair::is_tcp);
        if is_tcp && let Some(from) = self.tcp_from.filter(|_| self.may_udp_answer()) {
            if self.pairs.iter().any(|pair| pair.is_valid) {
                return;
            }
            if now < from {
                return self.timers.set(Timer::Pace, from);
            }
        }
        self.start(index, false, now, outbox);
        self.timers.set(Timer::Pace, now + PACE);
    }

    /// Whether there is an address of UDP that has answered or still may.
    fn may_udp_answer(&self) -> bool {
        self.pairs
            .iter()
            .any(|pair| !pair.is_tcp() && (pair.is_valid || pair.is_open()))
    }

    /// Nominates the best pair that has answered, once.
    fn nominate(&mut self, now: Instant, outbox: &mut Outbox) {
        if self
            .pairs
            .iter()
            .any(|pair| pair.transaction().is_some_and(|it| it.nominates))
        {
            return;
        }
        if let Some(index) = self
            .pairs
            .iter()
            .position(|pair| pair.state == PairState::Succeeded)
        {
            self.timers.stop(Timer::Nominate);
            self.start(index, true, now, outbox);
        }
    }

    fn start(&mut self, index: usize, nominates: bool, now: Instant, outbox: &mut Outbox) {
        let id = self.new_id();
        if let Some(pair) = self.pairs.get_mut(index) {
            pair.state = PairState::InProgress(Transaction::start(id, nominates, pair.is_tcp(), now));
            let path = pair.path();
            self.send_check(path, id, nominates, outbox);
        }
    }

    fn retransmit(&mut self, now: Instant, outbox: &mut Outbox) {
        let mut renominate = false;
        for index in 0..self.pairs.len() {
            let Some(pair) = self.pairs.get_mut(index) else {
                continue;
            };
            let Some(due) = pair.transaction().copied().filter(|it| it.next <= now) else {
                continue;
            };
            match due.retransmit(now) {
                Some(next) => {
                    pair.state = PairState::InProgress(next);
                    let path = pair.path();
                    self.send_check(path, next.id, next.nominates, outbox);
                }
                None => {
                    pair.state = PairState::Failed;
                    renominate |= due.nominates;
                }
            }
        }
        if renominate {
            self.nominate(now, outbox);
        }
    }

    fn ask_consent(&mut self, now: Instant, outbox: &mut Outbox) {
        let Some(mut path) = self.selected else { return };
        if self.consent_checks.len() >= SUSPECT_AFTER {
            path.local = unspecified(path.remote);
        }
        if self.consent_checks.len() >= MAX_CONSENT_CHECKS {
            self.consent_checks.pop_front();
        }
        let id = self.new_id();
        self.consent_checks.push_back((id, now));
        // USE-CANDIDATE lets a lite peer follow us when our address has changed.
        self.send_check(path, id, true, outbox);
        self.schedule_consent(now);
    }

    /// RFC 7675 §5.1: 0.8 to 1.2 times the interval, drawn anew each time.
    fn schedule_consent(&mut self, now: Instant) {
        let factor = self.rng.random_range(0.8..=1.2);
        self.timers
            .set(Timer::Consent, now + CONSENT_INTERVAL.mul_f64(factor));
    }

    fn send_check(&self, path: Path, id: TransactionId, nominates: bool, outbox: &mut Outbox) {
        let Some(remote) = &self.remote else { return };
        send(outbox, path, |buffer| {
            let mut builder = MessageBuilder::new(buffer, Class::Request, id)?;
            builder.username(&remote.ufrag, &self.local.ufrag)?;
            builder.priority(PEER_REFLEXIVE_PRIORITY)?;
            builder.ice_controlling(self.tie_breaker)?;
            if nominates {
                builder.use_candidate()?;
            }
            builder.finish_with_integrity(&remote.pwd)
        });
    }

    fn new_id(&mut self) -> TransactionId {
        let mut id = [0; 12];
        self.rng.fill_bytes(&mut id);
        TransactionId(id)
    }
}

/// What our address would be worth as a peer-reflexive candidate, RFC 8445 §5.1.2.1 and §7.1.1: type preference 110,
/// local preference 65535, component 1.
const PEER_REFLEXIVE_PRIORITY: u32 = (110 << 24) | (65_535 << 8) | 255;
