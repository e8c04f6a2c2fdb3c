//! A user's token, kept fresh.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;

use super::credential::{AccessToken, BoxError};
use super::pipeline::{Error, SystemTime, TimeSource};

/// A token is exchanged this long before its end, as the official SDKs do.
const EXPIRING_SOON: time::Duration = time::Duration::minutes(10);

/// How long after a failed refresh the next one is tried, at the earliest.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// Longest token read, in bytes.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Gets a new token for the user, usually from your own back end.
pub trait TokenRefresher: Send + Sync + 'static {
    /// A token that has not ended.
    fn refresh(&self) -> BoxFuture<'_, Result<String, BoxError>>;
}

impl<F, R> TokenRefresher for F
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, BoxError>> + Send + 'static,
{
    fn refresh(&self) -> BoxFuture<'_, Result<String, BoxError>> {
        Box::pin(self())
    }
}

/// A user's token for the chat and calling clients; `CommunicationTokenCredential` of the official SDKs.
///
/// With a refresher a token that has ended is exchanged on demand, by one request however many wait for it. With
/// [`proactive`](Self::proactive) a task does so ten minutes before, or at half of what is left of a token shorter than
/// that. It ends with the last clone.
#[derive(Clone)]
pub struct CommunicationTokenCredential {
    inner: Arc<Inner>,
}

struct Inner {
    current: RwLock<Option<AccessToken>>,
    refresher: Option<Box<dyn TokenRefresher>>,
    refreshing: Mutex<()>,
    time: Arc<dyn TimeSource>,
    task: std::sync::OnceLock<AbortHandle>,
}

impl CommunicationTokenCredential {
    /// A token that is used until it ends.
    ///
    /// # Errors
    /// [`Error::Credential`] when it is no JWT with a numeric `exp`.
    pub fn new(token: &str) -> Result<Self, Error> {
        Ok(Self::build(Some(parse(token)?), None, Arc::new(SystemTime)))
    }

    /// Asks the refresher for a token whenever there is none that is good. `initial` saves the first request.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_refresher(initial: Option<&str>, refresher: impl TokenRefresher) -> Result<Self, Error> {
        let initial = initial.map(parse).transpose()?;
        Ok(Self::build(
            initial,
            Some(Box::new(refresher)),
            Arc::new(SystemTime),
        ))
    }

    /// The same, and refreshes in the background so that nobody waits. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn proactive(initial: Option<&str>, refresher: impl TokenRefresher) -> Result<Self, Error> {
        Self::proactive_at(initial, refresher, Arc::new(SystemTime))
    }

    /// The same by another clock than the system's.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn proactive_at(
        initial: Option<&str>,
        refresher: impl TokenRefresher,
        time: Arc<dyn TimeSource>,
    ) -> Result<Self, Error> {
        let initial = initial.map(parse).transpose()?;
        let credential = Self::build(initial, Some(Box::new(refresher)), time);
        let task = tokio::spawn(keep_fresh(Arc::downgrade(&credential.inner)));
        // Set once, here.
        let _ = credential.inner.task.set(task.abort_handle());
        Ok(credential)
    }

    fn build(
        current: Option<AccessToken>,
        refresher: Option<Box<dyn TokenRefresher>>,
        time: Arc<dyn TimeSource>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                current: RwLock::new(current),
                refresher,
                refreshing: Mutex::new(()),
                time,
                task: std::sync::OnceLock::new(),
            }),
        }
    }

    /// A token that has not ended.
    ///
    /// Without a refresher the token is returned whatever its age: the service knows better than this clock.
    ///
    /// # Errors
    /// [`Error::Credential`] when the refresher fails or gives a token that has ended.
    pub async fn token(&self) -> Result<AccessToken, Error> {
        if let Some(token) = self.inner.usable() {
            return Ok(token);
        }
        let _turn = self.inner.refreshing.lock().await;
        // Somebody before us in the queue may have fetched one.
        if let Some(token) = self.inner.usable() {
            return Ok(token);
        }
        self.inner.refresh().await
    }
}

impl Inner {
    fn current(&self) -> Option<AccessToken> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn usable(&self) -> Option<AccessToken> {
        self.current()
            .filter(|token| self.refresher.is_none() || token.expires_on > self.time.now())
    }

    /// Only under the `refreshing` lock.
    async fn refresh(&self) -> Result<AccessToken, Error> {
        let Some(refresher) = &self.refresher else {
            return Err(Error::Credential("there is no token".into()));
        };
        let token = refresher.refresh().await.map_err(Error::Credential)?;
        let token = parse(&token)?;
        if token.expires_on <= self.time.now() {
            return Err(Error::Credential(
                "the refresher gave a token that has ended".into(),
            ));
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    /// How long the present token may stay.
    fn pause(&self) -> Duration {
        let Some(token) = self.current() else {
            return Duration::ZERO;
        };
        let left = token.expires_on - self.time.now();
        let pause = if left > EXPIRING_SOON {
            left - EXPIRING_SOON
        } else {
            left / 2
        };
        Duration::try_from(pause).unwrap_or_default()
    }
}

async fn keep_fresh(inner: Weak<Inner>) {
    let mut pause = match inner.upgrade() {
        Some(inner) => inner.pause(),
        None => return,
    };
    loop {
        tokio::time::sleep(pause).await;
        let Some(inner) = inner.upgrade() else { return };
        let turn = inner.refreshing.lock().await;
        if let Err(error) = inner.refresh().await {
            tracing::warn!(%error, "the token could not be refreshed");
        }
        drop(turn);
        // A refresher that fails or gives tokens without life must not be asked in a circle.
        pause = inner.pause().max(MIN_PAUSE);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

impl fmt::Debug for CommunicationTokenCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommunicationTokenCredential")
            .field("refreshes", &self.inner.refresher.is_some())
            .finish_non_exhaustive()
    }
}

/// Reads the end of a token. Its signature is the service's business.
fn parse(token: &str) -> Result<AccessToken, Error> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }

    let fault = |words: &'static str| Error::Credential(words.into());
    let malformed = || fault("the token is no JWT");
    if token.len() > MAX_TOKEN_BYTES {
        return Err(fault("the token is too long"));
    }
    // What goes into a header must be printable.
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed());
    }
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed());
    };
    let payload = BASE64URL.decode(payload).map_err(|_| malformed())?;
    let Claims { exp } = serde_json::from_slice(&payload).map_err(|_| malformed())?;
    let expires_on = OffsetDateTime::from_unix_timestamp(exp).map_err(|_| malformed())?;
    Ok(AccessToken {
        token: token.to_owned(),
        expires_on,
    })
}

#[cfg(test)]
mod tests;
