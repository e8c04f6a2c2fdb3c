//! What an OpenID Connect client asks first: the issuer's addresses and its public keys.

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use crate::errors::oauth as entry;
use crate::http::errors::{ApiError, json as json_answer};
use crate::http::request::{Segments, authority};
use crate::state::App;

/// Discovery and keys.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(configuration),
        )
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/{tenant}/userrealm/{user}", get(user_realm))
}

/// OpenID Connect Discovery 1.0 §4.
async fn configuration(
    State(app): State<App>,
    Segments(tenant): Segments<String>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // The document for all tenants says that the issuer depends on the tenant, in the words of Entra ID.
    let id = match tenant.to_ascii_lowercase().as_str() {
        "common" | "organizations" => "{tenantid}".to_owned(),
        _ => known(&app, &tenant).await?,
    };
    // Whoever reached us by one of our names goes on with it.
    let base = authority(&uri, &headers)
        .filter(|authority| app.own_authorities().contains(authority))
        .map_or_else(
            || app.issuer().to_owned(),
            |authority| format!("https://{authority}"),
        );
    let here = format!("{base}/{tenant}");
    let body = json!({
        "issuer": format!("{base}/{id}/v2.0"),
        "authorization_endpoint": format!("{here}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{here}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{here}/oauth2/v2.0/devicecode"),
        "userinfo_endpoint": format!("{base}/oidc/userinfo"),
        "end_session_endpoint": format!("{here}/oauth2/v2.0/logout"),
        "jwks_uri": format!("{here}/discovery/v2.0/keys"),
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": super::GRANT_TYPES,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "preferred_username", "name", "tid", "oid", "sid",
            "ver",
        ],
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
        "http_logout_supported": false,
        "authorization_response_iss_parameter_supported": true,
        "tenant_region_scope": null,
    });
    Ok(json_answer(StatusCode::OK, &body))
}

/// RFC 7517 §5.
async fn keys(State(app): State<App>, Segments(tenant): Segments<String>) -> Result<Response, ApiError> {
    if !matches!(tenant.to_ascii_lowercase().as_str(), "common" | "organizations") {
        known(&app, &tenant).await?;
    }
    Ok(json_answer(StatusCode::OK, &app.keys().jwks(app.clock().now())))
}

/// What MSAL asks before it sends a password: whether another issuer has it. Here none has, whoever the user is.
async fn user_realm(Segments((_, user)): Segments<(String, String)>) -> Response {
    let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain);
    let body = json!({ "ver": "1.0", "account_type": "Managed", "domain_name": domain });
    json_answer(StatusCode::OK, &body)
}

async fn known(app: &App, tenant: &str) -> Result<String, ApiError> {
    let known = app.directory().tenant(tenant).await?;
    known
        .map(|tenant| tenant.to_string())
        .ok_or_else(|| ApiError::new(&entry::INVALID_REQUEST).with_message("the tenant does not exist"))
}
