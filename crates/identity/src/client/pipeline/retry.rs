//! Whether to try again, and when.

use std::time::Duration;

use rand::RngExt as _;
use time::OffsetDateTime;

use super::TransportError;
use super::message::{Repeat, Response};
use crate::client::options::RetryOptions;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Again(Duration),
    Final,
}

/// After an answer that is no success; `retries` is how many there were before.
pub(super) fn after_answer(
    response: &Response,
    options: &RetryOptions,
    retries: u32,
    now: OffsetDateTime,
) -> Verdict {
    let transient = match response.status {
        408 | 429 => true,
        501 | 505 => false,
        status => (500..600).contains(&status),
    };
    if !transient || retries >= options.max_retries {
        return Verdict::Final;
    }
    match asked_for(response, Some(now)) {
        Some(delay) if delay > options.max_retry_after => Verdict::Final,
        Some(delay) => Verdict::Again(delay),
        None => Verdict::Again(back_off(options, retries, rand::rng().random_range(0.5..=1.0))),
    }
}

/// After no answer.
pub(super) fn after_failure(
    error: &TransportError,
    repeat: Repeat,
    options: &RetryOptions,
    retries: u32,
) -> Verdict {
    let transient = match error {
        TransportError::Connect(_) => true,
        TransportError::Timeout | TransportError::Broken(_) => repeat == Repeat::Safe,
        TransportError::TooLong => false,
    };
    if !transient || retries >= options.max_retries {
        return Verdict::Final;
    }
    Verdict::Again(back_off(options, retries, rand::rng().random_range(0.5..=1.0)))
}

/// How long the service asks to wait; dates (RFC 9110 §10.2.3) only with a clock.
pub(super) fn asked_for(response: &Response, now: Option<OffsetDateTime>) -> Option<Duration> {
    let number = |name: &str| response.headers.get(name)?.trim().parse::<u64>().ok();
    if let Some(ms) = number("retry-after-ms").or_else(|| number("x-ms-retry-after-ms")) {
        return Some(Duration::from_millis(ms));
    }
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(response.headers.get("retry-after")?).ok()?;
    let wait = OffsetDateTime::from(at) - now?;
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// Twice as long each time, shortened by the draw.
fn back_off(options: &RetryOptions, retries: u32, draw: f64) -> Duration {
    let factor = 2u32.saturating_pow(retries);
    options
        .base_delay
        .saturating_mul(factor)
        .min(options.max_delay)
        .mul_f64(draw)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::client::pipeline::Headers;

    const NOW: OffsetDateTime = datetime!(2026-11-20 21:38:59 UTC);

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
        let mut fields = Headers::default();
        for (name, value) in headers {
            fields.set(name, value);
        }
        Response {
            status,
            headers: fields,
            body: Default::default(),
        }
    }

    fn verdict(status: u16, headers: &[(&str, &str)]) -> Verdict {
        after_answer(&answer(status, headers), &RetryOptions::default(), 0, NOW)
    }

    #[test]
    fn permanent_errors_are_final() {
        for status in [
            200, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 501, 505, 600,
        ] {
            assert_eq!(
                verdict(status, &[("Retry-After", "1")]),
                Verdict::Final,
                "{status}"
            );
        }
        for status in [408, 429, 500, 502, 503, 504, 599] {
            assert!(matches!(verdict(status, &[]), Verdict::Again(_)), "{status}");
        }
    }

    #[test]
    fn the_service_says_how_long() {
        let again = |ms| Verdict::Again(Duration::from_millis(ms));
        assert_eq!(verdict(429, &[("Retry-After", "3")]), again(3000));
        assert_eq!(
            verdict(429, &[("Retry-After", "3"), ("retry-after-ms", "250")]),
            again(250)
        );
        assert_eq!(verdict(503, &[("X-MS-Retry-After-Ms", "7")]), again(7));
        let date = "Fri, 20 Nov 2026 21:39:09 GMT";
        assert_eq!(verdict(503, &[("Retry-After", date)]), again(10_000));
        let past = "Fri, 20 Nov 2026 21:38:09 GMT";
        assert_eq!(verdict(503, &[("Retry-After", past)]), again(0));
        assert_eq!(verdict(429, &[("Retry-After", "120")]), again(120_000));
        assert_eq!(verdict(429, &[("Retry-After", "121")]), Verdict::Final);
        assert_eq!(
            verdict(429, &[("Retry-After", &u64::MAX.to_string())]),
            Verdict::Final
        );
        // What nobody can read is as good as absent.
        assert!(matches!(
            verdict(429, &[("Retry-After", "soon")]),
            Verdict::Again(_)
        ));
    }

    #[test]
    fn the_back_off_doubles_and_is_bounded() {
        let options = RetryOptions::default();
        let all: Vec<u128> = (0..10).map(|n| back_off(&options, n, 1.0).as_millis()).collect();
        assert_eq!(
            all,
            [
                800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000, 60_000
            ]
        );
        assert_eq!(back_off(&options, 1, 0.5).as_millis(), 800);
        assert_eq!(back_off(&options, u32::MAX, 1.0), options.max_delay);
    }

    #[test]
    fn retries_are_counted() {
        let options = RetryOptions {
            max_retries: 2,
            ..RetryOptions::default()
        };
        let at = |retries| after_answer(&answer(503, &[]), &options, retries, NOW);
        assert!(matches!(at(1), Verdict::Again(_)));
        assert_eq!(at(2), Verdict::Final);
    }

    #[test]
    fn what_may_have_arrived_is_not_sent_twice() {
        let options = RetryOptions::default();
        let verdict = |error: &TransportError, repeat| after_failure(error, repeat, &options, 0);
        let broken = TransportError::Broken(String::new());
        for error in [&broken, &TransportError::Timeout] {
            assert_eq!(verdict(error, Repeat::Unsafe), Verdict::Final);
            assert!(matches!(verdict(error, Repeat::Safe), Verdict::Again(_)));
        }
        let connect = TransportError::Connect(String::new());
        assert!(matches!(verdict(&connect, Repeat::Unsafe), Verdict::Again(_)));
        assert_eq!(verdict(&TransportError::TooLong, Repeat::Safe), Verdict::Final);
    }
}
