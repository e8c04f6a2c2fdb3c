//! Every combination of settings against a second reading of the rules, which shares nothing with the first: no types
//! beyond the settings', no order but that of the list, no shortcuts.

use super::*;
use crate::policy::ExternalBotAccessMode;

/// Somebody who comes, in the columns of Microsoft's table of who bypasses the lobby.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Organizer,
    CoOrganizer,
    Member,
    GuestAccount,
    Trusted,
    Untrusted,
    Acs,
    Bot,
    Phone,
}

const KINDS: [Kind; 9] = [
    Kind::Organizer,
    Kind::CoOrganizer,
    Kind::Member,
    Kind::GuestAccount,
    Kind::Trusted,
    Kind::Untrusted,
    Kind::Acs,
    Kind::Bot,
    Kind::Phone,
];

impl Kind {
    fn participant(self) -> Participant {
        let user = |is_organizer, is_co_organizer, relation| Participant::Organization {
            oid: BOB,
            is_organizer,
            is_co_organizer,
            relation,
        };
        match self {
            Self::Organizer => user(true, false, Relation::Member),
            Self::CoOrganizer => user(false, true, Relation::Member),
            Self::Member => user(false, false, Relation::Member),
            Self::GuestAccount => user(false, false, Relation::GuestAccount),
            Self::Trusted => user(false, false, Relation::Trusted),
            Self::Untrusted => user(false, false, Relation::Stranger),
            Self::Acs => Participant::Guest {
                resource: RESOURCE,
                is_bot: false,
            },
            Self::Bot => Participant::Guest {
                resource: RESOURCE,
                is_bot: true,
            },
            Self::Phone => Participant::DialIn,
        }
    }
}

/// The rows of the table: scope, then who is in.
fn bypasses(scope: LobbyScope, kind: Kind, invited: bool) -> bool {
    let row: [bool; 9] = match scope {
        //                               org   co    member guest trusted untrusted acs bot phone
        LobbyScope::Everyone => [true, true, true, true, true, true, true, true, false],
        LobbyScope::OrganizationAndFederated => [true, true, true, true, true, false, false, false, false],
        LobbyScope::Organization => [true, true, true, true, false, false, false, false, false],
        LobbyScope::OrganizationExcludingGuests => {
            [true, true, true, false, false, false, false, false, false]
        }
        LobbyScope::Invited => [
            true, true, invited, invited, invited, invited, false, false, false,
        ],
        LobbyScope::Organizer => [true, true, false, false, false, false, false, false, false],
    };
    let column = KINDS.iter().position(|other| *other == kind).unwrap();
    row[column]
}

/// The rules as a list of sentences, each tried in turn.
fn expected(case: &Case, kind: Kind, invited: bool) -> &'static str {
    let (tenant, organizer, options) = (&case.tenant, &case.organizer, &case.options);
    let acs = matches!(kind, Kind::Acs | Kind::Bot);
    let anonymous = acs || kind == Kind::Untrusted;
    let leads = matches!(kind, Kind::Organizer | Kind::CoOrganizer);
    let listed = tenant.allowed_acs_resources.contains(&RESOURCE);
    let federated = tenant.enable_acs_users && listed && organizer.enable_acs_federation_access;
    let client = if acs { ClientType::Acs } else { ClientType::Teams };
    let must_be_anonymous = anonymous && !(acs && federated && tenant.federation_overrides_anonymous_block);
    let verified = !anonymous && kind != Kind::Phone;
    let closed_kind = matches!(
        options.kind,
        MeetingKind::Webinar | MeetingKind::TownHall | MeetingKind::LiveEvent
    );
    let dial_in_waits = kind == Kind::Phone && !options.lobby.is_dial_in_bypass_enabled;
    let scope_waits = kind != Kind::Phone && !bypasses(options.lobby.scope, kind, invited);
    let bot_waits = kind == Kind::Bot
        && organizer.external_bot_access_mode == ExternalBotAccessMode::RequireApprovalWhenDetected;
    let may_start = organizer.allow_anonymous_start && options.lobby.scope == LobbyScope::Everyone;
    let sentences = [
        (closed_kind && anonymous, "kind_not_supported"),
        (acs && options.e2ee, "e2ee"),
        (
            acs && tenant.require_acs_federation && !tenant.enable_acs_users,
            "federation_required",
        ),
        (
            acs && tenant.require_acs_federation && !listed,
            "resource_not_allowed",
        ),
        (
            acs && tenant.enable_acs_users && !organizer.enable_acs_federation_access,
            "federation_disabled_for_organizer",
        ),
        (
            must_be_anonymous && (tenant.disable_anonymous_join || !organizer.allow_anonymous_join),
            "anonymous_join_disabled",
        ),
        (
            must_be_anonymous && organizer.blocked_client_types.contains(&client),
            "client_type_blocked",
        ),
        (options.locked && !leads, "meeting_locked"),
        (case.participant_count >= 10, "meeting_full"),
        (
            anonymous && organizer.captcha_verification != CaptchaVerification::NotRequired,
            "captcha_required",
        ),
        (bot_waits || dial_in_waits || scope_waits, "wait"),
        (!(verified || case.started || anonymous && may_start), "start"),
        (true, "admit"),
    ];
    sentences.into_iter().find(|(holds, _)| *holds).unwrap().1
}

const SCOPES: [LobbyScope; 6] = [
    LobbyScope::Organizer,
    LobbyScope::Organization,
    LobbyScope::OrganizationExcludingGuests,
    LobbyScope::OrganizationAndFederated,
    LobbyScope::Invited,
    LobbyScope::Everyone,
];

/// The switches of a case, one bit each.
const SWITCHES: [fn(&mut Case); 16] = [
    |case| case.tenant.disable_anonymous_join = true,
    |case| case.tenant.enable_acs_users = true,
    |case| {
        case.tenant.allowed_acs_resources.insert(RESOURCE);
    },
    |case| case.tenant.require_acs_federation = true,
    |case| case.tenant.federation_overrides_anonymous_block = true,
    |case| case.organizer.allow_anonymous_join = false,
    |case| case.organizer.allow_anonymous_start = true,
    |case| {
        case.organizer.blocked_client_types.insert(ClientType::Acs);
    },
    |case| {
        case.organizer.blocked_client_types.insert(ClientType::Teams);
    },
    |case| case.organizer.enable_acs_federation_access = false,
    |case| case.organizer.captcha_verification = CaptchaVerification::AnonymousUsersAndUntrustedOrganizations,
    |case| case.organizer.external_bot_access_mode = ExternalBotAccessMode::AllowAll,
    |case| case.options.locked = true,
    |case| case.participant_count = 10,
    |case| case.started = false,
    |case| case.options.e2ee = true,
];

#[test]
fn every_combination_is_as_a_second_reading_has_it() {
    let mut seen = std::collections::BTreeMap::<&str, u32>::new();
    for bits in 0_u32..1 << SWITCHES.len() {
        let mut case = Case::new(|case| {
            for (bit, switch) in SWITCHES.iter().enumerate() {
                if bits & (1 << bit) != 0 {
                    switch(case);
                }
            }
        });
        // What is independent of the switches goes around with them, so that each pair still meets.
        let round = bits.count_ones() as usize + (bits as usize >> 3);
        case.options.lobby.is_dial_in_bypass_enabled = round.is_multiple_of(2);
        case.options.lobby.scope = SCOPES[round % SCOPES.len()];
        let invited = round % 5 < 2;
        if invited {
            case.options.attendees = vec![Attendee {
                id: BOB,
                role: AttendeeRole::Attendee,
            }];
        }
        for kind in KINDS {
            let expected = expected(&case, kind, invited);
            assert_eq!(
                case.outcome(kind.participant()),
                expected,
                "{kind:?} {bits:b} {case:?}"
            );
            *seen.entry(expected).or_default() += 1;
        }
    }
    assert_eq!(
        seen.len(),
        13 - 1,
        "one kind of outcome was never reached: {seen:?}"
    );
}

#[test]
fn every_scope_meets_every_kind_of_meeting_and_participant() {
    use MeetingKind::{Channel, LiveEvent, MeetNow, Scheduled, TownHall, Webinar};
    for meeting in [Scheduled, MeetNow, Channel, Webinar, TownHall, LiveEvent] {
        for scope in SCOPES {
            for flags in 0_u8..16 {
                let on = |bit: u8| flags & (1 << bit) != 0;
                let case = Case::new(|case| {
                    case.options.kind = meeting;
                    case.options.lobby.scope = scope;
                    case.options.lobby.is_dial_in_bypass_enabled = on(0);
                    case.started = on(1);
                    case.organizer.allow_anonymous_start = on(2);
                    if on(3) {
                        case.options.attendees = vec![Attendee {
                            id: BOB,
                            role: AttendeeRole::Attendee,
                        }];
                    }
                });
                for kind in KINDS {
                    let outcome = case.outcome(kind.participant());
                    assert_eq!(outcome, expected(&case, kind, on(3)), "{kind:?} {case:?}");
                }
            }
        }
    }
}

#[test]
fn an_explanation_is_the_decision_and_ends_with_what_decided() {
    for bits in (0_u32..1 << SWITCHES.len()).step_by(7) {
        let case = Case::new(|case| {
            for (bit, switch) in SWITCHES.iter().enumerate() {
                if bits & (1 << bit) != 0 {
                    switch(case);
                }
            }
        });
        for kind in KINDS {
            let participant = kind.participant();
            let explanation = explain(&case.input(participant));
            assert_eq!(explanation.decision, case.decide(participant));
            let decisive = explanation.decisive();
            match explanation.decision {
                Decision::Deny(refusal) => {
                    assert_eq!(decisive.map(|step| step.setting), Some(refusal.setting));
                    assert_eq!(explanation.steps.last(), decisive);
                }
                Decision::Lobby(_) => assert_eq!(explanation.steps.last(), decisive),
                Decision::Admit { .. } => {}
            }
            assert!(explanation.steps.iter().all(|step| !step.value.is_empty()));
        }
    }
}
