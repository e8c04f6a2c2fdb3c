//! Who takes part, and in which stage.

use std::fmt;

use anteroom_identity::id::{CommunicationIdentifier, ObjectId, ResourceId, TenantId};
use anteroom_identity::token::ScopeSet;
use anteroom_media_transport::router::TrackView;
use anteroom_signaling::proto::{self, TrackSource};
use anteroom_teams_link::admission::CapabilityReport;
use anteroom_teams_link::{Capability, CapabilitySet, Role};
use time::OffsetDateTime;

use super::chat::ChatStart;
use super::feed::Known;
use super::pace::Pace;
use crate::media::negotiate::Peer;
use crate::meeting::events::{EventParticipant, EventRole};

/// A signaling session, unique while the service runs; later sessions have higher numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

impl SessionId {
    /// The session with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who joins; authenticated.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// `8:acs:…` or `8:orgid:…`.
    pub id: CommunicationIdentifier,
    /// The name others see.
    pub display_name: String,
    /// What its client calls itself.
    pub client: String,
    /// Guest or directory user.
    pub kind: PersonKind,
    /// Takes part by media alone, as WHIP and WHEP do: without it nobody is there.
    pub media_only: bool,
}

/// What a person is to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonKind {
    /// Somebody with an access token of an ACS resource.
    Guest {
        /// The resource.
        resource: ResourceId,
        /// What the token allows.
        scopes: ScopeSet,
    },
    /// A user of a directory.
    Organization {
        /// The user's tenant.
        tenant: TenantId,
        /// The user.
        object: ObjectId,
    },
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Somebody in the lobby or in the call.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Participant {
    /// Identifier in this meeting.
    pub(super) id: String,
    pub(super) person: Person,
    /// What stands beside the name.
    pub(super) label: proto::Label,
    /// The signaling connection is up.
    pub(super) connected: bool,
    pub(super) stage: Stage,
}

/// Data that only one stage has dies with it: whoever waits has no media and no chat to misuse.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) enum Stage {
    Lobby(Waiting),
    InCall(Box<Present>),
}

/// What the lobby itself does not keep of somebody who waits; the rest is in [`Meeting::lobby`](super::Meeting).
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Waiting {
    pub(super) since: OffsetDateTime,
}

/// What somebody is in a meeting, or in a room or a group call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallRole {
    Meeting(Role),
    Room(anteroom_rooms::Role),
}

/// What holds for one participant alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// Somebody who may has taken the microphone away.
    pub(super) mic_forbidden: bool,
    /// Somebody who may has taken the camera away.
    pub(super) camera_forbidden: bool,
    /// Agrees to being recorded.
    pub(super) consented: bool,
}

/// Sources that were silenced from outside: nothing of them is forwarded until their owner turns them on again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) mic: bool,
    pub(super) camera: bool,
    pub(super) screen: bool,
}

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Present {
    pub(super) role: CallRole,
    /// What the participant may do, and why not the rest.
    pub(super) report: CapabilityReport,
    /// What `report` says the participant may do.
    pub(super) capabilities: CapabilitySet,
    pub(super) own: Own,
    pub(super) cut: Cut,
    /// How often the participant was told that somebody else had muted it.
    pub(super) mutes: u32,
    pub(super) reactions: Pace,
    /// What the participant was told by being told everything.
    pub(super) known: Known,
    /// Where the participant's roster entry is kept.
    pub(super) shelf: usize,
    pub(super) mic_muted: bool,
    pub(super) camera_on: bool,
    pub(super) screen_sharing: bool,
    /// Where in the chat this stay began: what was said up to there is invisible to a guest, also after a break.
    pub(super) chat_start: Option<ChatStart>,
    /// The connection dropped for longer than the chat's grace.
    pub(super) chat_suspended: bool,
    /// The participant was told that it may use the chat.
    pub(super) chat_access: bool,
    /// Sequence number of the newest chat message the participant was sent.
    pub(super) chat_seen: u64,
    /// The media connection, once there was an offer.
    pub(super) peer: Option<Peer>,
    /// What the participant shows of the pictures it receives, as it said last.
    pub(super) views: Vec<TrackView>,
    pub(super) views_pace: Pace,
    /// Of being told that the participant is typing.
    pub(super) typing_pace: Pace,
    pub(super) receipts_pace: Pace,
}

impl Present {
    /// Takes back what the participant said of its sources and may not do any more; whether there was any. What it lost
    /// stays silent until its owner turns it on again.
    pub(super) fn cut_off(&mut self, before: CapabilitySet) -> bool {
        let may = |capability| self.capabilities.contains(capability);
        let lost = |capability| before.contains(capability) && !may(capability);
        self.cut.mic |= lost(Capability::UnmuteMic);
        self.cut.camera |= lost(Capability::TurnVideoOn);
        self.cut.screen |= lost(Capability::ShareScreen);
        let (speaks, shows, shares) = (
            may(Capability::UnmuteMic),
            may(Capability::TurnVideoOn),
            may(Capability::ShareScreen),
        );
        let state = (self.mic_muted, self.camera_on, self.screen_sharing);
        self.mic_muted |= !speaks;
        self.camera_on &= shows;
        self.screen_sharing &= shares;
        state != (self.mic_muted, self.camera_on, self.screen_sharing)
    }

    /// The sources of which nothing is forwarded, whatever the client sends.
    pub(super) fn paused(&self) -> impl Iterator<Item = TrackSource> + use<> {
        let may = |capability| self.capabilities.contains(capability);
        let paused = [
            (
                TrackSource::Microphone,
                self.cut.mic || !may(Capability::UnmuteMic),
            ),
            (
                TrackSource::Camera,
                self.cut.camera || !may(Capability::TurnVideoOn),
            ),
            (
                TrackSource::Screen,
                self.cut.screen || !may(Capability::ShareScreen),
            ),
        ];
        paused
            .into_iter()
            .filter(|(_, paused)| *paused)
            .map(|(source, _)| source)
    }
}

impl Participant {
    pub(super) fn in_call(&self) -> bool {
        matches!(self.stage, Stage::InCall(_))
    }

    pub(super) fn present(&self) -> Option<&Present> {
        match &self.stage {
            Stage::InCall(present) => Some(present),
            Stage::Lobby(_) => None,
        }
    }

    pub(super) fn present_mut(&mut self) -> Option<&mut Present> {
        match &mut self.stage {
            Stage::InCall(present) => Some(present),
            Stage::Lobby(_) => None,
        }
    }

    /// The media connection, if there is one.
    pub(super) fn peer(&self) -> Option<&Peer> {
        self.present()?.peer.as_ref()
    }

    pub(super) fn waiting(&self) -> Option<&Waiting> {
        match &self.stage {
            Stage::Lobby(waiting) => Some(waiting),
            Stage::InCall(_) => None,
        }
    }

    pub(super) fn can(&self, capability: Capability) -> bool {
        self.present()
            .is_some_and(|present| present.capabilities.contains(capability))
    }

    /// Whether the person is of the given organization.
    pub(super) fn is_of(&self, tenant: TenantId) -> bool {
        matches!(self.person.kind, PersonKind::Organization { tenant: own, .. } if own == tenant)
    }

    /// The roster entry; `None` in the lobby. Nobody is external where there is no organization.
    pub(super) fn roster_entry(&self, organization: Option<TenantId>) -> Option<proto::Participant> {
        let present = self.present()?;
        Some(proto::Participant {
            id: self.id.clone(),
            raw_id: self.person.id.to_string(),
            display_name: self.person.display_name.clone(),
            role: wire_role(present.role).into(),
            external: organization.is_some_and(|organization| !self.is_of(organization)),
            mic_muted: present.mic_muted,
            camera_on: present.camera_on,
            screen_sharing: present.screen_sharing,
            reconnecting: !self.connected,
            mic_forbidden: present.own.mic_forbidden,
            camera_forbidden: present.own.camera_forbidden,
            label: self.label.into(),
            name_hidden: false,
        })
    }

    /// How events name the participant.
    pub(super) fn for_event(&self, organization: Option<TenantId>) -> EventParticipant {
        EventParticipant {
            id: self.id.clone(),
            identity: self.person.id.clone(),
            tenant: match self.person.kind {
                PersonKind::Organization { tenant, .. } => Some(tenant),
                PersonKind::Guest { .. } => None,
            },
            display_name: self.person.display_name.clone(),
            role: self.present().map(|present| event_role(present.role)),
            external: organization.is_some_and(|organization| !self.is_of(organization)),
        }
    }

    /// The lobby entry; `None` in the call.
    pub(super) fn lobby_entry(&self) -> Option<proto::LobbyParticipant> {
        let waiting = self.waiting()?;
        Some(proto::LobbyParticipant {
            id: self.id.clone(),
            raw_id: self.person.id.to_string(),
            display_name: self.person.display_name.clone(),
            since_ms: unix_ms(waiting.since),
            label: self.label.into(),
        })
    }
}

pub(super) fn wire_role(role: CallRole) -> proto::Role {
    use anteroom_rooms::Role as InRoom;
    match role {
        CallRole::Meeting(Role::Organizer) => proto::Role::Organizer,
        CallRole::Meeting(Role::CoOrganizer) => proto::Role::CoOrganizer,
        CallRole::Meeting(Role::Presenter) | CallRole::Room(InRoom::Presenter) => proto::Role::Presenter,
        CallRole::Meeting(Role::Attendee) | CallRole::Room(InRoom::Attendee) => proto::Role::Attendee,
        CallRole::Room(InRoom::Consumer) => proto::Role::Consumer,
        CallRole::Room(InRoom::Collaborator) => proto::Role::Collaborator,
    }
}

const fn event_role(role: CallRole) -> EventRole {
    use anteroom_rooms::Role as InRoom;
    match role {
        CallRole::Meeting(Role::Organizer) => EventRole::Organizer,
        CallRole::Meeting(Role::CoOrganizer) => EventRole::CoOrganizer,
        CallRole::Meeting(Role::Presenter) | CallRole::Room(InRoom::Presenter) => EventRole::Presenter,
        CallRole::Meeting(Role::Attendee) | CallRole::Room(InRoom::Attendee) => EventRole::Attendee,
        CallRole::Room(InRoom::Consumer) => EventRole::Consumer,
        CallRole::Room(InRoom::Collaborator) => EventRole::Collaborator,
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn unix_ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
