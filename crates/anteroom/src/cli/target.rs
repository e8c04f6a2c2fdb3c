//! Which service a command talks to.

use std::path::{Path, PathBuf};

use anteroom_identity::client::{ClientOptions, CommunicationIdentityClient};
use anteroom_identity::signing::ConnectionString;
use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;

use super::backup::data_directory;

/// Options that name an ACS resource: by its connection string, or by the data directory of a service on this machine.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// Connection string of the ACS resource: this service's or Azure's [default: from the data directory].
    #[arg(
        long,
        value_name = "STRING",
        env = "COMMUNICATION_CONNECTION_STRING",
        hide_env_values = true
    )]
    connection_string: Option<String>,

    /// Certificate authority to trust, in PEM [default: from the data directory, or the system's].
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// The data directory of a running service on this machine [default: ~/.local/share/anteroom].
    #[arg(long, value_name = "DIR", env = "ANTEROOM_DATA")]
    data: Option<PathBuf>,
}

/// What a service writes about itself: `dev.json` in development mode, else `resource.json`.
#[derive(Debug, Deserialize)]
struct Written {
    connection_string: String,
    #[serde(default)]
    ca_file: Option<PathBuf>,
}

impl Target {
    /// Whether a service was named at all.
    pub(crate) const fn is_given(&self) -> bool {
        self.connection_string.is_some() || self.data.is_some()
    }

    /// The connection string, and the certificate authority to trust.
    ///
    /// # Errors
    /// None was given, and the data directory has none.
    pub(crate) fn resolve(&self) -> anyhow::Result<(ConnectionString, Option<PathBuf>)> {
        let (text, ca) = match &self.connection_string {
            Some(text) => (text.clone(), self.ca.clone()),
            None => {
                let written = written(&data_directory(self.data.clone()))?;
                (written.connection_string, self.ca.clone().or(written.ca_file))
            }
        };
        let connection = text.parse().context("the connection string is not valid")?;
        Ok((connection, ca))
    }

    /// A client of the resource's identity API.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve); the certificate authority cannot be read.
    pub(crate) fn identity(&self) -> anyhow::Result<CommunicationIdentityClient> {
        let (connection, ca) = self.resolve()?;
        Ok(CommunicationIdentityClient::from_connection_string(
            &connection.to_secret_string(),
            options(ca.as_deref())?,
        )?)
    }
}

/// Options of a client that trusts this authority, or the system's.
pub(crate) fn options(ca: Option<&Path>) -> anyhow::Result<ClientOptions> {
    let options = ClientOptions::default().with_application_id("anteroom");
    match ca {
        Some(file) => options
            .with_ca_file(file)
            .with_context(|| format!("the certificate authority {} cannot be used", file.display())),
        None => Ok(options),
    }
}

fn written(data: &Path) -> anyhow::Result<Written> {
    // A copy of another service's data would lead to that one.
    if data.join("anteroom.db").exists() && !anteroom_service::operator::is_running(data) {
        bail!(
            "no service runs on {}: start it, or give --connection-string",
            data.display()
        );
    }
    let read = |name: &str| std::fs::read(data.join(name));
    let text = read("dev.json").or_else(|_| read("resource.json")).with_context(|| {
        format!(
            "{} holds no connection string: give --connection-string, or --data with the directory of a service \
             that has been started",
            data.display()
        )
    })?;
    serde_json::from_slice(&text)
        .with_context(|| format!("the connection string in {} is unreadable", data.display()))
}
