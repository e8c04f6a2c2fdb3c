//! The whole loop over real sockets: two native clients through a running service.

use std::time::Duration;

use anteroom::client::{Credential, Event};
use anteroom_codec::similarity::similarity;
use tokio::time::{Instant, sleep_until};

use crate::common::{GUEST, Person, speech, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_joins_waits_talks_chats_and_leaves() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let mut alice = Person::alice(&dev).await;
    alice.says("said before the guest came").await;

    // In the lobby: no roster, no chat, neither by signaling nor by REST.
    let mut guest = Person::guest(&dev).await;
    guest.until(|event| matches!(event, Event::Lobby { .. })).await;
    let waiting = alice.sees_waiting(GUEST).await;
    assert_eq!(
        guest.meeting.send_chat("from the lobby").await.unwrap_err().key,
        "not_in_call"
    );
    assert_eq!(guest.send_message(&dev, "from the lobby").await, 403);
    assert_eq!(guest.list_messages(&dev).await.0, 403);
    assert!(!guest.has_seen(|event| matches!(event, Event::Roster(_) | Event::Chat { .. })));

    alice.meeting.admit(vec![waiting]).await;
    guest.connected().await;
    guest
        .sees_roster(|roster| {
            roster.iter().any(|p| p.display_name == GUEST && p.external) && roster.len() == 2
        })
        .await;
    alice
        .sees_roster(|roster| roster.iter().any(|p| p.display_name == GUEST && p.external))
        .await;

    // Speech there and back.
    for (speaker, listener) in [(0, 1), (1, 0)] {
        let people = [&mut guest, &mut alice];
        let speaker_id = people[speaker].id.clone();
        let [guest, alice] = people;
        let (speaker, listener) = if (speaker, listener) == (0, 1) {
            (guest, alice)
        } else {
            (alice, guest)
        };
        listener
            .until(|event| matches!(event, Event::Subscribed { participant_id } if *participant_id == speaker_id))
            .await;
        let original = speech();
        let _ = listener.meeting.take_recording().await;
        speaker.meeting.play(original.clone(), false).await;
        speaker.until(|event| matches!(event, Event::Played)).await;
        // The listener's jitter buffer holds less than half a second; the clip ends with as much silence.
        let mut heard = Vec::new();
        let deadline = Instant::now() + Duration::from_secs(5);
        while heard.len() < original.len() && Instant::now() < deadline {
            heard.extend(listener.meeting.take_recording().await);
            sleep_until(Instant::now() + Duration::from_millis(20)).await;
        }
        let likeness = similarity(&original, &heard);
        assert!(likeness.is_same_speech(), "{likeness:?}");
        assert!(likeness.level_difference_db.abs() < 3.0, "{likeness:?}");
        // The measure itself must be able to fail.
        let silence = vec![0; heard.len()];
        assert!(!similarity(&original, &silence).is_same_speech());
    }

    // Chat: by signaling and by REST, and only what was said since the guest came.
    guest.says("hello from the guest").await;
    alice.reads("hello from the guest").await;
    alice.says("hello from alice").await;
    guest.reads("hello from alice").await;
    let (status, texts) = guest.list_messages(&dev).await;
    assert_eq!(status, 200);
    assert_eq!(texts, ["hello from alice", "hello from the guest"]);
    assert_eq!(guest.send_message(&dev, "by REST").await, 201);
    alice.reads("by REST").await;
    assert!(
        !guest.has_seen(|event| matches!(event, Event::Chat { text, .. } if text.starts_with("said before")))
    );

    // After leaving: nothing.
    guest.meeting.leave().await;
    assert_eq!(guest.end().await, (0, 0, "left".to_owned(), false));
    assert_eq!(guest.send_message(&dev, "after").await, 403);
    assert_eq!(guest.list_messages(&dev).await.0, 403);
    alice.sees_roster(|roster| roster.len() == 1).await;

    // Back again: a new stay, and what was said in the first is not its business.
    let mut again = Person::guest(&dev).await;
    let waiting = alice.sees_waiting(GUEST).await;
    alice.meeting.admit(vec![waiting]).await;
    again.connected().await;
    assert_eq!(again.list_messages(&dev).await, (200, vec![]));

    alice.meeting.end().await;
    assert_eq!(again.end().await, (0, 4097, "ended".to_owned(), false));
    assert_eq!(alice.end().await.1, 4097);
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_guest_is_told_so() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let mut alice = Person::alice(&dev).await;
    let mut guest = Person::guest(&dev).await;
    let waiting = alice.sees_waiting(GUEST).await;
    alice.meeting.reject(vec![waiting]).await;
    assert_eq!(guest.end().await, (0, 5854, "lobby_denied".to_owned(), true));
    assert_eq!(guest.list_messages(&dev).await.0, 403);
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_codes() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let credential = || Credential::ConnectionString(dev.connection_string.clone());
    for (link, code, sub_code) in [
        (
            "https://gov.teams.microsoft.us/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1",
            403,
            990_022,
        ),
        (
            "https://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1",
            404,
            5751,
        ),
        ("https://example.org/", 400, 990_001),
        ("no link at all", 400, 990_001),
    ] {
        let mut guest = Person::join(&dev, link, "Guest", credential()).await;
        let (got_code, got_sub_code, key, refused) = guest.end().await;
        assert_eq!(
            (got_code, got_sub_code, refused),
            (code, sub_code, true),
            "{link}: {key}"
        );
    }
    // The long Teams link of a local meeting is that meeting.
    let mut guest = Person::join(&dev, &dev.meeting.teams_url, "Guest", credential()).await;
    guest.until(|event| matches!(event, Event::Lobby { .. })).await;
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_refuses_anonymous_guests_refuses_them() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |config| {
        config.demo.disable_anonymous_join = Some(true)
    })
    .await;
    let mut guest = Person::guest(&dev).await;
    let (code, sub_code, key, refused) = guest.end().await;
    assert_eq!(
        (code, sub_code, key.as_str(), refused),
        (403, 990_010, "anonymous_join_disabled", true)
    );
    // The organization's own people are not anonymous.
    Person::alice(&dev).await;
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_is_resumed_and_nothing_is_missed() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let alice = Person::alice(&dev).await;
    let mut bob = Person::bob(&dev).await;
    bob.meeting.drop_connection().await;
    let said = ["one", "two", "three"];
    for text in said {
        alice.says(text).await;
    }
    bob.until(|event| matches!(event, Event::Resumed)).await;
    for text in said {
        bob.reads(text).await;
    }
    for text in said {
        assert!(
            !bob.has_seen(|event| matches!(event, Event::Chat { text: again, .. } if again == text)),
            "{text}"
        );
    }
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_the_service_ends_calls_with_a_reason() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let mut alice = Person::alice(&dev).await;
    service.shutdown().await;
    let (code, sub_code, key, _) = alice.end().await;
    assert_eq!((code, sub_code, key.as_str()), (503, 990_040, "service_stopping"));
}
