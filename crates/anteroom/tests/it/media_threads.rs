//! Several media threads in one service.

use anteroom::client::Event;

use crate::common::{Person, http, speech, start};

/// The value of a figure by thread.
fn by_thread(text: &str, name: &str) -> Vec<u64> {
    let prefix = format!("anteroom_media_{name}{{thread=");
    text.lines()
        .filter(|line| line.starts_with(&prefix))
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_calls_live_on_different_threads_and_both_are_heard() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |config| config.media_threads = "2".parse().ok()).await;
    assert_eq!(service.media_addrs().len(), 2);

    // Calls are numbered as they begin, and the first two numbers do not meet on one of two threads.
    let (room, tokens) = crate::rooms::room_of_two(&dev).await;
    let alice = Person::alice(&dev).await;
    let mut bob = Person::bob(&dev).await;
    let mut carol = Person::in_room(&dev, &room, "Carol", &tokens[0]).await;
    let mut dora = Person::in_room(&dev, &room, "Dora", &tokens[1]).await;
    carol.connected().await;
    dora.connected().await;
    alice.meeting.play(speech(), true).await;
    carol.meeting.play(speech(), true).await;
    let heard = |event: &Event| matches!(event, Event::Stats(stats) if stats.packets_received > 50);
    bob.until(heard).await;
    dora.until(heard).await;

    let text = http(&dev)
        .get(format!("{}/metrics", dev.endpoint.trim_end_matches('/')))
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(by_thread(&text, "sessions"), [2, 2], "{text}");
    for name in [
        "datagrams_received_total",
        "datagrams_sent_total",
        "bytes_sent_total",
    ] {
        let counts = by_thread(&text, name);
        assert!(
            counts.len() == 2 && counts.iter().all(|count| *count > 50),
            "{name}: {counts:?}"
        );
    }
    let forwarded = text
        .lines()
        .find_map(|line| line.strip_prefix("anteroom_media_forwarding_seconds_count "))
        .unwrap();
    assert!(forwarded.parse::<u64>().unwrap() > 100, "{text}");
    let connected = "anteroom_media_connect_seconds_count 4";
    assert!(text.lines().any(|line| line == connected), "{text}");
    service.shutdown().await;
}

#[tokio::test]
async fn figures_are_given_to_who_has_the_token() {
    let directory = tempfile::tempdir().unwrap();
    let token = Some("figures".to_owned());
    let (service, dev) = start(directory.path(), |config| config.metrics_token = token).await;
    let url = format!("{}/metrics", dev.endpoint.trim_end_matches('/'));
    for (given, status) in [(None, 401), (Some("other"), 401), (Some("figures"), 200)] {
        let mut request = http(&dev).get(&url);
        if let Some(given) = given {
            request = request.bearer_auth(given);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{given:?}");
    }
    service.shutdown().await;
}
