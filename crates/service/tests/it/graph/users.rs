use std::collections::BTreeSet;

use anteroom_identity::id::ObjectId;
use anteroom_service::store::StoreError;
use anteroom_service::store::sqlite::directory::{self, UserRow};
use reqwest::Method;
use serde_json::Value;

use super::{ALICE, BOB, Graph, encoded};
use crate::common::{Host, expect};

const EVENTUAL: [(&str, &str); 1] = [("consistencylevel", "eventual")];

/// Puts so many users more into the demo tenant. Some have the same name.
async fn populate(host: &Host, count: usize) {
    let tenant = host.dev().tenant_id.parse().unwrap();
    let store = host.service.app().store();
    let write = store.write(move |connection| {
        for number in 0..count {
            directory::insert_user(
                connection,
                &UserRow {
                    object: ObjectId::random(),
                    tenant,
                    upn: format!("user{number:04}@contoso.example"),
                    display_name: format!("Zoë Person{} O'Neill", number / 3),
                    password_hash: String::new(),
                    is_admin: false,
                    enabled: number % 5 != 0,
                },
            )?;
        }
        Ok::<_, StoreError>(())
    });
    write.await.unwrap();
}

async fn page(caller: &Graph<'_>, target: &str) -> Value {
    expect(caller.call_with(Method::GET, target, None, &EVENTUAL).await, 200).await
}

fn upns(page: &Value) -> Vec<String> {
    let users = page["value"].as_array().unwrap().iter();
    users
        .map(|user| user["userPrincipalName"].as_str().unwrap().to_owned())
        .collect()
}

fn next(page: &Value) -> Option<String> {
    let link = page.get("@odata.nextLink")?.as_str().unwrap();
    Some(link.split_once("/v1.0").unwrap().1.to_owned())
}

/// All pages of a list, and how many there were.
async fn all(caller: &Graph<'_>, target: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages, mut target) = (Vec::new(), 0, Some(target.to_owned()));
    while let Some(at) = target {
        let page = page(caller, &at).await;
        found.extend(upns(&page));
        pages += 1;
        target = next(&page);
    }
    (found, pages)
}

#[tokio::test]
async fn a_large_directory_comes_in_pages() {
    let host = Host::start().await;
    populate(&host, 2500).await;
    let alice = Graph::of(&host, ALICE).await;
    let (everybody, pages) = all(&alice, "/users?$top=999").await;
    assert_eq!((everybody.len(), pages), (2502, 3));
    assert!(everybody.is_sorted());
    for (query, size) in [
        ("$orderby=displayName&$top=100", 26),
        ("$orderby=displayName%20desc&$top=501", 5),
        ("$orderby=id&$top=999", 3),
        ("$orderby=userPrincipalName%20desc", 26),
    ] {
        let (found, pages) = all(&alice, &format!("/users?{query}")).await;
        assert_eq!(pages, size, "{query}");
        let once: BTreeSet<&String> = found.iter().collect();
        assert_eq!((found.len(), once.len()), (2502, 2502), "{query}");
    }
    // Filters look further than a page.
    let disabled = encoded("accountEnabled eq false");
    let (found, pages) = all(&alice, &format!("/users?$filter={disabled}&$top=200")).await;
    assert_eq!((found.len(), pages), (500, 3));
    let counted = page(&alice, &format!("/users?$filter={disabled}&$count=true&$top=1")).await;
    assert_eq!(counted["@odata.count"], 500);
    for (query, count) in [
        (String::new(), "2502"),
        (format!("?$filter={disabled}"), "500"),
        (format!("?$search={}", encoded("\"displayName:person83\"")), "13"),
    ] {
        let answer = alice
            .call_with(Method::GET, &format!("/users/$count{query}"), None, &EVENTUAL)
            .await;
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(answer.text().await.unwrap(), count, "{query}");
    }
    // Who is named is found wherever it stands, also on a later page.
    let names =
        encoded("userPrincipalName in ('user2400@contoso.example','USER0001@contoso.example','nobody@x')");
    let first = page(&alice, &format!("/users?$filter={names}&$top=1&$count=true")).await;
    assert_eq!(upns(&first), ["user0001@contoso.example"]);
    assert_eq!(first["@odata.count"], 2);
    let second = page(&alice, &next(&first).unwrap()).await;
    assert_eq!(
        (upns(&second), next(&second)),
        (vec!["user2400@contoso.example".to_owned()], None)
    );
    // A token of one order is none of another.
    let other = next(&first).unwrap() + "&$orderby=displayName";
    alice.refused(Method::GET, &other, None, 400).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn people_are_searched_by_words() {
    let host = Host::start().await;
    populate(&host, 30).await;
    let alice = Graph::of(&host, ALICE).await;
    for (search, count) in [
        (r#""displayName:zoë""#, 30),
        (r#""displayName:ZOË PERSON1""#, 3),
        (r#""displayName:neill" AND "mail:user0029""#, 1),
        (r#""mail:user0001" OR "userPrincipalName:user0002""#, 2),
        (r#""contoso""#, 32),
        (r#""displayName:oë""#, 0),
        (r#""displayName:x' or '1'='1""#, 0),
    ] {
        let found = page(
            &alice,
            &format!("/users?$search={}&$top=999&$count=true", encoded(search)),
        )
        .await;
        assert_eq!(upns(&found).len(), count, "{search}");
        assert_eq!(found["@odata.count"], count, "{search}");
    }
    let both = format!(
        "/users?$search={}&$filter={}&$orderby=displayName%20desc",
        encoded(r#""displayName:person""#),
        encoded("endswith(mail,'5@contoso.example')")
    );
    assert_eq!(
        upns(&page(&alice, &both).await),
        [
            "user0025@contoso.example",
            "user0015@contoso.example",
            "user0005@contoso.example"
        ]
    );
    let search = format!("/users?$search={}", encoded(r#""displayName:zoe""#));
    for target in [search.as_str(), "/users/$count", "/users?$skip=1"] {
        let (code, _) = alice.refused(Method::GET, target, None, 400).await;
        assert_eq!(code, "Request_UnsupportedQuery", "{target}");
    }
    let clauses = r#""a" "#.repeat(100);
    let deep = format!("{}\"a\"{}", "(".repeat(3000), ")".repeat(3000));
    for wrong in [
        "displayName:alice",
        r#""displayName:alice"#,
        r#""displayName:""#,
        r#""passwordHash:x""#,
        r#""id:x""#,
        r#""a" NOT "b""#,
        r#""a"; DROP TABLE directory_users"#,
        clauses.as_str(),
        deep.as_str(),
    ] {
        let target = format!("/users?$search={}", encoded(wrong));
        if target.len() > 16_000 {
            // Once the address is too long, that is what is refused.
            continue;
        }
        let response = alice.call_with(Method::GET, &target, None, &EVENTUAL).await;
        expect(response, 400).await;
    }
    for target in ["/me/events", "/chats", &format!("/users/{BOB}")] {
        let target = format!("{target}?$search=%22x%22");
        alice.refused(Method::GET, &target, None, 400).await;
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn hostile_filters_are_refused_or_hold_for_nobody() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let many = format!("id in ({})", vec!["'x'"; 200].join(","));
    for (filter, status) in [
        ("mail eq 'x'' or ''1'' eq ''1'", 200),
        ("mail eq 'x\u{0}'", 200),
        ("mail eq '\\' or 1 eq 1'", 400),
        ("displayName eq '; DROP TABLE directory_users; --'", 200),
        (many.as_str(), 200),
        ("mail eq 'x' or 1 eq 1 --", 400),
        ("mail eq 'x'; DROP TABLE directory_users", 400),
        ("mail eq \"x\"", 400),
        ("1 eq", 400),
        ("any(x:x eq 1)", 400),
        ("businessPhones/any(p:startswith(p,'1'))", 200),
    ] {
        let target = format!("/users?$filter={}&$top=5", encoded(filter));
        let found = expect(alice.call(Method::GET, &target, None).await, status).await;
        if status == 200 {
            assert_eq!(found["value"], serde_json::json!([]), "{filter}");
        }
    }
    let (everybody, _) = all(&alice, "/users").await;
    assert_eq!(everybody, [ALICE, BOB]);
    host.service.shutdown().await;
}
