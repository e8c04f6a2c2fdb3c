//! What the packets carry: events, notification requests, answers.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::notification::{NotificationBody, escape_into};

/// An event, the data of a packet of kind 5.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct EventData {
    pub(super) name: String,
    #[serde(default)]
    pub(super) args: Vec<Value>,
}

/// Where a client is asked to connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconnectTarget {
    /// With the address it has.
    SameEndpoint,
    /// With a new allocation.
    NewEndpoint,
}

/// A notification as a client gets it, the data of a packet of kind 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRequest {
    /// To be given back in the answer.
    pub id: u64,
    /// The JSON of the event.
    pub body: String,
    /// Correlation vector.
    pub correlation: Option<String>,
}

/// Answer to a notification, the data of a packet of kind 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Of the notification.
    pub id: u64,
    /// 200 when a handler took it, 404 when none did or the payload could not be read, 504 before the client was ready.
    pub status: u16,
}

#[derive(Deserialize)]
struct RequestData {
    id: Value,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    headers: Value,
}

#[derive(Deserialize)]
struct AnswerData {
    id: Value,
    status: u16,
}

#[derive(Serialize)]
struct AnswerOut<'a> {
    id: u64,
    status: u16,
    headers: AnswerHeaders<'a>,
    body: &'static str,
}

#[derive(Serialize)]
struct AnswerHeaders<'a> {
    #[serde(rename = "MS-CV", skip_serializing_if = "Option::is_none")]
    correlation: Option<String>,
    #[serde(rename = "Trouter-Responder", skip_serializing_if = "Option::is_none")]
    responder: Option<&'a str>,
}

impl NotificationRequest {
    /// Reads the data of a packet. A body that is not text is read as empty.
    pub(super) fn parse(data: &str) -> Option<Self> {
        let RequestData { id, body, headers } = serde_json::from_str(data).ok()?;
        Some(Self {
            id: number(&id)?,
            body: match body {
                Value::String(body) => body,
                _ => String::new(),
            },
            correlation: headers.get("MS-CV").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

impl Answer {
    pub(super) fn parse(data: &str) -> Option<Self> {
        let AnswerData { id, status } = serde_json::from_str(data).ok()?;
        Some(Self {
            id: number(&id)?,
            status,
        })
    }

    /// The whole packet.
    pub(super) fn packet(self, correlation: Option<&str>) -> String {
        let data = AnswerOut {
            id: self.id,
            status: self.status,
            headers: AnswerHeaders {
                correlation: correlation.map(|vector| format!("{vector}.0")),
                responder: (self.status != 200).then_some("ClientLib"),
            },
            body: "",
        };
        let data = serde_json::to_string(&data).unwrap_or_default();
        format!("3:::{data}")
    }
}

/// The whole packet of a notification.
pub(super) fn notification_packet(id: u64, path: &str, body: &NotificationBody, recipient: &str) -> String {
    let mut packet = String::with_capacity(body.escaped_bytes() + recipient.len() + path.len() + 96);
    // Writing to a String does not fail.
    let _ = write!(packet, r#"3:::{{"id":{id},"method":"POST","url":""#);
    escape_into(path, &mut packet);
    packet.push_str(r#"","headers":{"Content-Type":"application/json; charset=utf-8"},"body":""#);
    body.write_escaped(recipient, &mut packet);
    packet.push_str("\"}");
    packet
}

/// A number, or a text of one.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
