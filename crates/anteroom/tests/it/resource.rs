//! Resources, their access keys and the keys that sign tokens, from the command line.

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

/// Creates a user with this connection string; its id, or one line about the refusal.
fn create_user(data: &Path, connection_string: &str) -> Result<String, String> {
    let ca = data.join("tls/ca.pem");
    let mut create = command(data, &["identity", "create", "--json"]);
    create
        .args(["--connection-string", connection_string, "--ca"])
        .arg(ca);
    let output = finish(&mut create);
    if !output.status.success() {
        return Err(one_line(&output));
    }
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    Ok(made["id"].as_str().unwrap().to_owned())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn resources_of_a_running_and_of_a_stopped_service() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (mut service, dev) = served(&data);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = std::fs::metadata(data.join("operator.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // A second resource, at once with users of its own.
    let made = json(&data, &["resource", "create", "second"]);
    let user = create_user(&data, text(&made["secondaryConnectionString"])).unwrap();
    assert!(user.contains(text(&made["id"])), "{user}");
    let listed = json(&data, &["resource", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed[0].get("primaryKey").is_none(), "{listed}");
    let line = one_line(&finish(&mut command(&data, &["resource", "create", "second"])));
    assert!(line.contains("exists"), "{line}");
    let line = one_line(&finish(&mut command(&data, &["resource", "create", "a b"])));
    assert!(line.contains("letters"), "{line}");

    // The demo's key: the old one is refused at once, the other one goes on, and the file has the new one.
    let id = dev.resource_id.clone();
    let rotated = json(&data, &["resource", "rotate-key", &id, "--key", "primary"]);
    assert!(create_user(&data, &dev.connection_string).is_err());
    create_user(&data, text(&rotated["secondaryConnectionString"])).unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(data.join("dev.json")).unwrap()).unwrap();
    assert_eq!(written["connection_string"], rotated["primaryConnectionString"]);
    create_user(&data, text(&written["connection_string"])).unwrap();
    let nobody = ["resource", "rotate-key", "nobody", "--key", "primary"];
    let line = one_line(&finish(&mut command(&data, &nobody)));
    assert!(line.contains("no such resource"), "{line}");

    let before = json(&data, &["signing-key", "show"]);
    let after = json(&data, &["signing-key", "rotate"]);
    assert_eq!(after["retired"][0]["kid"], before["current"]);

    // The same without the service.
    service.kill().unwrap();
    let listed = json(&data, &["resource", "list", "--keys"]);
    assert_eq!(listed[0]["primaryKey"], rotated["primaryKey"]);
    let offline = json(&data, &["resource", "rotate-key", "second", "--key", "secondary"]);
    assert_ne!(offline["secondaryKey"], made["secondaryKey"]);
    assert_eq!(offline["primaryKey"], made["primaryKey"]);
    let later = json(&data, &["signing-key", "rotate"]);
    assert_eq!(later["retired"].as_array().unwrap().len(), 2);
    let (_service, again) = served(&data);
    create_user(&data, &again.connection_string).unwrap();
    let connection = |key: &Value| format!("endpoint={}/;accesskey={}", again.endpoint, text(key));
    assert!(create_user(&data, &connection(&made["secondaryKey"])).is_err());
    create_user(&data, &connection(&offline["secondaryKey"])).unwrap();

    let line = one_line(&finish(&mut command(
        &place.path().join("nothing"),
        &["resource", "list"],
    )));
    assert!(line.contains("no data directory"), "{line}");
}
