//! Scheduled meetings, and the settings that decide who gets in.

use std::sync::Arc;

use anteroom_chat::id::ThreadId;
use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::link::{self, Locator, MeetingRef};
use anteroom_teams_link::policy::{MeetingOptions, OrganizerPolicy, TenantSettings};
use time::OffsetDateTime;
use tokio::sync::broadcast;
use url::Url;

use crate::bus::Topic;
use crate::store::sqlite::directory as directory_sql;
use crate::store::sqlite::meetings::{self as sql, MeetingRow};
use crate::store::{Store, StoreError};

/// Changes a slow listener may be behind before it must look at everything again.
const CHANGES_KEPT: usize = 256;

/// A scheduled meeting.
#[derive(Clone)]
pub struct MeetingRecord {
    /// Stable id.
    pub id: String,
    /// Tenant of the organizer.
    pub tenant: TenantId,
    /// Object id of the organizer.
    pub organizer: ObjectId,
    /// What the meeting is about.
    pub subject: String,
    /// Chat thread of the meeting.
    pub thread_id: ThreadId,
    /// Decimal digits, as printed in invitations.
    pub meeting_id: String,
    /// Code that goes with the meeting id; secret.
    pub passcode: Option<String>,
    /// Options of this meeting.
    pub options: MeetingOptions,
    /// Scheduled start.
    pub start: OffsetDateTime,
    /// Scheduled end.
    pub end: OffsetDateTime,
    /// The link to the meeting on this service.
    pub join_url: String,
}

impl std::fmt::Debug for MeetingRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeetingRecord")
            .field("id", &self.id)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Something that decides about participants has changed. Sent after the change is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingsChanged {
    /// The options of the meeting with this id.
    Meeting(String),
    /// The policy of an organizer.
    Organizer {
        /// The organizer's tenant.
        tenant: TenantId,
        /// The organizer's object id.
        organizer: ObjectId,
    },
    /// The settings of a tenant.
    Tenant(TenantId),
}

/// Finds meetings; reads and changes the settings that decide who gets in.
#[derive(Debug, Clone)]
pub struct MeetingStore {
    store: Store,
    base: Arc<Url>,
    changes: Topic<SettingsChanged>,
}

impl MeetingStore {
    /// `base` is where links to meetings point.
    pub(crate) fn new(store: Store, base: Url) -> Self {
        Self {
            store,
            base: Arc::new(base),
            changes: Topic::new(CHANGES_KEPT),
        }
    }

    /// The meeting a link or meeting id refers to.
    ///
    /// `None` for an unknown meeting and for a wrong passcode alike. A long `teams.microsoft.com` link finds a meeting
    /// when its tenant, organizer and thread are those of one of ours.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find(&self, reference: &MeetingRef) -> Result<Option<MeetingRecord>, StoreError> {
        let found = match &reference.locator {
            Locator::Coordinates {
                thread_id,
                tenant_id,
                organizer_id,
                ..
            } => {
                let (thread, tenant, organizer) = (thread_id.to_string(), *tenant_id, *organizer_id);
                let row = self
                    .store
                    .read(move |connection| sql::by_thread(connection, &thread))
                    .await?;
                row.filter(|row| row.tenant == tenant && row.organizer == organizer)
            }
            Locator::MeetingId { meeting_id, passcode } => {
                let digits = meeting_id.clone();
                let row = self
                    .store
                    .read(move |connection| sql::by_meeting_id(connection, &digits))
                    .await?;
                row.filter(|row| match (&row.passcode, passcode) {
                    (None, _) => true,
                    (Some(_), None) => false,
                    (Some(right), Some(given)) => same_secret(right, given.expose()),
                })
            }
        };
        Ok(found.map(|row| self.record(row)))
    }

    /// The meeting with this stable id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get(&self, id: &str) -> Result<Option<MeetingRecord>, StoreError> {
        let id = id.to_owned();
        let row = self
            .store
            .read(move |connection| sql::by_id(connection, &id))
            .await?;
        Ok(row.map(|row| self.record(row)))
    }

    /// All meetings of a tenant, soonest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_tenant(&self, tenant: TenantId) -> Result<Vec<MeetingRecord>, StoreError> {
        let rows = self
            .store
            .read(move |connection| sql::of_tenant(connection, tenant))
            .await?;
        Ok(rows.into_iter().map(|row| self.record(row)).collect())
    }

    /// The settings of a tenant and the policy of one of its organizers; `None` when either is unknown.
    ///
    /// # Errors
    /// The database failed.
    pub async fn policies(
        &self,
        tenant: TenantId,
        organizer: ObjectId,
    ) -> Result<Option<(TenantSettings, OrganizerPolicy)>, StoreError> {
        self.store
            .read(move |connection| directory_sql::policies(connection, tenant, organizer))
            .await
    }

    /// Replaces a meeting's options; false when there is no such meeting.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_options(&self, id: &str, options: MeetingOptions) -> Result<bool, StoreError> {
        let key = id.to_owned();
        let changed = self
            .store
            .write(move |connection| sql::set_options(connection, &key, &options))
            .await?;
        self.announce(changed, SettingsChanged::Meeting(id.to_owned()));
        Ok(changed)
    }

    /// Replaces an organizer's policy; false when there is no such user in the tenant.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_organizer_policy(
        &self,
        tenant: TenantId,
        organizer: ObjectId,
        policy: OrganizerPolicy,
    ) -> Result<bool, StoreError> {
        let changed = self
            .store
            .write(move |connection| {
                directory_sql::set_organizer_policy(connection, tenant, organizer, &policy)
            })
            .await?;
        self.announce(changed, SettingsChanged::Organizer { tenant, organizer });
        Ok(changed)
    }

    /// Replaces a tenant's settings; false when there is no such tenant.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_tenant_settings(
        &self,
        tenant: TenantId,
        settings: TenantSettings,
    ) -> Result<bool, StoreError> {
        let changed = self
            .store
            .write(move |connection| directory_sql::set_tenant_settings(connection, tenant, &settings))
            .await?;
        self.announce(changed, SettingsChanged::Tenant(tenant));
        Ok(changed)
    }

    /// Changes from now on. A receiver that lags must look at everything again.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<SettingsChanged> {
        self.changes.subscribe()
    }

    fn announce(&self, changed: bool, change: SettingsChanged) {
        if changed {
            self.changes.publish(change);
        }
    }

    fn record(&self, row: MeetingRow) -> MeetingRecord {
        let join_url = link::build_short(&self.base, &row.meeting_id, row.passcode.as_deref());
        MeetingRecord {
            id: row.id,
            tenant: row.tenant,
            organizer: row.organizer,
            subject: row.subject,
            thread_id: row.thread,
            meeting_id: row.meeting_id,
            passcode: row.passcode,
            options: row.options,
            start: row.start,
            end: row.end,
            join_url,
        }
    }
}

/// Compares in time that does not depend on where the texts differ.
fn same_secret(right: &str, given: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(right.as_bytes(), given.as_bytes()).is_ok()
}
