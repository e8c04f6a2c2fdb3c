//! Errors of ACS Chat.

super::catalogue! { Chat;
    NOT_MEMBER: 403 "Forbidden", "chat_not_member", "User is not allowed to perform specified action.";
    cause: "The caller is not a participant of the thread, or no longer.";
    remedy: "Let a participant add the caller to the thread. Guests of a meeting are in its chat only while in its call.";

    NOT_SENDER: 403 "Forbidden", "chat_not_sender", "User is not allowed to perform specified action.";
    cause: "Only the sender of a message may edit or delete it.";
    remedy: "Act as the sender.";

    HOST_MANAGED: 403 "Forbidden", "chat_host_managed", "User is not allowed to perform specified action.";
    cause: "The thread is a meeting's: who is in it is who is in the call, and its properties are the meeting's.";
    remedy: "Schedule, change or delete the meeting; admit or remove people in the call.";

    SCOPE: 403 "Forbidden", "chat_scope", "User is not allowed to perform specified action.";
    cause: "The token lacks the scope: creating, changing and deleting threads needs chat; participants need chat or chat.join; everything else needs any of chat, chat.join, chat.join.limited.";
    remedy: "Issue the token with the scope that the operation needs.";

    THREAD_NOT_FOUND: 404 "NotFound", "chat_thread_not_found", "The chat thread was not found.";
    cause: "The thread was deleted, by a participant or by its retention policy, or never was.";
    remedy: "List the caller's threads; create a thread anew.";

    MESSAGE_NOT_FOUND: 404 "NotFound", "chat_message_not_found", "The chat message was not found.";
    cause: "There is no such message in the thread, or it lies before the history shared with the caller.";
    remedy: "List the messages of the thread.";

    THREAD_EXISTS: 409 "Conflict", "chat_thread_exists", "The chat thread exists already.";
    cause: "A thread of this id exists.";
    remedy: "Use the thread that exists.";

    TOO_LARGE: 413 "RequestEntityTooLarge", "chat_content_too_large", "The message content exceeds 28 KB.";
    cause: "The content has more than 28 KB (28 * 1024 bytes) in UTF-8.";
    remedy: "Shorten the message, or send it in parts.";

    BAD_REQUEST: 400 "BadRequest", "chat_bad_request", "The argument {target} is not valid.";
    cause: "An argument is missing, empty, too long or of the wrong form; the target names it.";
    remedy: "Correct the argument that the target names.";

    UNAVAILABLE: 503 "ServiceUnavailable", "chat_unavailable", "The server is currently unable to handle the request.";
    cause: "The database failed, or the thread was changed by somebody else at the same time. Nothing was changed.";
    remedy: "Repeat the request; official SDKs do.";
}
