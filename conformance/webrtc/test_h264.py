"""H.264 and Opus, for stacks that have it."""

from flow import *  # noqa: F403

CODEC = "H264"
