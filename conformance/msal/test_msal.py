"""MSAL for Python: every way to a token that a program of a company uses, and how refusals look to it."""

import threading
import webbrowser

import jwt
import msal
import pytest
import requests
from people import parameters, sign_in, sign_in_for_device

GRAPH = "https://graph.microsoft.com/.default"
ACS = "https://communication.azure.com//.default"
REDIRECT = "http://localhost:53211"


@pytest.fixture
def alice(dev):
    return dev["users"][0]


def public(dev, session):
    return msal.PublicClientApplication(
        dev["public_app"]["client_id"], authority=dev["authority"], instance_discovery=False, http_client=session,
    )


def confidential(dev, session, secret=None, **options):
    return msal.ConfidentialClientApplication(
        dev["app"]["client_id"], authority=dev["authority"], client_credential=secret or dev["app"]["client_secret"],
        instance_discovery=False, http_client=session, **options,
    )


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def token_of(answer):
    assert "error" not in answer, answer
    return answer["access_token"]


def test_an_application_gets_a_token_for_graph_and_keeps_it(dev, session):
    app = confidential(dev, session)
    answer = app.acquire_token_for_client([GRAPH])
    said = claims(token_of(answer))
    assert said["aud"] == "https://graph.microsoft.com"
    assert "OnlineMeetings.ReadWrite.All" in said["roles"]
    assert said["tid"] == dev["tenant_id"]
    asked = session.tokens_asked()
    again = app.acquire_token_for_client([GRAPH])
    assert again["token_source"] == "cache"
    assert token_of(again) == token_of(answer)
    assert session.tokens_asked() == asked


def test_an_application_gets_a_token_for_acs(dev, session):
    answer = confidential(dev, session).acquire_token_for_client([ACS])
    assert claims(token_of(answer))["aud"] == "https://communication.azure.com/"


@pytest.mark.parametrize(
    ("secret", "scope", "error"),
    [
        ("wrong", GRAPH, "invalid_client"),
        (None, "https://evil.example/.default", "invalid_scope"),
        (None, "https://graph.microsoft.com/User.Read.All", "invalid_scope"),
    ],
)
def test_an_application_is_refused(dev, session, secret, scope, error):
    answer = confidential(dev, session, secret).acquire_token_for_client([scope])
    assert answer["error"] == error
    assert answer["error_description"]


def test_a_user_by_password_then_silently_then_anew(dev, session, alice):
    app = public(dev, session)
    answer = app.acquire_token_by_username_password(alice["upn"], alice["password"], ["User.Read"])
    said = claims(token_of(answer))
    assert said["oid"] == alice["object_id"]
    assert "User.Read" in said["scp"].split()
    assert answer["id_token_claims"]["preferred_username"] == alice["upn"]
    [account] = app.get_accounts()
    assert account["username"] == alice["upn"]
    assert account["home_account_id"] == f"{alice['object_id']}.{dev['tenant_id']}"

    asked = session.tokens_asked()
    silent = app.acquire_token_silent(["User.Read"], account=account)
    assert token_of(silent) == token_of(answer)
    assert session.tokens_asked() == asked
    fresh = app.acquire_token_silent(["User.Read"], account=account, force_refresh=True)
    assert fresh["token_source"] == "identity_provider"
    assert session.tokens_asked() == asked + 1
    # Another permission: by the refresh token that came with the one before.
    more = app.acquire_token_silent(["Calendars.ReadWrite"], account=account)
    assert "Calendars.ReadWrite" in claims(token_of(more))["scp"].split()
    app.remove_account(account)
    assert app.get_accounts() == []


def test_a_wrong_password_and_an_unknown_user_look_alike(dev, session, alice):
    app = public(dev, session)
    wrong = app.acquire_token_by_username_password(alice["upn"], "wrong", ["User.Read"])
    nobody = app.acquire_token_by_username_password("nobody@contoso.example", "wrong", ["User.Read"])
    assert wrong["error"] == nobody["error"] == "invalid_grant"
    assert wrong["error_description"] == nobody["error_description"]


@pytest.mark.parametrize("kind", [public, confidential])
@pytest.mark.parametrize("mode", ["query", "form_post", None])
def test_a_person_signs_in_on_the_page(dev, session, alice, kind, mode):
    app = kind(dev, session)
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT, response_mode=mode)
    back = parameters(sign_in(flow["auth_uri"], alice))
    answer = app.acquire_token_by_auth_code_flow(flow, back)
    assert claims(token_of(answer))["oid"] == alice["object_id"]
    assert answer["id_token_claims"]["name"] == alice["display_name"]
    [account] = app.get_accounts()
    fresh = app.acquire_token_silent(["User.Read"], account=account, force_refresh=True)
    assert token_of(fresh) != token_of(answer)


def test_an_interactive_program_waits_on_a_port_of_its_own(dev, session, alice):
    def person(url):
        back = sign_in(url, alice)
        requests.post(back.partition("?")[0], data=parameters(back), timeout=30)

    class Person:
        def open(self, url, *_, **__):
            threading.Thread(target=person, args=[url], daemon=True).start()
            return True

    webbrowser.register("person", None, Person(), preferred=True)
    try:
        answer = public(dev, session).acquire_token_interactive(["User.Read"], timeout=60)
    finally:
        webbrowser._tryorder.remove("person")
        del webbrowser._browsers["person"]
    assert claims(token_of(answer))["oid"] == alice["object_id"]


def test_a_device_shows_a_code(dev, session, alice):
    app = public(dev, session)
    flow = app.initiate_device_flow(["User.Read"])
    assert flow["user_code"] in flow["message"]
    assert flow["verification_uri"] in flow["message"]
    # Asked once, before anybody has signed in.
    pending = app.acquire_token_by_device_flow({**flow, "expires_at": 0})
    assert pending["error"] == "authorization_pending"
    hasty = app.acquire_token_by_device_flow({**flow, "expires_at": 0})
    assert hasty["error"] == "slow_down"
    assert "You are signed in" in sign_in_for_device(flow["verification_uri"], flow["user_code"], alice)
    answer = app.acquire_token_by_device_flow(flow)
    assert claims(token_of(answer))["oid"] == alice["object_id"]
    assert answer["id_token_claims"]["preferred_username"] == alice["upn"]
    [account] = app.get_accounts()
    fresh = app.acquire_token_silent(["User.Read"], account=account, force_refresh=True)
    assert token_of(fresh) != token_of(answer)
    # A device code is good once.
    assert app.acquire_token_by_device_flow({**flow, "expires_at": 0})["error"] == "invalid_grant"


def test_a_device_is_told_no(dev, session, alice):
    app = public(dev, session)
    flow = app.initiate_device_flow(["User.Read"])
    sign_in_for_device(flow["verification_uri"], flow["user_code"], alice, step="cancel")
    assert app.acquire_token_by_device_flow(flow)["error"] == "access_denied"
    assert app.initiate_device_flow(["Mail.ReadWrite"])["error"] == "invalid_scope"


def test_a_code_is_good_once(dev, session, alice):
    app = public(dev, session)
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT)
    back = parameters(sign_in(flow["auth_uri"], alice))
    token_of(app.acquire_token_by_auth_code_flow(flow, back))
    [account] = app.get_accounts()
    assert app.acquire_token_by_auth_code_flow(flow, back)["error"] == "invalid_grant"
    # What the code gave before is void with it.
    assert app.acquire_token_silent(["User.Read"], account=account, force_refresh=True) is None


@pytest.mark.parametrize(
    ("name", "value"), [("code_verifier", "x" * 43), ("redirect_uri", "http://localhost:53212")],
)
def test_a_code_is_bound_to_its_request(dev, session, alice, name, value):
    app = public(dev, session)
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT)
    back = parameters(sign_in(flow["auth_uri"], alice))
    answer = app.acquire_token_by_auth_code_flow({**flow, name: value}, back)
    assert answer["error"] == "invalid_grant"


def test_a_refusal_comes_back_to_the_program(dev, session, alice):
    app = public(dev, session)
    flow = app.initiate_auth_code_flow(["Mail.ReadWrite"], redirect_uri=REDIRECT)
    answer = app.acquire_token_by_auth_code_flow(flow, parameters(sign_in(flow["auth_uri"], alice)))
    assert answer["error"] == "invalid_scope"
    elsewhere = app.initiate_auth_code_flow(["User.Read"], redirect_uri="https://evil.example/")
    page = requests.get(elsewhere["auth_uri"], allow_redirects=False, timeout=30)
    assert page.status_code == 400
    assert "location" not in page.headers


def test_a_third_party_verifies_the_id_token(dev, session, alice):
    answer = public(dev, session).acquire_token_by_username_password(alice["upn"], alice["password"], ["User.Read"])
    discovery = requests.get(f"{dev['authority']}/v2.0/.well-known/openid-configuration", timeout=30).json()
    keys = jwt.PyJWKSet.from_dict(requests.get(discovery["jwks_uri"], timeout=30).json())

    def verify(token, audience=dev["public_app"]["client_id"], issuer=discovery["issuer"]):
        key = keys[jwt.get_unverified_header(token)["kid"]]
        required = ["exp", "iat", "nbf", "sub", "oid", "tid", "auth_time"]
        return jwt.decode(
            token, key, algorithms=["RS256"], audience=audience, issuer=issuer, options={"require": required},
        )

    token = answer["id_token"]
    assert verify(token)["oid"] == alice["object_id"]
    with pytest.raises(jwt.InvalidAudienceError):
        verify(token, audience=dev["app"]["client_id"])
    with pytest.raises(jwt.InvalidIssuerError):
        verify(token, issuer="https://evil.example/v2.0")
    head, payload, signature = token.split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        verify(f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")
    info = requests.get(
        discovery["userinfo_endpoint"], headers={"authorization": f"Bearer {answer['access_token']}"}, timeout=30,
    )
    assert info.json()["sub"] == claims(token)["sub"]
