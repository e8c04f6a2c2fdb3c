"""What the tests saw, one JSON object a line, for the table that `cargo xtask conformance` writes.

A line is one test with one client: what the client asked for and what the service answered. The table's maker matches
requests with the operations of the contract; tests need not say what they cover, and cannot claim what they did not do.
"""

import json
import os


class Recorder:
    """The requests of the test that runs now."""

    def __init__(self):
        self.seen = []

    def add(self, client, method, target, status, code=None):
        """`target` is the path with its query, as sent."""
        entry = [client, method, target, status, code]
        if entry not in self.seen:
            self.seen.append(entry)

    def finish(self, test, outcome):
        """Ends a test: `passed`, `failed` or `excepted`."""
        seen, self.seen = self.seen, []
        path = os.environ.get("ANTEROOM_RESULTS")
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"test": test, "outcome": outcome, "seen": seen}) + "\n")


RECORDER = Recorder()


def exceptions():
    """Tests that are known to fail, and why: {test: reason}."""
    return json.loads(os.environ.get("ANTEROOM_EXCEPTIONS") or "{}")


def error_code(body):
    """The code in an error body; None when there is none."""
    try:
        return json.loads(body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
