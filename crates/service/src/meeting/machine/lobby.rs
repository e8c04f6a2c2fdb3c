//! The way in: the decision, the lobby, letting in and turning away.

use std::time::Duration;

use anteroom_signaling::proto::lobby::Reason;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, LobbyUpdate};
use anteroom_teams_link::admission::{EndReason, LobbyReason};
use anteroom_teams_link::{Capability, CapabilitySet};

use super::call::Entrant;
use super::decide::Verdict;
use super::participant::{CallRole, Participant, Person, SessionId, Stage, Waiting};
use super::requests::wire_reason;
use super::{Effect, Meeting, Now, PER_MESSAGE};
use crate::meeting::events::{EventKind, LobbyOutcome};

impl Meeting {
    pub(super) fn join(&mut self, now: Now, session: SessionId, person: Person, reply: u32) {
        if self.people.contains_key(&session) {
            self.refuse(
                session,
                reply,
                "already_joined",
                "This session has joined already.",
            );
            return;
        }
        self.watch_the_end(now);
        let same = self
            .people
            .values()
            .filter(|other| other.person.id == person.id)
            .count();
        if same >= self.limits.per_identity {
            self.deny(session, reply, &EndReason::meeting_full());
            return;
        }
        match self.decide(&person, now) {
            Verdict::Deny(reason) => self.deny(session, reply, &reason),
            Verdict::Lobby(reason) => {
                if self.waiting_count() >= self.limits.lobby {
                    self.deny(session, reply, &EndReason::meeting_full());
                    return;
                }
                self.wait(now, session, person, reason, reply);
            }
            Verdict::Admit { role, capabilities } => {
                let id = self.fresh_id();
                self.enter(
                    session,
                    Entrant {
                        id,
                        person,
                        role,
                        capabilities,
                        connected: true,
                    },
                    reply,
                );
                self.review_lobby(now);
            }
        }
    }

    /// Decides anew about everybody in the lobby: a rule has changed, or somebody has come or gone.
    pub(super) fn review_lobby(&mut self, now: Now) {
        // Letting one in may change the decision about the others (the call has started, the call is full), so each
        // is decided on with what holds then; another round follows whenever the start was what changed.
        loop {
            let before = (self.call.is_some(), self.started());
            let waiting: Vec<SessionId> = self.waiting().collect();
            for session in waiting {
                self.review(now, session);
            }
            if (self.call.is_some(), self.started()) == before {
                return;
            }
        }
    }

    fn review(&mut self, now: Now, session: SessionId) {
        let Some(participant) = self.people.get(&session) else {
            return;
        };
        match self.decide(&participant.person, now) {
            Verdict::Deny(reason) => self.turn_away(session, &reason),
            Verdict::Lobby(reason) => {
                let timeout = self.people.get_mut(&session).and_then(|participant| {
                    let Stage::Lobby(waiting) = &mut participant.stage else {
                        return None;
                    };
                    let changed = waiting.reason != reason;
                    waiting.reason = reason;
                    changed.then(|| waiting.deadline.saturating_duration_since(now.instant))
                });
                if let Some(timeout) = timeout {
                    let body = self.lobby_message(reason, timeout);
                    self.send(session, body);
                }
            }
            Verdict::Admit { role, capabilities } => self.let_in(session, role, capabilities),
        }
    }

    pub(super) fn admit(&mut self, now: Now, by: SessionId, reply: u32, ids: &[String], all: bool) {
        if !self.may(by, reply, Capability::ManageLobby) {
            return;
        }
        let chosen = if all {
            self.waiting().collect()
        } else {
            self.find(ids, |p| !p.in_call())
        };
        // Two people may admit the same guest at the same time: whoever is in already is no error.
        if chosen.is_empty() && !all && self.find(ids, |_| true).is_empty() {
            self.unknown_participant(by, reply);
            return;
        }
        let mut full = false;
        for session in chosen {
            if self.present_count() >= self.limits.participants {
                full = true;
                break;
            }
            let Some(participant) = self.people.get(&session) else {
                continue;
            };
            let Verdict::Admit { role, capabilities } = self.decide_admitted(&participant.person, now) else {
                continue;
            };
            self.let_in(session, role, capabilities);
        }
        if full {
            self.refuse(by, reply, "meeting_full", "The meeting is full.");
        } else {
            self.done(by, reply);
        }
        self.review_lobby(now);
    }

    pub(super) fn reject(&mut self, by: SessionId, reply: u32, ids: &[String]) {
        if !self.may(by, reply, Capability::ManageLobby) {
            return;
        }
        let chosen = self.find(ids, |p| !p.in_call());
        if chosen.is_empty() {
            self.unknown_participant(by, reply);
            return;
        }
        for session in chosen {
            self.turn_away(session, &EndReason::lobby_denied());
        }
        self.done(by, reply);
    }

    pub(super) fn expire_lobby(&mut self, now: Now) {
        let expired: Vec<SessionId> = self
            .people
            .iter()
            .filter(|(_, participant)| participant.deadline().is_some_and(|at| at <= now.instant))
            .map(|(session, _)| *session)
            .collect();
        for session in expired {
            self.turn_away(session, &EndReason::lobby_timeout());
        }
    }

    /// Takes a participant out of the lobby with a reason, or without one when its session is over already.
    pub(super) fn leave_lobby(&mut self, session: SessionId, reply: u32, reason: Option<&EndReason>) {
        let Some(participant) = self.people.remove(&session) else {
            return;
        };
        if let Some(reason) = reason {
            let body = Body::Ended(proto::Ended {
                reason: Some(wire_reason(reason)),
            });
            self.effects.push_back(Effect::End { session, reply, body });
        }
        self.happened(EventKind::LobbyLeft {
            participant: participant.for_event(self.facts.tenant()),
            outcome: LobbyOutcome::of(reason),
        });
        self.lobby_changed(Vec::new(), vec![participant.id]);
    }

    pub(super) fn send_lobby_snapshot(&mut self, session: SessionId) {
        let entries: Vec<_> = self
            .people
            .values()
            .filter_map(Participant::lobby_entry)
            .collect();
        let mut chunks = entries.chunks(PER_MESSAGE);
        let first = chunks.next().unwrap_or_default();
        let snapshot = LobbyUpdate {
            snapshot: true,
            upserted: first.to_vec(),
            left: Vec::new(),
        };
        self.send(session, Body::LobbyRoster(snapshot));
        for further in chunks {
            let update = LobbyUpdate {
                snapshot: false,
                upserted: further.to_vec(),
                left: Vec::new(),
            };
            self.send(session, Body::LobbyRoster(update));
        }
    }

    /// Whether somebody of the organization is in the call, or has been.
    pub(crate) fn started(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.started)
    }

    /// How many are in the call.
    pub(crate) fn present_count(&self) -> usize {
        self.people
            .values()
            .filter(|participant| participant.in_call())
            .count()
    }

    /// The sessions of these participants, each once.
    pub(super) fn find(&self, ids: &[String], fits: impl Fn(&Participant) -> bool) -> Vec<SessionId> {
        self.people
            .iter()
            .filter(|(_, participant)| fits(participant) && ids.contains(&participant.id))
            .map(|(session, _)| *session)
            .collect()
    }

    fn waiting(&self) -> impl Iterator<Item = SessionId> {
        self.people
            .iter()
            .filter(|(_, participant)| !participant.in_call())
            .map(|(session, _)| *session)
    }

    fn waiting_count(&self) -> usize {
        self.people.len() - self.present_count()
    }

    fn deny(&mut self, session: SessionId, reply: u32, reason: &EndReason) {
        let body = Body::Denied(proto::Denied {
            reason: Some(wire_reason(reason)),
        });
        self.effects.push_back(Effect::End { session, reply, body });
    }

    fn wait(&mut self, now: Now, session: SessionId, person: Person, reason: LobbyReason, reply: u32) {
        let deadline = now.instant + self.limits.lobby_timeout;
        let stage = Stage::Lobby(Waiting {
            since: now,
            deadline,
            reason,
        });
        let participant = Participant {
            id: self.fresh_id(),
            person,
            connected: true,
            stage,
        };
        let entry = participant.lobby_entry();
        let waiting = participant.for_event(self.facts.tenant());
        self.people.insert(session, participant);
        self.happened(EventKind::LobbyWaiting { participant: waiting });
        let body = self.lobby_message(reason, self.limits.lobby_timeout);
        self.reply(session, reply, body);
        self.lobby_changed(entry.into_iter().collect(), Vec::new());
    }

    fn turn_away(&mut self, session: SessionId, reason: &EndReason) {
        self.leave_lobby(session, 0, Some(reason));
    }

    /// From the lobby into the call.
    fn let_in(&mut self, session: SessionId, role: CallRole, capabilities: CapabilitySet) {
        let Some(participant) = self.people.remove(&session) else {
            return;
        };
        self.happened(EventKind::LobbyLeft {
            participant: participant.for_event(self.facts.tenant()),
            outcome: LobbyOutcome::Admitted,
        });
        let Participant {
            id,
            person,
            connected,
            ..
        } = participant;
        self.lobby_changed(Vec::new(), vec![id.clone()]);
        self.enter(
            session,
            Entrant {
                id,
                person,
                role,
                capabilities,
                connected,
            },
            0,
        );
    }

    fn lobby_message(&self, reason: LobbyReason, timeout: Duration) -> Body {
        let reason = match reason {
            LobbyReason::WaitForAdmit => Reason::WaitForAdmit,
            LobbyReason::WaitForStart => Reason::WaitForStart,
        };
        Body::Lobby(proto::Lobby {
            reason: reason.into(),
            timeout_seconds: u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX),
            subject: self.facts.subject.clone(),
        })
    }

    fn lobby_changed(&mut self, upserted: Vec<proto::LobbyParticipant>, left: Vec<String>) {
        let body = Body::LobbyRoster(LobbyUpdate {
            snapshot: false,
            upserted,
            left,
        });
        self.broadcast(&body, |_, participant| participant.can(Capability::ManageLobby));
    }
}
