//! `onlineMeetings`: made, found, changed and deleted by their organizer or an application that may act for it.

mod attendance;
mod id;
mod join_information;
mod view;
pub(super) mod write;

use anteroom_chat::Member;
use anteroom_identity::id::{CommunicationIdentifier, ObjectId, TeamsUserId};
use anteroom_teams_link::graph::odata::{Expr, Literal};
use anteroom_teams_link::link;
use anteroom_teams_link::policy::MeetingOptions;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use self::write::{Changes, Purpose};
use super::answer::{Answer, entity, page_of, query_error, value};
use super::call::Call;
use super::resource::{Owner, Resource};
use super::schema::ONLINE_MEETING;
use super::users;
use crate::directory::DirectoryUser;
use crate::errors::graph;
use crate::http::errors::ApiError;
use crate::meetings::{LastEnd, MeetingRecord, NewMeeting};
use crate::state::App;

/// Permissions to read meetings.
const READ: (&[&str], &[&str]) = (
    &["OnlineMeetings.Read", "OnlineMeetings.ReadWrite"],
    &["OnlineMeetings.Read.All", "OnlineMeetings.ReadWrite.All"],
);

/// Permissions to make, change and delete meetings.
const WRITE: (&[&str], &[&str]) = (&["OnlineMeetings.ReadWrite"], &["OnlineMeetings.ReadWrite.All"]);

const VIRTUAL_APPOINTMENT: (&[&str], &[&str]) = (
    &["VirtualAppointment.Read", "VirtualAppointment.ReadWrite"],
    &["VirtualAppointment.Read.All", "VirtualAppointment.ReadWrite.All"],
);

/// Longest name of a chat, in characters; subjects may be longer.
const TOPIC_CHARACTERS: usize = 250;

/// Name of the chat of a meeting without subject.
const TOPIC: &str = "Meeting";

pub(super) async fn dispatch(call: &Call, resource: Resource) -> Answer {
    match resource {
        Resource::OnlineMeetings(owner) if call.method == Method::POST => {
            create(call, &owner, Purpose::Create).await
        }
        Resource::OnlineMeetings(owner) => find(call, &owner).await,
        Resource::CreateOrGet(owner) => create(call, &owner, Purpose::CreateOrGet).await,
        Resource::OnlineMeeting(owner, id) => match call.method {
            Method::PATCH => update(call, &owner, &id).await,
            Method::DELETE => delete(call, &owner, &id).await,
            _ => get(call, &owner, &id).await,
        },
        Resource::Reports(owner, id) => attendance::list(call, &owner, &id).await,
        Resource::Report(owner, id, report) => attendance::get(call, &owner, &id, &report).await,
        Resource::Records(owner, id, report) => attendance::records(call, &owner, &id, &report).await,
        Resource::VirtualAppointment(owner, id) => virtual_appointment(call, &owner, &id).await,
        _ => by_video_teleconference_id(call).await,
    }
}

async fn create(call: &Call, path: &Owner, purpose: Purpose) -> Answer {
    let organizer = users::owner_by_policy(call, path, WRITE.0, WRITE.1).await?;
    let changes = Changes::read(call, &organizer, purpose).await?;
    if purpose == Purpose::CreateOrGet && changes.external_id.is_none() {
        return Err(write::invalid("externalId"));
    }
    let options = changes.applied_to(&MeetingOptions::default())?;
    let (start, end) = changes
        .times
        .ok_or_else(|| ApiError::new(&graph::TIMES_INVALID))?;
    let new = NewMeeting {
        tenant: organizer.tenant,
        organizer: organizer.oid,
        subject: changes.subject.unwrap_or_default(),
        start,
        end,
        last: LastEnd::Once,
        options,
        invited: changes.invited.unwrap_or_default(),
        passcode: changes.passcode.unwrap_or(true),
        external_id: changes.external_id,
    };
    let (record, made) = call.app.meetings().create(new).await?;
    ensure_chat(&call.app, &organizer, &record).await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    answer(call, status, &organizer, &record).await
}

async fn answer(call: &Call, status: StatusCode, user: &DirectoryUser, record: &MeetingRecord) -> Answer {
    let context = format!("users('{}')/onlineMeetings/$entity", user.oid);
    let shown = view::meeting(call, record).await?;
    entity(call, status, &context, &ONLINE_MEETING, shown)
}

async fn get(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner_by_policy(call, path, READ.0, READ.1).await?;
    let record = visible(call, &user, id).await?;
    answer(call, StatusCode::OK, &user, &record).await
}

async fn update(call: &Call, path: &Owner, id: &str) -> Answer {
    let organizer = users::owner_by_policy(call, path, WRITE.0, WRITE.1).await?;
    let record = own(call, &organizer, id).await?;
    let changes = Changes::read(call, &organizer, Purpose::Update).await?;
    let renamed = changes.subject.is_some();
    let updated = call
        .app
        .meetings()
        .update(&record.id, None, move |row| changes.apply(row))
        .await?
        .ok_or_else(|| ApiError::new(&graph::ITEM_NOT_FOUND))?;
    ensure_chat(&call.app, &organizer, &updated).await?;
    if renamed && updated.subject != record.subject {
        rename_chat(&call.app, &updated).await?;
    }
    answer(call, StatusCode::OK, &organizer, &updated).await
}

async fn delete(call: &Call, path: &Owner, id: &str) -> Answer {
    let organizer = users::owner_by_policy(call, path, WRITE.0, WRITE.1).await?;
    let record = own(call, &organizer, id).await?;
    if call.app.meetings().delete(&record.id).await? {
        Ok(no_content())
    } else {
        Err(ApiError::new(&graph::ITEM_NOT_FOUND))
    }
}

async fn virtual_appointment(call: &Call, path: &Owner, id: &str) -> Answer {
    let user = users::owner_by_policy(call, path, VIRTUAL_APPOINTMENT.0, VIRTUAL_APPOINTMENT.1).await?;
    let record = visible(call, &user, id).await?;
    Ok(value(call, &json!(record.join_url)))
}

/// `$filter` with a link or a meeting id: a collection of one.
async fn find(call: &Call, path: &Owner) -> Answer {
    let user = users::owner_by_policy(call, path, READ.0, READ.1).await?;
    let filter = call
        .options
        .filter
        .as_ref()
        .ok_or_else(|| ApiError::new(&graph::FILTER_NEEDED))?;
    let (wanted, text) = equality(filter)?;
    let found = match wanted {
        Wanted::JoinWebUrl => by_link(call, &user, text).await?,
        Wanted::JoinMeetingId => {
            let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            call.app.meetings().by_digits(&digits).await?
        }
        Wanted::VideoTeleconferenceId => None,
    };
    let record = found
        .filter(|record| record.tenant == user.tenant)
        .ok_or_else(|| ApiError::new(&graph::ITEM_NOT_FOUND))?;
    if record.organizer != user.oid {
        return Err(ApiError::new(&graph::MEETING_LOOKUP));
    }
    one(call, &user, &record).await
}

/// No access policy is involved: a conferencing device's service asks for whoever dialled in.
async fn by_video_teleconference_id(call: &Call) -> Answer {
    call.caller.require(&[], READ.1)?;
    let filter = call
        .options
        .filter
        .as_ref()
        .ok_or_else(|| ApiError::new(&graph::FILTER_NEEDED))?;
    let (wanted, text) = equality(filter)?;
    if wanted != Wanted::VideoTeleconferenceId {
        return Err(ApiError::new(&graph::FILTER_NEEDED));
    }
    let found = call.app.meetings().by_video_teleconference_id(text).await?;
    let record = found
        .filter(|record| record.tenant == call.caller.tenant())
        .ok_or_else(|| ApiError::new(&graph::ITEM_NOT_FOUND))?;
    super::answer::check_select(&call.options, &ONLINE_MEETING)?;
    let shown = view::meeting(call, &record).await?;
    Ok(page_of(
        call,
        "communications/onlineMeetings",
        vec![shown],
        None,
        None,
    ))
}

async fn one(call: &Call, user: &DirectoryUser, record: &MeetingRecord) -> Answer {
    super::answer::check_select(&call.options, &ONLINE_MEETING)?;
    let shown = view::meeting(call, record).await?;
    let context = format!("users('{}')/onlineMeetings", user.oid);
    Ok(page_of(
        call,
        &context,
        vec![shown],
        call.options.count.then_some(1),
        None,
    ))
}

/// What a meeting is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    JoinWebUrl,
    JoinMeetingId,
    VideoTeleconferenceId,
}

fn equality(filter: &Expr) -> Result<(Wanted, &str), ApiError> {
    let needed = || ApiError::new(&graph::FILTER_NEEDED);
    let (path, literal) = filter.as_equality().ok_or_else(needed)?;
    let Literal::String(text) = literal else {
        return Err(query_error("The filter compares with something that is no text"));
    };
    let wanted = if path.is(&["joinWebUrl"]) {
        Wanted::JoinWebUrl
    } else if path.is(&["joinMeetingIdSettings", "joinMeetingId"]) {
        Wanted::JoinMeetingId
    } else if path.is(&["videoTeleconferenceId"]) {
        Wanted::VideoTeleconferenceId
    } else {
        return Err(needed());
    };
    Ok((wanted, text))
}

/// The meeting that a link leads to. A short link need not have its code: the caller is no stranger.
async fn by_link(call: &Call, user: &DirectoryUser, text: &str) -> Result<Option<MeetingRecord>, ApiError> {
    let meetings = call.app.meetings();
    let reference = match link::parse(text, call.app.own_hosts()) {
        Ok(reference) => reference,
        // A value that was encoded once more than needed still says what is meant.
        Err(_) => {
            let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
            link::parse(&decoded, call.app.own_hosts())
                .map_err(|error| query_error(&format!("The JoinWebUrl is not a meeting link: {error}")))?
        }
    };
    if let Some(found) = meetings.find(&reference).await? {
        return Ok(Some(found));
    }
    let link::Locator::MeetingId { meeting_id, .. } = &reference.locator else {
        return Ok(None);
    };
    // Only to its organizer: nobody finds out by this whether digits belong to a meeting.
    let found = meetings.by_digits(meeting_id).await?;
    Ok(found.filter(|record| record.organizer == user.oid))
}

/// A meeting that the user organizes or is invited to.
async fn visible(call: &Call, user: &DirectoryUser, id: &str) -> Result<MeetingRecord, ApiError> {
    let record = known(call, user, id).await?;
    let invited = record.invited.iter().any(|invited| invited.id == Some(user.oid));
    if record.organizer == user.oid || invited {
        Ok(record)
    } else {
        Err(ApiError::new(&graph::MEETING_LOOKUP))
    }
}

/// A meeting that the user organizes.
async fn own(call: &Call, user: &DirectoryUser, id: &str) -> Result<MeetingRecord, ApiError> {
    let record = visible(call, user, id).await?;
    if record.organizer == user.oid {
        Ok(record)
    } else {
        Err(ApiError::new(&graph::NOT_THE_ORGANIZER))
    }
}

/// A meeting of the user's tenant; those of others do not exist.
async fn known(call: &Call, user: &DirectoryUser, id: &str) -> Result<MeetingRecord, ApiError> {
    let key = id::decode(id).ok_or_else(|| ApiError::new(&graph::MEETING_ID_INVALID))?;
    call.app
        .meetings()
        .by_thread(&key.thread)
        .await?
        .filter(|record| record.organizer == key.organizer && record.tenant == user.tenant)
        .ok_or_else(|| ApiError::new(&graph::ITEM_NOT_FOUND))
}

/// Makes the meeting's chat, and the organizer and the invited colleagues members of it.
pub(super) async fn ensure_chat(
    app: &App,
    organizer: &DirectoryUser,
    record: &MeetingRecord,
) -> Result<(), ApiError> {
    let member = |oid: ObjectId| CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(oid));
    let host = member(organizer.oid);
    let members = vec![Member::with_history(host.clone(), organizer.display_name.clone())];
    app.chat()
        .ensure_thread(&record.thread_id, &topic(&record.subject), host, members)
        .await
        .map_err(super::chats::chat_error)?;
    let invited: Vec<ObjectId> = record.invited.iter().filter_map(|invited| invited.id).collect();
    for user in app.directory().users_by_id(invited).await? {
        if app
            .chat()
            .is_member(&record.thread_id, &member(user.oid))
            .await
            .map_err(super::chats::chat_error)?
        {
            continue;
        }
        app.chat()
            .add_member(
                &record.thread_id,
                &member(user.oid),
                &user.display_name,
                Some(time::OffsetDateTime::UNIX_EPOCH),
                anteroom_chat::thread::SystemMessages::Silent,
            )
            .await
            .map_err(super::chats::chat_error)?;
    }
    Ok(())
}

/// The chat of a meeting bears its subject.
pub(super) async fn rename_chat(app: &App, record: &MeetingRecord) -> Result<(), ApiError> {
    let organizer = CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(record.organizer));
    let update = anteroom_chat::thread::ThreadUpdate {
        topic: Some(topic(&record.subject)),
        ..anteroom_chat::thread::ThreadUpdate::default()
    };
    match app
        .chat()
        .update_as_host(&organizer, &record.thread_id, update)
        .await
    {
        Ok(_) => Ok(()),
        Err(error) => Err(super::chats::chat_error(error)),
    }
}

fn topic(subject: &str) -> String {
    let topic: String = subject.trim().chars().take(TOPIC_CHARACTERS).collect();
    if topic.is_empty() { TOPIC.to_owned() } else { topic }
}

/// 204.
pub(super) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
