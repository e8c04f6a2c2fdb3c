//! Callers of another tenant, and people who are no more or may not sign in.

use anteroom_service::directory::admin::{Request, perform};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph, encoded};
use crate::common::{Host, expect};

const MALLORY: &str = "mallory@fabrikam.example";
const PASSWORD: &str = "a password of hers";
const SUBJECT: &str = "Nobody else's business";

async fn operate(host: &Host, request: Request) -> Value {
    let app = host.service.app();
    perform(app.store(), app.clock().now(), request).await.unwrap()
}

/// Somebody of another tenant, who administers it.
async fn stranger(host: &Host) -> Graph<'_> {
    let name = "fabrikam".to_owned();
    operate(host, Request::CreateTenant { name }).await;
    let create = Request::CreateUser {
        tenant: "fabrikam".to_owned(),
        upn: MALLORY.to_owned(),
        display_name: "Mallory".to_owned(),
        password: PASSWORD.to_owned(),
        admin: true,
    };
    operate(host, create).await;
    let answer = host.password_grant("fabrikam", MALLORY, PASSWORD).await;
    let answer = expect(answer, 200).await;
    let token = answer["access_token"].as_str().unwrap().to_owned();
    Graph { host, token }
}

/// A meeting of Alice, with Bob.
async fn meeting(alice: &Graph<'_>) -> Value {
    let body = json!({
        "subject": SUBJECT, "startDateTime": "2027-01-01T10:00:00Z", "endDateTime": "2027-01-01T11:00:00Z",
        "participants": { "attendees": [{ "upn": BOB }] },
    });
    alice.post("/me/onlineMeetings", body).await
}

#[tokio::test]
async fn another_tenant_sees_and_changes_nothing() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let made = meeting(&alice).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, chat) = (text(&made["id"]), text(&made["chatInfo"]["threadId"]));
    let (oid, chat) = (host.dev().users[0].object_id.clone(), encoded(&chat));
    let said = json!({ "body": { "content": "secret words" } });
    alice.post(&format!("/chats/{chat}/messages"), said.clone()).await;

    let mallory = stranger(&host).await;
    let change = json!({ "subject": "taken over" });
    let mut tried = Vec::new();
    for of in [
        "/me".to_owned(),
        format!("/users/{oid}"),
        format!("/users/{ALICE}"),
    ] {
        let meeting = format!("{of}/onlineMeetings/{id}");
        tried.push((Method::GET, meeting.clone(), None));
        tried.push((Method::PATCH, meeting.clone(), Some(change.clone())));
        tried.push((Method::DELETE, meeting.clone(), None));
        tried.push((Method::GET, format!("{meeting}/attendanceReports"), None));
    }
    for of in [format!("/users/{oid}"), format!("/users/{ALICE}")] {
        tried.push((Method::GET, of.clone(), None));
        tried.push((Method::GET, format!("{of}/events"), None));
        tried.push((
            Method::GET,
            format!("{of}/onlineMeetings?$filter={}", filter(&made)),
            None,
        ));
        let body = json!({ "subject": "for her", "startDateTime": "2027-01-01T10:00:00Z" });
        tried.push((Method::POST, format!("{of}/onlineMeetings"), Some(body)));
    }
    for what in ["", "/messages", "/members"] {
        tried.push((Method::GET, format!("/chats/{chat}{what}"), None));
    }
    tried.push((Method::POST, format!("/chats/{chat}/messages"), Some(said)));
    for (method, target, body) in tried {
        let answer = mallory.call(method.clone(), &target, body).await;
        let status = answer.status().as_u16();
        let told = answer.text().await.unwrap();
        assert!(matches!(status, 403 | 404), "{method} {target}: {status} {told}");
        for secret in [SUBJECT, "secret words", "Alice Meyer"] {
            assert!(!told.contains(secret), "{method} {target}: {told}");
        }
    }
    // Lists and searches have her own only.
    let users = mallory.get("/users").await;
    let names = users["value"].as_array().unwrap().iter();
    assert_eq!(
        names.map(|user| &user["userPrincipalName"]).collect::<Vec<_>>(),
        [MALLORY]
    );
    for target in ["/me/events", "/me/chats", "/chats"] {
        let answer = mallory.call(Method::GET, target, None).await;
        let told = answer.text().await.unwrap();
        assert!(!told.contains(SUBJECT) && !told.contains(&id), "{target}: {told}");
    }
    let found = mallory
        .call(
            Method::GET,
            &format!("/me/onlineMeetings?$filter={}", filter(&made)),
            None,
        )
        .await;
    let told = found.text().await.unwrap();
    assert!(!told.contains(SUBJECT), "{told}");
    // Nothing was changed.
    let again = alice.get(&format!("/me/onlineMeetings/{id}")).await;
    assert_eq!(again["subject"], SUBJECT);
    host.service.shutdown().await;
}

fn filter(meeting: &Value) -> String {
    let url = meeting["joinWebUrl"].as_str().unwrap();
    encoded(&format!("JoinWebUrl eq '{url}'"))
}

#[tokio::test]
async fn who_is_deleted_or_disabled_is_refused_at_once() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let bob = Graph::of(&host, BOB).await;
    let made = meeting(&alice).await;
    let id = made["id"].as_str().unwrap().to_owned();
    bob.get("/me").await;

    let user = || BOB.to_owned();
    let set = |enabled| Request::SetEnabled {
        user: user(),
        enabled,
    };
    operate(&host, set(false)).await;
    for target in ["/me", "/me/events", "/users", &format!("/me/onlineMeetings/{id}")] {
        let answer = bob.call(Method::GET, target, None).await;
        assert_eq!(answer.status(), 401, "{target}");
    }
    let password = host.dev().users[1].password.clone();
    assert_eq!(host.password_grant("contoso", BOB, &password).await.status(), 400);
    // Others see it, and what is the user's own stays.
    let seen = alice.get(&format!("/users/{BOB}")).await;
    assert_eq!(seen["accountEnabled"], false);
    operate(&host, set(true)).await;
    let bob = Graph::of(&host, BOB).await;
    assert_eq!(bob.get("/me").await["accountEnabled"], true);

    operate(&host, Request::DeleteUser { user: user() }).await;
    assert_eq!(bob.call(Method::GET, "/me", None).await.status(), 401);
    let missing = alice.call(Method::GET, &format!("/users/{BOB}"), None).await;
    assert_eq!(missing.status(), 404);
    assert_eq!(host.password_grant("contoso", BOB, &password).await.status(), 400);
    host.service.shutdown().await;
}
