//! The administrators' interface: who may do what, and what it answers.

use anteroom_service::directory::admin::{Request, perform};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::common::{Host, expect, refusal};
use crate::signaling::client::Client;

const ALICE: &str = "alice@contoso.example";
const BOB: &str = "bob@contoso.example";
const MALLORY: &str = "mallory@fabrikam.example";
const PASSWORD: &str = "a password of hers";

/// Somebody signed in, at the administrators' interface.
struct Admin<'h> {
    host: &'h Host,
    token: String,
}

impl<'h> Admin<'h> {
    async fn of(host: &'h Host, upn: &str) -> Self {
        let token = host.sign_in(upn).await;
        Self { host, token }
    }

    /// Who administers another tenant than the demo's.
    async fn stranger(host: &'h Host) -> Self {
        let name = "fabrikam".to_owned();
        operate(host, Request::CreateTenant { name }).await;
        let create = Request::CreateUser {
            tenant: "fabrikam".to_owned(),
            upn: MALLORY.to_owned(),
            display_name: "Mallory".to_owned(),
            password: PASSWORD.to_owned(),
            admin: true,
        };
        operate(host, create).await;
        let answer = host.password_grant("fabrikam", MALLORY, PASSWORD).await;
        let token = expect(answer, 200).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        Self { host, token }
    }

    async fn send(&self, method: Method, target: &str, body: Value) -> Response {
        let request = self.host.client.request(method, self.host.url(&api(target)));
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = request
            .bearer_auth(&self.token)
            .header("content-type", "application/json");
        request.body(body).send().await.unwrap()
    }

    async fn get(&self, target: &str) -> Value {
        expect(self.send(Method::GET, target, Value::Null).await, 200).await
    }

    async fn refused(&self, method: Method, target: &str, status: u16) -> String {
        refusal(self.send(method, target, Value::Null).await, status).await
    }
}

fn api(target: &str) -> String {
    format!("/admin/api/{target}")
}

async fn operate(host: &Host, request: Request) -> Value {
    let app = host.service.app();
    perform(app.store(), app.clock().now(), request).await.unwrap()
}

/// The status and the key's sentence of a refusal.
async fn sentence(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["error"]["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn only_administrators_come_in() {
    let host = Host::start().await;
    let resource = host.dev().resource_id.clone();
    let doors = [
        (Method::GET, "me".to_owned()),
        (Method::GET, "tenants".to_owned()),
        (Method::GET, "tenant".to_owned()),
        (Method::PUT, "tenant".to_owned()),
        (Method::GET, "tenant/choices".to_owned()),
        (Method::GET, "audit".to_owned()),
        (Method::POST, "explain-join".to_owned()),
        (Method::GET, "users".to_owned()),
        (Method::GET, format!("users/{ALICE}/effective")),
        (Method::GET, "meetings".to_owned()),
        (Method::POST, "meetings/x/end".to_owned()),
        (Method::GET, "rooms".to_owned()),
        (Method::POST, "rooms/x/end".to_owned()),
        (Method::GET, "resources".to_owned()),
        (Method::POST, "resources".to_owned()),
        (Method::POST, format!("resources/{resource}/keys/reveal")),
        (Method::POST, format!("resources/{resource}/keys/primary/rotate")),
        (Method::GET, "errors".to_owned()),
    ];
    let before = host.service.app().resources().all();
    let bob = Admin::of(&host, BOB).await;
    let (_, token) = host.guest(&["chat", "voip"]).await;
    let guest = Admin { host: &host, token };
    let nobody = Admin {
        host: &host,
        token: "x".to_owned(),
    };
    for (method, target) in doors {
        assert_eq!(
            bob.refused(method.clone(), &target, 403).await,
            "Forbidden",
            "{target}"
        );
        assert_eq!(
            guest.refused(method.clone(), &target, 403).await,
            "Forbidden",
            "{target}"
        );
        let refused = nobody.refused(method, &target, 401).await;
        assert_eq!(refused, "Unauthorized", "{target}");
    }
    assert_eq!(host.service.app().resources().all().len(), before.len());
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_registered_application_does_not_administer() {
    let host = Host::start().await;
    let (app, alice) = (&host.dev().public_app, &host.dev().users[0]);
    for scope in [
        "openid",
        "https://graph.microsoft.com/.default",
        "anteroom/.default",
    ] {
        let form = [
            ("grant_type", "password"),
            ("client_id", &*app.client_id),
            ("username", &*alice.upn),
            ("password", &*alice.password),
            ("scope", scope),
        ];
        let answer = host
            .post("/contoso/oauth2/v2.0/token")
            .form(&form)
            .send()
            .await
            .unwrap();
        let answer: Value = answer.json().await.unwrap();
        // Not every scope is one.
        let Some(token) = answer["access_token"].as_str() else {
            continue;
        };
        let token = token.to_owned();
        let alice = Admin { host: &host, token };
        let status = alice
            .send(Method::GET, "tenant", Value::Null)
            .await
            .status()
            .as_u16();
        assert!([401, 403].contains(&status), "{scope}: {status}");
    }
    host.service.shutdown().await;
}

#[tokio::test]
async fn another_tenants_administrator_sees_and_changes_nothing_here() {
    let host = Host::start().await;
    let (alice, _) = Client::alice(&host).await;
    let mallory = Admin::stranger(&host).await;
    let me = mallory.get("me").await;
    assert_eq!(me["isOperator"], false);
    assert_eq!(me["tenant"]["name"], "fabrikam");
    assert_eq!(
        mallory.get("tenant?tenant=fabrikam").await,
        mallory.get("tenant").await
    );
    assert_eq!(mallory.get("meetings").await, json!([]));
    assert_eq!(mallory.get("users").await.as_array().unwrap().len(), 1);

    let operators = "This is for operators of the service only.";
    let resource = host.dev().resource_id.clone();
    for (method, target) in [
        (Method::GET, "tenant?tenant=contoso".to_owned()),
        (Method::PUT, format!("tenant?tenant={}", host.dev().tenant_id)),
        // Nor does it learn which tenants there are.
        (Method::GET, "tenant?tenant=unheard-of".to_owned()),
        (Method::GET, "users?tenant=contoso".to_owned()),
        (Method::GET, "meetings?tenant=contoso".to_owned()),
        (Method::GET, "tenants".to_owned()),
        (Method::GET, "rooms".to_owned()),
        (Method::GET, "resources".to_owned()),
        (Method::POST, "resources".to_owned()),
        (Method::POST, format!("resources/{resource}/keys/reveal")),
        (Method::POST, format!("resources/{resource}/keys/primary/rotate")),
    ] {
        let refused = mallory.send(method, &target, Value::Null).await;
        assert_eq!(sentence(refused).await, (403, operators.to_owned()), "{target}");
    }
    let meeting = Admin::of(&host, ALICE).await.get("meetings").await[0]["id"].clone();
    let meeting = meeting.as_str().unwrap();
    for target in [format!("meetings/{meeting}/end"), "meetings/none/end".to_owned()] {
        assert_eq!(mallory.refused(Method::POST, &target, 404).await, "NotFound");
    }
    // As somebody who is not there.
    for user in [ALICE, "nobody@contoso.example", &host.dev().users[0].object_id] {
        let target = format!("users/{user}/effective");
        assert_eq!(mallory.refused(Method::GET, &target, 404).await, "NotFound");
    }
    drop(alice);
    host.service.shutdown().await;
}

#[tokio::test]
async fn operators_are_those_of_the_configuration() {
    let host = Host::start_with(|config| config.operators = vec!["BOB@contoso.example".to_owned()]).await;
    let bob = Admin::of(&host, BOB).await;
    assert_eq!(bob.get("me").await["isOperator"], true);
    Admin::stranger(&host).await;
    let tenants = bob.get("tenants").await;
    let line = |at: usize| (tenants[at]["name"].clone(), tenants[at]["users"].clone());
    assert_eq!(line(1), (json!("fabrikam"), json!(1)));
    assert_eq!(bob.get("users?tenant=fabrikam").await[0]["upn"], MALLORY);
    assert_eq!(bob.get("me?tenant=fabrikam").await["tenant"]["name"], "fabrikam");
    assert_eq!(
        bob.refused(Method::GET, "users?tenant=none", 404).await,
        "NotFound"
    );
    // In development mode the demo's first user is one as well.
    assert_eq!(Admin::of(&host, ALICE).await.get("me").await["isOperator"], true);
    host.service.shutdown().await;
}

#[tokio::test]
async fn keys_are_shown_on_request_only_and_replaced() {
    let host = Host::start().await;
    let alice = Admin::of(&host, ALICE).await;
    let keys = host
        .dev()
        .connection_string
        .split_once("accesskey=")
        .unwrap()
        .1
        .to_owned();
    let listed = alice.send(Method::GET, "resources", Value::Null).await;
    assert_eq!(listed.headers()["cache-control"], "no-store");
    let text = listed.text().await.unwrap();
    assert!(!text.contains(&keys) && !text.contains("Key"), "{text}");
    let listed: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(listed[0]["id"], host.dev().resource_id);
    assert_eq!(listed[0]["rotations"], json!([0, 0]));
    assert_eq!(listed[0]["isFirst"], true);

    let of = format!("resources/{}/keys", host.dev().resource_id);
    let door = format!("{of}/reveal");
    let reveal = || alice.send(Method::POST, &door, Value::Null);
    // Nothing that is fetched by itself shows them.
    let fetched = alice.refused(Method::GET, &door, 405).await;
    assert_eq!(fetched, "MethodNotAllowed");
    let shown = reveal().await;
    assert_eq!(shown.headers()["cache-control"], "no-store");
    let shown = expect(shown, 200).await;
    assert_eq!(shown["primaryConnectionString"], host.dev().connection_string);

    let rotate = alice
        .send(Method::POST, &format!("{of}/primary/rotate"), Value::Null)
        .await;
    let rotated = expect(rotate, 200).await;
    assert_eq!(rotated["rotations"], json!([1, 0]));
    assert!(rotated.get("primaryKey").is_none());
    let now = expect(reveal().await, 200).await;
    assert_ne!(now["primaryKey"], shown["primaryKey"]);
    assert_eq!(now["secondaryKey"], shown["secondaryKey"]);
    let wrong = format!("{of}/tertiary/rotate");
    assert_eq!(alice.refused(Method::POST, &wrong, 400).await, "BadRequest");

    let made = alice
        .send(Method::POST, "resources", json!({ "name": "staging" }))
        .await;
    let made = expect(made, 201).await;
    assert_eq!(made["name"], "staging");
    let again = alice
        .send(Method::POST, "resources", json!({ "name": "staging" }))
        .await;
    assert_eq!(refusal(again, 409).await, "Conflict");
    host.service.shutdown().await;
}

#[tokio::test]
async fn running_meetings_are_seen_and_ended() {
    let host = Host::start().await;
    let alice = Admin::of(&host, ALICE).await;
    assert_eq!(alice.get("meetings").await, json!([]));
    let mut dana = Client::guest(&host, "Dana <b>").await;
    dana.lobby().await;
    let waiting = alice.get("meetings").await;
    assert_eq!(waiting[0]["subject"], host.dev().meeting.subject);
    assert_eq!(waiting[0]["waiting"][0]["name"], "Dana <b>");
    assert!(
        waiting[0]["waiting"][0]["identity"]
            .as_str()
            .unwrap()
            .starts_with("8:acs:")
    );
    assert!(waiting[0].get("sinceMs").is_none());
    assert_eq!(waiting[0]["participants"], json!([]));

    let (mut bob, _) = Client::employee(&host, BOB).await;
    let running = alice.get("meetings").await;
    let meeting = &running[0];
    assert_eq!(meeting["organizer"]["upn"], ALICE);
    assert!(meeting["sinceMs"].as_i64().unwrap() > 0);
    assert_eq!(meeting["locked"], false);
    assert_eq!(meeting["recording"], false);
    let participant = &meeting["participants"][0];
    assert_eq!(participant["role"], "presenter");
    assert!(participant.get("label").is_none());
    assert_eq!(meeting["waiting"][0]["label"], "unverified");
    assert_eq!(alice.get("rooms").await, json!([]));

    let id = meeting["id"].as_str().unwrap();
    // Not as a room, which is nobody's.
    let ended = alice
        .send(Method::POST, &format!("meetings/{id}/end"), Value::Null)
        .await;
    assert_eq!(ended.status(), 204);
    assert_eq!(bob.end_key().await, "ended");
    assert_eq!(dana.end_key().await, "ended");
    let again = alice
        .send(Method::POST, &format!("meetings/{id}/end"), Value::Null)
        .await;
    assert!([204, 404].contains(&again.status().as_u16()));
    host.service.shutdown().await;
}

#[tokio::test]
async fn forms_learn_what_can_be_chosen() {
    let host = Host::start().await;
    let alice = Admin::of(&host, ALICE).await;
    let choices = alice.get("tenant/choices").await;
    assert_eq!(choices["values"]["LobbyChat"], json!(["Enabled", "Disabled"]));
    let restrictions = choices["restrictions"].as_array().unwrap();
    assert!(restrictions.contains(&json!("lobbyScope")) && restrictions.contains(&json!("watermark")));
    host.service.shutdown().await;
}

#[tokio::test]
async fn effective_values_say_where_they_come_from() {
    let host = Host::start().await;
    let alice = Admin::of(&host, ALICE).await;
    let mut file = alice.get("tenant").await;
    file["CsTeamsMeetingPolicy"]["Consultants"] = file["CsTeamsMeetingPolicy"]["Global"].clone();
    file["CsTeamsMeetingPolicy"]["Consultants"]["AutoAdmittedUsers"] = json!("Everyone");
    file["CsTeamsMeetingPolicy"]["Consultants"]["AllowCloudRecording"] = json!(false);
    file["SensitivityLabel"]["Confidential"] = json!({ "lobbyScope": "organizer" });
    file["MeetingTemplate"]["Hearing"] = json!({ "allowMeetingChat": "disabled" });
    file["Grant"] =
        json!([{ "PolicyType": "CsTeamsMeetingPolicy", "PolicyName": "Consultants", "User": BOB }]);
    expect(alice.send(Method::PUT, "tenant", file).await, 200).await;

    let find = |values: &Value, list: &str, key: &str, name: &str| {
        let all = values[list].as_array().unwrap();
        all.iter().find(|one| one[key] == name).unwrap().clone()
    };
    let setting = |values: &Value, name: &str| find(values, "settings", "setting", name);
    let option = |values: &Value, name: &str| find(values, "options", "option", name);

    let bob = alice.get(&format!("users/{BOB}/effective")).await;
    assert_eq!(
        bob["policies"][0],
        json!({ "kind": "CsTeamsMeetingPolicy", "name": "Consultants", "granted": "user" })
    );
    assert_eq!(bob["policies"][1]["granted"], "global");
    let auto = setting(&bob, "AutoAdmittedUsers");
    assert_eq!(
        (&auto["value"], &auto["isDefault"]),
        (&json!("Everyone"), &json!(false))
    );
    assert_eq!(auto["policy"], "CsTeamsMeetingPolicy.Consultants");
    let federation = setting(&bob, "EnableAcsFederationAccess");
    assert_eq!(federation["policy"], "CsExternalAccessPolicy.Global");
    assert_eq!(federation["isDefault"], true);
    assert_eq!(
        option(&bob, "lobbyBypassSettings.scope"),
        json!({ "option": "lobbyBypassSettings.scope", "value": "everyone", "source": "start", "by": "Consultants" })
    );
    assert_eq!(
        option(&bob, "allowRecording"),
        json!({ "option": "allowRecording", "value": false, "own": true, "source": "policy", "by": "Consultants" })
    );
    assert_eq!(option(&bob, "allowWhiteboard")["source"], "default");
    assert_eq!(bob["labels"], json!(["Confidential"]));
    assert_eq!(bob["templates"], json!(["Hearing"]));

    let marked = alice
        .get(&format!(
            "users/{BOB}/effective?label=Confidential&template=Hearing"
        ))
        .await;
    let scope = option(&marked, "lobbyBypassSettings.scope");
    assert_eq!(
        (&scope["value"], &scope["own"], &scope["source"], &scope["by"]),
        (
            &json!("organizer"),
            &json!("everyone"),
            &json!("label"),
            &json!("Confidential")
        )
    );
    assert_eq!(option(&marked, "allowMeetingChat")["by"], "Hearing");

    let own = alice.get(&format!("users/{ALICE}/effective")).await;
    assert_eq!(own["policies"][0]["granted"], "global");
    let meeting = own["meetings"][0]["id"].as_str().unwrap();
    let of = alice
        .get(&format!("users/{ALICE}/effective?meeting={meeting}"))
        .await;
    assert_eq!(option(&of, "allowWhiteboard")["source"], "meeting");
    let elses = format!("users/{BOB}/effective?meeting={meeting}");
    assert_eq!(alice.refused(Method::GET, &elses, 404).await, "NotFound");
    host.service.shutdown().await;
}

#[tokio::test]
async fn users_are_found_and_errors_are_explained() {
    let host = Host::start().await;
    let alice = Admin::of(&host, ALICE).await;
    let found = alice.get("users?search=BOB@").await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["upn"], BOB);
    assert_eq!(found[0]["isAdmin"], false);
    assert_eq!(alice.get("users?search=%25").await, json!([]));
    assert!(alice.get("users").await.as_array().unwrap().len() >= 2);

    let errors = alice.get("errors").await;
    let errors = errors.as_array().unwrap();
    assert_eq!(errors.len(), anteroom_service::errors::entries().count());
    let lobby = errors
        .iter()
        .find(|error| error["key"] == "anonymous_join_disabled")
        .unwrap();
    assert_eq!(lobby["subCode"], 990_010);
    assert_eq!(lobby["surface"], "Joining and leaving calls");
    host.service.shutdown().await;
}
