//! An online meeting as Graph shows it.

use std::collections::HashMap;

use anteroom_identity::id::ObjectId;
use anteroom_teams_link::policy::{AttendeeRole, LobbyScope};
use axum::http::header;
use serde_json::{Map, Value, json};

use super::{id, join_information};
use crate::directory::DirectoryUser;
use crate::http::graph::answer::time_text;
use crate::http::graph::call::Call;
use crate::http::graph::schema::member;
use crate::meetings::{Invited, MeetingRecord};
use crate::store::StoreError;

/// The meeting with all its properties.
pub(super) async fn meeting(call: &Call, record: &MeetingRecord) -> Result<Value, StoreError> {
    let people = people(call, record).await?;
    let unknown = call.prefer.unknown_enum_members;
    let options_url = options_url(call, record);
    let language = call.header(&header::ACCEPT_LANGUAGE);
    let thread = record.thread_id.to_string();
    let mut members = options(record, unknown);
    let own = json!({
        "id": id::encode(record.organizer, &thread),
        "creationDateTime": time_text(record.created),
        "startDateTime": time_text(record.start),
        "endDateTime": time_text(record.end),
        "expiryDateTime": record.expires.map(time_text),
        "subject": record.subject,
        "externalId": record.external_id,
        "joinWebUrl": record.join_url,
        "joinInformation": {
            "contentType": "html",
            "content": join_information::content(record, &options_url, language),
        },
        "joinMeetingIdSettings": {
            "isPasscodeRequired": record.passcode.is_some(),
            "joinMeetingId": record.meeting_id,
            "passcode": record.passcode,
        },
        "meetingOptionsWebUrl": options_url,
        "videoTeleconferenceId": record.video_teleconference_id,
        // There are no phone lines here.
        "audioConferencing": null,
        "chatInfo": { "threadId": thread, "messageId": "0", "replyChainMessageId": null },
        "autoAdmittedUsers": auto_admitted(record.options.lobby.scope),
        "sensitivityLabelAssignment": record
            .options
            .sensitivity_label
            .as_ref()
            .map(|label| json!({ "sensitivityLabelId": label })),
        "meetingTemplateId": record.options.meeting_template,
        "participants": {
            "organizer": person(record, people.get(&record.organizer), record.organizer, "presenter"),
            "attendees": attendees(record, &people, unknown),
        },
    });
    if let Value::Object(own) = own {
        members.extend(own);
    }
    Ok(Value::Object(members))
}

/// The page where the organizer changes the options.
fn options_url(call: &Call, record: &MeetingRecord) -> String {
    let mut url = call.app.endpoint().clone();
    url.set_path("/meetingOptions/");
    url.query_pairs_mut()
        .append_pair("organizerId", &record.organizer.to_string())
        .append_pair("tenantId", &record.tenant.to_string())
        .append_pair("threadId", &record.thread_id.to_string().replace(':', "_"))
        .append_pair("messageId", "0");
    url.into()
}

/// Options that have Graph's names already.
fn options(record: &MeetingRecord, unknown: bool) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(&record.options) else {
        return Map::new();
    };
    for ours in [
        "kind",
        "isLocked",
        "attendees",
        "sensitivityLabel",
        "meetingTemplateId",
    ] {
        members.remove(ours);
    }
    if let Some(scope) = members
        .get_mut("lobbyBypassSettings")
        .and_then(|lobby| lobby.get_mut("scope"))
        && let Some(name) = scope.as_str()
    {
        *scope = json!(member("lobbyBypassScope", name, unknown));
    }
    if let Some(Value::Array(roles)) = members.get_mut("anonymizeIdentityForRoles") {
        for role in roles {
            if let Some(name) = role.as_str() {
                *role = json!(member("onlineMeetingRole", name, unknown));
            }
        }
    }
    members
}

/// The old form of the lobby's scope, which clients still read.
const fn auto_admitted(scope: LobbyScope) -> &'static str {
    match scope {
        LobbyScope::Organizer => "organizer",
        LobbyScope::Organization | LobbyScope::OrganizationExcludingGuests => "everyoneInCompany",
        LobbyScope::OrganizationAndFederated => "everyoneInSameAndFederatedCompany",
        LobbyScope::Invited => "invitedUsersInCompany",
        LobbyScope::Everyone => "everyone",
    }
}

fn attendees(record: &MeetingRecord, people: &HashMap<ObjectId, DirectoryUser>, unknown: bool) -> Vec<Value> {
    record
        .invited
        .iter()
        .map(|invited| {
            let role = member("onlineMeetingRole", role_name(invited.role), unknown);
            match invited.id {
                Some(oid) => {
                    let mut known = person(record, people.get(&oid), oid, &role);
                    if !people.contains_key(&oid) {
                        set_upn(&mut known, invited);
                    }
                    known
                }
                None => json!({ "upn": invited.upn, "role": role, "identity": null }),
            }
        })
        .collect()
}

fn set_upn(person: &mut Value, invited: &Invited) {
    if let Some(upn) = person.get_mut("upn") {
        *upn = json!(invited.upn);
    }
}

pub(super) const fn role_name(role: AttendeeRole) -> &'static str {
    match role {
        AttendeeRole::Attendee => "attendee",
        AttendeeRole::Presenter => "presenter",
        AttendeeRole::CoOrganizer => "coorganizer",
    }
}

fn person(record: &MeetingRecord, user: Option<&DirectoryUser>, oid: ObjectId, role: &str) -> Value {
    json!({
        "upn": user.map(|user| &user.upn),
        "role": role,
        "identity": {
            "application": null,
            "device": null,
            "user": {
                "id": oid.to_string(),
                "displayName": user.map(|user| &user.display_name),
                "tenantId": record.tenant.to_string(),
                "identityProvider": "AAD",
            },
        },
    })
}

/// The organizer and everybody invited who is in the directory.
async fn people(call: &Call, record: &MeetingRecord) -> Result<HashMap<ObjectId, DirectoryUser>, StoreError> {
    let mut wanted: Vec<ObjectId> = record.invited.iter().filter_map(|invited| invited.id).collect();
    wanted.push(record.organizer);
    let found = call.app.directory().users_by_id(wanted).await?;
    Ok(found.into_iter().map(|user| (user.oid, user)).collect())
}
