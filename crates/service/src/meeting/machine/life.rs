//! A call from its start to its end: what holds for it alone, and how it stands.

use std::collections::{BTreeMap, BTreeSet};

use anteroom_identity::id::CommunicationIdentifier;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, RecordingState};
use anteroom_signaling::wire::SharedBody;
use anteroom_teams_link::Role;
use anteroom_teams_link::policy::{ExplicitRecordingConsent, MeetingOptions};
use time::OffsetDateTime;

use super::pace::Pace;
use super::participant::{CallRole, Participant, PersonKind, SessionId, unix_ms};
use super::{Meeting, Policy};

/// Most identities whose role or removal is remembered for a call.
const REMEMBERED: usize = 10_000;

/// The running call.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Call {
    pub(super) id: String,
    /// A verified participant is or has been in the call; with a green room, the meeting was begun.
    pub(super) started: bool,
    pub(super) started_at: Option<OffsetDateTime>,
    pub(super) recording: bool,
    pub(super) transcription: bool,
    /// In the order in which they came into it.
    pub(super) spotlight: Vec<SessionId>,
    /// The longest raised first.
    pub(super) hands: Vec<SessionId>,
    pub(super) overrides: Overrides,
    /// Roles given in the call; they hold until its end, also for who comes back.
    roles: BTreeMap<CommunicationIdentifier, Role>,
    /// Who was removed comes back through the lobby only.
    removed: BTreeSet<CommunicationIdentifier>,
    /// Who was let in by hand while the meeting had not begun.
    admitted: BTreeSet<CommunicationIdentifier>,
    /// Who is in the call with a name that is never hidden, or was when it left.
    named: BTreeSet<CommunicationIdentifier>,
    /// Of everybody's reactions together.
    pub(super) reactions: Pace,
}

/// Settings that can be switched for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Switches {
    pub(super) locked: bool,
    pub(super) attendee_mic: bool,
    pub(super) attendee_camera: bool,
}

/// Switches that were set in the call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    pub(super) locked: Option<bool>,
    pub(super) attendee_mic: Option<bool>,
    pub(super) attendee_camera: Option<bool>,
}

impl Switches {
    pub(super) const fn of(options: &MeetingOptions) -> Self {
        Self {
            locked: options.locked,
            attendee_mic: options.allow_attendee_to_enable_mic,
            attendee_camera: options.allow_attendee_to_enable_camera,
        }
    }

    fn with(self, overrides: Overrides) -> Self {
        Self {
            locked: overrides.locked.unwrap_or(self.locked),
            attendee_mic: overrides.attendee_mic.unwrap_or(self.attendee_mic),
            attendee_camera: overrides.attendee_camera.unwrap_or(self.attendee_camera),
        }
    }

    const fn put(self, options: &mut MeetingOptions) {
        options.locked = self.locked;
        options.allow_attendee_to_enable_mic = self.attendee_mic;
        options.allow_attendee_to_enable_camera = self.attendee_camera;
    }
}

impl Overrides {
    /// What is changed in the settings holds from then on.
    fn give_way(&mut self, before: Switches, now: Switches) {
        if before.locked != now.locked {
            self.locked = None;
        }
        if before.attendee_mic != now.attendee_mic {
            self.attendee_mic = None;
        }
        if before.attendee_camera != now.attendee_camera {
            self.attendee_camera = None;
        }
    }
}

impl Call {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            ..Self::default()
        }
    }

    pub(super) fn give_role(&mut self, person: CommunicationIdentifier, role: Role) {
        if self.roles.len() < REMEMBERED || self.roles.contains_key(&person) {
            self.roles.insert(person, role);
        }
    }

    /// The role somebody was given in this call.
    pub(super) fn role(&self, person: &CommunicationIdentifier) -> Option<Role> {
        self.roles.get(person).copied()
    }

    pub(super) fn removed(&mut self, person: CommunicationIdentifier) {
        if self.removed.len() >= REMEMBERED {
            self.removed.pop_first();
        }
        self.admitted.remove(&person);
        self.removed.insert(person);
    }

    pub(super) fn was_removed(&self, person: &CommunicationIdentifier) -> bool {
        self.removed.contains(person)
    }

    pub(super) fn admitted(&mut self, person: CommunicationIdentifier) {
        if self.admitted.len() < REMEMBERED {
            self.admitted.insert(person);
        }
    }

    pub(super) fn was_admitted(&self, person: &CommunicationIdentifier) -> bool {
        self.admitted.contains(person)
    }

    pub(super) fn set_named(&mut self, person: &CommunicationIdentifier, named: bool) {
        if !named {
            self.named.remove(person);
        } else if self.named.len() < REMEMBERED {
            self.named.insert(person.clone());
        }
    }

    pub(super) fn is_named(&self, person: &CommunicationIdentifier) -> bool {
        self.named.contains(person)
    }

    pub(super) fn named(&self) -> impl Iterator<Item = &CommunicationIdentifier> {
        self.named.iter()
    }

    pub(super) fn forgive(&mut self, person: &CommunicationIdentifier) {
        self.removed.remove(person);
    }
}

impl Meeting {
    /// New settings are in `policy`: what was switched in the call goes on, unless the settings change the same.
    pub(super) fn take_settings(&mut self) {
        let Policy::Meeting(rules) = &self.policy else {
            return;
        };
        let fresh = Switches::of(&rules.options);
        let before = std::mem::replace(&mut self.configured, fresh);
        if let Some(call) = &mut self.call {
            call.overrides.give_way(before, fresh);
        }
        self.apply_switches();
    }

    /// Puts what is configured, and what was switched in the call, in force.
    pub(super) fn apply_switches(&mut self) {
        let overrides = self.call.as_ref().map(|call| call.overrides).unwrap_or_default();
        if let Policy::Meeting(rules) = &mut self.policy {
            self.configured.with(overrides).put(&mut rules.options);
        }
    }

    /// What is in force.
    pub(super) const fn switches(&self) -> Switches {
        match &self.policy {
            Policy::Meeting(rules) => Switches::of(&rules.options),
            Policy::Room(_) | Policy::Group(_) => Switches {
                locked: false,
                attendee_mic: true,
                attendee_camera: true,
            },
        }
    }

    /// Somebody has come who may start the meeting.
    pub(super) fn start(&mut self) {
        let wall = self.clock.map(|now| now.wall);
        let Some(call) = self.call.as_mut().filter(|call| !call.started) else {
            return;
        };
        call.started = true;
        call.started_at = wall;
        self.state_changed();
        let records = matches!(&self.policy, Policy::Meeting(rules) if rules.options.record_automatically
            && rules.options.allow_recording && rules.organizer.allow_cloud_recording);
        if records {
            self.set_recorded(None, true, false);
        }
    }

    /// Without a green room a meeting starts by itself as soon as somebody of a directory is there.
    pub(super) fn review_start(&mut self) {
        let verified = |participant: &Participant| {
            participant.in_call() && matches!(participant.person.kind, PersonKind::Organization { .. })
        };
        if !self.has_green_room() && self.people.values().any(verified) {
            self.start();
        }
    }

    /// Whether somebody was given this role in the call.
    pub(super) fn given_role(&self, person: &CommunicationIdentifier) -> Option<CallRole> {
        let role = self.call.as_ref()?.role(person)?;
        Some(CallRole::Meeting(role))
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.call
            .as_ref()
            .is_some_and(|call| call.recording || call.transcription)
    }

    /// Whether the policy wants everybody's consent to a recording.
    pub(super) fn asks_consent(&self) -> bool {
        matches!(&self.policy, Policy::Meeting(rules)
            if rules.organizer.explicit_recording_consent == ExplicitRecordingConsent::Enabled)
    }

    /// How the meeting stands, made once for everybody.
    pub(super) fn state_body(&mut self) -> SharedBody {
        let state = Body::MeetingState(self.meeting_state());
        let known = self.state_body.take().filter(|known| *known.body() == state);
        let body = known.unwrap_or_else(|| SharedBody::new(state));
        self.state_body = Some(body.clone());
        body
    }

    /// Tells everybody how the meeting stands, if that is news.
    pub(super) fn tell_state(&mut self) {
        let body = self.state_body();
        let news = self
            .state_told
            .as_ref()
            .is_none_or(|told| told.body() != body.body());
        if news {
            self.state_told = Some(body.clone());
            let to = self.present_sessions();
            self.share(to, body);
        }
    }

    /// Tells a newcomer how the meeting stands.
    pub(super) fn send_state(&mut self, session: SessionId) {
        let body = self.state_body();
        self.state_told.get_or_insert_with(|| body.clone());
        self.share(vec![session], body);
        if self.is_recorded() {
            let body = self.recording_state(String::new());
            self.send(session, body);
        }
    }

    pub(super) fn recording_state(&self, by: String) -> Body {
        let call = self.call.as_ref();
        Body::RecordingState(RecordingState {
            recording: call.is_some_and(|call| call.recording),
            transcription: call.is_some_and(|call| call.transcription),
            consent_required: self.asks_consent(),
            by_participant_id: by,
        })
    }

    fn meeting_state(&self) -> proto::MeetingState {
        let Switches {
            locked,
            attendee_mic,
            attendee_camera,
        } = self.switches();
        let ids = |sessions: &[SessionId]| {
            let id = |session| {
                self.people
                    .get(session)
                    .map(|participant: &Participant| participant.id.clone())
            };
            sessions.iter().filter_map(id).collect()
        };
        let call = self.call.as_ref();
        proto::MeetingState {
            locked,
            recording: call.is_some_and(|call| call.recording),
            transcription: call.is_some_and(|call| call.transcription),
            spotlight: call.map(|call| ids(&call.spotlight)).unwrap_or_default(),
            hands: call.map(|call| ids(&call.hands)).unwrap_or_default(),
            started_at_ms: call.and_then(|call| call.started_at).map_or(0, unix_ms),
            attendee_mic_allowed: attendee_mic,
            attendee_camera_allowed: attendee_camera,
            consent_required: self.asks_consent(),
            name_change_allowed: self.name_change_allowed(),
            green_room: self.has_green_room(),
        }
    }

    pub(super) const fn name_change_allowed(&self) -> bool {
        matches!(&self.policy, Policy::Meeting(rules) if rules.options.allow_participants_to_change_name)
    }
}
