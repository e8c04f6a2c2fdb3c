//! Chat threads, their members and messages.

mod roster;
mod rows;

use std::borrow::BorrowMut;
use std::cell::RefCell;

use anteroom_chat::store::{Changes, ChatStore, MembershipPlace, MessageRange, ThreadRange};
use anteroom_chat::thread::{Member, Message, Receipt, ThreadProperties};
use anteroom_chat::{ClientMessageId, MessageId, StoreError, ThreadId};
use anteroom_identity::id::CommunicationIdentifier;
use rusqlite::{Connection, OptionalExtension, params};
use time::OffsetDateTime;

use self::roster::Roster;
pub use self::roster::RosterCache;
use self::rows::{
    apply, clamped_ns, corrupt, decode_member, decode_message, decode_receipt, decode_thread, failed, get,
    identifier,
};

/// [`ChatStore`] over an open connection, owned or borrowed.
#[derive(Debug)]
pub struct SqliteChatStore<C> {
    connection: C,
    rosters: RosterCache,
    /// The members of the thread looked at last, as of the last change made here.
    open: RefCell<Option<(ThreadId, Roster)>>,
}

impl<C: BorrowMut<Connection>> SqliteChatStore<C> {
    /// Threads in this database.
    pub fn new(connection: C) -> Self {
        Self::with_rosters(connection, RosterCache::default())
    }

    /// The same, with a memory of members that several share.
    pub const fn with_rosters(connection: C, rosters: RosterCache) -> Self {
        Self {
            connection,
            rosters,
            open: RefCell::new(None),
        }
    }

    /// Guests who are members of a meeting's thread.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn guests_in_meetings(&self) -> Result<Vec<(ThreadId, CommunicationIdentifier)>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                // From the few meetings to their members, not through all members there are: this runs at start.
                "SELECT c.thread_id, c.member FROM meetings m CROSS JOIN chat_members c ON c.thread_id = m.thread_id
                 WHERE c.member >= '8:acs:' AND c.member < '8:acs;' AND c.left_at IS NULL",
            )
            .map_err(failed)?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(failed)?;
        rows.map(|row| {
            let (thread, member) = row.map_err(failed)?;
            Ok((
                thread.parse().map_err(|_| corrupt("thread id"))?,
                identifier(&member)?,
            ))
        })
        .collect()
    }

    /// Whether such an ACS user or directory user exists here.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn is_known(&self, id: &CommunicationIdentifier) -> Result<bool, StoreError> {
        let (sql, key) = match id {
            CommunicationIdentifier::CommunicationUser(user) => (
                "SELECT EXISTS (SELECT 1 FROM identities WHERE id = ?1)",
                user.to_string(),
            ),
            CommunicationIdentifier::MicrosoftTeamsUser(user) => (
                "SELECT EXISTS (SELECT 1 FROM directory_users WHERE object_id = ?1)",
                user.oid().to_string(),
            ),
            _ => return Ok(false),
        };
        self.connection()
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row([key], |row| row.get(0)))
            .map_err(failed)
    }

    /// Forgets requests to create threads made before `requested`, and that threads deleted before `deleted` existed; at
    /// most `limit` of these.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn forget_the_old(
        &self,
        requested: OffsetDateTime,
        deleted: OffsetDateTime,
        limit: usize,
    ) -> Result<(), StoreError> {
        let connection = self.connection();
        let sql = "DELETE FROM chat_creations WHERE created_ns < ?1";
        rows::execute(connection, sql, [clamped_ns(requested)])?;
        let sql = "DELETE FROM chat_threads WHERE id IN
                       (SELECT id FROM chat_threads WHERE deleted_ns < ?1 ORDER BY deleted_ns LIMIT ?2)";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        rows::execute(connection, sql, params![clamped_ns(deleted), limit])?;
        Ok(())
    }

    /// The ids of all threads, newest first.
    ///
    /// # Errors
    /// [`StoreError::Failed`].
    pub fn all_threads(&self) -> Result<Vec<ThreadId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT id FROM chat_threads ORDER BY created_ns DESC, id")
            .map_err(failed)?;
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?.parse().map_err(|_| corrupt("thread id")))
            .collect()
    }

    fn connection(&self) -> &Connection {
        self.connection.borrow()
    }

    /// The present members of a thread; `None` when there is no such thread.
    fn roster(&self, thread: &ThreadId) -> Result<Option<Roster>, StoreError> {
        if let Some((open, roster)) = &*self.open.borrow()
            && open == thread
        {
            return Ok(Some(roster.clone()));
        }
        let stamp: Option<i64> = self
            .connection()
            .prepare_cached("SELECT roster FROM chat_threads WHERE id = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row([thread.as_str()], |row| row.get(0))
                    .optional()
            })
            .map_err(failed)?;
        let Some(stamp) = stamp else {
            return Ok(None);
        };
        let roster = match self.rosters.find(thread, stamp) {
            Some(roster) => roster,
            None => self
                .rosters
                .keep(thread, stamp, Roster::new(self.read_members(thread)?)),
        };
        *self.open.borrow_mut() = Some((thread.clone(), roster.clone()));
        Ok(Some(roster))
    }

    fn read_members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError> {
        let sql = format!(
            "SELECT {MEMBER_COLUMNS} FROM chat_members WHERE thread_id = ?1 AND left_at IS NULL ORDER BY place"
        );
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let rows = statement
            .query_map([thread.as_str()], |row| Ok(decode_member(row)))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }
}

const THREAD_COLUMNS: &str = "id, topic, created_by, created_ns, last_sequence, last_message, metadata, \
                              retention_days, version, host_managed, deleted_ns";

const MEMBER_COLUMNS: &str = "member, display_name, share_from_ns, hidden_up_to, metadata, left_at";

const MESSAGE_COLUMNS: &str = "message_id, sequence_id, version, kind, sender, sender_display_name, content, \
                               created_ns, edited_ns, deleted_ns, metadata";

impl<C: BorrowMut<Connection>> ChatStore for SqliteChatStore<C> {
    fn thread(&self, id: &ThreadId) -> Result<Option<ThreadProperties>, StoreError> {
        let sql = format!("SELECT {THREAD_COLUMNS} FROM chat_threads WHERE id = ?1");
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let row = statement.query_row([id.as_str()], |row| Ok(decode_thread(row, 0)));
        row.optional().map_err(failed)?.transpose()
    }

    fn member(&self, thread: &ThreadId, id: &CommunicationIdentifier) -> Result<Option<Member>, StoreError> {
        let Some(roster) = self.roster(thread)? else {
            return Ok(None);
        };
        if let Some(member) = roster.member(id) {
            return Ok(Some(member.clone()));
        }
        let sql = format!("SELECT {MEMBER_COLUMNS} FROM chat_members WHERE thread_id = ?1 AND member = ?2");
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let row = statement.query_row(params![thread.as_str(), id.to_string()], |row| {
            Ok(decode_member(row))
        });
        row.optional().map_err(failed)?.transpose()
    }

    fn members(&self, thread: &ThreadId) -> Result<Vec<Member>, StoreError> {
        let roster = self.roster(thread)?;
        Ok(roster.map_or_else(Vec::new, |roster| roster.members().to_vec()))
    }

    fn threads_of(&self, id: &CommunicationIdentifier) -> Result<Vec<ThreadId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT thread_id FROM chat_members WHERE member = ?1 ORDER BY thread_id")
            .map_err(failed)?;
        let rows = statement
            .query_map([id.to_string()], |row| row.get::<_, String>(0))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?.parse().map_err(|_| corrupt("thread id")))
            .collect()
    }

    fn threads_page(
        &self,
        range: &ThreadRange<'_>,
    ) -> Result<Vec<(MembershipPlace, ThreadProperties)>, StoreError> {
        let ThreadRange {
            member,
            before,
            active_from,
            limit,
        } = range;
        let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
        let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
        let columns = THREAD_COLUMNS.replace(", metadata", ", t.metadata");
        let sql = format!(
            "SELECT {columns}, m.place FROM chat_members m JOIN chat_threads t ON t.id = m.thread_id
             WHERE m.member = ?1 AND m.left_at IS NULL AND m.place < ?2 AND t.deleted_ns IS NULL
                 AND COALESCE(t.last_message * 1000000, t.created_ns) >= ?3
             ORDER BY m.place DESC LIMIT ?4"
        );
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let values = params![member.to_string(), before, clamped_ns(*active_from), limit];
        let rows = statement
            .query_map(values, |row| {
                Ok(decode_thread(row, 0).and_then(|head| Ok((get(row, 11)?, head))))
            })
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }

    fn created_as(
        &self,
        creator: &CommunicationIdentifier,
        name: &ClientMessageId,
    ) -> Result<Option<ThreadId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT thread_id FROM chat_creations WHERE creator = ?1 AND name = ?2")
            .map_err(failed)?;
        let id: Option<String> = statement
            .query_row(params![creator.to_string(), name.as_str()], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        id.map(|id| id.parse().map_err(|_| corrupt("thread id")))
            .transpose()
    }

    fn receipt(
        &self,
        thread: &ThreadId,
        reader: &CommunicationIdentifier,
    ) -> Result<Option<Receipt>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT reader, message_id, read_ns FROM chat_receipts WHERE thread_id = ?1 AND reader = ?2",
            )
            .map_err(failed)?;
        let row = statement.query_row(params![thread.as_str(), reader.to_string()], |row| {
            Ok(decode_receipt(row))
        });
        row.optional().map_err(failed)?.transpose()
    }

    fn receipts(&self, thread: &ThreadId) -> Result<Vec<Receipt>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT reader, message_id, read_ns FROM chat_receipts WHERE thread_id = ?1 ORDER BY place DESC",
            )
            .map_err(failed)?;
        let rows = statement
            .query_map([thread.as_str()], |row| Ok(decode_receipt(row)))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }

    fn expired_threads(&self, now: OffsetDateTime, limit: usize) -> Result<Vec<ThreadId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached("SELECT id FROM chat_threads WHERE due_ns <= ?1 ORDER BY due_ns LIMIT ?2")
            .map_err(failed)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = statement
            .query_map(params![clamped_ns(now), limit], |row| row.get::<_, String>(0))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?.parse().map_err(|_| corrupt("thread id")))
            .collect()
    }

    fn message(&self, thread: &ThreadId, id: MessageId) -> Result<Option<Message>, StoreError> {
        // The id is a client's: one that no column can hold is nobody's.
        let Ok(id) = i64::try_from(id.unix_ms()) else {
            return Ok(None);
        };
        let sql =
            format!("SELECT {MESSAGE_COLUMNS} FROM chat_messages WHERE thread_id = ?1 AND message_id = ?2");
        let mut statement = self.connection().prepare_cached(&sql).map_err(failed)?;
        let row = statement.query_row(params![thread.as_str(), id], |row| Ok(decode_message(row)));
        row.optional().map_err(failed)?.transpose()
    }

    fn messages(&self, thread: &ThreadId, range: &MessageRange) -> Result<Vec<Message>, StoreError> {
        let MessageRange {
            before,
            after,
            created_from,
            limit,
        } = range;
        // A cursor is text of a client's: every number must be taken.
        let before = before.map_or(i64::MAX, |before| i64::try_from(before.get()).unwrap_or(i64::MAX));
        let after = i64::try_from(after.get()).unwrap_or(i64::MAX);
        let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
        let from = clamped_ns(*created_from);
        let mut statement = self
            .connection()
            .prepare_cached(&messages_sql())
            .map_err(failed)?;
        let from_ms = from.div_euclid(1_000_000);
        let values = params![thread.as_str(), before, after, from, from_ms, limit];
        let rows = statement
            .query_map(values, |row| Ok(decode_message(row)))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)?).collect()
    }

    fn sent_as(
        &self,
        thread: &ThreadId,
        sender: &CommunicationIdentifier,
        client_message_id: &ClientMessageId,
    ) -> Result<Option<MessageId>, StoreError> {
        let mut statement = self
            .connection()
            .prepare_cached(
                "SELECT message_id FROM chat_messages
                 WHERE thread_id = ?1 AND sender = ?2 AND client_message_id = ?3",
            )
            .map_err(failed)?;
        let values = params![thread.as_str(), sender.to_string(), client_message_id.as_str()];
        let row = statement
            .query_row(values, |row| row.get(0))
            .optional()
            .map_err(failed)?;
        Ok(row.map(MessageId::from_unix_ms))
    }

    fn commit(&mut self, changes: &Changes) -> Result<(), StoreError> {
        // Part of a write of the store, or a transaction by itself.
        self.open.get_mut().take();
        let transaction = self.connection.borrow_mut().savepoint().map_err(failed)?;
        for change in changes.list() {
            apply(&transaction, changes.thread(), change)?;
        }
        transaction.commit().map_err(failed)
    }
}

/// Ids are times and grow with the place: what is older than asked for is not looked at, however much of it there is.
fn messages_sql() -> String {
    format!(
        "SELECT {MESSAGE_COLUMNS} FROM chat_messages
         WHERE thread_id = ?1 AND sequence_id < ?2 AND created_ns >= ?4
             AND sequence_id > MAX(?3, COALESCE((SELECT sequence_id FROM chat_messages
                 WHERE thread_id = ?1 AND message_id < ?5 ORDER BY message_id DESC LIMIT 1), 0))
         ORDER BY sequence_id DESC LIMIT ?6"
    )
}

#[cfg(test)]
mod tests;
