//! Start to ready with a full database.

use std::path::Path;

use anteroom_chat::store::{Change, Changes, ChatStore as _};
use anteroom_chat::thread::{Member, Message, MessageKind};
use anteroom_chat::{ChatError, ChatService, MessageId, NewThread, SequenceId, SystemMessages, ThreadId};
use anteroom_identity::id::{AcsUserId, CommunicationIdentifier, ResourceId};
use anteroom_service::data::database_path;
use anteroom_service::store::Store;
use anteroom_service::store::sqlite::SqliteChatStore;
use time::OffsetDateTime;

use super::report::Report;
use super::service::Running;
use crate::cli::output;

/// Threads that share the messages.
const THREADS: u64 = 1000;

/// When the first message of every thread was sent, in Unix milliseconds; the others follow each other closely.
const FIRST_MESSAGE_MS: u64 = 1_750_000_000_000;

/// Messages in one commit.
const CHUNK: u64 = 1000;

pub(super) async fn measure(data: &Path, messages: u64, report: &mut Report) -> anyhow::Result<()> {
    fill(data, messages).await?;
    let size = std::fs::metadata(database_path(data)).map_or(0, |metadata| metadata.len());
    let running = Running::start(data)?;
    let memory = running.memory().map_or_else(String::new, |bytes| {
        format!(", {} of memory", indicatif::HumanBytes(bytes))
    });
    report.fact(
        "start to ready",
        Some(messages),
        format!(
            "{:.0} ms with so many messages ({} on disk{memory})",
            running.ready_after.as_secs_f64() * 1000.0,
            indicatif::HumanBytes(size)
        ),
    );
    Ok(())
}

/// Writes threads and messages straight into the database of a service that does not run.
async fn fill(data: &Path, messages: u64) -> anyhow::Result<()> {
    let bar = output::progress("Filling the database", "{msg} {bar:30} {pos}/{len}");
    bar.set_length(messages);
    let store = Store::open(&database_path(data))?;
    let user: CommunicationIdentifier = AcsUserId::random(ResourceId::random()).into();
    let mut left = messages;
    for thread in 0..THREADS {
        let mut here = left.div_ceil(THREADS - thread);
        left -= here;
        let id = create(&store, &user).await?;
        let mut place = 0;
        while here > 0 {
            let chunk = here.min(CHUNK);
            append(&store, &id, &user, place, chunk).await?;
            place += chunk;
            here -= chunk;
            bar.inc(chunk);
        }
    }
    store.close().await;
    bar.finish_and_clear();
    Ok(())
}

async fn create(store: &Store, user: &CommunicationIdentifier) -> Result<ThreadId, ChatError> {
    let user = user.clone();
    store
        .write(move |connection| {
            let mut threads = ChatService::new(SqliteChatStore::new(connection));
            let thread = threads.create_thread(NewThread {
                members: vec![Member::with_history(user.clone(), "Load")],
                system_messages: SystemMessages::Silent,
                ..NewThread::new("Load", user, OffsetDateTime::now_utc())
            })?;
            Ok::<_, ChatError>(thread.id)
        })
        .await
}

async fn append(
    store: &Store,
    thread: &ThreadId,
    user: &CommunicationIdentifier,
    after: u64,
    count: u64,
) -> anyhow::Result<()> {
    let (thread, user) = (thread.clone(), user.clone());
    let outcome: Result<(), ChatError> = store
        .write(move |connection| {
            let mut store = SqliteChatStore::new(connection);
            let Some(mut head) = store.thread(&thread)? else {
                return Err(ChatError::ThreadNotFound);
            };
            let mut changes = Changes::new(thread);
            for place in after + 1..=after + count {
                let id = MessageId::from_unix_ms(FIRST_MESSAGE_MS + place);
                head.last_message = Some(id);
                head.last_sequence = SequenceId::new(place);
                changes.push(Change::InsertMessage {
                    message: message(id, place, &user),
                    client_message_id: None,
                });
            }
            changes.push(Change::UpdateThread(head));
            Ok(store.commit(&changes)?)
        })
        .await;
    Ok(outcome?)
}

fn message(id: MessageId, place: u64, user: &CommunicationIdentifier) -> Message {
    Message {
        id,
        sequence_id: SequenceId::new(place),
        version: id.unix_ms(),
        kind: MessageKind::Text,
        sender: Some(user.clone()),
        sender_display_name: "Load".to_owned(),
        content: format!("message {place} of a thread that has been talked in for a long time"),
        created_on: id.time(),
        edited_on: None,
        deleted_on: None,
        metadata: std::collections::BTreeMap::new(),
    }
}
