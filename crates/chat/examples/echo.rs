//! Real-time notifications: a bot hears what is said and says it again; the one who spoke hears the bot.
//!
//! ```sh
//! export COMMUNICATION_CONNECTION_STRING='endpoint=https://…;accesskey=…'
//! export COMMUNICATION_CA_FILE=~/.local/share/anteroom/tls/ca.pem    # Anteroom's own authority; not for Azure
//! cargo run -p anteroom-chat --features client --example echo
//! ```
#![allow(clippy::print_stdout, reason = "what a program says")]

use anteroom_chat::client::{ChatClient, CreateChatThread, RealtimeEvent, RealtimeNotifications};
use anteroom_chat::wire::notification::{ChatNotification, NotifiedMessage};
use anteroom_chat::wire::rest::{ChatParticipant, SendMessageRequest};
use anteroom_identity::client::{
    BoxError, ClientOptions, CommunicationIdentityClient, CommunicationTokenCredential,
};
use anteroom_identity::signing::ConnectionString;
use anteroom_identity::token::Scope;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let text = std::env::var("COMMUNICATION_CONNECTION_STRING")
        .map_err(|_| "set COMMUNICATION_CONNECTION_STRING to endpoint=https://…;accesskey=…")?;
    let connection: ConnectionString = text.parse()?;
    let mut options = ClientOptions::new();
    if let Some(file) = std::env::var_os("COMMUNICATION_CA_FILE") {
        options = options.with_ca_file(file)?;
    }
    let identity = CommunicationIdentityClient::from_connection_string(&text, options.clone())?;
    let (dana, dana_token) = identity.create_user_and_token([Scope::Chat], None).await?;
    let (bot, bot_token) = identity
        .create_user_and_token([Scope::ChatJoinLimited], None)
        .await?;
    let chat = |token: &str| {
        let credential = CommunicationTokenCredential::new(token)?;
        ChatClient::new(connection.endpoint.as_str(), credential, options.clone())
    };
    let (danas, bots) = (chat(&dana_token.token)?, chat(&bot_token.token)?);

    let mut heard_by_bot = connected(&bots).await?;
    let mut heard_by_dana = connected(&danas).await?;
    let bot_id = bot.to_string();
    let echo = tokio::spawn(async move {
        let message = message_not_of(&mut heard_by_bot, &bot_id).await?;
        let thread = bots.chat_thread_client(&message.thread_id)?;
        let answer = SendMessageRequest::text(&format!("You said: {}", message.content));
        thread
            .send_message(&answer.with_sender_display_name("Echo"))
            .await?;
        heard_by_bot.stop().await;
        Ok::<_, BoxError>(())
    });

    let create = CreateChatThread::new("Echo").with_participant(ChatParticipant::new(&bot));
    let created = danas.create_chat_thread(create).await?;
    let thread = danas.chat_thread_client(&created.chat_thread.id)?;
    let hello = SendMessageRequest::text("Hello?").with_sender_display_name("Dana");
    thread.send_message(&hello).await?;
    let answer = message_not_of(&mut heard_by_dana, &dana.to_string()).await?;
    println!("{}: {}", answer.sender_display_name, answer.content);

    echo.await??;
    heard_by_dana.stop().await;
    danas.delete_chat_thread(thread.id()).await?;
    identity.delete_user(&dana).await?;
    identity.delete_user(&bot).await?;
    Ok(())
}

/// Listens; what is said from now on will be heard.
async fn connected(client: &ChatClient) -> Result<RealtimeNotifications, BoxError> {
    let mut notifications = client.start_realtime_notifications().await?;
    loop {
        match notifications.next().await {
            Some(RealtimeEvent::Connected) => return Ok(notifications),
            Some(RealtimeEvent::Stopped(error)) => return Err(error.into()),
            Some(_) => {}
            None => return Err("notifications have ended".into()),
        }
    }
}

/// The next message of somebody else.
async fn message_not_of(
    notifications: &mut RealtimeNotifications,
    own: &str,
) -> Result<NotifiedMessage, BoxError> {
    while let Some(event) = notifications.next().await {
        match event {
            RealtimeEvent::Notification(notification) => {
                if let ChatNotification::MessageReceived(message) = *notification
                    && message.sender != own
                {
                    return Ok(message);
                }
            }
            RealtimeEvent::Stopped(error) => return Err(error.into()),
            _ => {}
        }
    }
    Err("notifications have ended".into())
}
