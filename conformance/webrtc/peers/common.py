"""What the peers in Python share: lines of JSON in and out, and what is heard and seen."""

import array
import json
import sys

WIDTH, HEIGHT, PICTURES_A_SECOND = 320, 240, 15
CORNER = 16  # pixels; what is looked at is the upper left of the picture


def card(number, luma, stride):
    """The plane of luma of a picture: one shade, and a bar that moves, away from the corner."""
    row = bytearray([luma]) * stride
    left = 64 + number * 8 % (WIDTH - 96)
    row[left : left + 32] = bytes([255 - luma]) * 32
    return bytes(row) * HEIGHT


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def commands():
    """What the suite asks for, as it comes; ends with the suite."""
    for line in sys.stdin:
        yield json.loads(line)


class Sound:
    """The pitch of what was decoded last, from how often it goes through zero."""

    WINDOW = 0.4  # seconds

    def __init__(self):
        self.frames = 0
        self._samples = array.array("h")
        self._rate = 48000

    def add(self, samples, rate):
        """Signed 16-bit samples of one channel."""
        self.frames += 1
        self._rate = rate
        self._samples.extend(samples)
        del self._samples[: -int(rate * self.WINDOW)]

    @property
    def hz(self):
        samples = self._samples
        if len(samples) < self._rate * self.WINDOW or max(samples) - min(samples) < 1000:
            return 0  # silence, or too little yet
        rising = sum(1 for before, after in zip(samples, samples[1:]) if before < 0 <= after)
        return round(rising / self.WINDOW)


class Picture:
    """How bright the corner of the picture decoded last was."""

    def __init__(self):
        self.frames = 0
        self.luma = 0
        self.size = None

    def add(self, plane, stride, size):
        """The plane of luma."""
        self.frames += 1
        self.size = size
        rows = [plane[row * stride : row * stride + CORNER] for row in range(CORNER)]
        self.luma = round(sum(map(sum, rows)) / CORNER**2)
