//! `anteroom app`: applications that sign people in or act for themselves.

use std::process::ExitCode;

use anteroom_service::directory::admin::{ApplicationInfo, NewSecret, Request};
use clap::{Args, Subcommand};

use super::operator::Place;
use super::output;

/// Options of `anteroom app`.
#[derive(Debug, Args)]
pub(crate) struct App {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the applications.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Show an application with its redirect URIs, secrets' names, permissions and access policies.
    Show(Named),
    /// Register an application.
    Create {
        /// Its name, shown to people who sign in.
        #[arg(value_name = "NAME")]
        name: String,
        /// The tenant, by name or id.
        #[arg(long, value_name = "TENANT")]
        tenant: String,
        /// It runs on people's devices and can keep no secret.
        #[arg(long)]
        public: bool,
        /// Where people are sent back to; may be given several times. With http://localhost any port will do.
        #[arg(long = "redirect-uri", value_name = "URI")]
        redirect_uris: Vec<String>,
        /// The ACS resource it may use with Entra tokens, by name or id.
        #[arg(long, value_name = "RESOURCE")]
        resource: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Delete an application. Its tokens are refused at once.
    Delete(Named),
    /// Let people be sent back to one more address.
    AddRedirectUri {
        #[command(flatten)]
        named: Named,
        /// The address.
        #[arg(value_name = "URI")]
        uri: String,
    },
    /// Secrets by which an application shows who it is.
    #[command(subcommand)]
    Secret(Secret),
    /// Grant permissions, for example OnlineMeetings.ReadWrite.All.
    Grant(Permissions),
    /// Take permissions back; tokens that carry them lose them at once.
    Revoke(Permissions),
    /// For whose meetings an application may act by itself.
    #[command(subcommand)]
    AccessPolicy(AccessPolicy),
}

#[derive(Debug, Args)]
struct Named {
    /// The application, by client id or name.
    #[arg(value_name = "APP")]
    app: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Permissions {
    #[command(flatten)]
    named: Named,
    /// The permissions.
    #[arg(value_name = "PERMISSION", required = true)]
    permissions: Vec<String>,
    /// For its users (scp) instead of for itself (roles).
    #[arg(long)]
    delegated: bool,
}

#[derive(Debug, Subcommand)]
enum Secret {
    /// Make a secret. It is shown this once.
    Add {
        #[command(flatten)]
        named: Named,
        /// A name for it.
        #[arg(long, value_name = "NAME", default_value = "")]
        name: String,
        /// Days until it ends [default: never].
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// Delete a secret.
    Delete {
        #[command(flatten)]
        named: Named,
        /// The secret's id.
        #[arg(value_name = "ID")]
        secret: String,
    },
}

#[derive(Debug, Subcommand)]
enum AccessPolicy {
    /// Let it act for a user's meetings, or with Global for everybody's of its tenant.
    Grant(Grantee),
    /// Let it act no longer.
    Revoke(Grantee),
}

#[derive(Debug, Args)]
struct Grantee {
    #[command(flatten)]
    named: Named,
    /// The user, by sign-in name or object id, or Global.
    #[arg(value_name = "USER")]
    user: String,
}

pub(crate) async fn run(app: App) -> anyhow::Result<ExitCode> {
    match app.command {
        Command::List { place } => {
            let apps: Vec<ApplicationInfo> = place.directory(Request::ListApplications).await?;
            output::print(place.json, &apps, |apps| table(apps))?;
        }
        Command::Secret(Secret::Add { named, name, days }) => {
            let Named { app, place } = named;
            let request = Request::AddSecret {
                application: app,
                name,
                days,
            };
            let secret: NewSecret = place.directory(request).await?;
            output::print(place.json, &secret, secret_text)?;
        }
        command => {
            let (request, place) = request(command);
            let app: ApplicationInfo = place.directory(request).await?;
            output::print(place.json, &app, details)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The commands that are answered with the application.
fn request(command: Command) -> (Request, Place) {
    match command {
        Command::Create {
            name,
            tenant,
            public,
            redirect_uris,
            resource,
            place,
        } => {
            let request = Request::CreateApplication {
                tenant,
                name,
                public,
                redirect_uris,
                resource,
            };
            (request, place)
        }
        Command::Delete(Named { app, place }) => (Request::DeleteApplication { application: app }, place),
        Command::AddRedirectUri {
            named: Named { app, place },
            uri,
        } => {
            let request = Request::AddRedirectUri {
                application: app,
                uri,
            };
            (request, place)
        }
        Command::Secret(Secret::Delete {
            named: Named { app, place },
            secret,
        }) => {
            let request = Request::DeleteSecret {
                application: app,
                secret,
            };
            (request, place)
        }
        Command::Grant(Permissions {
            named: Named { app, place },
            permissions,
            delegated,
        }) => {
            let request = Request::Grant {
                application: app,
                delegated,
                permissions,
            };
            (request, place)
        }
        Command::Revoke(Permissions {
            named: Named { app, place },
            permissions,
            delegated,
        }) => {
            let request = Request::Revoke {
                application: app,
                delegated,
                permissions,
            };
            (request, place)
        }
        Command::AccessPolicy(AccessPolicy::Grant(Grantee {
            named: Named { app, place },
            user,
        })) => {
            let request = Request::GrantAccessPolicy {
                application: app,
                user,
            };
            (request, place)
        }
        Command::AccessPolicy(AccessPolicy::Revoke(Grantee {
            named: Named { app, place },
            user,
        })) => {
            let request = Request::RevokeAccessPolicy {
                application: app,
                user,
            };
            (request, place)
        }
        Command::Show(Named { app, place }) => (Request::GetApplication { application: app }, place),
        Command::List { place }
        | Command::Secret(Secret::Add {
            named: Named { place, .. },
            ..
        }) => (Request::ListApplications, place),
    }
}

fn table(apps: &[ApplicationInfo]) -> String {
    let mut rows = vec![vec!["CLIENT ID".to_owned(), "NAME".to_owned(), "KIND".to_owned()]];
    rows.extend(apps.iter().map(|app| {
        let kind = if app.public { "public" } else { "confidential" };
        vec![app.client_id.clone(), app.name.clone(), kind.to_owned()]
    }));
    output::table(&rows)
}

fn details(app: &ApplicationInfo) -> String {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    row("client id", app.client_id.clone());
    row("name", app.name.clone());
    row("tenant", app.tenant_id.clone());
    row(
        "kind",
        if app.public { "public" } else { "confidential" }.to_owned(),
    );
    row("resource", app.resource_id.clone().unwrap_or_default());
    for uri in &app.redirect_uris {
        row("redirect URI", uri.clone());
    }
    for secret in &app.secrets {
        let until = secret.expires_on.as_deref().unwrap_or("never");
        row("secret", format!("{} {} (ends: {until})", secret.id, secret.name));
    }
    row("application permissions", app.application_permissions.join(" "));
    row("delegated permissions", app.delegated_permissions.join(" "));
    row("access policies", app.access_policies.join(" "));
    output::table(&rows)
}

fn secret_text(secret: &NewSecret) -> String {
    output::table(&[
        vec!["client id".to_owned(), secret.client_id.clone()],
        vec!["client secret".to_owned(), secret.client_secret.clone()],
        vec!["secret id".to_owned(), secret.info.id.clone()],
    ])
}
