//! The JSON of the ACS Rooms REST API, versions 2023-06-14 to 2025-03-13.
//!
//! Every type is read and written, so that a server and a client can use it. Unknown members are ignored. An explicit
//! `null` stands for a missing member, since the Python SDK sends one for everything that it was not given; only in the
//! map of participants it means something: take this one off the list.

use std::fmt;

use anteroom_identity::id::AcsUserId;
use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::role::Role;
use crate::room::{Participant, Room};
use crate::service::{MAX_PARTICIPANTS, NewRoom, ParticipantChange, RoomChanges};

/// Body of `POST /rooms`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRoomRequest {
    /// From when the room may be joined.
    #[serde(default, with = "option_time", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<OffsetDateTime>,
    /// Until when.
    #[serde(default, with = "option_time", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<OffsetDateTime>,
    /// Since 2024-04-15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pstn_dial_out_enabled: Option<bool>,
    /// Who is invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<ParticipantMap>,
}

/// Body of `PATCH /rooms/{roomId}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRoomRequest {
    /// From when the room may be joined.
    #[serde(default, with = "option_time", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<OffsetDateTime>,
    /// Until when.
    #[serde(default, with = "option_time", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<OffsetDateTime>,
    /// Since 2024-04-15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pstn_dial_out_enabled: Option<bool>,
}

/// Body of `PATCH /rooms/{roomId}/participants`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UpdateParticipantsRequest {
    /// Whom to invite, change or take off the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<ParticipantMap>,
}

/// Participants by raw id, in the order in which they are written: new ones are listed in that order.
///
/// Raw ids and roles are kept as text, so that whoever reads a request can say which of them is wrong. At most
/// [`MAX_ENTRIES`] are read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParticipantMap(pub Vec<(String, Option<ParticipantProperties>)>);

/// What is said of a participant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantProperties {
    /// `Presenter`, `Attendee`, `Consumer` or `Collaborator`; `Attendee` when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomModel {
    /// Its id.
    pub id: String,
    /// When it was made.
    #[serde(with = "room_time")]
    pub created_at: OffsetDateTime,
    /// From when it may be joined.
    #[serde(with = "room_time")]
    pub valid_from: OffsetDateTime,
    /// Until when.
    #[serde(with = "room_time")]
    pub valid_until: OffsetDateTime,
    /// Whether its call may dial out. Missing before 2024-04-15, where clients ignore it.
    #[serde(default)]
    pub pstn_dial_out_enabled: bool,
}

/// A participant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomParticipant {
    /// Who.
    pub raw_id: String,
    /// As what.
    pub role: String,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Collection<T> {
    /// The items.
    pub value: Vec<T>,
    /// Absolute address of the next page; missing on the last.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub next_link: Option<String>,
}

/// Why a request that is JSON cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A key of the map is no raw id of an ACS user.
    #[error("not the raw id of an ACS user")]
    RawId,
    /// A role is none of the four.
    #[error("not a role")]
    Role,
}

/// Most entries of a [`ParticipantMap`] that are read; more make the JSON unreadable.
pub const MAX_ENTRIES: usize = 2 * MAX_PARTICIPANTS;

impl CreateRoomRequest {
    /// The room to make. A `null` participant invites nobody.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn into_new_room(self) -> Result<NewRoom, RequestError> {
        let Self {
            valid_from,
            valid_until,
            pstn_dial_out_enabled,
            participants,
        } = self;
        Ok(NewRoom {
            valid_from,
            valid_until,
            pstn_dial_out: pstn_dial_out_enabled.unwrap_or(false),
            participants: participants.unwrap_or_default().into_changes()?,
        })
    }
}

impl From<UpdateRoomRequest> for RoomChanges {
    fn from(request: UpdateRoomRequest) -> Self {
        let UpdateRoomRequest {
            valid_from,
            valid_until,
            pstn_dial_out_enabled,
        } = request;
        Self {
            valid_from,
            valid_until,
            pstn_dial_out: pstn_dial_out_enabled,
        }
    }
}

impl ParticipantMap {
    /// The changes it stands for.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn into_changes(self) -> Result<Vec<ParticipantChange>, RequestError> {
        self.0
            .into_iter()
            .map(|(raw_id, properties)| {
                let user: AcsUserId = raw_id.parse().map_err(|_| RequestError::RawId)?;
                let role = properties.map(|properties| {
                    let role = properties.role.as_deref();
                    role.map_or_else(
                        || Ok(Role::default()),
                        |role| role.parse().map_err(|_| RequestError::Role),
                    )
                });
                let role = role.transpose()?;
                Ok(ParticipantChange { user, role })
            })
            .collect()
    }
}

impl From<&Room> for RoomModel {
    fn from(room: &Room) -> Self {
        let Room {
            id,
            resource: _,
            created,
            window,
            pstn_dial_out,
        } = room;
        Self {
            id: id.to_string(),
            created_at: *created,
            valid_from: window.from(),
            valid_until: window.until(),
            pstn_dial_out_enabled: *pstn_dial_out,
        }
    }
}

impl From<&Participant> for RoomParticipant {
    fn from(participant: &Participant) -> Self {
        let Participant { user, role } = participant;
        Self {
            raw_id: user.to_string(),
            role: role.to_string(),
        }
    }
}

impl Serialize for ParticipantMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(raw_id, properties)| (raw_id, properties)))
    }
}

impl<'de> Deserialize<'de> for ParticipantMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = ParticipantMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of participants")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ParticipantMap, A::Error> {
                let mut entries = Vec::new();
                while let Some(raw_id) = map.next_key::<String>()? {
                    if entries.len() == MAX_ENTRIES {
                        map.next_value::<IgnoredAny>()?;
                        return Err(de::Error::custom("too many participants"));
                    }
                    entries.push((raw_id, map.next_value()?));
                }
                Ok(ParticipantMap(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// `2026-11-20T10:00:00.123456+00:00`: six fraction digits always, since Python callers parse with `%f`, which takes one
/// to six.
#[must_use]
pub fn format_time(at: OffsetDateTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]+00:00");
    let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(at);
    at.format(FORMAT)
        .unwrap_or_else(|_| "1970-01-01T00:00:00.000000+00:00".to_owned())
}

/// RFC 3339 with any offset and any number of fraction digits. `None` also for moments that in UTC are not in the years
/// 0 to 9999, which RFC 3339 could not write.
#[must_use]
pub fn parse_time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()?
        .checked_to_offset(UtcOffset::UTC)
        .filter(|at| (0..=9999).contains(&at.year()))
}

const fn none() -> Option<String> {
    None
}

mod room_time {
    use super::{Deserialize, Deserializer, OffsetDateTime, Serializer, de, format_time, parse_time};

    pub(super) fn serialize<S: Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format_time(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<OffsetDateTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_time(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time"))
    }
}

mod option_time {
    use super::{Deserialize, Deserializer, OffsetDateTime, Serializer, de, format_time, parse_time};

    pub(super) fn serialize<S: Serializer>(
        at: &Option<OffsetDateTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.serialize_str(&format_time(*at)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| parse_time(&text).ok_or_else(|| de::Error::custom("not an RFC 3339 time")))
            .transpose()
    }
}

#[cfg(test)]
mod tests;
