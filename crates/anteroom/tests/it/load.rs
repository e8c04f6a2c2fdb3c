//! `anteroom load sfu`: that what it reports is about media that was really forwarded. Nothing here is about speed.

use std::process::Output;
use std::time::Duration;

use anteroom_testkit::process::ProcessGuard;
use serde_json::Value;

use crate::common::program::{one_line, program, served};

/// A run starts processes and waits for its clients; a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

fn load(arguments: &[&str]) -> Output {
    let mut command = program();
    command
        .args(["load", "sfu", "--json", "--patience", "60"])
        .args(arguments);
    ProcessGuard::spawn(&mut command)
        .unwrap()
        .output_within(PATIENCE)
        .unwrap()
}

fn report(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// What holds of every run in which everybody receives sound and pictures.
fn plausible(report: &Value, subscribers: u64, streams: u64) {
    let packets = &report["packets"];
    assert_eq!(packets["streams"].as_u64(), Some(streams), "{report}");
    let (sent, forwarded) = (number(&packets["sent"]), number(&packets["forwarded"]));
    assert!(sent > 0.0 && forwarded > 0.0, "{report}");
    // Each subscriber receives at most all that is sent.
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let most = sent * subscribers as f64;
    assert!(forwarded <= most, "{report}");
    let loss = number(&packets["loss"]);
    assert!((0.0..1.0).contains(&loss), "{report}");
    assert!(number(&packets["keyframes"]) >= 1.0, "{report}");
    let counted = |name: &str| {
        let delays = &report["forwardingDelayMicros"][name];
        let spread = ["p50", "p99", "p999", "max"].map(|quantile| number(&delays[quantile]));
        assert!(spread.is_sorted() && spread[0] > 0.0, "{delays}");
        number(&delays["count"])
    };
    let (all, parts) = (counted("all"), counted("audio") + counted("video"));
    assert!((all - parts).abs() < 0.5, "{report}");
    // What was sent twice is forwarded, and its delay not measured.
    let again = number(&packets["retransmissionsReceived"]);
    assert!((all + again - forwarded).abs() < 0.5, "{report}");
    for first in ["firstAudio", "firstFrame"] {
        assert_eq!(
            report["joinMicros"][first]["count"].as_u64(),
            Some(subscribers),
            "{report}"
        );
    }
    let transport = &report["transport"];
    assert_eq!(
        transport["subscribersWithFeedback"].as_u64(),
        Some(subscribers),
        "{report}"
    );
    assert!(number(&transport["feedbacks"]) > 0.0, "{report}");
    let server = &report["server"];
    assert!(number(&server["cpuMicrosPerForwardedPacket"]) > 0.0, "{report}");
    assert!(number(&server["memoryBytes"]) > 1e6, "{report}");
}

#[test]
fn two_publishers_and_four_subscribers_in_a_meeting() {
    let output = load(&[
        "--publishers",
        "2",
        "--subscribers",
        "4",
        "--seconds",
        "3",
        "--video",
        "300k",
    ]);
    let report = report(&output);
    assert_eq!(report["signaling"], "meeting");
    assert_eq!(
        (&report["frames"], &report["transportFeedback"]),
        (&"together".into(), &true.into())
    );
    assert_eq!(report["transport"]["clientsOverTcp"], 0);
    // Everybody receives both voices and both pictures.
    plausible(&report, 4, 16);
    // Three seconds of 30 frames of two packets, and of 50 packets of sound, from two publishers; twice that with the
    // frames a late keyframe makes longer, and half of it where the machine leaves the publishers no time.
    let sent = number(&report["packets"]["sent"]);
    assert!((300.0..=1200.0).contains(&sent), "{report}");
}

#[test]
fn by_whip_and_whep_against_a_service_that_runs() {
    let directory = tempfile::tempdir().unwrap();
    let (mut service, _) = served(directory.path());
    let data = directory.path().to_str().unwrap();
    let id = service.child().id().to_string();
    let common = ["--data", data, "--pid", &id, "--seconds", "2", "--processes", "1"];
    let whip = ["--signaling", "whip", "--publishers", "1", "--subscribers", "2"];
    let more = ["--frames", "spread", "--tcp"];
    let report = report(&load(&[&common[..], &whip[..], &more[..]].concat()));
    plausible(&report, 2, 4);
    assert_eq!(report["processes"].as_u64(), Some(1));
    assert_eq!(
        (&report["frames"], &report["tcp"]),
        (&"spread".into(), &true.into())
    );
    assert_eq!(report["transport"]["clientsOverTcp"], 3);
}

#[test]
fn the_loudest_of_many_speakers_are_heard_and_nobody_misses_the_others() {
    let report = report(&load(&[
        "--publishers",
        "6",
        "--subscribers",
        "3",
        "--seconds",
        "2",
        "--video",
        "0",
        "--voices",
        "2",
        "--no-transport-feedback",
    ]));
    let packets = &report["packets"];
    assert_eq!(packets["streams"].as_u64(), Some(6), "{report}");
    let (sent, forwarded) = (number(&packets["sent"]), number(&packets["forwarded"]));
    // Two of six speakers to three listeners. Speakers whom the machine leaves no time do not all send as much.
    assert!((0.9..=1.1).contains(&(forwarded / sent)), "{report}");
    assert!(number(&packets["loss"]) < 0.01, "{report}");
    assert!(report["forwardingDelayMicros"]["video"].is_null(), "{report}");
    assert_eq!(
        (&report["voices"], &report["transportFeedback"]),
        (&2.into(), &false.into())
    );
    let transport = &report["transport"];
    assert_eq!(
        (&transport["subscribersWithFeedback"], &transport["feedbacks"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn by_addresses_of_whip_and_whep_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (mut service, dev) = served(directory.path());
    let id = service.child().id().to_string();
    let ca = dev.ca_file.unwrap().to_str().unwrap().to_owned();
    let doors = ["--whip", &dev.whip_url, "--whep", &dev.whep_url];
    let server = ["--token", &dev.media_token, "--ca", &ca, "--pid", &id];
    let load_of = ["--seconds", "2", "--subscribers", "2", "--processes", "1"];
    let report = report(&load(&[&doors[..], &server[..], &load_of[..]].concat()));
    assert_eq!(report["signaling"], "whip");
    plausible(&report, 2, 4);
}

#[test]
fn what_goes_wrong_is_one_line() {
    let line = one_line(&load(&["--data", "/nonexistent"]));
    assert!(line.contains("dev.json"), "{line}");
    let line = one_line(&load(&["--video", "0", "--audio", "0"]));
    assert!(line.contains("--video"), "{line}");
    let half = load(&["--whip", "http://127.0.0.1:1/whip"]);
    assert_eq!(half.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&half.stderr).contains("--whep"));
    // A service that does not run any more refuses every client.
    let directory = tempfile::tempdir().unwrap();
    let (mut service, _) = served(directory.path());
    service.kill().unwrap();
    let line = one_line(&load(&[
        "--data",
        directory.path().to_str().unwrap(),
        "--signaling",
        "whip",
    ]));
    assert!(line.contains("publisher 0"), "{line}");
}
