//! Bodies of the ACS Identity REST API, api-versions 2021-03-07 to 2023-10-01.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::id::AcsUserId;
use crate::service::{IdentityError, IssuedToken, MAX_MINUTES, MIN_MINUTES};
use crate::token::ScopeSet;

/// `expiresOn`: seven digits and an offset, as the service prints it.
const EXPIRES_ON: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]+00:00");

/// Body of `POST /identities`; an absent body, absent members and `null` all mean "not given".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRequest {
    /// Scopes of the token to make with the user; empty: none is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_token_with_scopes: Option<Vec<String>>,
    /// Lifetime of that token in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_minutes: Option<i64>,
}

/// Body of `POST /identities/{id}/:issueAccessToken`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueRequest {
    /// Scopes of the token; required.
    pub scopes: Option<Vec<String>>,
    /// Lifetime in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in_minutes: Option<i64>,
}

/// `{"identity":{"id"},"accessToken"?}`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateResponse {
    /// The user.
    pub identity: Identity,
    /// Its token, when one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessToken>,
}

/// `{"id"}`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    /// Raw identifier.
    pub id: String,
}

/// `{"token","expiresOn"}`
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessToken {
    /// The token. Secret.
    pub token: String,
    /// When it ends, RFC 3339.
    pub expires_on: String,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

impl From<IssuedToken> for AccessToken {
    fn from(issued: IssuedToken) -> Self {
        Self {
            token: issued.token,
            expires_on: expires_on(issued.expires_on),
        }
    }
}

impl CreateResponse {
    /// The answer for this user.
    #[must_use]
    pub fn new(user: &AcsUserId, token: Option<IssuedToken>) -> Self {
        Self {
            identity: Identity { id: user.to_string() },
            access_token: token.map(AccessToken::from),
        }
    }
}

/// Prints a time as `expiresOn`.
#[must_use]
pub fn expires_on(time: OffsetDateTime) -> String {
    time.to_offset(time::UtcOffset::UTC)
        .format(EXPIRES_ON)
        .unwrap_or_default()
}

/// What an error body says: ACS code, sentence, and the field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorData {
    /// HTTP status.
    pub status: u16,
    /// `error.code`.
    pub code: &'static str,
    /// `error.message`.
    pub message: String,
    /// `error.target`.
    pub target: Option<&'static str>,
}

/// Reads scopes by name.
///
/// # Errors
/// The error body for a name that is no scope.
pub fn scopes(names: &[String]) -> Result<ScopeSet, ErrorData> {
    names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()
        .map_err(|_| ErrorData {
            status: 400,
            code: "ValidationError",
            message: "Scopes: unknown scope.".to_owned(),
            target: Some("Scopes"),
        })
}

impl From<&IdentityError> for ErrorData {
    fn from(error: &IdentityError) -> Self {
        let data = |status, code, message: String, target| Self {
            status,
            code,
            message,
            target,
        };
        match error {
            IdentityError::NotFound => data(
                404,
                "NotFound",
                "The server cannot find the requested resource.".to_owned(),
                None,
            ),
            IdentityError::Lifetime(minutes) => data(
                400,
                "ValidationError",
                format!(
                    "ExpiresInMinutes value {minutes} is invalid. Value must be within the [{MIN_MINUTES}, \
                     {MAX_MINUTES}] interval."
                ),
                Some("ExpiresInMinutes"),
            ),
            IdentityError::NoScope => data(
                400,
                "ValidationError",
                "Scopes: The Scopes field is required.".to_owned(),
                Some("Scopes"),
            ),
            IdentityError::Token(_) => {
                data(401, "Unauthorized", "Request is not authorized.".to_owned(), None)
            }
            IdentityError::Keys(_) | IdentityError::Store(_) => data(
                503,
                "ServiceUnavailable",
                "The server is currently unable to handle the request.".to_owned(),
                None,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn null_and_absence_mean_the_same() {
        for text in ["{}", r#"{"createTokenWithScopes":null,"expiresInMinutes":null}"#] {
            assert_eq!(
                serde_json::from_str::<CreateRequest>(text).unwrap(),
                CreateRequest::default()
            );
        }
    }

    #[test]
    fn times_have_the_form_sdks_parse() {
        assert_eq!(
            expires_on(datetime!(2026-11-20 12:00 UTC)),
            "2026-11-20T12:00:00.0000000+00:00"
        );
        assert_eq!(
            expires_on(datetime!(2026-11-20 13:00 +1)),
            "2026-11-20T12:00:00.0000000+00:00"
        );
    }

    #[test]
    fn a_bad_lifetime_is_named() {
        let data = ErrorData::from(&IdentityError::Lifetime(59));
        assert_eq!(data.status, 400);
        assert_eq!(data.target, Some("ExpiresInMinutes"));
        assert!(data.message.contains("59") && data.message.contains("[60, 1440]"));
    }

    #[test]
    fn unknown_scopes_are_refused() {
        assert!(scopes(&["chat".into(), "voip.join".into()]).is_ok());
        assert_eq!(scopes(&["calls".into()]).unwrap_err().target, Some("Scopes"));
    }
}
