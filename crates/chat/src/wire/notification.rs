//! Bodies of real-time notifications: [`Event`]s as the chat SDK for browsers reads them.
//!
//! A body is JSON with texts that are JSON, and itself a text in the JSON of a packet. One event goes to up to 250
//! recipients whose bodies differ in `recipientMri` only, so it is written once, escaped once, and the recipient is put
//! in between.
//!
//! [`parse`](ChatNotification::parse) is the other direction.

mod body;
mod parse;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use anteroom_identity::id::CommunicationIdentifier;

pub use self::parse::{
    ChatNotification, MalformedNotification, NotifiedMessage, NotifiedParticipant, NotifiedThread,
};
use crate::event::Event;

/// Numbers of the events.
pub mod event_id {
    /// `chatMessageReceived`
    pub const MESSAGE_RECEIVED: u16 = 200;
    /// `typingIndicatorReceived`
    pub const TYPING: u16 = 245;
    /// `readReceiptReceived`
    pub const READ_RECEIPT: u16 = 246;
    /// `chatMessageEdited`
    pub const MESSAGE_EDITED: u16 = 247;
    /// `chatMessageDeleted`
    pub const MESSAGE_DELETED: u16 = 248;
    /// `chatThreadCreated`
    pub const THREAD_CREATED: u16 = 257;
    /// `chatThreadPropertiesUpdated`
    pub const THREAD_UPDATED: u16 = 258;
    /// `chatThreadDeleted`
    pub const THREAD_DELETED: u16 = 259;
    /// `participantsAdded`
    pub const PARTICIPANTS_ADDED: u16 = 260;
    /// `participantsRemoved`
    pub const PARTICIPANTS_REMOVED: u16 = 261;
}

/// The body of a notification without its recipient, ready to be put into a packet; clones share it.
#[derive(Debug, Clone)]
pub struct NotificationBody(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    event_id: u16,
    /// Escaped as the inside of a JSON string.
    before_recipient: String,
    /// `None` when the event names no recipient, and all is in `before_recipient`.
    after_recipient: Option<String>,
}

impl NotificationBody {
    /// The body of an event; `None` for what is not told in real time: messages of the system.
    #[must_use]
    pub fn new(event: &Event) -> Option<Self> {
        let (event_id, fields, names_recipient) = body::fields(event)?;
        // The fields are an object: what follows its brace is put behind fields of our own.
        let fields = fields.strip_prefix('{')?;
        let mut before_recipient = String::with_capacity(fields.len() + fields.len() / 4 + 64);
        escape_into(&format!(r#"{{"eventId":{event_id},"#), &mut before_recipient);
        let after_recipient = if names_recipient {
            escape_into(r#""recipientMri":""#, &mut before_recipient);
            let mut after = String::with_capacity(fields.len() + fields.len() / 4 + 16);
            escape_into("\",", &mut after);
            escape_into(fields, &mut after);
            Some(after)
        } else {
            escape_into(fields, &mut before_recipient);
            None
        };
        Some(Self(Arc::new(Parts {
            event_id,
            before_recipient,
            after_recipient,
        })))
    }

    /// The number of the event, see [`event_id`].
    #[must_use]
    pub fn event_id(&self) -> u16 {
        self.0.event_id
    }

    /// Length of the escaped body without its recipient, in bytes.
    #[must_use]
    pub fn escaped_bytes(&self) -> usize {
        self.0.before_recipient.len() + self.0.after_recipient.as_ref().map_or(0, String::len)
    }

    /// Appends the body, escaped as the inside of a JSON string. `recipient` is what
    /// [`escaped_recipient`] gives.
    pub fn write_escaped(&self, recipient: &str, out: &mut String) {
        out.push_str(&self.0.before_recipient);
        if let Some(after) = &self.0.after_recipient {
            out.push_str(recipient);
            out.push_str(after);
        }
    }

    /// The JSON of the body for a recipient.
    #[must_use]
    pub fn to_json(&self, recipient: &CommunicationIdentifier) -> String {
        let mut escaped = "\"".to_owned();
        self.write_escaped(&escaped_recipient(recipient), &mut escaped);
        escaped.push('"');
        serde_json::from_str(&escaped).unwrap_or_default()
    }
}

/// The recipient as [`NotificationBody::write_escaped`] wants it: escaped for the body, and again for the packet.
#[must_use]
pub fn escaped_recipient(recipient: &CommunicationIdentifier) -> String {
    let raw = recipient.to_string();
    let (mut once, mut twice) = (String::with_capacity(raw.len()), String::with_capacity(raw.len()));
    escape_into(&raw, &mut once);
    escape_into(&once, &mut twice);
    twice
}

/// Appends a text as the inside of a JSON string.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest
        .bytes()
        .position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        // What is found is ASCII, so these are character boundaries.
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let (special, after) = special.split_at(1);
        match special {
            "\"" => out.push_str("\\\""),
            "\\" => out.push_str("\\\\"),
            "\n" => out.push_str("\\n"),
            "\r" => out.push_str("\\r"),
            "\t" => out.push_str("\\t"),
            control => {
                let code = control.bytes().next().unwrap_or_default();
                out.push_str("\\u00");
                for digit in [code >> 4, code & 15] {
                    out.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
                }
            }
        }
        rest = after;
    }
    out.push_str(rest);
}
