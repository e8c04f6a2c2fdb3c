//! Tenants and users.

use anteroom_identity::id::{ObjectId, TenantId};
use anteroom_teams_link::policy::TenantSettings;
use serde_json::Value;
use uuid::Uuid;

use super::error::{MAX_NAME, check_name, invalid};
use super::{AdminError, Request, UserInfo, answer};
use crate::directory::{PASSWORD_BYTES, hash_password};
use crate::store::Connection;
use crate::store::sqlite::directory::{self as users, UserRow};
use crate::tenants::TenantName;

/// Shortest password that can be set, in characters.
const MIN_PASSWORD: usize = 8;

/// Does what concerns tenants and users; the request comes back if it is about something else.
pub(super) fn perform(
    connection: &Connection,
    request: Request,
) -> Result<Result<Value, Request>, AdminError> {
    let done = match request {
        Request::CreateTenant { name } => answer(&create_tenant(connection, name)?),
        Request::ListUsers { tenant } => {
            let rows = users::users(connection, find_tenant(connection, &tenant)?)?;
            let infos: Result<Vec<_>, _> = rows.iter().map(|row| UserInfo::of(connection, row)).collect();
            answer(&infos?)
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
            answer(&UserInfo::of(connection, &row)?)
        }
        Request::DeleteUser { user } => {
            let row = find_user(connection, &user)?;
            let info = UserInfo::of(connection, &row)?;
            users::delete_user(connection, row.object)?;
            answer(&info)
        }
        request => return Ok(Err(request)),
    };
    done.map(Ok)
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
    if !is_user_name(&upn) {
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
        enabled: true,
    };
    users::insert_user(connection, &row)?;
    Ok(UserInfo::of(connection, &row)?)
}

/// Whether this can be a sign-in name: `name@domain`, in ASCII.
pub(crate) fn is_user_name(upn: &str) -> bool {
    let well_formed = upn
        .split_once('@')
        .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty() && !domain.contains('@'));
    well_formed && upn.len() <= MAX_NAME && upn.bytes().all(|byte| byte.is_ascii_graphic())
}

pub(super) fn find_tenant(connection: &Connection, tenant: &str) -> Result<TenantId, AdminError> {
    users::tenant(connection, tenant)?.ok_or(AdminError::NotFound("tenant"))
}

pub(super) fn find_user(connection: &Connection, user: &str) -> Result<UserRow, AdminError> {
    let found = match user.parse() {
        Ok(id) => users::user(connection, id)?,
        Err(_) => users::user_by_upn(connection, user)?,
    };
    found.ok_or(AdminError::NotFound("user"))
}

pub(super) fn hashed(password: &str) -> Result<String, AdminError> {
    if password.chars().count() < MIN_PASSWORD || password.len() > PASSWORD_BYTES {
        let most = PASSWORD_BYTES;
        return Err(invalid(
            "password",
            format!("at least {MIN_PASSWORD} characters and at most {most} bytes"),
        ));
    }
    hash_password(password).map_err(|error| invalid("password", error.to_string()))
}
