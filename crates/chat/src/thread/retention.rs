//! How long a thread is kept.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// How long a thread is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum RetentionPolicy {
    /// Until somebody deletes it.
    #[default]
    None,
    /// For a number of days after its creation.
    #[serde(rename_all = "camelCase")]
    ThreadCreationDate {
        /// Whole days of 24 hours.
        delete_thread_after_days: u16,
    },
}

impl RetentionPolicy {
    /// Days that a client may ask for: 30 to 90 (ACS Chat, "Chat thread retention policies").
    pub const DAYS: RangeInclusive<u16> = 30..=90;

    /// When a thread created then is to be deleted.
    #[must_use]
    pub fn deletes_at(self, created_on: OffsetDateTime) -> Option<OffsetDateTime> {
        match self {
            Self::None => None,
            Self::ThreadCreationDate {
                delete_thread_after_days,
            } => created_on.checked_add(Duration::days(delete_thread_after_days.into())),
        }
    }
}
