use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph, encoded};
use crate::common::{Host, expect};

#[tokio::test]
async fn users_are_filtered_sorted_and_paged() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let bob = &host.dev().users[1].object_id;
    for (filter, upns) in [
        (
            format!("userPrincipalName eq '{}'", BOB.to_uppercase()),
            vec![BOB],
        ),
        (format!("id eq '{bob}'"), vec![BOB]),
        ("startswith(displayName,'al')".to_owned(), vec![ALICE]),
        (
            format!("mail eq '{ALICE}' or mail in ('{BOB}')"),
            vec![ALICE, BOB],
        ),
        ("displayName eq 'x'' or ''1'' eq ''1'".to_owned(), vec![]),
        ("not(userType eq 'Member')".to_owned(), vec![]),
    ] {
        let found = alice
            .get(&format!(
                "/users?$filter={}&$select=userPrincipalName",
                encoded(&filter)
            ))
            .await;
        let found: Vec<&str> = found["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["userPrincipalName"].as_str().unwrap())
            .collect();
        assert_eq!(found, upns, "{filter}");
    }
    let page = alice
        .call_with(
            Method::GET,
            "/users?$top=1&$count=true&$orderby=displayName%20desc&$select=displayName,id",
            None,
            &[("consistencylevel", "eventual"), ("client-request-id", "mine-1")],
        )
        .await;
    assert_eq!(page.headers()["client-request-id"], "mine-1");
    assert_eq!(page.headers()["odata-version"], "4.0");
    let page = expect(page, 200).await;
    assert_eq!(page["@odata.count"], 2);
    assert_eq!(page["value"][0].as_object().unwrap().len(), 2);
    assert_eq!(page["value"][0]["id"], *bob);
    let next = page["@odata.nextLink"]
        .as_str()
        .unwrap()
        .split_once("/v1.0")
        .unwrap()
        .1;
    let last = alice.get(next).await;
    assert_eq!(last["value"][0]["displayName"], host.dev().users[0].display_name);
    assert!(last.get("@odata.nextLink").is_none());

    for wrong in [
        "$filter=displayName%20eq%20'x",
        "$filter=passwordHash%20ne%20null",
        "$filter=displayName",
        "$filter=displayName%20eq%201",
        "$select=password",
        "$orderby=secret",
        "$expand=manager",
        "$top=0",
        "$top=-1",
        "$top=x",
        "$skiptoken=nonsense",
        "$apply=aggregate(x)",
        "$top=1&$top=2",
    ] {
        let (code, _) = alice
            .refused(Method::GET, &format!("/users?{wrong}"), None, 400)
            .await;
        assert_eq!(code, "BadRequest", "{wrong}");
    }
    let deep = "(".repeat(5000);
    alice
        .refused(Method::GET, &format!("/users?$filter={deep}"), None, 400)
        .await;
    assert_eq!(alice.get(&format!("/users/{BOB}")).await["id"], *bob);
    assert_eq!(alice.get(&format!("/users('{bob}')")).await["mail"], BOB);
    let (code, message) = alice
        .refused(Method::GET, "/users/none@contoso.example", None, 404)
        .await;
    assert_eq!(code, "Request_ResourceNotFound");
    assert!(message.contains("none@contoso.example"));
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_batch_runs_in_order() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/me?$select=mail"},
        {"id": "2", "method": "POST", "url": "me/onlineMeetings", "body": {"subject": "B"},
         "headers": {"Content-Type": "application/json"}},
        {"id": "3", "method": "GET", "url": "/nothing", "dependsOn": ["2"]},
        {"id": "4", "method": "GET", "url": "/me", "dependsOn": ["3"]},
        {"id": "5", "method": "POST", "url": "/$batch", "body": {"requests": []}},
    ]});
    let answer = alice.call(Method::POST, "/$batch", Some(batch)).await;
    let answer = expect(answer, 200).await;
    let of = |id: &str| {
        let all = answer["responses"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap().clone()
    };
    assert_eq!(of("1")["body"]["mail"], ALICE);
    assert_eq!(
        (&of("2")["status"], &of("2")["body"]["subject"]),
        (&json!(201), &json!("B"))
    );
    assert_eq!(of("3")["status"], 400);
    assert_eq!(of("4")["status"], 424);
    assert_eq!(of("5")["status"], 400);
    assert!(of("3")["body"]["error"]["innerError"]["request-id"].is_string());
    let many: Vec<Value> = (0..21)
        .map(|id| json!({"id": id.to_string(), "method": "GET", "url": "/me"}))
        .collect();
    for wrong in [
        json!({"requests": []}),
        json!({"requests": many}),
        json!({"requests": [{"id": "1", "method": "GET", "url": "/me", "dependsOn": ["1"]}]}),
        json!({"requests": [{"id": "1", "method": "GET", "url": "/me"}, {"id": "1", "method": "GET", "url": "/me"}]}),
        json!({}),
    ] {
        alice.refused(Method::POST, "/$batch", Some(wrong), 400).await;
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn what_everybody_may_know_needs_no_token() {
    let host = Host::start().await;
    let metadata = host.get("/v1.0/$metadata").send().await.unwrap();
    assert_eq!(metadata.status(), 200);
    assert!(metadata.text().await.unwrap().contains("microsoft.graph"));
    let nobody = Graph {
        host: &host,
        token: "nonsense".to_owned(),
    };
    for target in [
        "/me",
        "/users",
        "/chats",
        "/me/onlineMeetings",
        "/communications/onlineMeetings",
    ] {
        let (code, _) = nobody.refused(Method::GET, target, None, 401).await;
        assert_eq!(code, "InvalidAuthenticationToken");
    }
    let (code, message) = nobody.refused(Method::GET, "/me/drive", None, 400).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("BadRequest", "Resource not found for the segment 'drive'.")
    );
    let refused = nobody.call(Method::DELETE, "/me", None).await;
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["allow"]),
        (405, &"GET".parse().unwrap())
    );
    host.service.shutdown().await;
}

/// The token of the demo application.
async fn of_app(host: &Host) -> Graph<'_> {
    let dev = host.dev();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &dev.app.client_id),
        ("client_secret", &dev.app.client_secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let target = format!("/{}/oauth2/v2.0/token", dev.tenant_id);
    let answer = expect(host.post(&target).form(&form).send().await.unwrap(), 200).await;
    Graph {
        host,
        token: answer["access_token"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn an_application_needs_permission_and_policy() {
    let host = Host::start().await;
    let app = of_app(&host).await;
    let target = format!("/users/{ALICE}/onlineMeetings");
    let made = app.post(&target, json!({"subject": "By an application"})).await;
    assert_eq!(made["participants"]["organizer"]["upn"], ALICE);
    let (_, message) = app.refused(Method::GET, "/me", None, 400).await;
    assert!(message.starts_with("/me request is only valid"), "{message}");
    app.refused(Method::GET, "/me/onlineMeetings", None, 400).await;
    // It reads chats and writes none.
    let chat = format!(
        "/chats/{}",
        encoded(made["chatInfo"]["threadId"].as_str().unwrap())
    );
    assert_eq!(app.get(&format!("{chat}/messages")).await["value"], json!([]));
    let hello = json!({"body": {"content": "hello"}});
    let (code, _) = app
        .refused(Method::POST, &format!("{chat}/messages"), Some(hello), 403)
        .await;
    assert_eq!(code, "Forbidden");

    let client_id = host.dev().app.client_id.clone();
    host.service
        .app()
        .store()
        .write(move |connection| {
            use anteroom_service::store::sqlite::applications;
            applications::revoke_access_policy(connection, &client_id, applications::GLOBAL)
        })
        .await
        .unwrap();
    for (method, target) in [
        (Method::POST, target.clone()),
        (Method::GET, format!("{target}?$filter=x")),
    ] {
        let (code, message) = app.refused(method, &target, Some(json!({})), 403).await;
        assert_eq!(code, "Forbidden");
        assert!(
            message.starts_with("No application access policy found for this app"),
            "{message}"
        );
    }
    // What a device dialled is found without one.
    let filter = format!(
        "VideoTeleconferenceId eq '{}'",
        made["videoTeleconferenceId"].as_str().unwrap()
    );
    let by_device = format!("/communications/onlineMeetings?$filter={}", encoded(&filter));
    assert_eq!(app.get(&by_device).await["value"][0]["id"], made["id"]);
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_link_ends_sixty_days_after_the_meeting() {
    let host = Host::start().await;
    let alice = Graph::of(&host, ALICE).await;
    let made = alice.post("/me/onlineMeetings", json!({})).await;
    let target = format!("/me/onlineMeetings/{}", made["id"].as_str().unwrap());
    assert!(made["expiryDateTime"].as_str().unwrap() > made["endDateTime"].as_str().unwrap());
    let clock = host.service.app().clock();
    clock.step(time::Duration::days(59)).unwrap();
    let later = Graph::of(&host, ALICE).await;
    // A change gives the link another 60 days.
    later.patch(&target, json!({"subject": "Still there"})).await;
    clock.step(time::Duration::days(59)).unwrap();
    let later = Graph::of(&host, ALICE).await;
    assert_eq!(later.get(&target).await["subject"], "Still there");
    clock.step(time::Duration::days(2)).unwrap();
    let later = Graph::of(&host, ALICE).await;
    later.refused(Method::GET, &target, None, 404).await;
    host.service.shutdown().await;
}
