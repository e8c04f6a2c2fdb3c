"""What a developer's test suite asks of a local ACS: the packages' own retries, and expiry without waiting for it."""

import time

import pytest
import requests

from sdk import refused
from signing import AccessKey


@pytest.fixture
def emulator(service):
    """The controls; rules and clock are put back afterwards."""

    def ask(method, path, body=None):
        answer = requests.request(
            method, service.endpoint + path, json=body, auth=AccessKey(service.access_key), timeout=30
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    yield ask
    ask("DELETE", "/emulator/rules")
    ask("DELETE", "/emulator/clock")


def rule(operation, count, **fault):
    return {"operation": operation, "count": count, "fault": fault}


async def test_the_package_waits_as_long_as_it_is_told(sdk, emulator):
    emulator("POST", "/emulator/rules", rule("POST /identities", 2, kind="status", status=429, retryAfterSeconds=1))
    began = time.monotonic()
    assert await sdk.identity(retry_total=3).create_user()
    assert time.monotonic() - began >= 2, "two refusals, a second each"
    emulator("POST", "/emulator/rules", rule("POST /identities", 1, kind="status", status=429, retryAfterSeconds=7))
    with refused(429, "TooManyRequests", message="Rate limit exceeded.") as caught:
        await sdk.identity().create_user()
    assert caught.value.response.headers["Retry-After"] == "7"
    assert await sdk.identity().create_user()


# It repeats a POST after these, not after 502.
@pytest.mark.parametrize(
    "status, code", [(500, "InternalServerError"), (503, "ServiceUnavailable"), (504, "GatewayTimeout")]
)
async def test_the_package_tries_again(sdk, emulator, status, code):
    emulator("POST", "/emulator/rules", rule("* /identities", 1, kind="status", status=status))
    assert await sdk.identity(retry_total=1, retry_backoff_factor=0.01).create_user()
    emulator("POST", "/emulator/rules", rule("* /identities", 1, kind="status", status=status))
    with refused(status, code):
        await sdk.identity().create_user()


async def test_refusals_of_one_operation_only(sdk, emulator):
    ann = await sdk.user()
    made = (await ann.chat.create_chat_thread("Faults")).chat_thread
    emulator("POST", "/emulator/rules", rule("POST /chat/threads/*/messages", 1, kind="status", status=403))
    emulator("POST", "/emulator/rules", rule("GET /chat/threads/*", 1, kind="expiredToken"))
    with refused(403, "Forbidden"):
        await ann.thread(made.id).send_message("no")
    with refused(401, "Unauthorized"):
        await ann.thread(made.id).get_properties()
    assert await ann.thread(made.id).send_message("yes")
    assert (await ann.thread(made.id).get_properties()).id == made.id


async def test_latency(sdk, emulator):
    emulator("POST", "/emulator/rules", rule("POST /identities", 1, kind="latency", milliseconds=700))
    began = time.monotonic()
    assert await sdk.identity().create_user()
    assert time.monotonic() - began >= 0.7


async def test_a_token_expires_when_the_clock_is_stepped(sdk, emulator):
    ann = await sdk.user()
    assert await ann.chat.list_chat_threads() == []
    emulator("POST", "/emulator/clock/:step", {"seconds": 24 * 3600 - 60})
    assert await ann.chat.list_chat_threads() == []
    emulator("POST", "/emulator/clock/:step", {"seconds": 120})
    with refused(401, "Unauthorized"):
        await ann.chat.list_chat_threads()
    token = await sdk.identity().get_token(ann.user, ["chat"])
    assert await sdk.chat(token.token).list_chat_threads() == []


async def test_a_room_is_over_when_the_clock_is_stepped(sdk, emulator):
    rooms = sdk.rooms()
    room = await rooms.create_room()
    emulator("POST", "/emulator/clock/:step", {"seconds": 100 * 86_400})
    later = await rooms.create_room()
    assert later.valid_from > room.valid_from
    assert later.valid_until > room.valid_until
    for made in (room, later):
        await rooms.delete_room(made.id)
