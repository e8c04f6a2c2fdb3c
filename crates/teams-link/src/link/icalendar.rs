//! Meeting links in iCalendar files (RFC 5545).

use std::fmt;

use calcard::icalendar::{ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty};
use calcard::{Entry, Parser};
use thiserror::Error;

use super::find::{Findings, MAX_INVITE_BYTES, find};
use super::own_host::OwnHost;

/// Longest file read, in bytes.
pub const MAX_CALENDAR_BYTES: usize = MAX_INVITE_BYTES;

/// Of UTF-8; Outlook writes it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Events kept of one file.
const MAX_EVENTS: usize = 1000;

/// Where links stand, the surest first. The property of Microsoft's is written by Outlook and Exchange; those of
/// online meetings in general, by their predecessors ([MS-OXCICAL]); `CONFERENCE` is RFC 7986,
/// `STYLED-DESCRIPTION` RFC 9073.
const PROPERTIES: [&str; 11] = [
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "X-MICROSOFT-ONLINEMEETINGINFORMATION",
    "CONFERENCE",
    "URL",
    "LOCATION",
    "DESCRIPTION",
    "STYLED-DESCRIPTION",
    "X-ALT-DESC",
    "X-GOOGLE-CONFERENCE",
];

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CalendarError {
    /// More than [`MAX_CALENDAR_BYTES`].
    #[error("the calendar file is longer than 1 MiB")]
    TooLong,
    /// No `VEVENT` in it.
    #[error("the file has no event of a calendar in it")]
    NoEvent,
}

/// An event of a calendar.
///
/// `Debug` prints neither the summary nor any secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// `UID`: the same for a series and its exceptions.
    pub uid: Option<String>,
    /// `SUMMARY`.
    pub summary: Option<String>,
    /// Whether it stands for one occurrence of a series (`RECURRENCE-ID`).
    pub is_exception: bool,
    /// Whether it was called off (`STATUS:CANCELLED`).
    pub is_cancelled: bool,
    /// What it has in it, in the order of how sure the properties are.
    pub findings: Findings,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("is_exception", &self.is_exception)
            .field("is_cancelled", &self.is_cancelled)
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

/// Whether a text is meant to be an iCalendar file.
#[must_use]
pub fn is_calendar(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let start = bytes.trim_ascii_start();
    let begins = |word: &[u8]| {
        start
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    begins(b"BEGIN:VCALENDAR") || begins(b"BEGIN:VEVENT")
}

/// The events of an iCalendar file, in their order, at most 1,000.
///
/// Lines that are malformed are passed over.
///
/// # Errors
/// [`CalendarError`]
pub fn read(bytes: &[u8], own_hosts: &[OwnHost]) -> Result<Vec<Event>, CalendarError> {
    if bytes.len() > MAX_CALENDAR_BYTES {
        return Err(CalendarError::TooLong);
    }
    // What is not UTF-8 becomes U+FFFD, which no link has.
    let text = String::from_utf8_lossy(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes));
    let mut parser = Parser::new(&text);
    let mut events = Vec::new();
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => {
                let found = calendar
                    .components
                    .iter()
                    .filter(|component| component.component_type == ICalendarComponentType::VEvent);
                let room = MAX_EVENTS.saturating_sub(events.len());
                events.extend(found.take(room).map(|component| event(component, own_hosts)));
            }
            Entry::Eof => break,
            _ => {}
        }
    }
    if events.is_empty() {
        return Err(CalendarError::NoEvent);
    }
    Ok(events)
}

/// What all events together have in them: of a recurring series, which shares one link, that link once. Events that were
/// called off come last.
#[must_use]
pub fn together(events: &[Event]) -> Findings {
    let mut findings = Findings::default();
    let (off, on): (Vec<&Event>, Vec<&Event>) = events.iter().partition(|event| event.is_cancelled);
    for event in on.into_iter().chain(off) {
        findings.append(event.findings.clone());
    }
    findings
}

fn event(component: &ICalendarComponent, own_hosts: &[OwnHost]) -> Event {
    let text_of = |property: &ICalendarProperty| {
        let entry = component.entries.iter().find(|entry| entry.name == *property);
        entry.map(value)
    };
    let mut findings = Findings::default();
    for name in PROPERTIES {
        let entries = component
            .entries
            .iter()
            .filter(|entry| entry.name.as_str().eq_ignore_ascii_case(name));
        for entry in entries {
            // Never longer than the file, which was measured.
            if let Ok(found) = find(&value(entry), own_hosts) {
                findings.append(found);
            }
        }
    }
    Event {
        uid: text_of(&ICalendarProperty::Uid),
        summary: text_of(&ICalendarProperty::Summary),
        is_exception: component
            .entries
            .iter()
            .any(|entry| entry.name == ICalendarProperty::RecurrenceId),
        is_cancelled: text_of(&ICalendarProperty::Status)
            .is_some_and(|status| status.eq_ignore_ascii_case("CANCELLED")),
        findings,
    }
}

/// The value of a property as it was before the parser split it at semicolons, which it does with those it does not know.
fn value(entry: &ICalendarEntry) -> String {
    let parts: Vec<&str> = entry.values.iter().filter_map(|value| value.as_text()).collect();
    parts.join(";")
}
