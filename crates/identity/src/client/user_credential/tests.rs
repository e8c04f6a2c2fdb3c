//! Refreshing under a paused clock.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::macros::datetime;
use tokio::time::Instant;

use super::*;

const START: OffsetDateTime = datetime!(2026-11-20 21:38:59 UTC);

struct TestTime(Instant);

impl TimeSource for TestTime {
    fn now(&self) -> OffsetDateTime {
        START + self.0.elapsed()
    }
}

fn token(expires_on: OffsetDateTime) -> String {
    let claims = format!(r#"{{"exp":{},"name":"é?>~"}}"#, expires_on.unix_timestamp());
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

/// Counts how often it is asked; its tokens live this long, or there are none.
struct Issuer {
    time: TestTime,
    asked: Arc<AtomicUsize>,
    life: Option<Duration>,
}

impl TokenRefresher for Issuer {
    fn refresh(&self) -> BoxFuture<'_, Result<String, BoxError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let token = self
            .life
            .map(|life| token(self.time.now() + life))
            .ok_or_else(|| "away".into());
        Box::pin(async move {
            // Long enough that others come and wait for it.
            tokio::time::sleep(Duration::from_millis(10)).await;
            token
        })
    }
}

fn issuer(life: Option<Duration>) -> (Issuer, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let issuer = Issuer {
        time: TestTime(Instant::now()),
        asked: Arc::clone(&asked),
        life,
    };
    (issuer, asked)
}

fn clock() -> Arc<TestTime> {
    Arc::new(TestTime(Instant::now()))
}

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(start_paused = true)]
async fn a_fixed_token_is_used_whatever_its_age() {
    let old = token(datetime!(2020-01-01 0:00 UTC));
    let credential = CommunicationTokenCredential::new(&old).unwrap();
    let found = credential.token().await.unwrap();
    assert_eq!(found.token, old);
    assert_eq!(found.expires_on, datetime!(2020-01-01 0:00 UTC));
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_ask_once() {
    let (issuer, asked) = issuer(Some(HOUR));
    let credential = CommunicationTokenCredential::build(None, Some(Box::new(issuer)), clock());
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let credential = credential.clone();
            tokio::spawn(async move { credential.token().await.unwrap().token })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    // To its very end, and not a second longer.
    tokio::time::sleep(HOUR - Duration::from_secs(2)).await;
    credential.token().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    credential.token().await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn refreshes_ten_minutes_before_the_end_while_nobody_waits() {
    let (issuer, asked) = issuer(Some(HOUR));
    let first = token(START + HOUR);
    let credential = CommunicationTokenCredential::proactive_at(Some(&first), issuer, clock()).unwrap();
    tokio::time::sleep(Duration::from_secs(49 * 60 + 59)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(credential.token().await.unwrap().token, first);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_ne!(credential.token().await.unwrap().token, first);
    // The second one lasts from minute 50 to 110, so is exchanged at minute 100.
    tokio::time::sleep(Duration::from_secs(49 * 60)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);

    // Nobody uses it any more: it asks no more.
    drop(credential);
    tokio::time::sleep(10 * HOUR).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn short_tokens_are_exchanged_at_half_of_their_life() {
    let (issuer, asked) = issuer(Some(Duration::from_secs(100)));
    let credential = CommunicationTokenCredential::proactive_at(None, issuer, clock()).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(
        asked.load(Ordering::SeqCst),
        1,
        "at once without an initial token"
    );
    tokio::time::sleep(Duration::from_secs(48)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    drop(credential);
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_fails_is_not_asked_in_a_circle() {
    for life in [None, Some(Duration::ZERO)] {
        let (issuer, asked) = issuer(life);
        let credential = CommunicationTokenCredential::proactive_at(None, issuer, clock()).unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        let asked = asked.load(Ordering::SeqCst);
        assert!((50..=61).contains(&asked), "{asked}");
        assert!(matches!(credential.token().await, Err(Error::Credential(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_issuer_is_away_the_old_token_serves() {
    let (issuer, asked) = issuer(None);
    let first = token(START + HOUR);
    let credential = CommunicationTokenCredential::proactive_at(Some(&first), issuer, clock()).unwrap();
    tokio::time::sleep(HOUR - Duration::from_secs(5)).await;
    assert!(asked.load(Ordering::SeqCst) > 1);
    assert_eq!(credential.token().await.unwrap().token, first);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(credential.token().await.is_err());
}

#[test]
fn refuses_what_is_no_token() {
    let long = "a".repeat(MAX_TOKEN_BYTES + 1);
    let exp = |value: &str| {
        format!(
            "e30.{}.x",
            URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{value}}}"#))
        )
    };
    for text in [
        "",
        "a",
        "a.b",
        "a.b.c.d",
        "e30.e30.x",
        "e30.!!!.x",
        &long,
        &exp(r#""1""#),
        &exp("1e99"),
        &exp("99999999999999999"),
        &format!("{}\r\nx", exp("1")),
    ] {
        assert!(
            matches!(CommunicationTokenCredential::new(text), Err(Error::Credential(_))),
            "{text:.40}"
        );
    }
    assert!(CommunicationTokenCredential::new(&exp("1")).is_ok());
    let secret = CommunicationTokenCredential::new(&exp("1")).unwrap();
    assert!(!format!("{secret:?}").contains("e30"));
}
