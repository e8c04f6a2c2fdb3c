//! A running service, a receiver that it has a webhook for, people in a meeting, and what somebody else might send.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anteroom::client::{self, Credential, JoinOptions, Meeting};
use anteroom_service::operator::OperatorInfo;
use anteroom_service::webhooks::settings::PrivateTargets;
use anteroom_service::webhooks::signature;
use anteroom_service::{Config, DevInfo, RunningService, Service};
use axum::Router;
use axum::extract::Request;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower::ServiceExt as _;
use webhook_receiver::Receiver;

/// Only reached when something is broken.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const GUEST: &str = "Dana (guest)";

/// A secret that nobody here has.
pub(crate) const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// What to set for the service.
#[derive(Default)]
pub(crate) struct ServiceOptions {
    pub(crate) handshake: bool,
    pub(crate) allowed_origins: Vec<String>,
}

type Running = Arc<Mutex<Receiver>>;

pub(crate) struct Clinic {
    service: RunningService,
    pub(crate) http: reqwest::Client,
    /// What the receiver knows.
    pub(crate) secrets: Vec<String>,
    webhook: String,
    hooks: SocketAddr,
    board: SocketAddr,
    /// The receiver that runs now.
    running: Running,
    tasks: [JoinHandle<()>; 2],
    dir: tempfile::TempDir,
}

impl Clinic {
    pub(crate) async fn open(options: ServiceOptions) -> Self {
        Self::try_open(options).await.unwrap()
    }

    /// What the operator is told when no webhook is made.
    pub(crate) async fn refused(options: ServiceOptions) -> Value {
        Self::try_open(options).await.err().unwrap()
    }

    async fn try_open(options: ServiceOptions) -> Result<Self, Value> {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::dev(dir.path().join("service"));
        config.webhooks.allow_http = true;
        config.webhooks.handshake = options.handshake;
        config.webhooks.allow_private_targets =
            PrivateTargets::Networks(vec!["127.0.0.0/8".parse().unwrap()]);
        // What is refused in a test is not sent again while it runs.
        config.webhooks.first_retry_seconds = 3600;
        let service = Service::start(config).await.unwrap();

        // The receiver is there before the webhook is, and learns the secret when it is told.
        let journal = dir.path().join("journal.jsonl");
        let first = Receiver::open(Vec::new(), options.allowed_origins.clone(), &journal).unwrap();
        let running: Running = Arc::new(Mutex::new(first));
        let (hooks, hooks_task) = serve(&running, Receiver::hooks).await;
        let (board, board_task) = serve(&running, Receiver::board).await;
        let mut clinic = Self {
            service,
            http: reqwest::Client::new(),
            secrets: Vec::new(),
            webhook: String::new(),
            hooks,
            board,
            running,
            tasks: [hooks_task, board_task],
            dir,
        };
        let wanted = json!({ "url": clinic.hook() });
        let answer = clinic.operate(Method::POST, "", Some(wanted)).await;
        let status = answer.status();
        let made = read(answer).await;
        if status != 201 {
            clinic.close().await;
            return Err(made);
        }
        clinic.webhook = made["id"].as_str().unwrap().to_owned();
        let secret = made["secret"].as_str().unwrap().to_owned();
        clinic.restart(vec![secret], options.allowed_origins);
        Ok(clinic)
    }

    /// Stops both.
    pub(crate) async fn close(self) {
        for task in self.tasks {
            task.abort();
        }
        self.service.shutdown().await;
    }

    pub(crate) fn dev(&self) -> &DevInfo {
        self.service.dev().unwrap()
    }

    pub(crate) fn hook(&self) -> String {
        format!("http://{}/hook", self.hooks)
    }

    /// Puts a receiver with these secrets in the place of the one that runs, on the same journal.
    pub(crate) fn restart_with(&mut self, secrets: Vec<String>) {
        self.restart(secrets, Vec::new());
    }

    fn restart(&mut self, secrets: Vec<String>, allowed_origins: Vec<String>) {
        self.secrets = secrets;
        let secrets = self.secrets.iter().map(|text| text.parse().unwrap()).collect();
        let receiver = Receiver::open(secrets, allowed_origins, &self.journal()).unwrap();
        *self.running.lock().unwrap() = receiver;
    }

    fn journal(&self) -> PathBuf {
        self.dir.path().join("journal.jsonl")
    }

    pub(crate) fn journal_lines(&self) -> usize {
        std::fs::read_to_string(self.journal()).unwrap().lines().count()
    }

    async fn operate(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let operator = OperatorInfo::read(&self.dir.path().join("service")).unwrap();
        let address = format!("{}/operator/webhooks{path}", operator.address);
        let mut request = self.http.request(method, address).bearer_auth(operator.secret);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    /// `anteroom webhook test`: whether the receiver took it.
    pub(crate) async fn test(&self) -> bool {
        let path = format!("/{}/test", self.webhook);
        let answer = read(self.operate(Method::POST, &path, None).await).await;
        answer["delivered"].as_bool().unwrap()
    }

    /// `anteroom webhook rotate-secret`: the new secret.
    pub(crate) async fn rotate(&self, overlap_hours: u32) -> String {
        let path = format!("/{}/rotate-secret", self.webhook);
        let body = json!({ "overlapHours": overlap_hours });
        let answer = read(self.operate(Method::POST, &path, Some(body)).await).await;
        answer["secret"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn whole_board(&self) -> Value {
        let address = format!("http://{}/meetings", self.board);
        let answer = self.http.get(address).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        read(answer).await
    }

    /// The one meeting of the board, once it is as wanted.
    pub(crate) async fn board_until(&self, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let look = async {
            loop {
                let board = self.whole_board().await;
                let meeting = board["meetings"].as_object().unwrap().values().next();
                if let Some(shown) = meeting.map(Shown::new).filter(&wanted) {
                    return shown;
                }
            }
        };
        timeout(PATIENCE, look).await.expect("the board is not as wanted")
    }

    pub(crate) async fn board_until_empty(&self) {
        let look = async { while self.whole_board().await != json!({ "meetings": {} }) {} };
        timeout(PATIENCE, look).await.expect("somebody is still there");
    }

    /// An event as the service would sign it: somebody joined.
    pub(crate) fn forgery(&self, id: &str) -> Forgery {
        let body = json!({
            "specversion": "1.0", "id": id,
            "type": "io.github.anteroom-project.meeting.participant.joined",
            "data": { "meeting": { "id": "m" }, "participant": { "id": "p", "displayName": "Mallory" }, "sequence": 7, "z": 0 },
        })
        .to_string();
        let timestamp = OffsetDateTime::now_utc().unix_timestamp();
        Forgery {
            secret: self.secrets[0].clone(),
            id: id.to_owned(),
            sent_id: id.to_owned(),
            timestamp,
            sent_timestamp: timestamp,
            sent_body: body.clone(),
            body,
            media_type: "application/cloudevents+json",
        }
    }

    pub(crate) async fn post(&self, forgery: &Forgery) -> StatusCode {
        let secret: signature::Secret = forgery.secret.parse().unwrap();
        let signed = secret.sign(&forgery.id, forgery.timestamp, forgery.body.as_bytes());
        let request = self
            .http
            .post(self.hook())
            .header("content-type", forgery.media_type)
            .header(signature::ID, &forgery.sent_id)
            .header(signature::TIMESTAMP, forgery.sent_timestamp)
            .header(signature::SIGNATURE, signed)
            .body(forgery.sent_body.clone());
        request.send().await.unwrap().status()
    }
}

/// A meeting as the board shows it: people by participant.
#[derive(Debug)]
pub(crate) struct Shown(Map<String, Value>);

impl Shown {
    fn new(value: &Value) -> Self {
        Self(value.as_object().unwrap().clone())
    }
}

impl std::ops::Index<&str> for Shown {
    type Output = Map<String, Value>;

    fn index(&self, name: &str) -> &Self::Output {
        self.0[name].as_object().unwrap()
    }
}

/// A request: what was signed, and what is sent.
#[derive(Clone)]
pub(crate) struct Forgery {
    pub(crate) secret: String,
    pub(crate) id: String,
    pub(crate) timestamp: i64,
    pub(crate) body: String,
    pub(crate) sent_id: String,
    pub(crate) sent_timestamp: i64,
    pub(crate) sent_body: String,
    pub(crate) media_type: &'static str,
}

impl Forgery {
    /// Signed and sent at another time.
    pub(crate) fn at(&self, timestamp: i64) -> Self {
        Self {
            timestamp,
            sent_timestamp: timestamp,
            ..self.clone()
        }
    }

    /// Signed and sent with another body.
    pub(crate) fn with_body(&self, body: &str) -> Self {
        Self {
            body: body.to_owned(),
            sent_body: body.to_owned(),
            ..self.clone()
        }
    }
}

/// Somebody in the demo's meeting.
pub(crate) struct Person {
    pub(crate) meeting: Meeting,
    events: mpsc::Receiver<client::Event>,
}

impl Person {
    pub(crate) async fn guest(clinic: &Clinic) -> Self {
        let credential = Credential::ConnectionString(clinic.dev().connection_string.clone());
        Self::join(clinic, credential).await
    }

    pub(crate) async fn alice(clinic: &Clinic) -> Self {
        let user = &clinic.dev().users[0];
        let credential = Credential::Directory {
            upn: user.upn.clone(),
            password: user.password.clone(),
        };
        Self::join(clinic, credential).await
    }

    async fn join(clinic: &Clinic, credential: Credential) -> Self {
        let mut options = JoinOptions::new(&clinic.dev().meeting.join_url, GUEST, credential);
        options.ca_file = clinic.dev().ca_file.clone();
        let (meeting, events) = timeout(PATIENCE, Meeting::join(options)).await.unwrap().unwrap();
        Self { meeting, events }
    }

    /// Waits for an event; others are skipped.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&client::Event) -> bool) {
        let look = async { while !wanted(&self.events.recv().await.expect("the call is over")) {} };
        timeout(PATIENCE, look).await.expect("it does not happen");
    }
}

/// Serves what the receiver of the moment has; the connections of those before it do not matter.
async fn serve(running: &Running, part: fn(&Receiver) -> Router) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = Arc::clone(running);
    let router = Router::new().fallback(move |request: Request| {
        let router = part(&running.lock().unwrap());
        async move { router.oneshot(request).await }
    });
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, task)
}

async fn read(answer: Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}
