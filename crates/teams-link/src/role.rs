//! Roles in a meeting.

use std::fmt;

/// What a participant is in a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Made the meeting; there is one.
    Organizer,
    /// Named by the organizer; nearly the same rights.
    CoOrganizer,
    /// May present and, if of the organization, look after the meeting.
    Presenter,
    /// Takes part.
    Attendee,
}

impl Role {
    /// The name used by Graph: `organizer`, `coorganizer`, `presenter`, `attendee`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::CoOrganizer => "coorganizer",
            Self::Presenter => "presenter",
            Self::Attendee => "attendee",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
