//! Threads of an application's own, over the ACS Chat API and real sockets.

mod lists;
mod rules;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::common::{Host, expect, refusal};

/// The newest version, which has metadata and retention.
const VERSION: &str = "api-version=2025-03-15";

/// Somebody with a token.
struct User<'h> {
    host: &'h Host,
    id: String,
    token: String,
}

impl<'h> User<'h> {
    async fn new(host: &'h Host, scopes: &[&str]) -> Self {
        let (id, token) = host.guest(scopes).await;
        Self { host, id, token }
    }

    /// A call with a path behind `/chat/threads` and a JSON body, `null` for none.
    async fn call(&self, method: Method, path: &str, body: Value) -> Response {
        let sign = if path.contains('?') { '&' } else { '?' };
        let url = self.host.url(&format!("/chat/threads{path}{sign}{VERSION}"));
        let request = self.host.client.request(method, url).bearer_auth(&self.token);
        let request = match body {
            Value::Null => request,
            body => request
                .header("content-type", "application/merge-patch+json")
                .body(body.to_string()),
        };
        request.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        self.call(Method::POST, path, body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Response {
        self.call(Method::PATCH, path, body).await
    }

    async fn delete(&self, path: &str) -> Response {
        self.call(Method::DELETE, path, Value::Null).await
    }

    /// A new thread with these in it: its path.
    async fn thread(&self, others: &[&User<'_>]) -> String {
        let participants: Vec<Value> = others.iter().map(|other| other.participant()).collect();
        let body = json!({ "topic": "Lunch", "participants": participants });
        let created = expect(self.post("", body).await, 201).await;
        path(created["chatThread"]["id"].as_str().unwrap())
    }

    /// Says something: its id.
    async fn say(&self, thread: &str, text: &str) -> String {
        let body = json!({ "content": text, "senderDisplayName": "S" });
        let sent = expect(self.post(&format!("{thread}/messages"), body).await, 201).await;
        sent["id"].as_str().unwrap().to_owned()
    }

    fn identifier(&self) -> Value {
        json!({ "communicationUser": { "id": self.id } })
    }

    fn participant(&self) -> Value {
        json!({ "communicationIdentifier": self.identifier(), "displayName": "P" })
    }
}

/// The path of a thread below `/chat/threads`, escaped as the SDKs escape it.
fn path(thread: &str) -> String {
    format!("/{}", thread.replace(':', "%3A").replace('@', "%40"))
}

fn items(page: &Value) -> &[Value] {
    page["value"].as_array().unwrap()
}

/// An answer with this status and without a body.
async fn empty(response: Response, status: u16) {
    assert_eq!(expect(response, status).await, Value::Null);
}

#[tokio::test]
async fn a_thread_from_its_making_to_its_end() {
    let host = Host::start().await;
    let (alice, bob) = (
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat"]).await,
    );
    let stranger = "8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-222222222222";
    let resource = host.dev().resource_id.clone();
    let nobody = format!("8:acs:{resource}_22222222-2222-2222-2222-222222222222");
    let body = json!({
        "topic": "Lunch",
        "participants": [
            alice.participant(), bob.participant(), alice.participant(),
            { "communicationIdentifier": { "rawId": stranger } },
            { "communicationIdentifier": { "rawId": nobody } },
            { "communicationIdentifier": { "phoneNumber": { "value": "+14255550123" } } },
        ],
        "metadata": { "case": "17", "kind": "x" },
        "retentionPolicy": { "kind": "threadCreationDate", "deleteThreadAfterDays": 60 },
    });
    let response = alice.post("", body).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let created = expect(response, 201).await;
    let invalid: Vec<_> = items(&json!({ "value": created["invalidParticipants"] }))
        .iter()
        .map(|one| {
            (
                one["code"].as_str().unwrap().to_owned(),
                one["target"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(
        invalid,
        [
            ("403".to_owned(), stranger.to_owned()),
            ("404".to_owned(), nobody),
            ("403".to_owned(), "4:+14255550123".to_owned())
        ]
    );
    let id = created["chatThread"]["id"].as_str().unwrap();
    assert!(id.starts_with("19:") && id.ends_with("@thread.v2"));
    assert_eq!(
        location,
        format!("{}/chat/threads/{}", host.dev().endpoint, id.replace(':', "%3A"))
    );
    let thread = path(id);
    let properties = expect(bob.get(&thread).await, 200).await;
    assert_eq!(properties, created["chatThread"]);
    assert_eq!(
        properties["createdByCommunicationIdentifier"]["communicationUser"]["id"],
        alice.id
    );
    assert_eq!(properties["retentionPolicy"]["deleteThreadAfterDays"], 60);

    let messages = expect(bob.get(&format!("{thread}/messages")).await, 200).await;
    let kinds: Vec<_> = items(&messages)
        .iter()
        .map(|message| {
            (
                message["type"].as_str().unwrap(),
                message["sequenceId"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(kinds, [("topicUpdated", "2"), ("participantAdded", "1")]);
    assert_eq!(
        items(&messages)[1]["content"]["participants"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let change =
        json!({ "topic": "Dinner", "metadata": { "case": "18" }, "retentionPolicy": { "kind": "none" } });
    empty(bob.patch(&thread, change).await, 204).await;
    let changed = expect(alice.get(&thread).await, 200).await;
    assert_eq!(changed["topic"], "Dinner");
    assert_eq!(changed["metadata"], json!({ "case": "18", "kind": "x" }));
    assert!(
        changed
            .get("retentionPolicy")
            .is_none_or(|policy| policy["kind"] == "none")
    );
    let messages = expect(alice.get(&format!("{thread}/messages?maxPageSize=1")).await, 200).await;
    assert_eq!(items(&messages)[0]["content"]["topic"], "Dinner");

    empty(bob.delete(&thread).await, 204).await;
    empty(bob.delete(&thread).await, 204).await;
    empty(alice.delete(&thread).await, 204).await;
    assert_eq!(refusal(alice.get(&thread).await, 404).await, "NotFound");
    assert_eq!(
        refusal(bob.get(&format!("{thread}/messages")).await, 404).await,
        "NotFound"
    );
    assert_eq!(items(&expect(alice.get("").await, 200).await).len(), 0);
    let carol = User::new(&host, &["chat"]).await;
    assert!(refusal(carol.delete(&thread).await, 403).await == "Forbidden");
    host.service.shutdown().await;
}

#[tokio::test]
async fn messages_are_changed_by_their_senders() {
    let host = Host::start().await;
    let (alice, bob) = (
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat.join.limited"]).await,
    );
    let thread = alice.thread(&[&bob]).await;
    let body = json!({ "content": "<b>x</b><script>1</script>", "type": "html", "metadata": { "a": "1" } });
    let sent = expect(bob.post(&format!("{thread}/messages"), body).await, 201).await;
    let message = format!("{thread}/messages/{}", sent["id"].as_str().unwrap());
    let stored = expect(alice.get(&message).await, 200).await;
    assert_eq!(stored["content"]["message"], "<b>x</b>");
    assert_eq!(
        (&stored["senderDisplayName"], &stored["version"]),
        (&json!(""), &sent["id"])
    );

    let edit = json!({ "content": "y", "metadata": { "b": "2" } });
    assert_eq!(
        refusal(alice.patch(&message, edit.clone()).await, 403).await,
        "Forbidden"
    );
    assert_eq!(refusal(alice.delete(&message).await, 403).await, "Forbidden");
    empty(bob.patch(&message, edit).await, 204).await;
    let edited = expect(alice.get(&message).await, 200).await;
    assert_eq!(edited["content"]["message"], "y");
    assert_eq!(edited["metadata"], json!({ "a": "1", "b": "2" }));
    assert!(edited["editedOn"].is_string());
    assert_ne!(edited["version"], edited["id"]);

    empty(bob.delete(&message).await, 204).await;
    empty(bob.delete(&message).await, 204).await;
    let deleted = expect(alice.get(&message).await, 200).await;
    assert!(deleted["deletedOn"].is_string() && deleted["content"].get("message").is_none());
    assert_eq!(
        refusal(bob.patch(&message, json!({ "content": "z" })).await, 404).await,
        "NotFound"
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn participants_come_and_go() {
    let host = Host::start().await;
    let (alice, bob, carol) = (
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat"]).await,
    );
    let thread = alice.thread(&[]).await;
    alice.say(&thread, "before").await;
    let add = format!("{thread}/participants/:add");
    let remove = format!("{thread}/participants/:remove");
    let body = json!({ "participants": [bob.participant()] });
    assert_eq!(
        refusal(bob.post(&add, body.clone()).await, 403).await,
        "Forbidden"
    );
    for _ in 0..2 {
        assert_eq!(expect(alice.post(&add, body.clone()).await, 201).await, json!({}));
    }
    let mut late = carol.participant();
    late["shareHistoryTime"] = json!("2999-01-01T00:00:00.000000Z");
    expect(bob.post(&add, json!({ "participants": [late] })).await, 201).await;
    let listed = expect(carol.get(&format!("{thread}/participants")).await, 200).await;
    assert_eq!(items(&listed).len(), 3);
    assert_eq!(
        items(&listed)[1]["communicationIdentifier"]["rawId"],
        json!(bob.id)
    );
    assert_eq!(items(&listed)[1]["shareHistoryTime"], "1970-01-01T00:00:00Z");

    let texts = |page: &Value| {
        let said = items(page).iter().filter(|message| message["type"] == "text");
        said.map(|message| message["content"]["message"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let messages = format!("{thread}/messages");
    let said = alice.say(&thread, "with bob").await;
    assert_eq!(
        texts(&expect(bob.get(&messages).await, 200).await),
        ["with bob", "before"]
    );
    empty(alice.post(&remove, bob.identifier()).await, 204).await;
    empty(alice.post(&remove, bob.identifier()).await, 204).await;
    alice.say(&thread, "without bob").await;
    // Who was removed reads what it could read, and does nothing else.
    assert_eq!(
        texts(&expect(bob.get(&messages).await, 200).await),
        ["with bob", "before"]
    );
    expect(bob.get(&format!("{messages}/{said}")).await, 200).await;
    assert_eq!(
        refusal(bob.post(&messages, json!({ "content": "x" })).await, 403).await,
        "Forbidden"
    );
    assert_eq!(
        refusal(bob.post(&remove, alice.identifier()).await, 403).await,
        "Forbidden"
    );
    let newest = expect(alice.get(&format!("{messages}?maxPageSize=2")).await, 200).await;
    assert_eq!(items(&newest)[1]["type"], "participantRemoved");
    assert_eq!(
        items(&newest)[1]["content"]["initiatorCommunicationIdentifier"]["rawId"],
        json!(alice.id)
    );
    // Leaving is removing oneself.
    empty(carol.post(&remove, carol.identifier()).await, 204).await;
    let listed = expect(alice.get(&format!("{thread}/participants")).await, 200).await;
    assert_eq!(items(&listed).len(), 1);
    host.service.shutdown().await;
}

#[tokio::test]
async fn receipts_move_forward_and_typing_leaves_nothing() {
    let host = Host::start().await;
    let (alice, bob) = (
        User::new(&host, &["chat"]).await,
        User::new(&host, &["chat"]).await,
    );
    let thread = alice.thread(&[&bob]).await;
    let (first, second) = (alice.say(&thread, "1").await, alice.say(&thread, "2").await);
    let receipts = format!("{thread}/readReceipts");
    for (user, message) in [(&bob, &first), (&bob, &second), (&bob, &first), (&alice, &second)] {
        empty(
            user.post(&receipts, json!({ "chatMessageId": message })).await,
            200,
        )
        .await;
    }
    let listed = expect(alice.get(&receipts).await, 200).await;
    let mut read: Vec<_> = items(&listed)
        .iter()
        .map(|one| {
            (
                one["senderCommunicationIdentifier"]["rawId"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
                one["chatMessageId"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    read.sort();
    let mut expected = [
        (alice.id.clone(), second.clone()),
        (bob.id.clone(), second.clone()),
    ];
    expected.sort();
    assert_eq!(read, expected);
    assert_eq!(
        refusal(bob.post(&receipts, json!({ "chatMessageId": "7" })).await, 404).await,
        "NotFound"
    );
    let typing = format!("{thread}/typing");
    empty(bob.post(&typing, Value::Null).await, 200).await;
    empty(
        bob.post(&typing, json!({ "senderDisplayName": "Bob" })).await,
        200,
    )
    .await;
    assert_eq!(
        refusal(bob.post(&typing, json!([])).await, 400).await,
        "BadRequest"
    );
    host.service.shutdown().await;
}
