//! The options of a request.

use percent_encoding::percent_decode_str;

use super::error::ODataError;
use super::expr::{Expr, Path};
use super::parse;
use super::search::Search;

/// Longest query looked at, in bytes as sent.
pub const MAX_QUERY_BYTES: usize = 16 * 1024;

/// `$expand` in `$expand` in …
const MAX_EXPAND_DEPTH: usize = 4;

/// Query options, with or without their `$`; what is no system option is kept by its name.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct QueryOptions {
    /// `$filter`
    pub filter: Option<Expr>,
    /// `$select`; empty for everything.
    pub select: Vec<Path>,
    /// `$expand`
    pub expand: Vec<Expand>,
    /// `$orderby`
    pub order_by: Vec<OrderBy>,
    /// `$top`
    pub top: Option<u32>,
    /// `$skip`
    pub skip: Option<u32>,
    /// `$count`
    pub count: bool,
    /// `$skiptoken`
    pub skip_token: Option<String>,
    /// `$search`
    pub search: Option<Search>,
    /// Everything else, decoded, in order.
    pub custom: Vec<(String, String)>,
}

/// A navigation property whose objects are wanted in the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Expand {
    /// The property.
    pub path: Path,
    /// `$expand=a($select=…;$top=…)`
    pub options: Box<QueryOptions>,
}

/// A property to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    /// The property.
    pub path: Path,
    /// Which way.
    pub direction: Direction,
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `asc`
    Ascending,
    /// `desc`
    Descending,
}

impl QueryOptions {
    /// Reads the query of a URL: what stands between `?` and `#`, percent-encoded once.
    ///
    /// # Errors
    /// See [`ODataError`].
    pub fn parse(query: &str) -> Result<Self, ODataError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(ODataError::TooLong);
        }
        let mut options = Self::default();
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.take(&decode(name)?, decode(value)?, &mut seen, 0)?;
        }
        Ok(options)
    }

    /// The value of an option that is no system option; the first, if there are more.
    #[must_use]
    pub fn custom(&self, name: &str) -> Option<&str> {
        let mut same = self
            .custom
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        same.next().map(|(_, value)| value.as_str())
    }

    /// What stands in the brackets of `$expand`, decoded already.
    fn nested(text: &str, depth: usize) -> Result<Self, ODataError> {
        let mut options = Self::default();
        let mut seen = Vec::new();
        for part in split_outside(text, ';') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            options.take(name.trim(), value.to_owned(), &mut seen, depth)?;
        }
        Ok(options)
    }

    fn take(
        &mut self,
        name: &str,
        value: String,
        seen: &mut Vec<&'static str>,
        depth: usize,
    ) -> Result<(), ODataError> {
        let bare = name.strip_prefix('$');
        let Some(known) = system_option(bare.unwrap_or(name)) else {
            if bare.is_some() {
                return Err(ODataError::UnknownOption);
            }
            self.custom.push((name.to_owned(), value));
            return Ok(());
        };
        if seen.contains(&known) {
            return Err(ODataError::Repeated(known));
        }
        seen.push(known);
        match known {
            "filter" => self.filter = Some(parse::filter(&value)?),
            "select" => self.select = parse::paths(&value)?,
            "expand" => self.expand = expand(&value, depth)?,
            "orderby" => {
                self.order_by = parse::order(&value)?
                    .into_iter()
                    .map(|(path, descending)| OrderBy {
                        path,
                        direction: if descending {
                            Direction::Descending
                        } else {
                            Direction::Ascending
                        },
                    })
                    .collect();
            }
            "top" => self.top = Some(number(&value, known)?),
            "skip" => self.skip = Some(number(&value, known)?),
            "count" => {
                self.count = value.parse().map_err(|_| ODataError::BadValue(known))?;
            }
            "skiptoken" => self.skip_token = Some(value),
            "search" => self.search = Some(Search::parse(&value)?),
            // `$format=json` is what there is.
            _ => {}
        }
        Ok(())
    }
}

fn system_option(name: &str) -> Option<&'static str> {
    const KNOWN: [&str; 10] = [
        "filter",
        "select",
        "expand",
        "orderby",
        "top",
        "skip",
        "count",
        "skiptoken",
        "search",
        "format",
    ];
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

fn number(text: &str, option: &'static str) -> Result<u32, ODataError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ODataError::BadValue(option));
    }
    text.parse().map_err(|_| ODataError::BadValue(option))
}

fn expand(text: &str, depth: usize) -> Result<Vec<Expand>, ODataError> {
    if depth >= MAX_EXPAND_DEPTH {
        return Err(ODataError::TooDeep);
    }
    let mut found = Vec::new();
    for item in split_outside(text, ',') {
        let item = item.trim();
        let (path, nested) = match item.split_once('(') {
            Some((path, rest)) => {
                let inner = rest.strip_suffix(')').ok_or(ODataError::BadValue("expand"))?;
                (path, QueryOptions::nested(inner, depth + 1)?)
            }
            None => (item, QueryOptions::default()),
        };
        let mut paths = parse::paths(path)?;
        match (paths.pop(), paths.is_empty()) {
            (Some(path), true) => found.push(Expand {
                path,
                options: Box::new(nested),
            }),
            _ => return Err(ODataError::BadValue("expand")),
        }
    }
    Ok(found)
}

/// Splits where no bracket or quote is open.
fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut open, mut quoted) = (0, 0_usize, false);
    for (at, character) in text.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            '(' if !quoted => open += 1,
            ')' if !quoted => open = open.saturating_sub(1),
            _ if character == separator && open == 0 && !quoted => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// One part of a query, decoded once; `+` is a space.
fn decode(text: &str) -> Result<String, ODataError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| ODataError::NotUtf8)?;
    Ok(decoded.into_owned())
}
