//! What was decided, and why.

use std::fmt;

use super::reason::EndReason;
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
    /// The setting that caused it, `CsTeamsMeetingConfiguration.DisableAnonymousJoin`; `None` when it was no setting.
    pub setting: Option<&'static str>,
    /// What to do about it.
    pub fix: &'static str,
}

impl Refusal {
    pub(super) const fn by(reason: EndReason, setting: &'static str, fix: &'static str) -> Self {
        Self {
            reason,
            setting: Some(setting),
            fix,
        }
    }

    pub(super) const fn plain(reason: EndReason, fix: &'static str) -> Self {
        Self {
            reason,
            setting: None,
            fix,
        }
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
        write!(f, "{}", self.reason)?;
        if let Some(setting) = self.setting {
            write!(f, "; caused by {setting}")?;
        }
        write!(f, ". {}", self.fix)
    }
}
