//! `anteroom emulator`: faults and time on demand, for tests against a service in development mode.

use std::process::ExitCode;

use anteroom_identity::client::AzureKeyCredential;
use anteroom_identity::client::pipeline::{Authentication, Method, Pipeline, segment};
use anteroom_identity::id::CommunicationIdentifier;
use anyhow::{Context as _, bail};
use clap::{ArgGroup, Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};

use super::output;
use super::target::{Target, options};

/// The controls have one version; pipelines send one all the same.
const API_VERSION: &str = "1";

/// Options of `anteroom emulator`.
#[derive(Debug, Args)]
pub(crate) struct Emulator {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Let operations fail or take long: the next --count calls, or for --seconds.
    Add {
        #[command(flatten)]
        rule: RuleOptions,
        #[command(flatten)]
        common: Common,
    },
    /// List the rules in force.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Take a rule back, or all of them.
    Clear {
        /// The rule's number; all when absent.
        #[arg(value_name = "ID")]
        id: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Show, set or step the service's clock.
    Clock {
        #[command(subcommand)]
        command: ClockCommand,
    },
    /// Cut the open notification sockets of one user, or of all.
    DropSockets {
        /// The user: 8:acs:… All when absent.
        #[arg(value_name = "USER")]
        user: Option<CommunicationIdentifier>,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Subcommand)]
enum ClockCommand {
    /// What the clock shows.
    Show {
        #[command(flatten)]
        common: Common,
    },
    /// Set the clock.
    Set {
        /// 2030-01-01T00:00:00Z
        #[arg(value_name = "TIME")]
        time: String,

        /// Let it stand still until it is set again.
        #[arg(long)]
        stopped: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Set the clock forward, or back.
    Step {
        /// 90s, 15m, 25h, 30d; with a minus sign, back.
        #[arg(value_name = "TIME", value_parser = seconds, allow_hyphen_values = true)]
        by: f64,
        #[command(flatten)]
        common: Common,
    },
    /// The system's time again.
    Reset {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("fault").required(true)))]
struct RuleOptions {
    /// Which operations: "POST /chat/threads/*/messages", "/identities/**" [default: every one].
    #[arg(long, value_name = "OPERATION", default_value = "", hide_default_value = true)]
    on: String,

    /// Answer with this error: 401, 403, 429, 500, 502, 503, 504.
    #[arg(long, value_name = "STATUS", group = "fault")]
    status: Option<u16>,

    /// Header Retry-After of the error, in seconds.
    #[arg(long, value_name = "SECONDS", requires = "status", conflicts_with_all = ["latency", "expired_token", "drop_socket"])]
    retry_after: Option<u64>,

    /// Begin later by so many milliseconds.
    #[arg(long, value_name = "MILLISECONDS", group = "fault")]
    latency: Option<u64>,

    /// Take the user's token for expired.
    #[arg(long, group = "fault")]
    expired_token: bool,

    /// Cut notification sockets that open or would be sent an event.
    #[arg(long, group = "fault")]
    drop_socket: bool,

    /// For the next so many calls [default: 1, without --seconds].
    #[arg(long, value_name = "CALLS")]
    count: Option<u32>,

    /// For so long.
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u64>,
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    target: Target,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What a command that has no other answer prints.
#[derive(Debug, Serialize)]
struct Done {
    done: &'static str,
}

impl RuleOptions {
    fn body(&self) -> Value {
        let fault = if let Some(status) = self.status {
            json!({ "kind": "status", "status": status, "retryAfterSeconds": self.retry_after })
        } else if let Some(milliseconds) = self.latency {
            json!({ "kind": "latency", "milliseconds": milliseconds })
        } else if self.expired_token {
            json!({ "kind": "expiredToken" })
        } else {
            json!({ "kind": "dropSocket" })
        };
        let count = match (self.count, self.seconds) {
            (None, None) => Some(1),
            (count, _) => count,
        };
        json!({ "operation": self.on, "fault": fault, "count": count, "seconds": self.seconds })
    }
}

pub(crate) async fn run(emulator: Emulator) -> anyhow::Result<ExitCode> {
    match emulator.command {
        Command::Add { rule, common } => {
            let made = answer(&common, Method::Post, "/emulator/rules", Some(&rule.body())).await?;
            output::print(common.json, &made, |made| {
                format!("Rule {}: {}", plain(&made["id"]), described(made))
            })?;
        }
        Command::List { common } => {
            let list = answer(&common, Method::Get, "/emulator/rules", None).await?;
            output::print(common.json, &list["value"], listing)?;
        }
        Command::Clear { id, common } => {
            let path = match id {
                Some(id) => format!("/emulator/rules/{}", segment(&id)?),
                None => "/emulator/rules".to_owned(),
            };
            act(&common, Method::Delete, &path, None).await?;
            done(&common, "cleared", "Cleared.")?;
        }
        Command::Clock { command } => clock(command).await?,
        Command::DropSockets { user, common } => {
            let body = json!({ "user": user.map(|user| user.to_string()) });
            act(&common, Method::Post, "/emulator/sockets/:drop", Some(&body)).await?;
            done(&common, "dropped", "The sockets are cut.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn clock(command: ClockCommand) -> anyhow::Result<()> {
    const CLOCK: &str = "/emulator/clock";
    let (common, shown) = match command {
        ClockCommand::Show { common } => {
            let shown = answer(&common, Method::Get, CLOCK, None).await?;
            (common, shown)
        }
        ClockCommand::Set {
            time,
            stopped,
            common,
        } => {
            let body = json!({ "time": time, "running": !stopped });
            let shown = answer(&common, Method::Put, CLOCK, Some(&body)).await?;
            (common, shown)
        }
        ClockCommand::Step { by, common } => {
            let body = json!({ "seconds": by });
            let shown = answer(&common, Method::Post, "/emulator/clock/:step", Some(&body)).await?;
            (common, shown)
        }
        ClockCommand::Reset { common } => {
            let shown = answer(&common, Method::Delete, CLOCK, None).await?;
            (common, shown)
        }
    };
    output::print(common.json, &shown, |shown| {
        let standing = if shown["running"] == false {
            ", standing still"
        } else {
            ""
        };
        format!("{}{standing}", plain(&shown["time"]))
    })
}

fn pipeline(target: &Target) -> anyhow::Result<Pipeline> {
    let (connection, ca) = target.resolve()?;
    let key = AzureKeyCredential::from(connection.access_key.clone());
    Ok(Pipeline::new(
        connection.endpoint.as_str(),
        API_VERSION,
        Authentication::Key(key),
        options(ca.as_deref())?,
    )?)
}

/// Sends a request whose answer is JSON.
async fn answer(common: &Common, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let answer = act(common, method, path, body).await?;
    serde_json::from_slice(&answer).context("the service did not answer JSON")
}

async fn act(common: &Common, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Vec<u8>> {
    let pipeline = pipeline(&common.target)?;
    let request = pipeline.request(method, path);
    let request = match body {
        Some(body) => request.with_json(body)?,
        None => request,
    };
    match pipeline.send(request, &[200, 201, 202, 204]).await {
        Ok(response) => Ok(response.body.to_vec()),
        Err(error) if error.status() == Some(404) && path.ends_with("/rules") => {
            bail!("the service has no controls: it does not run in development mode")
        }
        Err(error) => Err(error.into()),
    }
}

fn done(common: &Common, done: &'static str, people: &str) -> anyhow::Result<()> {
    output::print(common.json, &Done { done }, |_| people.to_owned())
}

/// A text without quotes; anything else as JSON. What came over the network moves no cursor.
fn plain(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.escape_debug().to_string(),
        None => value.to_string(),
    }
}

fn described(rule: &Value) -> String {
    let fault = &rule["fault"];
    let what = match fault["kind"].as_str() {
        Some("status") => format!("{} for", fault["status"]),
        Some("latency") => format!("{} ms later for", fault["milliseconds"]),
        Some("expiredToken") => "expired token for".to_owned(),
        _ => "sockets cut, for".to_owned(),
    };
    format!("{what} {}, {}", plain(&rule["operation"]), left(rule))
}

fn left(rule: &Value) -> String {
    let calls = rule["remaining"].as_u64().map(|calls| format!("{calls} calls"));
    let time = rule["secondsLeft"].as_u64().map(|seconds| format!("{seconds} s"));
    let parts: Vec<String> = calls.into_iter().chain(time).collect();
    parts.join(" or ")
}

fn listing(rules: &Value) -> String {
    let heading = ["id", "operation", "fault", "left", "hits"].map(str::to_owned);
    let rows = rules.as_array().into_iter().flatten().map(|rule| {
        let fault = &rule["fault"];
        let detail = fault.get("status").or_else(|| fault.get("milliseconds"));
        vec![
            plain(&rule["id"]),
            plain(&rule["operation"]),
            match detail {
                Some(detail) => format!("{} {detail}", plain(&fault["kind"])),
                None => plain(&fault["kind"]),
            },
            left(rule),
            rule["hits"].to_string(),
        ]
    });
    let rows: Vec<_> = std::iter::once(heading.to_vec()).chain(rows).collect();
    output::table(&rows)
}

/// `25h` in seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err("the unit is one of s, m, h, d".to_owned()),
    };
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number * unit),
        _ => Err("a number and a unit: 90s, 15m, 25h, 30d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_spans_of_time() {
        for (text, wanted) in [
            ("90", 90.0),
            ("90s", 90.0),
            ("-1.5h", -5_400.0),
            ("25h", 90_000.0),
            ("30d", 2_592_000.0),
        ] {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for text in ["", "h", "1w", "inf", "NaN", "1 h", "--1"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
