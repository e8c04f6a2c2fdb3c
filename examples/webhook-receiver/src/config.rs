//! Options and environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::Receiver;
use crate::signature::Secret;

/// Options.
#[derive(Debug, Clone, clap::Parser)]
#[command(about = "A clinic's server that hears who waits and who is in a meeting")]
pub struct Args {
    /// Address for the service's requests; https belongs in front of it.
    #[arg(long, env = "WEBHOOK_LISTEN", default_value = "127.0.0.1:3001")]
    pub listen: SocketAddr,

    /// Address for the clinic's own people, who see names there.
    #[arg(long, env = "WEBHOOK_BOARD", default_value = "127.0.0.1:3002")]
    pub board: SocketAddr,

    /// What `anteroom webhook create` printed, `whsec_…`; while it is being replaced, also the new one.
    #[arg(
        long = "secret",
        env = "WEBHOOK_SECRETS",
        required = true,
        value_delimiter = ',',
        hide_env_values = true
    )]
    pub secrets: Vec<Secret>,

    /// Host name of a service that may send here, for services that ask first (`webhooks.handshake`).
    #[arg(
        long = "allowed-origin",
        env = "WEBHOOK_ALLOWED_ORIGINS",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<String>,

    /// File that keeps what came.
    #[arg(long, env = "WEBHOOK_JOURNAL", default_value = "webhook-events.jsonl")]
    pub journal: PathBuf,
}

impl Args {
    /// Puts the program together.
    ///
    /// # Errors
    /// The journal cannot be used.
    pub fn receiver(self) -> Result<Receiver> {
        Receiver::open(self.secrets, self.allowed_origins, &self.journal)
            .with_context(|| format!("cannot use {}", self.journal.display()))
    }
}
