"""Sound and pictures for stacks that bring no codecs, and what of them arrived: written and read by FFmpeg (PyAV).

A file of frames is `length (u32), RTP timestamp (u64), bytes` again and again, in little endian.
"""

import array
import fractions
import math
import struct
import sys
import pathlib

import av

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))

from common import HEIGHT, PICTURES_A_SECOND, WIDTH, Picture, Sound, card  # noqa: E402

RATE = 48000
SECONDS = 2  # of each file, which is played round and round
HEAD = struct.Struct("<IQ")

ENCODERS = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "H264": ("libx264", {"profile": "baseline", "preset": "ultrafast", "tune": "zerolatency", "level": "3.1"}),
}
DECODERS = {"VP8": "vp8", "H264": "h264"}


def write_tone(path, hz):
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "s16"
    encoder.bit_rate = 32000
    encoder.options = {"application": "voip", "frame_duration": "20"}
    samples = RATE // 50
    frames = []
    for start in range(0, RATE * SECONDS, samples):
        wave = [int(9000 * math.sin(2 * math.pi * hz * at / RATE)) for at in range(start, start + samples)]
        frame = av.AudioFrame(format="s16", layout="stereo", samples=samples)
        frame.planes[0].update(array.array("h", (value for value in wave for _ in range(2))).tobytes())
        frame.pts, frame.sample_rate, frame.time_base = start, RATE, fractions.Fraction(1, RATE)
        frames.append(frame)
    _write(path, encoder, frames, samples)


def write_card(path, codec, luma):
    name, options = ENCODERS[codec]
    encoder = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.framerate = PICTURES_A_SECOND
    encoder.time_base = fractions.Fraction(1, 90000)
    encoder.bit_rate = 400_000
    encoder.gop_size = PICTURES_A_SECOND * SECONDS * 2  # the first picture alone stands for itself
    encoder.max_b_frames = 0
    encoder.options = options
    frames = []
    for number in range(PICTURES_A_SECOND * SECONDS):
        frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
        frame.planes[0].update(card(number, luma, frame.planes[0].line_size))
        for chroma in frame.planes[1:]:
            chroma.update(bytes([128]) * chroma.buffer_size)
        frame.pts, frame.time_base = number * 90000 // PICTURES_A_SECOND, encoder.time_base
        frames.append(frame)
    _write(path, encoder, frames, 90000 // PICTURES_A_SECOND)


def _write(path, encoder, frames, step):
    packets = [packet for frame in [*frames, None] for packet in encoder.encode(frame)]
    with open(path, "wb") as file:
        for number, packet in enumerate(packets):
            file.write(HEAD.pack(packet.size, number * step) + bytes(packet))


class Decoded:
    """Decodes what a peer writes into a file, as it grows."""

    def __init__(self, path, codec):
        self.sound, self.picture = Sound(), Picture()
        self._path = path
        self._at = 0
        self._decoder = av.CodecContext.create(codec, "r")
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)

    def follow(self):
        if not self._path.exists():
            return
        with open(self._path, "rb") as file:
            file.seek(self._at)
            data = file.read()
        while len(data) >= HEAD.size:
            size, _ = HEAD.unpack_from(data)
            if len(data) < HEAD.size + size:
                break
            self._decode(data[HEAD.size : HEAD.size + size])
            data = data[HEAD.size + size :]
            self._at += HEAD.size + size

    def _decode(self, data):
        try:
            frames = self._decoder.decode(av.Packet(data))
        except av.FFmpegError:
            return  # the first pictures of a stream may refer to ones that nobody was sent
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                plane = frame.planes[0]
                self.picture.add(bytes(plane), plane.line_size, [frame.width, frame.height])
            else:
                for part in self._resampler.resample(frame):
                    self.sound.add(array.array("h", bytes(part.planes[0])[: part.samples * 2]), RATE)
