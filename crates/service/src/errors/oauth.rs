//! Errors of the OAuth issuer, in the form of RFC 6749 §5.2.

super::catalogue! { Oauth;
    INVALID_REQUEST: 400 "invalid_request", "oauth_invalid_request", "A parameter is missing, given twice or not valid.";
    cause: "The form lacks a parameter that the grant needs, or the tenant in the path does not exist; the description says which.";
    remedy: "Correct the parameter.";

    INVALID_CLIENT: 401 "invalid_client", "oauth_invalid_client", "The client is not known, or its secret is wrong.";
    cause: "client_id is missing or not registered, or client_secret is wrong.";
    remedy: "Use the client id and secret of the application's registration.";

    INVALID_GRANT: 400 "invalid_grant", "oauth_invalid_grant", "The user name or the password is wrong.";
    cause: "There is no such user in the tenant, or the password is another. Which of them is not told.";
    remedy: "Correct name and password; after several failures, wait.";

    UNAUTHORIZED_CLIENT: 400 "unauthorized_client", "oauth_unauthorized_client", "The client may not use this grant.";
    cause: "The application's registration does not allow this grant.";
    remedy: "Use another grant or another application.";

    UNSUPPORTED_GRANT_TYPE: 400 "unsupported_grant_type", "oauth_unsupported_grant_type", "The grant type is not supported.";
    cause: "grant_type is none that this issuer knows.";
    remedy: "Use one that the description names.";

    INVALID_SCOPE: 400 "invalid_scope", "oauth_invalid_scope", "The scope is not valid.";
    cause: "The scope is none that this issuer gives tokens for.";
    remedy: "Ask for https://communication.azure.com//.default (with two slashes).";

    TRY_LATER: 429 "temporarily_unavailable", "oauth_try_later", "Too many failed sign-ins. Try again later.";
    cause: "Too many sign-ins with this name or from this address failed.";
    remedy: "Wait as many seconds as the header Retry-After says.";
}
