//! Memory that idle notification sockets take.

use std::sync::Arc;
use std::time::Instant;

use anteroom_identity::token::Scope;
use anyhow::Context as _;
use tokio::task::JoinSet;

use super::api::{Api, User};
use super::listener::Listener;
use super::report::{Latencies, Report};
use super::service::Running;
use crate::cli::output;

/// Sockets of one user.
const PER_USER: usize = 20;

pub(super) async fn measure(
    api: &Api,
    service: &Running,
    count: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let bar = output::progress("Sockets …", "{msg} {elapsed}");
    let before = service.memory().context("memory is read from /proc")?;
    let users: Arc<[User]> = api.users(count.div_ceil(PER_USER), &[Scope::Chat]).await?.into();
    let silent: Arc<dyn Fn(&str) + Send + Sync> = Arc::new(|_| {});
    let began = Instant::now();
    let mut latencies = Latencies::new()?;
    let mut connecting = JoinSet::new();
    let mut listeners = JoinSet::new();
    let mut next = 0;
    while latencies.count() < count as u64 {
        while next < count && connecting.len() < api.at_a_time {
            let (api, users, number) = (api.clone(), Arc::clone(&users), next);
            connecting.spawn(async move {
                let asked = Instant::now();
                let epid = format!("load{}", number % PER_USER);
                let listener = Listener::connect(&api, &users[number / PER_USER], &epid).await?;
                anyhow::Ok((listener, asked.elapsed()))
            });
            next += 1;
        }
        tokio::select! {
            Some(connected) = connecting.join_next() => {
                let (listener, took) = connected??;
                latencies.add(took);
                listeners.spawn(listener.listen(Arc::clone(&silent)));
            }
            // None ends while nothing is wrong.
            Some(ended) = listeners.join_next() => ended??,
        }
    }
    let within = began.elapsed();
    let after = service.memory().context("memory is read from /proc")?;
    bar.finish_and_clear();
    let mib = |bytes: u64| bytes / (1024 * 1024);
    let each = after.saturating_sub(before) / 1024 / (count as u64).max(1);
    report.rate(
        "sockets opened",
        &latencies,
        within,
        format!(
            "{count} idle: {} MiB of memory in all, {each} KiB per socket",
            mib(after)
        ),
    );
    Ok(())
}
