"""VP8 and Opus, which every stack has."""

from flow import *  # noqa: F403

CODEC = "VP8"
