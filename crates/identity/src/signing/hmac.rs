//! Signing and checking requests.
//!
//! The string to sign is `METHOD \n target \n values`, where the values are those of the signed headers in their order,
//! joined by `;`. Official SDKs disagree on how the target and the host are written, so checking tries each known form:
//!
//! | form of the target | who signs it |
//! |---|---|
//! | as sent | Python identity, .NET, Java; the path of JavaScript |
//! | percent-decoded | Python rooms |
//! | query re-encoded as a form | JavaScript |

use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use thiserror::Error;
use time::OffsetDateTime;
use url::form_urlencoded;

use super::{AccessKey, AuthorizationHeader, ParseError};

/// Most host names tried for one request.
const MAX_HOSTS: usize = 32;

/// The headers of a signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHeaders {
    /// `x-ms-date`, RFC 1123 in GMT.
    pub date: String,
    /// `x-ms-content-sha256`, base64.
    pub content_sha256: String,
    /// `Authorization`.
    pub authorization: String,
}

/// `x-ms-content-sha256` of a body.
#[must_use]
pub fn content_sha256(body: &[u8]) -> String {
    STANDARD.encode(digest::digest(&digest::SHA256, body))
}

/// Signs a request. `target` is path and query as they are sent, `host` is what the `Host` header will say.
#[must_use]
pub fn sign_request(
    method: &str,
    target: &str,
    host: &str,
    date: OffsetDateTime,
    body: &[u8],
    key: &AccessKey,
) -> SignedHeaders {
    let date = http_date(date);
    let content_sha256 = content_sha256(body);
    let text = format!("{method}\n{target}\n{date};{host};{content_sha256}");
    let signature = STANDARD.encode(key.sign(&text));
    let authorization =
        format!("HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}");
    SignedHeaders {
        date,
        content_sha256,
        authorization,
    }
}

/// RFC 1123 in GMT. The format has years 1970 to 9999; times before are printed as the first of them.
fn http_date(time: OffsetDateTime) -> String {
    let seconds = u64::try_from(time.unix_timestamp()).unwrap_or_default();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A request whose signature is to be checked.
#[derive(Clone, Copy)]
pub struct RequestToVerify<'a> {
    /// HTTP method, upper case.
    pub method: &'a str,
    /// The request target as it was received: raw path and query, not rebuilt.
    pub raw_target: &'a str,
    /// Forms of the host the client may have signed, see [`host_forms`]. Only the first 32 are tried.
    pub hosts: &'a [String],
    /// Header `Date`.
    pub date: Option<&'a str>,
    /// Header `x-ms-date`.
    pub x_ms_date: Option<&'a str>,
    /// Header `x-ms-content-sha256`.
    pub content_sha256: Option<&'a str>,
    /// Header `Authorization`.
    pub authorization: Option<&'a str>,
    /// The body as received.
    pub body: &'a [u8],
}

impl std::fmt::Debug for RequestToVerify<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestToVerify")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// Why a signature is not accepted. Callers of a service are told none of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is no `Authorization` header.
    #[error("no authorization")]
    Missing,
    /// The header is malformed.
    #[error("malformed authorization: {0}")]
    Malformed(#[from] ParseError),
    /// A date, the host and the content hash must be signed, and nothing we do not know.
    #[error("not the right headers are signed")]
    Headers,
    /// The date is missing or malformed.
    #[error("malformed date")]
    Date,
    /// The date is further from our clock than allowed.
    #[error("the date is too far off")]
    Skew,
    /// The body is not the one that was hashed.
    #[error("the content hash does not match")]
    ContentHash,
    /// No key made this signature.
    #[error("the signature does not match")]
    Signature,
}

/// The forms of its host that a client may have signed, the most likely first: as it was sent, without the port, with
/// the default port or a public one, and the names in `public` in the same forms.
///
/// | form | who signs it |
/// |---|---|
/// | as sent | .NET, JavaScript; Python when the port is not the default one |
/// | with the default port | Python, when the endpoint names that port |
/// | without the port | Java |
/// | a public name | everybody, behind a proxy that changes the host |
#[must_use]
pub fn host_forms(sent: &str, default_port: u16, public: &[String]) -> Vec<String> {
    let mut forms: Vec<String> = Vec::new();
    let mut add = |form: String| {
        if !form.is_empty() && !forms.contains(&form) {
            forms.push(form);
        }
    };
    add(sent.to_owned());
    let bare = without_port(sent);
    add(bare.to_owned());
    add(format!("{bare}:{default_port}"));
    for name in public {
        if let Some(port) = name
            .strip_prefix(without_port(name))
            .filter(|port| !port.is_empty())
        {
            add(format!("{bare}{port}"));
        }
    }
    for name in public {
        let bare = without_port(name);
        add(name.clone());
        add(bare.to_owned());
        add(format!("{bare}:{default_port}"));
    }
    forms
}

/// `host` of `host[:port]`, brackets of an IPv6 address kept.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// Checks a request against access keys, and says by its place which of them signed it.
///
/// There is no nonce in this protocol: a request can be repeated within `skew` (the service documents 5 minutes).
///
/// # Errors
/// [`SignatureError`]; every refusal should look the same to the caller.
pub fn verify_request(
    request: &RequestToVerify<'_>,
    keys: &[AccessKey],
    now: OffsetDateTime,
    skew: Duration,
) -> Result<usize, SignatureError> {
    let header = AuthorizationHeader::parse(request.authorization.ok_or(SignatureError::Missing)?)?;
    let date = signed_date(&header, request)?;
    let sent: OffsetDateTime = httpdate::parse_http_date(date)
        .map_err(|_| SignatureError::Date)?
        .into();
    if (now - sent).unsigned_abs() > skew {
        return Err(SignatureError::Skew);
    }
    let hash = request.content_sha256.ok_or(SignatureError::ContentHash)?;
    if hash != content_sha256(request.body) {
        return Err(SignatureError::ContentHash);
    }
    for target in targets(request.raw_target) {
        for host in request.hosts.iter().take(MAX_HOSTS) {
            let values: Vec<&str> = header
                .signed_headers
                .iter()
                .map(|name| match name.as_str() {
                    "host" => host.as_str(),
                    "x-ms-content-sha256" => hash,
                    "date" => request.date.unwrap_or_default(),
                    _ => request.x_ms_date.unwrap_or_default(),
                })
                .collect();
            let text = format!("{}\n{target}\n{}", request.method, values.join(";"));
            if let Some(place) = keys.iter().position(|key| key.verify(&text, &header.signature)) {
                return Ok(place);
            }
        }
    }
    Err(SignatureError::Signature)
}

/// The date that was signed, after checking that what must be signed is, and nothing else.
fn signed_date<'a>(
    header: &AuthorizationHeader,
    request: &RequestToVerify<'a>,
) -> Result<&'a str, SignatureError> {
    let names = &header.signed_headers;
    let has = |name: &str| names.iter().any(|signed| signed == name);
    let twice = |(place, name): (usize, &String)| names.iter().skip(place + 1).any(|other| other == name);
    let known = |name: &String| {
        matches!(
            name.as_str(),
            "date" | "x-ms-date" | "host" | "x-ms-content-sha256"
        )
    };
    if names.iter().enumerate().any(twice)
        || !names.iter().all(known)
        || !has("host")
        || !has("x-ms-content-sha256")
    {
        return Err(SignatureError::Headers);
    }
    // The newer name wins when both are signed, as in the SDKs that send both.
    if has("x-ms-date") {
        return request.x_ms_date.ok_or(SignatureError::Date);
    }
    if has("date") {
        return request.date.ok_or(SignatureError::Date);
    }
    Err(SignatureError::Headers)
}

/// The forms of the target that official SDKs sign; the same form twice is tried once.
fn targets(raw: &str) -> Vec<String> {
    let mut forms = vec![raw.to_owned()];
    let mut add = |form: String| {
        if !forms.contains(&form) {
            forms.push(form);
        }
    };
    // As Python does, with U+FFFD for what is not UTF-8; a plus sign stays one.
    add(percent_decode_str(raw).decode_utf8_lossy().into_owned());
    if let Some((path, query)) = raw.split_once('?') {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let query: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        add(format!("{path}?{query}"));
    }
    forms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-20 21:38:59 UTC);
    const SKEW: Duration = Duration::from_secs(300);

    fn key() -> AccessKey {
        AccessKey::from_base64("c2VjcmV0").unwrap()
    }

    /// What a client sends.
    struct Sent {
        target: String,
        hosts: Vec<String>,
        signed: SignedHeaders,
        body: Vec<u8>,
    }

    impl Sent {
        /// `signed_target` and `signed_host` are what the client signs, the others what it sends.
        fn new(target: &str, signed_target: &str, host: &str, signed_host: &str) -> Self {
            let body = b"{}".to_vec();
            let signed = sign_request("POST", signed_target, signed_host, NOW, &body, &key());
            let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
            let hosts = vec![host.to_owned(), bare.to_owned(), format!("{bare}:443")];
            Self {
                target: target.to_owned(),
                hosts,
                signed,
                body,
            }
        }

        fn request(&self) -> RequestToVerify<'_> {
            RequestToVerify {
                method: "POST",
                raw_target: &self.target,
                hosts: &self.hosts,
                date: None,
                x_ms_date: Some(&self.signed.date),
                content_sha256: Some(&self.signed.content_sha256),
                authorization: Some(&self.signed.authorization),
                body: &self.body,
            }
        }
    }

    fn plain() -> Sent {
        let target = "/identities?api-version=2023-10-01";
        Sent::new(target, target, "acs.example:8443", "acs.example:8443")
    }

    #[test]
    fn the_hash_of_nothing_is_the_known_one() {
        assert_eq!(
            content_sha256(b""),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
    }

    #[test]
    fn accepts_every_form_official_clients_sign() {
        let raw = "/rooms?token=3%20a%2Bb%3D%3D&api-version=2025-03-13";
        let decoded = "/rooms?token=3 a+b==&api-version=2025-03-13";
        let form = "/rooms?token=3+a%2Bb%3D%3D&api-version=2025-03-13";
        for signed in [raw, decoded, form] {
            for host in ["acs.example:8443", "acs.example", "acs.example:443"] {
                let sent = Sent::new(raw, signed, "acs.example:8443", host);
                assert_eq!(
                    verify_request(&sent.request(), &[key()], NOW, SKEW),
                    Ok(0),
                    "{signed} {host}"
                );
            }
        }
    }

    #[test]
    fn accepts_the_old_form_with_a_date_header() {
        let sent = plain();
        let text = format!(
            "POST\n{}\n{};acs.example:8443;{}",
            sent.target, sent.signed.date, sent.signed.content_sha256
        );
        let signature = STANDARD.encode(key().sign(&text));
        let authorization =
            format!("HMAC-SHA256 SignedHeaders=date;host;x-ms-content-sha256&Signature={signature}");
        let request = RequestToVerify {
            date: Some(&sent.signed.date),
            x_ms_date: None,
            authorization: Some(&authorization),
            ..sent.request()
        };
        assert_eq!(verify_request(&request, &[key()], NOW, SKEW), Ok(0));
    }

    #[test]
    fn accepts_either_of_two_keys_and_no_other() {
        let sent = plain();
        let other = AccessKey::generate();
        assert_eq!(
            verify_request(&sent.request(), &[other.clone(), key()], NOW, SKEW),
            Ok(1)
        );
        assert_eq!(
            verify_request(&sent.request(), &[other], NOW, SKEW),
            Err(SignatureError::Signature)
        );
        assert_eq!(
            verify_request(&sent.request(), &[], NOW, SKEW),
            Err(SignatureError::Signature)
        );
    }

    #[test]
    fn refuses_what_was_changed() {
        let sent = plain();
        let request = sent.request();
        for (changed, error) in [
            (
                RequestToVerify {
                    method: "GET",
                    ..request
                },
                SignatureError::Signature,
            ),
            (
                RequestToVerify {
                    raw_target: "/rooms",
                    ..request
                },
                SignatureError::Signature,
            ),
            (
                RequestToVerify {
                    hosts: &[],
                    ..request
                },
                SignatureError::Signature,
            ),
            (
                RequestToVerify {
                    body: b"{ }",
                    ..request
                },
                SignatureError::ContentHash,
            ),
            (
                RequestToVerify {
                    content_sha256: None,
                    ..request
                },
                SignatureError::ContentHash,
            ),
            (
                RequestToVerify {
                    authorization: None,
                    ..request
                },
                SignatureError::Missing,
            ),
            (
                RequestToVerify {
                    x_ms_date: None,
                    ..request
                },
                SignatureError::Date,
            ),
            (
                RequestToVerify {
                    x_ms_date: Some("yesterday"),
                    ..request
                },
                SignatureError::Date,
            ),
        ] {
            assert_eq!(verify_request(&changed, &[key()], NOW, SKEW), Err(error));
        }
    }

    #[test]
    fn refuses_dates_outside_the_window() {
        let sent = plain();
        let late = NOW + Duration::from_secs(301);
        assert_eq!(
            verify_request(&sent.request(), &[key()], late, SKEW),
            Err(SignatureError::Skew)
        );
        let early = NOW - Duration::from_secs(301);
        assert_eq!(
            verify_request(&sent.request(), &[key()], early, SKEW),
            Err(SignatureError::Skew)
        );
        assert_eq!(verify_request(&sent.request(), &[key()], NOW + SKEW, SKEW), Ok(0));
    }

    #[test]
    fn refuses_signatures_that_leave_something_out() {
        let sent = plain();
        let signature = sent.signed.authorization.split("Signature=").nth(1).unwrap();
        for names in [
            "x-ms-date;host",
            "host;x-ms-content-sha256",
            "x-ms-date;x-ms-content-sha256",
            "x-ms-date;host;x-ms-content-sha256;x",
        ] {
            let authorization = format!("HMAC-SHA256 SignedHeaders={names}&Signature={signature}");
            let request = RequestToVerify {
                authorization: Some(&authorization),
                ..sent.request()
            };
            assert_eq!(
                verify_request(&request, &[key()], NOW, SKEW),
                Err(SignatureError::Headers),
                "{names}"
            );
        }
    }

    #[test]
    fn times_before_1970_are_printed_as_1970() {
        assert_eq!(
            http_date(datetime!(1969-12-31 23:59 UTC)),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
        assert_eq!(http_date(NOW), "Fri, 20 Nov 2026 21:38:59 GMT");
        assert_eq!(
            http_date(datetime!(2026-11-20 23:38:59.9 +2)),
            "Fri, 20 Nov 2026 21:38:59 GMT"
        );
    }

    proptest! {
        #[test]
        fn what_is_signed_is_accepted_and_nothing_else(
            target in "/[!-~]{0,80}",
            body in prop::collection::vec(any::<u8>(), 0..80),
            byte: u8,
        ) {
            let hosts = ["acs.example".to_owned()];
            let signed = sign_request("PATCH", &target, &hosts[0], NOW, &body, &key());
            let request = RequestToVerify {
                method: "PATCH",
                raw_target: &target,
                hosts: &hosts,
                date: None,
                x_ms_date: Some(&signed.date),
                content_sha256: Some(&signed.content_sha256),
                authorization: Some(&signed.authorization),
                body: &body,
            };
            prop_assert_eq!(verify_request(&request, &[key()], NOW, SKEW), Ok(0));
            let longer = [body.as_slice(), &[byte]].concat();
            let changed = RequestToVerify { body: &longer, ..request };
            prop_assert_eq!(verify_request(&changed, &[key()], NOW, SKEW), Err(SignatureError::ContentHash));
            let elsewhere = format!("{target}x");
            let changed = RequestToVerify { raw_target: &elsewhere, ..request };
            prop_assert_eq!(verify_request(&changed, &[key()], NOW, SKEW), Err(SignatureError::Signature));
        }
    }
}
