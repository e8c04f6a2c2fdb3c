//! Parameters of requests to the issuer: each at most once (RFC 6749 §3.1, §3.2), and none without bounds.

use std::collections::HashMap;

use super::invalid_request;
use crate::http::errors::ApiError;

/// Most parameters of a request.
const MAX_PARAMETERS: usize = 64;

/// Longest request, in bytes.
const MAX_BYTES: usize = 32 * 1024;

/// What was sent; an empty value is none.
#[derive(Default)]
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// Reads a query or a form.
    ///
    /// # Errors
    /// `invalid_request`: too long, too many, or one of them twice.
    pub(super) fn parse(form: &[u8]) -> Result<Self, ApiError> {
        if form.len() > MAX_BYTES {
            return Err(invalid_request("the request is too long"));
        }
        let mut parameters = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(form) {
            if parameters.len() >= MAX_PARAMETERS {
                return Err(invalid_request("there are too many parameters"));
            }
            if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(invalid_request("a parameter is given twice"));
            }
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    /// A parameter's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter's value, to keep.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// As [`take`](Self::take), with at most so many bytes.
    ///
    /// # Errors
    /// `invalid_request`, with the sentence.
    pub(super) fn take_within(
        &mut self,
        name: &str,
        bytes: usize,
        sentence: &'static str,
    ) -> Result<Option<String>, ApiError> {
        let value = self.take(name);
        if value.as_ref().is_some_and(|value| value.len() > bytes) {
            return Err(invalid_request(sentence));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_once_and_an_empty_one_is_none() {
        let mut parameters = Parameters::parse(b"a=1&b=&c=x+y%26").unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.take("b"), None);
        assert_eq!(parameters.take("c").as_deref(), Some("x y&"));
        assert!(Parameters::parse(b"a=1&b=2&a=1").is_err());
        assert!(Parameters::parse(b"a=&a=1").is_err());
    }

    #[test]
    fn there_are_bounds() {
        let many: Vec<String> = (0..65).map(|i| format!("p{i}=1")).collect();
        assert!(Parameters::parse(many[..64].join("&").as_bytes()).is_ok());
        assert!(Parameters::parse(many.join("&").as_bytes()).is_err());
        assert!(Parameters::parse(format!("a={}", "x".repeat(MAX_BYTES)).as_bytes()).is_err());
        let mut long = Parameters::parse(b"a=123").unwrap();
        assert!(long.take_within("a", 2, "a is too long").is_err());
    }
}
