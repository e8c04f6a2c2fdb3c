//! Where the server that gave a token is.

use std::fmt;
use std::str::FromStr;

use url::Url;

/// Longest origin, in bytes: a host name has at most 253 (RFC 1035 §2.3.4).
const MAX_BYTES: usize = 280;

/// A server's public origin, `https://host[:port]`, as tokens name it in the claim `anteroom`.
///
/// Programs find their server by it; what a token is worth does not depend on it. It holds characters only that leave a
/// token's payload readable for SDKs that decode it as plain base64: letters, digits and `:/.-[]`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerOrigin(String);

/// The text is not `http[s]://host[:port]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is http[s]://host[:port]")]
pub struct OriginError;

impl ServerOrigin {
    /// The origin of an address; `None` of one that has none, or of a scheme other than `http` and `https`.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        url.origin().ascii_serialization().parse().ok()
    }

    /// As it stands in tokens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServerOrigin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let authority = rest.ok_or(OriginError)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b":.-[]".contains(&b);
        let sound = text.len() <= MAX_BYTES && !authority.is_empty() && authority.bytes().all(plain);
        if sound {
            Ok(Self(text.to_owned()))
        } else {
            Err(OriginError)
        }
    }
}

impl fmt::Display for ServerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ServerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerOrigin({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_an_origin_without_its_path_and_usual_port() {
        for (address, origin) in [
            ("https://meet.example.org/", "https://meet.example.org"),
            ("https://meet.example.org:443/a?b", "https://meet.example.org"),
            ("https://127.0.0.1:8443/", "https://127.0.0.1:8443"),
            ("https://[::1]:8443/", "https://[::1]:8443"),
            ("https://bücher.example/", "https://xn--bcher-kva.example"),
            ("http://localhost:8080/", "http://localhost:8080"),
        ] {
            let found = ServerOrigin::of(&Url::parse(address).unwrap()).unwrap();
            assert_eq!(found.as_str(), origin);
        }
        for address in ["data:text/plain,x", "ftp://meet.example.org/"] {
            assert_eq!(ServerOrigin::of(&Url::parse(address).unwrap()), None, "{address}");
        }
    }

    #[test]
    fn refuses_what_would_make_a_token_unreadable() {
        for text in [
            "",
            "https://",
            "meet.example.org",
            "https://a/b",
            "https://a?b",
            "https://ä",
            "https://a~",
        ] {
            assert_eq!(text.parse::<ServerOrigin>(), Err(OriginError), "{text}");
        }
        let long = format!("https://{}", "a".repeat(MAX_BYTES));
        assert_eq!(long.parse::<ServerOrigin>(), Err(OriginError));
    }
}
