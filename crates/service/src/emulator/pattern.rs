//! Which operations a rule is for: `POST /chat/threads/*/messages`.

use std::fmt;
use std::str::FromStr;

use axum::http::Method;
use percent_encoding::percent_decode_str;

/// Longest pattern, in bytes.
const MAX_BYTES: usize = 256;

/// The methods of operations.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// Operations by method and path. `*` stands for one segment of the path or a part of it, `**` at the end for whatever
/// follows; without a method, every method is meant. The empty pattern means every operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pattern {
    method: Option<Method>,
    /// Segments without percent-encoding; empty for every path.
    segments: Vec<String>,
    /// Whether more may follow.
    open: bool,
}

/// A text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an operation is METHOD /path, with * for one segment and ** at the end for the rest")]
pub struct PatternError;

impl Pattern {
    /// Every operation.
    #[must_use]
    pub fn any() -> Self {
        Self {
            open: true,
            ..Self::default()
        }
    }

    /// Whether the operation with this method and (percent-encoded) path is one of those meant.
    #[must_use]
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        if self.method.as_ref().is_some_and(|only| only != method) {
            return false;
        }
        let mut segments = path.strip_prefix('/').unwrap_or(path).split('/');
        for pattern in &self.segments {
            let Some(segment) = segments.next() else {
                return false;
            };
            // Clients encode ids each in their own way.
            let segment = percent_decode_str(segment).decode_utf8_lossy();
            if !wildcard(pattern.as_bytes(), segment.as_bytes()) {
                return false;
            }
        }
        self.open || segments.next().is_none()
    }
}

/// Whether `text` is `pattern`, where `*` stands for any bytes. Takes at most the product of their lengths.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last star does not fit: its place, and how much it has taken.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(t) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if wanted == byte => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, taken)) = star else {
                    return false;
                };
                star = Some((at, taken + 1));
                p = at + 1;
                t = taken + 1;
            }
        }
    }
    pattern
        .get(p..)
        .is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.len() > MAX_BYTES || text.chars().any(char::is_control) {
            return Err(PatternError);
        }
        let text = text.trim();
        if text.is_empty() || text == "**" {
            return Ok(Self::any());
        }
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method), path.trim_start()),
            None if text.starts_with('/') => (None, text),
            None => (Some(text), "/**"),
        };
        let method = match method {
            None | Some("*") => None,
            Some(name) => {
                let known = METHODS
                    .iter()
                    .find(|known| known.as_str().eq_ignore_ascii_case(name));
                Some(known.ok_or(PatternError)?.clone())
            }
        };
        let path = path.strip_prefix('/').ok_or(PatternError)?;
        if path.contains([' ', '?', '#']) {
            return Err(PatternError);
        }
        let mut segments: Vec<String> = path
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let open = segments.last().is_some_and(|last| last == "**");
        if open {
            segments.pop();
        }
        if segments.iter().any(|segment| segment.contains("**")) {
            return Err(PatternError);
        }
        Ok(Self {
            method,
            segments,
            open,
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.method {
            Some(method) => write!(f, "{method} ")?,
            None => f.write_str("* ")?,
        }
        for segment in &self.segments {
            write!(f, "/{segment}")?;
        }
        f.write_str(if self.open { "/**" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, method: Method, path: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(&method, path)
    }

    #[test]
    fn finds_operations() {
        let messages = "/chat/threads/19%3Aabc%40thread.v2/messages";
        for (pattern, yes) in [
            ("", true),
            ("**", true),
            ("/**", true),
            ("POST", true),
            ("post /chat/**", true),
            ("* /chat/threads/*/messages", true),
            ("POST /chat/threads/*/messages", true),
            ("POST /chat/threads/19:abc@thread.v2/messages", true),
            ("POST /chat/threads/19%3Aabc%40thread.v2/messages", true),
            ("/chat/threads/19:*@thread.v2/mess*", true),
            ("/chat/threads/*/messages/**", true),
            ("GET", false),
            ("/chat/threads/*", false),
            ("/chat/threads/*/messages/*", false),
            ("/identities/**", false),
            ("/chat/threads/*x/messages", false),
        ] {
            assert_eq!(matches(pattern, Method::POST, messages), yes, "{pattern}");
        }
        assert!(matches(
            "/identities/*/:issueAccessToken",
            Method::POST,
            "/identities/8:acs:x_y/:issueAccessToken"
        ));
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        for text in [
            "POST chat",
            "/a b",
            "/a?b",
            "/a/**/b",
            "P0ST /a",
            "/\u{7}",
            &format!("/{}", "a".repeat(256)),
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(PatternError), "{text}");
        }
    }

    /// The same, simpler and slower.
    fn model(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|n| model(rest, &text[n..])),
            Some((byte, rest)) => text
                .split_first()
                .is_some_and(|(t, more)| t == byte && model(rest, more)),
        }
    }

    proptest! {
        #[test]
        fn wildcards_do_as_the_model(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(
                wildcard(pattern.as_bytes(), text.as_bytes()),
                model(pattern.as_bytes(), text.as_bytes())
            );
        }

        #[test]
        fn takes_any_text_and_prints_what_it_read(text in "(GET |\\* |)/?[a-z*%/ :@]{0,20}", path in "/.{0,40}") {
            if let Ok(pattern) = text.parse::<Pattern>() {
                let again: Pattern = pattern.to_string().parse().unwrap_or_else(|_| pattern.clone());
                prop_assert_eq!(
                    again.matches(&Method::GET, &path),
                    pattern.matches(&Method::GET, &path)
                );
            }
        }
    }
}
