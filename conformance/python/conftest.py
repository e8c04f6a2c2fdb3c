"""A running service for the tests, and people in its meeting.

The program under test is named by ANTEROOM_BIN. Nothing here knows more of the service than a user of the official
SDKs does: `dev.json` for the demo's secrets, and the program's own command line.
"""

import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import tempfile
import threading

import pytest

PATIENCE = 60  # seconds; only ever reached when something is broken


def pytest_configure(config):
    if not os.environ.get("ANTEROOM_BIN"):
        raise pytest.UsageError("ANTEROOM_BIN must name the anteroom program (cargo xtask conformance python sets it)")


class Process:
    """A child whose output lines can be waited for."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.seen = []
        self._lines = queue.Queue()
        self._child = subprocess.Popen(
            [os.environ["ANTEROOM_BIN"], *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._child.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def wait_for(self, wanted):
        """Returns the first new line for which `wanted(line)` is true."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"{self.arguments} said nothing more; so far: {self.seen}") from None
            if line is None:
                raise AssertionError(f"{self.arguments} ended; it said: {self.seen}")
            self.seen.append(line)
            if wanted(line):
                return line

    def event(self, name, **wanted):
        """Waits for a JSON event of `anteroom join --json`."""

        def matches(line):
            try:
                event = json.loads(line)
            except ValueError:
                return False
            return event.get("event") == name and all(event.get(key) == value for key, value in wanted.items())

        return json.loads(self.wait_for(matches))

    def stop(self, how=signal.SIGINT):
        if self._child.poll() is None:
            self._child.send_signal(how)
        try:
            return self._child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            raise


class Service:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.process = Process(
            "serve", "--data", directory,
            "--listen", "127.0.0.1:0", "--media", "127.0.0.1:0", "--dev-http", "127.0.0.1:0",
        )
        # The banner's last part is the line that makes SDKs trust the service; dev.json is complete by then.
        self.process.wait_for(lambda line: re.search(r"REQUESTS_CA_BUNDLE", line))
        self.dev = json.loads((self.directory / "dev.json").read_text())

    @property
    def connection_string(self):
        return self.dev["connection_string"]

    @property
    def thread_id(self):
        return self.dev["meeting"]["thread_id"]

    def join(self, *arguments):
        return Process(
            "join", self.dev["meeting"]["join_url"],
            "--endpoint", self.dev["endpoint"], "--ca", self.dev["ca_file"], "--json", *arguments,
        )

    def join_as_alice(self, *arguments):
        alice = next(user for user in self.dev["users"] if user["upn"].startswith("alice@"))
        return self.join("--as", alice["upn"], "--password", alice["password"], *arguments)


@pytest.fixture(scope="session")
def service():
    with tempfile.TemporaryDirectory() as directory:
        running = Service(directory)
        os.environ["REQUESTS_CA_BUNDLE"] = running.dev["ca_file"]
        os.environ["SSL_CERT_FILE"] = running.dev["ca_file"]
        try:
            yield running
        finally:
            assert running.process.stop(signal.SIGTERM) == 0, "SIGTERM must end the service with exit code 0"


@pytest.fixture
def alice(service):
    """The organizer in the call, admitting everybody who comes."""
    process = service.join_as_alice("--admit-all")
    process.event("connected")
    yield process
    assert process.stop() == 0
