//! Single occurrences of series, answers to invitations, cancelling; and recurrences that want too much.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph, encoded};
use crate::common::{Host, expect};

const WINDOW: &str = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z";

/// Ten days from 1 December on, 09:00 to 10:00 UTC, with Bob.
fn daily() -> Value {
    json!({
        "subject": "Standup",
        "start": { "dateTime": "2026-12-01T09:00:00", "timeZone": "UTC" },
        "end": { "dateTime": "2026-12-01T10:00:00", "timeZone": "UTC" },
        "recurrence": {
            "pattern": { "type": "daily", "interval": 1 },
            "range": { "type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 10 },
        },
        "attendees": [{ "emailAddress": { "address": BOB, "name": "Bob" }, "type": "required" }],
        "isOnlineMeeting": true,
        "onlineMeetingProvider": "teamsForBusiness",
    })
}

fn at(day: u8, hour: u8) -> Value {
    json!({ "dateTime": format!("2026-12-{day:02}T{hour:02}:00:00"), "timeZone": "UTC" })
}

/// Starts, subjects and types of what the calendar shows.
async fn seen(caller: &Graph<'_>) -> Vec<(String, String, String)> {
    let view = caller
        .get(&format!(
            "/me/calendarView?{WINDOW}&$filter={}",
            encoded("contains(subject,'Standup')")
        ))
        .await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let events = view["value"].as_array().unwrap().iter();
    events
        .map(|event| {
            let start = text(&event["start"]["dateTime"]);
            (
                start[5..13].to_owned(),
                text(&event["subject"]),
                text(&event["type"]),
            )
        })
        .collect()
}

struct Series<'h> {
    alice: Graph<'h>,
    bob: Graph<'h>,
    id: String,
    link: Value,
}

impl<'h> Series<'h> {
    async fn make(host: &'h Host) -> Self {
        let alice = Graph::of(host, ALICE).await;
        let made = alice.post("/me/events", daily()).await;
        Self {
            bob: Graph::of(host, BOB).await,
            id: made["id"].as_str().unwrap().to_owned(),
            link: made["onlineMeeting"]["joinUrl"].clone(),
            alice,
        }
    }

    fn on(&self, day: u8) -> String {
        format!("/me/events/{}_202612{day:02}", self.id)
    }

    fn whole(&self) -> String {
        format!("/me/events/{}", self.id)
    }
}

async fn act(caller: &Graph<'_>, target: &str, body: Value) {
    let answer = caller.call(Method::POST, target, Some(body)).await;
    assert_eq!(expect(answer, 202).await, Value::Null, "{target}");
}

#[tokio::test]
async fn an_occurrence_is_changed_alone() {
    let host = Host::start().await;
    let series = Series::make(&host).await;
    let before = series.alice.get(&series.on(3)).await;
    assert_eq!(before["type"], "occurrence");
    assert_eq!(before["originalStart"], "2026-12-03T09:00:00Z");
    let moved =
        json!({ "subject": "Standup, late", "start": at(3, 15), "end": at(3, 16), "isOnlineMeeting": true });
    let changed = series.alice.patch(&series.on(3), moved).await;
    assert_eq!(changed["type"], "exception");
    assert_eq!(changed["id"], before["id"]);
    assert_eq!(changed["seriesMasterId"], series.id);
    assert_eq!(changed["originalStart"], "2026-12-03T09:00:00Z");
    assert_eq!(changed["onlineMeeting"]["joinUrl"], series.link);
    assert_ne!(changed["@odata.etag"], before["@odata.etag"]);
    for caller in [&series.alice, &series.bob] {
        let all = seen(caller).await;
        assert_eq!(all.len(), 10);
        assert_eq!(
            all[2],
            (
                "12-03T15".to_owned(),
                "Standup, late".to_owned(),
                "exception".to_owned()
            )
        );
        assert_eq!(all[3].2, "occurrence");
        assert_eq!(caller.get(&series.on(3)).await["subject"], "Standup, late");
    }
    // What was changed before stays when something else is; an older version changes nothing.
    let etag = before["@odata.etag"].as_str().unwrap();
    let stale = series
        .alice
        .call_with(
            Method::PATCH,
            &series.on(3),
            Some(json!({})),
            &[("if-match", etag)],
        )
        .await;
    assert_eq!(stale.status(), 412);
    let again = series
        .alice
        .patch(&series.on(3), json!({ "showAs": "tentative" }))
        .await;
    assert_eq!(
        (&again["subject"], &again["start"]["dateTime"]),
        (&json!("Standup, late"), &json!("2026-12-03T15:00:00.0000000"))
    );
    // What the series says goes for all that say nothing of their own.
    series
        .alice
        .patch(
            &series.whole(),
            json!({ "importance": "high", "subject": "Standup!" }),
        )
        .await;
    let all = seen(&series.alice).await;
    assert_eq!(
        (all[1].1.as_str(), all[2].1.as_str()),
        ("Standup!", "Standup, late")
    );
    assert_eq!(series.alice.get(&series.on(3)).await["importance"], "high");
    // An occurrence that was moved out of the window is not in it, one that was moved in is.
    let of_day = |day: u8| {
        format!(
            "/me/events/{}/instances?startDateTime=2026-12-{day:02}T11:00:00Z&endDateTime=2026-12-{day:02}T23:00:00Z",
            series.id
        )
    };
    assert_eq!(
        series.alice.get(&of_day(3)).await["value"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(series.alice.get(&of_day(4)).await["value"], json!([]));
    // Another time of the series is another series: single changes are gone.
    series
        .alice
        .patch(&series.whole(), json!({ "start": at(1, 10), "end": at(1, 11) }))
        .await;
    let all = seen(&series.alice).await;
    assert!(
        all.iter()
            .all(|(start, _, kind)| start.ends_with("T10") && kind == "occurrence"),
        "{all:?}"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_belongs_to_the_series_is_not_changed_of_one_occurrence() {
    let host = Host::start().await;
    let series = Series::make(&host).await;
    for (body, code) in [
        (
            json!({ "recurrence": daily()["recurrence"] }),
            "ErrorInvalidRequest",
        ),
        (json!({ "attendees": [] }), "ErrorInvalidRequest"),
        (json!({ "isOnlineMeeting": false }), "ErrorInvalidRequest"),
        (
            json!({ "start": at(4, 9), "end": at(4, 10) }),
            "ErrorOccurrenceCrossingBoundary",
        ),
        (
            json!({ "start": at(1, 8), "end": at(1, 9) }),
            "ErrorOccurrenceCrossingBoundary",
        ),
        (json!({ "end": at(4, 11) }), "ErrorOccurrenceCrossingBoundary"),
        (json!({ "start": at(3, 12) }), "BadRequest"),
        (
            json!({ "start": { "dateTime": "soon", "timeZone": "UTC" } }),
            "BadRequest",
        ),
        (json!({ "nothing": 1 }), "BadRequest"),
        (json!({ "id": "x" }), "BadRequest"),
    ] {
        let (found, _) = series
            .alice
            .refused(Method::PATCH, &series.on(3), Some(body.clone()), 400)
            .await;
        assert_eq!(found, code, "{body}");
    }
    assert_eq!(series.alice.get(&series.on(3)).await["type"], "occurrence");
    // Beside a day that is free there is more room.
    assert_eq!(
        series
            .alice
            .call(Method::DELETE, &series.on(4), None)
            .await
            .status(),
        204
    );
    series
        .alice
        .patch(&series.on(3), json!({ "start": at(4, 9), "end": at(4, 10) }))
        .await;
    for (method, body) in [
        (Method::PATCH, Some(json!({ "subject": "x" }))),
        (Method::POST, Some(json!({}))),
    ] {
        let target = if method == Method::POST {
            format!("{}/cancel", series.on(5))
        } else {
            series.on(5)
        };
        series.bob.refused(method, &target, body, 403).await;
    }
    for id in [
        "20261211",
        "20261130",
        "20261232",
        "2026123",
        "x",
        "202612030",
        "-0261203",
    ] {
        let target = format!("/me/events/{}_{id}", series.id);
        series.alice.refused(Method::GET, &target, None, 404).await;
        series
            .alice
            .refused(Method::PATCH, &target, Some(json!({})), 404)
            .await;
        series.alice.refused(Method::DELETE, &target, None, 404).await;
        series
            .bob
            .refused(Method::POST, &format!("{target}/accept"), Some(json!({})), 404)
            .await;
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn occurrences_are_deleted_and_cancelled() {
    let host = Host::start().await;
    let series = Series::make(&host).await;
    // The organizer deletes for everybody, a guest for itself.
    assert_eq!(
        series
            .alice
            .call(Method::DELETE, &series.on(2), None)
            .await
            .status(),
        204
    );
    assert_eq!(
        series
            .bob
            .call(Method::DELETE, &series.on(5), None)
            .await
            .status(),
        204
    );
    act(
        &series.alice,
        &format!("{}/cancel", series.on(7)),
        json!({ "Comment": "Holiday" }),
    )
    .await;
    let days = |seen: &[(String, String, String)]| {
        let days = seen.iter().map(|(start, ..)| start[3..5].parse::<u8>().unwrap());
        days.collect::<Vec<_>>()
    };
    let of_alice = seen(&series.alice).await;
    assert_eq!(days(&of_alice), [1, 3, 4, 5, 6, 8, 9, 10]);
    let of_bob = seen(&series.bob).await;
    assert_eq!(days(&of_bob), [1, 3, 4, 6, 7, 8, 9, 10]);
    assert_eq!(of_bob[4].1, "Canceled: Standup");
    assert_eq!(series.bob.get(&series.on(7)).await["isCancelled"], true);
    for (caller, day) in [
        (&series.alice, 2),
        (&series.bob, 2),
        (&series.bob, 5),
        (&series.alice, 7),
    ] {
        caller.refused(Method::GET, &series.on(day), None, 404).await;
    }
    let (_, message) = series
        .bob
        .refused(
            Method::POST,
            &format!("{}/accept", series.on(7)),
            Some(json!({})),
            400,
        )
        .await;
    assert!(message.contains("cancelled"), "{message}");
    // What is cancelled is taken out by each guest.
    assert_eq!(
        series
            .bob
            .call(Method::DELETE, &series.on(7), None)
            .await
            .status(),
        204
    );
    series.bob.refused(Method::GET, &series.on(7), None, 404).await;
    // The whole series: it ends for the organizer, and stays with the guests until they take it out.
    act(&series.alice, &format!("{}/cancel", series.whole()), json!({})).await;
    series
        .alice
        .refused(Method::GET, &series.whole(), None, 404)
        .await;
    assert_eq!(seen(&series.alice).await, []);
    let his = series.bob.get(&series.whole()).await;
    assert_eq!(
        (&his["isCancelled"], &his["subject"]),
        (&json!(true), &json!("Canceled: Standup"))
    );
    assert_eq!(his["onlineMeeting"], Value::Null);
    let by_link = format!(
        "/me/onlineMeetings?$filter={}",
        encoded(&format!("JoinWebUrl eq '{}'", series.link.as_str().unwrap()))
    );
    series.alice.refused(Method::GET, &by_link, None, 404).await;
    assert_eq!(
        series
            .bob
            .call(Method::DELETE, &series.whole(), None)
            .await
            .status(),
        204
    );
    series.bob.refused(Method::GET, &series.whole(), None, 404).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn guests_answer_and_the_organizer_sees_it() {
    let host = Host::start().await;
    let series = Series::make(&host).await;
    let status = |event: &Value| event["attendees"][0]["status"]["response"].clone();
    let own = |event: &Value| event["responseStatus"]["response"].clone();
    let first = series.bob.get(&series.whole()).await;
    assert_eq!(
        (own(&first), status(&first)),
        (json!("notResponded"), json!("none"))
    );
    assert_eq!(own(&series.alice.get(&series.whole()).await), "organizer");
    act(
        &series.bob,
        &format!("{}/accept", series.whole()),
        json!({ "comment": "Yes", "sendResponse": true }),
    )
    .await;
    let slot = json!({ "start": at(3, 12), "end": at(3, 13) });
    act(
        &series.bob,
        &format!("{}/tentativelyAccept", series.on(3)),
        json!({ "Comment": "Later?", "SendResponse": true, "ProposedNewTime": slot }),
    )
    .await;
    act(
        &series.bob,
        &format!("{}/microsoft.graph.decline", series.on(4)),
        json!({}),
    )
    .await;
    for (day, response) in [(2, "accepted"), (3, "tentativelyAccepted"), (4, "declined")] {
        let event = series.alice.get(&series.on(day)).await;
        assert_eq!(status(&event), response, "{day}");
        let proposed = &event["attendees"][0]["proposedNewTime"];
        assert_eq!(proposed, if day == 3 { &slot } else { &Value::Null });
        if day != 4 {
            assert_eq!(own(&series.bob.get(&series.on(day)).await), response, "{day}");
        }
    }
    // What is declined stands in the own calendar no more, and can be accepted no more.
    series.bob.refused(Method::GET, &series.on(4), None, 404).await;
    assert_eq!(seen(&series.bob).await.len(), 9);
    assert_eq!(seen(&series.alice).await.len(), 10);
    // Another subject leaves answers as they are; another time asks again.
    series
        .alice
        .patch(&series.whole(), json!({ "subject": "Standup again" }))
        .await;
    assert_eq!(status(&series.alice.get(&series.whole()).await), "accepted");
    act(&series.bob, &format!("{}/decline", series.whole()), json!({})).await;
    series.bob.refused(Method::GET, &series.whole(), None, 404).await;
    assert_eq!(status(&series.alice.get(&series.whole()).await), "declined");
    series
        .alice
        .patch(&series.whole(), json!({ "subject": "Standup still" }))
        .await;
    series.bob.refused(Method::GET, &series.whole(), None, 404).await;
    series
        .alice
        .patch(&series.whole(), json!({ "start": at(1, 11), "end": at(1, 12) }))
        .await;
    let anew = series.bob.get(&series.whole()).await;
    assert_eq!(
        (own(&anew), status(&anew)),
        (json!("notResponded"), json!("none"))
    );

    let respond = format!("{}/accept", series.whole());
    let decline = format!("{}/decline", series.whole());
    for (caller, target, body) in [
        (&series.alice, &respond, json!({})),
        (&series.bob, &respond, json!({ "proposedNewTime": slot })),
        (
            &series.bob,
            &decline,
            json!({ "proposedNewTime": slot, "sendResponse": false }),
        ),
        (
            &series.bob,
            &decline,
            json!({ "proposedNewTime": { "start": at(3, 13), "end": at(3, 12) } }),
        ),
        (
            &series.bob,
            &decline,
            json!({ "proposedNewTime": { "start": at(3, 13) } }),
        ),
        (&series.bob, &decline, json!({ "proposedNewTime": 1 })),
        (&series.bob, &decline, json!({ "sendResponse": "yes" })),
        (&series.bob, &decline, json!({ "comment": 1 })),
        (&series.bob, &decline, json!({ "comment": "x".repeat(40_000) })),
        (&series.bob, &decline, json!({ "other": 1 })),
    ] {
        caller.refused(Method::POST, target, Some(body), 400).await;
    }
    series
        .alice
        .patch(
            &series.whole(),
            json!({ "responseRequested": false, "hideAttendees": true }),
        )
        .await;
    let (_, message) = series
        .bob
        .refused(Method::POST, &respond, Some(json!({})), 400)
        .await;
    assert!(message.contains("hasn't requested a response"), "{message}");
    assert_eq!(
        series.bob.get(&series.whole()).await["attendees"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let nobody = Graph {
        host: &host,
        token: series.alice.token.clone(),
    };
    nobody
        .refused(Method::POST, "/me/events/none/accept", Some(json!({})), 404)
        .await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn endless_series_cost_a_window_and_no_more() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let series = |range: Value, pattern: Value| {
        let mut event = daily();
        event["recurrence"] = json!({ "pattern": pattern, "range": range });
        event["isOnlineMeeting"] = json!(false);
        event.as_object_mut().unwrap().remove("attendees");
        event
    };
    for known in alice.get("/me/events").await["value"].as_array().unwrap() {
        let target = format!("/me/events/{}", known["id"].as_str().unwrap());
        alice.call(Method::DELETE, &target, None).await;
    }
    let every_day = || json!({ "type": "daily", "interval": 1 });
    // A century of days, looked at near its end.
    let until = json!({ "type": "endDate", "startDate": "2026-12-01", "endDate": "2126-12-01" });
    let made = alice.post("/me/events", series(until, every_day())).await;
    let target = format!(
        "/me/events/{}/instances?startDateTime=2126-01-01&endDateTime=2126-01-08&$select=start",
        made["id"].as_str().unwrap()
    );
    let found = alice.get(&target).await;
    assert_eq!(found["value"].as_array().unwrap().len(), 7);
    let endless = || json!({ "type": "noEnd", "startDate": "2026-12-01" });
    for _ in 0..11 {
        alice.post("/me/events", series(endless(), every_day())).await;
    }
    // Five years of twelve daily series are more than is expanded at once; a month is not.
    let (code, message) = alice
        .refused(
            Method::GET,
            "/me/calendarView?startDateTime=2027-01-01&endDateTime=2031-12-30",
            None,
            400,
        )
        .await;
    assert_eq!(
        (code.as_str(), message.contains("too many")),
        ("ErrorInvalidRequest", true)
    );
    let month =
        "/me/calendarView?startDateTime=2027-01-01&endDateTime=2027-02-01&$count=true&$top=100&$select=start";
    let mut page = alice.get(month).await;
    assert_eq!(page["@odata.count"], 12 * 31);
    let mut count = 0;
    loop {
        count += page["value"].as_array().unwrap().len();
        let Some(next) = page.get("@odata.nextLink") else {
            break;
        };
        page = alice
            .get(next.as_str().unwrap().split_once("/v1.0").unwrap().1)
            .await;
    }
    assert_eq!(count, 12 * 31);
    let back = alice
        .get(&format!("{month}&$orderby=start/dateTime%20desc"))
        .await;
    assert!(
        back["value"][0]["start"]["dateTime"]
            .as_str()
            .unwrap()
            .starts_with("2027-01-31")
    );

    for (pattern, range, reason) in [
        (json!({ "type": "daily", "interval": 0 }), endless(), "interval"),
        (
            json!({ "type": "daily", "interval": 100_000 }),
            endless(),
            "interval",
        ),
        (json!({ "type": "daily", "interval": -1 }), endless(), "interval"),
        (
            json!({ "type": "weekly", "interval": 1 }),
            endless(),
            "daysOfWeek",
        ),
        (
            json!({ "type": "absoluteYearly", "interval": 1, "month": 13 }),
            endless(),
            "month",
        ),
        (
            every_day(),
            json!({ "type": "numbered", "numberOfOccurrences": 1_000_000_000 }),
            "numberOfOccurrences",
        ),
        (
            every_day(),
            json!({ "type": "endDate", "endDate": "2026-11-01" }),
            "endDate",
        ),
        (
            every_day(),
            json!({ "type": "endDate", "endDate": "9999-12-31" }),
            "endDate",
        ),
        (
            every_day(),
            json!({ "type": "noEnd", "startDate": "-009999-01-01T" }),
            "startDate",
        ),
        (json!([[[[]]]]), endless(), "cannot be read"),
    ] {
        let (code, message) = alice
            .refused(Method::POST, "/me/events", Some(series(range, pattern)), 400)
            .await;
        assert_eq!(code, "ErrorInvalidRequest");
        assert!(message.contains(reason), "{message}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_calendar_is_listed_in_pages() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    for number in 0..120_u8 {
        let event = json!({
            "subject": format!("Event {number:03}"),
            "start": at(number % 28 + 1, 9),
            "end": at(number % 28 + 1, 10),
        });
        alice.post("/me/events", event).await;
    }
    let ours = encoded("startswith(subject,'Event')");
    for (query, first) in [
        (String::new(), None),
        (format!("&$filter={ours}&$orderby=subject"), Some("Event 000")),
        (
            format!("&$filter={ours}&$orderby=subject%20desc&$count=true"),
            Some("Event 119"),
        ),
    ] {
        let mut target = Some(format!("/me/events?$top=50{query}"));
        let mut subjects = Vec::new();
        while let Some(at) = target {
            let page = alice.get(&at).await;
            if query.contains("count") {
                assert_eq!(page["@odata.count"], 120);
            }
            let events = page["value"].as_array().unwrap();
            assert!(events.len() <= 50);
            subjects.extend(
                events
                    .iter()
                    .map(|event| event["subject"].as_str().unwrap().to_owned()),
            );
            let next = page.get("@odata.nextLink").map(|link| link.as_str().unwrap());
            target = next.map(|link| link.split_once("/v1.0").unwrap().1.to_owned());
        }
        let ours = subjects.iter().filter(|subject| subject.starts_with("Event"));
        assert_eq!(ours.count(), 120, "{query}");
        if let Some(first) = first {
            assert_eq!(subjects[0], first);
        }
    }
    let skipped = alice
        .get("/me/events?$filter=startswith(subject,'Event')&$orderby=subject&$skip=118")
        .await;
    assert_eq!(skipped["value"].as_array().unwrap().len(), 2);
    for wrong in [
        "$orderby=body",
        "$orderby=subject,start/dateTime",
        "$skiptoken=x",
        "$filter=secret%20eq%201",
    ] {
        alice
            .refused(Method::GET, &format!("/me/events?{wrong}"), None, 400)
            .await;
    }
    host.service.shutdown().await;
}
