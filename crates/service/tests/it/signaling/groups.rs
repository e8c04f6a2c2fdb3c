//! Group calls: who meets whom, and what is not there.

use anteroom_identity::signing::KeySlot;
use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Connected, Join, Leave, SendChat, join};
use anteroom_signaling::wire::Encoding;
use reqwest::Method;
use serde_json::json;
use time::OffsetDateTime;

use crate::common::{Host, IDENTITY, expect};
use crate::signaling::client::Client;

const GROUP: &str = "0f3a7c1e-9b42-4d6a-8e15-2c7d90b1a634";

async fn knock(host: &Host, encoding: Encoding, token: &str, group: &str) -> Client {
    let (mut client, _) = Client::hello(host, encoding, token).await;
    client
        .send(Said::Join(Join {
            locator: Some(join::Locator::GroupId(group.to_owned())),
            display_name: "Dana".to_owned(),
        }))
        .await;
    client
}

async fn enter(host: &Host, encoding: Encoding, token: &str, group: &str) -> (Client, Connected) {
    let mut client = knock(host, encoding, token, group).await;
    let connected = client.connected().await;
    (client, connected)
}

/// Waits until somebody is told of so many participants together.
async fn sees(client: &mut Client, participants: usize) {
    let mut known = std::collections::BTreeSet::new();
    client
        .expect(|body| match body {
            Body::Roster(update) => {
                known.extend(update.upserted.into_iter().map(|participant| participant.id));
                (known.len() == participants).then_some(())
            }
            _ => None,
        })
        .await;
}

/// The token of a user of another resource.
async fn of_another_resource(host: &Host) -> String {
    let resources = host.service.app().resources();
    let other = resources
        .create("second", OffsetDateTime::now_utc())
        .await
        .unwrap();
    let body = json!({ "createTokenWithScopes": ["voip"] }).to_string();
    let target = format!("/identities?{IDENTITY}");
    let key = other.key(KeySlot::Primary);
    let made = host.signed_with(key, Method::POST, &target, &body).send().await;
    let made = expect(made.unwrap(), 201).await;
    made["accessToken"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_names_the_same_id_meets() {
    let host = Host::start().await;
    let (_, dana) = host.guest(&["voip"]).await;
    let (_, omar) = host.guest(&["voip.join"]).await;

    let mut early = knock(&host, Encoding::Json, &omar, GROUP).await;
    let (reason, _) = early.over().await;
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (403, 990_056, "group_not_started")
    );

    let (mut dana_in, connected) = enter(&host, Encoding::Json, &dana, GROUP).await;
    assert_eq!(connected.role(), proto::Role::Presenter);
    assert_eq!(
        (connected.thread_id.as_str(), connected.join_url.as_str()),
        ("", "")
    );
    let (mut omar_in, _) = enter(&host, Encoding::Protobuf, &omar, &GROUP.to_uppercase()).await;
    sees(&mut omar_in, 2).await;
    sees(&mut dana_in, 2).await;
    let chat = SendChat {
        text: "hello".to_owned(),
        client_message_id: String::new(),
    };
    let request = dana_in.send(Said::SendChat(chat)).await;
    assert_eq!(dana_in.error(request).await, "not_allowed");

    // It is there while somebody is in it.
    for client in [&mut dana_in, &mut omar_in] {
        assert_eq!(host.service.app().registry().running_meetings(), 1);
        let leave = client.send(Said::Leave(Leave {})).await;
        assert!(matches!(client.answer(leave).await, Body::Ended(_)));
    }
    let mut late = knock(&host, Encoding::Json, &omar, GROUP).await;
    assert_eq!(late.end_key().await, "group_not_started");
    host.service.shutdown().await;
}

#[tokio::test]
async fn resources_and_ids_are_apart() {
    let host = Host::start().await;
    let (_, dana) = host.guest(&["voip"]).await;
    let stranger = of_another_resource(&host).await;
    let (mut dana_in, first) = enter(&host, Encoding::Json, &dana, GROUP).await;
    let (mut stranger_in, second) = enter(&host, Encoding::Json, &stranger, GROUP).await;
    let (_other, third) = enter(
        &host,
        Encoding::Json,
        &dana,
        "0f3a7c1e-9b42-4d6a-8e15-2c7d90b1a635",
    )
    .await;
    assert_ne!(first.call_id, second.call_id);
    assert_ne!(first.call_id, third.call_id);
    assert_eq!(host.service.app().registry().running_meetings(), 3);
    for client in [&mut dana_in, &mut stranger_in] {
        sees(client, 1).await;
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_is_no_group_call_is_refused() {
    let host = Host::start().await;
    let (_, dana) = host.guest(&["voip"]).await;
    for bad in [
        "",
        "group",
        "0f3a7c1e9b424d6a8e152c7d90b1a634",
        "{0f3a7c1e-9b42-4d6a-8e15-2c7d90b1a634}",
        "0f3a7c1e-9b42-4d6a-8e15-2c7d90b1a63g",
    ] {
        let mut client = knock(&host, Encoding::Json, &dana, bad).await;
        assert_eq!(client.end_key().await, "bad_locator", "{bad}");
    }
    let alice = host.sign_in("alice@contoso.example").await;
    let mut employee = knock(&host, Encoding::Json, &alice, GROUP).await;
    let (reason, _) = employee.over().await;
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (403, 990_055, "group_users_only")
    );
    assert_eq!(host.service.app().registry().running_meetings(), 0);
    host.service.shutdown().await;
}
