//! What settings look like in JSON, and who may chat.

use super::*;

mod levels;

#[test]
fn what_is_left_out_has_microsofts_default() {
    assert_eq!(
        serde_json::from_str::<TenantSettings>("{}").unwrap(),
        TenantSettings::default()
    );
    assert_eq!(
        serde_json::from_str::<OrganizerPolicy>("{}").unwrap(),
        OrganizerPolicy::default()
    );
    let options: MeetingOptions = serde_json::from_str("{}").unwrap();
    assert_eq!(options, MeetingOptions::default());
    assert_eq!(options.lobby.scope, LobbyScope::Organization);
    assert_eq!(options.allowed_presenters, AllowedPresenters::Everyone);
    assert!(
        OrganizerPolicy::default().allow_anonymous_join && !OrganizerPolicy::default().allow_anonymous_start
    );
    assert!(!TenantSettings::default().disable_anonymous_join && !TenantSettings::default().enable_acs_users);
}

#[test]
fn names_are_those_administrators_know() {
    let tenant: TenantSettings = serde_json::from_str(
        r#"{"DisableAnonymousJoin":true,"EnableAcsUsers":true,
            "AllowedAcsResources":["5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10"],
            "RequireAcsFederationForMeeting":true,"FederationOverridesAnonymousBlock":true}"#,
    )
    .unwrap();
    assert!(tenant.disable_anonymous_join && tenant.require_acs_federation);
    let policy: OrganizerPolicy = serde_json::from_str(
        r#"{"AllowAnonymousUsersToJoinMeeting":false,"AllowAnonymousUsersToStartMeeting":true,
            "BlockedAnonymousJoinClientTypes":["ACS","Teams"],"EnableAcsFederationAccess":false,
            "CaptchaVerificationForMeetingJoin":"AnonymousUsersAndUntrustedOrganizations",
            "MeetingChatEnabledType":"EnabledExceptAnonymous"}"#,
    )
    .unwrap();
    assert!(!policy.allow_anonymous_join && policy.blocked_client_types.contains(&ClientType::Acs));
    let options: MeetingOptions = serde_json::from_str(
        r#"{"lobbyBypassSettings":{"scope":"organizationExcludingGuests"},"allowedPresenters":"roleIsPresenter",
            "allowedLobbyAdmitters":"organizerAndCoOrganizers","allowMeetingChat":"limited",
            "allowAttendeeToEnableMic":false,"allowAttendeeToEnableCamera":false,
            "isEndToEndEncryptionEnabled":true,"isLocked":true,
            "attendees":[{"id":"0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19","role":"coorganizer"}]}"#,
    )
    .unwrap();
    assert_eq!(options.lobby.scope, LobbyScope::OrganizationExcludingGuests);
    assert_eq!(options.attendees[0].role, AttendeeRole::CoOrganizer);

    let again: TenantSettings = serde_json::from_str(&serde_json::to_string(&tenant).unwrap()).unwrap();
    assert_eq!(again, tenant);
    assert_eq!(
        serde_json::from_str::<OrganizerPolicy>(&serde_json::to_string(&policy).unwrap()).unwrap(),
        policy
    );
    assert_eq!(
        serde_json::from_str::<MeetingOptions>(&serde_json::to_string(&options).unwrap()).unwrap(),
        options
    );
}

#[test]
fn unknown_names_and_values_are_refused() {
    assert!(serde_json::from_str::<TenantSettings>(r#"{"DisableAnonymusJoin":true}"#).is_err());
    assert!(
        serde_json::from_str::<OrganizerPolicy>(r#"{"BlockedAnonymousJoinClientTypes":["acs"]}"#).is_err()
    );
    assert!(serde_json::from_str::<MeetingOptions>(r#"{"lobbyBypassSettings":{"scope":"nobody"}}"#).is_err());
    assert!(
        serde_json::from_str::<MeetingOptions>(r#"{"lobbyBypassSettings":{"range":"everyone"}}"#).is_err()
    );
    assert!(serde_json::from_str::<MeetingOptions>(r#"{"recordAutomaticly":true}"#).is_err());
}

#[test]
fn chat_needs_policy_and_meeting() {
    use MeetingChatPolicy::{Disabled, Enabled, EnabledExceptAnonymous};
    let check = |policy, chat, user| {
        let organizer = OrganizerPolicy {
            meeting_chat: policy,
            ..OrganizerPolicy::default()
        };
        let options = MeetingOptions {
            allow_meeting_chat: chat,
            ..MeetingOptions::default()
        };
        may_chat(&organizer, &options, user)
    };
    for user in [ChatUser::Member, ChatUser::Anonymous] {
        assert!(check(Enabled, MeetingChat::Enabled, user));
        assert!(check(Enabled, MeetingChat::Limited, user));
        assert!(!check(Enabled, MeetingChat::Disabled, user));
        assert!(!check(Disabled, MeetingChat::Enabled, user));
    }
    assert!(check(
        EnabledExceptAnonymous,
        MeetingChat::Enabled,
        ChatUser::Member
    ));
    assert!(!check(
        EnabledExceptAnonymous,
        MeetingChat::Enabled,
        ChatUser::Anonymous
    ));
}
