//! Why somebody gets into a meeting, waits or stays outside: the whole way to the decision, for administrators.

use anteroom_identity::id::{ResourceId, TenantId};
use anteroom_teams_link::DisplayName;
use anteroom_teams_link::admission::{
    self, AdmissionInput, Circumstances, Decision, EndReason, Explanation, Level, LobbyReason, Participant,
    Refusal, Setting, Step, capability_reasons,
};
use anteroom_teams_link::link::{self, MeetingRef};
use serde::{Deserialize, Serialize};

use crate::meetings::{MeetingRecord, MeetingRules};
use crate::state::App;
use crate::store::StoreError;

/// Whose join is to be explained.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ExplainRequest {
    /// The meeting's link. Secret.
    pub link: String,
    /// The guest's ACS resource by name or id; the first one when empty.
    pub resource: String,
    /// The name the guest gives.
    pub name: String,
    /// Whether to take the meeting as started; by default as it is now.
    pub started: Option<bool>,
}

/// What becomes of a guest, and why. Holds no passcode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct JoinExplanation {
    /// `admit`, `lobby` or `deny`.
    pub decision: String,
    /// In a sentence.
    pub summary: String,
    /// What the guest is told when denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The meeting, when the link leads to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting: Option<MeetingFound>,
    /// The role, when admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What the guest may do, when admitted, and why not the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<CapabilityLine>,
    /// What was looked at, in this order.
    pub steps: Vec<ExplainedStep>,
}

/// As `callEndReason`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reason {
    /// `callEndReason.code`
    pub code: u32,
    /// `callEndReason.subCode`
    pub sub_code: u32,
    /// Stable name.
    pub key: String,
    /// One sentence for the guest.
    pub message: String,
}

/// A meeting as an administrator knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MeetingFound {
    /// What it is about.
    pub subject: String,
    /// Sign-in name of the organizer.
    pub organizer: String,
    /// The meeting policy that applies to the organizer, and why.
    pub policy: String,
}

/// One capability of the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CapabilityLine {
    /// Its name.
    pub name: String,
    /// Whether the guest has it.
    pub is_present: bool,
    /// Why.
    pub reason: String,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExplainedStep {
    /// Where the setting is made; where a label, a template or a policy has lowered an option, that.
    pub level: String,
    /// Its name.
    pub setting: String,
    /// What it is.
    pub value: String,
    /// Whether it lets the guest go on.
    pub passes: bool,
    /// Whether it is what decided.
    pub decides: bool,
    /// Who can change it.
    pub changed_by: String,
    /// How.
    pub how: String,
}

/// What is known so far.
#[derive(Default)]
struct Way {
    steps: Vec<(Level, Step)>,
    meeting: Option<MeetingFound>,
}

/// Explains what becomes of a guest. With a `tenant`, meetings of others are unknown.
///
/// # Errors
/// The database failed.
pub async fn explain_join(
    app: &App,
    tenant: Option<TenantId>,
    request: &ExplainRequest,
) -> Result<JoinExplanation, StoreError> {
    let mut way = Way::default();
    if let Err(refusal) = way.check_name(&request.name) {
        return Ok(way.denied(refusal));
    }
    let resource = match way.find_resource(app, &request.resource) {
        Ok(resource) => resource,
        Err(refusal) => return Ok(way.denied(refusal)),
    };
    let reference = match way.read_link(app, &request.link) {
        Ok(reference) => reference,
        Err(refusal) => return Ok(way.denied(refusal)),
    };
    let (record, rules) = match way.find_meeting(app, tenant, &reference).await? {
        Ok(found) => found,
        Err(refusal) => return Ok(way.denied(refusal)),
    };
    let status = app.registry().status(&record.id).await;
    let input = AdmissionInput {
        cloud: reference.cloud,
        kind: reference.kind,
        tenant: &rules.tenant,
        organizer: &rules.applied.policy,
        options: &rules.effective.options,
        started: request.started.unwrap_or(status.started),
        participant_count: status.participants,
        limit: app.config().limits.meeting_participants,
        participant: Participant::Guest {
            resource,
            is_bot: rules.tenant.external_bot_names.recognise(&request.name, ""),
        },
    };
    Ok(way.decided(&input, &rules, admission::explain(&input)))
}

impl Way {
    fn step(&mut self, setting: Setting, passes: bool, value: impl Into<String>) {
        let step = Step {
            setting,
            value: value.into(),
            passes,
        };
        self.steps.push((setting.level(), step));
    }

    fn check_name(&mut self, name: &str) -> Result<(), Refusal> {
        match DisplayName::parse(name) {
            Ok(name) => {
                self.step(Setting::DisplayName, true, name.as_str());
                Ok(())
            }
            Err(error) => {
                self.step(Setting::DisplayName, false, error.to_string());
                Err(Refusal::by(EndReason::bad_display_name(), Setting::DisplayName))
            }
        }
    }

    fn find_resource(&mut self, app: &App, name: &str) -> Result<ResourceId, Refusal> {
        if name.is_empty() {
            return Ok(app.resource());
        }
        // A resource that is not ours may be listed all the same: guests of ACS itself come from such.
        let ours = app.resources().find(name).map(|resource| resource.id());
        ours.or_else(|| name.parse().ok()).ok_or_else(|| {
            self.step(
                Setting::AllowedAcsResources,
                false,
                "there is no such ACS resource",
            );
            Refusal::by(EndReason::unauthenticated(), Setting::AllowedAcsResources)
        })
    }

    fn read_link(&mut self, app: &App, text: &str) -> Result<MeetingRef, Refusal> {
        let reference = link::parse(text, app.own_hosts()).map_err(|error| {
            self.step(Setting::LinkForm, false, error.to_string());
            Refusal::by(EndReason::from(error), Setting::LinkForm)
        })?;
        self.step(Setting::LinkForm, true, format!("{:?}", reference.kind));
        let unknown = admission::refuse_unknown(&reference);
        if unknown.setting == Setting::MeetingKnown {
            Ok(reference)
        } else {
            self.step(unknown.setting, false, format!("{:?}", reference.cloud));
            Err(unknown)
        }
    }

    async fn find_meeting(
        &mut self,
        app: &App,
        tenant: Option<TenantId>,
        reference: &MeetingRef,
    ) -> Result<Result<(MeetingRecord, MeetingRules), Refusal>, StoreError> {
        let refusal = |setting| Refusal::by(EndReason::meeting_not_found(), setting);
        let found = app.meetings().look_up(reference).await?;
        let found = found.filter(|(record, _)| tenant.is_none_or(|tenant| tenant == record.tenant));
        let Some((record, passcode_fits)) = found else {
            self.step(Setting::MeetingKnown, false, "no");
            return Ok(Err(refusal(Setting::MeetingKnown)));
        };
        let Some(rules) = app.meetings().rules(&record).await? else {
            self.step(Setting::MeetingKnown, false, "its organizer is gone");
            return Ok(Err(refusal(Setting::MeetingKnown)));
        };
        let organizer = app.directory().user(record.organizer).await?;
        self.meeting = Some(MeetingFound {
            subject: record.subject.clone(),
            organizer: organizer.map_or_else(|| record.organizer.to_string(), |user| user.upn),
            policy: rules.applied.meeting.to_string(),
        });
        self.step(Setting::MeetingKnown, true, "yes");
        let expiry = record.expiry();
        let expired = expiry <= app.clock().now();
        self.step(Setting::Expiry, !expired, expiry.date().to_string());
        if expired {
            return Ok(Err(refusal(Setting::Expiry)));
        }
        let value = if passcode_fits {
            "right"
        } else {
            "wrong or missing"
        };
        self.step(Setting::Passcode, passcode_fits, value);
        Ok(if passcode_fits {
            Ok((record, rules))
        } else {
            Err(refusal(Setting::Passcode))
        })
    }

    fn decided(
        mut self,
        input: &AdmissionInput<'_>,
        rules: &MeetingRules,
        explanation: Explanation,
    ) -> JoinExplanation {
        let Explanation { steps, decision, .. } = explanation;
        for step in steps {
            let option = step.setting.name().strip_prefix("onlineMeeting.");
            let lowered = option.and_then(|option| rules.effective.origins.get(option));
            self.steps
                .push((lowered.copied().unwrap_or_else(|| step.setting.level()), step));
        }
        match decision {
            Decision::Deny(refusal) => self.denied(refusal),
            Decision::Lobby(reason) => {
                let summary = match reason {
                    LobbyReason::WaitForAdmit => "The guest waits until somebody lets it in.",
                    LobbyReason::WaitForStart => "The guest waits until somebody of the organization joins.",
                };
                self.finish("lobby", summary.to_owned())
            }
            Decision::Admit { role, .. } => {
                let report = capability_reasons(
                    role,
                    input.settings(),
                    input.participant,
                    Circumstances::default(),
                );
                let capabilities = report.iter().map(|state| CapabilityLine {
                    name: state.capability.to_string(),
                    is_present: state.is_present(),
                    reason: state.reason.as_str().to_owned(),
                });
                JoinExplanation {
                    role: Some(role.to_string()),
                    capabilities: capabilities.collect(),
                    ..self.finish("admit", format!("The guest comes in as {role}."))
                }
            }
        }
    }

    fn denied(self, refusal: Refusal) -> JoinExplanation {
        let reason = refusal.reason;
        let summary = format!(
            "The guest is refused because of {}. Can be changed by {}: {}",
            refusal.setting,
            refusal.setting.changed_by(),
            refusal.setting.how()
        );
        JoinExplanation {
            reason: Some(Reason {
                code: reason.code,
                sub_code: reason.sub_code,
                key: reason.key.to_owned(),
                message: reason.message.to_owned(),
            }),
            ..self.finish("deny", summary)
        }
    }

    fn finish(self, decision: &str, summary: String) -> JoinExplanation {
        let decisive = self.steps.iter().rposition(|(_, step)| !step.passes);
        let steps = self
            .steps
            .into_iter()
            .enumerate()
            .map(|(at, (level, step))| ExplainedStep {
                level: level.to_string(),
                setting: step.setting.to_string(),
                value: step.value,
                passes: step.passes,
                decides: Some(at) == decisive,
                changed_by: step.setting.changed_by().to_owned(),
                how: step.setting.how().to_owned(),
            });
        JoinExplanation {
            decision: decision.to_owned(),
            summary,
            reason: None,
            meeting: self.meeting,
            role: None,
            capabilities: Vec::new(),
            steps: steps.collect(),
        }
    }
}
