//! What holds for one user's meetings, value by value, and where each comes from.

use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::admission::Level;
use anteroom_teams_link::policy::{Assignment, MeetingOptions, OrganizerPolicy};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Snapshot, Tenants};
use crate::store::StoreError;
use crate::store::sqlite::meetings::MeetingRow;

/// Of what meeting the options are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfMeeting {
    /// The stable id of one that is there; a new one when nothing is said.
    pub meeting: Option<String>,
    /// Of a new one: its sensitivity label.
    pub label: Option<String>,
    /// Of a new one: its template.
    pub template: Option<String>,
}

/// What holds for one user's meetings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EffectiveValues {
    /// Sign-in name.
    pub user: String,
    /// Name shown to others.
    pub display_name: String,
    /// How the user came to its policies, one for each kind.
    pub policies: Vec<AppliedPolicy>,
    /// The values of these policies.
    pub settings: Vec<EffectiveSetting>,
    /// The options of the meeting that was asked for.
    pub options: Vec<EffectiveOption>,
    /// The user's meetings, to ask for.
    pub meetings: Vec<MeetingName>,
    /// The tenant's labels and templates, to ask for.
    pub labels: Vec<String>,
    /// See `labels`.
    pub templates: Vec<String>,
}

/// A policy that applies, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AppliedPolicy {
    /// `CsTeamsMeetingPolicy` or `CsExternalAccessPolicy`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// `user`: granted to the user; `group`: to a group; `global`: nothing else is granted.
    pub granted: &'static str,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// A value of a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EffectiveSetting {
    /// Kind and name of the policy: `CsTeamsMeetingPolicy.Global`.
    pub policy: String,
    /// The setting, as cmdlets call it.
    pub setting: String,
    /// Its value.
    pub value: Value,
    /// Whether it is Microsoft's default.
    pub is_default: bool,
}

/// A value of a meeting's options.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EffectiveOption {
    /// As Graph calls it, `lobbyBypassSettings.scope`.
    pub option: String,
    /// What holds.
    pub value: Value,
    /// What the meeting itself says, where another level lowers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Value>,
    /// `policy`, `label` or `template`: lowered by that; `start`: what the policy has new meetings begin with; `default`:
    /// Microsoft's; `meeting`: its own.
    pub source: &'static str,
    /// Name of the policy, label or template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A meeting by id and subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MeetingName {
    /// Stable id.
    pub id: String,
    /// What it is about.
    pub subject: String,
}

impl Tenants {
    /// What holds for a user's meetings. `None` when tenant, user or meeting are unknown, or the meeting is somebody
    /// else's.
    ///
    /// # Errors
    /// The database failed.
    pub async fn effective(
        &self,
        tenant: TenantId,
        user: ObjectId,
        of: OfMeeting,
    ) -> Result<Option<EffectiveValues>, StoreError> {
        let snapshot = self.snapshot(tenant).await?;
        Ok(snapshot.and_then(|snapshot| snapshot.effective(user, of)))
    }
}

impl Snapshot {
    fn effective(&self, user: ObjectId, of: OfMeeting) -> Option<EffectiveValues> {
        let user = self.users.iter().find(|row| row.object == user)?;
        let policies = &self.row.policies;
        let applied = policies.applied(user.object, &self.groups(user.object));
        let (meeting, external) = (applied.meeting.policy(), applied.external_access.policy());
        let own = || self.meetings.iter().filter(|row| row.organizer == user.object);
        let start = match &of.meeting {
            Some(id) => own().find(|row| row.id == *id)?.options.clone(),
            None => MeetingOptions {
                sensitivity_label: of.label,
                meeting_template: of.template,
                ..applied.policy.new_meeting()
            },
        };
        let effective = policies.effective(&applied.policy, &start);
        let before = if of.meeting.is_some() {
            None
        } else {
            Some(&applied.policy)
        };
        let options = Options {
            start: &start,
            new: before,
            policy: meeting,
        };
        Some(EffectiveValues {
            user: user.upn.clone(),
            display_name: user.display_name.clone(),
            policies: vec![
                self.came_to("CsTeamsMeetingPolicy", &applied.meeting),
                self.came_to("CsExternalAccessPolicy", &applied.external_access),
            ],
            settings: settings(&applied.policy, meeting, external),
            options: options.list(&effective.options, |option| {
                effective.origins.get(option).copied()
            }),
            meetings: own().map(name).collect(),
            labels: policies.labels.keys().cloned().collect(),
            templates: policies.templates.keys().cloned().collect(),
        })
    }

    fn came_to(&self, kind: &'static str, assignment: &Assignment) -> AppliedPolicy {
        let (granted, group) = match assignment {
            Assignment::Direct(_) => ("user", None),
            Assignment::Group { group, .. } => ("group", Some(*group)),
            _ => ("global", None),
        };
        let named = |id: ObjectId| {
            let known = self.groups.iter().find(|row| row.object == id);
            known.map_or_else(|| id.to_string(), |row| row.display_name.clone())
        };
        AppliedPolicy {
            kind,
            name: assignment.policy().to_owned(),
            granted,
            group: group.map(named),
        }
    }
}

fn name(row: &MeetingRow) -> MeetingName {
    MeetingName {
        id: row.id.clone(),
        subject: row.subject.clone(),
    }
}

/// The values of a policy under the names of the cmdlets; one of them is the external access policy's.
fn settings(policy: &OrganizerPolicy, meeting: &str, external: &str) -> Vec<EffectiveSetting> {
    let defaults = written(&OrganizerPolicy::default());
    let values = written(policy).into_iter().map(|(setting, value)| {
        let policy = match setting.as_str() {
            "EnableAcsFederationAccess" => format!("CsExternalAccessPolicy.{external}"),
            _ => format!("CsTeamsMeetingPolicy.{meeting}"),
        };
        EffectiveSetting {
            policy,
            is_default: defaults.get(&setting) == Some(&value),
            setting,
            value,
        }
    });
    values.collect()
}

/// A meeting's options, to be listed.
struct Options<'a> {
    /// What the meeting itself says.
    start: &'a MeetingOptions,
    /// Of a new meeting, what it begins with.
    new: Option<&'a OrganizerPolicy>,
    /// Name of the organizer's policy.
    policy: &'a str,
}

impl Options<'_> {
    fn list(
        &self,
        effective: &MeetingOptions,
        lowered_by: impl Fn(&str) -> Option<Level>,
    ) -> Vec<EffectiveOption> {
        let own = flat(self.start);
        let defaults = flat(&MeetingOptions::default());
        let listed = flat(effective).into_iter().map(|(option, value)| {
            let group = option.split('.').next().unwrap_or_default();
            let level = lowered_by(&option).or_else(|| lowered_by(group));
            let before = own.get(&option).filter(|before| **before != value);
            let (source, by) = match level.filter(|_| before.is_some()) {
                Some(Level::Label) => ("label", self.start.sensitivity_label.clone()),
                Some(Level::Template) => ("template", self.start.meeting_template.clone()),
                Some(_) => ("policy", Some(self.policy.to_owned())),
                None if self.new.is_none() => ("meeting", None),
                None if defaults.get(&option) == Some(&value) => ("default", None),
                None => ("start", Some(self.policy.to_owned())),
            };
            EffectiveOption {
                own: before.cloned(),
                option,
                value,
                source,
                by,
            }
        });
        listed.collect()
    }
}

/// Options by name, groups of them dissolved: `lobbyBypassSettings.scope`. Who is invited is no option, nor are the
/// label's and the template's names.
fn flat(options: &MeetingOptions) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in written(options) {
        match (name.as_str(), value) {
            ("attendees" | "sensitivityLabel" | "meetingTemplateId" | "kind", _) => {}
            (_, Value::Object(group)) => {
                all.extend(
                    group
                        .into_iter()
                        .map(|(part, value)| (format!("{name}.{part}"), value)),
                );
            }
            (_, value) => {
                all.insert(name, value);
            }
        }
    }
    all
}

fn written(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
