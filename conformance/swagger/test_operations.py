"""Requests made up from Microsoft's OpenAPI files: every answer is one that the files describe, and none is a 5xx.

Each operation gets one request that must succeed, then made-up ones that keep to the file, then ones that break it. The
draws are the same in every run.
"""

import pathlib
import string

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from results import RECORDER, error_code
from world import World

SPEC = pathlib.Path(__file__).parent / "spec"
FILES = {
    ("Identity", "2023-10-01"): "CommunicationIdentity.json",
    ("Identity", "2025-06-30"): "CommunicationIdentity.json",
    ("Chat", "2024-03-07"): "communicationserviceschat.json",
    ("Chat", "2025-03-15"): "communicationserviceschat.json",
    ("Rooms", "2025-03-13"): "communicationservicesrooms.json",
}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 30
#: The files of Chat do not say how bad input is answered; the service's own recordings do. The body is the same.
UNSAID = ["400", "404", "413"]


@schemathesis.hook
def before_load_schema(context, schema):
    for path, operations in schema.get("paths", {}).items():
        for operation in operations.values():
            if path.startswith("/chat/") and isinstance(operation, dict) and "403" in operation.get("responses", {}):
                for status in UNSAID:
                    operation["responses"].setdefault(status, operation["responses"]["403"])


def operations():
    for (api, version), file in FILES.items():
        schema = schemathesis.openapi.from_path(SPEC / api / "stable" / version / file)
        for result in schema.get_all_operations():
            operation = result.ok()
            yield pytest.param(api, version, operation, id=f"{version} {operation.label}")


@pytest.mark.parametrize("api, version, operation", operations())
def test_operation(service, api, version, operation):
    world = World(service, api)
    label = f"schemathesis, {api} {version}"
    auth = world.auth(api)

    def send(case):
        case.query = {**(case.query or {}), "api-version": version}
        headers = dict(case.headers or {})
        headers.pop("Authorization", None)
        case.headers = headers
        response = case.call(base_url=world.endpoint, session=world.session, auth=auth, timeout=30)
        code = error_code(response.text) if response.status_code >= 400 else None
        RECORDER.add(label, operation.method.upper(), template(operation, version), response.status_code, code)
        # What has no body has no type.
        excluded = [] if response.content else [content_type_conformance, response_schema_conformance]
        case.validate_response(response, checks=[check for check in CHECKS if check not in excluded])
        return response

    if good := world.good(operation.method.upper(), operation.path):
        parameters, body = good
        kept = {"body": body, "media_type": media_type(operation)} if body is not None else {}
        answer = send(operation.Case(path_parameters=parameters, query={}, headers={}, **kept))
        assert answer.status_code < 300, answer.text

    def attempt(mode, data):
        known = {name: world.ids(name) for name in (parameter.name for parameter in operation.path_parameters)}
        fixed = {
            name: data.draw(st.sampled_from(ids), label=name)
            for name, ids in known.items()
            if ids and data.draw(st.integers(0, 9), label="known?") < 8
        }
        case = data.draw(operation.as_strategy(generation_mode=mode, path_parameters=fixed or None))
        if isinstance(case.body, (dict, list)):
            case.body = world.sensible(case.body, lambda: data.draw(st.booleans(), label="sensible?"))
        send(case)

    for mode, examples in ((GenerationMode.POSITIVE, EXAMPLES), (GenerationMode.NEGATIVE, EXAMPLES // 2)):
        options = settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        options(given(mode=st.just(mode), data=st.data())(attempt))()


def template(operation, version):
    """The path with its parameters' names: made-up values are of no interest to the table."""
    assert set(operation.path) <= set(string.printable)
    return f"{operation.path}?api-version={version}"


def media_type(operation):
    return "application/merge-patch+json" if operation.method.lower() == "patch" else "application/json"
