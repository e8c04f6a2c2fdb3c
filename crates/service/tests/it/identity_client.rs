//! The Rust client of the Identity API against a running service: each operation, granted and refused.

use std::time::Duration;

use anteroom_identity::client::pipeline::BoxFuture;
use anteroom_identity::client::{
    AccessToken, AzureKeyCredential, BoxError, CommunicationIdentityClient, CommunicationTokenCredential,
    Error, TeamsUserToken, TokenCredential,
};
use anteroom_identity::id::{AcsUserId, CommunicationIdentifier, ObjectId, ResourceId};
use anteroom_identity::signing::AccessKey;
use anteroom_identity::token::Scope;

use crate::common::{CHAT, Host};

const HOUR: Duration = Duration::from_secs(3600);

fn client(host: &Host) -> CommunicationIdentityClient {
    CommunicationIdentityClient::from_connection_string(&host.dev().connection_string, host.client_options())
        .unwrap()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>) -> (u16, String, Option<String>) {
    let error = outcome.unwrap_err();
    (
        error.status().unwrap(),
        error.code().unwrap().to_owned(),
        error.target().map(str::to_owned),
    )
}

/// Status of a request that any user with a chat scope may make: 200 or 403 while the token is good.
async fn accepted(host: &Host, token: &str) -> bool {
    let answer = host
        .get(&format!("{}?{CHAT}", host.thread_path()))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    answer.status() != 401
}

#[tokio::test]
async fn users_and_tokens_from_beginning_to_end() {
    let host = Host::start().await;
    let client = client(&host);

    let plain = client.create_user().await.unwrap();
    assert!(matches!(plain, CommunicationIdentifier::CommunicationUser(_)));

    let before = time::OffsetDateTime::now_utc();
    let (user, first) = client
        .create_user_and_token([Scope::Chat, Scope::VoipJoin], Some(HOUR))
        .await
        .unwrap();
    let after = time::OffsetDateTime::now_utc();
    assert_ne!(user, plain);
    // Whole seconds on the wire.
    let slack = Duration::from_secs(1);
    assert!(first.expires_on >= before + HOUR - slack && first.expires_on <= after + HOUR + slack);
    // The token itself says the same.
    let read = CommunicationTokenCredential::new(&first.token).unwrap();
    assert_eq!(read.token().await.unwrap().expires_on, first.expires_on);
    assert!(accepted(&host, &first.token).await);

    let second = client.token(&user, [Scope::ChatJoin], None).await.unwrap();
    assert!(second.expires_on > after + 23 * HOUR);
    client.revoke_tokens(&user).await.unwrap();
    assert!(!accepted(&host, &first.token).await);
    assert!(!accepted(&host, &second.token).await);
    let third = client.token(&user, [Scope::ChatJoinLimited], None).await.unwrap();
    assert!(accepted(&host, &third.token).await);

    client.delete_user(&user).await.unwrap();
    client.delete_user(&user).await.unwrap();
    assert!(!accepted(&host, &third.token).await);
    assert_eq!(refused(client.token(&user, [Scope::Chat], None).await).0, 404);
    host.service.shutdown().await;
}

#[tokio::test]
async fn refusals_are_typed() {
    let host = Host::start().await;
    let client = client(&host);
    let validation = |target: &str| (400, "ValidationError".to_owned(), Some(target.to_owned()));
    for minutes in [0, 59, 1441] {
        let lifetime = Some(Duration::from_secs(minutes * 60));
        assert_eq!(
            refused(client.create_user_and_token([Scope::Chat], lifetime).await),
            validation("ExpiresInMinutes")
        );
    }
    let user = client.create_user().await.unwrap();
    assert_eq!(refused(client.token(&user, [], None).await), validation("Scopes"));
    let odd = client
        .token(&user, [Scope::Chat], Some(Duration::from_secs(3601)))
        .await;
    assert!(matches!(odd, Err(Error::Misuse(_))));

    let stranger = AcsUserId::random(ResourceId::random()).into();
    assert_eq!(refused(client.token(&stranger, [Scope::Chat], None).await).0, 404);
    assert_eq!(refused(client.revoke_tokens(&stranger).await).0, 404);

    let teams = TeamsUserToken {
        token: "no token".to_owned(),
        client_id: ObjectId::random(),
        user_object_id: ObjectId::random(),
    };
    assert_eq!(
        refused(client.token_for_teams_user(&teams).await),
        (401, "InvalidAccessToken".to_owned(), None)
    );

    let thief = CommunicationIdentityClient::with_key(
        &host.dev().endpoint,
        AzureKeyCredential::from(AccessKey::generate()),
        host.client_options(),
    )
    .unwrap();
    let (status, code, _) = refused(thief.create_user().await);
    assert_eq!((status, code.as_str()), (401, "Denied"));
    host.service.shutdown().await;
}

#[tokio::test]
async fn an_exchanged_key_is_used_at_once() {
    let host = Host::start().await;
    let connection: anteroom_identity::signing::ConnectionString =
        host.dev().connection_string.parse().unwrap();
    let credential = AzureKeyCredential::from(AccessKey::generate());
    let client = CommunicationIdentityClient::with_key(
        &host.dev().endpoint,
        credential.clone(),
        host.client_options(),
    )
    .unwrap();
    assert_eq!(refused(client.create_user().await).0, 401);
    credential
        .update(connection.access_key().to_secret_base64())
        .unwrap();
    assert!(client.create_user().await.is_ok());
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_is_refused() {
    let host = Host::start().await;
    let other = Host::start().await;
    let client = CommunicationIdentityClient::from_connection_string(
        &host.dev().connection_string,
        other.client_options(),
    )
    .unwrap();
    assert!(matches!(client.create_user().await, Err(Error::Transport(_))));
    host.service.shutdown().await;
    other.service.shutdown().await;
}

/// Tokens of an application, from the service's own issuer.
struct Application {
    http: reqwest::Client,
    token_url: String,
    client_id: String,
    client_secret: String,
}

impl TokenCredential for Application {
    fn token<'a>(&'a self, scopes: &'a [&'a str]) -> BoxFuture<'a, Result<AccessToken, BoxError>> {
        Box::pin(async move {
            let scope = scopes.join(" ");
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &self.client_id),
                ("client_secret", &self.client_secret),
                ("scope", &scope),
            ];
            let answer = self.http.post(&self.token_url).form(&form).send().await?;
            let answer: serde_json::Value = answer.error_for_status()?.json().await?;
            let life = Duration::from_secs(answer["expires_in"].as_u64().ok_or("no life")?);
            Ok(AccessToken {
                token: answer["access_token"].as_str().ok_or("no token")?.to_owned(),
                expires_on: time::OffsetDateTime::now_utc() + life,
            })
        })
    }
}

#[tokio::test]
async fn an_application_needs_no_access_key() {
    let host = Host::start().await;
    let application = |secret: &str| Application {
        http: host.client.clone(),
        token_url: host.url(&format!("/{}/oauth2/v2.0/token", host.dev().tenant_id)),
        client_id: host.dev().app.client_id.clone(),
        client_secret: secret.to_owned(),
    };
    let client = |credential| {
        CommunicationIdentityClient::with_token_credential(
            &host.dev().endpoint,
            credential,
            host.client_options(),
        )
        .unwrap()
    };
    let good = client(application(&host.dev().app.client_secret));
    let (user, token) = good.create_user_and_token([Scope::Chat], None).await.unwrap();
    assert!(accepted(&host, &token.token).await);
    good.delete_user(&user).await.unwrap();

    let outcome = client(application("wrong")).create_user().await;
    assert!(matches!(outcome, Err(Error::Credential(_))), "{outcome:?}");
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_teams_users_token_is_exchanged() {
    let host = Host::start().await;
    let alice = &host.dev().users[0];
    let form = [
        ("grant_type", "password"),
        ("client_id", &*host.dev().app.client_id),
        ("client_secret", &*host.dev().app.client_secret),
        ("scope", "https://auth.msft.communication.azure.com/.default"),
        ("username", &*alice.upn),
        ("password", &*alice.password),
    ];
    let answer = host
        .post("/contoso/oauth2/v2.0/token")
        .form(&form)
        .send()
        .await
        .unwrap();
    let answer = crate::common::expect(answer, 200).await;
    let mut teams = TeamsUserToken {
        token: answer["access_token"].as_str().unwrap().to_owned(),
        client_id: host.dev().app.client_id.parse().unwrap(),
        user_object_id: alice.object_id.parse().unwrap(),
    };
    let client = client(&host);
    let exchanged = client.token_for_teams_user(&teams).await.unwrap();
    assert!(exchanged.expires_on > time::OffsetDateTime::now_utc());
    teams.user_object_id = ObjectId::random();
    assert_eq!(refused(client.token_for_teams_user(&teams).await).0, 400);
    host.service.shutdown().await;
}
