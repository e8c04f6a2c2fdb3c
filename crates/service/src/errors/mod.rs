//! Every error this service answers, explained: one catalogue in source.
//!
//! An answer is made from an [`Entry`], and entries are made here alone: an error that is not in [`ENTRIES`] does not
//! compile. `docs/errors.md` is written from the same list (`cargo xtask docs errors`).
//!
//! To add an error, add it to the file of its surface; what is there is in the list.

pub mod admin;
pub mod any;
pub mod chat;
pub mod emulator;
pub mod graph;
pub mod identity;
pub mod join;
pub mod oauth;
pub mod operator;
pub mod realtime;
pub mod rooms;
pub mod whip;

mod markdown;

use axum::http::StatusCode;

pub use markdown::markdown;

/// Which part of the service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Surface {
    /// Every HTTP surface.
    Any,
    /// ACS Identity.
    Identity,
    /// ACS Chat.
    Chat,
    /// Real-time notifications.
    Realtime,
    /// ACS Rooms.
    Rooms,
    /// The OAuth issuer; its errors have the form of RFC 6749 §5.2.
    Oauth,
    /// Microsoft Graph.
    Graph,
    /// WHIP and WHEP.
    Whip,
    /// The operator's interface.
    Operator,
    /// The administrators' interface.
    Admin,
    /// The emulator's controls, in development mode.
    Emulator,
    /// Joining a meeting or a room, and the end of a call: `callEndReason` on the signaling connection.
    Join,
}

impl Surface {
    /// The name used in `docs/errors.md`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "Every surface",
            Self::Identity => "Identity",
            Self::Chat => "Chat",
            Self::Realtime => "Real-time notifications",
            Self::Rooms => "Rooms",
            Self::Oauth => "OAuth",
            Self::Graph => "Microsoft Graph",
            Self::Whip => "WHIP and WHEP",
            Self::Operator => "Operator",
            Self::Admin => "Administration",
            Self::Emulator => "Emulator controls",
            Self::Join => "Joining and leaving calls",
        }
    }
}

/// One error: how it looks on the wire, why it comes, what to do.
///
/// Made in this module only.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    surface: Surface,
    status: u16,
    code: &'static str,
    sub_code: Option<u32>,
    key: &'static str,
    sentence: &'static str,
    cause: &'static str,
    remedy: &'static str,
}

impl Entry {
    /// Which part of the service answers so.
    #[must_use]
    pub const fn surface(&self) -> Surface {
        self.surface
    }

    /// The HTTP status; of [`Surface::Join`], `callEndReason.code`.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The status as the HTTP library's type; 500 for a number that is none.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// `error.code` of the body: a word for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// `callEndReason.subCode`, of [`Surface::Join`] only.
    #[must_use]
    pub const fn sub_code(&self) -> Option<u32> {
        self.sub_code
    }

    /// A stable name of this very error: several errors may share a code.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        self.key
    }

    /// `error.message` of the body. What stands in braces is filled in.
    #[must_use]
    pub const fn sentence(&self) -> &'static str {
        self.sentence
    }

    /// Why it comes.
    #[must_use]
    pub const fn cause(&self) -> &'static str {
        self.cause
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        self.remedy
    }
}

/// Every error, surface by surface.
pub static ENTRIES: &[&[&Entry]] = &[
    any::ENTRIES,
    identity::ENTRIES,
    chat::ENTRIES,
    realtime::ENTRIES,
    rooms::ENTRIES,
    oauth::ENTRIES,
    graph::ENTRIES,
    whip::ENTRIES,
    operator::ENTRIES,
    admin::ENTRIES,
    emulator::ENTRIES,
    join::ENTRIES,
];

/// Every error, one after the other.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter().copied().flatten().copied()
}

/// The errors of one surface, and the list of them: what is defined is listed.
macro_rules! catalogue {
    ($surface:ident; $(
        $name:ident: $status:literal $code:literal, $key:literal, $sentence:literal;
        cause: $cause:literal;
        remedy: $remedy:literal;
    )*) => {
        use super::{Entry, Surface};

        $(
            #[doc = concat!("`", stringify!($status), " ", $code, "`: ", $cause)]
            pub static $name: Entry = Entry {
                surface: Surface::$surface,
                status: $status,
                code: $code,
                sub_code: None,
                key: $key,
                sentence: $sentence,
                cause: $cause,
                remedy: $remedy,
            };
        )*

        /// The errors of this surface.
        pub static ENTRIES: &[&Entry] = &[$(&$name),*];
    };
}
use catalogue;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_error_has_a_key_of_its_own_and_is_explained() {
        let mut keys = HashSet::new();
        for entry in entries() {
            let key = entry.key();
            assert!(keys.insert((entry.surface(), key)), "{key} is there twice");
            assert!(
                !key.is_empty()
                    && key
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{key}"
            );
            assert!(!entry.code().is_empty(), "{key}");
            for text in [entry.sentence(), entry.cause(), entry.remedy()] {
                assert!(text.ends_with('.') && text.len() > 10, "{key}: {text}");
            }
        }
    }

    #[test]
    fn statuses_are_errors_and_codes_are_words() {
        for entry in entries().filter(|entry| entry.surface() != Surface::Join) {
            assert!((400..600).contains(&entry.status()), "{}", entry.key());
            assert_eq!(entry.http_status().as_u16(), entry.status());
            assert!(entry.sub_code().is_none(), "{}", entry.key());
            assert!(
                entry
                    .code()
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_'),
                "{}",
                entry.key()
            );
        }
    }

    #[test]
    fn nothing_that_stays_wrong_is_answered_with_500() {
        // Clients repeat 5xx for minutes; the one 500 is a bug of ours.
        let fives: Vec<_> = entries()
            .filter(|entry| entry.status() == 500 && entry.surface() != Surface::Join)
            .map(Entry::key)
            .collect();
        assert_eq!(fives, ["internal", "injected_500"]);
    }
}
