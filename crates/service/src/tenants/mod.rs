//! What is set for tenants: read, changed as a whole, and compared with tiers of protection.

mod changes;
mod effective;

use std::collections::{BTreeMap, BTreeSet};

use anteroom_identity::id::{ObjectId, ResourceId, TenantId};
use anteroom_teams_link::audit::{self, Audited, Finding, Tier};
use anteroom_teams_link::policy::{FileError, MeetingOptions, OrganizerPolicy, TenantFile};
use serde::{Deserialize, Serialize};

pub use self::changes::{Change, Changes, MeetingChange, UserChange};
pub use self::effective::{
    AppliedPolicy, EffectiveOption, EffectiveSetting, EffectiveValues, MeetingName, OfMeeting,
};
use crate::bus::Topic;
use crate::meetings::{MeetingRules, SettingsChanged};
use crate::store::sqlite::directory::{self as sql, TenantRow, UserRow};
use crate::store::sqlite::groups::{self as groups_sql, GroupRow};
use crate::store::sqlite::meetings::{self as meetings_sql, MeetingRow};
use crate::store::{Connection, Store, StoreError};

/// A tenant by name and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TenantName {
    /// The id, which stays the same.
    pub id: TenantId,
    /// The name.
    pub name: String,
}

/// Why nothing was applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    UnknownTenant,
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is set for the tenants of a service, running or not.
#[derive(Debug, Clone)]
pub struct Tenants {
    store: Store,
    changes: Topic<SettingsChanged>,
}

/// Everything about a tenant that a change of its settings can affect.
struct Snapshot {
    row: TenantRow,
    users: Vec<UserRow>,
    groups: Vec<GroupRow>,
    /// The groups of users who are in one.
    memberships: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    meetings: Vec<MeetingRow>,
}

impl Tenants {
    /// Of this database. Changes are announced on the topic once they are committed.
    pub(crate) const fn new(store: Store, changes: Topic<SettingsChanged>) -> Self {
        Self { store, changes }
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list(&self) -> Result<Vec<TenantName>, StoreError> {
        let tenants = self.store.read(|connection| sql::tenants(connection)).await?;
        let named = tenants.into_iter().map(|(id, name)| TenantName { id, name });
        Ok(named.collect())
    }

    /// The tenant with this name or id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find(&self, name_or_id: &str) -> Result<Option<TenantId>, StoreError> {
        let name = name_or_id.to_owned();
        self.store
            .read(move |connection| sql::tenant(connection, &name))
            .await
    }

    /// What is set for a tenant, the defaults among it; `None` when it is unknown.
    ///
    /// # Errors
    /// The database failed.
    pub async fn file(&self, tenant: TenantId) -> Result<Option<TenantFile>, StoreError> {
        let snapshot = self.snapshot(tenant).await?;
        Ok(snapshot.map(|snapshot| snapshot.file(&snapshot.row)))
    }

    /// Sets what a file says, everything it leaves out to its default, unless it is only tried. Answers what that
    /// changes. `resource` is where the guests come from for whom joins are compared.
    ///
    /// # Errors
    /// [`ApplyError`]; nothing is changed then.
    pub async fn apply(
        &self,
        tenant: TenantId,
        file: TenantFile,
        resource: ResourceId,
        try_only: bool,
    ) -> Result<Changes, ApplyError> {
        if try_only {
            let snapshot = self.snapshot(tenant).await?.ok_or(ApplyError::UnknownTenant)?;
            let row = snapshot.read(&file)?;
            return Ok(snapshot.changes(&row, resource));
        }
        // Read and written in one go, so that what is answered is what was changed.
        let write = self
            .store
            .write(move |connection| -> Result<Changes, ApplyError> {
                let snapshot = Snapshot::load(connection, tenant)?.ok_or(ApplyError::UnknownTenant)?;
                let row = snapshot.read(&file)?;
                let changes = snapshot.changes(&row, resource);
                sql::set_tenant_row(connection, tenant, &row)?;
                Ok(changes)
            });
        let changes = write.await?;
        self.announce(tenant);
        Ok(changes)
    }

    /// Makes running calls look at a tenant anew: its settings have changed, or who is in its groups.
    pub(crate) fn announce(&self, tenant: TenantId) {
        self.changes.publish(SettingsChanged::Tenant(tenant));
    }

    /// What a tier of protection finds fault with; `None` when the tenant is unknown.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit(&self, tenant: TenantId, tier: Tier) -> Result<Option<Vec<Finding>>, StoreError> {
        let snapshot = self.snapshot(tenant).await?;
        Ok(snapshot.map(|snapshot| snapshot.audit(tier)))
    }

    async fn snapshot(&self, tenant: TenantId) -> Result<Option<Snapshot>, StoreError> {
        self.store
            .read(move |connection| Snapshot::load(connection, tenant))
            .await
    }
}

impl Snapshot {
    fn load(connection: &Connection, tenant: TenantId) -> Result<Option<Self>, StoreError> {
        let Some(row) = sql::tenant_row(connection, tenant)? else {
            return Ok(None);
        };
        let groups = groups_sql::list(connection, tenant)?;
        let mut memberships = BTreeMap::<ObjectId, BTreeSet<ObjectId>>::new();
        for group in &groups {
            for user in groups_sql::members(connection, group.object)? {
                memberships.entry(user).or_default().insert(group.object);
            }
        }
        Ok(Some(Self {
            row,
            users: sql::users(connection, tenant)?,
            groups,
            memberships,
            meetings: meetings_sql::of_tenant(connection, tenant)?,
        }))
    }

    fn file(&self, row: &TenantRow) -> TenantFile {
        let name = |id: ObjectId| {
            let user = self.users.iter().find(|user| user.object == id);
            let group = self.groups.iter().find(|group| group.object == id);
            user.map(|user| user.upn.clone())
                .or_else(|| group.map(|group| group.display_name.clone()))
                .unwrap_or_else(|| id.to_string())
        };
        TenantFile::of(&row.settings, &row.policies, name)
    }

    fn read(&self, file: &TenantFile) -> Result<TenantRow, FileError> {
        let is_id = |name: &str, id: ObjectId| name.parse().is_ok_and(|named: ObjectId| named == id);
        let user = |name: &str| {
            let mut users = self.users.iter();
            let found = users.find(|user| user.upn.eq_ignore_ascii_case(name) || is_id(name, user.object));
            found.map(|user| user.object)
        };
        let group = |name: &str| {
            let mut groups = self.groups.iter();
            let found = groups
                .find(|group| group.display_name.eq_ignore_ascii_case(name) || is_id(name, group.object));
            found.map(|group| group.object)
        };
        Ok(TenantRow {
            settings: file.settings()?,
            policies: file.policies(user, group)?,
        })
    }

    fn rules(&self, row: &TenantRow, organizer: ObjectId, options: &MeetingOptions) -> MeetingRules {
        MeetingRules::new(row, organizer, &self.groups(organizer), options)
    }

    fn groups(&self, user: ObjectId) -> BTreeSet<ObjectId> {
        self.memberships.get(&user).cloned().unwrap_or_default()
    }

    fn audit(&self, tier: Tier) -> Vec<Finding> {
        let mut policies: Vec<(String, OrganizerPolicy)> = Vec::new();
        for user in &self.users {
            let applied = self.row.policies.applied(user.object, &self.groups(user.object));
            let name = applied.meeting.policy();
            let known = policies
                .iter()
                .any(|(known, policy)| known == name && *policy == applied.policy);
            if !known {
                policies.push((name.to_owned(), applied.policy));
            }
        }
        let meetings = self.meetings.iter().map(|meeting| {
            let rules = self.rules(&self.row, meeting.organizer, &meeting.options);
            (meeting.subject.clone(), rules.effective.options)
        });
        audit::audit(
            tier,
            &Audited {
                tenant: &self.row.settings,
                policies: &policies,
                meetings: &meetings.collect::<Vec<_>>(),
            },
        )
    }
}
