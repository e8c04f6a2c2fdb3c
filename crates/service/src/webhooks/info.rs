//! Webhooks as the operator's interface shows them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Webhook;
use super::cloud_event::Content;
use super::schedule::Answer;
use crate::store::sqlite::webhooks::{DeliveryRow, Health};

/// A webhook as the operator sees it; secret when it holds the secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WebhookInfo {
    /// Its id, `wh_…`.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// Names of the events.
    pub events: Vec<String>,
    /// The organizers' tenant; absent for all, and rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Whether chat texts are sent.
    pub include_content: bool,
    /// `enabled` or `disabled`.
    pub state: String,
    /// Why it is disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<String>,
    /// Since when, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_on: Option<String>,
    /// Since when there was no success, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<String>,
    /// When it was made, RFC 3339.
    pub created_on: String,
    /// Events to be sent.
    pub pending: u64,
    /// Events given up.
    pub dropped: u64,
    /// The secret, `whsec_…`; told when it is made, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl WebhookInfo {
    /// What there is to say of a webhook, without its secret.
    #[must_use]
    pub fn new(webhook: &Webhook, health: Health) -> Self {
        let disabled = webhook.disabled();
        Self {
            id: webhook.id().to_owned(),
            url: webhook.url().to_string(),
            events: webhook.events().iter().map(ToString::to_string).collect(),
            tenant_id: webhook.tenant().map(|tenant| tenant.to_string()),
            include_content: webhook.content() == Content::Included,
            state: if webhook.is_enabled() {
                "enabled"
            } else {
                "disabled"
            }
            .to_owned(),
            disabled_reason: disabled.map(|(_, reason)| reason.to_owned()),
            disabled_on: disabled.map(|(since, _)| text(since)),
            failing_since: health.failing_since.map(text),
            created_on: text(webhook.created()),
            pending: health.pending,
            dropped: health.dropped,
            secret: None,
        }
    }

    /// With the secret.
    #[must_use]
    pub fn with_secret(mut self, webhook: &Webhook) -> Self {
        self.secret = Some(webhook.secret().to_secret_string());
        self
    }
}

impl std::fmt::Debug for WebhookInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookInfo")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// An event that was or is to be sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeliveryInfo {
    /// `webhook-id` of its requests.
    pub id: String,
    /// Name of the event.
    pub event: String,
    /// The meeting or the room.
    pub meeting_id: String,
    /// `pending`, `delivered` or `dropped`.
    pub state: String,
    /// How often it was sent.
    pub attempts: u32,
    /// What came of the last attempt: an HTTP status or a few words.
    pub outcome: String,
    /// When it happened, RFC 3339.
    pub created_on: String,
    /// When it is sent again, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<String>,
    /// When it was over, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_on: Option<String>,
}

impl From<DeliveryRow> for DeliveryInfo {
    fn from(row: DeliveryRow) -> Self {
        let DeliveryRow {
            message,
            meeting,
            event,
            state,
            attempts,
            created,
            due,
            finished,
            outcome,
        } = row;
        Self {
            id: message,
            event,
            meeting_id: meeting,
            state,
            attempts,
            outcome,
            created_on: text(created),
            due_on: due.map(text),
            finished_on: finished.map(text),
        }
    }
}

/// What came of a test.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TestInfo {
    /// Whether the target took the event.
    pub delivered: bool,
    /// The HTTP status or a few words.
    pub outcome: String,
}

impl From<Answer> for TestInfo {
    fn from(answer: Answer) -> Self {
        Self {
            delivered: answer.is_success(),
            outcome: answer.to_string(),
        }
    }
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
