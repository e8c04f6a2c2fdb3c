//! Every operation of the protocol, asked for by guests: what is for Teams users is refused with the capability and the
//! reason.

use std::collections::BTreeSet;

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    Ack, Admit, ClientMessage, ConfirmAnswer, EndMeeting, GrantConsent, Hello, Join, Leave, LockMeeting,
    MediaState, MuteParticipants, Offer, Ping, Preflight, ReactionKind, RefreshToken, Reject, Remove, Rename,
    Role, SendChat, SendReaction, SendReadReceipt, SendTyping, SetAttendeeMedia, SetHand, SetRecording,
    SetRole, SetViews, Spotlight, StartMeeting,
};
use anteroom_signaling::wire::{Encoding, encode_client};
use anteroom_teams_link::policy::{AllowedPresenters, LobbyScope, TenantFile};
use serde_json::json;

use crate::common::Host;
use crate::signaling::client::Client;

const SCHEMA: &str = include_str!("../../../../signaling/proto/anteroom/signaling/v1/signaling.proto");

/// What becomes of a message of a guest in the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Of the session, not of the meeting.
    Session,
    /// A guest may.
    Allowed,
    /// Refused with this capability, empty where there is none, and this reason.
    Refused(&'static str, &'static str),
}

/// One of each message. `whom`: somebody else in the call.
fn all(whom: &str) -> Vec<Said> {
    let participant_ids = vec![whom.to_owned()];
    vec![
        Said::Hello(Hello::default()),
        Said::Join(Join::default()),
        Said::Offer(Offer::default()),
        Said::MediaState(MediaState {
            mic_muted: true,
            ..MediaState::default()
        }),
        Said::SendChat(SendChat {
            text: "hello".to_owned(),
            ..SendChat::default()
        }),
        Said::Admit(Admit {
            all: true,
            ..Admit::default()
        }),
        Said::Reject(Reject {
            participant_ids: participant_ids.clone(),
        }),
        Said::Remove(Remove {
            participant_ids: participant_ids.clone(),
        }),
        Said::EndMeeting(EndMeeting {}),
        Said::Leave(Leave {}),
        Said::Ack(Ack::default()),
        Said::Ping(Ping {}),
        Said::SetHand(SetHand {
            raised: true,
            ..SetHand::default()
        }),
        Said::SendReaction(SendReaction {
            kind: ReactionKind::Like.into(),
        }),
        Said::Spotlight(Spotlight {
            participant_ids: participant_ids.clone(),
            remove: false,
        }),
        Said::MuteParticipants(MuteParticipants {
            participant_ids,
            all: false,
        }),
        Said::SetAttendeeMedia(SetAttendeeMedia {
            mic_allowed: Some(true),
            ..SetAttendeeMedia::default()
        }),
        Said::SetRole(SetRole {
            participant_id: whom.to_owned(),
            role: Role::Attendee.into(),
        }),
        Said::Rename(Rename {
            name: "Somebody Else".to_owned(),
        }),
        Said::LockMeeting(LockMeeting { locked: true }),
        Said::SetRecording(SetRecording {
            recording: true,
            transcription: false,
        }),
        Said::GrantConsent(GrantConsent {}),
        Said::StartMeeting(StartMeeting {}),
        Said::ConfirmAnswer(ConfirmAnswer {}),
        Said::SetViews(SetViews::default()),
        Said::SendTyping(SendTyping {}),
        Said::SendReadReceipt(SendReadReceipt {
            message_id: "1".to_owned(),
        }),
        Said::Preflight(Preflight::default()),
        Said::RefreshToken(RefreshToken::default()),
    ]
}

/// What the tables of `docs/meetings.md` say. A new message has to be put here, and in `all`.
fn fate(said: &Said, profile: &str) -> Fate {
    let guests = "NotCapable";
    let current = profile == "current";
    match said {
        Said::Hello(_)
        | Said::Join(_)
        | Said::Leave(_)
        | Said::Ack(_)
        | Said::Preflight(_)
        | Said::RefreshToken(_) => Fate::Session,
        Said::Offer(_)
        | Said::ConfirmAnswer(_)
        | Said::MediaState(_)
        | Said::SendChat(_)
        | Said::SendTyping(_)
        | Said::SendReadReceipt(_)
        | Said::Ping(_)
        | Said::GrantConsent(_)
        | Said::SetViews(_) => Fate::Allowed,
        Said::SetHand(_) if current => Fate::Allowed,
        Said::SetHand(_) => Fate::Refused("raiseHand", guests),
        Said::SendReaction(_) if current => Fate::Allowed,
        Said::SendReaction(_) => Fate::Refused("reaction", guests),
        // Nobody may, here.
        Said::Rename(_) => Fate::Refused("", "MeetingRestricted"),
        Said::Admit(_) | Said::Reject(_) => Fate::Refused("manageLobby", guests),
        Said::Remove(_) => Fate::Refused("removeParticipant", guests),
        Said::EndMeeting(_) => Fate::Refused("hangUpForEveryOne", guests),
        Said::Spotlight(_) => Fate::Refused("spotlightParticipant", guests),
        Said::MuteParticipants(_) => Fate::Refused("muteOthers", guests),
        Said::SetAttendeeMedia(_) => Fate::Refused("forbidOthersAudio", guests),
        Said::SetRole(_) | Said::LockMeeting(_) | Said::SetRecording(_) | Said::StartMeeting(_) => {
            Fate::Refused("", guests)
        }
    }
}

/// Numbers of the fields of `ClientMessage.body` in the schema.
fn numbers() -> BTreeSet<u32> {
    let message = SCHEMA.split("message ClientMessage {").nth(1).unwrap();
    let body = message.split("oneof body {").nth(1).unwrap();
    let fields = body.split('}').next().unwrap();
    let number = |line: &str| line.split('=').nth(1)?.trim().trim_end_matches(';').parse().ok();
    fields.lines().filter_map(number).collect()
}

/// The number of the field that a message is written in.
fn number(said: &Said) -> u32 {
    let message = ClientMessage {
        id: 0,
        body: Some(said.clone()),
    };
    let frame = encode_client(Encoding::Protobuf, &message);
    // A tag of up to two bytes: three bits of type, then the number, seven bits at a time.
    let (low, high) = match *frame.as_bytes() {
        [low, ..] if low < 0x80 => (u32::from(low), 0),
        [low, high, ..] => (u32::from(low & 0x7f), u32::from(high)),
        _ => panic!("an empty message"),
    };
    (high << 7 | low) >> 3
}

#[test]
fn no_message_of_the_schema_is_forgotten() {
    let sent: BTreeSet<u32> = all("").iter().map(number).collect();
    assert_eq!(sent, numbers());
    assert!(sent.len() >= 24);
}

async fn set(host: &Host, presents: bool, profile: &str) {
    let app = host.service.app();
    let tenant = host.dev().tenant_id.parse().unwrap();
    let record = app.meetings().of_tenant(tenant).await.unwrap().remove(0);
    let mut options = record.options;
    options.lobby = LobbyScope::Everyone.into();
    options.allowed_presenters = if presents {
        AllowedPresenters::Everyone
    } else {
        AllowedPresenters::Organization
    };
    assert!(app.meetings().set_options(&record.id, options).await.unwrap());
    let file: TenantFile =
        serde_json::from_value(json!({ "Anteroom": { "CapabilityProfile": profile } })).unwrap();
    let applied = app.tenants().apply(tenant, file, app.resource(), false).await;
    applied.unwrap();
}

#[tokio::test]
async fn guests_are_refused_what_is_for_teams_users() {
    let host = Host::start().await;
    let (_alice, connected) = Client::alice(&host).await;
    for (presents, profile) in [
        (true, "current"),
        (false, "current"),
        (true, "2021"),
        (false, "2022"),
    ] {
        set(&host, presents, profile).await;
        let mut dana = Client::guest(&host, "Dana").await;
        let role = if presents { Role::Presenter } else { Role::Attendee };
        assert_eq!(dana.connected().await.role(), role);
        for said in all(&connected.participant_id) {
            let expected = fate(&said, profile);
            if expected == Fate::Session {
                continue;
            }
            let what = format!("{said:?} as {role:?} in {profile}");
            let id = dana.send(said).await;
            let answer = dana.answer(id).await;
            match (expected, answer) {
                (Fate::Refused(capability, reason), Body::Error(error)) => {
                    assert_eq!(error.key, "not_allowed", "{what}");
                    assert_eq!(
                        (error.capability.as_str(), error.reason.as_str()),
                        (capability, reason),
                        "{what}"
                    );
                }
                (Fate::Refused(..), answer) => panic!("{what}: {answer:?}"),
                (_, Body::Error(error)) => assert_ne!(error.key, "not_allowed", "{what}: {error:?}"),
                (_, _) => {}
            }
        }
        let id = dana.send(Said::Leave(Leave {})).await;
        assert!(matches!(dana.answer(id).await, Body::Ended(_)));
    }
    host.service.shutdown().await;
}

/// Others' hands are lowered by who may mute others.
#[tokio::test]
async fn guests_lower_no_hands_of_others() {
    let host = Host::start().await;
    let (_alice, connected) = Client::alice(&host).await;
    set(&host, true, "current").await;
    let mut dana = Client::guest(&host, "Dana").await;
    dana.connected().await;
    let lower = SetHand {
        raised: false,
        participant_id: connected.participant_id,
    };
    let id = dana.send(Said::SetHand(lower)).await;
    let Body::Error(error) = dana.answer(id).await else {
        panic!()
    };
    assert_eq!(
        (error.capability.as_str(), error.reason.as_str()),
        ("muteOthers", "NotCapable")
    );
    host.service.shutdown().await;
}
