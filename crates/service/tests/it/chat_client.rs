//! The Rust clients of the Chat API against a running service: each operation, granted and refused.

use anteroom_chat::RetentionPolicy;
use anteroom_chat::client::{
    ChatClient, ChatThreadClient, CommunicationTokenCredential, CreateChatThread, Error, ListOptions,
    SkipOptions,
};
use anteroom_chat::wire::rest::{
    ChatMessage, ChatParticipant, SendMessageRequest, UpdateMessageRequest, UpdateThreadRequest,
};
use anteroom_identity::client::CommunicationIdentityClient;
use anteroom_identity::id::{AcsUserId, CommunicationIdentifier, ResourceId};
use anteroom_identity::token::Scope;
use futures_util::TryStreamExt as _;

use crate::common::Host;

struct Person {
    id: CommunicationIdentifier,
    chat: ChatClient,
}

async fn person(host: &Host, scope: Scope) -> Person {
    let identity = CommunicationIdentityClient::from_connection_string(
        &host.dev().connection_string,
        host.client_options(),
    )
    .unwrap();
    let (id, token) = identity.create_user_and_token([scope], None).await.unwrap();
    let credential = CommunicationTokenCredential::new(&token.token).unwrap();
    let chat = ChatClient::new(&host.dev().endpoint, credential, host.client_options()).unwrap();
    Person { id, chat }
}

impl Person {
    fn thread(&self, id: &str) -> ChatThreadClient {
        self.chat.chat_thread_client(id).unwrap()
    }

    fn participant(&self, name: &str) -> ChatParticipant {
        ChatParticipant::new(&self.id).with_display_name(name)
    }
}

/// Dana has created a thread with Lee.
async fn pair(host: &Host) -> (Person, Person, String) {
    let (dana, lee) = (
        person(host, Scope::Chat).await,
        person(host, Scope::ChatJoinLimited).await,
    );
    let created = dana
        .chat
        .create_chat_thread(CreateChatThread::new("Lunch").with_participant(lee.participant("Lee")))
        .await
        .unwrap();
    assert!(created.invalid_participants.is_empty());
    (dana, lee, created.chat_thread.id)
}

fn status<T: std::fmt::Debug>(outcome: Result<T, Error>) -> u16 {
    let error = outcome.unwrap_err();
    assert!(error.code().is_some(), "{error}");
    error.status().unwrap()
}

fn text(message: &ChatMessage) -> &str {
    message
        .content
        .as_ref()
        .and_then(|content| content.message.as_deref())
        .unwrap_or_default()
}

async fn texts(thread: &ChatThreadClient, options: ListOptions) -> Vec<String> {
    let messages: Vec<ChatMessage> = thread.list_messages(options).try_collect().await.unwrap();
    messages
        .iter()
        .filter(|message| matches!(message.message_type.0.as_str(), "text" | "html"))
        .map(|message| text(message).to_owned())
        .collect()
}

#[tokio::test]
async fn threads_are_created_once_listed_changed_and_deleted() {
    let host = Host::start().await;
    let (dana, lee) = (
        person(&host, Scope::Chat).await,
        person(&host, Scope::ChatJoin).await,
    );
    let create = || {
        CreateChatThread::new("Lunch")
            .with_participant(lee.participant("Lee"))
            .with_metadata("room", "12")
            .with_retention(RetentionPolicy::ThreadCreationDate {
                delete_thread_after_days: 30,
            })
            .with_repeatability_id("request-1")
    };
    let first = dana.chat.create_chat_thread(create()).await.unwrap().chat_thread;
    let again = dana.chat.create_chat_thread(create()).await.unwrap().chat_thread;
    assert_eq!(first.id, again.id);
    let policy = RetentionPolicy::ThreadCreationDate {
        delete_thread_after_days: 30,
    };
    assert_eq!(first.retention_policy, Some(policy));

    let listed: Vec<_> = lee
        .chat
        .list_chat_threads(ListOptions::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].id.as_str(), listed[0].topic.as_str()),
        (first.id.as_str(), "Lunch")
    );

    let thread = dana.thread(&first.id);
    thread.update_topic("Dinner").await.unwrap();
    let update = UpdateThreadRequest {
        metadata: [("floor".to_owned(), "3".to_owned())].into(),
        retention_policy: Some(RetentionPolicy::None),
        ..UpdateThreadRequest::default()
    };
    thread.update_properties(&update).await.unwrap();
    assert_eq!(thread.properties().await.unwrap().topic, "Dinner");
    let properties = thread.properties().await.unwrap();
    let metadata: Vec<_> = properties
        .metadata
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(metadata, [("floor", "3"), ("room", "12")]);
    // The service leaves out a policy that is none.
    let policy = properties.retention_policy.unwrap_or_default();
    assert_eq!(policy, RetentionPolicy::None);

    assert_eq!(status(thread.update_topic("").await), 400);
    assert_eq!(
        status(lee.chat.create_chat_thread(CreateChatThread::new("Mine")).await),
        403
    );
    assert_eq!(status(lee.thread(&first.id).update_topic("Mine").await), 403);
    assert_eq!(status(lee.chat.delete_chat_thread(&first.id).await), 403);
    let stranger = person(&host, Scope::Chat).await;
    assert_eq!(status(stranger.thread(&first.id).properties().await), 403);

    dana.chat.delete_chat_thread(&first.id).await.unwrap();
    dana.chat.delete_chat_thread(&first.id).await.unwrap();
    assert_eq!(status(thread.properties().await), 404);
    host.service.shutdown().await;
}

#[tokio::test]
async fn messages_are_sent_listed_by_pages_changed_and_deleted() {
    let host = Host::start().await;
    let (dana, lee, id) = pair(&host).await;
    let (thread, lees) = (dana.thread(&id), lee.thread(&id));
    let mut ids = Vec::new();
    for number in 0..7 {
        let message = SendMessageRequest::text(&format!("message {number}"))
            .with_sender_display_name("Dana")
            .with_metadata("number", &number.to_string());
        ids.push(thread.send_message(&message).await.unwrap());
    }
    let expected: Vec<String> = (0..7).rev().map(|number| format!("message {number}")).collect();
    for size in [1, 2, 7, 200] {
        let options = ListOptions {
            max_page_size: Some(size),
            ..ListOptions::default()
        };
        assert_eq!(texts(&lees, options).await, expected, "pages of {size}");
        let mut pages = lees.list_messages(options).by_page();
        while let Some(page) = pages.try_next().await.unwrap() {
            assert!(page.value.len() <= size as usize);
        }
    }

    let found = lees.message(&ids[3]).await.unwrap();
    assert_eq!(text(&found), "message 3");
    assert_eq!(found.sender_display_name.as_deref(), Some("Dana"));
    assert_eq!(found.metadata["number"], "3");
    let sender = found.sender_communication_identifier.unwrap();
    assert_eq!(CommunicationIdentifier::try_from(sender), Ok(dana.id.clone()));

    let update = UpdateMessageRequest {
        content: Some("changed".to_owned()),
        metadata: [("a".to_owned(), "b".to_owned())].into(),
    };
    thread.update_message(&ids[3], &update).await.unwrap();
    let found = lees.message(&ids[3]).await.unwrap();
    assert_eq!(text(&found), "changed");
    assert!(found.edited_on.is_some());
    assert_eq!(status(lees.update_message(&ids[3], &update).await), 403);

    thread.delete_message(&ids[0]).await.unwrap();
    assert!(lees.message(&ids[0]).await.unwrap().deleted_on.is_some());
    assert_eq!(status(lees.delete_message(&ids[1]).await), 403);
    assert_eq!(status(lees.message("17").await), 404);

    let html = SendMessageRequest::html("<b>bold</b><script>alert(1)</script>");
    let html = lees.send_message(&html).await.unwrap();
    assert_eq!(text(&thread.message(&html).await.unwrap()), "<b>bold</b>");
    assert_eq!(
        status(thread.send_message(&SendMessageRequest::text("")).await),
        400
    );
    let long = SendMessageRequest::text(&"x".repeat(40_000));
    assert_eq!(status(thread.send_message(&long).await), 413);
    host.service.shutdown().await;
}

#[tokio::test]
async fn participants_come_and_go_and_see_what_they_may() {
    let host = Host::start().await;
    let (dana, lee, id) = pair(&host).await;
    let thread = dana.thread(&id);
    thread
        .send_message(&SendMessageRequest::text("early"))
        .await
        .unwrap();

    let (kim, max) = (person(&host, Scope::Chat).await, person(&host, Scope::Chat).await);
    let future = time::OffsetDateTime::now_utc() + time::Duration::hours(1);
    let added = thread
        .add_participants([
            kim.participant("Kim"),
            max.participant("Max").with_share_history_time(future),
        ])
        .await
        .unwrap();
    assert_eq!(added, []);
    assert_eq!(texts(&kim.thread(&id), ListOptions::default()).await, ["early"]);
    assert!(texts(&max.thread(&id), ListOptions::default()).await.is_empty());

    for size in [1, 3, 100] {
        let options = SkipOptions {
            max_page_size: Some(size),
            skip: None,
        };
        let all: Vec<_> = thread.list_participants(options).try_collect().await.unwrap();
        let names: Vec<_> = all.iter().filter_map(|one| one.display_name.as_deref()).collect();
        assert_eq!(all.len(), 4);
        assert_eq!(names, ["Lee", "Kim", "Max"], "pages of {size}");
    }
    let rest = SkipOptions {
        max_page_size: None,
        skip: Some(3),
    };
    let rest: Vec<_> = thread.list_participants(rest).try_collect().await.unwrap();
    assert_eq!(rest.len(), 1);

    thread.remove_participant(&kim.id).await.unwrap();
    assert_eq!(
        status(
            kim.thread(&id)
                .send_message(&SendMessageRequest::text("late"))
                .await
        ),
        403
    );
    // The scope chat.join.limited leaves the participants alone.
    assert_eq!(status(lee.thread(&id).remove_participant(&max.id).await), 403);
    assert_eq!(
        status(lee.thread(&id).add_participants([kim.participant("Kim")]).await),
        403
    );

    // Somebody of another resource is named, and the others are added all the same.
    let stranger: CommunicationIdentifier = AcsUserId::random(ResourceId::random()).into();
    let invalid = thread
        .add_participants([ChatParticipant::new(&stranger), kim.participant("Kim")])
        .await
        .unwrap();
    let targets: Vec<_> = invalid.iter().filter_map(|error| error.target.clone()).collect();
    assert_eq!(targets, [stranger.to_string()]);
    assert!(kim.thread(&id).properties().await.is_ok());
    host.service.shutdown().await;
}

#[tokio::test]
async fn typing_and_receipts() {
    let host = Host::start().await;
    let (dana, lee, id) = pair(&host).await;
    let (thread, lees) = (dana.thread(&id), lee.thread(&id));
    let first = thread
        .send_message(&SendMessageRequest::text("one"))
        .await
        .unwrap();
    let second = thread
        .send_message(&SendMessageRequest::text("two"))
        .await
        .unwrap();

    thread.send_typing_notification(None).await.unwrap();
    lees.send_typing_notification(Some("Lee")).await.unwrap();
    lees.send_read_receipt(&first).await.unwrap();
    lees.send_read_receipt(&second).await.unwrap();
    thread.send_read_receipt(&second).await.unwrap();
    let receipts: Vec<_> = thread
        .list_read_receipts(SkipOptions::default())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(receipts.len(), 2, "the latest of each");
    assert!(receipts.iter().all(|receipt| receipt.chat_message_id == second));
    assert!(receipts.iter().any(
        |receipt| receipt.sender_communication_identifier.raw_id.as_deref() == Some(&lee.id.to_string())
    ));

    let stranger = person(&host, Scope::Chat).await;
    let strangers = stranger.thread(&id);
    assert_eq!(status(strangers.send_typing_notification(None).await), 403);
    assert_eq!(status(strangers.send_read_receipt(&first).await), 403);
    let listed: Result<Vec<_>, _> = strangers
        .list_read_receipts(SkipOptions::default())
        .try_collect()
        .await;
    assert_eq!(status(listed), 403);
    host.service.shutdown().await;
}

#[tokio::test]
async fn tokens_without_the_scope_or_of_nobody_are_refused() {
    let host = Host::start().await;
    let caller = person(&host, Scope::Voip).await;
    assert_eq!(
        status(caller.chat.create_chat_thread(CreateChatThread::new("x")).await),
        403
    );
    let listed: Result<Vec<_>, _> = caller
        .chat
        .list_chat_threads(ListOptions::default())
        .try_collect()
        .await;
    assert_eq!(status(listed), 403);

    // A token of our own making: well-formed, signed by nobody.
    let credential = CommunicationTokenCredential::new("e30.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln").unwrap();
    let nobody = ChatClient::new(&host.dev().endpoint, credential, host.client_options()).unwrap();
    let listed: Result<Vec<_>, _> = nobody
        .list_chat_threads(ListOptions::default())
        .try_collect()
        .await;
    assert_eq!(status(listed), 401);
    host.service.shutdown().await;
}
