//! What is answered about users, groups and applications.

use anteroom_identity::id::ObjectId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::store::sqlite::applications::{self, ApplicationRow, ClientKind, PermissionKind, SecretRow};
use crate::store::sqlite::directory::UserRow;
use crate::store::sqlite::external;
use crate::store::sqlite::groups::{self, GroupRow};
use crate::store::{Connection, StoreError};

/// A user.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UserInfo {
    /// Object id.
    pub id: String,
    /// Sign-in name.
    pub user_principal_name: String,
    /// Name shown to others.
    pub display_name: String,
    /// The tenant's id.
    pub tenant_id: String,
    /// Whether the user may change what is set for the tenant.
    pub is_admin: bool,
    /// Whether the user may sign in.
    pub account_enabled: bool,
    /// Whether the user has a password here.
    pub has_password: bool,
    /// Who the user is at external providers.
    pub external: Vec<ExternalInfo>,
}

/// Who a user is at an external provider.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExternalInfo {
    /// The provider's issuer.
    pub issuer: String,
    /// Who it is there.
    pub subject: String,
}

/// A group.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroupInfo {
    /// Object id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// The tenant's id.
    pub tenant_id: String,
    /// Object ids of its members.
    pub members: Vec<String>,
}

/// An application.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ApplicationInfo {
    /// Client id.
    pub client_id: String,
    /// Object id.
    pub object_id: String,
    /// The tenant's id.
    pub tenant_id: String,
    /// Name for people.
    pub name: String,
    /// Whether it can keep no secret.
    pub public: bool,
    /// The ACS resource it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// When it was registered, RFC 3339.
    pub created_on: String,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Its secrets, without the secrets themselves.
    pub secrets: Vec<SecretInfo>,
    /// What it may do for itself.
    pub application_permissions: Vec<String>,
    /// What it may do for its users.
    pub delegated_permissions: Vec<String>,
    /// For whose meetings it may act: object ids, or `Global`.
    pub access_policies: Vec<String>,
}

/// A secret, without the secret itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecretInfo {
    /// By which it is deleted.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// When it ends, RFC 3339; never if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<String>,
}

/// A new secret. It is shown once.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewSecret {
    /// Whose it is.
    pub client_id: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub info: SecretInfo,
    /// The secret.
    pub client_secret: String,
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl UserInfo {
    pub(super) fn of(connection: &Connection, row: &UserRow) -> Result<Self, StoreError> {
        let external = external::of_user(connection, row.object)?;
        let external = external.into_iter().map(|identity| ExternalInfo {
            issuer: identity.issuer,
            subject: identity.subject,
        });
        Ok(Self {
            id: row.object.to_string(),
            user_principal_name: row.upn.clone(),
            display_name: row.display_name.clone(),
            tenant_id: row.tenant.to_string(),
            is_admin: row.is_admin,
            account_enabled: row.enabled,
            has_password: !row.password_hash.is_empty(),
            external: external.collect(),
        })
    }
}

impl GroupInfo {
    pub(super) fn of(connection: &Connection, row: &GroupRow) -> Result<Self, StoreError> {
        let members = groups::members(connection, row.object)?;
        Ok(Self {
            id: row.object.to_string(),
            display_name: row.display_name.clone(),
            tenant_id: row.tenant.to_string(),
            members: members.iter().map(ObjectId::to_string).collect(),
        })
    }
}

impl SecretInfo {
    pub(super) fn of(row: &SecretRow) -> Self {
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            expires_on: row.expires.map(text),
        }
    }
}

impl ApplicationInfo {
    pub(super) fn of(connection: &Connection, row: &ApplicationRow) -> Result<Self, StoreError> {
        let id = &row.client_id;
        Ok(Self {
            client_id: id.clone(),
            object_id: row.object.to_string(),
            tenant_id: row.tenant.to_string(),
            name: row.name.clone(),
            public: row.kind == ClientKind::Public,
            resource_id: row.resource.map(|resource| resource.to_string()),
            created_on: text(row.created),
            redirect_uris: applications::redirects(connection, id)?,
            secrets: applications::secrets(connection, id)?
                .iter()
                .map(SecretInfo::of)
                .collect(),
            application_permissions: applications::permissions(connection, id, PermissionKind::Application)?,
            delegated_permissions: applications::permissions(connection, id, PermissionKind::Delegated)?,
            access_policies: applications::access_policies(connection, id)?,
        })
    }
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}
