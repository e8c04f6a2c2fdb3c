//! Links in iCalendar files.

use anteroom_teams_link::link::icalendar::{CalendarError, MAX_CALENDAR_BYTES, is_calendar, read, together};
use anteroom_teams_link::link::{LinkError, LinkKind, OtherLink, parse};
use proptest::prelude::*;

const SHORT: &str = "https://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1";
const LONG: &str = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%225c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10%22%2c%22Oid%22%3a%220b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19%22%7d";

/// Folded as RFC 5545 §3.1 wants it, at 75 octets.
fn fold(line: &str, end: &str) -> String {
    let bytes = line.as_bytes();
    let mut folded = String::new();
    for (number, part) in bytes.chunks(74).enumerate() {
        if number > 0 {
            folded.push_str(end);
            folded.push(' ');
        }
        folded.push_str(std::str::from_utf8(part).expect("the lines are ASCII"));
    }
    folded + end
}

fn calendar(end: &str, events: &[&[&str]]) -> String {
    let mut lines = vec!["BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST"];
    for event in events {
        lines.push("BEGIN:VEVENT");
        lines.extend(*event);
        lines.push("END:VEVENT");
    }
    lines.push("END:VCALENDAR");
    lines.iter().map(|line| fold(line, end)).collect()
}

fn urls(file: &str) -> Vec<String> {
    let found = together(&read(file.as_bytes(), &[]).expect("there are events"));
    found.links().iter().map(|link| link.join_url.clone()).collect()
}

#[test]
fn every_known_property_gives_its_link() {
    let html = "<html><body><a href=\"@@\">Join</a></body></html>";
    for property in [
        "X-MICROSOFT-SKYPETEAMSMEETINGURL:@@".to_owned(),
        "x-microsoft-skypeteamsmeetingurl;X-A=b:@@".to_owned(),
        "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK:@@".to_owned(),
        "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO;LABEL=\"Join; here: now\":@@".to_owned(),
        "URL:@@".to_owned(),
        "URL;VALUE=URI:@@".to_owned(),
        "LOCATION:Room 1\\, @@".to_owned(),
        "DESCRIPTION:Dear all\\,\\n\\nJoin: @@\\nPhone\\; +49 69 1234".to_owned(),
        "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:@@".to_owned(),
        format!("X-ALT-DESC;FMTTYPE=text/html:{html}"),
    ] {
        for link in [SHORT, LONG] {
            for end in ["\r\n", "\n"] {
                let line = property.replace("@@", link);
                let file = calendar(end, &[&["UID:1", &line]]);
                assert_eq!(urls(&file), [link], "{line}");
                assert_eq!(urls(&format!("\u{feff}{file}")), [link], "{line}");
            }
        }
    }
}

#[test]
fn the_surest_property_comes_first() {
    let surest = format!("X-MICROSOFT-SKYPETEAMSMEETINGURL:{SHORT}");
    let other = format!("DESCRIPTION:{LONG}");
    let file = calendar("\r\n", &[&[&other, "SUMMARY:Loan\\, first talk", &surest]]);
    let events = read(file.as_bytes(), &[]).unwrap();
    assert_eq!(events[0].findings.best().unwrap().kind, LinkKind::Short);
    assert_eq!(events[0].findings.links().len(), 2);
    assert_eq!(events[0].summary.as_deref(), Some("Loan, first talk"));
    let printed = format!("{events:?}");
    assert!(
        !printed.contains("Qm7Zt4Lw") && !printed.contains("Loan"),
        "{printed}"
    );
}

#[test]
fn a_series_shares_its_link_and_may_have_exceptions() {
    let link = format!("X-MICROSOFT-SKYPETEAMSMEETINGURL:{SHORT}");
    let moved = format!("LOCATION:{LONG}");
    let file = calendar(
        "\r\n",
        &[
            &[
                "UID:1",
                "RRULE:FREQ=WEEKLY;COUNT=10",
                "DTSTART:20261121T090000Z",
                &link,
            ],
            &["UID:1", "RECURRENCE-ID:20261128T090000Z", &link],
            &["UID:2", "STATUS:CANCELLED", &moved],
            &["UID:3", "SUMMARY:Lunch"],
        ],
    );
    let events = read(file.as_bytes(), &[]).unwrap();
    let facts: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.uid.as_deref().unwrap(),
                event.is_exception,
                event.is_cancelled,
                event.findings.links().len(),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            ("1", false, false, 1),
            ("1", true, false, 1),
            ("2", false, true, 1),
            ("3", false, false, 0)
        ]
    );
    assert_eq!(urls(&file), [SHORT, LONG]);
    // What was called off comes last, wherever it stands.
    let off = calendar("\n", &[&["STATUS:CANCELLED", &moved], &[&link]]);
    assert_eq!(urls(&off), [SHORT, LONG]);
}

#[test]
fn malformed_files_are_read_as_far_as_they_go() {
    let link = format!("URL:{SHORT}");
    let file = calendar(
        "\r\n",
        &[&[
            "UID",
            ";;;:",
            "DTSTART;TZID=:yesterday",
            "RRULE:FREQ=NEVER",
            &link,
        ]],
    );
    assert_eq!(urls(&file), [SHORT]);
    let cut = &file[..file.find("END:VEVENT").unwrap()];
    assert_eq!(urls(cut), [SHORT]);
    assert_eq!(
        urls(&format!("BEGIN:VEVENT\r\n{link}\r\nEND:VEVENT\r\n")),
        [SHORT]
    );
    let mut broken = file.clone().into_bytes();
    broken.extend(b"BEGIN:VEVENT\r\nDESCRIPTION:\xff\xfe\r\nEND:VEVENT\r\n");
    assert!(read(&broken, &[]).is_ok());
}

#[test]
fn refuses_what_is_no_calendar() {
    for text in [
        "",
        "no calendar",
        SHORT,
        "BEGIN:VCARD\r\nFN:Dana\r\nEND:VCARD",
        "BEGIN:VCALENDAR\r\nEND:VCALENDAR",
    ] {
        assert_eq!(read(text.as_bytes(), &[]), Err(CalendarError::NoEvent), "{text}");
    }
    let long = vec![b' '; MAX_CALENDAR_BYTES + 1];
    assert_eq!(read(&long, &[]), Err(CalendarError::TooLong));
    let page = calendar("\r\n", &[&["URL:https://events.teams.microsoft.com/event/a@b"]]);
    let found = together(&read(page.as_bytes(), &[]).unwrap());
    assert_eq!(
        found.best(),
        Err(LinkError::NotAMeetingLink(OtherLink::EventPage))
    );
    assert!(is_calendar(b"\xef\xbb\xbfbegin:vcalendar\n"));
    assert!(!is_calendar(b"Dear all, BEGIN:VCALENDAR"));
}

#[test]
fn work_is_bounded_on_hostile_files() {
    for piece in [
        "BEGIN:VEVENT\n",
        "END:X\n",
        "A:\n",
        ";",
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        "URL:https://x\n",
        "\n ",
        "X;Y=\"",
        "\\",
    ] {
        let text = format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}",
            piece.repeat((MAX_CALENDAR_BYTES - 64) / piece.len())
        );
        let events = read(text.as_bytes(), &[]).unwrap();
        assert!((1..=1000).contains(&events.len()), "{piece:?}");
    }
}

proptest! {
    #[test]
    fn no_file_breaks_the_reader(
        lines in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "BEGIN:X", "END:X", " folded", "\t",
                    "DTSTART;TZID=Europe/Berlin:20261121T090000", "RRULE:FREQ=WEEKLY", "RRULE;VALUE=TEXT:x", "URL;VALUE=RECUR:x",
                    "DESCRIPTION;ENCODING=BASE64:aHR0cHM6Ly94", "X;ENCODING=QUOTED-PRINTABLE;CHARSET=utf-16:=41=\n=42",
                ]).prop_map(str::to_owned),
                "[A-Z-]{0,12}[;:=,\"]{0,3}\\PC{0,40}",
            ],
            0..20,
        ),
        end in prop::sample::select(vec!["\r\n", "\n", "\r"]),
    ) {
        let file = lines.join(end);
        let _ = read(file.as_bytes(), &[]);
        let inside = format!("BEGIN:VCALENDAR{end}BEGIN:VEVENT{end}{file}{end}END:VEVENT");
        for event in read(inside.as_bytes(), &[]).unwrap_or_default() {
            for link in event.findings.links() {
                prop_assert!(parse(&link.join_url, &[]).is_ok());
            }
        }
    }
}
