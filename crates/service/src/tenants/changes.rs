//! What a change of a tenant's settings comes to: for the settings, for organizers, for guests who join.

use std::collections::BTreeMap;

use anteroom_identity::id::{ObjectId, ResourceId};
use anteroom_teams_link::admission::{self, AdmissionInput, Decision, LobbyReason, Participant};
use anteroom_teams_link::link::{Cloud, LinkKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Snapshot;
use crate::store::sqlite::directory::TenantRow;
use crate::store::sqlite::meetings::MeetingRow;

/// What a change comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Changes {
    /// Of what is set.
    pub settings: Vec<Change>,
    /// Of the policy that applies to users.
    pub users: Vec<UserChange>,
    /// Of what becomes of a guest who joins.
    pub meetings: Vec<MeetingChange>,
}

/// One value before and after; absent where there was or will be none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Change {
    /// Section and setting, `CsTeamsMeetingPolicy.Global.AutoAdmittedUsers`.
    pub setting: String,
    /// The value before, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value after, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What changes for an organizer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserChange {
    /// Sign-in name.
    pub user: String,
    /// The policy after, and why it applies.
    pub policy: String,
    /// The values that are different.
    pub settings: Vec<Change>,
}

/// What changes for guests of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MeetingChange {
    /// What the meeting is about.
    pub meeting: String,
    /// What became of a guest: `admitted`, `lobby`, `lobby until the start`, or the refusal's key.
    pub before: String,
    /// What becomes of a guest.
    pub after: String,
}

impl Snapshot {
    /// From what is set now to `row`.
    pub(super) fn changes(&self, row: &TenantRow, resource: ResourceId) -> Changes {
        let users = self.users.iter().filter_map(|user| {
            let (before, after) = (
                self.applied(&self.row, user.object),
                self.applied(row, user.object),
            );
            let settings = difference(&before.1, &after.1);
            (!settings.is_empty()).then(|| UserChange {
                user: user.upn.clone(),
                policy: after.0,
                settings,
            })
        });
        let meetings = self.meetings.iter().filter_map(|meeting| {
            let (before, after) = (
                self.guest(&self.row, meeting, resource),
                self.guest(row, meeting, resource),
            );
            (before != after).then(|| MeetingChange {
                meeting: meeting.subject.clone(),
                before,
                after,
            })
        });
        Changes {
            settings: difference(&value(&self.file(&self.row)), &value(&self.file(row))),
            users: users.collect(),
            meetings: meetings.collect(),
        }
    }

    fn applied(&self, row: &TenantRow, user: ObjectId) -> (String, Value) {
        let applied = row.policies.applied(user, &self.groups(user));
        (applied.meeting.to_string(), value(&applied.policy))
    }

    /// What becomes of a guest who joins a meeting that runs.
    fn guest(&self, row: &TenantRow, meeting: &MeetingRow, resource: ResourceId) -> String {
        let rules = self.rules(row, meeting.organizer, &meeting.options);
        let decision = admission::decide(&AdmissionInput {
            cloud: Cloud::Public,
            kind: LinkKind::Own,
            tenant: &rules.tenant,
            organizer: &rules.applied.policy,
            options: &rules.effective.options,
            started: true,
            participant_count: 1,
            limit: usize::MAX,
            participant: Participant::Guest {
                resource,
                is_bot: false,
            },
        });
        match decision {
            Decision::Admit { .. } => "admitted".to_owned(),
            Decision::Lobby(LobbyReason::WaitForAdmit) => "lobby".to_owned(),
            Decision::Lobby(LobbyReason::WaitForStart) => "lobby until the start".to_owned(),
            Decision::Deny(refusal) => refusal.reason.key.to_owned(),
        }
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

/// Leaf by leaf; lists are leaves.
fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    leaves(String::new(), before, &mut left);
    leaves(String::new(), after, &mut right);
    let mut settings: Vec<&String> = left.keys().chain(right.keys()).collect();
    settings.sort_unstable();
    settings.dedup();
    let changed = settings.into_iter().filter_map(|setting| {
        let (before, after) = (left.get(setting), right.get(setting));
        (before != after).then(|| Change {
            setting: setting.clone(),
            before: before.map(|value| (*value).clone()),
            after: after.map(|value| (*value).clone()),
        })
    });
    changed.collect()
}

fn leaves<'a>(path: String, value: &'a Value, found: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(path, inner, found);
            }
        }
        // An empty section says nothing.
        Value::Object(_) => {}
        leaf => {
            found.insert(path, leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_names_leaves_that_came_went_or_changed() {
        let before = json!({"A": {"x": 1, "y": [1], "gone": true}, "B": {}});
        let after = json!({"A": {"x": 2, "y": [1]}, "B": {"new": null}});
        let found: Vec<_> = difference(&before, &after)
            .into_iter()
            .map(|change| (change.setting, change.before, change.after))
            .collect();
        assert_eq!(
            found,
            [
                ("A.gone".to_owned(), Some(json!(true)), None),
                ("A.x".to_owned(), Some(json!(1)), Some(json!(2))),
                ("B.new".to_owned(), None, Some(json!(null))),
            ]
        );
        assert_eq!(difference(&before, &before), []);
    }
}
