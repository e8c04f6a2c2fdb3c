//! What goes on in a call, over real connections: hands, lock, recording, attendees' microphones, and expiry.

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    LockMeeting, MeetingState, ReactionKind, Rename, SendReaction, SetAttendeeMedia, SetHand, SetRecording,
};
use anteroom_teams_link::policy::{AllowedPresenters, LobbyScope, MeetingOptions};

use crate::common::Host;
use crate::signaling::client::Client;

/// Changes the options of the demo meeting.
async fn change(host: &Host, change: impl FnOnce(&mut MeetingOptions)) {
    let meetings = host.service.app().meetings();
    let tenant = host.dev().tenant_id.parse().unwrap();
    let record = meetings.of_tenant(tenant).await.unwrap().remove(0);
    let mut options = record.options;
    change(&mut options);
    assert!(meetings.set_options(&record.id, options).await.unwrap());
}

/// Alice, who speaks protobuf, and a guest, an attendee, who speaks JSON.
async fn call(host: &Host) -> (Client, Client) {
    change(host, |options| {
        options.lobby = LobbyScope::Everyone.into();
        options.allowed_presenters = AllowedPresenters::Organization;
    })
    .await;
    let (alice, _) = Client::alice(host).await;
    let mut dana = Client::guest(host, "Dana").await;
    dana.connected().await;
    (alice, dana)
}

async fn state(client: &mut Client, fits: impl Fn(&MeetingState) -> bool) -> MeetingState {
    client
        .expect(|body| match body {
            Body::MeetingState(state) if fits(&state) => Some(state),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn hands_and_reactions_reach_the_others_in_both_encodings() {
    let host = Host::start().await;
    let (mut alice, mut dana) = call(&host).await;
    let hand = SetHand {
        raised: true,
        ..SetHand::default()
    };
    let id = dana.send(Said::SetHand(hand)).await;
    assert!(matches!(dana.answer(id).await, Body::Done(_)));
    let raised = state(&mut alice, |state| !state.hands.is_empty()).await.hands;
    assert_eq!(raised.len(), 1);
    let kind = ReactionKind::Love.into();
    alice.send(Said::SendReaction(SendReaction { kind })).await;
    let seen = dana
        .expect(|body| match body {
            Body::Reaction(reaction) => Some(reaction),
            _ => None,
        })
        .await;
    assert_eq!(seen.kind(), ReactionKind::Love);
}

#[tokio::test]
async fn a_guest_is_told_why_it_may_not_and_follows_what_others_do() {
    let host = Host::start().await;
    let (mut alice, mut dana) = call(&host).await;
    let id = dana.send(Said::LockMeeting(LockMeeting { locked: true })).await;
    let Body::Error(error) = dana.answer(id).await else {
        panic!("a guest locks the meeting")
    };
    assert_eq!(
        (error.key.as_str(), error.reason.as_str()),
        ("not_allowed", "NotCapable")
    );
    let name = "x".repeat(2000);
    let id = dana.send(Said::Rename(Rename { name })).await;
    assert!(matches!(dana.answer(id).await, Body::Error(error) if error.key == "bad_display_name"));

    alice.send(Said::LockMeeting(LockMeeting { locked: true })).await;
    state(&mut dana, |state| state.locked).await;
    let mut erin = Client::guest(&host, "Erin").await;
    assert_eq!(erin.over().await.0.key, "meeting_locked");

    let id = alice
        .send(Said::SetRecording(SetRecording {
            recording: true,
            transcription: true,
        }))
        .await;
    assert!(matches!(alice.answer(id).await, Body::Done(_)));
    let recorded = dana
        .expect(|body| match body {
            Body::RecordingState(state) => Some(state),
            _ => None,
        })
        .await;
    assert!(recorded.recording && recorded.transcription && !recorded.consent_required);

    alice
        .send(Said::SetAttendeeMedia(SetAttendeeMedia {
            mic_allowed: Some(false),
            ..SetAttendeeMedia::default()
        }))
        .await;
    let states = dana
        .expect(|body| match body {
            Body::CapabilitiesChanged(changed) => Some(changed.states),
            _ => None,
        })
        .await;
    let reason = |name: &str| {
        states
            .iter()
            .find(|state| state.name == name)
            .unwrap()
            .reason
            .clone()
    };
    assert_eq!(reason("unmuteMic"), "MeetingRestricted");
    assert_eq!(reason("turnVideoOn"), "Capable");
    assert_eq!(reason("hangUpForEveryOne"), "NotCapable");
}

#[tokio::test]
async fn a_meeting_that_ended_long_ago_is_not_found() {
    let host = Host::start().await;
    let app = host.service.app();
    let tenant = host.dev().tenant_id.parse().unwrap();
    let record = app.meetings().of_tenant(tenant).await.unwrap().remove(0);
    let left = record.expiry() - app.clock().now();
    app.clock().step(left - time::Duration::minutes(5)).unwrap();
    let mut dana = Client::guest(&host, "Dana").await;
    dana.lobby().await;
    app.clock().step(time::Duration::minutes(10)).unwrap();
    let mut erin = Client::guest(&host, "Erin").await;
    assert_eq!(erin.over().await.0.key, "meeting_not_found");
}
