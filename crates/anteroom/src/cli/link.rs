//! `anteroom link`: what a meeting link says.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anteroom_teams_link::link::icalendar::{self, CalendarError};
use anteroom_teams_link::link::{
    self, FindError, Findings, LinkError, Locator, MAX_INVITE_BYTES, MeetingRef, OwnHost, Rewriter, Secret,
    TypedMeeting,
};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::output;

/// Options of `anteroom link`.
#[derive(Debug, Args)]
pub(crate) struct Link {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a meeting link leads to, or why it is none. Nothing is fetched.
    ///
    /// Of several links the first that leads into a meeting counts. Exit code 0 when there is one; otherwise the name of
    /// the refusal and a sentence on standard error, and exit code 1.
    Parse(Parse),
}

#[derive(Args)]
struct Parse {
    /// A meeting link, the text of an invitation (plain or HTML), a path that ends in .ics, or - for standard input,
    /// where any of their contents may come.
    #[arg(value_name = "TEXT")]
    text: String,

    /// Print JSON with the keys kind, cloud, locator and unwrapped; or with the key error alone, which has name and
    /// message.
    #[arg(long)]
    json: bool,

    /// Print the passcode, too.
    #[arg(long)]
    show_secrets: bool,

    /// Address of a service whose own links are understood, https://HOST[:PORT]; may be repeated.
    #[arg(long, value_name = "URL")]
    own_host: Vec<OwnHost>,
}

impl std::fmt::Debug for Parse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parse").finish_non_exhaustive()
    }
}

pub(crate) fn run(link: Link) -> anyhow::Result<ExitCode> {
    match link.command {
        Command::Parse(options) => parse(&options),
    }
}

fn parse(options: &Parse) -> anyhow::Result<ExitCode> {
    let outcome = match contents(&options.text)? {
        Some(bytes) => read(&bytes, options),
        None => read(options.text.as_bytes(), options),
    };
    match outcome {
        Ok(meeting) => {
            let answer = Meeting::new(&meeting, options.show_secrets);
            output::print(options.json, &answer, Meeting::for_people)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refusal) => {
            let line = format!("{}: {}", refusal.name, refusal.message);
            if options.json {
                output::print(true, &Refused { error: refusal }, |_| String::new())?;
            }
            let _ = writeln!(io::stderr(), "anteroom: {line}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// What a file or standard input holds, one byte more than is read at most; `None` when the text is meant itself.
fn contents(text: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let limit = MAX_INVITE_BYTES as u64 + 1;
    if text == "-" {
        io::stdin().take(limit).read_to_end(&mut bytes)?;
        return Ok(Some(bytes));
    }
    let path = Path::new(text);
    let is_calendar = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("ics"));
    // A link may end like that, too.
    if !is_calendar || text.contains("://") {
        return Ok(None);
    }
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .with_context(|| format!("cannot read {text}"))?;
    Ok(Some(bytes))
}

/// The meeting that a link, an invitation or a calendar file leads to.
fn read(bytes: &[u8], options: &Parse) -> Result<MeetingRef, Refusal> {
    let own = &options.own_host;
    if bytes.len() > MAX_INVITE_BYTES {
        return Err(FindError::TooLong.into());
    }
    if icalendar::is_calendar(bytes) {
        let events = icalendar::read(bytes, own)?;
        return best(&icalendar::together(&events), options);
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim();
    let alone = link::parse(text, own);
    match alone {
        Ok(meeting) => return Ok(meeting),
        Err(error) if !text.contains(char::is_whitespace) && !text.contains('<') => {
            return Err(Refusal::of_link(error, Rewriter::of_link(text)));
        }
        Err(_) => {}
    }
    let found = link::find(text, own)?;
    match (alone, found.best()) {
        // One line that begins as a link and is none.
        (Err(error), Err(_)) if is_link_like(text) && found.rewriter().is_none() => {
            Err(Refusal::of_link(error, None))
        }
        _ => best(&found, options),
    }
}

fn is_link_like(text: &str) -> bool {
    let begins = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    !text.contains('\n') && ["https:", "http:", "msteams:"].into_iter().any(begins)
}

fn best(found: &Findings, options: &Parse) -> Result<MeetingRef, Refusal> {
    found.best().cloned().map_err(|error| {
        let mut refusal = Refusal::of_link(error, found.rewriter());
        if let (LinkError::NotAUrl, [typed, ..]) = (error, found.typed()) {
            refusal.message = perhaps(typed, options.show_secrets);
        }
        refusal
    })
}

/// Digits that look like a meeting id are not taken for one unasked.
fn perhaps(typed: &TypedMeeting, show_secrets: bool) -> String {
    let id = typed.meeting_id();
    let last = id.get(id.len().saturating_sub(4)..).unwrap_or_default();
    let (id, passcode) = match typed.passcode() {
        Some(code) if show_secrets => (id.to_owned(), format!(" with the passcode {}", code.expose())),
        None if show_secrets => (id.to_owned(), String::new()),
        Some(_) => (format!("…{last}"), " with a passcode".to_owned()),
        None => (format!("…{last}"), String::new()),
    };
    format!("there is no link; {id} may be a meeting id{passcode}, which a person has to confirm")
}

/// What is printed of a meeting.
#[derive(Serialize)]
struct Meeting {
    kind: &'static str,
    cloud: &'static str,
    locator: Located,
    unwrapped: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Located {
    Coordinates {
        thread_id: String,
        message_id: String,
        tenant_id: String,
        organizer_id: String,
    },
    MeetingId {
        meeting_id: String,
        passcode: Option<String>,
    },
}

#[derive(Serialize)]
struct Refused {
    error: Refusal,
}

/// Why there is no meeting.
#[derive(Serialize)]
struct Refusal {
    name: &'static str,
    message: String,
}

impl Meeting {
    fn new(meeting: &MeetingRef, show_secrets: bool) -> Self {
        let shown = |code: &Secret| {
            if show_secrets {
                code.expose().to_owned()
            } else {
                code.to_string()
            }
        };
        let locator = match &meeting.locator {
            Locator::Coordinates {
                thread_id,
                message_id,
                tenant_id,
                organizer_id,
            } => Located::Coordinates {
                thread_id: thread_id.to_string(),
                message_id: message_id.clone(),
                tenant_id: tenant_id.to_string(),
                organizer_id: organizer_id.to_string(),
            },
            Locator::MeetingId { meeting_id, passcode } => Located::MeetingId {
                meeting_id: meeting_id.clone(),
                passcode: passcode.as_ref().map(shown),
            },
        };
        Self {
            kind: meeting.kind.name(),
            cloud: meeting.cloud.name(),
            locator,
            unwrapped: meeting.unwrapped.iter().map(|wrapper| wrapper.name()).collect(),
        }
    }

    fn for_people(&self) -> String {
        let mut rows = vec![("kind", self.kind), ("cloud", self.cloud)];
        match &self.locator {
            Located::Coordinates {
                thread_id,
                message_id,
                tenant_id,
                organizer_id,
            } => rows.extend([
                ("thread", thread_id.as_str()),
                ("message", message_id),
                ("tenant", tenant_id),
                ("organizer", organizer_id),
            ]),
            Located::MeetingId { meeting_id, passcode } => rows.extend([
                ("meeting id", meeting_id.as_str()),
                ("passcode", passcode.as_deref().unwrap_or("none")),
            ]),
        }
        let wrappers = self.unwrapped.join(", ");
        if !wrappers.is_empty() {
            rows.push(("unwrapped", &wrappers));
        }
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, value)| vec![(*name).to_owned(), (*value).to_owned()])
            .collect();
        output::table(&rows)
    }
}

impl Refusal {
    fn of_link(error: LinkError, rewriter: Option<Rewriter>) -> Self {
        let mut message = format!("{error}.");
        if let (LinkError::HostNotAllowed, Some(rewriter)) = (error, rewriter) {
            message = format!("{message} {}", rewriter.hint());
        }
        Self {
            name: error.name(),
            message,
        }
    }
}

impl From<FindError> for Refusal {
    fn from(error: FindError) -> Self {
        Self {
            name: "TooLong",
            message: format!("{error}."),
        }
    }
}

impl From<CalendarError> for Refusal {
    fn from(error: CalendarError) -> Self {
        Self {
            name: match error {
                CalendarError::NoEvent => "NoEvent",
                _ => "TooLong",
            },
            message: format!("{error}."),
        }
    }
}
