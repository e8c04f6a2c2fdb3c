//! A service in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anteroom_identity::signing::ConnectionString;
use anteroom_service::DevInfo;
use anyhow::{Context as _, bail};

use super::process::Process;

/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service that runs until this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    child: Guard,
    pub(super) connection: ConnectionString,
    /// What else there is to know of it.
    pub(super) dev: DevInfo,
    pub(super) ca: Option<PathBuf>,
    /// From the process's start to its banner, which comes when everything answers.
    pub(super) ready_after: Duration,
}

impl Running {
    pub(super) fn start(data: &Path) -> anyhow::Result<Self> {
        Self::start_with(data, &[], &[])
    }

    /// With further arguments of `anteroom serve`, and variables of its environment.
    pub(super) fn start_with(
        data: &Path,
        more: &[String],
        environment: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("serve").arg("--data").arg(data);
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--media",
            "127.0.0.1:0",
            "--dev-http",
            "off",
        ]);
        command.args(more);
        command
            .env("ANTEROOM_LIMITS__RATES__PROFILE", "off")
            .env("ANTEROOM_LIMITS__WEBSOCKETS", "100000")
            .env("ANTEROOM_LIMITS__MEETING_PARTICIPANTS", "100000")
            .env("ANTEROOM_LIMITS__MEETING_LOBBY", "100000")
            .env("ANTEROOM_LIMITS__SESSIONS_PER_IDENTITY", "100000")
            .env("ANTEROOM_LOG", "warn")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().context("the service does not start")?;
        let ready = child.stdout.take().map(|stdout| {
            let (ready, is_ready) = mpsc::channel();
            std::thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if line.contains("For ACS SDKs") {
                        let _ = ready.send(Instant::now());
                    }
                }
            });
            is_ready
        });
        let at = ready.and_then(|ready| ready.recv_timeout(PATIENCE).ok());
        let child = Guard(child);
        let Some(at) = at else {
            bail!("the service did not become ready");
        };
        let dev = DevInfo::read(&data.join("dev.json")).context("reading dev.json")?;
        Ok(Self {
            child,
            connection: dev.connection_string.parse()?,
            ca: dev.ca_file.clone(),
            dev,
            ready_after: at - started,
        })
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.0.id()
    }

    /// Memory of the process that is in RAM, in bytes, where the system tells.
    pub(super) fn memory(&self) -> Option<u64> {
        Process(self.id()).memory()
    }
}

/// A process that ends with this.
#[derive(Debug)]
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // It holds nothing that is worth a farewell.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
