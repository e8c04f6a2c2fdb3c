//! Which application asks, and whether it is the one (RFC 6749 §2.3).

use std::net::IpAddr;

use anteroom_identity::id::TenantId;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::parameters::Parameters;
use super::{MAX_NAME, invalid_request};
use crate::entra;
use crate::errors::oauth as entry;
use crate::http::errors::ApiError;
use crate::state::App;
use crate::store::sqlite::applications::{self as sql, ApplicationRow, ClientKind, PermissionKind};

/// Longest client secret looked at, in bytes.
const MAX_SECRET: usize = 1024;

/// The programs of this service itself, which nobody registers.
const OWN_PROGRAMS: [&str; 2] = ["anteroom-web", "anteroom-cli"];

/// Whether a token's `appid` is that of a program of this service itself.
pub(in crate::http) fn is_own_program(app: &str) -> bool {
    OWN_PROGRAMS.contains(&app)
}

/// Client id and secret as they were sent.
pub(super) struct Credentials {
    pub(super) client_id: String,
    secret: Option<String>,
}

/// Who asks.
pub(super) enum Client {
    /// A program of this service itself.
    Own(&'static str),
    /// A registered application.
    Registered(ApplicationRow),
}

impl Credentials {
    /// From the form or the `Authorization` header, where they are form-encoded first.
    ///
    /// # Errors
    /// `invalid_client` without a client id; `invalid_request` when they come both ways.
    pub(super) fn take(form: &mut Parameters, headers: &HeaderMap) -> Result<Self, ApiError> {
        let (mut client_id, mut secret) = (form.take("client_id"), form.take("client_secret"));
        if let Some((id, basic)) = basic(headers)? {
            if secret.is_some() || client_id.as_ref().is_some_and(|given| *given != id) {
                return Err(invalid_request("the client authenticates in two ways"));
            }
            (client_id, secret) = (Some(id), Some(basic));
        }
        let client_id = client_id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| ApiError::new(&entry::INVALID_CLIENT).with_message("client_id is missing"))?;
        let short =
            client_id.len() <= MAX_NAME && secret.as_ref().is_none_or(|secret| secret.len() <= MAX_SECRET);
        if short {
            Ok(Self { client_id, secret })
        } else {
            Err(ApiError::new(&entry::INVALID_CLIENT))
        }
    }

    /// The program of this service itself that this is, if it is one.
    pub(super) fn own_program(&self) -> Option<Client> {
        let own = OWN_PROGRAMS.iter().find(|own| **own == self.client_id)?;
        Some(Client::Own(own))
    }

    /// The application, once it has shown who it is: a confidential one by its secret; a public one has none to show.
    ///
    /// # Errors
    /// `invalid_client`; `temporarily_unavailable` after too many failures.
    pub(super) async fn authenticate(
        self,
        app: &App,
        source: IpAddr,
        tenant: Option<TenantId>,
    ) -> Result<ApplicationRow, ApiError> {
        let attempt = app
            .sign_in_limits()
            .attempt(&self.client_id, source)
            .await
            .map_err(|wait| ApiError::new(&entry::TRY_LATER).with_retry_after(wait.seconds()))?;
        let known = entra::registration(app, self.client_id).await?;
        let Some(client) = known.filter(|known| tenant.is_none_or(|tenant| tenant == known.tenant)) else {
            attempt.failed();
            return Err(ApiError::new(&entry::INVALID_CLIENT));
        };
        match (client.kind, self.secret) {
            (ClientKind::Public, None) => {
                // It showed nothing, so that earlier failures are not forgotten, either.
                drop(attempt);
                Ok(client)
            }
            (ClientKind::Public, Some(_)) => Err(ApiError::new(&entry::INVALID_CLIENT)
                .with_message("The client is public: it must not send a client_secret.")),
            (ClientKind::Confidential, None) => {
                Err(ApiError::new(&entry::INVALID_CLIENT).with_message("client_secret is missing"))
            }
            (ClientKind::Confidential, Some(secret)) => {
                if has_secret(app, &client, &secret).await? {
                    attempt.succeeded();
                    Ok(client)
                } else {
                    attempt.failed();
                    Err(ApiError::new(&entry::INVALID_CLIENT))
                }
            }
        }
    }
}

/// Whether this is one of an application's secrets that have not ended.
async fn has_secret(app: &App, client: &ApplicationRow, secret: &str) -> Result<bool, ApiError> {
    let client_id = client.client_id.clone();
    let secrets = app
        .store()
        .read(move |connection| sql::secrets(connection, &client_id))
        .await?;
    let (digest, now) = (entra::secret_digest(secret), app.clock().now());
    Ok(secrets.iter().any(|secret| {
        verify_slices_are_equal(&secret.sha256, &digest).is_ok()
            && secret.expires.is_none_or(|expires| now < expires)
    }))
}

/// What an application was granted.
pub(super) async fn permissions(
    app: &App,
    client: &ApplicationRow,
    kind: PermissionKind,
) -> Result<Vec<String>, ApiError> {
    let client_id = client.client_id.clone();
    let granted = app
        .store()
        .read(move |connection| sql::permissions(connection, &client_id, kind))
        .await?;
    Ok(granted)
}

fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let malformed =
        || ApiError::new(&entry::INVALID_CLIENT).with_message("the Authorization header is malformed");
    let text = value.to_str().map_err(|_| malformed())?;
    let (kind, credentials) = text.split_once(' ').ok_or_else(malformed)?;
    if !kind.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let credentials = STANDARD.decode(credentials.trim()).map_err(|_| malformed())?;
    let credentials = String::from_utf8(credentials).map_err(|_| malformed())?;
    let (id, secret) = credentials.split_once(':').ok_or_else(malformed)?;
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| malformed())
    };
    Ok(Some((decoded(id)?, decoded(secret)?)))
}
