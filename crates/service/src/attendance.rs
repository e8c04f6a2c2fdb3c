//! Attendance reports are written from what happens in calls: one report for each time a meeting takes place.

use time::OffsetDateTime;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::meeting::events::{EventKind, EventParticipant, EventRole, MeetingEvent, Place};
use crate::state::App;
use crate::store::sqlite::attendance as sql;
use crate::store::{Connection, Store, StoreError};

/// Events that may wait to be written; meetings wait beyond that.
const EVENTS: usize = 4096;

/// Ends reports that an earlier run left open, and writes what happens from now on. The task ends when the registry has
/// stopped and everything is written.
///
/// # Errors
/// The database failed.
pub(crate) async fn start(app: &App) -> Result<JoinHandle<()>, StoreError> {
    app.store()
        .write(|connection| sql::finish_all(connection))
        .await?;
    let mut events = app.registry().events().follow(EVENTS);
    let store = app.store().clone();
    Ok(tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let Err(error) = write(&store, &event).await {
                tracing::error!(%error, "an attendance report could not be written");
            }
        }
    }))
}

async fn write(store: &Store, event: &MeetingEvent) -> Result<(), StoreError> {
    let Place::Meeting { id, .. } = event.place.as_ref() else {
        return Ok(());
    };
    let (meeting, at, change) = (id.clone(), event.at, change(&event.kind));
    let Some(change) = change else { return Ok(()) };
    store
        .write(move |connection| apply(connection, &meeting, at, &change))
        .await
}

/// What is written of an event.
enum Change {
    Join { participant: EventParticipant },
    Leave { participant: String },
    Finish,
}

fn change(kind: &EventKind) -> Option<Change> {
    match kind {
        EventKind::Joined { participant } => Some(Change::Join {
            participant: participant.clone(),
        }),
        EventKind::Left { participant, .. } => Some(Change::Leave {
            participant: participant.id.clone(),
        }),
        EventKind::Ended => Some(Change::Finish),
        _ => None,
    }
}

fn apply(
    connection: &Connection,
    meeting: &str,
    at: OffsetDateTime,
    change: &Change,
) -> Result<(), StoreError> {
    match change {
        Change::Join { participant } => {
            if !sql::has_meeting(connection, meeting)? {
                // Deleted while somebody joined: nobody will ask.
                return Ok(());
            }
            let report = sql::begin(connection, meeting, &Uuid::new_v4().to_string(), at)?;
            let person = participant.identity.to_string();
            let role = role(participant.role);
            let name = &participant.display_name;
            sql::join(connection, &report, &person, name, role, &participant.id, at)
        }
        Change::Leave { participant } => match sql::open_report(connection, meeting)? {
            Some(report) => sql::leave(connection, &report, participant, at),
            None => Ok(()),
        },
        Change::Finish => match sql::open_report(connection, meeting)? {
            Some(report) => sql::finish(connection, &report, at),
            None => Ok(()),
        },
    }
}

/// As Graph's attendance records write it.
const fn role(role: Option<EventRole>) -> &'static str {
    match role {
        Some(EventRole::Organizer) => "Organizer",
        Some(EventRole::CoOrganizer) => "Coorganizer",
        Some(EventRole::Presenter) => "Presenter",
        _ => "Attendee",
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::store::sqlite::attendance::{RecordRow, ReportRow};

    const MEETING: &str = "m";

    /// A database with one meeting in it.
    async fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("anteroom.db")).unwrap();
        store
            .write(|connection| {
                connection.execute_batch(
                    "INSERT INTO tenants (id, name, settings) VALUES ('t', 't', '{}');
                     INSERT INTO directory_users (object_id, tenant_id, upn, display_name, password_hash)
                         VALUES ('o', 't', 'u', 'n', '');
                     INSERT INTO meetings (id, tenant_id, organizer_id, subject, thread_id, meeting_id, options, start_ms, end_ms)
                         VALUES ('m', 't', 'o', '', '19:x', '1', '{}', 0, 0);",
                )?;
                Ok::<_, StoreError>(())
            })
            .await
            .unwrap();
        (dir, store)
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    fn joined(who: &str, participant: &str) -> Change {
        Change::Join {
            participant: EventParticipant {
                id: participant.to_owned(),
                identity: who.parse().unwrap(),
                tenant: None,
                display_name: who.to_owned(),
                role: Some(EventRole::Presenter),
                external: false,
            },
        }
    }

    fn left(participant: &str) -> Change {
        Change::Leave {
            participant: participant.to_owned(),
        }
    }

    async fn write(store: &Store, seconds: i64, change: Change) {
        store
            .write(move |connection| apply(connection, MEETING, at(seconds), &change))
            .await
            .unwrap();
    }

    async fn reports(store: &Store) -> Vec<(ReportRow, Vec<RecordRow>)> {
        store
            .read(|connection| {
                let reports = sql::reports(connection, MEETING)?;
                reports
                    .into_iter()
                    .map(|report| {
                        let records = sql::records(connection, &report.id)?;
                        Ok::<_, StoreError>((report, records))
                    })
                    .collect()
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn each_time_has_a_report_and_each_stay_an_interval() {
        let (_dir, store) = store().await;
        write(&store, 1, joined("28:a", "p1")).await;
        write(&store, 2, joined("28:b", "p2")).await;
        write(&store, 5, left("p1")).await;
        write(&store, 7, joined("28:a", "p3")).await;
        write(&store, 9, left("p3")).await;
        write(&store, 10, left("p2")).await;
        write(&store, 10, Change::Finish).await;
        write(&store, 50, joined("28:b", "p4")).await;
        let found = reports(&store).await;
        assert_eq!(found.len(), 2);
        let (newest, records) = &found[0];
        assert_eq!((newest.start, newest.end, newest.participants), (at(50), None, 1));
        assert_eq!(records[0].intervals, [(at(50), None)]);
        let (first, records) = &found[1];
        assert_eq!(
            (first.start, first.end, first.participants),
            (at(1), Some(at(10)), 2)
        );
        assert_eq!(records[0].person, "28:a");
        assert_eq!(records[0].role, "Presenter");
        assert_eq!(records[0].intervals, [(at(1), Some(at(5))), (at(7), Some(at(9)))]);
        assert_eq!(records[1].intervals, [(at(2), Some(at(10)))]);
        store.close().await;
    }

    #[tokio::test]
    async fn what_a_crash_left_open_ends_with_what_is_known() {
        let (_dir, store) = store().await;
        write(&store, 1, joined("28:a", "p1")).await;
        write(&store, 2, joined("28:b", "p2")).await;
        write(&store, 8, left("p2")).await;
        store
            .write(|connection| sql::finish_all(connection))
            .await
            .unwrap();
        let found = reports(&store).await;
        assert_eq!(found[0].0.end, Some(at(8)));
        assert_eq!(found[0].1[0].intervals, [(at(1), Some(at(8)))]);
        write(&store, 20, joined("28:a", "p1")).await;
        assert_eq!(reports(&store).await.len(), 2);
        store.close().await;
    }
}
