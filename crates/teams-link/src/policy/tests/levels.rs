//! Which policy applies, and which level wins.

use std::collections::BTreeSet;

use anteroom_identity::id::ObjectId;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::admission::Level;

const ALICE: ObjectId = ObjectId::new(Uuid::from_u128(1));
const SALES: ObjectId = ObjectId::new(Uuid::from_u128(2));
const EVERYBODY: ObjectId = ObjectId::new(Uuid::from_u128(3));

fn grant(policy: &str, user: Option<ObjectId>, group: Option<ObjectId>, rank: u32) -> Grant {
    Grant {
        policy_type: PolicyType::CsTeamsMeetingPolicy,
        policy_name: policy.to_owned(),
        user,
        group,
        rank,
    }
}

/// Policies that are told apart by who is admitted.
fn policies(grants: Vec<Grant>) -> TenantPolicies {
    let named = |name: &str, users| {
        let policy = OrganizerPolicy {
            auto_admitted_users: users,
            ..OrganizerPolicy::default()
        };
        (name.to_owned(), policy)
    };
    TenantPolicies {
        meeting: [
            named(GLOBAL, AutoAdmittedUsers::OrganizerOnly),
            named("Sales", AutoAdmittedUsers::Everyone),
            named("Everybody", AutoAdmittedUsers::InvitedUsers),
            named("Own", AutoAdmittedUsers::EveryoneInCompanyExcludingGuests),
        ]
        .into(),
        grants,
        ..TenantPolicies::default()
    }
}

#[test]
fn direct_goes_before_group_and_group_before_global() {
    let groups = BTreeSet::from([SALES, EVERYBODY]);
    let applied = |grants| {
        policies(grants)
            .applied(ALICE, &groups)
            .meeting
            .policy()
            .to_owned()
    };
    let everybody = grant("Everybody", None, Some(EVERYBODY), 2);
    let sales = grant("Sales", None, Some(SALES), 1);
    let own = grant("Own", Some(ALICE), None, 9);
    assert_eq!(applied(vec![]), GLOBAL);
    assert_eq!(applied(vec![everybody.clone()]), "Everybody");
    assert_eq!(applied(vec![everybody.clone(), sales.clone()]), "Sales");
    assert_eq!(applied(vec![everybody.clone(), sales, own]), "Own");
    let others = grant("Sales", None, Some(ObjectId::new(Uuid::from_u128(9))), 0);
    assert_eq!(applied(vec![others, everybody]), "Everybody");

    let found = policies(vec![]).applied(ALICE, &groups);
    assert_eq!(found.policy.auto_admitted_users, AutoAdmittedUsers::OrganizerOnly);
    assert_eq!(
        TenantPolicies::default().applied(ALICE, &groups).policy,
        OrganizerPolicy::default()
    );
}

#[test]
fn the_external_access_policy_is_granted_on_its_own() {
    let mut policies = policies(vec![Grant {
        policy_type: PolicyType::CsExternalAccessPolicy,
        ..grant("Closed", Some(ALICE), None, 0)
    }]);
    let closed = ExternalAccessPolicy {
        enable_acs_federation_access: false,
    };
    policies.external_access.insert("Closed".to_owned(), closed);
    let applied = policies.applied(ALICE, &BTreeSet::new());
    assert!(!applied.policy.enable_acs_federation_access);
    assert_eq!(applied.meeting, Assignment::Global);
    assert_eq!(
        applied.external_access.to_string(),
        "\"Closed\", granted to the user"
    );
    let other = policies.applied(SALES, &BTreeSet::new());
    assert!(other.policy.enable_acs_federation_access);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let check = |grants| policies(grants).check();
    assert_eq!(check(vec![grant("Sales", Some(ALICE), None, 0)]), Ok(()));
    assert_eq!(
        check(vec![grant("Nobody", Some(ALICE), None, 0)]),
        Err(DocumentError::UnknownPolicy(
            PolicyType::CsTeamsMeetingPolicy,
            "Nobody".to_owned()
        ))
    );
    for (user, group) in [(None, None), (Some(ALICE), Some(SALES))] {
        assert_eq!(
            check(vec![grant("Sales", user, group, 0)]),
            Err(DocumentError::Grantee("Sales".to_owned()))
        );
    }
    let mut misplaced = policies(vec![]);
    misplaced
        .meeting
        .entry("Own".to_owned())
        .or_default()
        .enable_acs_federation_access = false;
    assert_eq!(misplaced.check(), Err(DocumentError::Misplaced("Own".to_owned())));
}

#[test]
fn a_label_goes_before_a_template_and_a_policy_before_both() {
    let label = Restrictions {
        lobby_scope: Some(LobbyScope::Organization),
        allow_meeting_chat: Some(MeetingChat::Limited),
        e2ee: Some(true),
        ..Restrictions::default()
    };
    let template = Restrictions {
        lobby_scope: Some(LobbyScope::Organizer),
        allow_meeting_chat: Some(MeetingChat::Enabled),
        e2ee: Some(false),
        ..Restrictions::default()
    };
    let organizer = OrganizerPolicy {
        meeting_chat: MeetingChatPolicy::Disabled,
        ..OrganizerPolicy::default()
    };
    let options = MeetingOptions {
        lobby: LobbyScope::Everyone.into(),
        allow_participants_to_change_name: true,
        ..MeetingOptions::default()
    };
    let found = effective(&Sources {
        organizer: &organizer,
        label: Some(&label),
        template: Some(&template),
        options: &options,
    });
    assert_eq!(found.options.lobby.scope, LobbyScope::Organizer);
    assert_eq!(found.options.allow_meeting_chat, MeetingChat::Disabled);
    assert!(found.options.e2ee && !found.options.allow_participants_to_change_name);
    assert_eq!(found.origins["lobbyBypassSettings.scope"], Level::Template);
    assert_eq!(found.origins["allowMeetingChat"], Level::Policy);
    assert_eq!(found.origins["isEndToEndEncryptionEnabled"], Level::Label);
    assert!(!found.origins.contains_key("allowedPresenters"));
}

/// How much options allow, setting by setting; more is wider.
fn breadths(options: &MeetingOptions) -> [u8; 9] {
    let scope = match options.lobby.scope {
        LobbyScope::Organizer => 0,
        LobbyScope::Invited => 1,
        LobbyScope::OrganizationExcludingGuests => 2,
        LobbyScope::Organization => 3,
        LobbyScope::OrganizationAndFederated => 4,
        LobbyScope::Everyone => 5,
    };
    let presenters = match options.allowed_presenters {
        AllowedPresenters::Organizer => 0,
        AllowedPresenters::RoleIsPresenter => 1,
        AllowedPresenters::Organization => 2,
        AllowedPresenters::Everyone => 3,
    };
    let chat = match options.allow_meeting_chat {
        MeetingChat::Disabled => 0,
        MeetingChat::Limited => 1,
        MeetingChat::Enabled => 2,
    };
    [
        scope,
        presenters,
        chat,
        u8::from(options.allow_attendee_to_enable_mic),
        u8::from(options.allow_attendee_to_enable_camera),
        u8::from(options.allow_teamwork_reactions),
        u8::from(options.allow_recording),
        u8::from(options.record_automatically),
        u8::from(!options.e2ee),
    ]
}

fn any_scope() -> impl Strategy<Value = LobbyScope> {
    prop::sample::select(vec![
        LobbyScope::Organizer,
        LobbyScope::Invited,
        LobbyScope::OrganizationExcludingGuests,
        LobbyScope::Organization,
        LobbyScope::OrganizationAndFederated,
        LobbyScope::Everyone,
    ])
}

fn any_presenters() -> impl Strategy<Value = AllowedPresenters> {
    prop::sample::select(vec![
        AllowedPresenters::Organizer,
        AllowedPresenters::RoleIsPresenter,
        AllowedPresenters::Organization,
        AllowedPresenters::Everyone,
    ])
}

prop_compose! {
    fn any_restrictions()(
        lobby_scope in prop::option::of(any_scope()),
        allowed_presenters in prop::option::of(any_presenters()),
        mic: Option<bool>, camera: Option<bool>, reactions: Option<bool>, recording: Option<bool>,
        automatic: Option<bool>, e2ee: Option<bool>,
    ) -> Restrictions {
        Restrictions {
            lobby_scope,
            allowed_presenters,
            allow_attendee_to_enable_mic: mic,
            allow_attendee_to_enable_camera: camera,
            allow_teamwork_reactions: reactions,
            allow_recording: recording,
            record_automatically: automatic,
            e2ee,
            ..Restrictions::default()
        }
    }
}

proptest! {
    #[test]
    fn no_level_gives_back_what_another_has_taken(
        scope in any_scope(), presenters in any_presenters(),
        label in prop::option::of(any_restrictions()), template in prop::option::of(any_restrictions()),
        reactions: bool, recording: bool, mic: bool, automatic: bool,
    ) {
        let organizer = OrganizerPolicy {
            allow_meeting_reactions: reactions,
            allow_cloud_recording: recording,
            ..OrganizerPolicy::default()
        };
        let options = MeetingOptions {
            lobby: scope.into(),
            allowed_presenters: presenters,
            allow_attendee_to_enable_mic: mic,
            record_automatically: automatic,
            ..MeetingOptions::default()
        };
        let all = |label: Option<&Restrictions>, template: Option<&Restrictions>| {
            effective(&Sources { organizer: &organizer, label, template, options: &options }).options
        };
        let whole = breadths(&all(label.as_ref(), template.as_ref()));
        for fewer in [all(None, None), all(label.as_ref(), None), all(None, template.as_ref()), options.clone()] {
            let fewer = breadths(&fewer);
            prop_assert!(whole.iter().zip(fewer).all(|(whole, fewer)| *whole <= fewer), "{whole:?} {fewer:?}");
        }
    }
}

#[test]
fn a_file_says_everything_and_is_read_back() {
    let settings = TenantSettings {
        disable_anonymous_join: true,
        enable_acs_users: true,
        capability_profile: CapabilityProfile::Y2021,
        ..TenantSettings::default()
    };
    let mut policies = policies(vec![
        grant("Sales", None, Some(SALES), 1),
        grant("Own", Some(ALICE), None, 0),
    ]);
    policies.labels.insert(
        "Confidential".to_owned(),
        Restrictions {
            lobby_scope: Some(LobbyScope::Invited),
            ..Restrictions::default()
        },
    );
    let name = |id: ObjectId| {
        if id == ALICE {
            "alice@contoso.example".to_owned()
        } else {
            id.to_string()
        }
    };
    let file = TenantFile::of(&settings, &policies, name);
    let every: usize = [
        &file.meeting_configuration,
        &file.federation_configuration,
        &file.anteroom,
    ]
    .iter()
    .map(|section| section.len())
    .sum();
    let serde_json::Value::Object(all) = serde_json::to_value(&settings).unwrap() else {
        panic!("settings are an object")
    };
    assert_eq!(every, all.len(), "each setting stands in one section");

    let again: TenantFile = serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap();
    let user = |name: &str| (name == "alice@contoso.example").then_some(ALICE);
    let group = |name: &str| name.parse().ok().filter(|id| *id == SALES);
    assert_eq!(again.settings(), Ok(settings));
    // The policies that apply when nothing is granted are always written out.
    policies
        .external_access
        .insert(GLOBAL.to_owned(), ExternalAccessPolicy::default());
    assert_eq!(again.policies(user, group), Ok(policies));
    assert_eq!(
        again.policies(|_| None, group),
        Err(FileError::UnknownGrantee("alice@contoso.example".to_owned()))
    );
}

#[test]
fn what_stands_in_the_wrong_section_is_refused() {
    let file = |text: &str| serde_json::from_str::<TenantFile>(text).unwrap();
    let wrong = file(r#"{"CsTeamsMeetingConfiguration":{"EnableAcsUsers":true}}"#);
    assert_eq!(
        wrong.settings().unwrap_err().to_string(),
        "CsTeamsMeetingConfiguration has no setting EnableAcsUsers"
    );
    let kind = file(r#"{"CsTeamsMeetingConfiguration":{"DisableAnonymousJoin":"yes"}}"#);
    assert!(
        kind.settings()
            .unwrap_err()
            .to_string()
            .starts_with("CsTeamsMeetingConfiguration: invalid type")
    );
    let misplaced = file(r#"{"CsTeamsMeetingPolicy":{"Global":{"EnableAcsFederationAccess":true}}}"#);
    assert_eq!(
        misplaced.policies(|_| None, |_| None),
        Err(FileError::Document(DocumentError::Misplaced(GLOBAL.to_owned())))
    );
    assert!(serde_json::from_str::<TenantFile>(r#"{"CsTeamsMeetingPolicies":{}}"#).is_err());
}
