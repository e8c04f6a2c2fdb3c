//! An authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), checked, and where its answer goes.

use std::net::IpAddr;

use anteroom_identity::id::TenantId;
use axum::http::StatusCode;
use url::form_urlencoded;

use super::parameters::Parameters;
use super::scope::{MAX_SCOPE, Scopes};
use super::{MAX_NAME, any_or_known, device, invalid_request, own, token};
use crate::directory::redirect;
use crate::entra;
use crate::errors::Entry;
use crate::errors::oauth as entry;
use crate::http::errors::ApiError;
use crate::state::App;
use crate::store::sqlite::applications::{self as sql, ApplicationRow, ClientKind};

/// Longest `state`, in bytes.
const MAX_STATE: usize = 4096;

/// Longest `nonce`, in bytes.
const MAX_NONCE: usize = 1024;

/// Where the answer to a request goes: the client and the redirect URI are in order.
pub(super) struct Destination {
    pub(super) client: ApplicationRow,
    /// One of the registered ones; empty when a device waits for the answer.
    pub(super) redirect_uri: String,
    /// The user code of the device that waits for the answer.
    pub(super) device: Option<String>,
    /// The page of ours that the person goes back to, instead of a redirect URI with an answer.
    pub(super) page: Option<String>,
    pub(super) mode: ResponseMode,
    state: Option<String>,
}

/// OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// What is asked for.
pub(super) struct AuthorizationRequest {
    pub(super) to: Destination,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    /// The S256 code challenge.
    pub(super) challenge: Option<String>,
    pub(super) prompt: Prompt,
    pub(super) login_hint: Option<String>,
    /// Where the person probably signs in: an external provider, or a domain of its people.
    pub(super) domain_hint: Option<String>,
    /// Seconds after which the password is to be shown again.
    pub(super) max_age: Option<i64>,
}

/// What the person is to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prompt {
    /// What is needed.
    Needed,
    /// Nothing at all.
    None,
    /// The password, in any case.
    Login,
    /// The account, in any case.
    Account,
}

/// Why a request cannot be granted.
pub(super) enum Refused {
    /// Told to the person: nobody knows whether the redirect URI is to be trusted.
    Page(ApiError),
    /// Told to the client.
    Client(Box<Destination>, ApiError),
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Page(error)
    }
}

impl AuthorizationRequest {
    /// Reads a query or a form, of somebody at this address.
    pub(super) async fn read(app: &App, source: IpAddr, tenant: &str, form: &[u8]) -> Result<Self, Refused> {
        let mut form = Parameters::parse(form)?;
        let tenant = any_or_known(app, tenant).await?;
        if let Some(code) = form.take(device::REQUEST) {
            return Ok(device::read(app, source, tenant, &code).await?);
        }
        if let Some(page) = form.take(own::REQUEST) {
            return Ok(own::read(app, tenant, &page, &mut form)?);
        }
        let to = Destination::read(app, tenant, &mut form).await?;
        match Self::read_rest(app, &to.client, &mut form).await {
            Ok((scope, nonce, challenge, prompt, max_age)) => Ok(Self {
                to,
                scope,
                nonce,
                challenge,
                prompt,
                login_hint: form.take("login_hint").filter(|hint| hint.len() <= MAX_NAME),
                domain_hint: form.take("domain_hint").filter(|hint| hint.len() <= MAX_NAME),
                max_age,
            }),
            // That the database failed is nothing the client could be told by its address.
            Err(error) if error.status() == StatusCode::SERVICE_UNAVAILABLE => Err(Refused::Page(error)),
            Err(error) => Err(Refused::Client(Box::new(to), error)),
        }
    }

    async fn read_rest(app: &App, client: &ApplicationRow, form: &mut Parameters) -> Result<Rest, ApiError> {
        let (rest, scopes) = parse_rest(form, client.kind, app.issuer())?;
        token::granted(app, client, &scopes).await?;
        Ok(rest)
    }
}

/// What a request says besides where its answer goes; `own` is the address of this service.
pub(super) fn parse_rest(
    form: &mut Parameters,
    kind: ClientKind,
    own: &str,
) -> Result<(Rest, Scopes), ApiError> {
    match form.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(ApiError::new(&entry::UNSUPPORTED_RESPONSE_TYPE)),
        None => return Err(invalid_request("response_type is missing")),
    }
    if form
        .get("response_mode")
        .is_some_and(|mode| ResponseMode::of(mode).is_none())
    {
        return Err(invalid_request("response_mode is query, fragment or form_post"));
    }
    if form.get("request").is_some() || form.get("request_uri").is_some() {
        return Err(invalid_request("request objects are not supported"));
    }
    let scope = form
        .take_within("scope", MAX_SCOPE, "scope is too long")?
        .ok_or_else(|| invalid_request("scope is missing"))?;
    let scopes = Scopes::parse(&scope, own).ok_or_else(|| ApiError::new(&entry::INVALID_SCOPE))?;
    let nonce = form.take_within("nonce", MAX_NONCE, "nonce is too long")?;
    let challenge = challenge(kind, form)?;
    let prompt = Prompt::read(form.get("prompt"))?;
    let max_age = form.take("max_age").map(|text| text.parse::<u32>()).transpose();
    let max_age = max_age.map_err(|_| invalid_request("max_age is a number of seconds"))?;
    Ok(((scope, nonce, challenge, prompt, max_age.map(i64::from)), scopes))
}

pub(super) type Rest = (String, Option<String>, Option<String>, Prompt, Option<i64>);

/// RFC 7636 §4.3. Who can keep no secret has to use it; `plain` shows what it is to hide.
fn challenge(kind: ClientKind, form: &mut Parameters) -> Result<Option<String>, ApiError> {
    let method = form.take("code_challenge_method");
    let Some(challenge) = form.take("code_challenge") else {
        if kind == ClientKind::Public || method.is_some() {
            return Err(invalid_request("code_challenge is missing"));
        }
        return Ok(None);
    };
    if method.as_deref() != Some("S256") {
        return Err(invalid_request("code_challenge_method must be S256"));
    }
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    // SHA-256 in base64url without padding.
    if challenge.len() != 43 || !challenge.bytes().all(base64url) {
        return Err(invalid_request("code_challenge is no SHA-256 in base64url"));
    }
    Ok(Some(challenge))
}

impl Prompt {
    fn read(text: Option<&str>) -> Result<Self, ApiError> {
        let mut prompt = Self::Needed;
        for word in text.unwrap_or_default().split_whitespace() {
            let one = match word {
                "none" => Self::None,
                "login" => Self::Login,
                // Consent was given by whoever registered the application; the account is what is left to confirm.
                "select_account" | "consent" => Self::Account,
                _ => {
                    return Err(invalid_request(
                        "prompt is none, login, select_account or consent",
                    ));
                }
            };
            prompt = match (prompt, one) {
                (Self::Needed, one) => one,
                (Self::None, _) | (_, Self::None) => {
                    return Err(invalid_request("prompt=none stands alone"));
                }
                (Self::Login, _) | (_, Self::Login) => Self::Login,
                _ => Self::Account,
            };
        }
        Ok(prompt)
    }
}

impl ResponseMode {
    fn of(text: &str) -> Option<Self> {
        match text {
            "query" => Some(Self::Query),
            "fragment" => Some(Self::Fragment),
            "form_post" => Some(Self::FormPost),
            _ => None,
        }
    }
}

impl Destination {
    /// A device that waits, and shows this user code.
    pub(super) const fn device(client: ApplicationRow, user_code: String) -> Self {
        Self {
            client,
            redirect_uri: String::new(),
            device: Some(user_code),
            page: None,
            mode: ResponseMode::Query,
            state: None,
        }
    }

    /// A page of the service at this address.
    pub(super) fn own(client: ApplicationRow, own: &str, page: String) -> Self {
        Self {
            client,
            redirect_uri: format!("{own}{page}"),
            device: None,
            page: Some(page),
            mode: ResponseMode::Query,
            state: None,
        }
    }

    async fn read(app: &App, tenant: Option<TenantId>, form: &mut Parameters) -> Result<Self, ApiError> {
        let client_id = form
            .take_within("client_id", MAX_NAME, "client_id is too long")?
            .ok_or_else(|| invalid_request("client_id is missing"))?;
        let known = entra::registration(app, client_id).await?;
        let client = known
            .filter(|known| tenant.is_none_or(|tenant| tenant == known.tenant))
            .ok_or_else(|| invalid_request("the application is not registered in this tenant"))?;
        let redirect_uri = form
            .take("redirect_uri")
            .ok_or_else(|| invalid_request("redirect_uri is missing"))?;
        if !redirect::matches(&redirect_uri, &registered(app, &client.client_id).await?) {
            return Err(invalid_request(
                "the redirect_uri is not registered for this application",
            ));
        }
        Ok(Self {
            client,
            redirect_uri,
            device: None,
            page: None,
            mode: form
                .get("response_mode")
                .and_then(ResponseMode::of)
                .unwrap_or(ResponseMode::Query),
            state: form.take_within("state", MAX_STATE, "state is too long")?,
        })
    }

    /// Whether another program than the registered one could be behind the redirect URI (RFC 8252 §8.6).
    pub(super) fn may_be_another(&self) -> bool {
        !self.redirect_uri.starts_with("https://")
    }

    /// Parameters of the answer that grants it.
    pub(super) fn grant(&self, app: &App, code: &str) -> Vec<(&'static str, String)> {
        self.answer(app, vec![("code", code.to_owned())])
    }

    /// Parameters of the answer that refuses it.
    pub(super) fn refuse(&self, app: &App, error: &Entry, description: &str) -> Vec<(&'static str, String)> {
        let error = ("error", error.code().to_owned());
        self.answer(app, vec![error, ("error_description", description.to_owned())])
    }

    /// With `state`, and `iss` against mix-ups (RFC 9207).
    fn answer(&self, app: &App, mut answer: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        if let Some(state) = &self.state {
            answer.push(("state", state.clone()));
        }
        answer.push((
            "iss",
            anteroom_identity::token::issuer(app.issuer(), self.client.tenant),
        ));
        answer
    }

    /// The redirect URI with an answer in its query or fragment.
    pub(super) fn location(&self, answer: &[(&'static str, String)]) -> String {
        let encoded = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(answer)
            .finish();
        // What was registered stays as it is, letter by letter.
        let separator = match self.mode {
            ResponseMode::Fragment => '#',
            _ if self.redirect_uri.contains('?') => '&',
            _ => '?',
        };
        format!("{}{separator}{encoded}", self.redirect_uri)
    }
}

/// The redirect URIs of an application.
pub(super) async fn registered(app: &App, client_id: &str) -> Result<Vec<String>, ApiError> {
    let client_id = client_id.to_owned();
    let uris = app
        .store()
        .read(move |connection| sql::redirects(connection, &client_id))
        .await?;
    Ok(uris)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_add_up_and_none_stands_alone() {
        let read = |text: &str| Prompt::read(Some(text)).ok();
        assert_eq!(Prompt::read(None).ok(), Some(Prompt::Needed));
        assert_eq!(read("none"), Some(Prompt::None));
        assert_eq!(read("select_account"), Some(Prompt::Account));
        assert_eq!(read("consent login"), Some(Prompt::Login));
        assert_eq!(read("login none"), None);
        assert_eq!(read("create"), None);
    }
}
