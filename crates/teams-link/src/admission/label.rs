//! What stands beside the name of somebody who is not of the meeting's organization.

use super::{Participant, Relation};
use crate::policy::{AcsUserLabel, TenantSettings};

/// What stands beside a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// Somebody of another organization, or of an ACS resource that the tenant shows like that.
    External,
    /// Nobody has checked who it is.
    Unverified,
}

/// What stands beside a participant's name; nothing, for people of the organization.
///
/// Users of the ACS resources that a tenant federates with are what `LabelForAllowedAcsUsers` says; all other guests are
/// unverified.
#[must_use]
pub fn label(tenant: &TenantSettings, participant: Participant) -> Option<Label> {
    match participant {
        Participant::Organization {
            relation: Relation::Member | Relation::GuestAccount,
            ..
        } => None,
        Participant::Organization {
            relation: Relation::Trusted | Relation::Stranger,
            ..
        } => Some(Label::External),
        Participant::Guest { resource, .. } => {
            let federated = tenant.enable_acs_users && tenant.allowed_acs_resources.contains(&resource);
            Some(match tenant.label_for_allowed_acs_users {
                AcsUserLabel::External if federated => Label::External,
                AcsUserLabel::External | AcsUserLabel::Unverified => Label::Unverified,
            })
        }
        Participant::DialIn => Some(Label::Unverified),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10";

    fn guest(resource: &str) -> Participant {
        Participant::Guest {
            resource: resource.parse().unwrap(),
            is_bot: false,
        }
    }

    #[test]
    fn users_of_listed_resources_are_external_where_the_tenant_says_so() {
        let tenant = |enabled, label| TenantSettings {
            enable_acs_users: enabled,
            allowed_acs_resources: [LISTED.parse().unwrap()].into(),
            label_for_allowed_acs_users: label,
            ..TenantSettings::default()
        };
        let other = guest("6d2e4b63-9a1f-4c68-8b22-3a7f8e4d0f21");
        for (tenant, who, expected) in [
            (
                tenant(true, AcsUserLabel::External),
                guest(LISTED),
                Label::External,
            ),
            (tenant(true, AcsUserLabel::External), other, Label::Unverified),
            (
                tenant(true, AcsUserLabel::Unverified),
                guest(LISTED),
                Label::Unverified,
            ),
            // Without federation its other settings do not count.
            (
                tenant(false, AcsUserLabel::External),
                guest(LISTED),
                Label::Unverified,
            ),
            (TenantSettings::default(), guest(LISTED), Label::Unverified),
            (TenantSettings::default(), Participant::DialIn, Label::Unverified),
        ] {
            assert_eq!(label(&tenant, who), Some(expected), "{who:?} in {tenant:?}");
        }
    }

    #[test]
    fn people_with_an_account_have_no_label_or_are_external() {
        for (relation, expected) in [
            (Relation::Member, None),
            (Relation::GuestAccount, None),
            (Relation::Trusted, Some(Label::External)),
            (Relation::Stranger, Some(Label::External)),
        ] {
            let somebody = Participant::Organization {
                oid: "0b7e6c44-91d2-4e0f-8a3b-6d5f4c3b2a19".parse().unwrap(),
                is_organizer: false,
                is_co_organizer: false,
                relation,
            };
            assert_eq!(label(&TenantSettings::default(), somebody), expected);
        }
    }
}
