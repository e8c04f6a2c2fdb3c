//! `anteroom group`: groups of the directory.

use std::process::ExitCode;

use anteroom_service::directory::admin::{GroupInfo, Request};
use clap::{Args, Subcommand};

use super::operator::Place;
use super::output;

/// Options of `anteroom group`.
#[derive(Debug, Args)]
pub(crate) struct Group {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Named {
    /// The group, by name or object id.
    #[arg(value_name = "GROUP")]
    group: String,
    /// The tenant, by name or id.
    #[arg(long, value_name = "TENANT")]
    tenant: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the groups of a tenant.
    List {
        /// The tenant, by name or id.
        #[arg(long, value_name = "TENANT")]
        tenant: String,
        #[command(flatten)]
        place: Place,
    },
    /// Create a group of this name.
    Create(Named),
    /// Delete a group; its members stay.
    Delete(Named),
    /// Add a member.
    Add {
        #[command(flatten)]
        named: Named,
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
    },
    /// Remove a member.
    Remove {
        #[command(flatten)]
        named: Named,
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
    },
}

pub(crate) async fn run(group: Group) -> anyhow::Result<ExitCode> {
    let (request, place) = match group.command {
        Command::List { tenant, place } => {
            let groups: Vec<GroupInfo> = place.directory(Request::ListGroups { tenant }).await?;
            output::print(place.json, &groups, |groups| table(groups))?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Create(Named { group, tenant, place }) => {
            (Request::CreateGroup { tenant, name: group }, place)
        }
        Command::Delete(Named { group, tenant, place }) => (Request::DeleteGroup { tenant, group }, place),
        Command::Add {
            named: Named { group, tenant, place },
            user,
        } => (Request::AddMember { tenant, group, user }, place),
        Command::Remove {
            named: Named { group, tenant, place },
            user,
        } => (Request::RemoveMember { tenant, group, user }, place),
    };
    let group: GroupInfo = place.directory(request).await?;
    output::print(place.json, &group, |group| table(std::slice::from_ref(group)))?;
    Ok(ExitCode::SUCCESS)
}

fn table(groups: &[GroupInfo]) -> String {
    let mut rows = vec![vec!["ID".to_owned(), "NAME".to_owned(), "MEMBERS".to_owned()]];
    rows.extend(groups.iter().map(|group| {
        vec![
            group.id.clone(),
            group.display_name.clone(),
            group.members.len().to_string(),
        ]
    }));
    output::table(&rows)
}
