//! Rates, chats in pages, sensitivity labels and templates.

use std::collections::BTreeSet;

use anteroom_service::http::graph::rates::{GraphPer, GraphRate, GraphService};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph};
use crate::common::{Host, expect};

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let host = Host::start_with(|config| {
        let rate = GraphRate {
            per: GraphPer::Application,
            calls: 2,
            seconds: 3600,
        };
        config.limits.graph.services = [(GraphService::Directory, vec![rate])].into();
    })
    .await;
    let alice = Graph::of(&host, ALICE).await;
    alice.get("/me").await;
    alice.get("/users").await;
    let refused = alice.call(Method::GET, "/me", None).await;
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=7200).contains(&wait), "{wait}");
    let refused = expect(refused, 429).await;
    assert_eq!(refused["error"]["code"], "TooManyRequests");
    assert!(refused["error"]["innerError"]["request-id"].is_string());
    // Other parts of Graph and other callers have counts of their own; in a batch each request counts.
    alice.get("/me/events").await;
    Graph::of(&host, BOB).await.get("/me").await;
    let batch = json!({ "requests": [
        { "id": "1", "method": "GET", "url": "/me" },
        { "id": "2", "method": "GET", "url": "/me/calendar" },
    ]});
    let answers = expect(alice.call(Method::POST, "/$batch", Some(batch)).await, 200).await;
    let statuses: Vec<&Value> = answers["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| &answer["status"])
        .collect();
    assert_eq!(statuses, [429, 200]);
    assert!(answers["responses"][0]["headers"]["Retry-After"].is_string());
    host.service.shutdown().await;
}

#[tokio::test]
async fn chats_and_members_come_in_pages() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    for number in 0..7 {
        alice
            .post(
                "/me/onlineMeetings",
                json!({ "subject": format!("Talk {number}") }),
            )
            .await;
    }
    for (query, wanted, pages) in [
        ("$top=3", 8, 3),
        ("$top=2&$filter=startswith(topic,'Talk')", 7, 4),
    ] {
        let mut target = Some(format!("/chats?{query}"));
        let (mut ids, mut seen) = (BTreeSet::new(), 0);
        while let Some(at) = target {
            let page = alice.get(&at).await;
            let chats = page["value"].as_array().unwrap();
            ids.extend(chats.iter().map(|chat| chat["id"].as_str().unwrap().to_owned()));
            seen += 1;
            let next = page.get("@odata.nextLink").map(|link| link.as_str().unwrap());
            target = next.map(|link| link.split_once("/v1.0").unwrap().1.to_owned());
        }
        assert_eq!((ids.len(), seen), (wanted, pages), "{query}");
    }
    for wrong in [
        "$skiptoken=x",
        "$orderby=topic",
        "$skip=1",
        "$filter=secret%20eq%201",
    ] {
        alice
            .refused(Method::GET, &format!("/chats?{wrong}"), None, 400)
            .await;
    }
    let attendees = json!({ "attendees": [{ "upn": BOB, "role": "attendee" }] });
    let made = alice
        .post("/me/onlineMeetings", json!({ "participants": attendees }))
        .await;
    let chat = super::encoded(made["chatInfo"]["threadId"].as_str().unwrap());
    let first = alice
        .get(&format!("/chats/{chat}/members?$top=1&$count=true"))
        .await;
    assert_eq!(
        (&first["@odata.count"], &first["value"][0]["email"]),
        (&json!(2), &json!(ALICE))
    );
    let next = first["@odata.nextLink"]
        .as_str()
        .unwrap()
        .split_once("/v1.0")
        .unwrap()
        .1;
    let second = alice.get(next).await;
    assert_eq!(second["value"][0]["email"], BOB);
    assert!(second.get("@odata.nextLink").is_none());
    host.service.shutdown().await;
}

#[tokio::test]
async fn labels_and_templates_are_the_tenants() {
    let host = Host::start().await;
    let tenant = host.dev().tenant_id.parse().unwrap();
    let store = host.service.app().store();
    store
        .write(move |connection| {
            use anteroom_service::store::sqlite::directory;
            let mut row = directory::tenant_row(connection, tenant)?.unwrap();
            row.policies
                .labels
                .insert("Secret".to_owned(), Default::default());
            row.policies
                .templates
                .insert("Board".to_owned(), Default::default());
            directory::set_tenant_row(connection, tenant, &row)
        })
        .await
        .unwrap();
    let alice = Graph::of(&host, ALICE).await;
    let body = json!({
        "sensitivityLabelAssignment": { "sensitivityLabelId": "Secret" }, "meetingTemplateId": "Board",
    });
    let made = alice.post("/me/onlineMeetings", body).await;
    assert_eq!(made["sensitivityLabelAssignment"]["sensitivityLabelId"], "Secret");
    assert_eq!(made["meetingTemplateId"], "Board");
    let target = format!("/me/onlineMeetings/{}", made["id"].as_str().unwrap());
    let same = alice.patch(&target, json!({ "subject": "x" })).await;
    assert_eq!(same["sensitivityLabelAssignment"]["sensitivityLabelId"], "Secret");
    for wrong in [
        json!({ "sensitivityLabelAssignment": { "sensitivityLabelId": "Unknown" } }),
        json!({ "sensitivityLabelAssignment": { "sensitivityLabelId": 1 } }),
        json!({ "sensitivityLabelAssignment": { "other": "Secret" } }),
        json!({ "sensitivityLabelAssignment": "Secret" }),
        json!({ "meetingTemplateId": "Board" }),
    ] {
        alice.refused(Method::PATCH, &target, Some(wrong), 400).await;
    }
    alice
        .refused(
            Method::POST,
            "/me/onlineMeetings",
            Some(json!({ "meetingTemplateId": "Unknown" })),
            400,
        )
        .await;
    let free = alice
        .patch(&target, json!({ "sensitivityLabelAssignment": null }))
        .await;
    assert_eq!(free["sensitivityLabelAssignment"], Value::Null);
    assert_eq!(free["meetingTemplateId"], "Board");
    host.service.shutdown().await;
}
