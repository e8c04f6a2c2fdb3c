"""The clients of Alice, Bob and the demo application."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from suite import *  # noqa: E402, F403
from suite import LOOP  # noqa: E402
from sdk import Sdk  # noqa: E402


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
