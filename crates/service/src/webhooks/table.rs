//! Which webhooks there are, in memory. Changes go to the database first and are seen here by the time they are answered.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anteroom_identity::id::TenantId;
use time::OffsetDateTime;
use url::Url;

use super::cloud_event::{Content, EventType};
use super::overlap_end;
use super::signature::Secret;
use super::target::{TargetError, UrlRules};
use crate::meeting::MeetingEvent;
use crate::store::sqlite::webhooks::{self as sql, DeliveryRow, Health, WebhookRow};
use crate::store::{Store, StoreError, Tx};

/// Most webhooks of one service.
pub const MAX_WEBHOOKS: usize = 64;

/// Most deliveries listed at a time.
const MAX_LISTED: u32 = 1000;

/// What to make.
#[derive(Debug, Clone, Default)]
pub struct NewWebhook {
    /// Where to send to.
    pub url: String,
    /// Names of events, with or without prefix; empty for all.
    pub events: Vec<String>,
    /// Of this tenant's organizers only; `None` for all, and rooms.
    pub tenant: Option<TenantId>,
    /// Whether chat texts are wanted.
    pub include_content: bool,
}

/// A webhook.
#[derive(Debug, Clone)]
pub struct Webhook {
    row: WebhookRow,
    url: Url,
    events: Vec<EventType>,
    secret: Secret,
    previous: Option<(Secret, OffsetDateTime)>,
}

/// A webhook could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// There are [`MAX_WEBHOOKS`].
    #[error("there are {MAX_WEBHOOKS} webhooks already")]
    TooMany,
    /// The target cannot be one.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// There is no event of this name.
    #[error("events: there is no event of this name; there are {}", names())]
    UnknownEvent,
    /// There is no such tenant.
    #[error("tenantId: there is no such tenant")]
    UnknownTenant,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn names() -> String {
    let names: Vec<&str> = EventType::ALL.iter().map(|event| event.as_str()).collect();
    names.join(", ")
}

impl Webhook {
    /// Its id, `wh_…`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.row.id
    }

    /// Where events are sent.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The events wanted.
    #[must_use]
    pub fn events(&self) -> &[EventType] {
        &self.events
    }

    /// The organizers' tenant; `None` for all, and rooms.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        self.row.tenant
    }

    /// Whether chat texts are sent.
    #[must_use]
    pub const fn content(&self) -> Content {
        if self.row.include_content {
            Content::Included
        } else {
            Content::LeftOut
        }
    }

    /// The secret that signs.
    #[must_use]
    pub const fn secret(&self) -> &Secret {
        &self.secret
    }

    /// When it was made.
    #[must_use]
    pub const fn created(&self) -> OffsetDateTime {
        self.row.created
    }

    /// Since when nothing is sent, and why; `None` while it is enabled.
    #[must_use]
    pub fn disabled(&self) -> Option<(OffsetDateTime, &str)> {
        let (since, reason) = self.row.disabled.as_ref()?;
        Some((*since, reason))
    }

    /// Whether events are sent.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.row.disabled.is_none()
    }

    /// Whether it wants this event.
    #[must_use]
    pub fn wants(&self, event: &MeetingEvent) -> bool {
        let tenant = self.row.tenant;
        self.is_enabled()
            && self.events.contains(&EventType::of(&event.kind))
            && (tenant.is_none() || event.place.tenant() == tenant)
    }

    /// The signatures of an attempt: of the secret, and for a while of the one before.
    #[must_use]
    pub fn sign(&self, id: &str, now: OffsetDateTime, body: &[u8]) -> String {
        let timestamp = now.unix_timestamp();
        let mut signatures = self.secret.sign(id, timestamp, body);
        if let Some((previous, until)) = &self.previous
            && now < *until
        {
            signatures.push(' ');
            signatures.push_str(&previous.sign(id, timestamp, body));
        }
        signatures
    }
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;

    fn try_from(row: WebhookRow) -> Result<Self, StoreError> {
        let secret = |text: &str| text.parse().map_err(|_| StoreError::Corrupt("webhook secret"));
        let events = row.events.iter().map(|name| name.parse());
        Ok(Self {
            url: Url::parse(&row.url).map_err(|_| StoreError::Corrupt("webhook url"))?,
            // A newer program's names are none of ours.
            events: events.filter_map(Result::ok).collect(),
            secret: secret(&row.secret)?,
            previous: match &row.previous {
                Some((text, until)) => Some((secret(text)?, *until)),
                None => None,
            },
            row,
        })
    }
}

/// All webhooks; clones share them.
#[derive(Debug, Clone)]
pub struct WebhookTable {
    store: Store,
    all: Arc<RwLock<Arc<[Webhook]>>>,
}

impl WebhookTable {
    /// Reads what is stored.
    pub(crate) async fn open(store: Store) -> Result<Self, StoreError> {
        let all = store.read(|connection| read(connection)).await?;
        Ok(Self {
            store,
            all: Arc::new(RwLock::new(all)),
        })
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn all(&self) -> Arc<[Webhook]> {
        Arc::clone(&self.all.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The one with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Webhook> {
        self.all().iter().find(|webhook| webhook.id() == id).cloned()
    }

    /// What would be made, with a new secret.
    ///
    /// # Errors
    /// What is wrong with it by itself.
    pub fn check(
        &self,
        new: NewWebhook,
        rules: &UrlRules,
        now: OffsetDateTime,
    ) -> Result<Webhook, CreateError> {
        let url = rules.target(&new.url)?;
        let named: Result<Vec<EventType>, _> = new.events.iter().map(|name| name.parse()).collect();
        let mut events = named.map_err(|_| CreateError::UnknownEvent)?;
        if events.is_empty() {
            events = EventType::ALL.to_vec();
        }
        events.sort_unstable();
        events.dedup();
        let secret = Secret::generate();
        Ok(Webhook {
            row: WebhookRow {
                id: format!("wh_{}", uuid::Uuid::new_v4().simple()),
                url: url.to_string(),
                events: events.iter().map(ToString::to_string).collect(),
                tenant: new.tenant,
                include_content: new.include_content,
                secret: secret.to_secret_string(),
                previous: None,
                created: now,
                disabled: None,
            },
            url,
            events,
            secret,
            previous: None,
        })
    }

    /// Stores what [`check`](Self::check) made.
    ///
    /// # Errors
    /// There are too many, or there is no such tenant, or the database failed.
    pub async fn insert(&self, webhook: Webhook) -> Result<(), CreateError> {
        let shared = self.clone();
        let write = move |connection: &mut Tx| {
            if sql::all(connection)?.len() >= MAX_WEBHOOKS {
                return Err(CreateError::TooMany);
            }
            if let Some(tenant) = webhook.tenant()
                && !sql::tenant_exists(connection, tenant)?
            {
                return Err(CreateError::UnknownTenant);
            }
            sql::insert(connection, &webhook.row)?;
            Ok(read(connection)?)
        };
        self.store
            .write_then(write, move |all: &Arc<[Webhook]>| shared.put(all))
            .await?;
        Ok(())
    }

    /// Takes one away, with what was to be sent to it; whether there was one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let key = id.to_owned();
        self.change(move |connection| sql::delete(connection, &key)).await
    }

    /// Gives one a new secret; the old one goes on signing, too, for `overlap`. `None` when there is no such webhook.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rotate(
        &self,
        id: &str,
        overlap: Duration,
        now: OffsetDateTime,
    ) -> Result<Option<Webhook>, StoreError> {
        let (key, secret) = (id.to_owned(), Secret::generate().to_secret_string());
        let until = overlap_end(now, overlap);
        self.change(move |connection| sql::rotate(connection, &key, &secret, until))
            .await?;
        Ok(self.get(id))
    }

    /// Disables one; what is to be sent is kept.
    ///
    /// # Errors
    /// The database failed.
    pub async fn disable(
        &self,
        id: &str,
        now: OffsetDateTime,
        reason: &'static str,
    ) -> Result<(), StoreError> {
        let key = id.to_owned();
        self.change(move |connection| sql::disable(connection, &key, now, reason))
            .await
    }

    /// Enables one; `None` when there is no such webhook.
    ///
    /// # Errors
    /// The database failed.
    pub async fn enable(&self, id: &str, now: OffsetDateTime) -> Result<Option<Webhook>, StoreError> {
        let key = id.to_owned();
        self.change(move |connection| sql::enable(connection, &key, now))
            .await?;
        Ok(self.get(id))
    }

    /// How one fares.
    ///
    /// # Errors
    /// The database failed.
    pub async fn health(&self, id: &str) -> Result<Health, StoreError> {
        let key = id.to_owned();
        let health = self
            .store
            .read(move |connection| sql::health(connection, &key))
            .await?;
        Ok(health.unwrap_or_default())
    }

    /// The newest events of one, sent or to be sent, newest first; at most 1000.
    ///
    /// # Errors
    /// The database failed.
    pub async fn deliveries(&self, id: &str, limit: u32) -> Result<Vec<DeliveryRow>, StoreError> {
        let key = id.to_owned();
        self.store
            .read(move |connection| sql::deliveries(connection, &key, limit.min(MAX_LISTED)))
            .await
    }

    pub(super) const fn store(&self) -> &Store {
        &self.store
    }

    /// Writes, and shows what is stored then.
    async fn change<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.clone();
        let write = move |connection: &mut Tx| {
            let outcome = write(connection)?;
            Ok::<_, StoreError>((outcome, read(connection)?))
        };
        let (outcome, _) = self
            .store
            .write_then(write, move |(_, all): &(T, Arc<[Webhook]>)| shared.put(all))
            .await?;
        Ok(outcome)
    }

    fn put(&self, all: &Arc<[Webhook]>) {
        *self.all.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(all);
    }
}

fn read(connection: &crate::store::Connection) -> Result<Arc<[Webhook]>, StoreError> {
    sql::all(connection)?.into_iter().map(Webhook::try_from).collect()
}
