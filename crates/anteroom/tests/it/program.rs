//! The program as its users run it: exit codes, one-line errors, JSON lines, and what survives `kill -9`.

use std::process::{Command, Output};
use std::time::Duration;

use anteroom::client::{Credential, Event};
use anteroom_testkit::process::ProcessGuard;
use serde_json::Value;

use crate::common::program::{finish, one_line, program, serve, served};
use crate::common::{PATIENCE, Person, list_messages, start};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let (mut service, before) = served(directory.path());
    let alice = Person::alice(&before).await;
    alice.says("acknowledged").await;
    let guest = Person::guest(&before).await;
    let token = guest.meeting.token().to_owned();
    service.kill().unwrap();

    let (mut service, after) = served(directory.path());
    assert_eq!(after.tenant_id, before.tenant_id);
    assert_eq!(after.resource_id, before.resource_id);
    assert_eq!(after.meeting.thread_id, before.meeting.thread_id);
    let path = |url: &str| url::Url::parse(url).unwrap()[url::Position::BeforePath..].to_owned();
    assert_eq!(path(&after.meeting.join_url), path(&before.meeting.join_url));
    for (after, before) in after.users.iter().zip(&before.users) {
        assert_eq!(
            (&after.upn, &after.object_id, &after.password),
            (&before.upn, &before.object_id, &before.password)
        );
    }
    // The token is known, its holder is not in the call: 403, not 401.
    assert_eq!(list_messages(&after, &token).await.0, 403);
    // The message is there for who may read it.
    let mut alice = Person::alice(&after).await;
    alice
        .until(|event| matches!(event, Event::Chat { text, history: true, .. } if text == "acknowledged"))
        .await;
    let mut guest = Person::join(&after, &after.meeting.join_url, "Back", Credential::Token(token)).await;
    guest.until(|event| matches!(event, Event::Lobby { .. })).await;

    let id = service.child().id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let status = service.wait_at_most(PATIENCE).unwrap().expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn start_errors_are_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let (_service, dev) = served(&directory.path().join("first"));

    let taken = dev.endpoint.trim_start_matches("https://").to_owned();
    let mut command = program();
    command
        .arg("serve")
        .arg("--data")
        .arg(directory.path().join("second"))
        .args(["--listen", &taken]);
    command.args(["--media", "127.0.0.1:0", "--dev-http", "off"]);
    let line = one_line(&finish(&mut command));
    assert!(line.contains(&taken), "{line}");

    let line = one_line(&finish(&mut serve(&directory.path().join("first"))));
    assert!(line.contains("first"), "the directory is in use: {line}");

    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let line = one_line(&finish(&mut serve(&file.join("below"))));
    assert!(line.contains("below"), "{line}");

    let config = directory.path().join("bad.toml");
    std::fs::write(&config, "lissten = \"127.0.0.1:1\"\n").unwrap();
    let line = one_line(&finish(
        serve(&directory.path().join("third"))
            .arg("--config")
            .arg(&config),
    ));
    assert!(line.contains("lissten"), "{line}");

    std::fs::write(
        &config,
        "[tls]\ncert = \"/nonexistent/cert.pem\"\nkey = \"/nonexistent/key.pem\"\n",
    )
    .unwrap();
    let mut command = program();
    command
        .arg("serve")
        .arg("--data")
        .arg(directory.path().join("third"))
        .arg("--config")
        .arg(&config);
    command.args(["--listen", "127.0.0.1:0", "--media", "127.0.0.1:0"]);
    let line = one_line(&finish(&mut command));
    assert!(line.contains("/nonexistent/cert.pem"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn join_speaks_json_and_its_exit_code_tells() {
    let directory = tempfile::tempdir().unwrap();
    let (service, dev) = start(&directory.path().join("data"), |_| {}).await;
    let ca = dev.ca_file.clone().unwrap();
    let join = |link: &str, name: &str| {
        let mut command = program();
        command
            .args([
                "join",
                link,
                "--name",
                name,
                "--json",
                "--endpoint",
                &dev.endpoint,
                "--ca",
            ])
            .arg(&ca);
        command.args(["--connection-string", &dev.connection_string]);
        command
    };

    let refused = finish(&mut join(
        "https://gov.teams.microsoft.us/meet/274918305566421",
        "Dana",
    ));
    assert_eq!(refused.status.code(), Some(2));
    let last = events(&refused).pop().unwrap();
    assert_eq!(
        (last["event"].as_str(), last["code"].as_u64()),
        (Some("ended"), Some(403))
    );

    let not_wav = directory.path().join("text.wav");
    std::fs::write(&not_wav, "no sound").unwrap();
    let failed = finish(join(&dev.meeting.join_url, "Dana").arg("--play").arg(&not_wav));
    let line = one_line(&failed);
    assert!(line.contains("text.wav"), "{line}");

    let mut host = Person::alice(&dev).await;
    let recorded = directory.path().join("heard.wav");
    let mut command = join(&dev.meeting.join_url, "Dana");
    command
        .args(["--chat", "one", "--chat", "two", "--for", "2", "--record"])
        .arg(&recorded);
    let running = tokio::task::spawn_blocking(move || finish(&mut command));
    let waiting = host.sees_waiting("Dana").await;
    host.meeting.admit(vec![waiting]).await;
    host.reads("one").await;
    host.reads("two").await;
    let left = running.await.unwrap();
    assert_eq!(
        left.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&left.stderr)
    );
    let said: Vec<String> = events(&left)
        .iter()
        .map(|event| event["event"].as_str().unwrap().to_owned())
        .collect();
    for wanted in ["lobby", "connected", "roster", "chat", "stats", "ended"] {
        assert!(
            said.iter().any(|event| event == wanted),
            "{wanted} is missing: {said:?}"
        );
    }
    let samples = anteroom_codec::container::wav::open(&recorded, Default::default()).unwrap();
    assert!(
        samples.len() > 48_000,
        "two seconds in the call give more than one second of recording"
    );
    service.shutdown().await;
}

#[test]
fn a_name_that_is_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (_service, dev) = served(directory.path());
    for name in ["", "line\nbreak", &"x".repeat(257)] {
        let mut command = program();
        command.args([
            "join",
            &dev.meeting.join_url,
            "--json",
            "--endpoint",
            &dev.endpoint,
            "--ca",
        ]);
        command.arg(dev.ca_file.as_ref().unwrap());
        command.args(["--connection-string", &dev.connection_string, "--name", name]);
        let output = finish(&mut command);
        assert_eq!(output.status.code(), Some(2), "{name:?}");
        let last = events(&output).pop().unwrap();
        assert_eq!(
            (last["code"].as_u64(), last["subCode"].as_u64()),
            (Some(400), Some(990_002)),
            "{last}"
        );
    }
}

#[test]
fn the_demo_succeeds() {
    let output = ProcessGuard::spawn(program().args(["demo", "--json"]))
        .unwrap()
        .output_within(Duration::from_secs(120))
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: Value = serde_json::from_str(&text).expect(&text);
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(output.status.code(), Some(0));
    let steps = report["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["step"] == name).unwrap();
    for talk in ["guest-to-alice", "alice-to-guest"] {
        assert!(step(talk)["packets"].as_u64().unwrap() > 250, "{report:#}");
    }
    assert!(
        step("admit")["joinToFirstAudioMs"].as_f64().unwrap() > 0.0,
        "{report:#}"
    );
    assert_eq!(step("after")["chatStatusAfter"], 403);
}

fn events(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}
