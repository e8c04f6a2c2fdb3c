//! `chats`: the chats of meetings, as users of Teams see them.
//!
//! A signed-in user sees the chats it is a member of. An application reads those of its tenant's meetings, and writes
//! none.

mod view;

use std::collections::HashMap;

use anteroom_chat::service::NewMessage;
use anteroom_chat::thread::{ContentKind, Message, ThreadProperties};
use anteroom_chat::{ChatError, Member, MessageId, ThreadId};
use anteroom_identity::id::{CommunicationIdentifier, TeamsUserId};
use anteroom_teams_link::policy::{ChatUser, MeetingChat, may_chat};
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::answer::{
    Answer, Paging, check_filter, check_select, collection, cut, entity, matches, page_of, page_size,
    query_error,
};
use super::call::Call;
use super::caller::GraphCaller;
use super::meetings::write::{invalid, read_only, unknown};
use super::resource::{Owner, Resource};
use super::schema::{CHAT, CHAT_MESSAGE, CONVERSATION_MEMBER};
use super::users;
use crate::directory::DirectoryUser;
use crate::errors::{any, graph};
use crate::http::errors::ApiError;
use crate::meetings::MeetingRecord;

/// Permissions to list chats.
const LIST: (&[&str], &[&str]) = (
    &["Chat.ReadBasic", "Chat.Read", "Chat.ReadWrite"],
    &["Chat.ReadBasic.All", "Chat.Read.All", "Chat.ReadWrite.All"],
);

/// Permissions to read messages.
const READ: (&[&str], &[&str]) = (
    &["Chat.Read", "Chat.ReadWrite"],
    &["Chat.Read.All", "Chat.ReadWrite.All"],
);

/// Permissions to send. Applications cannot.
const SEND: &[&str] = &["ChatMessage.Send", "Chat.ReadWrite"];

/// Permissions to read who is in a chat.
const MEMBERS: (&[&str], &[&str]) = (
    &[
        "ChatMember.Read",
        "ChatMember.ReadWrite",
        "Chat.ReadBasic",
        "Chat.Read",
        "Chat.ReadWrite",
    ],
    &[
        "ChatMember.Read.All",
        "ChatMember.ReadWrite.All",
        "Chat.ReadBasic.All",
        "Chat.Read.All",
        "Chat.ReadWrite.All",
    ],
);

/// As Graph has it: 20 on a page, at most 50.
const PAGING: Paging = Paging {
    default: 20,
    most: 50,
};

/// Members come all at once, unless fewer are wanted.
const MEMBERS_PAGING: Paging = Paging {
    default: 100,
    most: 999,
};

/// Most threads looked at for a page.
const THREADS: u32 = 500;

pub(super) async fn dispatch(call: &Call, resource: Resource) -> Answer {
    match resource {
        Resource::Chats(owner) => list(call, &owner.unwrap_or(Owner::Me)).await,
        Resource::Chat(id) => get(call, &id).await,
        Resource::Messages(id) if call.method == Method::POST => send(call, &id).await,
        Resource::Messages(id) => messages(call, &id).await,
        Resource::Message(id, message) => one_message(call, &id, &message).await,
        Resource::Members(id) => members(call, &id).await,
        Resource::Member(id, member) => one_member(call, &id, &member).await,
        _ => Err(ApiError::not_found()),
    }
}

/// A chat, and who looks at it.
struct Seen {
    meeting: MeetingRecord,
    thread: ThreadId,
    reader: CommunicationIdentifier,
    properties: ThreadProperties,
}

/// A page of the chats that somebody is in, those joined last first. A filter looks at a bounded number of them; the page
/// may be short then, and the next goes on from there.
async fn list(call: &Call, owner: &Owner) -> Answer {
    let user = users::owner(call, owner, LIST.0, LIST.1).await?;
    let options = &call.options;
    check_select(options, &CHAT)?;
    if let Some(filter) = &options.filter {
        check_filter(filter, &CHAT)?;
    }
    if !options.order_by.is_empty() || options.skip.is_some() {
        return Err(query_error(
            "Chats are neither sorted nor skipped; follow @odata.nextLink",
        ));
    }
    let reader = identifier(&user);
    let size = page_size(call, &PAGING)?;
    let mut next = options.skip_token.clone();
    let (mut shown, mut looked) = (Vec::new(), 0_u32);
    loop {
        let wanted = size.saturating_sub(u32::try_from(shown.len()).unwrap_or(u32::MAX));
        let page = call
            .app
            .chat()
            .threads(&reader, None, Some(wanted), next)
            .await
            .map_err(|error| match error {
                ChatError::BadRequest { .. } => query_error("The skip token is not valid"),
                other => chat_error(other),
            })?;
        next = page.next;
        looked = looked.saturating_add(wanted);
        for properties in page.items {
            shown.extend(listed(call, &reader, properties).await?);
        }
        let full = shown.len() >= usize::try_from(size).unwrap_or(usize::MAX);
        if full || next.is_none() || looked >= THREADS {
            let count = options.count.then_some(shown.len());
            return Ok(page_of(call, "chats", shown, count, next));
        }
    }
}

/// A chat of a list; `None` for the thread of no meeting, and for what the filter does not hold for.
async fn listed(
    call: &Call,
    reader: &CommunicationIdentifier,
    properties: ThreadProperties,
) -> Result<Option<Value>, ApiError> {
    let thread = properties.id.clone();
    let Some(meeting) = call.app.meetings().by_thread(&thread.to_string()).await? else {
        return Ok(None);
    };
    let seen = Seen {
        meeting,
        thread,
        reader: reader.clone(),
        properties,
    };
    let shown = expanded(call, &seen).await?;
    let filter = call.options.filter.as_ref();
    let wanted = filter.map_or(Ok(true), |filter| matches(filter, &shown))?;
    Ok(Some(shown).filter(|_| wanted))
}

async fn get(call: &Call, id: &str) -> Answer {
    let seen = see(call, id, LIST).await?;
    let shown = expanded(call, &seen).await?;
    entity(call, StatusCode::OK, "chats/$entity", &CHAT, shown)
}

async fn expanded(call: &Call, seen: &Seen) -> Result<Value, ApiError> {
    let mut shown = view::chat(&seen.meeting, &seen.properties);
    for expand in &call.options.expand {
        let (name, value) = if expand.path.is(&["members"]) {
            call.caller.require(MEMBERS.0, MEMBERS.1)?;
            ("members", Value::Array(views_of_members(call, seen).await?))
        } else if expand.path.is(&["lastMessagePreview"]) {
            call.caller.require(READ.0, READ.1)?;
            let newest = page_of_messages(call, seen, 1, None).await?.0;
            let preview = newest
                .first()
                .map_or(Value::Null, |message| view::preview(call, message));
            ("lastMessagePreview", preview)
        } else {
            return Err(query_error(&format!(
                "The property '{}' cannot be expanded on type 'microsoft.graph.chat'",
                expand.path
            )));
        };
        if let Some(members) = shown.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(shown)
}

async fn messages(call: &Call, id: &str) -> Answer {
    let seen = see(call, id, READ).await?;
    check_select(&call.options, &CHAT_MESSAGE)?;
    // Newest first is the one order there is; Graph refuses others, too.
    for order in &call.options.order_by {
        let known = order.path.is(&["createdDateTime"]) || order.path.is(&["lastModifiedDateTime"]);
        if !known || order.direction != anteroom_teams_link::graph::odata::Direction::Descending {
            return Err(query_error("Messages are ordered by createdDateTime desc only"));
        }
    }
    let size = page_size(call, &PAGING)?;
    let token = call.options.skip_token.clone();
    let (items, next) = page_of_messages(call, &seen, size, token).await?;
    let mut shown: Vec<Value> = Vec::with_capacity(items.len());
    if let Some(filter) = &call.options.filter {
        check_filter(filter, &CHAT_MESSAGE)?;
    }
    for message in &items {
        let message = view::message(call, &seen.meeting, message);
        if let Some(filter) = &call.options.filter
            && !matches(filter, &message)?
        {
            continue;
        }
        shown.push(message);
    }
    let context = format!("chats('{}')/messages", seen.thread);
    let count = call.options.count.then_some(shown.len());
    Ok(page_of(call, &context, shown, count, next))
}

async fn page_of_messages(
    call: &Call,
    seen: &Seen,
    size: u32,
    token: Option<String>,
) -> Result<(Vec<Message>, Option<String>), ApiError> {
    let page = call
        .app
        .chat()
        .list(&seen.reader, &seen.thread, None, Some(size), token)
        .await
        .map_err(chat_error)?;
    Ok((page.items, page.next))
}

async fn one_message(call: &Call, id: &str, message: &str) -> Answer {
    let seen = see(call, id, READ).await?;
    let message: MessageId = message.parse().map_err(|_| not_found())?;
    let message = call
        .app
        .chat()
        .get(&seen.reader, &seen.thread, message)
        .await
        .map_err(chat_error)?;
    let shown = view::message(call, &seen.meeting, &message);
    let context = format!("chats('{}')/messages/$entity", seen.thread);
    entity(call, StatusCode::OK, &context, &CHAT_MESSAGE, shown)
}

async fn send(call: &Call, id: &str) -> Answer {
    call.caller.require(SEND, &[])?;
    let seen = find(call, id).await?;
    let GraphCaller::User { user, .. } = &call.caller else {
        return Err(ApiError::forbidden());
    };
    let (content, kind) = body_of(&call.object()?)?;
    // What the organizer's policy takes away counts, too.
    let rules = call.app.meetings().rules(&seen.meeting).await?;
    let rules = rules.ok_or_else(not_found)?;
    let options = &rules.effective.options;
    let during_call = options.allow_meeting_chat == MeetingChat::Limited;
    let open = may_chat(&rules.applied.policy, options, ChatUser::Member)
        && (!during_call || call.app.registry().is_running(&seen.meeting.id));
    if !open {
        return Err(ApiError::new(&graph::CHAT_CLOSED));
    }
    let new = NewMessage {
        content,
        kind,
        sender_display_name: Some(user.display_name.clone()),
        ..NewMessage::default()
    };
    let sent = call
        .app
        .chat()
        .send(&seen.reader, &seen.thread, new)
        .await
        .map_err(chat_error)?;
    let shown = view::message(call, &seen.meeting, &sent.message);
    let context = format!("chats('{}')/messages/$entity", seen.thread);
    entity(call, StatusCode::CREATED, &context, &CHAT_MESSAGE, shown)
}

/// What is said and how it is to be read.
fn body_of(members: &Map<String, Value>) -> Result<(String, ContentKind), ApiError> {
    let mut body = None;
    for (name, value) in members {
        match (name.as_str(), value) {
            ("body", Value::Object(inner)) => body = Some(inner),
            ("body", _) => return Err(invalid("body")),
            // What says nothing is let pass, as clients send it.
            ("importance", Value::String(text)) if text == "normal" => {}
            ("attachments" | "mentions" | "reactions" | "hostedContents", Value::Array(items))
                if items.is_empty() => {}
            (_, Value::Null) if CHAT_MESSAGE.has(name) => {}
            ("attachments" | "mentions" | "hostedContents" | "importance" | "subject", _) => {
                return Err(invalid(name));
            }
            _ if CHAT_MESSAGE.has(name) => return Err(read_only(name)),
            _ => return Err(unknown(name, CHAT_MESSAGE.name)),
        }
    }
    let body = body.ok_or_else(|| invalid("body"))?;
    for name in body.keys() {
        if !["content", "contentType"].contains(&name.as_str()) {
            return Err(unknown(name, "itemBody"));
        }
    }
    let kind = match body.get("contentType") {
        None | Some(Value::Null) => ContentKind::Text,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("text") => ContentKind::Text,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("html") => ContentKind::Html,
        Some(_) => return Err(invalid("contentType")),
    };
    match body.get("content") {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok((text.clone(), kind)),
        _ => Err(invalid("content")),
    }
}

async fn members(call: &Call, id: &str) -> Answer {
    let seen = see(call, id, MEMBERS).await?;
    let context = format!("chats('{}')/members", seen.thread);
    let options = &call.options;
    let members = current_members(call, &seen).await?;
    if options.filter.is_some() || !options.order_by.is_empty() {
        let shown = views_of(call, &seen, &members).await?;
        return collection(call, &context, &CONVERSATION_MEMBER, shown, &MEMBERS_PAGING);
    }
    // Only who is on the page is looked up in the directory.
    let page = cut(call, &members, &MEMBERS_PAGING)?;
    check_select(options, &CONVERSATION_MEMBER)?;
    let shown = views_of(call, &seen, page.items).await?;
    let count = options.count.then_some(members.len());
    Ok(page_of(call, &context, shown, count, page.next))
}

async fn one_member(call: &Call, id: &str, member: &str) -> Answer {
    let seen = see(call, id, MEMBERS).await?;
    let shown = views_of_members(call, &seen).await?;
    let found = shown
        .into_iter()
        .find(|shown| shown.get("id").and_then(Value::as_str) == Some(member))
        .ok_or_else(not_found)?;
    let context = format!("chats('{}')/members/$entity", seen.thread);
    entity(call, StatusCode::OK, &context, &CONVERSATION_MEMBER, found)
}

async fn views_of_members(call: &Call, seen: &Seen) -> Result<Vec<Value>, ApiError> {
    let members = current_members(call, seen).await?;
    views_of(call, seen, &members).await
}

async fn current_members(call: &Call, seen: &Seen) -> Result<Vec<Member>, ApiError> {
    let members = call.app.chat().members(&seen.reader, &seen.thread).await;
    let mut members = members.map_err(chat_error)?;
    members.retain(|member| member.left_at.is_none());
    Ok(members)
}

async fn views_of(call: &Call, seen: &Seen, members: &[Member]) -> Result<Vec<Value>, ApiError> {
    let oid = |member: &Member| match &member.id {
        CommunicationIdentifier::MicrosoftTeamsUser(user) => Some(user.oid()),
        _ => None,
    };
    let wanted = members.iter().filter_map(oid).collect();
    let users = call.app.directory().users_by_id(wanted).await?;
    let users: HashMap<_, _> = users.into_iter().map(|user| (user.oid, user)).collect();
    let shown = members.iter().map(|member| {
        let user = oid(member).and_then(|oid| users.get(&oid));
        view::member(&seen.meeting, member, user)
    });
    Ok(shown.collect())
}

async fn see(call: &Call, id: &str, permissions: (&[&str], &[&str])) -> Result<Seen, ApiError> {
    call.caller.require(permissions.0, permissions.1)?;
    find(call, id).await
}

/// The chat of a meeting of the caller's tenant that the caller may look at. Others do not exist.
async fn find(call: &Call, id: &str) -> Result<Seen, ApiError> {
    let thread: ThreadId = id.parse().map_err(|_| not_found())?;
    let meeting = call
        .app
        .meetings()
        .by_thread(id)
        .await?
        .filter(|meeting| meeting.tenant == call.caller.tenant())
        .ok_or_else(not_found)?;
    let reader = match &call.caller {
        GraphCaller::User { user, .. } => identifier(user),
        // The organizer sees everything, and so does an application that may read all chats.
        GraphCaller::App { .. } => {
            CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(meeting.organizer))
        }
    };
    let properties = call
        .app
        .chat()
        .properties(&reader, &thread)
        .await
        .map_err(chat_error)?;
    Ok(Seen {
        meeting,
        thread,
        reader,
        properties,
    })
}

const fn identifier(user: &DirectoryUser) -> CommunicationIdentifier {
    CommunicationIdentifier::MicrosoftTeamsUser(TeamsUserId::new(user.oid))
}

fn not_found() -> ApiError {
    ApiError::new(&graph::ITEM_NOT_FOUND)
}

/// A refusal of the chat in Graph's words. Who is not in a chat does not learn whether it exists.
pub(super) fn chat_error(error: ChatError) -> ApiError {
    match error {
        ChatError::NotMember | ChatError::ThreadNotFound | ChatError::MessageNotFound => not_found(),
        ChatError::NotSender | ChatError::HostManaged => ApiError::forbidden(),
        ChatError::ThreadExists => ApiError::new(&any::BAD_REQUEST),
        ChatError::TooLarge(_) => ApiError::new(&any::TOO_LARGE),
        ChatError::BadRequest { target, message } => ApiError::bad_request(message).with_target(target),
        ChatError::Store(error) => {
            tracing::error!(%error, "the chat failed");
            ApiError::unavailable()
        }
        _ => ApiError::internal(),
    }
}
