//! `anteroom load`: how much a service bears, measured from outside.

mod api;
mod deliveries;
mod joins;
mod listener;
mod process;
mod report;
mod seat;
mod sends;
mod service;
mod sfu;
mod sockets;
mod start;
mod tokens;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use self::api::Api;
use self::report::Report;
use self::service::Running;
use super::target::Target;

/// Options of `anteroom load`.
#[derive(Debug, Args)]
pub(crate) struct Load {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Identity, chat and notifications.
    ///
    /// Without --connection-string and --data, a service of its own is started in a temporary directory with its rate
    /// limits off. A service that is measured from outside needs `limits.rates.profile = "off"`.
    Chat(Chat),
    /// Joining a meeting.
    ///
    /// A service of its own is started in a temporary directory; guests join its demo meeting over WebSockets, without
    /// media, and the organizer's program lets them in.
    Join(Joins),
    /// Forwarding of media.
    ///
    /// Publishers and subscribers with real DTLS-SRTP, in processes of their own, join the demo meeting of a service in
    /// development mode: of one that is started for it, or with --data of one that runs on this machine. Packets carry the
    /// time they were sent at, so that forwarding delay is measured for each.
    Sfu(Box<sfu::Sfu>),
    /// Some of the clients of `sfu`; standard input says which.
    #[command(name = sfu::WORKER, hide = true)]
    SfuWorker,
}

#[derive(Debug, Args)]
struct Joins {
    /// Guests in the meeting.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..))]
    participants: u16,

    /// Guests who come one after the other once the meeting is full of the others.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    probes: u16,

    /// Guests who join at a time.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Chat {
    /// What to measure [default: everything the service allows].
    #[arg(long, value_enum, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,

    /// Seconds per measurement.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,

    /// Requests at a time.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,

    /// Threads that messages are sent to.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,

    /// Idle notification sockets.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..))]
    sockets: u16,

    /// Messages in the database for the measurement of the start.
    #[arg(long, default_value_t = 1_000_000)]
    stored: u64,

    /// Print JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Access tokens issued per second, no two alike.
    Tokens,
    /// Messages acknowledged, so on disk, per second.
    Sends,
    /// Notifications delivered per second to the 250 members of one thread, 20 messages per second.
    Deliveries,
    /// Memory of a service that holds idle notification sockets; only with a service of its own.
    Sockets,
    /// Start to ready with a full database; only with a service of its own.
    Start,
}

impl Chat {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    const fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

pub(crate) async fn run(load: Load) -> anyhow::Result<ExitCode> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    match load.command {
        Command::Chat(chat) => run_chat(chat).await,
        Command::Join(joins) => run_joins(joins).await,
        Command::Sfu(sfu) => sfu::run(*sfu).await,
        Command::SfuWorker => tokio::task::spawn_blocking(sfu::work).await?,
    }
}

async fn run_joins(joins: Joins) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let directory = tempfile::tempdir()?;
    let service = Running::start(directory.path())?;
    let connection = service.connection.clone();
    let api = Api::new(connection, service.ca.as_deref(), joins.connections)?;
    let (participants, probes) = (usize::from(joins.participants), usize::from(joins.probes));
    joins::measure(&api, &service, participants, probes, &mut report).await?;
    drop(service);
    super::output::print(joins.json, &report, Report::table)?;
    Ok(ExitCode::SUCCESS)
}

async fn run_chat(chat: Chat) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    if chat.target.is_given() {
        if chat
            .only
            .iter()
            .any(|part| matches!(part, Part::Sockets | Part::Start))
        {
            bail!(
                "sockets and start are measured only with a service of its own: leave --data and --connection-string out"
            );
        }
        let (connection, ca) = chat.target.resolve()?;
        let api = Api::new(connection, ca.as_deref(), chat.connections)?;
        measure(&chat, &api, &mut report).await?;
    } else {
        let directory = tempfile::tempdir()?;
        let service = Running::start(directory.path())?;
        let api = Api::new(
            service.connection.clone(),
            service.ca.as_deref(),
            chat.connections,
        )?;
        measure(&chat, &api, &mut report).await?;
        if chat.wants(Part::Sockets) {
            sockets::measure(&api, &service, usize::from(chat.sockets), &mut report).await?;
        }
        drop(service);
        if chat.wants(Part::Start) {
            start::measure(directory.path(), chat.stored, &mut report).await?;
        }
    }
    super::output::print(chat.json, &report, Report::table)?;
    Ok(ExitCode::SUCCESS)
}

async fn measure(chat: &Chat, api: &Api, report: &mut Report) -> anyhow::Result<()> {
    if chat.wants(Part::Tokens) {
        tokens::measure(api, chat.duration(), report).await?;
    }
    if chat.wants(Part::Sends) {
        sends::measure(api, chat.threads, chat.duration(), report).await?;
    }
    if chat.wants(Part::Deliveries) {
        deliveries::measure(api, chat.duration(), report).await?;
    }
    Ok(())
}
