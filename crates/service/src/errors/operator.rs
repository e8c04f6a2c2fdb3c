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

    INVALID: 400 "BadRequest", "operator_invalid", "The request is not valid.";
    cause: "An argument is missing or has the wrong form; the message and the target name it.";
    remedy: "Correct the argument.";
}
