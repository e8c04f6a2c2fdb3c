//! Meeting ids and passcodes as printed in invitations.

use std::fmt;

use super::error::LinkError;
use super::locator::{LastFour, Secret};
use super::parse::by_meeting_id;
use super::reference::MeetingRef;

/// How far behind a meeting id its passcode is looked for, in bytes.
const WINDOW: usize = 200;

/// Lines behind a meeting id in which its passcode is looked for.
const LINES: usize = 4;

/// What may be a meeting id with its passcode: digits in groups, and a short token near by.
///
/// A guess. A person must confirm it, since phone numbers and references look alike. `Debug` prints the last four digits.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedMeeting {
    meeting_id: String,
    passcode: Option<Secret>,
}

impl TypedMeeting {
    /// 9 to 20 digits.
    #[must_use]
    pub fn meeting_id(&self) -> &str {
        &self.meeting_id
    }

    /// The token, when there was one.
    #[must_use]
    pub const fn passcode(&self) -> Option<&Secret> {
        self.passcode.as_ref()
    }

    /// Takes it for what it seems to be, because somebody said so.
    ///
    /// # Errors
    /// Never those of the id; [`LinkError::BadPasscode`] cannot come either, as things are.
    pub fn confirm(&self) -> Result<MeetingRef, LinkError> {
        let passcode = self.passcode.as_ref().map_or("", Secret::expose);
        by_meeting_id(&self.meeting_id, passcode)
    }
}

impl fmt::Debug for TypedMeeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedMeeting")
            .field("meeting_id", &LastFour(&self.meeting_id))
            .field("passcode", &self.passcode)
            .finish()
    }
}

/// At most `most` pairs in a text.
pub(super) fn candidates(text: &str, most: usize) -> Vec<TypedMeeting> {
    let mut found: Vec<TypedMeeting> = Vec::new();
    let mut from = 0;
    while let Some(run) = Run::next(text, from) {
        from = run.end;
        let Some(meeting_id) = run.meeting_id(text) else {
            continue;
        };
        let passcode = passcode_behind(text.get(run.end..).unwrap_or_default());
        let typed = TypedMeeting { meeting_id, passcode };
        if !found.contains(&typed) {
            found.push(typed);
        }
        if found.len() >= most {
            break;
        }
    }
    found
}

/// Groups of digits with one separator between each.
struct Run {
    start: usize,
    end: usize,
}

impl Run {
    fn next(text: &str, from: usize) -> Option<Self> {
        let start = from
            + text
                .get(from..)?
                .find(|character: char| character.is_ascii_digit())?;
        let mut end = start;
        let mut separated = false;
        for (at, character) in text.get(start..)?.char_indices() {
            match character {
                '0'..='9' => {
                    end = start + at + 1;
                    separated = false;
                }
                _ if is_separator(character) && !separated => separated = true,
                _ => break,
            }
        }
        Some(Self { start, end })
    }

    /// The digits, when they are grouped as in invitations: by three, or not at all.
    fn meeting_id(&self, text: &str) -> Option<String> {
        // Part of a word, a link, an address or a phone number.
        let before = text.get(..self.start)?.chars().next_back();
        let after = text.get(self.end..)?.chars().next();
        if before.is_some_and(|character| character.is_alphanumeric() || "+/=%_#&?.@-(*".contains(character))
            || after.is_some_and(|character| character.is_alphanumeric() || "/=%_#&@".contains(character))
        {
            return None;
        }
        let run = text.get(self.start..self.end)?;
        if run.len() > 64 {
            return None;
        }
        let groups: Vec<&str> = run.split(is_separator).collect();
        let (last, front) = groups.split_last()?;
        let by_three =
            front.len() >= 2 && front.iter().all(|group| group.len() == 3) && (1..=3).contains(&last.len());
        let at_once = front.is_empty() && last.len() >= 10;
        let digits = groups.concat();
        let fits = (by_three || at_once) && (9..=20).contains(&digits.len());
        fits.then_some(digits)
    }
}

fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '-')
}

/// A token that stands behind a colon or alone in its line.
fn passcode_behind(text: &str) -> Option<Secret> {
    let mut end = WINDOW.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // The first line is what is left of the id's own.
    let lines = text.get(..end)?.lines().enumerate();
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()).take(LINES) {
        // Another meeting's: what follows is not this one's.
        if number > 0 && Run::next(line, 0).is_some_and(|run| run.meeting_id(line).is_some()) {
            return None;
        }
        let behind_colon = line
            .split([':', '：'])
            .skip(1)
            .filter_map(|rest| rest.split_whitespace().next())
            .find(|token| is_passcode(token));
        let alone = Some(line.trim()).filter(|token| number > 0 && is_passcode(token));
        if let Some(token) = behind_colon.or(alone) {
            return Some(Secret::new(token));
        }
    }
    None
}

/// 6 to 16 letters and digits that are no word: a digit among them, or a capital inside.
fn is_passcode(token: &str) -> bool {
    let fits = (6..=16).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let has_digit = token.bytes().any(|byte| byte.is_ascii_digit());
    let is_mixed = token.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
        && token.bytes().any(|byte| byte.is_ascii_lowercase());
    fits && (has_digit || is_mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, Option<String>)> {
        candidates(text, 8)
            .into_iter()
            .map(|typed| {
                assert!(typed.confirm().is_ok(), "{text}");
                assert!(!format!("{typed:?}").contains(&typed.meeting_id));
                let passcode = typed.passcode().map(|code| code.expose().to_owned());
                (typed.meeting_id, passcode)
            })
            .collect()
    }

    #[test]
    fn finds_ids_and_passcodes_in_any_language() {
        for (text, id, passcode) in [
            (
                "Meeting ID: 274 918 305 566 421\r\nPasscode: Qm7Zt4Lw\r\n",
                "274918305566421",
                Some("Qm7Zt4Lw"),
            ),
            (
                "Besprechungs-ID: 274 918 305 566\n\nKenncode: aBcDeF",
                "274918305566",
                Some("aBcDeF"),
            ),
            (
                "会議 ID： 274 918 305 566 42\nパスコード： 12345678",
                "27491830556642",
                Some("12345678"),
            ),
            (
                "ID de réunion\u{a0}: 274\u{a0}918\u{a0}305\u{a0}566 Code secret\u{a0}: Qm7Zt4Lw",
                "274918305566",
                Some("Qm7Zt4Lw"),
            ),
            ("274-918-305-566\nQm7Zt4Lw", "274918305566", Some("Qm7Zt4Lw")),
            ("ID 2749183055\nSubject: Meeting", "2749183055", None),
            ("ID: 274 918 305", "274918305", None),
        ] {
            assert_eq!(
                found(text),
                [(id.to_owned(), passcode.map(str::to_owned))],
                "{text}"
            );
        }
    }

    #[test]
    fn keeps_meetings_apart() {
        let text = "A: 274 918 305 566\nB: 111 222 333 444\nPasscode: Qm7Zt4Lw";
        assert_eq!(
            found(text),
            [
                ("274918305566".to_owned(), None),
                ("111222333444".to_owned(), Some("Qm7Zt4Lw".to_owned()))
            ]
        );
    }

    #[test]
    fn passes_over_other_numbers() {
        for text in [
            "+49 691 234 567",
            "+496912345678",
            "Phone conference ID: 112 233 445#",
            "https://teams.microsoft.com/meet/274918305566421?p=1234567890",
            "2026-11-21 12:30",
            "27 49 18 30 55",
            "Version 123.456.789.012",
            "a274918305566",
            "123456789012345678901",
            "",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
