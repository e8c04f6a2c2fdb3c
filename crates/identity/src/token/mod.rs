//! Access tokens: who may do what until when, signed.
//!
//! All are RS256 JWTs from the same keys: *user tokens* of an ACS resource, with the claims that the official SDKs read,
//! for its own users and for users of a directory; *directory tokens* of the Teams side; tokens of *applications*. What a token says is checked here; whether it was revoked since
//! is checked by [`IdentityService`](crate::service::IdentityService), which knows the user's generation.

mod claims;
mod external;
mod keys;
mod origin;
mod scope;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::de::DeserializeOwned;
use thiserror::Error;

pub use self::claims::{
    AppClaims, DirectoryClaims, IdTokenClaims, KeyStamp, TeamsUserClaims, TeamsUserKind, UserTokenClaims,
};
pub use self::external::{ExternalClaims, IssuerKeys};
pub use self::keys::{KeysError, RetiredKey, SigningKey, SigningKeys, issuer};
pub use self::origin::{OriginError, ServerOrigin};
pub use self::scope::{Scope, ScopeError, ScopeSet};

use crate::id::ResourceId;

/// Longest token read, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What a token must say to be accepted.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The resource of user tokens; `None`: any, the caller knows which ones there are.
    pub resource: Option<ResourceId>,
    /// The audiences of directory tokens and tokens of applications; a slash at the end makes no difference.
    pub audiences: &'a [&'a str],
}

/// What a token says, if this key signed it. Time, audience and issuer are the caller's to check, who knows the time.
fn signed_payload<P: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<P, TokenError> {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    decode(token, key, &validation)
        .map(|data| data.claims)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::BadSignature,
            ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })
}

impl Expected<'_> {
    fn check_resource(&self, found: ResourceId) -> Result<(), TokenError> {
        match self.resource {
            Some(resource) if resource != found => Err(TokenError::WrongResource),
            _ => Ok(()),
        }
    }
}

/// A token whose signature, lifetime, resource and audience are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifiedToken {
    /// A user of the ACS resource.
    User(UserTokenClaims),
    /// A user of the directory.
    Directory(DirectoryClaims),
    /// A user of the directory, as a user of the ACS resource.
    TeamsUser(TeamsUserClaims),
    /// An application that acts for itself.
    App(AppClaims),
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("the token is too long")]
    TooLong,
    /// Not a JWT, or claims are missing or of the wrong type.
    #[error("the token is malformed")]
    Malformed,
    /// Signed with another algorithm than RS256, or not at all.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Signed with a key that is not ours, or no longer.
    #[error("the token's key is unknown")]
    UnknownKey,
    /// The signature does not match.
    #[error("the token's signature does not match")]
    BadSignature,
    /// Past its `exp`.
    #[error("the token has expired")]
    Expired,
    /// Before its `iat`, more than the allowed clock difference.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Of another ACS resource.
    #[error("the token is of another resource")]
    WrongResource,
    /// Of another issuer, or for another audience.
    #[error("the token is not for this service")]
    WrongAudience,
    /// Its user was deleted, or its tokens revoked.
    #[error("the token was revoked")]
    Revoked,
}
