"""The official packages, unmodified, with one way to call both of their flavours.

A test is written once, as `await thread.send_message("…")`; the synchronous client answers at once, the asynchronous
one is awaited. Clients are given two public options: a hook that records what was asked and answered, and no retries,
so that a fault is seen as itself.
"""

import contextlib
import importlib
import importlib.metadata
import inspect
import json

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)

from results import RECORDER, error_code

FLAVOURS = ("sync", "aio")
PACKAGES = {
    "identity": "azure-communication-identity",
    "chat": "azure-communication-chat",
    "rooms": "azure-communication-rooms",
}
#: What the packages raise for a status; everything else is the base class itself.
RAISED = {401: ClientAuthenticationError, 404: ResourceNotFoundError, 409: ResourceExistsError}


def version(package):
    return importlib.metadata.version(PACKAGES[package])


def installed(package):
    """The version as numbers that compare."""
    return tuple(int(part) for part in version(package).split("."))


class Sdk:
    """The clients of one flavour; all are closed after the test."""

    def __init__(self, service, flavour):
        self.service = service
        self.flavour = flavour
        self._opened = []

    def identity(self, credential=None, endpoint=None, **options):
        client = self._class("identity", "CommunicationIdentityClient")
        if credential is None:
            made = client.from_connection_string(self.service.connection_string, **self._options("identity", options))
        else:
            made = client(endpoint or self.service.endpoint, credential, **self._options("identity", options))
        return self._open(made)

    def rooms(self, credential=None, endpoint=None, **options):
        client = self._class("rooms", "RoomsClient")
        if credential is None:
            made = client.from_connection_string(self.service.connection_string, **self._options("rooms", options))
        else:
            made = client(endpoint or self.service.endpoint, credential, **self._options("rooms", options))
        return self._open(made)

    def chat(self, token, endpoint=None, **options):
        """The chat client of whoever has this token."""
        credential = self._class("chat", "CommunicationTokenCredential")(token)
        made = self._class("chat", "ChatClient")(
            endpoint or self.service.endpoint, credential, **self._options("chat", options)
        )
        return ChatClient(self._open(made), self, options)

    def client_secret(self, tenant, client_id, secret):
        """A credential of azure-identity that asks the service's own token endpoint."""
        module = "azure.identity" if self.flavour == "sync" else "azure.identity.aio"
        made = importlib.import_module(module).ClientSecretCredential(
            tenant, client_id, secret, authority=self.service.endpoint, disable_instance_discovery=True
        )
        self._opened.append(made)
        return made

    async def user(self, scopes=("chat",)):
        """A new identity and a token for it."""
        user, token = await self.identity().create_user_and_token(list(scopes))
        return Person(self, user, token.token)

    async def close(self):
        for client in self._opened:
            # Some of the synchronous clients have nothing to close.
            closed = getattr(client, "close", lambda: None)()
            if inspect.isawaitable(closed):
                await closed

    def label(self, package):
        return f"Python {package} {version(package)}" + ("" if self.flavour == "sync" else " aio")

    def _class(self, package, name):
        module = f"azure.communication.{package}" + ("" if self.flavour == "sync" else ".aio")
        return getattr(importlib.import_module(module), name)

    def _options(self, package, options):
        label = self.label(package)

        def record(response):
            http = response.http_response
            target = http.request.url.partition("://")[2].partition("/")[2]
            code = error_code(http.text()) if http.status_code >= 400 else None
            RECORDER.add(label, http.request.method, "/" + target, http.status_code, code)

        return {"retry_total": 0, "raw_response_hook": record, **options}

    def _open(self, client):
        self._opened.append(client)
        return Client(client)


class Client:
    """Calls of either flavour as coroutines; what comes in pages comes as a list."""

    def __init__(self, client):
        self.itself = client

    def __getattr__(self, name):
        method = getattr(self.itself, name)

        async def call(*arguments, **options):
            result = method(*arguments, **options)
            if hasattr(result, "by_page"):
                return [item for page in await pages_of(result) for item in page]
            return await result if inspect.isawaitable(result) else result

        return call

    async def pages(self, name, *arguments, **options):
        """Like a list, but page by page."""
        return await pages_of(getattr(self.itself, name)(*arguments, **options))


class ChatClient(Client):
    def __init__(self, client, sdk, options):
        super().__init__(client.itself)
        self._sdk = sdk
        self._given = options

    def thread(self, thread_id):
        return self._sdk._open(
            self.itself.get_chat_thread_client(thread_id, **self._sdk._options("chat", self._given))
        )


class Person:
    """Somebody with an identity and a token."""

    def __init__(self, sdk, user, token):
        self._sdk = sdk
        self.user = user
        self.id = user.properties["id"]
        self.token = token

    @property
    def chat(self):
        return self._sdk.chat(self.token)

    def thread(self, thread_id):
        return self.chat.thread(thread_id)


async def pages_of(paged):
    pages = []
    by_page = paged.by_page()
    if hasattr(by_page, "__aiter__"):
        async for page in by_page:
            pages.append([item async for item in page])
    else:
        for page in by_page:
            pages.append(list(page))
    return pages


@contextlib.contextmanager
def refused(status, code, target=None, message=None):
    """The call inside is refused: exactly this status, this code, and a body of the documented shape."""
    with pytest.raises(HttpResponseError) as caught:
        yield caught
    error = caught.value
    assert error.status_code == status, error
    if status in RAISED:
        assert isinstance(error, RAISED[status])
    body = json.loads(error.response.text())
    check_error(error.response.headers["Content-Type"], body)
    assert body["error"]["code"] == code
    if target is not None:
        assert body["error"]["target"] == target
    if message is not None:
        assert body["error"]["message"] == message
    caught.body = body["error"]


def check_error(content_type, body):
    """The error body all of these APIs share."""
    assert content_type == "application/json; charset=utf-8"
    assert set(body) == {"error"}
    check_error_object(body["error"])


def check_error_object(error):
    assert isinstance(error["code"], str) and error["code"]
    assert isinstance(error["message"], str) and error["message"]
    assert isinstance(error.get("target", ""), str)
    for inner in error.get("details", []):
        check_error_object(inner)
    if "innererror" in error:
        check_error_object(error["innererror"])
    assert set(error) <= {"code", "message", "target", "details", "innererror"}


def key(text):
    """An access key, in the way the installed packages take one."""
    return text if installed("identity") < (1, 3, 0) else AzureKeyCredential(text)
