//! `anteroom serve`.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use anteroom_service::config::ConfigError;
use anteroom_service::{Config, DevInfo, RunningService, Service};
use console::style;
use serde::Serialize;

/// Exit code of a process ended by Ctrl-C (128 + SIGINT).
const INTERRUPTED: i32 = 130;

/// Options of `anteroom serve`. What is given here wins over the environment and the file.
#[derive(Debug, clap::Args, Serialize)]
pub(crate) struct Args {
    /// Development mode: private certificate authority, demo tenant and meeting, plain HTTP on loopback. The default
    /// when there is no configuration file.
    #[arg(long)]
    #[serde(skip_serializing_if = "is_false")]
    dev: bool,

    /// HTTPS and WebSocket [default: 127.0.0.1:8443].
    #[arg(long, value_name = "ADDR:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,

    /// UDP port of media; further media threads take the ports behind it [default: 0.0.0.0:10000].
    #[arg(long, value_name = "ADDR:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<SocketAddr>,

    /// Media over TCP, for clients that no UDP reaches: "on" (the ports of UDP), "off", or an address [default: on].
    #[arg(long, value_name = "ADDR:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    media_tcp: Option<String>,

    /// Media threads, each with a UDP port of its own [default: one for each core].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    media_threads: Option<NonZeroUsize>,

    /// Plain HTTP for browsers on this machine, in development mode; "off" for none [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR:PORT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    dev_http: Option<String>,

    /// Directory of everything that is kept [default: ~/.local/share/anteroom].
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<PathBuf>,

    /// Configuration file in TOML.
    #[arg(long, value_name = "FILE", env = "ANTEROOM_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

pub(crate) fn run(args: Args) -> ExitCode {
    super::init_log("info,anteroom_service=info");
    match serve(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(line) => {
            let _ = writeln!(io::stderr(), "anteroom: {line}");
            ExitCode::FAILURE
        }
    }
}

/// An error is one line.
fn serve(args: &Args) -> Result<(), String> {
    // Every guest is a socket or two; what the system allows by default is soon used up.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
    let config =
        Config::load(args.config.as_deref(), args).map_err(|error: ConfigError| error.to_string())?;
    let data = config.data.clone();
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(|error| error.to_string())?;
        let service = Service::start(config).await.map_err(|error| error.to_string())?;
        // Whoever reads the banner may have gone; the service runs all the same.
        let _ = banner(&service, &data);
        signals.next().await;
        let _ = writeln!(io::stderr(), "Stopping (once more to stop at once) …");
        tokio::select! {
            () = service.shutdown() => Ok(()),
            () = signals.next() => std::process::exit(INTERRUPTED),
        }
    })
}

fn banner(service: &RunningService, data: &std::path::Path) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out)?;
    match service.dev() {
        Some(dev) => dev_banner(&mut out, dev, &media(service), data)?,
        None => {
            writeln!(
                out,
                "  Anteroom serves {}",
                style(service.endpoint().as_str()).bold()
            )?;
            writeln!(out, "  Media     {}", media(service))?;
            writeln!(out, "  Data      {}", data.display())?;
            writeln!(out, "  Ctrl-C stops it.")?;
        }
    }
    writeln!(out)?;
    out.flush()
}

/// Where media is listened for.
fn media(service: &RunningService) -> String {
    let [udp, tcp] = [service.media_addrs(), service.media_tcp_addrs()].map(ranges);
    if tcp.is_empty() {
        format!("{udp} (UDP)")
    } else if tcp == udp {
        format!("{udp} (UDP and TCP)")
    } else {
        format!("{udp} (UDP), {tcp} (TCP)")
    }
}

/// The addresses of media threads, those on neighbouring ports as a range: `0.0.0.0:10000-10003`.
fn ranges(addresses: &[SocketAddr]) -> String {
    let mut ranges: Vec<(SocketAddr, u16)> = Vec::new();
    for address in addresses {
        match ranges.last_mut() {
            Some((first, last))
                if first.ip() == address.ip() && last.checked_add(1) == Some(address.port()) =>
            {
                *last = address.port();
            }
            _ => ranges.push((*address, address.port())),
        }
    }
    let texts: Vec<String> = ranges
        .into_iter()
        .map(|(first, last)| {
            if last == first.port() {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        })
        .collect();
    texts.join(", ")
}

fn dev_banner(out: &mut impl Write, dev: &DevInfo, media: &str, data: &std::path::Path) -> io::Result<()> {
    writeln!(
        out,
        "  {} development mode, everything on this machine",
        style("Anteroom").bold()
    )?;
    writeln!(out)?;
    writeln!(
        out,
        "  Join as a guest   {}",
        style(&dev.guest_page).cyan().underlined()
    )?;
    writeln!(
        out,
        "  The Teams side    {}",
        style(&dev.teams_page).cyan().underlined()
    )?;
    if let Some(user) = dev.users.first() {
        writeln!(
            out,
            "                    sign in as {} with {}",
            user.upn, user.password
        )?;
    }
    writeln!(out)?;
    writeln!(out, "  For ACS SDKs      {}", dev.endpoint)?;
    writeln!(out, "  Media             {media}")?;
    writeln!(
        out,
        "  Data              {} (dev.json has keys and passwords)",
        data.display()
    )?;
    if let Some(line) = dev.trust_line() {
        writeln!(out)?;
        writeln!(out, "  So that Python, Node and curl trust it:")?;
        writeln!(out, "  {line}")?;
    }
    writeln!(out)?;
    writeln!(out, "  Ctrl-C stops it; the data stays.")
}

/// Ctrl-C and, on Unix, SIGTERM.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(not(unix))]
    fn new() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_ports_are_a_range() {
        let text = |addresses: &[&str]| {
            let addresses: Vec<_> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            ranges(&addresses)
        };
        assert_eq!(text(&["0.0.0.0:10000"]), "0.0.0.0:10000");
        assert_eq!(
            text(&["[::]:10000", "[::]:10001", "[::]:10002"]),
            "[::]:10000-10002"
        );
        assert_eq!(
            text(&["127.0.0.1:5", "127.0.0.1:7", "127.0.0.1:8"]),
            "127.0.0.1:5, 127.0.0.1:7-8"
        );
        assert_eq!(
            text(&["127.0.0.1:65535", "127.0.0.1:0"]),
            "127.0.0.1:65535, 127.0.0.1:0"
        );
    }
}
