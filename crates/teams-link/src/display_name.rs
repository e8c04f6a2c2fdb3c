//! The name a guest gives itself.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Most characters of a name.
const MAX_CHARS: usize = 256;

/// More than this many bytes are not looked at: 256 characters of four bytes, and white space around them.
const MAX_BYTES: usize = 4096;

/// A name for the roster: 1 to 256 characters, none of which moves the text around it.
///
/// White space at both ends is cut off. Control characters, line and paragraph separators and the characters that turn
/// the writing direction are refused, because a roster shows the name of a stranger beside those of colleagues.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DisplayName(String);

/// Why a text is no display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DisplayNameError {
    /// Nothing in it can be seen.
    #[error("the name is empty")]
    Empty,
    /// More than 256 characters.
    #[error("the name is longer than 256 characters")]
    TooLong,
    /// A control character, a line break, or a change of the writing direction.
    #[error("the name holds a character that cannot be shown")]
    Character,
}

impl DisplayName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`DisplayNameError`]
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        if text.len() > MAX_BYTES {
            return Err(DisplayNameError::TooLong);
        }
        let text = text.trim();
        if text.chars().count() > MAX_CHARS {
            return Err(DisplayNameError::TooLong);
        }
        if text.chars().any(is_refused) {
            return Err(DisplayNameError::Character);
        }
        if text
            .chars()
            .all(|character| character.is_whitespace() || is_invisible(character))
        {
            return Err(DisplayNameError::Empty);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

fn is_refused(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Unicode's Default_Ignorable_Code_Point, and the Braille pattern without dots. Within a name they join letters and emoji;
/// a name of nothing else looks like no name.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

impl FromStr for DisplayName {
    type Err = DisplayNameError;

    fn from_str(text: &str) -> Result<Self, DisplayNameError> {
        Self::parse(text)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Without the name, so that it does not get into logs.
impl fmt::Debug for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DisplayName({} characters)", self.0.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_and_keeps_names_of_all_scripts() {
        for (text, name) in [
            (" Dana (guest) ", "Dana (guest)"),
            ("Zoë Müller-Lüdenscheidt", "Zoë Müller-Lüdenscheidt"),
            ("山田 太郎", "山田 太郎"),
            ("👩‍💻", "👩‍💻"),
            ("x", "x"),
        ] {
            assert_eq!(
                DisplayName::parse(text).map(DisplayName::into_string),
                Ok(name.to_owned())
            );
        }
    }

    #[test]
    fn the_limit_counts_characters() {
        assert!(DisplayName::parse(&"ü".repeat(256)).is_ok());
        assert_eq!(
            DisplayName::parse(&"ü".repeat(257)),
            Err(DisplayNameError::TooLong)
        );
        assert_eq!(
            DisplayName::parse(&"x".repeat(1 << 20)),
            Err(DisplayNameError::TooLong)
        );
    }

    #[test]
    fn refuses_what_cannot_be_shown() {
        for text in [
            "",
            " ",
            "\t\n",
            "\u{200b}",
            "\u{3164} \u{3164}",
            "\u{200f}\u{2060}",
            "\u{2800}",
            "\u{e0041}\u{e007f}",
        ] {
            assert_eq!(DisplayName::parse(text), Err(DisplayNameError::Empty), "{text:?}");
        }
        for text in [
            "a\nb",
            "a\0b",
            "a\u{7f}b",
            "a\u{85}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{2028}b",
        ] {
            assert_eq!(
                DisplayName::parse(text),
                Err(DisplayNameError::Character),
                "{text:?}"
            );
        }
    }

    #[test]
    fn debug_does_not_print_the_name() {
        assert_eq!(
            format!("{:?}", DisplayName::parse("Dana").unwrap()),
            "DisplayName(4 characters)"
        );
    }
}
