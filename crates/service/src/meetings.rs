//! Scheduled meetings, and the settings that decide who gets in.

mod schedule;

use std::collections::BTreeSet;
use std::sync::Arc;

use anteroom_chat::id::ThreadId;
use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::link::{self, Locator, MeetingRef};
use anteroom_teams_link::policy::{Applied, Effective, MeetingOptions, TenantSettings};
use time::{OffsetDateTime, PrimitiveDateTime};
use tokio::sync::broadcast;
use url::Url;

pub use self::schedule::{LINK_LIFETIME, LastEnd, NewMeeting};
use crate::bus::Topic;
use crate::clock::Clock;
use crate::store::sqlite::directory::{self as directory_sql, TenantRow};
use crate::store::sqlite::groups as groups_sql;
pub use crate::store::sqlite::meetings::Invited;
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
    /// The organizer's own name of the meeting.
    pub external_id: Option<String>,
    /// Digits that a video conferencing device dials.
    pub video_teleconference_id: Option<String>,
    /// When it was made.
    pub created: OffsetDateTime,
    /// Whom the organizer invited, in a directory or not.
    pub invited: Vec<Invited>,
    /// When the link stops to work; `None` for never.
    pub expires: Option<OffsetDateTime>,
}

impl MeetingRecord {
    /// When its link stops working: 60 days after the end or the last change; the end of time for a series without end.
    #[must_use]
    pub fn expiry(&self) -> OffsetDateTime {
        self.expires.unwrap_or(PrimitiveDateTime::MAX.assume_utc())
    }
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
    /// What is set for a tenant, its policies among it.
    Tenant(TenantId),
}

/// What decides who gets into a meeting, all levels taken together.
#[derive(Debug, Clone)]
pub struct MeetingRules {
    /// Settings of the organizer's tenant.
    pub tenant: TenantSettings,
    /// The policy that applies to the organizer, and how it came to it.
    pub applied: Applied,
    /// The options that really hold, and which level they are from.
    pub effective: Effective,
}

impl MeetingRules {
    /// Of what is set for a tenant, an organizer and the groups it is in, and a meeting's own options.
    pub(crate) fn new(
        row: &TenantRow,
        organizer: ObjectId,
        groups: &BTreeSet<ObjectId>,
        options: &MeetingOptions,
    ) -> Self {
        let applied = row.policies.applied(organizer, groups);
        let effective = row.policies.effective(&applied.policy, options);
        Self {
            tenant: row.settings.clone(),
            applied,
            effective,
        }
    }
}

/// Finds meetings; reads and changes the settings that decide who gets in.
#[derive(Debug, Clone)]
pub struct MeetingStore {
    store: Store,
    clock: Clock,
    base: Arc<Url>,
    changes: Topic<SettingsChanged>,
}

impl MeetingStore {
    /// `base` is where links to meetings point.
    pub(crate) fn new(store: Store, clock: Clock, base: Url) -> Self {
        Self {
            store,
            clock,
            base: Arc::new(base),
            changes: Topic::new(CHANGES_KEPT),
        }
    }

    /// The meeting a link or meeting id refers to.
    ///
    /// `None` for an unknown meeting, for one whose link has expired and for a wrong passcode alike. A long `teams.microsoft.com` link finds a meeting
    /// when its tenant, organizer and thread are those of one of ours.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find(&self, reference: &MeetingRef) -> Result<Option<MeetingRecord>, StoreError> {
        let found = self.look_up(reference).await?;
        let now = self.clock.now();
        Ok(found
            .filter(|(record, passcode_fits)| *passcode_fits && now < record.expiry())
            .map(|(record, _)| record))
    }

    /// As [`find`](Self::find), but also with a wrong passcode: whether it fits is the second value. Not for guests to
    /// know.
    pub(crate) async fn look_up(
        &self,
        reference: &MeetingRef,
    ) -> Result<Option<(MeetingRecord, bool)>, StoreError> {
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
                    .map(|row| (row, true))
            }
            Locator::MeetingId { meeting_id, passcode } => {
                let digits = meeting_id.clone();
                let row = self
                    .store
                    .read(move |connection| sql::by_meeting_id(connection, &digits))
                    .await?;
                row.map(|row| {
                    let fits = match (&row.passcode, passcode) {
                        (None, _) => true,
                        (Some(_), None) => false,
                        (Some(right), Some(given)) => same_secret(right, given.expose()),
                    };
                    (row, fits)
                })
            }
        };
        Ok(found.map(|(row, passcode_fits)| (self.record(row), passcode_fits)))
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

    /// What decides who gets into a meeting: the tenant's settings, the policy that applies to the organizer, and the
    /// options that these leave of the meeting's own. `None` when tenant or organizer are unknown.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rules(&self, meeting: &MeetingRecord) -> Result<Option<MeetingRules>, StoreError> {
        let (tenant, organizer, options) = (meeting.tenant, meeting.organizer, meeting.options.clone());
        let read = self.store.read(move |connection| -> Result<_, StoreError> {
            let user = directory_sql::user(connection, organizer)?.filter(|user| user.tenant == tenant);
            let row = directory_sql::tenant_row(connection, tenant)?;
            let groups = groups_sql::of_user(connection, organizer)?;
            Ok(row
                .filter(|_| user.is_some())
                .map(|row| MeetingRules::new(&row, organizer, &groups.into_iter().collect(), &options)))
        });
        read.await
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

    /// Where changes are announced, for others who make them.
    pub(crate) fn changes(&self) -> Topic<SettingsChanged> {
        self.changes.clone()
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
            external_id: row.graph.external_id,
            video_teleconference_id: row.graph.video_teleconference_id,
            created: row.graph.created,
            invited: row.graph.invited,
            expires: row.graph.expires,
        }
    }
}

/// Compares in time that does not depend on where the texts differ.
fn same_secret(right: &str, given: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(right.as_bytes(), given.as_bytes()).is_ok()
}
