//! Errors of the administrators' interface.

super::catalogue! { Admin;
    NOT_AN_OPERATOR: 403 "Forbidden", "not_an_operator", "This is for operators of the service only.";
    cause: "Resources, their access keys, rooms and tenants other than the caller's own are the business of the service's operators. The caller administers a tenant, but is no operator.";
    remedy: "Ask an operator, or have the sign-in name or the object id added to operators in the configuration.";

    USER_NOT_FOUND: 404 "NotFound", "admin_user_not_found", "There is no such user, or no such meeting of the user.";
    cause: "No user of the tenant has this sign-in name or object id, or the meeting is somebody else's.";
    remedy: "Search for the user.";

    MEETING_NOT_RUNNING: 404 "NotFound", "meeting_not_running", "Nobody is in this meeting.";
    cause: "The meeting is over, is another tenant's, or never was.";
    remedy: "Look at the list of running meetings anew.";
}
