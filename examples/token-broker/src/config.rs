//! Where everything is: options, environment, and `dev.json` of a service in development mode.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anteroom_identity::client::{ClientOptions, CommunicationIdentityClient};
use anyhow::{Context as _, Result, ensure};
use axum_extra::extract::cookie::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;

use crate::customers::Customers;
use crate::oidc::Oidc;
use crate::{Broker, Parts};

/// Options. Without any, the service that `cargo xtask serve` started is used, with the demo login.
#[derive(Debug, Clone, clap::Parser)]
#[command(about = "The back end of a clinic that hands its customers access tokens")]
pub struct Args {
    /// Address to listen on.
    #[arg(long, env = "BROKER_LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Where browsers reach this program [default: http://localhost, with the port listened on].
    #[arg(long, env = "BROKER_PUBLIC_URL")]
    pub public_url: Option<Url>,

    /// What a service in development mode wrote [default: ~/.local/share/anteroom/dev.json].
    #[arg(long, env = "BROKER_DEV_JSON", value_name = "FILE")]
    pub dev_json: Option<PathBuf>,

    /// `endpoint=https://…;accesskey=…` of Anteroom or Azure, in the place of dev.json's.
    #[arg(long, env = "COMMUNICATION_CONNECTION_STRING", hide_env_values = true)]
    pub connection_string: Option<String>,

    /// Authority that vouches for the service, in PEM [default: dev.json's, else the system's].
    #[arg(long, env = "COMMUNICATION_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// The page that joins the meeting, `https://…/join?link=…` [default: dev.json's].
    #[arg(long, env = "BROKER_JOIN_PAGE")]
    pub join_page: Option<Url>,

    /// File that keeps which customer is which user.
    #[arg(long, env = "BROKER_CUSTOMERS", default_value = "customers.json")]
    pub customers: PathBuf,

    /// Base64 of at least 64 random bytes to sign cookies with [default: drawn at each start].
    #[arg(long, env = "BROKER_COOKIE_KEY", hide_env_values = true)]
    pub cookie_key: Option<String>,

    /// The identity provider's issuer.
    #[arg(long, env = "OIDC_ISSUER", requires = "oidc_client_id")]
    pub oidc_issuer: Option<String>,

    /// The clinic's client id there.
    #[arg(long, env = "OIDC_CLIENT_ID")]
    pub oidc_client_id: Option<String>,

    /// The clinic's client secret there.
    #[arg(long, env = "OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub oidc_client_secret: Option<String>,

    /// Authority that vouches for the identity provider, in PEM [default: the system's].
    #[arg(long, env = "OIDC_CA_FILE", value_name = "FILE")]
    pub oidc_ca_file: Option<PathBuf>,

    /// Let everybody be any demo customer, without a password [default: only without an identity provider, on loopback].
    #[arg(long, env = "BROKER_DEMO_LOGIN")]
    pub demo_login: Option<bool>,
}

/// The part of `dev.json` that is of use here.
#[derive(Deserialize)]
struct Dev {
    connection_string: String,
    ca_file: Option<PathBuf>,
    guest_page: Url,
}

impl Args {
    /// Puts the program together.
    ///
    /// # Errors
    /// Something is missing or malformed; the sentence says what to do.
    pub fn broker(self) -> Result<Broker> {
        let public_url = self.public_url.unwrap_or(default_url(self.listen)?);
        let needs_dev = self.connection_string.is_none() || self.join_page.is_none();
        let dev = needs_dev.then(|| read_dev(self.dev_json)).transpose()?;

        let mut options = ClientOptions::new().with_application_id("clinic/1.0");
        let (connection_string, join_page) = match dev {
            Some(dev) => {
                let own = self.connection_string.is_none();
                if let Some(file) = dev.ca_file.filter(|_| own && self.ca_file.is_none()) {
                    options = options.with_ca_file(file)?;
                }
                (
                    self.connection_string.unwrap_or(dev.connection_string),
                    self.join_page.unwrap_or(dev.guest_page),
                )
            }
            None => (
                self.connection_string.unwrap_or_default(),
                self.join_page.context("--join-page is missing")?,
            ),
        };
        if let Some(file) = self.ca_file {
            options = options.with_ca_file(file)?;
        }
        let service = CommunicationIdentityClient::from_connection_string(&connection_string, options)?;

        let oidc = match (self.oidc_issuer, self.oidc_client_id) {
            (Some(issuer), Some(id)) => {
                let http = oidc_http(self.oidc_ca_file.as_deref())?;
                Some(Oidc::new(
                    &issuer,
                    &id,
                    self.oidc_client_secret,
                    &public_url,
                    http,
                )?)
            }
            _ => None,
        };
        let demo_login = self
            .demo_login
            .unwrap_or_else(|| oidc.is_none() && self.listen.ip().is_loopback());
        Ok(Broker::new(Parts {
            cookie_key: cookie_key(self.cookie_key.as_deref())?,
            customers: Customers::open(self.customers)?,
            public_url,
            service,
            join_page,
            demo_login,
            oidc,
        }))
    }
}

/// Redirects are not followed: the provider's description says where everything is.
fn oidc_http(ca_file: Option<&Path>) -> Result<reqwest::Client> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have installed it meanwhile.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let mut builder = reqwest::Client::builder()
        .timeout(std::time::Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none());
    if let Some(file) = ca_file {
        let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem)?);
    }
    Ok(builder.build()?)
}

fn default_url(listen: SocketAddr) -> Result<Url> {
    Ok(Url::parse(&format!("http://localhost:{}", listen.port()))?)
}

fn cookie_key(text: Option<&str>) -> Result<Key> {
    let Some(text) = text else {
        return Ok(Key::generate());
    };
    let bytes = STANDARD.decode(text).context("the cookie key is no base64")?;
    ensure!(
        bytes.len() >= 64,
        "the cookie key is shorter than 64 bytes; `openssl rand -base64 64 | tr -d '\\n'` makes one"
    );
    Ok(Key::from(&bytes))
}

fn read_dev(file: Option<PathBuf>) -> Result<Dev> {
    let file = match file {
        Some(file) => file,
        None => default_dev_json().context("there is no home directory; give --dev-json")?,
    };
    let bytes = std::fs::read(&file).with_context(|| {
        format!(
            "cannot read {}: start `cargo xtask serve` first, or give --connection-string and --join-page",
            file.display()
        )
    })?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not what a service wrote", file.display()))
}

fn default_dev_json() -> Option<PathBuf> {
    let under = |name: &str, path: &str| {
        let base = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Some(Path::new(&base).join(path))
    };
    under("XDG_DATA_HOME", "anteroom/dev.json").or_else(|| under("HOME", ".local/share/anteroom/dev.json"))
}
