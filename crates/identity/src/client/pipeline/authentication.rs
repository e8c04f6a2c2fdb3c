//! How a request shows whose it is.

use std::fmt;
use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use super::message::Request;
use super::{Error, TimeSource};
use crate::client::credential::{AccessToken, AzureKeyCredential, TokenCredential};
use crate::client::user_credential::CommunicationTokenCredential;
use crate::signing::sign_request;

/// What tokens for the resource are asked for. The two slashes are ACS's own.
const SCOPE: &str = "https://communication.azure.com//.default";

/// A token is exchanged this long before it ends, as azure-core does.
const MARGIN: Duration = Duration::minutes(5);

/// How requests are authenticated.
#[derive(Clone)]
#[non_exhaustive]
pub enum Authentication {
    /// Signed with the resource's access key.
    Key(AzureKeyCredential),
    /// With a token of Entra ID or another issuer that the service trusts.
    Token(CachedToken),
    /// With a user's token.
    User(CommunicationTokenCredential),
}

impl Authentication {
    /// With tokens from this source.
    #[must_use]
    pub fn token(source: Arc<dyn TokenCredential>) -> Self {
        Self::Token(CachedToken {
            source,
            cached: Arc::new(Mutex::new(None)),
        })
    }

    pub(super) async fn authorize(&self, request: &mut Request, time: &dyn TimeSource) -> Result<(), Error> {
        match self {
            Self::Key(key) => {
                let signed = sign_request(
                    request.method.as_str(),
                    &request.target(),
                    &request.authority(),
                    time.now(),
                    &request.body,
                    &key.current(),
                );
                request.headers.set("x-ms-date", &signed.date);
                request.headers.set("x-ms-content-sha256", &signed.content_sha256);
                request.headers.set("authorization", &signed.authorization);
            }
            Self::Token(cached) => bearer(request, &cached.token(time.now()).await?),
            Self::User(user) => bearer(request, &user.token().await?.token),
        }
        Ok(())
    }
}

fn bearer(request: &mut Request, token: &str) {
    request.headers.set("authorization", &format!("Bearer {token}"));
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Authentication::Key",
            Self::Token(_) => "Authentication::Token",
            Self::User(_) => "Authentication::User",
        })
    }
}

/// A token that is kept until shortly before its end.
#[derive(Clone)]
pub struct CachedToken {
    source: Arc<dyn TokenCredential>,
    cached: Arc<Mutex<Option<AccessToken>>>,
}

impl CachedToken {
    async fn token(&self, now: OffsetDateTime) -> Result<String, Error> {
        // Held while asking, so that many requests ask once.
        let mut cached = self.cached.lock().await;
        if let Some(token) = &*cached
            && token.expires_on - now > MARGIN
        {
            return Ok(token.token.clone());
        }
        match self.source.token(&[SCOPE]).await {
            Ok(token) => Ok(cached.insert(token).token.clone()),
            // What is still good carries on until the source is back.
            Err(error) => match &*cached {
                Some(token) if token.expires_on > now => Ok(token.token.clone()),
                _ => Err(Error::Credential(error)),
            },
        }
    }
}

impl fmt::Debug for CachedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CachedToken(…)")
    }
}
