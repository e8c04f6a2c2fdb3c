//! Errors of WHIP and WHEP. Why somebody is not let in is said with the errors of joining.

super::catalogue! { Whip;
    NOT_SDP: 415 "UnsupportedMediaType", "not_sdp", "The body has to be of the type {type}.";
    cause: "A session begins with a description (application/sdp) and is changed with a fragment of one (application/trickle-ice-sdpfrag, RFC 8840).";
    remedy: "Send the Content-Type that the message names.";

    BAD_DESCRIPTION: 400 "BadDescription", "bad_description", "The description is refused: {why}.";
    cause: "The description is not SDP, is not bundled, is too long, asks us to be DTLS client, or does not send (WHIP) or receive (WHEP) anything.";
    remedy: "Offer one audio and one video section at most for WHIP, in one BUNDLE group, with a=setup:actpass.";

    BAD_FRAGMENT: 400 "BadFragment", "bad_fragment", "The fragment cannot be read.";
    cause: "The body of the PATCH is not a fragment of SDP, or restarts ICE without a=ice-ufrag and a=ice-pwd.";
    remedy: "Send candidates, or new credentials, as RFC 8840 writes them.";

    MEETING_AMBIGUOUS: 400 "MeetingAmbiguous", "meeting_ambiguous", "The address has to name one meeting.";
    cause: "The address names no meeting, or more than one: a meeting id in the path, or link, or room.";
    remedy: "Use /whip/MEETING-ID?p=PASSCODE, /whip?link=LINK or /whip?room=ROOM-ID.";

    NOT_ALLOWED: 403 "NotAllowed", "media_not_allowed", "This may not be sent in this meeting.";
    cause: "The participant was let in, but may not speak, show or share in this meeting, as the message says.";
    remedy: "Have the organizer make the participant a presenter, or allow attendees to speak and show.";

    NOT_ADMITTED: 403 "NotAdmitted", "media_not_admitted", "Nobody let this participant in.";
    cause: "Somebody who may admit declined, or nobody decided in time; the message says which.";
    remedy: "Ask the organizer; come again once somebody is there.";

    PRECONDITION_REQUIRED: 428 "PreconditionRequired", "precondition_required", "The header If-Match is missing.";
    cause: "A fragment goes with one ICE session: If-Match has the ETag that came with it, or * for a restart (RFC 9725 §4.3.1).";
    remedy: "Send the ETag of the latest answer.";

    PRECONDITION_FAILED: 412 "PreconditionFailed", "ice_session_over", "The ICE session is another one by now.";
    cause: "ICE was restarted since the fragment was made.";
    remedy: "Leave the fragment, or send it with the ETag of the latest answer.";

    OVER: 410 "Gone", "media_session_over", "The meeting is over.";
    cause: "The meeting ended, or the participant was asked to leave, while it waited for an answer.";
    remedy: "Join again if the meeting goes on.";
}
