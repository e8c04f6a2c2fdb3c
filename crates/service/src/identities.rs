//! ACS users and the generations of their tokens.
//!
//! Whether a token was revoked is asked at every request, so generations are kept in memory: as many as fit a bound,
//! and never older than the last write that was answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anteroom_identity::id::{AcsUserId, ObjectId, ResourceId, TenantId};
use anteroom_identity::store::IdentityStore;
use time::OffsetDateTime;

use crate::store::sqlite::{SqliteIdentityStore, identity_access};
use crate::store::{Store, StoreError, Tx};

/// Generations kept at most; about 10 MB.
const MAX_KEPT: usize = 131_072;

/// The users of all resources; clones are the same ones.
#[derive(Debug, Clone)]
pub struct Identities {
    store: Store,
    known: Arc<Mutex<Known>>,
}

impl Identities {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            known: Arc::new(Mutex::new(Known::new(MAX_KEPT))),
        }
    }

    /// The generation of a user's tokens; `None` when the user was deleted or never was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn generation(&self, user: AcsUserId) -> Result<Option<u64>, StoreError> {
        let seen = match self.known().get(&user) {
            Lookup::Known(generation) => return Ok(generation),
            Lookup::Unknown { writes } => writes,
        };
        let generation = self
            .store
            .read(move |connection| {
                SqliteIdentityStore::new(connection)
                    .generation(&user)
                    .map_err(StoreError::from)
            })
            .await?;
        self.known().fill(user, generation, seen);
        Ok(generation)
    }

    /// Stores a user that was drawn at random.
    ///
    /// # Errors
    /// The database failed.
    pub async fn insert(&self, user: AcsUserId, now: OffsetDateTime) -> Result<(), StoreError> {
        let known = Arc::clone(&self.known);
        let write = move |connection: &mut Tx| -> Result<(), StoreError> {
            SqliteIdentityStore::new(connection).insert_user(&user, now)?;
            Ok(())
        };
        self.store
            .write_then(write, move |()| lock(&known).set(user, Some(0)))
            .await
    }

    /// Makes a user without a token.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create(&self, resource: ResourceId, now: OffsetDateTime) -> Result<AcsUserId, StoreError> {
        let user = AcsUserId::random(resource);
        self.insert(user, now).await?;
        Ok(user)
    }

    /// The user that stands for a directory's user in a resource; makes it when there is none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_entra_user(
        &self,
        resource: ResourceId,
        tenant: TenantId,
        object: ObjectId,
        now: OffsetDateTime,
    ) -> Result<AcsUserId, StoreError> {
        let known = Arc::clone(&self.known);
        let write = move |connection: &mut Tx| -> Result<(AcsUserId, bool), StoreError> {
            // Somebody may have been faster.
            if let Some(user) = identity_access::entra_identity(connection, resource, tenant, object)? {
                return Ok((user, false));
            }
            let user = AcsUserId::random(resource);
            SqliteIdentityStore::new(&mut *connection).insert_user(&user, now)?;
            identity_access::insert_entra_identity(connection, tenant, object, &user)?;
            Ok((user, true))
        };
        let after = move |(user, new): &(AcsUserId, bool)| {
            if *new {
                lock(&known).set(*user, Some(0));
            }
        };
        let (user, _) = self.store.write_then(write, after).await?;
        Ok(user)
    }

    /// Revokes a user's tokens; false when there is no such user.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke(&self, user: AcsUserId) -> Result<bool, StoreError> {
        let known = Arc::clone(&self.known);
        let write = move |connection: &mut Tx| -> Result<Option<u64>, StoreError> {
            Ok(SqliteIdentityStore::new(connection).revoke(&user)?)
        };
        let generation = self
            .store
            .write_then(write, move |generation| lock(&known).set(user, *generation))
            .await?;
        Ok(generation.is_some())
    }

    /// Deletes a user; false when there was none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete(&self, user: AcsUserId) -> Result<bool, StoreError> {
        let known = Arc::clone(&self.known);
        let write = move |connection: &mut Tx| -> Result<bool, StoreError> {
            Ok(SqliteIdentityStore::new(connection).delete(&user)?)
        };
        self.store
            .write_then(write, move |_| lock(&known).set(user, None))
            .await
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.known)
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<anteroom_identity::store::StoreError> for StoreError {
    fn from(anteroom_identity::store::StoreError(text): anteroom_identity::store::StoreError) -> Self {
        Self::Sqlite(text)
    }
}

/// Generations by user. The ones asked for longest ago are forgotten: when `young` is full it becomes `old`, and the
/// former `old` goes.
#[derive(Debug)]
struct Known {
    young: HashMap<AcsUserId, Option<u64>>,
    old: HashMap<AcsUserId, Option<u64>>,
    /// 0 < `half`: how many `young` holds at most.
    half: usize,
    /// Writes seen so far. What was read from the database before a write must not be put over what it wrote.
    writes: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Lookup {
    Known(Option<u64>),
    Unknown { writes: u64 },
}

impl Known {
    fn new(bound: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half: (bound / 2).max(1),
            writes: 0,
        }
    }

    fn get(&mut self, user: &AcsUserId) -> Lookup {
        if let Some(generation) = self.young.get(user) {
            return Lookup::Known(*generation);
        }
        if let Some(generation) = self.old.remove(user) {
            self.put(*user, generation);
            return Lookup::Known(generation);
        }
        Lookup::Unknown { writes: self.writes }
    }

    /// What a write that is committed left behind.
    fn set(&mut self, user: AcsUserId, generation: Option<u64>) {
        self.writes += 1;
        self.put(user, generation);
    }

    /// What was read, unless something was written since the miss that made it necessary.
    fn fill(&mut self, user: AcsUserId, generation: Option<u64>, writes: u64) {
        if self.writes == writes {
            self.put(user, generation);
        }
    }

    fn put(&mut self, user: AcsUserId, generation: Option<u64>) {
        if self.young.len() >= self.half && !self.young.contains_key(&user) {
            self.old = std::mem::take(&mut self.young);
        }
        self.old.remove(&user);
        self.young.insert(user, generation);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn user(number: u8) -> AcsUserId {
        AcsUserId::new(ResourceId::new(Uuid::nil()), Uuid::from_u128(u128::from(number)))
    }

    #[test]
    fn a_read_that_a_write_overtook_is_not_kept() {
        let mut known = Known::new(10);
        let Lookup::Unknown { writes } = known.get(&user(1)) else {
            panic!("nothing is known yet");
        };
        known.set(user(1), Some(1));
        known.fill(user(1), Some(0), writes);
        assert_eq!(known.get(&user(1)), Lookup::Known(Some(1)));
    }

    #[test]
    fn what_is_asked_for_stays() {
        let mut known = Known::new(4);
        known.set(user(0), Some(7));
        for other in 1..100 {
            known.set(user(other), Some(0));
            assert_eq!(known.get(&user(0)), Lookup::Known(Some(7)));
        }
    }

    proptest! {
        #[test]
        fn stays_within_its_bound_and_tells_the_truth(
            writes in prop::collection::vec((0u8..40, prop::option::of(0u64..9)), 0..200),
        ) {
            let mut known = Known::new(8);
            let mut truth = HashMap::new();
            for (number, generation) in writes {
                known.set(user(number), generation);
                truth.insert(number, generation);
                prop_assert!(known.young.len() + known.old.len() <= 8);
                for asked in [number, number / 2] {
                    if let Lookup::Known(found) = known.get(&user(asked)) {
                        prop_assert_eq!(Some(&found), truth.get(&asked));
                    }
                }
            }
        }
    }
}
