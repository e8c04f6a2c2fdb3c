"""The libraries are unmodified; what they ask is seen by the HTTP session they are given."""

import pathlib
import sys
from importlib.metadata import version
from urllib.parse import urlsplit

import pytest
import requests

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from results import RECORDER  # noqa: E402
from suite import *  # noqa: E402, F403


class Recording(requests.Session):
    """A session that notes what was asked and answered."""

    def __init__(self, package, service):
        super().__init__()
        self.service = urlsplit(service.endpoint)
        self.client = f"Python {package} {version(package)}"
        self.asked = []

    def request(self, method, url, *args, **kwargs):
        # MSAL leaves the port out when it asks who has a user's password, so that it needs a service on 443.
        if urlsplit(url).netloc == self.service.hostname:
            url = urlsplit(url)._replace(netloc=self.service.netloc).geturl()
        response = super().request(method, url, *args, **kwargs)
        parts = urlsplit(url)
        try:
            code = response.json().get("error") if response.status_code >= 400 else None
        except ValueError:
            code = None
        RECORDER.add(self.client, method.upper(), parts.path, response.status_code, code)
        self.asked.append((method.upper(), parts.path))
        return response

    def tokens_asked(self):
        return sum(path.endswith("/token") for _, path in self.asked)


@pytest.fixture
def dev(service):
    return service.dev


@pytest.fixture
def session(service):
    return Recording("msal", service)


@pytest.fixture
def azure_session(service):
    return Recording("azure-identity", service)
