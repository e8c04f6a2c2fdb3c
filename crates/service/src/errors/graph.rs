//! Errors of the Microsoft Graph surface.

super::catalogue! { Graph;
    INVALID_AUTHENTICATION_TOKEN: 401 "InvalidAuthenticationToken", "graph_token_invalid", "Access token is empty, expired or not valid here.";
    cause: "The bearer token is missing, expired, or not one of a directory user; tokens of ACS users are not taken here.";
    remedy: "Sign in as a directory user.";
}
