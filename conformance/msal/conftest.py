"""One service for all tests. The libraries are unmodified; what they ask is seen by the HTTP session they are given."""

import os
import pathlib
import shutil
import signal
import sys
import tempfile
from importlib.metadata import version
from urllib.parse import urlsplit

import pytest
import requests

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from results import RECORDER, exceptions  # noqa: E402
from service import Service  # noqa: E402


def pytest_configure(config):
    if not os.environ.get("ANTEROOM_BIN"):
        raise pytest.UsageError("ANTEROOM_BIN must name the anteroom program (cargo xtask conformance sets it)")
    config.directory = tempfile.mkdtemp(prefix="anteroom-service-")
    config.service = Service(config.directory)
    config.service.trust()


def pytest_unconfigure(config):
    if hasattr(config, "service"):
        code = config.service.process.stop(signal.SIGTERM)
        shutil.rmtree(config.directory, ignore_errors=True)
        assert code == 0, "SIGTERM must end the service with exit code 0"


def name_of(item):
    return f"msal/{item.path.stem}::{item.name}"


def pytest_collection_modifyitems(items):
    known = exceptions()
    for item in items:
        if reason := known.get(name_of(item)):
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" or (report.when == "setup" and report.failed):
        if hasattr(report, "wasxfail") and not report.passed:
            outcome = "excepted"
        else:
            outcome = "passed" if report.passed else "failed"
        RECORDER.finish(name_of(item), outcome)
    return report


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


@pytest.fixture(scope="session")
def service(pytestconfig):
    return pytestconfig.service


@pytest.fixture
def dev(service):
    return service.dev


@pytest.fixture
def session(service):
    return Recording("msal", service)


@pytest.fixture
def azure_session(service):
    return Recording("azure-identity", service)
