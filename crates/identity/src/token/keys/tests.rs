//! Tokens that are accepted and tokens that are not.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use proptest::prelude::*;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::id::{AcsUserId, ObjectId, ResourceId, TenantId};
use crate::signing::KeySlot;
use crate::token::{KeyStamp, RetiredKey, Scope, ScopeSet, ServerOrigin, TeamsUserKind};

const NOW: OffsetDateTime = datetime!(2026-11-20 12:00:00 UTC);
const ISSUER: &str = "https://meet.example";
const AUDIENCE: &str = "anteroom";

static KEYS: LazyLock<SigningKeys> = LazyLock::new(|| SigningKeys::generate().unwrap());

fn resource() -> ResourceId {
    ResourceId::new(Uuid::from_u128(1))
}

fn expected() -> Expected<'static> {
    Expected {
        resource: Some(resource()),
        audiences: &[AUDIENCE],
    }
}

fn server() -> ServerOrigin {
    "https://[2001:db8::1]:8443".parse().unwrap()
}

fn user_claims() -> UserTokenClaims {
    UserTokenClaims {
        user: AcsUserId::new(resource(), Uuid::from_u128(2)),
        scopes: ScopeSet::from_iter([Scope::Chat, Scope::Voip]),
        issued_at: NOW,
        expires_at: NOW + Duration::hours(1),
        generation: 3,
        access_key: None,
        server: Some(server()),
    }
}

fn directory_claims() -> DirectoryClaims {
    DirectoryClaims {
        tenant: TenantId::new(Uuid::from_u128(3)),
        object: ObjectId::new(Uuid::from_u128(4)),
        upn: "alice@contoso.example".into(),
        name: "Alice".into(),
        app: "teams".into(),
        permissions: String::new(),
        sign_in: None,
        acs_scopes: None,
        extension_of: None,
        issued_at: NOW,
        expires_at: NOW + Duration::hours(1),
    }
}

fn payload(token: &str) -> Value {
    // The plain alphabet with padding, as the strictest SDKs decode it.
    let mut body = token.split('.').nth(1).unwrap().to_owned();
    while !body.len().is_multiple_of(4) {
        body.push('=');
    }
    serde_json::from_slice(&STANDARD.decode(body).unwrap()).unwrap()
}

#[test]
fn a_user_token_has_the_claims_clients_read() {
    let token = KEYS.sign_user(&user_claims()).unwrap();
    let body = payload(&token);
    assert_eq!(
        body["skypeid"],
        format!("acs:{}_{}", Uuid::from_u128(1), Uuid::from_u128(2))
    );
    assert_eq!(body["acsScope"], "chat,voip");
    assert_eq!(body["exp"], (NOW + Duration::hours(1)).unix_timestamp());
    assert!(body["exp"].is_i64());
    assert_eq!(body["csi"], NOW.unix_timestamp().to_string());
    assert_eq!(body["resourceId"], Uuid::from_u128(1).to_string());
    assert_eq!(body["anteroom"], "https://[2001:db8::1]:8443");
    assert_eq!(
        KEYS.verify(&token, NOW, &expected()),
        Ok(VerifiedToken::User(user_claims()))
    );
}

#[test]
fn a_token_is_worth_the_same_wherever_it_says_that_its_server_is() {
    let sign = |server: Value| {
        let mut body = payload(&KEYS.sign_user(&user_claims()).unwrap());
        body["anteroom"] = server;
        KEYS.current.sign(&body).unwrap()
    };
    let elsewhere = sign(json!("https://elsewhere.example"));
    let Ok(VerifiedToken::User(claims)) = KEYS.verify(&elsewhere, NOW, &expected()) else {
        panic!("refused");
    };
    assert_eq!(claims.server.unwrap().as_str(), "https://elsewhere.example");
    for nowhere in [json!("no origin"), json!("javascript:alert(1)"), Value::Null] {
        let Ok(VerifiedToken::User(claims)) = KEYS.verify(&sign(nowhere), NOW, &expected()) else {
            panic!("refused");
        };
        assert_eq!(claims.server, None);
    }
    // Tokens of older versions have none.
    let without = UserTokenClaims {
        server: None,
        ..user_claims()
    };
    let token = KEYS.sign_user(&without).unwrap();
    assert!(payload(&token).get("anteroom").is_none());
    assert_eq!(
        KEYS.verify(&token, NOW, &expected()),
        Ok(VerifiedToken::User(without))
    );
}

#[test]
fn a_directory_token_round_trips() {
    let token = KEYS
        .sign_directory(&directory_claims(), ISSUER, AUDIENCE)
        .unwrap();
    assert_eq!(
        KEYS.verify(&token, NOW, &expected()),
        Ok(VerifiedToken::Directory(directory_claims()))
    );
    // Not the same one twice, though nothing else differs.
    let again = KEYS.sign_directory(&directory_claims(), ISSUER, AUDIENCE);
    assert_ne!(again.as_ref(), Ok(&token));
    for audiences in [&[][..], &["other"]] {
        let other = Expected {
            audiences,
            ..expected()
        };
        assert_eq!(KEYS.verify(&token, NOW, &other), Err(TokenError::WrongAudience));
    }
    // The host of the issuer may change, the tenant may not.
    let moved = KEYS
        .sign_directory(&directory_claims(), "https://other.example", AUDIENCE)
        .unwrap();
    assert!(KEYS.verify(&moved, NOW, &expected()).is_ok());
}

#[test]
fn time_and_resource_are_checked() {
    let token = KEYS.sign_user(&user_claims()).unwrap();
    let last = NOW + Duration::hours(1) - Duration::seconds(1);
    assert!(KEYS.verify(&token, last, &expected()).is_ok());
    assert_eq!(
        KEYS.verify(&token, NOW + Duration::hours(1), &expected()),
        Err(TokenError::Expired)
    );
    assert_eq!(
        KEYS.verify(&token, NOW - Duration::minutes(6), &expected()),
        Err(TokenError::NotYetValid)
    );
    let other = Expected {
        resource: Some(ResourceId::new(Uuid::from_u128(9))),
        ..expected()
    };
    assert_eq!(KEYS.verify(&token, NOW, &other), Err(TokenError::WrongResource));
}

#[test]
fn other_signatures_and_algorithms_are_refused() {
    let token = KEYS.sign_user(&user_claims()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let header = |alg: &str| {
        URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT","kid":"{}"}}"#, KEYS.kid()))
    };
    let forged = |header: &str, signature: &str| format!("{header}.{}.{signature}", parts[1]);

    assert_eq!(
        KEYS.verify(&forged(&header("HS256"), parts[2]), NOW, &expected()),
        Err(TokenError::Algorithm)
    );
    for (alg, signature) in [
        ("none", ""),
        ("None", ""),
        ("RS512", parts[2]),
        ("rs256", parts[2]),
        ("x", parts[2]),
    ] {
        assert_eq!(
            KEYS.verify(&forged(&header(alg), signature), NOW, &expected()),
            Err(TokenError::Algorithm),
            "{alg}"
        );
    }
    // The public key, which everybody knows, as the secret of an HMAC.
    let text = format!("{}.{}", header("HS256"), parts[1]);
    let secret = hmac::Key::new(
        hmac::HMAC_SHA256,
        KEYS.jwks(NOW)["keys"][0]["n"].as_str().unwrap().as_bytes(),
    );
    let confused = format!(
        "{text}.{}",
        URL_SAFE_NO_PAD.encode(hmac::sign(&secret, text.as_bytes()))
    );
    assert_eq!(
        KEYS.verify(&confused, NOW, &expected()),
        Err(TokenError::Algorithm)
    );
    let critical = format!(
        r#"{{"alg":"RS256","kid":"{}","crit":["b64"],"b64":false}}"#,
        KEYS.kid()
    );
    let critical = forged(&URL_SAFE_NO_PAD.encode(critical), parts[2]);
    assert_eq!(
        KEYS.verify(&critical, NOW, &expected()),
        Err(TokenError::Malformed)
    );
    let changed = parts[1].replacen('e', "f", 1);
    let changed = KEYS.verify(&format!("{}.{changed}.{}", parts[0], parts[2]), NOW, &expected());
    assert_eq!(changed, Err(TokenError::BadSignature));
    for malformed in [
        "",
        ".",
        "..",
        "a.b.c",
        &token[1..],
        &format!("{token}.x"),
        &format!("{}.{}", parts[0], parts[1]),
    ] {
        assert_eq!(
            KEYS.verify(malformed, NOW, &expected()),
            Err(TokenError::Malformed),
            "{malformed}"
        );
    }
    assert_eq!(
        KEYS.verify(&forged(parts[0], "AAAA"), NOW, &expected()),
        Err(TokenError::BadSignature)
    );

    let others = SigningKeys::generate()
        .unwrap()
        .sign_user(&user_claims())
        .unwrap();
    assert_eq!(
        KEYS.verify(&others, NOW, &expected()),
        Err(TokenError::UnknownKey)
    );
    // The right name on the wrong key.
    let signature = others.split('.').nth(2).unwrap();
    assert_eq!(
        KEYS.verify(&forged(parts[0], signature), NOW, &expected()),
        Err(TokenError::BadSignature)
    );
    assert_eq!(
        KEYS.verify(&"x".repeat(MAX_TOKEN_BYTES + 1), NOW, &expected()),
        Err(TokenError::TooLong)
    );
}

#[test]
fn keys_survive_storage() {
    let again = SigningKey::from_pkcs8_pem(&KEYS.current().to_pkcs8_pem()).unwrap();
    let again = SigningKeys::new(again, Vec::new());
    assert_eq!(again.kid(), KEYS.kid());
    let token = KEYS.sign_user(&user_claims()).unwrap();
    assert!(again.verify(&token, NOW, &expected()).is_ok());
    assert!(matches!(
        SigningKey::from_pkcs8_pem("nonsense"),
        Err(KeysError::Malformed)
    ));
    assert_eq!(KEYS.jwks(NOW)["keys"][0]["kid"], KEYS.kid());
    assert!(!format!("{:?}", *KEYS).contains("PRIVATE"));
}

#[test]
fn a_retired_key_verifies_until_its_last_token_has_expired() {
    let old = KEYS.current().clone();
    let verifies_until = NOW + Duration::hours(24);
    let rotated = SigningKeys::new(
        SigningKey::generate().unwrap(),
        vec![RetiredKey {
            key: old,
            verifies_until,
        }],
    );
    let token = KEYS.sign_user(&user_claims()).unwrap();
    assert!(rotated.verify(&token, NOW, &expected()).is_ok());
    assert_eq!(
        rotated.verify(&token, verifies_until, &expected()),
        Err(TokenError::UnknownKey)
    );
    let kids = |now| rotated.jwks(now)["keys"].as_array().unwrap().len();
    assert_eq!((kids(NOW), kids(verifies_until)), (2, 1));
    let new = rotated.sign_user(&user_claims()).unwrap();
    assert!(
        rotated
            .verify(&new, verifies_until - Duration::hours(24), &expected())
            .is_ok()
    );
    assert_eq!(KEYS.verify(&new, NOW, &expected()), Err(TokenError::UnknownKey));
}

#[test]
fn tokens_of_applications_and_of_teams_users_are_told_apart() {
    let app = AppClaims {
        tenant: TenantId::new(Uuid::from_u128(3)),
        object: ObjectId::new(Uuid::from_u128(5)),
        client_id: "5e7b8a0e-0000-4000-8000-000000000001".to_owned(),
        roles: vec!["User.Read.All".to_owned()],
        issued_at: NOW,
        expires_at: NOW + Duration::hours(1),
    };
    let token = KEYS.sign_app(&app, ISSUER, "anteroom/").unwrap();
    assert_eq!(KEYS.verify(&token, NOW, &expected()), Ok(VerifiedToken::App(app)));
    let user = TeamsUserClaims {
        resource: resource(),
        tenant: TenantId::new(Uuid::from_u128(3)),
        object: ObjectId::new(Uuid::from_u128(4)),
        kind: TeamsUserKind::User,
        scopes: ScopeSet::from_iter([Scope::Voip]),
        issued_at: NOW,
        expires_at: NOW + Duration::minutes(7),
        server: Some(server()),
    };
    let token = KEYS.sign_teams_user(&user).unwrap();
    assert!(!token.split('.').nth(1).unwrap().contains(['-', '_']));
    assert_eq!(payload(&token)["skypeid"], format!("orgid:{}", user.object));
    assert_eq!(payload(&token)["anteroom"], server().as_str());
    assert_eq!(
        KEYS.verify(&token, NOW, &expected()),
        Ok(VerifiedToken::TeamsUser(user.clone()))
    );
    let extension = TeamsUserClaims {
        kind: TeamsUserKind::Extension,
        ..user
    };
    let token = KEYS.sign_teams_user(&extension).unwrap();
    assert_eq!(
        KEYS.verify(&token, NOW, &expected()),
        Ok(VerifiedToken::TeamsUser(extension))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_user_tokens_payload_is_plain_base64(
        resource: u128, user: u128, bits in 0usize..32, issued in 0i64..4_000_000_000, generation: u64,
    ) {
        let claims = UserTokenClaims {
            user: AcsUserId::new(ResourceId::new(Uuid::from_u128(resource)), Uuid::from_u128(user)),
            scopes: Scope::ALL.into_iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, s)| s).collect(),
            issued_at: OffsetDateTime::from_unix_timestamp(issued).unwrap(),
            expires_at: OffsetDateTime::from_unix_timestamp(issued + 3600).unwrap(),
            generation,
            access_key: (bits & 1 == 1).then_some(KeyStamp { slot: KeySlot::Secondary, rotation: 7 }),
            server: (bits & 2 == 2).then(server),
        };
        let token = KEYS.sign_user(&claims).unwrap();
        let body = token.split('.').nth(1).unwrap();
        prop_assert!(!body.contains(['-', '_']));
    }

    #[test]
    fn garbage_is_an_error(token in "[A-Za-z0-9_-]{0,80}(\\.[A-Za-z0-9_-]{0,80}){0,3}") {
        prop_assert!(KEYS.verify(&token, NOW, &expected()).is_err());
    }
}

#[test]
fn an_id_token_names_the_user_and_opens_nothing() {
    let client = "5e7b8a0e-0000-4000-8000-000000000001";
    let claims = IdTokenClaims {
        tenant: TenantId::new(Uuid::from_u128(3)),
        object: ObjectId::new(Uuid::from_u128(4)),
        upn: "alice@contoso.example".into(),
        name: "Alice".into(),
        client_id: client.into(),
        nonce: Some("n".into()),
        sign_in: Uuid::from_u128(6),
        authenticated_at: NOW - Duration::minutes(5),
        issued_at: NOW,
        expires_at: NOW + Duration::hours(1),
    };
    let token = KEYS.sign_id(&claims, ISSUER).unwrap();
    let body = payload(&token);
    assert_eq!(body["aud"], client);
    assert_eq!(body["iss"], format!("{ISSUER}/{}/v2.0", Uuid::from_u128(3)));
    assert_eq!(body["nonce"], "n");
    assert_eq!(body["sub"], body["oid"]);
    assert_eq!(body["auth_time"], (NOW - Duration::minutes(5)).unix_timestamp());
    // Not even where somebody expects the client's id as an audience.
    let expected = Expected {
        resource: None,
        audiences: &[client],
    };
    assert_eq!(KEYS.verify(&token, NOW, &expected), Err(TokenError::Malformed));
}

#[test]
fn a_token_is_not_good_before_its_time() {
    let mut payload =
        serde_json::to_value(DirectoryPayload::new(&directory_claims(), ISSUER, AUDIENCE)).unwrap();
    payload["nbf"] = json!((NOW + Duration::minutes(6)).unix_timestamp());
    let early = KEYS.current().sign(&payload).unwrap();
    assert_eq!(
        KEYS.verify(&early, NOW, &expected()),
        Err(TokenError::NotYetValid)
    );
    assert!(
        KEYS.verify(&early, NOW + Duration::minutes(2), &expected())
            .is_ok()
    );
    // The tenant of the issuer and the one of the claims are the same.
    payload["nbf"] = json!(NOW.unix_timestamp());
    payload["tid"] = json!(Uuid::from_u128(9));
    let other = KEYS.current().sign(&payload).unwrap();
    assert_eq!(
        KEYS.verify(&other, NOW, &expected()),
        Err(TokenError::WrongAudience)
    );
}
