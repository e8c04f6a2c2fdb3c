//! What an operator does with tenants, users, groups and applications.
//!
//! One request and one answer each, the same whether the service runs (`POST /operator/directory`) or not.

use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::policy::TenantSettings;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{hash_password, redirect};
use crate::entra::secret_digest;
use crate::store::sqlite::applications::{
    self, ApplicationRow, ClientKind, GLOBAL, PermissionKind, SecretRow,
};
use crate::store::sqlite::directory::{self as users, UserRow};
use crate::store::sqlite::groups::{self, GroupRow};
use crate::store::sqlite::{resources, sign_ins};
use crate::store::{Connection, Store, StoreError};
use crate::tenants::TenantName;

/// Longest name of anything, in characters.
const MAX_NAME: usize = 256;

/// Shortest password that can be set, in characters.
const MIN_PASSWORD: usize = 8;

/// Most redirect URIs, secrets or permissions of an application.
const MAX_EACH: usize = 64;

/// Longest life of a client secret, in days.
const MAX_SECRET_DAYS: u32 = 3650;

/// One thing to do. Users are named by sign-in name or object id, groups by name or object id, applications by client id
/// or (if only one has it) name, tenants by name or id.
#[derive(Clone, Serialize, Deserialize)]
#[serde(
    tag = "operation",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[expect(
    missing_docs,
    reason = "the names say it all, and the answer's type stands at each"
)]
#[non_exhaustive]
pub enum Request {
    /// Answer: [`TenantName`].
    CreateTenant { name: String },
    /// Answer: a list of [`UserInfo`].
    ListUsers { tenant: String },
    /// Answer: [`UserInfo`].
    CreateUser {
        tenant: String,
        upn: String,
        display_name: String,
        password: String,
        /// Whether the user may change what is set for the tenant.
        #[serde(default)]
        admin: bool,
    },
    /// Whether a user may change what is set for the tenant. Answer: [`UserInfo`].
    SetAdmin { user: String, admin: bool },
    /// Answer: [`UserInfo`], of the user as it was.
    DeleteUser { user: String },
    /// Ends all sign-ins. Answer: [`UserInfo`].
    SetPassword { user: String, password: String },
    /// Answer: a list of [`GroupInfo`].
    ListGroups { tenant: String },
    /// Answer: [`GroupInfo`].
    CreateGroup { tenant: String, name: String },
    /// Answer: [`GroupInfo`], of the group as it was.
    DeleteGroup { tenant: String, group: String },
    /// Answer: [`GroupInfo`].
    AddMember {
        tenant: String,
        group: String,
        user: String,
    },
    /// Answer: [`GroupInfo`].
    RemoveMember {
        tenant: String,
        group: String,
        user: String,
    },
    /// Answer: a list of [`ApplicationInfo`].
    ListApplications,
    /// Answer: [`ApplicationInfo`].
    GetApplication { application: String },
    /// Answer: [`ApplicationInfo`].
    CreateApplication {
        tenant: String,
        name: String,
        /// Whether it can keep no secret.
        public: bool,
        redirect_uris: Vec<String>,
        /// The ACS resource it may use, by name or id.
        resource: Option<String>,
    },
    /// Answer: [`ApplicationInfo`], of the application as it was.
    DeleteApplication { application: String },
    /// `days`: 1 to 3650. Answer: [`NewSecret`].
    AddSecret {
        application: String,
        name: String,
        days: Option<u32>,
    },
    /// Answer: [`ApplicationInfo`].
    DeleteSecret { application: String, secret: String },
    /// Answer: [`ApplicationInfo`].
    AddRedirectUri { application: String, uri: String },
    /// Answer: [`ApplicationInfo`].
    Grant {
        application: String,
        delegated: bool,
        permissions: Vec<String>,
    },
    /// Answer: [`ApplicationInfo`].
    Revoke {
        application: String,
        delegated: bool,
        permissions: Vec<String>,
    },
    /// `user`: a user, or `Global` for everybody of the tenant. Answer: [`ApplicationInfo`].
    GrantAccessPolicy { application: String, user: String },
    /// Answer: [`ApplicationInfo`].
    RevokeAccessPolicy { application: String, user: String },
}

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

impl std::fmt::Debug for Request {
    /// No names and no passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Request")
    }
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSecret")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// There is none of this name.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// There is one of this name already.
    #[error("there is {0} of that name already")]
    Exists(&'static str),
    /// Several have this name.
    #[error("several applications have that name; use the client id")]
    Ambiguous,
    /// An argument that cannot be.
    #[error("{argument}: {reason}")]
    Invalid {
        /// Which one.
        argument: &'static str,
        /// Why.
        reason: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn invalid(argument: &'static str, reason: impl Into<String>) -> AdminError {
    AdminError::Invalid {
        argument,
        reason: reason.into(),
    }
}

/// Does it: all of it or nothing.
///
/// # Errors
/// [`AdminError`].
pub async fn perform(store: &Store, now: OffsetDateTime, mut request: Request) -> Result<Value, AdminError> {
    if let Request::CreateUser { password, .. } | Request::SetPassword { password, .. } = &mut request {
        // Hashing takes a while: before the transaction.
        let plain = std::mem::take(password);
        *password = tokio::task::spawn_blocking(move || hashed(&plain))
            .await
            .map_err(|_| StoreError::Closed)??;
    }
    store
        .write(move |connection| perform_in(connection, now, request))
        .await
}

fn perform_in(connection: &Connection, now: OffsetDateTime, request: Request) -> Result<Value, AdminError> {
    match request {
        Request::CreateTenant { name } => answer(&create_tenant(connection, name)?),
        Request::ListUsers { tenant } => {
            let rows = users::users(connection, find_tenant(connection, &tenant)?)?;
            answer(&rows.iter().map(UserInfo::of).collect::<Vec<_>>())
        }
        Request::CreateUser {
            tenant,
            upn,
            display_name,
            password,
            admin,
        } => {
            let tenant = find_tenant(connection, &tenant)?;
            answer(&create_user(
                connection,
                tenant,
                upn,
                display_name,
                password,
                admin,
            )?)
        }
        Request::SetAdmin { user, admin } => {
            let mut row = find_user(connection, &user)?;
            users::set_admin(connection, row.object, admin)?;
            row.is_admin = admin;
            answer(&UserInfo::of(&row))
        }
        Request::DeleteUser { user } => {
            let row = find_user(connection, &user)?;
            users::delete_user(connection, row.object)?;
            answer(&UserInfo::of(&row))
        }
        Request::SetPassword { user, password } => {
            let row = find_user(connection, &user)?;
            users::set_password(connection, row.object, &password)?;
            sign_ins::revoke_all(connection, row.object)?;
            answer(&UserInfo::of(&row))
        }
        Request::ListGroups { tenant } => {
            let rows = groups::list(connection, find_tenant(connection, &tenant)?)?;
            let infos: Result<Vec<_>, _> = rows.iter().map(|row| GroupInfo::of(connection, row)).collect();
            answer(&infos?)
        }
        Request::CreateGroup { tenant, name } => {
            let tenant = find_tenant(connection, &tenant)?;
            check_name("name", &name)?;
            if groups::find(connection, tenant, &name)?.is_some() {
                return Err(AdminError::Exists("a group"));
            }
            let row = GroupRow {
                object: ObjectId::random(),
                tenant,
                display_name: name,
            };
            groups::insert(connection, &row, now)?;
            answer(&GroupInfo::of(connection, &row)?)
        }
        Request::DeleteGroup { tenant, group } => {
            let row = find_group(connection, &tenant, &group)?;
            let info = GroupInfo::of(connection, &row)?;
            groups::delete(connection, row.object)?;
            answer(&info)
        }
        Request::AddMember { tenant, group, user } => {
            let (row, user) = (
                find_group(connection, &tenant, &group)?,
                find_user(connection, &user)?,
            );
            if user.tenant != row.tenant {
                return Err(AdminError::NotFound("user in that tenant"));
            }
            groups::add_member(connection, row.object, user.object)?;
            answer(&GroupInfo::of(connection, &row)?)
        }
        Request::RemoveMember { tenant, group, user } => {
            let (row, user) = (
                find_group(connection, &tenant, &group)?,
                find_user(connection, &user)?,
            );
            if !groups::remove_member(connection, row.object, user.object)? {
                return Err(AdminError::NotFound("member"));
            }
            answer(&GroupInfo::of(connection, &row)?)
        }
        request => perform_on_application(connection, now, request),
    }
}

fn perform_on_application(
    connection: &Connection,
    now: OffsetDateTime,
    request: Request,
) -> Result<Value, AdminError> {
    let application = match request {
        Request::CreateApplication {
            tenant,
            name,
            public,
            redirect_uris,
            resource,
        } => {
            let kind = if public {
                ClientKind::Public
            } else {
                ClientKind::Confidential
            };
            create_application(
                connection,
                now,
                &tenant,
                name,
                kind,
                &redirect_uris,
                resource.as_deref(),
            )?
        }
        Request::GetApplication { application } => find_application(connection, &application)?,
        Request::DeleteApplication { application } => {
            let row = find_application(connection, &application)?;
            let info = ApplicationInfo::of(connection, &row)?;
            applications::delete(connection, &row.client_id)?;
            return answer(&info);
        }
        Request::AddSecret {
            application,
            name,
            days,
        } => {
            return answer(&add_secret(connection, now, &application, name, days)?);
        }
        Request::DeleteSecret { application, secret } => {
            let row = find_application(connection, &application)?;
            if !applications::delete_secret(connection, &row.client_id, &secret)? {
                return Err(AdminError::NotFound("secret"));
            }
            row
        }
        Request::AddRedirectUri { application, uri } => {
            let row = find_application(connection, &application)?;
            add_redirects(connection, &row, &[uri])?;
            row
        }
        Request::Grant {
            application,
            delegated,
            permissions,
        } => {
            let row = find_application(connection, &application)?;
            for permission in &permissions {
                check_permission(permission)?;
                applications::grant(connection, &row.client_id, kind(delegated), permission)?;
            }
            let granted = applications::permissions(connection, &row.client_id, kind(delegated))?;
            if granted.len() > MAX_EACH {
                return Err(invalid("permissions", format!("at most {MAX_EACH}")));
            }
            row
        }
        Request::Revoke {
            application,
            delegated,
            permissions,
        } => {
            let row = find_application(connection, &application)?;
            for permission in &permissions {
                if !applications::revoke(connection, &row.client_id, kind(delegated), permission)? {
                    return Err(AdminError::NotFound("permission"));
                }
            }
            row
        }
        Request::GrantAccessPolicy { application, user } => {
            let row = find_application(connection, &application)?;
            let grantee = find_grantee(connection, &row, &user)?;
            applications::grant_access_policy(connection, &row.client_id, &grantee)?;
            row
        }
        Request::RevokeAccessPolicy { application, user } => {
            let row = find_application(connection, &application)?;
            let grantee = find_grantee(connection, &row, &user)?;
            if !applications::revoke_access_policy(connection, &row.client_id, &grantee)? {
                return Err(AdminError::NotFound("access policy"));
            }
            row
        }
        // The rest was for others.
        _ => {
            let infos: Result<Vec<_>, _> = applications::list(connection)?
                .iter()
                .map(|row| ApplicationInfo::of(connection, row))
                .collect();
            return answer(&infos?);
        }
    };
    answer(&ApplicationInfo::of(connection, &application)?)
}

fn create_tenant(connection: &Connection, name: String) -> Result<TenantName, AdminError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) || Uuid::try_parse(&name).is_ok() {
        return Err(invalid(
            "name",
            "1 to 64 letters, digits, dots, hyphens and underscores, and no UUID",
        ));
    }
    if ["common", "organizations", "consumers"]
        .iter()
        .any(|taken| name.eq_ignore_ascii_case(taken))
    {
        return Err(invalid("name", "this name stands for any tenant"));
    }
    if users::tenant(connection, &name)?.is_some() {
        return Err(AdminError::Exists("a tenant"));
    }
    let id = TenantId::random();
    users::insert_tenant(connection, id, &name, &TenantSettings::default())?;
    Ok(TenantName { id, name })
}

fn create_user(
    connection: &Connection,
    tenant: TenantId,
    upn: String,
    display_name: String,
    password_hash: String,
    is_admin: bool,
) -> Result<UserInfo, AdminError> {
    let well_formed = upn
        .split_once('@')
        .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if !well_formed || upn.len() > MAX_NAME || !upn.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid(
            "upn",
            "a sign-in name has the form name@domain, in ASCII",
        ));
    }
    check_name("displayName", &display_name)?;
    if users::user_by_upn(connection, &upn)?.is_some() {
        return Err(AdminError::Exists("a user"));
    }
    let row = UserRow {
        object: ObjectId::random(),
        tenant,
        upn,
        display_name,
        password_hash,
        is_admin,
    };
    users::insert_user(connection, &row)?;
    Ok(UserInfo::of(&row))
}

fn create_application(
    connection: &Connection,
    now: OffsetDateTime,
    tenant: &str,
    name: String,
    kind: ClientKind,
    redirect_uris: &[String],
    resource: Option<&str>,
) -> Result<ApplicationRow, AdminError> {
    let tenant = find_tenant(connection, tenant)?;
    check_name("name", &name)?;
    let resource = match resource {
        None => None,
        Some(named) => {
            let known = resources::all(connection)?;
            let found = known
                .iter()
                .find(|row| row.name == named || row.id.to_string() == named.to_lowercase());
            Some(found.ok_or(AdminError::NotFound("resource"))?.id)
        }
    };
    let row = ApplicationRow {
        client_id: Uuid::new_v4().to_string(),
        object: ObjectId::random(),
        tenant,
        resource,
        name,
        kind,
        created: now,
    };
    applications::insert(connection, &row)?;
    add_redirects(connection, &row, redirect_uris)?;
    Ok(row)
}

fn add_redirects(connection: &Connection, row: &ApplicationRow, uris: &[String]) -> Result<(), AdminError> {
    for uri in uris {
        redirect::check(uri, row.kind).map_err(|error| invalid("redirectUri", error.to_string()))?;
        applications::add_redirect(connection, &row.client_id, uri)?;
    }
    if applications::redirects(connection, &row.client_id)?.len() > MAX_EACH {
        return Err(invalid("redirectUri", format!("at most {MAX_EACH}")));
    }
    Ok(())
}

fn add_secret(
    connection: &Connection,
    now: OffsetDateTime,
    application: &str,
    name: String,
    days: Option<u32>,
) -> Result<NewSecret, AdminError> {
    let row = find_application(connection, application)?;
    if row.kind == ClientKind::Public {
        return Err(invalid("application", "a public client can keep no secret"));
    }
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(invalid("name", "too long, or with control characters"));
    }
    if days.is_some_and(|days| days == 0 || days > MAX_SECRET_DAYS) {
        return Err(invalid("days", format!("1 to {MAX_SECRET_DAYS}")));
    }
    if applications::secrets(connection, &row.client_id)?.len() >= MAX_EACH {
        return Err(invalid("application", format!("at most {MAX_EACH} secrets")));
    }
    let client_secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 30]>());
    let secret = SecretRow {
        id: Uuid::new_v4().to_string(),
        name,
        sha256: secret_digest(&client_secret),
        created: now,
        expires: days.map(|days| now + Duration::days(i64::from(days))),
    };
    applications::insert_secret(connection, &row.client_id, &secret)?;
    Ok(NewSecret {
        client_id: row.client_id,
        info: SecretInfo::of(&secret),
        client_secret,
    })
}

fn find_tenant(connection: &Connection, tenant: &str) -> Result<TenantId, AdminError> {
    users::tenant(connection, tenant)?.ok_or(AdminError::NotFound("tenant"))
}

fn find_user(connection: &Connection, user: &str) -> Result<UserRow, AdminError> {
    let found = match user.parse() {
        Ok(id) => users::user(connection, id)?,
        Err(_) => users::user_by_upn(connection, user)?,
    };
    found.ok_or(AdminError::NotFound("user"))
}

fn find_group(connection: &Connection, tenant: &str, group: &str) -> Result<GroupRow, AdminError> {
    let tenant = find_tenant(connection, tenant)?;
    groups::find(connection, tenant, group)?.ok_or(AdminError::NotFound("group"))
}

fn find_application(connection: &Connection, application: &str) -> Result<ApplicationRow, AdminError> {
    if let Some(row) = applications::get(connection, application)? {
        return Ok(row);
    }
    let all = applications::list(connection)?;
    let mut named = all.into_iter().filter(|row| row.name == application);
    match (named.next(), named.next()) {
        (Some(row), None) => Ok(row),
        (Some(_), Some(_)) => Err(AdminError::Ambiguous),
        (None, _) => Err(AdminError::NotFound("application")),
    }
}

fn find_grantee(connection: &Connection, row: &ApplicationRow, user: &str) -> Result<String, AdminError> {
    if user.eq_ignore_ascii_case(GLOBAL) {
        return Ok(GLOBAL.to_owned());
    }
    let user = find_user(connection, user)?;
    if user.tenant == row.tenant {
        Ok(user.object.to_string())
    } else {
        Err(AdminError::NotFound("user in the application's tenant"))
    }
}

fn check_name(argument: &'static str, name: &str) -> Result<(), AdminError> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > MAX_NAME || name.chars().any(char::is_control) {
        return Err(invalid(
            argument,
            format!("1 to {MAX_NAME} characters, none of them for control"),
        ));
    }
    Ok(())
}

fn check_permission(permission: &str) -> Result<(), AdminError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if permission.is_empty()
        || permission.len() > 128
        || !permission.bytes().all(plain)
        || permission.starts_with('.')
    {
        return Err(invalid("permissions", "names like OnlineMeetings.ReadWrite.All"));
    }
    Ok(())
}

fn hashed(password: &str) -> Result<String, AdminError> {
    if password.chars().count() < MIN_PASSWORD || password.len() > super::PASSWORD_BYTES {
        let most = super::PASSWORD_BYTES;
        return Err(invalid(
            "password",
            format!("at least {MIN_PASSWORD} characters and at most {most} bytes"),
        ));
    }
    hash_password(password).map_err(|error| invalid("password", error.to_string()))
}

const fn kind(delegated: bool) -> PermissionKind {
    if delegated {
        PermissionKind::Delegated
    } else {
        PermissionKind::Application
    }
}

fn answer(value: &impl Serialize) -> Result<Value, AdminError> {
    serde_json::to_value(value).map_err(|_| AdminError::Store(StoreError::Corrupt("directory")))
}

fn text(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

impl UserInfo {
    fn of(row: &UserRow) -> Self {
        Self {
            id: row.object.to_string(),
            user_principal_name: row.upn.clone(),
            display_name: row.display_name.clone(),
            tenant_id: row.tenant.to_string(),
            is_admin: row.is_admin,
        }
    }
}

impl GroupInfo {
    fn of(connection: &Connection, row: &GroupRow) -> Result<Self, StoreError> {
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
    fn of(row: &SecretRow) -> Self {
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            expires_on: row.expires.map(text),
        }
    }
}

impl ApplicationInfo {
    fn of(connection: &Connection, row: &ApplicationRow) -> Result<Self, StoreError> {
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

#[cfg(test)]
mod tests;
