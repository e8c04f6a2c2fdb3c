//! Telling programs that join by themselves from people.
//!
//! Nothing in a guest's token says which of the two it is, and how Teams tells them apart is not documented. What is left
//! is what a guest says of itself: the name it shows, and what its client calls itself. A program that wants to pass for a
//! person does.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Most names.
const MAX_NAMES: usize = 200;

/// Longest name, in bytes.
const MAX_NAME: usize = 64;

/// What notetakers, recorders and the like call themselves.
const DEFAULT: [&str; 11] = [
    "bot",
    "notetaker",
    "note taker",
    "meeting notes",
    "meeting assistant",
    "ai assistant",
    "recorder",
    "transcriber",
    "fireflies.ai",
    "otter.ai",
    "read.ai",
];

/// Names by which a program gives itself away, one or more words each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<String>", into = "BTreeSet<String>")]
pub struct BotNames(BTreeSet<String>);

/// Names that cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BotNamesError {
    /// More than 200 names.
    #[error("there are more than {MAX_NAMES} names of bots")]
    TooMany,
    /// A name without letters and digits, or of more than 64 bytes.
    #[error("a name of a bot has letters or digits, and at most {MAX_NAME} bytes")]
    Unusable,
}

impl BotNames {
    /// Whether a guest with this name, or with a client that calls itself this, is one of them: its words, in this order
    /// and next to each other, are in one of the two. Case counts only in that `MeetingBot` is two words; what is neither
    /// a letter nor a digit separates words.
    #[must_use]
    pub fn recognise(&self, display_name: &str, client: &str) -> bool {
        let said = [words(display_name), words(client)];
        self.0.iter().any(|name| {
            let name = words(name);
            let among = |said: &Vec<String>| said.windows(name.len().max(1)).any(|part| part == name);
            said.iter().any(among)
        })
    }
}

impl Default for BotNames {
    fn default() -> Self {
        Self(DEFAULT.into_iter().map(str::to_owned).collect())
    }
}

impl TryFrom<BTreeSet<String>> for BotNames {
    type Error = BotNamesError;

    fn try_from(names: BTreeSet<String>) -> Result<Self, Self::Error> {
        if names.len() > MAX_NAMES {
            return Err(BotNamesError::TooMany);
        }
        if names
            .iter()
            .any(|name| name.len() > MAX_NAME || words(name).is_empty())
        {
            return Err(BotNamesError::Unusable);
        }
        Ok(Self(names))
    }
}

impl From<BotNames> for BTreeSet<String> {
    fn from(names: BotNames) -> Self {
        names.0
    }
}

/// The words of a text, in small letters.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for char in text.chars() {
        let ends = !char.is_alphanumeric() || (char.is_uppercase() && after_small);
        if ends && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if char.is_alphanumeric() {
            word.extend(char.to_lowercase());
        }
        after_small = char.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_recognised_by_what_they_call_themselves() {
        let names = BotNames::default();
        for (name, client) in [
            ("Otter.ai", ""),
            ("Fred's Notetaker (Otter.ai)", ""),
            ("read.ai meeting notes", ""),
            ("FIREFLIES.AI NOTETAKER", ""),
            ("Contoso MeetingBot", ""),
            ("Note-Taker", ""),
            ("Dana", "RecorderBot/2.1"),
            ("Dana", "acme-bot/1.0 (linux)"),
        ] {
            assert!(names.recognise(name, client), "{name}, {client}");
        }
        for (name, client) in [
            ("Dana", "web/0.1"),
            ("Dana", "anteroom/0.1.0"),
            ("Abbott", "web/0.1"),
            ("Roboto Boto", ""),
            ("Note the taker", ""),
            ("", ""),
            ("机器人", ""),
        ] {
            assert!(!names.recognise(name, client), "{name}, {client}");
        }
    }

    #[test]
    fn a_tenant_has_names_of_its_own_or_none() {
        let of = |names: &[&str]| serde_json::from_value::<BotNames>(serde_json::json!(names));
        let own = of(&["Schreiber", "机器人"]).unwrap();
        assert!(own.recognise("der SCHREIBER", "") && own.recognise("Contoso 机器人", ""));
        assert!(!own.recognise("Bot", ""));
        assert!(!of(&[]).unwrap().recognise("Bot", "bot"));
        for unusable in [&["…"][..], &[""], &[&"x".repeat(65)]] {
            let error = of(unusable).unwrap_err().to_string();
            assert_eq!(error, BotNamesError::Unusable.to_string());
        }
        let many: BTreeSet<String> = (0..201).map(|number| number.to_string()).collect();
        assert_eq!(BotNames::try_from(many), Err(BotNamesError::TooMany));
        let names = BotNames::default();
        let json = serde_json::to_value(&names).unwrap();
        assert_eq!(serde_json::from_value::<BotNames>(json).unwrap(), names);
    }
}
