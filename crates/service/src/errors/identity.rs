//! Errors of ACS Identity.

super::catalogue! { Identity;
    LIFETIME_INVALID: 400 "ValidationError", "lifetime_invalid", "ExpiresInMinutes value {minutes} is invalid. Value must be within the [60, 1440] interval.";
    cause: "A lifetime below one hour or above one day was asked for. On creation, nothing was created.";
    remedy: "Ask for 60 to 1440 minutes, or leave expiresInMinutes out: 1440.";

    SCOPES_REQUIRED: 400 "ValidationError", "scopes_required", "Scopes: The Scopes field is required.";
    cause: "A token was asked for without any scope.";
    remedy: "Name at least one of chat, voip, chat.join, chat.join.limited, voip.join.";

    SCOPE_UNKNOWN: 400 "ValidationError", "scope_unknown", "Scopes: unknown scope.";
    cause: "A scope is none of chat, voip, chat.join, chat.join.limited, voip.join.";
    remedy: "Correct the scope.";

    BODY_MALFORMED: 400 "ValidationError", "identity_body_malformed", "The request body could not be understood (line {line}, column {column}).";
    cause: "The body is not JSON, or a field has another type than documented.";
    remedy: "Look at the position that the message names.";

    NOT_FOUND: 404 "NotFound", "identity_not_found", "The server cannot find the requested resource.";
    cause: "The identity was deleted, is of another resource, or never was.";
    remedy: "Create an identity, and store its id with the user of your application.";

    INVALID_ACCESS_TOKEN: 401 "InvalidAccessToken", "teams_token_invalid", "Provided access token is not valid.";
    cause: "The Entra token given for exchange is empty, expired, or not of an issuer and user that this service knows.";
    remedy: "Get a new token for the Teams user, from the directory this service is configured with.";

    TEAMS_APP_ID_INVALID: 400 "ValidationError", "teams_app_id_invalid", "AppId is missing or does not match the token.";
    cause: "appId is empty, is no id, or is not the application the token was issued to.";
    remedy: "Send the client id of the application that got the token.";

    TEAMS_USER_ID_INVALID: 400 "ValidationError", "teams_user_id_invalid", "UserId is missing or does not match the token.";
    cause: "userId is empty, is no id, or is not the user the token was issued for.";
    remedy: "Send the object id of the user who signed in.";

    ASSIGNMENT_INVALID: 400 "ValidationError", "assignment_invalid", "The assignment is not valid.";
    cause: "The tenant or the object in the path is no id, principalType is neither user nor resourceAccount, or clientIds has more than 100 entries or one that is no id.";
    remedy: "Correct the field that the target names.";

    ASSIGNMENT_NOT_FOUND: 404 "NotFound", "assignment_not_found", "The assignment was not found.";
    cause: "Nobody assigned this object of this tenant to the resource, or the assignment was deleted.";
    remedy: "Create the assignment with PUT.";

    EXCHANGE_FORBIDDEN: 403 "Forbidden", "exchange_forbidden", "The user is not assigned to the resource.";
    cause: "The Entra token is good, but its permissions come to no scope, or there is no assignment of its user for the application it was issued to.";
    remedy: "Ask for the permissions the operation documents; assign the user, with PUT on the assignment.";
}
