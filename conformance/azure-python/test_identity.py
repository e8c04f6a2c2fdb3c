"""azure-communication-identity: every operation, and how it is refused."""

import base64
import datetime
import json

import pytest
from azure.communication.identity import CommunicationTokenScope, CommunicationUserIdentifier

from sdk import key, refused

HOUR = datetime.timedelta(minutes=60)


def claims(token):
    """As the packages read them: with the plain alphabet of base64, which `-` and `_` are not in."""
    head, body, signature = token.split(".")
    assert head and signature
    return json.loads(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))


def seconds(expires):
    """What the packages hand on: a number since identity 1.3, a text before."""
    if isinstance(expires, (int, float)):
        return expires
    if isinstance(expires, str):
        expires = datetime.datetime.fromisoformat(expires)
    return expires.timestamp()


#: A well-formed id of another resource.
STRANGER = CommunicationUserIdentifier(
    "8:acs:00000000-1111-2222-3333-444444444444_00000000-5555-6666-7777-888888888888"
)


@pytest.mark.main
async def test_create_user(sdk, service):
    user = await sdk.identity().create_user()
    assert user.properties["id"] == user.raw_id
    kind, _, resource_and_user = user.raw_id.partition("8:acs:")
    resource, guid = resource_and_user.split("_")  # JavaScript takes a third part for a Teams extension user
    assert (kind, resource) == ("", service.dev["resource_id"])
    assert guid


@pytest.mark.main
async def test_create_user_and_token(sdk, service):
    scopes = [CommunicationTokenScope.CHAT, CommunicationTokenScope.VOIP]
    user, token = await sdk.identity().create_user_and_token(scopes)
    body = claims(token.token)
    assert "8:" + body["skypeid"] == user.properties["id"]
    assert sorted(body["acsScope"].split(",")) == ["chat", "voip"]
    assert body["resourceId"] == service.dev["resource_id"]
    assert isinstance(body["exp"], int) and isinstance(body["iat"], int)
    # The default is a day, and what the answer says is what the token says.
    assert body["exp"] - body["iat"] == 1440 * 60
    assert abs(seconds(token.expires_on) - body["exp"]) <= 1


@pytest.mark.needs(identity=(1, 3, 0))
async def test_create_user_and_token_with_a_lifetime(sdk):
    _, token = await sdk.identity().create_user_and_token(["chat"], token_expires_in=HOUR)
    body = claims(token.token)
    assert body["exp"] - body["iat"] == 3600


@pytest.mark.main
async def test_each_scope_alone_and_all_together(sdk):
    identity = sdk.identity()
    user = await identity.create_user()
    for scope in CommunicationTokenScope:
        token = await identity.get_token(user, [scope])
        assert claims(token.token)["acsScope"] == scope.value
    every = [scope.value for scope in CommunicationTokenScope]
    token = await identity.get_token(user, every)
    assert sorted(claims(token.token)["acsScope"].split(",")) == sorted(every)


@pytest.mark.needs(identity=(1, 3, 0))
@pytest.mark.parametrize("minutes", [60, 61, 1440])
async def test_token_lifetime(sdk, minutes):
    identity = sdk.identity()
    user = await identity.create_user()
    token = await identity.get_token(user, ["chat"], token_expires_in=datetime.timedelta(minutes=minutes))
    body = claims(token.token)
    assert body["exp"] - body["iat"] == minutes * 60


@pytest.mark.needs(identity=(1, 3, 0))
@pytest.mark.parametrize("minutes", [-1, 0, 59, 1441, 100_000])
async def test_token_lifetime_out_of_range(sdk, minutes):
    identity = sdk.identity()
    user = await identity.create_user()
    lifetime = datetime.timedelta(minutes=minutes)
    message = f"ExpiresInMinutes value {minutes} is invalid. Value must be within the [60, 1440] interval."
    with refused(400, "ValidationError", target="ExpiresInMinutes", message=message):
        await identity.get_token(user, ["chat"], token_expires_in=lifetime)
    with refused(400, "ValidationError", target="ExpiresInMinutes", message=message):
        await identity.create_user_and_token(["chat"], token_expires_in=lifetime)


async def test_scopes_are_required(sdk):
    identity = sdk.identity()
    user = await identity.create_user()
    with refused(400, "ValidationError", target="Scopes", message="Scopes: The Scopes field is required."):
        await identity.get_token(user, None)
    with refused(400, "ValidationError", target="Scopes"):
        await identity.get_token(user, ["telepathy"])
    with refused(400, "ValidationError"):
        await identity.create_user_and_token(["chat", "telepathy"])


async def test_explicit_nulls_make_a_user_without_a_token(sdk):
    # The package sends both keys as null and then looks for a token that is rightly not there.
    with pytest.raises(AttributeError):
        await sdk.identity().create_user_and_token(None)


@pytest.mark.main
async def test_revoked_tokens_stop_and_new_ones_work_in_the_same_second(sdk):
    identity = sdk.identity()
    user, first = await identity.create_user_and_token(["chat"])
    for _ in range(3):
        assert len(await sdk.chat(first.token).list_chat_threads()) == 0
        assert await identity.revoke_tokens(user) is None
        with refused(401, "Unauthorized"):
            await sdk.chat(first.token).list_chat_threads()
        first = await identity.get_token(user, ["chat"])
    assert len(await sdk.chat(first.token).list_chat_threads()) == 0


@pytest.mark.main
async def test_delete_user(sdk):
    identity = sdk.identity()
    user, token = await identity.create_user_and_token(["chat"])
    assert await identity.delete_user(user) is None
    with refused(401, "Unauthorized"):
        await sdk.chat(token.token).list_chat_threads()
    with refused(404, "NotFound"):
        await identity.get_token(user, ["chat"])
    with refused(404, "NotFound"):
        await identity.revoke_tokens(user)
    assert await identity.delete_user(user) is None, "deleting is idempotent"


async def test_an_identity_of_another_resource(sdk):
    identity = sdk.identity()
    with refused(404, "NotFound"):
        await identity.get_token(STRANGER, ["chat"])
    with refused(404, "NotFound"):
        await identity.revoke_tokens(STRANGER)


@pytest.mark.main
async def test_a_wrong_key_is_refused(sdk):
    wrong = base64.b64encode(b"x" * 64).decode()
    with refused(401, "Denied", message="Denied by the resource provider."):
        await sdk.identity(key(wrong)).create_user()


async def test_an_endpoint_with_a_trailing_slash(sdk, service):
    # This client signs the text behind `https://`, slash included: Azure refuses that too.
    with refused(401, "Denied"):
        await sdk.identity(key(service.access_key), endpoint=service.endpoint + "/").create_user()


async def test_an_endpoint_without_a_scheme(sdk, service):
    bare = service.endpoint.removeprefix("https://")
    assert await sdk.identity(key(service.access_key), endpoint=bare).create_user()


@pytest.mark.parametrize("released", ["2021-03-07", "2022-06-01", "2022-10-01", "2023-10-01"])
async def test_every_released_version(sdk, released):
    identity = sdk.identity(api_version=released)
    user, token = await identity.create_user_and_token(["chat"])
    assert claims(token.token)["acsScope"] == "chat"
    assert await identity.revoke_tokens(user) is None
    assert await identity.delete_user(user) is None


async def test_a_version_that_never_was(sdk):
    with refused(400, "UnsupportedApiVersion"):
        await sdk.identity(api_version="1999-12-31").create_user()


@pytest.mark.main
@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
async def test_exchange_refuses_what_is_no_token(sdk, token):
    with refused(401, "InvalidAccessToken", message="Provided access token is not valid."):
        await sdk.identity().get_token_for_teams_user(token, "app", "user")
    with refused(401, "InvalidAccessToken"):
        await sdk.identity().get_token_for_teams_user(token, "app", "")


async def test_exchange_refuses_a_token_for_chat(sdk):
    person = await sdk.user()
    with refused(401, "InvalidAccessToken"):
        await sdk.identity().get_token_for_teams_user(person.token, "app", "user")
