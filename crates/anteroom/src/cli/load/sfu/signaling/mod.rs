//! Ways to agree with a server.

mod http;
mod meeting;

pub(super) use self::http::Http;
pub(super) use self::meeting::InMeeting;

use super::agreement::{Kind, Section};

/// The sections of a client that sends or receives these, named by their place.
fn sections(kinds: &[Kind], sends: bool) -> Vec<Section> {
    let section = |(place, kind): (usize, &Kind)| Section {
        mid: place.to_string(),
        kind: *kind,
        sends,
    };
    kinds.iter().enumerate().map(section).collect()
}
