//! `$search`: words that properties hold, as Graph's directory takes them.
//!
//! ```text
//! or     = and *( "OR" and )
//! and    = clause *( [ "AND" ] clause )
//! clause = "(" or ")" | DQUOTE [ property ":" ] text DQUOTE
//! ```
//!
//! A quote or a backslash in the text stands behind a backslash. A clause holds for a property whose words begin with the
//! words of the text, in their order and without regard to case; words end at everything that is no letter or digit.

use serde_json::Value as Json;

use super::error::ODataError;
use super::eval::lookup;
use super::expr::Path;
use super::parse::MAX_DEPTH;

/// Clauses of one search.
pub const MAX_CLAUSES: usize = 32;

/// Longest text of a clause, in bytes.
const MAX_TEXT_BYTES: usize = 256;

/// A parsed `$search`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// At least one of two or more.
    Or(Vec<Self>),
    /// All of two or more.
    And(Vec<Self>),
    /// Text that is looked for.
    Clause {
        /// In which property; `None` for those that are searched by default.
        property: Option<Path>,
        /// The words, lower case; at least one.
        words: Vec<String>,
    },
}

impl Search {
    /// Reads the value of the option.
    ///
    /// # Errors
    /// See [`ODataError`].
    pub fn parse(text: &str) -> Result<Self, ODataError> {
        let mut parser = Parser {
            text,
            at: 0,
            clauses: 0,
        };
        let found = parser.or(0)?;
        parser.skip_spaces();
        if parser.rest().is_empty() {
            Ok(found)
        } else {
            Err(ODataError::Unexpected(parser.at))
        }
    }

    /// The properties that clauses name.
    #[must_use]
    pub fn properties(&self) -> Vec<&Path> {
        match self {
            Self::Or(parts) | Self::And(parts) => parts.iter().flat_map(Self::properties).collect(),
            Self::Clause { property, .. } => property.iter().collect(),
        }
    }

    /// Whether it holds for an object; clauses without a property look at those named in `defaults`.
    #[must_use]
    pub fn matches(&self, object: &Json, defaults: &[&str]) -> bool {
        match self {
            Self::Or(parts) => parts.iter().any(|part| part.matches(object, defaults)),
            Self::And(parts) => parts.iter().all(|part| part.matches(object, defaults)),
            Self::Clause {
                property: Some(path),
                words,
            } => holds(lookup(object, path), words),
            Self::Clause {
                property: None,
                words,
            } => defaults.iter().any(|name| holds(&object[*name], words)),
        }
    }
}

/// Whether words of the text begin with the wanted ones, one after the other.
fn holds(value: &Json, wanted: &[String]) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let words = words(text);
    words.windows(wanted.len()).any(|words| {
        words
            .iter()
            .zip(wanted)
            .all(|(word, wanted)| word.starts_with(wanted.as_str()))
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

struct Parser<'t> {
    text: &'t str,
    /// A boundary of characters in `text`.
    at: usize,
    clauses: usize,
}

impl Parser<'_> {
    fn or(&mut self, depth: usize) -> Result<Search, ODataError> {
        let mut parts = vec![self.and(depth)?];
        while self.eat_word("OR") {
            parts.push(self.and(depth)?);
        }
        Ok(one_or(parts, Search::Or))
    }

    fn and(&mut self, depth: usize) -> Result<Search, ODataError> {
        let mut parts = vec![self.clause(depth)?];
        // Between clauses `AND` may be left out.
        while self.eat_word("AND") || self.starts_clause() {
            parts.push(self.clause(depth)?);
        }
        Ok(one_or(parts, Search::And))
    }

    fn clause(&mut self, depth: usize) -> Result<Search, ODataError> {
        if depth >= MAX_DEPTH {
            return Err(ODataError::TooDeep);
        }
        self.skip_spaces();
        if self.eat("(") {
            let inner = self.or(depth + 1)?;
            self.skip_spaces();
            return if self.eat(")") {
                Ok(inner)
            } else {
                Err(ODataError::Unexpected(self.at))
            };
        }
        self.clauses += 1;
        if self.clauses > MAX_CLAUSES {
            return Err(ODataError::TooManyTerms);
        }
        let start = self.at;
        let quoted = self.quoted()?;
        let (property, text) = split(&quoted);
        let words = words(text);
        if words.is_empty() || text.len() > MAX_TEXT_BYTES {
            return Err(ODataError::BadLiteral(start));
        }
        Ok(Search::Clause { property, words })
    }

    /// What stands between two quotes.
    fn quoted(&mut self) -> Result<String, ODataError> {
        let start = self.at;
        if !self.eat("\"") {
            return Err(ODataError::Unexpected(start));
        }
        let mut value = String::new();
        let mut escaped = false;
        for (offset, character) in self.rest().char_indices() {
            match character {
                _ if escaped => {
                    value.push(character);
                    escaped = false;
                }
                '\\' => escaped = true,
                '"' => {
                    self.at = self.at.saturating_add(offset + 1);
                    return Ok(value);
                }
                _ => value.push(character),
            }
        }
        Err(ODataError::UnterminatedString(start))
    }

    fn starts_clause(&mut self) -> bool {
        self.skip_spaces();
        self.rest().starts_with(['"', '('])
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.skip_spaces();
        // A word ends where something else begins: `ORacle` is none.
        let rest = self.rest().strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)) && self.eat(word)
    }

    fn eat(&mut self, wanted: &str) -> bool {
        let there = self.rest().starts_with(wanted);
        if there {
            self.at = self.at.saturating_add(wanted.len());
        }
        there
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        let spaces = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        self.at = self.at.saturating_add(spaces);
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// `displayName:text`; what stands before a colon and is no name belongs to the text.
fn split(quoted: &str) -> (Option<Path>, &str) {
    match quoted.split_once(':') {
        Some((name, text)) if is_name(name) => (Some(Path(vec![name.to_owned()])), text),
        _ => (None, quoted),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.len() <= 128
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn one_or(mut parts: Vec<Search>, many: fn(Vec<Search>) -> Search) -> Search {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(search: &str) -> bool {
        let user = json!({
            "displayName": "Zoë O'Neill-Smith", "mail": "zoe.smith@contoso.example", "accountEnabled": true,
        });
        Search::parse(search)
            .unwrap()
            .matches(&user, &["displayName", "mail"])
    }

    #[test]
    fn words_are_found_by_their_beginnings() {
        for (search, holds) in [
            (r#""displayName:zoë""#, true),
            (r#""displayname:ZO""#, true),
            (r#""displayName:oë""#, false),
            (r#""displayName:neill smi""#, true),
            (r#""displayName:smith neill""#, false),
            (r#""mail:contoso.exam""#, true),
            (r#""smith""#, true),
            (r#""accountEnabled:true""#, false),
            (r#""nothing:zoë""#, false),
            (r#""displayName:zoë" AND "mail:bob""#, false),
            (r#""displayName:zoë" OR "mail:bob""#, true),
            (r#""displayName:zoë" "mail:zoe""#, true),
            (r#""displayName:bob" OR ("mail:zoe" AND "smith")"#, true),
            (r#""displayName:O\"Neill""#, true),
            (r#""at 10: zoë""#, false),
        ] {
            assert_eq!(found(search), holds, "{search}");
        }
    }

    #[test]
    fn refuses_what_is_no_search() {
        for (search, error) in [
            ("", ODataError::Unexpected(0)),
            ("displayName:x", ODataError::Unexpected(0)),
            (r#""displayName:x"#, ODataError::UnterminatedString(0)),
            (r#""displayName:x\""#, ODataError::UnterminatedString(0)),
            (r#""displayName:""#, ODataError::BadLiteral(0)),
            (r#""'--""#, ODataError::BadLiteral(0)),
            (r#""a" OR"#, ODataError::Unexpected(6)),
            (r#""a" NOT "b""#, ODataError::Unexpected(4)),
            (r#"("a""#, ODataError::Unexpected(4)),
            (r#""a")"#, ODataError::Unexpected(3)),
        ] {
            assert_eq!(Search::parse(search), Err(error), "{search}");
        }
        assert_eq!(Search::parse(&"(".repeat(10_000)), Err(ODataError::TooDeep));
        assert_eq!(
            Search::parse(&r#""a" "#.repeat(MAX_CLAUSES + 1)),
            Err(ODataError::TooManyTerms)
        );
        let long = format!(r#""{}""#, "x".repeat(MAX_TEXT_BYTES + 1));
        assert_eq!(Search::parse(&long), Err(ODataError::BadLiteral(0)));
    }
}
