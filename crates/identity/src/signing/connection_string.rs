//! `endpoint=https://…;accesskey=…`

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use url::Url;

use super::AccessKey;

/// Longest text read, in bytes.
const MAX_BYTES: usize = 4096;

/// Longest host name in DNS, in bytes.
const MAX_HOST: usize = 253;

/// The address and secret of a resource. `Debug` does not print the secret.
#[derive(Debug, Clone)]
pub struct ConnectionString {
    /// Base address, without a path.
    pub endpoint: Url,
    /// The secret.
    pub access_key: AccessKey,
}

/// A text is no connection string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectionStringError {
    /// Longer than 4096 bytes, as it is or with its endpoint written out.
    #[error("the connection string is too long")]
    TooLong,
    /// No `endpoint=` part.
    #[error("the connection string has no endpoint")]
    MissingEndpoint,
    /// The endpoint is not an http(s) address without path, query or user.
    #[error("the connection string's endpoint is not an address")]
    BadEndpoint,
    /// No `accesskey=` part.
    #[error("the connection string has no access key")]
    MissingKey,
    /// The access key is not base64.
    #[error("the connection string's access key is malformed")]
    BadKey,
}

impl ConnectionString {
    /// The secret.
    #[must_use]
    pub const fn access_key(&self) -> &AccessKey {
        &self.access_key
    }

    /// The whole text, secret included, as the official SDKs read it.
    #[must_use]
    pub fn to_secret_string(&self) -> String {
        format!(
            "endpoint={};accesskey={}",
            self.endpoint,
            self.access_key.to_secret_base64()
        )
    }
}

impl FromStr for ConnectionString {
    type Err = ConnectionStringError;

    /// Keys in either case and any order; unknown ones are ignored.
    fn from_str(text: &str) -> Result<Self, ConnectionStringError> {
        if text.len() > MAX_BYTES {
            return Err(ConnectionStringError::TooLong);
        }
        let value = |name: &str| {
            text.trim()
                .split(';')
                .filter_map(|part| part.split_once('='))
                .find_map(|(key, value)| key.trim().eq_ignore_ascii_case(name).then(|| value.trim()))
        };
        let endpoint = value("endpoint").ok_or(ConnectionStringError::MissingEndpoint)?;
        // The Python SDK takes `host:port`, too, and always means https.
        let endpoint = if endpoint.contains("://") {
            endpoint.to_owned()
        } else {
            format!("https://{endpoint}")
        };
        let endpoint = Url::parse(&endpoint).map_err(|_| ConnectionStringError::BadEndpoint)?;
        let bare = endpoint.path() == "/"
            && endpoint.query().is_none()
            && endpoint.fragment().is_none()
            && endpoint.username().is_empty()
            && endpoint.password().is_none()
            && endpoint.host_str().is_some_and(|host| host.len() <= MAX_HOST)
            // Some international names are taken and then, written as DNS has them, are not.
            && Url::parse(endpoint.as_str()).is_ok_and(|again| again == endpoint);
        if !matches!(endpoint.scheme(), "https" | "http") || !bare {
            return Err(ConnectionStringError::BadEndpoint);
        }
        let key = value("accesskey").ok_or(ConnectionStringError::MissingKey)?;
        let access_key = AccessKey::from_base64(key).map_err(|_| ConnectionStringError::BadKey)?;
        let connection = Self { endpoint, access_key };
        // An international host name grows when it is written as DNS has it.
        if connection.to_secret_string().len() > MAX_BYTES {
            return Err(ConnectionStringError::TooLong);
        }
        Ok(connection)
    }
}

impl fmt::Display for ConnectionString {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint={};accesskey=…", self.endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let text = "endpoint=https://127.0.0.1:8443/;accesskey=c2VjcmV0";
        let connection: ConnectionString = text.parse().unwrap();
        assert_eq!(connection.to_secret_string(), text);
        assert!(!connection.to_string().contains("c2VjcmV0"));
        assert!(!format!("{connection:?}").contains("c2VjcmV0"));
    }

    #[test]
    fn what_is_read_can_be_read_again() {
        let host = "ü.".repeat(1000);
        let text = format!("endpoint=https://{host}example/;accesskey=c2VjcmV0");
        assert_eq!(
            text.parse::<ConnectionString>().unwrap_err(),
            ConnectionStringError::BadEndpoint
        );
    }

    #[test]
    fn takes_other_orders_and_cases() {
        for (text, endpoint) in [
            (
                "AccessKey=c2VjcmV0;Endpoint=https://a.example",
                "https://a.example/",
            ),
            (
                " endpoint=https://a.example:8443/;accesskey=c2VjcmV0; ",
                "https://a.example:8443/",
            ),
            (
                "endpoint=localhost:8443;accesskey=c2VjcmV0",
                "https://localhost:8443/",
            ),
        ] {
            let connection: ConnectionString = text.parse().unwrap();
            assert_eq!(connection.endpoint.as_str(), endpoint);
        }
    }

    #[test]
    fn names_what_is_wrong() {
        use ConnectionStringError as E;
        for (text, error) in [
            ("", E::MissingEndpoint),
            ("endpoint=;accesskey=c2VjcmV0", E::BadEndpoint),
            (
                "endpoint=https://a.example/path;accesskey=c2VjcmV0",
                E::BadEndpoint,
            ),
            ("endpoint=ftp://a.example;accesskey=c2VjcmV0", E::BadEndpoint),
            ("endpoint=https://a.example", E::MissingKey),
            ("endpoint=https://a.example;accesskey=%%", E::BadKey),
        ] {
            assert_eq!(text.parse::<ConnectionString>().unwrap_err(), error, "{text}");
        }
    }
}
