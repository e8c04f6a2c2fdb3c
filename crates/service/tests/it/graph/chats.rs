use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph, encoded};
use crate::common::Host;

async fn meeting(graph: &Graph<'_>, body: Value) -> (String, String) {
    let made = graph.post("/me/onlineMeetings", body).await;
    let thread = made["chatInfo"]["threadId"].as_str().unwrap();
    (
        made["id"].as_str().unwrap().to_owned(),
        format!("/chats/{}", encoded(thread)),
    )
}

#[tokio::test]
async fn members_write_and_read_and_others_find_nothing() {
    let host = Host::start().await;
    let (alice, bob) = (Graph::of(&host, ALICE).await, Graph::of(&host, BOB).await);
    let invited = json!({"subject": "Loans", "participants": {"attendees": [{"upn": BOB}]}});
    let (id, chat) = meeting(&alice, invited).await;
    let head = bob.get(&chat).await;
    assert_eq!(
        (&head["chatType"], &head["topic"]),
        (&json!("meeting"), &json!("Loans"))
    );
    assert_eq!(
        head["onlineMeetingInfo"]["organizer"]["id"],
        host.dev().users[0].object_id
    );
    let messages = format!("{chat}/messages");
    for (content, kind) in [
        ("one", "text"),
        ("<b>two</b><img src=x onerror=alert(1)>", "html"),
        ("three", "text"),
    ] {
        let sent = bob
            .post(
                &messages,
                json!({"body": {"contentType": kind, "content": content}}),
            )
            .await;
        assert_eq!(sent["from"]["user"]["id"], host.dev().users[1].object_id);
        assert_eq!(sent["from"]["user"]["userIdentityType"], "aadUser");
    }
    let first = alice.get(&format!("{messages}?$top=2")).await;
    assert_eq!(first["value"][0]["body"]["content"], "three");
    let html = first["value"][1]["body"]["content"].as_str().unwrap();
    assert!(html.contains("<b>two</b>") && !html.contains("onerror"), "{html}");
    let next = first["@odata.nextLink"]
        .as_str()
        .unwrap()
        .split_once("/v1.0")
        .unwrap()
        .1;
    assert_eq!(alice.get(next).await["value"][0]["body"]["content"], "one");
    let one = format!("{messages}/{}", first["value"][0]["id"].as_str().unwrap());
    assert_eq!(alice.get(&one).await["body"]["content"], "three");

    let members = alice.get(&format!("{chat}/members")).await;
    let roles: Vec<&Value> = members["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| &member["roles"])
        .collect();
    assert_eq!(roles, [&json!(["owner"]), &json!([])]);
    let listed = bob.get("/chats?$expand=lastMessagePreview,members").await;
    let preview = &listed["value"][0]["lastMessagePreview"]["body"]["content"];
    assert_eq!(*preview, "three");

    // Renamed with the meeting: the system says so.
    alice
        .patch(&format!("/me/onlineMeetings/{id}"), json!({"subject": "Cars"}))
        .await;
    let newest = alice.get(&format!("{messages}?$top=1")).await["value"][0].clone();
    assert_eq!(newest["messageType"], "unknownFutureValue");
    assert_eq!(newest["from"], Value::Null);
    assert_eq!(newest["eventDetail"]["chatDisplayName"], "Cars");

    let (_, own) = meeting(&alice, json!({})).await;
    for target in [
        own.clone(),
        format!("{own}/messages"),
        format!("{own}/members"),
        "/chats/19%3Anone".to_owned(),
    ] {
        assert_eq!(bob.refused(Method::GET, &target, None, 404).await.0, "NotFound");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_chat_that_is_closed_takes_nothing() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let hello = json!({"body": {"content": "hello"}});
    for mode in ["disabled", "limited"] {
        let (_, chat) = meeting(&alice, json!({"allowMeetingChat": mode})).await;
        let (code, _) = alice
            .refused(
                Method::POST,
                &format!("{chat}/messages"),
                Some(hello.clone()),
                403,
            )
            .await;
        assert_eq!(code, "Forbidden", "{mode}");
    }
    let (_, chat) = meeting(&alice, json!({})).await;
    let messages = format!("{chat}/messages");
    alice.post(&messages, hello).await;
    for wrong in [
        json!({}),
        json!({"body": "x"}),
        json!({"body": {"content": "  "}}),
        json!({"body": {"content": 7}}),
        json!({"body": {"content": "x", "contentType": "pdf"}}),
        json!({"body": {"content": "x"}, "from": {"user": {"id": "bob"}}}),
        json!({"body": {"content": "x"}, "attachments": [{"id": "1"}]}),
        json!({"text": "x"}),
    ] {
        alice.refused(Method::POST, &messages, Some(wrong), 400).await;
    }
    for query in [
        "$top=0",
        "$orderby=createdDateTime",
        "$skiptoken=zzz",
        "$filter=body",
    ] {
        alice
            .refused(Method::GET, &format!("{messages}?{query}"), None, 400)
            .await;
    }
    host.service.shutdown().await;
}
