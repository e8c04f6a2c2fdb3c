//! The locators of an ACS calling client.

use std::fmt;

use anteroom_identity::id::{ObjectId, TenantId};
use serde::Deserialize;
use thiserror::Error;

use super::cloud::Cloud;
use super::error::LinkError;
use super::locator::{Locator, ThreadId};
use super::own_host::OwnHost;
use super::parse::{MAX_LINK_BYTES, by_meeting_id, check_message_id, parse};
use super::reference::{LinkKind, MeetingRef};

/// Longest locator read as JSON, in bytes: a link with every character escaped, and what is around it.
pub const MAX_LOCATOR_BYTES: usize = 6 * MAX_LINK_BYTES + 1024;

/// What `callAgent.join(locator)` of an ACS client is given for a Teams meeting, one of three shapes:
/// `{meetingLink}`, `{meetingId, passcode}` and `{threadId, organizerId, tenantId, messageId}`.
///
/// Members that are null count as absent. It holds secrets: `Debug` prints nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AcsLocator {
    /// The link, as it was sent out.
    pub meeting_link: Option<String>,
    /// 9 to 20 digits, in groups or not.
    pub meeting_id: Option<String>,
    /// The code that goes with the id; without one, or with an empty one, the meeting must not ask for it.
    pub passcode: Option<String>,
    /// The meeting's chat thread, `19:…@thread.v2`.
    pub thread_id: Option<String>,
    /// Object id of the organizer, a GUID.
    pub organizer_id: Option<String>,
    /// The organizer's tenant, a GUID.
    pub tenant_id: Option<String>,
    /// `0`, or the message of the channel the meeting hangs on.
    pub message_id: Option<String>,
    /// Of a group call, which is no Teams meeting.
    pub group_id: Option<String>,
    /// Of an ACS room, which is no Teams meeting.
    pub room_id: Option<String>,
}

/// Why a locator names no Teams meeting. Safe to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LocatorError {
    /// More than [`MAX_LOCATOR_BYTES`].
    #[error("the locator is too long")]
    TooLong,
    /// Not a JSON object with known members, each once and a string.
    #[error("the locator is no JSON object with the members of a meeting locator")]
    Malformed,
    /// None of the three shapes.
    #[error("the locator names nothing")]
    Empty,
    /// Members of more than one shape.
    #[error("the locator mixes two shapes")]
    Mixed,
    /// A member of the shape is missing.
    #[error("the locator lacks {0}")]
    Missing(&'static str),
    /// A group call or a room.
    #[error("the locator is not of a Teams meeting")]
    NotTeams,
    /// The shape is right, and what is in it is not.
    #[error(transparent)]
    Link(#[from] LinkError),
}

impl AcsLocator {
    /// Reads a locator as JSON.
    ///
    /// # Errors
    /// [`LocatorError::TooLong`] and [`LocatorError::Malformed`].
    pub fn from_json(text: &str) -> Result<Self, LocatorError> {
        if text.len() > MAX_LOCATOR_BYTES {
            return Err(LocatorError::TooLong);
        }
        // A sequence would be read as the members in their order.
        if !text.trim_start().starts_with('{') {
            return Err(LocatorError::Malformed);
        }
        serde_json::from_str(text).map_err(|_| LocatorError::Malformed)
    }

    /// The meeting it names.
    ///
    /// # Errors
    /// [`LocatorError`], for everything but exactly one whole shape.
    pub fn meeting(&self, own_hosts: &[OwnHost]) -> Result<MeetingRef, LocatorError> {
        let by_link = self.meeting_link.is_some();
        let by_id = self.meeting_id.is_some() || self.passcode.is_some();
        let coordinates = [
            &self.thread_id,
            &self.organizer_id,
            &self.tenant_id,
            &self.message_id,
        ];
        let has_coordinates = coordinates.iter().any(|member| member.is_some());
        let other = self.group_id.is_some() || self.room_id.is_some();
        match [by_link, by_id, has_coordinates, other]
            .iter()
            .filter(|present| **present)
            .count()
        {
            0 => return Err(LocatorError::Empty),
            1 => {}
            _ => return Err(LocatorError::Mixed),
        }
        if let Some(link) = &self.meeting_link {
            return Ok(parse(link, own_hosts)?);
        }
        if by_id {
            let id = member(&self.meeting_id, "meetingId")?;
            return Ok(by_meeting_id(id, self.passcode.as_deref().unwrap_or_default())?);
        }
        if other {
            return Err(LocatorError::NotTeams);
        }
        let meeting = by_coordinates(
            member(&self.thread_id, "threadId")?,
            member(&self.organizer_id, "organizerId")?,
            member(&self.tenant_id, "tenantId")?,
            member(&self.message_id, "messageId")?,
        );
        Ok(meeting?)
    }
}

impl fmt::Debug for AcsLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcsLocator").finish_non_exhaustive()
    }
}

fn member<'a>(value: &'a Option<String>, name: &'static str) -> Result<&'a str, LocatorError> {
    value.as_deref().ok_or(LocatorError::Missing(name))
}

/// Understands the coordinates of a meeting: what a long link has in it, without the link.
///
/// # Errors
/// [`LinkError::BadThreadId`], [`LinkError::BadGuid`] and [`LinkError::BadMessageId`].
pub fn by_coordinates(
    thread_id: &str,
    organizer_id: &str,
    tenant_id: &str,
    message_id: &str,
) -> Result<MeetingRef, LinkError> {
    let thread_id: ThreadId = thread_id.parse().map_err(|_| LinkError::BadThreadId)?;
    let organizer_id: ObjectId = organizer_id.parse().map_err(|_| LinkError::BadGuid)?;
    let tenant_id: TenantId = tenant_id.parse().map_err(|_| LinkError::BadGuid)?;
    check_message_id(message_id)?;
    let kind = if thread_id.is_channel() {
        LinkKind::Channel
    } else {
        LinkKind::Private
    };
    Ok(MeetingRef {
        kind,
        cloud: Cloud::of_thread(&thread_id),
        locator: Locator::Coordinates {
            thread_id,
            message_id: message_id.to_owned(),
            tenant_id,
            organizer_id,
        },
        join_url: String::new(),
        unwrapped: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COORDINATES: &str = r#"{"threadId":"19:meeting_abc@thread.v2","organizerId":"0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19","tenantId":"5C1D3A52-8f0e-4b57-9a11-2f6f7d3c9e10","messageId":"0"}"#;

    fn read(text: &str) -> Result<MeetingRef, LocatorError> {
        AcsLocator::from_json(text)?.meeting(&[])
    }

    #[test]
    fn reads_the_three_shapes() {
        let link = "https://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1";
        let found = read(&format!(r#"{{"meetingLink":"{link}"}}"#)).unwrap();
        assert_eq!((found.kind, found.join_url.as_str()), (LinkKind::Short, link));

        let found = read(r#"{"meetingId":"274 918 305 566 421","passcode":"Qm7Zt4Lw"}"#).unwrap();
        assert_eq!(found.kind, LinkKind::Typed);
        let without = read(r#"{"meetingId":"274 918 305 566 421","passcode":null}"#).unwrap();
        assert!(found.is_same_meeting(&without));

        let found = read(COORDINATES).unwrap();
        assert_eq!((found.kind, found.cloud), (LinkKind::Private, Cloud::Public));
        let Locator::Coordinates { tenant_id, .. } = &found.locator else {
            panic!("{found:?}")
        };
        assert_eq!(tenant_id.to_string(), "5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10");
        let government = read(&COORDINATES.replace("19:meeting", "19:gcch:meeting")).unwrap();
        assert_eq!(government.cloud, Cloud::GccHigh);
        let channel = read(&COORDINATES.replace("thread.v2", "thread.tacv2")).unwrap();
        assert_eq!(channel.kind, LinkKind::Channel);
    }

    #[test]
    fn refuses_mixed_and_unfinished_shapes() {
        for (text, error) in [
            ("{}", LocatorError::Empty),
            (r#"{"meetingLink":null}"#, LocatorError::Empty),
            (
                r#"{"meetingLink":"x","meetingId":"274918305566"}"#,
                LocatorError::Mixed,
            ),
            (r#"{"meetingLink":"x","passcode":"abcdef"}"#, LocatorError::Mixed),
            (
                r#"{"meetingId":"274918305566","threadId":"x"}"#,
                LocatorError::Mixed,
            ),
            (r#"{"meetingLink":"x","roomId":"99"}"#, LocatorError::Mixed),
            (r#"{"passcode":"abcdef"}"#, LocatorError::Missing("meetingId")),
            (
                r#"{"threadId":"19:a@thread.v2"}"#,
                LocatorError::Missing("organizerId"),
            ),
            (r#"{"groupId":"x"}"#, LocatorError::NotTeams),
            (r#"{"roomId":"99"}"#, LocatorError::NotTeams),
            (r#"{"meetingLink":"x"}"#, LocatorError::Link(LinkError::NotAUrl)),
            (
                r#"{"meetingId":"27491"}"#,
                LocatorError::Link(LinkError::BadMeetingId),
            ),
            (
                r#"{"meetingId":"274918305566","passCode":"abcdef"}"#,
                LocatorError::Malformed,
            ),
            (
                r#"{"meetingId":"274918305566","meetingId":"274918305567"}"#,
                LocatorError::Malformed,
            ),
            (r#"{"meetingId":274918305566}"#, LocatorError::Malformed),
            (r#"["https://teams.microsoft.com/"]"#, LocatorError::Malformed),
            ("", LocatorError::Malformed),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        for (part, with, error) in [
            ("19:meeting_abc@thread.v2", "meeting_abc", LinkError::BadThreadId),
            ("0b7e6c44-91d2", "contoso", LinkError::BadGuid),
            (r#":"0"}"#, r#":"zero"}"#, LinkError::BadMessageId),
        ] {
            let text = COORDINATES.replace(part, with);
            assert_eq!(read(&text), Err(LocatorError::Link(error)), "{text}");
        }
        let long = format!(r#"{{"meetingLink":"{}"}}"#, "x".repeat(MAX_LOCATOR_BYTES));
        assert_eq!(read(&long), Err(LocatorError::TooLong));
    }
}
