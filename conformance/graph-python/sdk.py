"""msgraph-sdk, unmodified: another base URL, another authority, a hook that records what was asked and answered."""

import contextlib
import importlib.metadata
from urllib.parse import urlsplit

import httpx
import pytest
import requests
from azure.core.credentials import AccessToken
from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.api_error import APIError
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.graph_request_adapter import options
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core import GraphClientFactory

from results import RECORDER, error_code

LABEL = f"Python msgraph {importlib.metadata.version('msgraph-sdk')}"
SCOPE = "https://graph.microsoft.com/.default"


class Signed:
    """A credential of somebody who has signed in already."""

    def __init__(self, token):
        self.token = AccessToken(token, 2**33)

    async def get_token(self, *_, **__):
        return self.token


class Sdk:
    def __init__(self, service):
        self.service = service
        self._opened = []

    def user(self, upn):
        """The client of a demo user."""
        user = next(user for user in self.service.dev["users"] if user["upn"] == upn)
        answer = requests.post(
            f"{self.service.endpoint}/{self.service.dev['tenant_id']}/oauth2/v2.0/token",
            data={
                "grant_type": "password",
                "client_id": self.service.dev["public_app"]["client_id"],
                "username": upn,
                "password": user["password"],
                "scope": SCOPE,
            },
            timeout=60,
        )
        answer.raise_for_status()
        return self.client(Signed(answer.json()["access_token"]))

    def app(self, secret=None):
        """The client of the demo application, through azure-identity."""
        app = self.service.dev["app"]
        credential = ClientSecretCredential(
            self.service.dev["tenant_id"],
            app["client_id"],
            secret or app["client_secret"],
            authority=self.service.endpoint,
            disable_instance_discovery=True,
        )
        self._opened.append(credential)
        return self.client(credential)

    def client(self, credential):
        host = urlsplit(self.service.endpoint)
        provider = AzureIdentityAuthenticationProvider(
            credential, scopes=[SCOPE], allowed_hosts=[host.netloc, host.hostname]
        )
        http = httpx.AsyncClient(timeout=60, event_hooks={"response": [record]})
        http = GraphClientFactory.create_with_default_middleware(client=http, options=options)
        adapter = GraphRequestAdapter(provider, client=http)
        adapter.base_url = f"{self.service.endpoint}/v1.0"
        self._opened.append(http)
        return GraphServiceClient(request_adapter=adapter)

    async def close(self):
        for opened in self._opened:
            close = getattr(opened, "aclose", None) or opened.close
            await close()


async def record(response):
    code = None
    if response.status_code >= 400:
        await response.aread()
        code = error_code(response.text)
    target = response.request.url.raw_path.decode()
    RECORDER.add(LABEL, response.request.method, target, response.status_code, code)


@contextlib.contextmanager
def refused(status, code, message=""):
    """The request inside is refused so, and the SDK can tell."""
    with pytest.raises(ODataError) as caught:
        yield
    error = caught.value
    assert error.response_status_code == status, error
    assert error.error.code == code, error.error
    assert message in error.error.message, error.error.message
    inner = error.error.inner_error
    assert inner.request_id and inner.date, inner


__all__ = ["APIError", "LABEL", "ODataError", "Sdk", "refused"]
