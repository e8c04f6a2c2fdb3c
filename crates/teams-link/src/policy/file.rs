//! The form in which an administrator writes what is set for a tenant: sections named after the cmdlets.

use std::collections::BTreeMap;

use anteroom_identity::id::ObjectId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{
    DocumentError, ExternalAccessPolicy, GLOBAL, Grant, OrganizerPolicy, PolicyType, Restrictions,
    TenantPolicies, TenantSettings,
};

/// Which section a setting of the tenant stands in.
const SECTIONS: [(&str, &[&str]); 3] = [
    (
        "CsTeamsMeetingConfiguration",
        &[
            "DisableAnonymousJoin",
            "DisableAppInteractionForAnonymousUsers",
            "LimitPresenterRolePermissions",
        ],
    ),
    (
        "CsTeamsAcsFederationConfiguration",
        &[
            "EnableAcsUsers",
            "AllowedAcsResources",
            "RequireAcsFederationForMeeting",
            "LabelForAllowedAcsUsers",
            "HideBannerForAllowedAcsUsers",
        ],
    ),
    (
        "Anteroom",
        &[
            "FederationOverridesAnonymousBlock",
            "AnonymousPresentersModerate",
            "TrustedTenants",
            "CapabilityProfile",
            "ExternalBotNames",
            "LobbyTimeoutSeconds",
        ],
    ),
];

/// What is set for a tenant, as written in a file.
///
/// Users are named by sign-in name or object id, groups by name or object id. What is left out has Microsoft's default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantFile {
    /// `Set-CsTeamsMeetingConfiguration`
    #[serde(rename = "CsTeamsMeetingConfiguration")]
    pub meeting_configuration: Map<String, Value>,
    /// `Set-CsTeamsAcsFederationConfiguration`
    #[serde(rename = "CsTeamsAcsFederationConfiguration")]
    pub federation_configuration: Map<String, Value>,
    /// What Microsoft has no cmdlet for.
    #[serde(rename = "Anteroom")]
    pub anteroom: Map<String, Value>,
    /// `New-CsTeamsMeetingPolicy`, by name.
    #[serde(rename = "CsTeamsMeetingPolicy")]
    pub meeting_policies: BTreeMap<String, Map<String, Value>>,
    /// `New-CsExternalAccessPolicy`, by name.
    #[serde(rename = "CsExternalAccessPolicy")]
    pub external_access_policies: BTreeMap<String, ExternalAccessPolicy>,
    /// What sensitivity labels fix, by name.
    #[serde(rename = "SensitivityLabel")]
    pub labels: BTreeMap<String, Restrictions>,
    /// What meeting templates fix, by name.
    #[serde(rename = "MeetingTemplate")]
    pub templates: BTreeMap<String, Restrictions>,
    /// `Grant-CsTeamsMeetingPolicy` and `Grant-CsExternalAccessPolicy`.
    #[serde(rename = "Grant")]
    pub grants: Vec<FileGrant>,
}

/// A grant as written in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct FileGrant {
    /// Which kind of policy.
    pub policy_type: PolicyType,
    /// Name of the policy.
    pub policy_name: String,
    /// Sign-in name or object id of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Or name or object id of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Of grants to several groups of a user the smallest counts.
    #[serde(default)]
    pub rank: u32,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// A setting that does not belong in its section.
    #[error("{section} has no setting {setting}")]
    UnknownSetting {
        /// The section.
        section: String,
        /// The setting.
        setting: String,
    },
    /// A value of the wrong kind.
    #[error("{section}: {problem}")]
    Value {
        /// The section.
        section: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A grant to somebody who is not in the directory.
    #[error("there is no user or group {0:?} in the tenant")]
    UnknownGrantee(String),
    /// The policies do not go together.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl TenantFile {
    /// The settings of the tenant itself.
    ///
    /// # Errors
    /// [`FileError::UnknownSetting`] and [`FileError::Value`].
    pub fn settings(&self) -> Result<TenantSettings, FileError> {
        let sections = [
            &self.meeting_configuration,
            &self.federation_configuration,
            &self.anteroom,
        ];
        let mut all = Map::new();
        for ((name, known), section) in SECTIONS.iter().zip(sections) {
            for (setting, value) in section {
                if !known.contains(&setting.as_str()) {
                    return Err(FileError::UnknownSetting {
                        section: (*name).to_owned(),
                        setting: setting.clone(),
                    });
                }
                // One at a time first, so that the complaint names its section.
                let alone = Map::from_iter([(setting.clone(), value.clone())]);
                read::<TenantSettings>(name, alone)?;
                all.insert(setting.clone(), value.clone());
            }
        }
        read("tenant", all)
    }

    /// The policies. `user` and `group` find who is meant by a name.
    ///
    /// # Errors
    /// [`FileError`]
    pub fn policies(
        &self,
        user: impl Fn(&str) -> Option<ObjectId>,
        group: impl Fn(&str) -> Option<ObjectId>,
    ) -> Result<TenantPolicies, FileError> {
        let mut meeting = BTreeMap::new();
        for (name, settings) in &self.meeting_policies {
            let section = format!("CsTeamsMeetingPolicy.{name}");
            if settings.contains_key("EnableAcsFederationAccess") {
                return Err(DocumentError::Misplaced(name.clone()).into());
            }
            let policy: OrganizerPolicy = read(&section, settings.clone())?;
            meeting.insert(name.clone(), policy);
        }
        let find = |name: &String, find: &dyn Fn(&str) -> Option<ObjectId>| {
            find(name).ok_or_else(|| FileError::UnknownGrantee(name.clone()))
        };
        let grants = self.grants.iter().map(|grant| {
            Ok(Grant {
                policy_type: grant.policy_type,
                policy_name: grant.policy_name.clone(),
                user: grant.user.as_ref().map(|name| find(name, &user)).transpose()?,
                group: grant.group.as_ref().map(|name| find(name, &group)).transpose()?,
                rank: grant.rank,
            })
        });
        let policies = TenantPolicies {
            meeting,
            external_access: self.external_access_policies.clone(),
            labels: self.labels.clone(),
            templates: self.templates.clone(),
            grants: grants.collect::<Result<_, FileError>>()?,
        };
        policies.check()?;
        Ok(policies)
    }

    /// The file that says what is set. Everything is in it, the defaults, too.
    #[must_use]
    pub fn of(
        settings: &TenantSettings,
        policies: &TenantPolicies,
        name: impl Fn(ObjectId) -> String,
    ) -> Self {
        let all = written(settings);
        let [meeting_configuration, federation_configuration, anteroom] = SECTIONS.map(|(_, known)| {
            let known = known.iter().filter_map(|setting| {
                let value = all.get(*setting)?;
                Some(((*setting).to_owned(), value.clone()))
            });
            known.collect()
        });
        let mut meeting = policies.meeting.clone();
        meeting.entry(GLOBAL.to_owned()).or_default();
        let meeting_policies = meeting.iter().map(|(name, policy)| {
            let mut settings = written(policy);
            settings.remove("EnableAcsFederationAccess");
            (name.clone(), settings)
        });
        let mut external_access_policies = policies.external_access.clone();
        external_access_policies.entry(GLOBAL.to_owned()).or_default();
        let grants = policies.grants.iter().map(|grant| FileGrant {
            policy_type: grant.policy_type,
            policy_name: grant.policy_name.clone(),
            user: grant.user.map(&name),
            group: grant.group.map(&name),
            rank: grant.rank,
        });
        Self {
            meeting_configuration,
            federation_configuration,
            anteroom,
            meeting_policies: meeting_policies.collect(),
            external_access_policies,
            labels: policies.labels.clone(),
            templates: policies.templates.clone(),
            grants: grants.collect(),
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(section: &str, settings: Map<String, Value>) -> Result<T, FileError> {
    serde_json::from_value(Value::Object(settings)).map_err(|error| FileError::Value {
        section: section.to_owned(),
        problem: error.to_string(),
    })
}

fn written(settings: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(settings)) => settings,
        _ => Map::new(),
    }
}
