//! The REST API as a fast client uses it: requests made once, connections kept.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anteroom_identity::client::CommunicationIdentityClient;
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::signing::ConnectionString;
use anteroom_identity::token::Scope;
use anyhow::{Context as _, bail};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::Url;

use super::report::Latencies;
use crate::cli::target;

/// Version of the chat API that is spoken.
const CHAT_VERSION: &str = "2025-03-15";

/// A user with a token.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: CommunicationIdentifier,
    pub(super) token: String,
}

/// Clones share connections.
#[derive(Debug, Clone)]
pub(super) struct Api {
    pub(super) connection: Arc<ConnectionString>,
    pub(super) at_a_time: usize,
    http: Client,
    identity: CommunicationIdentityClient,
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
}

impl Api {
    pub(super) fn new(
        connection: ConnectionString,
        ca: Option<&Path>,
        at_a_time: u16,
    ) -> anyhow::Result<Self> {
        let options = target::options(ca)?;
        let identity = CommunicationIdentityClient::from_connection_string(
            &connection.to_secret_string(),
            options.clone(),
        )?;
        // One connection for each request at a time, as so many clients would have.
        let mut http = Client::builder()
            .http1_only()
            .pool_max_idle_per_host(usize::MAX)
            .timeout(Duration::from_secs(30));
        if let Some(tls) = options.tls() {
            http = http.tls_backend_preconfigured(rustls::ClientConfig::clone(tls));
        }
        Ok(Self {
            connection: Arc::new(connection),
            at_a_time: usize::from(at_a_time),
            http: http.build()?,
            identity,
            tls: options.tls().cloned(),
        })
    }

    /// Creates users with tokens for these scopes, so many at a time.
    pub(super) async fn users(&self, count: usize, scopes: &[Scope]) -> anyhow::Result<Vec<User>> {
        let mut tasks = JoinSet::new();
        let mut users = Vec::with_capacity(count);
        for _ in 0..count {
            if tasks.len() >= self.at_a_time {
                take(&mut users, tasks.join_next().await)?;
            }
            let (identity, scopes) = (self.identity.clone(), scopes.to_vec());
            tasks.spawn(async move {
                let (id, token) = identity.create_user_and_token(scopes, None).await?;
                anyhow::Ok(User {
                    id,
                    token: token.token,
                })
            });
        }
        while let Some(outcome) = tasks.join_next().await {
            take(&mut users, Some(outcome))?;
        }
        Ok(users)
    }

    /// Creates a thread of the first user's with all of them in it.
    pub(super) async fn thread(&self, users: &[User]) -> anyhow::Result<String> {
        let (creator, others) = users.split_first().context("a thread has somebody in it")?;
        let participant = |user: &User| json!({"communicationIdentifier": {"rawId": user.id.to_string()}});
        let (first, rest) = others.split_at(others.len().min(150));
        let participants: Vec<Value> = first.iter().map(participant).collect();
        let body = json!({"topic": "Load", "participants": participants});
        let answer = self.post(&self.chat_url("")?, creator, &body).await?;
        let id = answer["chatThread"]["id"]
            .as_str()
            .context("the answer names no thread")?
            .to_owned();
        if !rest.is_empty() {
            let participants: Vec<Value> = rest.iter().map(participant).collect();
            let url = self.chat_url(&format!("/{id}/participants/:add"))?;
            self.post(&url, creator, &json!({"participants": participants}))
                .await?;
        }
        Ok(id)
    }

    /// `/chat/threads` and what follows.
    pub(super) fn chat_url(&self, rest: &str) -> anyhow::Result<Url> {
        let mut url = self.connection.endpoint.join(&format!("/chat/threads{rest}"))?;
        url.set_query(Some(&format!("api-version={CHAT_VERSION}")));
        Ok(url)
    }

    async fn post(&self, url: &Url, user: &User, body: &Value) -> anyhow::Result<Value> {
        let response = self
            .http
            .post(url.clone())
            .bearer_auth(&user.token)
            .json(body)
            .send()
            .await?;
        let status = response.status();
        let answer = response.json().await.unwrap_or(Value::Null);
        if status != StatusCode::CREATED {
            bail!("{url} answers {status}: {answer}");
        }
        Ok(answer)
    }

    /// Sends a prepared request; the answer must have this status.
    pub(super) async fn send(&self, request: reqwest::Request, wanted: StatusCode) -> anyhow::Result<()> {
        let response = self.http.execute(request).await?;
        let status = response.status();
        // Read to its end, so that the connection can be used again.
        let body = response.bytes().await?;
        if status == wanted {
            return Ok(());
        }
        bail!("{status}: {}", String::from_utf8_lossy(&body))
    }

    pub(super) const fn http(&self) -> &Client {
        &self.http
    }

    /// Calls `call` with ever new numbers, so many at a time, for this long.
    pub(super) async fn for_a_while<F, Fut>(
        &self,
        length: Duration,
        call: F,
    ) -> anyhow::Result<(Latencies, Duration)>
    where
        F: Fn(usize) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send,
    {
        let started = Instant::now();
        let mut workers = JoinSet::new();
        let at_a_time = self.at_a_time;
        for worker in 0..at_a_time {
            let call = call.clone();
            workers.spawn(async move {
                let mut latencies = Latencies::new()?;
                let mut number = worker;
                while started.elapsed() < length {
                    let asked = Instant::now();
                    call(number).await?;
                    latencies.add(asked.elapsed());
                    number += at_a_time;
                }
                anyhow::Ok(latencies)
            });
        }
        let mut all = Latencies::new()?;
        while let Some(worker) = workers.join_next().await {
            all.merge(&worker??)?;
        }
        Ok((all, started.elapsed()))
    }
}

fn take<T>(
    into: &mut Vec<T>,
    outcome: Option<Result<anyhow::Result<T>, tokio::task::JoinError>>,
) -> anyhow::Result<()> {
    if let Some(outcome) = outcome {
        into.push(outcome??);
    }
    Ok(())
}
