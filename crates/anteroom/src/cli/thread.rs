//! `anteroom thread`: what was said, for the operator.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anteroom_chat::ThreadId;
use anteroom_service::export::{ThreadLine, Threads};
use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::backup::data_directory;
use super::output;

/// Options of `anteroom thread`.
#[derive(Debug, Args)]
pub(crate) struct Thread {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all threads, newest first.
    List {
        #[command(flatten)]
        data: Data,

        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a thread as JSON Lines: its properties, its participants, its messages from the oldest on.
    Export {
        /// The thread: 19:…@thread.v2.
        #[arg(value_name = "THREAD")]
        id: String,

        /// File to write; it must not exist [default: standard output].
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,

        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
struct Data {
    /// The data directory [default: ~/.local/share/anteroom]. The service may be running.
    #[arg(long, value_name = "DIR", env = "ANTEROOM_DATA")]
    data: Option<PathBuf>,
}

pub(crate) fn run(thread: Thread) -> anyhow::Result<ExitCode> {
    match thread.command {
        Command::List { data, json } => {
            let lines = open(data)?.list()?;
            output::print(json, &lines, |lines| listing(lines))?;
        }
        Command::Export { id, output, data } => {
            let id: ThreadId = id.parse().with_context(|| format!("{id} is no thread id"))?;
            let threads = open(data)?;
            match output {
                Some(file) => export_to_file(&threads, &id, &file)?,
                None => {
                    export(&threads, &id, io::stdout().lock())?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(data: Data) -> anyhow::Result<Threads> {
    let directory = data_directory(data.data);
    Threads::open(&directory).with_context(|| format!("{} cannot be read", directory.display()))
}

fn export_to_file(threads: &Threads, id: &ThreadId, file: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // What people said is not for everybody on this machine.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let out = options
        .open(file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    let written = export(threads, id, &out);
    match written {
        Ok(messages) => {
            out.sync_all()?;
            let _ = writeln!(io::stderr(), "{messages} messages in {}.", file.display());
            Ok(())
        }
        Err(error) => {
            // Half an export must not be taken for a whole one.
            let _ = std::fs::remove_file(file);
            Err(error)
        }
    }
}

fn export(threads: &Threads, id: &ThreadId, out: impl Write) -> anyhow::Result<u64> {
    let bar = output::progress("Messages", "{msg} {bar:30} {pos}/{len}");
    let mut out = BufWriter::new(out);
    let written = threads.export(id, &mut out, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let written = written?;
    out.flush()?;
    Ok(written)
}

fn listing(lines: &[ThreadLine]) -> String {
    let heading = ["thread", "created", "participants", "messages", "topic"].map(str::to_owned);
    let rows = lines.iter().map(|line| {
        vec![
            line.properties.id.clone(),
            line.properties.created_on.date().to_string(),
            line.participants.to_string(),
            line.messages.to_string(),
            match &line.properties.deleted_on {
                Some(deleted) => format!("(deleted {})", deleted.date()),
                // A topic may hold what moves the cursor.
                None => line.properties.topic.escape_debug().to_string(),
            },
        ]
    });
    let rows: Vec<_> = std::iter::once(heading.to_vec()).chain(rows).collect();
    output::table(&rows)
}
