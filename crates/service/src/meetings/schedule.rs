//! Making, changing and ending meetings.

use anteroom_chat::id::ThreadId;
use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::policy::MeetingOptions;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;
use rand::distr::Alphanumeric;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{MeetingRecord, MeetingStore, SettingsChanged};
use crate::store::StoreError;
use crate::store::sqlite::meetings::{self as sql, GraphColumns, Invited, MeetingRow};

/// How long a link works after the meeting's end, or after its last change if that is later.
pub const LINK_LIFETIME: Duration = Duration::days(60);

/// A meeting to be made.
#[derive(Debug, Clone)]
pub struct NewMeeting {
    /// Tenant of the organizer.
    pub tenant: TenantId,
    /// Object id of the organizer.
    pub organizer: ObjectId,
    /// What the meeting is about.
    pub subject: String,
    /// Scheduled start.
    pub start: OffsetDateTime,
    /// Scheduled end.
    pub end: OffsetDateTime,
    /// When the last of a series ends.
    pub last: LastEnd,
    /// Its options.
    pub options: MeetingOptions,
    /// Whom the organizer invited.
    pub invited: Vec<Invited>,
    /// Whether the meeting id alone does not let anybody in.
    pub passcode: bool,
    /// The organizer's own name of the meeting.
    pub external_id: Option<String>,
}

/// From when on a link's days are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastEnd {
    /// The meeting takes place once.
    Once,
    /// A series whose last occurrence ends then.
    At(OffsetDateTime),
    /// A series without end.
    Never,
}

impl LastEnd {
    /// When the link stops to work.
    #[must_use]
    pub fn expiry(self, end: OffsetDateTime, changed: OffsetDateTime) -> Option<OffsetDateTime> {
        let last = match self {
            Self::Once => end,
            Self::At(last) => last.max(end),
            Self::Never => return None,
        };
        last.max(changed).checked_add(LINK_LIFETIME)
    }
}

impl MeetingStore {
    /// Makes a meeting, or finds the organizer's meeting with that external id. The flag tells which: true for a new one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn create(&self, new: NewMeeting) -> Result<(MeetingRecord, bool), StoreError> {
        let now = self.clock.now();
        let row = MeetingRow {
            id: Uuid::new_v4().to_string(),
            tenant: new.tenant,
            organizer: new.organizer,
            subject: new.subject,
            thread: new_thread_id()?,
            meeting_id: digits(15),
            passcode: new.passcode.then(passcode),
            options: new.options,
            start: new.start,
            end: new.end,
            graph: GraphColumns {
                external_id: new.external_id,
                video_teleconference_id: Some(digits(11)),
                created: now,
                invited: new.invited,
                expires: new.last.expiry(new.end, now),
            },
        };
        let (row, made) = self
            .store
            .write(move |connection| {
                if let Some(external_id) = &row.graph.external_id
                    && let Some(known) =
                        sql::by_external_id(connection, row.tenant, row.organizer, external_id)?
                {
                    if known.graph.expires.is_none_or(|expires| expires > now) {
                        return Ok((known, false));
                    }
                    sql::delete(connection, &known.id)?;
                }
                sql::insert(connection, &row)?;
                Ok::<_, StoreError>((row, true))
            })
            .await?;
        Ok((self.record(row), made))
    }

    /// Changes a meeting in one go; `None` when it is unknown. Its link works for 60 more days at least.
    ///
    /// # Errors
    /// What `change` says, in which case nothing is changed; the database failed.
    pub async fn update<E, F>(
        &self,
        id: &str,
        last: Option<LastEnd>,
        change: F,
    ) -> Result<Option<MeetingRecord>, E>
    where
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut MeetingRow) -> Result<(), E> + Send + 'static,
    {
        let (key, now) = (id.to_owned(), self.clock.now());
        let changed = self
            .store
            .write(move |connection| {
                let Some(mut row) = sql::by_id(connection, &key)? else {
                    return Ok(None);
                };
                let lasting = row.graph.expires.is_none();
                change(&mut row)?;
                let last = last.unwrap_or(if lasting { LastEnd::Never } else { LastEnd::Once });
                // A series ends when it ended before, whatever changed.
                let before = row.graph.expires.filter(|_| last == LastEnd::Once);
                row.graph.expires = last.expiry(row.end, now).max(before);
                if last == LastEnd::Never {
                    row.graph.expires = None;
                }
                sql::update(connection, &row)?;
                Ok::<_, E>(Some(row))
            })
            .await?;
        self.announce(changed.is_some(), SettingsChanged::Meeting(id.to_owned()));
        Ok(changed.map(|row| self.record(row)))
    }

    /// Deletes a meeting; a running call ends. False when it is unknown.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let key = id.to_owned();
        let deleted = self
            .store
            .write(move |connection| sql::delete(connection, &key))
            .await?;
        self.announce(deleted, SettingsChanged::Meeting(id.to_owned()));
        Ok(deleted)
    }

    /// Deletes meetings whose links have stopped to work, at most `limit`; how many there were.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete_expired(&self, limit: u32) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let deleted = self
            .store
            .write(move |connection| {
                let expired = sql::expired(connection, now, limit)?;
                for id in &expired {
                    sql::delete(connection, id)?;
                }
                Ok::<_, StoreError>(expired)
            })
            .await?;
        let count = deleted.len();
        for id in deleted {
            self.announce(true, SettingsChanged::Meeting(id));
        }
        Ok(count)
    }

    /// The meeting with this chat thread.
    ///
    /// # Errors
    /// The database failed.
    pub async fn by_thread(&self, thread: &str) -> Result<Option<MeetingRecord>, StoreError> {
        let thread = thread.to_owned();
        let row = self
            .store
            .read(move |connection| sql::by_thread(connection, &thread))
            .await?;
        Ok(self.alive(row).map(|row| self.record(row)))
    }

    /// The meeting with these digits, whatever its passcode: for those who need none.
    ///
    /// # Errors
    /// The database failed.
    pub async fn by_digits(&self, digits: &str) -> Result<Option<MeetingRecord>, StoreError> {
        let digits = digits.to_owned();
        let row = self
            .store
            .read(move |connection| sql::by_meeting_id(connection, &digits))
            .await?;
        Ok(self.alive(row).map(|row| self.record(row)))
    }

    /// The meeting that a video conferencing device finds by these digits.
    ///
    /// # Errors
    /// The database failed.
    pub async fn by_video_teleconference_id(&self, id: &str) -> Result<Option<MeetingRecord>, StoreError> {
        let id = id.to_owned();
        let row = self
            .store
            .read(move |connection| sql::by_video_teleconference_id(connection, &id))
            .await?;
        Ok(self.alive(row).map(|row| self.record(row)))
    }

    /// Without a meeting whose link has stopped to work.
    fn alive(&self, row: Option<MeetingRow>) -> Option<MeetingRow> {
        let now = self.clock.now();
        row.filter(|row| row.graph.expires.is_none_or(|expires| expires > now))
    }
}

/// `19:meeting_<40 url-safe characters>@thread.v2`, the form of a private meeting's thread.
fn new_thread_id() -> Result<ThreadId, StoreError> {
    let random = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 30]>());
    format!("19:meeting_{random}@thread.v2")
        .parse()
        .map_err(|_| StoreError::Corrupt("thread id"))
}

/// So many digits, the first not 0, from the system's generator.
fn digits(count: usize) -> String {
    let mut rng = rand::rng();
    (0..count)
        .map(|at| char::from(b'0' + rng.random_range(u8::from(at == 0)..10)))
        .collect()
}

/// 8 letters and digits, as Teams prints them in invitations.
fn passcode() -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(8)
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn digits_and_passcodes_have_their_form() {
        for _ in 0..200 {
            let id = digits(15);
            assert!(id.len() == 15 && id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0'));
            let code = passcode();
            assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        assert_ne!(digits(15), digits(15));
    }

    #[test]
    fn a_link_works_for_sixty_days_after_the_end_or_the_last_change() {
        let end = datetime!(2026-12-01 10:00 UTC);
        let early = datetime!(2026-11-01 10:00 UTC);
        let late = datetime!(2027-01-01 10:00 UTC);
        assert_eq!(
            LastEnd::Once.expiry(end, early),
            Some(datetime!(2027-01-30 10:00 UTC))
        );
        assert_eq!(
            LastEnd::Once.expiry(end, late),
            Some(datetime!(2027-03-02 10:00 UTC))
        );
        assert_eq!(
            LastEnd::At(late).expiry(end, early),
            Some(datetime!(2027-03-02 10:00 UTC))
        );
        assert_eq!(LastEnd::Never.expiry(end, late), None);
    }
}
