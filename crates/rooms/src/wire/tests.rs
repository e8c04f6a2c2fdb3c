use anteroom_identity::id::ResourceId;
use proptest::prelude::*;
use serde_json::json;
use time::macros::datetime;

use super::*;
use crate::id::RoomId;
use crate::window::Window;

const USER: &str = "8:acs:7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10_0000001b-e76c-cf3c-1985-0948220072ec";
const OTHER: &str = "8:acs:7c1f0a52-8f0e-4b57-9a11-2f6f7d3c9e10_0000001b-e76c-cf3c-1985-0948220072ed";

fn changes(json: serde_json::Value) -> Result<Vec<ParticipantChange>, RequestError> {
    let request: UpdateParticipantsRequest = serde_json::from_value(json).unwrap();
    request.participants.unwrap_or_default().into_changes()
}

#[test]
fn null_means_not_given() {
    let request: UpdateRoomRequest =
        serde_json::from_value(json!({"validFrom": null, "validUntil": null, "pstnDialOutEnabled": true}))
            .unwrap();
    let wanted = RoomChanges {
        pstn_dial_out: Some(true),
        ..RoomChanges::default()
    };
    assert_eq!(RoomChanges::from(request), wanted);
    let request: CreateRoomRequest = serde_json::from_value(
        json!({"validFrom": null, "validUntil": null, "pstnDialOutEnabled": null, "participants": null}),
    )
    .unwrap();
    assert_eq!(request.into_new_room(), Ok(NewRoom::default()));
    assert_eq!(
        serde_json::from_str::<CreateRoomRequest>("{}").unwrap(),
        CreateRoomRequest::default()
    );
}

#[test]
fn null_in_the_map_removes_and_a_null_role_means_attendee() {
    let user: AcsUserId = USER.parse().unwrap();
    for (properties, role) in [
        (json!(null), None),
        (json!({}), Some(Role::Attendee)),
        (json!({"role": null}), Some(Role::Attendee)),
        (json!({"role": "Consumer"}), Some(Role::Consumer)),
        (json!({"role": "Collaborator"}), Some(Role::Collaborator)),
    ] {
        assert_eq!(
            changes(json!({"participants": {USER: properties}})),
            Ok(vec![ParticipantChange { user, role }])
        );
    }
    assert_eq!(changes(json!({"participants": null})), Ok(Vec::new()));
}

#[test]
fn refuses_ids_and_roles_that_are_none() {
    for id in [
        "wrong_mri",
        "8:orgid:0000001b-e76c-cf3c-1985-0948220072ec",
        "4:+14255550123",
        "",
    ] {
        for properties in [json!(null), json!({"role": "Presenter"})] {
            assert_eq!(
                changes(json!({"participants": {id: properties}})),
                Err(RequestError::RawId),
                "{id}"
            );
        }
    }
    for role in ["", "presenter", "Kafka"] {
        assert_eq!(
            changes(json!({"participants": {USER: {"role": role}}})),
            Err(RequestError::Role)
        );
    }
}

#[test]
fn keeps_the_order_of_participants() {
    let read = |text: String| {
        let request: UpdateParticipantsRequest = serde_json::from_str(&text).unwrap();
        let map = request.participants.unwrap();
        map.0.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(
        read(format!(r#"{{"participants":{{"{OTHER}":{{}},"{USER}":null}}}}"#)),
        [OTHER, USER]
    );
    assert_eq!(
        read(format!(r#"{{"participants":{{"{USER}":{{}},"{OTHER}":null}}}}"#)),
        [USER, OTHER]
    );
}

#[test]
fn a_map_without_end_is_refused() {
    let entries: Vec<String> = (0..=MAX_ENTRIES)
        .map(|number| format!(r#""{number}":null"#))
        .collect();
    let map = |entries: &[String]| format!(r#"{{"participants":{{{}}}}}"#, entries.join(","));
    assert!(serde_json::from_str::<UpdateParticipantsRequest>(&map(&entries)).is_err());
    assert!(serde_json::from_str::<UpdateParticipantsRequest>(&map(&entries[1..])).is_ok());
}

#[test]
fn a_room_has_all_five_members_and_six_fraction_digits() {
    let now = datetime!(2026-11-20 10:00:00.5 UTC);
    let room = Room {
        id: RoomId::from_random(199_690_362_660_524),
        resource: ResourceId::random(),
        created: now,
        window: Window::new(None, Some(datetime!(2026-11-21 10:00:00.123456789 UTC)), now).unwrap(),
        pstn_dial_out: false,
    };
    assert_eq!(
        serde_json::to_value(RoomModel::from(&room)).unwrap(),
        json!({
            "id": "99199690362660524",
            "createdAt": "2026-11-20T10:00:00.500000+00:00",
            "validFrom": "2026-11-20T10:00:00.500000+00:00",
            "validUntil": "2026-11-21T10:00:00.123456+00:00",
            "pstnDialOutEnabled": false,
        })
    );
}

#[test]
fn the_last_page_has_no_link() {
    let mut page = Collection {
        value: vec![1],
        next_link: None,
    };
    assert_eq!(serde_json::to_value(&page).unwrap(), json!({"value": [1]}));
    page.next_link = Some("https://localhost/rooms".to_owned());
    assert_eq!(
        serde_json::to_value(&page).unwrap(),
        json!({"value": [1], "nextLink": "https://localhost/rooms"})
    );
}

#[test]
fn times_of_every_client_are_read() {
    for (text, wanted) in [
        (
            "2026-11-20T10:00:00.123456Z",
            datetime!(2026-11-20 10:00:00.123456 UTC),
        ),
        ("2026-11-20T10:00:00.123Z", datetime!(2026-11-20 10:00:00.123 UTC)),
        ("2026-11-20T10:00:00Z", datetime!(2026-11-20 10:00 UTC)),
        (
            "2026-11-20T12:00:00.1234567+02:00",
            datetime!(2026-11-20 10:00:00.123_456_7 UTC),
        ),
    ] {
        assert_eq!(parse_time(text), Some(wanted), "{text}");
    }
    for text in [
        "",
        "tomorrow",
        "2026-11-20",
        "2026-13-20T10:00:00Z",
        "2026-11-20T10:00:00",
        "0000-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59.9999999-23:59",
    ] {
        assert_eq!(parse_time(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn printed_times_are_read_as_the_same_microsecond(us in 0_i64..250_000_000_000_000_000) {
        let at = crate::store::from_unix_us(us).unwrap();
        let text = format_time(at);
        prop_assert_eq!(parse_time(&text), Some(at));
        prop_assert_eq!(text.len(), "2026-11-20T10:00:00.123456+00:00".len());
    }

    #[test]
    fn requests_survive_a_round_trip(dial_out: Option<bool>, roles in proptest::collection::vec(
        proptest::option::of(proptest::option::of(0_usize..4)), 0..5,
    )) {
        let participants = roles.into_iter().enumerate().map(|(number, role)| {
            let properties = role.map(|role| ParticipantProperties {
                role: role.map(|role| Role::ALL[role].to_string()),
            });
            (format!("{number}"), properties)
        });
        let request = CreateRoomRequest {
            pstn_dial_out_enabled: dial_out,
            participants: Some(ParticipantMap(participants.collect())),
            ..CreateRoomRequest::default()
        };
        let text = serde_json::to_string(&request).unwrap();
        prop_assert_eq!(serde_json::from_str::<CreateRoomRequest>(&text).unwrap(), request);
    }
}
