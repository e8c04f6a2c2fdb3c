//! Errors of the Microsoft Graph surface.

super::catalogue! { Graph;
    INVALID_AUTHENTICATION_TOKEN: 401 "InvalidAuthenticationToken", "graph_token_invalid", "Access token is empty, expired or not valid here.";
    cause: "The bearer token is missing, expired, or not one of a directory user; tokens of ACS users are not taken here.";
    remedy: "Sign in as a directory user.";

    FORBIDDEN: 403 "Forbidden", "graph_forbidden", "Insufficient privileges to complete the operation.";
    cause: "The token carries none of the permissions that the operation needs: scp of a user's program, roles of an application.";
    remedy: "Grant the application one of them (anteroom app grant) and get a new token.";

    SEGMENT_UNKNOWN: 400 "BadRequest", "graph_segment_unknown", "Resource not found for the segment '{segment}'.";
    cause: "The path names something that is not served here; docs/graph.md lists what is.";
    remedy: "Correct the path, or leave the operation out.";

    QUERY_INVALID: 400 "BadRequest", "graph_query_invalid", "The query option is not valid: {reason}.";
    cause: "A query option ($filter, $select, $top and so on) cannot be read, is not supported on this resource, or names a property that the type does not have.";
    remedy: "Correct the option that the message names; single quotes inside text are doubled, and a JoinWebUrl is encoded twice.";

    QUERY_UNSUPPORTED: 400 "Request_UnsupportedQuery", "graph_query_unsupported", "Unsupported query.";
    cause: "A query option cannot be used like this: $search and $count as a path need the header ConsistencyLevel: eventual, users cannot be skipped, and not every property can be searched.";
    remedy: "Send ConsistencyLevel: eventual; follow @odata.nextLink instead of $skip; search displayName, givenName, surname, mail or userPrincipalName.";

    PROPERTY_UNKNOWN: 400 "BadRequest", "graph_property_unknown", "The property '{name}' does not exist on type '{type}'.";
    cause: "The body holds a property that the type does not have.";
    remedy: "Leave the property out, or correct its name; upper and lower case count.";

    PROPERTY_READ_ONLY: 400 "BadRequest", "graph_property_read_only", "The property '{name}' cannot be written.";
    cause: "The property is the service's to set, or can be set at creation only.";
    remedy: "Leave the property out.";

    PROPERTY_INVALID: 400 "BadRequest", "graph_property_invalid", "The value of the property '{name}' is not valid.";
    cause: "The property has another type, or its value is none of those documented.";
    remedy: "Correct the value of the property that the message names.";

    TIMES_INVALID: 400 "BadRequest", "graph_times_invalid", "The start and end times are not valid.";
    cause: "The end is before the start, or one was sent without the other.";
    remedy: "Send startDateTime and endDateTime together, in order.";

    ORGANIZER_IMMUTABLE: 400 "BadRequest", "graph_organizer_immutable", "The organizer of a meeting cannot be changed.";
    cause: "The body names another organizer than the user the request is for.";
    remedy: "Leave participants.organizer out; make the meeting for the other user.";

    ATTENDEE_ROLE: 400 "BadRequest", "graph_attendee_role", "Only users of the directory can be presenters or co-organizers.";
    cause: "An attendee who is not in the organizer's directory was given a role above attendee.";
    remedy: "Invite people from outside as attendees.";

    MEETING_ID_INVALID: 400 "BadRequest", "graph_meeting_id_invalid", "Invalid meeting id.";
    cause: "The id in the path is not one that this service made.";
    remedy: "Use the id of an onlineMeeting as it was answered.";

    FILTER_NEEDED: 400 "BadRequest", "graph_filter_needed", "Meetings are found by $filter with JoinWebUrl or joinMeetingIdSettings/joinMeetingId.";
    cause: "Online meetings cannot be listed, in Microsoft Graph as here: one is found by its link or its meeting id.";
    remedy: "Add $filter=JoinWebUrl eq '…'; list meetings of a calendar through events.";

    SIGNED_IN_ONLY: 400 "BadRequest", "graph_signed_in_only", "/me request is only valid with delegated authentication flow.";
    cause: "An application asked for /me, but there is no signed-in user behind its token.";
    remedy: "Use /users/{id}.";

    EVENT_ONLINE_FINAL: 400 "ErrorInvalidRequest", "graph_event_online_final", "An online meeting cannot be made offline, and its provider cannot change.";
    cause: "The event has an online meeting already.";
    remedy: "Delete the event and make another.";

    RECURRENCE_INVALID: 400 "ErrorInvalidRequest", "graph_recurrence_invalid", "The recurrence of the event is not valid: {reason}.";
    cause: "The pattern or the range of a series cannot be: an interval that is not 1 to 99, days that are missing, an end before the start, more than 999 occurrences, or no occurrence at all.";
    remedy: "Correct the part that the message names.";

    VIEW_TOO_LARGE: 400 "ErrorInvalidRequest", "graph_view_too_large", "The time window holds too many events.";
    cause: "A window of a calendar, or a list that is to be sorted, holds more than is expanded at once.";
    remedy: "Ask for a shorter window, or leave $orderby out.";

    OCCURRENCE_CROSSES: 400 "ErrorOccurrenceCrossingBoundary", "graph_occurrence_crosses", "Modified occurrence is crossing or overlapping adjacent occurrence.";
    cause: "An occurrence was moved to or beyond the day of the one before or after it.";
    remedy: "Move it less far, or change the series.";

    OCCURRENCE_PROPERTY: 400 "ErrorInvalidRequest", "graph_occurrence_property", "The property '{name}' belongs to the series.";
    cause: "Of a single occurrence that was changed which all occurrences share: the recurrence, the people invited, the online meeting.";
    remedy: "Change the series: seriesMasterId has its id.";

    OCCURRENCE_LIMIT: 400 "ErrorInvalidRequest", "graph_occurrence_limit", "Too many occurrences of the series were changed.";
    cause: "1,000 occurrences of the series are not what it says already: changed, cancelled or deleted.";
    remedy: "Change the series, or make single events.";

    RESPOND_ORGANIZER: 400 "ErrorInvalidRequest", "graph_respond_organizer", "Your request can't be completed. You can't respond to this meeting because you're the meeting organizer.";
    cause: "The organizer answered its own invitation.";
    remedy: "Use cancel, or change the event.";

    RESPOND_UNWANTED: 400 "ErrorInvalidRequest", "graph_respond_unwanted", "Your request can't be completed. The meeting organizer hasn't requested a response.";
    cause: "The event has responseRequested: false, or another time was proposed for one with allowNewTimeProposals: false.";
    remedy: "Do not answer, or answer without proposedNewTime.";

    EVENT_CANCELLED: 400 "ErrorInvalidRequest", "graph_event_cancelled", "Your request can't be completed. The meeting was cancelled.";
    cause: "The organizer has cancelled the event or this occurrence.";
    remedy: "Delete it from the calendar.";

    BATCH_INVALID: 400 "BadRequest", "graph_batch_invalid", "The batch request is not valid.";
    cause: "A batch holds no request or more than 20, ids that are missing or not unique, or a dependency on a request that does not stand before it.";
    remedy: "Correct the batch that the message describes.";

    ACCESS_POLICY: 403 "Forbidden", "graph_access_policy", "No application access policy found for this app.";
    cause: "The application has the permission, but no application access policy lets it act for this user's meetings.";
    remedy: "Grant the user (or everybody) a policy that lists the application, as with New-CsApplicationAccessPolicy and Grant-CsApplicationAccessPolicy.";

    MEETING_LOOKUP: 403 "Forbidden", "graph_meeting_lookup", "3003: User does not have access to lookup meeting.";
    cause: "The user in the path neither organizes the meeting nor is invited to it; a link is looked up for its organizer only.";
    remedy: "Use the organizer's id in the path.";

    NOT_THE_ORGANIZER: 403 "Forbidden", "graph_not_the_organizer", "Only the organizer can do this.";
    cause: "A meeting or event was to be changed, deleted or reported on by somebody who is only invited.";
    remedy: "Use the organizer's id in the path.";

    OTHER_USER: 403 "Forbidden", "graph_other_user", "A signed-in user can do this for itself only.";
    cause: "The path names another user than the one who is signed in.";
    remedy: "Use /me, or an application with an application access policy.";

    CHAT_CLOSED: 403 "Forbidden", "graph_chat_closed", "The chat of this meeting does not take messages now.";
    cause: "The organizer's policy or the meeting's option allowMeetingChat forbids it: chat is off, or limited to the time of the call.";
    remedy: "Change allowMeetingChat, or write while the call runs.";

    USER_NOT_FOUND: 404 "Request_ResourceNotFound", "graph_user_not_found", "Resource '{id}' does not exist or one of its queried reference-property objects are not present.";
    cause: "There is no such user in the caller's tenant.";
    remedy: "Compare id and sign-in name with the directory.";

    ITEM_NOT_FOUND: 404 "NotFound", "graph_item_not_found", "The requested resource does not exist.";
    cause: "There is no such meeting, report, chat, message or member that the caller may know of; links of meetings end 60 days after the meeting.";
    remedy: "Compare the id; make the meeting anew.";

    EVENT_NOT_FOUND: 404 "ErrorItemNotFound", "graph_event_not_found", "The specified object was not found in the store.";
    cause: "There is no such event in this calendar.";
    remedy: "Compare the id; list the calendar's events.";

    ETAG_MISMATCH: 412 "ErrorIrresolvableConflict", "graph_etag_mismatch", "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.";
    cause: "The event has changed since the client read it: If-Match names an older version.";
    remedy: "Read the event again and repeat the change.";

    THROTTLED: 429 "TooManyRequests", "graph_throttled", "Too many requests.";
    cause: "The application made more requests in this tenant, or to this mailbox, than limits.graph allows.";
    remedy: "Wait as many seconds as the header Retry-After says; Graph's clients do.";

    FAILED_DEPENDENCY: 424 "FailedDependency", "graph_failed_dependency", "A request that this one depends on failed.";
    cause: "The request of a batch names another in dependsOn, and that one was refused.";
    remedy: "Look at the answer of the other request.";
}
