//! A back end that has no access key: it is an application of Entra ID, or of Anteroom's own directory.
//!
//! The variables are those of the official SDKs' `EnvironmentCredential`.
//!
//! ```sh
//! export COMMUNICATION_ENDPOINT=https://127.0.0.1:8443
//! export AZURE_TENANT_ID=… AZURE_CLIENT_ID=… AZURE_CLIENT_SECRET=…     # Anteroom: tenant_id and app in dev.json
//! export AZURE_AUTHORITY_HOST=https://127.0.0.1:8443                   # Anteroom; not for Azure
//! export COMMUNICATION_CA_FILE=~/.local/share/anteroom/tls/ca.pem      # Anteroom's own authority; not for Azure
//! cargo run -p anteroom-identity --features client --example without_access_key
//! ```
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program speaks and reads the clock"
)]

use std::time::Duration;

use anteroom_identity::client::pipeline::BoxFuture;
use anteroom_identity::client::{
    AccessToken, BoxError, ClientOptions, CommunicationIdentityClient, TokenCredential,
};
use anteroom_identity::token::Scope;
use serde::Deserialize;
use time::OffsetDateTime;

/// The client credentials grant (RFC 6749 §4.4).
struct Application {
    http: reqwest::Client,
    token_url: String,
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Application {
    async fn ask(&self, scope: &str) -> Result<AccessToken, BoxError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("scope", scope),
        ];
        let answer = self.http.post(&self.token_url).form(&form).send().await?;
        let granted: Granted = answer.error_for_status()?.json().await?;
        Ok(AccessToken {
            token: granted.access_token,
            expires_on: OffsetDateTime::now_utc() + Duration::from_secs(granted.expires_in),
        })
    }
}

impl TokenCredential for Application {
    fn token<'a>(&'a self, scopes: &'a [&'a str]) -> BoxFuture<'a, Result<AccessToken, BoxError>> {
        Box::pin(async move { self.ask(&scopes.join(" ")).await })
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let variable = |name: &str| std::env::var(name).map_err(|_| format!("set {name}"));
    let mut options = ClientOptions::new();
    let mut http = reqwest::Client::builder();
    if let Some(file) = std::env::var_os("COMMUNICATION_CA_FILE") {
        options = options.with_ca_file(&file)?;
        http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&std::fs::read(&file)?)?);
    } else {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .map_err(|_| "another cryptography is installed")?;
    }
    let authority =
        variable("AZURE_AUTHORITY_HOST").unwrap_or_else(|_| "https://login.microsoftonline.com".to_owned());
    let application = Application {
        http: http.build()?,
        token_url: format!(
            "{}/{}/oauth2/v2.0/token",
            authority.trim_end_matches('/'),
            variable("AZURE_TENANT_ID")?
        ),
        client_id: variable("AZURE_CLIENT_ID")?,
        client_secret: variable("AZURE_CLIENT_SECRET")?,
    };
    let endpoint = variable("COMMUNICATION_ENDPOINT")?;
    let client = CommunicationIdentityClient::with_token_credential(&endpoint, application, options)?;

    let (user, token) = client.create_user_and_token([Scope::Chat], None).await?;
    println!("{user} has a token until {}", token.expires_on);
    client.delete_user(&user).await?;
    Ok(())
}
