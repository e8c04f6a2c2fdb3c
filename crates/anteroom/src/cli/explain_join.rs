//! `anteroom explain-join`: why a guest gets in, waits or stays outside.

use std::process::ExitCode;

use anteroom_service::explain::{ExplainRequest, JoinExplanation};
use anyhow::bail;
use clap::Args;
use reqwest::Method;

use super::operator::{Operated, Place};
use super::output;

/// Options of `anteroom explain-join`.
#[derive(Debug, Args)]
pub(crate) struct ExplainJoin {
    /// The meeting's link.
    #[arg(value_name = "LINK")]
    link: String,
    /// The guest's ACS resource, by name or id [default: the first one].
    #[arg(long, value_name = "RESOURCE", default_value = "")]
    resource: String,
    /// The name the guest gives.
    #[arg(long, value_name = "NAME", default_value = "Guest")]
    name: String,
    /// Take the meeting as started, or as not started [default: as it is now].
    #[arg(long, value_name = "BOOL")]
    started: Option<bool>,
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn run(explain: ExplainJoin) -> anyhow::Result<ExitCode> {
    let ExplainJoin {
        link,
        resource,
        name,
        started,
        place,
    } = explain;
    let Operated::Running(service) = place.open().await? else {
        bail!("the service does not run: who gets in depends on who is there");
    };
    let request = ExplainRequest {
        link,
        resource,
        name,
        started,
    };
    let body = serde_json::to_value(&request)?;
    let explanation: JoinExplanation = service
        .ask(Method::POST, "/operator/explain-join", Some(body))
        .await?;
    output::print(place.json, &explanation, tell)?;
    Ok(if explanation.decision == "deny" {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    })
}

fn tell(explanation: &JoinExplanation) -> String {
    let mut rows = vec![
        ["", "LEVEL", "SETTING", "VALUE", "CAN BE CHANGED BY"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(explanation.steps.iter().map(|step| {
        let mark = match (step.decides, step.passes) {
            (true, _) => "=>",
            (false, true) => "ok",
            (false, false) => "no",
        };
        vec![
            mark.to_owned(),
            step.level.clone(),
            step.setting.clone(),
            step.value.clone(),
            step.changed_by.clone(),
        ]
    }));
    let mut lines = Vec::new();
    if let Some(meeting) = &explanation.meeting {
        lines.push(format!(
            "{:?}, organized by {} under the policy {}",
            meeting.subject, meeting.organizer, meeting.policy
        ));
    }
    lines.push(output::table(&rows));
    lines.push(explanation.summary.clone());
    if let Some(reason) = &explanation.reason {
        lines.push(format!(
            "The guest is told {}/{} {}: {}",
            reason.code, reason.sub_code, reason.key, reason.message
        ));
    } else if let Some(step) = explanation.steps.iter().find(|step| step.decides) {
        lines.push(format!("To change it: {}", step.how));
    }
    for capability in &explanation.capabilities {
        lines.push(format!("  {}: {}", capability.name, capability.reason));
    }
    lines.join("\n")
}
