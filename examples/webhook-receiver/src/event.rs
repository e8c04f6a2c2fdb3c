//! What is said: CloudEvents 1.0 in the structured JSON form.
//!
//! New fields and new types may come, so what is not known is not looked at.

use serde::Deserialize;
use serde_json::Value;

/// What the names of Anteroom's types begin with.
const PREFIX: &str = "io.github.anteroom-project.";

/// The media type of a body.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// An event, as far as this program looks at it.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// The same in every attempt.
    pub id: String,
    specversion: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Data,
}

/// What an event is about.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Data {
    /// Increases within a meeting.
    #[serde(default)]
    pub sequence: u64,
    /// Which meeting or room.
    pub meeting: Option<Meeting>,
    /// Who.
    pub participant: Option<Participant>,
}

/// A meeting or a room.
#[derive(Debug, Clone, Deserialize)]
pub struct Meeting {
    /// Its id.
    pub id: String,
}

/// Somebody in a lobby or a call.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// New with every join, the same from the lobby into the call.
    pub id: String,
    /// What it calls itself, which proves nothing.
    pub display_name: String,
    /// Whether it is from outside the organization.
    #[serde(default)]
    pub external: bool,
}

/// A body is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no CloudEvent of version 1.0")]
pub struct NoEvent;

impl Event {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no CloudEvent.
    pub fn parse(body: &str) -> Result<Self, NoEvent> {
        serde_json::from_str(body)
            .map_err(|_| NoEvent)
            .and_then(Self::read)
    }

    /// Reads a body that was read as JSON.
    ///
    /// # Errors
    /// It is no CloudEvent.
    pub fn read(body: Value) -> Result<Self, NoEvent> {
        let event: Self = serde_json::from_value(body).map_err(|_| NoEvent)?;
        if event.specversion == "1.0" && !event.id.is_empty() {
            Ok(event)
        } else {
            Err(NoEvent)
        }
    }

    /// The name of its type, without prefix; that of others' types is empty.
    pub fn kind(&self) -> &str {
        self.kind.strip_prefix(PREFIX).unwrap_or_default()
    }

    /// What it is about.
    pub const fn data(&self) -> &Data {
        &self.data
    }
}
