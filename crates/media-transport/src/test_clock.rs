//! The first instant of a test; every later one is this plus a duration.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "the first instant of a test")]
pub(crate) fn start() -> Instant {
    Instant::now()
}
