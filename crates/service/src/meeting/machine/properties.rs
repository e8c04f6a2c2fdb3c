//! Random operations on a meeting; what must hold at all times is checked after each.

use std::time::Duration;

use anteroom_signaling::proto;
use anteroom_teams_link::policy::{
    AllowedPresenters, ExplicitRecordingConsent, LobbyScope, MeetingChat, Switch,
};
use proptest::prelude::*;

use super::harness::{Harness, alice, bob, guest};
use super::{Ask, Input, SessionId};

#[derive(Debug, Clone)]
enum Operation {
    Join(u8),
    Leave(u8),
    Gone(u8),
    Lose(u8),
    GraceOver(u8),
    Resume(u8),
    Admit { by: u8, whom: u8 },
    AdmitAll(u8),
    Reject { by: u8, whom: u8 },
    Remove { by: u8, whom: u8 },
    End(u8),
    Say,
    SendChat(u8),
    Type(u8),
    Read { by: u8, line: u8 },
    Edit(u8),
    Unmute(u8),
    Scope(u8),
    Lock(bool),
    Forbid(bool),
    Chat(bool),
    GreenRoom(bool),
    Consent(bool),
    HideNames(bool),
    Presenters(bool),
    Ask { by: u8, whom: u8, what: u8 },
    Wait(u16),
    ShutDown,
}

fn operation() -> impl Strategy<Value = Operation> {
    let who = 0_u8..12;
    prop_oneof![
        6 => (0_u8..6).prop_map(Operation::Join),
        2 => who.clone().prop_map(Operation::Leave),
        1 => who.clone().prop_map(Operation::Gone),
        2 => who.clone().prop_map(Operation::Lose),
        2 => who.clone().prop_map(Operation::GraceOver),
        2 => who.clone().prop_map(Operation::Resume),
        4 => (who.clone(), who.clone()).prop_map(|(by, whom)| Operation::Admit { by, whom }),
        1 => who.clone().prop_map(Operation::AdmitAll),
        1 => (who.clone(), who.clone()).prop_map(|(by, whom)| Operation::Reject { by, whom }),
        1 => (who.clone(), who.clone()).prop_map(|(by, whom)| Operation::Remove { by, whom }),
        1 => who.clone().prop_map(Operation::End),
        3 => Just(Operation::Say),
        2 => who.clone().prop_map(Operation::SendChat),
        2 => who.clone().prop_map(Operation::Type),
        2 => (who.clone(), 0_u8..8).prop_map(|(by, line)| Operation::Read { by, line }),
        1 => (0_u8..8).prop_map(Operation::Edit),
        1 => who.prop_map(Operation::Unmute),
        1 => (0_u8..3).prop_map(Operation::Scope),
        1 => any::<bool>().prop_map(Operation::Lock),
        1 => any::<bool>().prop_map(Operation::Forbid),
        1 => any::<bool>().prop_map(Operation::Chat),
        1 => any::<bool>().prop_map(Operation::GreenRoom),
        1 => any::<bool>().prop_map(Operation::Consent),
        2 => any::<bool>().prop_map(Operation::HideNames),
        1 => any::<bool>().prop_map(Operation::Presenters),
        6 => (0_u8..12, 0_u8..12, 0_u8..16).prop_map(|(by, whom, what)| Operation::Ask { by, whom, what }),
        2 => (0_u16..400).prop_map(Operation::Wait),
        1 => Just(Operation::ShutDown),
    ]
}

fn carry_out(m: &mut Harness, sessions: &mut Vec<SessionId>, operation: Operation) {
    // Sessions that are over are picked as well: their requests may be on the way when they end.
    let pick = |index: u8| sessions.get(usize::from(index) % sessions.len().max(1)).copied();
    let id = |m: &Harness, index: u8| {
        let session = pick(index).filter(|session| m.meeting.contains(*session));
        vec![session.map_or_else(|| "nobody".to_owned(), |session| m.id_of(session))]
    };
    let (by, input) = match operation {
        Operation::Join(who) => {
            let person = match who {
                0 => alice(),
                1 => bob(),
                other => guest(u128::from(other) / 2),
            };
            sessions.push(m.join(person));
            return;
        }
        Operation::Say => return m.say("something"),
        Operation::Edit(line) => {
            if let Some(line) = m.said.get(usize::from(line)).cloned() {
                m.change(&line);
            }
            return;
        }
        Operation::Type(by) => (
            by,
            Input::Ask {
                reply: 2,
                ask: Ask::Typing,
            },
        ),
        Operation::Read { by, line } => (
            by,
            Input::Ask {
                reply: 2,
                ask: Ask::ReadUpTo(line.to_string()),
            },
        ),
        Operation::Unmute(who) => {
            if let Some(session) = pick(who) {
                m.unmute(session);
            }
            return;
        }
        Operation::Scope(scope) => {
            return m.change_rules(|rules| {
                rules.options.lobby.scope = [
                    LobbyScope::Everyone,
                    LobbyScope::Organization,
                    LobbyScope::Organizer,
                ][usize::from(scope)];
            });
        }
        Operation::Lock(locked) => return m.change_rules(|rules| rules.options.locked = locked),
        Operation::Forbid(on) => return m.change_rules(|rules| rules.tenant.disable_anonymous_join = on),
        Operation::Chat(on) => {
            return m.change_rules(|rules| {
                rules.options.allow_meeting_chat = if on {
                    MeetingChat::Enabled
                } else {
                    MeetingChat::Disabled
                };
            });
        }
        Operation::GreenRoom(on) => {
            return m.change_rules(|rules| rules.options.is_green_room_enabled = on);
        }
        Operation::Consent(on) => {
            return m.change_rules(|rules| {
                rules.organizer.explicit_recording_consent = if on {
                    ExplicitRecordingConsent::Enabled
                } else {
                    ExplicitRecordingConsent::Disabled
                };
            });
        }
        Operation::HideNames(on) => {
            return m.change_rules(|rules| {
                rules.organizer.attendee_identity_masking =
                    if on { Switch::Enabled } else { Switch::Disabled };
            });
        }
        Operation::Presenters(all) => {
            return m.change_rules(|rules| {
                rules.options.allowed_presenters = if all {
                    AllowedPresenters::Everyone
                } else {
                    AllowedPresenters::Organization
                };
            });
        }
        Operation::Ask { by, whom, what } => {
            let ask = wish(what, id(m, whom));
            (by, Input::Ask { reply: 2, ask })
        }
        Operation::Wait(seconds) => return m.advance(Duration::from_secs(seconds.into())),
        Operation::ShutDown => return m.shut_down(),
        Operation::Leave(who) => (who, Input::Leave { reply: 2 }),
        Operation::Gone(who) => (who, Input::Gone),
        Operation::Lose(who) => (who, Input::ConnectionLost),
        Operation::GraceOver(who) => (who, Input::ChatGraceOver),
        Operation::Resume(who) => (who, Input::Resumed),
        Operation::Admit { by, whom } => (
            by,
            Input::Admit {
                reply: 2,
                ids: id(m, whom),
                all: false,
            },
        ),
        Operation::AdmitAll(by) => (
            by,
            Input::Admit {
                reply: 2,
                ids: Vec::new(),
                all: true,
            },
        ),
        Operation::Reject { by, whom } => (
            by,
            Input::Reject {
                reply: 2,
                ids: id(m, whom),
            },
        ),
        Operation::Remove { by, whom } => (
            by,
            Input::Remove {
                reply: 2,
                ids: id(m, whom),
            },
        ),
        Operation::End(by) => (by, Input::EndMeeting { reply: 2 }),
        Operation::SendChat(by) => (
            by,
            Input::SendChat {
                reply: 2,
                text: "hi".to_owned(),
                client_message_id: String::new(),
            },
        ),
    };
    if let Some(session) = pick(by) {
        m.tell(session, input);
    }
}

/// One wish of each kind.
fn wish(what: u8, participant_ids: Vec<String>) -> Ask {
    let participant_id = participant_ids.first().cloned().unwrap_or_default();
    let on = what.is_multiple_of(2);
    match what {
        0 | 1 => Ask::SetHand(proto::SetHand {
            raised: on,
            participant_id: String::new(),
        }),
        2 => Ask::React(proto::SendReaction { kind: 1 }),
        3 | 4 => Ask::Spotlight(proto::Spotlight {
            participant_ids,
            remove: on,
        }),
        5 => Ask::Mute(proto::MuteParticipants {
            participant_ids,
            all: false,
        }),
        6 | 7 => Ask::AttendeeMedia(proto::SetAttendeeMedia {
            participant_ids: Vec::new(),
            mic_allowed: Some(on),
            camera_allowed: None,
        }),
        8 => Ask::AttendeeMedia(proto::SetAttendeeMedia {
            participant_ids,
            mic_allowed: None,
            camera_allowed: Some(false),
        }),
        9 | 10 => Ask::SetRole(proto::SetRole {
            participant_id,
            role: if on {
                proto::Role::Attendee
            } else {
                proto::Role::CoOrganizer
            }
            .into(),
        }),
        11 => Ask::Rename("Somebody else".to_owned()),
        12 => Ask::Lock(on),
        13 => Ask::Start,
        14 => Ask::Record(proto::SetRecording {
            recording: true,
            transcription: false,
        }),
        _ => Ask::Consent,
    }
}

proptest! {
    #[test]
    fn invariants_hold_after_every_operation(operations in proptest::collection::vec(operation(), 1..80)) {
        let mut m = Harness::new(LobbyScope::Organization).watched();
        let mut sessions = Vec::new();
        for operation in operations {
            carry_out(&mut m, &mut sessions, operation);
            m.check();
        }
        m.shut_down();
        m.check();
        prop_assert!(m.meeting.is_empty());
    }
}
