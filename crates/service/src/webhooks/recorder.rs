//! Stores what happens for the webhooks that want it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::cloud_event::{self, EventType};
use super::{Webhook, message_id};
use crate::meeting::MeetingEvent;
use crate::state::App;
use crate::store::sqlite::webhooks::{self as sql, NewDelivery};
use crate::store::{StoreError, Tx};

/// Events stored in one write.
const BATCH: usize = 256;

/// How often storing is tried, and the pause before each further time: meetings wait meanwhile, if it takes long.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// Runs until the last meeting has ended.
pub(super) async fn run(app: App, mut events: mpsc::Receiver<Arc<MeetingEvent>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while events.recv_many(&mut batch, BATCH).await > 0 {
        let webhooks = app.webhooks().table().all();
        let deliveries = deliveries(&batch, &webhooks, app.issuer());
        if !deliveries.is_empty() {
            store(&app, deliveries).await;
        }
        batch.clear();
    }
}

/// Who gets what.
fn deliveries(events: &[Arc<MeetingEvent>], webhooks: &[Webhook], source: &str) -> Vec<NewDelivery> {
    let mut deliveries = Vec::new();
    for event in events {
        // The same for every webhook: whoever has two knows that it is one event.
        let message = message_id();
        for webhook in webhooks.iter().filter(|webhook| webhook.wants(event)) {
            deliveries.push(NewDelivery {
                webhook: webhook.id().to_owned(),
                meeting: event.place.id().to_owned(),
                message: message.clone(),
                event: EventType::of(&event.kind).as_str(),
                body: cloud_event::body(event, source, &message, webhook.content()),
                created: event.at,
            });
        }
    }
    deliveries
}

/// Stores, and wakes who sends. What cannot be stored is lost, and said to be: meetings go on all the same.
async fn store(app: &App, deliveries: Vec<NewDelivery>) {
    let count = deliveries.len();
    let woken: BTreeSet<String> = deliveries
        .iter()
        .map(|delivery| delivery.webhook.clone())
        .collect();
    let deliveries: Arc<[NewDelivery]> = deliveries.into();
    let most = app.config().webhooks.outbox_events.max(1);
    let now = app.clock().now();
    for attempt in 1..=ATTEMPTS {
        let deliveries = Arc::clone(&deliveries);
        let webhooks = woken.clone();
        let write = move |connection: &mut Tx| -> Result<usize, StoreError> {
            for delivery in deliveries.iter() {
                sql::record(connection, delivery)?;
            }
            let mut dropped = 0;
            for webhook in &webhooks {
                dropped += sql::trim(connection, webhook, most, now)?;
            }
            Ok(dropped)
        };
        match app.store().write(write).await {
            Ok(dropped) => {
                if dropped > 0 {
                    tracing::warn!(dropped, "too many undelivered events: the oldest were dropped");
                }
                for webhook in &woken {
                    app.webhooks().wake(webhook);
                }
                return;
            }
            Err(error) if attempt < ATTEMPTS => {
                tracing::warn!(%error, "events for webhooks could not be stored; this is tried again");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => tracing::error!(%error, lost = count, "events for webhooks could not be stored"),
        }
    }
}
