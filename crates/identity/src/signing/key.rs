//! The secret of a resource.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bytes in a generated key.
const KEY_BYTES: usize = 64;

/// Most bytes of a key that is read.
const MAX_KEY_BYTES: usize = 1024;

/// An access key of an ACS resource. `Debug` does not print it.
#[derive(Clone)]
pub struct AccessKey {
    text: String,
    key: hmac::Key,
}

/// Which of a resource's two access keys: one can be replaced while programs use the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeySlot {
    /// The first.
    Primary,
    /// The second.
    Secondary,
}

impl KeySlot {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Primary, Self::Secondary];

    /// `primary` or `secondary`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

impl fmt::Display for KeySlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeySlot {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::ALL
            .into_iter()
            .find(|slot| slot.as_str() == text)
            .ok_or(KeyError)
    }
}

/// A text is no access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an access key is 1 to 1024 bytes in base64")]
pub struct KeyError;

impl AccessKey {
    /// Draws a new key of 64 bytes from the system's random source.
    ///
    /// # Panics
    /// When the system has no random source; nothing secure can go on then.
    #[must_use]
    pub fn generate() -> Self {
        let mut bytes = [0; KEY_BYTES];
        SystemRandom::new()
            .fill(&mut bytes)
            .expect("the system's random source works");
        Self {
            text: STANDARD.encode(bytes),
            key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
        }
    }

    /// Reads a key as it stands in a connection string.
    ///
    /// # Errors
    /// Not base64, empty, or longer than 1024 bytes.
    pub fn from_base64(text: &str) -> Result<Self, KeyError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| KeyError)?;
        if bytes.is_empty() || bytes.len() > MAX_KEY_BYTES {
            return Err(KeyError);
        }
        Ok(Self {
            text: text.trim().to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &bytes),
        })
    }

    /// The key in base64. Secret.
    #[must_use]
    pub fn to_secret_base64(&self) -> &str {
        &self.text
    }

    pub(super) fn sign(&self, text: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.key, text.as_bytes());
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        bytes
    }

    /// Whether this is the signature of the text, compared in constant time.
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> bool {
        hmac::verify(&self.key, text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_hides() {
        let key = AccessKey::generate();
        let again = AccessKey::from_base64(key.to_secret_base64()).unwrap();
        assert_eq!(key.sign("x"), again.sign("x"));
        assert_eq!(format!("{key:?}"), "AccessKey(…)");
    }

    #[test]
    fn signs_as_the_official_sdks_do() {
        let key = AccessKey::from_base64("pw==").unwrap();
        assert_eq!(
            STANDARD.encode(key.sign("banana")),
            "88EC05aAS9iXnaimtNO78JLjiPtfWryQB/5QYEzEsu8="
        );
        assert_eq!(
            STANDARD.encode(key.sign("😀")),
            "1rudJKjn2Zi+3hRrBG29wIF6pD6YyAeQR1ZcFtXoKAU="
        );
    }

    #[test]
    fn refuses_what_is_no_key() {
        for text in ["", "not base64!", &STANDARD.encode([0; 1025])] {
            assert!(AccessKey::from_base64(text).is_err());
        }
    }
}
