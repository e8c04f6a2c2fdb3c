//! The program as a process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

use anteroom::service::DevInfo;
use anteroom_testkit::process::ProcessGuard;

use super::PATIENCE;

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_anteroom"));
    // Nothing of the developer's own settings may change what is tested.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ANTEROOM_") {
            command.env_remove(name);
        }
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn serve(data: &Path) -> Command {
    let mut command = program();
    command.arg("serve").arg("--data").arg(data);
    command.args([
        "--listen",
        "127.0.0.1:0",
        "--media",
        "127.0.0.1:0",
        "--dev-http",
        "127.0.0.1:0",
    ]);
    command
}

/// Starts the service and waits until its banner is complete.
pub(crate) fn served(data: &Path) -> (ProcessGuard, DevInfo) {
    started(&mut serve(data), data)
}

/// The same with a command of [`serve`] that has been changed.
pub(crate) fn started(serve: &mut Command, data: &Path) -> (ProcessGuard, DevInfo) {
    let mut guard = ProcessGuard::spawn(serve).unwrap();
    let stdout = guard.child().stdout.take().unwrap();
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if line.contains("REQUESTS_CA_BUNDLE") {
                let _ = ready.send(());
            }
        }
    });
    is_ready.recv_timeout(PATIENCE).expect("the banner");
    (guard, DevInfo::read(&data.join("dev.json")).unwrap())
}

pub(crate) fn finish(command: &mut Command) -> Output {
    ProcessGuard::spawn(command)
        .unwrap()
        .output_within(PATIENCE)
        .unwrap()
}

/// The one line of an error.
pub(crate) fn one_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("anteroom:"))
        .collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}");
    lines[0].to_owned()
}
