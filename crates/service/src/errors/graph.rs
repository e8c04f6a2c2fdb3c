//! Errors of the Microsoft Graph surface.

super::catalogue! { Graph;
    INVALID_AUTHENTICATION_TOKEN: 401 "InvalidAuthenticationToken", "graph_token_invalid", "Access token is empty, expired or not valid here.";
    cause: "The bearer token is missing, expired, or not one of a directory user; tokens of ACS users are not taken here.";
    remedy: "Sign in as a directory user.";

    FORBIDDEN: 403 "Forbidden", "graph_forbidden", "Insufficient privileges to complete the operation.";
    cause: "The token carries none of the permissions that the operation needs: scp of a user's program, roles of an application.";
    remedy: "Grant the application one of them (anteroom app grant) and get a new token.";
}
