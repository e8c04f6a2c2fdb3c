//! The way in: the decision, the lobby, letting in and turning away.

use std::time::Duration;

use anteroom_signaling::proto::lobby::Reason;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, LobbyUpdate};
use anteroom_teams_link::Capability;
use anteroom_teams_link::admission::{EndReason, LobbyReason};
use anteroom_teams_link::lobby::{self, JoinError, Outcome};

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
        let verdict = self.decide(&person, now).into();
        match self.lobby.join(now.instant, session, verdict) {
            Ok(Outcome::Admitted(place)) => {
                let id = self.fresh_id();
                self.enter(session, place.entrant(id, person, true), reply);
                self.review_lobby(now);
            }
            Ok(Outcome::Waits { reason, remaining }) => {
                self.wait(now, session, person);
                let body = self.lobby_message(reason, remaining);
                self.reply(session, reply, body);
                let entry = self.people.get(&session).and_then(Participant::lobby_entry);
                self.lobby_changed(entry.into_iter().collect(), Vec::new());
            }
            Ok(Outcome::Refused(reason)) => self.deny(session, reply, &reason),
            Err(JoinError::Full | JoinError::AlreadyWaiting) => {
                self.deny(session, reply, &EndReason::meeting_full());
            }
        }
    }

    /// Decides anew about everybody in the lobby: a rule has changed, or somebody has come or gone.
    pub(super) fn review_lobby(&mut self, now: Now) {
        let mut gone = Vec::new();
        self.lobby.review();
        while let Some(session) = self.lobby.poll_review() {
            let Some(participant) = self.people.get(&session) else {
                continue;
            };
            let verdict = self.decide(&participant.person, now);
            let before = (self.call.is_some(), self.started());
            self.decided(now, session, verdict, &mut gone);
            // The start lets in others, who may have come before.
            if (self.call.is_some(), self.started()) != before {
                self.lobby.review();
            }
        }
        self.lobby_changed(Vec::new(), gone);
    }

    /// Carries out a verdict about somebody who waits; whoever is turned away is added to `gone`.
    fn decided(&mut self, now: Now, session: SessionId, verdict: Verdict, gone: &mut Vec<String>) {
        match self.lobby.decided(now.instant, &session, verdict.into()) {
            Some(Outcome::Admitted(place)) => self.let_in(session, place),
            Some(Outcome::Waits { reason, remaining }) => {
                let body = self.lobby_message(reason, remaining);
                self.send(session, body);
            }
            Some(Outcome::Refused(reason)) => gone.extend(self.turn_away(session, 0, Some(&reason))),
            None => {}
        }
    }

    pub(super) fn admit(&mut self, now: Now, by: SessionId, reply: u32, ids: &[String], all: bool) {
        if !self.may(by, reply, Capability::ManageLobby) {
            return;
        }
        let chosen: Vec<SessionId> = if all {
            self.lobby.iter().map(|waiting| waiting.key).collect()
        } else {
            self.find(ids, |p| !p.in_call())
        };
        // Two people may admit the same guest at the same time: whoever is in already is no error.
        if chosen.is_empty() && !all && self.find(ids, |_| true).is_empty() {
            self.unknown_participant(by, reply);
            return;
        }
        let (mut full, mut gone) = (false, Vec::new());
        for session in chosen {
            if self.present_count() >= self.limits.participants {
                full = true;
                break;
            }
            let Some(participant) = self.people.get(&session) else {
                continue;
            };
            let verdict = self.decide_admitted(&participant.person, now);
            let person = &participant.person.id;
            if let (Verdict::Lobby(_), Some(call)) = (&verdict, &mut self.call) {
                // Let in as soon as the meeting begins.
                call.admitted(person.clone());
            }
            self.decided(now, session, verdict, &mut gone);
        }
        self.lobby_changed(Vec::new(), gone);
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
        let rejected: Vec<SessionId> = chosen
            .into_iter()
            .filter(|session| self.lobby.take(session))
            .collect();
        self.turn_all_away(rejected, &EndReason::lobby_denied());
        self.done(by, reply);
    }

    pub(super) fn expire_lobby(&mut self, now: Now) {
        let expired = self.lobby.handle_timeout(now.instant);
        self.turn_all_away(expired, &EndReason::lobby_timeout());
    }

    /// Takes a participant out of the lobby with a reason, or without one when its session is over already.
    pub(super) fn leave_lobby(&mut self, session: SessionId, reply: u32, reason: Option<&EndReason>) {
        self.lobby.take(&session);
        let gone = self.turn_away(session, reply, reason);
        self.lobby_changed(Vec::new(), gone.into_iter().collect());
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
        self.people.len() - self.lobby.len()
    }

    /// The sessions of these participants, each once.
    pub(super) fn find(&self, ids: &[String], fits: impl Fn(&Participant) -> bool) -> Vec<SessionId> {
        self.people
            .iter()
            .filter(|(_, participant)| fits(participant) && ids.contains(&participant.id))
            .map(|(session, _)| *session)
            .collect()
    }

    fn deny(&mut self, session: SessionId, reply: u32, reason: &EndReason) {
        let body = Body::Denied(proto::Denied {
            reason: Some(wire_reason(reason)),
        });
        self.effects.push_back(Effect::End { session, reply, body });
    }

    fn wait(&mut self, now: Now, session: SessionId, person: Person) {
        let participant = Participant {
            id: self.fresh_id(),
            label: self.label(&person),
            person,
            connected: true,
            stage: Stage::Lobby(Waiting { since: now.wall }),
        };
        let waiting = participant.for_event(self.facts.tenant());
        self.people.insert(session, participant);
        self.happened(EventKind::LobbyWaiting { participant: waiting });
    }

    /// Ends the stay of people the lobby has given up.
    pub(super) fn turn_all_away(&mut self, sessions: Vec<SessionId>, reason: &EndReason) {
        let gone: Vec<String> = sessions
            .into_iter()
            .filter_map(|session| self.turn_away(session, 0, Some(reason)))
            .collect();
        self.lobby_changed(Vec::new(), gone);
    }

    /// Ends the stay of somebody the lobby has given up; gives the id for those who see the lobby.
    fn turn_away(&mut self, session: SessionId, reply: u32, reason: Option<&EndReason>) -> Option<String> {
        let participant = self.people.remove(&session)?;
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
        Some(participant.id)
    }

    /// From the lobby, which has given it up, into the call.
    fn let_in(&mut self, session: SessionId, place: Place) {
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
        self.enter(session, place.entrant(id, person, connected), 0);
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

    /// Tells whoever sees the lobby.
    pub(super) fn lobby_changed(&mut self, upserted: Vec<proto::LobbyParticipant>, left: Vec<String>) {
        let (mut upserted, mut left) = (upserted.into_iter().peekable(), left.into_iter().peekable());
        while upserted.peek().is_some() || left.peek().is_some() {
            let body = Body::LobbyRoster(LobbyUpdate {
                snapshot: false,
                upserted: upserted.by_ref().take(PER_MESSAGE).collect(),
                left: left.by_ref().take(PER_MESSAGE).collect(),
            });
            self.broadcast(&body, |_, participant| participant.can(Capability::ManageLobby));
        }
    }
}

/// What somebody gets who is let in.
struct Place {
    role: CallRole,
}

impl Place {
    fn entrant(self, id: String, person: Person, connected: bool) -> Entrant {
        Entrant {
            id,
            person,
            role: self.role,
            connected,
        }
    }
}

impl From<Verdict> for lobby::Verdict<Place, EndReason> {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Deny(reason) => Self::Deny(reason),
            Verdict::Lobby(reason) => Self::Wait(reason),
            Verdict::Admit { role, .. } => Self::Admit(Place { role }),
        }
    }
}
