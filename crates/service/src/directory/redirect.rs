//! Redirect URIs: which ones an application may register, and which one a request may name.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::store::sqlite::applications::ClientKind;

/// Longest redirect URI, in bytes.
pub const MAX_REDIRECT_URI: usize = 1024;

/// Why a redirect URI cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// No absolute URI, too long, or with characters that a URI does not have.
    #[error("not an absolute URI of at most {MAX_REDIRECT_URI} bytes")]
    Malformed,
    /// With a fragment (RFC 6749 §3.1.2), a user name, a password or a wildcard.
    #[error("a redirect URI has no fragment, no user name and no wildcard")]
    NotExact,
    /// `http` to another host than this very machine.
    #[error("plain http is for localhost, 127.0.0.1 and [::1] only")]
    Plain,
    /// A scheme that no program can claim for itself.
    #[error(
        "the scheme is https, http to loopback, or, for a public client, one with a dot in it or msal<client id>"
    )]
    Scheme,
}

/// Checks a URI that is to be registered.
///
/// # Errors
/// [`RedirectError`].
pub fn check(uri: &str, kind: ClientKind) -> Result<(), RedirectError> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte);
    if uri.len() > MAX_REDIRECT_URI || !uri.bytes().all(plain) {
        return Err(RedirectError::Malformed);
    }
    let parsed = Url::parse(uri).map_err(|_| RedirectError::Malformed)?;
    if uri.contains(['#', '*']) || !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(RedirectError::NotExact);
    }
    match parsed.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&parsed) => Ok(()),
        "http" => Err(RedirectError::Plain),
        // Private-use schemes (RFC 8252 §7.1) hold a domain name; MSAL's hold the client id.
        scheme if kind == ClientKind::Public && (scheme.contains('.') || scheme.starts_with("msal")) => {
            Ok(())
        }
        _ => Err(RedirectError::Scheme),
    }
}

/// Whether a request's URI is one of those registered: character by character, but for the port of a loopback address
/// (RFC 8252 §7.3), where a program listens on whichever is free.
pub fn matches(requested: &str, registered: &[String]) -> bool {
    if requested.len() > MAX_REDIRECT_URI {
        return false;
    }
    registered
        .iter()
        .any(|known| known == requested || same_but_for_port(requested, known))
}

fn same_but_for_port(requested: &str, known: &str) -> bool {
    let (Ok(mut asked), Ok(mut known_url)) = (Url::parse(requested), Url::parse(known)) else {
        return false;
    };
    // What the parser had to mend is not what was registered. It adds the slash that stands for an empty path.
    let as_written =
        |url: &Url, text: &str| url.as_str() == text || url.as_str().strip_suffix('/') == Some(text);
    if !is_loopback(&asked)
        || !is_loopback(&known_url)
        || asked.scheme() != "http"
        || known_url.scheme() != "http"
        || !as_written(&asked, requested)
    {
        return false;
    }
    let cleared = asked.set_port(None).is_ok() && known_url.set_port(None).is_ok();
    cleared && asked == known_url
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == Ipv6Addr::LOCALHOST,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_what_leads_back_to_one_program() {
        for uri in [
            "https://app.example/callback",
            "https://app.example/callback?tenant=a",
            "http://localhost",
            "http://localhost:3000/auth",
            "http://127.0.0.1:1/",
            "http://[::1]/cb",
        ] {
            assert_eq!(check(uri, ClientKind::Confidential), Ok(()), "{uri}");
        }
        for uri in ["com.example.app:/oauth", "msal5e7b8a0e://auth"] {
            assert_eq!(check(uri, ClientKind::Public), Ok(()), "{uri}");
            assert_eq!(
                check(uri, ClientKind::Confidential),
                Err(RedirectError::Scheme),
                "{uri}"
            );
        }
        for (uri, error) in [
            ("/callback", RedirectError::Malformed),
            ("", RedirectError::Malformed),
            ("https://app.example/\n", RedirectError::Malformed),
            ("https:\\\\app.example", RedirectError::Malformed),
            ("https://app.example/#", RedirectError::NotExact),
            ("https://*.example/cb", RedirectError::NotExact),
            ("https://app.example@evil.example/", RedirectError::NotExact),
            ("http://app.example/", RedirectError::Plain),
            ("http://localhost.evil.example/", RedirectError::Plain),
            ("javascript:alert(1)", RedirectError::Scheme),
            ("data:text/html,x", RedirectError::Scheme),
            ("urn:ietf:wg:oauth:2.0:oob", RedirectError::Scheme),
        ] {
            assert_eq!(check(uri, ClientKind::Public), Err(error), "{uri}");
        }
    }

    #[test]
    fn a_request_names_one_of_them_exactly() {
        let registered = [
            "https://app.example/cb".to_owned(),
            "http://localhost".to_owned(),
            "http://127.0.0.1:9/cb".to_owned(),
        ];
        for uri in [
            "https://app.example/cb",
            "http://localhost",
            "http://localhost:53211",
            "http://localhost:53211/",
            "http://127.0.0.1:4000/cb",
        ] {
            assert!(matches(uri, &registered), "{uri}");
        }
        for uri in [
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/CB",
            "https://app.example:444/cb",
            "https://app.example/cb/../cb",
            "https://app.example/%63b",
            "https://app.example.evil.example/cb",
            "https://app.example@evil.example/cb",
            "https://localhost:53211",
            "http://localhost:53211/other",
            "http://localhost:53211/#x",
            "http://user@localhost:53211",
            "http://localhost.evil.example:1/",
            "http://localhost\\@evil.example",
            "http://127.0.0.1:4000/cb/./",
            "http://127.1:4000/cb",
            "http://[::1]:4000/cb",
            "",
        ] {
            assert!(!matches(uri, &registered), "{uri}");
        }
    }
}
