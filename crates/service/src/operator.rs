//! The operator's interface: plain HTTP on a loopback port of its own, for whoever can read the data directory.
//!
//! A running service writes where it is and the secret of this run to `operator.json`, readable by its owner only.
//! [`Stopped`] does the same work on the data of a service that does not run.

use std::fs::File;
use std::io;
use std::path::Path;

use anteroom_identity::signing::{ConnectionString, KeySlot};
use anteroom_identity::token::SigningKeys;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use crate::bus::Topic;
use crate::config::io_reason;
use crate::data;
use crate::directory::admin::{self, AdminError, Request};
use crate::error::StartError;
use crate::keys::KeyRing;
use crate::resources::{Resource, Resources};
use crate::store::Store;
use crate::tenants::Tenants;
use crate::tls::write_private;
use crate::webhooks::WebhookTable;

/// Name of the file in the data directory.
pub const FILE: &str = "operator.json";

/// What `operator.json` says. Secret.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OperatorInfo {
    /// Where the interface is, `http://127.0.0.1:<port>`.
    pub address: String,
    /// The bearer token.
    pub secret: String,
}

impl OperatorInfo {
    /// A new secret for an interface at this address.
    pub(crate) fn new(address: String) -> Self {
        Self {
            address,
            secret: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()),
        }
    }

    /// Reads the file of a data directory.
    ///
    /// # Errors
    /// It is not there, cannot be read or is not one.
    pub fn read(data: &Path) -> io::Result<Self> {
        serde_json::from_slice(&std::fs::read(data.join(FILE))?).map_err(io::Error::other)
    }

    pub(crate) fn write(&self, data: &Path) -> Result<(), StartError> {
        let text =
            serde_json::to_vec_pretty(self).map_err(|error| StartError::Internal(error.to_string()))?;
        write_private(&data.join(FILE), &text).map_err(|error| StartError::DataNotWritable {
            path: data.to_owned(),
            reason: io_reason(&error),
        })
    }

    /// Whether a bearer token is the secret, compared in constant time.
    pub(crate) fn accepts(&self, token: &str) -> bool {
        verify_slices_are_equal(self.secret.as_bytes(), token.as_bytes()).is_ok()
    }
}

impl std::fmt::Debug for OperatorInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperatorInfo")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A resource as the operator sees it. Secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceInfo {
    /// The immutable id.
    pub id: String,
    /// The name for people; empty for none.
    pub name: String,
    /// When it was made, RFC 3339.
    pub created_on: String,
    /// First access key, base64.
    pub primary_key: String,
    /// Second access key, base64.
    pub secondary_key: String,
    /// Connection string with the first key; unknown while the service does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_connection_string: Option<String>,
    /// Connection string with the second key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_connection_string: Option<String>,
}

impl ResourceInfo {
    /// What there is to say of a resource at an address.
    #[must_use]
    pub fn new(resource: &Resource, endpoint: Option<&Url>) -> Self {
        let key = |slot| resource.key(slot).to_secret_base64().to_owned();
        let connection = |slot| {
            let connection = ConnectionString {
                endpoint: endpoint?.clone(),
                access_key: resource.key(slot).clone(),
            };
            Some(connection.to_secret_string())
        };
        Self {
            id: resource.id().to_string(),
            name: resource.name().to_owned(),
            created_on: resource.created().format(&Rfc3339).unwrap_or_default(),
            primary_key: key(KeySlot::Primary),
            secondary_key: key(KeySlot::Secondary),
            primary_connection_string: connection(KeySlot::Primary),
            secondary_connection_string: connection(KeySlot::Secondary),
        }
    }
}

impl std::fmt::Debug for ResourceInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResourceInfo")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The keys that sign tokens, as the operator sees them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SigningKeysInfo {
    /// Name of the key that signs, its RFC 7638 thumbprint.
    pub current: String,
    /// When it was made, RFC 3339.
    pub created_on: String,
    /// Those that it replaced and that still verify.
    pub retired: Vec<RetiredKeyInfo>,
}

/// A key that signs no more.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RetiredKeyInfo {
    /// Its name.
    pub kid: String,
    /// When its last token has expired, RFC 3339.
    pub verifies_until: String,
}

impl SigningKeysInfo {
    /// What there is to say of a ring.
    #[must_use]
    pub fn new(ring: &KeyRing, now: OffsetDateTime) -> Self {
        let keys: &SigningKeys = &ring.keys();
        let text = |time: OffsetDateTime| time.format(&Rfc3339).unwrap_or_default();
        let retired = keys.retired().iter().filter(|key| now < key.verifies_until);
        Self {
            current: keys.kid().to_owned(),
            created_on: text(ring.created()),
            retired: retired
                .map(|retired| RetiredKeyInfo {
                    kid: retired.key.kid().to_owned(),
                    verifies_until: text(retired.verifies_until),
                })
                .collect(),
        }
    }
}

/// Whether a service holds the lock of this data directory.
#[must_use]
pub fn is_running(path: &Path) -> bool {
    File::open(path.join(data::LOCK))
        .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
}

/// The resources and keys of a service that does not run. Nobody can start it meanwhile.
#[derive(Debug)]
pub struct Stopped {
    store: Store,
    resources: Resources,
    webhooks: WebhookTable,
    keys: KeyRing,
    _lock: File,
}

impl Stopped {
    /// Opens the data directory under its lock.
    ///
    /// # Errors
    /// [`StartError::DataInUse`] when a service runs on it; the data cannot be used.
    pub async fn open(path: &Path) -> Result<Self, StartError> {
        let lock = data::lock(path)?;
        data::check_restored(path)?;
        let failed = |source| StartError::Store {
            path: path.to_owned(),
            source,
        };
        let store = Store::open(&data::database_path(path)).map_err(failed)?;
        let now = OffsetDateTime::now_utc();
        let resources = Resources::open(store.clone(), now).await.map_err(failed)?;
        let webhooks = WebhookTable::open(store.clone()).await.map_err(failed)?;
        let keys = KeyRing::open(store.clone(), now)
            .await
            .map_err(|error| StartError::Internal(error.to_string()))?;
        Ok(Self {
            store,
            resources,
            webhooks,
            keys,
            _lock: lock,
        })
    }

    /// The resources.
    #[must_use]
    pub const fn resources(&self) -> &Resources {
        &self.resources
    }

    /// What is set for tenants.
    #[must_use]
    pub fn tenants(&self) -> Tenants {
        // Nobody listens where nothing runs.
        Tenants::new(self.store.clone(), Topic::new(1))
    }

    /// The webhooks.
    #[must_use]
    pub const fn webhooks(&self) -> &WebhookTable {
        &self.webhooks
    }

    /// The keys that sign tokens.
    #[must_use]
    pub const fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Does something to tenants, users, groups or applications.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn directory(&self, request: Request) -> Result<Value, AdminError> {
        admin::perform(&self.store, OffsetDateTime::now_utc(), request).await
    }

    /// Closes the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}
