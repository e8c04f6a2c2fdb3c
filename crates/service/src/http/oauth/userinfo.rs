//! `/oidc/userinfo` (OpenID Connect Core §5.3).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::no_store;
use crate::errors::oauth as entry;
use crate::http::errors::{ApiError, json as json_answer};
use crate::http::graph::caller::GraphCaller;
use crate::state::App;

/// Who signed in, for a token of Graph with the scope `openid`.
pub(super) async fn userinfo(
    State(_): State<App>,
    caller: Result<GraphCaller, ApiError>,
) -> Result<Response, ApiError> {
    let caller = match caller {
        Ok(caller) => caller,
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => {
            return Err(ApiError::new(&entry::INVALID_TOKEN));
        }
        Err(error) => return Err(error),
    };
    let opened = caller.require(&["openid"], &[]).is_ok();
    match caller {
        GraphCaller::User { user, .. } if opened => {
            let body = json!({
                "sub": user.oid, "name": user.display_name, "preferred_username": user.upn, "email": user.upn,
            });
            Ok(no_store(json_answer(StatusCode::OK, &body)))
        }
        _ => Err(ApiError::new(&entry::INSUFFICIENT_SCOPE)),
    }
}
