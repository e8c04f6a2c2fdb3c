//! Sends what is stored for one webhook.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinSet};

use super::schedule::{self, Answer, Next, RetryPolicy, Sent};
use super::sender::Sender;
use crate::state::App;
use crate::store::sqlite::webhooks::{self as sql, End, Pending};
use crate::store::{StoreError, Tx};

/// Pause after the database failed.
const DATABASE_PAUSE: Duration = Duration::from_secs(5);

/// The task of one webhook, as long as it is enabled.
pub(super) struct Worker {
    pub(super) app: App,
    /// Its id.
    pub(super) webhook: String,
    pub(super) sender: Arc<Sender>,
    /// There may be something new.
    pub(super) wake: Arc<Notify>,
    pub(super) stopping: watch::Receiver<bool>,
}

/// What an attempt leaves to do.
enum Done {
    /// Look for what is next.
    Continue,
    /// Send nothing until then.
    Hold(OffsetDateTime),
    /// Send nothing any more.
    Stop,
}

impl Worker {
    pub(super) async fn run(mut self) {
        let policy = RetryPolicy::from(&self.app.config().webhooks);
        let most = self.app.config().webhooks.concurrency.max(1);
        // Whose event each attempt carries: a meeting's next one waits for it.
        let mut meetings: HashMap<Id, String> = HashMap::new();
        let mut attempts: JoinSet<Done> = JoinSet::new();
        let mut hold: Option<OffsetDateTime> = None;
        while !*self.stopping.borrow() {
            let now = self.app.clock().now();
            let heads = match self.heads(&policy, 2 * most + 1, now).await {
                Ok(heads) => heads,
                Err(StoreError::Closed) => break,
                Err(error) => {
                    tracing::warn!(webhook = %self.webhook, %error, "what is to be sent cannot be read");
                    tokio::time::sleep(DATABASE_PAUSE).await;
                    continue;
                }
            };
            let mut next: Option<OffsetDateTime> = None;
            for head in heads {
                if meetings.values().any(|meeting| *meeting == head.meeting) {
                    continue;
                }
                let due = hold.map_or(head.due, |hold| hold.max(head.due));
                if due > now {
                    next = Some(next.map_or(due, |next| next.min(due)));
                } else if attempts.len() < most {
                    let meeting = head.meeting.clone();
                    let attempt = attempts.spawn(attempt(
                        self.app.clone(),
                        self.webhook.clone(),
                        Arc::clone(&self.sender),
                        policy,
                        head,
                    ));
                    meetings.insert(attempt.id(), meeting);
                }
            }
            tokio::select! {
                biased;
                // Also when the service is gone.
                _ = self.stopping.changed() => {}
                Some(done) = attempts.join_next_with_id() => {
                    let (id, done) = match done {
                        Ok((id, done)) => (id, done),
                        Err(error) => {
                            tracing::error!(webhook = %self.webhook, "an attempt to send panicked");
                            (error.id(), Done::Hold(now + DATABASE_PAUSE))
                        }
                    };
                    meetings.remove(&id);
                    match done {
                        Done::Continue => {}
                        Done::Hold(until) => hold = Some(hold.map_or(until, |hold| hold.max(until))),
                        // What is on its way is given up: it is kept, like what waits.
                        Done::Stop => return,
                    }
                }
                () = self.wake.notified() => {}
                () = sleep_until(&self.app, next) => {}
            }
        }
        // What has arrived need not arrive again after the restart.
        while attempts.join_next().await.is_some() {}
    }

    /// What is next, without what is too old by now.
    async fn heads(
        &self,
        policy: &RetryPolicy,
        limit: usize,
        now: OffsetDateTime,
    ) -> Result<Vec<Pending>, StoreError> {
        loop {
            let id = self.webhook.clone();
            let store = self.app.webhooks().table().store();
            let heads = store
                .read(move |connection| sql::heads(connection, &id, limit))
                .await?;
            if !heads
                .iter()
                .any(|head| schedule::is_too_old(policy, head.created, now))
            {
                return Ok(heads);
            }
            let (id, oldest) = (self.webhook.clone(), now - policy.max_age);
            let dropped = store
                .write(move |connection| sql::drop_older(connection, &id, oldest, now))
                .await?;
            tracing::warn!(webhook = %self.webhook, dropped, "events that could not be delivered in time were dropped");
        }
    }
}

/// Sends an event and notes what came of it.
async fn attempt(app: App, id: String, sender: Arc<Sender>, policy: RetryPolicy, head: Pending) -> Done {
    let Some(webhook) = app
        .webhooks()
        .table()
        .get(&id)
        .filter(|webhook| webhook.is_enabled())
    else {
        return Done::Stop;
    };
    let answer = sender
        .send(&webhook, &head.message, head.body, app.clock().system_now())
        .await;
    let now = app.clock().now();
    let attempts = head.attempts.saturating_add(1);
    let noted = Noted {
        webhook: id.clone(),
        place: head.place,
        created: head.created,
        attempts,
        answer,
        now,
        random: rand::random(),
    };
    let next = match app
        .store()
        .write(move |connection| noted.note(connection, &policy))
        .await
    {
        Ok(next) => next,
        Err(error) => {
            // It is sent again: at least once.
            tracing::warn!(webhook = %id, %error, "what came of a delivery could not be stored");
            return Done::Hold(now + DATABASE_PAUSE);
        }
    };
    match next {
        Next::Delivered => return Done::Continue,
        Next::Again(at) => {
            tracing::info!(webhook = %id, message = %head.message, %answer, attempts, again = %at, "not delivered");
        }
        Next::Dropped => {
            tracing::warn!(webhook = %id, message = %head.message, %answer, attempts, "an event was dropped");
        }
        Next::Disable(reason) => {
            let reason = reason.as_str();
            tracing::warn!(webhook = %id, reason, "a webhook is disabled");
            if let Err(error) = app.webhooks().table().disable(&id, now, reason).await {
                tracing::error!(webhook = %id, %error, "a webhook could not be disabled");
                return Done::Hold(now + DATABASE_PAUSE);
            }
            return Done::Stop;
        }
    }
    answer
        .hold()
        .map_or(Done::Continue, |pause| Done::Hold(now + pause))
}

/// What came of an attempt.
struct Noted {
    webhook: String,
    place: i64,
    created: OffsetDateTime,
    attempts: u32,
    answer: Answer,
    now: OffsetDateTime,
    random: f64,
}

impl Noted {
    fn note(&self, connection: &Tx, policy: &RetryPolicy) -> Result<Next, StoreError> {
        let Self {
            webhook,
            place,
            created,
            attempts,
            answer,
            now,
            random,
        } = self;
        let failing_since = sql::failing_since(connection, webhook)?;
        let sent = Sent {
            created: *created,
            attempts: *attempts,
            failing_since,
        };
        let next = schedule::next(policy, &sent, answer, *now, *random);
        let outcome = answer.to_string();
        let since = (!answer.is_success()).then(|| failing_since.unwrap_or(*now));
        sql::set_failing(connection, webhook, since)?;
        match next {
            Next::Delivered => sql::finish(
                connection,
                webhook,
                *place,
                *attempts,
                End::Delivered,
                &outcome,
                *now,
            )?,
            Next::Dropped => sql::finish(
                connection,
                webhook,
                *place,
                *attempts,
                End::Dropped,
                &outcome,
                *now,
            )?,
            Next::Again(at) => sql::again(connection, *place, *attempts, at, &outcome)?,
            // Kept, for when somebody enables the webhook.
            Next::Disable(_) => sql::again(connection, *place, *attempts, *now, &outcome)?,
        }
        Ok(next)
    }
}

/// Never, when nothing is due.
async fn sleep_until(app: &App, at: Option<OffsetDateTime>) {
    match at {
        Some(at) => app.clock().sleep_until(at).await,
        None => std::future::pending().await,
    }
}
