//! What was acknowledged is there after `kill -9`, however much was going on.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anteroom::service::DevInfo;
use anteroom_identity::client::{ClientOptions, CommunicationIdentityClient, RetryOptions};
use anteroom_identity::id::CommunicationIdentifier;
use anteroom_identity::token::Scope;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::common::program::served;
use crate::common::{PATIENCE, Person, http};

/// Callers of each kind at a time: enough for every commit to be one of many writes.
const CALLERS: usize = 16;

/// Acknowledged writes after which the service is killed.
const ENOUGH: usize = 600;

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    users: Mutex<Vec<CommunicationIdentifier>>,
    messages: Mutex<Vec<(String, String)>>,
    count: AtomicUsize,
    enough: Notify,
}

impl Acknowledged {
    fn one_more(&self) {
        if self.count.fetch_add(1, Ordering::Relaxed) + 1 == ENOUGH {
            self.enough.notify_one();
        }
    }
}

fn identities(dev: &DevInfo) -> CommunicationIdentityClient {
    let none = RetryOptions {
        max_retries: 0,
        ..RetryOptions::default()
    };
    let ca = dev.ca_file.as_deref().expect("a private authority");
    let options = ClientOptions::default()
        .with_retry(none)
        .with_ca_file(ca)
        .expect("the authority");
    CommunicationIdentityClient::from_connection_string(&dev.connection_string, options).expect("a client")
}

fn messages_url(dev: &DevInfo, query: &str) -> String {
    let thread = dev.meeting.thread_id.replace(':', "%3A").replace('@', "%40");
    format!(
        "{}/chat/threads/{thread}/messages?api-version=2024-03-07{query}",
        dev.endpoint
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_writes_loses_nothing_acknowledged() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut service, before) = served(directory.path());
    let token = Person::alice(&before).await.meeting.token().to_owned();
    let acknowledged = Arc::new(Acknowledged::default());
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let (seen, client) = (Arc::clone(&acknowledged), identities(&before));
        callers.push(tokio::spawn(async move {
            while let Ok(user) = client.create_user().await {
                seen.users.lock().expect("no panic").push(user);
                seen.one_more();
            }
        }));
        let (seen, client) = (Arc::clone(&acknowledged), http(&before));
        let (url, token) = (messages_url(&before, ""), token.clone());
        callers.push(tokio::spawn(async move {
            for n in 0.. {
                let text = format!("{caller}/{n}");
                let body = serde_json::json!({ "content": text });
                let Ok(answer) = client.post(&url).bearer_auth(&token).json(&body).send().await else {
                    return;
                };
                if answer.status() != 201 {
                    return;
                }
                // Whether the rest of the answer comes or not, 201 was said.
                let Ok(answer) = answer.json::<Value>().await else {
                    return;
                };
                let id = answer["id"].as_str().expect("an id").to_owned();
                seen.messages.lock().expect("no panic").push((id, text));
                seen.one_more();
            }
        }));
    }
    timeout(PATIENCE, acknowledged.enough.notified())
        .await
        .expect("writes are acknowledged");
    service.kill().expect("a process to kill");
    for caller in callers {
        timeout(PATIENCE, caller)
            .await
            .expect("it ends with the service")
            .expect("no panic");
    }

    let (_service, after) = served(directory.path());
    let users = acknowledged.users.lock().expect("no panic").clone();
    let messages = acknowledged.messages.lock().expect("no panic").clone();
    assert!(
        users.len() > 50 && messages.len() > 50,
        "both kinds were in the storm"
    );
    let client = identities(&after);
    for user in &users {
        let token = client.token(user, [Scope::Chat], None).await;
        assert!(token.is_ok(), "{user} was acknowledged: {token:?}");
    }
    // The service came back on another port, and a directory token names its issuer.
    let token = Person::alice(&after).await.meeting.token().to_owned();
    let http = http(&after);
    let mut found = HashSet::new();
    let mut next = Some(messages_url(&after, "&maxPageSize=200"));
    while let Some(url) = next {
        let page = http.get(url).bearer_auth(&token).send().await.expect("an answer");
        let page: Value = page.json().await.expect("JSON");
        for message in page["value"].as_array().expect("messages") {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            found.insert((text(&message["id"]), text(&message["content"]["message"])));
        }
        next = page["nextLink"].as_str().map(str::to_owned);
    }
    let lost: Vec<_> = messages
        .iter()
        .filter(|message| !found.contains(message))
        .collect();
    assert!(lost.is_empty(), "{lost:?} of {} were lost", messages.len());
}
