"""One service for all operations."""

import os
import pathlib
import shutil
import signal
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from results import RECORDER, exceptions  # noqa: E402
from service import Service  # noqa: E402


def pytest_configure(config):
    if not os.environ.get("ANTEROOM_BIN"):
        raise pytest.UsageError("ANTEROOM_BIN must name the anteroom program (cargo xtask conformance sets it)")


@pytest.fixture(scope="session")
def service():
    directory = tempfile.mkdtemp(prefix="anteroom-service-")
    running = Service(directory)
    running.trust()
    yield running
    code = running.process.stop(signal.SIGTERM)
    shutil.rmtree(directory, ignore_errors=True)
    assert code == 0, "SIGTERM must end the service with exit code 0"


def name_of(item):
    return f"swagger/{item.path.stem}::{item.name}"


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
