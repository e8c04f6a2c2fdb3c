//! Messages acknowledged per second.

use std::sync::Arc;
use std::time::Duration;

use anteroom_identity::token::Scope;
use anyhow::Context as _;
use reqwest::StatusCode;
use url::Url;

use super::api::{Api, User};
use super::report::Report;
use crate::cli::output;

pub(super) async fn measure(
    api: &Api,
    threads: u16,
    length: Duration,
    report: &mut Report,
) -> anyhow::Result<()> {
    let spinner = output::progress("Sends …", "{msg} {elapsed}");
    let users = api.users(usize::from(threads), &[Scope::Chat]).await?;
    let mut places: Vec<(User, Url)> = Vec::with_capacity(users.len());
    for user in users {
        let thread = api
            .thread(std::slice::from_ref(&user))
            .await
            .context("creating a thread")?;
        places.push((user, api.chat_url(&format!("/{thread}/messages"))?));
    }
    let places: Arc<[(User, Url)]> = places.into();
    let call = {
        let api = api.clone();
        move |number: usize| {
            let (api, places) = (api.clone(), Arc::clone(&places));
            async move {
                let (user, url) = &places[number % places.len()];
                let request = api
                    .http()
                    .post(url.clone())
                    .bearer_auth(&user.token)
                    .header("content-type", "application/json")
                    .body(format!(
                        r#"{{"content":"message {number}","senderDisplayName":"Load"}}"#
                    ))
                    .build()?;
                api.send(request, StatusCode::CREATED).await
            }
        }
    };
    let (latencies, within) = api.for_a_while(length, call).await?;
    spinner.finish_and_clear();
    report.rate(
        "messages sent",
        &latencies,
        within,
        format!("durable, {threads} threads"),
    );
    Ok(())
}
