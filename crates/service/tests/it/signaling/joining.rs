//! Who gets in, and what the others are told.

use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::proto::server_message::Body;
use anteroom_signaling::proto::{self, Admit, EndMeeting, Leave, Reject, Remove, Role, lobby::Reason};
use anteroom_signaling::wire::Encoding;
use anteroom_teams_link::policy::{LobbyScope, MeetingOptions, TenantFile};

use crate::common::Host;
use crate::signaling::client::Client;

async fn record(host: &Host) -> anteroom_service::meetings::MeetingRecord {
    let tenant = host.dev().tenant_id.parse().unwrap();
    host.service
        .app()
        .meetings()
        .of_tenant(tenant)
        .await
        .unwrap()
        .remove(0)
}

async fn set_scope(host: &Host, scope: LobbyScope) {
    let options = MeetingOptions {
        lobby: scope.into(),
        ..record(host).await.options
    };
    let id = record(host).await.id;
    assert!(
        host.service
            .app()
            .meetings()
            .set_options(&id, options)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_guest_is_held_in_the_lobby_admitted_and_leaves() {
    let host = Host::start().await;
    let (mut alice, connected) = Client::alice(&host).await;
    assert_eq!(connected.role(), Role::Organizer);
    assert_eq!(connected.thread_id, host.dev().meeting.thread_id);
    let mut dana = Client::guest(&host, "Dana (guest)").await;
    assert_eq!(dana.lobby().await, Reason::WaitForAdmit);
    let waiting = alice.lobby_entry().await;
    let id = alice
        .send(Said::Admit(Admit {
            participant_ids: vec![waiting.clone()],
            all: false,
        }))
        .await;
    assert!(matches!(alice.answer(id).await, Body::Done(_)));
    let connected = dana.connected().await;
    assert_eq!(connected.participant_id, waiting);
    assert!(!connected.capabilities.contains(&"manageLobby".to_owned()));
    let roster = dana
        .expect(|body| match body {
            Body::Roster(update) if update.snapshot => Some(update.upserted),
            _ => None,
        })
        .await;
    let external: Vec<_> = roster
        .iter()
        .map(|p| (p.display_name.as_str(), p.external))
        .collect();
    assert_eq!(
        external,
        [
            (host.dev().users[0].display_name.as_str(), false),
            ("Dana (guest)", true)
        ]
    );

    let id = dana.send(Said::Leave(Leave {})).await;
    let Body::Ended(ended) = dana.answer(id).await else {
        panic!()
    };
    let reason = ended.reason.unwrap();
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (0, 0, "left")
    );
    assert_eq!(dana.closed().await, Some(1000));
    let left = alice
        .expect(|body| match body {
            Body::Roster(update) if !update.left.is_empty() => Some(update.left),
            _ => None,
        })
        .await;
    assert_eq!(left, [waiting]);
    host.service.shutdown().await;
}

#[tokio::test]
async fn rejected_removed_and_ended_are_told_apart() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut rejected = Client::guest(&host, "One").await;
    let waiting = alice.lobby_entry().await;
    alice
        .send(Said::Reject(Reject {
            participant_ids: vec![waiting],
        }))
        .await;
    let (reason, code) = rejected.over().await;
    assert_eq!((reason.code, reason.sub_code, code), (0, 5854, Some(1000)));

    let mut removed = Client::guest(&host, "Two").await;
    let waiting = alice.lobby_entry().await;
    alice
        .send(Said::Admit(Admit {
            participant_ids: vec![],
            all: true,
        }))
        .await;
    removed.connected().await;
    // Guests may not do to others what is done to them.
    let id = removed.send(Said::EndMeeting(EndMeeting {})).await;
    assert_eq!(removed.error(id).await, "not_allowed");
    alice
        .send(Said::Remove(Remove {
            participant_ids: vec![waiting],
        }))
        .await;
    let (reason, _) = removed.over().await;
    assert_eq!((reason.code, reason.sub_code), (0, 5300));

    let mut last = Client::guest(&host, "Three").await;
    assert_eq!(last.lobby().await, Reason::WaitForAdmit);
    alice.send(Said::EndMeeting(EndMeeting {})).await;
    for client in [&mut last, &mut alice] {
        let (reason, _) = client.over().await;
        assert_eq!(
            (reason.code, reason.sub_code, reason.key.as_str()),
            (0, 4097, "ended")
        );
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    let host = Host::start_with(|config| config.limits.lobby_timeout_seconds = 1).await;
    let mut dana = Client::guest(&host, "Dana").await;
    let (reason, _) = dana.over().await;
    assert_eq!(
        (reason.code, reason.sub_code, reason.key.as_str()),
        (0, 5855, "lobby_timeout")
    );
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_tenant_has_a_time_of_its_own_for_the_lobby() {
    let host = Host::start().await;
    apply(&host, r#"{"Anteroom":{"LobbyTimeoutSeconds":1}}"#).await;
    let mut dana = Client::guest(&host, "Dana").await;
    assert_eq!(dana.end_key().await, "lobby_timeout");
    host.service.shutdown().await;
}

#[tokio::test]
async fn settings_count_at_once_for_those_who_wait() {
    let host = Host::start().await;
    let mut waiting = Client::guest(&host, "Waiting").await;
    waiting.lobby().await;
    let tenant = r#"{"CsTeamsMeetingConfiguration":{"DisableAnonymousJoin":true}}"#;
    apply(&host, tenant).await;
    assert_eq!(waiting.end_key().await, "anonymous_join_disabled");
    let mut late = Client::guest(&host, "Late").await;
    let (reason, _) = late.over().await;
    assert_eq!((reason.code, reason.sub_code), (403, 990_010));

    // What is not said is the default again; the organizer's policy is granted to the organizer.
    let policy = r#"{"CsTeamsMeetingPolicy":{"Closed":{"AllowAnonymousUsersToJoinMeeting":false}},
        "Grant":[{"PolicyType":"CsTeamsMeetingPolicy","PolicyName":"Closed","User":"alice@contoso.example"}]}"#;
    apply(&host, policy).await;
    let mut later = Client::guest(&host, "Later").await;
    assert_eq!(later.end_key().await, "anonymous_join_disabled");
    apply(&host, "{}").await;
    let mut welcome = Client::guest(&host, "Welcome").await;
    assert_eq!(welcome.lobby().await, Reason::WaitForAdmit);
    host.service.shutdown().await;
}

/// Sets what is set for the demo tenant.
async fn apply(host: &Host, file: &str) {
    let file: TenantFile = serde_json::from_str(file).unwrap();
    let app = host.service.app();
    let tenant = host.dev().tenant_id.parse().unwrap();
    app.tenants()
        .apply(tenant, file, app.resource(), false)
        .await
        .unwrap();
}

#[tokio::test]
async fn lobby_for_everyone_opens_with_the_first_of_the_organization() {
    let host = Host::start().await;
    set_scope(&host, LobbyScope::Everyone).await;
    let mut dana = Client::guest(&host, "Dana").await;
    assert_eq!(dana.lobby().await, Reason::WaitForStart);
    // Not yet: Bob is held in the lobby himself.
    set_scope(&host, LobbyScope::Organizer).await;
    assert_eq!(dana.lobby().await, Reason::WaitForAdmit);
    set_scope(&host, LobbyScope::Everyone).await;
    assert_eq!(dana.lobby().await, Reason::WaitForStart);
    let (_bob, connected) = Client::employee(&host, "bob@contoso.example").await;
    assert_eq!(connected.role(), Role::Presenter);
    dana.connected().await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn both_forms_of_a_link_and_the_printed_id_lead_to_one_meeting() {
    let host = Host::start().await;
    set_scope(&host, LobbyScope::Everyone).await;
    let (_alice, at_alice) = Client::alice(&host).await;
    let meeting = record(&host).await;
    for link in [host.dev().meeting.teams_url.clone(), meeting.join_url.clone()] {
        let (_, token) = host.guest(&["voip"]).await;
        let (mut guest, _) = Client::hello(&host, Encoding::Json, &token).await;
        guest.join(&link, "Dana").await;
        assert_eq!(guest.connected().await.call_id, at_alice.call_id);
    }
    let (_, token) = host.guest(&["voip.join"]).await;
    let (mut guest, _) = Client::hello(&host, Encoding::Protobuf, &token).await;
    let locator = proto::join::Locator::MeetingId(proto::MeetingIdLocator {
        meeting_id: meeting.meeting_id.clone(),
        passcode: meeting.passcode.clone().unwrap_or_default(),
    });
    guest
        .send(Said::Join(proto::Join {
            locator: Some(locator),
            display_name: "Dana".to_owned(),
        }))
        .await;
    assert_eq!(guest.connected().await.call_id, at_alice.call_id);
    host.service.shutdown().await;
}

#[tokio::test]
async fn links_that_lead_nowhere_are_refused_with_the_reason() {
    let host = Host::start().await;
    let known = host.dev().meeting.join_url.clone();
    let wrong_passcode = known.split("?p=").next().unwrap().to_owned() + "?p=wrong";
    let unknown = known.replace("/meet/", "/meet/9");
    let government = host
        .dev()
        .meeting
        .teams_url
        .replace("teams.microsoft.com", "gov.teams.microsoft.us");
    for (link, code, sub_code, key) in [
        (wrong_passcode.as_str(), 404, 5751, "meeting_not_found"),
        (&unknown, 404, 5751, "meeting_not_found"),
        (&government, 403, 990_022, "government_cloud"),
        ("https://example.org/", 400, 990_001, "bad_locator"),
        ("not a link", 400, 990_001, "bad_locator"),
    ] {
        let (_, token) = host.guest(&["voip"]).await;
        let (mut guest, _) = Client::hello(&host, Encoding::Json, &token).await;
        guest.join(link, "Dana").await;
        let (reason, _) = guest.over().await;
        assert_eq!(
            (reason.code, reason.sub_code, reason.key.as_str()),
            (code, sub_code, key),
            "{link}"
        );
        assert!(!reason.message.is_empty());
    }
    let (_, token) = host.guest(&["voip"]).await;
    let (mut guest, _) = Client::hello(&host, Encoding::Protobuf, &token).await;
    let id = guest
        .send(Said::Join(proto::Join {
            locator: None,
            display_name: "Dana".to_owned(),
        }))
        .await;
    assert_eq!(guest.error(id).await, "malformed");
    host.service.shutdown().await;
}

#[tokio::test]
async fn guessing_passcodes_is_slowed_down() {
    let host = Host::start().await;
    let known = host.dev().meeting.join_url.clone();
    let (_, token) = host.guest(&["voip"]).await;
    let mut keys = Vec::new();
    for guess in 0..31 {
        let (mut guest, _) = Client::hello(&host, Encoding::Json, &token).await;
        let wrong = known.split("?p=").next().unwrap().to_owned() + &format!("?p=wrong{guess}");
        guest.join(&wrong, "Dana").await;
        keys.push(guest.end_key().await);
    }
    assert!(
        keys[..30].iter().all(|key| key == "meeting_not_found"),
        "{keys:?}"
    );
    assert_eq!(keys[30], "too_many_attempts");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_meeting_that_is_guessed_at_waits_on_every_path() {
    let host = Host::start_with(|config| config.limits.passcode_failures_per_meeting = 3).await;
    let known = record(&host).await;
    let (_, token) = host.guest(&["voip"]).await;
    let passcode = known.passcode.clone().unwrap();
    let unknown_id = "999000000000000";
    let unknown_link = known.join_url.replace(&known.meeting_id, unknown_id);
    let by_id = |id: &str, passcode: &str| {
        proto::join::Locator::MeetingId(proto::MeetingIdLocator {
            meeting_id: id.to_owned(),
            passcode: passcode.to_owned(),
        })
    };
    let by_link = |link: &str| proto::join::Locator::MeetingLink(link.to_owned());

    let ask = async |locator| {
        let (mut guest, _) = Client::hello(&host, Encoding::Json, &token).await;
        let join = proto::Join {
            locator: Some(locator),
            display_name: "Dana".to_owned(),
        };
        guest.send(Said::Join(join)).await;
        guest.end_key().await
    };
    // Typed and by link count together, and a meeting that does not exist is answered as one that does.
    for (id, link) in [
        (known.meeting_id.as_str(), &known.join_url),
        (unknown_id, &unknown_link),
    ] {
        let wrong = link.replace(&passcode, "wrong1");
        let mut keys = Vec::new();
        for locator in [
            by_id(id, "wrong1"),
            by_link(&wrong),
            by_id(id, "wrong2"),
            by_id(id, &passcode),
            by_link(link),
        ] {
            keys.push(ask(locator).await);
        }
        assert_eq!(keys[..3], ["meeting_not_found"; 3], "{id}");
        assert_eq!(keys[3..], ["too_many_attempts"; 2], "{id}");

        let target = format!("/meet/{id}?p={passcode}");
        let page = host.get(&target).send().await.unwrap();
        let seconds: u64 = page.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds));
        let body = crate::common::expect(page, 429).await.to_string();
        assert!(!body.contains(&passcode) && !body.contains(id), "{body}");
    }
    let third = known.join_url.replace(&known.meeting_id, "888000000000000");
    assert_eq!(ask(by_link(&third)).await, "meeting_not_found", "another id");
    host.service.shutdown().await;
}

#[tokio::test]
async fn stopping_ends_every_call_and_every_wait() {
    let host = Host::start().await;
    let (mut alice, _) = Client::alice(&host).await;
    let mut waiting = Client::guest(&host, "Waiting").await;
    waiting.lobby().await;
    let (_, token) = host.guest(&["voip"]).await;
    let (mut idle, _) = Client::hello(&host, Encoding::Json, &token).await;
    let ((), ..) = tokio::join!(host.service.shutdown(), async {
        for client in [&mut alice, &mut waiting, &mut idle] {
            let (reason, _) = client.over().await;
            assert_eq!(
                (reason.code, reason.sub_code, reason.key.as_str()),
                (503, 990_040, "service_stopping")
            );
        }
    });
}
