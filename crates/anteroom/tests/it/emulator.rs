//! `anteroom emulator` against a running service.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::program::{finish, one_line, program, served};

fn command(data: &Path, words: &[&str]) -> Command {
    let mut command = program();
    command.args(words).arg("--data").arg(data);
    command
}

/// The JSON that a command prints.
fn answer(data: &Path, words: &[&str]) -> Value {
    let output = finish(command(data, words).arg("--json"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{words:?} prints no JSON: {errors}"))
}

#[test]
fn faults_and_time_on_demand() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path();
    let (_service, _) = served(data);

    let rule = answer(
        data,
        &["emulator", "add", "--status", "403", "--on", "POST /identities"],
    );
    assert_eq!(rule["remaining"], 1, "{rule}");
    let line = one_line(&finish(&mut command(data, &["identity", "create"])));
    assert!(line.contains("403") || line.contains("not allowed"), "{line}");
    assert!(answer(data, &["identity", "create"])["id"].is_string());

    let slow = answer(
        data,
        &[
            "emulator",
            "add",
            "--latency",
            "5",
            "--count",
            "7",
            "--seconds",
            "60",
        ],
    );
    answer(data, &["emulator", "add", "--expired-token", "--seconds", "9"]);
    answer(data, &["emulator", "add", "--drop-socket"]);
    let list = answer(data, &["emulator", "list"]);
    assert_eq!(list.as_array().map(Vec::len), Some(3), "{list}");
    answer(
        data,
        &["emulator", "clear", slow["id"].as_str().unwrap_or_default()],
    );
    assert_eq!(
        answer(data, &["emulator", "list"]).as_array().map(Vec::len),
        Some(2)
    );
    answer(data, &["emulator", "clear"]);
    assert_eq!(
        answer(data, &["emulator", "list"]).as_array().map(Vec::len),
        Some(0)
    );
    let line = one_line(&finish(&mut command(data, &["emulator", "clear", "77"])));
    assert!(line.contains("no such rule"), "{line}");
    let line = one_line(&finish(&mut command(
        data,
        &["emulator", "add", "--status", "418"],
    )));
    assert!(line.contains("401, 403, 429"), "{line}");
    answer(data, &["emulator", "drop-sockets"]);

    let set = answer(
        data,
        &["emulator", "clock", "set", "2030-01-01T00:00:00Z", "--stopped"],
    );
    assert_eq!(set["time"], "2030-01-01T00:00:00Z");
    let stepped = answer(data, &["emulator", "clock", "step", "-1h"]);
    assert_eq!(stepped["time"], "2029-12-31T23:00:00Z");
    let user = answer(
        data,
        &["identity", "create", "--scope", "chat", "--minutes", "60"],
    );
    assert_eq!(user["expiresOn"], "2030-01-01T00:00:00Z");
    assert_eq!(answer(data, &["emulator", "clock", "show"])["running"], false);
    assert_eq!(answer(data, &["emulator", "clock", "reset"])["running"], true);
}
