//! What strangers try, at every door of a running service.

use anteroom_signaling::proto::Hello;
use anteroom_signaling::proto::client_message::Body as Said;
use anteroom_signaling::wire::Encoding;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use time::Duration;

use crate::common::{CHAT, Host, expect};
use crate::signaling::client::Client;

/// Paths that want a token of ACS, and those that want one of Graph.
fn doors() -> [Vec<(Method, String)>; 2] {
    let thread = "19%3ameeting_YjM0ZjE2ZDAtN2E1Yi00YzNkLTkxZTItMGE4ZjdjNmI1ZDQz%40thread.v2";
    let acs = [
        (Method::GET, format!("/chat/threads?{CHAT}")),
        (Method::POST, format!("/chat/threads?{CHAT}")),
        (Method::GET, format!("/chat/threads/{thread}/messages?{CHAT}")),
        (Method::POST, format!("/chat/threads/{thread}/messages?{CHAT}")),
        (Method::GET, format!("/chat/threads/{thread}/participants?{CHAT}")),
    ];
    let graph = [
        (Method::GET, "/v1.0/me".to_owned()),
        (Method::GET, "/v1.0/users".to_owned()),
        (Method::POST, "/v1.0/me/onlineMeetings".to_owned()),
        (Method::GET, "/v1.0/me/events".to_owned()),
        (Method::GET, "/admin/api/tenant".to_owned()),
        (Method::GET, "/admin/api/audit".to_owned()),
        (Method::GET, "/admin/api/meetings".to_owned()),
        (Method::GET, "/admin/api/resources".to_owned()),
    ];
    [acs.to_vec(), graph.to_vec()]
}

/// The status of a request with this token.
async fn knock(host: &Host, method: &Method, target: &str, token: &str) -> u16 {
    let request = host.client.request(method.clone(), host.url(target));
    let request = request
        .bearer_auth(token)
        .header("content-type", "application/json");
    request.body("{}").send().await.unwrap().status().as_u16()
}

/// How a session with this token ends before it has begun; `None` when it does not.
async fn greet(host: &Host, token: &str) -> Option<String> {
    let mut client = Client::connect(host, Encoding::Json).await;
    let hello = Hello {
        token: token.to_owned(),
        resume: None,
        client: String::new(),
    };
    client.send(Said::Hello(hello)).await;
    client
        .expect(|body| match body {
            anteroom_signaling::proto::server_message::Body::Welcome(_) => Some(None),
            anteroom_signaling::proto::server_message::Body::Denied(denied) => {
                Some(denied.reason.map(|reason| reason.key))
            }
            anteroom_signaling::proto::server_message::Body::Ended(ended) => {
                Some(ended.reason.map(|reason| reason.key))
            }
            other => panic!("neither welcome nor refused: {other:?}"),
        })
        .await
}

/// Forgeries of a good token, each with a word for what it is.
async fn forgeries(host: &Host, good: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let decoded =
        |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = |alg: &str| {
        let mut header = decoded(parts[0]);
        header["alg"] = json!(alg);
        encoded(&header)
    };
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut claims = decoded(parts[1]);
        change(&mut claims);
        format!("{}.{}.{}", parts[0], encoded(&claims), parts[2])
    };
    // The public key, which everybody can read, as the secret of an HMAC: as text, as bytes, as a PEM would have it.
    let keys = expect(host.get("/common/discovery/v2.0/keys").send().await.unwrap(), 200).await;
    let modulus = keys["keys"][0]["n"].as_str().unwrap().to_owned();
    let confused = |secret: &[u8]| {
        let text = format!("{}.{}", header("HS256"), parts[1]);
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&key, text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    // A key of one's own under the name of the service's, with an address where to fetch it, too.
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let own_key = |header: &Value| {
        let text = format!("{}.{}", encoded(header), parts[1]);
        let mut signature = vec![0; pair.public_modulus_len()];
        let (encoding, random) = (&RSA_PKCS1_SHA256, SystemRandom::new());
        pair.sign(encoding, &random, text.as_bytes(), &mut signature)
            .unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let mut elsewhere = decoded(parts[0]);
    elsewhere["jku"] = json!("https://evil.example/keys");
    vec![
        ("alg none", format!("{}.{}.", header("none"), parts[1])),
        (
            "alg None, signed",
            format!("{}.{}.{}", header("None"), parts[1], parts[2]),
        ),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("HS256, modulus as text", confused(modulus.as_bytes())),
        (
            "HS256, modulus",
            confused(&URL_SAFE_NO_PAD.decode(&modulus).unwrap()),
        ),
        (
            "HS256, key as JSON",
            confused(keys["keys"][0].to_string().as_bytes()),
        ),
        ("HS256, empty", confused(b"")),
        ("a key of one's own", own_key(&decoded(parts[0]))),
        ("a key from elsewhere", own_key(&elsewhere)),
        (
            "another subject",
            changed(&|claims| claims["sub"] = json!("mallory")),
        ),
        (
            "another object",
            changed(&|claims| claims["oid"] = json!("00000000-0000-0000-0000-000000000001")),
        ),
        (
            "another tenant",
            changed(&|claims| claims["tid"] = json!("00000000-0000-0000-0000-000000000001")),
        ),
        (
            "another audience",
            changed(&|claims| claims["aud"] = json!("https://evil.example")),
        ),
        (
            "longer",
            changed(&|claims| claims["exp"] = json!(9_999_999_999_i64)),
        ),
        ("two at once", format!("{good}, {good}")),
        ("nothing", String::new()),
    ]
}

#[tokio::test]
async fn no_door_opens_to_a_forged_token() {
    let host = Host::start().await;
    // Somebody else's service, with the same names in it.
    let other = Host::start().await;
    let (_, acs) = host.guest(&["voip", "chat"]).await;
    let graph = host.sign_in("alice@contoso.example").await;
    for (kind, good) in [&acs, &graph].into_iter().enumerate() {
        let paths = &doors()[kind];
        for (method, target) in paths {
            let status = knock(&host, method, target, good).await;
            assert_ne!(status, 401, "{method} {target}: the good token");
        }
        let mut forged = forgeries(&host, good).await;
        let theirs = match kind {
            0 => other.guest(&["voip", "chat"]).await.1,
            _ => other.sign_in("alice@contoso.example").await,
        };
        forged.push(("another issuer", theirs));
        for (what, token) in &forged {
            for (method, target) in paths {
                let status = knock(&host, method, target, token).await;
                assert_eq!(status, 401, "{what} at {method} {target}");
            }
            let end = greet(&host, token).await;
            assert_eq!(end.as_deref(), Some("unauthenticated"), "{what}");
        }
    }
    // A guest's token at the doors of the organization.
    for (method, target) in &doors()[1] {
        let status = knock(&host, method, target, &acs).await;
        assert!(
            matches!(status, 401 | 403),
            "a guest at {method} {target}: {status}"
        );
    }
    other.service.shutdown().await;
    host.service.shutdown().await;
}

#[tokio::test]
async fn a_token_of_the_future_and_one_of_the_past_open_nothing() {
    let host = Host::start().await;
    let (_, acs) = host.guest(&["voip", "chat"]).await;
    let graph = host.sign_in("alice@contoso.example").await;
    let clock = host.service.app().clock();
    // Back before the tokens were made, beyond what clocks may differ; then on until they are over.
    for by in [Duration::hours(-1), Duration::days(3)] {
        clock.step(by).unwrap();
        for (kind, token) in [&acs, &graph].into_iter().enumerate() {
            for (method, target) in &doors()[kind] {
                let status = knock(&host, method, target, token).await;
                assert_eq!(status, 401, "{by} at {method} {target}");
            }
            assert_eq!(
                greet(&host, token).await.as_deref(),
                Some("unauthenticated"),
                "{by}"
            );
        }
    }
    host.service.shutdown().await;
}

/// The links that the tests of the parser refuse, I1 to I32.
fn hostile_links() -> Vec<(String, String)> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../teams-link/tests/data/meeting_links.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    vectors["links"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|vector| vector["error"].is_string())
        .map(|vector| (text(&vector["name"]), text(&vector["input"])))
        .collect()
}

#[tokio::test]
async fn a_link_that_is_none_lets_nobody_in() {
    let host = Host::start().await;
    let links = hostile_links();
    assert_eq!(links.len(), 32);
    let (_, token) = host.guest(&["voip"]).await;
    for (name, link) in links {
        let (mut guest, _) = Client::hello(&host, Encoding::Json, &token).await;
        guest.join(&link, "Dana").await;
        // `over` fails when there is anything in between: a lobby, a roster.
        let (reason, _) = guest.over().await;
        assert_eq!((reason.code, reason.key.as_str()), (400, "bad_locator"), "{name}");
        assert!(!reason.message.is_empty());
    }
    host.service.shutdown().await;
}
