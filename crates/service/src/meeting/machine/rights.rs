//! What participants may do, why not the rest, and what follows when that changes.

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, TrackSource};
use anteroom_teams_link::admission::{self, CapabilityReason, CapabilityReport, Circumstances};
use anteroom_teams_link::{Capability, CapabilitySet, Role};

use super::participant::{CallRole, Own, Participant, Person, SessionId, wire_role};
use super::{Effect, Meeting, Policy, room};
use crate::media::negotiate::Peer;

impl Meeting {
    /// What somebody with a role may do, and why not the rest.
    pub(super) fn report(&self, role: CallRole, person: &Person, own: Own) -> CapabilityReport {
        match (role, &self.policy) {
            (CallRole::Meeting(role), Policy::Meeting(rules)) => admission::capability_reasons(
                role,
                rules.settings(),
                self.admission_participant(person),
                Circumstances {
                    consent_outstanding: self.asks_consent() && self.is_recorded() && !own.consented,
                    audio_forbidden: own.mic_forbidden,
                    video_forbidden: own.camera_forbidden,
                },
            ),
            (CallRole::Room(role), _) => {
                CapabilityReport::from_set(room::capabilities(role), CapabilityReason::RoleRestricted)
            }
            // A meeting stays one.
            (CallRole::Meeting(_), Policy::Room(_) | Policy::Group(_)) => {
                CapabilityReport::from_set(CapabilitySet::EMPTY, CapabilityReason::FeatureNotSupported)
            }
        }
    }

    /// Settings or circumstances have changed: roles stay, what everybody may do follows.
    pub(super) fn review_capabilities(&mut self) {
        for session in self.present_sessions() {
            let present = self.people.get(&session).and_then(Participant::present);
            if let Some(role) = present.map(|present| present.role) {
                self.set_role_of(session, role);
            }
        }
    }

    /// Gives somebody in the call a role, the same or another, and looks at its rights anew: it is told, others see the
    /// role, and what it may not send any more is not forwarded any more.
    pub(super) fn set_role_of(&mut self, session: SessionId, role: CallRole) {
        let Some(participant) = self.people.get(&session) else {
            return;
        };
        let Some(present) = participant.present() else {
            return;
        };
        let report = self.report(role, &participant.person, present.own);
        let role_changed = present.role != role;
        if !role_changed && present.report == report {
            return;
        }
        let (before, after) = (present.capabilities, report.set());
        let (seen, person) = (present.view(), participant.person.id.clone());
        let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
            return;
        };
        present.role = role;
        present.report = report;
        present.capabilities = after;
        let muted = present.cut_off(before);
        let sees_anew = present.view() != seen;
        self.apply_pauses(session);
        self.send(
            session,
            Body::CapabilitiesChanged(proto::CapabilitiesChanged {
                role: wire_role(role).into(),
                capabilities: names(&after),
                states: states(&report),
            }),
        );
        if after.contains(Capability::ManageLobby) && !before.contains(Capability::ManageLobby) {
            self.send_lobby_snapshot(session);
        }
        if role_changed || muted {
            self.roster_changed(session);
        }
        if role_changed || sees_anew {
            self.note_name(&person);
        }
        if sees_anew {
            self.send_roster_snapshot(session);
        }
    }

    /// Has the router forward what may be forwarded of a participant, and nothing else.
    pub(super) fn apply_pauses(&mut self, session: SessionId) {
        let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
            return;
        };
        let paused: Vec<TrackSource> = present.paused().collect();
        let command = present
            .peer
            .as_mut()
            .and_then(|peer: &mut Peer| peer.set_paused(|source| paused.contains(&source)));
        if let Some(command) = command {
            self.effects.push_back(Effect::Media(Box::new(command)));
        }
    }

    /// Whether a session may do something; if not, it is told why.
    pub(super) fn may(&mut self, session: SessionId, reply: u32, capability: Capability) -> bool {
        let Some(participant) = self.people.get(&session) else {
            return false;
        };
        let Some(present) = participant.present() else {
            self.not_in_call(session, reply);
            return false;
        };
        let reason = present.report.reason(capability);
        if reason == CapabilityReason::Capable {
            return true;
        }
        self.refuse_because(session, reply, Some(capability), reason);
        false
    }

    /// Whether a session has one of these roles; if not, it is told. For what has no capability of its own: guests never
    /// do it.
    pub(super) fn leads(&mut self, session: SessionId, reply: u32, roles: &[Role]) -> bool {
        let Some(participant) = self.people.get(&session) else {
            return false;
        };
        let Some(present) = participant.present() else {
            self.not_in_call(session, reply);
            return false;
        };
        let reason = if !self.is_colleague(participant) {
            CapabilityReason::NotCapable
        } else if !roles.iter().any(|role| present.role == CallRole::Meeting(*role)) {
            CapabilityReason::RoleRestricted
        } else {
            return true;
        };
        self.refuse_because(session, reply, None, reason);
        false
    }

    pub(super) fn refuse_because(
        &mut self,
        session: SessionId,
        reply: u32,
        capability: Option<Capability>,
        reason: CapabilityReason,
    ) {
        let sentence = match reason {
            CapabilityReason::NotCapable => "Guests cannot do this",
            CapabilityReason::UserPolicyRestricted => "The policy of the organizer does not allow this",
            CapabilityReason::MeetingRestricted => "The meeting does not allow this",
            CapabilityReason::RoleRestricted => "Your role in this meeting does not allow this",
            CapabilityReason::ExplicitConsentRequired => "This needs your consent to the recording",
            _ => "This is not possible here",
        };
        let error = proto::Error {
            key: "not_allowed".to_owned(),
            message: format!("{sentence} ({}).", reason.as_str()),
            capability: capability
                .map(|capability| capability.to_string())
                .unwrap_or_default(),
            reason: reason.as_str().to_owned(),
        };
        self.reply(session, reply, Body::Error(error));
    }
}

pub(super) fn names(capabilities: &CapabilitySet) -> Vec<String> {
    capabilities
        .iter()
        .map(|capability| capability.to_string())
        .collect()
}

pub(super) fn states(report: &CapabilityReport) -> Vec<proto::CapabilityState> {
    report
        .iter()
        .map(|state| proto::CapabilityState {
            name: state.capability.to_string(),
            is_present: state.is_present(),
            reason: state.reason.as_str().to_owned(),
        })
        .collect()
}
