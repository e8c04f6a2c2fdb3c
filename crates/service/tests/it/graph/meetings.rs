use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph, encoded};
use crate::common::{Host, expect};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_meeting_is_made_found_changed_and_deleted() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let made = alice
        .post(
            "/me/onlineMeetings",
            json!({
                "subject": "Loans",
                "startDateTime": "2026-12-01T10:00:00+01:00",
                "endDateTime": "2026-12-01T09:30:00Z",
                "lobbyBypassSettings": { "scope": "everyone", "isDialInBypassEnabled": true },
                "allowedPresenters": "organization",
                "allowMeetingChat": "limited",
                "joinMeetingIdSettings": { "isPasscodeRequired": true },
                "participants": { "attendees": [
                    { "upn": BOB, "role": "presenter" },
                    { "upn": "guest@elsewhere.example" },
                ] },
            }),
        )
        .await;
    let id = text(&made["id"]).to_owned();
    assert!(id.starts_with("MSo") || id.starts_with("MSp"), "{id}");
    assert_eq!(made["startDateTime"], "2026-12-01T09:00:00Z");
    assert_eq!(made["lobbyBypassSettings"]["scope"], "everyone");
    assert_eq!(made["allowMeetingChat"], "limited");
    assert_eq!(made["audioConferencing"], Value::Null);
    assert_eq!(made["participants"]["organizer"]["upn"], ALICE);
    let attendees = &made["participants"]["attendees"];
    assert_eq!(attendees[0]["role"], "presenter");
    assert_eq!(
        attendees[0]["identity"]["user"]["id"],
        host.dev().users[1].object_id
    );
    assert_eq!(
        attendees[1],
        json!({"upn": "guest@elsewhere.example", "role": "attendee", "identity": null})
    );
    let join = &made["joinMeetingIdSettings"];
    assert_eq!(text(&join["passcode"]).len(), 8);
    let link = text(&made["joinWebUrl"]).to_owned();
    assert!(
        link.starts_with(&format!("{}/meet/", host.dev().endpoint)),
        "{link}"
    );
    assert!(text(&made["joinInformation"]["content"]).starts_with("data:text/html,%3Cdiv"));

    // Found by its link (encoded once and twice), its digits, its conferencing id and its id.
    let digits = text(&join["joinMeetingId"]).to_owned();
    let long = format!(
        "https://teams.microsoft.com/l/meetup-join/{}/0?context={}",
        encoded(text(&made["chatInfo"]["threadId"])),
        encoded(&json!({"Tid": host.dev().tenant_id, "Oid": host.dev().users[0].object_id}).to_string()),
    );
    for filter in [
        format!("JoinWebUrl eq '{link}'"),
        format!("joinWebUrl eq '{}'", encoded(&link)),
        format!("JoinWebUrl eq '{long}'"),
        format!("joinMeetingIdSettings/joinMeetingId eq '{digits}'"),
    ] {
        let found = alice
            .get(&format!("/me/onlineMeetings?$filter={}", encoded(&filter)))
            .await;
        assert_eq!(found["value"][0]["id"], id, "{filter}");
        assert_eq!(found["value"].as_array().unwrap().len(), 1);
    }
    let target = format!("/users/{ALICE}/onlineMeetings/{id}");
    assert_eq!(alice.get(&target).await["subject"], "Loans");
    let selected = alice.get(&format!("{target}?$select=subject,id")).await;
    assert_eq!(selected.as_object().unwrap().len(), 3, "{selected}");

    let changed = alice
        .patch(
            &target,
            json!({"subject": "Cars", "allowRecording": false, "lobbyBypassSettings": {"scope": "invited"}}),
        )
        .await;
    assert_eq!(changed["subject"], "Cars");
    assert_eq!(changed["allowRecording"], false);
    assert_eq!(changed["lobbyBypassSettings"]["scope"], "unknownFutureValue");
    assert_eq!(changed["lobbyBypassSettings"]["isDialInBypassEnabled"], true);
    let named = alice
        .call_with(
            Method::GET,
            &target,
            None,
            &[("prefer", "include-unknown-enum-members")],
        )
        .await;
    assert_eq!(
        named.headers()["preference-applied"],
        "include-unknown-enum-members"
    );
    assert_eq!(
        expect(named, 200).await["lobbyBypassSettings"]["scope"],
        "invited"
    );

    // Bob is invited and may look, but not change.
    let bob = Graph::of(&host, BOB).await;
    let of_bob = format!("/me/onlineMeetings/{id}");
    assert_eq!(bob.get(&of_bob).await["subject"], "Cars");
    let refused = bob
        .refused(Method::PATCH, &of_bob, Some(json!({"subject": "x"})), 403)
        .await;
    assert_eq!(refused.0, "Forbidden");
    bob.refused(Method::DELETE, &of_bob, None, 403).await;
    let by_link = format!(
        "/me/onlineMeetings?$filter={}",
        encoded(&format!("JoinWebUrl eq '{link}'"))
    );
    let (code, message) = bob.refused(Method::GET, &by_link, None, 403).await;
    assert_eq!(code, "Forbidden");
    assert!(message.starts_with("3003: "), "{message}");
    // Replaced as a whole: Bob is out.
    alice
        .patch(&target, json!({"participants": {"attendees": []}}))
        .await;
    let (_, message) = bob.refused(Method::GET, &of_bob, None, 403).await;
    assert!(message.starts_with("3003: "), "{message}");

    let deleted = alice.call(Method::DELETE, &target, None).await;
    assert_eq!(deleted.status(), 204);
    assert_eq!(alice.refused(Method::GET, &target, None, 404).await.0, "NotFound");
    alice.refused(Method::DELETE, &target, None, 404).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn create_or_get_finds_the_meeting_of_an_external_id() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let target = "/me/onlineMeetings/createOrGet";
    let body = json!({"externalId": "loan-7", "subject": "Loans"});
    let made = alice.post(target, body.clone()).await;
    assert_eq!(made["externalId"], "loan-7");
    let again = alice.call(Method::POST, target, Some(body.clone())).await;
    let again = expect(again, 200).await;
    assert_eq!(again["id"], made["id"]);
    assert_eq!(again["joinWebUrl"], made["joinWebUrl"]);
    // The same name of somebody else is another meeting.
    let bob = Graph::of(&host, BOB).await;
    assert_ne!(bob.post(target, body).await["id"], made["id"]);
    for wrong in [
        json!({"subject": "x"}),
        json!({"externalId": ""}),
        json!({"externalId": "y", "endDateTime": "2026-12-01T09:00:00Z"}),
        json!({"externalId": "y", "startDateTime": "2026-12-01T09:00:00Z", "endDateTime": "2026-12-01T08:00:00Z"}),
    ] {
        let (code, _) = alice.refused(Method::POST, target, Some(wrong), 400).await;
        assert_eq!(code, "BadRequest");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn wrong_bodies_are_refused_by_the_name_of_the_property() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let id = alice.post("/me/onlineMeetings", json!({})).await["id"].clone();
    let target = format!("/me/onlineMeetings/{}", text(&id));
    for (wrong, named) in [
        (json!({"subjekt": "x"}), "subjekt"),
        (json!({"subject": 7}), "subject"),
        (json!({"allowRecording": "yes"}), "allowRecording"),
        (json!({"allowedPresenters": "nobody"}), "allowedPresenters"),
        (json!({"allowedPresenters": "roleIsPresenter"}), "roleIsPresenter"),
        (json!({"joinWebUrl": "https://x"}), "joinWebUrl"),
        (json!({"id": "x"}), "id"),
        (json!({"externalId": "x"}), "externalId"),
        (
            json!({"joinMeetingIdSettings": {"isPasscodeRequired": false}}),
            "joinMeetingIdSettings",
        ),
        (json!({"startDateTime": "2026-12-01T09:00:00Z"}), "start and end"),
        (
            json!({"startDateTime": "soon", "endDateTime": "later"}),
            "DateTime",
        ),
        (json!({"participants": {"organizer": {"upn": BOB}}}), "organizer"),
        (
            json!({"participants": {"attendees": [{"upn": "x@y.example", "role": "presenter"}]}}),
            "presenters",
        ),
        (
            json!({"participants": {"attendees": [{"upn": BOB, "role": "producer"}]}}),
            "role",
        ),
        (json!({"participants": {"attendees": "all"}}), "attendees"),
        (json!([]), "body"),
    ] {
        let (code, message) = alice
            .refused(Method::PATCH, &target, Some(wrong.clone()), 400)
            .await;
        assert_eq!(code, "BadRequest", "{wrong}");
        assert!(message.contains(named), "{wrong}: {message}");
    }
    for wrong in [
        json!({"joinMeetingIdSettings": {"passcode": "mine"}}),
        json!({"chatInfo": {"threadId": "19:x"}}),
    ] {
        alice
            .refused(Method::POST, "/me/onlineMeetings", Some(wrong), 400)
            .await;
    }
    // Nothing of it was stored.
    assert_eq!(alice.get(&target).await["subject"], "");
    let open = alice
        .post(
            "/me/onlineMeetings",
            json!({"joinMeetingIdSettings": {"isPasscodeRequired": false}}),
        )
        .await;
    assert_eq!(open["joinMeetingIdSettings"]["passcode"], Value::Null);
    assert!(!text(&open["joinWebUrl"]).contains('?'));
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let stranger = format!(
        "/users/nobody@contoso.example/onlineMeetings?$filter={}",
        encoded("JoinWebUrl eq 'x'")
    );
    assert_eq!(
        alice.refused(Method::GET, &stranger, None, 404).await.0,
        "Request_ResourceNotFound"
    );
    let (code, _) = alice
        .refused(
            Method::POST,
            &format!("/users/{BOB}/onlineMeetings"),
            Some(json!({})),
            403,
        )
        .await;
    assert_eq!(code, "Forbidden");
    let (_, message) = alice
        .refused(Method::GET, "/me/onlineMeetings/nonsense", None, 400)
        .await;
    assert_eq!(message, "Invalid meeting id.");
    for (filter, status) in [
        ("joinMeetingIdSettings/joinMeetingId eq '999999999999999'", 404),
        ("JoinWebUrl eq 'https://example.com/x'", 400),
        ("subject eq 'x'", 400),
        ("JoinWebUrl eq 'x' or 1 eq 1", 400),
        ("JoinWebUrl eq '' UNION SELECT passcode FROM meetings--'", 400),
        ("JoinWebUrl eq 5", 400),
    ] {
        let target = format!("/me/onlineMeetings?$filter={}", encoded(filter));
        alice.refused(Method::GET, &target, None, status).await;
    }
    alice.refused(Method::GET, "/me/onlineMeetings", None, 400).await;
    let reports = alice.post("/me/onlineMeetings", json!({})).await;
    let target = format!("/me/onlineMeetings/{}/attendanceReports", text(&reports["id"]));
    assert_eq!(alice.get(&target).await["value"], json!([]));
    alice
        .refused(Method::GET, &format!("{target}/none"), None, 404)
        .await;
    let link = alice
        .get(&format!(
            "/me/onlineMeetings/{}/getVirtualAppointmentJoinWebUrl()",
            text(&reports["id"])
        ))
        .await;
    assert_eq!(link["value"], reports["joinWebUrl"]);
    host.service.shutdown().await;
}
