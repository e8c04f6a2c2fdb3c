//! `anteroom user`: people of the directory.

use std::io::Read as _;
use std::process::ExitCode;

use anteroom_service::directory::admin::{Request, UserInfo};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::operator::Place;
use super::output;

/// Longest password read, in bytes.
const PASSWORD_BYTES: u64 = 1024;

/// Options of `anteroom user`.
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the users of a tenant.
    List {
        /// The tenant, by name or id.
        #[arg(long, value_name = "TENANT")]
        tenant: String,
        #[command(flatten)]
        place: Place,
    },
    /// Create a user. The password is read from standard input, one line.
    Create {
        /// Sign-in name, name@domain.
        #[arg(value_name = "UPN")]
        upn: String,
        /// The tenant, by name or id.
        #[arg(long, value_name = "TENANT")]
        tenant: String,
        /// Name shown to others.
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The user may change what is set for the tenant.
        #[arg(long)]
        admin: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Say whether a user may change what is set for the tenant.
    SetAdmin {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        /// Whether the user may.
        #[arg(value_name = "BOOL", action = clap::ArgAction::Set)]
        admin: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Let a user sign in again.
    Enable {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        place: Place,
    },
    /// Keep a user from signing in. Sign-ins end, and tokens of the user are refused at once; meetings stay.
    Disable {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        place: Place,
    },
    /// Delete a user with the user's meetings. Tokens of the user are refused at once.
    Delete {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        place: Place,
    },
    /// Say who a user is at an external provider, so that the user can sign in there.
    Link {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        /// The provider's issuer, letter by letter as in sign_in.providers.
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// What the provider calls the user: the value of subject_claim.
        #[arg(long, value_name = "SUBJECT")]
        subject: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take a user's link to an external provider away, and end all sign-ins.
    Unlink {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        /// The provider's issuer.
        #[arg(long, value_name = "URL")]
        issuer: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take a user's password away, who then signs in at an external provider only, and end all sign-ins.
    RemovePassword {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        place: Place,
    },
    /// Set a user's password, and end all sign-ins with the old one. It is read from standard input, one line.
    SetPassword {
        /// The user, by sign-in name or object id.
        #[arg(value_name = "USER")]
        user: String,
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) async fn run(user: User) -> anyhow::Result<ExitCode> {
    let (request, place) = match user.command {
        Command::List { tenant, place } => {
            let users: Vec<UserInfo> = place.directory(Request::ListUsers { tenant }).await?;
            output::print(place.json, &users, |users| table(users))?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Create {
            upn,
            tenant,
            name,
            admin,
            place,
        } => {
            let request = Request::CreateUser {
                admin,
                tenant,
                upn,
                display_name: name,
                password: read_password()?,
            };
            (request, place)
        }
        Command::SetAdmin { user, admin, place } => (Request::SetAdmin { user, admin }, place),
        Command::Delete { user, place } => (Request::DeleteUser { user }, place),
        Command::Enable { user, place } => (Request::SetEnabled { user, enabled: true }, place),
        Command::Disable { user, place } => (Request::SetEnabled { user, enabled: false }, place),
        Command::Link {
            user,
            issuer,
            subject,
            place,
        } => {
            let request = Request::Link {
                user,
                issuer,
                subject,
            };
            (request, place)
        }
        Command::Unlink { user, issuer, place } => (Request::Unlink { user, issuer }, place),
        Command::RemovePassword { user, place } => (Request::RemovePassword { user }, place),
        Command::SetPassword { user, place } => {
            let password = read_password()?;
            (Request::SetPassword { user, password }, place)
        }
    };
    let user: UserInfo = place.directory(request).await?;
    output::print(place.json, &user, |user| table(std::slice::from_ref(user)))?;
    Ok(ExitCode::SUCCESS)
}

/// Not an argument, which other people on the machine could see.
fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    let mut input = std::io::stdin().lock().take(PASSWORD_BYTES + 2);
    input.read_to_string(&mut text).context("reading the password")?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains('\n') {
        bail!("the password is one line on standard input");
    }
    Ok(line.to_owned())
}

fn table(users: &[UserInfo]) -> String {
    let mut rows = vec![vec![
        "ID".to_owned(),
        "UPN".to_owned(),
        "NAME".to_owned(),
        "SIGNS IN WITH".to_owned(),
    ]];
    rows.extend(users.iter().map(|user| {
        vec![
            user.id.clone(),
            user.user_principal_name.clone(),
            user.display_name.clone(),
            ways(user),
        ]
    }));
    output::table(&rows)
}

/// How a user signs in: with a password, at providers, or not at all.
fn ways(user: &UserInfo) -> String {
    if !user.account_enabled {
        return "nothing (disabled)".to_owned();
    }
    let password = user.has_password.then_some("password");
    let issuers = user.external.iter().map(|external| external.issuer.as_str());
    let ways: Vec<&str> = password.into_iter().chain(issuers).collect();
    if ways.is_empty() {
        "nothing".to_owned()
    } else {
        ways.join(", ")
    }
}
