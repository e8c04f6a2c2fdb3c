//! Signatures as in the Standard Webhooks specification 1.0 (<https://www.standardwebhooks.com>), so that its libraries
//! verify them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What the text of a secret starts with.
const PREFIX: &str = "whsec_";

/// Length of a secret, in bytes; the specification allows 24 to 64.
const SECRET_BYTES: usize = 32;

/// The header with the id of a message, the same for every attempt.
pub const ID: &str = "webhook-id";
/// The header with the time of an attempt, in Unix seconds.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// What sender and receiver share.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// The text is no secret: `whsec_` and the base64 form of 24 to 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is whsec_ and the base64 form of 24 to 64 bytes")]
pub struct BadSecret;

impl Secret {
    /// A random one.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random::<[u8; SECRET_BYTES]>().to_vec())
    }

    /// The text that the receiver gets, `whsec_…`.
    #[must_use]
    pub fn to_secret_string(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The signature of one attempt, `v1,…`. `timestamp` is in Unix seconds.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.0));
        context.update(format!("{id}.{timestamp}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }

    /// Whether one of the signatures in a header is of this secret.
    #[must_use]
    pub fn verifies(&self, id: &str, timestamp: i64, body: &[u8], header: &str) -> bool {
        let right = self.sign(id, timestamp, body);
        header.split(' ').any(|signature| {
            constant_time::verify_slices_are_equal(signature.as_bytes(), right.as_bytes()).is_ok()
        })
    }
}

impl FromStr for Secret {
    type Err = BadSecret;

    fn from_str(text: &str) -> Result<Self, BadSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(BadSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| BadSecret)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self(bytes))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_specification_says() {
        // Written by the reference implementation in Python, standardwebhooks 1.1.
        for (secret, id, timestamp, body, signature) in [
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            (
                "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "evt_1",
                1_700_000_000,
                r#"{"name":"Zoë 🎥"}"#,
                "v1,ZHUpxQJVhoHHIpUWEO3836H0krB14KX0+WQXPL+PEfQ=",
            ),
        ] {
            let secret: Secret = secret.parse().unwrap();
            assert_eq!(secret.sign(id, timestamp, body.as_bytes()), signature);
            let two = format!("v1,AAAA {signature}");
            assert!(secret.verifies(id, timestamp, body.as_bytes(), &two));
            assert!(!secret.verifies(id, timestamp + 1, body.as_bytes(), &two));
            assert!(!secret.verifies("evt_2", timestamp, body.as_bytes(), &two));
            assert!(!secret.verifies(id, timestamp, b"{}", &two));
            assert!(!Secret::generate().verifies(id, timestamp, body.as_bytes(), &two));
        }
    }

    #[test]
    fn a_secret_survives_its_text_and_is_not_shown() {
        let secret = Secret::generate();
        let text = secret.to_secret_string();
        assert_eq!(text.parse::<Secret>(), Ok(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for bad in [
            "",
            "whsec_",
            "whsec_AAAA",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "whsec_!",
        ] {
            assert_eq!(bad.parse::<Secret>(), Err(BadSecret), "{bad}");
        }
        assert_eq!(
            format!("whsec_{}", STANDARD.encode([0; 65])).parse::<Secret>(),
            Err(BadSecret)
        );
    }
}
