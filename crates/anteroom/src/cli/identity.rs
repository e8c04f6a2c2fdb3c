//! `anteroom identity`: users of an ACS resource, from the command line.

use std::process::ExitCode;
use std::time::Duration;

use anteroom_identity::client::AccessToken;
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::token::Scope;
use clap::{Args, Subcommand};
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::output;
use super::target::Target;

/// Options of `anteroom identity`.
#[derive(Debug, Args)]
pub(crate) struct Identity {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a user, with a token when scopes are given.
    Create {
        #[command(flatten)]
        token: TokenOptions,
        #[command(flatten)]
        common: Common,
    },
    /// Issue a token for a user.
    Token {
        /// The user: 8:acs:…
        #[arg(value_name = "USER")]
        user: CommunicationIdentifier,
        #[command(flatten)]
        token: TokenOptions,
        #[command(flatten)]
        common: Common,
    },
    /// Make all tokens of a user useless, at once; later ones are good.
    Revoke {
        /// The user: 8:acs:…
        #[arg(value_name = "USER")]
        user: CommunicationIdentifier,
        #[command(flatten)]
        common: Common,
    },
    /// Delete a user, its tokens and its data.
    Delete {
        /// The user: 8:acs:…
        #[arg(value_name = "USER")]
        user: CommunicationIdentifier,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
struct TokenOptions {
    /// What the token is good for; more than one with commas: chat, chat.join, chat.join.limited, voip, voip.join
    /// [default for `token`: chat,voip; for `create`: no token].
    #[arg(long, value_name = "SCOPE", value_delimiter = ',')]
    scope: Vec<Scope>,

    /// How long the token lives, in minutes, 60 to 1440 [default: 1440].
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(60..=1440))]
    minutes: Option<u32>,
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    target: Target,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<String>,
}

impl TokenOptions {
    fn lifetime(&self) -> Option<Duration> {
        self.minutes
            .map(|minutes| Duration::from_secs(u64::from(minutes) * 60))
    }
}

impl Outcome {
    fn new(user: &CommunicationIdentifier, token: Option<AccessToken>) -> Self {
        let expires_on = token
            .as_ref()
            .and_then(|token| token.expires_on.format(&Rfc3339).ok());
        Self {
            id: user.to_string(),
            token: token.map(|token| token.token),
            expires_on,
        }
    }
}

pub(crate) async fn run(identity: Identity) -> anyhow::Result<ExitCode> {
    match identity.command {
        Command::Create { token, common } => {
            let client = common.target.identity()?;
            let outcome = if token.scope.is_empty() {
                Outcome::new(&client.create_user().await?, None)
            } else {
                let lifetime = token.lifetime();
                let (user, token) = client.create_user_and_token(token.scope, lifetime).await?;
                Outcome::new(&user, Some(token))
            };
            // A token alone on its line can be taken by a script.
            print(&common, &outcome, |outcome| match &outcome.token {
                Some(token) => format!("{}\n{token}", outcome.id),
                None => outcome.id.clone(),
            })
        }
        Command::Token { user, token, common } => {
            let lifetime = token.lifetime();
            let scopes = if token.scope.is_empty() {
                vec![Scope::Chat, Scope::Voip]
            } else {
                token.scope
            };
            let issued = common.target.identity()?.token(&user, scopes, lifetime).await?;
            print(&common, &Outcome::new(&user, Some(issued)), |outcome| {
                outcome.token.clone().unwrap_or_default()
            })
        }
        Command::Revoke { user, common } => {
            common.target.identity()?.revoke_tokens(&user).await?;
            print(&common, &Outcome::new(&user, None), |outcome| {
                format!("The tokens of {} are revoked.", outcome.id)
            })
        }
        Command::Delete { user, common } => {
            common.target.identity()?.delete_user(&user).await?;
            print(&common, &Outcome::new(&user, None), |outcome| {
                format!("{} is deleted.", outcome.id)
            })
        }
    }
}

fn print(
    common: &Common,
    outcome: &Outcome,
    people: impl FnOnce(&Outcome) -> String,
) -> anyhow::Result<ExitCode> {
    output::print(common.json, outcome, people)?;
    Ok(ExitCode::SUCCESS)
}
