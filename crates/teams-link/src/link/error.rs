//! Why a text is no link to a meeting.

use std::fmt;

use thiserror::Error;

/// Why a text is no link to a meeting. Safe to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Nothing but white space.
    #[error("the link is empty")]
    Empty,
    /// More than [`MAX_LINK_BYTES`](super::MAX_LINK_BYTES).
    #[error("the link is too long")]
    TooLong,
    /// Not an absolute URL.
    #[error("this is not a link")]
    NotAUrl,
    /// Neither `https` nor `msteams`; `http` is not upgraded.
    #[error("the link does not start with https")]
    SchemeNotAllowed,
    /// A user name before the host, as in links that pretend to lead elsewhere.
    #[error("the link holds a user name")]
    UserInfoPresent,
    /// Another port than 443.
    #[error("the link names an unusual port")]
    PortNotAllowed,
    /// A host that is neither Microsoft's nor ours. Mail filters rewrite links: the calendar entry has the original.
    #[error("the link leads to an unknown host")]
    HostNotAllowed,
    /// A wrapper in a wrapper in a wrapper in a wrapper.
    #[error("the link is wrapped too often")]
    WrapperTooDeep,
    /// A wrapper without a link in it.
    #[error("the link wraps no other link")]
    WrapperWithoutTarget,
    /// Something else of Teams.
    #[error("the link does not lead into a meeting, but to {0}")]
    NotAMeetingLink(OtherLink),
    /// Something after what should be the end.
    #[error("the link goes on after its end")]
    UnexpectedPath,
    /// A long link without its thread.
    #[error("the link is cut off")]
    MissingThreadId,
    /// The thread has another form.
    #[error("the link's thread is malformed")]
    BadThreadId,
    /// The message id is no number.
    #[error("the link's message id is malformed")]
    BadMessageId,
    /// A long link without `context`.
    #[error("the link lacks its context")]
    MissingContext,
    /// `context` is not a JSON object.
    #[error("the link's context is malformed")]
    BadContextJson,
    /// No `Tid` in the context.
    #[error("the link lacks its tenant")]
    MissingTenant,
    /// No `Oid` in the context.
    #[error("the link lacks its organizer")]
    MissingOrganizer,
    /// `Tid` or `Oid` is no GUID.
    #[error("the link's tenant or organizer is malformed")]
    BadGuid,
    /// A short link without digits.
    #[error("the link lacks its meeting id")]
    MissingMeetingId,
    /// Not 9 to 20 digits.
    #[error("the meeting id is malformed")]
    BadMeetingId,
    /// Not 1 to 128 printable characters in a link; not 6 to 64 letters and digits when typed.
    #[error("the passcode is malformed")]
    BadPasscode,
}

/// Links of Teams that do not lead into a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OtherLink {
    /// A chat, channel, app and so on.
    DeepLink,
    /// A registration or information page of a webinar or town hall.
    EventPage,
    /// Phone numbers of a meeting.
    DialInPage,
    /// The options page of a meeting.
    MeetingOptions,
    /// The page of a virtual appointment.
    VirtualAppointment,
    /// Something else on a known host.
    Unknown,
}

impl LinkError {
    /// The name of the refusal, as in `HostNotAllowed` or `NotAMeetingLink(DialInPage)`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::TooLong => "TooLong",
            Self::NotAUrl => "NotAUrl",
            Self::SchemeNotAllowed => "SchemeNotAllowed",
            Self::UserInfoPresent => "UserInfoPresent",
            Self::PortNotAllowed => "PortNotAllowed",
            Self::HostNotAllowed => "HostNotAllowed",
            Self::WrapperTooDeep => "WrapperTooDeep",
            Self::WrapperWithoutTarget => "WrapperWithoutTarget",
            Self::NotAMeetingLink(OtherLink::DeepLink) => "NotAMeetingLink(DeepLink)",
            Self::NotAMeetingLink(OtherLink::EventPage) => "NotAMeetingLink(EventPage)",
            Self::NotAMeetingLink(OtherLink::DialInPage) => "NotAMeetingLink(DialInPage)",
            Self::NotAMeetingLink(OtherLink::MeetingOptions) => "NotAMeetingLink(MeetingOptions)",
            Self::NotAMeetingLink(OtherLink::VirtualAppointment) => "NotAMeetingLink(VirtualAppointment)",
            Self::NotAMeetingLink(OtherLink::Unknown) => "NotAMeetingLink(Unknown)",
            Self::UnexpectedPath => "UnexpectedPath",
            Self::MissingThreadId => "MissingThreadId",
            Self::BadThreadId => "BadThreadId",
            Self::BadMessageId => "BadMessageId",
            Self::MissingContext => "MissingContext",
            Self::BadContextJson => "BadContextJson",
            Self::MissingTenant => "MissingTenant",
            Self::MissingOrganizer => "MissingOrganizer",
            Self::BadGuid => "BadGuid",
            Self::MissingMeetingId => "MissingMeetingId",
            Self::BadMeetingId => "BadMeetingId",
            Self::BadPasscode => "BadPasscode",
        }
    }
}

impl fmt::Display for OtherLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeepLink => "a chat, a channel or an app",
            Self::EventPage => "the page of a webinar or town hall",
            Self::DialInPage => "the phone numbers of a meeting",
            Self::MeetingOptions => "the options of a meeting",
            Self::VirtualAppointment => "the page of a virtual appointment",
            Self::Unknown => "something else",
        })
    }
}
