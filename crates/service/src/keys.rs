//! The keys that sign tokens: one that does, and those it replaced, which verify until their last token has expired.

use std::sync::{Arc, PoisonError, RwLock};

use anteroom_identity::service::MAX_MINUTES;
use anteroom_identity::token::{KeysError, RetiredKey, SigningKey, SigningKeys};
use time::{Duration, OffsetDateTime};

use crate::store::sqlite::identity_keys::{self as sql, SigningKeyRow};
use crate::store::{Store, StoreError, Tx};

/// How long after its replacement a key verifies: the longest life of a token, and some for clocks that differ.
const VERIFIES_FOR: Duration = Duration::minutes(MAX_MINUTES + 10);

/// The keys of one service; clones are the same ones.
#[derive(Debug, Clone)]
pub struct KeyRing {
    store: Store,
    ring: Arc<RwLock<Ring>>,
}

#[derive(Debug, Clone)]
struct Ring {
    keys: Arc<SigningKeys>,
    created: OffsetDateTime,
}

/// The keys could not be read, made or stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// A key could not be made, or a stored one is malformed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl KeyRing {
    /// Reads the stored keys; makes the first one in a new database.
    pub(crate) async fn open(store: Store, now: OffsetDateTime) -> Result<Self, KeyRingError> {
        let rows = store.read(|connection| sql::all(connection)).await?;
        let rows: Vec<SigningKeyRow> = if rows.is_empty() {
            let pem = generate().await?;
            let write = move |connection: &mut Tx| -> Result<_, StoreError> {
                sql::rotate(connection, &pem, now, now)?;
                sql::all(connection)
            };
            store.write(write).await?
        } else {
            rows
        };
        let ring = Ring::read(&rows)?;
        Ok(Self {
            store,
            ring: Arc::new(RwLock::new(ring)),
        })
    }

    /// The keys now.
    #[must_use]
    pub fn keys(&self) -> Arc<SigningKeys> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner).keys)
    }

    /// When the key that signs was made.
    #[must_use]
    pub fn created(&self) -> OffsetDateTime {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).created
    }

    /// Makes a new key that signs from now on.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub async fn rotate(&self, now: OffsetDateTime) -> Result<Arc<SigningKeys>, KeyRingError> {
        let pem = generate().await?;
        let write = move |connection: &mut Tx| -> Result<Ring, KeyRingError> {
            sql::rotate(connection, &pem, now, now + VERIFIES_FOR)?;
            Ring::read(&sql::all(connection)?)
        };
        let shared = Arc::clone(&self.ring);
        let ring = self
            .store
            .write_then(write, move |ring: &Ring| {
                *shared.write().unwrap_or_else(PoisonError::into_inner) = ring.clone();
            })
            .await?;
        tracing::info!(kid = ring.keys.kid(), "a new key signs tokens");
        Ok(ring.keys)
    }

    /// Makes a new key when the one that signs is older than `age`; whether it was.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub async fn rotate_if_older(&self, age: Duration, now: OffsetDateTime) -> Result<bool, KeyRingError> {
        if now - self.created() <= age {
            return Ok(false);
        }
        self.rotate(now).await?;
        Ok(true)
    }
}

impl Ring {
    /// `rows` with the newest first.
    fn read(rows: &[SigningKeyRow]) -> Result<Self, KeyRingError> {
        let (newest, older) = rows.split_first().ok_or(StoreError::Corrupt("signing keys"))?;
        let retired = older
            .iter()
            .filter_map(|row| Some((row, row.verifies_until?)))
            .map(|(row, verifies_until)| {
                let key = SigningKey::from_pkcs8_pem(&row.pem)?;
                Ok(RetiredKey { key, verifies_until })
            })
            .collect::<Result<_, KeysError>>()?;
        let current = SigningKey::from_pkcs8_pem(&newest.pem)?;
        Ok(Self {
            keys: Arc::new(SigningKeys::new(current, retired)),
            created: newest.created,
        })
    }
}

/// Making a key takes a noticeable part of a second.
async fn generate() -> Result<String, KeyRingError> {
    let made = tokio::task::spawn_blocking(SigningKey::generate).await;
    let key = made.map_err(|_| KeysError::Generate)??;
    Ok(key.to_pkcs8_pem())
}
