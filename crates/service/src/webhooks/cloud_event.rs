//! What is sent: CloudEvents 1.0 in the structured JSON form.

use std::fmt;
use std::str::FromStr;

use anteroom_teams_link::admission::EndReason;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::meeting::events::{EventKind, EventParticipant, EventRole, LobbyOutcome, MeetingEvent, Place};
use crate::meeting::machine::ChatLine;

/// What the names of all types begin with.
pub const TYPE_PREFIX: &str = "io.github.anteroom-project.";

/// The media type of a body.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// What a webhook can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum EventType {
    /// `meeting.started`
    MeetingStarted,
    /// `meeting.ended`
    MeetingEnded,
    /// `meeting.participant.joined`
    ParticipantJoined,
    /// `meeting.participant.left`
    ParticipantLeft,
    /// `meeting.lobby.waiting`
    LobbyWaiting,
    /// `meeting.lobby.left`
    LobbyLeft,
    /// `meeting.chat.message`
    ChatMessage,
}

impl EventType {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::MeetingStarted,
        Self::MeetingEnded,
        Self::ParticipantJoined,
        Self::ParticipantLeft,
        Self::LobbyWaiting,
        Self::LobbyLeft,
        Self::ChatMessage,
    ];

    /// The name without [`TYPE_PREFIX`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MeetingStarted => "meeting.started",
            Self::MeetingEnded => "meeting.ended",
            Self::ParticipantJoined => "meeting.participant.joined",
            Self::ParticipantLeft => "meeting.participant.left",
            Self::LobbyWaiting => "meeting.lobby.waiting",
            Self::LobbyLeft => "meeting.lobby.left",
            Self::ChatMessage => "meeting.chat.message",
        }
    }

    /// The type of something that happened.
    #[must_use]
    pub const fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::Started => Self::MeetingStarted,
            EventKind::Ended => Self::MeetingEnded,
            EventKind::Joined { .. } => Self::ParticipantJoined,
            EventKind::Left { .. } => Self::ParticipantLeft,
            EventKind::LobbyWaiting { .. } => Self::LobbyWaiting,
            EventKind::LobbyLeft { .. } => Self::LobbyLeft,
            EventKind::ChatMessage { .. } => Self::ChatMessage,
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no event of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such event")]
pub struct UnknownEvent;

/// With or without [`TYPE_PREFIX`].
impl FromStr for EventType {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, UnknownEvent> {
        let name = text.strip_prefix(TYPE_PREFIX).unwrap_or(text);
        let found = Self::ALL.iter().find(|known| known.as_str() == name);
        found.copied().ok_or(UnknownEvent)
    }
}

/// Whether the text of chat messages is in the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// It is.
    Included,
    /// It is left out.
    LeftOut,
}

/// The envelope, in the order of the specification.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
struct Envelope<'a, D> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    datacontenttype: &'static str,
    /// CloudEvents' extension of that name: compares as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
    data: D,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    sequence: u64,
    meeting: Meeting<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<Participant<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meeting<'a> {
    id: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Participant<'a> {
    id: &'a str,
    raw_id: String,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    external: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reason {
    code: u32,
    sub_code: u32,
    key: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: &'a str,
    sender_raw_id: &'a str,
    sender_display_name: &'a str,
    created_on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// The body for an event. `source` is the address of this service, `id` tells events apart.
#[must_use]
pub fn body(event: &MeetingEvent, source: &str, id: &str, content: Content) -> String {
    let (participant, outcome, reason, message) = match &event.kind {
        EventKind::Started | EventKind::Ended => (None, None, None, None),
        EventKind::Joined { participant } | EventKind::LobbyWaiting { participant } => {
            (Some(participant), None, None, None)
        }
        EventKind::Left { participant, reason } => {
            // Nobody says why when the connection just ends.
            let reason = reason.unwrap_or_else(EndReason::connection_lost);
            (Some(participant), None, Some(reason), None)
        }
        EventKind::LobbyLeft { participant, outcome } => {
            let (outcome, reason) = outcome_in_words(*outcome);
            (Some(participant), Some(outcome), reason, None)
        }
        EventKind::ChatMessage { participant, line } => {
            (participant.as_ref(), None, None, Some(message(line, content)))
        }
    };
    let data = Data {
        sequence: event.sequence,
        meeting: meeting(event),
        participant: participant.map(self::participant),
        outcome,
        reason: reason.map(
            |EndReason {
                 code, sub_code, key, ..
             }| Reason { code, sub_code, key },
        ),
        message,
    };
    let kind = EventType::of(&event.kind).as_str();
    envelope(
        kind,
        source,
        id,
        Some(subject(&event.place)),
        event.at,
        Some(event.sequence),
        data,
    )
}

/// The body of the event that shows whether a webhook works.
#[must_use]
pub fn test_body(webhook: &str, source: &str, id: &str, now: OffsetDateTime) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Test<'a> {
        webhook_id: &'a str,
    }
    let data = Test { webhook_id: webhook };
    envelope("webhook.test", source, id, None, now, None, data)
}

fn envelope<D: Serialize>(
    kind: &str,
    source: &str,
    id: &str,
    subject: Option<String>,
    time: OffsetDateTime,
    sequence: Option<u64>,
    data: D,
) -> String {
    let envelope = Envelope {
        specversion: "1.0",
        id,
        source,
        kind: format!("{TYPE_PREFIX}{kind}"),
        subject,
        time: text(time),
        datacontenttype: "application/json",
        sequence: sequence.map(|sequence| format!("{sequence:020}")),
        data,
    };
    // Texts and numbers only: nothing in it can fail.
    serde_json::to_string(&envelope).unwrap_or_default()
}

fn subject(place: &Place) -> String {
    match place {
        Place::Meeting { id, .. } => format!("meetings/{id}"),
        Place::Room { id } => format!("rooms/{id}"),
        Place::Group { id, .. } => format!("groupCalls/{id}"),
    }
}

fn meeting(event: &MeetingEvent) -> Meeting<'_> {
    let call_id = Some(event.call_id.as_str()).filter(|id| !id.is_empty());
    match &*event.place {
        Place::Meeting {
            id,
            tenant,
            organizer,
            thread_id,
        } => Meeting {
            id,
            kind: "meeting",
            tenant_id: Some(tenant.to_string()),
            organizer_id: Some(organizer.to_string()),
            thread_id: Some(thread_id),
            resource_id: None,
            call_id,
        },
        Place::Room { id } => Meeting {
            id,
            kind: "room",
            tenant_id: None,
            organizer_id: None,
            thread_id: None,
            resource_id: None,
            call_id,
        },
        Place::Group { id, resource, .. } => Meeting {
            id,
            kind: "groupCall",
            tenant_id: None,
            organizer_id: None,
            thread_id: None,
            resource_id: Some(resource.to_string()),
            call_id,
        },
    }
}

fn participant(participant: &EventParticipant) -> Participant<'_> {
    Participant {
        id: &participant.id,
        raw_id: participant.identity.to_string(),
        display_name: &participant.display_name,
        role: participant.role.map(EventRole::as_str),
        external: participant.external,
    }
}

fn outcome_in_words(outcome: LobbyOutcome) -> (&'static str, Option<EndReason>) {
    match outcome {
        LobbyOutcome::Admitted => ("admitted", None),
        LobbyOutcome::Rejected => ("rejected", None),
        LobbyOutcome::TimedOut => ("timedOut", None),
        LobbyOutcome::Gone => ("gone", None),
        LobbyOutcome::Refused(reason) => ("refused", Some(reason)),
    }
}

fn message(line: &ChatLine, content: Content) -> Message<'_> {
    Message {
        id: &line.id,
        sender_raw_id: &line.sender,
        sender_display_name: &line.sender_display_name,
        created_on: text(line.created),
        content: match content {
            Content::Included => Some(&line.text),
            Content::LeftOut => None,
        },
    }
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    fn event(kind: EventKind) -> MeetingEvent {
        MeetingEvent {
            sequence: 10_000_000_007,
            at: datetime!(2026-11-21 13:00:00.5 UTC),
            place: Arc::new(Place::Meeting {
                id: "4c1f7b0a-0000-4000-8000-000000000001".to_owned(),
                tenant: "4c1f7b0a-0000-4000-8000-000000000002".parse().unwrap(),
                organizer: "4c1f7b0a-0000-4000-8000-000000000003".parse().unwrap(),
                thread_id: "19:meeting_x@thread.v2".to_owned(),
            }),
            call_id: "call".to_owned(),
            kind,
        }
    }

    fn dana() -> EventParticipant {
        EventParticipant {
            id: "p1".to_owned(),
            identity: "8:orgid:4c1f7b0a-0000-4000-8000-000000000004".parse().unwrap(),
            tenant: None,
            display_name: "Dana \"D\"".to_owned(),
            role: Some(EventRole::Attendee),
            external: true,
        }
    }

    fn rendered(kind: EventKind, content: Content) -> Value {
        serde_json::from_str(&body(&event(kind), "https://meet.example.org", "evt_1", content)).unwrap()
    }

    #[test]
    fn is_a_cloud_event() {
        let kind = EventKind::Left {
            participant: dana(),
            reason: Some(EndReason::removed()),
        };
        assert_eq!(
            rendered(kind, Content::LeftOut),
            json!({
                "specversion": "1.0",
                "id": "evt_1",
                "source": "https://meet.example.org",
                "type": "io.github.anteroom-project.meeting.participant.left",
                "subject": "meetings/4c1f7b0a-0000-4000-8000-000000000001",
                "time": "2026-11-21T13:00:00.5Z",
                "datacontenttype": "application/json",
                "sequence": "00000000010000000007",
                "data": {
                    "sequence": 10_000_000_007_u64,
                    "meeting": {
                        "id": "4c1f7b0a-0000-4000-8000-000000000001",
                        "kind": "meeting",
                        "tenantId": "4c1f7b0a-0000-4000-8000-000000000002",
                        "organizerId": "4c1f7b0a-0000-4000-8000-000000000003",
                        "threadId": "19:meeting_x@thread.v2",
                        "callId": "call",
                    },
                    "participant": {
                        "id": "p1",
                        "rawId": "8:orgid:4c1f7b0a-0000-4000-8000-000000000004",
                        "displayName": "Dana \"D\"",
                        "role": "attendee",
                        "external": true,
                    },
                    "reason": { "code": 0, "subCode": 5300, "key": "removed" },
                },
            })
        );
    }

    #[test]
    fn chat_text_is_there_only_when_asked_for() {
        let kind = EventKind::ChatMessage {
            participant: None,
            line: ChatLine {
                id: "17".to_owned(),
                sequence: 3,
                sender: "8:orgid:x".to_owned(),
                sender_display_name: "X".to_owned(),
                text: "the code is 1234".to_owned(),
                created: datetime!(2026-11-21 13:00 UTC),
                edited: None,
                deleted: false,
            },
        };
        let without = rendered(kind.clone(), Content::LeftOut);
        assert!(!without.to_string().contains("1234"), "{without}");
        assert_eq!(without["data"]["message"]["createdOn"], "2026-11-21T13:00:00Z");
        let with = rendered(kind, Content::Included);
        assert_eq!(with["data"]["message"]["content"], "the code is 1234");
    }

    #[test]
    fn outcomes_and_reasons_are_words() {
        let of = |outcome| {
            let kind = EventKind::LobbyLeft {
                participant: dana(),
                outcome,
            };
            rendered(kind, Content::LeftOut)["data"].clone()
        };
        assert_eq!(of(LobbyOutcome::Admitted)["outcome"], "admitted");
        assert_eq!(of(LobbyOutcome::TimedOut)["outcome"], "timedOut");
        let refused = of(LobbyOutcome::Refused(EndReason::meeting_locked()));
        assert_eq!(refused["outcome"], "refused");
        assert_eq!(refused["reason"]["key"], "meeting_locked");
        let lost = EventKind::Left {
            participant: dana(),
            reason: None,
        };
        assert_eq!(
            rendered(lost, Content::LeftOut)["data"]["reason"]["key"],
            "connection_lost"
        );
    }

    #[test]
    fn names_survive_their_text() {
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
            assert_eq!(format!("{TYPE_PREFIX}{kind}").parse(), Ok(*kind));
        }
        assert_eq!("meeting".parse::<EventType>(), Err(UnknownEvent));
    }
}
