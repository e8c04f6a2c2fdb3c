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

    PASSWORDS_OFF: 400 "invalid_grant", "oauth_passwords_off", "Passwords are switched off in this tenant. Sign in with its provider.";
    cause: "The tenant stands in sign_in.passwords_off, so that its people sign in at an external provider only.";
    remedy: "Sign in on the page (authorization code or device code), or let the operator switch passwords on.";

    EXTERNAL_UNREACHABLE: 502 "temporarily_unavailable", "oauth_external_unreachable", "The provider does not answer now. Try again later, or sign in another way.";
    cause: "The discovery document, the keys, the token endpoint or userinfo of an external provider could not be had in time, without a redirection and in 256 KiB.";
    remedy: "Look at the service's log and at the provider; check sign_in.providers, and that the service reaches the provider over TLS.";

    EXTERNAL_INVALID: 502 "server_error", "oauth_external_invalid", "The provider's answer is not in order. Ask your administrator.";
    cause: "An external provider describes itself as another issuer, does not take the code or our client secret, or its ID token is not good: issuer, audience, azp, nonce, times, algorithm or signature.";
    remedy: "The service's log says which. Compare issuer, client id and secret with the provider's settings.";

    EXTERNAL_DECLINED: 400 "access_denied", "oauth_external_declined", "You were not signed in at the provider. Try again, or sign in another way.";
    cause: "The external provider sent the person back with an error: the person said no, or may not use this application there.";
    remedy: "Sign in again. At the provider, let the person use the application.";

    EXTERNAL_EXPIRED: 400 "invalid_request", "oauth_external_expired", "This sign-in is too old, was used before, or began in another browser. Go back to the application and sign in again.";
    cause: "An external provider's answer came with a state that is unknown, older than 15 minutes, used before, or of another browser; or cookies are blocked.";
    remedy: "Allow cookies for this address, and start again from the application.";

    EXTERNAL_NOT_LINKED: 403 "access_denied", "oauth_external_not_linked", "You are signed in at the provider, but you have no account here. Ask your administrator.";
    cause: "Nobody in the directory is linked to this person of the external provider, and unknown_people does not say that one is to be found or created.";
    remedy: "anteroom user link USER --issuer ISSUER --subject SUBJECT, or set unknown_people.";

    EXTERNAL_NOT_VERIFIED: 403 "access_denied", "oauth_external_not_verified", "The provider has not verified your e-mail address. Verify it there, and sign in again.";
    cause: "The person would be found or named by an e-mail address, and the provider does not say that it has verified it.";
    remedy: "Verify the address at the provider; check email_claim and email_verified_claim, and that the scope email is asked for.";

    EXTERNAL_DOMAIN: 403 "access_denied", "oauth_external_domain", "People of your domain may not sign in here.";
    cause: "The sign-in name or the e-mail address that the provider gives is of no domain in domains, or it gives none.";
    remedy: "Sign in with another account, or add the domain.";

    EXTERNAL_NO_NAME: 403 "access_denied", "oauth_external_no_name", "The provider gives no name that an account could be made with. Ask your administrator.";
    cause: "People are created, and user_claim is missing or not of the form name@domain in ASCII.";
    remedy: "Set user_claim to a claim of that form, email for one.";

    EXTERNAL_NAME_TAKEN: 403 "access_denied", "oauth_external_name_taken", "Your name is taken here by an account that is not linked to you. Ask your administrator.";
    cause: "People are created, and the directory has a user of that name whom nobody linked to this person of the provider.";
    remedy: "If both are the same person: anteroom user link, or unknown_people = link_verified_email_or_create.";

    ACCOUNT_DISABLED: 403 "access_denied", "oauth_account_disabled", "Your account is disabled. Ask your administrator.";
    cause: "The person signed in at an external provider, but may not sign in here.";
    remedy: "anteroom user enable USER.";

    AUTHORIZATION_PENDING: 400 "authorization_pending", "oauth_authorization_pending", "Nobody has signed in with the user code yet.";
    cause: "A device asked for its tokens before the person had typed the user code and signed in (RFC 8628, section 3.5).";
    remedy: "Ask again after as many seconds as interval says.";

    SLOW_DOWN: 400 "slow_down", "oauth_slow_down", "The device asks too often. Its interval is five seconds longer from now on.";
    cause: "A device asked for its tokens sooner than its interval allows (RFC 8628, section 3.5).";
    remedy: "Wait five seconds longer between two questions.";

    EXPIRED_TOKEN: 400 "expired_token", "oauth_expired_token", "The device code has expired. Begin again for a new one.";
    cause: "Nobody signed in with the user code within 15 minutes.";
    remedy: "Ask for a new device code, and show its user code.";

    USER_CODE_UNKNOWN: 400 "invalid_request", "oauth_user_code_unknown", "That code is unknown, expired or used before. Look at the device again.";
    cause: "The user code that was typed is of no device that waits.";
    remedy: "Type the code that the device shows now, or let it begin again.";

    TRY_LATER: 429 "temporarily_unavailable", "oauth_try_later", "Too many failed sign-ins. Try again later.";
    cause: "Too many sign-ins with this name or from this address failed.";
    remedy: "Wait as many seconds as the header Retry-After says.";
}
