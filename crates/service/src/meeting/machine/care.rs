//! What participants ask for to be noticed in a meeting, and to look after it.

use std::time::Duration;

use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    self, MuteParticipants, Muted, Reaction, ReactionKind, SendReaction, SetAttendeeMedia, SetHand,
    SetRecording, SetRole, Spotlight,
};
use anteroom_teams_link::admission::CapabilityReason;
use anteroom_teams_link::{Capability, DisplayName, Role};

use super::participant::{CallRole, Own, Participant, SessionId};
use super::{Effect, Meeting, Now, Policy};

/// Most participants in the spotlight, as in Teams.
const SPOTLIGHT: usize = 7;

/// One reaction every so often, after a burst, of one participant and of all together.
const REACTION: (Duration, u32) = (Duration::from_secs(1), 5);
const REACTIONS: (Duration, u32) = (Duration::from_millis(50), 40);

/// A wish about the meeting. Each is refused with the reason to whom it is not for.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Raise the own hand, or lower one.
    SetHand(SetHand),
    /// Show a reaction.
    React(SendReaction),
    /// Put in the spotlight, or take out.
    Spotlight(Spotlight),
    /// Mute others.
    Mute(MuteParticipants),
    /// Allow or forbid attendees microphone and camera.
    AttendeeMedia(SetAttendeeMedia),
    /// Give somebody another role.
    SetRole(SetRole),
    /// Take another name.
    Rename(String),
    /// Lock or unlock.
    Lock(bool),
    /// Say that recording or transcription runs.
    Record(SetRecording),
    /// Agree to being recorded.
    Consent,
    /// Let in who waits for the meeting to begin.
    Start,
    /// Be sent what the last answer brings.
    ConfirmAnswer,
    /// Say what is shown of the pictures received.
    SetViews(Vec<proto::TrackView>),
    /// Tell the chat that the participant is typing.
    Typing,
    /// Tell the chat that the participant has read up to this message.
    ReadUpTo(String),
}

impl Meeting {
    pub(super) fn ask(&mut self, now: Now, by: SessionId, reply: u32, ask: Ask) {
        if self.in_call(by, reply).is_none() {
            return;
        }
        match ask {
            Ask::SetHand(SetHand {
                raised,
                participant_id,
            }) => self.set_hand(by, reply, raised, &participant_id),
            Ask::React(SendReaction { kind }) => self.react(now, by, reply, kind),
            Ask::Spotlight(Spotlight {
                participant_ids,
                remove,
            }) => self.spotlight(by, reply, &participant_ids, remove),
            Ask::Mute(MuteParticipants { participant_ids, all }) => {
                self.mute(by, reply, &participant_ids, all)
            }
            Ask::AttendeeMedia(media) => self.set_attendee_media(by, reply, &media),
            Ask::SetRole(SetRole { participant_id, role }) => {
                self.give_role(now, by, reply, participant_id, role);
            }
            Ask::Rename(name) => self.rename(by, reply, &name),
            Ask::Lock(locked) => self.lock(now, by, reply, locked),
            Ask::Record(SetRecording {
                recording,
                transcription,
            }) => self.record(by, reply, recording, transcription),
            Ask::Consent => self.consent(by, reply),
            Ask::Start => self.begin(now, by, reply),
            Ask::ConfirmAnswer => self.confirm_answer(by, reply),
            Ask::SetViews(views) => self.set_views(now, by, reply, &views),
            Ask::Typing => self.typing(now, by, reply),
            Ask::ReadUpTo(message_id) => self.read_up_to(now, by, reply, message_id),
        }
    }

    fn set_hand(&mut self, by: SessionId, reply: u32, raised: bool, whose: &str) {
        let own = self
            .people
            .get(&by)
            .is_some_and(|participant| participant.id == whose);
        let whom = if whose.is_empty() || own {
            by
        } else {
            if raised {
                self.refuse(by, reply, "malformed", "Only the own hand can be raised.");
                return;
            }
            if !self.may(by, reply, Capability::MuteOthers) {
                return;
            }
            let Some(whom) = self.find(&[whose.to_owned()], Participant::in_call).pop() else {
                self.unknown_participant(by, reply);
                return;
            };
            whom
        };
        // Who lost the right may still lower it.
        if raised && !self.may(by, reply, Capability::RaiseHand) {
            return;
        }
        let Some(call) = &mut self.call else { return };
        let was = call.hands.contains(&whom);
        if raised && !was {
            call.hands.push(whom);
        } else if !raised {
            call.hands.retain(|session| *session != whom);
        }
        if was != raised {
            self.state_changed();
        }
        self.done(by, reply);
    }

    fn react(&mut self, now: Now, by: SessionId, reply: u32, kind: i32) {
        if !self.may(by, reply, Capability::Reaction) {
            return;
        }
        if ReactionKind::try_from(kind).is_ok_and(|kind| kind == ReactionKind::Unspecified)
            || ReactionKind::try_from(kind).is_err()
        {
            self.refuse(by, reply, "malformed", "There is no such reaction.");
            return;
        }
        let Some(participant) = self.people.get_mut(&by) else {
            return;
        };
        let participant_id = participant.id.clone();
        let Some(present) = participant.present_mut() else {
            return;
        };
        let (interval, burst) = REACTION;
        if !present.reactions.allows(now.instant, interval, burst) {
            self.refuse(by, reply, "rate_limited", "Wait a moment before you react again.");
            return;
        }
        let (interval, burst) = REACTIONS;
        // Of a thousand reactions at once nobody misses some.
        let shown = self
            .call
            .as_mut()
            .is_some_and(|call| call.reactions.allows(now.instant, interval, burst));
        if shown {
            let body = Body::Reaction(Reaction { participant_id, kind });
            self.broadcast(&body, |_, participant| participant.connected);
        }
        self.done(by, reply);
    }

    fn spotlight(&mut self, by: SessionId, reply: u32, ids: &[String], remove: bool) {
        let mut chosen = self.find(ids, Participant::in_call);
        if remove {
            // Everybody may leave the spotlight.
            let leaves = chosen.as_slice() == [by] && ids.len() == 1;
            if !leaves && !self.may(by, reply, Capability::RemoveParticipantsSpotlight) {
                return;
            }
        } else if !self.may(by, reply, Capability::SpotlightParticipant) {
            return;
        }
        if chosen.is_empty() && !(remove && ids.is_empty()) {
            self.unknown_participant(by, reply);
            return;
        }
        let Some(call) = &mut self.call else { return };
        let mut spotlight = call.spotlight.clone();
        if remove {
            spotlight.retain(|session| !ids.is_empty() && !chosen.contains(session));
        } else {
            chosen.retain(|session| !spotlight.contains(session));
            spotlight.extend(chosen);
        }
        if spotlight.len() > SPOTLIGHT {
            self.refuse(
                by,
                reply,
                "too_many",
                "At most seven participants can be in the spotlight.",
            );
            return;
        }
        if call.spotlight != spotlight {
            call.spotlight = spotlight;
            self.state_changed();
        }
        self.done(by, reply);
    }

    fn mute(&mut self, by: SessionId, reply: u32, ids: &[String], all: bool) {
        if !self.may(by, reply, Capability::MuteOthers) {
            return;
        }
        let chosen: Vec<SessionId> = if all {
            let others = self.present_sessions();
            others.into_iter().filter(|session| *session != by).collect()
        } else {
            self.find(ids, Participant::in_call)
        };
        if chosen.is_empty() && !all {
            self.unknown_participant(by, reply);
            return;
        }
        let by_participant_id = self
            .people
            .get(&by)
            .map(|muter| muter.id.clone())
            .unwrap_or_default();
        for session in chosen {
            let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
                continue;
            };
            let was_heard = !std::mem::replace(&mut present.mic_muted, true);
            // Whatever the client says and does: nothing is forwarded until its owner says that it unmutes.
            present.cut.mic = true;
            self.apply_pauses(session);
            if was_heard {
                self.roster_changed(session);
                if session != by {
                    self.count_mute(session);
                    let by_participant_id = by_participant_id.clone();
                    self.send(session, Body::Muted(Muted { by_participant_id }));
                }
            }
        }
        self.done(by, reply);
    }

    fn count_mute(&mut self, session: SessionId) {
        if let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) {
            present.mutes += 1;
        }
    }

    fn set_attendee_media(&mut self, by: SessionId, reply: u32, media: &SetAttendeeMedia) {
        let SetAttendeeMedia {
            participant_ids,
            mic_allowed,
            camera_allowed,
        } = media;
        let needed = [
            (mic_allowed, Capability::ForbidOthersAudio),
            (camera_allowed, Capability::ForbidOthersVideo),
        ];
        for (wanted, capability) in needed {
            if wanted.is_some() && !self.may(by, reply, capability) {
                return;
            }
        }
        let change = |own: &mut Own| {
            if let Some(allowed) = mic_allowed {
                own.mic_forbidden = !allowed;
            }
            if let Some(allowed) = camera_allowed {
                own.camera_forbidden = !allowed;
            }
        };
        if participant_ids.is_empty() {
            let Some(call) = &mut self.call else { return };
            call.overrides.attendee_mic = mic_allowed.or(call.overrides.attendee_mic);
            call.overrides.attendee_camera = camera_allowed.or(call.overrides.attendee_camera);
            self.apply_switches();
            self.state_changed();
            self.review_capabilities();
            self.done(by, reply);
            return;
        }
        let chosen = self.find(participant_ids, Participant::in_call);
        if chosen.is_empty() {
            self.unknown_participant(by, reply);
            return;
        }
        let attendee = |session: &SessionId| {
            let present = self.people.get(session).and_then(Participant::present);
            present.is_some_and(|present| present.role == CallRole::Meeting(Role::Attendee))
        };
        if !chosen.iter().all(attendee) {
            let message = "Microphone and camera can be taken away from attendees only.";
            self.refuse(by, reply, "not_allowed", message);
            return;
        }
        for session in chosen {
            let Some(present) = self.people.get_mut(&session).and_then(Participant::present_mut) else {
                continue;
            };
            change(&mut present.own);
            let role = present.role;
            self.set_role_of(session, role);
            self.roster_changed(session);
        }
        self.done(by, reply);
    }

    fn give_role(&mut self, now: Now, by: SessionId, reply: u32, id: String, role: i32) {
        if !self.leads(by, reply, &[Role::Organizer, Role::CoOrganizer, Role::Presenter]) {
            return;
        }
        let role = match proto::Role::try_from(role) {
            Ok(proto::Role::Attendee) => Role::Attendee,
            Ok(proto::Role::Presenter) => Role::Presenter,
            Ok(proto::Role::CoOrganizer) => Role::CoOrganizer,
            _ => {
                self.refuse(by, reply, "malformed", "Nobody can be given this role.");
                return;
            }
        };
        let Some(whom) = self.find(&[id], Participant::in_call).pop() else {
            self.unknown_participant(by, reply);
            return;
        };
        let Some(participant) = self.people.get(&whom) else {
            return;
        };
        let (person, colleague) = (participant.person.id.clone(), self.is_colleague(participant));
        let before = participant.present().map(|present| present.role);
        if before == Some(CallRole::Meeting(Role::Organizer)) {
            self.refuse(by, reply, "not_allowed", "The organizer stays the organizer.");
            return;
        }
        let of_co_organizers =
            role == Role::CoOrganizer || before == Some(CallRole::Meeting(Role::CoOrganizer));
        if of_co_organizers && !self.leads(by, reply, &[Role::Organizer]) {
            return;
        }
        if role == Role::CoOrganizer && !colleague {
            self.refuse(
                by,
                reply,
                "not_allowed",
                "Guests cannot be co-organizers (NotCapable).",
            );
            return;
        }
        if let Some(call) = &mut self.call {
            call.give_role(person.clone(), role);
        }
        // Somebody may be here twice.
        for session in self.present_sessions() {
            let Some(participant) = self
                .people
                .get_mut(&session)
                .filter(|other| other.person.id == person)
            else {
                continue;
            };
            if let Some(present) = participant.present_mut().filter(|_| role != Role::Attendee) {
                present.own.mic_forbidden = false;
                present.own.camera_forbidden = false;
            }
            self.set_role_of(session, CallRole::Meeting(role));
        }
        self.done(by, reply);
        self.review_lobby(now);
    }

    fn rename(&mut self, by: SessionId, reply: u32, name: &str) {
        if !self.name_change_allowed() {
            self.refuse_because(by, reply, None, CapabilityReason::MeetingRestricted);
            return;
        }
        let Ok(name) = DisplayName::parse(name) else {
            let message = "The name must have 1 to 256 characters that can be shown.";
            self.refuse(by, reply, "bad_display_name", message);
            return;
        };
        let Some(participant) = self.people.get_mut(&by) else {
            return;
        };
        participant.person.display_name = name.into_string();
        let (member, display_name) = (
            participant.person.id.clone(),
            participant.person.display_name.clone(),
        );
        if let Some(membership) = self.members.get_mut(&member) {
            membership.display_name.clone_from(&display_name);
            self.effects
                .push_back(Effect::ChatRename { member, display_name });
        }
        self.roster_changed(by);
        self.done(by, reply);
    }

    fn lock(&mut self, now: Now, by: SessionId, reply: u32, locked: bool) {
        if !self.leads(by, reply, &[Role::Organizer, Role::CoOrganizer]) {
            return;
        }
        if let Some(call) = &mut self.call {
            call.overrides.locked = Some(locked);
        }
        self.apply_switches();
        self.state_changed();
        self.done(by, reply);
        self.review_lobby(now);
    }

    /// Whether the meeting has a green room: until it is begun, presenters are in the call and attendees wait.
    pub(super) fn has_green_room(&self) -> bool {
        matches!(&self.policy, Policy::Meeting(rules) if rules.options.is_green_room_enabled)
    }

    fn begin(&mut self, now: Now, by: SessionId, reply: u32) {
        if !self.leads(by, reply, &[Role::Organizer, Role::CoOrganizer, Role::Presenter]) {
            return;
        }
        self.start();
        self.done(by, reply);
        self.review_lobby(now);
    }
}
