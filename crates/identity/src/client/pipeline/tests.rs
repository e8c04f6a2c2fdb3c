//! The pipeline over a scripted transport, under a paused clock, and the built-in one over real sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::{get, post};
use futures_util::{StreamExt as _, TryStreamExt as _};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::time::Instant;

use super::*;
use crate::client::credential::BoxError;
use crate::client::{AccessToken, AzureKeyCredential, RetryOptions, TokenCredential};
use crate::signing::{AccessKey, RequestToVerify, verify_request};

const KEY: &str = "c2VjcmV0";
const VERSION: &str = "2023-10-01";
const START: OffsetDateTime = datetime!(2026-11-20 21:38:59 UTC);

/// The wall clock of a test: goes with tokio's.
struct TestTime(Instant);

impl TimeSource for TestTime {
    fn now(&self) -> OffsetDateTime {
        START + self.0.elapsed()
    }
}

fn options(transport: &ScriptedTransport) -> ClientOptions {
    ClientOptions::new()
        .with_transport(Arc::new(transport.clone()))
        .with_time_source(Arc::new(TestTime(Instant::now())))
}

fn key() -> Authentication {
    Authentication::Key(AzureKeyCredential::new(KEY).unwrap())
}

fn pipeline(transport: &ScriptedTransport) -> Pipeline {
    Pipeline::new("https://acs.example:8443", VERSION, key(), options(transport)).unwrap()
}

/// Sends one GET; what came of it and how long it took.
async fn get_once(transport: &ScriptedTransport) -> (Result<Response, Error>, Duration) {
    let pipeline = pipeline(transport);
    let start = Instant::now();
    let request = pipeline.request(Method::Get, "/rooms");
    let outcome = pipeline.send(request, &[200]).await;
    (outcome, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn waits_exactly_as_long_as_it_is_told() {
    let transport = ScriptedTransport::new()
        .answer(429, &[("Retry-After", "7")], "{}")
        .answer(503, &[("retry-after-ms", "250")], "{}")
        .answer(503, &[("Retry-After", "Fri, 20 Nov 2026 21:39:16 GMT")], "{}")
        .answer(200, &[], "{}");
    let (outcome, took) = get_once(&transport).await;
    assert_eq!(outcome.unwrap().status, 200);
    // 7 s, 0.25 s, and up to 21:39:16, which is 17 s after the start.
    let expected = Duration::from_secs(17);
    assert!(
        took >= expected && took <= expected + Duration::from_millis(5),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn backs_off_within_bounds_and_gives_up() {
    let mut transport = ScriptedTransport::new();
    for _ in 0..5 {
        transport = transport.answer(
            500,
            &[],
            r#"{"error":{"code":"InternalError","message":"Sorry."}}"#,
        );
    }
    let (outcome, took) = get_once(&transport).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(500), Some("InternalError")));
    assert_eq!(transport.requests().len(), 4);
    // Between half and all of 0.8 + 1.6 + 3.2 s; tokio's timers are good to a millisecond each.
    assert!(
        took >= Duration::from_millis(2800) && took <= Duration::from_millis(5603),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn permanent_errors_are_returned_at_once() {
    for status in [400, 401, 403, 404, 409, 501] {
        let transport = ScriptedTransport::new().answer(status, &[("Retry-After", "1")], "{}");
        let (outcome, took) = get_once(&transport).await;
        assert_eq!(outcome.unwrap_err().status(), Some(status));
        assert_eq!((transport.requests().len(), took), (1, Duration::ZERO));
    }
    let transport = ScriptedTransport::new().answer(204, &[], "");
    assert!(matches!(
        get_once(&transport).await.0,
        Err(Error::UnexpectedAnswer(_))
    ));
    let transport = ScriptedTransport::new().answer(429, &[("Retry-After", "86400")], "{}");
    let (outcome, took) = get_once(&transport).await;
    let refusal = outcome.unwrap_err().refusal().unwrap().clone();
    assert_eq!(refusal.retry_after, Some(Duration::from_secs(86_400)));
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_not_done_again() {
    let broken = || TransportError::Broken("reset".to_owned());
    let transport = ScriptedTransport::new().fail(broken()).answer(201, &[], "{}");
    let one = pipeline(&transport);
    let request = one.request(Method::Post, "/identities");
    assert!(matches!(
        one.send(request.clone(), &[201]).await,
        Err(Error::Transport(_))
    ));
    assert_eq!(transport.requests().len(), 1);

    let transport = ScriptedTransport::new().fail(broken()).answer(201, &[], "{}");
    let one = pipeline(&transport);
    assert!(one.send(request.clone().repeatable(), &[201]).await.is_ok());

    let connect = TransportError::Connect("refused".to_owned());
    let transport = ScriptedTransport::new().fail(connect).answer(201, &[], "{}");
    let one = pipeline(&transport);
    assert!(one.send(request, &[201]).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_signed_anew_under_one_request_id() {
    let transport = ScriptedTransport::new()
        .answer(503, &[("Retry-After", "60")], "{}")
        .answer(200, &[], "{}");
    let credential = AzureKeyCredential::new(KEY).unwrap();
    let one = Pipeline::new(
        "https://acs.example:443/",
        VERSION,
        Authentication::Key(credential),
        options(&transport).with_application_id("clinic"),
    )
    .unwrap();
    let path = format!("/identities/{}", segment("8:acs:a_b").unwrap());
    let request = one.request(Method::Patch, &path).with_json("x").unwrap();
    one.send(request, &[200]).await.unwrap();
    let requests = transport.requests();
    let key = [AccessKey::from_base64(KEY).unwrap()];
    for (request, offset) in requests.iter().zip([0, 60]) {
        let target = request.target();
        assert_eq!(target, "/identities/8%3Aacs%3Aa_b?api-version=2023-10-01");
        let verify = RequestToVerify {
            method: "PATCH",
            raw_target: &target,
            hosts: &["acs.example".to_owned()],
            date: None,
            x_ms_date: request.headers.get("x-ms-date"),
            content_sha256: request.headers.get("x-ms-content-sha256"),
            authorization: request.headers.get("authorization"),
            body: &request.body,
        };
        let now = START + Duration::from_secs(offset);
        assert_eq!(verify_request(&verify, &key, now, Duration::from_secs(2)), Ok(0));
        assert_eq!(
            request.headers.get("content-type"),
            Some("application/merge-patch+json")
        );
        assert!(
            request
                .headers
                .get("user-agent")
                .unwrap()
                .starts_with("clinic anteroom-rust/")
        );
    }
    let ids: Vec<_> = requests
        .iter()
        .map(|request| request.headers.get("x-ms-client-request-id").unwrap())
        .collect();
    assert_eq!(ids[0].len(), 36);
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn endpoints_are_https_and_bare() {
    for text in [
        "https://acs.example",
        "https://acs.example:8443/",
        "acs.example:8443",
        "[::1]:8443",
    ] {
        assert!(parse_endpoint(text, false).is_ok(), "{text}");
    }
    for text in [
        "",
        "http://acs.example",
        "ftp://acs.example",
        "https://acs.example/path",
        "https://acs.example?x",
        "https://user@acs.example",
        "https://",
        "wss://acs.example",
    ] {
        assert!(
            matches!(parse_endpoint(text, false), Err(Error::Endpoint(_))),
            "{text}"
        );
    }
    assert!(parse_endpoint("http://127.0.0.1:8080", true).is_ok());
}

async fn list(transport: &ScriptedTransport) -> (Vec<u32>, Option<Error>) {
    let one = pipeline(transport);
    let request = one
        .request(Method::Get, "/rooms")
        .with_query("maxPageSize", Some("2"));
    let mut pager = Pager::<u32>::new(one, request);
    let mut items = Vec::new();
    while let Some(item) = pager.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => {
                assert!(pager.next().await.is_none(), "nothing comes after an error");
                return (items, Some(error));
            }
        }
    }
    (items, None)
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_as_they_are_needed() {
    let next = r#""nextLink":"https://acs.example:8443/rooms?syncState=ab&api-version=2023-10-01""#;
    let transport = ScriptedTransport::new()
        .answer(200, &[], &format!(r#"{{"value":[1,2],{next}}}"#))
        .answer(503, &[], "{}")
        .answer(
            200,
            &[],
            r#"{"value":[],"nextLink":"https://acs.example:8443/rooms?syncState=cd"}"#,
        )
        .answer(200, &[], r#"{"value":[3],"nextLink":null}"#);
    let (items, error) = list(&transport).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(items, [1, 2, 3]);
    let targets: Vec<_> = transport.requests().iter().map(Request::target).collect();
    assert_eq!(
        targets,
        [
            "/rooms?api-version=2023-10-01&maxPageSize=2",
            "/rooms?syncState=ab&api-version=2023-10-01",
            "/rooms?syncState=ab&api-version=2023-10-01",
            "/rooms?syncState=cd",
        ]
    );

    let transport = ScriptedTransport::new().answer(200, &[], &format!(r#"{{"value":[1,2],{next}}}"#));
    let one = pipeline(&transport);
    let mut pages = Pager::<u32>::new(one.clone(), one.request(Method::Get, "/rooms")).by_page();
    assert_eq!(pages.try_next().await.unwrap().unwrap().value, [1, 2]);
    drop(pages);
    assert_eq!(transport.requests().len(), 1, "the next page was not asked for");
}

#[tokio::test(start_paused = true)]
async fn links_that_lead_astray_end_the_list() {
    for link in [
        "https://evil.example/rooms",
        "http://acs.example:8443/rooms",
        "https://acs.example/rooms",
        "/rooms",
        "x",
    ] {
        let body = format!(r#"{{"value":[1],"nextLink":"{link}"}}"#);
        let transport = ScriptedTransport::new().answer(200, &[], &body);
        let (items, error) = list(&transport).await;
        assert_eq!(items, [1]);
        assert!(
            matches!(error, Some(Error::UnexpectedAnswer(_))),
            "{link}: {error:?}"
        );
        assert_eq!(transport.requests().len(), 1, "no credential went to {link}");
    }
    let circle = r#"{"value":[1],"nextLink":"https://acs.example:8443/rooms?a"}"#;
    let transport = ScriptedTransport::new()
        .answer(200, &[], circle)
        .answer(200, &[], circle)
        .answer(200, &[], circle);
    let (items, error) = list(&transport).await;
    assert_eq!(items, [1]);
    assert!(matches!(error, Some(Error::UnexpectedAnswer(_))));
    for body in ["", "[]", "{}", r#"{"value":["a"]}"#] {
        let transport = ScriptedTransport::new().answer(200, &[], body);
        assert!(
            matches!(list(&transport).await.1, Some(Error::UnexpectedAnswer(_))),
            "{body}"
        );
    }
}

/// Gives tokens of ten minutes, numbered.
struct Source {
    time: TestTime,
    asked: Arc<AtomicUsize>,
    good: usize,
}

impl TokenCredential for Source {
    fn token<'a>(&'a self, scopes: &'a [&'a str]) -> BoxFuture<'a, Result<AccessToken, BoxError>> {
        assert_eq!(scopes, ["https://communication.azure.com//.default"]);
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let token = AccessToken {
            token: format!("token-{number}"),
            expires_on: self.time.now() + time::Duration::minutes(10),
        };
        let outcome = if number < self.good {
            Ok(token)
        } else {
            Err("the issuer is away".into())
        };
        Box::pin(std::future::ready(outcome))
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_kept_until_five_minutes_before_their_end() {
    let mut transport = ScriptedTransport::new();
    for _ in 0..8 {
        transport = transport.answer(200, &[], "{}");
    }
    let asked = Arc::new(AtomicUsize::new(0));
    let source = Source {
        time: TestTime(Instant::now()),
        asked: Arc::clone(&asked),
        good: 2,
    };
    let one = Pipeline::new(
        "https://acs.example",
        VERSION,
        Authentication::token(Arc::new(source)),
        options(&transport),
    )
    .unwrap();
    let send = || async { one.send(one.request(Method::Get, "/rooms"), &[200]).await };
    let used = || {
        let requests = transport.requests();
        let last = requests.last().unwrap();
        last.headers.get("authorization").unwrap().to_owned()
    };
    let (first, second) = tokio::join!(send(), send());
    assert!(first.is_ok() && second.is_ok());
    tokio::time::sleep(Duration::from_secs(299)).await;
    send().await.unwrap();
    assert_eq!(
        (asked.load(Ordering::Relaxed), used()),
        (1, "Bearer token-0".to_owned())
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    send().await.unwrap();
    assert_eq!(
        (asked.load(Ordering::Relaxed), used()),
        (2, "Bearer token-1".to_owned())
    );
    // The issuer is away: the token serves on until its end.
    tokio::time::sleep(Duration::from_secs(599)).await;
    send().await.unwrap();
    assert_eq!(
        (asked.load(Ordering::Relaxed), used()),
        (3, "Bearer token-1".to_owned())
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(matches!(send().await, Err(Error::Credential(_))));
}

/// A server on a loopback port of its own.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

fn over_http(endpoint: &str, timeout: Duration) -> Pipeline {
    let options = ClientOptions::new()
        .danger_allow_insecure_http()
        .with_timeout(timeout)
        .with_retry(RetryOptions {
            max_retries: 1,
            base_delay: Duration::ZERO,
            ..RetryOptions::default()
        });
    Pipeline::new(endpoint, VERSION, key(), options).unwrap()
}

#[tokio::test]
async fn the_built_in_transport_does_what_it_says() {
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let router = Router::new()
        .route(
            "/busy",
            get(move || async move {
                match counted.fetch_add(1, Ordering::SeqCst) {
                    0 => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::OK,
                }
            }),
        )
        .route("/away", get(|| async { Redirect::temporary("/busy") }))
        .route("/large", get(|| async { vec![b'x'; 16 * 1024 * 1024 + 1] }))
        .route("/never", get(std::future::pending::<()>))
        .route(
            "/echo",
            post(|headers: axum::http::HeaderMap, body: String| async move {
                let length = headers
                    .get("content-length")
                    .map(|value| value.to_str().unwrap().to_owned());
                format!(
                    "{}|{}|{body}",
                    headers["host"].to_str().unwrap(),
                    length.unwrap_or_default()
                )
            }),
        );
    let endpoint = serve(router).await;
    let one = over_http(&endpoint, Duration::from_secs(20));
    let send = |method, path: &str| {
        let one = &one;
        let request = one.request(method, path);
        async move { one.send(request, &[200]).await }
    };
    assert!(send(Method::Get, "/busy").await.is_ok());
    assert_eq!(hits.load(Ordering::SeqCst), 2);
    // Redirects are not followed: the signature would not fit, a token would leave.
    assert_eq!(send(Method::Get, "/away").await.unwrap_err().status(), Some(307));
    assert_eq!(hits.load(Ordering::SeqCst), 2);
    assert!(matches!(
        send(Method::Get, "/large").await,
        Err(Error::Transport(TransportError::TooLong))
    ));
    let echo = send(Method::Post, "/echo").await.unwrap();
    let host = endpoint.trim_start_matches("http://");
    assert_eq!(echo.body, format!("{host}|0|"));
    let request = one.request(Method::Post, "/echo").with_json("x").unwrap();
    assert_eq!(
        one.send(request, &[200]).await.unwrap().body,
        format!("{host}|3|\"x\"")
    );

    let hasty = over_http(&endpoint, Duration::from_millis(50));
    let never = hasty.send(hasty.request(Method::Get, "/never"), &[200]).await;
    assert!(
        matches!(never, Err(Error::Transport(TransportError::Timeout))),
        "{never:?}"
    );

    // A port that was ours a moment ago and that nobody listens on.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = over_http(&format!("http://{closed}"), Duration::from_secs(20));
    let refused = nobody.send(nobody.request(Method::Get, "/"), &[200]).await;
    assert!(
        matches!(refused, Err(Error::Transport(TransportError::Connect(_)))),
        "{refused:?}"
    );
}
