//! Lists, ids and versions in every form that clients use.

use super::{User, items};
use crate::common::{Host, expect, refusal};
use serde_json::{Value, json};

/// All items of a list, a page at a time.
async fn walk(user: &User<'_>, path: &str, size: usize) -> Vec<Value> {
    let first = user.get(&format!("{path}?maxPageSize={size}")).await;
    let mut page = expect(first, 200).await;
    let mut seen = Vec::new();
    loop {
        assert!(items(&page).len() <= size);
        seen.extend_from_slice(items(&page));
        let Some(link) = page["nextLink"].as_str() else {
            return seen;
        };
        assert_eq!(items(&page).len(), size);
        assert!(link.starts_with(&user.host.dev().endpoint), "{link}");
        let query = link.split_once('?').unwrap().1;
        assert!(query.contains(&format!("maxPageSize={size}")) && query.contains("api-version=2025-03-15"));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=&.".contains(&byte);
        assert!(query.bytes().all(plain), "{query}");
        let next = user.host.client.get(link).bearer_auth(&user.token);
        page = expect(next.send().await.unwrap(), 200).await;
    }
}

#[tokio::test]
async fn every_list_is_paged() {
    let host = Host::start().await;
    let alice = User::new(&host, &["chat"]).await;
    let mut users = Vec::new();
    for _ in 0..4 {
        users.push(User::new(&host, &["chat"]).await);
    }
    let others: Vec<&User<'_>> = users.iter().collect();
    let mut threads = Vec::new();
    for _ in 0..5 {
        threads.push(alice.thread(&others).await);
    }
    let thread = &threads[0];
    let mut last = String::new();
    for n in 0..5 {
        last = alice.say(thread, &n.to_string()).await;
    }
    for user in users.iter().chain([&alice]) {
        user.post(
            &format!("{thread}/readReceipts"),
            json!({ "chatMessageId": last }),
        )
        .await;
    }
    let lists = [
        (String::new(), 5, "/id"),
        (format!("{thread}/messages"), 7, "/id"),
        (
            format!("{thread}/participants"),
            5,
            "/communicationIdentifier/rawId",
        ),
        (
            format!("{thread}/readReceipts"),
            5,
            "/senderCommunicationIdentifier/rawId",
        ),
    ];
    for (path, count, key) in lists {
        let mut orders = Vec::new();
        for size in [1, 2, 5, 100] {
            let seen = walk(&alice, &path, size).await;
            let keys: Vec<Value> = seen
                .iter()
                .map(|item| item.pointer(key).unwrap().clone())
                .collect();
            assert_eq!(keys.len(), count, "{path}");
            orders.push(keys);
        }
        assert!(orders.windows(2).all(|pair| pair[0] == pair[1]), "{path}");
        for query in ["maxPageSize=0", "maxPageSize=-1", "maxPageSize=x"] {
            let refused = alice.get(&format!("{path}?{query}")).await;
            assert_eq!(refusal(refused, 400).await, "BadRequest", "{path} {query}");
        }
    }
    let skipped = expect(alice.get(&format!("{thread}/participants?skip=4")).await, 200).await;
    assert_eq!(items(&skipped).len(), 1);
    let beyond = format!("{thread}/participants?skip=18446744073709551615");
    assert_eq!(items(&expect(alice.get(&beyond).await, 200).await).len(), 0);
    for path in ["", "/messages"] {
        let path = if path.is_empty() {
            String::new()
        } else {
            format!("{thread}{path}")
        };
        let later = format!("{path}?startTime=2999-01-01T00:00:00.000Z");
        assert_eq!(
            items(&expect(alice.get(&later).await, 200).await).len(),
            0,
            "{path}"
        );
        let offset = format!("{path}?startTime=2999-01-01T00:00:00+00:00");
        assert!(items(&expect(alice.get(&offset).await, 200).await).is_empty());
        let soon = format!("{path}?startTime=2020-01-01T00%3A00%3A00.123456Z&maxPageSize=1");
        let page = expect(alice.get(&soon).await, 200).await;
        let link = page["nextLink"].as_str().unwrap();
        assert!(link.contains("startTime=2020-01-01T00"), "{link}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn thread_ids_are_read_in_every_encoding() {
    let host = Host::start().await;
    let alice = User::new(&host, &["chat"]).await;
    let thread = alice.thread(&[]).await;
    let id = thread[1..].replace("%3A", ":").replace("%40", "@");
    let whole: String = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for spelled in [
        id.clone(),
        id.replace(':', "%3A"),
        id.replace(':', "%3a").replace('@', "%40"),
        whole,
    ] {
        let found = expect(alice.get(&format!("/{spelled}")).await, 200).await;
        assert_eq!(found["id"], json!(id), "{spelled}");
        expect(
            alice
                .post(&format!("/{spelled}/messages"), json!({ "content": "x" }))
                .await,
            201,
        )
        .await;
        expect(
            alice
                .post(
                    &format!("/{spelled}/participants/:add"),
                    json!({ "participants": [] }),
                )
                .await,
            201,
        )
        .await;
    }
    // Decoded once, not twice; and nothing that is no id finds one.
    for wrong in [
        id.replace(':', "%253A"),
        id.replace(':', "+"),
        format!("{id}%00"),
        format!("{id}%2F"),
        "%ff%fe".to_owned(),
        "..".to_owned(),
    ] {
        let status = alice.get(&format!("/{wrong}")).await.status().as_u16();
        assert!((400..500).contains(&status), "{wrong}: {status}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn every_released_version_is_spoken() {
    let host = Host::start().await;
    let alice = User::new(&host, &["chat"]).await;
    for version in [
        "2021-03-07",
        "2021-09-07",
        "2023-11-07",
        "2024-03-07",
        "2025-03-15",
    ] {
        let target = format!("/chat/threads?api-version={version}");
        let request = host.post(&target).bearer_auth(&alice.token);
        let response = request
            .json(&json!({ "topic": version, "participants": [] }))
            .send();
        let created = expect(response.await.unwrap(), 201).await;
        assert_eq!(created["chatThread"]["topic"], version);
    }
    let target = "/chat/threads?api-version=2020-01-01";
    let refused = host.get(target).bearer_auth(&alice.token).send().await.unwrap();
    assert_eq!(refusal(refused, 400).await, "UnsupportedApiVersion");
    host.service.shutdown().await;
}
