//! Whether a request is from the service: Standard Webhooks 1.0 (<https://www.standardwebhooks.com>).
//!
//! There is a crate, `standardwebhooks`; version 1.0 knows one secret at a time, asks the system for the time itself, and
//! a timestamp of −2⁶³ makes it overflow. HMAC and comparison are the cryptography library's either way.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;

/// How far a timestamp may be off, in seconds: what the specification's libraries allow.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Signatures of one request that are looked at; a service that changes its secret sends two.
const MAX_SIGNATURES: usize = 8;

/// What the service and this program share.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// The text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is whsec_ and the base64 form of 24 to 64 bytes")]
pub struct BadSecret;

/// A request is not from the service, or not of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing, twice there, or no text.
    #[error("webhook-id, webhook-timestamp and webhook-signature are required, once each")]
    Headers,
    /// The timestamp is no number, or more than five minutes off.
    #[error("webhook-timestamp is too far from now")]
    Timestamp,
    /// No secret of ours signed this.
    #[error("webhook-signature is of no secret known here")]
    Signature,
}

impl FromStr for Secret {
    type Err = BadSecret;

    fn from_str(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.trim().strip_prefix("whsec_").ok_or(BadSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
        } else {
            Err(BadSecret)
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The id of a request that one of the secrets signed within the last minutes. The body is as it came, not parsed and
/// written again.
///
/// # Errors
/// See [`Refused`].
pub fn verify<'a>(
    secrets: &[Secret],
    headers: &'a HeaderMap,
    body: &[u8],
    now: OffsetDateTime,
) -> Result<&'a str, Refused> {
    let id = only(headers, "webhook-id")?;
    let timestamp = only(headers, "webhook-timestamp")?;
    let signatures = only(headers, "webhook-signature")?;
    // First what costs nothing.
    let seconds: i64 = timestamp.parse().map_err(|_| Refused::Timestamp)?;
    if now.unix_timestamp().abs_diff(seconds) > TOLERANCE_SECONDS {
        return Err(Refused::Timestamp);
    }
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let mut given = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .filter_map(|signature| STANDARD.decode(signature).ok())
        .take(MAX_SIGNATURES);
    // Compared in constant time.
    let of_ours = |tag: Vec<u8>| {
        secrets
            .iter()
            .any(|Secret(key)| hmac::verify(key, &signed, &tag).is_ok())
    };
    if given.any(of_ours) {
        Ok(id)
    } else {
        Err(Refused::Signature)
    }
}

/// A header that is there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refused> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Refused::Headers),
        _ => Err(Refused::Headers),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    /// Written by the reference implementation in Python, standardwebhooks 1.1.
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(timestamp: &str, signature: &str) -> HeaderMap {
        [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ]
        .into_iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect()
    }

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(seconds).unwrap()
    }

    const SENT: i64 = 1_614_265_330;

    #[test]
    fn takes_what_the_reference_implementation_signs() {
        let secrets =
            |texts: &[&str]| -> Vec<Secret> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let one = secrets(&[SECRET]);
        let good = headers("1614265330", SIGNATURE);
        assert_eq!(
            verify(&one, &good, BODY, at(SENT)),
            Ok("msg_p5jXN8AQM9LWM0D4loKWxJek")
        );
        // Either side may be changing its secret.
        let both = secrets(&[OTHER, SECRET]);
        assert!(verify(&both, &good, BODY, at(SENT)).is_ok());
        let two = headers("1614265330", &format!("v1,AAAA v2,{SIGNATURE} {SIGNATURE}"));
        assert!(verify(&one, &two, BODY, at(SENT)).is_ok());
    }

    #[test]
    fn refuses_everything_else() {
        let secrets = [SECRET.parse().unwrap()];
        let good = headers("1614265330", SIGNATURE);
        let forged = Err(Refused::Signature);
        assert_eq!(verify(&secrets, &good, b"{}", at(SENT)), forged);
        assert_eq!(verify(&[], &good, BODY, at(SENT)), forged);
        assert_eq!(verify(&[OTHER.parse().unwrap()], &good, BODY, at(SENT)), forged);
        for signature in [
            "",
            "v1,",
            "v2,x",
            &SIGNATURE[3..],
            &SIGNATURE.replace("v1", "v1a"),
        ] {
            let bad = headers("1614265330", signature);
            assert_eq!(verify(&secrets, &bad, BODY, at(SENT)), forged, "{signature}");
        }
        let other_time = headers("1614265331", SIGNATURE);
        assert_eq!(verify(&secrets, &other_time, BODY, at(SENT)), forged);
        let too_many = headers("1614265330", &format!("{} {SIGNATURE}", ["v1,AAAA"; 8].join(" ")));
        assert_eq!(verify(&secrets, &too_many, BODY, at(SENT)), forged);

        for (name, expected) in [
            ("webhook-id", Refused::Headers),
            ("webhook-timestamp", Refused::Headers),
            ("webhook-signature", Refused::Headers),
        ] {
            let mut missing = good.clone();
            let value = missing.remove(name).unwrap();
            assert_eq!(
                verify(&secrets, &missing, BODY, at(SENT)),
                Err(expected),
                "{name}"
            );
            missing.append(name, value.clone());
            missing.append(name, value);
            assert_eq!(
                verify(&secrets, &missing, BODY, at(SENT)),
                Err(expected),
                "{name}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_of_now() {
        let secrets = [SECRET.parse().unwrap()];
        let good = headers("1614265330", SIGNATURE);
        for off in [-300, 300] {
            assert!(verify(&secrets, &good, BODY, at(SENT + off)).is_ok(), "{off}");
        }
        for off in [-301, 301, 86_400] {
            let refused = verify(&secrets, &good, BODY, at(SENT + off));
            assert_eq!(refused, Err(Refused::Timestamp), "{off}");
        }
        for timestamp in ["", "now", "1e9", "-9223372036854775808", "99999999999999999999"] {
            let bad = headers(timestamp, SIGNATURE);
            assert_eq!(
                verify(&secrets, &bad, BODY, at(SENT)),
                Err(Refused::Timestamp),
                "{timestamp}"
            );
        }
    }

    #[test]
    fn a_secret_is_what_the_service_prints_and_is_not_shown() {
        let secret: Secret = SECRET.parse().unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for bad in ["", "whsec_", "whsec_AAAA", &SECRET[6..], "whsec_?"] {
            assert_eq!(bad.parse::<Secret>().unwrap_err(), BadSecret, "{bad}");
        }
    }
}
