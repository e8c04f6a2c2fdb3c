//! `Authorization: HMAC-SHA256 SignedHeaders=…&Signature=…`

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// Longest header read, in bytes.
const MAX_BYTES: usize = 1024;

/// Most header names that can be signed.
const MAX_NAMES: usize = 8;

/// A parsed `Authorization` header of the HMAC scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationHeader {
    /// Names of the signed headers in their order, lower case.
    pub signed_headers: Vec<String>,
    /// The signature, 32 bytes.
    pub signature: [u8; 32],
}

/// Why a header is no HMAC authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Longer than 1024 bytes.
    #[error("too long")]
    TooLong,
    /// Another scheme.
    #[error("not the HMAC-SHA256 scheme")]
    Scheme,
    /// `SignedHeaders` is missing, given twice, has too many names or odd characters.
    #[error("malformed SignedHeaders")]
    SignedHeaders,
    /// `Signature` is missing, given twice or not 32 bytes of base64.
    #[error("malformed Signature")]
    Signature,
    /// A part that is neither.
    #[error("unknown part")]
    UnknownPart,
}

impl AuthorizationHeader {
    /// Parses the header's value.
    ///
    /// # Errors
    /// [`ParseError`] names the part that is wrong.
    pub fn parse(value: &str) -> Result<Self, ParseError> {
        if value.len() > MAX_BYTES {
            return Err(ParseError::TooLong);
        }
        let (scheme, rest) = value.trim().split_once(' ').ok_or(ParseError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("HMAC-SHA256") {
            return Err(ParseError::Scheme);
        }
        let (mut signed_headers, mut signature) = (None, None);
        for part in rest.trim().split('&') {
            // The signature's own padding is `=`, too: only the first one separates.
            let (name, value) = part.split_once('=').ok_or(ParseError::UnknownPart)?;
            match name {
                "SignedHeaders" if signed_headers.is_none() => signed_headers = Some(names(value)?),
                "SignedHeaders" => return Err(ParseError::SignedHeaders),
                "Signature" if signature.is_none() => signature = Some(tag(value)?),
                "Signature" => return Err(ParseError::Signature),
                _ => return Err(ParseError::UnknownPart),
            }
        }
        Ok(Self {
            signed_headers: signed_headers.ok_or(ParseError::SignedHeaders)?,
            signature: signature.ok_or(ParseError::Signature)?,
        })
    }
}

fn names(value: &str) -> Result<Vec<String>, ParseError> {
    let names: Vec<String> = value.split(';').map(str::to_ascii_lowercase).collect();
    let sound = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if names.len() > MAX_NAMES || !names.iter().all(sound) {
        return Err(ParseError::SignedHeaders);
    }
    Ok(names)
}

fn tag(value: &str) -> Result<[u8; 32], ParseError> {
    STANDARD
        .decode(value)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(ParseError::Signature)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_the_header_of_an_sdk() {
        let signature = STANDARD.encode([7; 32]);
        let header = AuthorizationHeader::parse(&format!(
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}"
        ))
        .unwrap();
        assert_eq!(
            header.signed_headers,
            ["x-ms-date", "host", "x-ms-content-sha256"]
        );
        assert_eq!(header.signature, [7; 32]);
    }

    #[test]
    fn names_what_is_wrong() {
        let signature = STANDARD.encode([7; 32]);
        for (text, error) in [
            (String::new(), ParseError::Scheme),
            ("Bearer x".to_owned(), ParseError::Scheme),
            ("HMAC-SHA256 x".to_owned(), ParseError::UnknownPart),
            (
                format!("HMAC-SHA256 Signature={signature}"),
                ParseError::SignedHeaders,
            ),
            ("HMAC-SHA256 SignedHeaders=host".to_owned(), ParseError::Signature),
            (
                "HMAC-SHA256 SignedHeaders=host&Signature=AAAA".to_owned(),
                ParseError::Signature,
            ),
            (
                format!("HMAC-SHA256 SignedHeaders=;&Signature={signature}"),
                ParseError::SignedHeaders,
            ),
            (
                format!("HMAC-SHA256 SignedHeaders=a&SignedHeaders=b&Signature={signature}"),
                ParseError::SignedHeaders,
            ),
            ("x".repeat(2000), ParseError::TooLong),
        ] {
            assert_eq!(AuthorizationHeader::parse(&text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(HMAC-SHA256 )?.{0,200}") {
            let _ = AuthorizationHeader::parse(&text);
        }
    }
}
