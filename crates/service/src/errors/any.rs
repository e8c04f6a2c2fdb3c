//! Errors of every HTTP surface.

super::catalogue! { Any;
    DENIED: 401 "Denied", "denied", "Denied by the resource provider.";
    cause: "The signature (HMAC-SHA256 with an access key) or the Entra token of the request was refused: another key, another host name than the one signed, a body that is not the one signed, a clock more than the allowed skew away, or no Authorization header at all.";
    remedy: "Take the connection string anew, compare the clocks of client and service, and let a proxy pass the Host header and the request target on unchanged.";

    UNAUTHORIZED: 401 "Unauthorized", "unauthorized", "Request is not authorized.";
    cause: "The bearer token is missing, malformed, of another service, expired or revoked, or its identity was deleted.";
    remedy: "Ask the back end of your application for a new token; official SDKs do so through their token refresher.";

    FORBIDDEN: 403 "Forbidden", "forbidden", "User is not allowed to perform specified action.";
    cause: "The token is good, but its scopes or its holder's part in the thing asked for do not allow this.";
    remedy: "Issue the token with the scope that the operation needs, or act as somebody who may.";

    BAD_REQUEST: 400 "BadRequest", "bad_request", "The request could not be understood by the server due to malformed syntax.";
    cause: "A part of the request is missing or has a form that cannot be read; the message says which.";
    remedy: "Correct the part that the message and the target name.";

    BODY_MISSING: 400 "BadRequest", "body_missing", "The request body is missing.";
    cause: "The operation needs a JSON body and got none.";
    remedy: "Send the body the operation documents.";

    BODY_UNREADABLE: 400 "BadRequest", "body_unreadable", "The request body could not be read.";
    cause: "The connection broke, or the body did not have the length or the transfer coding it announced.";
    remedy: "Repeat the request.";

    BODY_MALFORMED: 400 "BadRequest", "body_malformed", "The request body could not be understood (line {line}, column {column}).";
    cause: "The body is not JSON, is nested too deeply, or a field has another type than documented.";
    remedy: "Look at the position that the message names.";

    PATH_MALFORMED: 400 "BadRequest", "path_malformed", "The path could not be understood.";
    cause: "A path segment is not UTF-8 once it is percent-decoded.";
    remedy: "Percent-encode ids as UTF-8.";

    QUERY_INVALID: 400 "BadRequest", "query_invalid", "The query parameter {name} is not valid.";
    cause: "A query parameter is not a number or a time, is out of range, or is a continuation that this service did not give.";
    remedy: "Send nextLink exactly as it was answered; correct the parameter that the target names.";

    HOST_MISSING: 400 "BadRequest", "host_missing", "The Host header is missing.";
    cause: "The request names no host, or one with characters that no host name has.";
    remedy: "Send a Host header, or :authority in HTTP/2.";

    API_VERSION_UNSPECIFIED: 400 "ApiVersionUnspecified", "api_version_unspecified", "An API version is required, but was not specified.";
    cause: "The query parameter api-version is missing, or is there twice.";
    remedy: "Add api-version once; the answer's header api-supported-versions lists what is known.";

    UNSUPPORTED_API_VERSION: 400 "UnsupportedApiVersion", "unsupported_api_version", "The HTTP resource that matches the request URI '{uri}' does not support the API version '{version}'.";
    cause: "The api-version is none that this API has.";
    remedy: "Use one of those in the answer's header api-supported-versions.";

    NOT_FOUND: 404 "NotFound", "not_found", "The server cannot find the requested resource.";
    cause: "There is no such path, or no such thing under it.";
    remedy: "Compare the endpoint and the path with the documentation of the API.";

    METHOD_NOT_ALLOWED: 405 "MethodNotAllowed", "method_not_allowed", "The method is not allowed on this resource.";
    cause: "The path exists, but not with this method; the answer's header Allow lists those it has.";
    remedy: "Use another method.";

    REQUEST_TIMEOUT: 408 "RequestTimeout", "request_timeout", "The request took too long to arrive.";
    cause: "The body of the request did not come within 30 s.";
    remedy: "Repeat the request; look at the network between client and service.";

    TOO_LARGE: 413 "RequestEntityTooLarge", "too_large", "The request is too large.";
    cause: "The body is longer than limits.body_bytes.";
    remedy: "Send less at a time, or raise limits.body_bytes.";

    UNSUPPORTED_MEDIA_TYPE: 415 "UnsupportedMediaType", "unsupported_media_type", "The media type of the request is not supported.";
    cause: "The Content-Type is none that the operation takes.";
    remedy: "Send application/json.";

    UPGRADE_REQUIRED: 426 "UpgradeRequired", "upgrade_required", "This address speaks WebSocket.";
    cause: "A plain HTTP request came where a WebSocket handshake (RFC 6455 §4.1) belongs, or a proxy took its Upgrade headers away.";
    remedy: "Connect with a WebSocket client; let a proxy pass Upgrade and Connection on.";

    WEBSOCKET_HANDSHAKE: 400 "BadRequest", "websocket_handshake", "The WebSocket handshake is not valid.";
    cause: "A header of the handshake (RFC 6455 §4.1) is missing, has a wrong value, or names no subprotocol that this address speaks.";
    remedy: "Use a WebSocket library, and one of the subprotocols that the message names.";

    TOO_MANY_CONNECTIONS: 429 "TooManyRequests", "too_many_connections", "Too many connections.";
    cause: "The service or the caller's address has as many connections as the limits allow.";
    remedy: "Close connections that are not needed; raise the limits of connections when the load is real.";

    TOO_MANY_REQUESTS: 429 "TooManyRequests", "too_many_requests", "Rate limit exceeded.";
    cause: "The operation was called more often than limits.profile allows for its resource, user or thread.";
    remedy: "Wait as many seconds as the header Retry-After says; official SDKs do. Tests run with limits.profile = \"generous\".";

    TOO_MANY_PASSCODES: 429 "TooManyRequests", "too_many_passcodes", "Too many meeting ids or passcodes were tried.";
    cause: "Meetings were looked for with wrong ids or passcodes more often than limits.passcode_failures_per_source allows for the caller's address, or limits.passcode_failures_per_meeting for the id. It says nothing about whether there is such a meeting.";
    remedy: "Wait as many seconds as the header Retry-After says, and take the link from the invitation.";

    INTERNAL: 500 "InternalServerError", "internal", "An internal error occurred.";
    cause: "A bug of this program; the log has a line about it.";
    remedy: "Report it with the log line and the answer's header MS-CV.";

    UNAVAILABLE: 503 "ServiceUnavailable", "unavailable", "The server is currently unable to handle the request.";
    cause: "The service is stopping, or the database could not be read or written (disk full, I/O error); the log has a line about it. Nothing was changed.";
    remedy: "Repeat the request; look at the disk and the log.";
}
