//! What proves who calls.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use crate::signing::{AccessKey, KeyError};

/// What a callback of yours may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A token and when it ends. `Debug` does not print the token.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token. Secret.
    pub token: String,
    /// When it ends.
    pub expires_on: OffsetDateTime,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// A resource's access key that can be exchanged while clients are using it.
///
/// Clones share the key: after [`update`](Self::update) every client signs with the new one, its retries included.
#[derive(Clone)]
pub struct AzureKeyCredential {
    key: Arc<RwLock<AccessKey>>,
}

impl AzureKeyCredential {
    /// The key as it stands in a connection string.
    ///
    /// # Errors
    /// Not base64, empty, or longer than 1024 bytes.
    pub fn new(key: &str) -> Result<Self, KeyError> {
        AccessKey::from_base64(key).map(Self::from)
    }

    /// Exchanges the key.
    ///
    /// # Errors
    /// As [`new`](Self::new); the old key stays.
    pub fn update(&self, key: &str) -> Result<(), KeyError> {
        let key = AccessKey::from_base64(key)?;
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
        Ok(())
    }

    pub(super) fn current(&self) -> AccessKey {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<AccessKey> for AzureKeyCredential {
    fn from(key: AccessKey) -> Self {
        Self {
            key: Arc::new(RwLock::new(key)),
        }
    }
}

impl fmt::Debug for AzureKeyCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AzureKeyCredential(…)")
    }
}

/// A source of Entra ID tokens, or of any issuer the service trusts.
///
/// The pipeline keeps what it got until five minutes before its end, and asks once at a time. An adapter for the
/// `azure_identity` crate is a few lines.
pub trait TokenCredential: Send + Sync + 'static {
    /// A token for these scopes; always `https://communication.azure.com//.default` here, with two slashes.
    fn token<'a>(&'a self, scopes: &'a [&'a str]) -> BoxFuture<'a, Result<AccessToken, BoxError>>;
}

impl<T: TokenCredential + ?Sized> TokenCredential for Arc<T> {
    fn token<'a>(&'a self, scopes: &'a [&'a str]) -> BoxFuture<'a, Result<AccessToken, BoxError>> {
        (**self).token(scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_exchanged_for_all_clones_and_never_printed() {
        let credential = AzureKeyCredential::new("c2VjcmV0").unwrap();
        let clone = credential.clone();
        assert!(credential.update("no base64!").is_err());
        assert_eq!(clone.current().to_secret_base64(), "c2VjcmV0");
        credential.update("b3RoZXI=").unwrap();
        assert_eq!(clone.current().to_secret_base64(), "b3RoZXI=");
        assert_eq!(format!("{credential:?}"), "AzureKeyCredential(…)");
        let token = AccessToken {
            token: "secret".into(),
            expires_on: OffsetDateTime::UNIX_EPOCH,
        };
        assert!(!format!("{token:?}").contains("secret"));
    }
}
