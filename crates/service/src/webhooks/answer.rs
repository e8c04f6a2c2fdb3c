//! What the headers of a target's answer say.

use std::time::Duration;

use time::OffsetDateTime;

/// The pause that `Retry-After` asks for: seconds or a date (RFC 9110, section 10.2.3). `None` when it is neither.
#[must_use]
pub fn retry_after(text: &str, now: OffsetDateTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = OffsetDateTime::from(httpdate::parse_http_date(text).ok()?);
    Some(Duration::try_from(at - now).unwrap_or_default())
}

/// Whether `WebHook-Allowed-Origin` names `origin`, or everybody (CloudEvents, HTTP 1.1 Web Hooks for Event Delivery,
/// section 4.2).
#[must_use]
pub fn consents(allowed: &[u8], origin: &str) -> bool {
    allowed == b"*" || allowed.eq_ignore_ascii_case(origin.as_bytes())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn reads_pauses_in_both_forms() {
        let now = datetime!(2026-11-21 13:00 UTC);
        let of = |text: &str| retry_after(text, now);
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of(" 0 "), Some(Duration::ZERO));
        assert_eq!(of("Sat, 21 Nov 2026 13:01:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(of("Sat, 21 Nov 2026 12:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "-1", "soon", "99999999999999999999999"] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn consent_names_us_or_everybody() {
        for allowed in ["*", "meet.example.org", "Meet.Example.Org"] {
            assert!(consents(allowed.as_bytes(), "meet.example.org"), "{allowed}");
        }
        for allowed in [
            "",
            "**",
            "* ",
            "*.example.org",
            "meet.example.org.evil.example",
            "example.org",
        ] {
            assert!(!consents(allowed.as_bytes(), "meet.example.org"), "{allowed}");
        }
    }
}
