//! Settings that decide who gets in and what they may do, under the names administrators know.
//!
//! All of them read and write JSON, refuse unknown names, and fill what is left out with Microsoft's default.

mod bots;
mod choices;
mod document;
mod effective;
mod file;
mod meeting_options;
mod organizer;
mod tenant;

use serde::Serialize;

pub use self::bots::{BotNames, BotNamesError};
pub use self::choices::{Choices, choices};
pub use self::document::{
    Applied, Assignment, DocumentError, ExternalAccessPolicy, GLOBAL, Grant, PolicyType, TenantPolicies,
};
pub(crate) use self::effective::Breadth;
pub use self::effective::{Effective, Restrictions, Sources, effective};
pub use self::file::{FileError, FileGrant, TenantFile};
pub use self::meeting_options::{
    AllowedLobbyAdmitters, AllowedPresenters, Attendee, AttendeeRole, LiveShare, LobbyBypassSettings,
    LobbyScope, MeetingChat, MeetingKind, MeetingOptions, ShareChatHistory, WatermarkProtection,
};
pub use self::organizer::{
    AnonymousUserAuthenticationMethod, AutoAdmittedUsers, CaptchaVerification, ClientType,
    DesignatedPresenterRoleMode, ExplicitRecordingConsent, ExternalBotAccessMode, MeetingChatPolicy,
    OrganizerPolicy, Switch, UsersCanAdmitFromLobby, WatermarkForAnonymousUsers,
};
pub use self::tenant::{AcsUserLabel, CapabilityProfile, TenantSettings};

/// A value as it stands in configuration.
pub(crate) fn configured(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// Who somebody is to the meeting's organization, as far as its chat is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatUser {
    /// Of the organization.
    Member,
    /// A guest, or of another organization.
    Anonymous,
}

/// Whether somebody may use the meeting's chat while in the call: the organizer's policy and the meeting must allow it.
#[must_use]
pub const fn may_chat(organizer: &OrganizerPolicy, options: &MeetingOptions, user: ChatUser) -> bool {
    let by_policy = match organizer.meeting_chat {
        MeetingChatPolicy::Enabled => true,
        MeetingChatPolicy::EnabledExceptAnonymous => matches!(user, ChatUser::Member),
        MeetingChatPolicy::Disabled => false,
    };
    let by_meeting = match options.allow_meeting_chat {
        MeetingChat::Enabled | MeetingChat::Limited => true,
        MeetingChat::Disabled => false,
    };
    by_policy && by_meeting
}

#[cfg(test)]
mod tests;
