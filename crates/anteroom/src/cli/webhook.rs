//! `anteroom webhook`: who is told what happens in meetings.

use std::process::ExitCode;
use std::time::Duration;

use anteroom_service::operator::Stopped;
use anteroom_service::webhooks::{
    DeliveryInfo, NewWebhook, TestInfo, UrlRules, Webhook as Stored, WebhookInfo,
};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::operator::{Operated, Place};
use super::output;

/// Options of `anteroom webhook`.
#[derive(Debug, Args)]
pub(crate) struct Webhook {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the webhooks and how they fare.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Send events to an address. Prints the secret that signs them, once.
    Create {
        /// Where to send to; https, unless the service allows http.
        #[arg(value_name = "URL")]
        url: String,
        /// An event wanted, `meeting.participant.joined`; several times for several; all when left out.
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        /// Of this tenant's organizers only, by its id.
        #[arg(long, value_name = "ID")]
        tenant: Option<String>,
        /// Send the text of chat messages, too.
        #[arg(long)]
        include_content: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Delete a webhook, with what was to be sent to it.
    Delete {
        /// Its id.
        #[arg(value_name = "WEBHOOK")]
        id: String,
        #[command(flatten)]
        place: Place,
    },
    /// Enable a webhook that was disabled because its target failed, and send what waits.
    Enable {
        /// Its id.
        #[arg(value_name = "WEBHOOK")]
        id: String,
        #[command(flatten)]
        place: Place,
    },
    /// Replace the secret. The old one goes on signing, too, for a while.
    RotateSecret {
        /// The webhook's id.
        #[arg(value_name = "WEBHOOK")]
        id: String,
        /// For how many hours the old secret goes on signing; 0 for not at all.
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=720))]
        overlap_hours: u32,
        #[command(flatten)]
        place: Place,
    },
    /// Send one event that says nothing, now. Exit code 2 when the target does not take it.
    Test {
        /// The webhook's id.
        #[arg(value_name = "WEBHOOK")]
        id: String,
        #[command(flatten)]
        place: Place,
    },
    /// List the newest events of a webhook, sent or to be sent.
    Deliveries {
        /// The webhook's id.
        #[arg(value_name = "WEBHOOK")]
        id: String,
        /// How many.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) async fn run(webhook: Webhook) -> anyhow::Result<ExitCode> {
    match webhook.command {
        Command::List { place } => {
            let webhooks = list(place.open().await?).await?;
            output::print(place.json, &webhooks, |webhooks| table(webhooks))?;
        }
        Command::Create {
            url,
            events,
            tenant,
            include_content,
            place,
        } => {
            let made = create(place.open().await?, url, events, tenant, include_content).await?;
            output::print(place.json, &made, details)?;
        }
        Command::Delete { id, place } => {
            let deleted = delete(place.open().await?, &id).await?;
            output::print(place.json, &deleted, |_| format!("deleted {id}"))?;
        }
        Command::Enable { id, place } => {
            let enabled = enable(place.open().await?, &id).await?;
            output::print(place.json, &enabled, details)?;
        }
        Command::RotateSecret {
            id,
            overlap_hours,
            place,
        } => {
            let rotated = rotate(place.open().await?, &id, overlap_hours).await?;
            output::print(place.json, &rotated, details)?;
        }
        Command::Test { id, place } => {
            let tested = test(place.open().await?, &id).await?;
            output::print(place.json, &tested, |tested| tested.outcome.clone())?;
            if !tested.delivered {
                return Ok(ExitCode::from(2));
            }
        }
        Command::Deliveries { id, limit, place } => {
            let deliveries = deliveries(place.open().await?, &id, limit).await?;
            output::print(place.json, &deliveries, |deliveries| delivery_table(deliveries))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(service: Operated) -> anyhow::Result<Vec<WebhookInfo>> {
    match service {
        Operated::Running(service) => service.ask(Method::GET, "/operator/webhooks", None).await,
        Operated::Stopped(service) => {
            let mut infos = Vec::new();
            for webhook in service.webhooks().all().iter() {
                infos.push(info(&service, webhook).await?);
            }
            service.close().await;
            Ok(infos)
        }
    }
}

async fn create(
    service: Operated,
    url: String,
    events: Vec<String>,
    tenant: Option<String>,
    include_content: bool,
) -> anyhow::Result<WebhookInfo> {
    match service {
        Operated::Running(service) => {
            let mut body = json!({ "url": url, "events": events, "includeContent": include_content });
            if let Some(tenant) = tenant {
                body["tenantId"] = tenant.into();
            }
            service.ask(Method::POST, "/operator/webhooks", Some(body)).await
        }
        Operated::Stopped(service) => {
            let new = NewWebhook {
                url,
                events,
                tenant: tenant
                    .map(|tenant| tenant.parse())
                    .transpose()
                    .ok()
                    .context("the tenant's id is a UUID")?,
                include_content,
            };
            // What the configuration permits is seen to when it runs.
            let rules = UrlRules::default();
            let webhook = service.webhooks().check(new, &rules, OffsetDateTime::now_utc())?;
            service.webhooks().insert(webhook.clone()).await?;
            let info = info(&service, &webhook).await?.with_secret(&webhook);
            service.close().await;
            Ok(info)
        }
    }
}

async fn delete(service: Operated, id: &str) -> anyhow::Result<Value> {
    match service {
        Operated::Running(service) => service.ask(Method::DELETE, &path(id, "")?, None).await,
        Operated::Stopped(service) => {
            let deleted = service.webhooks().delete(id).await;
            service.close().await;
            if !deleted? {
                bail!(MISSING);
            }
            Ok(json!({ "id": id }))
        }
    }
}

async fn enable(service: Operated, id: &str) -> anyhow::Result<WebhookInfo> {
    match service {
        Operated::Running(service) => service.ask(Method::POST, &path(id, "/enable")?, None).await,
        Operated::Stopped(service) => {
            let now = OffsetDateTime::now_utc();
            let webhook = service.webhooks().enable(id, now).await?.context(MISSING)?;
            let info = info(&service, &webhook).await;
            service.close().await;
            info
        }
    }
}

async fn rotate(service: Operated, id: &str, overlap_hours: u32) -> anyhow::Result<WebhookInfo> {
    match service {
        Operated::Running(service) => {
            let body = json!({ "overlapHours": overlap_hours });
            let path = path(id, "/rotate-secret")?;
            service.ask(Method::POST, &path, Some(body)).await
        }
        Operated::Stopped(service) => {
            let overlap = Duration::from_secs(u64::from(overlap_hours) * 3600);
            let now = OffsetDateTime::now_utc();
            let rotated = service.webhooks().rotate(id, overlap, now).await?;
            let webhook = rotated.context(MISSING)?;
            let info = info(&service, &webhook).await?.with_secret(&webhook);
            service.close().await;
            Ok(info)
        }
    }
}

async fn test(service: Operated, id: &str) -> anyhow::Result<TestInfo> {
    match service {
        Operated::Running(service) => service.ask(Method::POST, &path(id, "/test")?, None).await,
        Operated::Stopped(service) => {
            service.close().await;
            bail!("the service does not run, and it is the one that sends");
        }
    }
}

async fn deliveries(service: Operated, id: &str, limit: u32) -> anyhow::Result<Vec<DeliveryInfo>> {
    match service {
        Operated::Running(service) => {
            let path = path(id, &format!("/deliveries?limit={limit}"))?;
            service.ask(Method::GET, &path, None).await
        }
        Operated::Stopped(service) => {
            service.webhooks().get(id).context(MISSING)?;
            let rows = service.webhooks().deliveries(id, limit).await;
            service.close().await;
            Ok(rows?.into_iter().map(DeliveryInfo::from).collect())
        }
    }
}

const MISSING: &str = "there is no such webhook";

/// The path of a webhook and what is below it.
fn path(id: &str, below: &str) -> anyhow::Result<String> {
    if id.is_empty()
        || !id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        bail!(MISSING);
    }
    Ok(format!("/operator/webhooks/{id}{below}"))
}

async fn info(service: &Stopped, webhook: &Stored) -> anyhow::Result<WebhookInfo> {
    let health = service.webhooks().health(webhook.id()).await?;
    Ok(WebhookInfo::new(webhook, health))
}

fn table(webhooks: &[WebhookInfo]) -> String {
    let heading = ["ID", "STATE", "PENDING", "DROPPED", "TENANT", "URL"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(webhooks.iter().map(|webhook| {
        vec![
            webhook.id.clone(),
            state(webhook),
            webhook.pending.to_string(),
            webhook.dropped.to_string(),
            webhook.tenant_id.clone().unwrap_or_else(|| "all".to_owned()),
            webhook.url.clone(),
        ]
    }));
    output::table(&rows)
}

fn state(webhook: &WebhookInfo) -> String {
    if webhook.state == "enabled" && webhook.failing_since.is_some() {
        "failing".to_owned()
    } else {
        webhook.state.clone()
    }
}

/// All of a webhook in lines, for people.
fn details(webhook: &WebhookInfo) -> String {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    row("id", webhook.id.clone());
    row("url", webhook.url.clone());
    row("events", webhook.events.join(" "));
    row(
        "tenant",
        webhook.tenant_id.clone().unwrap_or_else(|| "all".to_owned()),
    );
    row(
        "chat text",
        if webhook.include_content {
            "sent"
        } else {
            "left out"
        }
        .to_owned(),
    );
    row("state", webhook.state.clone());
    if let Some(secret) = &webhook.secret {
        row("secret", secret.clone());
    }
    output::table(&rows)
}

fn delivery_table(deliveries: &[DeliveryInfo]) -> String {
    let heading = ["ID", "EVENT", "CREATED", "STATE", "ATTEMPTS", "OUTCOME", "NEXT"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(deliveries.iter().map(|delivery| {
        vec![
            delivery.id.clone(),
            delivery.event.clone(),
            delivery.created_on.clone(),
            delivery.state.clone(),
            delivery.attempts.to_string(),
            delivery.outcome.clone(),
            delivery.due_on.clone().unwrap_or_default(),
        ]
    }));
    output::table(&rows)
}
