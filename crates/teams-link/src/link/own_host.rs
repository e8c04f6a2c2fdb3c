//! The addresses whose links are ours.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// An address of this service: scheme, host and port.
///
/// Plain `http` is for loopback alone, where a person tries things out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnHost {
    secure: bool,
    host: String,
    port: u16,
}

/// Why a text is no address of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OwnHostError {
    /// Not `https://host[:port]` or `http://host[:port]`, without anything more.
    #[error("not an address of the form https://host[:port]")]
    Malformed,
    /// `http` with a host that is not loopback.
    #[error("plain http is for loopback addresses only")]
    NotLoopback,
}

impl OwnHost {
    /// Reads `https://host[:port]`, or `http://host[:port]` when the host is loopback.
    ///
    /// # Errors
    /// [`OwnHostError`]
    pub fn parse(text: &str) -> Result<Self, OwnHostError> {
        let url = Url::parse(text).map_err(|_| OwnHostError::Malformed)?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let (Some(host), Some(port), true) = (url.host(), url.port_or_known_default(), bare) else {
            return Err(OwnHostError::Malformed);
        };
        let secure = match url.scheme() {
            "https" => true,
            "http" if is_loopback(&host) => false,
            "http" => return Err(OwnHostError::NotLoopback),
            _ => return Err(OwnHostError::Malformed),
        };
        Ok(Self {
            secure,
            host: normal(&host.to_string()).to_owned(),
            port,
        })
    }

    /// Whether it is reached over plain http.
    pub(super) const fn is_plain(&self) -> bool {
        !self.secure
    }

    /// Whether a link with these parts leads here; `host` as the URL parser gives it.
    pub(super) fn matches(&self, scheme: &str, host: &str, port: u16) -> bool {
        self.secure == (scheme == "https") && self.port == port && self.host == normal(host)
    }
}

/// Without one trailing dot.
pub(super) fn normal(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => normal(name) == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

impl FromStr for OwnHost {
    type Err = OwnHostError;

    fn from_str(text: &str) -> Result<Self, OwnHostError> {
        Self::parse(text)
    }
}

impl fmt::Display for OwnHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default) = if self.secure { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_read() {
        for (text, printed) in [
            ("https://Meet.Contoso.Example", "https://meet.contoso.example"),
            (
                "https://meet.contoso.example:443/",
                "https://meet.contoso.example",
            ),
            ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.2", "http://127.0.0.2"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            let host = OwnHost::parse(text).unwrap();
            assert_eq!(host.to_string(), printed);
            assert_eq!(printed.parse(), Ok(host));
        }
    }

    #[test]
    fn refuses_other_addresses() {
        for text in [
            "",
            "meet.example",
            "https://a.example/path",
            "https://u@a.example",
            "ftp://a.example",
            "https://a?b",
        ] {
            assert_eq!(OwnHost::parse(text), Err(OwnHostError::Malformed), "{text}");
        }
        for text in [
            "http://meet.example",
            "http://192.168.1.1:8080",
            "http://localhost.example",
        ] {
            assert_eq!(OwnHost::parse(text), Err(OwnHostError::NotLoopback), "{text}");
        }
    }
}
