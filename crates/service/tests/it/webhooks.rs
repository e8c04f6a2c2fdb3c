//! Webhooks: a service that sends, and a target that takes, refuses, or is slow.

mod operating;
mod receiver;

use std::collections::BTreeSet;
use std::time::Duration;

use anteroom_chat::service::NewMessage;
use anteroom_service::meeting::events::EventKind;
use anteroom_service::store::sqlite::webhooks::{DeliveryRow, Health};
use anteroom_service::webhooks::settings::PrivateTargets;
use anteroom_service::webhooks::{NewWebhook, RegisterError, Webhook};
use anteroom_service::{Config, Service};
use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{Admit, EndMeeting, Leave, SendChat};
use futures_util::future::join_all;
use receiver::{PATIENCE, Receiver, Reply};
use serde_json::Value;
use tokio::time::timeout;

use crate::common::Host;
use crate::signaling::client::{Client, Next};

/// Lets webhooks reach this machine without TLS; what fails is sent again when a test sets the clock.
fn local(config: &mut Config) {
    config.webhooks.first_retry_seconds = 60;
    config.webhooks.allow_http = true;
    config.webhooks.allow_private_targets =
        PrivateTargets::Networks(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
}

fn to(receiver: &Receiver) -> NewWebhook {
    NewWebhook {
        url: receiver.url(),
        ..NewWebhook::default()
    }
}

async fn register(host: &Host, new: NewWebhook) -> Result<Webhook, RegisterError> {
    let app = host.service.app();
    app.webhooks().register(app, new).await
}

async fn deliveries(host: &Host, webhook: &Webhook) -> Vec<DeliveryRow> {
    let table = host.service.app().webhooks().table();
    table.deliveries(webhook.id(), 100).await.unwrap()
}

/// Waits until the deliveries, newest first, are as wanted.
async fn until(host: &Host, webhook: &Webhook, wanted: impl Fn(&[DeliveryRow]) -> bool) -> Vec<DeliveryRow> {
    let look = async {
        loop {
            let rows = deliveries(host, webhook).await;
            if wanted(&rows) {
                return rows;
            }
        }
    };
    timeout(PATIENCE, look)
        .await
        .expect("deliveries are not as wanted")
}

async fn health(host: &Host, webhook: &Webhook) -> Health {
    let table = host.service.app().webhooks().table();
    table.health(webhook.id()).await.unwrap()
}

fn step(host: &Host, by: time::Duration) {
    host.service.app().clock().step(by).unwrap();
}

/// Stops the service and starts it again with another configuration.
async fn restart(host: Host, change: impl FnOnce(&mut Config)) -> Host {
    host.service.shutdown().await;
    let mut config = Config::dev(host.dir.path());
    change(&mut config);
    let service = Service::start(config).await.unwrap();
    let client = crate::common::client(host.dir.path());
    Host {
        service,
        client,
        dir: host.dir,
    }
}

#[tokio::test]
async fn a_meeting_is_told_from_its_start_to_its_end() {
    let mut receiver = Receiver::start().await;
    let host = Host::start_with(local).await;
    let new = NewWebhook {
        include_content: true,
        ..to(&receiver)
    };
    let webhook = register(&host, new).await.unwrap();

    let mut dana = Client::guest(&host, "Dana (guest)").await;
    dana.lobby().await;
    let (mut alice, _) = Client::alice(&host).await;
    let waiting = alice.lobby_entry().await;
    let admit = Admit {
        participant_ids: vec![waiting.clone()],
        all: false,
    };
    alice.send(Said::Admit(admit)).await;
    let connected = dana.connected().await;
    let say = SendChat {
        text: "hello <all>".to_owned(),
        client_message_id: String::new(),
    };
    let id = dana.send(Said::SendChat(say)).await;
    assert!(matches!(dana.answer(id).await, Body::Done(_)));
    dana.send(Said::Leave(Leave {})).await;
    dana.over().await;
    alice.send(Said::EndMeeting(EndMeeting {})).await;
    alice.over().await;

    let mut events = Vec::new();
    for _ in 0..9 {
        let got = receiver.next().await;
        assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/hook?key=1"));
        assert_eq!(got.header("content-type"), "application/cloudevents+json");
        assert!(got.is_signed_with(webhook.secret()));
        let event = got.json();
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["id"], got.header("webhook-id"));
        assert_eq!(event["source"], host.dev().endpoint);
        events.push((got.kind(), event));
    }
    let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "meeting.lobby.waiting",
            "meeting.started",
            "meeting.participant.joined",
            "meeting.lobby.left",
            "meeting.participant.joined",
            "meeting.chat.message",
            "meeting.participant.left",
            "meeting.participant.left",
            "meeting.ended",
        ]
    );
    let data: Vec<&Value> = events.iter().map(|(_, event)| &event["data"]).collect();
    let sequences: Vec<u64> = data
        .iter()
        .map(|data| data["sequence"].as_u64().unwrap())
        .collect();
    assert!(sequences.is_sorted_by(|a, b| a < b), "{sequences:?}");
    for data in &data {
        assert_eq!(data["meeting"]["threadId"], host.dev().meeting.thread_id);
        assert_eq!(data["meeting"]["tenantId"], host.dev().tenant_id);
    }
    assert_eq!(data[0]["participant"]["displayName"], "Dana (guest)");
    assert_eq!(data[0]["participant"]["external"], true);
    assert_eq!(data[0]["meeting"].get("callId"), None);
    assert_eq!(data[1]["meeting"]["callId"], connected.call_id);
    assert_eq!(data[2]["participant"]["role"], "organizer");
    assert_eq!(data[3]["outcome"], "admitted");
    assert_eq!(data[4]["participant"]["id"], waiting);
    assert_eq!(data[5]["message"]["content"], "hello <all>");
    assert_eq!(data[5]["participant"]["id"], waiting);
    assert_eq!(data[6]["reason"]["key"], "left");
    assert_eq!(data[7]["reason"]["key"], "ended");

    let rows = until(&host, &webhook, |rows| {
        rows.iter().all(|row| row.state == "delivered")
    })
    .await;
    assert_eq!(rows.len(), 9);
    assert!(
        rows.iter().all(|row| row.attempts == 1 && row.outcome == "204"),
        "{rows:?}"
    );
    assert!(receiver.is_quiet());
    host.service.shutdown().await;
}

#[tokio::test]
async fn each_gets_what_it_asked_for() {
    let (mut all, mut few) = (Receiver::start().await, Receiver::start().await);
    let others = Receiver::start().await;
    let host = Host::start_with(local).await;
    register(&host, to(&all)).await.unwrap();
    let new = NewWebhook {
        events: vec![
            "meeting.chat.message".to_owned(),
            "io.github.anteroom-project.meeting.ended".to_owned(),
        ],
        tenant: Some(host.dev().tenant_id.parse().unwrap()),
        ..to(&few)
    };
    register(&host, new).await.unwrap();
    let disabled = register(&host, to(&others)).await.unwrap();
    let table = host.service.app().webhooks().table();
    let now = host.service.app().clock().now();
    table.disable(disabled.id(), now, "a test").await.unwrap();

    let (mut alice, _) = Client::alice(&host).await;
    let say = SendChat {
        text: "secret words".to_owned(),
        client_message_id: String::new(),
    };
    alice.send(Said::SendChat(say)).await;
    alice.chat().await;
    alice.send(Said::Leave(Leave {})).await;
    alice.over().await;

    let got = few.next().await;
    assert_eq!(got.kind(), "meeting.chat.message");
    let text = String::from_utf8(got.body.to_vec()).unwrap();
    assert!(!text.contains("secret words"), "nobody asked for it: {text}");
    assert_eq!(few.kinds(1).await, ["meeting.ended"]);
    let kinds = all.kinds(5).await;
    assert_eq!(kinds[4], "meeting.ended", "{kinds:?}");
    assert!(few.is_quiet() && others.is_quiet());

    assert_eq!(deliveries(&host, &disabled).await, []);
    let unknown = NewWebhook {
        tenant: Some("00000000-0000-4000-8000-000000000009".parse().unwrap()),
        ..to(&others)
    };
    let refused = register(&host, unknown).await.unwrap_err().to_string();
    assert!(refused.contains("tenant"), "{refused}");
    host.service.shutdown().await;
    assert!(others.is_quiet());
}

#[tokio::test]
async fn what_fails_is_sent_again_and_the_rest_of_the_meeting_waits() {
    let mut receiver = Receiver::start().await;
    receiver.reply([Reply::Status(500), Reply::With(503, "retry-after", "600")]);
    let host = Host::start_with(local).await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let (_alice, _) = Client::alice(&host).await;

    let first = receiver.next().await;
    assert_eq!(first.kind(), "meeting.started");
    let rows = until(&host, &webhook, |rows| {
        rows.len() == 2 && rows.iter().any(|row| row.attempts == 1)
    })
    .await;
    // Newest first: the second event has not been tried.
    assert_eq!((rows[0].attempts, rows[1].outcome.as_str()), (0, "500"));
    let ill = health(&host, &webhook).await;
    assert!(ill.failing_since.is_some());
    assert_eq!(ill.pending, 2);

    step(&host, time::Duration::seconds(61));
    let again = receiver.next().await;
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(again.body, first.body);
    assert!(again.is_signed_with(webhook.secret()));
    let rows = until(&host, &webhook, |rows| rows.iter().any(|row| row.attempts == 2)).await;
    assert_eq!((rows[0].attempts, rows[1].outcome.as_str()), (0, "503"));
    let pause = rows[1].due.unwrap() - host.service.app().clock().now();
    assert!(
        pause > time::Duration::seconds(500) && pause <= time::Duration::seconds(600),
        "{pause}"
    );

    step(&host, time::Duration::seconds(601));
    let third = receiver.next().await;
    assert_eq!(third.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(receiver.kinds(1).await, ["meeting.participant.joined"]);
    until(&host, &webhook, |rows| {
        rows.iter().all(|row| row.state == "delivered")
    })
    .await;
    let now_well = health(&host, &webhook).await;
    assert_eq!(
        (now_well.failing_since, now_well.pending, now_well.dropped),
        (None, 0, 0)
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_slow_target_is_given_up_and_tried_again() {
    let mut receiver = Receiver::start().await;
    receiver.reply([Reply::Silence]);
    let host = Host::start_with(|config| {
        local(config);
        config.webhooks.timeout_seconds = 1;
    })
    .await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let (_alice, _) = Client::alice(&host).await;
    let first = receiver.next().await;
    let rows = until(&host, &webhook, |rows| rows.iter().any(|row| row.attempts == 1)).await;
    assert_eq!(rows.last().unwrap().outcome, "timed out");
    step(&host, time::Duration::seconds(61));
    assert_eq!(
        receiver.next().await.header("webhook-id"),
        first.header("webhook-id")
    );
    assert_eq!(receiver.kinds(1).await, ["meeting.participant.joined"]);
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_is_not_delivered_survives_a_restart() {
    let mut receiver = Receiver::start().await;
    // On its way, and not answered, when the service stops.
    receiver.reply([Reply::Silence]);
    let host = Host::start_with(local).await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let (mut alice, _) = Client::alice(&host).await;
    let first = receiver.next().await;
    let told = until(&host, &webhook, |rows| rows.len() == 2).await;
    assert!(told.iter().all(|row| row.state == "pending"));

    let host = restart(host, local).await;
    alice.over().await;
    let again = receiver.next().await;
    assert_eq!(again.header("webhook-id"), first.header("webhook-id"));
    assert!(again.is_signed_with(webhook.secret()));
    // What happened while it stopped is told, too, and later events have higher numbers.
    assert_eq!(receiver.kinds(1).await, ["meeting.participant.joined"]);
    let left = receiver.next().await.json();
    assert_eq!(left["data"]["reason"]["key"], "service_stopping");
    assert_eq!(receiver.kinds(1).await, ["meeting.ended"]);
    let (_alice, _) = Client::alice(&host).await;
    let started = receiver.next().await.json();
    assert_eq!(started["type"], "io.github.anteroom-project.meeting.started");
    let number = |event: &Value| event["data"]["sequence"].as_u64().unwrap();
    assert!(number(&started) > number(&left));
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_target_that_is_gone_is_left_alone_until_somebody_enables_it() {
    let mut receiver = Receiver::start().await;
    receiver.reply([Reply::Status(204), Reply::Status(410)]);
    let host = Host::start_with(local).await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let (_alice, _) = Client::alice(&host).await;
    assert_eq!(receiver.kinds(1).await, ["meeting.started"]);
    let refused = receiver.next().await;
    let table = host.service.app().webhooks().table();
    let disabled = async {
        while table.get(webhook.id()).unwrap().is_enabled() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, disabled).await.unwrap();
    let (_, reason) = table
        .get(webhook.id())
        .unwrap()
        .disabled()
        .map(|(at, why)| (at, why.to_owned()))
        .unwrap();
    assert!(reason.contains("410"), "{reason}");
    let rows = until(&host, &webhook, |rows| rows.len() == 2).await;
    assert_eq!(
        (rows[0].state.as_str(), rows[0].outcome.as_str()),
        ("pending", "410")
    );

    let app = host.service.app();
    let enabled = app.webhooks().enable(app, webhook.id()).await.unwrap().unwrap();
    assert!(enabled.is_enabled());
    let again = receiver.next().await;
    assert_eq!(again.kind(), "meeting.participant.joined");
    assert_eq!(again.header("webhook-id"), refused.header("webhook-id"));
    assert!(app.webhooks().enable(app, "wh_unknown").await.unwrap().is_none());
    host.service.shutdown().await;
}

#[tokio::test]
async fn too_much_is_dropped_from_its_oldest_end_and_counted() {
    let mut receiver = Receiver::start().await;
    receiver.reply([Reply::Status(500)]);
    let host = Host::start_with(|config| {
        local(config);
        config.webhooks.outbox_events = 3;
    })
    .await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let (mut alice, _) = Client::alice(&host).await;
    assert_eq!(receiver.kinds(1).await, ["meeting.started"]);
    until(&host, &webhook, |rows| rows.iter().any(|row| row.attempts == 1)).await;
    // Started, joined, left, ended: one more than there is room for.
    alice.send(Said::Leave(Leave {})).await;
    alice.over().await;
    let rows = until(&host, &webhook, |rows| rows.len() == 4).await;
    let dropped = rows.last().unwrap();
    assert_eq!(
        (dropped.state.as_str(), dropped.outcome.as_str()),
        ("dropped", "too many")
    );
    // Nothing is in the way of the next one any more.
    assert_eq!(
        receiver.kinds(3).await,
        [
            "meeting.participant.joined",
            "meeting.participant.left",
            "meeting.ended"
        ]
    );
    assert_eq!(health(&host, &webhook).await.dropped, 1);
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_is_too_old_is_dropped_and_counted() {
    let mut receiver = Receiver::start().await;
    receiver.reply([Reply::Status(500)]);
    let host = Host::start_with(|config| {
        local(config);
        config.webhooks.max_age_hours = 2;
    })
    .await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let (_alice, _) = Client::alice(&host).await;
    assert_eq!(receiver.kinds(1).await, ["meeting.started"]);
    until(&host, &webhook, |rows| {
        rows.len() == 2 && rows.iter().any(|row| row.attempts == 1)
    })
    .await;
    step(&host, time::Duration::hours(3));
    let rows = until(&host, &webhook, |rows| {
        rows.iter().filter(|row| row.state == "dropped").count() == 2
    })
    .await;
    // Newest first. By then Alice's token has expired as well, which is news.
    let outcomes: Vec<&str> = rows.iter().rev().map(|row| row.outcome.as_str()).collect();
    assert_eq!(outcomes[..2], ["too old, 500", "too old"]);
    assert_eq!(health(&host, &webhook).await.dropped, 2);
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_meeting_that_was_held_up_tells_all_that_was_said_meanwhile() {
    /// More than a listener to a thread may be behind.
    const SAID: usize = 1100;
    let host = Host::start().await;
    let app = host.service.app();
    let (mut alice, _) = Client::alice(&host).await;
    let listening = tokio::spawn(async move { while matches!(alice.next().await, Next::Message(_)) {} });
    // The meeting waits with the first message until this is read.
    let mut events = app.registry().events().follow(1);
    let thread = host.dev().meeting.thread_id.parse().unwrap();
    let record = app
        .meetings()
        .of_tenant(host.dev().tenant_id.parse().unwrap())
        .await
        .unwrap()
        .remove(0);
    let member = format!("8:orgid:{}", record.organizer).parse().unwrap();
    let say = |number: usize| {
        let new = NewMessage {
            content: number.to_string(),
            ..NewMessage::default()
        };
        app.chat().send(&member, &thread, new)
    };
    for said in join_all((0..SAID).map(say)).await {
        said.unwrap();
    }
    let mut places = Vec::new();
    let mut texts = BTreeSet::new();
    for _ in 0..SAID {
        let event = timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
        let EventKind::ChatMessage { line, participant } = &event.kind else {
            panic!("{event:?}");
        };
        assert!(participant.is_some(), "Alice is in the call");
        places.push(line.sequence);
        texts.insert(line.text.clone());
    }
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
    assert_eq!(texts.len(), SAID);
    drop(events);
    host.service.shutdown().await;
    listening.await.unwrap();
}

#[tokio::test]
async fn redirections_are_not_followed() {
    let mut receiver = Receiver::start().await;
    receiver.reply([Reply::With(307, "location", "/elsewhere")]);
    let host = Host::start_with(local).await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let app = host.service.app();
    let answer = app.webhooks().test(app, &webhook).await;
    assert_eq!(answer.to_string(), "307");
    let got = receiver.next().await;
    assert_eq!(
        (got.path.as_str(), got.kind().as_str()),
        ("/hook?key=1", "webhook.test")
    );
    assert!(receiver.is_quiet());
    host.service.shutdown().await;
}

#[tokio::test]
async fn private_targets_are_refused() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let host = Host::start_with(|config| config.webhooks.allow_http = true).await;
    for target in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[::1]:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
    ] {
        let new = NewWebhook {
            url: target.clone(),
            ..NewWebhook::default()
        };
        let refused = register(&host, new).await.unwrap_err();
        assert!(
            matches!(refused, RegisterError::AddressRefused),
            "{target}: {refused}"
        );
    }
    let own = NewWebhook {
        url: host.url("/hook"),
        ..NewWebhook::default()
    };
    let refused = register(&host, own).await.unwrap_err().to_string();
    assert!(refused.contains("this service"), "{refused}");
    let plain = restart(host, |_| {}).await;
    let refused = register(&plain, to(&receiver)).await.unwrap_err().to_string();
    assert!(refused.contains("https"), "{refused}");
    assert!(receiver.is_quiet());
    plain.service.shutdown().await;
}

#[tokio::test]
async fn addresses_are_looked_at_when_they_are_connected_to() {
    let receiver = Receiver::start().await;
    let port = receiver.address.port();
    let host = Host::start_with(local).await;
    let mut webhooks = Vec::new();
    for name in ["localhost", "127.0.0.1"] {
        let new = NewWebhook {
            url: format!("http://{name}:{port}/"),
            ..NewWebhook::default()
        };
        webhooks.push(register(&host, new).await.unwrap());
    }
    // As if the names had led elsewhere when the webhooks were made.
    let host = restart(host, |config| config.webhooks.allow_http = true).await;
    let app = host.service.app();
    for webhook in &webhooks {
        let answer = app.webhooks().test(app, webhook).await;
        assert_eq!(answer.to_string(), "address refused", "{}", webhook.url());
    }
    let (_alice, _) = Client::alice(&host).await;
    for webhook in &webhooks {
        let rows = until(&host, webhook, |rows| rows.iter().any(|row| row.attempts == 1)).await;
        assert_eq!(rows.last().unwrap().outcome, "address refused");
    }
    assert!(receiver.is_quiet());
    host.service.shutdown().await;
}

#[tokio::test]
async fn two_secrets_sign_while_one_replaces_the_other() {
    let mut receiver = Receiver::start().await;
    let host = Host::start_with(local).await;
    let webhook = register(&host, to(&receiver)).await.unwrap();
    let app = host.service.app();
    let table = app.webhooks().table();
    let now = app.clock().system_now();
    let hour = Duration::from_secs(3600);
    let rotated = table.rotate(webhook.id(), hour, now).await.unwrap().unwrap();
    app.webhooks().test(app, &rotated).await;
    let got = receiver.next().await;
    assert!(got.is_signed_with(webhook.secret()) && got.is_signed_with(rotated.secret()));
    let again = table
        .rotate(webhook.id(), Duration::ZERO, now)
        .await
        .unwrap()
        .unwrap();
    app.webhooks().test(app, &again).await;
    let got = receiver.next().await;
    assert!(got.is_signed_with(again.secret()));
    assert!(!got.is_signed_with(rotated.secret()) && !got.is_signed_with(webhook.secret()));
    host.service.shutdown().await;
}

#[tokio::test]
async fn with_the_handshake_a_target_has_to_agree() {
    let mut receiver = Receiver::start().await;
    receiver.reply([
        Reply::Status(200),
        Reply::With(200, "webhook-allowed-origin", "elsewhere.example.org"),
        Reply::With(405, "webhook-allowed-origin", "*"),
        Reply::With(200, "webhook-allowed-origin", "127.0.0.1"),
    ]);
    let host = Host::start_with(|config| {
        local(config);
        config.webhooks.handshake = true;
    })
    .await;
    for _ in 0..3 {
        let refused = register(&host, to(&receiver)).await.unwrap_err();
        assert!(matches!(refused, RegisterError::NoConsent), "{refused}");
    }
    register(&host, to(&receiver)).await.unwrap();
    for _ in 0..4 {
        let got = receiver.next().await;
        assert_eq!(got.method, "OPTIONS");
        assert_eq!(got.header("webhook-request-origin"), "127.0.0.1");
    }
    let (_alice, _) = Client::alice(&host).await;
    assert_eq!(receiver.next().await.header("origin"), "127.0.0.1");
    host.service.shutdown().await;
}
