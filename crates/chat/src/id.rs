//! Identifiers of threads and messages.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

/// Text that is not an identifier of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("malformed {0}")]
pub struct ParseIdError(&'static str);

/// A chat thread: `19:…@thread.v2`, at most 256 characters of `A-Z a-z 0-9 _ - : . = + / @`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThreadId(String);

impl ThreadId {
    /// A new id, as the service gives to threads that are not a meeting's.
    #[must_use]
    pub fn random() -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        const LEN: usize = 44;
        let random = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
        let name: String = random
            .iter()
            .flat_map(|uuid| uuid.as_bytes())
            .take(LEN)
            .map(|byte| char::from(ALPHABET[usize::from(byte % 64)]))
            .collect();
        Self(format!("19:{name}@thread.v2"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ThreadId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MALFORMED: ParseIdError = ParseIdError("thread id");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.=+/@".contains(&byte);
        let (name, domain) = text
            .strip_prefix("19:")
            .and_then(|rest| rest.split_once('@'))
            .ok_or(MALFORMED)?;
        if name.is_empty()
            || text.len() > 256
            || !text.bytes().all(allowed)
            || !matches!(domain, "thread.v2" | "thread.tacv2" | "thread.skype")
        {
            return Err(MALFORMED);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ThreadId {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ThreadId> for String {
    fn from(id: ThreadId) -> Self {
        id.0
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message in its thread: its arrival in Unix milliseconds, moved on where needed so that ids are unique and increase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(u64);

impl MessageId {
    /// The id of that many milliseconds.
    #[must_use]
    pub const fn from_unix_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Unix milliseconds.
    #[must_use]
    pub const fn unix_ms(self) -> u64 {
        self.0
    }

    /// The first id that is after `previous` and not before `now`.
    pub(crate) fn next(previous: Option<Self>, now: OffsetDateTime) -> Self {
        let earliest = previous.map_or(0, |previous| previous.0.saturating_add(1));
        Self(unix_ms(now).max(earliest))
    }

    /// The instant the id stands for.
    #[must_use]
    pub fn time(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MessageId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        number(text).map(Self).ok_or(ParseIdError("message id"))
    }
}

/// The place of a message in its thread: 1, 2, … without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SequenceId(u64);

impl SequenceId {
    /// Before the first message.
    pub const ZERO: Self = Self(0);

    /// The place of that number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for SequenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A client's own name for a message it sends, so that sending twice makes one message: 1 to 64 characters without
/// control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientMessageId(String);

impl ClientMessageId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientMessageId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !(1..=64).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(ParseIdError("client message id"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ClientMessageId {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClientMessageId> for String {
    fn from(id: ClientMessageId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Unix milliseconds, 0 for anything before 1970.
pub(crate) fn unix_ms(time: OffsetDateTime) -> u64 {
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

/// Decimal digits without a sign or leading zero.
pub(crate) fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thread_ids_round_trip() {
        for text in [
            "19:meeting_YjM0ZjE2ZDAtN2E1@thread.v2",
            "19:8f2b6d0c4e7a49d1b3c5a7e9f1d3b5c7@thread.tacv2",
            "19:gcch:meeting_abc@thread.v2",
            ThreadId::random().as_str(),
        ] {
            assert_eq!(text.parse::<ThreadId>().unwrap().to_string(), text);
        }
        assert_ne!(ThreadId::random(), ThreadId::random());
        assert_eq!(ThreadId::random().as_str().len(), 44 + "19:@thread.v2".len());
    }

    #[test]
    fn refuses_what_is_no_thread_id() {
        let long = format!("19:{}@thread.v2", "a".repeat(300));
        for text in [
            "",
            "19:@thread.v2",
            "20:a@thread.v2",
            "19:a@thread.v3",
            "19:a b@thread.v2",
            "19:ü@thread.v2",
            &long,
        ] {
            assert_eq!(text.parse::<ThreadId>(), Err(ParseIdError("thread id")), "{text}");
        }
    }

    #[test]
    fn message_ids_increase_whatever_the_clock_does() {
        let at = |ms: u64| MessageId(ms).time();
        let first = MessageId::next(None, at(5_000));
        assert_eq!(first, MessageId(5_000));
        assert_eq!(MessageId::next(Some(first), at(5_000)), MessageId(5_001));
        assert_eq!(MessageId::next(Some(first), at(4_000)), MessageId(5_001));
        assert_eq!(MessageId::next(Some(first), at(6_000)), MessageId(6_000));
        assert_eq!(unix_ms(at(5_000)), 5_000);
    }

    #[test]
    fn numbers_are_plain_digits() {
        assert_eq!("17".parse::<MessageId>(), Ok(MessageId(17)));
        for text in ["", "+1", "-1", "01", " 1", "1.0", "99999999999999999999"] {
            assert_eq!(
                text.parse::<MessageId>(),
                Err(ParseIdError("message id")),
                "{text}"
            );
        }
    }

    #[test]
    fn client_message_ids_are_bounded() {
        assert!("a".repeat(64).parse::<ClientMessageId>().is_ok());
        assert!("a".repeat(65).parse::<ClientMessageId>().is_err());
        assert!("".parse::<ClientMessageId>().is_err());
        assert!("a\nb".parse::<ClientMessageId>().is_err());
    }
}
