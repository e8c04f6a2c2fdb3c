use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph};
use crate::common::{Host, expect};

fn series() -> Value {
    json!({
        "subject": "Weekly",
        "start": { "dateTime": "2026-10-19T10:00:00", "timeZone": "W. Europe Standard Time" },
        "end": { "dateTime": "2026-10-19T11:00:00", "timeZone": "W. Europe Standard Time" },
        "recurrence": {
            "pattern": { "type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday" },
            "range": { "type": "numbered", "startDate": "2026-10-19", "numberOfOccurrences": 3 },
        },
        "body": { "contentType": "html", "content": "<b>Hi</b><script>x</script>" },
        "attendees": [{ "emailAddress": { "address": BOB, "name": "Bob" }, "type": "required" }],
        "isOnlineMeeting": true,
        "onlineMeetingProvider": "teamsForBusiness",
        "transactionId": "t-1",
    })
}

#[tokio::test]
async fn a_series_shares_one_link_and_keeps_its_wall_clock() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let made = alice.post("/me/events", series()).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let link = made["onlineMeeting"]["joinUrl"].clone();
    assert!(link.is_string());
    assert_eq!(made["type"], "seriesMaster");
    assert_eq!(made["body"]["content"], "<b>Hi</b>");
    assert_eq!(made["bodyPreview"], "Hi");
    assert_eq!(made["originalStartTimeZone"], "W. Europe Standard Time");
    // The same request once more makes nothing new.
    assert_eq!(alice.post("/me/calendar/events", series()).await["id"], id);

    let window =
        "startDateTime=2026-10-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z&$filter=subject%20eq%20'weekly'";
    let view = alice.get(&format!("/me/calendarView?{window}")).await;
    let starts: Vec<&str> = view["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["start"]["dateTime"].as_str().unwrap())
        .collect();
    // Summer time ends between the first and the second.
    assert_eq!(
        starts,
        [
            "2026-10-19T08:00:00.0000000",
            "2026-10-26T09:00:00.0000000",
            "2026-11-02T09:00:00.0000000"
        ]
    );
    for event in view["value"].as_array().unwrap() {
        assert_eq!(event["onlineMeeting"]["joinUrl"], link);
        assert_eq!(event["seriesMasterId"], id);
        let target = format!("/me/events/{}", event["id"].as_str().unwrap());
        assert_eq!(alice.get(&target).await["start"], event["start"]);
    }
    let zone = [("prefer", "outlook.timezone=\"Europe/Berlin\"")];
    let target = format!("/me/calendarView?{window}");
    let told = expect(alice.call_with(Method::GET, &target, None, &zone).await, 200).await;
    for event in told["value"].as_array().unwrap() {
        assert!(event["start"]["dateTime"].as_str().unwrap().contains("T10:00:00"));
    }
    let pages = alice
        .get(&format!("/me/calendarView?{window}&$top=2&$count=true"))
        .await;
    assert_eq!(pages["@odata.count"], 3);
    let next = pages["@odata.nextLink"].as_str().unwrap();
    let next = next.split_once("/v1.0").unwrap().1;
    assert_eq!(alice.get(next).await["value"].as_array().unwrap().len(), 1);

    // Bob is invited: it stands in his calendar, and is not his.
    let bob = Graph::of(&host, BOB).await;
    let his = bob.get(&format!("/me/events/{id}")).await;
    assert_eq!(his["isOrganizer"], false);
    assert_eq!(his["organizer"]["emailAddress"]["address"], ALICE);
    bob.refused(
        Method::PATCH,
        &format!("/me/events/{id}"),
        Some(json!({"subject": "x"})),
        403,
    )
    .await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_event_changes_with_its_meeting() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let mut body = series();
    body.as_object_mut().unwrap().remove("recurrence");
    let made = alice.post("/me/events", body).await;
    let target = format!("/me/events/{}", made["id"].as_str().unwrap());
    let etag = made["@odata.etag"].as_str().unwrap().to_owned();
    let times = json!({
        "subject": "Moved",
        "start": { "dateTime": "2026-12-01T09:00:00", "timeZone": "UTC" },
        "end": { "dateTime": "2026-12-01T10:00:00", "timeZone": "UTC" },
    });
    let changed = alice
        .call_with(
            Method::PATCH,
            &target,
            Some(times.clone()),
            &[("if-match", &etag)],
        )
        .await;
    let changed = expect(changed, 200).await;
    assert_ne!(changed["@odata.etag"], etag);
    assert_eq!(changed["onlineMeeting"], made["onlineMeeting"]);
    let stale = alice
        .call_with(Method::PATCH, &target, Some(times), &[("if-match", &etag)])
        .await;
    assert_eq!(stale.status(), 412);
    let link = made["onlineMeeting"]["joinUrl"].as_str().unwrap();
    let by_link = format!(
        "/me/onlineMeetings?$filter={}",
        super::encoded(&format!("JoinWebUrl eq '{link}'"))
    );
    let meeting = alice.get(&by_link).await;
    assert_eq!(meeting["value"][0]["subject"], "Moved");
    assert_eq!(meeting["value"][0]["startDateTime"], "2026-12-01T09:00:00Z");

    for wrong in [
        json!({"isOnlineMeeting": false}),
        json!({"onlineMeetingProvider": "skypeForBusiness"}),
        json!({"start": {"dateTime": "2027-12-01T09:00:00", "timeZone": "UTC"}}),
        json!({"start": {"dateTime": "soon", "timeZone": "UTC"}}),
        json!({"start": {"dateTime": "2026-12-01T09:00:00", "timeZone": "Mars"}}),
        json!({"recurrence": {"pattern": {"type": "daily", "interval": 0}, "range": {"type": "noEnd"}}}),
        json!({"unknown": 1}),
        json!({"onlineMeeting": {"joinUrl": "https://x"}}),
    ] {
        alice.refused(Method::PATCH, &target, Some(wrong), 400).await;
    }
    assert_eq!(alice.get(&target).await["subject"], "Moved");
    assert_eq!(alice.call(Method::DELETE, &target, None).await.status(), 204);
    alice.refused(Method::GET, &target, None, 404).await;
    // The meeting went with the event.
    alice.refused(Method::GET, &by_link, None, 404).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_event_need_not_be_online_and_may_become_so() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let plain = alice
        .post(
            "/me/events",
            json!({
                "subject": "Lunch",
                "start": { "dateTime": "2026-12-01T12:00:00", "timeZone": "UTC" },
                "end": { "dateTime": "2026-12-01T13:00:00", "timeZone": "UTC" },
            }),
        )
        .await;
    assert_eq!(
        (&plain["isOnlineMeeting"], &plain["onlineMeeting"]),
        (&json!(false), &Value::Null)
    );
    let target = format!("/me/events/{}", plain["id"].as_str().unwrap());
    let online = alice.patch(&target, json!({"isOnlineMeeting": true})).await;
    assert!(online["onlineMeeting"]["joinUrl"].is_string());
    for window in [
        "",
        "startDateTime=2026-12-01",
        "startDateTime=x&endDateTime=y",
        "startDateTime=2020-01-01&endDateTime=2030-01-01",
    ] {
        alice
            .refused(Method::GET, &format!("/me/calendarView?{window}"), None, 400)
            .await;
    }
    // A meeting made without a calendar is in none.
    alice
        .post("/me/onlineMeetings", json!({"subject": "Hidden"}))
        .await;
    let all = alice.get("/me/events").await;
    assert!(
        all["value"]
            .as_array()
            .unwrap()
            .iter()
            .all(|event| event["subject"] != "Hidden")
    );
    host.service.shutdown().await;
}
