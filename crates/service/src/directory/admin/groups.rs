//! Groups.

use anteroom_identity::id::ObjectId;
use serde_json::Value;
use time::OffsetDateTime;

use super::error::check_name;
use super::people::{find_tenant, find_user};
use super::{AdminError, GroupInfo, Request, answer};
use crate::store::Connection;
use crate::store::sqlite::groups::{self, GroupRow};

/// Does what concerns groups; the request comes back if it is about something else.
pub(super) fn perform(
    connection: &Connection,
    now: OffsetDateTime,
    request: Request,
) -> Result<Result<Value, Request>, AdminError> {
    let done = match request {
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
        request => return Ok(Err(request)),
    };
    done.map(Ok)
}

fn find_group(connection: &Connection, tenant: &str, group: &str) -> Result<GroupRow, AdminError> {
    let tenant = find_tenant(connection, tenant)?;
    groups::find(connection, tenant, group)?.ok_or(AdminError::NotFound("group"))
}
