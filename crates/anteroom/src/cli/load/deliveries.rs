//! Notifications delivered per second: one thread, everybody in it listening.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anteroom_identity::token::Scope;
use anyhow::Context as _;
use reqwest::StatusCode;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::api::Api;
use super::listener::Listener;
use super::report::{Latencies, Report};
use crate::cli::output;

/// Members of the thread.
const MEMBERS: usize = 250;

/// Messages per second.
const RATE: u32 = 20;

/// How long the last notifications may take.
const DRAIN: Duration = Duration::from_secs(10);

/// What stands before the time in a message.
const MARK: &str = "\"messageBody\":\"load ";

struct Heard {
    latencies: Latencies,
    last: Instant,
}

pub(super) async fn measure(api: &Api, length: Duration, report: &mut Report) -> anyhow::Result<()> {
    let spinner = output::progress("Deliveries …", "{msg} {elapsed}");
    let users = api.users(MEMBERS, &[Scope::Chat]).await?;
    let started = Instant::now();
    let heard = Arc::new(Mutex::new(Heard {
        latencies: Latencies::new()?,
        last: started,
    }));
    let note: Arc<dyn Fn(&str) + Send + Sync> = {
        let heard = Arc::clone(&heard);
        Arc::new(move |body: &str| {
            let Some(sent) = sent_at(body) else { return };
            let now = Instant::now();
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.latencies.add((now - started).saturating_sub(sent));
            heard.last = now;
        })
    };
    let mut listeners = JoinSet::new();
    for user in &users {
        let listener = Listener::connect(api, user, "load").await?;
        listeners.spawn(listener.listen(Arc::clone(&note)));
    }
    let thread = api.thread(&users).await.context("creating a thread")?;
    let url = api.chat_url(&format!("/{thread}/messages"))?;

    let began = Instant::now();
    let mut sends = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = 0;
    while began.elapsed() < length {
        ticks.tick().await;
        let micros = started.elapsed().as_micros();
        let sender = &users[sent % users.len()];
        let request = api
            .http()
            .post(url.clone())
            .bearer_auth(&sender.token)
            .header("content-type", "application/json")
            .body(format!(
                r#"{{"content":"load {micros}","senderDisplayName":"Load"}}"#
            ))
            .build()?;
        let api = api.clone();
        sends.spawn(async move { api.send(request, StatusCode::CREATED).await });
        sent += 1;
    }
    while let Some(outcome) = sends.join_next().await {
        outcome??;
    }
    let expected = (sent * MEMBERS) as u64;
    let deadline = Instant::now() + DRAIN;
    loop {
        let count = lock(&heard).latencies.count();
        if count >= expected || Instant::now() >= deadline {
            break;
        }
        tokio::select! {
            Some(ended) = listeners.join_next() => ended??,
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    spinner.finish_and_clear();
    let heard = lock(&heard);
    let within = heard.last.saturating_duration_since(began);
    let missing = expected.saturating_sub(heard.latencies.count());
    report.rate(
        "notifications delivered",
        &heard.latencies,
        within,
        format!("{MEMBERS} members, {RATE} messages per second, {missing} missing"),
    );
    Ok(())
}

fn lock(heard: &Mutex<Heard>) -> std::sync::MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When a message of ours was sent, from the start of the measurement.
fn sent_at(body: &str) -> Option<Duration> {
    let (_, rest) = body.split_once(MARK)?;
    let (micros, _) = rest.split_once('"')?;
    micros.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_time_of_a_message() {
        let body = r#"{"eventId":200,"messageBody":"load 1500","version":"1"}"#;
        assert_eq!(sent_at(body), Some(Duration::from_micros(1500)));
        assert_eq!(sent_at(r#"{"eventId":257}"#), None);
    }
}
