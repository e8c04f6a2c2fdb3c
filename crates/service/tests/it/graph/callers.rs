//! Every operation with every kind of caller that must not do it. The list of operations is the service's own, so that a
//! new one is tried as well.

use anteroom_service::directory::admin::{Request, perform};
use anteroom_service::http::graph::routes::{Access, ROUTES, Route};
use anteroom_service::store::sqlite::applications;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, Graph, encoded};
use crate::common::{Host, expect};

const GRAPH: &str = "https://graph.microsoft.com/.default";

/// Keys of things that are there.
struct Things {
    meeting: String,
    event: String,
    chat: String,
    message: String,
    member: String,
    device: String,
}

impl Things {
    async fn make(host: &Host) -> Self {
        let alice = Graph::of(host, ALICE).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let attendees = json!({ "attendees": [{ "upn": BOB, "role": "attendee" }] });
        let meeting = alice
            .post("/me/onlineMeetings", json!({ "participants": attendees }))
            .await;
        let chat = encoded(&text(&meeting["chatInfo"]["threadId"]));
        let message = alice
            .post(
                &format!("/chats/{chat}/messages"),
                json!({ "body": { "content": "secret" } }),
            )
            .await;
        let members = alice.get(&format!("/chats/{chat}/members")).await;
        let event = alice
            .post(
                "/me/events",
                json!({
                    "subject": "Secret",
                    "start": { "dateTime": "2026-12-01T12:00:00", "timeZone": "UTC" },
                    "end": { "dateTime": "2026-12-01T13:00:00", "timeZone": "UTC" },
                }),
            )
            .await;
        Self {
            meeting: text(&meeting["id"]),
            event: text(&event["id"]),
            chat,
            message: text(&message["id"]),
            member: encoded(&text(&members["value"][0]["id"])),
            device: text(&meeting["videoTeleconferenceId"]),
        }
    }

    /// The path of an operation on Alice's things, below `/users/{id}` or below `/me`.
    fn path(&self, route: &Route, user: &str) -> String {
        let mut path = route
            .path
            .replace("/users/{user}", user)
            .replace("{meeting}", &self.meeting)
            .replace("{report}", "none")
            .replace("{event}", &self.event)
            .replace("{chat}", &self.chat)
            .replace("{message}", &self.message)
            .replace("{member}", &self.member);
        if path.ends_with("calendarView") || path.ends_with("instances") {
            path += "?startDateTime=2026-01-01&endDateTime=2027-01-01";
        }
        if path.starts_with("/communications") {
            let filter = format!("VideoTeleconferenceId eq '{}'", self.device);
            path += &format!("?$filter={}", encoded(&filter));
        }
        path
    }
}

/// The status, code and text of an answer.
async fn answer(caller: &Graph<'_>, route: &Route, path: &str) -> (u16, String, String) {
    let method: Method = route.method.parse().unwrap();
    let body = (route.method != "GET" && route.method != "DELETE").then(|| json!({}));
    let eventual = [("consistencylevel", "eventual")];
    let response = caller.call_with(method, path, body, &eventual).await;
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let code = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|body| Some(body["error"]["code"].as_str()?.to_owned()));
    (status, code.unwrap_or_default(), text)
}

/// Operations that are somebody's to refuse.
fn guarded() -> impl Iterator<Item = &'static Route> {
    ROUTES
        .iter()
        .filter(|route| !matches!(route.access, Access::Public | Access::Batch))
}

async fn assert_refused(
    caller: &Graph<'_>,
    things: &Things,
    who: &str,
    wanted: impl Fn(&Route, bool) -> Option<(u16, &'static str)>,
) {
    let user = format!("/users/{ALICE}");
    for route in guarded() {
        let owned = route.path.starts_with("/users/{user}");
        for (prefix, me) in [(user.as_str(), false), ("/me", true)] {
            let Some((status, code)) = wanted(route, me).filter(|_| owned || !me) else {
                continue;
            };
            let path = things.path(route, prefix);
            let (found, found_code, text) = answer(caller, route, &path).await;
            assert_eq!(
                (found, found_code.as_str()),
                (status, code),
                "{who}: {} {path}: {text}",
                route.method
            );
            assert!(!text.contains("ecret"), "{who}: {path}: {text}");
        }
    }
}

async fn admin(host: &Host, request: Value) -> Value {
    let app = host.service.app();
    let request: Request = serde_json::from_value(request).unwrap();
    perform(app.store(), app.clock().now(), request).await.unwrap()
}

/// The answer of a tenant's token endpoint.
async fn token<'h>(host: &'h Host, tenant: &str, form: &[(&str, &str)]) -> Graph<'h> {
    let target = format!("/{tenant}/oauth2/v2.0/token");
    let answer = expect(host.post(&target).form(form).send().await.unwrap(), 200).await;
    Graph {
        host,
        token: answer["access_token"].as_str().unwrap().to_owned(),
    }
}

async fn of_application<'h>(host: &'h Host, tenant: &str, client_id: &str, secret: &str) -> Graph<'h> {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client_id),
        ("client_secret", secret),
        ("scope", GRAPH),
    ];
    token(host, tenant, &form).await
}

/// A new application with a secret and these permissions.
async fn application<'h>(host: &'h Host, tenant: &str, permissions: &Value) -> Graph<'h> {
    let made = admin(
        host,
        json!({
            "operation": "createApplication", "tenant": tenant, "name": "Back end", "public": false,
            "redirectUris": [], "resource": null,
        }),
    )
    .await;
    let id = made["clientId"].as_str().unwrap();
    if permissions != &json!([]) {
        admin(
            host,
            json!({ "operation": "grant", "application": id, "delegated": false, "permissions": permissions }),
        )
        .await;
    }
    let secret = admin(
        host,
        json!({ "operation": "addSecret", "application": id, "name": "", "days": null }),
    )
    .await;
    of_application(host, tenant, id, secret["clientSecret"].as_str().unwrap()).await
}

async fn person<'h>(host: &'h Host, upn: &str) -> Graph<'h> {
    admin(
        host,
        json!({
            "operation": "createUser", "tenant": host.dev().tenant_id, "upn": upn, "displayName": "Carol",
            "password": "correct horse",
        }),
    )
    .await;
    of_person(
        host,
        &host.dev().tenant_id,
        &host.dev().public_app.client_id,
        upn,
        GRAPH,
    )
    .await
}

async fn of_person<'h>(host: &'h Host, tenant: &str, client_id: &str, upn: &str, scope: &str) -> Graph<'h> {
    let form = [
        ("grant_type", "password"),
        ("client_id", client_id),
        ("username", upn),
        ("password", "correct horse"),
        ("scope", scope),
    ];
    token(host, tenant, &form).await
}

/// What the demo application was granted: everything.
async fn all_permissions(host: &Host) -> (Value, Value) {
    let info = admin(
        host,
        json!({ "operation": "getApplication", "application": host.dev().app.client_id }),
    )
    .await;
    let public = admin(
        host,
        json!({ "operation": "getApplication", "application": host.dev().public_app.client_id }),
    )
    .await;
    (
        info["applicationPermissions"].clone(),
        public["delegatedPermissions"].clone(),
    )
}

#[tokio::test]
async fn whoever_is_nobody_is_refused_everywhere() {
    let host = Host::start().await;
    let things = Things::make(&host).await;
    let unauthenticated = |_: &Route, _| Some((401, "InvalidAuthenticationToken"));
    let mut callers = Vec::new();
    for forged in ["nonsense", "", "a.b.c"] {
        callers.push((
            "forged",
            Graph {
                host: &host,
                token: forged.to_owned(),
            },
        ));
    }
    callers.push(("deleted user", person(&host, "carol@contoso.example").await));
    callers.push(("disabled user", person(&host, "dave@contoso.example").await));
    // Both could a moment ago.
    for (_, caller) in callers.iter().skip(3) {
        caller.get("/me").await;
    }
    admin(
        &host,
        json!({ "operation": "deleteUser", "user": "carol@contoso.example" }),
    )
    .await;
    admin(
        &host,
        json!({ "operation": "setEnabled", "user": "dave@contoso.example", "enabled": false }),
    )
    .await;
    for (who, caller) in &callers {
        assert_refused(caller, &things, who, unauthenticated).await;
    }
    // A disabled user signs in nowhere, and is shown as such; enabled again, with a new token.
    let form = [
        ("grant_type", "password"),
        ("client_id", &*host.dev().public_app.client_id),
        ("username", "dave@contoso.example"),
        ("password", "correct horse"),
        ("scope", GRAPH),
    ];
    let target = format!("/{}/oauth2/v2.0/token", host.dev().tenant_id);
    let refused = host.post(&target).form(&form).send().await.unwrap();
    assert_eq!(refused.status(), 400);
    let alice = Graph::of(&host, ALICE).await;
    let shown = alice.get("/users/dave@contoso.example").await;
    assert_eq!(shown["accountEnabled"], false);
    admin(
        &host,
        json!({ "operation": "setEnabled", "user": "dave@contoso.example", "enabled": true }),
    )
    .await;
    token(&host, &host.dev().tenant_id, &form).await.get("/me").await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn without_permissions_nothing_is_done() {
    let host = Host::start().await;
    let things = Things::make(&host).await;
    let tenant = host.dev().tenant_id.clone();
    let app = application(&host, &tenant, &json!([])).await;
    assert_refused(&app, &things, "application", |route, me| {
        // That there is no signed-in user is said first of the user itself.
        Some(if me && route.path == "/users/{user}" {
            (400, "BadRequest")
        } else {
            (403, "Forbidden")
        })
    })
    .await;
    let public = host.dev().public_app.client_id.clone();
    person(&host, "carol@contoso.example").await;
    let carol = of_person(&host, &tenant, &public, "carol@contoso.example", "openid").await;
    assert_refused(&carol, &things, "user", |_, _| Some((403, "Forbidden"))).await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_application_needs_a_policy_where_graph_wants_one() {
    let host = Host::start().await;
    let things = Things::make(&host).await;
    let tenant = host.dev().tenant_id.clone();
    let (permissions, _) = all_permissions(&host).await;
    let app = application(&host, &tenant, &permissions).await;
    assert_refused(&app, &things, "application", |route, me| {
        match (route.access, me) {
            (_, true) => Some((400, "BadRequest")),
            (Access::AccessPolicy | Access::UserOnly, _) if route.path != "/chats" => {
                Some((403, "Forbidden"))
            }
            (Access::UserOnly, _) => Some((400, "BadRequest")),
            _ => None,
        }
    })
    .await;
    // Not by the permissions: the same application with a policy for Alice.
    let (_, code, text) = {
        let route = guarded()
            .find(|route| route.access == Access::AccessPolicy)
            .unwrap();
        answer(&app, route, &things.path(route, &format!("/users/{ALICE}"))).await
    };
    assert_eq!(code, "Forbidden");
    assert!(text.contains("No application access policy found"), "{text}");
    let client_id = claims(&app.token)["appid"].as_str().unwrap().to_owned();
    host.service
        .app()
        .store()
        .write(move |connection| {
            applications::grant_access_policy(connection, &client_id, applications::GLOBAL)
        })
        .await
        .unwrap();
    app.get(&format!("/users/{ALICE}/onlineMeetings/{}", things.meeting))
        .await;
    host.service.shutdown().await;
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let host = Host::start().await;
    let things = Things::make(&host).await;
    let (application_permissions, delegated) = all_permissions(&host).await;
    let tenant = admin(&host, json!({ "operation": "createTenant", "name": "fabrikam" })).await;
    let tenant = tenant["id"].as_str().unwrap().to_owned();
    let app = application(&host, &tenant, &application_permissions).await;
    admin(
        &host,
        json!({
            "operation": "createUser", "tenant": tenant, "upn": "eve@fabrikam.example", "displayName": "Eve",
            "password": "correct horse",
        }),
    )
    .await;
    let public = admin(
        &host,
        json!({
            "operation": "createApplication", "tenant": tenant, "name": "App", "public": true, "redirectUris": [],
            "resource": null,
        }),
    )
    .await;
    let public = public["clientId"].as_str().unwrap();
    admin(
        &host,
        json!({ "operation": "grant", "application": public, "delegated": true, "permissions": delegated }),
    )
    .await;
    let eve = of_person(&host, &tenant, public, "eve@fabrikam.example", GRAPH).await;
    let wanted = |is_app: bool| {
        move |route: &Route, me: bool| match route.path {
            _ if me => None,
            "/users" | "/users/$count" => None,
            "/communications/onlineMeetings" if is_app => None,
            "/communications/onlineMeetings" => Some((403, "Forbidden")),
            "/chats" if is_app => Some((400, "BadRequest")),
            "/chats" => None,
            "/chats/{chat}/messages" if is_app && route.method == "POST" => Some((403, "Forbidden")),
            path if path.starts_with("/chats/") => Some((404, "NotFound")),
            _ => Some((404, "Request_ResourceNotFound")),
        }
    };
    assert_refused(&app, &things, "application", wanted(true)).await;
    assert_refused(&eve, &things, "user", wanted(false)).await;
    // What is a list has their own things only.
    let users = app.get("/users?$count=true").await;
    assert_eq!(users["@odata.count"], 1);
    assert_eq!(users["value"][0]["userPrincipalName"], "eve@fabrikam.example");
    for target in ["/chats", "/me/events"] {
        assert_eq!(eve.get(target).await["value"], json!([]), "{target}");
    }
    let filter = format!("VideoTeleconferenceId eq '{}'", things.device);
    let by_device = format!("/communications/onlineMeetings?$filter={}", encoded(&filter));
    app.refused(Method::GET, &by_device, None, 404).await;
    for filter in [
        format!("mail eq '{ALICE}'"),
        format!("id in ('{}')", host.dev().users[0].object_id),
        "startswith(mail,'a') or startswith(mail,'b')".to_owned(),
    ] {
        let found = app.get(&format!("/users?$filter={}", encoded(&filter))).await;
        assert_eq!(found["value"], json!([]), "{filter}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_colleague_sees_people_and_nothing_of_theirs() {
    let host = Host::start().await;
    let things = Things::make(&host).await;
    let carol = person(&host, "carol@contoso.example").await;
    assert_refused(&carol, &things, "colleague", |route, me| match route.path {
        _ if me => None,
        "/users" | "/users/$count" | "/users/{user}" | "/chats" => None,
        path if path.starts_with("/chats/") => Some((404, "NotFound")),
        _ => Some((403, "Forbidden")),
    })
    .await;
    // And by the keys of Alice's things under the own name.
    assert_refused(&carol, &things, "colleague", |route, me| match route.path {
        _ if !me => None,
        path if path.contains("{event}") => Some((404, "ErrorItemNotFound")),
        path if path.contains("{meeting}") => Some((403, "Forbidden")),
        _ => None,
    })
    .await;
    host.service.shutdown().await;
}
