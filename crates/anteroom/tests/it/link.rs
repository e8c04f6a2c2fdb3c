//! `anteroom link parse` as its users run it.

use std::fs::File;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::common::program::{finish, one_line, program, serve, started};

const SHORT: &str = "https://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1";
const LONG: &str = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%22Tid%22%3a%225c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10%22%2c%22Oid%22%3a%220b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19%22%7d";

fn parse(arguments: &[&str]) -> Output {
    finish(program().args(["link", "parse"]).args(arguments))
}

/// What is printed with `--json`, and whether the exit code says the same.
fn answer(output: &Output) -> Value {
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let code = if answer.get("error").is_some() { 1 } else { 0 };
    assert_eq!(output.status.code(), Some(code), "{answer}");
    answer
}

fn from_file(arguments: &[&str], path: &Path) -> Output {
    let mut command = program();
    command.args(["link", "parse", "--json"]).args(arguments).arg("-");
    finish(command.stdin(File::open(path).unwrap()))
}

#[test]
fn links_are_told_with_their_passcode_only_when_asked() {
    let wrapped = format!(
        "https://eur02.safelinks.protection.outlook.com/?url={}",
        SHORT.replace('/', "%2F")
    );
    let output = parse(&["--json", &wrapped]);
    assert_eq!(
        answer(&output),
        json!({
            "kind": "Short",
            "cloud": "Public",
            "locator": { "meetingId": "274918305566421", "passcode": "[redacted]" },
            "unwrapped": ["SafeLinks"],
        })
    );
    let shown = answer(&parse(&["--json", "--show-secrets", SHORT]));
    assert_eq!(shown["locator"]["passcode"], "Qm7Zt4Lw9Xc2Vb8Nk1");
    let without = answer(&parse(&[
        "--json",
        "https://teams.microsoft.com/meet/274918305566421",
    ]));
    assert_eq!(without["locator"]["passcode"], Value::Null);

    assert_eq!(
        answer(&parse(&["--json", LONG])),
        json!({
            "kind": "Private",
            "cloud": "Public",
            "locator": {
                "threadId": "19:meeting_abc@thread.v2",
                "messageId": "0",
                "tenantId": "5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10",
                "organizerId": "0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19",
            },
            "unwrapped": [],
        })
    );

    let people = parse(&[&wrapped]);
    let text = String::from_utf8(people.stdout).unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(
        words.join(" "),
        "kind Short cloud Public meeting id 274918305566421 passcode [redacted] unwrapped SafeLinks"
    );
    assert!(people.stderr.is_empty());
}

#[test]
fn refusals_have_a_name_and_a_sentence() {
    for (text, name) in [
        ("", "Empty"),
        ("not a url", "NotAUrl"),
        (
            "http://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2Vb8Nk1",
            "SchemeNotAllowed",
        ),
        (
            "https://teams.microsoft.com.evil.example/meet/274918305566421",
            "HostNotAllowed",
        ),
        (
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ab c%40thread.v2/0",
            "NotAUrl",
        ),
        (
            "https://dialin.teams.microsoft.com/x?id=112233445",
            "NotAMeetingLink(DialInPage)",
        ),
        (
            "https://teams.microsoft.com/meet/274918305566421?p=Qm7Zt4Lw9Xc2%0a",
            "BadPasscode",
        ),
        (
            "Look: https://events.teams.microsoft.com/event/a@b and more",
            "NotAMeetingLink(EventPage)",
        ),
    ] {
        let output = parse(&["--json", text]);
        let answer = answer(&output);
        assert_eq!(answer["error"]["name"], name, "{text}");
        let message = answer["error"]["message"].as_str().unwrap();
        let keys: Vec<_> = answer.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error"]);
        assert_eq!(one_line(&output), format!("anteroom: {name}: {message}"));

        let plain = parse(&[text]);
        assert_eq!(one_line(&plain), format!("anteroom: {name}: {message}"));
        assert!(plain.stdout.is_empty());
        for printed in [&output.stdout, &output.stderr, &plain.stderr] {
            assert!(!String::from_utf8_lossy(printed).contains("Qm7Z"), "{text}");
        }
    }
    let rewritten = one_line(&parse(&[&format!("https://urldefense.com/v3/__{SHORT}__;!!x$")]));
    assert!(
        rewritten.contains("HostNotAllowed") && rewritten.contains("calendar entry"),
        "{rewritten}"
    );
    assert!(!rewritten.contains("Qm7Z"), "{rewritten}");
}

#[test]
fn invitations_and_calendars_are_searched() {
    let directory = tempfile::tempdir().unwrap();
    let invite = directory.path().join("invite.txt");
    std::fs::write(
        &invite,
        format!(
            "\u{feff}Dear all,\r\n\r\nJoin <{SHORT}>.\r\nNeed help?<https://aka.ms/JoinTeamsMeeting>\r\n"
        ),
    )
    .unwrap();
    let page = directory.path().join("invite.html");
    std::fs::write(
        &page,
        format!("<html><a href=\"{LONG}&amp;anon=true\">Join</a></html>"),
    )
    .unwrap();
    let calendar = directory.path().join("Meeting.ICS");
    std::fs::write(
        &calendar,
        format!(
            "\u{feff}BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDESCRIPTION:{LONG}\r\nX-MICROSOFT-SKYPETEAMSMEETINGURL:{}\r\n {}\r\n\
             END:VEVENT\r\nEND:VCALENDAR\r\n",
            &SHORT[..40],
            &SHORT[40..]
        ),
    )
    .unwrap();
    for (path, kind) in [(&invite, "Short"), (&page, "Private"), (&calendar, "Short")] {
        assert_eq!(answer(&from_file(&[], path))["kind"], kind, "{}", path.display());
    }
    let path = calendar.to_str().unwrap();
    assert_eq!(answer(&parse(&["--json", path]))["kind"], "Short");
    let text = std::fs::read_to_string(&invite).unwrap();
    assert_eq!(answer(&parse(&["--json", &text]))["kind"], "Short");

    let missing = directory.path().join("missing.ics");
    let line = one_line(&parse(&[missing.to_str().unwrap()]));
    assert!(
        line.contains("cannot read") && line.contains("missing.ics"),
        "{line}"
    );
    let empty = directory.path().join("empty.ics");
    std::fs::write(&empty, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").unwrap();
    let refused = answer(&parse(&["--json", empty.to_str().unwrap()]));
    assert_eq!(refused["error"]["name"], "NoEvent");
    let huge = directory.path().join("huge");
    std::fs::write(&huge, " x".repeat(1 << 20)).unwrap();
    assert_eq!(answer(&from_file(&[], &huge))["error"]["name"], "TooLong");
}

#[test]
fn what_looks_like_a_meeting_id_is_not_taken_for_one() {
    let text = "Meeting ID: 274 918 305 566 421\nPasscode: aB3dE9fG";
    let hidden = parse(&["--json", text]);
    assert_eq!(answer(&hidden)["error"]["name"], "NotAUrl");
    let line = one_line(&hidden);
    assert!(
        line.contains("…6421") && !line.contains("aB3d") && !line.contains("2749"),
        "{line}"
    );
    let shown = one_line(&parse(&["--show-secrets", text]));
    assert!(
        shown.contains("274918305566421") && shown.contains("aB3dE9fG"),
        "{shown}"
    );
}

#[test]
fn own_hosts_are_named() {
    let link = "https://meet.contoso.example/meet/274918305566421?p=abc";
    assert_eq!(
        answer(&parse(&["--json", link]))["error"]["name"],
        "HostNotAllowed"
    );
    let hosts = [
        "--own-host",
        "https://meet.contoso.example",
        "--own-host",
        "http://localhost:8080",
    ];
    for link in [link, "http://localhost:8080/meet/274918305566421"] {
        let arguments: Vec<&str> = ["--json"].iter().chain(&hosts).chain([&link]).copied().collect();
        assert_eq!(answer(&parse(&arguments))["kind"], "Own");
    }
    let wrong = parse(&["--own-host", "meet.contoso.example", link]);
    assert_eq!(wrong.status.code(), Some(2));
}

/// Everything that can be logged is, on both sides of a join by link; of the link's passcode nothing may be there.
#[test]
fn no_log_has_a_passcode() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("service.log");
    let mut command = serve(&directory.path().join("data"));
    command
        .env("ANTEROOM_LOG", "trace")
        .stderr(File::create(&log).unwrap());
    let (service, dev) = started(&mut command, &directory.path().join("data"));

    let (base, right) = dev.meeting.join_url.split_once("?p=").unwrap();
    let wrong = "Qm7Zt4Lw9Xc2Vb8Nk1";
    let ca = directory.path().join("data/tls/ca.pem");
    let join = |link: &str| {
        let mut command = program();
        command.env("ANTEROOM_LOG", "trace");
        command.args([
            "join",
            link,
            "--name",
            "Dana",
            "--json",
            "--for",
            "0",
            "--endpoint",
            &dev.endpoint,
        ]);
        command.arg("--ca").arg(&ca);
        command.args(["--connection-string", &dev.connection_string]);
        finish(&mut command)
    };
    let refused = join(&format!("{base}?p={wrong}"));
    assert_eq!(refused.status.code(), Some(2));
    let client = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(client.contains("TRACE"), "{client}");
    drop(service);

    let service = std::fs::read_to_string(&log).unwrap();
    assert!(service.contains("TRACE"), "{service}");
    for (whose, log) in [("client", &client), ("service", &service)] {
        for secret in [wrong, right] {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            for form in [secret, &hex, &hex.to_uppercase()] {
                let line = log.lines().find(|line| line.contains(form));
                assert_eq!(line, None, "the {whose}'s log has a passcode");
            }
        }
    }
}
