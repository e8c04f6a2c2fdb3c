//! Two people talk: a thread with both, messages, an edit, a receipt, the history page by page.
//!
//! ```sh
//! export COMMUNICATION_CONNECTION_STRING='endpoint=https://…;accesskey=…'
//! export COMMUNICATION_CA_FILE=~/.local/share/anteroom/tls/ca.pem    # Anteroom's own authority; not for Azure
//! cargo run -p anteroom-chat --features client --example conversation
//! ```
#![allow(clippy::print_stdout, reason = "what a program says")]

use anteroom_chat::client::{ChatClient, CreateChatThread, ListOptions, SkipOptions};
use anteroom_chat::wire::rest::{ChatParticipant, SendMessageRequest, UpdateMessageRequest};
use anteroom_identity::client::{ClientOptions, CommunicationIdentityClient, CommunicationTokenCredential};
use anteroom_identity::signing::ConnectionString;
use anteroom_identity::token::Scope;
use futures_util::TryStreamExt as _;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = std::env::var("COMMUNICATION_CONNECTION_STRING")
        .map_err(|_| "set COMMUNICATION_CONNECTION_STRING to endpoint=https://…;accesskey=…")?;
    let connection: ConnectionString = text.parse()?;
    let mut options = ClientOptions::new();
    if let Some(file) = std::env::var_os("COMMUNICATION_CA_FILE") {
        options = options.with_ca_file(file)?;
    }

    // The back end's part: two users.
    let identity = CommunicationIdentityClient::from_connection_string(&text, options.clone())?;
    let (dana, dana_token) = identity.create_user_and_token([Scope::Chat], None).await?;
    let (lee, lee_token) = identity
        .create_user_and_token([Scope::ChatJoinLimited], None)
        .await?;
    let chat = |token: &str| {
        let credential = CommunicationTokenCredential::new(token)?;
        ChatClient::new(connection.endpoint.as_str(), credential, options.clone())
    };
    let (danas, lees) = (chat(&dana_token.token)?, chat(&lee_token.token)?);

    let created = danas
        .create_chat_thread(
            CreateChatThread::new("Lunch")
                .with_participant(ChatParticipant::new(&lee).with_display_name("Lee")),
        )
        .await?;
    let id = &created.chat_thread.id;
    println!("{dana} created {id}");

    let thread = danas.chat_thread_client(id)?;
    let question = SendMessageRequest::text("Who is hungry?").with_sender_display_name("Dana");
    let question = thread.send_message(&question).await?;

    let lees_thread = lees.chat_thread_client(id)?;
    lees_thread.send_read_receipt(&question).await?;
    let answer = SendMessageRequest::html("<b>I</b> am.").with_sender_display_name("Lee");
    let answer = lees_thread.send_message(&answer).await?;
    let correction = UpdateMessageRequest {
        content: Some("<b>We</b> are.".to_owned()),
        ..UpdateMessageRequest::default()
    };
    lees_thread.update_message(&answer, &correction).await?;

    let options = ListOptions {
        max_page_size: Some(2),
        ..ListOptions::default()
    };
    let mut messages = thread.list_messages(options);
    while let Some(message) = messages.try_next().await? {
        let content = message
            .content
            .and_then(|content| content.message)
            .unwrap_or_default();
        let name = message.sender_display_name.unwrap_or_default();
        println!("  {} {name}: {content}", message.message_type.0);
    }
    let mut receipts = thread.list_read_receipts(SkipOptions::default());
    while let Some(receipt) = receipts.try_next().await? {
        println!("  read up to {} on {}", receipt.chat_message_id, receipt.read_on);
    }

    danas.delete_chat_thread(id).await?;
    identity.delete_user(&dana).await?;
    identity.delete_user(&lee).await?;
    Ok(())
}
