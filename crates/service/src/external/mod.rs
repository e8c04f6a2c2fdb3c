//! People who sign in at an external OpenID Connect provider.
//!
//! The service is the provider's relying party and stays the issuer of all tokens: what a provider says ends here, with
//! who of the directory somebody is. Nothing is asked of a provider before somebody wants to sign in there.

pub mod config;
mod http;
mod pending;
mod person;
mod provider;

use std::sync::Arc;

use anteroom_identity::id::TenantId;

pub use config::{ProviderConfig, SignInConfig, UnknownPeople};
pub(crate) use pending::{MAX_REQUEST, Pending, PendingSignIns};
pub(crate) use person::{NotLetIn, settle};
pub(crate) use provider::{Answer, Asked, Provider, ProviderError};

use crate::config::ConfigError;
use crate::directory::Directory;
use crate::store::StoreError;

/// The configured providers, and who is on the way to one.
#[derive(Debug)]
pub struct External {
    providers: Vec<Arc<Provider>>,
    passwords_off: Vec<String>,
    pending: PendingSignIns,
}

impl External {
    /// The providers of a configuration.
    ///
    /// # Errors
    /// [`ConfigError::SignIn`]: something about one of them cannot be, or nobody could sign in to a tenant.
    pub fn new(config: &SignInConfig) -> Result<Self, ConfigError> {
        for (index, provider) in config.providers.iter().enumerate() {
            let twice = config
                .providers
                .iter()
                .take(index)
                .any(|other| other.id == provider.id && other.tenant == provider.tenant);
            if twice {
                return Err(provider.fault("the tenant has two of this id"));
            }
        }
        for tenant in &config.passwords_off {
            if !config.providers.iter().any(|provider| provider.tenant == *tenant) {
                return Err(ConfigError::SignIn {
                    reason: format!("passwords are off for {tenant:?}, which has no provider of that name"),
                });
            }
        }
        let providers = config
            .providers
            .iter()
            .map(|config| Provider::new(config.clone()).map(Arc::new));
        Ok(Self {
            providers: providers.collect::<Result<_, _>>()?,
            passwords_off: config.passwords_off.clone(),
            pending: PendingSignIns::default(),
        })
    }

    /// The providers of a tenant, in the order of the configuration.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn of_tenant(
        &self,
        directory: &Directory,
        tenant: TenantId,
    ) -> Result<Vec<Arc<Provider>>, StoreError> {
        let mut found = Vec::new();
        for provider in &self.providers {
            if directory.tenant(&provider.config().tenant).await? == Some(tenant) {
                found.push(Arc::clone(provider));
            }
        }
        Ok(found)
    }

    /// Whether a tenant's people may sign in with a password.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn has_passwords(
        &self,
        directory: &Directory,
        tenant: TenantId,
    ) -> Result<bool, StoreError> {
        for name in &self.passwords_off {
            if directory.tenant(name).await? == Some(tenant) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The tenant that all providers are of, as the configuration names it.
    pub(crate) fn only_tenant(&self) -> Option<&str> {
        let (first, others) = self.providers.split_first()?;
        let name = first.config().tenant.as_str();
        others
            .iter()
            .all(|other| other.config().tenant == name)
            .then_some(name)
    }

    /// Who is on the way to a provider.
    pub(crate) fn pending(&self) -> &PendingSignIns {
        &self.pending
    }
}
