//! `POST /api/token`: an access token for whoever is logged in, and for nobody else.
//!
//! The request names no user: whose token it is, the session says. The same call refreshes: it gives a new token for
//! the same communication user.

use std::time::Duration;

use anteroom_identity::client::{AccessToken, Error};
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::token::Scope;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Broker;
use crate::session::{Customer, ScriptRequest};

/// Join a running call; read and write in chats that somebody else manages. What a patient needs and no more.
const SCOPES: [Scope; 2] = [Scope::VoipJoin, Scope::ChatJoinLimited];

/// The shortest life that the API has.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The page asks for the next token this long before the end.
const MARGIN: time::Duration = time::Duration::minutes(10);

/// What the page gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    token: String,
    expires_on: String,
    /// Seconds after which to ask again.
    refresh_after: i64,
    user_id: String,
    display_name: String,
    join_page: String,
}

/// Hands out a token.
///
/// # Errors
/// 401 without a login, 403 for what is not a request of our page, 503 while the communication service is away.
pub async fn issue(
    State(broker): State<Broker>,
    ScriptRequest(customer): ScriptRequest,
) -> Result<Response, Response> {
    let (user, token) = user_and_token(&broker, &customer).await.map_err(|error| {
        tracing::error!(%error, "no token could be had");
        let sentence = "The communication service cannot be reached. Try again in a minute.";
        (StatusCode::SERVICE_UNAVAILABLE, sentence).into_response()
    })?;
    let left = token.expires_on - OffsetDateTime::now_utc();
    let answer = Answer {
        expires_on: token.expires_on.format(&Rfc3339).unwrap_or_default(),
        refresh_after: (left - MARGIN).max(left / 2).whole_seconds().max(1),
        token: token.token,
        user_id: user.to_string(),
        display_name: customer.name,
        join_page: broker.parts().join_page.to_string(),
    };
    Ok(Json(answer).into_response())
}

async fn user_and_token(
    broker: &Broker,
    customer: &Customer,
) -> anyhow::Result<(CommunicationIdentifier, AccessToken)> {
    let parts = broker.parts();
    let service = &parts.service;
    let create = || service.create_user();
    let user = parts.customers.get_or_create(&customer.id, None, create).await?;
    match service.token(&user, SCOPES, Some(LIFETIME)).await {
        Ok(token) => Ok((user, token)),
        // An operator deleted the user: the customer starts anew.
        Err(error) if error.status() == Some(404) => {
            let user = parts
                .customers
                .get_or_create(&customer.id, Some(&user), create)
                .await?;
            let token = service.token(&user, SCOPES, Some(LIFETIME)).await?;
            Ok((user, token))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes back what the customer was given. There may be nothing.
///
/// # Errors
/// The communication service's refusal.
pub async fn revoke(broker: &Broker, customer: &Customer) -> Result<(), Error> {
    let parts = broker.parts();
    let Some(user) = parts.customers.get(&customer.id).await else {
        return Ok(());
    };
    match parts.service.revoke_tokens(&user).await {
        Err(error) if error.status() == Some(404) => Ok(()),
        other => other,
    }
}
