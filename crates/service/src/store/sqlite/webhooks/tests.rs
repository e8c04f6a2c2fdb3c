use std::time::Duration;

use super::*;
use crate::store::sqlite::migrations;

fn start() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(1_000_000)
}

fn database() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    migrations::run(&mut connection).unwrap();
    for id in ["wh_a", "wh_b"] {
        let row = WebhookRow {
            id: id.to_owned(),
            url: "https://hooks.example.org/".to_owned(),
            events: vec!["meeting.started".to_owned(), "meeting.ended".to_owned()],
            tenant: None,
            include_content: true,
            secret: "whsec_x".to_owned(),
            previous: None,
            created: start(),
            disabled: None,
        };
        insert(&connection, &row).unwrap();
    }
    connection
}

fn add(connection: &Connection, webhook: &str, meeting: &str, message: &str) -> bool {
    let new = NewDelivery {
        webhook: webhook.to_owned(),
        meeting: meeting.to_owned(),
        message: message.to_owned(),
        event: "meeting.started",
        body: "{}".to_owned(),
        created: start(),
    };
    record(connection, &new).unwrap()
}

fn next(connection: &Connection, webhook: &str) -> Vec<(String, i64)> {
    let heads = heads(connection, webhook, 10).unwrap();
    heads.into_iter().map(|head| (head.message, head.place)).collect()
}

fn messages(connection: &Connection, webhook: &str) -> Vec<String> {
    next(connection, webhook)
        .into_iter()
        .map(|(message, _)| message)
        .collect()
}

fn delivered(connection: &Connection, place: i64) {
    finish(connection, "wh_a", place, 1, End::Delivered, "204", start()).unwrap();
}

#[test]
fn one_event_of_each_meeting_is_next_and_the_soonest_is_first() {
    let connection = database();
    for (meeting, message) in [("m", "m1"), ("m", "m2"), ("n", "n1"), ("m", "m3"), ("n", "n2")] {
        assert!(add(&connection, "wh_a", meeting, message));
    }
    assert!(add(&connection, "wh_b", "m", "other"));
    let heads = next(&connection, "wh_a");
    assert_eq!(messages(&connection, "wh_a"), ["m1", "n1"]);
    // A failure holds its meeting back, and no other.
    let later = start() + Duration::from_secs(60);
    again(&connection, heads[0].1, 1, later, "500").unwrap();
    assert_eq!(messages(&connection, "wh_a"), ["n1", "m1"]);
    delivered(&connection, heads[1].1);
    assert_eq!(messages(&connection, "wh_a"), ["n2", "m1"]);
    delivered(&connection, heads[0].1);
    assert_eq!(messages(&connection, "wh_a"), ["m2", "n2"]);
    assert_eq!(messages(&connection, "wh_b"), ["other"]);
    assert_eq!(health(&connection, "wh_a").unwrap().unwrap().pending, 3);
    assert_eq!(health(&connection, "wh_c").unwrap(), None);
}

#[test]
fn what_is_over_is_remembered_for_a_while_without_its_body() {
    let connection = database();
    for number in 0..150 {
        add(&connection, "wh_a", "m", &number.to_string());
        let (_, place) = next(&connection, "wh_a").remove(0);
        delivered(&connection, place);
    }
    let known = deliveries(&connection, "wh_a", 1000).unwrap();
    assert_eq!(known.len(), 100);
    assert_eq!(
        (known[0].message.as_str(), known[99].message.as_str()),
        ("149", "50")
    );
    let bodies: i64 = connection
        .query_row("SELECT SUM(LENGTH(body)) FROM webhook_deliveries", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(bodies, 0);
    assert_eq!(deliveries(&connection, "wh_a", 3).unwrap().len(), 3);
}

#[test]
fn the_oldest_are_dropped_and_counted() {
    let connection = database();
    for number in 0..5 {
        add(&connection, "wh_a", "m", &number.to_string());
    }
    assert_eq!(trim(&connection, "wh_a", 5, start()).unwrap(), 0);
    assert_eq!(trim(&connection, "wh_a", 3, start()).unwrap(), 2);
    assert_eq!(messages(&connection, "wh_a"), ["2"]);
    let before = start() - Duration::from_millis(1);
    assert_eq!(drop_older(&connection, "wh_a", before, start()).unwrap(), 0);
    assert_eq!(drop_older(&connection, "wh_a", start(), start()).unwrap(), 3);
    let fares = health(&connection, "wh_a").unwrap().unwrap();
    assert_eq!((fares.dropped, fares.pending), (5, 0));
    // One that was on its way when it was dropped stays so.
    let places: Vec<i64> = (1..=5).collect();
    for place in places {
        delivered(&connection, place);
    }
    let states = deliveries(&connection, "wh_a", 10).unwrap();
    assert!(
        states
            .iter()
            .all(|row| row.state == "dropped" && row.due.is_none())
    );
}

#[test]
fn disabled_and_deleted_webhooks_get_nothing_new() {
    let connection = database();
    assert!(add(&connection, "wh_a", "m", "1"));
    disable(&connection, "wh_a", start(), "gone").unwrap();
    disable(&connection, "wh_a", start(), "again").unwrap();
    assert!(!add(&connection, "wh_a", "m", "2"));
    let stored = all(&connection).unwrap();
    assert_eq!(stored[0].disabled, Some((start(), "gone".to_owned())));
    assert_eq!(stored[0].events, ["meeting.started", "meeting.ended"]);
    set_failing(&connection, "wh_a", Some(start())).unwrap();
    assert_eq!(failing_since(&connection, "wh_a").unwrap(), Some(start()));
    assert!(enable(&connection, "wh_a", start()).unwrap());
    assert_eq!(failing_since(&connection, "wh_a").unwrap(), None);
    assert_eq!(messages(&connection, "wh_a"), ["1"], "what waited is kept");

    assert!(delete(&connection, "wh_a").unwrap());
    assert!(!delete(&connection, "wh_a").unwrap());
    assert!(!add(&connection, "wh_a", "m", "3"));
    assert!(deliveries(&connection, "wh_a", 10).unwrap().is_empty());
    assert!(!enable(&connection, "wh_a", start()).unwrap());
    assert!(!rotate(&connection, "wh_a", "whsec_y", start()).unwrap());
}
