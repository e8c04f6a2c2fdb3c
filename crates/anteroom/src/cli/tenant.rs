//! `anteroom tenant`: what is set for a tenant, from a file; compared with tiers of protection.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anteroom_service::directory::admin::Request;
use anteroom_service::operator::Stopped;
use anteroom_service::tenants::{Change, Changes, TenantName};
use anteroom_teams_link::audit::Tier;
use anteroom_teams_link::policy::TenantFile;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::operator::{Operated, Place};
use super::output;

/// Options of `anteroom tenant`.
#[derive(Debug, Args)]
pub(crate) struct Tenant {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the tenants.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Create a tenant, with Microsoft's defaults and nobody in it.
    Create {
        /// Its name.
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Print what is set for a tenant, as a file that `apply` reads.
    Show {
        /// The tenant, by name or id.
        #[arg(value_name = "TENANT")]
        tenant: String,
        #[command(flatten)]
        place: Place,
    },
    /// Set what a file says, and everything it leaves out to Microsoft's default.
    ///
    /// The file is TOML with sections named after the cmdlets. Running calls and lobbies follow at once. Prints what
    /// changes: settings, policies of organizers, and what becomes of guests.
    Apply {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The tenant, by name or id [default: the file's key `Tenant`, or else its name].
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Compare what is set for a tenant with three tiers of protection: who could do what, and which setting closes it.
    ///
    /// Exit code 0 when nothing is found, 2 when something is, 1 when something failed.
    Audit {
        /// The tenant, by name or id.
        #[arg(value_name = "TENANT")]
        tenant: String,
        /// Only this tier: baseline, sensitive or highly-sensitive.
        #[arg(long, value_name = "TIER")]
        tier: Option<Tier>,
        #[command(flatten)]
        place: Place,
    },
}

/// What a tier finds fault with.
#[derive(Debug, Serialize, Deserialize)]
struct Audit {
    tier: String,
    findings: Vec<Found>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Found {
    place: String,
    setting: String,
    value: String,
    wanted: String,
    consequence: String,
    fix: String,
}

pub(crate) async fn run(tenant: Tenant) -> anyhow::Result<ExitCode> {
    match tenant.command {
        Command::List { place } => {
            let tenants = list(place.open().await?).await?;
            output::print(place.json, &tenants, |tenants| table(tenants))?;
        }
        Command::Create { name, place } => {
            let made: TenantName = place.directory(Request::CreateTenant { name }).await?;
            output::print(place.json, &made, |made| format!("{}  {}", made.id, made.name))?;
        }
        Command::Show { tenant, place } => {
            let file = show(place.open().await?, &tenant).await?;
            let text = toml::to_string_pretty(&file)?;
            output::print(place.json, &file, |_| text.trim_end().to_owned())?;
        }
        Command::Apply {
            file,
            tenant,
            dry_run,
            place,
        } => {
            let (named, contents) = read(&file)?;
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            let tenant = tenant.or(named).or(stem).context("which tenant?")?;
            let changes = apply(place.open().await?, &tenant, contents, dry_run).await?;
            output::print(place.json, &changes, |changes| tell(changes, dry_run))?;
        }
        Command::Audit { tenant, tier, place } => {
            let tiers = tier.map_or_else(|| Tier::ALL.to_vec(), |tier| vec![tier]);
            let audits = audit(place.open().await?, &tenant, &tiers).await?;
            output::print(place.json, &audits, |audits| report(audits))?;
            if audits.iter().any(|audit| !audit.findings.is_empty()) {
                return Ok(ExitCode::from(2));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(service: Operated) -> anyhow::Result<Vec<TenantName>> {
    match service {
        Operated::Running(service) => service.ask(Method::GET, "/operator/tenants", None).await,
        Operated::Stopped(service) => {
            let listed = service.tenants().list().await;
            service.close().await;
            Ok(listed?)
        }
    }
}

async fn show(service: Operated, tenant: &str) -> anyhow::Result<TenantFile> {
    match service {
        Operated::Running(service) => service.ask(Method::GET, &path(tenant, ""), None).await,
        Operated::Stopped(service) => {
            let file = async {
                let id = find(&service, tenant).await?;
                let file = service.tenants().file(id).await?;
                file.context("there is no such tenant")
            };
            let file = file.await;
            service.close().await;
            file
        }
    }
}

async fn apply(service: Operated, tenant: &str, file: TenantFile, dry_run: bool) -> anyhow::Result<Changes> {
    match service {
        Operated::Running(service) => {
            let query = format!("?dryRun={dry_run}");
            let body = serde_json::to_value(&file)?;
            service.ask(Method::PUT, &path(tenant, &query), Some(body)).await
        }
        Operated::Stopped(service) => {
            let resource = service.resources().first();
            let changes = async {
                let id = find(&service, tenant).await?;
                Ok(service.tenants().apply(id, file, resource, dry_run).await?)
            };
            let changes = changes.await;
            service.close().await;
            changes
        }
    }
}

async fn audit(service: Operated, tenant: &str, tiers: &[Tier]) -> anyhow::Result<Vec<Audit>> {
    let mut audits = Vec::with_capacity(tiers.len());
    match service {
        Operated::Running(service) => {
            for tier in tiers {
                let path = path(tenant, &format!("/audit?tier={tier}"));
                audits.push(service.ask(Method::GET, &path, None).await?);
            }
        }
        Operated::Stopped(service) => {
            let all = async {
                let id = find(&service, tenant).await?;
                for tier in tiers {
                    let findings = service.tenants().audit(id, *tier).await?;
                    let findings = serde_json::to_value(findings.context("there is no such tenant")?)?;
                    audits.push(Audit {
                        tier: tier.to_string(),
                        findings: serde_json::from_value(findings)?,
                    });
                }
                anyhow::Ok(())
            };
            let all = all.await;
            service.close().await;
            all?;
        }
    }
    Ok(audits)
}

async fn find(service: &Stopped, tenant: &str) -> anyhow::Result<anteroom_identity::id::TenantId> {
    let found = service.tenants().find(tenant).await?;
    found.context("there is no such tenant")
}

fn path(tenant: &str, rest: &str) -> String {
    let tenant = percent_encoding::utf8_percent_encode(tenant, percent_encoding::NON_ALPHANUMERIC);
    format!("/operator/tenants/{tenant}{rest}")
}

/// What a file says, and of which tenant.
fn read(file: &Path) -> anyhow::Result<(Option<String>, TenantFile)> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let mut table: toml::Table = toml::from_str(&text).with_context(|| file.display().to_string())?;
    let tenant = match table.remove("Tenant") {
        None => None,
        Some(toml::Value::String(tenant)) => Some(tenant),
        Some(_) => bail!("{}: Tenant is not a text", file.display()),
    };
    let contents = table.try_into().with_context(|| file.display().to_string())?;
    Ok((tenant, contents))
}

fn table(tenants: &[TenantName]) -> String {
    let mut rows = vec![vec!["ID".to_owned(), "NAME".to_owned()]];
    rows.extend(
        tenants
            .iter()
            .map(|tenant| vec![tenant.id.to_string(), tenant.name.clone()]),
    );
    output::table(&rows)
}

fn tell(changes: &Changes, dry_run: bool) -> String {
    let mut lines = Vec::new();
    if changes.settings.is_empty() {
        lines.push("Nothing changes.".to_owned());
    } else {
        lines.push(if dry_run { "Would change:" } else { "Changed:" }.to_owned());
        lines.extend(changes.settings.iter().map(one));
    }
    for user in &changes.users {
        lines.push(format!("{}: policy {}", user.user, user.policy));
        lines.extend(user.settings.iter().map(one));
    }
    for meeting in &changes.meetings {
        lines.push(format!(
            "Guests of {:?}: {} -> {}",
            meeting.meeting, meeting.before, meeting.after
        ));
    }
    lines.join("\n")
}

fn one(change: &Change) -> String {
    let text = |value: &Option<Value>| {
        value
            .as_ref()
            .map_or_else(|| "(none)".to_owned(), Value::to_string)
    };
    format!(
        "  {}: {} -> {}",
        change.setting,
        text(&change.before),
        text(&change.after)
    )
}

fn report(audits: &[Audit]) -> String {
    let mut lines = Vec::new();
    for audit in audits {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let count = audit.findings.len();
        lines.push(match count {
            0 => format!("{}: nothing found", audit.tier),
            1 => format!("{}: 1 finding", audit.tier),
            _ => format!("{}: {count} findings", audit.tier),
        });
        for found in &audit.findings {
            lines.push(format!(
                "  {}: {} is {}, wanted: {}",
                found.place, found.setting, found.value, found.wanted
            ));
            lines.push(format!("    {}", found.consequence));
            lines.push(format!("    {}", found.fix));
        }
    }
    lines.join("\n")
}
