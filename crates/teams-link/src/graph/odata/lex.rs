//! Text to words.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::{ODataError, Place};
use super::expr::Literal;

/// A word of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Literal(Literal),
    Open,
    Close,
    Comma,
    Slash,
    Colon,
    Star,
}

/// All words with their places; every place is below `text.len()`.
pub(super) fn tokens(text: &str) -> Result<Vec<(Place, Token)>, ODataError> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        let at = text.len().saturating_sub(rest.len());
        let Some(first) = rest.chars().next() else {
            return Ok(found);
        };
        let punctuation = match first {
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            ',' => Some(Token::Comma),
            '/' => Some(Token::Slash),
            ':' => Some(Token::Colon),
            '*' => Some(Token::Star),
            _ => None,
        };
        let (token, used) = match punctuation {
            Some(token) => (token, 1),
            None if first == '\'' => string(rest, at)?,
            None => word(rest, at)?,
        };
        found.push((at, token));
        rest = rest.get(used..).unwrap_or_default();
    }
}

/// A literal in quotes; a quote inside is doubled.
fn string(rest: &str, at: Place) -> Result<(Token, usize), ODataError> {
    let mut value = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((offset, character)) = characters.next() {
        if character != '\'' {
            value.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Ok((Token::Literal(Literal::String(value)), offset + 1));
        }
    }
    Err(ODataError::UnterminatedString(at))
}

/// A name, a number, a time or a GUID.
fn word(rest: &str, at: Place) -> Result<(Token, usize), ODataError> {
    let part = |character: char| character.is_alphanumeric() || "_@.-+:$".contains(character);
    let mut used = rest.find(|character| !part(character)).unwrap_or(rest.len());
    let mut text = rest.get(..used).unwrap_or_default();
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    if !numeric && !is_guid(text) {
        // In `x:x/id` the colon ends the name.
        used = text.find([':', '+', '-']).unwrap_or(used);
        text = text.get(..used).unwrap_or_default();
    }
    let token = if is_guid(text) {
        Token::Literal(Literal::Guid(text.to_ascii_lowercase()))
    } else if numeric {
        Token::Literal(number_or_time(text).ok_or(ODataError::BadLiteral(at))?)
    } else {
        match text {
            "true" => Token::Literal(Literal::Bool(true)),
            "false" => Token::Literal(Literal::Bool(false)),
            "null" => Token::Literal(Literal::Null),
            name if is_name(name) => Token::Name(name.to_owned()),
            _ => return Err(ODataError::UnexpectedCharacter(at)),
        }
    };
    Ok((token, used))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || "_@$".contains(first))
        && text.chars().all(|c| c.is_alphanumeric() || "_@.$".contains(c))
        && text.len() <= 128
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn number_or_time(text: &str) -> Option<Literal> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(Literal::Int(number));
    }
    if text.contains('T') {
        return OffsetDateTime::parse(text, &Rfc3339).ok().map(Literal::DateTime);
    }
    let number = |character: char| character.is_ascii_digit() || "+-.eE".contains(character);
    let value: f64 = text
        .chars()
        .all(number)
        .then(|| text.parse().ok())
        .flatten()
        .filter(|value: &f64| value.is_finite())?;
    Some(Literal::Decimal(value))
}
