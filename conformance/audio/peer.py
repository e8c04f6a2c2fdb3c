"""What a browser's WebRTC makes of prepared packets in real time: libwebrtc with its ICE, DTLS-SRTP, NetEQ and clock.

    python peer.py --in SCHEDULES --out RESULTS [--parallel N] [--neteq PROGRAM]

Each NAME.sched (see sender/src/schedule.rs) is sent packet by packet at its times; NAME.wav is what was played, NAME.json
how. With `--neteq` (see neteq/build.sh) that program is told the times of undisturbed runs, and must play the same.
"""

import argparse
import array
import asyncio
import dataclasses
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import wave
from importlib.metadata import version

import webrtc

MAGIC = b"ARTP1\n"
HEAD = struct.Struct("<IH")  # when a packet arrives, in microseconds, and its length
RATE = 48000
FRAME = RATE // 100
PERIOD_US = 10_000
SETTLING = 0.5  # seconds from the connection to the start, in which frames are pulled already
TAIL = 1.0  # seconds after the last packet, in which what is in the buffer is played
LATE_US = 2000  # a packet or a pull later than this disturbs a run
TRIES = 4
# What is said of the sound that was played (https://www.w3.org/TR/webrtc-stats/#inboundrtpstats-dict*).
STATS = [
    "jitterBufferDelay",
    "jitterBufferEmittedCount",
    "jitterBufferMinimumDelay",
    "jitterBufferTargetDelay",
    "totalSamplesReceived",
    "concealedSamples",
    "silentConcealedSamples",
    "concealmentEvents",
    "insertedSamplesForDeceleration",
    "removedSamplesForAcceleration",
    "packetsReceived",
    "packetsLost",
    "packetsDiscarded",
    "fecPacketsReceived",
    "fecPacketsDiscarded",
]


class Sender:
    """The program that sends a schedule (see sender/src/main.rs)."""

    def __init__(self, process):
        self.process = process

    @classmethod
    async def start(cls, program, schedule):
        pipe = subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(program, schedule, stdin=pipe, stdout=pipe, limit=1 << 20))

    async def wait(self, name):
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sender ended before it said {name!r}")
        event = json.loads(line)
        if event["event"] != name:
            raise RuntimeError(f"the sender said {event['event']!r}, not {name!r}")
        return event

    def say(self, **command):
        self.process.stdin.write(f"{json.dumps(command)}\n".encode())

    async def end(self):
        self.process.stdin.close()
        await self.process.wait()


class Recording:
    """Frames of a track, and when each was pulled (CLOCK_MONOTONIC, in microseconds)."""

    def __init__(self, track):
        init = webrtc.MediaStreamTrackProcessorInit(track, max_buffer_size=6000)
        self.processor = webrtc.MediaStreamTrackProcessor(init)
        self.frames, self.times = [], []

    async def run(self):
        options = webrtc.AudioDataCopyToOptions(plane_index=0)
        async for frame in self.processor.readable:
            form = (frame.sample_rate, frame.number_of_frames, frame.number_of_channels, frame.format.value)
            if form != (RATE, FRAME, 1, "s16"):
                raise RuntimeError(f"frames are {form}")
            samples = array.array("h", bytes(2 * FRAME))
            frame.copy_to(samples, options)
            self.frames.append(samples)
            self.times.append(frame.timestamp)
            frame.close()

    def since(self, start):
        """Samples pulled from then on, when the first was, and by how much the latest pull was late."""
        zero = min(time - number * PERIOD_US for number, time in enumerate(self.times))
        first = math.ceil((start - zero) / PERIOD_US)
        if first < 0:
            raise RuntimeError("nothing was pulled before the start")
        late = max(time - number * PERIOD_US - zero for number, time in enumerate(self.times) if number >= first)
        samples = array.array("h")
        for frame in self.frames[first:]:
            samples.extend(frame)
        return samples, zero + first * PERIOD_US - start, late


@dataclasses.dataclass
class Played:
    samples: array.array
    told: dict
    late_us: list  # by packet

    @property
    def is_disturbed(self):
        sent, played = self.told["sent"], self.told["played"]
        return max(sent["lateUs"]["max"], played["lateUs"]["max"]) > LATE_US

    def write(self, out):
        with wave.open(str(out.with_suffix(".wav")), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", None))
            file.writeframes(self.samples.tobytes())
        out.with_suffix(".json").write_text(json.dumps(self.told, indent=2) + "\n")


async def answer(connection, offer):
    await connection.set_remote_description(webrtc.RTCSessionDescription("offer", offer))
    await connection.set_local_description(await connection.create_answer())
    while connection.ice_gathering_state != "complete":
        await asyncio.sleep(0.01)
    return connection.local_description.sdp


async def stats(connection):
    for entry in (await connection.get_stats()).values():
        if entry.type == "inbound-rtp":
            return {name: getattr(entry, name) for name in STATS}
    raise RuntimeError("no statistics of what came in")


async def play(program, schedule):
    """One run, in real time."""
    sender = await Sender.start(program, schedule)
    connection = webrtc.RTCPeerConnection()
    recordings = []

    def on_track(event):
        recording = Recording(event.track)
        recordings.append((recording, asyncio.ensure_future(recording.run())))

    connection.on("track", on_track)
    try:
        offer = await sender.wait("offer")
        sender.say(do="answer", sdp=await answer(connection, offer["sdp"]))
        await sender.wait("connected")
        await asyncio.sleep(SETTLING)
        sender.say(do="start")
        start = (await sender.wait("started"))["monotonic_us"]
        sent = await sender.wait("sent")
        told = {"peer": f"wrtc {version('wrtc')} (libwebrtc)", "stats": await stats(connection)}
        await asyncio.sleep(TAIL)
        ((recording, task),) = recordings
        if task.done():
            await task  # with what went wrong in it
        samples, first, late = recording.since(start)
        dropped = recording.processor.discarded_frames
        told["played"] = {
            "frames": len(samples) // FRAME,
            "firstPullUs": round(first),
            "lateUs": {"max": round(late)},
            "dropped": dropped,
        }
        told["sent"] = {"packets": sent["packets"], "lateUs": sent["late_us"]}
        return Played(samples, told, sent["each_late_us"])
    finally:
        for _, task in recordings:
            task.cancel()
        connection.close()
        await sender.end()


def delayed(schedule, late_us):
    """A schedule with the times at which its packets were sent."""
    whole, at = bytearray(schedule), len(MAGIC)
    for late in late_us:
        arrival, length = HEAD.unpack_from(whole, at)
        HEAD.pack_into(whole, at, arrival + late, length)
        at += HEAD.size + length
    return whole


def differing(program, schedule, played):
    """Frames in which NetEQ, told the time, plays otherwise than in real time, by more than decoders round."""
    first = played.told["played"]["firstPullUs"]
    with tempfile.TemporaryDirectory() as folder:
        true = pathlib.Path(folder, schedule.name)
        true.write_bytes(delayed(schedule.read_bytes(), played.late_us))
        subprocess.run([program, true, folder, str(first)], check=True)
        with wave.open(str(true.with_suffix(".wav"))) as file:
            expected = array.array("h", file.readframes(file.getnframes()))
    frames = min(len(expected), len(played.samples)) // FRAME
    pairs = ((expected[at : at + FRAME], played.samples[at : at + FRAME]) for at in range(0, frames * FRAME, FRAME))
    return sum(any(abs(a - b) > 1 for a, b in zip(*pair)) for pair in pairs), frames


async def run(arguments, schedule):
    """Runs it until nothing disturbs; whether all is well."""
    for _ in range(TRIES):
        played = await play(arguments.sender, schedule)
        played.told["isDisturbed"] = played.is_disturbed
        line = f"{schedule.stem}: {'disturbed' if played.is_disturbed else 'undisturbed'}"
        differ = 0
        if arguments.neteq and not played.is_disturbed:
            differ, frames = await asyncio.to_thread(differing, arguments.neteq, schedule, played)
            played.told["neteq"] = {"frames": frames, "differ": differ}
            line += f", {differ} of {frames} frames differ"
        # Some microseconds decide whether a packet comes before a pull or after it.
        is_well = not played.is_disturbed and differ == 0
        if is_well:
            break
    played.write(arguments.out / schedule.name)
    print(line, flush=True)
    return is_well


async def main():
    root = pathlib.Path(__file__).parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--in", dest="schedules", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--sender", default=root / "target" / "debug" / "audio-sender")
    parser.add_argument("--neteq")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    slots = asyncio.Semaphore(arguments.parallel)

    async def one(schedule):
        async with slots:
            return await run(arguments, schedule)

    schedules = sorted(arguments.schedules.glob("*.sched"))
    return 0 if all(await asyncio.gather(*map(one, schedules))) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
