//! What clients write of an online meeting: bodies to validated changes.

use anteroom_teams_link::policy::{
    AllowedPresenters, Attendee, AttendeeRole, MeetingOptions, TenantPolicies,
};
use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::http::graph::call::Call;
use crate::http::graph::schema::ONLINE_MEETING;
use crate::http::graph::users;
use crate::meetings::Invited;
use crate::store::sqlite::directory;
use crate::store::sqlite::meetings::MeetingRow;

/// Options that a body sets under their own names.
const OPTIONS: &[&str] = &[
    "allowAttendeeToEnableCamera",
    "allowAttendeeToEnableMic",
    "allowBreakoutRooms",
    "allowCopyingAndSharingMeetingContent",
    "allowedLobbyAdmitters",
    "allowedPresenters",
    "allowLiveShare",
    "allowMeetingChat",
    "allowParticipantsToChangeName",
    "allowPowerPointSharing",
    "allowRecording",
    "allowTeamworkReactions",
    "allowTranscription",
    "allowWhiteboard",
    "anonymizeIdentityForRoles",
    "isEndToEndEncryptionEnabled",
    "isEntryExitAnnounced",
    "lobbyBypassSettings",
    "recordAutomatically",
    "shareMeetingChatHistoryDefault",
    "watermarkProtection",
];

/// Longest subject, in characters.
const SUBJECT_CHARACTERS: usize = 500;

/// Longest external id, in bytes.
const EXTERNAL_ID_BYTES: usize = 256;

/// Longest sign-in name of an attendee, in bytes.
const UPN_BYTES: usize = 256;

/// Most attendees: as many as take part fully in a meeting of Teams.
const ATTENDEES: usize = 1000;

/// Length of a meeting whose end is not said.
const LENGTH: Duration = Duration::hours(1);

/// Which request a body belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    CreateOrGet,
    Update,
}

/// What a body asks for.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) subject: Option<String>,
    pub(super) times: Option<(OffsetDateTime, OffsetDateTime)>,
    pub(super) invited: Option<Vec<Invited>>,
    pub(super) passcode: Option<bool>,
    pub(super) external_id: Option<String>,
    /// The sensitivity label's name; `Some(None)` takes it away.
    label: Option<Option<String>>,
    template: Option<String>,
    options: Map<String, Value>,
}

impl Changes {
    /// Reads a body for a meeting of `organizer`.
    pub(super) async fn read(
        call: &Call,
        organizer: &DirectoryUser,
        purpose: Purpose,
    ) -> Result<Self, ApiError> {
        let mut changes = Self::default();
        let (mut start, mut end) = (None, None);
        for (name, value) in call.object()? {
            match name.as_str() {
                "subject" => changes.subject = Some(subject(&value)?),
                "startDateTime" => start = Some(instant(&name, &value)?),
                "endDateTime" => end = Some(instant(&name, &value)?),
                "participants" => changes.invited = participants(call, organizer, &value).await?,
                "joinMeetingIdSettings" if purpose != Purpose::Update => {
                    changes.passcode = passcode_required(&value)?;
                }
                "externalId" if purpose == Purpose::CreateOrGet => {
                    changes.external_id = Some(external_id(&value)?);
                }
                "sensitivityLabelAssignment" => changes.label = Some(label(call, organizer, &value).await?),
                // What a template fixes is fixed once.
                "meetingTemplateId" if purpose != Purpose::Update => {
                    changes.template = template(call, organizer, &value).await?;
                }
                // Graph's client sends what it knows of the chat: nothing.
                "chatInfo" if purpose == Purpose::CreateOrGet && names_no_thread(&value) => {}
                _ if OPTIONS.contains(&name.as_str()) => {
                    changes.options.insert(name, value);
                }
                _ if ONLINE_MEETING.properties.iter().any(|(known, _)| *known == name) => {
                    return Err(read_only(&name));
                }
                _ => return Err(unknown(&name, ONLINE_MEETING.name)),
            }
        }
        changes.times = times(start, end, purpose, call.app.clock().now())?;
        changes.check()?;
        Ok(changes)
    }

    fn check(&self) -> Result<(), ApiError> {
        // Shows wrong values before anything is stored.
        let options = self.applied_to(&MeetingOptions::default())?;
        let by_role = self.options.contains_key("allowedPresenters")
            && options.allowed_presenters == AllowedPresenters::RoleIsPresenter;
        if by_role && self.invited.is_none() {
            return Err(invalid("allowedPresenters").with_message(
                "allowedPresenters: roleIsPresenter needs the full list of attendees with their roles.",
            ));
        }
        Ok(())
    }

    /// The options with these changes, one property after the other so that a fault has its name.
    pub(super) fn applied_to(&self, options: &MeetingOptions) -> Result<MeetingOptions, ApiError> {
        let mut json = serde_json::to_value(options).map_err(|_| ApiError::internal())?;
        let mut applied = options.clone();
        for (name, value) in &self.options {
            let Some(members) = json.as_object_mut() else {
                return Err(ApiError::internal());
            };
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
            applied = serde_json::from_value(json.clone()).map_err(|_| invalid(name))?;
        }
        if let Some(invited) = &self.invited {
            applied.attendees = attendees(invited);
        }
        if let Some(label) = &self.label {
            applied.sensitivity_label.clone_from(label);
        }
        if let Some(template) = &self.template {
            applied.meeting_template = Some(template.clone());
        }
        Ok(applied)
    }

    /// Makes the changes.
    pub(super) fn apply(self, row: &mut MeetingRow) -> Result<(), ApiError> {
        row.options = self.applied_to(&row.options)?;
        if let Some(subject) = self.subject {
            row.subject = subject;
        }
        if let Some((start, end)) = self.times {
            (row.start, row.end) = (start, end);
        }
        if let Some(invited) = self.invited {
            row.graph.invited = invited;
        }
        Ok(())
    }
}

/// The directory's users among those invited, with whom policy decides.
pub(in crate::http::graph) fn attendees(invited: &[Invited]) -> Vec<Attendee> {
    invited
        .iter()
        .filter_map(|invited| {
            Some(Attendee {
                id: invited.id?,
                role: invited.role,
            })
        })
        .collect()
}

/// Members of objects are replaced one by one, everything else as a whole.
fn merge(target: &mut Value, value: &Value) {
    match (target, value) {
        (Value::Object(target), Value::Object(members)) => {
            for (name, value) in members {
                target.insert(name.clone(), value.clone());
            }
        }
        (target, value) => *target = value.clone(),
    }
}

/// `sensitivityLabelAssignment`: one of the labels of the tenant.
async fn label(call: &Call, organizer: &DirectoryUser, value: &Value) -> Result<Option<String>, ApiError> {
    let refused = || invalid("sensitivityLabelAssignment");
    let members = match value {
        Value::Null => return Ok(None),
        Value::Object(members) => members,
        _ => return Err(refused()),
    };
    if let Some(other) = members.keys().find(|name| *name != "sensitivityLabelId") {
        return Err(unknown(other, "onlineMeetingSensitivityLabelAssignment"));
    }
    match members.get("sensitivityLabelId") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if policies(call, organizer).await?.labels.contains_key(name) => {
            Ok(Some(name.clone()))
        }
        Some(_) => Err(invalid("sensitivityLabelId")),
    }
}

/// `meetingTemplateId`: one of the templates of the tenant.
async fn template(call: &Call, organizer: &DirectoryUser, value: &Value) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(name) if policies(call, organizer).await?.templates.contains_key(name) => {
            Ok(Some(name.clone()))
        }
        _ => Err(invalid("meetingTemplateId")),
    }
}

async fn policies(call: &Call, organizer: &DirectoryUser) -> Result<TenantPolicies, ApiError> {
    let tenant = organizer.tenant;
    let row = call
        .app
        .store()
        .read(move |connection| directory::tenant_row(connection, tenant))
        .await?;
    Ok(row.unwrap_or_default().policies)
}

fn subject(value: &Value) -> Result<String, ApiError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) if text.chars().count() <= SUBJECT_CHARACTERS => Ok(text.clone()),
        _ => Err(invalid("subject")),
    }
}

fn external_id(value: &Value) -> Result<String, ApiError> {
    match value {
        Value::String(text) if (1..=EXTERNAL_ID_BYTES).contains(&text.len()) => Ok(text.clone()),
        _ => Err(invalid("externalId")),
    }
}

fn names_no_thread(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.values().all(Value::is_null),
        _ => false,
    }
}

/// `isPasscodeRequired`; id and passcode themselves are the service's.
fn passcode_required(value: &Value) -> Result<Option<bool>, ApiError> {
    let Value::Object(members) = value else {
        return if value.is_null() {
            Ok(None)
        } else {
            Err(invalid("joinMeetingIdSettings"))
        };
    };
    let mut required = None;
    for (name, value) in members {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("isPasscodeRequired", Value::Bool(value)) => required = Some(*value),
            ("isPasscodeRequired", _) => return Err(invalid(name)),
            ("joinMeetingId" | "passcode", _) => return Err(read_only(name)),
            _ => return Err(unknown(name, "joinMeetingIdSettings")),
        }
    }
    Ok(required)
}

/// RFC 3339; without an offset, UTC.
fn instant(name: &str, value: &Value) -> Result<Option<OffsetDateTime>, ApiError> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.len() <= 64 => text,
        _ => return Err(invalid(name)),
    };
    if let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) {
        return in_range(name, at).map(Some);
    }
    let plain = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let at = PrimitiveDateTime::parse(plain, format).map_err(|_| invalid(name))?;
    in_range(name, at.assume_utc()).map(Some)
}

/// What calendars can hold, with room for the life of links.
fn in_range(name: &str, at: OffsetDateTime) -> Result<OffsetDateTime, ApiError> {
    if (1970..9000).contains(&at.year()) {
        Ok(at)
    } else {
        Err(invalid(name))
    }
}

/// Start and end: a pair when they are changed; when a meeting is made, what is missing is filled in.
fn times(
    start: Option<Option<OffsetDateTime>>,
    end: Option<Option<OffsetDateTime>>,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Option<(OffsetDateTime, OffsetDateTime)>, ApiError> {
    let wrong = || ApiError::new(&graph::TIMES_INVALID);
    let (start, end) = match (start.flatten(), end.flatten()) {
        (Some(start), Some(end)) => (start, end),
        (None, None) if purpose == Purpose::Update => return Ok(None),
        (None, None) => (now, now + LENGTH),
        (Some(start), None) if purpose != Purpose::Update => (start, start + LENGTH),
        _ => return Err(wrong()),
    };
    if end < start {
        return Err(wrong());
    }
    Ok(Some((start, end)))
}

/// The attendees; `None` when the body names none.
async fn participants(
    call: &Call,
    organizer: &DirectoryUser,
    value: &Value,
) -> Result<Option<Vec<Invited>>, ApiError> {
    let Value::Object(members) = value else {
        return if value.is_null() {
            Ok(None)
        } else {
            Err(invalid("participants"))
        };
    };
    let mut invited = None;
    for (name, value) in members {
        match name.as_str() {
            "organizer" => same_organizer(organizer, value)?,
            "attendees" => invited = Some(list(call, organizer, value).await?),
            _ => return Err(unknown(name, "meetingParticipants")),
        }
    }
    Ok(invited)
}

fn same_organizer(organizer: &DirectoryUser, value: &Value) -> Result<(), ApiError> {
    let id = value.pointer("/identity/user/id").and_then(Value::as_str);
    let upn = value.get("upn").and_then(Value::as_str);
    let same_id = id.is_none_or(|id| id.eq_ignore_ascii_case(&organizer.oid.to_string()));
    let same_upn = upn.is_none_or(|upn| upn.eq_ignore_ascii_case(&organizer.upn));
    if same_id && same_upn && (value.is_object() || value.is_null()) {
        Ok(())
    } else {
        Err(ApiError::new(&graph::ORGANIZER_IMMUTABLE))
    }
}

async fn list(call: &Call, organizer: &DirectoryUser, value: &Value) -> Result<Vec<Invited>, ApiError> {
    let items = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(items) if items.len() <= ATTENDEES => items,
        _ => return Err(invalid("attendees")),
    };
    let mut invited: Vec<Invited> = Vec::with_capacity(items.len());
    for item in items {
        let one = attendee(call, item).await?;
        let twice = invited
            .iter()
            .any(|known| known.upn.eq_ignore_ascii_case(&one.upn) && known.id == one.id);
        // The organizer is there anyway.
        if !twice && one.id != Some(organizer.oid) {
            invited.push(one);
        }
    }
    Ok(invited)
}

/// Somebody of the directory by object id or sign-in name, anybody else by mail address.
async fn attendee(call: &Call, item: &Value) -> Result<Invited, ApiError> {
    let Value::Object(members) = item else {
        return Err(invalid("attendees"));
    };
    for name in members.keys() {
        if !["identity", "upn", "role"].contains(&name.as_str()) {
            return Err(unknown(name, "meetingParticipantInfo"));
        }
    }
    let text = |value: &Value, name: &str| match value {
        Value::Null => Ok(None),
        Value::String(text) if (1..=UPN_BYTES).contains(&text.len()) => Ok(Some(text.clone())),
        _ => Err(invalid(name)),
    };
    let upn = text(members.get("upn").unwrap_or(&Value::Null), "upn")?;
    let id = text(
        item.pointer("/identity/user/id").unwrap_or(&Value::Null),
        "identity",
    )?;
    let role = match members.get("role") {
        None | Some(Value::Null) => AttendeeRole::default(),
        Some(value) => serde_json::from_value(value.clone()).map_err(|_| invalid("role"))?,
    };
    let found = match (&id, &upn) {
        (Some(id), _) => users::find(call, id).await?,
        (None, Some(upn)) => users::find(call, upn).await?,
        (None, None) => return Err(invalid("attendees")),
    };
    match (found, upn) {
        (Some(user), _) => Ok(Invited {
            upn: user.upn,
            id: Some(user.oid),
            role,
        }),
        (None, Some(upn)) if role == AttendeeRole::Attendee => Ok(Invited { upn, id: None, role }),
        (None, Some(_)) => Err(ApiError::new(&graph::ATTENDEE_ROLE)),
        (None, None) => Err(invalid("identity")),
    }
}

/// 400: no such property.
pub(in crate::http::graph) fn unknown(name: &str, kind: &str) -> ApiError {
    let name: String = name.chars().take(100).collect();
    ApiError::new(&graph::PROPERTY_UNKNOWN)
        .with_message(format!(
            "The property '{name}' does not exist on type 'microsoft.graph.{kind}'."
        ))
        .with_target(name)
}

/// 400: not for clients to set.
pub(in crate::http::graph) fn read_only(name: &str) -> ApiError {
    ApiError::new(&graph::PROPERTY_READ_ONLY)
        .with_message(format!("The property '{name}' cannot be written."))
        .with_target(name.to_owned())
}

/// 400: another type, or none of the values there are.
pub(in crate::http::graph) fn invalid(name: &str) -> ApiError {
    ApiError::new(&graph::PROPERTY_INVALID)
        .with_message(format!("The value of the property '{name}' is not valid."))
        .with_target(name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn missing_times_are_filled_in_and_wrong_ones_refused() {
        let now = datetime!(2026-12-01 09:00 UTC);
        let later = datetime!(2026-12-01 09:30 UTC);
        use Purpose::{Create, Update};
        assert_eq!(times(None, None, Create, now).unwrap(), Some((now, now + LENGTH)));
        assert_eq!(
            times(Some(Some(later)), None, Create, now).unwrap(),
            Some((later, later + LENGTH))
        );
        assert_eq!(times(None, None, Update, now).unwrap(), None);
        for (start, end, purpose) in [
            (None, Some(Some(later)), Create),
            (Some(Some(later)), Some(Some(now)), Create),
            (Some(Some(now)), None, Update),
            (None, Some(Some(now)), Update),
        ] {
            times(start, end, purpose, now).unwrap_err();
        }
    }

    #[test]
    fn instants_are_rfc_3339_or_utc() {
        let read = |text: &str| instant("x", &json!(text));
        let nine = datetime!(2026-12-01 09:00 UTC);
        assert_eq!(read("2026-12-01T10:00:00+01:00").unwrap(), Some(nine));
        assert_eq!(read("2026-12-01T09:00:00.0000000Z").unwrap(), Some(nine));
        assert_eq!(read("2026-12-01T09:00:00").unwrap(), Some(nine));
        for wrong in [
            "",
            "tomorrow",
            "2026-13-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00Z",
        ] {
            read(wrong).unwrap_err();
        }
        instant("x", &json!(5)).unwrap_err();
    }

    #[test]
    fn options_change_one_by_one() {
        let change = |body: Value| {
            let Value::Object(options) = body else {
                panic!("an object")
            };
            Changes {
                options,
                ..Changes::default()
            }
            .applied_to(&MeetingOptions::default())
        };
        let applied =
            change(json!({"lobbyBypassSettings": {"scope": "everyone"}, "allowRecording": false})).unwrap();
        assert!(!applied.allow_recording && !applied.lobby.is_dial_in_bypass_enabled);
        let applied = change(json!({"lobbyBypassSettings": {"isDialInBypassEnabled": true}})).unwrap();
        assert_eq!(applied.lobby.scope, MeetingOptions::default().lobby.scope);
        assert!(applied.lobby.is_dial_in_bypass_enabled);
        for wrong in [
            json!({"allowRecording": "yes"}),
            json!({"allowRecording": null}),
            json!({"allowedPresenters": "unknownFutureValue"}),
            json!({"lobbyBypassSettings": {"range": 1}}),
            json!({"lobbyBypassSettings": "everyone"}),
            json!({"anonymizeIdentityForRoles": ["attendee", 7]}),
        ] {
            change(wrong).unwrap_err();
        }
    }
}
