//! Getting a token: from the identity API with an access key, or from the directory with a password.

use std::sync::Arc;
use std::time::Duration;

use anteroom_identity::client::{
    self as identity, AzureKeyCredential, ClientOptions, CommunicationIdentityClient, RetryOptions,
};
use anteroom_identity::signing::ConnectionString;
use anteroom_identity::token::Scope;
use reqwest::{Client, Response};
use serde::Deserialize;
use url::Url;

use super::tls::Trust;
use super::{Credential, Error};

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Life of a token: the shortest there is.
const TOKEN_LIFE: Duration = Duration::from_secs(60 * 60);

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
pub(super) async fn token(trust: &Trust, endpoint: &Url, credential: &Credential) -> Result<String, Error> {
    match credential {
        Credential::Token(token) => Ok(token.clone()),
        Credential::ConnectionString(text) => {
            let connection: ConnectionString = text
                .parse()
                .map_err(|_| Error::Credential("the connection string is malformed"))?;
            create_user_and_token(trust, endpoint, &connection).await
        }
        Credential::Directory { upn, password } => sign_in(&client(trust)?, endpoint, upn, password).await,
    }
}

/// A new user with a token for what a guest does in a call.
async fn create_user_and_token(
    trust: &Trust,
    endpoint: &Url,
    connection: &ConnectionString,
) -> Result<String, Error> {
    let key = AzureKeyCredential::new(connection.access_key().to_secret_base64())
        .map_err(|_| Error::Credential("the connection string is malformed"))?;
    // Somebody waits for this: a service that is not there is to be reported soon.
    let retry = RetryOptions {
        max_retries: 1,
        ..RetryOptions::default()
    };
    let mut options = ClientOptions::new().with_timeout(TIMEOUT).with_retry(retry);
    if let Trust::Private(config) = trust {
        options = options.with_tls(Arc::clone(config));
    }
    let client = CommunicationIdentityClient::with_key(endpoint.as_str(), key, options).map_err(identity)?;
    let (_, token) = client
        .create_user_and_token([Scope::Chat, Scope::Voip], Some(TOKEN_LIFE))
        .await
        .map_err(identity)?;
    Ok(token.token)
}

fn identity(error: identity::Error) -> Error {
    match error {
        identity::Error::Refused(refusal) => Error::Refused {
            status: refusal.status,
            message: refusal.error.message,
        },
        error => Error::Identity(error),
    }
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

/// The sentence in an OAuth error body, or an ACS one.
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
}
