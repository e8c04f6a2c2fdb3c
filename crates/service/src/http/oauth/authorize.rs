//! `/{tenant}/oauth2/v2.0/authorize`: people sign in on a page of ours, and go back with a code.
//!
//! 1. An application sends the person's browser here. Request and redirect URI are checked.
//! 2. Who is signed in in this browser goes back at once, where nothing speaks against it; others get the form.
//!    Or they are sent to an external provider ([`super::external`]), and come back from there.
//! 3. The form brings the request back with name and password. All is checked again: nothing is remembered between.
//! 4. The person goes back with a code, which the application exchanges for tokens.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::external::Ways;
use super::page::{self, SignIn, Step};
use super::parameters::Parameters;
use super::request::{AuthorizationRequest, Destination, Prompt, Refused, ResponseMode, registered};
use super::session;
use super::visit::{Visit, refusal, set_cookie};
use super::{device, invalid_request, no_store, own, token};
use crate::directory::{DirectoryUser, redirect};
use crate::entra::secret_digest;
use crate::errors::oauth as entry;
use crate::http::errors::ApiError;
use crate::http::request::Body;
use crate::store::sqlite::sign_ins::{self, CodeRow, SessionRow, SignInRow};

/// Life of an authorization code (at most 10 minutes, RFC 6749 §4.1.2).
const CODE_LIFE: Duration = Duration::minutes(5);

/// `GET`: the request is the query.
pub(super) async fn asked(visit: Visit) -> Response {
    visit.begin(&visit.query).await
}

/// `POST`: the request is the form (OpenID Connect Core §3.1.2.1).
pub(super) async fn posted(visit: Visit, body: Result<Body, ApiError>) -> Response {
    match body.map(|Body(body)| String::from_utf8(body.to_vec())) {
        Ok(Ok(form)) => visit.begin(&form).await,
        Ok(Err(_)) => refusal(&invalid_request("the form is not UTF-8")),
        Err(error) => refusal(&error),
    }
}

/// `POST /{tenant}/login`: our form comes back.
pub(super) async fn signed_in(visit: Visit, body: Result<Body, ApiError>) -> Response {
    match visit.own_form(body) {
        Ok(form) => visit.form(form).await.unwrap_or_else(|error| refusal(&error)),
        Err(error) => refusal(&error),
    }
}

impl Visit {
    /// Somebody comes with an authorization request.
    pub(super) async fn begin(&self, query: &str) -> Response {
        let request = match self.read(query).await {
            Ok(request) => request,
            Err(refused) => return self.refused(refused),
        };
        self.answer(&request, query)
            .await
            .unwrap_or_else(|error| refusal(&error))
    }

    pub(super) async fn read(&self, query: &str) -> Result<AuthorizationRequest, Refused> {
        AuthorizationRequest::read(&self.app, self.source, &self.tenant, query.as_bytes()).await
    }

    async fn answer(&self, request: &AuthorizationRequest, query: &str) -> Result<Response, ApiError> {
        let now = self.app.clock().now();
        let signed_in = session::current(&self.app, self.surface, &self.headers)
            .await?
            .filter(|(user, session)| request.accepts(user, session, now));
        let refuse = |entry| {
            let error = ApiError::new(entry);
            Ok(self.go_back(&request.to, &self.refusal_of(&request.to, &error)))
        };
        match (signed_in, request.prompt) {
            (None, Prompt::None) => refuse(&entry::LOGIN_REQUIRED),
            (Some(_), Prompt::None) if request.to.may_be_another() => refuse(&entry::INTERACTION_REQUIRED),
            (Some((user, session)), Prompt::None | Prompt::Needed) if !request.to.may_be_another() => {
                self.grant(request, &user, session.auth).await
            }
            (Some((user, _)), Prompt::Needed | Prompt::Account) => {
                let (name, upn) = (&*user.display_name, &*user.upn);
                self.page(request, query, Step::Account { name, upn }, None).await
            }
            (_, _) => {
                let ways = Ways::of(&self.app, request.to.client.tenant).await?;
                if let Some(provider) = ways.only(request.domain_hint.as_deref()) {
                    return self.leave(request, query, provider).await;
                }
                let upn = request.login_hint.as_deref().unwrap_or_default();
                self.page(request, query, Step::Password { upn }, None).await
            }
        }
    }

    /// Our form came back.
    async fn form(&self, mut form: Parameters) -> Result<Response, ApiError> {
        let query = form
            .take("request")
            .ok_or_else(|| invalid_request("request is missing"))?;
        let request = match self.read(&query).await {
            Ok(request) => request,
            Err(refused) => return Ok(self.refused(refused)),
        };
        match form.get("step") {
            Some("cancel") => {
                if let Some(code) = &request.to.device {
                    return device::refuse(&self.app, code).await;
                }
                if let Some(page) = &request.to.page {
                    return Ok(own::back(page));
                }
                let error = ApiError::new(&entry::ACCESS_DENIED);
                Ok(self.go_back(&request.to, &self.refusal_of(&request.to, &error)))
            }
            Some("continue") => {
                let now = self.app.clock().now();
                let signed_in = session::current(&self.app, self.surface, &self.headers).await?;
                // Whoever was hinted at: the page named the person who goes on.
                match signed_in.filter(|(user, session)| request.is_good_for(user, session, now)) {
                    Some((user, session)) if request.prompt != Prompt::Login => {
                        self.grant(&request, &user, session.auth).await
                    }
                    _ => {
                        self.page(&request, &query, Step::Password { upn: "" }, None)
                            .await
                    }
                }
            }
            Some("other") => {
                self.page(&request, &query, Step::Password { upn: "" }, None)
                    .await
            }
            _ => self.password(&request, &query, form).await,
        }
    }

    async fn password(
        &self,
        request: &AuthorizationRequest,
        query: &str,
        mut form: Parameters,
    ) -> Result<Response, ApiError> {
        let upn = form.take("username").unwrap_or_default();
        let password = form.take("password").unwrap_or_default();
        let tenant = Some(request.to.client.tenant);
        let checked =
            token::sign_in_with_password(&self.app, self.source, tenant, upn.trim(), &password).await;
        let user = match checked {
            Ok(user) => user,
            Err(error) if error.status() == StatusCode::SERVICE_UNAVAILABLE => return Err(error),
            Err(error) => {
                let step = Step::Password { upn: upn.trim() };
                return self.page(request, query, step, Some(error.sentence())).await;
            }
        };
        let auth = self.app.clock().now();
        let cookie = self.remember(&user, auth).await?;
        let mut response = self.grant(request, &user, auth).await?;
        set_cookie(&mut response, cookie);
        Ok(response)
    }

    /// Signs the person in in this browser.
    pub(super) async fn remember(
        &self,
        user: &DirectoryUser,
        auth: OffsetDateTime,
    ) -> Result<Option<HeaderValue>, ApiError> {
        let session = SessionRow { user: user.oid, auth };
        Ok(session::begin(&self.app, self.surface, &self.headers, session).await?)
    }

    /// Sends the person back with a code, or gives the device its sign-in.
    pub(super) async fn grant(
        &self,
        request: &AuthorizationRequest,
        user: &DirectoryUser,
        auth: OffsetDateTime,
    ) -> Result<Response, ApiError> {
        if let Some(page) = &request.to.page {
            return Ok(own::back(page));
        }
        let now = self.app.clock().now();
        let sign_in = SignInRow {
            id: Uuid::new_v4(),
            client_id: request.to.client.client_id.clone(),
            user: user.oid,
            auth,
        };
        if let Some(code) = &request.to.device {
            return device::approve(&self.app, code, sign_in, now).await;
        }
        let row = CodeRow {
            redirect_uri: request.to.redirect_uri.clone(),
            scope: request.scope.clone(),
            nonce: request.nonce.clone(),
            challenge: request.challenge.clone(),
        };
        let code = token::new_opaque();
        let digest = secret_digest(&code);
        self.app
            .store()
            .write(move |connection| {
                sign_ins::insert(connection, &sign_in, now, now + token::sign_in_life())?;
                sign_ins::insert_code(connection, &digest, sign_in.id, &row, now + CODE_LIFE)
            })
            .await?;
        Ok(self.go_back(&request.to, &request.to.grant(&self.app, &code)))
    }

    pub(super) fn refused(&self, refused: Refused) -> Response {
        match refused {
            Refused::Page(error) => refusal(&error),
            Refused::Client(to, error) => self.go_back(&to, &self.refusal_of(&to, &error)),
        }
    }

    fn refusal_of(&self, to: &Destination, error: &ApiError) -> Vec<(&'static str, String)> {
        to.refuse(&self.app, error.entry(), error.sentence())
    }

    fn go_back(&self, to: &Destination, answer: &[(&'static str, String)]) -> Response {
        if to.mode == ResponseMode::FormPost {
            return page::form_post(to, answer);
        }
        let mut response = no_store(Redirect::to(&to.location(answer)).into_response());
        let policy = HeaderValue::from_static("no-referrer");
        response.headers_mut().insert(header::REFERRER_POLICY, policy);
        response
    }

    /// The sign-in page.
    pub(super) async fn page(
        &self,
        request: &AuthorizationRequest,
        query: &str,
        step: Step<'_>,
        problem: Option<&str>,
    ) -> Result<Response, ApiError> {
        let ways = Ways::of(&self.app, request.to.client.tenant).await?;
        // Password managers take 200 after a password for a success.
        let status = if problem.is_some() {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::OK
        };
        Ok(self.with_form(|guard| {
            let form = SignIn {
                tenant: &self.tenant,
                request: query,
                guard,
                to: &request.to,
                problem,
                passwords: ways.passwords,
                providers: &ways.links(&self.tenant, query),
                step,
            };
            page::sign_in(&form, status)
        }))
    }
}

impl AuthorizationRequest {
    /// Whether who is signed in in the browser may be who is meant.
    fn accepts(&self, user: &DirectoryUser, session: &SessionRow, now: OffsetDateTime) -> bool {
        let hinted = self.login_hint.as_ref();
        self.is_good_for(user, session, now) && hinted.is_none_or(|hint| hint.eq_ignore_ascii_case(&user.upn))
    }

    /// Whether who is signed in is of the tenant, and signed in lately enough.
    pub(super) fn is_good_for(
        &self,
        user: &DirectoryUser,
        session: &SessionRow,
        now: OffsetDateTime,
    ) -> bool {
        user.tenant == self.to.client.tenant
            && self
                .max_age
                .is_none_or(|age| now - session.auth <= Duration::seconds(age))
    }
}

/// `GET /{tenant}/oauth2/v2.0/logout` (OpenID Connect RP-Initiated Logout).
pub(super) async fn sign_out(visit: Visit) -> Response {
    end_session(&visit).await.unwrap_or_else(|error| refusal(&error))
}

async fn end_session(visit: &Visit) -> Result<Response, ApiError> {
    let mut form = Parameters::parse(visit.query.as_bytes())?;
    let cookie = session::end(&visit.app, visit.surface, &visit.headers).await?;
    let client_id = form
        .take("client_id")
        .or_else(|| form.get("id_token_hint").and_then(audience_of_hint));
    let target = match (form.take("post_logout_redirect_uri"), client_id) {
        (Some(target), Some(client)) => {
            let known = registered(&visit.app, &client).await?;
            redirect::matches(&target, &known).then_some(target)
        }
        _ => None,
    };
    let mut response = match target {
        Some(mut target) => {
            if let Some(state) = form.take("state") {
                let state: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
                target.push(if target.contains('?') { '&' } else { '?' });
                target.push_str("state=");
                target.push_str(&state);
            }
            no_store(Redirect::to(&target).into_response())
        }
        None => page::message(
            StatusCode::OK,
            "Signed out",
            "You are signed out. You can close this window.",
        ),
    };
    set_cookie(&mut response, cookie);
    Ok(response)
}

/// For whom an ID token was. It is not verified: it only names the list in which the address has to stand.
fn audience_of_hint(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Hint {
        aud: String,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Hint>(&payload).ok().map(|hint| hint.aud)
}
