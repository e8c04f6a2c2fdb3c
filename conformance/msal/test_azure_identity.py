"""azure-identity for Python: its credentials, and how refusals look to them."""

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import AuthorizationCodeCredential, ClientSecretCredential, DeviceCodeCredential
from people import parameters, sign_in, sign_in_for_device

GRAPH = "https://graph.microsoft.com/.default"
ACS = "https://communication.azure.com//.default"
REDIRECT = "http://localhost:53211"


def common(dev, session):
    return {
        "authority": dev["endpoint"],
        "disable_instance_discovery": True,
        "transport": RequestsTransport(session=session, session_owner=False),
        "retry_total": 0,
    }


def secret(dev, session, value=None):
    app = dev["app"]
    return ClientSecretCredential(
        dev["tenant_id"], app["client_id"], value or app["client_secret"], **common(dev, session),
    )


@pytest.mark.parametrize(
    ("scope", "audience"), [(GRAPH, "https://graph.microsoft.com"), (ACS, "https://communication.azure.com/")],
)
def test_a_secret(dev, azure_session, scope, audience):
    credential = secret(dev, azure_session)
    token = credential.get_token(scope)
    assert jwt.decode(token.token, options={"verify_signature": False})["aud"] == audience
    asked = azure_session.tokens_asked()
    assert credential.get_token(scope).token == token.token
    assert azure_session.tokens_asked() == asked


def test_a_wrong_secret(dev, azure_session):
    with pytest.raises(ClientAuthenticationError, match="client is not known, or its secret is wrong"):
        secret(dev, azure_session, "wrong").get_token(GRAPH)


def code_of(dev):
    app, alice = dev["app"], dev["users"][0]
    uri = (
        f"{dev['authority']}/oauth2/v2.0/authorize?client_id={app['client_id']}&response_type=code"
        f"&redirect_uri={REDIRECT}&scope=User.Read%20offline_access"
    )
    return parameters(sign_in(uri, alice))["code"]


def by_code(dev, session, code):
    app = dev["app"]
    return AuthorizationCodeCredential(
        dev["tenant_id"], app["client_id"], code, REDIRECT, client_secret=app["client_secret"], **common(dev, session),
    )


def test_a_code(dev, azure_session):
    credential = by_code(dev, azure_session, code_of(dev))
    token = credential.get_token("User.Read")
    said = jwt.decode(token.token, options={"verify_signature": False})
    assert said["oid"] == dev["users"][0]["object_id"]
    assert "User.Read" in said["scp"].split()
    asked = azure_session.tokens_asked()
    assert credential.get_token("User.Read").token == token.token
    assert azure_session.tokens_asked() == asked


def test_a_device(dev, azure_session):
    alice = dev["users"][0]

    def prompt(uri, code, expires_on):
        sign_in_for_device(uri, code, alice)

    credential = DeviceCodeCredential(
        dev["public_app"]["client_id"], tenant_id=dev["tenant_id"], prompt_callback=prompt, **common(dev, azure_session),
    )
    token = credential.get_token("User.Read")
    assert jwt.decode(token.token, options={"verify_signature": False})["oid"] == alice["object_id"]
    asked = azure_session.tokens_asked()
    assert credential.get_token("User.Read").token == token.token
    assert azure_session.tokens_asked() == asked


def test_a_code_that_is_none(dev, azure_session):
    with pytest.raises(ClientAuthenticationError):
        by_code(dev, azure_session, "x").get_token("User.Read")
