//! Where users are kept: the trait, its contract as a test suite, and an implementation in memory.

use std::collections::HashMap;

use thiserror::Error;
use time::OffsetDateTime;

use crate::id::AcsUserId;

/// The store failed; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("identity store: {0}")]
pub struct StoreError(pub String);

/// Keeps users and the generation of their tokens.
///
/// A call that returned `Ok` is durable. [`identity_store_tests!`](crate::identity_store_tests) is the contract.
pub trait IdentityStore {
    /// Adds a user with generation 0.
    ///
    /// # Errors
    /// The store failed, or the user is there already (ids are random, so that is a fault).
    fn insert_user(&mut self, user: &AcsUserId, created: OffsetDateTime) -> Result<(), StoreError>;

    /// The user's generation; `None` when it is unknown or was deleted.
    ///
    /// # Errors
    /// The store failed.
    fn generation(&self, user: &AcsUserId) -> Result<Option<u64>, StoreError>;

    /// Raises the generation, which revokes all tokens, and returns the new one; `None` when the user is unknown.
    ///
    /// # Errors
    /// The store failed.
    fn revoke(&mut self, user: &AcsUserId) -> Result<Option<u64>, StoreError>;

    /// Deletes a user; whether it was there.
    ///
    /// # Errors
    /// The store failed.
    fn delete(&mut self, user: &AcsUserId) -> Result<bool, StoreError>;
}

/// Users in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryIdentityStore {
    users: HashMap<AcsUserId, u64>,
}

impl MemoryIdentityStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl IdentityStore for MemoryIdentityStore {
    fn insert_user(&mut self, user: &AcsUserId, _created: OffsetDateTime) -> Result<(), StoreError> {
        if self.users.contains_key(user) {
            return Err(StoreError("the user exists".to_owned()));
        }
        self.users.insert(*user, 0);
        Ok(())
    }

    fn generation(&self, user: &AcsUserId) -> Result<Option<u64>, StoreError> {
        Ok(self.users.get(user).copied())
    }

    fn revoke(&mut self, user: &AcsUserId) -> Result<Option<u64>, StoreError> {
        Ok(self.users.get_mut(user).map(|generation| {
            *generation += 1;
            *generation
        }))
    }

    fn delete(&mut self, user: &AcsUserId) -> Result<bool, StoreError> {
        Ok(self.users.remove(user).is_some())
    }
}

/// The contract of [`IdentityStore`] as tests: `identity_store_tests!(MyStore::for_tests())`.
#[macro_export]
macro_rules! identity_store_tests {
    ($store:expr) => {
        mod identity_store_contract {
            use super::*;
            use $crate::id::{AcsUserId, ResourceId};
            use $crate::store::IdentityStore as _;

            fn user() -> AcsUserId {
                AcsUserId::random(ResourceId::random())
            }

            #[test]
            fn a_user_starts_at_generation_zero_and_exists_once() {
                let mut store = $store;
                let (one, two) = (user(), user());
                assert_eq!(store.generation(&one).unwrap(), None);
                store
                    .insert_user(&one, ::time::OffsetDateTime::UNIX_EPOCH)
                    .unwrap();
                assert_eq!(store.generation(&one).unwrap(), Some(0));
                assert_eq!(store.generation(&two).unwrap(), None);
                assert!(
                    store
                        .insert_user(&one, ::time::OffsetDateTime::UNIX_EPOCH)
                        .is_err()
                );
            }

            #[test]
            fn revoking_raises_the_generation_of_that_user_only() {
                let mut store = $store;
                let (one, two) = (user(), user());
                for user in [&one, &two] {
                    store
                        .insert_user(user, ::time::OffsetDateTime::UNIX_EPOCH)
                        .unwrap();
                }
                assert_eq!(store.revoke(&one).unwrap(), Some(1));
                assert_eq!(store.revoke(&one).unwrap(), Some(2));
                assert_eq!(store.generation(&one).unwrap(), Some(2));
                assert_eq!(store.generation(&two).unwrap(), Some(0));
                assert_eq!(store.revoke(&user()).unwrap(), None);
            }

            #[test]
            fn a_deleted_user_is_gone() {
                let mut store = $store;
                let one = user();
                store
                    .insert_user(&one, ::time::OffsetDateTime::UNIX_EPOCH)
                    .unwrap();
                assert!(store.delete(&one).unwrap());
                assert!(!store.delete(&one).unwrap());
                assert_eq!(store.generation(&one).unwrap(), None);
                assert_eq!(store.revoke(&one).unwrap(), None);
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::MemoryIdentityStore;

    identity_store_tests!(MemoryIdentityStore::new());
}
