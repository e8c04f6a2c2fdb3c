//! Talking to the operator's interface of a running service, or to the data of one that does not run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anteroom_service::StartError;
use anteroom_service::directory::admin::Request;
use anteroom_service::operator::{OperatorInfo, Stopped};
use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{Client, Method};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::backup::data_directory;

/// How long a running service may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// Options that name a service by its data directory.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// The data directory of the service, which may run or not [default: ~/.local/share/anteroom].
    #[arg(long, value_name = "DIR", env = "ANTEROOM_DATA")]
    data: Option<PathBuf>,

    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// A service, running or not.
pub(super) enum Operated {
    Running(Running),
    Stopped(Stopped),
}

pub(super) struct Running {
    client: Client,
    operator: OperatorInfo,
}

impl Place {
    pub(super) async fn open(&self) -> anyhow::Result<Operated> {
        let data = data_directory(self.data.clone());
        // Opening would make a new database.
        if !data.join("anteroom.db").is_file() {
            bail!("{} is no data directory", data.display());
        }
        match Stopped::open(&data).await {
            Ok(stopped) => Ok(Operated::Stopped(stopped)),
            Err(StartError::DataInUse { .. }) => Ok(Operated::Running(Running::of(&data)?)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Place {
    /// Does something to tenants, users, groups or applications.
    pub(super) async fn directory<T: DeserializeOwned>(&self, request: Request) -> anyhow::Result<T> {
        match self.open().await? {
            Operated::Running(service) => {
                let body = serde_json::to_value(&request)?;
                service.ask(Method::POST, "/operator/directory", Some(body)).await
            }
            Operated::Stopped(service) => {
                let answer = service.directory(request).await;
                service.close().await;
                Ok(serde_json::from_value(answer?)?)
            }
        }
    }
}

impl Running {
    fn of(data: &Path) -> anyhow::Result<Self> {
        let operator = OperatorInfo::read(data).with_context(|| {
            format!(
                "the service of {} runs, but {} in it cannot be read",
                data.display(),
                anteroom_service::operator::FILE
            )
        })?;
        // HTTP without TLS, but the client wants to know how it would be done.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(ANSWERS_WITHIN).build()?;
        Ok(Self { client, operator })
    }

    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<T> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.operator.address))
            .bearer_auth(&self.operator.secret);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.context("the service does not answer")?;
        if !response.status().is_success() {
            let status = response.status();
            let body: Value = response.json().await.unwrap_or_default();
            let message = body["error"]["message"].as_str();
            bail!("{}", message.map_or_else(|| status.to_string(), str::to_owned));
        }
        response.json().await.context("the answer is unreadable")
    }
}
