"""One service for all operations."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from suite import *  # noqa: E402, F403
