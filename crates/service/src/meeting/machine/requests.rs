//! What participants ask for: removing others, ending the meeting, the state of their sources.

use anteroom_signaling::proto::{self, MediaState};
use anteroom_teams_link::admission::EndReason;
use anteroom_teams_link::{Capability, Role};

use super::participant::{CallRole, Participant, SessionId};
use super::{Meeting, Now};

impl Meeting {
    pub(super) fn remove(&mut self, now: Now, by: SessionId, reply: u32, ids: &[String]) {
        if !self.may(by, reply, Capability::RemoveParticipant) {
            return;
        }
        let chosen = self.find(ids, Participant::in_call);
        if chosen.is_empty() {
            self.unknown_participant(by, reply);
            return;
        }
        let organizer = |session: &SessionId| {
            let present = self.people.get(session).and_then(Participant::present);
            present.is_some_and(|present| present.role == CallRole::Meeting(Role::Organizer))
        };
        if chosen.contains(&by) {
            self.refuse(
                by,
                reply,
                "not_allowed",
                "You cannot remove yourself; leave instead.",
            );
            return;
        }
        if chosen.iter().any(organizer) {
            self.refuse(by, reply, "not_allowed", "The organizer cannot be removed.");
            return;
        }
        for session in chosen {
            self.leave_call(session, 0, Some(&EndReason::removed()));
        }
        self.done(by, reply);
        self.review_lobby(now);
    }

    pub(super) fn end_meeting(&mut self, by: SessionId, reply: u32) {
        if !self.may(by, reply, Capability::HangUpForEveryOne) {
            return;
        }
        self.done(by, reply);
        self.end_all(&EndReason::ended());
    }

    pub(super) fn media_state(&mut self, session: SessionId, reply: u32, state: &MediaState) {
        let MediaState {
            mic_muted,
            camera_on,
            screen_sharing,
        } = *state;
        let wanted = [
            (!mic_muted, Capability::UnmuteMic),
            (camera_on, Capability::TurnVideoOn),
            (screen_sharing, Capability::ShareScreen),
        ];
        for (on, capability) in wanted {
            if on && !self.may(session, reply, capability) {
                return;
            }
        }
        let Some(present) = self.in_call(session, reply) else {
            return;
        };
        let before = (present.mic_muted, present.camera_on, present.screen_sharing);
        present.mic_muted = mic_muted;
        present.camera_on = camera_on;
        present.screen_sharing = screen_sharing;
        if before != (mic_muted, camera_on, screen_sharing) {
            self.roster_changed(session);
        }
        self.done(session, reply);
    }

    /// Whether a session may do something; if not, it is told.
    pub(super) fn may(&mut self, session: SessionId, reply: u32, capability: Capability) -> bool {
        let Some(participant) = self.people.get(&session) else {
            return false;
        };
        if !participant.in_call() {
            self.not_in_call(session, reply);
            return false;
        }
        if !participant.can(capability) {
            self.refuse(
                session,
                reply,
                "not_allowed",
                "Your role in this meeting does not allow this.",
            );
            return false;
        }
        true
    }

    /// The state of a session that has to be in the call; if it is not, it is told.
    pub(super) fn in_call(
        &mut self,
        session: SessionId,
        reply: u32,
    ) -> Option<&mut super::participant::Present> {
        let inside = self.people.get(&session)?.in_call();
        if !inside {
            self.not_in_call(session, reply);
            return None;
        }
        self.people.get_mut(&session)?.present_mut()
    }

    pub(super) fn unknown_participant(&mut self, session: SessionId, reply: u32) {
        self.refuse(
            session,
            reply,
            "unknown_participant",
            "There is no such participant.",
        );
    }

    fn not_in_call(&mut self, session: SessionId, reply: u32) {
        self.refuse(session, reply, "not_in_call", "This needs to be in the call.");
    }
}

/// The reason as it goes over the wire.
pub(crate) fn wire_reason(reason: &EndReason) -> proto::EndReason {
    proto::EndReason {
        code: reason.code,
        sub_code: reason.sub_code,
        key: reason.key.to_owned(),
        message: reason.message.to_owned(),
    }
}
