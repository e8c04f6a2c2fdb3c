//! Errors of the emulator's controls, and those it answers on demand. Development mode only.

super::catalogue! { Emulator;
    RULE_INVALID: 400 "BadRequest", "emulator_rule_invalid", "The rule is not valid.";
    cause: "The fault is unknown, a number is out of range, or the rule has neither a count nor a time; the target names the field.";
    remedy: "Correct the field; docs/emulator.md lists the faults.";

    RULE_NOT_FOUND: 404 "NotFound", "emulator_rule_not_found", "There is no such rule.";
    cause: "The rule was cleared, has done its work, or belongs to another resource.";
    remedy: "List the rules.";

    TOO_MANY_RULES: 400 "BadRequest", "emulator_too_many_rules", "There are too many rules.";
    cause: "A resource may have 1,000 rules at a time.";
    remedy: "Clear rules that are no longer needed.";

    CLOCK_INVALID: 400 "BadRequest", "emulator_clock_invalid", "The time is not valid.";
    cause: "The time is not RFC 3339, the step is no number of seconds, or the clock would leave the years 1970 to 9000.";
    remedy: "Send a time as 2026-11-20T12:00:00Z, or a step in seconds.";

    INJECTED_401: 401 "Unauthorized", "injected_401", "Request is not authorized.";
    cause: "A rule of the emulator asked for it.";
    remedy: "Clear the rule.";

    INJECTED_403: 403 "Forbidden", "injected_403", "User is not allowed to perform specified action.";
    cause: "A rule of the emulator asked for it.";
    remedy: "Clear the rule.";

    INJECTED_429: 429 "TooManyRequests", "injected_429", "Rate limit exceeded.";
    cause: "A rule of the emulator asked for it.";
    remedy: "Clear the rule.";

    INJECTED_500: 500 "InternalServerError", "injected_500", "An internal error occurred.";
    cause: "A rule of the emulator asked for it.";
    remedy: "Clear the rule.";

    INJECTED_502: 502 "BadGateway", "injected_502", "The server received an invalid response from an upstream server.";
    cause: "A rule of the emulator asked for it.";
    remedy: "Clear the rule.";

    INJECTED_503: 503 "ServiceUnavailable", "injected_503", "The server is currently unable to handle the request.";
    cause: "A rule of the emulator asked for it.";
    remedy: "Clear the rule.";

    INJECTED_504: 504 "GatewayTimeout", "injected_504", "The server did not receive a timely response from an upstream server.";
    cause: "A rule of the emulator asked for it.";
    remedy: "Clear the rule.";
}
