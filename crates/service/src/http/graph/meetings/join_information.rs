//! The invitation that `joinInformation` holds: HTML in a `data:` URL, in the language the client prefers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::meetings::MeetingRecord;

/// As in RFC 3986 §2.3: everything but these is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The sentences of an invitation.
struct Words {
    heading: &'static str,
    join: &'static str,
    meeting_id: &'static str,
    passcode: &'static str,
    options: &'static str,
}

const ENGLISH: Words = Words {
    heading: "Online meeting",
    join: "Join the meeting now",
    meeting_id: "Meeting ID",
    passcode: "Passcode",
    options: "Meeting options",
};

const GERMAN: Words = Words {
    heading: "Onlinebesprechung",
    join: "Jetzt an der Besprechung teilnehmen",
    meeting_id: "Besprechungs-ID",
    passcode: "Passcode",
    options: "Besprechungsoptionen",
};

/// `data:text/html,…`
pub(super) fn content(meeting: &MeetingRecord, options_url: &str, accept_language: Option<&str>) -> String {
    let html = html(meeting, options_url, words(accept_language.unwrap_or_default()));
    format!("data:text/html,{}", utf8_percent_encode(&html, ESCAPED))
}

fn html(meeting: &MeetingRecord, options_url: &str, words: &Words) -> String {
    let link = escaped(&meeting.join_url);
    let digits = grouped(&meeting.meeting_id);
    let passcode = meeting.passcode.as_deref().map_or_else(String::new, |code| {
        format!("<div>{}: <span>{}</span></div>", words.passcode, escaped(code))
    });
    format!(
        "<div><p><strong>{}</strong></p><p><a href=\"{link}\">{}</a></p><div>{}: <span>{digits}</span></div>{passcode}\
         <p><a href=\"{}\">{}</a></p></div>",
        words.heading,
        words.join,
        words.meeting_id,
        escaped(options_url),
        words.options,
    )
}

/// The language with the highest weight that we speak (RFC 9110 §12.5.4); English where there is none.
fn words(accept_language: &str) -> &'static Words {
    let mut best: (f32, &Words) = (0.0, &ENGLISH);
    for range in accept_language.split(',').take(32) {
        let (language, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters
            .trim()
            .strip_prefix("q=")
            .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
        let primary = language.trim().split('-').next().unwrap_or_default();
        let known = match primary.to_ascii_lowercase().as_str() {
            "de" => &GERMAN,
            "en" => &ENGLISH,
            _ => continue,
        };
        if weight > best.0 {
            best = (weight, known);
        }
    }
    best.1
}

/// In groups of three, as invitations print it.
fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_clients() {
        for (header, german) in [
            ("", false),
            ("de", true),
            ("de-AT,en;q=0.8", true),
            ("en,de;q=0.9", false),
            ("fr, de;q=0.5, en;q=0.4", true),
            ("fr", false),
            ("de;q=x", false),
        ] {
            assert_eq!((words(header).join == GERMAN.join), german, "{header}");
        }
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!(grouped("274918305566421"), "274 918 305 566 421");
        assert_eq!(grouped("1234"), "123 4");
    }
}
