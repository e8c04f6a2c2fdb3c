//! Errors of the operator's interface.

super::catalogue! { Operator;
    DENIED: 401 "Denied", "operator_denied", "Denied by the resource provider.";
    cause: "The operator's credential is missing or wrong.";
    remedy: "Run the command on the machine of the service, with its data directory.";

    RESOURCE_NOT_FOUND: 404 "NotFound", "resource_not_found", "The resource was not found.";
    cause: "There is no resource of this id or name.";
    remedy: "List the resources.";

    RESOURCE_EXISTS: 409 "Conflict", "resource_exists", "A resource of this name exists already.";
    cause: "Names of resources are unique in one service.";
    remedy: "Choose another name.";

    TENANT_NOT_FOUND: 404 "NotFound", "tenant_not_found", "The tenant was not found.";
    cause: "There is no tenant of this id or name.";
    remedy: "List the tenants.";

    WEBHOOK_NOT_FOUND: 404 "NotFound", "webhook_not_found", "The webhook was not found.";
    cause: "There is no webhook of this id.";
    remedy: "List the webhooks.";

    WEBHOOK_ADDRESS_REFUSED: 400 "AddressRefused", "webhook_address_refused", "The target's address must not be sent to.";
    cause: "The target's name leads to this machine, to a private network or to a service that hands out credentials, and to no public address.";
    remedy: "Use a public address, or name the network in webhooks.allow_private_targets.";

    WEBHOOK_NO_CONSENT: 400 "NoConsent", "webhook_no_consent", "The target does not agree to be sent to.";
    cause: "webhooks.handshake is on, and the target did not answer OPTIONS with WebHook-Allowed-Origin.";
    remedy: "Let the target answer the handshake of CloudEvents' HTTP webhooks, or turn webhooks.handshake off.";

    WEBHOOKS_TOO_MANY: 409 "Conflict", "webhooks_too_many", "There are too many webhooks.";
    cause: "One service has at most 64 webhooks.";
    remedy: "Delete those that nobody needs.";

    DIRECTORY_NOT_FOUND: 404 "NotFound", "directory_not_found", "There is no such {object}.";
    cause: "There is no tenant, user, group, application or part of one of this name or id.";
    remedy: "List what there is.";

    DIRECTORY_EXISTS: 409 "Conflict", "directory_exists", "There is {object} of that name already.";
    cause: "Sign-in names are unique in one service, names of groups in their tenant.";
    remedy: "Choose another name.";

    INVALID: 400 "BadRequest", "operator_invalid", "The request is not valid.";
    cause: "An argument is missing or has the wrong form; the message and the target name it.";
    remedy: "Correct the argument.";
}
