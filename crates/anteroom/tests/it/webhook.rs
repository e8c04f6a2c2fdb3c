//! Webhooks from the command line.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::program::{finish, one_line, program, served};

fn command(data: &Path, words: &[&str]) -> Command {
    let mut command = program();
    command.args(words).arg("--data").arg(data);
    command
}

fn json(data: &Path, words: &[&str]) -> Value {
    let output = finish(command(data, words).arg("--json"));
    assert!(
        output.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn webhooks_of_a_running_and_of_a_stopped_service() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (mut service, dev) = served(&data);

    // No such name exists, RFC 6761.
    let target = "https://hooks.invalid/a";
    let wanted = [
        "webhook",
        "create",
        target,
        "--event",
        "meeting.ended",
        "--tenant",
        &dev.tenant_id,
    ];
    let made = json(&data, &wanted);
    let id = text(&made["id"]).to_owned();
    assert!(text(&made["secret"]).starts_with("whsec_"));
    assert_eq!(made["tenantId"], dev.tenant_id);
    let line = one_line(&finish(&mut command(
        &data,
        &["webhook", "create", "https://127.0.0.1/"],
    )));
    assert!(line.contains("must not be sent to"), "{line}");
    let line = one_line(&finish(&mut command(
        &data,
        &["webhook", "create", "http://hooks.invalid/"],
    )));
    assert!(line.contains("https"), "{line}");

    let listed = json(&data, &["webhook", "list"]);
    assert_eq!(listed[0]["id"], id);
    assert!(listed[0].get("secret").is_none(), "{listed}");
    let table = finish(&mut command(&data, &["webhook", "list"]));
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(
        table.starts_with("ID ") && table.contains(&id) && table.contains(target),
        "{table}"
    );
    let tested = finish(&mut command(&data, &["webhook", "test", &id]));
    assert_eq!(tested.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&tested.stdout).trim(), "unreachable");
    assert_eq!(
        json(&data, &["webhook", "deliveries", &id]),
        Value::Array(Vec::new())
    );
    let rotated = json(&data, &["webhook", "rotate-secret", &id, "--overlap-hours", "0"]);
    assert_ne!(rotated["secret"], made["secret"]);
    let line = one_line(&finish(&mut command(
        &data,
        &["webhook", "delete", "../resources"],
    )));
    assert!(line.contains("no such webhook"), "{line}");
    let line = one_line(&finish(&mut command(&data, &["webhook", "enable", "wh_0"])));
    assert!(line.contains("not found"), "{line}");

    // The same without the service.
    service.kill().unwrap();
    assert_eq!(json(&data, &["webhook", "list"])[0]["id"], id);
    let second = json(
        &data,
        &[
            "webhook",
            "create",
            "https://hooks.invalid/b",
            "--include-content",
        ],
    );
    assert_eq!(second["events"].as_array().unwrap().len(), 7);
    let line = one_line(&finish(&mut command(
        &data,
        &["webhook", "create", "http://hooks.invalid/"],
    )));
    assert!(line.contains("https"), "{line}");
    let line = one_line(&finish(&mut command(&data, &["webhook", "test", &id])));
    assert!(line.contains("does not run"), "{line}");
    let later = json(&data, &["webhook", "rotate-secret", &id]);
    assert_ne!(later["secret"], rotated["secret"]);
    assert_eq!(json(&data, &["webhook", "enable", &id])["state"], "enabled");
    assert_eq!(
        json(&data, &["webhook", "deliveries", &id]),
        Value::Array(Vec::new())
    );
    json(&data, &["webhook", "delete", &id]);
    let line = one_line(&finish(&mut command(&data, &["webhook", "delete", &id])));
    assert!(line.contains("no such webhook"), "{line}");

    let (_service, _) = served(&data);
    let listed = json(&data, &["webhook", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["id"], second["id"]);
}
