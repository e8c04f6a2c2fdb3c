//! `anteroom resource`: ACS resources and their access keys.

use std::process::ExitCode;

use anteroom_identity::signing::KeySlot;
use anteroom_service::operator::ResourceInfo;
use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;

use super::operator::{Operated, Place};
use super::output;

/// Options of `anteroom resource`.
#[derive(Debug, Args)]
pub(crate) struct Resource {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the resources.
    List {
        /// Show access keys and connection strings, too.
        #[arg(long)]
        keys: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Create a resource with two access keys of its own.
    Create {
        /// Its name: letters, digits, dots, hyphens and underscores.
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Replace an access key. The old one, and tokens asked for with it, are refused at once; the other one stays.
    RotateKey {
        /// The resource, by name or id.
        #[arg(value_name = "RESOURCE")]
        resource: String,
        /// Which of the two keys.
        #[arg(long, value_name = "KEY")]
        key: Slot,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Slot {
    Primary,
    Secondary,
}

impl From<Slot> for KeySlot {
    fn from(slot: Slot) -> Self {
        match slot {
            Slot::Primary => Self::Primary,
            Slot::Secondary => Self::Secondary,
        }
    }
}

/// A resource without its secrets.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Brief<'a> {
    id: &'a str,
    name: &'a str,
    created_on: &'a str,
}

pub(crate) async fn run(resource: Resource) -> anyhow::Result<ExitCode> {
    match resource.command {
        Command::List { keys, place } => {
            let resources = list(place.open().await?).await?;
            if keys {
                output::print(place.json, &resources, |resources| {
                    resources.iter().map(secrets).collect::<Vec<_>>().join("\n\n")
                })?;
            } else {
                let briefs: Vec<Brief<'_>> = resources.iter().map(Brief::of).collect();
                output::print(place.json, &briefs, |briefs| table(briefs))?;
            }
        }
        Command::Create { name, place } => {
            let made = create(place.open().await?, &name).await?;
            output::print(place.json, &made, secrets)?;
        }
        Command::RotateKey { resource, key, place } => {
            let rotated = rotate(place.open().await?, &resource, key.into()).await?;
            output::print(place.json, &rotated, secrets)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(service: Operated) -> anyhow::Result<Vec<ResourceInfo>> {
    match service {
        Operated::Running(service) => service.ask(Method::GET, "/operator/resources", None).await,
        Operated::Stopped(service) => {
            let resources = service.resources().all();
            service.close().await;
            Ok(resources
                .iter()
                .map(|resource| ResourceInfo::new(resource, None))
                .collect())
        }
    }
}

async fn create(service: Operated, name: &str) -> anyhow::Result<ResourceInfo> {
    match service {
        Operated::Running(service) => {
            let body = json!({ "name": name });
            service.ask(Method::POST, "/operator/resources", Some(body)).await
        }
        Operated::Stopped(service) => {
            let made = service.resources().create(name, OffsetDateTime::now_utc()).await;
            service.close().await;
            Ok(ResourceInfo::new(&made?, None))
        }
    }
}

async fn rotate(service: Operated, resource: &str, slot: KeySlot) -> anyhow::Result<ResourceInfo> {
    match service {
        Operated::Running(service) => {
            let known: Vec<ResourceInfo> = service.ask(Method::GET, "/operator/resources", None).await?;
            let known = known
                .into_iter()
                .find(|known| known.id.eq_ignore_ascii_case(resource) || known.name == resource)
                .context("there is no such resource")?;
            let path = format!("/operator/resources/{}/keys/{slot}/rotate", known.id);
            service.ask(Method::POST, &path, None).await
        }
        Operated::Stopped(service) => {
            let found = service.resources().find(resource);
            let rotated = match found {
                Some(found) => service.resources().rotate(found.id(), slot).await,
                None => Ok(None),
            };
            service.close().await;
            let rotated = rotated?.context("there is no such resource")?;
            Ok(ResourceInfo::new(&rotated, None))
        }
    }
}

impl<'a> Brief<'a> {
    fn of(resource: &'a ResourceInfo) -> Self {
        Self {
            id: &resource.id,
            name: &resource.name,
            created_on: &resource.created_on,
        }
    }
}

fn table(briefs: &[Brief<'_>]) -> String {
    let mut rows = vec![vec!["ID".to_owned(), "NAME".to_owned(), "CREATED".to_owned()]];
    rows.extend(briefs.iter().map(|brief| {
        vec![
            brief.id.to_owned(),
            brief.name.to_owned(),
            brief.created_on.to_owned(),
        ]
    }));
    output::table(&rows)
}

/// Keys and connection strings in lines, for people.
fn secrets(resource: &ResourceInfo) -> String {
    let mut rows = vec![
        vec!["id".to_owned(), resource.id.clone()],
        vec!["name".to_owned(), resource.name.clone()],
        vec!["primary key".to_owned(), resource.primary_key.clone()],
        vec!["secondary key".to_owned(), resource.secondary_key.clone()],
    ];
    let connections = [
        ("primary connection string", &resource.primary_connection_string),
        (
            "secondary connection string",
            &resource.secondary_connection_string,
        ),
    ];
    for (name, connection) in connections {
        if let Some(connection) = connection {
            rows.push(vec![name.to_owned(), connection.clone()]);
        }
    }
    output::table(&rows)
}
