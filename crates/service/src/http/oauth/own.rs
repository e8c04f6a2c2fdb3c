//! People who sign in for the service's own pages, `/teams` and `/admin`, at the issuer's page or an external provider.
//!
//! The request is `own_page` alone. Who comes back is signed in in this browser, and the page, of the same origin, asks for
//! a token of its own kind.

use anteroom_identity::id::{ObjectId, TenantId};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::json;
use uuid::Uuid;

use super::external::Ways;
use super::parameters::Parameters;
use super::request::{AuthorizationRequest, Destination, Prompt};
use super::token::{own_program_token, read_scopes, sign_in_with_password};
use super::visit::{Visit, set_cookie};
use super::{invalid_request, no_store, session};
use crate::errors::oauth as entry;
use crate::http::errors::{ApiError, json as json_answer};
use crate::http::request::Body;
use crate::state::App;
use crate::store::sqlite::applications::{ApplicationRow, ClientKind};
use crate::store::sqlite::sign_ins::SessionRow;

/// The parameter that stands for an authorization request of a page.
pub(super) const REQUEST: &str = "own_page";

/// The pages.
const PAGES: [&str; 2] = ["teams", "admin"];

/// The pages' program.
const PROGRAM: &str = "anteroom-web";

/// What a page's token is for.
const SCOPE: &str = "https://graph.microsoft.com/.default openid profile";

/// Longest meeting link that a page keeps, in bytes.
const MAX_LINK: usize = 4096;

/// The request of a page of ours; `link` is the meeting that it was opened for.
///
/// # Errors
/// There is no such page, or the path names no tenant.
pub(super) fn read(
    app: &App,
    tenant: Option<TenantId>,
    page: &str,
    form: &mut Parameters,
) -> Result<AuthorizationRequest, ApiError> {
    let tenant = tenant.ok_or_else(|| invalid_request("the path names no tenant"))?;
    if !PAGES.contains(&page) {
        return Err(invalid_request("there is no such page"));
    }
    let link = form.take_within("link", MAX_LINK, "link is too long")?;
    let query = link.map_or_else(String::new, |link| {
        let link: String = url::form_urlencoded::byte_serialize(link.as_bytes()).collect();
        format!("?link={link}")
    });
    let client = ApplicationRow {
        client_id: PROGRAM.to_owned(),
        object: ObjectId::from(Uuid::nil()),
        tenant,
        resource: None,
        name: "Anteroom".to_owned(),
        kind: ClientKind::Public,
        created: app.clock().now(),
    };
    // With the fragment the page knows that somebody comes back.
    let page = format!("/{page}{query}#signed-in");
    Ok(AuthorizationRequest {
        to: Destination::own(client, app.issuer(), page),
        scope: SCOPE.to_owned(),
        nonce: None,
        challenge: None,
        prompt: Prompt::Needed,
        login_hint: None,
        domain_hint: None,
        max_age: None,
    })
}

/// Back to the page, of whatever name the browser knows us by.
pub(super) fn back(page: &str) -> Response {
    no_store(Redirect::to(page).into_response())
}

/// `GET /login/ways`: how people of a tenant sign in, of the only one with providers when none is named.
pub(super) async fn ways(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes())?;
    let name = query.get("tenant").or_else(|| app.external().only_tenant());
    let known = match name {
        Some(name) => app.directory().tenant(name).await?,
        None => None,
    };
    let answer = match (name, known) {
        (Some(name), Some(tenant)) => {
            let ways = Ways::of(&app, tenant).await?;
            json!({ "tenant": name, "passwords": ways.passwords, "providers": ways.names() })
        }
        _ => json!({ "tenant": null, "passwords": true, "providers": [] }),
    };
    Ok(no_store(json_answer(StatusCode::OK, &answer)))
}

/// `POST /login/token`: a token for a page of this very origin, for who is signed in in this browser. With `username` and
/// `password`, that person is signed in first: tokens live for an hour and calls for longer, and the next one needs no
/// password.
pub(super) async fn token(visit: Visit, body: Result<Body, ApiError>) -> Result<Response, ApiError> {
    if !visit.is_own_form() {
        return Err(ApiError::new(&entry::FORM_EXPIRED));
    }
    let app = &visit.app;
    let mut form = Parameters::parse(&body?.0)?;
    let (user, cookie) = match (form.take("username"), form.take("password")) {
        (Some(upn), Some(password)) => {
            let user = sign_in_with_password(app, visit.source, None, &upn, &password).await?;
            let session = SessionRow {
                user: user.oid,
                auth: app.clock().now(),
            };
            let cookie = session::begin(app, visit.surface, &visit.headers, session).await?;
            (user, cookie)
        }
        _ => {
            let current = session::current(app, visit.surface, &visit.headers).await?;
            let (user, _) = current.ok_or_else(|| ApiError::new(&entry::LOGIN_REQUIRED))?;
            (user, None)
        }
    };
    let scopes = read_scopes(app, SCOPE)?;
    let answer = own_program_token(app, PROGRAM, user, &scopes, SCOPE.to_owned())?;
    let mut response = no_store(json_answer(StatusCode::OK, &answer));
    set_cookie(&mut response, cookie);
    Ok(response)
}
