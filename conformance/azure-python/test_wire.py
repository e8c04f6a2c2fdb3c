"""What the packages do not show: bodies, headers and refusals as they go over the wire."""

import socket
import ssl
import time
import urllib.parse

import pytest
import requests

from sdk import check_error
from signing import AccessKey, Bearer

IDENTITY, CHAT, ROOMS = "2023-10-01", "2024-03-07", "2025-03-13"


class Wire:
    def __init__(self, service):
        self.service = service
        self.session = requests.Session()
        self.session.verify = service.dev["ca_file"]
        self.key = AccessKey(service.access_key)

    def ask(self, method, target, auth=None, **options):
        return self.session.request(method, self.service.endpoint + target, auth=auth or self.key, timeout=60, **options)

    def token(self, scope="chat"):
        made = self.ask("POST", f"/identities?api-version={IDENTITY}", json={"createTokenWithScopes": [scope]}).json()
        return Bearer(made["accessToken"]["token"])


@pytest.fixture
def wire(service):
    made = Wire(service)
    yield made
    made.session.close()


def error(response, status, code):
    assert response.status_code == status, response.text
    check_error(response.headers["Content-Type"], response.json())
    assert response.json()["error"]["code"] == code
    return response.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"createTokenWithScopes":null,"expiresInMinutes":null}', b'{"createTokenWithScopes":[]}'])
def test_a_user_without_a_token(wire, body):
    made = wire.ask(
        "POST", f"/identities?api-version={IDENTITY}", data=body, headers={"Content-Type": "application/json"}
    )
    assert made.status_code == 201
    assert made.headers["Content-Type"] == "application/json; charset=utf-8"
    assert set(made.json()) == {"identity"}


def test_answers_without_a_body_have_none(wire):
    made = wire.ask("POST", f"/identities?api-version={IDENTITY}").json()["identity"]["id"]
    gone = wire.ask("POST", f"/identities/{made}/:revokeAccessTokens?api-version={IDENTITY}")
    assert (gone.status_code, gone.content) == (204, b"")
    user = wire.token()
    thread = wire.ask("POST", f"/chat/threads?api-version={CHAT}", user, json={"topic": "x"})
    assert thread.status_code == 201
    path = "/chat/threads/" + thread.json()["chatThread"]["id"]
    assert urllib.parse.unquote(thread.headers["Location"]) == wire.service.endpoint + path
    sent = wire.ask("POST", f"{path}/messages?api-version={CHAT}", user, json={"content": "x"})
    assert set(sent.json()) == {"id"}
    assert urllib.parse.unquote(sent.headers["Location"]).endswith(f"{path}/messages/{sent.json()['id']}")
    for target, body in (("typing", None), ("typing", {}), ("readReceipts", {"chatMessageId": sent.json()["id"]})):
        empty = wire.ask("POST", f"{path}/{target}?api-version={CHAT}", user, json=body)
        assert (empty.status_code, empty.content) == (200, b"")
    added = wire.ask("POST", f"{path}/participants/:add?api-version={CHAT}", user, json={"participants": [{
        "communicationIdentifier": {"communicationUser": {"id": made}}}]})
    assert (added.status_code, added.json()) == (201, {})
    merge = {"Content-Type": "application/merge-patch+json"}
    for headers in (merge, {"Content-Type": "application/json"}):
        patched = wire.ask("PATCH", f"{path}?api-version={CHAT}", user, data=b'{"topic":"y"}', headers=headers)
        assert (patched.status_code, patched.content) == (204, b"")


def test_every_spelling_of_a_thread_id(wire):
    user = wire.token()
    thread = wire.ask("POST", f"/chat/threads?api-version={CHAT}", user, json={"topic": "x"}).json()["chatThread"]["id"]
    every_byte = "".join(f"%{byte:02x}" for byte in thread.encode())
    for spelled in (thread, urllib.parse.quote(thread, safe=""), urllib.parse.quote(thread, safe=":"), every_byte):
        # `requests` would tidy up what needs no encoding.
        prepared = requests.Request("GET", wire.service.endpoint, auth=user).prepare()
        prepared.url = f"{wire.service.endpoint}/chat/threads/{spelled}?api-version={CHAT}"
        seen = wire.session.send(prepared, timeout=30)
        assert (seen.status_code, seen.json().get("id")) == (200, thread), spelled
    for broken, status, code in (("%ff%fe", 400, "BadRequest"), ("%2e%2e", 404, "NotFound"), ("%00", 404, "NotFound")):
        prepared = requests.Request("GET", wire.service.endpoint, auth=user).prepare()
        prepared.url = f"{wire.service.endpoint}/chat/threads/{broken}?api-version={CHAT}"
        error(wire.session.send(prepared, timeout=30), status, code)


def test_next_links_are_whole_and_plain(wire):
    user = wire.token()
    for number in range(3):
        wire.ask("POST", f"/chat/threads?api-version={CHAT}", user, json={"topic": f"{number}"})
    since = "2020-01-01T00%3A00%3A00Z"
    page = wire.ask("GET", f"/chat/threads?maxPageSize=1&startTime={since}&api-version={CHAT}", user).json()
    link = urllib.parse.urlsplit(page["nextLink"])
    assert f"{link.scheme}://{link.netloc}" == wire.service.endpoint, "the same authority as the request's"
    query = urllib.parse.parse_qs(link.query)
    assert query["maxPageSize"] == ["1"] and query["api-version"] == [CHAT]
    last = wire.ask("GET", f"/chat/threads?maxPageSize=100&api-version={CHAT}", user).json()
    assert "nextLink" not in last
    broken = f"/chat/threads?maxPageSize=1&api-version={CHAT}&" + "&".join(
        f"{name}=!!!" for name in query if name not in ("maxPageSize", "api-version", "startTime")
    )
    error(wire.ask("GET", broken, user), 400, "BadRequest")


def test_rooms_page_with_the_name_of_an_enumeration(wire):
    seen = wire.ask("GET", "/rooms?api-version=ApiVersion.V2025_03_13")
    assert seen.status_code == 200
    error(wire.ask("GET", "/rooms?api-version=ApiVersion.V1999_12_31"), 400, "UnsupportedApiVersion")


@pytest.mark.parametrize("path, method", [("/identities", "POST"), ("/chat/threads", "GET"), ("/rooms", "GET")])
def test_versions(wire, path, method):
    auth = wire.token() if path.startswith("/chat") else None
    error(wire.ask(method, path, auth), 400, "ApiVersionUnspecified")
    answer = wire.ask(method, f"{path}?api-version=nonsense", auth)
    error(answer, 400, "UnsupportedApiVersion")
    assert len(answer.headers["api-supported-versions"].split(",")) >= 3


def test_room_times_have_one_to_six_digits(wire):
    room = wire.ask("POST", f"/rooms?api-version={ROOMS}", json={"validFrom": None, "validUntil": None, "participants": {}})
    assert room.status_code == 201
    assert set(room.json()) == {"id", "createdAt", "validFrom", "validUntil", "pstnDialOutEnabled"}
    for name in ("createdAt", "validFrom", "validUntil"):
        fraction = room.json()[name].partition(".")[2].rpartition("+")[0]
        assert 1 <= len(fraction) <= 6 and fraction.isdigit(), room.json()[name]
    room_id = room.json()["id"]
    kept = wire.ask("PATCH", f"/rooms/{room_id}?api-version={ROOMS}", json={"validFrom": None, "pstnDialOutEnabled": None})
    assert kept.json() == room.json()
    nobody = wire.ask("PATCH", f"/rooms/{room_id}/participants?api-version={ROOMS}", json={"participants": {}})
    assert (nobody.status_code, nobody.json()) == (200, {})


def test_a_room_is_made_once(wire):
    once = {"Repeatability-Request-ID": "7b5f5d0e-5c2f-4e9b-9df4-0c6a3b1d2e4f", "Repeatability-First-Sent": "Fri, 20 Nov 2026 21:38:59 GMT"}
    first = wire.ask("POST", f"/rooms?api-version={ROOMS}", json={}, headers=once)
    again = wire.ask("POST", f"/rooms?api-version={ROOMS}", json={}, headers={name.lower(): text for name, text in once.items()})
    assert first.status_code == again.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["Repeatability-Result"] == again.headers["Repeatability-Result"] == "accepted"


BODIES = {
    "cut short": b"{",
    "a list": b"[]",
    "a text": b'"text"',
    "no UTF-8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "deep inside": b'{"scopes":[' + b"[" * 10_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_bodies_that_are_none(wire, body):
    made = wire.ask("POST", f"/identities?api-version={IDENTITY}").json()["identity"]["id"]
    target = f"/identities/{made}/:issueAccessToken?api-version={IDENTITY}"
    answer = wire.ask("POST", target, data=body, headers={"Content-Type": "application/json"})
    error(answer, 400, "ValidationError")
    answer = wire.ask("POST", f"/rooms?api-version={ROOMS}", data=body, headers={"Content-Type": "application/json"})
    error(answer, 400, "BadRequest")
    answer = wire.ask(
        "POST", f"/chat/threads?api-version={CHAT}", wire.token(), data=body, headers={"Content-Type": "application/json"}
    )
    error(answer, 400, "BadRequest")


@pytest.mark.parametrize("scopes", ["chat", [1], {}, [None], [["chat"]]], ids=str)
def test_scopes_that_are_none(wire, scopes):
    made = wire.ask("POST", f"/identities?api-version={IDENTITY}").json()["identity"]["id"]
    target = f"/identities/{made}/:issueAccessToken?api-version={IDENTITY}"
    error(wire.ask("POST", target, json={"scopes": scopes}), 400, "ValidationError")


def test_ten_megabytes(wire):
    """The client writes all of it before it reads, and must still see why it was refused."""
    target = f"/identities?api-version={IDENTITY}"
    error(wire.ask("POST", target, data=b" " * 10_000_000), 413, "RequestEntityTooLarge")
    error(wire.ask("POST", "/nowhere", data=b" " * 10_000_000), 404, "NotFound")


def test_paths_and_methods_that_are_not_there(wire):
    error(wire.ask("GET", f"/nowhere?api-version={IDENTITY}"), 404, "NotFound")
    answer = wire.ask("PUT", f"/identities?api-version={IDENTITY}")
    error(answer, 405, "MethodNotAllowed")
    assert "POST" in answer.headers["Allow"]


def test_browsers_may_call_from_anywhere(wire):
    wanted = "authorization, content-type, x-ms-client-request-id, x-ms-useragent, repeatability-request-id"
    answer = wire.session.options(
        f"{wire.service.endpoint}/chat/threads?api-version={CHAT}",
        headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted},
        timeout=30,
    )
    assert answer.status_code < 300
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert {name.strip() for name in wanted.split(",")} <= allowed, "`*` does not cover authorization"
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert method in answer.headers["Access-Control-Allow-Methods"]
    seen = wire.ask("GET", f"/chat/threads?api-version={CHAT}", wire.token(), headers={"Origin": "https://app.example"})
    assert seen.headers["Access-Control-Allow-Origin"] in ("*", "https://app.example")
    assert seen.headers["Access-Control-Expose-Headers"]
    refusal = wire.ask("GET", f"/chat/threads?api-version={CHAT}", Bearer("x"), headers={"Origin": "https://app.example"})
    assert refusal.headers["Access-Control-Allow-Origin"], "a page has to be able to read why"


def test_a_connection_that_says_nothing_is_closed(service):
    """Slow-loris: half a request, for longer than a request may take."""
    with dial(service) as stream:
        stream.sendall(b"POST /identities HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        began = time.monotonic()
        while stream.recv(4096):
            pass
        assert time.monotonic() - began < 60


def dial(service):
    """A TLS connection of one's own."""
    address = urllib.parse.urlsplit(service.endpoint)
    context = ssl.create_default_context(cafile=service.dev["ca_file"])
    plain = socket.create_connection((address.hostname, address.port), timeout=90)
    return context.wrap_socket(plain, server_hostname=address.hostname)
