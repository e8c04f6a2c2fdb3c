//! Settings of a tenant.

use std::collections::BTreeSet;

use anteroom_identity::id::ResourceId;
use serde::{Deserialize, Serialize};

/// Settings of a tenant: of `CsTeamsMeetingConfiguration` and `CsTeamsAcsFederationConfiguration`.
///
/// The default lets anonymous participants join and federates with nobody, as Microsoft's does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "PascalCase")]
pub struct TenantSettings {
    /// `DisableAnonymousJoin`: nobody joins a meeting of this tenant anonymously.
    pub disable_anonymous_join: bool,
    /// `EnableAcsUsers`: federation with the ACS resources below. Off, the other federation settings do not count.
    pub enable_acs_users: bool,
    /// `AllowedAcsResources`: immutable ids of the resources that federation holds for.
    pub allowed_acs_resources: BTreeSet<ResourceId>,
    /// `RequireAcsFederationForMeeting`: ACS users join by federation only, not anonymously.
    #[serde(rename = "RequireAcsFederationForMeeting")]
    pub require_acs_federation: bool,
    /// `FederationOverridesAnonymousBlock`, a setting of Anteroom: federated ACS users join even where anonymous
    /// participants may not. Microsoft's documentation contradicts itself here; off is the strict reading.
    pub federation_overrides_anonymous_block: bool,
}
