//! Signing in at an external OpenID Connect provider: out, and back again.

use std::sync::Arc;

use anteroom_identity::id::TenantId;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::page::Step;
use super::parameters::Parameters;
use super::request::{AuthorizationRequest, Prompt};
use super::session::FormGuard;
use super::visit::{Visit, refusal, set_cookie};
use super::{invalid_request, no_store};
use crate::directory::DirectoryUser;
use crate::errors::oauth as entry;
use crate::external::{Answer, Asked, NotLetIn, Pending, Provider, ProviderError, settle};
use crate::http::errors::ApiError;
use crate::http::request::Segments;
use crate::state::App;
use crate::store::StoreError;
use crate::store::sqlite::sign_ins::SessionRow;

/// Longest authorization request that is kept while the person is away, in bytes.
const MAX_REQUEST: usize = crate::external::MAX_REQUEST;

/// The ways in which people of a tenant sign in.
pub(super) struct Ways {
    /// With a password of ours.
    pub(super) passwords: bool,
    providers: Vec<Arc<Provider>>,
}

impl Ways {
    /// Those of a tenant.
    pub(super) async fn of(app: &App, tenant: TenantId) -> Result<Self, StoreError> {
        let (external, directory) = (app.external(), app.directory());
        Ok(Self {
            passwords: external.has_passwords(directory, tenant).await?,
            providers: external.of_tenant(directory, tenant).await?,
        })
    }

    /// The provider that a person is sent to without being asked: the one that is hinted at, or the only way there is.
    pub(super) fn only(&self, hint: Option<&str>) -> Option<&Arc<Provider>> {
        let hinted = hint.and_then(|hint| self.providers.iter().find(|provider| provider.is_hinted(hint)));
        match &*self.providers {
            _ if hinted.is_some() => hinted,
            [only] if !self.passwords => Some(only),
            _ => None,
        }
    }

    /// Names for buttons, and where they lead.
    pub(super) fn links(&self, tenant: &str, query: &str) -> Vec<(String, String)> {
        let link = |provider: &Arc<Provider>| {
            let config = provider.config();
            let address = format!("/{tenant}/login/{}?{query}", config.id);
            (config.name.clone(), address)
        };
        self.providers.iter().map(link).collect()
    }

    /// Ids and names, for a page of ours.
    pub(super) fn names(&self) -> Vec<Value> {
        let name = |provider: &Arc<Provider>| {
            let config = provider.config();
            json!({ "id": config.id, "name": config.name })
        };
        self.providers.iter().map(name).collect()
    }

    fn find(&self, id: &str) -> Result<&Arc<Provider>, ApiError> {
        self.providers
            .iter()
            .find(|provider| provider.config().id == id)
            .ok_or_else(|| invalid_request("the tenant has no such provider"))
    }
}

/// `GET /{tenant}/login/{provider}`: a person chose a provider; the query is the authorization request.
pub(super) async fn go(visit: Visit, Segments((_, provider)): Segments<(String, String)>) -> Response {
    let request = match visit.read(&visit.query).await {
        Ok(request) => request,
        Err(refused) => return visit.refused(refused),
    };
    let left = async {
        let ways = Ways::of(&visit.app, request.to.client.tenant).await?;
        visit.leave(&request, &visit.query, ways.find(&provider)?).await
    };
    left.await.unwrap_or_else(|error| refusal(&error))
}

/// `GET /{tenant}/login/{provider}/callback`: a person comes back from a provider.
pub(super) async fn back(mut visit: Visit, Segments((_, provider)): Segments<(String, String)>) -> Response {
    let returned = async {
        let mut form = Parameters::parse(visit.query.as_bytes())?;
        let pending = form.take("state").and_then(|state| {
            visit.app.external().pending().take(&state, |pending| {
                let guard = Some(&*pending.guard);
                pending.provider == provider && FormGuard::accepts(visit.surface, &visit.headers, guard)
            })
        });
        let pending = pending.ok_or_else(|| ApiError::new(&entry::EXTERNAL_EXPIRED))?;
        // The provider knows the tenant by one name only; the person may have come by another.
        visit.tenant.clone_from(&pending.tenant);
        visit.returned(form, pending).await
    };
    returned.await.unwrap_or_else(|error| refusal(&error))
}

impl Visit {
    /// Sends a person to a provider.
    pub(super) async fn leave(
        &self,
        request: &AuthorizationRequest,
        query: &str,
        provider: &Arc<Provider>,
    ) -> Result<Response, ApiError> {
        if query.len() > MAX_REQUEST {
            return Err(invalid_request("the request is too long"));
        }
        let guard = FormGuard::of(self.surface, &self.headers);
        let mut pending = Pending::new(&provider.config().id, &self.tenant, query, self.source);
        pending.guard = guard.field();
        pending.redirect_uri = self.callback(provider);
        let asked = Asked {
            fresh_since: (request.prompt == Prompt::Login).then(|| self.app.clock().system_now()),
            account: request.prompt == Prompt::Account,
            login_hint: request.login_hint.clone(),
            max_age: request.max_age,
        };
        let (address, state) = match provider.begin(&mut pending, asked).await {
            Ok(left) => left,
            Err(error) => {
                let error = told(provider, &error);
                let step = Step::Password { upn: "" };
                return self.page(request, query, step, Some(error.sentence())).await;
            }
        };
        let kept = self.app.external().pending().insert(&state, pending);
        kept.map_err(|_| ApiError::new(&entry::TRY_LATER).with_retry_after(60))?;
        let mut response = no_store(Redirect::to(address.as_str()).into_response());
        let policy = HeaderValue::from_static("no-referrer");
        response.headers_mut().insert(header::REFERRER_POLICY, policy);
        set_cookie(&mut response, guard.set_cookie(self.surface));
        Ok(response)
    }

    /// A person of this browser comes back.
    async fn returned(&self, form: Parameters, pending: Pending) -> Result<Response, ApiError> {
        let query = pending.request.clone();
        // All is checked again: the application may be gone by now.
        let request = match self.read(&query).await {
            Ok(request) => request,
            Err(refused) => return Ok(self.refused(refused)),
        };
        let ways = Ways::of(&self.app, request.to.client.tenant).await?;
        let provider = ways.find(&pending.provider)?;
        match self.vouched_for(&request, provider, form, pending).await {
            Ok((user, auth)) => self.go_on(&request, &query, &user, auth).await,
            Err(error) => {
                let step = Step::Password { upn: "" };
                self.page(&request, &query, step, Some(error.sentence())).await
            }
        }
    }

    /// Who that is, and since when, if the provider says so and the directory agrees.
    async fn vouched_for(
        &self,
        request: &AuthorizationRequest,
        provider: &Provider,
        mut form: Parameters,
        pending: Pending,
    ) -> Result<(DirectoryUser, OffsetDateTime), ApiError> {
        if form.get("error").is_some() {
            return Err(ApiError::new(&entry::EXTERNAL_DECLINED));
        }
        let code = form
            .take("code")
            .ok_or_else(|| told(provider, &ProviderError::Invalid("there is no code")))?;
        let answer = provider.finish(code, form.get("iss"), pending).await;
        let answer = answer.map_err(|error| told(provider, &error))?;
        let auth = self.authenticated_at(request, &answer);
        let auth = auth.ok_or_else(|| told(provider, &ProviderError::Invalid("auth_time is too old")))?;
        let (tenant, now) = (request.to.client.tenant, self.app.clock().now());
        let config = provider.config();
        let settled = settle(self.app.store(), tenant, config, &answer, now).await?;
        let user = settled.map_err(|reason| {
            tracing::warn!(%tenant, provider = %config.id, %reason, "somebody who signed in at a provider is not let in");
            ApiError::new(match reason {
                NotLetIn::NotLinked => &entry::EXTERNAL_NOT_LINKED,
                NotLetIn::NotVerified => &entry::EXTERNAL_NOT_VERIFIED,
                NotLetIn::Domain => &entry::EXTERNAL_DOMAIN,
                NotLetIn::NoName => &entry::EXTERNAL_NO_NAME,
                NotLetIn::NameTaken => &entry::EXTERNAL_NAME_TAKEN,
                NotLetIn::Disabled => &entry::ACCOUNT_DISABLED,
            })
        })?;
        // Policies are granted to users and groups.
        self.app.tenants().announce(tenant);
        tracing::info!(%tenant, user = %user.oid, provider = %config.id, "signed in at a provider");
        Ok((user, auth))
    }

    /// When the person signed in at the provider; `None` when that was longer ago than was asked for, or is not said though
    /// it has to be (OpenID Connect Core §2, `auth_time`).
    fn authenticated_at(&self, request: &AuthorizationRequest, answer: &Answer) -> Option<OffsetDateTime> {
        let now = self.app.clock().now();
        let said = answer
            .auth_time
            .and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        match (request.max_age, said) {
            (Some(_), None) => None,
            // Our clock may be another one in a test, and the provider's runs a little ahead or behind.
            (Some(age), Some(at)) => {
                let ago = self.app.clock().system_now() - at;
                (ago <= Duration::seconds(age.saturating_add(60))).then_some(now)
            }
            (None, said) => Some(said.filter(|at| *at < now).unwrap_or(now)),
        }
    }

    async fn go_on(
        &self,
        request: &AuthorizationRequest,
        query: &str,
        user: &DirectoryUser,
        auth: OffsetDateTime,
    ) -> Result<Response, ApiError> {
        let cookie = self.remember(user, auth).await?;
        let session = SessionRow { user: user.oid, auth };
        // The provider may have known the person without asking. Here the person is, where another program could be
        // behind the redirect URI.
        let good = request.is_good_for(user, &session, self.app.clock().now());
        let mut response = if good && (!request.to.may_be_another() || request.prompt == Prompt::Login) {
            self.grant(request, user, auth).await?
        } else {
            let (name, upn) = (&*user.display_name, &*user.upn);
            self.page(request, query, Step::Account { name, upn }, None)
                .await?
        };
        set_cookie(&mut response, cookie);
        Ok(response)
    }

    /// Where the provider sends people back to, by the name that the browser knows us by: its cookies are of that name.
    fn callback(&self, provider: &Provider) -> String {
        let config = provider.config();
        let known = self
            .host
            .as_ref()
            .filter(|host| self.app.own_authorities().contains(host));
        let base = known.map_or_else(
            || self.app.issuer().to_owned(),
            |host| format!("{}://{host}", self.surface.scheme()),
        );
        format!("{base}/{}/login/{}/callback", config.tenant, config.id)
    }
}

/// What the person is told; the operator is told more.
fn told(provider: &Provider, error: &ProviderError) -> ApiError {
    tracing::warn!(provider = %provider.config().id, %error, "a sign-in at a provider failed");
    ApiError::new(match error {
        ProviderError::Unreachable(_) => &entry::EXTERNAL_UNREACHABLE,
        _ => &entry::EXTERNAL_INVALID,
    })
}
