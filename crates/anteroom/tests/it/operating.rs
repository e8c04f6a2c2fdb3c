//! Commands for whoever runs the service: backup, restore, threads.

use std::path::Path;
use std::process::Command;

use anteroom::client::Event;
use serde_json::Value;

use crate::common::program::{finish, one_line, program, served};
use crate::common::{Person, list_messages};

fn command(data: &Path, words: &[&str]) -> Command {
    let mut command = program();
    command.args(words).arg("--data").arg(data);
    command
}

/// The standard output of a command that works.
fn output(command: &mut Command) -> String {
    let output = finish(command);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_service_comes_back() {
    let place = tempfile::tempdir().unwrap();
    let (data, copy) = (place.path().join("data"), place.path().join("copy"));
    let copy_text = copy.to_str().unwrap();
    let (mut service, before) = served(&data);
    let alice = Person::alice(&before).await;
    alice.says("before the backup").await;
    let manifest: Value =
        serde_json::from_str(&output(&mut command(&data, &["backup", copy_text, "--json"]))).unwrap();
    let files: Vec<_> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["path"])
        .collect();
    assert!(files.contains(&&Value::from("anteroom.db")), "{files:?}");
    assert!(!files.contains(&&Value::from("operator.json")), "{files:?}");
    alice.says("after the backup").await;

    let line = one_line(&finish(&mut command(&data, &["backup", copy_text])));
    assert!(line.contains("is not empty"), "{line}");
    let line = one_line(&finish(&mut command(&data, &["restore", copy_text, "--force"])));
    assert!(line.contains("in use"), "{line}");
    // A copy is not the service it was taken from.
    let other = place.path().join("other");
    output(&mut command(&other, &["restore", copy_text]));
    let line = one_line(&finish(&mut command(&other, &["identity", "create"])));
    assert!(line.contains("no service runs"), "{line}");
    service.kill().unwrap();
    let line = one_line(&finish(&mut command(&data, &["restore", copy_text])));
    assert!(line.contains("--force"), "{line}");
    output(&mut command(&data, &["restore", copy_text, "--force"]));

    let (_service, after) = served(&data);
    assert_eq!(
        after.connection_string.split("accesskey=").last(),
        before.connection_string.split("accesskey=").last()
    );
    let mut alice = Person::alice(&after).await;
    alice
        .until(
            |event| matches!(event, Event::Chat { text, history: true, .. } if text == "before the backup"),
        )
        .await;
    let list: Value =
        serde_json::from_str(&output(&mut command(&data, &["thread", "list", "--json"]))).unwrap();
    assert_eq!(list[0]["messages"], 1, "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_listed_and_exported_while_the_service_runs() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (_service, dev) = served(&data);
    let alice = Person::alice(&dev).await;
    for text in ["one", "two", "three"] {
        alice.says(text).await;
    }

    let table = output(&mut command(&data, &["thread", "list"]));
    assert!(
        table.contains(&dev.meeting.thread_id) && table.contains(&dev.meeting.subject),
        "{table}"
    );

    let export = output(&mut command(&data, &["thread", "export", &dev.meeting.thread_id]));
    let lines: Vec<Value> = export
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["type"], "thread");
    assert_eq!(lines[0]["id"], Value::from(dev.meeting.thread_id.clone()));
    let said: Vec<_> = lines
        .iter()
        .filter(|line| line["type"] == "message")
        .map(|line| line["message"]["content"]["message"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["one", "two", "three"]);

    let file = place.path().join("export.jsonl");
    let mut to_file = command(&data, &["thread", "export", &dev.meeting.thread_id]);
    output(to_file.arg("--output").arg(&file));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), export);
    let line = one_line(&finish(&mut to_file));
    assert!(line.contains("cannot write"), "{line}");

    let line = one_line(&finish(&mut command(
        &data,
        &["thread", "export", "19:nobody@thread.v2"],
    )));
    assert!(line.contains("no thread"), "{line}");
    let line = one_line(&finish(&mut command(
        &place.path().join("nothing"),
        &["thread", "list"],
    )));
    assert!(line.contains("cannot be read"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_tokens_from_the_command_line() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (_service, dev) = served(&data);
    let json = |words: &[&str]| -> Value {
        serde_json::from_str(&output(command(&data, words).arg("--json"))).unwrap()
    };

    let made = json(&[
        "identity",
        "create",
        "--scope",
        "chat,voip.join",
        "--minutes",
        "60",
    ]);
    let (user, first) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    assert!(
        user.starts_with("8:acs:") && made["expiresOn"].is_string(),
        "{made}"
    );
    // Known, and no member: 403. Unknown: 401.
    assert_eq!(list_messages(&dev, first).await.0, 403);
    output(&mut command(&data, &["identity", "revoke", user]));
    assert_eq!(list_messages(&dev, first).await.0, 401);

    let mut by_connection_string = program();
    by_connection_string.args([
        "identity",
        "token",
        user,
        "--connection-string",
        &dev.connection_string,
    ]);
    by_connection_string
        .arg("--ca")
        .arg(dev.ca_file.as_ref().unwrap());
    let second = output(&mut by_connection_string).trim().to_owned();
    assert_eq!(list_messages(&dev, &second).await.0, 403);

    assert_eq!(json(&["identity", "delete", user])["id"], Value::from(user));
    assert_eq!(list_messages(&dev, &second).await.0, 401);
    let line = one_line(&finish(&mut command(&data, &["identity", "token", user])));
    assert!(line.contains("NotFound"), "{line}");
    let nowhere = place.path().join("nowhere");
    let line = one_line(&finish(&mut command(&nowhere, &["identity", "create"])));
    assert!(line.contains("--connection-string"), "{line}");
}
