"""Players of every stack in one meeting, and a publisher for each test."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

import suite  # noqa: E402
from stacks import STACKS, Peer  # noqa: E402
from suite import *  # noqa: E402, F403

pytest.register_assert_rewrite("flow")


def pytest_configure(config):
    # libnice, which is GStreamer's ICE, does not look at the loopback interface.
    config.addresses = {"media": "0.0.0.0:0"}
    suite.pytest_configure(config)


def pytest_generate_tests(metafunc):
    if "stack" in metafunc.fixturenames:
        stacks = [stack for stack in STACKS if metafunc.module.CODEC in stack.codecs]
        metafunc.parametrize("stack", stacks, ids=[stack.name for stack in stacks])


@pytest.fixture(scope="module")
def players(request, service, tmp_path_factory):
    """A player of each stack that has the codec. All come before anybody sends, and stay."""
    codec = request.module.CODEC
    directory = tmp_path_factory.mktemp(codec)
    players = [Peer(stack, service, directory, "play", codec) for stack in STACKS if codec in stack.codecs]
    try:
        for player in players:
            player.begin()
        yield players
    finally:
        for player in players:
            player.close()


@pytest.fixture
def audience(players):
    """The players, those of them with new sessions whose sessions do not last."""
    for player in players:
        if not player.stack.consents:
            player.forget()
            player.renew()
    return players


@pytest.fixture
def publisher(request, service, tmp_path, stack):
    number = STACKS.index(stack)
    peer = Peer(
        stack, service, tmp_path, "publish", request.module.CODEC, hz=400 + 100 * number, luma=60 + 24 * number
    )
    try:
        yield peer
    finally:
        peer.close()
