//! A link that was understood.

use std::fmt;

use url::Url;

use super::cloud::Cloud;
use super::locator::{LastFour, Locator};

/// What kind of meeting, or of link to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkKind {
    /// A scheduled private meeting or Meet Now, by its long link or the coordinates in it.
    Private,
    /// A meeting in a channel, likewise.
    Channel,
    /// By its short link, which tells nothing about the kind.
    Short,
    /// A meeting of Teams for personal use; guests cannot join.
    Consumer,
    /// A live event, a retired product; guests cannot join.
    LiveEvent,
    /// On one of our own hosts, short or long.
    Own,
    /// A meeting id and passcode that somebody typed; there is no link.
    Typed,
}

/// Something a link was wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wrapper {
    /// Microsoft Defender's Safe Links.
    SafeLinks,
    /// The page that offers to open the app.
    Launcher,
    /// The page of Teams that warns of links in chats.
    TeamsSafeLinks,
}

impl LinkKind {
    /// The name of the kind, as in `LiveEvent`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "Private",
            Self::Channel => "Channel",
            Self::Short => "Short",
            Self::Consumer => "Consumer",
            Self::LiveEvent => "LiveEvent",
            Self::Own => "Own",
            Self::Typed => "Typed",
        }
    }
}

impl Wrapper {
    /// The name of the wrapper, as in `SafeLinks`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SafeLinks => "SafeLinks",
            Self::Launcher => "Launcher",
            Self::TeamsSafeLinks => "TeamsSafeLinks",
        }
    }
}

/// A reference to a meeting.
///
/// Neither `Debug` nor `Display` print the link or its passcode.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MeetingRef {
    /// What kind of link it is.
    pub kind: LinkKind,
    /// Where it leads.
    pub cloud: Cloud,
    /// Which meeting it means.
    pub locator: Locator,
    /// The link itself, unwrapped and otherwise unchanged; empty when there was none, but a meeting id or coordinates. A
    /// credential.
    pub join_url: String,
    /// What it was wrapped in, outermost first.
    pub unwrapped: Vec<Wrapper>,
}

impl MeetingRef {
    /// What may stand in a log: kind, host and the last four digits of a meeting id. The same as `Display` prints.
    #[must_use]
    pub fn redacted(&self) -> String {
        self.to_string()
    }

    /// Whether two references mean the same meeting as far as one can tell without asking: the same thread, or the same
    /// meeting id. A passcode says nothing about which meeting it is.
    #[must_use]
    pub fn is_same_meeting(&self, other: &Self) -> bool {
        match (&self.locator, &other.locator) {
            (Locator::Coordinates { thread_id: a, .. }, Locator::Coordinates { thread_id: b, .. }) => a == b,
            (Locator::MeetingId { meeting_id: a, .. }, Locator::MeetingId { meeting_id: b, .. }) => a == b,
            _ => false,
        }
    }
}

/// For logs: kind, host and the last four digits of a meeting id.
impl fmt::Display for MeetingRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        if let Some(host) = Url::parse(&self.join_url).ok().as_ref().and_then(Url::host_str) {
            write!(f, " {host}")?;
        }
        match &self.locator {
            Locator::MeetingId { meeting_id, .. } => write!(f, " {}", LastFour(meeting_id)),
            Locator::Coordinates { .. } => Ok(()),
        }
    }
}

impl fmt::Debug for MeetingRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeetingRef")
            .field("kind", &self.kind)
            .field("cloud", &self.cloud)
            .field("locator", &self.locator)
            .field("unwrapped", &self.unwrapped)
            .finish_non_exhaustive()
    }
}
