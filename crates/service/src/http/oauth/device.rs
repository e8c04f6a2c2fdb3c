//! Device authorization grant (RFC 8628): a device shows a code, and its person signs in with a browser elsewhere.
//!
//! 1. The device gets a device code to ask with, and a user code to show.
//! 2. The person types the user code on a page, and signs in like everybody else: the sign-in page's request is then
//!    `device_user_code` alone.
//! 3. The device asks the token endpoint until that is done.

use std::net::{IpAddr, SocketAddr};

use anteroom_identity::id::TenantId;
use axum::extract::{ConnectInfo, OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use url::form_urlencoded;

use super::client::Credentials;
use super::parameters::Parameters;
use super::request::{AuthorizationRequest, Destination, Prompt};
use super::token::{granted, new_opaque, read_scopes, sign_in_life};
use super::visit::{Visit, refusal};
use super::{any_or_known, invalid_request, no_store};
use crate::entra::{self, secret_digest};
use crate::errors::oauth as entry;
use crate::http::errors::{ApiError, json as json_answer};
use crate::http::request::{Body, Segments, authority};
use crate::state::App;
use crate::store::sqlite::device_codes::{self as sql, DeviceRow};
use crate::store::sqlite::sign_ins::{self, SignInRow};

/// `grant_type` of a device that asks.
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The parameter that stands for an authorization request when a device waits for the answer.
pub(super) const REQUEST: &str = "device_user_code";

/// Life of both codes.
const LIFE: Duration = Duration::minutes(15);

/// How long a device has to wait between two questions, and how much longer when it does not (RFC 8628 §3.5).
const INTERVAL: Duration = Duration::seconds(5);

/// What the way to us may take from an interval.
const JITTER: Duration = Duration::seconds(1);

/// Devices that may wait at a time.
const MOST: u32 = 10_000;

/// Letters of a user code: none that make a word, none that look like another (RFC 8628 §6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// Length of a user code: 20⁸ of them are 2.6 · 10¹⁰.
const LENGTH: usize = 8;

/// Under this name wrong user codes are counted, for each address.
const GUESSES: &str = "device user code";

/// `POST /{tenant}/oauth2/v2.0/devicecode` (RFC 8628 §3.1).
pub(super) async fn begin(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Segments(tenant): Segments<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Body, ApiError>,
) -> Response {
    let begun = async {
        let mut form = Parameters::parse(&body?.0)?;
        let credentials = Credentials::take(&mut form, &headers)?;
        let known = any_or_known(&app, &tenant).await?;
        let client = credentials.authenticate(&app, peer.ip(), known).await?;
        let scope = form
            .take("scope")
            .ok_or_else(|| invalid_request("scope is missing"))?;
        granted(&app, &client, &read_scopes(&app, &scope)?).await?;
        let now = app.clock().now();
        let (device_code, row) = (
            new_opaque(),
            DeviceRow {
                user_code: new_user_code(),
                client_id: client.client_id,
                scope,
                sign_in: None,
                denied: false,
                interval: INTERVAL,
                asked: None,
                expires: now + LIFE,
            },
        );
        let (digest, user_code) = (secret_digest(&device_code), shown(&row.user_code));
        let stored = app
            .store()
            .write(move |connection| sql::insert(connection, &digest, &row, now, MOST))
            .await?;
        if !stored {
            return Err(ApiError::new(&entry::TRY_LATER).with_retry_after(60));
        }
        let here = authority(&uri, &headers)
            .filter(|authority| app.own_authorities().contains(authority))
            .map_or_else(
                || app.issuer().to_owned(),
                |authority| format!("https://{authority}"),
            );
        let page = format!("{here}/{tenant}/device");
        let message =
            format!("To sign in, open the page {page} in a browser and enter the code {user_code}.");
        let answer = json!({
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={user_code}"),
            "expires_in": LIFE.whole_seconds(),
            "interval": INTERVAL.whole_seconds(),
            "message": message,
        });
        Ok(json_answer(StatusCode::OK, &answer))
    };
    no_store(begun.await.into_response())
}

/// `GET /{tenant}/device`: where the code is typed.
pub(super) async fn page(visit: Visit) -> Response {
    match Parameters::parse(visit.query.as_bytes()) {
        Ok(query) => {
            let code = query.get("user_code").and_then(normal).unwrap_or_default();
            code_page(&visit, &shown(&code), None)
        }
        Err(error) => refusal(&error),
    }
}

/// `POST /{tenant}/device`: the code was typed.
pub(super) async fn typed(visit: Visit, body: Result<Body, ApiError>) -> Response {
    let form = match visit.own_form(body) {
        Ok(form) => form,
        Err(error) => return refusal(&error),
    };
    let code = form.get("user_code").unwrap_or_default();
    // Here, so that a wrong code brings the page back. The request is read again below, with what comes of it.
    let tenant = any_or_known(&visit.app, &visit.tenant).await;
    let found = match tenant {
        Ok(tenant) => read(&visit.app, visit.source, tenant, code).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match found {
        Ok(()) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair(REQUEST, code)
                .finish();
            visit.begin(&query).await
        }
        Err(error) => {
            let code: String = code.chars().take(LENGTH + 1).collect();
            code_page(&visit, &code, Some(error.sentence()))
        }
    }
}

fn code_page(visit: &Visit, code: &str, problem: Option<&str>) -> Response {
    visit.with_form(|guard| super::page::device(&visit.tenant, guard, code, problem))
}

/// The request of the device that shows this user code.
///
/// # Errors
/// The code is unknown, or there were too many such from this address.
pub(super) async fn read(
    app: &App,
    source: IpAddr,
    tenant: Option<TenantId>,
    code: &str,
) -> Result<AuthorizationRequest, ApiError> {
    let attempt = app
        .sign_in_limits()
        .attempt(GUESSES, source)
        .await
        .map_err(|wait| ApiError::new(&entry::TRY_LATER).with_retry_after(wait.seconds()))?;
    let row = match normal(code) {
        Some(code) => {
            let now = app.clock().now();
            app.store()
                .read(move |connection| sql::waiting(connection, &code, now))
                .await?
        }
        None => None,
    };
    let client = match &row {
        Some(row) => entra::registration(app, row.client_id.clone()).await?,
        None => None,
    };
    let client = client.filter(|client| tenant.is_none_or(|tenant| tenant == client.tenant));
    let (Some(row), Some(client)) = (row, client) else {
        attempt.failed();
        return Err(ApiError::new(&entry::USER_CODE_UNKNOWN));
    };
    Ok(AuthorizationRequest {
        to: Destination::device(client, row.user_code),
        scope: row.scope,
        nonce: None,
        challenge: None,
        // The person confirms the account in any case, and with it the device.
        prompt: Prompt::Account,
        login_hint: None,
        domain_hint: None,
        max_age: None,
    })
}

/// Gives the device its sign-in.
pub(super) async fn approve(
    app: &App,
    code: &str,
    sign_in: SignInRow,
    now: OffsetDateTime,
) -> Result<Response, ApiError> {
    let code = code.to_owned();
    let approved = app
        .store()
        .write(move |connection| {
            let id = sign_in.id;
            sign_ins::insert(connection, &sign_in, now, now + sign_in_life())?;
            let approved = sql::approve(connection, &code, id, now)?;
            if !approved {
                sign_ins::revoke(connection, id)?;
            }
            Ok::<_, crate::store::StoreError>(approved)
        })
        .await?;
    if !approved {
        return Err(ApiError::new(&entry::USER_CODE_UNKNOWN));
    }
    Ok(super::page::message(
        StatusCode::OK,
        "You are signed in",
        "You are signed in on your device. You can close this window.",
    ))
}

/// Tells the device that its person said no.
pub(super) async fn refuse(app: &App, code: &str) -> Result<Response, ApiError> {
    let code = code.to_owned();
    app.store()
        .write(move |connection| sql::deny(connection, &code))
        .await?;
    Ok(super::page::message(
        StatusCode::OK,
        "Not signed in",
        "Nobody was signed in on the device. You can close this window.",
    ))
}

/// What a device is told that asks: `None` for a code that is none of this client's, else its sign-in and scope, or why
/// there is none.
pub(super) async fn ask(
    app: &App,
    code: &str,
    client_id: &str,
) -> Result<Option<Result<(SignInRow, String), ApiError>>, ApiError> {
    let (digest, client_id, now) = (secret_digest(code), client_id.to_owned(), app.clock().now());
    let told = app
        .store()
        .write(move |connection| {
            let row = sql::get(connection, &digest)?;
            let Some(row) = row.filter(|row| row.client_id == client_id) else {
                return Ok(None);
            };
            let refused = |entry| Ok::<_, crate::store::StoreError>(Some(Err(ApiError::new(entry))));
            if now >= row.expires {
                return refused(&entry::EXPIRED_TOKEN);
            }
            if row.denied {
                sql::delete(connection, &digest)?;
                return refused(&entry::ACCESS_DENIED);
            }
            if let Some(id) = row.sign_in {
                sql::delete(connection, &digest)?;
                let sign_in = sign_ins::get(connection, id)?;
                return Ok(sign_in.map(|sign_in| Ok((sign_in, row.scope))));
            }
            let hasty = row.asked.is_some_and(|at| now - at < row.interval - JITTER);
            let interval = if hasty {
                row.interval + INTERVAL
            } else {
                row.interval
            };
            sql::asked(connection, &digest, now, interval)?;
            refused(if hasty {
                &entry::SLOW_DOWN
            } else {
                &entry::AUTHORIZATION_PENDING
            })
        })
        .await?;
    Ok(told)
}

/// A user code as it is shown, in two halves.
pub(super) fn shown(code: &str) -> String {
    match code.split_at_checked(LENGTH / 2) {
        Some((first, second)) if !second.is_empty() => format!("{first}-{second}"),
        _ => code.to_owned(),
    }
}

/// A user code as it is kept, of what a person typed: small letters, hyphens and spaces do not matter.
pub(super) fn normal(typed: &str) -> Option<String> {
    if typed.len() > 64 {
        return None;
    }
    let code: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    (code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte))).then_some(code)
}

fn new_user_code() -> String {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        // Five bits; those beyond the letters are thrown away, so that all are alike.
        let index = usize::from(rand::random::<u8>() >> 3);
        code.extend(LETTERS.get(index).map(|letter| char::from(*letter)));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "B-C-D-F-G-H-J-K"] {
            assert_eq!(normal(typed).as_deref(), Some("BCDFGHJK"), "{typed}");
        }
        for typed in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "ACDF-GHJK",
            "BCDF_GHJK",
            &"-".repeat(65),
        ] {
            assert_eq!(normal(typed), None, "{typed}");
        }
    }

    #[test]
    fn codes_are_shown_in_halves_and_use_every_letter() {
        assert_eq!(shown("BCDFGHJK"), "BCDF-GHJK");
        assert_eq!(shown(""), "");
        let codes: Vec<String> = (0..500).map(|_| new_user_code()).collect();
        assert!(codes.iter().all(|code| normal(code).as_ref() == Some(code)));
        let all = codes.concat();
        assert!(LETTERS.iter().all(|letter| all.contains(char::from(*letter))));
    }
}
