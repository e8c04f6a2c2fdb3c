//! Janus' HTTP interface: requests that are answered at once, and messages to a plugin, which are answered by an event.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

/// How long Janus may take for an answer. Somebody who waits for events is answered after 30 seconds at the latest.
const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) struct Api {
    client: Client,
    endpoint: String,
    transactions: AtomicU64,
}

/// A connection to a plugin, in a session of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handle {
    pub(crate) session: u64,
    handle: u64,
}

/// What a plugin answers.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) data: Value,
    pub(crate) description: Option<String>,
}

impl Api {
    pub(crate) fn new(endpoint: String) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::builder().timeout(PATIENCE).no_proxy().build()?,
            endpoint,
            transactions: AtomicU64::new(1),
        })
    }

    /// Whether it answers.
    pub(crate) async fn is_up(&self) -> bool {
        let url = format!("{}/info", self.endpoint);
        self.client.get(url).send().await.is_ok()
    }

    /// A new session with a plugin.
    pub(crate) async fn attach(&self, plugin: &str) -> anyhow::Result<Handle> {
        let created = self.request("", json!({ "janus": "create" })).await?;
        let session = created["data"]["id"].as_u64().context("a session without id")?;
        let attach = json!({ "janus": "attach", "plugin": plugin });
        let attached = self.request(&format!("/{session}"), attach).await?;
        let handle = attached["data"]["id"].as_u64().context("a handle without id")?;
        Ok(Handle { session, handle })
    }

    /// Has a plugin answer.
    pub(crate) async fn message(
        &self,
        Handle { session, handle }: Handle,
        body: &Value,
        description: Option<(&str, &str)>,
    ) -> anyhow::Result<Answered> {
        let mut message = json!({ "janus": "message", "body": body });
        if let Some((kind, sdp)) = description {
            message["jsep"] = json!({ "type": kind, "sdp": sdp, "trickle": false });
        }
        let acknowledged = self.request(&format!("/{session}/{handle}"), message).await?;
        let transaction = acknowledged["transaction"].clone();
        loop {
            let url = format!("{}/{session}?maxev=1", self.endpoint);
            let event = self.client.get(url).send().await?.bytes().await?;
            let event: Value = serde_json::from_slice(&event).context("an event that is no JSON")?;
            if event["transaction"] != transaction {
                continue;
            }
            let data = event["plugindata"]["data"].clone();
            if event["janus"] != "event" || data.get("error").is_some() {
                bail!("Janus refuses {}: {event}", body["request"]);
            }
            let description = event["jsep"]["sdp"].as_str().map(str::to_owned);
            return Ok(Answered { data, description });
        }
    }

    /// Ends a session.
    pub(crate) async fn destroy(&self, session: u64) -> anyhow::Result<()> {
        self.request(&format!("/{session}"), json!({ "janus": "destroy" }))
            .await?;
        Ok(())
    }

    async fn request(&self, path: &str, mut request: Value) -> anyhow::Result<Value> {
        let transaction = self.transactions.fetch_add(1, Ordering::Relaxed);
        request["transaction"] = json!(transaction.to_string());
        let answer = self
            .client
            .post(format!("{}{path}", self.endpoint))
            .header(CONTENT_TYPE, "application/json")
            .body(request.to_string())
            .send()
            .await?
            .bytes()
            .await?;
        let answer: Value = serde_json::from_slice(&answer).context("an answer that is no JSON")?;
        match answer["janus"].as_str() {
            Some("success" | "ack") => Ok(answer),
            _ => bail!("Janus refuses {}: {answer}", request["janus"]),
        }
    }
}
