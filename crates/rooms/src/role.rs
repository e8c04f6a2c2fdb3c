//! Roles in a room, and what they allow in its call.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What a participant is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Role {
    /// Full control: speaks, shows, shares, and looks after the call.
    Presenter,
    /// Speaks and shows; the role of whoever is given none.
    #[default]
    Attendee,
    /// Listens and watches.
    Consumer,
    /// Speaks, shows and shares. Since api-version 2025-03-13.
    Collaborator,
}

/// A text is no role. Roles are compared exactly, letter case included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("unknown role")]
pub struct ParseRoleError;

/// Something that a role allows in a call, by its name in the ACS Capabilities API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// Send camera video.
    TurnVideoOn,
    /// Speak.
    UnmuteMic,
    /// Share the screen.
    ShareScreen,
    /// Remove others from the call.
    RemoveParticipant,
    /// Mute others.
    MuteOthers,
    /// End the call for everyone.
    HangUpForEveryOne,
}

impl Capability {
    /// The name on the wire, `turnVideoOn`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TurnVideoOn => "turnVideoOn",
            Self::UnmuteMic => "unmuteMic",
            Self::ShareScreen => "shareScreen",
            Self::RemoveParticipant => "removeParticipant",
            Self::MuteOthers => "muteOthers",
            Self::HangUpForEveryOne => "hangUpForEveryOne",
        }
    }
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [
        Self::Presenter,
        Self::Attendee,
        Self::Consumer,
        Self::Collaborator,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Presenter => "Presenter",
            Self::Attendee => "Attendee",
            Self::Consumer => "Consumer",
            Self::Collaborator => "Collaborator",
        }
    }

    /// What the role allows (ACS documentation, "Predefined participant roles and permissions in Virtual Rooms calls").
    #[must_use]
    pub const fn capabilities(self) -> &'static [Capability] {
        match self {
            Self::Presenter => &[
                Capability::TurnVideoOn,
                Capability::UnmuteMic,
                Capability::ShareScreen,
                Capability::RemoveParticipant,
                Capability::MuteOthers,
                Capability::HangUpForEveryOne,
            ],
            Self::Collaborator => &[
                Capability::TurnVideoOn,
                Capability::UnmuteMic,
                Capability::ShareScreen,
            ],
            Self::Attendee => &[Capability::TurnVideoOn, Capability::UnmuteMic],
            Self::Consumer => &[],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, ParseRoleError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(ParseRoleError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        for text in ["", "presenter", "ATTENDEE", "Organizer", "Attendee "] {
            assert_eq!(text.parse::<Role>(), Err(ParseRoleError), "{text:?}");
        }
    }

    #[test]
    fn each_role_allows_what_the_table_says() {
        let allows = |role: Role, capability| role.capabilities().contains(&capability);
        for (role, speaks, shares, cares) in [
            (Role::Presenter, true, true, true),
            (Role::Collaborator, true, true, false),
            (Role::Attendee, true, false, false),
            (Role::Consumer, false, false, false),
        ] {
            assert_eq!(allows(role, Capability::UnmuteMic), speaks, "{role}");
            assert_eq!(allows(role, Capability::TurnVideoOn), speaks, "{role}");
            assert_eq!(allows(role, Capability::ShareScreen), shares, "{role}");
            assert_eq!(allows(role, Capability::RemoveParticipant), cares, "{role}");
            assert_eq!(allows(role, Capability::MuteOthers), cares, "{role}");
            assert_eq!(allows(role, Capability::HangUpForEveryOne), cares, "{role}");
        }
    }
}
