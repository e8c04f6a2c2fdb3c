//! What was decided, and why.

use std::fmt;

use super::reason::EndReason;
use super::setting::Setting;
use crate::{CapabilitySet, Role};

/// What was decided about somebody who wants to join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Stays outside.
    Deny(Refusal),
    /// Waits.
    Lobby(LobbyReason),
    /// Comes in.
    Admit {
        /// As what.
        role: Role,
        /// What the participant may do.
        capabilities: CapabilitySet,
    },
}

/// What somebody in the lobby waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LobbyReason {
    /// That a participant lets them in.
    WaitForAdmit,
    /// That the meeting starts: they are let in by themselves when the first user of the organization joins.
    WaitForStart,
}

/// A refusal that explains itself: to the person by its [`reason`](Self::reason), to an administrator by the setting
/// that caused it and what would change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// What the person is told.
    pub reason: EndReason,
    /// What caused it.
    pub setting: Setting,
}

impl Refusal {
    /// A refusal for this reason, because of this setting.
    #[must_use]
    pub const fn by(reason: EndReason, setting: Setting) -> Self {
        Self { reason, setting }
    }
}

impl From<Refusal> for EndReason {
    fn from(refusal: Refusal) -> Self {
        refusal.reason
    }
}

/// For an administrator: reason, setting and fix in one line.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, setting } = self;
        write!(
            f,
            "{reason}; caused by {setting}. Can be changed by {}: {}",
            setting.changed_by(),
            setting.how()
        )
    }
}
