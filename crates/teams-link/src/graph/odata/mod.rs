//! OData 4.01 system query options, as far as Graph's clients send them.
//!
//! Options are read with [`QueryOptions::parse`], bounded in length, terms and depth. What stands in them is data: a
//! `$filter` becomes an [`Expr`], which a caller either looks at itself (one property, one value) or lets loose on JSON
//! objects with [`Expr::matches`]. Nothing of it ever becomes a statement for a database.
//!
//! ```
//! use anteroom_teams_link::graph::odata::QueryOptions;
//! use serde_json::json;
//!
//! let options = QueryOptions::parse("$filter=startswith(displayName,'O''N')%20and%20not(mail%20eq%20null)&$top=5")?;
//! let filter = options.filter.expect("there is one");
//! assert!(filter.matches(&json!({"displayName": "O'Neill", "mail": "o@contoso.example"})).unwrap());
//! assert_eq!(options.top, Some(5));
//! # Ok::<(), anteroom_teams_link::graph::odata::ODataError>(())
//! ```
//!
//! | | |
//! |---|---|
//! | [`QueryOptions`] | the options of a request |
//! | [`Expr`] | a parsed `$filter` |
//! | [`Search`] | a parsed `$search` |
//! | [`ODataError`] | why an option cannot be read |

mod error;
mod eval;
mod expr;
mod lex;
mod options;
mod parse;
mod search;
#[cfg(test)]
mod tests;

pub use self::error::{EvalError, ODataError, Place};
pub use self::eval::lookup;
pub use self::expr::{CompareOp, Expr, Function, Literal, Operand, Path};
pub use self::options::{Direction, Expand, MAX_QUERY_BYTES, OrderBy, QueryOptions};
pub use self::parse::{MAX_DEPTH, MAX_TERMS};
pub use self::search::{MAX_CLAUSES, Search};
