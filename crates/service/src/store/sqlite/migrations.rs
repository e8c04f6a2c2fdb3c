//! The schema's history. A step, once released, never changes.

use rusqlite::Connection;

use super::StoreError;

/// All steps in order; the schema version is the number of steps done.
const STEPS: &[&str] = &[
    include_str!("../migrations/0001_initial.sql"),
    include_str!("../migrations/0002_chat.sql"),
    include_str!("../migrations/0003_identity.sql"),
    include_str!("../migrations/0004_chat_threads.sql"),
    include_str!("../migrations/0005_rooms.sql"),
    include_str!("../migrations/0006_oauth.sql"),
    include_str!("../migrations/0007_graph.sql"),
    include_str!("../migrations/0008_webhooks.sql"),
    include_str!("../migrations/0009_policies.sql"),
    include_str!("../migrations/0010_graph_calendar.sql"),
    include_str!("../migrations/0011_external_sign_in.sql"),
];

/// Newest schema version of this program.
pub(crate) fn known() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Brings the schema up to date, each step in its own transaction.
///
/// # Errors
/// [`StoreError::TooNew`] for data of a newer program; whatever SQLite says.
pub fn run(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
             version    INTEGER PRIMARY KEY,
             applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
         ) STRICT",
    )?;
    let found: u32 = connection.query_row("SELECT COALESCE(MAX(version), 0) FROM migrations", [], |row| {
        row.get(0)
    })?;
    let mut version = 0_u32;
    for step in STEPS {
        version += 1;
        if version <= found {
            continue;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.execute("INSERT INTO migrations (version) VALUES (?1)", [version])?;
        transaction.commit()?;
    }
    if found > version {
        return Err(StoreError::TooNew {
            found,
            known: version,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_twice_and_refuses_newer_data() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        run(&mut connection).unwrap();
        connection
            .execute("INSERT INTO migrations (version) VALUES (99)", [])
            .unwrap();
        let known = u32::try_from(STEPS.len()).unwrap();
        assert_eq!(run(&mut connection), Err(StoreError::TooNew { found: 99, known }));
    }
}
