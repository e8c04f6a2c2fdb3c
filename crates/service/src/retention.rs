//! Threads whose retention policy says so are deleted, by the service's clock.

use time::Duration;

use crate::chat::ChatHub;
use crate::clock::Clock;

/// How often threads are looked for. Policies count in days; the search goes by an index.
const EVERY: Duration = Duration::minutes(5);

/// Threads deleted in one write, with all their messages: others write in between.
const BATCH: usize = 4;

/// Deletes what is due, now, every five minutes and whenever the clock is set; for as long as it is polled.
pub(crate) async fn run(chat: ChatHub, clock: Clock) {
    loop {
        // From before the run, so that a step during the run is not missed.
        let changed = clock.changed();
        let next = clock.now() + EVERY;
        delete_due(&chat).await;
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
