//! Who may read and write.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use anteroom_identity::id::CommunicationIdentifier;

use super::Message;
use crate::id::SequenceId;

/// A member of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub id: CommunicationIdentifier,
    /// Empty for none.
    pub display_name: String,
    /// Messages created earlier are invisible to this member.
    #[serde(with = "time::serde::timestamp::nanoseconds")]
    pub share_history_from: OffsetDateTime,
    /// In place of that time: messages up to this place are invisible, all later ones are visible. Set when the member
    /// is added with no history to share, since two messages can have one time (and clocks go back), but not one place.
    pub hidden_up_to: Option<SequenceId>,
    /// Values that whoever added the member gave it: at most 1 KB, names and values together.
    pub metadata: BTreeMap<String, String>,
    /// Set when the member was removed: messages up to this place stay visible, and nothing else is allowed. Zero, when
    /// the host removed it, leaves nothing visible.
    pub left_at: Option<SequenceId>,
}

impl Member {
    /// Somebody who sees messages from that time on. Share no history by giving the present time.
    #[must_use]
    pub fn new(
        id: CommunicationIdentifier,
        display_name: impl Into<String>,
        share_history_from: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            display_name: display_name.into(),
            share_history_from,
            hidden_up_to: None,
            metadata: BTreeMap::new(),
            left_at: None,
        }
    }

    /// Somebody who sees everything.
    #[must_use]
    pub fn with_history(id: CommunicationIdentifier, display_name: impl Into<String>) -> Self {
        Self::new(id, display_name, OffsetDateTime::UNIX_EPOCH)
    }

    /// Whether this member may see the message.
    #[must_use]
    pub fn can_see(&self, message: &Message) -> bool {
        let (after, created_from) = self.history();
        message.sequence_id > after
            && message.created_on >= created_from
            && self.left_at.is_none_or(|last| message.sequence_id <= last)
    }

    /// Whether the member is one now.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.left_at.is_none()
    }

    /// The place after which, and the time from which, messages are visible.
    pub(crate) fn history(&self) -> (SequenceId, OffsetDateTime) {
        match self.hidden_up_to {
            Some(place) => (place, OffsetDateTime::UNIX_EPOCH),
            None => (SequenceId::ZERO, self.share_history_from),
        }
    }
}

/// A member as system messages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantRef {
    /// Who.
    pub id: CommunicationIdentifier,
    /// Empty for none.
    pub display_name: String,
}

impl ParticipantRef {
    /// Somebody whose name is not known.
    #[must_use]
    pub const fn nameless(id: CommunicationIdentifier) -> Self {
        Self {
            id,
            display_name: String::new(),
        }
    }
}

impl From<&Member> for ParticipantRef {
    fn from(member: &Member) -> Self {
        Self {
            id: member.id.clone(),
            display_name: member.display_name.clone(),
        }
    }
}
