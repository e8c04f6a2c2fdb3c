//! Refusals of joins and ends of calls: what `callEndReason` says on the signaling connection.

use anteroom_teams_link::admission::EndReason;

use super::{Entry, Surface};

/// An entry for each reason; its numbers, key and sentence are the reason's own.
macro_rules! reasons {
    ($($name:ident = $reason:ident; cause: $cause:literal; remedy: $remedy:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($reason), "`: ", $cause)]
            pub static $name: Entry = entry(EndReason::$reason(), $cause, $remedy);
        )*

        /// The reasons for which a call is refused or ends.
        pub static ENTRIES: &[&Entry] = &[$(&$name),*];
    };
}

const fn entry(reason: EndReason, cause: &'static str, remedy: &'static str) -> Entry {
    Entry {
        surface: Surface::Join,
        // `code` is 0 or an HTTP status.
        #[expect(clippy::cast_possible_truncation, reason = "a test compares them all")]
        status: reason.code as u16,
        code: reason.category.as_str(),
        sub_code: Some(reason.sub_code),
        key: reason.key,
        sentence: reason.message,
        cause,
        remedy,
    }
}

reasons! {
    LEFT = left;
    cause: "The participant hung up.";
    remedy: "Nothing is wrong.";

    ENDED = ended;
    cause: "The organizer ended the meeting for everyone.";
    remedy: "Nothing is wrong.";

    CONNECTION_LOST = connection_lost;
    cause: "The signaling connection was gone for longer than it may take to come back.";
    remedy: "Join again; look at the network of the participant.";

    REMOVED = removed;
    cause: "Somebody who may remove participants did.";
    remedy: "Ask the organizer.";

    LOBBY_DENIED = lobby_denied;
    cause: "Somebody who may admit declined.";
    remedy: "Ask the organizer.";

    LOBBY_TIMEOUT = lobby_timeout;
    cause: "Nobody who may admit was there, or nobody decided in time.";
    remedy: "Join again once the organizer is in the meeting.";

    MEETING_NOT_FOUND = meeting_not_found;
    cause: "No meeting has this link or this id with this passcode, or its time is over.";
    remedy: "Compare the link with the invitation, passcode included.";

    BAD_LOCATOR = bad_locator;
    cause: "The text is no meeting link, meeting id, room id or group id (a GUID).";
    remedy: "Take the link from the invitation whole.";

    BAD_DISPLAY_NAME = bad_display_name;
    cause: "The name is empty, longer than 256 characters, or has control characters.";
    remedy: "Choose another name.";

    TOO_MANY_ATTEMPTS = too_many_attempts;
    cause: "Too many wrong meeting ids or passcodes came from the same address (limits.passcode_failures_per_source), or too many for this meeting id (limits.passcode_failures_per_meeting). It says nothing about whether there is such a meeting; the right passcode waits, too.";
    remedy: "Wait until limits.passcode_window_seconds are over, and take the link from the invitation.";

    PROTOCOL_VIOLATION = protocol_violation;
    cause: "The client sent a message that does not parse or does not belong there.";
    remedy: "A bug of the client: report it.";

    ANONYMOUS_JOIN_DISABLED = anonymous_join_disabled;
    cause: "The tenant's settings or the organizer's policy switch off anonymous join.";
    remedy: "Let an administrator switch it on, for the tenant and for the organizer.";

    CLIENT_TYPE_BLOCKED = client_type_blocked;
    cause: "The organizer's policy blocks guests of applications (ACS clients).";
    remedy: "Let an administrator change the policy's blocked client types.";

    FEDERATION_REQUIRED = federation_required;
    cause: "The tenant admits guests of applications only when their ACS resource is on its list, and the list is not in force.";
    remedy: "Let an administrator switch federation with ACS on and list the resource.";

    RESOURCE_NOT_ALLOWED = resource_not_allowed;
    cause: "The guest's ACS resource is not on the tenant's list of allowed resources.";
    remedy: "Let an administrator add the resource id.";

    FEDERATION_DISABLED_FOR_ORGANIZER = federation_disabled_for_organizer;
    cause: "The organizer's external access policy switches off federation with ACS.";
    remedy: "Let an administrator change the organizer's policy.";

    KIND_NOT_SUPPORTED = kind_not_supported;
    cause: "The meeting is a channel meeting, a broadcast or another kind that guests of applications cannot join.";
    remedy: "Schedule a plain meeting.";

    E2EE = e2ee;
    cause: "The meeting's options ask for end-to-end encryption.";
    remedy: "Let the organizer switch it off.";

    GOVERNMENT_CLOUD = government_cloud;
    cause: "The link leads to Teams in a government cloud.";
    remedy: "There is none from here.";

    CLOUD_NOT_SUPPORTED = cloud_not_supported;
    cause: "The link leads to a cloud that this service is not connected with.";
    remedy: "Use a link of this service.";

    MEETING_LOCKED = meeting_locked;
    cause: "The organizer locked the meeting.";
    remedy: "Ask the organizer to unlock it.";

    MEETING_FULL = meeting_full;
    cause: "The meeting, the room or the group call has as many participants as it may have.";
    remedy: "Wait until somebody leaves; raise the limit.";

    CAPTCHA_REQUIRED = captcha_required;
    cause: "The tenant asks anonymous guests to prove that they are people, which applications cannot show.";
    remedy: "Let an administrator switch it off for this kind of join.";

    ROOM_NOT_FOUND = room_not_found;
    cause: "No room has this id: it was deleted, or is of another resource than the user.";
    remedy: "Compare the id with what creating the room answered; use a token of the same resource.";

    ROOM_NOT_INVITED = room_not_invited;
    cause: "The user of the token is not on the room's list of participants.";
    remedy: "Let the back end add the user: PATCH /rooms/{roomId}/participants.";

    ROOM_NOT_OPEN = room_not_open;
    cause: "The room's validFrom is still to come.";
    remedy: "Come back in time, or let the back end move validFrom.";

    ROOM_OVER = room_over;
    cause: "The room's validUntil has passed.";
    remedy: "Let the back end move validUntil, or make another room.";

    ROOM_CLOSED = room_closed;
    cause: "The room was deleted, or its time ended, while the call was running.";
    remedy: "Nothing is wrong; to go on, let the back end make a room that is valid for longer.";

    GROUP_USERS_ONLY = group_users_only;
    cause: "A directory user joined a group call, in which only ACS users of one resource meet.";
    remedy: "Join with an ACS user token, or meet in a meeting or a room.";

    GROUP_NOT_STARTED = group_not_started;
    cause: "Nobody is in the group call, and the token's scope voip.join allows to join calls that run, not to begin one.";
    remedy: "Join again once somebody is there, or issue the token with the scope voip.";

    UNAUTHENTICATED = unauthenticated;
    cause: "The token is missing, expired, revoked, of another service, or lacks a scope for calls (voip, voip.join).";
    remedy: "Ask the back end of your application for a new token.";

    MEDIA_LOST = media_lost;
    cause: "No packet came over the media connection for too long.";
    remedy: "Look at firewalls between client and service: the UDP ports of media must be open.";

    SERVICE_FAILURE = service_failure;
    cause: "The database or media failed; the log has a line about it.";
    remedy: "Join again; look at the disk and the log.";

    SERVICE_STOPPING = service_stopping;
    cause: "The service was stopped.";
    remedy: "Join again when it is back.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_explained() {
        for reason in EndReason::ALL {
            let entry = ENTRIES
                .iter()
                .find(|entry| entry.key() == reason.key)
                .unwrap_or_else(|| panic!("{reason} is not in the catalogue"));
            assert_eq!(u32::from(entry.status()), reason.code);
            assert_eq!(entry.sub_code(), Some(reason.sub_code));
        }
        assert_eq!(ENTRIES.len(), EndReason::ALL.len());
    }
}
