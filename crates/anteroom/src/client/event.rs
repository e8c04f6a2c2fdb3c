//! What a call tells its owner.

use std::time::Duration;

use anteroom_signaling::proto;

/// Something happened in the call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Waiting in the lobby.
    Lobby {
        /// For what.
        reason: LobbyReason,
    },
    /// In the call.
    Connected {
        /// This participant's id.
        participant_id: String,
        /// Its role.
        role: Role,
        /// Names of ACS capabilities it has.
        capabilities: Vec<String>,
        /// The meeting's subject.
        subject: String,
        /// The meeting's chat thread; empty in a room and in a group call.
        thread_id: String,
    },
    /// What this participant may do has changed.
    CapabilitiesChanged {
        /// Its role now.
        role: Role,
        /// Names of ACS capabilities it has now.
        capabilities: Vec<String>,
    },
    /// How the meeting stands; after getting in, and whenever something of it changes.
    MeetingState(MeetingState),
    /// Recording or transcription has begun or ended; also told to who comes while either runs. Whoever takes part has to
    /// be shown this.
    Recording {
        /// The meeting is being recorded.
        recording: bool,
        /// The meeting is being transcribed.
        transcription: bool,
        /// Who has not agreed can neither speak nor show nor share meanwhile.
        consent_required: bool,
    },
    /// Somebody reacts.
    Reaction {
        /// Who.
        participant_id: String,
        /// How.
        reaction: Reaction,
    },
    /// Who has come and gone, by name; at most ten of each.
    Announcement {
        /// Came.
        entered: Vec<String>,
        /// Went.
        left: Vec<String>,
    },
    /// Somebody muted this participant.
    Muted {
        /// Participant id of who did.
        by: String,
    },
    /// Audio can flow: ICE and DTLS are done.
    MediaConnected,
    /// Everybody in the call, this participant included.
    Roster(Vec<Participant>),
    /// Everybody in the lobby; only for those who manage it.
    LobbyRoster(Vec<Waiting>),
    /// A participant's audio is being received: the answer that includes its track has arrived.
    Subscribed {
        /// Whose.
        participant_id: String,
    },
    /// Who speaks now, loudest first: participant id and level in -dBov (RFC 6464: 0 is the loudest, 127 silence).
    Speaking(Vec<(String, u8)>),
    /// The first audio packet from somebody else.
    FirstAudio {
        /// Since joining was asked for.
        after_join: Duration,
    },
    /// Something was said in the chat.
    Chat {
        /// Message id.
        id: String,
        /// Raw identifier of the sender.
        sender: String,
        /// Its name.
        sender_name: String,
        /// What it said.
        text: String,
        /// Whether it was said before this participant came.
        history: bool,
    },
    /// A message that was told before was changed or deleted by its sender.
    ChatChanged {
        /// Message id.
        id: String,
        /// What it says now; nothing when it was deleted.
        text: Option<String>,
    },
    /// Somebody is typing a chat message; for some eight seconds, or until it has said something.
    Typing {
        /// Who; empty when it is not in the call, but writes to its chat from elsewhere.
        participant_id: String,
        /// Its name.
        display_name: String,
    },
    /// Somebody has read the chat up to a message.
    ReadReceipt {
        /// Who; empty when it is not in the call, but reads its chat elsewhere.
        participant_id: String,
        /// The newest message it has read.
        message_id: String,
    },
    /// All of what [`Meeting::play`](super::Meeting::play) was given has been said.
    Played,
    /// The signaling connection dropped; the call tries to resume it.
    Reconnecting,
    /// The signaling connection is back.
    Resumed,
    /// Once a second, while media is connected.
    Stats(Stats),
    /// A request of this participant was refused.
    Refused {
        /// Stable key.
        key: String,
        /// A sentence for a person.
        message: String,
    },
    /// The join was refused, or the call is over. The last event.
    Ended {
        /// Why.
        reason: EndReason,
        /// Whether this participant never got in.
        refused: bool,
    },
    /// The call broke down on this side. The last event.
    Failed {
        /// A sentence for a person.
        message: String,
    },
}

/// What a guest in the lobby waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LobbyReason {
    /// Somebody must admit it.
    Admit,
    /// The meeting has not started.
    Start,
}

/// What a participant is in the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Its owner.
    Organizer,
    /// Helps the organizer.
    CoOrganizer,
    /// May share.
    Presenter,
    /// May take part.
    Attendee,
    /// Of a room: listens and watches.
    Consumer,
    /// Of a room: may share, but does not look after the call.
    Collaborator,
}

impl Role {
    /// The name in JSON output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::CoOrganizer => "coOrganizer",
            Self::Presenter => "presenter",
            Self::Attendee => "attendee",
            Self::Consumer => "consumer",
            Self::Collaborator => "collaborator",
        }
    }
}

impl From<proto::Role> for Role {
    fn from(role: proto::Role) -> Self {
        match role {
            proto::Role::Organizer => Self::Organizer,
            proto::Role::CoOrganizer => Self::CoOrganizer,
            proto::Role::Presenter => Self::Presenter,
            proto::Role::Consumer => Self::Consumer,
            proto::Role::Collaborator => Self::Collaborator,
            proto::Role::Attendee | proto::Role::Unspecified => Self::Attendee,
        }
    }
}

/// What stands beside the name of somebody who is not of the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Label {
    /// Of another organization, or shown like that.
    External,
    /// Nobody has checked who it is.
    Unverified,
}

impl Label {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::External => "External",
            Self::Unverified => "Unverified",
        }
    }

    fn of(label: proto::Label) -> Option<Self> {
        match label {
            proto::Label::Unspecified => None,
            proto::Label::External => Some(Self::External),
            proto::Label::Unverified => Some(Self::Unverified),
        }
    }
}

/// Somebody in the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// Participant id.
    pub id: String,
    /// Raw identifier, `8:acs:…` or `8:orgid:…`.
    pub raw_id: String,
    /// Name to show; "Attendee" where it is hidden.
    pub display_name: String,
    /// An attendee whose name this participant may not see.
    pub name_hidden: bool,
    /// What it is in the meeting.
    pub role: Role,
    /// Not of the organizer's organization.
    pub external: bool,
    /// What stands beside the name.
    pub label: Option<Label>,
    /// Its microphone is off.
    pub mic_muted: bool,
    /// Its camera is on.
    pub camera_on: bool,
    /// It shares its screen.
    pub screen_sharing: bool,
    /// Its connection dropped and may come back.
    pub reconnecting: bool,
}

impl From<proto::Participant> for Participant {
    fn from(participant: proto::Participant) -> Self {
        Self {
            role: participant.role().into(),
            label: Label::of(participant.label()),
            name_hidden: participant.name_hidden,
            id: participant.id,
            raw_id: participant.raw_id,
            display_name: participant.display_name,
            external: participant.external,
            mic_muted: participant.mic_muted,
            camera_on: participant.camera_on,
            screen_sharing: participant.screen_sharing,
            reconnecting: participant.reconnecting,
        }
    }
}

/// How a meeting stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct MeetingState {
    /// Nobody joins any more but the organizer and co-organizers.
    pub locked: bool,
    /// It is being recorded.
    pub recording: bool,
    /// It is being transcribed.
    pub transcription: bool,
    /// Who has not agreed to a recording can neither speak nor show nor share while it runs.
    pub consent_required: bool,
    /// It has started.
    pub started: bool,
    /// Ids of participants with a raised hand, the longest raised first.
    pub hands: Vec<String>,
    /// Ids of participants in the spotlight.
    pub spotlight: Vec<String>,
}

impl From<proto::MeetingState> for MeetingState {
    fn from(state: proto::MeetingState) -> Self {
        Self {
            locked: state.locked,
            recording: state.recording,
            transcription: state.transcription,
            consent_required: state.consent_required,
            started: state.started_at_ms != 0,
            hands: state.hands,
            spotlight: state.spotlight,
        }
    }
}

/// A reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reaction {
    /// Thumbs up.
    Like,
    /// A heart.
    Love,
    /// Clapping hands.
    Applause,
    /// A laughing face.
    Laugh,
    /// A surprised face.
    Surprised,
}

impl Reaction {
    /// The name in JSON output, as in ACS.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Like => "like",
            Self::Love => "heart",
            Self::Applause => "applause",
            Self::Laugh => "laugh",
            Self::Surprised => "surprised",
        }
    }

    pub(super) fn of(kind: proto::ReactionKind) -> Option<Self> {
        Some(match kind {
            proto::ReactionKind::Like => Self::Like,
            proto::ReactionKind::Love => Self::Love,
            proto::ReactionKind::Applause => Self::Applause,
            proto::ReactionKind::Laugh => Self::Laugh,
            proto::ReactionKind::Surprised => Self::Surprised,
            proto::ReactionKind::Unspecified => return None,
        })
    }
}

/// Somebody in the lobby.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Participant id, for admitting.
    pub id: String,
    /// Raw identifier.
    pub raw_id: String,
    /// Name to show.
    pub display_name: String,
}

impl From<proto::LobbyParticipant> for Waiting {
    fn from(waiting: proto::LobbyParticipant) -> Self {
        Self {
            id: waiting.id,
            raw_id: waiting.raw_id,
            display_name: waiting.display_name,
        }
    }
}

/// Why a call ended or a join was refused, with the codes of ACS's `callEndReason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndReason {
    /// Status-like code; 0 is a normal end.
    pub code: u32,
    /// Details.
    pub sub_code: u32,
    /// Stable key, such as `left` or `meeting_not_found`.
    pub key: String,
    /// A sentence for a person.
    pub message: String,
}

impl From<proto::EndReason> for EndReason {
    fn from(reason: proto::EndReason) -> Self {
        Self {
            code: reason.code,
            sub_code: reason.sub_code,
            key: reason.key,
            message: reason.message,
        }
    }
}

/// What media has done so far; counters are totals of the call.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Stats {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// RTP packets that never came.
    pub packets_lost: u64,
    /// Interarrival jitter, RFC 3550 §6.4.1, of the worst track.
    pub jitter: Duration,
    /// Round-trip time of connectivity checks.
    pub rtt: Option<Duration>,
    /// Level of what is heard, in -dBov (RFC 6464): 0 is the loudest, 127 silence.
    pub level: u8,
    /// Level of what is said, likewise.
    pub sent_level: u8,
    /// Samples that had to be invented for lost packets.
    pub concealed_samples: u64,
}
