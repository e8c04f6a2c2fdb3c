//! `anteroom signing-key`: the keys that sign tokens.

use std::process::ExitCode;

use anteroom_service::operator::SigningKeysInfo;
use clap::{Args, Subcommand};
use reqwest::Method;
use time::OffsetDateTime;

use super::operator::{Operated, Place};
use super::output;

/// Options of `anteroom signing-key`.
#[derive(Debug, Args)]
pub(crate) struct SigningKey {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show which key signs and which ones still verify.
    Show {
        #[command(flatten)]
        place: Place,
    },
    /// Sign with a new key from now on. Tokens of the old one stay good until they expire.
    Rotate {
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) async fn run(key: SigningKey) -> anyhow::Result<ExitCode> {
    let (place, rotate) = match key.command {
        Command::Show { place } => (place, false),
        Command::Rotate { place } => (place, true),
    };
    let info: SigningKeysInfo = match place.open().await? {
        Operated::Running(service) if rotate => {
            service
                .ask(Method::POST, "/operator/signing-keys/rotate", None)
                .await?
        }
        Operated::Running(service) => service.ask(Method::GET, "/operator/signing-keys", None).await?,
        Operated::Stopped(service) => {
            let now = OffsetDateTime::now_utc();
            let rotated = if rotate {
                service.keys().rotate(now).await.map(|_| ())
            } else {
                Ok(())
            };
            let info = SigningKeysInfo::new(service.keys(), now);
            service.close().await;
            rotated?;
            info
        }
    };
    output::print(place.json, &info, |info| {
        let mut rows = vec![vec![
            info.current.clone(),
            format!("signs since {}", info.created_on),
        ]];
        rows.extend(info.retired.iter().map(|retired| {
            vec![
                retired.kid.clone(),
                format!("verifies until {}", retired.verifies_until),
            ]
        }));
        output::table(&rows)
    })?;
    Ok(ExitCode::SUCCESS)
}
