//! Dropped connections, slow readers, and tokens that run out.

use std::time::Duration;

use anteroom_identity::token::VerifiedToken;
use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{Ack, Ping, RefreshToken, Resume, SendChat, SendTyping};
use anteroom_signaling::wire::Encoding;
use anteroom_teams_link::policy::{LobbyScope, MeetingOptions};
use reqwest::Method;

use crate::common::{CHAT, Host, IDENTITY, expect};
use crate::signaling::client::Client;

/// A host whose lobby is open.
async fn open_host() -> Host {
    let host = Host::start().await;
    let tenant = host.dev().tenant_id.parse().unwrap();
    let meetings = host.service.app().meetings();
    let meeting = meetings.of_tenant(tenant).await.unwrap().remove(0);
    let options = MeetingOptions {
        lobby: LobbyScope::Everyone.into(),
        ..meeting.options
    };
    meetings.set_options(&meeting.id, options).await.unwrap();
    host
}

fn say(text: &str) -> Said {
    Said::SendChat(SendChat {
        text: text.to_owned(),
        client_message_id: String::new(),
    })
}

/// Waits until the roster says that somebody's connection is gone, or back.
async fn until_reconnecting(client: &mut Client, reconnecting: bool) {
    client
        .expect(|body| match body {
            Body::Roster(update) => update
                .upserted
                .iter()
                .any(|p| p.external && p.reconnecting == reconnecting)
                .then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_session_goes_on_after_its_connection_dropped() {
    let host = open_host().await;
    let (mut alice, _) = Client::alice(&host).await;
    let (_, token) = host.guest(&["voip"]).await;
    let (mut dana, welcome) = Client::hello(&host, Encoding::Json, &token).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    let connected = dana.connected().await;
    dana.expect(|body| matches!(body, Body::ChatAccess(_)).then_some(()))
        .await;
    let last_seq = dana.last_seq;
    drop(dana);
    until_reconnecting(&mut alice, true).await;
    alice.send(say("while away")).await;
    alice.chat().await;

    // In the other encoding, to make it harder.
    let mut dana = Client::connect(&host, Encoding::Protobuf).await;
    (dana.last_seq, dana.next_id) = (last_seq, 100);
    let resume = Resume {
        resume_token: welcome.resume_token.clone(),
        last_seq,
    };
    let again = dana.say_hello(&token, Some(resume)).await;
    assert!(again.resumed);
    assert_eq!(again.session_id, welcome.session_id);
    assert_ne!(again.resume_token, welcome.resume_token);
    assert_eq!(dana.chat().await.0, "while away");
    until_reconnecting(&mut alice, false).await;
    let id = dana.send(say("back")).await;
    assert!(id > 0);
    alice.chat().await;

    // The token of before is worth nothing now, and neither is another guest's.
    let (_, other) = host.guest(&["voip"]).await;
    for (token, resume_token) in [(&token, &welcome.resume_token), (&other, &again.resume_token)] {
        let mut third = Client::connect(&host, Encoding::Json).await;
        let resume = Resume {
            resume_token: resume_token.clone(),
            last_seq: 0,
        };
        assert!(!third.say_hello(token, Some(resume)).await.resumed);
    }
    let id = dana.send(Said::Ping(Ping {})).await;
    assert!(matches!(dana.answer(id).await, Body::Pong(_)), "{connected:?}");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_second_connection_takes_over_from_the_first() {
    let host = open_host().await;
    let (_, token) = host.guest(&["voip"]).await;
    let (mut first, welcome) = Client::hello(&host, Encoding::Json, &token).await;
    let mut second = Client::connect(&host, Encoding::Json).await;
    let resume = Resume {
        resume_token: welcome.resume_token,
        last_seq: 0,
    };
    assert!(second.say_hello(&token, Some(resume)).await.resumed);
    first.closed().await;
    let id = second.send(Said::Ping(Ping {})).await;
    assert!(matches!(second.answer(id).await, Body::Pong(_)));
    host.service.shutdown().await;
}

#[tokio::test]
async fn the_chat_is_lost_some_seconds_after_the_connection() {
    let host = open_host().await;
    let (mut alice, _) = Client::alice(&host).await;
    let (_, token) = host.guest(&["voip", "chat"]).await;
    let (mut dana, welcome) = Client::hello(&host, Encoding::Json, &token).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.connected().await;
    dana.expect(|body| matches!(body, Body::ChatAccess(_)).then_some(()))
        .await;
    let last_seq = dana.last_seq;
    drop(dana);
    until_reconnecting(&mut alice, true).await;
    let target = format!("{}/messages?{CHAT}", host.thread_path());
    let status = || async {
        host.get(&target)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status().await, 200, "there is a grace");
    let lost = async {
        while status().await == 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(25), lost)
        .await
        .expect("the membership ends");
    assert_eq!(status().await, 403);

    alice.send(say("missed")).await;
    alice.chat().await;
    let mut dana = Client::connect(&host, Encoding::Json).await;
    (dana.last_seq, dana.next_id) = (last_seq, 100);
    let resume = Resume {
        resume_token: welcome.resume_token,
        last_seq,
    };
    assert!(dana.say_hello(&token, Some(resume)).await.resumed);
    assert_eq!(dana.chat().await, ("missed".to_owned(), true));
    assert_eq!(status().await, 200);
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_cut_off_and_holds_nobody_up() {
    let host = open_host().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut dana = Client::guest(&host, "Dana").await;
    dana.connected().await;
    let text = "x".repeat(28_000);
    // Enough for the buffers of both ends' systems, then for the session's own.
    let mut cut = false;
    for _ in 0..2_000 {
        let id = alice.send(say(&text)).await;
        let mut answered = false;
        while !answered {
            let crate::signaling::client::Next::Message(message) = alice.next().await else {
                panic!("closed")
            };
            answered = message.in_reply_to == id;
            if let Some(Body::Roster(update)) = &message.body {
                cut |= update.upserted.iter().any(|participant| participant.reconnecting);
            }
        }
        if cut {
            break;
        }
        let seq = alice.last_seq;
        alice.send(Said::Ack(Ack { seq })).await;
    }
    assert!(cut, "the slow reader is still connected");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_session_ends_soon_after_its_token() {
    let host = open_host().await;
    let app = host.service.app();
    let (_alice, _) = Client::alice(&host).await;
    let (_, token) = host.guest(&["voip"]).await;
    let now = app.clock().now();
    let Ok(VerifiedToken::User(mut claims)) = app.keys().verify(&token, now, &app.expected()) else {
        panic!()
    };
    claims.expires_at = now + Duration::from_secs(3600);
    let short = app.keys().sign_user(&claims).unwrap();
    let (mut dana, _) = Client::hello(&host, Encoding::Json, &short).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.connected().await;
    // Whoever gets its next token when the last one has expired is in time.
    app.clock().step(time::Duration::seconds(3650)).unwrap();
    let request = dana.send(Said::SendTyping(SendTyping {})).await;
    assert!(matches!(dana.answer(request).await, Body::Done(_)));
    app.clock().step(time::Duration::seconds(15)).unwrap();
    let (reason, _) = dana.over().await;
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (401, 10_009, "unauthenticated")
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_fresh_token_keeps_the_session_alive() {
    let host = open_host().await;
    let (_alice, _) = Client::alice(&host).await;
    let (id, token) = host.guest(&["voip"]).await;
    let (_, somebody_elses) = host.guest(&["voip"]).await;
    let (mut dana, welcome) = Client::hello(&host, Encoding::Json, &token).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.connected().await;

    let refresh = |token: &str| {
        Said::RefreshToken(RefreshToken {
            token: token.to_owned(),
        })
    };
    for bad in [&somebody_elses, "eyJ.no.token", ""] {
        let request = dana.send(refresh(bad)).await;
        assert_eq!(dana.error(request).await, "unauthenticated");
    }
    let chat_alone = issue(&host, &id, "chat").await;
    let request = dana.send(refresh(&chat_alone)).await;
    assert_eq!(dana.error(request).await, "unauthenticated");

    // Tokens last for a day.
    let app = host.service.app();
    let (clock, now) = (app.clock(), app.clock().now());
    let Ok(VerifiedToken::User(mut claims)) = app.keys().verify(&token, now, &app.expected()) else {
        panic!()
    };
    claims.expires_at = now + Duration::from_secs(48 * 3600);
    let fresh = app.keys().sign_user(&claims).unwrap();
    clock.step(time::Duration::hours(23)).unwrap();
    let request = dana.send(refresh(&fresh)).await;
    assert!(matches!(dana.answer(request).await, Body::Done(_)));
    clock.step(time::Duration::hours(2)).unwrap();
    let request = dana.send(refresh(&token)).await;
    assert_eq!(
        dana.error(request).await,
        "unauthenticated",
        "that one has expired"
    );
    // With the fresh token the session can be continued, too.
    let resume = Resume {
        resume_token: welcome.resume_token,
        last_seq: dana.last_seq,
    };
    let mut again = Client::connect(&host, Encoding::Json).await;
    again.last_seq = dana.last_seq;
    again.next_id = dana.next_id;
    assert!(again.say_hello(&fresh, Some(resume)).await.resumed);
    clock.step(time::Duration::hours(24)).unwrap();
    assert_eq!(again.end_key().await, "unauthenticated");
    host.service.shutdown().await;
}

/// A token of somebody who has one already.
async fn issue(host: &Host, id: &str, scope: &str) -> String {
    let target = format!(
        "/identities/{}/:issueAccessToken?{IDENTITY}",
        id.replace(':', "%3A")
    );
    let body = serde_json::json!({ "scopes": [scope] }).to_string();
    let issued = host.signed(Method::POST, &target, &body).send().await.unwrap();
    expect(issued, 200).await["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_ends_when_the_clock_is_set_past_its_token() {
    let host = open_host().await;
    let (_alice, _) = Client::alice(&host).await;
    let (_, token) = host.guest(&["voip"]).await;
    let (mut dana, _) = Client::hello(&host, Encoding::Json, &token).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.connected().await;
    host.service
        .app()
        .clock()
        .step(time::Duration::hours(25))
        .unwrap();
    let (reason, _) = dana.over().await;
    assert_eq!(reason.key, "unauthenticated");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_call_ends_at_once_when_its_token_is_revoked() {
    let host = open_host().await;
    let (mut alice, _) = Client::alice(&host).await;
    let (id, token) = host.guest(&["voip"]).await;
    let (_, other) = host.guest(&["voip"]).await;
    let (mut dana, _) = Client::hello(&host, Encoding::Json, &token).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.connected().await;
    // Coming and going within a moment would be one message.
    alice
        .expect(|body| match body {
            Body::Roster(update) => {
                let there = update.upserted.iter().any(|person| person.display_name == "Dana");
                there.then_some(())
            }
            _ => None,
        })
        .await;
    // One that has not joined anything yet, and one of somebody else.
    let (mut idle, _) = Client::hello(&host, Encoding::Protobuf, &token).await;
    let (mut omar, _) = Client::hello(&host, Encoding::Json, &other).await;

    let user = format!("/identities/{}", id.replace(':', "%3A"));
    let revoke = host.signed(
        Method::POST,
        &format!("{user}/:revokeAccessTokens?{IDENTITY}"),
        "",
    );
    assert_eq!(revoke.send().await.unwrap().status(), 204);
    for client in [&mut dana, &mut idle] {
        let (reason, _) = client.over().await;
        assert_eq!(
            (reason.code, reason.sub_code, reason.key.as_str()),
            (401, 10_009, "unauthenticated")
        );
    }
    alice
        .expect(|body| match body {
            Body::Roster(update) => (!update.left.is_empty()).then_some(()),
            _ => None,
        })
        .await;

    // A new token of the same user is good.
    let issue = host.signed(
        Method::POST,
        &format!("{user}/:issueAccessToken?{IDENTITY}"),
        r#"{"scopes":["voip"]}"#,
    );
    let token = expect(issue.send().await.unwrap(), 200).await["token"].clone();
    let (mut dana, _) = Client::hello(&host, Encoding::Json, token.as_str().unwrap()).await;
    dana.join(&host.dev().meeting.join_url, "Dana").await;
    dana.connected().await;
    let delete = host.signed(Method::DELETE, &format!("{user}?{IDENTITY}"), "");
    assert_eq!(delete.send().await.unwrap().status(), 204);
    assert_eq!(dana.end_key().await, "unauthenticated");

    omar.join(&host.dev().meeting.join_url, "Omar").await;
    omar.connected().await;
    host.service.shutdown().await;
}
