//! Room ids.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The id of a room: 16 to 18 decimal digits of which the first two are `99`.
///
/// Ids that this crate makes have 17 digits; those of Azure have 16 to 18. They are no secret: who may join is said by
/// the room's list of participants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId {
    /// Its digits, `99…`; leading zeros cannot occur.
    digits: u64,
}

/// A text is no room id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a room id has 16 to 18 digits that start with 99")]
pub struct ParseRoomIdError;

/// Length of a room id in digits.
const DIGITS: std::ops::RangeInclusive<usize> = 16..=18;
/// What a room id starts with.
const PREFIX: &str = "99";
/// `99` followed by 15 zeros: the smallest id that is made here.
const FIRST: u64 = 99_000_000_000_000_000;
/// How many ids of 17 digits there are.
const COUNT: u64 = 1_000_000_000_000_000;

impl RoomId {
    /// The id that a random number picks among the 10¹⁵ of 17 digits. Draw another number when the id is taken.
    #[must_use]
    pub const fn from_random(random: u64) -> Self {
        Self {
            digits: FIRST + random % COUNT,
        }
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits.fmt(f)
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomId({})", self.digits)
    }
}

impl FromStr for RoomId {
    type Err = ParseRoomIdError;

    fn from_str(text: &str) -> Result<Self, ParseRoomIdError> {
        let well_formed = DIGITS.contains(&text.len())
            && text.starts_with(PREFIX)
            && text.bytes().all(|byte| byte.is_ascii_digit());
        if !well_formed {
            return Err(ParseRoomIdError);
        }
        let digits = text.parse().map_err(|_| ParseRoomIdError)?;
        Ok(Self { digits })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn takes_the_lengths_azure_has() {
        for text in ["9919969036266052", "99199690362660524", "991996903626605245"] {
            assert_eq!(text.parse::<RoomId>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "123",
            "invalid_id",
            "991996903626605",
            "9919969036266052451",
            "89199690362660524",
            "9919969036266052x",
            "+9199690362660524",
            " 99199690362660524",
            "99199690362660524 ",
            "９９19969036266",
        ] {
            assert_eq!(text.parse::<RoomId>(), Err(ParseRoomIdError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn made_ids_are_well_formed_and_round_trip(random: u64) {
            let id = RoomId::from_random(random);
            let text = id.to_string();
            prop_assert_eq!(text.len(), 17);
            prop_assert_eq!(text.parse(), Ok(id));
        }

        #[test]
        fn what_parses_prints_the_same(text in "(99)?[0-9x]{10,20}") {
            if let Ok(id) = text.parse::<RoomId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
