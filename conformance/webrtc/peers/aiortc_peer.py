"""aiortc, which brings codecs of its own (by PyAV)."""

import array
import asyncio
import fractions
import json
import math
import sys

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack
from av import AudioFrame, AudioResampler, VideoFrame

from common import HEIGHT, PICTURES_A_SECOND, WIDTH, Picture, Sound, card, commands, say

RATE = 48000
SAMPLES = RATE // 50


class Tone(AudioStreamTrack):
    def __init__(self, hz):
        super().__init__()
        self._hz = hz
        self._at = 0
        self._start = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        await asyncio.sleep(self._start + self._at / RATE - loop.time())
        turn = 2 * math.pi * self._hz / RATE
        samples = array.array("h", (int(9000 * math.sin(turn * (self._at + n))) for n in range(SAMPLES)))
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        frame.planes[0].update(samples.tobytes())
        frame.pts, frame.sample_rate, frame.time_base = self._at, RATE, fractions.Fraction(1, RATE)
        self._at += SAMPLES
        return frame


class Card(VideoStreamTrack):
    def __init__(self, luma):
        super().__init__()
        self._luma = luma
        self._number = 0
        self._start = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        await asyncio.sleep(self._start + self._number / PICTURES_A_SECOND - loop.time())
        frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
        frame.planes[0].update(card(self._number, self._luma, frame.planes[0].line_size))
        for chroma in frame.planes[1:]:
            chroma.update(bytes([128]) * chroma.buffer_size)
        frame.pts, frame.time_base = self._number * 90000 // PICTURES_A_SECOND, fractions.Fraction(1, 90000)
        self._number += 1
        return frame


async def watch(track, picture):
    try:
        while True:
            frame = await track.recv()
            frame = frame if frame.format.name == "yuv420p" else frame.reformat(format="yuv420p")
            plane = frame.planes[0]
            picture.add(bytes(plane), plane.line_size, [frame.width, frame.height])
    except MediaStreamError:
        pass


async def listen(track, sound):
    resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
    try:
        while True:
            for frame in resampler.resample(await track.recv()):
                sound.add(array.array("h", bytes(frame.planes[0])[: frame.samples * 2]), RATE)
    except MediaStreamError:
        pass


class Peer:
    def __init__(self, wish):
        self.wish = wish
        self.sound, self.picture = Sound(), Picture()
        self.tasks = []
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.on("connectionstatechange", lambda: say("state", state=self.pc.connectionState))
        self.pc.on("track", self.on_track)

    def on_track(self, track):
        seen = watch(track, self.picture) if track.kind == "video" else listen(track, self.sound)
        self.tasks.append(asyncio.ensure_future(seen))

    async def offer(self):
        if self.wish["role"] == "publish":
            audio = self.pc.addTransceiver(Tone(self.wish["hz"]), direction="sendonly")
            video = self.pc.addTransceiver(Card(self.wish["luma"]), direction="sendonly")
        else:
            audio = self.pc.addTransceiver("audio", direction="recvonly")
            video = self.pc.addTransceiver("video", direction="recvonly")
        wanted = {"audio/opus", f"video/{self.wish['codec']}".lower()}
        for transceiver in (audio, video):
            offered = RTCRtpReceiver.getCapabilities(transceiver.kind).codecs
            transceiver.setCodecPreferences([codec for codec in offered if codec.mimeType.lower() in wanted])
        await self.pc.setLocalDescription(await self.pc.createOffer())
        say("offer", sdp=self.pc.localDescription.sdp)
        self.reporting = asyncio.ensure_future(report(self))

    async def stats(self):
        packets = {"audio": 0, "video": 0}
        for entry in (await self.pc.getStats()).values():
            if entry.type in ("inbound-rtp", "outbound-rtp"):
                sent = entry.type == "outbound-rtp"
                packets[entry.kind] = entry.packetsSent if sent else entry.packetsReceived
        say(
            "stats",
            audio={"packets": packets["audio"], "decoded": self.sound.frames, "hz": self.sound.hz},
            video={"packets": packets["video"], "decoded": self.picture.frames, "luma": self.picture.luma},
        )

    async def close(self):
        self.reporting.cancel()
        await self.pc.close()


async def report(peer):
    while True:
        await peer.stats()
        await asyncio.sleep(0.25)


async def main():
    peer = Peer(json.loads(sys.argv[1]))
    loop = asyncio.get_running_loop()
    await peer.offer()
    asked = commands()
    while command := await loop.run_in_executor(None, next, asked, None):
        if command["do"] == "answer":
            await peer.pc.setRemoteDescription(RTCSessionDescription(sdp=command["sdp"], type="answer"))
        elif command["do"] == "again":
            # This stack does not restart ICE: another connection.
            await peer.close()
            peer = Peer(peer.wish)
            await peer.offer()
        elif command["do"] == "end":
            break
    await peer.close()


asyncio.run(main())
