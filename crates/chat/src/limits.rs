//! How much fits.

use serde::{Deserialize, Serialize};

/// Limits of threads and messages.
///
/// The default is what ACS documents, without its low limit for receipts and typing; [`Limits::acs`] has that too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// Participants of a thread.
    pub participants: usize,
    /// Participants named in one call.
    pub participants_per_call: usize,
    /// Read receipts exist in threads with up to so many participants; in larger ones they are taken and forgotten.
    pub receipts_up_to: usize,
    /// Typing is told in threads with up to so many participants; in larger ones it is not.
    pub typing_up_to: usize,
    /// Content of a message, in bytes of UTF-8.
    pub content_bytes: usize,
    /// Metadata of a thread, a participant or a message, names and values together, in bytes of UTF-8.
    pub metadata_bytes: usize,
    /// Topic of a thread, in characters.
    pub topic_chars: usize,
    /// Display name, in characters.
    pub display_name_chars: usize,
}

impl Limits {
    /// Every limit as "Service limits for Azure Communication Services" has it.
    #[must_use]
    pub fn acs() -> Self {
        Self {
            receipts_up_to: 20,
            typing_up_to: 20,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            participants: 250,
            participants_per_call: 200,
            receipts_up_to: 250,
            typing_up_to: 250,
            content_bytes: 28 * 1024,
            metadata_bytes: 1024,
            topic_chars: 250,
            display_name_chars: 256,
        }
    }
}
