//! Hands, reactions, spotlight, muting, roles, lock, recording: who may, who may not, and what follows.

use std::time::Duration;

use anteroom_media_transport::router::Command;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{
    self, MediaState, MuteParticipants, ReactionKind, SendReaction, SetAttendeeMedia, SetHand, SetRecording,
    SetRole, Spotlight,
};
use anteroom_teams_link::policy::{
    AllowedPresenters, CapabilityProfile, ExplicitRecordingConsent, LobbyScope, MeetingChatPolicy,
    MeetingKind,
};

use super::harness::{Harness, KNOWN, alice, bob, employee_of, guest, offer, person};
use super::{Ask, Input, SessionId};

/// Alice, who organizes, Bob, who presents, and a guest, who attends.
fn meeting() -> (Harness, SessionId, SessionId, SessionId) {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| rules.options.allowed_presenters = AllowedPresenters::Organization);
    let (alice, bob, dana) = (m.join(alice()), m.join(bob()), m.join(guest(1)));
    m.take_all();
    (m, alice, bob, dana)
}

impl Harness {
    fn ask(&mut self, by: SessionId, ask: Ask) {
        self.tell(by, Input::Ask { reply: 7, ask });
    }

    /// Asks for something that is granted.
    fn granted(&mut self, by: SessionId, ask: Ask) {
        let wanted = format!("{ask:?}");
        self.ask(by, ask);
        let got = self.sent_to(by);
        assert!(
            got.iter().any(|body| matches!(body, Body::Done(_))),
            "{wanted}: {got:?}"
        );
        self.check();
    }

    /// Asks for something that is refused; gives the reason of the capability.
    fn refused(&mut self, by: SessionId, ask: Ask) -> String {
        let wanted = format!("{ask:?}");
        self.ask(by, ask);
        let error = self.sent_to(by).into_iter().find_map(|body| match body {
            Body::Error(error) => Some(error),
            _ => None,
        });
        let error = error.unwrap_or_else(|| panic!("{wanted} is granted"));
        assert_eq!(error.key, "not_allowed", "{wanted}");
        assert!(error.message.contains(&error.reason), "{error:?}");
        self.check();
        error.reason
    }

    fn refused_key(&mut self, by: SessionId, ask: Ask) -> String {
        self.ask(by, ask);
        self.error(by)
    }

    fn hand(&mut self, by: SessionId, raised: bool) {
        self.granted(
            by,
            Ask::SetHand(SetHand {
                raised,
                participant_id: String::new(),
            }),
        );
    }

    /// The newest state of the meeting that a session was told.
    fn state(&self, of: SessionId) -> proto::MeetingState {
        let told = self.sent_to(of).into_iter().rev().find_map(|body| match body {
            Body::MeetingState(state) => Some(state),
            _ => None,
        });
        told.expect("the state was told")
    }

    /// Why somebody may not do something, as it was told last.
    fn reason(&self, of: SessionId, name: &str) -> String {
        let told = self.sent_to(of).into_iter().rev().find_map(|body| match body {
            Body::CapabilitiesChanged(changed) => Some(changed.states),
            Body::Connected(connected) => Some(connected.states),
            _ => None,
        });
        let states = told.expect("capabilities were told");
        states
            .into_iter()
            .find(|state| state.name == name)
            .unwrap()
            .reason
    }

    fn entry(&self, seen_by: SessionId, id: &str) -> proto::Participant {
        let told = self
            .sent_to(seen_by)
            .into_iter()
            .rev()
            .find_map(|body| match body {
                Body::Roster(update) => update.upserted.into_iter().find(|entry| entry.id == id),
                _ => None,
            });
        told.expect("the entry was told")
    }
}

fn media(mic: Option<bool>, camera: Option<bool>, ids: &[String]) -> Ask {
    Ask::AttendeeMedia(SetAttendeeMedia {
        participant_ids: ids.to_vec(),
        mic_allowed: mic,
        camera_allowed: camera,
    })
}

fn role(id: &str, role: proto::Role) -> Ask {
    Ask::SetRole(SetRole {
        participant_id: id.to_owned(),
        role: role.into(),
    })
}

fn recorded(recording: bool, transcription: bool) -> Ask {
    Ask::Record(SetRecording {
        recording,
        transcription,
    })
}

fn react() -> Ask {
    Ask::React(SendReaction {
        kind: ReactionKind::Applause.into(),
    })
}

fn mute(ids: &[String], all: bool) -> Ask {
    Ask::Mute(MuteParticipants {
        participant_ids: ids.to_vec(),
        all,
    })
}

fn spotlight(ids: &[String], remove: bool) -> Ask {
    Ask::Spotlight(Spotlight {
        participant_ids: ids.to_vec(),
        remove,
    })
}

/// Everything that only Teams users do.
fn teams_only(of: &[String]) -> Vec<Ask> {
    vec![
        spotlight(of, false),
        spotlight(&[], true),
        mute(of, false),
        mute(&[], true),
        media(Some(false), None, &[]),
        media(None, Some(true), of),
        role(&of[0], proto::Role::Presenter),
        role(&of[0], proto::Role::CoOrganizer),
        Ask::Lock(true),
        recorded(true, false),
        Ask::Start,
        Ask::SetHand(SetHand {
            raised: false,
            participant_id: of[0].clone(),
        }),
    ]
}

#[test]
fn a_guest_is_refused_whatever_only_teams_users_do() {
    let (mut m, alice, _, dana) = meeting();
    let ids = vec![m.id_of(alice)];
    for promoted in [false, true] {
        if promoted {
            let id = m.id_of(dana);
            m.granted(alice, role(&id, proto::Role::Presenter));
        }
        for ask in teams_only(&ids) {
            m.take_all();
            let wanted = format!("{ask:?}");
            assert_eq!(m.refused(dana, ask), "NotCapable", "{wanted}");
        }
        for (input, capability) in [
            (Input::EndMeeting { reply: 1 }, "hangUpForEveryOne"),
            (
                Input::Remove {
                    reply: 1,
                    ids: ids.clone(),
                },
                "removeParticipant",
            ),
            (
                Input::Reject {
                    reply: 1,
                    ids: ids.clone(),
                },
                "manageLobby",
            ),
            (
                Input::Admit {
                    reply: 1,
                    ids: ids.clone(),
                    all: false,
                },
                "manageLobby",
            ),
        ] {
            m.take_all();
            m.tell(dana, input);
            let got = m.sent_to(dana);
            let [Body::Error(error)] = got.as_slice() else {
                panic!("{got:?}")
            };
            assert_eq!(
                (error.key.as_str(), error.capability.as_str()),
                ("not_allowed", capability)
            );
            assert_eq!(error.reason, "NotCapable");
        }
    }
    assert!(m.in_call(alice) && m.in_call(dana));
}

#[test]
fn who_waits_asks_for_nothing() {
    let mut m = Harness::new(LobbyScope::Organization);
    let alice = m.join(alice());
    let dana = m.join(guest(1));
    let ids = vec![m.id_of(alice)];
    let everybody = [react(), Ask::Consent, Ask::Rename("X".to_owned())];
    for ask in teams_only(&ids).into_iter().chain(everybody) {
        m.take_all();
        assert_eq!(m.refused_key(dana, ask), "not_in_call");
    }
}

#[test]
fn hands_are_in_order_and_come_down_with_their_owner() {
    let (mut m, alice, bob, dana) = meeting();
    m.hand(dana, true);
    m.hand(bob, true);
    m.hand(dana, true);
    let (bob_id, dana_id) = (m.id_of(bob), m.id_of(dana));
    assert_eq!(m.state(alice).hands, [dana_id.clone(), bob_id.clone()]);
    let lower = SetHand {
        raised: false,
        participant_id: dana_id,
    };
    m.granted(bob, Ask::SetHand(lower));
    assert_eq!(m.state(alice).hands, [bob_id]);
    m.tell(bob, Input::Leave { reply: 0 });
    assert!(m.state(alice).hands.is_empty());
}

#[test]
fn in_2021_guests_have_neither_hands_nor_reactions() {
    let (mut m, alice, bob, dana) = meeting();
    m.hand(dana, true);
    m.change_rules(|rules| rules.tenant.capability_profile = CapabilityProfile::Y2021);
    m.take_all();
    let hand = |raised| {
        Ask::SetHand(SetHand {
            raised,
            participant_id: String::new(),
        })
    };
    assert_eq!(m.refused(dana, hand(true)), "NotCapable");
    assert_eq!(m.refused(dana, react()), "NotCapable");
    m.granted(dana, hand(false));
    assert!(
        m.state(alice).hands.is_empty(),
        "who lost the right may still lower it"
    );
    m.granted(bob, hand(true));
    m.granted(bob, react());
}

#[test]
fn reactions_are_seen_by_all_and_have_a_pace() {
    let (mut m, alice, _, dana) = meeting();
    for _ in 0..5 {
        m.granted(dana, react());
    }
    let seen = m
        .sent_to(alice)
        .iter()
        .filter(|body| matches!(body, Body::Reaction(_)))
        .count();
    assert_eq!(seen, 5);
    m.take_all();
    assert_eq!(m.refused_key(dana, react()), "rate_limited");
    m.advance(Duration::from_secs(1));
    m.granted(dana, react());
    m.take_all();
    assert_eq!(
        m.refused_key(alice, Ask::React(SendReaction { kind: 99 })),
        "malformed"
    );
    m.change_rules(|rules| rules.options.allow_teamwork_reactions = false);
    m.take_all();
    assert_eq!(m.refused(alice, react()), "MeetingRestricted");
    m.change_rules(|rules| rules.organizer.allow_meeting_reactions = false);
    m.take_all();
    assert_eq!(m.refused(alice, react()), "UserPolicyRestricted");
}

#[test]
fn the_spotlight_has_room_for_seven_and_everybody_may_leave_it() {
    let (mut m, alice, bob, dana) = meeting();
    let ids = [m.id_of(dana), m.id_of(bob)];
    m.granted(bob, spotlight(&ids[..1], false));
    m.granted(bob, spotlight(&ids, false));
    assert_eq!(m.state(alice).spotlight, ids, "nobody is in it twice");
    m.granted(dana, spotlight(&ids[..1], true));
    assert_eq!(m.state(alice).spotlight, ids[1..]);
    m.take_all();
    assert_eq!(m.refused(dana, spotlight(&ids[1..], true)), "NotCapable");
    m.granted(alice, spotlight(&[], true));
    assert!(m.state(alice).spotlight.is_empty());
    m.take_all();
    assert_eq!(
        m.refused_key(alice, spotlight(&["nobody".to_owned()], false)),
        "unknown_participant"
    );
}

#[test]
fn who_is_muted_is_told_and_may_unmute() {
    let (mut m, alice, bob, dana) = meeting();
    m.unmute(dana);
    m.unmute(bob);
    m.take_all();
    m.granted(bob, mute(&[], true));
    let (bob_id, dana_id) = (m.id_of(bob), m.id_of(dana));
    assert!(m.entry(alice, &dana_id).mic_muted);
    let told = m.sent_to(dana);
    assert!(
        told.contains(&Body::Muted(proto::Muted {
            by_participant_id: bob_id
        })),
        "{told:?}"
    );
    assert!(
        !m.meeting.people[&bob].present().unwrap().mic_muted,
        "everybody but who asks"
    );
    m.unmute(dana);
    assert!(!m.entry(alice, &dana_id).mic_muted);
}

#[test]
fn attendees_lose_and_regain_microphone_and_camera() {
    let (mut m, alice, bob, dana) = meeting();
    m.unmute(dana);
    m.take_all();
    m.granted(bob, media(Some(false), None, &[]));
    let state = m.state(alice);
    assert!(!state.attendee_mic_allowed && state.attendee_camera_allowed);
    assert_eq!(m.reason(dana, "unmuteMic"), "MeetingRestricted");
    assert_eq!(m.reason(dana, "turnVideoOn"), "Capable");
    let dana_id = m.id_of(dana);
    assert!(m.entry(alice, &dana_id).mic_muted);
    m.take_all();
    m.unmute(dana);
    assert_eq!(m.error(dana), "not_allowed");
    m.unmute(bob);
    m.granted(bob, media(Some(true), None, &[]));
    assert_eq!(m.reason(dana, "unmuteMic"), "Capable");
    m.unmute(dana);

    m.take_all();
    m.granted(bob, media(None, Some(false), std::slice::from_ref(&dana_id)));
    assert_eq!(m.reason(dana, "turnVideoOn"), "MeetingRestricted");
    assert!(m.entry(alice, &dana_id).camera_forbidden);
    m.take_all();
    let bob_id = m.id_of(bob);
    assert_eq!(
        m.refused_key(alice, media(Some(false), None, &[bob_id])),
        "not_allowed"
    );
    m.granted(alice, role(&dana_id, proto::Role::Presenter));
    assert_eq!(
        m.reason(dana, "turnVideoOn"),
        "Capable",
        "presenters are not attendees"
    );
}

/// Whether microphone and camera are paused in the router.
fn paused(m: &Harness) -> Vec<bool> {
    let publications = m.commands.iter().rev().find_map(|command| match command {
        Command::SetPublications { publications, .. } => Some(publications),
        _ => None,
    });
    publications
        .unwrap()
        .iter()
        .map(|publication| publication.paused)
        .collect()
}

#[test]
fn the_router_forwards_nothing_of_who_is_muted_banned_or_has_not_agreed() {
    let (mut m, alice, bob, dana) = meeting();
    m.tell(dana, offer());
    assert_eq!(paused(&m), [false, false]);
    let both = MediaState {
        mic_muted: false,
        camera_on: true,
        screen_sharing: false,
    };
    let on = Input::MediaState {
        reply: 0,
        state: both,
        mutes: KNOWN,
    };
    m.tell(dana, on);
    m.take_all();

    m.granted(bob, mute(&[], true));
    assert_eq!(
        paused(&m),
        [true, false],
        "muted, whatever the client still sends"
    );
    m.unmute(dana);
    assert_eq!(paused(&m), [false, false]);

    m.granted(bob, media(Some(false), Some(false), &[]));
    assert_eq!(paused(&m), [true, true]);
    m.tell(dana, offer());
    assert_eq!(paused(&m), [true, true], "offering again is no way around it");
    m.granted(bob, media(Some(true), Some(true), &[]));
    assert_eq!(
        paused(&m),
        [true, true],
        "its owner turns it on again, nobody else"
    );
    m.tell(
        dana,
        Input::MediaState {
            reply: 0,
            state: both,
            mutes: KNOWN,
        },
    );
    assert_eq!(paused(&m), [false, false]);

    m.change_rules(|rules| {
        rules.organizer.explicit_recording_consent = ExplicitRecordingConsent::Enabled;
    });
    m.granted(alice, recorded(true, false));
    assert_eq!(paused(&m), [true, true]);
    m.granted(dana, Ask::Consent);
    m.tell(
        dana,
        Input::MediaState {
            reply: 0,
            state: both,
            mutes: KNOWN,
        },
    );
    assert_eq!(paused(&m), [false, false]);
    let tracks_gone = m
        .sent_to(alice)
        .iter()
        .any(|body| matches!(body, Body::Tracks(update) if !update.removed.is_empty()));
    assert!(!tracks_gone, "nobody has to subscribe anew");
}

#[test]
fn what_is_switched_in_the_call_ends_with_it_and_gives_way_to_settings() {
    let (mut m, alice, bob, dana) = meeting();
    m.granted(alice, Ask::Lock(true));
    m.granted(alice, media(Some(false), Some(false), &[]));
    let late = m.join(guest(2));
    assert_eq!(m.end_key(late), Some("meeting_locked"));
    // A setting that has nothing to do with it.
    m.change_rules(|rules| rules.options.allow_teamwork_reactions = false);
    assert!(m.state(alice).locked);
    m.change_rules(|rules| rules.options.allow_attendee_to_enable_camera = false);
    m.change_rules(|rules| rules.options.allow_attendee_to_enable_camera = true);
    let state = m.state(alice);
    assert!(state.attendee_camera_allowed && !state.attendee_mic_allowed && state.locked);
    for session in [alice, bob, dana] {
        m.tell(session, Input::Leave { reply: 0 });
    }
    let again = m.join(person("Alice", 0xa));
    let state = m.state(again);
    assert!(!state.locked && state.attendee_mic_allowed);
    let dana = m.join(guest(1));
    assert!(m.in_call(dana));
}

#[test]
fn only_organizer_and_co_organizers_lock() {
    let (mut m, alice, bob, _) = meeting();
    assert_eq!(m.refused(bob, Ask::Lock(true)), "RoleRestricted");
    let bob_id = m.id_of(bob);
    m.granted(alice, role(&bob_id, proto::Role::CoOrganizer));
    m.granted(bob, Ask::Lock(true));
    m.tell(bob, Input::Leave { reply: 0 });
    let bob = m.join(super::harness::bob());
    assert!(
        m.in_call(bob),
        "co-organizers come into a locked meeting, also those named in the call"
    );
    m.granted(bob, Ask::Lock(false));
}

#[test]
fn roles_are_given_within_limits() {
    let (mut m, alice, bob, dana) = meeting();
    let (alice_id, bob_id, dana_id) = (m.id_of(alice), m.id_of(bob), m.id_of(dana));
    m.granted(bob, role(&dana_id, proto::Role::Presenter));
    assert_eq!(m.entry(alice, &dana_id).role(), proto::Role::Presenter);
    assert_eq!(m.reason(dana, "shareScreen"), "Capable");
    m.take_all();
    assert_eq!(
        m.refused(bob, role(&bob_id, proto::Role::CoOrganizer)),
        "RoleRestricted"
    );
    for (by, id, wanted) in [
        (alice, &dana_id, proto::Role::CoOrganizer),
        (alice, &alice_id, proto::Role::Attendee),
    ] {
        m.take_all();
        assert_eq!(m.refused_key(by, role(id, wanted)), "not_allowed");
    }
    for wanted in [
        proto::Role::Organizer,
        proto::Role::Consumer,
        proto::Role::Unspecified,
    ] {
        m.take_all();
        assert_eq!(m.refused_key(alice, role(&dana_id, wanted)), "malformed");
    }
    m.granted(alice, role(&bob_id, proto::Role::CoOrganizer));
    let carol = m.join(person("Carol", 0xc));
    m.take_all();
    assert_eq!(
        m.refused(carol, role(&bob_id, proto::Role::Attendee)),
        "RoleRestricted"
    );
    m.granted(alice, role(&bob_id, proto::Role::Attendee));
    m.take_all();
    assert_eq!(
        m.refused(bob, role(&dana_id, proto::Role::Attendee)),
        "RoleRestricted"
    );
    // A role holds for the call, also for who comes back.
    m.tell(dana, Input::Leave { reply: 0 });
    let dana = m.join(guest(1));
    assert_eq!(m.reason(dana, "shareScreen"), "Capable");
    let stranger = employee_of(
        "3b9ac9ff-0000-4000-8000-000000000000".parse().unwrap(),
        "Eve",
        0xe,
    );
    let eve = m.join(stranger);
    let eve_id = m.id_of(eve);
    m.take_all();
    assert_eq!(
        m.refused_key(alice, role(&eve_id, proto::Role::CoOrganizer)),
        "not_allowed"
    );
}

#[test]
fn a_new_name_has_to_be_allowed_and_fit_to_be_shown() {
    let (mut m, alice, _, dana) = meeting();
    let name = |name: &str| Ask::Rename(name.to_owned());
    assert_eq!(m.refused(dana, name("Dana")), "MeetingRestricted");
    m.change_rules(|rules| rules.options.allow_participants_to_change_name = true);
    m.granted(dana, name("  Dana Roy "));
    let dana_id = m.id_of(dana);
    assert_eq!(m.entry(alice, &dana_id).display_name, "Dana Roy");
    for bad in ["", "a\u{202e}b", "line\nbreak", &"x".repeat(257)] {
        m.take_all();
        assert_eq!(m.refused_key(dana, name(bad)), "bad_display_name");
    }
}

#[test]
fn everybody_hears_of_a_recording_at_once() {
    let (mut m, alice, bob, dana) = meeting();
    let bob_id = m.id_of(bob);
    m.granted(bob, recorded(true, false));
    let expected = Body::RecordingState(proto::RecordingState {
        recording: true,
        by_participant_id: bob_id.clone(),
        ..proto::RecordingState::default()
    });
    for session in [alice, bob, dana] {
        assert!(m.sent_to(session).contains(&expected));
    }
    assert!(m.state(dana).recording);
    let late = m.join(guest(2));
    assert!(
        m.sent_to(late)
            .iter()
            .any(|body| matches!(body, Body::RecordingState(state) if state.recording)),
        "also who comes later"
    );
    m.unmute(dana);
    assert!(
        !m.sent_to(dana).iter().any(|body| matches!(body, Body::Error(_))),
        "nobody is asked"
    );
    m.change_rules(|rules| rules.organizer.allow_cloud_recording = false);
    assert!(!m.state(dana).recording, "the policy no longer allows it");
    m.take_all();
    assert_eq!(m.refused(alice, recorded(true, false)), "UserPolicyRestricted");
    m.change_rules(|rules| rules.options.allow_transcription = false);
    m.take_all();
    assert_eq!(m.refused(alice, recorded(false, true)), "MeetingRestricted");
    m.granted(alice, role(&bob_id, proto::Role::Attendee));
    m.take_all();
    assert_eq!(m.refused(bob, recorded(false, false)), "RoleRestricted");
}

#[test]
fn who_has_not_agreed_is_neither_heard_nor_seen_while_it_is_recorded() {
    let (mut m, alice, bob, dana) = meeting();
    m.change_rules(|rules| {
        rules.organizer.explicit_recording_consent = ExplicitRecordingConsent::Enabled;
    });
    assert!(m.state(dana).consent_required);
    m.unmute(dana);
    m.unmute(bob);
    m.take_all();
    m.granted(alice, recorded(false, true));
    let dana_id = m.id_of(dana);
    assert!(m.entry(bob, &dana_id).mic_muted);
    assert_eq!(m.reason(dana, "unmuteMic"), "ExplicitConsentRequired");
    assert_eq!(
        m.reason(bob, "shareScreen"),
        "ExplicitConsentRequired",
        "of the organization, too"
    );
    let all = MediaState {
        mic_muted: false,
        camera_on: true,
        screen_sharing: false,
    };
    m.take_all();
    m.tell(
        dana,
        Input::MediaState {
            reply: 3,
            state: all,
            mutes: KNOWN,
        },
    );
    assert_eq!(m.error(dana), "not_allowed");
    m.unmute(alice);
    assert!(
        !m.sent_to(alice).iter().any(|body| matches!(body, Body::Error(_))),
        "who begins it agrees"
    );
    m.granted(dana, Ask::Consent);
    assert_eq!(m.reason(dana, "unmuteMic"), "Capable");
    m.tell(
        dana,
        Input::MediaState {
            reply: 3,
            state: all,
            mutes: KNOWN,
        },
    );
    assert!(m.entry(bob, &dana_id).camera_on);

    m.tell(dana, Input::Leave { reply: 0 });
    let dana = m.join(guest(1));
    assert_eq!(
        m.reason(dana, "unmuteMic"),
        "ExplicitConsentRequired",
        "it held for that stay"
    );
    m.granted(alice, recorded(false, false));
    assert_eq!(m.reason(dana, "unmuteMic"), "Capable");
}

#[test]
fn who_was_removed_comes_back_through_the_lobby() {
    let (mut m, alice, bob, dana) = meeting();
    for (gone, again) in [(dana, guest(1)), (bob, super::harness::bob())] {
        let ids = vec![m.id_of(gone)];
        m.tell(alice, Input::Remove { reply: 1, ids });
        assert_eq!(m.end_key(gone), Some("removed"));
        let back = m.join(again.clone());
        assert!(m.in_lobby(back));
        m.change_rules(|rules| rules.options.allow_recording = !rules.options.allow_recording);
        assert!(m.in_lobby(back), "no review lets them in");
        m.admit(alice, back);
        assert!(m.in_call(back));
        m.tell(back, Input::Leave { reply: 0 });
        let back = m.join(again);
        assert!(m.in_call(back), "forgiven");
    }
    m.check();
}

#[test]
fn a_green_room_holds_attendees_back_until_the_meeting_begins() {
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| {
        rules.options.is_green_room_enabled = true;
        rules.options.allowed_presenters = AllowedPresenters::Organization;
    });
    let (alice, bob, dana) = (m.join(alice()), m.join(bob()), m.join(guest(1)));
    assert!(m.in_call(alice) && m.in_call(bob), "presenters get ready");
    assert!(m.in_lobby(dana));
    let state = m.state(alice);
    assert!(state.green_room && state.started_at_ms == 0);
    m.admit(alice, dana);
    assert!(m.in_lobby(dana), "also who is let in by hand waits for the start");
    m.granted(bob, Ask::Start);
    assert!(m.in_call(dana));
    assert!(m.state(alice).started_at_ms > 0);
    m.check();
}

#[test]
fn who_was_let_in_before_the_start_needs_nobody_then() {
    let mut m = Harness::new(LobbyScope::Organizer);
    m.change_rules(|rules| {
        rules.options.is_green_room_enabled = true;
        rules.options.allowed_presenters = AllowedPresenters::Organization;
    });
    let alice = m.join(alice());
    let (dana, erin) = (m.join(guest(1)), m.join(guest(2)));
    m.admit(alice, dana);
    m.granted(alice, Ask::Start);
    assert!(m.in_call(dana) && m.in_lobby(erin));
    // Without a green room the meeting starts by itself.
    let mut m = Harness::new(LobbyScope::Everyone);
    m.change_rules(|rules| rules.options.is_green_room_enabled = true);
    let alice = m.join(super::harness::alice());
    m.change_rules(|rules| rules.options.is_green_room_enabled = false);
    assert!(m.state(alice).started_at_ms > 0);
}

#[test]
fn guests_have_no_chat_where_only_the_organization_has() {
    for (kind, chat, allowed) in [
        (MeetingKind::Scheduled, MeetingChatPolicy::Enabled, true),
        (MeetingKind::Channel, MeetingChatPolicy::Enabled, false),
        (
            MeetingKind::Scheduled,
            MeetingChatPolicy::EnabledExceptAnonymous,
            false,
        ),
    ] {
        let mut m = Harness::new(LobbyScope::Everyone);
        m.change_rules(|rules| {
            rules.options.kind = kind;
            rules.organizer.meeting_chat = chat;
        });
        let (alice, dana) = (m.join(alice()), m.join(guest(1)));
        let access = |m: &Harness, session| {
            m.sent_to(session).iter().rev().find_map(|body| match body {
                Body::ChatAccess(access) => Some(access.allowed),
                _ => None,
            })
        };
        assert_eq!(access(&m, alice), Some(true));
        assert_eq!(access(&m, dana), Some(allowed), "{kind:?} {chat:?}");
        m.check();
    }
}
