use std::fmt;

use rand::Rng;

use crate::error::Error;

/// Characters of user fragments and passwords, RFC 8839 §5.4 (`ice-char`).
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Length of a generated user fragment: 48 bits of randomness (RFC 8445 §5.3 asks for 24).
const UFRAG_CHARS: usize = 8;

/// Length of a generated password: 144 bits of randomness (RFC 8445 §5.3 asks for 128).
const PWD_CHARS: usize = 24;

/// An ICE user fragment and password, as in `a=ice-ufrag` and `a=ice-pwd`.
///
/// `Debug` does not print the password.
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    /// User fragment, 4 to 256 ICE characters.
    pub ufrag: String,
    /// Password, 22 to 256 ICE characters.
    pub pwd: String,
}

impl IceCredentials {
    /// Draws fresh credentials. `rng` must be cryptographically strong outside of tests: the password
    /// authenticates connectivity checks.
    pub fn generate(rng: &mut impl Rng) -> Self {
        Self {
            ufrag: random_ice_chars(rng, UFRAG_CHARS),
            pwd: random_ice_chars(rng, PWD_CHARS),
        }
    }

    /// Checks lengths and characters (RFC 8839 §5.4).
    ///
    /// # Errors
    /// [`Error::InvalidCredentials`].
    pub fn validate(&self) -> Result<(), Error> {
        let known = |text: &str| text.bytes().all(|byte| ICE_CHARS.contains(&byte));
        if (4..=256).contains(&self.ufrag.len())
            && (22..=256).contains(&self.pwd.len())
            && known(&self.ufrag)
            && known(&self.pwd)
        {
            Ok(())
        } else {
            Err(Error::InvalidCredentials)
        }
    }
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials")
            .field("ufrag", &self.ufrag)
            .finish_non_exhaustive()
    }
}

fn random_ice_chars(rng: &mut impl Rng, length: usize) -> String {
    (0..length)
        .map(|_| {
            let index = (rng.next_u32() >> 26) as usize;
            char::from(ICE_CHARS.get(index).copied().unwrap_or(b'A'))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn generated_credentials_are_valid_and_differ() {
        let mut rng = StdRng::seed_from_u64(1);
        let a = IceCredentials::generate(&mut rng);
        let b = IceCredentials::generate(&mut rng);
        assert_eq!(a.validate(), Ok(()));
        assert_eq!((a.ufrag.len(), a.pwd.len()), (8, 24));
        assert_ne!(a.ufrag, b.ufrag);
        assert_ne!(a.pwd, b.pwd);
    }

    #[test]
    fn refuses_short_long_and_foreign_characters() {
        let good = IceCredentials {
            ufrag: "abcd".into(),
            pwd: "x".repeat(22),
        };
        assert_eq!(good.validate(), Ok(()));
        for (ufrag, pwd) in [
            ("abc".to_owned(), "x".repeat(22)),
            ("a".repeat(257), "x".repeat(22)),
            ("abcd".to_owned(), "x".repeat(21)),
            ("abcd".to_owned(), "x".repeat(257)),
            ("ab:d".to_owned(), "x".repeat(22)),
            ("abcd".to_owned(), format!("{} ", "x".repeat(22))),
        ] {
            assert_eq!(
                IceCredentials { ufrag, pwd }.validate(),
                Err(Error::InvalidCredentials)
            );
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let credentials = IceCredentials {
            ufrag: "user".into(),
            pwd: "secretsecretsecretsecret".into(),
        };
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}
