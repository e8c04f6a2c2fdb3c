"""How clients that are not here sign: .NET, Java, the SDKs of 2021, and JavaScript's and Python's ways with a query.

Every form that a released client sends is accepted, and nothing else.
"""

import base64
import email.utils
import hashlib
import time
import urllib.parse

import pytest
import requests

from sdk import check_error
from signing import AccessKey, signature

VERSION = "2023-10-01"
EMPTY = base64.b64encode(hashlib.sha256(b"").digest()).decode()


@pytest.fixture
def http(service):
    with requests.Session() as session:
        session.verify = service.dev["ca_file"]
        yield session


def signed(service, method, target, host=None, key=None, headers=None, body=b"", date=None, names=None, target_signed=None):
    """Headers for a request signed by hand."""
    authority = service.endpoint.removeprefix("https://")
    date = date or email.utils.formatdate(usegmt=True)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    names = names or ["x-ms-date", "host", "x-ms-content-sha256"]
    values = {"x-ms-date": date, "date": date, "host": host or authority, "x-ms-content-sha256": digest}
    made = signature(
        key or service.access_key, method, target_signed or target, ";".join(values[name] for name in names)
    )
    return {
        **{name: values[name] for name in names if name != "host"},
        "x-ms-content-sha256": digest,
        "Authorization": f"HMAC-SHA256 SignedHeaders={';'.join(names)}&Signature={made}",
        **(headers or {}),
    }


def ask(http, service, method, target, **how):
    body = how.pop("body", b"")
    headers = signed(service, method, target, body=body, **how)
    return http.request(method, service.endpoint + target, headers=headers, data=body, timeout=30)


def denied(response):
    assert response.status_code == 401
    check_error(response.headers["Content-Type"], response.json())
    assert response.json()["error"]["code"] == "Denied"


def test_dates_of_both_kinds(http, service):
    target = f"/identities?api-version={VERSION}"
    assert ask(http, service, "POST", target).status_code == 201
    names = ["date", "host", "x-ms-content-sha256"]
    assert ask(http, service, "POST", target, names=names).status_code == 201, "the SDKs of 2021 sign Date"
    both = {"Date": email.utils.formatdate(usegmt=True)}
    assert ask(http, service, "POST", target, headers=both).status_code == 201, ".NET and Java send both, and sign x-ms-date"


def test_names_in_any_order_but_all_of_them(http, service):
    target = f"/identities?api-version={VERSION}"
    names = ["host", "x-ms-content-sha256", "x-ms-date"]
    assert ask(http, service, "POST", target, names=names).status_code == 201
    for missing in names:
        denied(ask(http, service, "POST", target, names=[name for name in names if name != missing]))


def test_java_signs_the_host_without_its_port(http, service):
    target = f"/identities?api-version={VERSION}"
    host = urllib.parse.urlsplit(service.endpoint).hostname
    assert ask(http, service, "POST", target, host=host, headers={"Host": host}).status_code == 201
    assert ask(http, service, "POST", target, host=host).status_code == 201
    denied(ask(http, service, "POST", target, host="example.com"))


def test_three_ways_to_sign_a_path_and_a_query(http, service):
    made = ask(http, service, "POST", f"/identities?api-version={VERSION}").json()["identity"]["id"]
    quoted = urllib.parse.quote(made, safe="")
    for sent, ways in {
        f"/identities/{quoted}/:revokeAccessTokens?api-version={VERSION}&x=a%20b%2Bc": [
            f"/identities/{quoted}/:revokeAccessTokens?api-version={VERSION}&x=a%20b%2Bc",  # as sent
            f"/identities/{made}/:revokeAccessTokens?api-version={VERSION}&x=a b+c",  # Python rooms: decoded
            f"/identities/{quoted}/:revokeAccessTokens?api-version={VERSION}&x=a+b%2Bc",  # JS: as a form
        ],
    }.items():
        for way in ways:
            assert ask(http, service, "POST", sent, target_signed=way).status_code == 204, way
        for wrong in (sent.replace("&x=a%20b%2Bc", ""), sent.replace(quoted, quoted[:-1]), sent + "1"):
            denied(ask(http, service, "POST", sent, target_signed=wrong))


def test_what_was_changed_on_the_way(http, service):
    target = f"/identities?api-version={VERSION}"
    body = b'{"createTokenWithScopes":["chat"]}'
    good = signed(service, "POST", target, body=body)
    json_type = {"Content-Type": "application/json"}

    def send(headers, data=body, method="POST", path=target):
        return http.request(method, service.endpoint + path, headers={**json_type, **headers}, data=data, timeout=30)

    assert send(good).status_code == 201
    denied(send(good, data=b'{"createTokenWithScopes":["voip"]}'))
    denied(send({**good, "x-ms-content-sha256": EMPTY}))
    denied(send({**good, "x-ms-date": email.utils.formatdate(time.time() - 1, usegmt=True)}))
    denied(send(good, path=target + "&x=1"))
    denied(send({**good, "Authorization": good["Authorization"][:-4] + "AAA="}))
    for nonsense in ("HMAC-SHA256", "HMAC-SHA256 SignedHeaders=&Signature=", "Basic eDp5", "HMAC-SHA256 " + "x" * 5000):
        denied(send({**good, "Authorization": nonsense}))
    unsigned = {name: value for name, value in good.items() if name != "Authorization"}
    denied(send(unsigned))


@pytest.mark.parametrize("off", [-360, 360])
def test_a_clock_that_is_off(http, service, off):
    target = f"/identities?api-version={VERSION}"
    denied(ask(http, service, "POST", target, date=email.utils.formatdate(time.time() + off, usegmt=True)))
    within = email.utils.formatdate(time.time() + off * 2 / 3, usegmt=True)
    assert ask(http, service, "POST", target, date=within).status_code == 201
    denied(ask(http, service, "POST", target, date="yesterday"))


def test_another_key(http, service):
    denied(ask(http, service, "POST", f"/identities?api-version={VERSION}", key="eHh4eA=="))


def test_chat_never_takes_a_signature(http, service):
    response = http.get(
        f"{service.endpoint}/chat/threads?api-version=2024-03-07", auth=AccessKey(service.access_key), timeout=30
    )
    assert (response.status_code, response.json()["error"]["code"]) == (401, "Unauthorized")
