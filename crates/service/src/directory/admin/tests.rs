//! What an operator does, on a database of its own.

use serde_json::json;
use time::macros::datetime;

use anteroom_identity::id::ObjectId;

use super::*;
use crate::store::sqlite::{applications, directory as users};

const NOW: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);

struct Fixture {
    store: Store,
    _data: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(&data.path().join("anteroom.db")).unwrap();
        let fixture = Self { store, _data: data };
        fixture
            .done(json!({ "operation": "createTenant", "name": "contoso" }))
            .await;
        fixture
    }

    async fn ask(&self, request: Value) -> Result<Value, AdminError> {
        perform(&self.store, NOW, serde_json::from_value(request).unwrap()).await
    }

    async fn done(&self, request: Value) -> Value {
        self.ask(request).await.unwrap()
    }

    async fn user(&self, upn: &str) -> Result<Value, AdminError> {
        self.ask(json!({
            "operation": "createUser", "tenant": "contoso", "upn": upn, "displayName": "Carol", "password": "12345678",
        }))
        .await
    }

    async fn application(&self, public: bool, uris: &[&str]) -> Result<Value, AdminError> {
        self.ask(json!({
            "operation": "createApplication", "tenant": "contoso", "name": "Portal", "public": public,
            "redirectUris": uris, "resource": null,
        }))
        .await
    }
}

fn of(operation: &str, application: &Value, more: Value) -> Value {
    let mut request = json!({ "operation": operation, "application": application["clientId"] });
    request
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    request
}

#[tokio::test]
async fn tenants_users_and_groups_are_kept_apart_by_name() {
    let fixture = Fixture::new().await;
    for name in ["", "common", "a b", "5c1d3a52-8f0e-4b57-9a11-2f6f7d3c9e10"] {
        let refused = fixture
            .ask(json!({ "operation": "createTenant", "name": name }))
            .await;
        assert!(
            matches!(refused, Err(AdminError::Invalid { argument: "name", .. })),
            "{name}"
        );
    }
    let again = fixture
        .ask(json!({ "operation": "createTenant", "name": "Contoso" }))
        .await;
    assert_eq!(again, Err(AdminError::Exists("a tenant")));

    let carol = fixture.user("carol@contoso.example").await.unwrap();
    assert_eq!(
        fixture.user("Carol@contoso.example").await,
        Err(AdminError::Exists("a user"))
    );
    for upn in [
        "carol",
        "@contoso.example",
        "a b@contoso.example",
        "a@b@c",
        "a\u{202e}@contoso.example",
    ] {
        let refused = fixture.user(upn).await;
        assert!(
            matches!(refused, Err(AdminError::Invalid { argument: "upn", .. })),
            "{upn}"
        );
    }
    let group = fixture
        .done(json!({ "operation": "createGroup", "tenant": "contoso", "name": "Advisers" }))
        .await;
    let again = json!({ "operation": "createGroup", "tenant": "contoso", "name": "advisers" });
    assert_eq!(fixture.ask(again).await, Err(AdminError::Exists("a group")));
    let add = json!({
        "operation": "addMember", "tenant": "contoso", "group": "advisers", "user": "CAROL@contoso.example",
    });
    assert_eq!(fixture.done(add.clone()).await["members"], json!([carol["id"]]));
    let mut remove = add.clone();
    remove["operation"] = json!("removeMember");
    assert_eq!(fixture.done(remove.clone()).await["members"], json!([]));
    assert_eq!(fixture.ask(remove).await, Err(AdminError::NotFound("member")));
    fixture.done(add).await;
    fixture
        .done(json!({ "operation": "deleteUser", "user": carol["id"] }))
        .await;
    let groups = fixture
        .done(json!({ "operation": "listGroups", "tenant": "contoso" }))
        .await;
    assert_eq!(groups[0]["id"], group["id"]);
    assert_eq!(groups[0]["members"], json!([]));
}

#[tokio::test]
async fn a_password_is_stored_as_a_hash_and_has_a_length() {
    let fixture = Fixture::new().await;
    fixture.user("carol@contoso.example").await.unwrap();
    let hash = fixture
        .store
        .read(|connection| {
            let row = users::user_by_upn(connection, "carol@contoso.example")?;
            Ok::<_, StoreError>(row.unwrap().password_hash)
        })
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    for password in ["1234567", &"x".repeat(1025)] {
        let refused = fixture
            .ask(json!({ "operation": "setPassword", "user": "carol@contoso.example", "password": password }))
            .await;
        assert!(matches!(
            refused,
            Err(AdminError::Invalid {
                argument: "password",
                ..
            })
        ));
    }
}

#[tokio::test]
async fn an_application_has_secrets_permissions_and_policies() {
    let fixture = Fixture::new().await;
    let carol = fixture.user("carol@contoso.example").await.unwrap();
    let app = fixture
        .application(false, &["https://portal.example/cb"])
        .await
        .unwrap();
    let secret = fixture
        .done(of("addSecret", &app, json!({ "name": "first", "days": 30 })))
        .await;
    assert!(secret["clientSecret"].as_str().unwrap().len() >= 40);
    assert_eq!(secret["expiresOn"], "2026-12-20T12:00:00Z");
    fixture
        .done(of("addSecret", &app, json!({ "name": "second", "days": null })))
        .await;
    let grant = json!({ "delegated": false, "permissions": ["User.Read.All", "user.read.all"] });
    fixture.done(of("grant", &app, grant)).await;
    let policy = json!({ "user": "carol@contoso.example" });
    fixture.done(of("grantAccessPolicy", &app, policy.clone())).await;
    let info = fixture
        .done(of("deleteSecret", &app, json!({ "secret": secret["id"] })))
        .await;
    assert_eq!(info["secrets"].as_array().unwrap().len(), 1);
    assert_eq!(info["applicationPermissions"], json!(["User.Read.All"]));
    assert_eq!(info["delegatedPermissions"], json!([]));
    assert_eq!(info["accessPolicies"], json!([carol["id"]]));

    let allowed = |user: Value| {
        let client = app["clientId"].as_str().unwrap().to_owned();
        let user: ObjectId = user["id"].as_str().unwrap().parse().unwrap();
        fixture
            .store
            .read(move |connection| applications::access_policy_allows(connection, &client, user))
    };
    let dave = fixture.user("dave@contoso.example").await.unwrap();
    assert!(allowed(carol.clone()).await.unwrap());
    assert!(!allowed(dave.clone()).await.unwrap());
    fixture.done(of("revokeAccessPolicy", &app, policy)).await;
    assert!(!allowed(carol.clone()).await.unwrap());
    fixture
        .done(of("grantAccessPolicy", &app, json!({ "user": "global" })))
        .await;
    assert!(allowed(carol).await.unwrap() && allowed(dave).await.unwrap());
    // Everybody of its own tenant, and nobody else.
    fixture
        .done(json!({ "operation": "createTenant", "name": "fabrikam" }))
        .await;
    let eve = fixture
        .done(json!({
            "operation": "createUser", "tenant": "fabrikam", "upn": "eve@fabrikam.example", "displayName": "Eve",
            "password": "12345678",
        }))
        .await;
    assert!(!allowed(eve).await.unwrap());
    let foreign = of(
        "grantAccessPolicy",
        &app,
        json!({ "user": "eve@fabrikam.example" }),
    );
    assert!(matches!(fixture.ask(foreign).await, Err(AdminError::NotFound(_))));
}

#[tokio::test]
async fn what_an_application_must_not_have_is_refused_whole() {
    let fixture = Fixture::new().await;
    let uris = ["https://portal.example/cb", "http://portal.example/cb"];
    let refused = fixture.application(false, &uris).await;
    assert!(matches!(
        refused,
        Err(AdminError::Invalid {
            argument: "redirectUri",
            ..
        })
    ));
    let list = fixture.done(json!({ "operation": "listApplications" })).await;
    assert_eq!(list, json!([]));

    let public = fixture.application(true, &["http://localhost"]).await.unwrap();
    let secret = fixture
        .ask(of("addSecret", &public, json!({ "name": "", "days": null })))
        .await;
    assert!(matches!(
        secret,
        Err(AdminError::Invalid {
            argument: "application",
            ..
        })
    ));
    for permission in ["", ".default", "User Read", "User.Read\n"] {
        let grant = json!({ "delegated": true, "permissions": ["User.Read", permission] });
        assert!(
            fixture.ask(of("grant", &public, grant)).await.is_err(),
            "{permission:?}"
        );
    }
    let by_name = json!({ "operation": "deleteApplication", "application": "Portal" });
    fixture.application(true, &[]).await.unwrap();
    assert_eq!(fixture.ask(by_name).await, Err(AdminError::Ambiguous));
    let info = fixture.done(of("deleteApplication", &public, json!({}))).await;
    assert_eq!(info["delegatedPermissions"], json!([]));
}
