//! The ACS resources of this service and their access keys, in memory.
//!
//! Changes go to the database first and are seen here by the time they are answered.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anteroom_identity::id::ResourceId;
use anteroom_identity::signing::{AccessKey, KeySlot, RequestToVerify, SignatureError, verify_request};
use anteroom_identity::token::KeyStamp;
use time::OffsetDateTime;

use crate::store::sqlite::resources::{self as sql, ResourceRow};
use crate::store::{Store, StoreError, Tx};

/// Most resources of one service: a request's signature is tried with each one's keys.
pub const MAX_RESOURCES: usize = 64;

/// Longest name of a resource, in characters.
pub const MAX_NAME: usize = 64;

/// All resources; clones share them.
#[derive(Debug, Clone)]
pub struct Resources {
    store: Store,
    first: ResourceId,
    table: Arc<RwLock<Arc<Table>>>,
}

/// Never empty. `keys` holds each resource's two keys, in the resources' order.
#[derive(Debug)]
struct Table {
    resources: Vec<Resource>,
    keys: Vec<AccessKey>,
}

/// An ACS resource.
#[derive(Debug, Clone)]
pub struct Resource {
    id: ResourceId,
    name: String,
    created: OffsetDateTime,
    keys: [AccessKey; 2],
    rotations: [u32; 2],
}

/// A resource could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// There are [`MAX_RESOURCES`].
    #[error("there are {MAX_RESOURCES} resources already")]
    TooMany,
    /// Not 1 to 64 of `A-Z a-z 0-9 . _ -`, or what looks like a resource's id.
    #[error("a name is 1 to {MAX_NAME} letters, digits, dots, hyphens and underscores, and no UUID")]
    BadName,
    /// Another resource has the name.
    #[error("there is a resource of that name")]
    NameTaken,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Resource {
    /// The immutable id, part of every user's id.
    #[must_use]
    pub const fn id(&self) -> ResourceId {
        self.id
    }

    /// The name for people; empty for none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was made.
    #[must_use]
    pub const fn created(&self) -> OffsetDateTime {
        self.created
    }

    /// One of the two access keys.
    #[must_use]
    pub const fn key(&self, slot: KeySlot) -> &AccessKey {
        let [primary, secondary] = &self.keys;
        match slot {
            KeySlot::Primary => primary,
            KeySlot::Secondary => secondary,
        }
    }

    /// How often that key was rotated.
    #[must_use]
    pub const fn rotations(&self, slot: KeySlot) -> u32 {
        let [primary, secondary] = self.rotations;
        match slot {
            KeySlot::Primary => primary,
            KeySlot::Secondary => secondary,
        }
    }
}

impl TryFrom<ResourceRow> for Resource {
    type Error = StoreError;

    fn try_from(row: ResourceRow) -> Result<Self, StoreError> {
        let key = |text: &str| AccessKey::from_base64(text).map_err(|_| StoreError::Corrupt("access key"));
        let [primary, secondary] = &row.keys;
        Ok(Self {
            id: row.id,
            keys: [key(primary)?, key(secondary)?],
            name: row.name,
            created: row.created,
            rotations: row.rotations,
        })
    }
}

impl Table {
    fn new(resources: Vec<Resource>) -> Self {
        let keys = resources
            .iter()
            .flat_map(|resource| resource.keys.clone())
            .collect();
        Self { resources, keys }
    }

    fn read(rows: Vec<ResourceRow>) -> Result<Arc<Self>, StoreError> {
        Ok(Arc::new(Self::new(
            rows.into_iter()
                .map(Resource::try_from)
                .collect::<Result<_, _>>()?,
        )))
    }
}

impl Resources {
    /// Reads the stored resources; makes the first one in a new database.
    pub(crate) async fn open(store: Store, now: OffsetDateTime) -> Result<Self, StoreError> {
        let rows = store
            .write(move |connection| {
                let rows = sql::all(connection)?;
                if !rows.is_empty() {
                    return Ok(rows);
                }
                sql::insert(connection, &new_row(String::new(), now))?;
                sql::all(connection)
            })
            .await?;
        let table = Table::read(rows)?;
        let first = table
            .resources
            .first()
            .map(Resource::id)
            .ok_or(StoreError::Corrupt("resources"))?;
        Ok(Self {
            store,
            first,
            table: Arc::new(RwLock::new(table)),
        })
    }

    /// The resource that was there first; it stands for all that name none.
    #[must_use]
    pub const fn first(&self) -> ResourceId {
        self.first
    }

    /// All resources, the first one first.
    #[must_use]
    pub fn all(&self) -> Vec<Resource> {
        self.table().resources.clone()
    }

    /// The resource with this id.
    #[must_use]
    pub fn get(&self, id: ResourceId) -> Option<Resource> {
        let table = self.table();
        table.resources.iter().find(|resource| resource.id == id).cloned()
    }

    /// The resource with this id or name.
    #[must_use]
    pub fn find(&self, id_or_name: &str) -> Option<Resource> {
        match id_or_name.parse() {
            Ok(id) => self.get(id),
            Err(_) => {
                let table = self.table();
                let named = table
                    .resources
                    .iter()
                    .find(|resource| !resource.name.is_empty() && resource.name == id_or_name);
                named.cloned()
            }
        }
    }

    /// Whether there is such a resource, and it still has this key.
    #[must_use]
    pub fn has_key(&self, id: ResourceId, stamp: Option<KeyStamp>) -> bool {
        let table = self.table();
        let resource = table.resources.iter().find(|resource| resource.id == id);
        resource.is_some_and(|resource| {
            stamp.is_none_or(|stamp| resource.rotations(stamp.slot) == stamp.rotation)
        })
    }

    /// Whose key signed this request, and which.
    ///
    /// # Errors
    /// No key did, or the request is malformed, too old or too new.
    pub fn verify(
        &self,
        request: &RequestToVerify<'_>,
        now: OffsetDateTime,
        skew: Duration,
    ) -> Result<(ResourceId, KeyStamp), SignatureError> {
        let table = self.table();
        let place = verify_request(request, &table.keys, now, skew)?;
        let resource = table.resources.get(place / 2).ok_or(SignatureError::Signature)?;
        let slot = if place.is_multiple_of(2) {
            KeySlot::Primary
        } else {
            KeySlot::Secondary
        };
        let rotation = resource.rotations(slot);
        Ok((resource.id, KeyStamp { slot, rotation }))
    }

    /// Makes a resource with two new access keys.
    ///
    /// # Errors
    /// See [`CreateError`].
    pub async fn create(&self, name: &str, now: OffsetDateTime) -> Result<Resource, CreateError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let sound = (1..=MAX_NAME).contains(&name.len())
            && name.chars().all(plain)
            && name.parse::<ResourceId>().is_err();
        if !sound {
            return Err(CreateError::BadName);
        }
        let row = new_row(name.to_owned(), now);
        let resource = Resource::try_from(row.clone())?;
        let shared = self.clone();
        let write = move |connection: &mut Tx| {
            let rows = sql::all(connection)?;
            if rows.len() >= MAX_RESOURCES {
                return Err(CreateError::TooMany);
            }
            if rows.iter().any(|other| other.name == row.name) {
                return Err(CreateError::NameTaken);
            }
            sql::insert(connection, &row)?;
            Ok(Table::read(sql::all(connection)?)?)
        };
        self.store
            .write_then(write, move |table: &Arc<Table>| shared.put(table))
            .await?;
        Ok(resource)
    }

    /// Replaces one of a resource's access keys; `None` when there is no such resource. The old key is refused from
    /// then on, and so are the tokens that were asked for with it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rotate(&self, id: ResourceId, slot: KeySlot) -> Result<Option<Resource>, StoreError> {
        let shared = self.clone();
        let key = AccessKey::generate();
        let write = move |connection: &mut Tx| -> Result<Arc<Table>, StoreError> {
            sql::rotate(connection, id, slot, key.to_secret_base64())?;
            Table::read(sql::all(connection)?)
        };
        let table = self
            .store
            .write_then(write, move |table: &Arc<Table>| shared.put(table))
            .await?;
        Ok(table.resources.iter().find(|resource| resource.id == id).cloned())
    }

    fn put(&self, table: &Arc<Table>) {
        *self.table.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(table);
    }

    fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn new_row(name: String, created: OffsetDateTime) -> ResourceRow {
    let key = || AccessKey::generate().to_secret_base64().to_owned();
    ResourceRow {
        id: ResourceId::random(),
        name,
        keys: [key(), key()],
        rotations: [0, 0],
        created,
    }
}
