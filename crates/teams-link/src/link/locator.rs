//! What a link says about which meeting it means.

use std::fmt;
use std::str::FromStr;

use anteroom_identity::id::{ObjectId, TenantId};
use thiserror::Error;

/// What identifies a meeting.
#[derive(Clone, PartialEq, Eq)]
pub enum Locator {
    /// Of a long link.
    Coordinates {
        /// The meeting's chat thread.
        thread_id: ThreadId,
        /// `0`, or the channel message the meeting hangs on; 1 to 20 digits.
        message_id: String,
        /// The organizer's tenant.
        tenant_id: TenantId,
        /// The organizer.
        organizer_id: ObjectId,
    },
    /// Of a short link or typed from an invitation.
    MeetingId {
        /// 9 to 20 decimal digits.
        meeting_id: String,
        /// The code that goes with it. Those of links and those printed in invitations differ.
        passcode: Option<Secret>,
    },
}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordinates { tenant_id, .. } => f
                .debug_struct("Coordinates")
                .field("tenant_id", tenant_id)
                .finish_non_exhaustive(),
            Self::MeetingId { meeting_id, passcode } => f
                .debug_struct("MeetingId")
                .field("meeting_id", &LastFour(meeting_id))
                .field("passcode", passcode)
                .finish(),
        }
    }
}

/// The last four digits of a meeting id: enough to tell meetings apart in a log, not enough to join one.
pub(super) struct LastFour<'a>(pub(super) &'a str);

impl fmt::Display for LastFour<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "…{}",
            self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
        )
    }
}

impl fmt::Debug for LastFour<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Chat thread of a meeting, `19:meeting_…@thread.v2`. Upper and lower case differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(String);

/// Not of the form of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a thread id")]
pub struct ThreadIdError;

impl ThreadId {
    /// The thread's id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the thread of a channel, `…@thread.tacv2`.
    #[must_use]
    pub fn is_channel(&self) -> bool {
        self.0.ends_with("@thread.tacv2")
    }
}

impl FromStr for ThreadId {
    type Err = ThreadIdError;

    /// `19:`, perhaps `gcch:` or `dod:`, 1 to 256 of `[A-Za-z0-9_.-]`, `@` and one of the four known domains.
    fn from_str(text: &str) -> Result<Self, ThreadIdError> {
        let rest = text.strip_prefix("19:").ok_or(ThreadIdError)?;
        let rest = rest
            .strip_prefix("gcch:")
            .or_else(|| rest.strip_prefix("dod:"))
            .unwrap_or(rest);
        let (name, domain) = rest.split_once('@').ok_or(ThreadIdError)?;
        let name_fits = (1..=256).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        let domain_fits = matches!(
            domain,
            "thread.v2" | "thread.tacv2" | "thread.skype" | "unq.gbl.spaces"
        );
        if name_fits && domain_fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ThreadIdError)
        }
    }
}

impl fmt::Display for ThreadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
