//! Meeting links, alone and in what people are sent.

use anteroom_teams_link::link::{self, AcsLocator, Findings, OwnHost, icalendar as calendar};

/// A meeting link, as typed by anybody. What parses gives a link that parses to the same meeting.
pub fn meeting_link(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let own = own_hosts();
    if let Ok(meeting) = link::parse(text, &own) {
        let again = link::parse(&meeting.join_url, &own).expect("a canonical link parses");
        assert_eq!(again.join_url, meeting.join_url);
        assert_eq!(again.kind, meeting.kind);
    }
    let _ = link::Rewriter::of_link(text);
    if let Ok(locator) = AcsLocator::from_json(text) {
        let _ = locator.meeting(&own);
    }
}

/// An invitation, plain or HTML. What is found can be joined with.
pub fn invite(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let own = own_hosts();
    if let Ok(found) = link::find(&text, &own) {
        check(&found, &own);
    }
}

/// An iCalendar file. What is found can be joined with.
pub fn icalendar(data: &[u8]) {
    let own = own_hosts();
    let Ok(events) = calendar::read(data, &own) else {
        return;
    };
    assert!(!events.is_empty());
    let all = calendar::together(&events);
    check(&all, &own);
    for event in &events {
        check(&event.findings, &own);
    }
}

fn check(found: &Findings, own: &[OwnHost]) {
    for meeting in found.links() {
        let again = link::parse(&meeting.join_url, own).expect("what was found parses");
        assert_eq!(again.join_url, meeting.join_url);
    }
    for typed in found.typed() {
        typed.confirm().expect("what looks like a meeting id is one");
    }
    assert_eq!(found.best().is_ok(), !found.links().is_empty());
}

fn own_hosts() -> Vec<OwnHost> {
    ["https://meet.example", "http://localhost:8080"]
        .iter()
        .filter_map(|host| OwnHost::parse(host).ok())
        .collect()
}
