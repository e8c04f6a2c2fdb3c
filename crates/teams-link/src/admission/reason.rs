//! Why a join was refused or a call ended, in the numbers of ACS's `callEndReason`.

use std::fmt;

use crate::link::LinkError;

/// Why a join was refused or a call ended.
///
/// `code` stays in the documented range, so that clients made for ACS take the right branch; `sub_code` is Microsoft's
/// where it is known, and otherwise from a block of our own, 990000 to 990999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EndReason {
    /// As `callEndReason.code`.
    pub code: u32,
    /// As `callEndReason.subCode`.
    pub sub_code: u32,
    /// Stable name, `lobby_denied`.
    pub key: &'static str,
    /// One sentence for a person.
    pub message: &'static str,
    /// As `callEndReason.resultCategories`.
    pub category: Category,
}

/// Whether an end is good, to be expected, or somebody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// As somebody wanted.
    Success,
    /// Refused for a reason that the rules give.
    ExpectedError,
    /// The client did something wrong.
    UnexpectedClientError,
    /// The service failed.
    UnexpectedServerError,
}

impl Category {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::ExpectedError => "ExpectedError",
            Self::UnexpectedClientError => "UnexpectedClientError",
            Self::UnexpectedServerError => "UnexpectedServerError",
        }
    }
}

macro_rules! reasons {
    ($($name:ident: $code:literal / $sub_code:literal, $category:ident, $message:literal;)*) => {
        impl EndReason {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name(),)*];

            $(
                #[doc = concat!("`", stringify!($code), "/", stringify!($sub_code), "`: ", $message)]
                #[must_use]
                pub const fn $name() -> Self {
                    Self {
                        code: $code,
                        sub_code: $sub_code,
                        key: stringify!($name),
                        message: $message,
                        category: Category::$category,
                    }
                }
            )*
        }
    };
}

reasons! {
    left: 0/0, Success, "You left the meeting.";
    ended: 0/4097, Success, "The organizer ended the meeting for everyone.";
    connection_lost: 0/4521, Success, "The connection to the meeting was lost.";
    removed: 0/5300, Success, "You were removed from the meeting.";
    lobby_denied: 0/5854, ExpectedError, "Your request to join was declined.";
    lobby_timeout: 0/5855, ExpectedError, "Nobody let you in from the lobby in time.";
    meeting_not_found: 404/5751, ExpectedError, "There is no such meeting, it has expired, or its passcode is wrong.";
    bad_locator: 400/990001, ExpectedError, "This is not a link to a meeting that can be joined.";
    bad_display_name: 400/990002, ExpectedError, "The name must have 1 to 256 characters that can be shown.";
    too_many_attempts: 429/990003, ExpectedError, "There were too many failed attempts to find a meeting; try again later.";
    protocol_violation: 400/990004, UnexpectedClientError, "The app sent something that was not expected here.";
    anonymous_join_disabled: 403/990010, ExpectedError, "The organizer or the organization does not let guests join this meeting.";
    client_type_blocked: 403/990011, ExpectedError, "The organizer does not let guests join with this kind of app.";
    federation_required: 403/990012, ExpectedError, "The organization accepts guests of trusted apps only.";
    resource_not_allowed: 403/990013, ExpectedError, "The organization does not trust this app.";
    federation_disabled_for_organizer: 403/990014, ExpectedError, "The organizer does not accept guests of this app.";
    kind_not_supported: 403/990020, ExpectedError, "Guests cannot join this kind of meeting.";
    e2ee: 403/990021, ExpectedError, "Guests cannot join meetings with end-to-end encryption.";
    government_cloud: 403/990022, ExpectedError, "Meetings of the government cloud cannot be joined from here.";
    cloud_not_supported: 403/990023, ExpectedError, "Meetings of this cloud cannot be joined from here.";
    meeting_locked: 403/990030, ExpectedError, "The meeting is locked.";
    meeting_full: 403/990031, ExpectedError, "The meeting is full.";
    captcha_required: 403/990032, ExpectedError, "The meeting asks guests for a check that this app cannot show.";
    room_not_found: 404/990050, ExpectedError, "There is no such room.";
    room_not_invited: 403/990051, ExpectedError, "You are not invited to this room.";
    room_not_open: 403/990052, ExpectedError, "The room is not open yet.";
    room_over: 403/990053, ExpectedError, "The room cannot be joined any more.";
    room_closed: 0/990054, Success, "The room has closed.";
    group_users_only: 403/990055, ExpectedError, "Only users of apps can join group calls.";
    group_not_started: 403/990056, ExpectedError, "The call has not started.";
    unauthenticated: 401/10009, UnexpectedClientError, "Your access has expired or is not valid here.";
    media_lost: 410/990041, UnexpectedClientError, "The media connection was lost.";
    service_failure: 500/990042, UnexpectedServerError, "Something went wrong on the server.";
    service_stopping: 503/990040, UnexpectedServerError, "The service is being restarted.";
}

impl From<LinkError> for EndReason {
    fn from(_: LinkError) -> Self {
        Self::bad_locator()
    }
}

/// `403/990010 anonymous_join_disabled`
impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.code, self.sub_code, self.key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_is_told_apart_and_speaks_to_a_person() {
        let keys: HashSet<_> = EndReason::ALL.iter().map(|reason| reason.key).collect();
        let codes: HashSet<_> = EndReason::ALL
            .iter()
            .map(|reason| (reason.code, reason.sub_code))
            .collect();
        assert_eq!(keys.len(), EndReason::ALL.len());
        assert_eq!(codes.len(), EndReason::ALL.len());
        for reason in EndReason::ALL {
            assert!(
                reason.message.ends_with('.') && reason.message.len() > 15,
                "{reason}"
            );
            assert!(!reason.message.contains('_'), "{reason}");
        }
    }

    #[test]
    fn numbers_are_microsofts_or_of_our_own_block() {
        let known = [0, 4097, 4521, 5300, 5751, 5854, 5855, 10_009];
        for reason in EndReason::ALL {
            assert!(
                known.contains(&reason.sub_code) || (990_000..=990_999).contains(&reason.sub_code),
                "{reason}"
            );
        }
    }
}
