"""Every test with the synchronous and the asynchronous clients."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

import suite  # noqa: E402
from sdk import FLAVOURS, Sdk, installed  # noqa: E402
from suite import *  # noqa: E402, F403
from suite import LOOP  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "main: the main path, which older packages have to walk too")
    config.addinivalue_line("markers", "needs(**packages): not for packages older than these versions")
    suite.pytest_configure(config)


def pytest_collection_modifyitems(config, items):
    older = os.environ.get("ANTEROOM_PACKAGES") == "older"
    chosen, left = [], []
    for item in items:
        needs = {name: v for mark in item.iter_markers("needs") for name, v in mark.kwargs.items()}
        fits = all(installed(package) >= version for package, version in needs.items())
        wanted = fits and (not older or item.get_closest_marker("main"))
        (chosen if wanted else left).append(item)
    items[:] = chosen
    config.hook.pytest_deselected(items=left)
    suite.pytest_collection_modifyitems(items)


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
