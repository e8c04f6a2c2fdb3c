//! What the identity API does, over any store.

use thiserror::Error;
use time::{Duration, OffsetDateTime};

use crate::id::{AcsUserId, ResourceId};
use crate::store::{IdentityStore, StoreError};
use crate::token::{
    Expected, KeyStamp, KeysError, ScopeSet, ServerOrigin, SigningKeys, TokenError, UserTokenClaims,
    VerifiedToken,
};

/// Shortest lifetime of a user token, in minutes.
pub const MIN_MINUTES: i64 = 60;

/// Longest lifetime of a user token, in minutes; also the default.
pub const MAX_MINUTES: i64 = 1440;

/// Users and tokens of one ACS resource.
#[derive(Debug)]
pub struct IdentityService<'k, S> {
    resource: ResourceId,
    keys: &'k SigningKeys,
    store: S,
    server: Option<ServerOrigin>,
}

/// A token that was issued.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The token. Secret.
    pub token: String,
    /// When it ends: what its `exp` says.
    pub expires_on: OffsetDateTime,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken")
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// Why an operation was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The user is of another resource, was never made, or was deleted.
    #[error("there is no such identity")]
    NotFound,
    /// The lifetime is not 60 to 1440 minutes.
    #[error("a token lives 60 to 1440 minutes, not {0}")]
    Lifetime(i64),
    /// A token without any scope was asked for.
    #[error("a token needs at least one scope")]
    NoScope,
    /// The token is not accepted.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token could not be signed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'k, S: IdentityStore> IdentityService<'k, S> {
    /// The identity service of a resource.
    pub const fn new(resource: ResourceId, keys: &'k SigningKeys, store: S) -> Self {
        Self {
            resource,
            keys,
            store,
            server: None,
        }
    }

    /// Lets tokens say from now on where their server is.
    #[must_use]
    pub fn with_server(mut self, server: ServerOrigin) -> Self {
        self.server = Some(server);
        self
    }

    /// Makes a user.
    ///
    /// # Errors
    /// The store failed.
    pub fn create_user(&mut self, now: OffsetDateTime) -> Result<AcsUserId, IdentityError> {
        let user = AcsUserId::random(self.resource);
        self.store.insert_user(&user, now)?;
        Ok(user)
    }

    /// Makes a user with a token. Nothing is made when the token cannot be.
    ///
    /// # Errors
    /// As [`issue_token`](Self::issue_token), except [`IdentityError::NotFound`].
    pub fn create_user_with_token(
        &mut self,
        scopes: ScopeSet,
        minutes: Option<i64>,
        now: OffsetDateTime,
    ) -> Result<(AcsUserId, IssuedToken), IdentityError> {
        let user = AcsUserId::random(self.resource);
        let token = self.request(scopes, minutes).sign(self.keys, user, 0, now)?;
        self.store.insert_user(&user, now)?;
        Ok((user, token))
    }

    /// Issues a token.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`], [`IdentityError::Lifetime`], [`IdentityError::NoScope`], or the store failed.
    pub fn issue_token(
        &self,
        user: &AcsUserId,
        scopes: ScopeSet,
        minutes: Option<i64>,
        now: OffsetDateTime,
    ) -> Result<IssuedToken, IdentityError> {
        let request = self.request(scopes, minutes);
        request.check()?;
        let generation = self.generation(user)?;
        request.sign(self.keys, *user, generation, now)
    }

    /// Revokes all tokens of a user that were issued until now.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`], or the store failed.
    pub fn revoke(&mut self, user: &AcsUserId) -> Result<(), IdentityError> {
        if user.resource() != self.resource {
            return Err(IdentityError::NotFound);
        }
        self.store
            .revoke(user)?
            .map(|_| ())
            .ok_or(IdentityError::NotFound)
    }

    /// Deletes a user, which revokes its tokens, too. Deleting it again is no error.
    ///
    /// # Errors
    /// [`IdentityError::NotFound`] for a user of another resource, or the store failed.
    pub fn delete(&mut self, user: &AcsUserId) -> Result<(), IdentityError> {
        if user.resource() != self.resource {
            return Err(IdentityError::NotFound);
        }
        self.store.delete(user)?;
        Ok(())
    }

    /// Checks a user token, revocation included.
    ///
    /// # Errors
    /// [`IdentityError::Token`], or the store failed.
    pub fn authenticate(&self, token: &str, now: OffsetDateTime) -> Result<UserTokenClaims, IdentityError> {
        let expected = Expected {
            resource: Some(self.resource),
            audiences: &[],
        };
        match self.keys.verify(token, now, &expected)? {
            VerifiedToken::User(claims) => {
                let current = self.store.generation(&claims.user)?;
                if current != Some(claims.generation) {
                    return Err(TokenError::Revoked.into());
                }
                Ok(claims)
            }
            VerifiedToken::Directory(_) | VerifiedToken::TeamsUser(_) | VerifiedToken::App(_) => {
                Err(TokenError::WrongAudience.into())
            }
        }
    }

    fn generation(&self, user: &AcsUserId) -> Result<u64, IdentityError> {
        if user.resource() != self.resource {
            return Err(IdentityError::NotFound);
        }
        self.store.generation(user)?.ok_or(IdentityError::NotFound)
    }

    fn request(&self, scopes: ScopeSet, minutes: Option<i64>) -> TokenRequest {
        TokenRequest {
            scopes,
            minutes,
            access_key: None,
            server: self.server.clone(),
        }
    }
}

/// What is asked of a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// What it shall allow; at least one.
    pub scopes: ScopeSet,
    /// How long it shall live; [`MAX_MINUTES`] when nothing is said.
    pub minutes: Option<i64>,
    /// The access key by which it is asked for.
    pub access_key: Option<KeyStamp>,
    /// Where the server is, for the token to say so.
    pub server: Option<ServerOrigin>,
}

impl TokenRequest {
    /// Whether such a token can be made.
    ///
    /// # Errors
    /// [`IdentityError::NoScope`] or [`IdentityError::Lifetime`].
    pub fn check(&self) -> Result<(), IdentityError> {
        lifetime(self.minutes)?;
        if self.scopes.is_empty() {
            return Err(IdentityError::NoScope);
        }
        Ok(())
    }

    /// Makes the token of a user whose tokens have this generation.
    ///
    /// # Errors
    /// As [`check`](Self::check); [`IdentityError::Keys`].
    pub fn sign(
        &self,
        keys: &SigningKeys,
        user: AcsUserId,
        generation: u64,
        now: OffsetDateTime,
    ) -> Result<IssuedToken, IdentityError> {
        self.check()?;
        let issued_at = now.replace_nanosecond(0).unwrap_or(now);
        let claims = UserTokenClaims {
            user,
            scopes: self.scopes,
            issued_at,
            expires_at: issued_at + lifetime(self.minutes)?,
            generation,
            access_key: self.access_key,
            server: self.server.clone(),
        };
        Ok(IssuedToken {
            token: keys.sign_user(&claims)?,
            expires_on: claims.expires_at,
        })
    }
}

/// The lifetime of a token that was asked for with so many minutes.
///
/// # Errors
/// [`IdentityError::Lifetime`] when they are not [`MIN_MINUTES`] to [`MAX_MINUTES`].
pub fn lifetime(minutes: Option<i64>) -> Result<Duration, IdentityError> {
    let minutes = minutes.unwrap_or(MAX_MINUTES);
    if !(MIN_MINUTES..=MAX_MINUTES).contains(&minutes) {
        return Err(IdentityError::Lifetime(minutes));
    }
    Ok(Duration::minutes(minutes))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use time::macros::datetime;

    use super::*;
    use crate::store::MemoryIdentityStore;
    use crate::token::Scope;

    const NOW: OffsetDateTime = datetime!(2026-11-20 12:00:00.5 UTC);

    static KEYS: LazyLock<SigningKeys> = LazyLock::new(|| SigningKeys::generate().unwrap());

    fn service() -> IdentityService<'static, MemoryIdentityStore> {
        IdentityService::new(ResourceId::random(), &KEYS, MemoryIdentityStore::new())
    }

    fn chat() -> ScopeSet {
        ScopeSet::from_iter([Scope::Chat])
    }

    #[test]
    fn a_token_lives_as_long_as_asked() {
        let mut service = service();
        let user = service.create_user(NOW).unwrap();
        for (minutes, expected) in [(None, 1440), (Some(60), 60), (Some(1440), 1440)] {
            let issued = service.issue_token(&user, chat(), minutes, NOW).unwrap();
            assert_eq!(
                issued.expires_on,
                datetime!(2026-11-20 12:00 UTC) + Duration::minutes(expected)
            );
            assert_eq!(
                service.authenticate(&issued.token, NOW).unwrap().expires_at,
                issued.expires_on
            );
        }
        for minutes in [59, 1441, -1, i64::MAX] {
            let refused = service.issue_token(&user, chat(), Some(minutes), NOW);
            assert_eq!(refused, Err(IdentityError::Lifetime(minutes)));
        }
        assert_eq!(
            service.issue_token(&user, ScopeSet::new(), None, NOW),
            Err(IdentityError::NoScope)
        );
    }

    #[test]
    fn a_token_says_where_its_server_is() {
        let server: ServerOrigin = "https://meet.example.org".parse().unwrap();
        let mut service = service().with_server(server.clone());
        let (user, issued) = service.create_user_with_token(chat(), None, NOW).unwrap();
        assert_eq!(
            service.authenticate(&issued.token, NOW).unwrap().server,
            Some(server.clone())
        );
        let again = service.issue_token(&user, chat(), None, NOW).unwrap();
        assert_eq!(
            service.authenticate(&again.token, NOW).unwrap().server,
            Some(server)
        );
    }

    #[test]
    fn revoking_ends_earlier_tokens_and_not_later_ones_of_the_same_second() {
        let mut service = service();
        let (user, first) = service.create_user_with_token(chat(), None, NOW).unwrap();
        service.revoke(&user).unwrap();
        let second = service.issue_token(&user, chat(), None, NOW).unwrap();
        assert_eq!(
            service.authenticate(&first.token, NOW),
            Err(TokenError::Revoked.into())
        );
        assert!(service.authenticate(&second.token, NOW).is_ok());
    }

    #[test]
    fn a_deleted_user_has_no_tokens_and_deleting_is_idempotent() {
        let mut service = service();
        let (user, issued) = service.create_user_with_token(chat(), None, NOW).unwrap();
        service.delete(&user).unwrap();
        service.delete(&user).unwrap();
        assert_eq!(
            service.authenticate(&issued.token, NOW),
            Err(TokenError::Revoked.into())
        );
        assert_eq!(
            service.issue_token(&user, chat(), None, NOW),
            Err(IdentityError::NotFound)
        );
        assert_eq!(service.revoke(&user), Err(IdentityError::NotFound));
    }

    #[test]
    fn users_of_other_resources_are_unknown() {
        let (mut ours, mut theirs) = (service(), service());
        let (user, issued) = theirs.create_user_with_token(chat(), None, NOW).unwrap();
        assert_eq!(
            ours.issue_token(&user, chat(), None, NOW),
            Err(IdentityError::NotFound)
        );
        assert_eq!(ours.delete(&user), Err(IdentityError::NotFound));
        assert_eq!(
            ours.authenticate(&issued.token, NOW),
            Err(TokenError::WrongResource.into())
        );
    }

    #[test]
    fn a_bad_lifetime_makes_no_user() {
        let mut service = service();
        assert!(service.create_user_with_token(chat(), Some(1), NOW).is_err());
        assert!(
            service
                .create_user_with_token(ScopeSet::new(), None, NOW)
                .is_err()
        );
    }
}
