//! Access tokens issued per second.

use std::sync::Arc;
use std::time::Duration;

use anteroom_identity::signing::sign_request;
use anteroom_identity::token::Scope;
use reqwest::StatusCode;
use time::OffsetDateTime;

use super::api::{Api, User};
use super::report::Report;
use crate::cli::output;

/// Users that tokens are issued for.
const USERS: usize = 64;

/// Lifetimes a token can have, in minutes: no two calls in a second ask for the same token.
const LIFETIMES: usize = 1381;

pub(super) async fn measure(api: &Api, length: Duration, report: &mut Report) -> anyhow::Result<()> {
    let spinner = output::progress("Tokens …", "{msg} {elapsed}");
    let users: Arc<[User]> = api.users(USERS, &[Scope::Chat]).await?.into();
    let call = {
        let api = api.clone();
        move |number: usize| {
            let (api, users) = (api.clone(), Arc::clone(&users));
            async move {
                let user = &users[number % users.len()];
                let minutes = 60 + number / users.len() % LIFETIMES;
                let body = format!(r#"{{"scopes":["chat","voip"],"expiresInMinutes":{minutes}}}"#);
                api.send(signed(&api, user, body)?, StatusCode::OK).await
            }
        }
    };
    let (latencies, within) = api.for_a_while(length, call).await?;
    spinner.finish_and_clear();
    report.rate("tokens issued", &latencies, within, "no two alike".to_owned());
    Ok(())
}

fn signed(api: &Api, user: &User, body: String) -> anyhow::Result<reqwest::Request> {
    let connection = &api.connection;
    let mut url = connection
        .endpoint
        .join(&format!("/identities/{}/:issueAccessToken", user.id))?;
    url.set_query(Some("api-version=2023-10-01"));
    let signed = sign_request(
        "POST",
        &url[url::Position::BeforePath..url::Position::AfterQuery],
        connection.endpoint.authority(),
        OffsetDateTime::now_utc(),
        body.as_bytes(),
        &connection.access_key,
    );
    let request = api
        .http()
        .post(url)
        .header("x-ms-date", signed.date)
        .header("x-ms-content-sha256", signed.content_sha256)
        .header("authorization", signed.authorization)
        .header("content-type", "application/json")
        .body(body);
    Ok(request.build()?)
}
