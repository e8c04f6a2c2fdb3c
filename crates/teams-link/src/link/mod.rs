//! Meeting links: what they are, where they lead, and how to write our own.
//!
//! [`parse`] never fetches anything, resolves nothing and follows nothing; it only reads. What it accepts is kept byte
//! for byte in [`MeetingRef::join_url`], because whoever is handed the link on expects the one that was sent out. A link
//! is a credential: nothing here prints more of it than its host, its kind and the last four digits of a meeting id.

mod acs;
mod build;
mod cloud;
mod error;
mod find;
mod html;
#[cfg(feature = "ical")]
pub mod icalendar;
mod locator;
mod own_host;
mod parse;
mod reference;
mod rewriter;
mod typed;

pub use self::acs::{AcsLocator, LocatorError, MAX_LOCATOR_BYTES, by_coordinates};
pub use self::build::{build_long, build_short};
pub use self::cloud::{Cloud, is_microsoft_host};
pub use self::error::{LinkError, OtherLink};
pub use self::find::{FindError, Findings, MAX_INVITE_BYTES, find};
pub use self::locator::{Locator, Secret, ThreadId, ThreadIdError};
pub use self::own_host::{OwnHost, OwnHostError};
pub use self::parse::{MAX_LINK_BYTES, by_meeting_id, parse};
pub use self::reference::{LinkKind, MeetingRef, Wrapper};
pub use self::rewriter::Rewriter;
pub use self::typed::TypedMeeting;
