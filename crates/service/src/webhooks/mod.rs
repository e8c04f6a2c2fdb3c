//! Webhooks: other servers are told what happens in meetings.
//!
//! ```text
//! MeetingEvents ──follow──▶ recorder ──one write──▶ outbox (store) ──▶ worker of each webhook ──HTTPS──▶ target
//!                                                        ▲                   │
//!                                                        └─ again, later ────┘
//! ```
//!
//! | | |
//! |---|---|
//! | [`target`] | what the address of a target looks like |
//! | [`address`] | which addresses may be sent to |
//! | [`cloud_event`] | what is sent |
//! | [`schedule`] | when it is sent again, and when not any more |
//! | [`signature`] | how the receiver knows that it is from us |
//! | [`answer`] | what the headers of an answer say |
//! | `sender` | one request |
//! | `recorder`, `worker` | the tasks |
//!
//! An event is sent at least once, and those of one meeting in their order: the next one waits until the one before has
//! arrived or is given up. The outbox survives a restart; what was on its way then is sent again with the same id.

pub mod address;
pub mod answer;
pub mod cloud_event;
pub mod schedule;
pub mod settings;
pub mod signature;
pub mod target;

mod info;
mod recorder;
mod sender;
mod table;
mod worker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

pub use self::info::{DeliveryInfo, TestInfo, WebhookInfo};
use self::schedule::Answer;
use self::sender::Consent;
pub(crate) use self::sender::Sender;
pub use self::settings::WebhookConfig;
pub use self::table::{CreateError, MAX_WEBHOOKS, NewWebhook, Webhook, WebhookTable};
pub use self::target::{MAX_URL_BYTES, TargetError, UrlRules};
use crate::meeting::MeetingEvent;
use crate::state::App;
use crate::store::StoreError;

/// Events that may wait to be stored; meetings wait beyond that.
const WAITING_EVENTS: usize = 4096;

/// How long requests on their way may take when the service stops.
const GRACE: Duration = Duration::from_secs(2);

/// The webhooks of a running service: the table, and the tasks that send.
#[derive(Debug)]
pub struct Webhooks {
    table: WebhookTable,
    sender: Arc<Sender>,
    tasks: Mutex<Tasks>,
    stopping: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Tasks {
    recorder: Option<JoinHandle<()>>,
    /// By webhook.
    workers: HashMap<String, Worker>,
}

#[derive(Debug)]
struct Worker {
    wake: Arc<Notify>,
    task: JoinHandle<()>,
}

/// A webhook was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// See [`CreateError`].
    #[error(transparent)]
    Create(#[from] CreateError),
    /// Its address must not be sent to.
    #[error("the target's address is private, or this machine's")]
    AddressRefused,
    /// It did not agree to be sent to.
    #[error("the target does not answer the handshake with its consent")]
    NoConsent,
}

impl Webhooks {
    pub(crate) fn new(table: WebhookTable, sender: Sender) -> Self {
        Self {
            table,
            sender: Arc::new(sender),
            tasks: Mutex::default(),
            stopping: watch::Sender::new(false),
        }
    }

    /// Stores events from now on, and sends what is stored.
    pub(crate) fn start(&self, app: &App) {
        let events: mpsc::Receiver<Arc<MeetingEvent>> = app.registry().events().follow(WAITING_EVENTS);
        self.tasks().recorder = Some(tokio::spawn(recorder::run(app.clone(), events)));
        self.attend(app);
    }

    /// Waits until what has happened is stored, and what is on its way has arrived or had its time.
    ///
    /// Meetings must have ended: their last event ends the recorder.
    pub(crate) async fn shutdown(&self) {
        let recorder = self.tasks().recorder.take();
        if let Some(recorder) = recorder {
            let _ = recorder.await;
        }
        self.stopping.send_replace(true);
        let workers = std::mem::take(&mut self.tasks().workers);
        let deadline = tokio::time::Instant::now() + GRACE;
        for Worker { mut task, .. } in workers.into_values() {
            if tokio::time::timeout_at(deadline, &mut task).await.is_err() {
                task.abort();
            }
        }
    }

    /// The webhooks there are.
    #[must_use]
    pub const fn table(&self) -> &WebhookTable {
        &self.table
    }

    /// Makes a webhook, if its target may be sent to and, where that is asked for, agrees.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn register(&self, app: &App, new: NewWebhook) -> Result<Webhook, RegisterError> {
        let webhook = self.table.check(new, self.sender.rules(), app.clock().now())?;
        if !self.sender.may_reach(webhook.url()).await {
            return Err(RegisterError::AddressRefused);
        }
        if app.config().webhooks.handshake && self.sender.ask(webhook.url()).await != Consent::Given {
            return Err(RegisterError::NoConsent);
        }
        self.table.insert(webhook.clone()).await?;
        self.attend(app);
        Ok(webhook)
    }

    /// Takes a webhook away, with what was to be sent to it; whether there was one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete(&self, app: &App, id: &str) -> Result<bool, StoreError> {
        let was_there = self.table.delete(id).await?;
        self.attend(app);
        Ok(was_there)
    }

    /// Enables a webhook that was disabled; `None` when there is none. What waits is sent now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn enable(&self, app: &App, id: &str) -> Result<Option<Webhook>, StoreError> {
        let webhook = self.table.enable(id, app.clock().now()).await?;
        // The worker that found it disabled may be about to end.
        if let Some(worker) = self.tasks().workers.remove(id) {
            worker.task.abort();
        }
        self.attend(app);
        Ok(webhook)
    }

    /// Sends one event that says nothing, now, once, whether or not the webhook is enabled.
    pub async fn test(&self, app: &App, webhook: &Webhook) -> Answer {
        let id = message_id();
        let body = cloud_event::test_body(webhook.id(), app.issuer(), &id, app.clock().now());
        self.sender
            .send(webhook, &id, body, app.clock().system_now())
            .await
    }

    /// Sees to it that every enabled webhook has a worker and no other one has.
    fn attend(&self, app: &App) {
        if *self.stopping.borrow() {
            return;
        }
        let webhooks = self.table.all();
        let enabled = |id: &str| {
            webhooks
                .iter()
                .any(|known| known.id() == id && known.is_enabled())
        };
        let mut tasks = self.tasks();
        tasks.workers.retain(|id, worker| {
            let wanted = enabled(id) && !worker.task.is_finished();
            if !wanted {
                worker.task.abort();
            }
            wanted
        });
        for webhook in webhooks.iter().filter(|webhook| webhook.is_enabled()) {
            tasks.workers.entry(webhook.id().to_owned()).or_insert_with(|| {
                let wake = Arc::new(Notify::new());
                let worker = worker::Worker {
                    app: app.clone(),
                    webhook: webhook.id().to_owned(),
                    sender: Arc::clone(&self.sender),
                    wake: Arc::clone(&wake),
                    stopping: self.stopping.subscribe(),
                };
                Worker {
                    wake,
                    task: tokio::spawn(worker.run()),
                }
            });
        }
    }

    /// There is something to send.
    fn wake(&self, id: &str) {
        if let Some(worker) = self.tasks().workers.get(id) {
            worker.wake.notify_one();
        }
    }

    fn tasks(&self) -> std::sync::MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new id of an event. It has no dots, which separate it from what follows where it is signed.
fn message_id() -> String {
    format!("evt_{}", uuid::Uuid::new_v4().simple())
}

/// Until when a secret signs that was replaced now.
fn overlap_end(now: OffsetDateTime, overlap: Duration) -> OffsetDateTime {
    now.checked_add(overlap.try_into().unwrap_or(time::Duration::MAX))
        .unwrap_or(now)
}
