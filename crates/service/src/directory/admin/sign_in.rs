//! Whether and how users sign in.

use serde_json::Value;
use time::OffsetDateTime;

use super::error::invalid;
use super::people::find_user;
use super::{AdminError, Request, UserInfo, answer};
use crate::store::Connection;
use crate::store::sqlite::directory as users;
use crate::store::sqlite::external::{self, ExternalIdentity};
use crate::store::sqlite::sign_ins;

/// Longest issuer of an external provider, in bytes.
const MAX_ISSUER: usize = 1024;

/// Longest subject at an external provider, in bytes.
const MAX_SUBJECT: usize = 255;

/// Does what concerns signing in; the request comes back if it is about something else.
pub(super) fn perform(
    connection: &Connection,
    now: OffsetDateTime,
    request: Request,
) -> Result<Result<Value, Request>, AdminError> {
    let row = match request {
        Request::SetPassword { user, password } => {
            let mut row = find_user(connection, &user)?;
            users::set_password(connection, row.object, &password)?;
            sign_ins::revoke_all(connection, row.object)?;
            row.password_hash = password;
            row
        }
        Request::SetEnabled { user, enabled } => {
            let mut row = find_user(connection, &user)?;
            users::set_enabled(connection, row.object, enabled)?;
            if !enabled {
                sign_ins::revoke_all(connection, row.object)?;
            }
            row.enabled = enabled;
            row
        }
        Request::RemovePassword { user } => {
            let mut row = find_user(connection, &user)?;
            users::set_password(connection, row.object, "")?;
            sign_ins::revoke_all(connection, row.object)?;
            row.password_hash.clear();
            row
        }
        Request::Link {
            user,
            issuer,
            subject,
        } => {
            let row = find_user(connection, &user)?;
            let identity = external_identity(issuer, subject)?;
            if external::user(connection, row.tenant, &identity)?.is_some_and(|user| user != row.object) {
                return Err(AdminError::Exists("a user"));
            }
            external::link(connection, row.tenant, &identity, row.object, now)?;
            row
        }
        Request::Unlink { user, issuer } => {
            let row = find_user(connection, &user)?;
            if external::unlink(connection, row.object, &issuer)? == 0 {
                return Err(AdminError::NotFound("link"));
            }
            sign_ins::revoke_all(connection, row.object)?;
            row
        }
        request => return Ok(Err(request)),
    };
    answer(&UserInfo::of(connection, &row)?).map(Ok)
}

fn external_identity(issuer: String, subject: String) -> Result<ExternalIdentity, AdminError> {
    if !issuer.starts_with("https://") || issuer.len() > MAX_ISSUER {
        return Err(invalid("issuer", "the https address of the provider's issuer"));
    }
    if subject.is_empty() || subject.len() > MAX_SUBJECT || subject.chars().any(char::is_control) {
        return Err(invalid(
            "subject",
            format!("1 to {MAX_SUBJECT} bytes, without characters for control"),
        ));
    }
    Ok(ExternalIdentity { issuer, subject })
}
