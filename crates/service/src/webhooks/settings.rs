//! What an operator may set for all webhooks.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Settings of all webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct WebhookConfig {
    /// Addresses of private networks and of this machine that may be sent to.
    pub allow_private_targets: PrivateTargets,
    /// Targets may be `http`, too: signatures still prove who sent an event, but everybody on the way can read it.
    pub allow_http: bool,
    /// Further certificate authorities of targets, in PEM, besides the system's.
    pub ca: Option<PathBuf>,
    /// How long a target may take to answer, in seconds.
    pub timeout_seconds: u32,
    /// Requests to one target at a time; events of one meeting go one after the other all the same.
    pub concurrency: usize,
    /// Pause after the first failure, in seconds; it doubles with each further one.
    pub first_retry_seconds: u32,
    /// Longest pause, in seconds.
    pub longest_retry_seconds: u32,
    /// Age at which an undelivered event is dropped, in hours.
    pub max_age_hours: u32,
    /// Days without one success after which a webhook is disabled.
    pub disable_after_days: u32,
    /// Undelivered events kept for one webhook; beyond, the oldest are dropped.
    pub outbox_events: u32,
    /// Targets have to agree before anything is sent: the handshake of CloudEvents' HTTP webhooks.
    pub handshake: bool,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            allow_private_targets: PrivateTargets::All(false),
            allow_http: false,
            ca: None,
            timeout_seconds: 15,
            concurrency: 4,
            first_retry_seconds: 5,
            longest_retry_seconds: 3600,
            max_age_hours: 72,
            disable_after_days: 5,
            outbox_events: 10_000,
            handshake: false,
        }
    }
}

impl WebhookConfig {
    /// How long a target may take to answer; at least a second.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.timeout_seconds.max(1)))
    }
}

/// Which addresses that are not public may be sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected true, false or a list of networks such as \"10.0.0.0/8\""
)]
pub enum PrivateTargets {
    /// None, or all but multicast and those that are known to hand out secrets to whoever asks from this machine.
    All(bool),
    /// Those in these networks.
    Networks(Vec<IpNet>),
}
