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
        "token_endpoint": format!("{here}/oauth2/v2.0/token"),
        // Required of every document; there is no page to sign in on, and the token endpoint says so.
        "authorization_endpoint": format!("{here}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{here}/discovery/v2.0/keys"),
        "grant_types_supported": ["password", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid"],
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

async fn known(app: &App, tenant: &str) -> Result<String, ApiError> {
    let known = app.directory().tenant(tenant).await?;
    known
        .map(|tenant| tenant.to_string())
        .ok_or_else(|| ApiError::new(&entry::INVALID_REQUEST).with_message("the tenant does not exist"))
}
