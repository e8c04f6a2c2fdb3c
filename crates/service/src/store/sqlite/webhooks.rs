//! Webhooks, and the events that are to be sent to them.

use anteroom_identity::id::TenantId;
use rusqlite::{Connection, OptionalExtension, Row, params};
use time::OffsetDateTime;

use super::{StoreError, from_ms, to_ms};

/// Deliveries that are over and still shown, per webhook.
const HISTORY: i64 = 100;

/// A stored webhook.
#[derive(Clone)]
pub struct WebhookRow {
    /// Its id, `wh_…`.
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// Names of the events wanted.
    pub events: Vec<String>,
    /// The organizers' tenant; `None` for all, and rooms.
    pub tenant: Option<TenantId>,
    /// Whether chat texts are sent.
    pub include_content: bool,
    /// The secret that signs, `whsec_…`.
    pub secret: String,
    /// The secret before, and until when it signs, too.
    pub previous: Option<(String, OffsetDateTime)>,
    /// When it was made.
    pub created: OffsetDateTime,
    /// Since when nothing is sent, and why.
    pub disabled: Option<(OffsetDateTime, String)>,
}

impl std::fmt::Debug for WebhookRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// How a webhook fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// Since when there was no success.
    pub failing_since: Option<OffsetDateTime>,
    /// Events given up.
    pub dropped: u64,
    /// Events to be sent.
    pub pending: u64,
}

/// An event to be stored for a webhook.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// For which webhook.
    pub webhook: String,
    /// The meeting or the room.
    pub meeting: String,
    /// As the receiver tells events apart.
    pub message: String,
    /// Name of the event.
    pub event: &'static str,
    /// What is sent.
    pub body: String,
    /// When it happened.
    pub created: OffsetDateTime,
}

/// The next event of a meeting.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its place in the order of all events.
    pub place: i64,
    /// The meeting or the room.
    pub meeting: String,
    /// As the receiver tells events apart.
    pub message: String,
    /// What is sent.
    pub body: String,
    /// When it happened.
    pub created: OffsetDateTime,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is to be sent.
    pub due: OffsetDateTime,
}

/// An event, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// As the receiver tells events apart.
    pub message: String,
    /// The meeting or the room.
    pub meeting: String,
    /// Name of the event.
    pub event: String,
    /// `pending`, `delivered` or `dropped`.
    pub state: String,
    /// How often it was sent.
    pub attempts: u32,
    /// When it happened.
    pub created: OffsetDateTime,
    /// When it is sent again; of pending ones.
    pub due: Option<OffsetDateTime>,
    /// When it was over.
    pub finished: Option<OffsetDateTime>,
    /// What came of the last attempt.
    pub outcome: String,
}

/// How a delivery ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The target has it.
    Delivered,
    /// Given up.
    Dropped,
}

/// All webhooks, the oldest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn all(connection: &Connection) -> Result<Vec<WebhookRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, url, events, tenant_id, include_content, secret, previous_secret, previous_until_ms, created_ms,
                disabled_ms, disabled_reason
         FROM webhooks ORDER BY created_ms, id",
    )?;
    let rows = statement.query_map([], |row| Ok(webhook(row)))?;
    rows.map(|row| row?).collect()
}

fn webhook(row: &Row<'_>) -> Result<WebhookRow, StoreError> {
    let events: String = row.get(2)?;
    let tenant: Option<String> = row.get(3)?;
    let tenant = tenant.map(|text| text.parse().map_err(|_| StoreError::Corrupt("tenant id")));
    let previous: (Option<String>, Option<i64>) = (row.get(6)?, row.get(7)?);
    let disabled: (Option<i64>, Option<String>) = (row.get(9)?, row.get(10)?);
    Ok(WebhookRow {
        id: row.get(0)?,
        url: row.get(1)?,
        events: events.split_whitespace().map(str::to_owned).collect(),
        tenant: tenant.transpose()?,
        include_content: row.get(4)?,
        secret: row.get(5)?,
        previous: match previous {
            (Some(secret), Some(until)) => Some((secret, from_ms(until)?)),
            _ => None,
        },
        created: from_ms(row.get(8)?)?,
        disabled: match disabled {
            (Some(since), reason) => Some((from_ms(since)?, reason.unwrap_or_default())),
            (None, _) => None,
        },
    })
}

/// Stores a new webhook.
///
/// # Errors
/// Whatever SQLite says.
pub fn insert(connection: &Connection, row: &WebhookRow) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO webhooks (id, url, events, tenant_id, include_content, secret, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            row.id,
            row.url,
            row.events.join(" "),
            row.tenant.map(|tenant| tenant.to_string()),
            row.include_content,
            row.secret,
            to_ms(row.created),
        ],
    )?;
    Ok(())
}

/// Whether there is a tenant of this id.
///
/// # Errors
/// Whatever SQLite says.
pub fn tenant_exists(connection: &Connection, tenant: TenantId) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM tenants WHERE id = ?1")?;
    Ok(statement.exists([tenant.to_string()])?)
}

/// Takes a webhook away, with all that was to be sent to it; whether there was one.
///
/// # Errors
/// Whatever SQLite says.
pub fn delete(connection: &Connection, id: &str) -> Result<bool, StoreError> {
    Ok(connection.execute("DELETE FROM webhooks WHERE id = ?1", [id])? > 0)
}

/// Replaces the secret; the one before goes on signing until then. Whether there was such a webhook.
///
/// # Errors
/// Whatever SQLite says.
pub fn rotate(
    connection: &Connection,
    id: &str,
    secret: &str,
    previous_until: OffsetDateTime,
) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE webhooks SET previous_secret = secret, previous_until_ms = ?3, secret = ?2 WHERE id = ?1",
        params![id, secret, to_ms(previous_until)],
    )?;
    Ok(changed > 0)
}

/// Disables a webhook, which keeps what is to be sent; one that is disabled already keeps its reason.
///
/// # Errors
/// Whatever SQLite says.
pub fn disable(
    connection: &Connection,
    id: &str,
    now: OffsetDateTime,
    reason: &str,
) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE webhooks SET disabled_ms = ?2, disabled_reason = ?3 WHERE id = ?1 AND disabled_ms IS NULL",
        params![id, to_ms(now), reason],
    )?;
    Ok(())
}

/// Enables a webhook as if it had never failed, and makes all that waits due; whether there is one.
///
/// # Errors
/// Whatever SQLite says.
pub fn enable(connection: &Connection, id: &str, now: OffsetDateTime) -> Result<bool, StoreError> {
    let changed = connection.execute(
        "UPDATE webhooks SET disabled_ms = NULL, disabled_reason = NULL, failing_since_ms = NULL WHERE id = ?1",
        [id],
    )?;
    connection.execute(
        "UPDATE webhook_deliveries SET due_ms = ?2 WHERE webhook_id = ?1 AND state = 'pending'",
        params![id, to_ms(now)],
    )?;
    Ok(changed > 0)
}

/// How a webhook fares; `None` when there is none.
///
/// # Errors
/// Whatever SQLite says.
pub fn health(connection: &Connection, id: &str) -> Result<Option<Health>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT failing_since_ms, dropped,
                (SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = ?1 AND state = 'pending')
         FROM webhooks WHERE id = ?1",
    )?;
    let found = statement
        .query_row([id], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((failing_since, dropped, pending)) = found else {
        return Ok(None);
    };
    Ok(Some(Health {
        failing_since: failing_since.map(from_ms).transpose()?,
        dropped,
        pending,
    }))
}

/// Since when a webhook had no success.
///
/// # Errors
/// Whatever SQLite says.
pub fn failing_since(connection: &Connection, id: &str) -> Result<Option<OffsetDateTime>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT failing_since_ms FROM webhooks WHERE id = ?1")?;
    let since: Option<Option<i64>> = statement.query_row([id], |row| row.get(0)).optional()?;
    since.flatten().map(from_ms).transpose()
}

/// Stores an event to be sent now, unless the webhook is gone or disabled; whether it did.
///
/// # Errors
/// Whatever SQLite says.
pub fn record(connection: &Connection, new: &NewDelivery) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO webhook_deliveries (webhook_id, meeting_id, message_id, event, body, created_ms, due_ms)
         SELECT id, ?2, ?3, ?4, ?5, ?6, ?6 FROM webhooks WHERE id = ?1 AND disabled_ms IS NULL",
    )?;
    let created = to_ms(new.created);
    let NewDelivery {
        webhook,
        meeting,
        message,
        event,
        body,
        ..
    } = new;
    Ok(statement.execute(params![webhook, meeting, message, event, body, created])? > 0)
}

/// Drops the oldest events of a webhook beyond `most`; how many.
///
/// # Errors
/// Whatever SQLite says.
pub fn trim(connection: &Connection, id: &str, most: u32, now: OffsetDateTime) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE webhook_deliveries SET state = 'dropped', body = '', finished_ms = ?3, outcome = 'too many'
         WHERE place IN (
             SELECT place FROM webhook_deliveries WHERE webhook_id = ?1 AND state = 'pending'
             ORDER BY place DESC LIMIT -1 OFFSET ?2
         )",
    )?;
    let dropped = statement.execute(params![id, most, to_ms(now)])?;
    count_dropped(connection, id, dropped)?;
    Ok(dropped)
}

/// Drops what happened before `oldest`; how much.
///
/// # Errors
/// Whatever SQLite says.
pub fn drop_older(
    connection: &Connection,
    id: &str,
    oldest: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<usize, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE webhook_deliveries SET state = 'dropped', body = '', finished_ms = ?3,
                outcome = CASE outcome WHEN '' THEN 'too old' ELSE 'too old, ' || outcome END
         WHERE webhook_id = ?1 AND state = 'pending' AND created_ms <= ?2",
    )?;
    let dropped = statement.execute(params![id, to_ms(oldest), to_ms(now)])?;
    count_dropped(connection, id, dropped)?;
    Ok(dropped)
}

fn count_dropped(connection: &Connection, id: &str, dropped: usize) -> Result<(), StoreError> {
    if dropped > 0 {
        connection.execute(
            "UPDATE webhooks SET dropped = dropped + ?2 WHERE id = ?1",
            params![id, dropped],
        )?;
        forget(connection, id)?;
    }
    Ok(())
}

/// The next events of a webhook, one of each meeting, the soonest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn heads(connection: &Connection, id: &str, limit: usize) -> Result<Vec<Pending>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT d.place, d.meeting_id, d.message_id, d.body, d.created_ms, d.attempts, d.due_ms
         FROM (
             SELECT MIN(place) AS place FROM webhook_deliveries
             WHERE webhook_id = ?1 AND state = 'pending' GROUP BY meeting_id
         ) AS first JOIN webhook_deliveries AS d ON d.place = first.place
         ORDER BY d.due_ms, d.place LIMIT ?2",
    )?;
    let rows = statement.query_map(params![id, limit], |row| Ok(pending(row)))?;
    rows.map(|row| row?).collect()
}

fn pending(row: &Row<'_>) -> Result<Pending, StoreError> {
    Ok(Pending {
        place: row.get(0)?,
        meeting: row.get(1)?,
        message: row.get(2)?,
        body: row.get(3)?,
        created: from_ms(row.get(4)?)?,
        attempts: row.get(5)?,
        due: from_ms(row.get(6)?)?,
    })
}

/// The event is sent again at `due`; the webhook has failed.
///
/// # Errors
/// Whatever SQLite says.
pub fn again(
    connection: &Connection,
    place: i64,
    attempts: u32,
    due: OffsetDateTime,
    outcome: &str,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE webhook_deliveries SET attempts = ?2, due_ms = ?3, outcome = ?4
         WHERE place = ?1 AND state = 'pending'",
    )?;
    statement.execute(params![place, attempts, to_ms(due), outcome])?;
    Ok(())
}

/// The event is over.
///
/// # Errors
/// Whatever SQLite says.
pub fn finish(
    connection: &Connection,
    id: &str,
    place: i64,
    attempts: u32,
    end: End,
    outcome: &str,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let state = match end {
        End::Delivered => "delivered",
        End::Dropped => "dropped",
    };
    let mut statement = connection.prepare_cached(
        "UPDATE webhook_deliveries SET state = ?2, body = '', attempts = ?3, outcome = ?4, finished_ms = ?5
         WHERE place = ?1 AND state = 'pending'",
    )?;
    let finished = statement.execute(params![place, state, attempts, outcome, to_ms(now)])?;
    if end == End::Dropped {
        count_dropped(connection, id, finished)?;
    }
    forget(connection, id)
}

/// Notes whether a webhook works.
///
/// # Errors
/// Whatever SQLite says.
pub fn set_failing(
    connection: &Connection,
    id: &str,
    since: Option<OffsetDateTime>,
) -> Result<(), StoreError> {
    let since = since.map(to_ms);
    let mut statement = connection.prepare_cached(
        "UPDATE webhooks SET failing_since_ms = ?2 WHERE id = ?1 AND failing_since_ms IS NOT ?2",
    )?;
    statement.execute(params![id, since])?;
    Ok(())
}

/// Forgets deliveries that were over long ago.
fn forget(connection: &Connection, id: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM webhook_deliveries WHERE webhook_id = ?1 AND state <> 'pending' AND place <= (
             SELECT place FROM webhook_deliveries WHERE webhook_id = ?1 AND state <> 'pending'
             ORDER BY place DESC LIMIT 1 OFFSET ?2
         )",
    )?;
    statement.execute(params![id, HISTORY])?;
    Ok(())
}

/// The newest events of a webhook, sent or to be sent, newest first.
///
/// # Errors
/// Whatever SQLite says.
pub fn deliveries(connection: &Connection, id: &str, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT message_id, meeting_id, event, state, attempts, created_ms, due_ms, finished_ms, outcome
         FROM webhook_deliveries WHERE webhook_id = ?1 ORDER BY place DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![id, limit], |row| Ok(delivery(row)))?;
    rows.map(|row| row?).collect()
}

fn delivery(row: &Row<'_>) -> Result<DeliveryRow, StoreError> {
    let state: String = row.get(3)?;
    let due = from_ms(row.get(6)?)?;
    Ok(DeliveryRow {
        message: row.get(0)?,
        meeting: row.get(1)?,
        event: row.get(2)?,
        due: (state == "pending").then_some(due),
        state,
        attempts: row.get(4)?,
        created: from_ms(row.get(5)?)?,
        finished: row.get::<_, Option<i64>>(7)?.map(from_ms).transpose()?,
        outcome: row.get(8)?,
    })
}

#[cfg(test)]
mod tests;
