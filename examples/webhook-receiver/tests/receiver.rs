//! The clinic's receiver and a running service that sends to it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod common;

use anteroom::client::Event;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use webhook_receiver::signature::TOLERANCE_SECONDS;

use self::common::{Clinic, Forgery, GUEST, Person, ServiceOptions};

#[tokio::test(flavor = "multi_thread")]
async fn the_board_shows_who_waits_and_who_is_in_the_call() {
    let clinic = Clinic::open(ServiceOptions::default()).await;
    let mut dana = Person::guest(&clinic).await;
    dana.until(|event| matches!(event, Event::Lobby { .. })).await;
    let board = clinic.board_until(|board| !board["waiting"].is_empty()).await;
    let (participant, person) = board["waiting"].iter().next().unwrap();
    assert_eq!(*person, json!({ "name": GUEST, "external": true }));
    assert!(board["in_the_call"].is_empty());

    let mut alice = Person::alice(&clinic).await;
    alice
        .until(|event| matches!(event, Event::Connected { .. }))
        .await;
    alice.meeting.admit(vec![participant.clone()]).await;
    dana.until(|event| matches!(event, Event::Connected { .. })).await;
    let board = clinic
        .board_until(|board| board["in_the_call"].len() == 2 && board["waiting"].is_empty())
        .await;
    assert_eq!(board["in_the_call"][participant]["name"], GUEST);

    dana.meeting.leave().await;
    let board = clinic.board_until(|board| board["in_the_call"].len() == 1).await;
    assert_eq!(board["in_the_call"].values().next().unwrap()["external"], false);
    alice.meeting.end().await;
    clinic.board_until_empty().await;
    clinic.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_are_taken_while_one_replaces_the_other() {
    let mut clinic = Clinic::open(ServiceOptions::default()).await;
    assert!(clinic.test().await);
    let old = clinic.secrets.clone();
    let new = clinic.rotate(1).await;
    // The receiver still has the old one, and the service signs with both.
    assert!(clinic.test().await);
    clinic.restart_with(vec![old[0].clone(), new.clone()]);
    assert!(clinic.test().await);
    let newest = clinic.rotate(0).await;
    assert!(!clinic.test().await);
    clinic.restart_with(vec![new, newest]);
    assert!(clinic.test().await);
    clinic.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_old_is_refused() {
    let clinic = Clinic::open(ServiceOptions::default()).await;
    let good = clinic.forgery("evt_1");
    let tolerance = i64::try_from(TOLERANCE_SECONDS).unwrap();
    for (what, forgery) in [
        (
            "another body",
            Forgery {
                sent_body: good.body.replace("Mallory", "Dana"),
                ..good.clone()
            },
        ),
        (
            "another id",
            Forgery {
                sent_id: "evt_2".to_owned(),
                ..good.clone()
            },
        ),
        (
            "another time",
            Forgery {
                sent_timestamp: good.timestamp + 1,
                ..good.clone()
            },
        ),
        // A minute: however slow this machine is, it stays on that side.
        ("old", good.at(good.timestamp - tolerance - 60)),
        ("of the future", good.at(good.timestamp + tolerance + 3600)),
        ("long before", good.at(i64::MIN)),
        (
            "another secret",
            Forgery {
                secret: common::OTHER_SECRET.to_owned(),
                ..good.clone()
            },
        ),
    ] {
        assert_eq!(clinic.post(&forgery).await, StatusCode::UNAUTHORIZED, "{what}");
    }
    let unsigned = clinic.http.post(clinic.hook()).body(good.body.clone());
    assert_eq!(unsigned.send().await.unwrap().status(), 401);
    assert_eq!(clinic.whole_board().await, json!({ "meetings": {} }));

    // Signed, and still nothing to take.
    for (body, media_type, status) in [
        ("{}", "application/cloudevents+json", 400),
        ("\u{fffd}", "application/cloudevents+json", 400),
        (
            r#"{"specversion":"1.0","id":"evt_2","type":"x"}"#,
            "application/cloudevents+json",
            400,
        ),
        (
            r#"{"specversion":"0.3","id":"evt_1","type":"x"}"#,
            "application/cloudevents+json",
            400,
        ),
        (
            r#"{"specversion":"1.0","id":"evt_1","type":"x"}"#,
            "text/plain",
            415,
        ),
    ] {
        let other = Forgery {
            media_type,
            ..good.with_body(body)
        };
        assert_eq!(clinic.post(&other).await.as_u16(), status, "{body}");
    }
    let long = good.with_body(&"x".repeat(300_000));
    assert_eq!(clinic.post(&long).await, StatusCode::PAYLOAD_TOO_LARGE);
    // Others' types are taken, and mean nothing.
    let other = good.with_body(r#"{"specversion":"1.0","id":"evt_1","type":"x"}"#);
    assert_eq!(clinic.post(&other).await, StatusCode::NO_CONTENT);
    assert_eq!(clinic.whole_board().await, json!({ "meetings": {} }));
    clinic.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_twice_counts_once_also_over_a_restart() {
    let mut clinic = Clinic::open(ServiceOptions::default()).await;
    let joined = clinic.forgery("evt_1");
    let left = joined.with_body(
        &joined
            .body
            .replace("participant.joined", "participant.left")
            .replace("evt_1", "evt_2")
            .replace(":7,", ":8,"),
    );
    let left = Forgery {
        id: "evt_2".to_owned(),
        sent_id: "evt_2".to_owned(),
        ..left
    };
    for event in [&joined, &joined] {
        assert_eq!(clinic.post(event).await, StatusCode::NO_CONTENT);
    }
    assert_eq!(
        clinic.whole_board().await["meetings"]["m"]["in_the_call"]["p"]["name"],
        "Mallory"
    );
    assert_eq!(clinic.journal_lines(), 1);
    assert_eq!(clinic.post(&left).await, StatusCode::NO_CONTENT);
    assert_eq!(clinic.whole_board().await, json!({ "meetings": {} }));

    // Somebody who listened sends it again, as it was: true to its signature, and without effect.
    assert_eq!(clinic.post(&joined).await, StatusCode::NO_CONTENT);
    let same = clinic.secrets.clone();
    clinic.restart_with(same);
    assert_eq!(clinic.post(&joined).await, StatusCode::NO_CONTENT);
    assert_eq!(clinic.whole_board().await, json!({ "meetings": {} }));
    assert_eq!(clinic.journal_lines(), 2);
    clinic.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_receiver_knows_who_is_there() {
    let mut clinic = Clinic::open(ServiceOptions::default()).await;
    let mut dana = Person::guest(&clinic).await;
    dana.until(|event| matches!(event, Event::Lobby { .. })).await;
    clinic.board_until(|board| !board["waiting"].is_empty()).await;
    let before = clinic.whole_board().await;
    let same = clinic.secrets.clone();
    clinic.restart_with(same);
    assert_eq!(clinic.whole_board().await, before);
    clinic.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_asks_first_may_send_when_it_is_named() {
    let options = ServiceOptions {
        handshake: true,
        allowed_origins: vec!["127.0.0.1".to_owned()],
    };
    let clinic = Clinic::open(options).await;
    assert!(clinic.test().await);
    let ask = |origin: &str| {
        let request = clinic.http.request(Method::OPTIONS, clinic.hook());
        let request = request.header("webhook-request-origin", origin);
        request.header("webhook-request-callback", clinic.hook())
    };
    let answer = ask("127.0.0.1").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    for (name, value) in [
        ("webhook-allowed-origin", "127.0.0.1"),
        ("webhook-allowed-rate", "*"),
        ("allow", "POST"),
    ] {
        assert_eq!(answer.headers()[name], value);
    }
    for stranger in ["evil.example", "*", "", "127.0.0.1.evil.example"] {
        let answer = ask(stranger).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{stranger}");
        assert_eq!(answer.headers().get("webhook-allowed-origin"), None);
    }
    clinic.close().await;

    // Another clinic has not heard of this service: no webhook is made.
    let options = ServiceOptions {
        handshake: true,
        allowed_origins: vec!["meet.example.org".to_owned()],
    };
    let refused: Value = Clinic::refused(options).await;
    assert_eq!(refused["error"]["code"], "NoConsent");
}
