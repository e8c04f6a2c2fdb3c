//! Which resource a path is: `/v1.0/users/{id}/onlineMeetings` and its kind.
//!
//! Names are compared without regard to case, keys may stand in brackets (`users('x')`), and a function's namespace may
//! be written or not, as OData and Graph's clients have it.

use percent_encoding::percent_decode_str;

/// Longest path looked at, in bytes.
const PATH_BYTES: usize = 4096;

/// Whose resource it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// The signed-in user's.
    Me,
    /// Of the user with this object id or sign-in name.
    User(String),
}

/// An answer to an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Response {
    /// `accept`
    Accept,
    /// `tentativelyAccept`
    TentativelyAccept,
    /// `decline`
    Decline,
}

impl Response {
    fn named(action: &str) -> Option<Self> {
        Some(match action {
            "accept" => Self::Accept,
            "tentativelyaccept" => Self::TentativelyAccept,
            "decline" => Self::Decline,
            _ => return None,
        })
    }
}

/// What is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    /// `/`: the service document.
    Root,
    /// `/$metadata`
    Metadata,
    /// `/$batch`
    Batch,
    /// `/users`
    Users,
    /// `/users/$count`
    UsersCount,
    /// `/users/{id}`, `/me`
    User(Owner),
    /// `…/onlineMeetings`
    OnlineMeetings(Owner),
    /// `…/onlineMeetings/createOrGet`
    CreateOrGet(Owner),
    /// `…/onlineMeetings/{id}`
    OnlineMeeting(Owner, String),
    /// `…/onlineMeetings/{id}/attendanceReports`
    Reports(Owner, String),
    /// `…/onlineMeetings/{id}/attendanceReports/{id}`
    Report(Owner, String, String),
    /// `…/onlineMeetings/{id}/attendanceReports/{id}/attendanceRecords`
    Records(Owner, String, String),
    /// `…/onlineMeetings/{id}/getVirtualAppointmentJoinWebUrl`
    VirtualAppointment(Owner, String),
    /// `/communications/onlineMeetings`
    CommunicationsMeetings,
    /// `…/events`, `…/calendar/events`
    Events(Owner),
    /// `…/events/{id}`
    Event(Owner, String),
    /// `…/events/{id}/instances`
    Instances(Owner, String),
    /// `…/events/{id}/accept` and its kind.
    Respond(Owner, String, Response),
    /// `…/events/{id}/cancel`
    Cancel(Owner, String),
    /// `…/calendar`
    Calendar(Owner),
    /// `…/calendarView`
    CalendarView(Owner),
    /// `/chats` (`None`), `…/chats`
    Chats(Option<Owner>),
    /// `/chats/{id}`
    Chat(String),
    /// `/chats/{id}/messages`
    Messages(String),
    /// `/chats/{id}/messages/{id}`
    Message(String, String),
    /// `/chats/{id}/members`
    Members(String),
    /// `/chats/{id}/members/{id}`
    Member(String, String),
}

/// Why a path is no resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoResource {
    /// It cannot be read.
    Malformed,
    /// Nothing is served there.
    Unknown {
        /// The last segment of the path, for the message.
        segment: String,
    },
}

impl Resource {
    /// Reads what follows `/v1.0` in a path as sent.
    pub(super) fn parse(path: &str) -> Result<Self, NoResource> {
        let segments = segments(path).ok_or(NoResource::Malformed)?;
        let lower: Vec<String> = segments.iter().map(|name| name.to_ascii_lowercase()).collect();
        let names: Vec<&str> = lower.iter().map(String::as_str).collect();
        let found = match names.as_slice() {
            [] => Some(Self::Root),
            ["$metadata"] => Some(Self::Metadata),
            ["$batch"] => Some(Self::Batch),
            ["communications", "onlinemeetings"] => Some(Self::CommunicationsMeetings),
            ["users"] => Some(Self::Users),
            ["users", "$count"] => Some(Self::UsersCount),
            ["me", rest @ ..] => Self::of(Owner::Me, rest, segments.get(1..).unwrap_or_default()),
            ["users", _, rest @ ..] => segments.get(1).and_then(|id| {
                Self::of(
                    Owner::User(id.clone()),
                    rest,
                    segments.get(2..).unwrap_or_default(),
                )
            }),
            ["chats", rest @ ..] => Self::chats(None, rest, segments.get(1..).unwrap_or_default()),
            _ => None,
        };
        found.ok_or_else(|| NoResource::Unknown {
            segment: segments.into_iter().next_back().unwrap_or_default(),
        })
    }

    fn of(owner: Owner, names: &[&str], segments: &[String]) -> Option<Self> {
        let key = |at: usize| segments.get(at).cloned();
        Some(match names {
            [] => Self::User(owner),
            ["onlinemeetings"] => Self::OnlineMeetings(owner),
            ["onlinemeetings", "createorget"] => Self::CreateOrGet(owner),
            ["onlinemeetings", _] => Self::OnlineMeeting(owner, key(1)?),
            ["onlinemeetings", _, "attendancereports"] => Self::Reports(owner, key(1)?),
            ["onlinemeetings", _, "attendancereports", _] => Self::Report(owner, key(1)?, key(3)?),
            ["onlinemeetings", _, "attendancereports", _, "attendancerecords"] => {
                Self::Records(owner, key(1)?, key(3)?)
            }
            ["onlinemeetings", _, "getvirtualappointmentjoinweburl"] => {
                Self::VirtualAppointment(owner, key(1)?)
            }
            ["calendar"] => Self::Calendar(owner),
            ["events"] | ["calendar", "events"] => Self::Events(owner),
            ["calendarview"] | ["calendar", "calendarview"] => Self::CalendarView(owner),
            ["events", rest @ ..] => return Self::event(owner, rest, segments.get(1..)?),
            ["calendar", "events", rest @ ..] => return Self::event(owner, rest, segments.get(2..)?),
            ["chats", rest @ ..] => return Self::chats(Some(owner), rest, segments.get(1..)?),
            _ => return None,
        })
    }

    fn event(owner: Owner, names: &[&str], segments: &[String]) -> Option<Self> {
        let id = segments.first()?.clone();
        Some(match names {
            [_] => Self::Event(owner, id),
            [_, "instances"] => Self::Instances(owner, id),
            [_, "cancel"] => Self::Cancel(owner, id),
            [_, action] => Self::Respond(owner, id, Response::named(action)?),
            _ => return None,
        })
    }

    fn chats(owner: Option<Owner>, names: &[&str], segments: &[String]) -> Option<Self> {
        let key = |at: usize| segments.get(at).cloned();
        Some(match (owner, names) {
            (owner, []) => Self::Chats(owner),
            (None | Some(Owner::Me), [_]) => Self::Chat(key(0)?),
            (None | Some(Owner::Me), [_, "messages"]) => Self::Messages(key(0)?),
            (None | Some(Owner::Me), [_, "messages", _]) => Self::Message(key(0)?, key(2)?),
            (None | Some(Owner::Me), [_, "members"]) => Self::Members(key(0)?),
            (None | Some(Owner::Me), [_, "members", _]) => Self::Member(key(0)?, key(2)?),
            _ => return None,
        })
    }

    /// Whose it is, where the path says so.
    pub(super) const fn owner(&self) -> Option<&Owner> {
        match self {
            Self::User(owner)
            | Self::OnlineMeetings(owner)
            | Self::CreateOrGet(owner)
            | Self::OnlineMeeting(owner, _)
            | Self::Reports(owner, _)
            | Self::Report(owner, ..)
            | Self::Records(owner, ..)
            | Self::VirtualAppointment(owner, _)
            | Self::Events(owner)
            | Self::Event(owner, _)
            | Self::Instances(owner, _)
            | Self::Respond(owner, ..)
            | Self::Cancel(owner, _)
            | Self::Calendar(owner)
            | Self::CalendarView(owner) => Some(owner),
            Self::Chats(owner) => owner.as_ref(),
            Self::Root
            | Self::Metadata
            | Self::Batch
            | Self::Users
            | Self::UsersCount
            | Self::CommunicationsMeetings
            | Self::Chat(_)
            | Self::Messages(_)
            | Self::Message(..)
            | Self::Members(_)
            | Self::Member(..) => None,
        }
    }

    /// The methods it has.
    pub(super) const fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::OnlineMeetings(_) | Self::Events(_) | Self::Messages(_) => &["GET", "POST"],
            Self::OnlineMeeting(..) | Self::Event(..) => &["GET", "PATCH", "DELETE"],
            Self::CreateOrGet(_) | Self::Respond(..) | Self::Cancel(..) | Self::Batch => &["POST"],
            _ => &["GET"],
        }
    }
}

/// Names and keys, decoded; `None` for what is not UTF-8 or too long.
fn segments(path: &str) -> Option<Vec<String>> {
    if path.len() > PATH_BYTES {
        return None;
    }
    let mut found = Vec::new();
    for raw in path.split('/').filter(|raw| !raw.is_empty()) {
        let segment = percent_decode_str(raw).decode_utf8().ok()?;
        match segment.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, key)) if is_name(name) => {
                found.push(plain(name));
                let key = key.trim();
                if !key.is_empty() {
                    found.push(unquoted(key));
                }
            }
            _ => found.push(plain(&segment)),
        }
    }
    Some(found)
}

/// Without the namespace that may stand before a function.
fn plain(name: &str) -> String {
    name.strip_prefix("microsoft.graph.").unwrap_or(name).to_owned()
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._$".contains(&byte))
}

/// A key, quoted or not; quotes inside are doubled.
fn unquoted(key: &str) -> String {
    match key.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> Owner {
        Owner::User(id.to_owned())
    }

    #[test]
    fn paths_are_read_as_clients_write_them() {
        for (path, resource) in [
            ("", Resource::Root),
            ("/$metadata", Resource::Metadata),
            ("/me", Resource::User(Owner::Me)),
            ("/ME/", Resource::User(Owner::Me)),
            ("/users/a%40b.example", Resource::User(user("a@b.example"))),
            (
                "/users('O''Neill@b.example')",
                Resource::User(user("O'Neill@b.example")),
            ),
            (
                "/users(%27x%27)/onlinemeetings",
                Resource::OnlineMeetings(user("x")),
            ),
            ("/me/onlineMeetings/createOrGet", Resource::CreateOrGet(Owner::Me)),
            (
                "/me/onlineMeetings/microsoft.graph.createOrGet",
                Resource::CreateOrGet(Owner::Me),
            ),
            (
                "/me/onlineMeetings/MSo1/getVirtualAppointmentJoinWebUrl()",
                Resource::VirtualAppointment(Owner::Me, "MSo1".to_owned()),
            ),
            (
                "/me/onlineMeetings('MSo1')/attendanceReports('r')/attendanceRecords",
                Resource::Records(Owner::Me, "MSo1".to_owned(), "r".to_owned()),
            ),
            (
                "/communications/onlineMeetings/",
                Resource::CommunicationsMeetings,
            ),
            (
                "/me/calendar/events/e",
                Resource::Event(Owner::Me, "e".to_owned()),
            ),
            ("/users/x/calendarView", Resource::CalendarView(user("x"))),
            (
                "/chats/19%3Ameeting_x%40thread.v2/messages/7",
                Resource::Message("19:meeting_x@thread.v2".to_owned(), "7".to_owned()),
            ),
            ("/me/chats", Resource::Chats(Some(Owner::Me))),
            ("/users/$count", Resource::UsersCount),
            (
                "/me/calendar/events('e')/microsoft.graph.tentativelyAccept",
                Resource::Respond(Owner::Me, "e".to_owned(), Response::TentativelyAccept),
            ),
            ("/me/events/e/cancel", Resource::Cancel(Owner::Me, "e".to_owned())),
        ] {
            assert_eq!(Resource::parse(path), Ok(resource), "{path}");
        }
    }

    #[test]
    fn what_is_not_served_is_named() {
        for (path, segment) in [
            ("/nothing", "nothing"),
            ("/me/drive", "drive"),
            ("/users/x/chats/y", "y"),
            ("/me/events/e/forward", "forward"),
            ("/communications", "communications"),
        ] {
            let unknown = NoResource::Unknown {
                segment: segment.to_owned(),
            };
            assert_eq!(Resource::parse(path), Err(unknown), "{path}");
        }
        assert_eq!(Resource::parse("/users/%ff"), Err(NoResource::Malformed));
        let long = format!("/users/{}", "x".repeat(PATH_BYTES));
        assert_eq!(Resource::parse(&long), Err(NoResource::Malformed));
    }
}
