//! Bad input: a typed answer to whoever sent it, and nothing to anybody else.

use std::time::Duration;

use anteroom_identity::id::AcsUserId;
use anteroom_identity::token::{Scope, VerifiedToken};
use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{Admit, Hello, Offer, Ping};
use anteroom_signaling::wire::{Encoding, MAX_MESSAGE_BYTES};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::Message;
use uuid::Uuid;

use crate::common::Host;
use crate::signaling::client::{Client, url};

async fn ping(client: &mut Client) {
    let id = client.send(Said::Ping(Ping {})).await;
    assert!(matches!(client.answer(id).await, Body::Pong(_)));
}

#[tokio::test]
async fn a_connection_needs_a_subprotocol_that_is_spoken() {
    let host = Host::start().await;
    for offered in [None, Some("anteroom.v2.json"), Some("graphql-ws, chat")] {
        let mut request = url(&host).into_client_request().unwrap();
        if let Some(offered) = offered {
            request
                .headers_mut()
                .insert("sec-websocket-protocol", offered.parse().unwrap());
        }
        let Err(Error::Http(response)) = tokio_tungstenite::connect_async(request).await else {
            panic!("accepted {offered:?}")
        };
        assert_eq!(response.status(), 400);
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn connections_are_limited() {
    let host = Host::start_with(|config| config.limits.websockets = 2).await;
    let (first, _second) = (
        Client::connect(&host, Encoding::Json).await,
        Client::connect(&host, Encoding::Json).await,
    );
    let mut request = url(&host).into_client_request().unwrap();
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "anteroom.v1.json".parse().unwrap());
    let Err(Error::Http(response)) = tokio_tungstenite::connect_async(request).await else {
        panic!("accepted")
    };
    assert_eq!(response.status(), 429);
    drop(first);
    host.service.shutdown().await;
}

#[tokio::test]
async fn refuses_tokens_that_do_not_hold_here() {
    let host = Host::start().await;
    let app = host.service.app();
    let now = app.clock().now();
    let (_, chat_only) = host.guest(&["chat"]).await;
    let (_, good) = host.guest(&["voip"]).await;
    let Ok(VerifiedToken::User(claims)) = app.keys().verify(&good, now, &app.expected()) else {
        panic!()
    };
    let sign = |change: &dyn Fn(&mut anteroom_identity::token::UserTokenClaims)| {
        let mut claims = claims.clone();
        change(&mut claims);
        app.keys().sign_user(&claims).unwrap()
    };
    let other_resource = Uuid::from_u128(1).to_string().parse().unwrap();
    let tokens = [
        chat_only,
        sign(&|claims| claims.expires_at = now - Duration::from_secs(60)),
        sign(&|claims| claims.user = AcsUserId::random(other_resource)),
        sign(&|claims| claims.user = AcsUserId::random(claims.user.resource())),
        sign(&|claims| claims.generation += 1),
        sign(&|claims| claims.scopes = [Scope::Chat, Scope::ChatJoin].into_iter().collect()),
        String::new(),
        "not.a.token".to_owned(),
        good.rsplit_once('.').unwrap().0.to_owned() + ".AAAA",
    ];
    for (index, token) in tokens.into_iter().enumerate() {
        for encoding in Encoding::ALL {
            let mut client = Client::connect(&host, encoding).await;
            let hello = Hello {
                token: token.clone(),
                resume: None,
                client: String::new(),
            };
            client.send(Said::Hello(hello)).await;
            let (reason, code) = client.over().await;
            assert_eq!((reason.code, reason.sub_code), (401, 10_009), "token {index}");
            assert_eq!(
                (reason.key.as_str(), code),
                ("unauthenticated", Some(1008)),
                "token {index}"
            );
        }
    }
    let mut client = Client::connect(&host, Encoding::Json).await;
    client.join(&host.dev().meeting.join_url, "Dana").await;
    assert_eq!(client.over().await.1, Some(1008), "Hello has to come first");
    host.service.shutdown().await;
}

#[tokio::test]
async fn refuses_names_that_cannot_be_shown() {
    let host = Host::start().await;
    let turned = |character: char| format!("Alice{character}Bob");
    let bidi = ('\u{202a}'..='\u{202e}')
        .chain('\u{2066}'..='\u{2069}')
        .map(turned);
    let others = [
        "",
        "   ",
        "\u{200b}\u{3164}",
        "a\u{7}b",
        "a\nb",
        "a\u{2028}b",
        "a\u{9b}b",
    ];
    let others = others.map(str::to_owned).into_iter().chain(["n".repeat(257)]);
    for name in bidi.chain(others) {
        let name = name.as_str();
        let mut client = Client::guest(&host, name).await;
        let (reason, _) = client.over().await;
        assert_eq!(
            (reason.code, reason.sub_code, reason.key.as_str()),
            (400, 990_002, "bad_display_name"),
            "{name:?}"
        );
    }
    let mut longest = Client::guest(&host, &"ü".repeat(256)).await;
    longest.lobby().await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn garbage_closes_a_connection_that_has_not_said_hello() {
    let host = Host::start().await;
    for (encoding, garbage) in [
        (Encoding::Json, Message::text("{")),
        (Encoding::Json, Message::text("[]")),
        (Encoding::Json, Message::binary(vec![8, 1])),
        (Encoding::Protobuf, Message::binary(vec![0xff; 64])),
        (Encoding::Protobuf, Message::text("{}")),
    ] {
        let mut client = Client::connect(&host, encoding).await;
        client.send_raw(garbage.clone()).await;
        assert_eq!(client.closed().await, Some(1007), "{garbage:?}");
    }
    let mut client = Client::connect(&host, Encoding::Json).await;
    client
        .send_raw(Message::text("x".repeat(MAX_MESSAGE_BYTES + 1)))
        .await;
    assert_eq!(client.closed().await, Some(1009));
    host.service.shutdown().await;
}

#[tokio::test]
async fn garbage_in_a_session_is_answered_and_in_the_end_cut_off() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut dana = Client::guest(&host, "Dana").await;
    dana.lobby().await;
    for garbage in ["{", "{\"id\":7}", "{\"id\":8,\"offer\":{\"sdp\":5}}", "null"] {
        dana.send_raw(Message::text(garbage)).await;
        let key = dana
            .expect(|body| match body {
                Body::Error(error) => Some(error.key),
                _ => None,
            })
            .await;
        assert_eq!(key, "malformed", "{garbage}");
    }
    ping(&mut dana).await;
    for _ in 0..20 {
        dana.send_raw(Message::text("{")).await;
    }
    let (reason, code) = dana.over().await;
    assert_eq!((reason.key.as_str(), code), ("protocol_violation", Some(1008)));
    ping(&mut alice).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn requests_out_of_turn_are_refused() {
    let host = Host::start().await;
    let (_, token) = host.guest(&["voip"]).await;
    let (mut dana, _) = Client::hello(&host, Encoding::Json, &token).await;
    let offer = || {
        Said::Offer(Offer {
            sdp: "v=0\r\n".to_owned(),
            ..Offer::default()
        })
    };
    for request in [
        offer(),
        Said::Admit(Admit {
            participant_ids: Vec::new(),
            all: true,
        }),
    ] {
        let id = dana.send(request).await;
        assert_eq!(dana.error(id).await, "not_in_call");
    }
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.lobby().await;
    let id = dana.send(offer()).await;
    assert_eq!(
        dana.error(id).await,
        "not_in_call",
        "nothing is sent from the lobby"
    );
    let id = dana.join(&host.dev().meeting.join_url, "Dana").await;
    assert_eq!(dana.error(id).await, "already_joined");

    let (mut alice, _) = Client::alice(&host).await;
    let id = alice.send(offer()).await;
    assert_eq!(alice.error(id).await, "bad_sdp");
    let id = alice
        .send(Said::Offer(Offer {
            sdp: "v".repeat(130 * 1024),
            ..Offer::default()
        }))
        .await;
    assert_eq!(alice.error(id).await, "too_large");
    ping(&mut dana).await;
    host.service.shutdown().await;
}
