//! A user's token that is always fresh: asked for again, in the background, ten minutes before its end.
//!
//! A client application has no access key; its refresher asks your back end. Here the same program plays both.
//!
//! ```sh
//! export COMMUNICATION_CONNECTION_STRING='endpoint=https://…;accesskey=…'
//! export COMMUNICATION_CA_FILE=~/.local/share/anteroom/tls/ca.pem    # Anteroom's own authority; not for Azure
//! cargo run -p anteroom-identity --features client --example proactive_refresh
//! ```
#![allow(clippy::print_stdout, reason = "what a program says")]

use anteroom_identity::client::{
    BoxError, ClientOptions, CommunicationIdentityClient, CommunicationTokenCredential,
};
use anteroom_identity::token::Scope;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connection_string = std::env::var("COMMUNICATION_CONNECTION_STRING")
        .map_err(|_| "set COMMUNICATION_CONNECTION_STRING to endpoint=https://…;accesskey=…")?;
    let mut options = ClientOptions::new();
    if let Some(file) = std::env::var_os("COMMUNICATION_CA_FILE") {
        options = options.with_ca_file(file)?;
    }
    let client = CommunicationIdentityClient::from_connection_string(&connection_string, options)?;
    let user = client.create_user().await?;

    let (back_end, whose) = (client.clone(), user.clone());
    let credential = CommunicationTokenCredential::proactive(None, move || {
        let (back_end, whose) = (back_end.clone(), whose.clone());
        async move {
            let token = back_end.token(&whose, [Scope::Chat], None).await?;
            Ok::<_, BoxError>(token.token)
        }
    })?;

    // Whoever asks gets a token that is good; `ChatClient` does so before every request.
    let token = credential.token().await?;
    println!("{user} has a token until {}", token.expires_on);

    client.delete_user(&user).await?;
    Ok(())
}
