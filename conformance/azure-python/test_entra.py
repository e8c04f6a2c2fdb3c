"""Entra ID's way in: azure-identity against the service's own issuer, instead of an access key."""

import pytest
import requests

from sdk import refused
from signing import AccessKey
from test_identity import claims

@pytest.fixture
def app(service):
    """The demo's registered application."""
    return service.dev["app"]


def credential(sdk, service, app, secret=None):
    return sdk.client_secret(service.dev["tenant_id"], app["client_id"], secret or app["client_secret"])


async def test_identity(sdk, service, app):
    identity = sdk.identity(credential(sdk, service, app))
    user, token = await identity.create_user_and_token(["chat"])
    assert claims(token.token)["acsScope"] == "chat"
    assert (await identity.get_token(user, ["voip"])).token
    await identity.revoke_tokens(user)
    await identity.delete_user(user)
    with refused(404, "NotFound"):
        await identity.get_token(user, ["chat"])


async def test_rooms(sdk, service, app):
    rooms = sdk.rooms(credential(sdk, service, app))
    room = await rooms.create_room()
    assert (await rooms.get_room(room.id)).id == room.id
    assert room.id in [one.id for one in await rooms.list_rooms()]
    await rooms.delete_room(room.id)


async def test_a_wrong_secret(sdk, service, app):
    from azure.core.exceptions import ClientAuthenticationError

    with pytest.raises(ClientAuthenticationError) as caught:
        await sdk.identity(credential(sdk, service, app, secret="wrong")).create_user()
    assert "its secret is wrong" in str(caught.value)


async def test_a_token_for_chat_is_no_entra_token(sdk, service):
    from azure.core.credentials import AccessToken

    class Fixed:
        """A credential with this token, whatever is asked for."""

        def __init__(self, token):
            self.token = AccessToken(token, 2**33)

        def get_token(self, *_, **__):
            return self.token

    class AsyncFixed(Fixed):
        async def get_token(self, *_, **__):
            return self.token

    person = await sdk.user()
    fixed = (Fixed if sdk.flavour == "sync" else AsyncFixed)(person.token)
    with refused(401, "Denied"):
        await sdk.identity(fixed).create_user()
    with refused(401, "Denied"):
        await sdk.rooms(fixed).create_room()


def signed_in(service, app, upn, password):
    """A Teams user's token for Azure Communication Services, by the password grant."""
    answer = requests.post(
        f"{service.endpoint}/{service.dev['tenant_id']}/oauth2/v2.0/token",
        data={
            "grant_type": "password",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "username": upn,
            "password": password,
            "scope": "https://auth.msft.communication.azure.com/.default",
        },
        verify=service.dev["ca_file"],
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


@pytest.mark.main
async def test_exchange_of_a_teams_users_token(sdk, service, app):
    alice, bob = service.dev["users"][:2]
    token = signed_in(service, app, alice["upn"], alice["password"])
    identity = sdk.identity()
    mine = await identity.get_token_for_teams_user(token, app["client_id"], alice["object_id"])
    assert claims(mine.token)["skypeid"] == f"orgid:{alice['object_id']}"
    body = token.split(".")[1]
    assert abs(claims(mine.token)["exp"] - claims(f"x.{body}.x")["exp"]) <= 1, "not longer than the token it came from"
    for client_id, user_id in (
        ("", alice["object_id"]),
        (app["client_id"], ""),
        ("nonsense", alice["object_id"]),
        (app["client_id"], "nonsense"),
        (app["client_id"], bob["object_id"]),
        (alice["object_id"], alice["object_id"]),
    ):
        with refused(400, "ValidationError"):
            await identity.get_token_for_teams_user(token, client_id, user_id)


def test_a_signature_still_works_beside_it(service):
    answer = requests.post(
        f"{service.endpoint}/identities?api-version=2023-10-01", auth=AccessKey(service.access_key), timeout=30
    )
    assert answer.status_code == 201
