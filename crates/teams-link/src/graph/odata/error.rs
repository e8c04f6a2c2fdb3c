//! Why a query option cannot be read or applied.

use thiserror::Error;

/// Byte offset in the decoded value of an option.
pub type Place = usize;

/// Why query options cannot be read. Safe to log: names options and places, never what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ODataError {
    /// More than [`MAX_QUERY_BYTES`](super::MAX_QUERY_BYTES).
    #[error("The query is too long")]
    TooLong,
    /// An escape that is no UTF-8.
    #[error("The query is not UTF-8 once it is decoded")]
    NotUtf8,
    /// An option that starts with `$` and is none of ours.
    #[error("The query holds a system option that is not supported")]
    UnknownOption,
    /// The same option twice.
    #[error("The query option '{0}' was specified more than once")]
    Repeated(&'static str),
    /// Not a number, or out of range.
    #[error("The value of the query option '{0}' is not valid")]
    BadValue(&'static str),
    /// A character that starts nothing.
    #[error("Syntax error: character not valid at position {0}")]
    UnexpectedCharacter(Place),
    /// A quote without its other.
    #[error("There is an unterminated string literal at position {0}")]
    UnterminatedString(Place),
    /// Something else was due.
    #[error("Syntax error at position {0}")]
    Unexpected(Place),
    /// A number or time that is none.
    #[error("Unrecognized literal at position {0}")]
    BadLiteral(Place),
    /// A function that OData or Graph has, and this does not.
    #[error("The function at position {0} is not supported")]
    UnknownFunction(Place),
    /// A function with too many or too few arguments.
    #[error("The function at position {0} takes another number of arguments")]
    WrongArguments(Place),
    /// Brackets in brackets.
    #[error("The expression is nested too deeply")]
    TooDeep,
    /// More than [`MAX_TERMS`](super::MAX_TERMS).
    #[error("The expression has too many terms")]
    TooManyTerms,
}

/// Why an expression does not apply to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// The expression is a value, not a condition.
    #[error("The filter expression is not a condition")]
    NotACondition,
    /// Two values that cannot be compared, or a function of another type.
    #[error("A binary operator with incompatible types was detected")]
    IncompatibleTypes,
}
