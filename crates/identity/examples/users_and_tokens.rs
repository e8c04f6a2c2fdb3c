//! The life of a user: created with a token, another token, all tokens revoked, deleted.
//!
//! ```sh
//! export COMMUNICATION_CONNECTION_STRING='endpoint=https://…;accesskey=…'
//! export COMMUNICATION_CA_FILE=~/.local/share/anteroom/tls/ca.pem    # Anteroom's own authority; not for Azure
//! cargo run -p anteroom-identity --features client --example users_and_tokens
//! ```
#![allow(clippy::print_stdout, reason = "what a program says")]

use std::time::Duration;

use anteroom_identity::client::{ClientOptions, CommunicationIdentityClient};
use anteroom_identity::token::Scope;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connection_string = std::env::var("COMMUNICATION_CONNECTION_STRING")
        .map_err(|_| "set COMMUNICATION_CONNECTION_STRING to endpoint=https://…;accesskey=…")?;
    let mut options = ClientOptions::new().with_application_id("example");
    if let Some(file) = std::env::var_os("COMMUNICATION_CA_FILE") {
        options = options.with_ca_file(file)?;
    }
    let client = CommunicationIdentityClient::from_connection_string(&connection_string, options)?;

    let hour = Duration::from_secs(3600);
    let (user, token) = client
        .create_user_and_token([Scope::Chat, Scope::VoipJoin], Some(hour))
        .await?;
    println!("created   {user}");
    println!("          a token for chat and calls until {}", token.expires_on);

    let token = client.token(&user, [Scope::ChatJoin], None).await?;
    println!("issued    a token for chat.join until {}", token.expires_on);

    client.revoke_tokens(&user).await?;
    println!("revoked   both");

    match client.token(&user, [Scope::Chat], Some(hour / 2)).await {
        Ok(_) => println!("issued    a token for half an hour?"),
        Err(error) => println!("refused   {error} (target {})", error.target().unwrap_or("none")),
    }

    client.delete_user(&user).await?;
    println!("deleted   {user}");
    Ok(())
}
