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
import threading
import time

PATIENCE = 60  # seconds; only ever reached when something is broken


def own_environment():
    """Without our own variables: the program takes `ANTEROOM_…` for its configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ANTEROOM_")}


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
            env=own_environment(),
        )
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self):
        return self._child.pid

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

    def rest(self):
        """What an ended child said last."""
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.seen.append(line)
        return self.seen[-20:]

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
    def __init__(self, directory, media="127.0.0.1:0"):
        self.directory = pathlib.Path(directory)
        self._addresses = ["127.0.0.1:0", media, "127.0.0.1:0"]
        self._start()

    def _start(self):
        https, media, http = self._addresses
        self.process = Process(
            "serve", "--data", str(self.directory), "--listen", https, "--media", media, "--dev-http", http,
        )
        # The banner's last part is the line that makes SDKs trust the service; dev.json is complete by then.
        self.process.wait_for(lambda line: re.search(r"REQUESTS_CA_BUNDLE", line))
        self.dev = json.loads((self.directory / "dev.json").read_text())

    def restart(self, how=signal.SIGKILL):
        """Ends the service and starts it again on the same data and the same addresses."""
        self.process.stop(how)
        self._addresses = [
            self.dev["endpoint"].removeprefix("https://").rstrip("/"),
            self.dev["media"],
            self.dev["dev_http"].removeprefix("http://").rstrip("/").replace("localhost", "127.0.0.1"),
        ]
        self._start()

    def trust(self):
        """Makes this process's HTTP libraries trust the service's private authority."""
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"):
            os.environ[name] = self.dev["ca_file"]

    @property
    def endpoint(self):
        return self.dev["endpoint"].rstrip("/")

    @property
    def connection_string(self):
        return self.dev["connection_string"]

    @property
    def access_key(self):
        return self.connection_string.partition("accesskey=")[2]

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


def until(condition, what):
    """Asks again until `condition()` is true: for what the service does by itself, without an answer to wait for."""
    late = time.monotonic() + PATIENCE
    while not (result := condition()):
        if time.monotonic() > late:
            raise AssertionError(f"never: {what}")
        time.sleep(0.02)
    return result
