//! Group calls, and what goes on beside the talk, over real sockets: native clients meet.

use anteroom::client::{Event, Role};

use crate::common::{Person, start};
use crate::rooms::hears;

const GROUP: &str = "0f3a7c1e-9b42-4d6a-8e15-2c7d90b1a634";

#[tokio::test(flavor = "multi_thread")]
async fn two_talk_in_a_group_call() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let mut dana = Person::in_group(&dev, GROUP, "Dana").await;
    dana.connected().await;
    let mut omar = Person::in_group(&dev, GROUP, "Omar").await;
    omar.connected().await;
    dana.sees_roster(|roster| {
        roster.len() == 2
            && roster
                .iter()
                .all(|person| person.role == Role::Presenter && !person.external)
    })
    .await;
    hears(&mut omar, &mut dana).await;
    hears(&mut dana, &mut omar).await;
    // By anybody, for everybody.
    dana.meeting.end().await;
    for person in [&mut dana, &mut omar] {
        assert_eq!(person.end().await, (0, 4097, "ended".to_owned(), false));
    }
    service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_types_and_has_read_is_told_and_a_fresh_token_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(directory.path(), |_| {}).await;
    let mut alice = Person::alice(&dev).await;
    let mut bob = Person::bob(&dev).await;
    alice.sees_roster(|roster| roster.len() == 2).await;

    bob.meeting.send_typing().await;
    let (bob_id, alice_id) = (bob.id.clone(), alice.id.clone());
    let typing =
        |event: &Event| matches!(event, Event::Typing { participant_id, .. } if *participant_id == bob_id);
    alice.until(typing).await;
    let message = bob.says("hello").await;
    alice.reads("hello").await;
    alice.meeting.send_read_receipt(message.as_str()).await;
    let read = Event::ReadReceipt {
        participant_id: alice_id,
        message_id: message,
    };
    bob.until(|event| *event == read).await;

    let token = alice.meeting.token().to_owned();
    assert_eq!(alice.meeting.refresh_token(token.as_str()).await, Ok(()));
    let refused = bob.meeting.refresh_token(token).await;
    assert_eq!(refused.unwrap_err().key, "unauthenticated");
    service.shutdown().await;
}
