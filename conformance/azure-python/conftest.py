"""One service for all tests; every test with the synchronous and the asynchronous clients."""

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
from sdk import FLAVOURS, Sdk, installed  # noqa: E402
from service import Service  # noqa: E402


def pytest_configure(config):
    if not os.environ.get("ANTEROOM_BIN"):
        raise pytest.UsageError("ANTEROOM_BIN must name the anteroom program (cargo xtask conformance sets it)")
    config.addinivalue_line("markers", "main: the main path, which older packages have to walk too")
    config.addinivalue_line("markers", "needs(**packages): not for packages older than these versions")
    # Before any module is imported: aiohttp makes its TLS context when it is.
    config.directory = tempfile.mkdtemp(prefix="anteroom-service-")
    config.service = Service(config.directory)
    config.service.trust()


def pytest_unconfigure(config):
    if hasattr(config, "service"):
        code = config.service.process.stop(signal.SIGTERM)
        shutil.rmtree(config.directory, ignore_errors=True)
        assert code == 0, "SIGTERM must end the service with exit code 0"


def pytest_collection_modifyitems(config, items):
    known = exceptions()
    older = os.environ.get("ANTEROOM_PACKAGES") == "older"
    chosen, left = [], []
    for item in items:
        needs = {name: v for mark in item.iter_markers("needs") for name, v in mark.kwargs.items()}
        fits = all(installed(package) >= version for package, version in needs.items())
        wanted = fits and (not older or item.get_closest_marker("main"))
        (chosen if wanted else left).append(item)
        if reason := known.get(name_of(item)):
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason))
    items[:] = chosen
    config.hook.pytest_deselected(items=left)


def name_of(item):
    """`module::test[parameters]`, the same on every machine; older packages are set apart."""
    older = "older/" if os.environ.get("ANTEROOM_PACKAGES") == "older" else ""
    return f"azure-python/{older}{item.path.stem}::{item.name}"


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


LOOP = asyncio.new_event_loop()


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


@pytest.fixture(params=FLAVOURS)
def sdk(request, service):
    """The packages, once with their synchronous and once with their asynchronous clients."""
    made = Sdk(service, request.param)
    yield made
    LOOP.run_until_complete(made.close())


@pytest.fixture
def blocking(service):
    """The synchronous clients only, where another flavour would say nothing more."""
    made = Sdk(service, "sync")
    yield made
    LOOP.run_until_complete(made.close())


@pytest.fixture
def alice(service):
    """The organizer in the call, admitting everybody who comes."""
    process = service.join_as_alice("--admit-all")
    process.event("connected")
    yield process
    assert process.stop() == 0, process.rest()
