//! Recording and transcription as states that everybody sees, and consent to them. What is written is written by
//! [`recording`](crate::recording), from what is not paused here.

use anteroom_media_transport::router::PeerId;
use anteroom_teams_link::Role;
use anteroom_teams_link::admission::CapabilityReason;

use super::participant::{Participant, SessionId};
use super::{Meeting, Policy};

impl Meeting {
    pub(super) fn record(&mut self, by: SessionId, reply: u32, recording: bool, transcription: bool) {
        if !self.leads(by, reply, &[Role::Organizer, Role::CoOrganizer, Role::Presenter]) {
            return;
        }
        let Policy::Meeting(rules) = &self.policy else {
            return;
        };
        let (organizer, options) = (&rules.organizer, &rules.options);
        let begun =
            |wanted, runs: fn(&super::life::Call) -> bool| wanted && !self.call.as_ref().is_some_and(runs);
        let records = begun(recording, |call| call.recording);
        let transcribes = begun(transcription, |call| call.transcription);
        let by_policy =
            (!records || organizer.allow_cloud_recording) && (!transcribes || organizer.allow_transcription);
        let by_meeting =
            (!records || options.allow_recording) && (!transcribes || options.allow_transcription);
        if !by_policy {
            self.refuse_because(by, reply, None, CapabilityReason::UserPolicyRestricted);
            return;
        }
        if !by_meeting {
            self.refuse_because(by, reply, None, CapabilityReason::MeetingRestricted);
            return;
        }
        if records || transcribes {
            // Whoever begins it agrees to it.
            self.agree(by);
        }
        self.set_recorded(Some(by), recording, transcription);
        self.done(by, reply);
    }

    /// Says that the call is recorded or transcribed, or no longer is. Everybody hears of it at once.
    pub(super) fn set_recorded(&mut self, by: Option<SessionId>, recording: bool, transcription: bool) {
        let Some(call) = &mut self.call else { return };
        if (call.recording, call.transcription) == (recording, transcription) {
            return;
        }
        (call.recording, call.transcription) = (recording, transcription);
        let by = by.and_then(|by| self.people.get(&by)).map(|by| by.id.clone());
        // Who has not agreed is cut off before anything is said to be recorded.
        self.review_capabilities();
        self.state_changed();
        let body = self.recording_state(by.unwrap_or_default());
        self.broadcast(&body, |_, _| true);
    }

    pub(super) fn consent(&mut self, session: SessionId, reply: u32) {
        self.agree(session);
        self.done(session, reply);
    }

    fn agree(&mut self, session: SessionId) {
        let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
            return;
        };
        present.own.consented = true;
        let role = present.role;
        self.set_role_of(session, role);
    }

    /// Whether the call is recorded.
    #[must_use]
    pub fn is_being_recorded(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.recording)
    }

    /// What was recorded cannot be written any more: everybody hears that it is not.
    pub fn handle_recording_over(&mut self) {
        let transcription = self.call.as_ref().is_some_and(|call| call.transcription);
        self.set_recorded(None, false, transcription);
        self.settle();
    }

    /// The participant whose media connection this is: id in the call, identity, name.
    #[must_use]
    pub fn sender(&self, peer: PeerId) -> Option<(String, String, String)> {
        let participant = self.people.get(&self.session_of(peer)?)?;
        Some(sender(participant))
    }

    /// Everybody in the call who has a media connection, as [`sender`](Self::sender).
    pub fn senders(&self) -> impl Iterator<Item = (PeerId, (String, String, String))> {
        let of = |participant: &Participant| Some((participant.peer()?.id(), sender(participant)));
        self.people.values().filter_map(of)
    }

    /// The policy may no longer allow what runs.
    pub(super) fn review_recording(&mut self) {
        let Policy::Meeting(rules) = &self.policy else {
            return;
        };
        let recording = rules.organizer.allow_cloud_recording && rules.options.allow_recording;
        let transcription = rules.organizer.allow_transcription && rules.options.allow_transcription;
        let Some(call) = &self.call else { return };
        let (recording, transcription) = (call.recording && recording, call.transcription && transcription);
        self.set_recorded(None, recording, transcription);
    }

    /// Whether explicit consent to a recording was turned on or off: a recording that runs is told anew.
    pub(super) fn review_consent(&mut self, asked_before: bool) {
        if self.is_recorded() && self.asks_consent() != asked_before {
            let body = self.recording_state(String::new());
            self.broadcast(&body, |_, _| true);
        }
    }
}

fn sender(participant: &Participant) -> (String, String, String) {
    let person = &participant.person;
    (
        participant.id.clone(),
        person.id.to_string(),
        person.display_name.clone(),
    )
}
