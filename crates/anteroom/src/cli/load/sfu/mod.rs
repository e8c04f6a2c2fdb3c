//! `anteroom load sfu`: what forwarding costs and how long it takes, measured with real clients.
//!
//! ```text
//!  anteroom load sfu ──┬─ anteroom serve, or another server  its CPU time and memory, from /proc
//!                      ├─ worker: clients on one thread      ◀─ plan, orders ── lines of JSON ── reports ─▶
//!                      └─ worker …
//! ```
//! | file | role |
//! |---|---|
//! | `protocol`, `workers`, `worker` | what processes say to each other, and both ends of it |
//! | `agreement`, `signaling` | how clients agree with a server: in a meeting, or by WHIP and WHEP |
//! | `client`, `source`, `receiver`, `probe`, `alarm` | one client's media |
//! | `meetings` | further meetings |
//! | `histogram`, `served`, `summary` | what came of it |

mod agreement;
mod alarm;
mod client;
mod error;
mod histogram;
mod meetings;
mod probe;
mod protocol;
mod receiver;
mod served;
mod signaling;
mod source;
mod summary;
mod worker;
mod workers;

use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anteroom_service::DevInfo;
use anyhow::Context as _;
use clap::Args;
use url::Url;

use self::error::RunError;
use self::protocol::{Door, Frames, Manners, Order, Plan, Signaling, Told, WorkerReport};
use self::served::{Metrics, Served};
use self::summary::{Asked, Server, Summary};
pub(super) use self::worker::run as work;
use self::workers::Workers;
use super::process::Process;
use super::service::Running;
use crate::cli::output;

/// From the last subscriber's arrival to the beginning of the measurement.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long the service may take to come to rest before its memory is read.
const SETTLE: Duration = Duration::from_secs(1);

/// How much longer than a client's own patience a worker is waited for.
const GRACE: Duration = Duration::from_secs(10);

/// The subcommand that makes a process a worker.
pub(super) const WORKER: &str = "sfu-worker";

/// Options of `anteroom load sfu`.
#[derive(Debug, Args)]
pub(super) struct Sfu {
    /// Meetings of a service in development mode that go on at the same time.
    #[arg(long, value_name = "N", default_value = "1", conflicts_with = "whip")]
    meetings: NonZeroU16,

    /// Clients of each meeting that send.
    #[arg(long, default_value = "1")]
    publishers: NonZeroU16,

    /// Clients of each meeting that receive.
    #[arg(long, default_value = "10")]
    subscribers: NonZeroU16,

    /// Video of each publisher, 0 for none: 1.5M, 800k.
    #[arg(long, value_name = "BITRATE", default_value = "1.5M", value_parser = bitrate)]
    video: u64,

    /// Sound of each publisher, 0 for none.
    #[arg(long, value_name = "BITRATE", default_value = "64k", value_parser = bitrate)]
    audio: u64,

    /// How the packets of a frame of video leave.
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Frames::default())]
    frames: Frames,

    /// Subscribers give no transport-wide feedback. Without this they offer it as browsers do, and give it where the
    /// server takes it.
    #[arg(long)]
    no_transport_feedback: bool,

    /// Send and receive media over TCP, of servers that have addresses for it [default: if UDP gets no answer].
    #[arg(long)]
    tcp: bool,

    /// Seconds that count.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,

    /// Processes that play the clients [default: one for each core].
    #[arg(long, value_name = "N")]
    processes: Option<NonZeroUsize>,

    /// How clients come in.
    #[arg(long, value_enum, default_value_t = Signaling::Meeting, conflicts_with = "whip")]
    signaling: Signaling,

    /// Clients of a process that join at a time.
    #[arg(long, value_name = "N", default_value = "4")]
    at_a_time: NonZeroUsize,

    /// Seconds a client may take to join and receive.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,

    /// Start a service for it, in a temporary directory. The default without --data.
    #[arg(long, conflicts_with_all = ["elsewhere", "pid"])]
    serve: bool,

    /// Media threads of the service that is started [default: one for each core].
    #[arg(long, value_name = "N", conflicts_with = "elsewhere")]
    media_threads: Option<NonZeroUsize>,

    /// Loudest speakers' microphones that the service which is started forwards, 0 for all [default: the service's].
    #[arg(long, value_name = "N", conflicts_with = "elsewhere")]
    voices: Option<u16>,

    /// Data directory of a service in development mode that runs on this machine.
    #[arg(long, value_name = "DIR", group = "elsewhere")]
    data: Option<PathBuf>,

    /// Where publishers post their offers (WHIP), of any server.
    #[arg(long, value_name = "URL", group = "elsewhere", requires = "whep")]
    whip: Option<Url>,

    /// Where subscribers of that server post theirs (WHEP).
    #[arg(long, value_name = "URL", requires = "whip")]
    whep: Option<Url>,

    /// What that server takes as a bearer's token, if it asks for one.
    #[arg(long, env = "ANTEROOM_LOAD_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// Certificate authority of that server, in PEM [default: the system's].
    #[arg(long, value_name = "FILE", requires = "whip")]
    ca: Option<PathBuf>,

    /// Process of the server that runs already, for its CPU time and memory.
    #[arg(long, value_name = "PID", requires = "elsewhere")]
    pid: Option<u32>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Sfu {
    const fn manners(&self) -> Manners {
        Manners {
            frames: self.frames,
            transport_feedback: !self.no_transport_feedback,
            tcp: self.tcp,
        }
    }

    /// How clients come in, wherever that is.
    const fn signaling(&self) -> Signaling {
        match self.whip {
            Some(_) => Signaling::Whip,
            None => self.signaling,
        }
    }
}

pub(super) async fn run(sfu: Sfu) -> anyhow::Result<ExitCode> {
    if sfu.video == 0 && sfu.audio == 0 {
        anyhow::bail!("there is nothing to send with --video 0 and --audio 0");
    }
    if sfu.meetings.get() > 1 && sfu.signaling() == Signaling::Whip {
        anyhow::bail!("--meetings is for clients that come by signaling of meetings");
    }
    let bar = output::progress("Forwarding …", "{msg} {elapsed}");
    let directory = tempfile::tempdir()?;
    let service = match (&sfu.data, &sfu.whip) {
        (Some(_), _) | (_, Some(_)) => None,
        (None, None) => {
            let threads = sfu
                .media_threads
                .map(|threads| format!("--media-threads={threads}"));
            let voices = sfu
                .voices
                .map(|voices| ("ANTEROOM_MEDIA_VOICES", voices.to_string()));
            let started = Running::start_with(directory.path(), threads.as_slice(), voices.as_slice())?;
            tokio::time::sleep(SETTLE).await;
            Some(started)
        }
    };
    let dev = match (&service, &sfu.data) {
        (Some(service), _) => Some(service.dev.clone()),
        (None, Some(data)) => {
            let dev = DevInfo::read(&data.join("dev.json"));
            Some(dev.with_context(|| format!("{} has no dev.json", data.display()))?)
        }
        (None, None) => None,
    };
    let doors = doors(&sfu, dev.as_ref()).await?;
    let server = service.as_ref().map(Running::id).or(sfu.pid).map(Process);
    let metrics = dev.as_ref().map(Metrics::new).transpose()?;
    let summary = measure(&sfu, &doors, server, metrics.as_ref()).await?;
    drop(service);
    bar.finish_and_clear();
    output::print(sfu.json, &summary, Summary::text)?;
    Ok(ExitCode::SUCCESS)
}

/// Where clients come in, one after the other.
async fn doors(sfu: &Sfu, dev: Option<&DevInfo>) -> anyhow::Result<Vec<Door>> {
    let Some(dev) = dev else {
        let places = sfu.whip.clone().zip(sfu.whep.clone());
        let (whip, whep) = places.context("there is no server")?;
        return Ok(vec![Door::Whip {
            whip,
            whep,
            token: sfu.token.clone(),
            ca: sfu.ca.clone(),
        }]);
    };
    if sfu.signaling == Signaling::Whip {
        return Ok(vec![Door::whip(dev)?]);
    }
    let http = meetings::http(dev.ca_file.as_deref())?;
    let links = meetings::links(&http, dev, sfu.meetings).await?;
    let doors = links.into_iter().map(|link| Door::meeting(dev, link));
    Ok(doors.collect::<Result<_, _>>()?)
}

async fn measure(
    sfu: &Sfu,
    doors: &[Door],
    server: Option<Process>,
    metrics: Option<&Metrics>,
) -> Result<Summary, RunError> {
    let memory_before = server.and_then(Process::memory);
    let plans = plans(sfu, doors);
    let mut workers = Workers::start(&plans)?;
    let each = u64::from(sfu.publishers.get()) + u64::from(sfu.subscribers.get());
    let clients = each * u64::from(sfu.meetings.get());
    // Clients come after each other; each may take as long as it may.
    let patience = Duration::from_secs(sfu.patience.saturating_mul(clients)) + GRACE;
    let publishing = |told| matches!(told, Told::Publishing).then_some(());
    workers.all("publishers", patience, publishing).await?;
    workers.order(Order::Subscribe);
    let subscribed = |told| matches!(told, Told::Subscribed).then_some(());
    workers.all("subscribers", patience, subscribed).await?;

    let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let length = Duration::from_secs(sfu.seconds);
    let from = probe::now() + nanos(WARM_UP);
    let until = from + nanos(length);
    workers.order(Order::Measure { from, until });
    sleep_until(from).await;
    let cpu_before = server.and_then(Process::cpu);
    let memory_after = server.and_then(Process::memory);
    let load_average = super::process::load_average();
    let served_before = served(metrics).await;
    sleep_until(until).await;
    let cpu_after = server.and_then(Process::cpu);
    let served_after = served(metrics).await;
    let report = |told| match told {
        Told::Report(report) => Some(*report),
        _ => None,
    };
    let reports: Vec<WorkerReport> = workers.all("reports", GRACE * 3, report).await?;
    Summary::new(
        Asked {
            meetings: sfu.meetings.get().into(),
            publishers: sfu.publishers.get().into(),
            subscribers: sfu.subscribers.get().into(),
            seconds: sfu.seconds,
            processes: plans.len(),
            signaling: sfu.signaling(),
            video_bits_per_second: sfu.video,
            audio_bits_per_second: sfu.audio,
            voices: sfu.voices,
            manners: sfu.manners(),
        },
        Server {
            cpu: cpu_before
                .zip(cpu_after)
                .map(|(before, after)| after.saturating_sub(before)),
            memory: memory_before.zip(memory_after),
            within: served_before
                .zip(served_after)
                .and_then(|(before, after)| after.since(&before)),
        },
        load_average,
        reports,
    )
}

async fn served(metrics: Option<&Metrics>) -> Option<Served> {
    metrics?.read().await
}

/// Who plays whom. Clients go from one meeting to the next.
fn plans(sfu: &Sfu, doors: &[Door]) -> Vec<Plan> {
    let cores = std::thread::available_parallelism().ok();
    let processes = sfu.processes.or(cores).map_or(1, NonZeroUsize::get);
    let all = |count: NonZeroU16| usize::from(count.get()) * doors.len();
    let processes = processes.min(all(sfu.publishers) + all(sfu.subscribers));
    let of = |worker: usize, count: NonZeroU16| (worker..all(count)).step_by(processes).collect();
    (0..processes)
        .map(|worker| Plan {
            doors: doors.to_vec(),
            publishers: of(worker, sfu.publishers),
            // From the other end, so that few clients are spread, too.
            subscribers: of(processes - 1 - worker, sfu.subscribers),
            video: sfu.video,
            audio: sfu.audio,
            manners: sfu.manners(),
            at_a_time: sfu.at_a_time.get(),
            patience: sfu.patience,
        })
        .collect()
}

/// Waits for a moment of the monotonic clock.
async fn sleep_until(moment: u64) {
    tokio::time::sleep(Duration::from_nanos(moment.saturating_sub(probe::now()))).await;
}

/// `1.5M`, `800k`, `64000`: bits per second.
fn bitrate(text: &str) -> Result<u64, String> {
    /// More is no bit rate of one publisher.
    const MOST: f64 = 1e9;
    let (number, factor) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1e3),
        None => match text.strip_suffix(['m', 'M']) {
            Some(number) => (number, 1e6),
            None => (text, 1.0),
        },
    };
    let value: f64 = number
        .parse()
        .map_err(|_| "it is a number with k or M".to_owned())?;
    let bits = value * factor;
    if !(0.0..=MOST).contains(&bits) {
        return Err("it is between 0 and 1000M".to_owned());
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    let bits = bits.round() as u64;
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_rates_are_read() {
        assert_eq!(bitrate("1.5M"), Ok(1_500_000));
        assert_eq!(bitrate("800k"), Ok(800_000));
        assert_eq!(bitrate("64000"), Ok(64_000));
        assert_eq!(bitrate("0"), Ok(0));
        for wrong in ["", "k", "-1", "1G", "NaN", "1001M", "inf"] {
            assert!(bitrate(wrong).is_err(), "{wrong}");
        }
    }
}
