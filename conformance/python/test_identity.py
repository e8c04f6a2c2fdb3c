"""azure-communication-identity, unmodified."""

import base64
import datetime
import json

import pytest
from azure.communication.identity import CommunicationIdentityClient, CommunicationTokenScope
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError


@pytest.fixture
def client(service):
    return CommunicationIdentityClient.from_connection_string(service.connection_string)


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))


def test_create_user(client):
    user = client.create_user()
    assert user.properties["id"].startswith("8:acs:")
    assert user.raw_id == user.properties["id"]


def test_create_user_and_token(client, service):
    user, token = client.create_user_and_token([CommunicationTokenScope.CHAT, CommunicationTokenScope.VOIP])
    body = claims(token.token)
    assert "8:" + body["skypeid"] == user.properties["id"]
    assert body["acsScope"] in ("chat,voip", "voip,chat")
    assert body["resourceId"] == service.dev["resource_id"]
    # The default is a day, and what the answer says is what the token says.
    expires = token.expires_on
    if not isinstance(expires, (int, float)):
        expires = datetime.datetime.fromisoformat(expires).timestamp()
    assert abs(expires - body["exp"]) <= 1
    assert 1439 * 60 <= body["exp"] - body["iat"] <= 1441 * 60


def test_get_token_with_each_scope(client):
    user = client.create_user()
    for scope in CommunicationTokenScope:
        token = client.get_token(user, [scope])
        assert claims(token.token)["acsScope"] == scope.value


@pytest.mark.parametrize("minutes", [60, 1440])
def test_token_lifetime(client, minutes):
    user = client.create_user()
    token = client.get_token(user, ["chat"], token_expires_in=datetime.timedelta(minutes=minutes))
    body = claims(token.token)
    assert body["exp"] - body["iat"] == minutes * 60


@pytest.mark.parametrize("minutes", [59, 1441])
def test_token_lifetime_out_of_range(client, minutes):
    user = client.create_user()
    with pytest.raises(HttpResponseError) as error:
        client.get_token(user, ["chat"], token_expires_in=datetime.timedelta(minutes=minutes))
    assert error.value.status_code == 400


def test_revoke_then_issue_again(client):
    user, _ = client.create_user_and_token(["chat"])
    assert client.revoke_tokens(user) is None
    assert client.get_token(user, ["chat"]).token


def test_delete_user(client):
    user = client.create_user()
    assert client.delete_user(user) is None
    with pytest.raises(ResourceNotFoundError):
        client.get_token(user, ["chat"])


def test_wrong_key_is_refused(service):
    wrong = base64.b64encode(b"x" * 64).decode()
    client = CommunicationIdentityClient(service.dev["endpoint"].rstrip("/"), AzureKeyCredential(wrong))
    with pytest.raises(ClientAuthenticationError) as error:
        client.create_user()
    assert error.value.status_code == 401
