//! Commands for whoever administers a tenant.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::common::program::{finish, one_line, program, served};

fn run(data: &Path, words: &[&str]) -> Output {
    let mut command = program();
    command.args(words).arg("--data").arg(data);
    finish(&mut command)
}

fn text(data: &Path, words: &[&str]) -> String {
    let output = run(data, words);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_tenants_settings_come_from_a_file_and_explain_themselves() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (mut service, dev) = served(&data);
    let link = dev.meeting.join_url.as_str();
    let explain = |name: &str, started: &str| {
        run(
            &data,
            &[
                "explain-join",
                link,
                "--name",
                name,
                "--started",
                started,
                "--json",
            ],
        )
    };

    assert!(text(&data, &["tenant", "list"]).contains(&format!("{}  contoso", dev.tenant_id)));
    let waits = explain("Dana", "true");
    assert_eq!(waits.status.code(), Some(0));
    let waits = json(&waits);
    assert_eq!(waits["decision"], "lobby", "{waits}");
    let decides = |explanation: &Value| {
        let steps = explanation["steps"].as_array().unwrap();
        let decisive = steps.iter().find(|step| step["decides"] == true).unwrap();
        assert_eq!(decisive, steps.last().unwrap());
        (
            decisive["setting"].clone(),
            decisive["level"].clone(),
            decisive["value"].clone(),
        )
    };
    let scope = "onlineMeeting.lobbyBypassSettings.scope";
    assert_eq!(
        decides(&waits),
        (scope.into(), "meeting".into(), "organization".into())
    );

    // What is shown is what can be applied, and changes nothing.
    let file = place.path().join("contoso.toml");
    let shown = text(&data, &["tenant", "show", "contoso"]);
    assert!(
        shown.contains("[CsTeamsMeetingConfiguration]\nDisableAnonymousJoin = false"),
        "{shown}"
    );
    std::fs::write(&file, &shown).unwrap();
    let file_text = file.to_str().unwrap();
    assert_eq!(text(&data, &["tenant", "apply", file_text]), "Nothing changes.\n");

    std::fs::write(
        &file,
        "Tenant = \"contoso\"\n[CsTeamsMeetingPolicy.Closed]\nAllowAnonymousUsersToJoinMeeting = false\n\
         [[Grant]]\nPolicyType = \"CsTeamsMeetingPolicy\"\nPolicyName = \"Closed\"\nUser = \"alice@contoso.example\"\n",
    )
    .unwrap();
    let tried = text(&data, &["tenant", "apply", file_text, "--dry-run"]);
    assert!(tried.starts_with("Would change:\n"), "{tried}");
    assert!(
        tried.contains("alice@contoso.example: policy \"Closed\", granted to the user"),
        "{tried}"
    );
    assert!(
        tried.contains("Guests of \"Loan consultation\": lobby -> anonymous_join_disabled"),
        "{tried}"
    );
    assert!(!tried.contains("bob@"), "{tried}");
    assert_eq!(json(&explain("Dana", "true"))["decision"], "lobby");
    assert!(text(&data, &["tenant", "apply", file_text]).starts_with("Changed:\n"));

    let denied = explain("Dana", "true");
    assert_eq!(denied.status.code(), Some(2));
    let denied = json(&denied);
    assert_eq!(denied["reason"]["subCode"], 990_010);
    assert_eq!(denied["meeting"]["policy"], "\"Closed\", granted to the user");
    assert_eq!(
        decides(&denied),
        (
            "CsTeamsMeetingPolicy.AllowAnonymousUsersToJoinMeeting".into(),
            "policy".into(),
            "false".into()
        )
    );
    assert!(
        !denied.to_string().contains(link.split("?p=").last().unwrap()),
        "{denied}"
    );

    let audit = run(&data, &["tenant", "audit", "contoso", "--tier", "sensitive"]);
    assert_eq!(audit.status.code(), Some(2));
    let audit = String::from_utf8(audit.stdout).unwrap();
    assert!(
        audit.contains("meeting Loan consultation: allowedPresenters is everyone"),
        "{audit}"
    );

    std::fs::write(
        &file,
        "[CsTeamsMeetingConfiguration]\nDisableAnonymusJoin = true\n",
    )
    .unwrap();
    let line = one_line(&run(&data, &["tenant", "apply", file_text]));
    assert!(
        line.ends_with("CsTeamsMeetingConfiguration has no setting DisableAnonymusJoin"),
        "{line}"
    );

    text(&data, &["tenant", "create", "fabrikam"]);
    assert!(text(&data, &["tenant", "list"]).contains("  fabrikam"));
    let line = one_line(&run(&data, &["tenant", "create", "common"]));
    assert!(line.contains("stands for any tenant"), "{line}");

    // The same without a service; who gets in depends on one.
    service.kill().unwrap();
    let shown = text(&data, &["tenant", "show", &dev.tenant_id]);
    assert!(shown.contains("[CsTeamsMeetingPolicy.Closed]"), "{shown}");
    std::fs::write(&file, "").unwrap();
    assert!(text(&data, &["tenant", "apply", file_text]).contains("anonymous_join_disabled -> lobby"));
    assert!(one_line(&run(&data, &["explain-join", link])).contains("does not run"));
}

#[test]
fn an_explanation_tells_what_the_guest_is_not_told() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let (_service, dev) = served(&data);
    let link = dev.meeting.join_url.as_str();
    let ask = |link: &str, name: &str, resource: &str| {
        let output = run(
            &data,
            &[
                "explain-join",
                link,
                "--name",
                name,
                "--resource",
                resource,
                "--json",
            ],
        );
        assert_eq!(output.status.code(), Some(2));
        let explanation = json(&output);
        let last = explanation["steps"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["decides"], true, "{explanation}");
        (
            explanation["reason"]["key"].as_str().unwrap().to_owned(),
            last["setting"].as_str().unwrap().to_owned(),
        )
    };
    let found = |key: &str, setting: &str| (key.to_owned(), setting.to_owned());
    let (front, _) = link.split_once("?p=").unwrap();
    let wrong = format!("{front}?p=WrongWrong");
    let unknown = front.replace("/meet/", "/meet/1");
    assert_eq!(
        ask(&wrong, "Dana", ""),
        found("meeting_not_found", "joinMeetingIdSettings.passcode")
    );
    assert_eq!(
        ask(&unknown, "Dana", ""),
        found("meeting_not_found", "whether the meeting is hosted here")
    );
    assert_eq!(
        ask("https://example.com/meet/123456789", "Dana", ""),
        found("bad_locator", "the form of the link")
    );
    let government = "https://gov.teams.microsoft.us/meet/274918305566421?p=Qm7Zt4Lw9X";
    assert_eq!(
        ask(government, "Dana", ""),
        found("government_cloud", "the cloud of the link")
    );
    assert_eq!(
        ask(link, "\u{202e}anaD", ""),
        found("bad_display_name", "the display name")
    );
    assert_eq!(
        ask(link, "Dana", "nobody"),
        found(
            "unauthenticated",
            "CsTeamsAcsFederationConfiguration.AllowedAcsResources"
        )
    );
}
