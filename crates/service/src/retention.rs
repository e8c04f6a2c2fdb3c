//! Threads whose retention policy says so, meetings whose links have expired, and recordings that are too old are deleted, by
//! the service's clock.

use time::Duration;

use crate::chat::ChatHub;
use crate::clock::Clock;
use crate::meetings::MeetingStore;
use crate::recording::Recordings;

/// How often threads are looked for. Policies count in days; the search goes by an index.
const EVERY: Duration = Duration::minutes(5);

/// Threads deleted in one write, with all their messages: others write in between.
const BATCH: usize = 4;

/// Expired meetings deleted in one write.
const MEETINGS: u32 = 64;

/// Deletes what is due, now, every five minutes and whenever the clock is set; for as long as it is polled.
pub(crate) async fn run(chat: ChatHub, meetings: MeetingStore, recordings: Recordings, clock: Clock) {
    loop {
        // From before the run, so that a step during the run is not missed.
        let changed = clock.changed();
        let next = clock.now() + EVERY;
        delete_due(&chat).await;
        delete_expired(&meetings).await;
        delete_recordings(&recordings, &clock).await;
        tokio::select! {
            () = changed => {}
            () = clock.sleep_until(next) => {}
        }
    }
}

async fn delete_due(chat: &ChatHub) {
    let mut deleted = 0;
    loop {
        match chat.delete_expired(BATCH).await {
            Ok(batch) => {
                deleted += batch;
                if batch < BATCH {
                    break;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "expired threads could not be deleted; this is tried again");
                break;
            }
        }
    }
    if deleted > 0 {
        tracing::info!(threads = deleted, "deleted by their retention policy");
    }
}

/// Their links stopped to work at the very second; this is only about room.
async fn delete_expired(meetings: &MeetingStore) {
    loop {
        match meetings.delete_expired(MEETINGS).await {
            Ok(0) => return,
            Ok(deleted) => tracing::info!(meetings = deleted, "deleted: their links had expired"),
            Err(error) => {
                tracing::warn!(%error, "expired meetings could not be deleted; this is tried again");
                return;
            }
        }
    }
}

async fn delete_recordings(recordings: &Recordings, clock: &Clock) {
    let (recordings, now) = (recordings.clone(), clock.now());
    // A panic there is logged, and tried again.
    let _ = tokio::task::spawn_blocking(move || recordings.delete_old(now)).await;
}
