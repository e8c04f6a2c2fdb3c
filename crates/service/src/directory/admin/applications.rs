//! Applications: registrations, secrets, permissions, access policies.

use anteroom_identity::id::ObjectId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::error::{MAX_NAME, check_name, invalid};
use super::people::{find_tenant, find_user};
use super::{AdminError, ApplicationInfo, NewSecret, Request, SecretInfo, answer};
use crate::directory::redirect;
use crate::entra::secret_digest;
use crate::store::Connection;
use crate::store::sqlite::applications::{
    self, ApplicationRow, ClientKind, GLOBAL, PermissionKind, SecretRow,
};
use crate::store::sqlite::resources;

/// Most redirect URIs, secrets or permissions of an application.
const MAX_EACH: usize = 64;

/// Longest life of a client secret, in days.
const MAX_SECRET_DAYS: u32 = 3650;

/// Does what concerns applications.
pub(super) fn perform(
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

const fn kind(delegated: bool) -> PermissionKind {
    if delegated {
        PermissionKind::Delegated
    } else {
        PermissionKind::Application
    }
}
