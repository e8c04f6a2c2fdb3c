//! Errors of the OAuth issuer, in the form of RFC 6749 §5.2.

super::catalogue! { Oauth;
    INVALID_REQUEST: 400 "invalid_request", "oauth_invalid_request", "A parameter is missing, given twice or not valid.";
    cause: "The form lacks a parameter that the grant needs, or the tenant in the path does not exist; the description says which.";
    remedy: "Correct the parameter.";

    INVALID_CLIENT: 401 "invalid_client", "oauth_invalid_client", "The client is not known, or its secret is wrong.";
    cause: "client_id is missing or not registered, or client_secret is wrong.";
    remedy: "Use the client id and secret of the application's registration.";

    INVALID_GRANT: 400 "invalid_grant", "oauth_invalid_grant", "The user name or the password is wrong.";
    cause: "There is no such user in the tenant, or the password is another. Which of them is not told. Or a code or refresh token is unknown, expired, revoked, used before, or another client's; the description says so.";
    remedy: "Correct name and password; after several failures, wait. Let the person sign in again for a new code.";

    UNAUTHORIZED_CLIENT: 400 "unauthorized_client", "oauth_unauthorized_client", "The client may not use this grant.";
    cause: "The application's registration does not allow this grant.";
    remedy: "Use another grant or another application.";

    UNSUPPORTED_GRANT_TYPE: 400 "unsupported_grant_type", "oauth_unsupported_grant_type", "The grant type is not supported.";
    cause: "grant_type is none that this issuer knows.";
    remedy: "Use one that the description names.";

    INVALID_SCOPE: 400 "invalid_scope", "oauth_invalid_scope", "The scope is not valid.";
    cause: "The scope names an API that is none of this issuer's, or several, or permissions that the application was not granted; an application for itself asks for .default.";
    remedy: "Ask for one API (https://graph.microsoft.com/.default, https://communication.azure.com//.default with two slashes), and grant the permissions (anteroom app grant).";

    UNSUPPORTED_RESPONSE_TYPE: 400 "unsupported_response_type", "oauth_unsupported_response_type", "The only response type is code.";
    cause: "response_type asks for tokens in the redirect, which this issuer does not give.";
    remedy: "Use the authorization code flow with PKCE.";

    ACCESS_DENIED: 400 "access_denied", "oauth_access_denied", "The person did not sign in.";
    cause: "The person chose Cancel on the sign-in page.";
    remedy: "Ask the person to sign in again.";

    LOGIN_REQUIRED: 400 "login_required", "oauth_login_required", "Nobody is signed in in this browser.";
    cause: "prompt=none was asked for, and the person would have to sign in.";
    remedy: "Ask again without prompt=none.";

    INTERACTION_REQUIRED: 400 "interaction_required", "oauth_interaction_required", "The person has to confirm the sign-in.";
    cause: "prompt=none was asked for with a redirect URI on the person's own device, behind which another program could be.";
    remedy: "Ask again without prompt=none.";

    FORM_EXPIRED: 400 "invalid_request", "oauth_form_expired", "This page is too old, or cookies are blocked. Go back to the application and sign in again.";
    cause: "The sign-in form came back without the cookie that its page set, or from another site.";
    remedy: "Allow cookies for this address, and start again from the application.";

    INVALID_TOKEN: 401 "invalid_token", "oauth_invalid_token", "The access token is missing, expired or not valid here.";
    cause: "The userinfo endpoint was called without a good access token for Graph.";
    remedy: "Get a new token.";

    INSUFFICIENT_SCOPE: 403 "insufficient_scope", "oauth_insufficient_scope", "The access token lacks the scope openid.";
    cause: "The userinfo endpoint was called with a token of an application, or one that was not asked for with openid.";
    remedy: "Ask for the scope openid when the person signs in.";

    TRY_LATER: 429 "temporarily_unavailable", "oauth_try_later", "Too many failed sign-ins. Try again later.";
    cause: "Too many sign-ins with this name or from this address failed.";
    remedy: "Wait as many seconds as the header Retry-After says.";
}
