"""What the Python suites share: one running service, names of tests, known exceptions, outcomes, async tests.

A suite's `conftest.py` imports the hooks it wants into its own namespace, which is where pytest looks for them.
"""

import asyncio
import inspect
import os
import shutil
import signal
import tempfile

import pytest

from results import RECORDER, exceptions
from service import Service

LOOP = asyncio.new_event_loop()


def pytest_configure(config):
    """Starts the service before any test module is imported: aiohttp makes its TLS context when it is."""
    if not os.environ.get("ANTEROOM_BIN"):
        raise pytest.UsageError("ANTEROOM_BIN must name the anteroom program (cargo xtask conformance sets it)")
    config.directory = tempfile.mkdtemp(prefix="anteroom-service-")
    config.service = Service(config.directory, **getattr(config, "addresses", {}))
    config.service.trust()


def pytest_unconfigure(config):
    if hasattr(config, "service"):
        code = config.service.process.stop(signal.SIGTERM)
        shutil.rmtree(config.directory, ignore_errors=True)
        assert code == 0, "SIGTERM must end the service with exit code 0"


def name_of(item):
    """`suite/module::test[parameters]`, the same on every machine; older packages are set apart."""
    older = "older/" if os.environ.get("ANTEROOM_PACKAGES") == "older" else ""
    return f"{item.path.parent.name}/{older}{item.path.stem}::{item.name}"


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


HOOKS = ["pytest_configure", "pytest_unconfigure", "pytest_collection_modifyitems", "pytest_runtest_makereport"]
__all__ = [*HOOKS, "pytest_pyfunc_call", "LOOP", "name_of", "service"]
