//! Errors of real-time notifications.

super::catalogue! { Realtime;
    SCOPE: 403 "Forbidden", "realtime_scope", "User is not allowed to perform specified action.";
    cause: "The token has no scope for chat.";
    remedy: "Issue the token with chat, chat.join or chat.join.limited.";

    REGISTRATION_INVALID: 400 "BadRequest", "realtime_registration_invalid", "The registration is not valid.";
    cause: "The registration lacks its id, its transports or a path that this service gave.";
    remedy: "Use the official SDK, or send the registration as it does.";

    SOCKET_UNKNOWN: 404 "NotFound", "realtime_socket_unknown", "The connection is not known.";
    cause: "The connection was never opened here, or was closed and its time to resume is over.";
    remedy: "Open a new connection and register again.";

    TOO_MANY_SOCKETS: 429 "TooManyRequests", "realtime_too_many_sockets", "Too many connections.";
    cause: "The user, the resource or the service has as many notification sockets as the limits allow.";
    remedy: "Stop notifications in clients that are not used; raise the limit when the load is real.";
}
