//! Tenants and their users: who may sign in on the Teams side.

pub mod admin;
pub mod redirect;

use std::sync::{Arc, OnceLock};

use anteroom_identity::id::{ObjectId, TenantId};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;

use crate::store::sqlite::directory::{self as sql, UserRow, UserScan};
use crate::store::{Store, StoreError};

/// Password checks at a time: each takes some 20 MiB and a core for tens of milliseconds.
const CHECKS_AT_A_TIME: usize = 2;

/// Longest password looked at, in bytes.
const PASSWORD_BYTES: usize = 1024;

/// A directory user as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUser {
    /// The user's object id.
    pub oid: ObjectId,
    /// The user's tenant.
    pub tenant: TenantId,
    /// Sign-in name.
    pub upn: String,
    /// Name shown to others.
    pub display_name: String,
    /// Whether the user may change what is set for the tenant.
    pub is_admin: bool,
    /// Whether the user may sign in, and tokens of the user are taken.
    pub enabled: bool,
}

/// Looks users up and checks their passwords.
#[derive(Debug, Clone)]
pub struct Directory {
    store: Store,
    checks: Arc<Semaphore>,
}

impl Directory {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            checks: Arc::new(Semaphore::new(CHECKS_AT_A_TIME)),
        }
    }

    /// The user with this name and password; `None` when either is wrong or the user is disabled, after the same time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sign_in(&self, upn: &str, password: &str) -> Result<Option<DirectoryUser>, StoreError> {
        if password.len() > PASSWORD_BYTES {
            return Ok(None);
        }
        let name = upn.to_owned();
        let row = self
            .store
            .read(move |connection| sql::user_by_upn(connection, &name))
            .await?;
        let password = password.to_owned();
        let permit = Arc::clone(&self.checks)
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let checked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // An unknown name costs as much as a known one, and so does one without a password.
            let hash = row
                .as_ref()
                .map(|row| row.password_hash.clone())
                .filter(|hash| !hash.is_empty());
            let known = hash.as_deref().unwrap_or_else(|| nobody());
            let right = verify_password(&password, known) && hash.is_some();
            row.filter(|row| right && row.enabled).map(DirectoryUser::from)
        });
        checked.await.map_err(|_| StoreError::Closed)
    }

    /// The user with this object id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn user(&self, oid: ObjectId) -> Result<Option<DirectoryUser>, StoreError> {
        let row = self
            .store
            .read(move |connection| sql::user(connection, oid))
            .await?;
        Ok(row.map(DirectoryUser::from))
    }

    /// The user with this object id, if the user may sign in: what a token, a session or a sign-in of the user is worth.
    ///
    /// # Errors
    /// The database failed.
    pub async fn enabled_user(&self, oid: ObjectId) -> Result<Option<DirectoryUser>, StoreError> {
        Ok(self.user(oid).await?.filter(|user| user.enabled))
    }

    /// The user with this sign-in name, whatever the case of its letters.
    ///
    /// # Errors
    /// The database failed.
    pub async fn user_by_upn(&self, upn: &str) -> Result<Option<DirectoryUser>, StoreError> {
        let upn = upn.to_owned();
        let row = self
            .store
            .read(move |connection| sql::user_by_upn(connection, &upn))
            .await?;
        Ok(row.map(DirectoryUser::from))
    }

    /// Those of these users who exist, in the order given.
    ///
    /// # Errors
    /// The database failed.
    pub async fn users_by_id(&self, wanted: Vec<ObjectId>) -> Result<Vec<DirectoryUser>, StoreError> {
        self.store
            .read(move |connection| {
                let mut found = Vec::with_capacity(wanted.len());
                for oid in wanted {
                    found.extend(sql::user(connection, oid)?.map(DirectoryUser::from));
                }
                Ok::<_, StoreError>(found)
            })
            .await
    }

    /// Some users of a tenant, in order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn users_in_order(&self, scan: UserScan) -> Result<Vec<DirectoryUser>, StoreError> {
        let rows = self
            .store
            .read(move |connection| sql::users_in_order(connection, &scan))
            .await?;
        Ok(rows.into_iter().map(DirectoryUser::from).collect())
    }

    /// At most `limit` users of a tenant with this text in their sign-in name or the name shown, by sign-in name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn search(
        &self,
        tenant: TenantId,
        text: &str,
        limit: u32,
    ) -> Result<Vec<DirectoryUser>, StoreError> {
        let text = text.to_owned();
        let rows = self
            .store
            .read(move |connection| sql::search_users(connection, tenant, &text, limit))
            .await?;
        Ok(rows.into_iter().map(DirectoryUser::from).collect())
    }

    /// How many users a tenant has.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_users(&self, tenant: TenantId) -> Result<u64, StoreError> {
        self.store
            .read(move |connection| sql::count_users(connection, tenant))
            .await
    }

    /// All users of a tenant by sign-in name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn users(&self, tenant: TenantId) -> Result<Vec<DirectoryUser>, StoreError> {
        let rows = self
            .store
            .read(move |connection| sql::users(connection, tenant))
            .await?;
        Ok(rows.into_iter().map(DirectoryUser::from).collect())
    }

    /// The tenant with this name (`contoso`) or id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenant(&self, name_or_id: &str) -> Result<Option<TenantId>, StoreError> {
        let name = name_or_id.to_owned();
        self.store
            .read(move |connection| sql::tenant(connection, &name))
            .await
    }
}

impl From<UserRow> for DirectoryUser {
    fn from(row: UserRow) -> Self {
        Self {
            oid: row.object,
            tenant: row.tenant,
            upn: row.upn,
            display_name: row.display_name,
            is_admin: row.is_admin,
            enabled: row.enabled,
        }
    }
}

/// Argon2id in the PHC string form, with a fresh salt.
///
/// # Errors
/// The password is too long, or the system has no randomness.
pub(crate) fn hash_password(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

fn verify_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    })
}

/// The hash checked for a name nobody has.
fn nobody() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_password("a password nobody has").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_passwords() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify_password("correct horse", &hash));
        assert!(!verify_password("correct horse ", &hash));
        assert!(!verify_password("", nobody()));
        assert!(!verify_password("x", "not a hash"));
    }
}
