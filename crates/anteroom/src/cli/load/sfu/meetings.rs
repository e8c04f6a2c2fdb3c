//! Further meetings, for loads that are more than one.

use std::num::NonZeroU16;
use std::path::Path;

use anteroom_service::DevInfo;
use anyhow::Context as _;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::cli::target;

/// The scope of everything that an application was granted.
const DEFAULT_SCOPE: &str = "https://graph.microsoft.com/.default";

/// Long enough for every load.
const LENGTH: Duration = Duration::hours(24);

/// A client that trusts the service.
pub(super) fn http(ca: Option<&Path>) -> anyhow::Result<Client> {
    let mut http = Client::builder().timeout(std::time::Duration::from_secs(30));
    if let Some(tls) = target::options(ca)?.tls() {
        http = http.tls_backend_preconfigured(rustls::ClientConfig::clone(tls));
    }
    Ok(http.build()?)
}

/// Links of so many meetings of a service in development mode, the demo meeting first. The others are scheduled through
/// Microsoft Graph, as an application would.
pub(super) async fn links(http: &Client, dev: &DevInfo, count: NonZeroU16) -> anyhow::Result<Vec<String>> {
    let mut links = vec![dev.meeting.join_url.clone()];
    if count.get() == 1 {
        return Ok(links);
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &dev.app.client_id),
        ("client_secret", &dev.app.client_secret),
        ("scope", DEFAULT_SCOPE),
    ];
    let token = http
        .post(format!("{}/oauth2/v2.0/token", dev.authority))
        .form(&form);
    let token = text(token, "access_token").await.context("a token for Graph")?;
    let organizer = dev.users.first().context("the tenant has nobody")?;
    let url = format!(
        "{}/users/{}/onlineMeetings",
        dev.graph_endpoint, organizer.object_id
    );
    let begin = OffsetDateTime::now_utc();
    for number in 2..=count.get() {
        let meeting = json!({
            "subject": format!("Load {number}"),
            "startDateTime": begin.format(&Rfc3339)?,
            "endDateTime": (begin + LENGTH).format(&Rfc3339)?,
        });
        let request = http.post(&url).bearer_auth(&token).json(&meeting);
        links.push(text(request, "joinWebUrl").await.context("a meeting")?);
    }
    Ok(links)
}

/// What an answer has under a name.
async fn text(request: RequestBuilder, name: &str) -> anyhow::Result<String> {
    let response = request.send().await?;
    let status = response.status();
    let answer: Value = response.json().await?;
    let found = answer.get(name).and_then(Value::as_str);
    let found = found.with_context(|| format!("{status} without {name}: {answer}"))?;
    Ok(found.to_owned())
}
