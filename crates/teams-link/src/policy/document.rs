//! Everything an administrator sets for a tenant, as one document.

use std::collections::{BTreeMap, BTreeSet};

use anteroom_identity::id::ObjectId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Effective, MeetingOptions, OrganizerPolicy, Restrictions, Sources, effective};

/// The policy that applies to whom nothing else is granted.
pub const GLOBAL: &str = "Global";

/// Most policies, labels, templates and groups of one kind.
const MAX_NAMED: usize = 1000;

/// Longest name of one of them, in bytes.
const MAX_NAME: usize = 256;

/// Named policies, labels and templates of a tenant, and to whom policies are granted.
///
/// A policy that is granted directly goes before one granted to a group, and that before `Global`. Of several groups the
/// one with the smallest rank decides. A policy is whole in itself: what it leaves out has Microsoft's default, not the
/// value of `Global`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantPolicies {
    /// Meeting policies by name.
    #[serde(rename = "CsTeamsMeetingPolicy")]
    pub meeting: BTreeMap<String, OrganizerPolicy>,
    /// External access policies by name.
    #[serde(rename = "CsExternalAccessPolicy")]
    pub external_access: BTreeMap<String, ExternalAccessPolicy>,
    /// What sensitivity labels fix, by name.
    #[serde(rename = "SensitivityLabel")]
    pub labels: BTreeMap<String, Restrictions>,
    /// What meeting templates fix, by name.
    #[serde(rename = "MeetingTemplate")]
    pub templates: BTreeMap<String, Restrictions>,
    /// To whom policies are granted.
    #[serde(rename = "Grant")]
    pub grants: Vec<Grant>,
}

/// `CsExternalAccessPolicy`, as far as meetings look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "PascalCase")]
pub struct ExternalAccessPolicy {
    /// `EnableAcsFederationAccess`, on by default.
    pub enable_acs_federation_access: bool,
}

impl Default for ExternalAccessPolicy {
    fn default() -> Self {
        Self {
            enable_acs_federation_access: true,
        }
    }
}

/// One policy for one user or group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct Grant {
    /// Which kind of policy.
    pub policy_type: PolicyType,
    /// Name of the policy.
    pub policy_name: String,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<ObjectId>,
    /// Or the group, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ObjectId>,
    /// Of grants to several groups of a user the smallest counts.
    #[serde(default)]
    pub rank: u32,
}

/// Which kind of policy is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PolicyType {
    /// Of meetings.
    CsTeamsMeetingPolicy,
    /// Of people outside.
    CsExternalAccessPolicy,
}

/// How somebody came to a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assignment {
    /// Granted to the user.
    Direct(String),
    /// Granted to a group.
    Group {
        /// Name of the policy.
        policy: String,
        /// The group.
        group: ObjectId,
    },
    /// Nothing is granted.
    Global,
}

/// The policy of an organizer, and how it came to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// What holds.
    pub policy: OrganizerPolicy,
    /// Of the meeting policy.
    pub meeting: Assignment,
    /// Of the external access policy.
    pub external_access: Assignment,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A grant names a policy that is not there.
    #[error("there is no {0:?} policy {1:?}")]
    UnknownPolicy(PolicyType, String),
    /// A grant is to nobody, or to a user and a group.
    #[error("a grant of {0:?} must name either a user or a group")]
    Grantee(String),
    /// A setting stands in a policy of another kind.
    #[error("EnableAcsFederationAccess belongs to CsExternalAccessPolicy, not to CsTeamsMeetingPolicy {0:?}")]
    Misplaced(String),
    /// A name is empty, too long, or there are too many.
    #[error("names have 1 to {MAX_NAME} bytes, and there are at most {MAX_NAMED} of a kind")]
    Names,
}

impl TenantPolicies {
    /// Checks what the form alone does not say.
    ///
    /// # Errors
    /// [`DocumentError`]
    pub fn check(&self) -> Result<(), DocumentError> {
        check_names(&self.meeting)?;
        check_names(&self.external_access)?;
        check_names(&self.labels)?;
        check_names(&self.templates)?;
        for (name, policy) in &self.meeting {
            if !policy.enable_acs_federation_access {
                return Err(DocumentError::Misplaced(name.clone()));
            }
        }
        for grant in &self.grants {
            if grant.user.is_some() == grant.group.is_some() {
                return Err(DocumentError::Grantee(grant.policy_name.clone()));
            }
            let known = match grant.policy_type {
                PolicyType::CsTeamsMeetingPolicy => self.meeting.contains_key(&grant.policy_name),
                PolicyType::CsExternalAccessPolicy => self.external_access.contains_key(&grant.policy_name),
            };
            if !known && grant.policy_name != GLOBAL {
                return Err(DocumentError::UnknownPolicy(
                    grant.policy_type,
                    grant.policy_name.clone(),
                ));
            }
        }
        Ok(())
    }

    /// The policy that applies to a user of these groups.
    #[must_use]
    pub fn applied(&self, user: ObjectId, groups: &BTreeSet<ObjectId>) -> Applied {
        let meeting = self.assignment(PolicyType::CsTeamsMeetingPolicy, user, groups);
        let external_access = self.assignment(PolicyType::CsExternalAccessPolicy, user, groups);
        let mut policy = self.meeting.get(meeting.policy()).cloned().unwrap_or_default();
        let external = self.external_access.get(external_access.policy());
        policy.enable_acs_federation_access =
            external.copied().unwrap_or_default().enable_acs_federation_access;
        Applied {
            policy,
            meeting,
            external_access,
        }
    }

    /// What holds for a meeting with these options, organized under this policy.
    #[must_use]
    pub fn effective(&self, organizer: &OrganizerPolicy, options: &MeetingOptions) -> Effective {
        let label = options.sensitivity_label.as_ref();
        let template = options.meeting_template.as_ref();
        effective(&Sources {
            organizer,
            label: label.and_then(|name| self.labels.get(name)),
            template: template.and_then(|name| self.templates.get(name)),
            options,
        })
    }

    fn assignment(&self, kind: PolicyType, user: ObjectId, groups: &BTreeSet<ObjectId>) -> Assignment {
        let of_kind = || self.grants.iter().filter(|grant| grant.policy_type == kind);
        if let Some(direct) = of_kind().find(|grant| grant.user == Some(user)) {
            return Assignment::Direct(direct.policy_name.clone());
        }
        of_kind()
            .filter_map(|grant| {
                let group = grant.group.filter(|group| groups.contains(group))?;
                Some((grant, group))
            })
            .min_by_key(|(grant, _)| grant.rank)
            .map_or(Assignment::Global, |(grant, group)| Assignment::Group {
                policy: grant.policy_name.clone(),
                group,
            })
    }
}

impl Assignment {
    /// Name of the policy.
    #[must_use]
    pub fn policy(&self) -> &str {
        match self {
            Self::Direct(policy) | Self::Group { policy, .. } => policy,
            Self::Global => GLOBAL,
        }
    }
}

/// `"Customers", granted to the user`
impl std::fmt::Display for Assignment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Direct(policy) => write!(f, "{policy:?}, granted to the user"),
            Self::Group { policy, group } => write!(f, "{policy:?}, granted to the group {group}"),
            Self::Global => write!(f, "{GLOBAL:?}, since no other is granted"),
        }
    }
}

fn check_names<T>(named: &BTreeMap<String, T>) -> Result<(), DocumentError> {
    let fits = named.len() <= MAX_NAMED && named.keys().all(|name| (1..=MAX_NAME).contains(&name.len()));
    if fits { Ok(()) } else { Err(DocumentError::Names) }
}
