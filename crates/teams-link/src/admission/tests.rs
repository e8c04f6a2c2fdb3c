//! The decision as a table, row by row.

use anteroom_identity::id::{ObjectId, ResourceId};
use uuid::Uuid;

use super::*;
use crate::link;
use crate::policy::{Attendee, CaptchaVerification, ClientType, LobbyScope, MeetingKind};
use crate::{Capability, CapabilitySet, Role};

mod naive;
mod rights;

const RESOURCE: ResourceId = ResourceId::new(Uuid::from_u128(1));
const ALICE: ObjectId = ObjectId::new(Uuid::from_u128(2));
const BOB: ObjectId = ObjectId::new(Uuid::from_u128(3));

const GUEST: Participant = Participant::Guest {
    resource: RESOURCE,
    is_bot: false,
};
const ORGANIZER: Participant = Participant::Organization {
    oid: ALICE,
    is_organizer: true,
    is_co_organizer: false,
    relation: Relation::Member,
};
const CO_ORGANIZER: Participant = Participant::Organization {
    oid: BOB,
    is_organizer: false,
    is_co_organizer: true,
    relation: Relation::Member,
};
const MEMBER: Participant = Participant::Organization {
    oid: BOB,
    is_organizer: false,
    is_co_organizer: false,
    relation: Relation::Member,
};
const STRANGER: Participant = Participant::Organization {
    oid: BOB,
    is_organizer: false,
    is_co_organizer: false,
    relation: Relation::Stranger,
};
const EVERYBODY: [Participant; 5] = [GUEST, ORGANIZER, CO_ORGANIZER, MEMBER, STRANGER];

/// A meeting that is running, with room, and otherwise as Microsoft would set it up.
#[derive(Debug, Clone)]
struct Case {
    cloud: Cloud,
    kind: LinkKind,
    tenant: TenantSettings,
    organizer: OrganizerPolicy,
    options: MeetingOptions,
    started: bool,
    participant_count: usize,
}

impl Case {
    fn new(change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self {
            cloud: Cloud::Public,
            kind: LinkKind::Own,
            tenant: TenantSettings::default(),
            organizer: OrganizerPolicy::default(),
            options: MeetingOptions::default(),
            started: true,
            participant_count: 1,
        };
        change(&mut case);
        case
    }

    fn input(&self, participant: Participant) -> AdmissionInput<'_> {
        AdmissionInput {
            cloud: self.cloud,
            kind: self.kind,
            tenant: &self.tenant,
            organizer: &self.organizer,
            options: &self.options,
            started: self.started,
            participant_count: self.participant_count,
            limit: 10,
            participant,
        }
    }

    fn decide(&self, participant: Participant) -> Decision {
        decide(&self.input(participant))
    }

    /// `admit`, `wait`, `start` or the key of the refusal.
    fn outcome(&self, participant: Participant) -> &'static str {
        match self.decide(participant) {
            Decision::Admit { .. } => "admit",
            Decision::Lobby(LobbyReason::WaitForAdmit) => "wait",
            Decision::Lobby(LobbyReason::WaitForStart) => "start",
            Decision::Deny(refusal) => refusal.reason.key,
        }
    }

    fn rights(&self, participant: Participant) -> (Role, CapabilitySet) {
        match decide_admitted(&self.input(participant)) {
            Decision::Admit { role, capabilities } => (role, capabilities),
            other => panic!("{other:?}"),
        }
    }
}

fn federated(case: &mut Case) {
    case.tenant.enable_acs_users = true;
    case.tenant.allowed_acs_resources.insert(RESOURCE);
}

#[test]
fn the_lobby_is_passed_by_those_the_scope_names() {
    use LobbyScope::*;
    // scope, started: guest, organizer, co-organizer, member, stranger
    let rows = [
        (Everyone, true, ["admit", "admit", "admit", "admit", "admit"]),
        (Everyone, false, ["start", "admit", "admit", "admit", "start"]),
        (
            OrganizationAndFederated,
            true,
            ["wait", "admit", "admit", "admit", "wait"],
        ),
        (Organization, true, ["wait", "admit", "admit", "admit", "wait"]),
        (Organization, false, ["wait", "admit", "admit", "admit", "wait"]),
        (
            OrganizationExcludingGuests,
            true,
            ["wait", "admit", "admit", "admit", "wait"],
        ),
        (Invited, true, ["wait", "admit", "admit", "wait", "wait"]),
        (Invited, false, ["wait", "admit", "admit", "wait", "wait"]),
        (Organizer, true, ["wait", "admit", "admit", "wait", "wait"]),
        (Organizer, false, ["wait", "admit", "admit", "wait", "wait"]),
    ];
    for (scope, started, expected) in rows {
        let case = Case::new(|case| {
            case.options.lobby.scope = scope;
            case.started = started;
        });
        assert_eq!(
            EVERYBODY.map(|participant| case.outcome(participant)),
            expected,
            "{scope:?} {started}"
        );
    }
}

#[test]
fn who_is_invited_passes_where_the_invited_do() {
    for (role, outcome) in [
        (AttendeeRole::Attendee, "admit"),
        (AttendeeRole::Presenter, "admit"),
        (AttendeeRole::CoOrganizer, "admit"),
    ] {
        let case = Case::new(|case| {
            case.options.lobby.scope = LobbyScope::Invited;
            case.options.attendees = vec![Attendee { id: BOB, role }];
        });
        assert_eq!(case.outcome(MEMBER), outcome);
        assert_eq!(
            case.outcome(STRANGER),
            outcome,
            "signed in elsewhere, with an invitation"
        );
        assert_eq!(case.outcome(GUEST), "wait");
        let unstarted = Case {
            started: false,
            ..case
        };
        assert_eq!(
            unstarted.outcome(STRANGER),
            "start",
            "a stranger does not start the meeting"
        );
    }
    let co_organizer = Case::new(|case| {
        case.options.lobby.scope = LobbyScope::Organizer;
        case.options.attendees = vec![Attendee {
            id: BOB,
            role: AttendeeRole::CoOrganizer,
        }];
    });
    assert_eq!(co_organizer.outcome(MEMBER), "admit");
    assert_eq!(
        co_organizer.outcome(STRANGER),
        "wait",
        "of another tenant, nobody is a co-organizer"
    );
}

#[test]
fn anonymous_start_counts_with_an_open_lobby_only() {
    for (scope, outcome) in [
        (LobbyScope::Everyone, "admit"),
        (LobbyScope::Organization, "wait"),
    ] {
        let case = Case::new(|case| {
            case.options.lobby.scope = scope;
            case.organizer.allow_anonymous_start = true;
            case.started = false;
        });
        assert_eq!(case.outcome(GUEST), outcome);
    }
}

#[test]
fn anonymous_join_off_keeps_guests_and_strangers_out() {
    let by_tenant = Case::new(|case| case.tenant.disable_anonymous_join = true);
    let by_organizer = Case::new(|case| case.organizer.allow_anonymous_join = false);
    for case in [by_tenant, by_organizer] {
        let expected = [
            "anonymous_join_disabled",
            "admit",
            "admit",
            "admit",
            "anonymous_join_disabled",
        ];
        assert_eq!(EVERYBODY.map(|participant| case.outcome(participant)), expected);
    }
    for (blocked, guest, stranger) in [
        (ClientType::Acs, "client_type_blocked", "wait"),
        (ClientType::Teams, "wait", "client_type_blocked"),
    ] {
        let case = Case::new(|case| {
            case.organizer.blocked_client_types.insert(blocked);
        });
        assert_eq!((case.outcome(GUEST), case.outcome(STRANGER)), (guest, stranger));
        assert_eq!(case.outcome(MEMBER), "admit");
    }
}

#[test]
fn federation_rules() {
    // what is changed on a tenant that federates with the guest's resource, and the outcome for the guest
    type Change = fn(&mut Case);
    let rows: [(&str, Change, &str); 13] = [
        ("federated", |_| {}, "wait"),
        (
            "required",
            |case| case.tenant.require_acs_federation = true,
            "wait",
        ),
        (
            "required, off",
            |case| {
                case.tenant.require_acs_federation = true;
                case.tenant.enable_acs_users = false;
            },
            "federation_required",
        ),
        (
            "required, not listed",
            |case| {
                case.tenant.require_acs_federation = true;
                case.tenant.allowed_acs_resources.clear();
            },
            "resource_not_allowed",
        ),
        (
            "required, organizer out",
            |case| {
                case.tenant.require_acs_federation = true;
                case.organizer.enable_acs_federation_access = false;
            },
            "federation_disabled_for_organizer",
        ),
        (
            "not listed: anonymous",
            |case| case.tenant.allowed_acs_resources.clear(),
            "wait",
        ),
        (
            "not listed, override does not help",
            |case| {
                case.tenant.allowed_acs_resources.clear();
                case.tenant.disable_anonymous_join = true;
                case.tenant.federation_overrides_anonymous_block = true;
            },
            "anonymous_join_disabled",
        ),
        (
            "organizer out",
            |case| case.organizer.enable_acs_federation_access = false,
            "federation_disabled_for_organizer",
        ),
        (
            "organizer out, tenant off",
            |case| {
                case.organizer.enable_acs_federation_access = false;
                case.tenant.enable_acs_users = false;
            },
            "wait",
        ),
        (
            "anonymous off",
            |case| case.tenant.disable_anonymous_join = true,
            "anonymous_join_disabled",
        ),
        (
            "anonymous off, overridden",
            |case| {
                case.tenant.disable_anonymous_join = true;
                case.tenant.federation_overrides_anonymous_block = true;
            },
            "wait",
        ),
        (
            "organizer's anonymous off, overridden",
            |case| {
                case.organizer.allow_anonymous_join = false;
                case.tenant.federation_overrides_anonymous_block = true;
            },
            "wait",
        ),
        (
            "client blocked, overridden",
            |case| {
                case.organizer.blocked_client_types.insert(ClientType::Acs);
                case.tenant.federation_overrides_anonymous_block = true;
            },
            "wait",
        ),
    ];
    for (name, change, outcome) in rows {
        let case = Case::new(|case| {
            federated(case);
            change(case);
        });
        assert_eq!(case.outcome(GUEST), outcome, "{name}");
        assert_eq!(case.outcome(MEMBER), "admit", "{name}");
    }
}

#[test]
fn the_meeting_itself_refuses() {
    let locked = Case::new(|case| case.options.locked = true);
    let expected = [
        "meeting_locked",
        "admit",
        "admit",
        "meeting_locked",
        "meeting_locked",
    ];
    assert_eq!(EVERYBODY.map(|participant| locked.outcome(participant)), expected);

    let full = Case::new(|case| case.participant_count = 10);
    assert_eq!(
        EVERYBODY.map(|participant| full.outcome(participant)),
        ["meeting_full"; 5]
    );
    let last = Case::new(|case| case.participant_count = 9);
    assert_eq!(last.outcome(MEMBER), "admit");

    let encrypted = Case::new(|case| case.options.e2ee = true);
    assert_eq!(
        (encrypted.outcome(GUEST), encrypted.outcome(MEMBER)),
        ("e2ee", "admit")
    );

    let captcha = Case::new(|case| {
        case.organizer.captcha_verification = CaptchaVerification::AnonymousUsersAndUntrustedOrganizations;
    });
    let expected = ["captcha_required", "admit", "admit", "admit", "captcha_required"];
    assert_eq!(
        EVERYBODY.map(|participant| captcha.outcome(participant)),
        expected
    );
}

#[test]
fn clouds_and_kinds_that_are_never_joined() {
    for (cloud, kind, key) in [
        (Cloud::GccHigh, LinkKind::Private, "government_cloud"),
        (Cloud::Dod, LinkKind::Short, "government_cloud"),
        (Cloud::China, LinkKind::Private, "cloud_not_supported"),
        (Cloud::Consumer, LinkKind::Consumer, "kind_not_supported"),
        (Cloud::Public, LinkKind::LiveEvent, "kind_not_supported"),
    ] {
        let case = Case::new(|case| {
            case.cloud = cloud;
            case.kind = kind;
        });
        assert_eq!(EVERYBODY.map(|participant| case.outcome(participant)), [key; 5]);
    }
    for kind in [
        LinkKind::Own,
        LinkKind::Private,
        LinkKind::Channel,
        LinkKind::Short,
        LinkKind::Typed,
    ] {
        assert_eq!(Case::new(|case| case.kind = kind).outcome(GUEST), "wait");
    }
}

#[test]
fn a_link_to_no_known_meeting_is_refused_for_what_it_shows() {
    for (link, key) in [
        (
            "https://teams.microsoft.com/meet/274918305566421?p=abc",
            "meeting_not_found",
        ),
        (
            "https://teams.microsoft.com/meet/274918305566421",
            "meeting_not_found",
        ),
        (
            "https://gov.teams.microsoft.us/meet/274918305566421",
            "government_cloud",
        ),
        (
            "https://dod.teams.microsoft.us/meet/274918305566421",
            "government_cloud",
        ),
        (
            "https://teams.microsoftonline.cn/meet/274918305566421",
            "cloud_not_supported",
        ),
        ("https://teams.live.com/meet/9365512340987", "kind_not_supported"),
    ] {
        assert_eq!(
            refuse_unknown(&link::parse(link, &[]).unwrap()).reason.key,
            key,
            "{link}"
        );
    }
    assert_eq!(
        EndReason::from(link::parse("https://evil.example/", &[]).unwrap_err()),
        EndReason::bad_locator()
    );
}

#[test]
fn the_most_general_refusal_is_told() {
    // Each step mends what was told before.
    let mut case = Case::new(|case| {
        case.cloud = Cloud::GccHigh;
        case.options.e2ee = true;
        case.tenant.require_acs_federation = true;
        case.tenant.disable_anonymous_join = true;
        case.options.locked = true;
        case.participant_count = 10;
        case.organizer.captcha_verification = CaptchaVerification::AnonymousUsersAndUntrustedOrganizations;
    });
    type Mend = fn(&mut Case);
    let steps: [(&str, Mend); 7] = [
        ("government_cloud", |case| case.cloud = Cloud::Public),
        ("e2ee", |case| case.options.e2ee = false),
        ("federation_required", federated),
        ("anonymous_join_disabled", |case| {
            case.tenant.disable_anonymous_join = false
        }),
        ("meeting_locked", |case| case.options.locked = false),
        ("meeting_full", |case| case.participant_count = 0),
        ("captcha_required", |case| {
            case.organizer.captcha_verification = CaptchaVerification::NotRequired
        }),
    ];
    for (key, mend) in steps {
        assert_eq!(case.outcome(GUEST), key);
        mend(&mut case);
    }
    assert_eq!(case.outcome(GUEST), "wait");
}

#[test]
fn whoever_is_let_in_passes_the_lobby_and_nothing_else() {
    for scope in [
        LobbyScope::Organizer,
        LobbyScope::Organization,
        LobbyScope::Everyone,
    ] {
        let case = Case::new(|case| {
            case.options.lobby.scope = scope;
            case.started = false;
        });
        for participant in EVERYBODY {
            assert!(matches!(
                decide_admitted(&case.input(participant)),
                Decision::Admit { .. }
            ));
        }
    }
    let full = Case::new(|case| case.participant_count = 10);
    let Decision::Deny(refusal) = decide_admitted(&full.input(GUEST)) else {
        panic!("let into a full meeting")
    };
    assert_eq!(refusal.reason, EndReason::meeting_full());
}

#[test]
fn refusals_name_the_setting_and_the_fix() {
    let case = Case::new(|case| case.organizer.allow_anonymous_join = false);
    let Decision::Deny(refusal) = case.decide(GUEST) else {
        panic!("not denied")
    };
    assert_eq!(refusal.setting, Setting::AllowAnonymousJoin);
    assert_eq!(
        refusal.to_string(),
        "403/990010 anonymous_join_disabled; caused by CsTeamsMeetingPolicy.AllowAnonymousUsersToJoinMeeting. Can be \
         changed by a Teams administrator: Set-CsTeamsMeetingPolicy -Identity <policy> -AllowAnonymousUsersToJoinMeeting $true"
    );
}

#[test]
fn every_combination_keeps_the_invariants() {
    let scopes = [
        LobbyScope::Organizer,
        LobbyScope::Organization,
        LobbyScope::OrganizationExcludingGuests,
        LobbyScope::OrganizationAndFederated,
        LobbyScope::Invited,
        LobbyScope::Everyone,
    ];
    for bits in 0_u32..1 << 10 {
        let on = |bit: u32| bits & (1 << bit) != 0;
        for scope in scopes {
            let case = Case::new(|case| {
                case.tenant.disable_anonymous_join = on(0);
                case.tenant.enable_acs_users = on(1);
                if on(2) {
                    case.tenant.allowed_acs_resources.insert(RESOURCE);
                }
                case.tenant.require_acs_federation = on(3);
                case.tenant.federation_overrides_anonymous_block = on(4);
                case.organizer.allow_anonymous_join = on(5);
                case.organizer.allow_anonymous_start = on(6);
                case.organizer.enable_acs_federation_access = on(7);
                case.options.locked = on(8);
                case.started = on(9);
                case.options.lobby.scope = scope;
            });
            let guest = case.decide(GUEST);
            if let Decision::Admit { role, capabilities } = guest {
                assert_eq!(scope, LobbyScope::Everyone);
                assert!(case.started || case.organizer.allow_anonymous_start);
                assert!(!case.options.locked && matches!(role, Role::Presenter | Role::Attendee));
                assert!(!capabilities.contains(Capability::ManageLobby));
                assert!(!capabilities.contains(Capability::HangUpForEveryOne));
            }
            if case.tenant.disable_anonymous_join && !case.tenant.federation_overrides_anonymous_block {
                assert!(matches!(guest, Decision::Deny(_)), "{bits:b} {scope:?}");
            }
            // The organizer always gets in, and nothing about guests depends on being let in or not.
            assert!(matches!(
                case.decide(ORGANIZER),
                Decision::Admit {
                    role: Role::Organizer,
                    ..
                }
            ));
            let refused = matches!(guest, Decision::Deny(_));
            assert_eq!(
                matches!(decide_admitted(&case.input(GUEST)), Decision::Deny(_)),
                refused
            );
        }
    }
}
