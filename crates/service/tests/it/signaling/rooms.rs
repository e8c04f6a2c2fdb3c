//! Calls in rooms: who gets in, what a role allows, and how it ends.

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    self, CapabilitiesChanged, Connected, Join, Offer, Section, SendChat, TrackSource, join, section,
};
use anteroom_signaling::sdp::{LocalTransport, Msid, OfferBuilder};
use anteroom_signaling::wire::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Host, IDENTITY, ROOMS, expect};
use crate::signaling::client::Client;

/// Makes a room with these people in it.
async fn room(host: &Host, participants: Value) -> String {
    let body = json!({ "participants": participants }).to_string();
    let target = format!("/rooms?{ROOMS}");
    let response = host.signed(Method::POST, &target, &body).send().await.unwrap();
    expect(response, 201).await["id"].as_str().unwrap().to_owned()
}

async fn patch(host: &Host, target: &str, body: Value) {
    let request = host.signed(Method::PATCH, &format!("{target}?{ROOMS}"), &body.to_string());
    assert_eq!(request.send().await.unwrap().status(), 200);
}

async fn delete(host: &Host, target: &str) {
    let request = host.signed(Method::DELETE, target, "");
    assert_eq!(request.send().await.unwrap().status(), 204);
}

async fn knock(host: &Host, encoding: Encoding, token: &str, room: &str) -> Client {
    let (mut client, _) = Client::hello(host, encoding, token).await;
    client
        .send(Said::Join(Join {
            locator: Some(join::Locator::RoomId(room.to_owned())),
            display_name: "Dana".to_owned(),
        }))
        .await;
    client
}

async fn enter(host: &Host, encoding: Encoding, token: &str, room: &str) -> (Client, Connected) {
    let mut client = knock(host, encoding, token, room).await;
    let connected = client.connected().await;
    (client, connected)
}

fn microphone(session: u64) -> Said {
    let transport = LocalTransport {
        ice_ufrag: "abcd".to_owned(),
        ice_pwd: "0123456789012345678901".to_owned(),
        fingerprint: [0xab; 32],
    };
    let msid = Msid {
        stream: "s".to_owned(),
        track: "t".to_owned(),
    };
    Said::Offer(Offer {
        sdp: OfferBuilder::new(session, 1, transport)
            .audio_send("0", 1234, "me", msid)
            .build(),
        sections: vec![Section {
            mid: "0".to_owned(),
            r#use: Some(section::Use::Publish(TrackSource::Microphone.into())),
        }],
        confirms: false,
    })
}

async fn changed(client: &mut Client) -> CapabilitiesChanged {
    client
        .expect(|body| match body {
            Body::CapabilitiesChanged(changed) => Some(changed),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn who_is_invited_joins_at_once_and_nobody_else() {
    let host = Host::start().await;
    let (dana, dana_token) = host.guest(&["voip.join"]).await;
    let (_, other_token) = host.guest(&["voip"]).await;
    let (chatter, chat_token) = host.guest(&["chat"]).await;
    let id = room(
        &host,
        json!({dana: {"role": "Presenter"}, chatter: {"role": "Presenter"}}),
    )
    .await;

    for encoding in Encoding::ALL {
        let (mut client, connected) = enter(&host, encoding, &dana_token, &id).await;
        assert_eq!(connected.role(), proto::Role::Presenter);
        assert_eq!(connected.thread_id, "");
        assert!(
            connected.join_url.ends_with(&format!("/join?room={id}")),
            "{}",
            connected.join_url
        );
        let chat = SendChat {
            text: "hello".to_owned(),
            client_message_id: String::new(),
        };
        let request = client.send(Said::SendChat(chat)).await;
        assert_eq!(client.error(request).await, "not_allowed");
    }

    let mut stranger = knock(&host, Encoding::Json, &other_token, &id).await;
    let (reason, _) = stranger.over().await;
    assert_eq!((reason.code, reason.key.as_str()), (403, "room_not_invited"));
    let mut unknown = knock(&host, Encoding::Json, &dana_token, "99199690362660524").await;
    assert_eq!(unknown.end_key().await, "room_not_found");
    let mut wrong = knock(&host, Encoding::Json, &dana_token, "12").await;
    assert_eq!(wrong.end_key().await, "bad_locator");
    let mut employee = knock(
        &host,
        Encoding::Json,
        &host.sign_in("alice@contoso.example").await,
        &id,
    )
    .await;
    assert_eq!(employee.end_key().await, "room_not_found");
    let mut silent = Client::connect(&host, Encoding::Json).await;
    silent
        .send(Said::Hello(proto::Hello {
            token: chat_token,
            resume: None,
            client: String::new(),
        }))
        .await;
    assert_eq!(silent.end_key().await, "unauthenticated");

    let tomorrow = (time::OffsetDateTime::now_utc() + time::Duration::days(1))
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    patch(&host, &format!("/rooms/{id}"), json!({ "validFrom": tomorrow })).await;
    let mut early = knock(&host, Encoding::Json, &dana_token, &id).await;
    assert_eq!(early.end_key().await, "room_not_open");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_consumer_sends_nothing_and_a_role_counts_at_once() {
    let host = Host::start().await;
    let (dana, dana_token) = host.guest(&["voip.join"]).await;
    let (omar, omar_token) = host.guest(&["voip"]).await;
    let id = room(
        &host,
        json!({&dana: {"role": "Consumer"}, omar: {"role": "Presenter"}}),
    )
    .await;
    let (mut dana_client, connected) = enter(&host, Encoding::Json, &dana_token, &id).await;
    assert_eq!(connected.role(), proto::Role::Consumer);
    assert!(connected.capabilities.is_empty());
    let (mut omar_client, _) = enter(&host, Encoding::Protobuf, &omar_token, &id).await;

    let refused = dana_client.send(microphone(1)).await;
    assert_eq!(dana_client.error(refused).await, "not_allowed");

    let list = format!("/rooms/{id}/participants");
    patch(
        &host,
        &list,
        json!({"participants": {&dana: {"role": "Attendee"}}}),
    )
    .await;
    let told = changed(&mut dana_client).await;
    assert_eq!(told.role(), proto::Role::Attendee);
    assert_eq!(told.capabilities, ["turnVideoOn", "unmuteMic"]);
    let accepted = dana_client.send(microphone(1)).await;
    assert!(matches!(dana_client.answer(accepted).await, Body::Answer(_)));
    let tracks = |body| match body {
        Body::Tracks(update) if !update.added.is_empty() || !update.removed.is_empty() => Some(update),
        _ => None,
    };
    let track = omar_client.expect(tracks).await.added[0].id.clone();

    // Back to listening: the track goes, for everybody.
    patch(
        &host,
        &list,
        json!({"participants": {&dana: {"role": "Consumer"}}}),
    )
    .await;
    assert_eq!(changed(&mut dana_client).await.role(), proto::Role::Consumer);
    assert_eq!(omar_client.expect(tracks).await.removed, [track]);

    // Off the list: out of the call.
    patch(&host, &list, json!({"participants": {&dana: null}})).await;
    let (reason, _) = dana_client.over().await;
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (0, 5300, "removed")
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_call_ends_with_its_room_and_with_the_identity() {
    let host = Host::start().await;
    let (dana, dana_token) = host.guest(&["voip.join"]).await;
    let (omar, omar_token) = host.guest(&["voip"]).await;
    let id = room(&host, json!({dana: {}, &omar: {}})).await;
    let (mut dana_client, _) = enter(&host, Encoding::Json, &dana_token, &id).await;
    let (mut omar_client, _) = enter(&host, Encoding::Json, &omar_token, &id).await;
    delete(
        &host,
        &format!("/identities/{}?{IDENTITY}", omar.replace(':', "%3A")),
    )
    .await;
    assert_eq!(omar_client.end_key().await, "unauthenticated");

    delete(&host, &format!("/rooms/{id}?{ROOMS}")).await;
    let (reason, _) = dana_client.over().await;
    assert_eq!((reason.code, reason.key.as_str()), (0, "room_closed"));
    let mut late = knock(&host, Encoding::Json, &dana_token, &id).await;
    assert_eq!(late.end_key().await, "room_not_found");
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_call_ends_when_the_clock_says_so() {
    let host = Host::start().await;
    let (dana, token) = host.guest(&["voip.join"]).await;
    let id = room(&host, json!({dana: {}})).await;
    let (until, now) = (time::Duration::minutes(40), time::OffsetDateTime::now_utc());
    let body =
        json!({"validUntil": (now + until).format(&time::format_description::well_known::Rfc3339).unwrap()});
    patch(&host, &format!("/rooms/{id}"), body).await;
    let (mut client, _) = enter(&host, Encoding::Json, &token, &id).await;
    // Within the token's life.
    host.service.app().clock().step(until).unwrap();
    let (reason, _) = client.over().await;
    assert_eq!((reason.code, reason.key.as_str()), (0, "room_closed"));
    let mut late = knock(&host, Encoding::Json, &token, &id).await;
    assert_eq!(late.end_key().await, "room_over");
    host.service.shutdown().await;
}
