//! The command line.

mod app;
mod backup;
mod demo;
mod emulator;
mod explain_join;
mod group;
mod identity;
mod join;
mod link;
mod load;
mod operator;
mod output;
mod recording;
mod resource;
mod serve;
mod signals;
mod signing_key;
mod target;
mod tenant;
mod thread;
mod user;
mod view;
mod webhook;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anteroom_service::export::ExportError;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Self-hosted Teams-style meetings for guests.
#[derive(Debug, Parser)]
#[command(name = "anteroom", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Args),
    /// Join a meeting from the command line.
    ///
    /// As a guest, or from the Teams side with --as. Exit code 0 after a normal end, 2 when the meeting did not let the
    /// participant in, 1 when something failed.
    Join(Box<join::Join>),
    /// Read meeting links, alone or in invitations.
    Link(link::Link),
    /// Run the whole loop on this machine.
    ///
    /// A service on free ports, the organizer, a guest: lobby, admission, speech both ways, chat, leaving. Exit code 0
    /// when every step succeeds.
    Demo(demo::Demo),
    /// Copy everything that is kept into a new directory, while the service runs or not.
    Backup(backup::Backup),
    /// Put a backup back into a data directory that no service uses.
    Restore(backup::Restore),
    /// Create, revoke and delete users of an ACS resource, and issue their tokens.
    Identity(identity::Identity),
    /// List and create ACS resources, and rotate their access keys.
    Resource(resource::Resource),
    /// Register applications that sign people in or act for themselves: secrets, permissions, access policies.
    App(app::App),
    /// List, create and delete people of the directory, and set their passwords.
    User(user::User),
    /// Groups of the directory and their members.
    Group(group::Group),
    /// The keys that sign tokens.
    SigningKey(signing_key::SigningKey),
    /// What is set for a tenant: settings, policies, labels, templates.
    Tenant(Box<tenant::Tenant>),
    /// Tell why a guest gets into a meeting, waits in its lobby or is refused: every setting on the way, which one
    /// decides, who can change it and how.
    ///
    /// Exit code 0 when the guest gets in or waits, 2 when it is refused, 1 when something failed.
    ExplainJoin(explain_join::ExplainJoin),
    /// Measure how much a service bears.
    Load(Box<load::Load>),
    /// Look at chat threads.
    Thread(thread::Thread),
    /// Tell other servers what happens in meetings.
    Webhook(webhook::Webhook),
    /// Faults and time on demand, for tests against a service in development mode.
    Emulator(emulator::Emulator),
}

/// Runs the program; the exit code is 0 after a normal end, 1 on failure.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Join(join) => run_async("warn", join::run(*join)),
        Command::Link(link) => report(link::run(link)),
        Command::Demo(demo) => run_async("error", until_stopped(demo::run(demo))),
        Command::Backup(args) => report(backup::backup(args)),
        Command::Restore(args) => report(backup::restore(args)),
        Command::Identity(identity) => run_async("error", identity::run(identity)),
        Command::Resource(resource) => run_async("error", resource::run(resource)),
        Command::App(app) => run_async("error", app::run(app)),
        Command::User(user) => run_async("error", user::run(user)),
        Command::Group(group) => run_async("error", group::run(group)),
        Command::SigningKey(key) => run_async("error", signing_key::run(key)),
        Command::Tenant(tenant) => run_async("error", tenant::run(*tenant)),
        Command::ExplainJoin(explain) => run_async("error", explain_join::run(explain)),
        Command::Load(load) => run_async("error", until_stopped(load::run(*load))),
        Command::Thread(thread) => report(thread::run(thread)),
        Command::Webhook(webhook) => run_async("error", webhook::run(webhook)),
        Command::Emulator(emulator) => run_async("error", emulator::run(emulator)),
    }
}

/// Runs a command to its end; an error is one line on standard error.
fn run_async(log: &str, command: impl Future<Output = anyhow::Result<ExitCode>>) -> ExitCode {
    init_log(log);
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(command));
    report(outcome)
}

/// An error is one line on standard error.
fn report(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            // Whoever read the output has seen enough.
            return ExitCode::SUCCESS;
        }
        let _ = writeln!(std::io::stderr(), "anteroom: {}", one_line(&error));
        ExitCode::FAILURE
    })
}

/// Whether it was the output that nobody reads any more.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .or_else(|| match error.downcast_ref::<ExportError>() {
            Some(ExportError::Write(error)) => Some(error),
            _ => None,
        })
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// What went wrong and why. Some errors say what caused them, and have it as their source, too: it is said once.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if line.ends_with(&cause) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(": ");
        }
        line.push_str(&cause);
    }
    line
}

/// Runs something with files or processes of its own to its end, or until Ctrl-C or SIGTERM, so that they are cleared
/// away.
async fn until_stopped(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let mut stop = signals::stop()?;
    tokio::select! {
        outcome = work => outcome,
        // 128 and the number of SIGINT, as shells count.
        () = stop.recv() => Ok(ExitCode::from(130)),
    }
}

/// What is not logged whatever is asked for: the HTML parser tells what is odd in other people's messages, nothing that an
/// operator can do about; the WebSocket library prints frames, with tokens and passcodes in them.
const QUIET: [&str; 2] = ["html5ever=error", "tungstenite=error"];

/// Logs to standard error, `ANTEROOM_LOG` picks what; `default` when it is not set.
fn init_log(default: &str) {
    let filter = EnvFilter::try_from_env("ANTEROOM_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let filter = QUIET
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let json = std::env::var_os("ANTEROOM_LOG_JSON").is_some_and(|value| value == "1");
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // A second subscriber in one process is a test's; the first one stays.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.with_target(false).try_init()
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let error = std::io::Error::other("no room");
        let error = anyhow::Error::from(error)
            .context("writing: no room")
            .context("backing up");
        assert_eq!(one_line(&error), "backing up: writing: no room");
    }

    #[test]
    fn output_that_nobody_reads_is_no_fault() {
        let broken = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&broken().into()));
        assert!(is_broken_pipe(&ExportError::Write(broken()).into()));
        assert!(!is_broken_pipe(
            &ExportError::Write(std::io::Error::other("no room")).into()
        ));
    }
}
