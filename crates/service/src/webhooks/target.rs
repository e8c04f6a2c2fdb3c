//! What the address of a target may look like. Where it leads is [`address`](super::address)'s to decide.

use url::Url;

/// Longest address of a target, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// What addresses of targets may look like.
#[derive(Debug, Clone, Default)]
pub struct UrlRules {
    /// `http` is allowed.
    pub allow_http: bool,
    /// `host[:port]` of this service itself.
    pub own_authorities: Vec<String>,
}

/// A text is no address of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is no absolute address of at most [`MAX_URL_BYTES`] without user, password and fragment.
    #[error("url must be an absolute address without user, password and fragment")]
    BadUrl,
    /// It is not `https`.
    #[error("url must begin with https:// (webhooks.allow_http permits http)")]
    NotHttps,
    /// It is this service.
    #[error("url is an address of this service")]
    OwnAddress,
}

impl UrlRules {
    /// The address of a target, if it can be one.
    ///
    /// # Errors
    /// See [`TargetError`].
    pub fn target(&self, text: &str) -> Result<Url, TargetError> {
        if text.len() > MAX_URL_BYTES {
            return Err(TargetError::BadUrl);
        }
        let url = Url::parse(text).map_err(|_| TargetError::BadUrl)?;
        let plain = url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            _ => return Err(TargetError::NotHttps),
        }
        if !plain {
            return Err(TargetError::BadUrl);
        }
        if self.is_own(&url) {
            return Err(TargetError::OwnAddress);
        }
        Ok(url)
    }

    fn is_own(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        // A name with the root's dot is the same name.
        let host = host.strip_suffix('.').unwrap_or(&host);
        let port = url.port_or_known_default().unwrap_or_default();
        // Both with and without the port that goes without saying.
        let full = format!("{host}:{port}");
        let own = |authority: &String| *authority == full || (url.port().is_none() && authority == host);
        self.own_authorities.iter().any(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow_http: bool) -> UrlRules {
        UrlRules {
            allow_http,
            own_authorities: vec!["meet.example.org".to_owned(), "127.0.0.1:8443".to_owned()],
        }
    }

    #[test]
    fn targets_are_https_without_credentials() {
        for (text, expected) in [
            ("https://hooks.example.org/a?b=c", None),
            ("http://hooks.example.org/", Some(TargetError::NotHttps)),
            ("ftp://hooks.example.org/", Some(TargetError::NotHttps)),
            ("file:///etc/passwd", Some(TargetError::NotHttps)),
            ("/relative", Some(TargetError::BadUrl)),
            ("https://", Some(TargetError::BadUrl)),
            ("https://user@hooks.example.org/", Some(TargetError::BadUrl)),
            ("https://:secret@hooks.example.org/", Some(TargetError::BadUrl)),
            ("https://hooks.example.org/#x", Some(TargetError::BadUrl)),
            ("https://MEET.example.org/x", Some(TargetError::OwnAddress)),
            ("https://meet.example.org:443/x", Some(TargetError::OwnAddress)),
            ("https://meet.example.org./x", Some(TargetError::OwnAddress)),
            ("https://meet%2eexample。org/x", Some(TargetError::OwnAddress)),
            ("https://127.0.0.1:8443/x", Some(TargetError::OwnAddress)),
            ("https://127.0.0.1.:8443/x", Some(TargetError::OwnAddress)),
            ("https://0x7f.1:8443/x", Some(TargetError::OwnAddress)),
        ] {
            assert_eq!(rules(false).target(text).err(), expected, "{text}");
        }
        assert!(rules(true).target("http://hooks.example.org/").is_ok());
        let long = format!("https://hooks.example.org/{}", "a".repeat(MAX_URL_BYTES));
        assert_eq!(rules(true).target(&long), Err(TargetError::BadUrl));
    }
}
