"""One service for all tests, and the clients of Alice, Bob and the demo application."""

import asyncio
import inspect
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from results import RECORDER, exceptions  # noqa: E402
from sdk import Sdk  # noqa: E402
from service import Service  # noqa: E402

LOOP = asyncio.new_event_loop()


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


def pytest_collection_modifyitems(items):
    known = exceptions()
    for item in items:
        if reason := known.get(name_of(item)):
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


def name_of(item):
    return f"graph-python/{item.path.stem}::{item.name}"


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


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Runs `async def` tests, all in one event loop."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    LOOP.run_until_complete(pyfuncitem.obj(**arguments))
    return True


@pytest.fixture(scope="session")
def service(pytestconfig):
    return pytestconfig.service


@pytest.fixture
def sdk(service):
    made = Sdk(service)
    yield made
    LOOP.run_until_complete(made.close())


@pytest.fixture
def alice(sdk):
    return sdk.user("alice@contoso.example")


@pytest.fixture
def bob(sdk):
    return sdk.user("bob@contoso.example")


@pytest.fixture
def app(sdk):
    return sdk.app()
