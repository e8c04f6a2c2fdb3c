//! What a participant may do, by the names of the ACS Capabilities API.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

macro_rules! capabilities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Something a participant may or may not do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Capability {
            $($(#[$doc])* $variant,)*
        }

        impl Capability {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the wire, `turnVideoOn`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

capabilities! {
    /// Send camera video.
    TurnVideoOn = "turnVideoOn",
    /// Speak.
    UnmuteMic = "unmuteMic",
    /// Share the screen.
    ShareScreen = "shareScreen",
    /// Remove others from the call.
    RemoveParticipant = "removeParticipant",
    /// End the meeting for everyone.
    HangUpForEveryOne = "hangUpForEveryOne",
    /// Add an ACS user.
    AddCommunicationUser = "addCommunicationUser",
    /// Add a Teams user.
    AddTeamsUser = "addTeamsUser",
    /// Call a phone number.
    AddPhoneNumber = "addPhoneNumber",
    /// Admit from the lobby and reject.
    ManageLobby = "manageLobby",
    /// Put a participant in the spotlight.
    SpotlightParticipant = "spotlightParticipant",
    /// Take participants out of the spotlight.
    RemoveParticipantsSpotlight = "removeParticipantsSpotlight",
    /// Start closed captions.
    StartLiveCaptions = "startLiveCaptions",
    /// Stop closed captions.
    StopLiveCaptions = "stopLiveCaptions",
    /// Raise and lower the own hand.
    RaiseHand = "raiseHand",
    /// Mute others.
    MuteOthers = "muteOthers",
    /// Send reactions.
    Reaction = "reaction",
    /// See the names of attendees.
    ViewAttendeeNames = "viewAttendeeNames",
    /// Disable the microphones of attendees.
    ForbidOthersAudio = "forbidOthersAudio",
    /// Disable the cameras of attendees.
    ForbidOthersVideo = "forbidOthersVideo",
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of no capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("there is no such capability")]
pub struct ParseCapabilityError;

impl FromStr for Capability {
    type Err = ParseCapabilityError;

    fn from_str(text: &str) -> Result<Self, ParseCapabilityError> {
        Self::ALL
            .iter()
            .copied()
            .find(|capability| capability.as_str() == text)
            .ok_or(ParseCapabilityError)
    }
}

/// A set of capabilities.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CapabilitySet(u32);

const _: () = assert!(Capability::ALL.len() <= u32::BITS as usize, "one bit each");

impl CapabilitySet {
    /// Nothing.
    pub const EMPTY: Self = Self(0);

    /// Whether something is in the set.
    #[must_use]
    pub const fn contains(&self, capability: Capability) -> bool {
        self.0 & bit(capability) != 0
    }

    /// Adds one.
    pub const fn insert(&mut self, capability: Capability) {
        self.0 |= bit(capability);
    }

    /// Takes one out.
    pub const fn remove(&mut self, capability: Capability) {
        self.0 &= !bit(capability);
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.count_ones() as usize
    }

    /// All of the set, in the order of [`Capability::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = Capability> + use<> {
        let set = *self;
        Capability::ALL
            .iter()
            .copied()
            .filter(move |capability| set.contains(*capability))
    }

    /// The names on the wire.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.iter().map(Capability::as_str).collect()
    }
}

const fn bit(capability: Capability) -> u32 {
    1 << capability as u32
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(capabilities: I) -> Self {
        let mut set = Self::EMPTY;
        set.extend(capabilities);
        set
    }
}

impl Extend<Capability> for CapabilitySet {
    fn extend<I: IntoIterator<Item = Capability>>(&mut self, capabilities: I) {
        for capability in capabilities {
            self.insert(capability);
        }
    }
}

impl<const N: usize> From<[Capability; N]> for CapabilitySet {
    fn from(capabilities: [Capability; N]) -> Self {
        capabilities.into_iter().collect()
    }
}

impl fmt::Debug for CapabilitySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_differ() {
        for capability in Capability::ALL {
            assert_eq!(capability.to_string().parse(), Ok(*capability));
        }
        assert_eq!("fly".parse::<Capability>(), Err(ParseCapabilityError));
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut set = CapabilitySet::from([Capability::UnmuteMic, Capability::ForbidOthersVideo]);
        assert_eq!(set.names(), ["unmuteMic", "forbidOthersVideo"]);
        set.remove(Capability::UnmuteMic);
        assert!(!set.contains(Capability::UnmuteMic) && set.len() == 1);
        assert_eq!(
            Capability::ALL.iter().copied().collect::<CapabilitySet>().len(),
            Capability::ALL.len()
        );
    }
}
