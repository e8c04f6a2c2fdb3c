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
            let person = self
                .people
                .get(&session)
                .map(|participant| participant.person.id.clone());
            self.leave_call(session, 0, Some(&EndReason::removed()));
            // Comes back through the lobby only, as long as the call lasts.
            if let (Some(person), Some(call)) = (person, &mut self.call) {
                call.removed(person);
            }
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

    /// `mutes`: how many times the participant knows to have been muted by others.
    pub(super) fn media_state(&mut self, session: SessionId, reply: u32, state: &MediaState, mutes: u32) {
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
        // Who unmutes without knowing of a mute does not mean to undo it.
        let crossed = !mic_muted && mutes < present.mutes;
        let mic_muted = mic_muted || crossed;
        present.mic_muted = mic_muted;
        present.camera_on = camera_on;
        present.screen_sharing = screen_sharing;
        // What others silenced goes on when its owner turns it on again.
        present.cut.mic &= mic_muted;
        present.cut.camera &= !camera_on;
        present.cut.screen &= !screen_sharing;
        self.apply_pauses(session);
        if before != (mic_muted, camera_on, screen_sharing) {
            self.roster_changed(session);
        }
        if crossed {
            let message = "You have been muted meanwhile; unmute again.";
            self.refuse(session, reply, "muted", message);
        } else {
            self.done(session, reply);
        }
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

    pub(super) fn not_in_call(&mut self, session: SessionId, reply: u32) {
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
