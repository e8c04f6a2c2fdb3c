"""The stacks, each a program of its own that speaks lines of JSON, and their sessions of WHIP and WHEP."""

import dataclasses
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading
import time
import urllib.parse

import requests

import certificates
import checks
import media
from results import RECORDER, error_code
from service import PATIENCE, own_environment

HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Stack:
    name: str
    client: str  # package and version, as contract.toml names it
    command: tuple
    codecs: tuple
    restarts: bool = True  # it can restart ICE
    encodes: bool = True  # it brings codecs; if not, it plays files and writes what arrived
    ecdsa: bool = False  # it is given a certificate, since its own is RSA
    consents: bool = True  # it goes on sending checks (RFC 7675); without them its session ends after 30 s


# Built beside the service, from `rust`.
RUST = pathlib.Path(os.environ["ANTEROOM_BIN"]).with_name("webrtc-peers")

STACKS = [
    Stack(
        "aiortc",
        "Python aiortc 1.16.0",
        (sys.executable, HERE / "peers" / "aiortc_peer.py"),
        ("VP8", "H264"),
        restarts=False,
    ),
    Stack("wrtc", "JS @roamhq/wrtc 0.10.0", ("node", HERE / "peers" / "wrtc.mjs"), ("VP8",)),
    Stack("werift", "JS werift 0.24.3", ("node", HERE / "peers" / "werift.mjs"), ("VP8", "H264"), restarts=False, encodes=False),
    Stack(
        "gstreamer",
        "GStreamer webrtcbin 1.22.0",
        ("/usr/bin/python3", HERE / "peers" / "gstreamer.py"),
        ("VP8", "H264"),
        restarts=False,
        ecdsa=True,
        consents=False,
    ),
    Stack("str0m", "Rust str0m 0.25.0", (RUST, "str0m"), ("VP8", "H264"), encodes=False),
    Stack("rtc", "Rust rtc 0.21.1", (RUST, "rtc"), ("VP8", "H264"), encodes=False),
]


class Peer:
    """One run of a stack's program: a publisher or a player."""

    def __init__(self, stack, service, directory, role, codec, hz=0, luma=0):
        self.stack, self.role, self.codec, self.hz, self.luma = stack, role, codec, hz, luma
        self._service = service
        self._directory = directory
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {service.dev['media_token']}"
        self.location = self.etag = self._offer = self._answer = None
        wish = {"role": role, "codec": codec, "hz": hz, "luma": luma}
        if stack.ecdsa:
            wish["pem"], wish["fingerprint"] = certificates.ecdsa()
        self._decoded = {}
        if not stack.encodes:
            wish |= {kind: str(directory / f"{stack.name}-{role}-{codec}.{kind}") for kind in ("audio", "video")}
            if role == "publish":
                media.write_tone(wish["audio"], hz)
                media.write_card(wish["video"], codec, luma)
            else:
                for kind, decoder in (("audio", "libopus"), ("video", media.DECODERS[codec])):
                    self._decoded[kind] = media.Decoded(pathlib.Path(wish[kind]), decoder)
        self._events = queue.Queue()
        self._stats = {}
        self._state = "new"
        self.complaints = open(directory / f"{stack.name}-{role}-{codec}.log", "w+", encoding="utf-8")
        self._child = subprocess.Popen(
            [*map(str, stack.command), json.dumps(wish)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            text=True,
            env=own_environment(),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._child.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # a library that prints
            if event["event"] == "stats":
                self._stats = event
            elif event["event"] == "state":
                self._state = event["state"]
            else:
                self._events.put(event)
        self._state = "gone"
        self._events.put({"event": "gone"})

    def _say(self, **command):
        self._child.stdin.write(json.dumps(command) + "\n")
        self._child.stdin.flush()

    def _next_offer(self):
        try:
            event = self._events.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"{self} never offers; {self.story()}") from None
        assert event["event"] == "offer", f"{self}: {event}; {self.said()}"
        return event["sdp"]

    def _ask(self, method, url, **more):
        response = self._http.request(method, url, timeout=PATIENCE, **more)
        target = urllib.parse.urlsplit(url)
        RECORDER.add(
            self.stack.client, method, f"{target.path}?{target.query}", response.status_code, error_code(response.text)
        )
        return response

    def saw(self, what):
        """Something this stack did, of which there is proof."""
        RECORDER.add(self.stack.client, "EVENT", what, 200)

    def begin(self):
        """The session of HTTP; returns when media can flow."""
        self._offer = self._next_offer()
        # What was counted before belongs to another connection.
        self._stats = {}
        url = self._service.dev["whip_url" if self.role == "publish" else "whep_url"]
        response = self._ask("POST", url, data=self._offer, headers={"Content-Type": "application/sdp"})
        assert response.status_code == 201, f"{self}: {response.status_code} {response.text}"
        self.location = urllib.parse.urljoin(url, response.headers["Location"])
        self.etag = response.headers["ETag"]
        self._answer = response.text
        self._say(do="answer", sdp=self._answer)
        self.wait(lambda: self._state == "connected", "connects")

    def restart(self):
        """New credentials of ICE, while DTLS and media go on (RFC 9725, 4.3.3); returns when the old ones are void.

        The service answers to the old ones until the new ones have been used to nominate a path.
        """
        before = (self._answer, self._offer)
        assert checks.answers(*before), f"{self}: the credentials in use are answered"
        self._say(do="restart")
        self._offer = self._next_offer()
        new = checks.Credentials.of(self._offer)
        assert new != checks.Credentials.of(before[1]), f"{self} has no new credentials"
        response = self._ask(
            "PATCH",
            self.location,
            data=f"a=ice-ufrag:{new.ufrag}\r\na=ice-pwd:{new.pwd}\r\n",
            headers={"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"},
        )
        assert response.status_code == 200, f"{self}: {response.status_code} {response.text}"
        assert response.headers["ETag"] != self.etag, "another ICE session has another tag"
        self.etag = response.headers["ETag"]
        fresh = checks.Credentials.of(response.text)
        self._answer = re.sub(r"^a=ice-ufrag:\S+", f"a=ice-ufrag:{fresh.ufrag}", self._answer, flags=re.M)
        self._answer = re.sub(r"^a=ice-pwd:\S+", f"a=ice-pwd:{fresh.pwd}", self._answer, flags=re.M)
        self._say(do="answer", sdp=self._answer)
        self.wait(lambda: not checks.answers(*before), "uses its new credentials")
        assert checks.answers(self._answer, self._offer), f"{self}: the new credentials are answered"

    def again(self):
        """Another session with another connection."""
        self.end_session()
        self.renew()

    def renew(self):
        """The same, when the session is over."""
        self._state = "new"
        self._say(do="again")
        self.begin()

    def end_session(self):
        response = self._ask("DELETE", self.location)
        assert response.status_code == 200, f"{self}: {response.status_code} {response.text}"
        assert self._http.delete(self.location).status_code == 404, "it is over"
        self.location = None

    def forget(self):
        """Ends the session if there still is one; no part of any test."""
        if self.location:
            self._http.delete(self.location, timeout=PATIENCE)
            self.location = None

    def close(self):
        """Ends the program; the session as well, if a test has not."""
        try:
            self.forget()
            if self._child.poll() is None:
                self._say(do="end")
                self._child.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            pass  # its end is no part of any test
        finally:
            if self._child.poll() is None:
                self._child.kill()
                self._child.wait()
            self._http.close()
            self.complaints.close()

    def counts(self):
        """`{"audio": {"packets", "decoded", "hz"}, "video": {"packets", "decoded", "luma"}}`."""
        nothing = {"packets": 0, "decoded": 0, "hz": 0, "luma": 0}
        counts = {kind: {**nothing, **self._stats.get(kind, {})} for kind in ("audio", "video")}
        for kind, decoded in self._decoded.items():
            decoded.follow()
            counts[kind]["decoded"] = decoded.sound.frames + decoded.picture.frames
            counts[kind]["hz"], counts[kind]["luma"] = decoded.sound.hz, decoded.picture.luma
        return counts

    def wait(self, condition, what, of=None):
        """Waits until `condition()` is true; `of` is another peer that has to do with it."""
        late = time.monotonic() + PATIENCE
        while not condition():
            if self._state == "gone" or time.monotonic() > late:
                raise AssertionError("\n".join([f"{self} never {what}", self.story(), of.story() if of else ""]))
            time.sleep(0.05)

    def story(self):
        return f"{self}: {self._state}, {self.counts()}; {self.said()}"

    def said(self):
        text = pathlib.Path(self.complaints.name).read_text(encoding="utf-8", errors="replace")
        return f"it said: {text[-2000:]}"

    def __str__(self):
        return f"{self.stack.name} ({self.role}, {self.codec})"


