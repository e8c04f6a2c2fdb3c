//! Getting a token: from the identity API with an access key, or from the directory with a password.

use std::time::Duration;

use anteroom_identity::signing::{ConnectionString, sign_request};
use reqwest::{Client, Response};
use serde::Deserialize;
use time::OffsetDateTime;
use url::Url;

use super::tls::Trust;
use super::{Credential, Error};

/// Version of the identity API that this client speaks.
const IDENTITY_VERSION: &str = "2023-10-01";

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn client(trust: &Trust) -> Result<Client, Error> {
    let builder = Client::builder()
        .timeout(TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    match trust {
        Trust::System => builder,
        Trust::Private(config) => builder.tls_backend_preconfigured(config.as_ref().clone()),
    }
    .build()
    .map_err(Error::Http)
}

/// Turns a credential into a token for `/signaling`.
pub(super) async fn token(client: &Client, endpoint: &Url, credential: &Credential) -> Result<String, Error> {
    match credential {
        Credential::Token(token) => Ok(token.clone()),
        Credential::ConnectionString(text) => {
            let connection: ConnectionString = text
                .parse()
                .map_err(|_| Error::Credential("the connection string is malformed"))?;
            create_user_and_token(client, endpoint, &connection).await
        }
        Credential::Directory { upn, password } => sign_in(client, endpoint, upn, password).await,
    }
}

async fn create_user_and_token(
    client: &Client,
    endpoint: &Url,
    connection: &ConnectionString,
) -> Result<String, Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Created {
        access_token: Token,
    }
    #[derive(Deserialize)]
    struct Token {
        token: String,
    }

    let mut url = endpoint.join("/identities").map_err(|_| Error::Endpoint)?;
    url.query_pairs_mut().append_pair("api-version", IDENTITY_VERSION);
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let host = authority(&url)?;
    let body = br#"{"createTokenWithScopes":["chat","voip"],"expiresInMinutes":60}"#;
    let signed = sign_request(
        "POST",
        &target,
        &host,
        OffsetDateTime::now_utc(),
        body,
        connection.access_key(),
    );
    let response = client
        .post(url)
        .header("content-type", "application/json")
        .header("x-ms-date", signed.date)
        .header("x-ms-content-sha256", signed.content_sha256)
        .header("authorization", signed.authorization)
        .body(body.as_slice())
        .send()
        .await
        .map_err(Error::Http)?;
    let created: Created = json(response).await?;
    Ok(created.access_token.token)
}

/// The OAuth 2.0 password grant: fine for a command line tool that was given a password.
async fn sign_in(client: &Client, endpoint: &Url, upn: &str, password: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Granted {
        access_token: String,
    }

    let url = endpoint
        .join("/organizations/oauth2/v2.0/token")
        .map_err(|_| Error::Endpoint)?;
    let form = [
        ("grant_type", "password"),
        ("client_id", "anteroom-cli"),
        ("scope", "openid profile"),
        ("username", upn),
        ("password", password),
    ];
    let response = client.post(url).form(&form).send().await.map_err(Error::Http)?;
    let granted: Granted = json(response).await?;
    Ok(granted.access_token)
}

async fn json<T: for<'de> Deserialize<'de>>(response: Response) -> Result<T, Error> {
    let status = response.status();
    let body = response.bytes().await.map_err(Error::Http)?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|_| Error::UnexpectedAnswer);
    }
    Err(Error::Refused {
        status: status.as_u16(),
        message: refusal(&body),
    })
}

/// The sentence in an ACS or OAuth error body.
fn refusal(body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    value["error"]["message"]
        .as_str()
        .or_else(|| value["error_description"].as_str())
        .unwrap_or("no reason was given")
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect()
}

/// `host[:port]` as it stands in the `Host` header.
fn authority(url: &Url) -> Result<String, Error> {
    let host = url.host_str().ok_or(Error::Endpoint)?;
    Ok(url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_gives_its_sentence() {
        assert_eq!(refusal(br#"{"error":{"code":"Denied","message":"No."}}"#), "No.");
        assert_eq!(
            refusal(br#"{"error":"invalid_grant","error_description":"Wrong."}"#),
            "Wrong."
        );
        assert_eq!(refusal(b"<html>"), "no reason was given");
    }

    #[test]
    fn the_default_port_is_not_part_of_the_authority() {
        let authority = |text: &str| authority(&Url::parse(text).unwrap()).unwrap();
        assert_eq!(authority("https://acs.example:443/"), "acs.example");
        assert_eq!(authority("https://127.0.0.1:8443/"), "127.0.0.1:8443");
    }
}
