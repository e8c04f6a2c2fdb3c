"""GStreamer's webrtcbin, with the codecs of its plugins. Debian's Python runs this: the binding is a package of Debian."""

import array
import json
import re
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

from common import HEIGHT, PICTURES_A_SECOND, WIDTH, Picture, Sound, commands, say  # noqa: E402

RATE = 48000

SENT = {
    "VP8": ("vp8enc deadline=1 keyframe-max-dist=1000 ! rtpvp8pay picture-id-mode=15-bit", ""),
    "H264": (
        "openh264enc gop-size=1000 bitrate=400000 ! video/x-h264,profile=constrained-baseline"
        " ! rtph264pay config-interval=-1 aggregate-mode=zero-latency",
        ",packetization-mode=(string)1",
    ),
}
PUBLISH = """
webrtcbin name=webrtc bundle-policy=max-bundle
audiotestsrc is-live=true freq={hz} volume=0.3 ! audio/x-raw,rate=48000,channels=1 ! opusenc ! rtpopuspay
  ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111,encoding-params=(string)2 ! identity name=audio ! webrtc.
videotestsrc is-live=true pattern=ball motion=sweep background-color={grey}
  ! video/x-raw,width={width},height={height},framerate={rate}/1,format=I420 ! {encoder}
  ! application/x-rtp,media=video,encoding-name={codec},payload=96{more} ! identity name=video ! webrtc.
"""

RECEIVED = {
    "OPUS": "rtpopusdepay ! opusdec ! audioconvert ! audioresample ! audio/x-raw,format=S16LE,rate=48000,channels=1",
    "VP8": "rtpvp8depay request-keyframe=true wait-for-keyframe=true ! vp8dec ! videoconvert ! video/x-raw,format=I420",
    "H264": "rtph264depay request-keyframe=true ! h264parse ! openh264dec ! videoconvert ! video/x-raw,format=I420",
}
CAPS = {
    "OPUS": "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,"
    "encoding-params=(string)2",
    "VP8": "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000,"
    "rtcp-fb-nack-pli=true",
    "H264": "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,"
    "rtcp-fb-nack-pli=true,packetization-mode=(string)1,profile-level-id=(string)42e01f",
}


class Peer:
    def __init__(self, wish):
        self.wish = wish
        self.sound, self.picture = Sound(), Picture()
        self.counters = {}  # elements that count what passes
        self.state = None
        self.offered = False
        if wish["role"] == "publish":
            # What ITU-R BT.601 makes this luma of.
            grey = max(0, min(255, round((wish["luma"] - 16) * 255 / 219)))
            encoder, more = SENT[wish["codec"]]
            description = PUBLISH.format(
                hz=wish["hz"],
                grey=0xFF000000 | grey << 16 | grey << 8 | grey,
                width=WIDTH,
                height=HEIGHT,
                rate=PICTURES_A_SECOND,
                encoder=encoder,
                codec=wish["codec"],
                more=more,
            )
            self.pipeline = Gst.parse_launch(description)
            self.webrtc = self.pipeline.get_by_name("webrtc")
            self.webrtc.connect("deep-element-added", self.on_element)
            self.counters = {kind: self.pipeline.get_by_name(kind) for kind in ("audio", "video")}
            for number in range(2):
                transceiver = self.webrtc.emit("get-transceiver", number)
                transceiver.props.direction = GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY
        else:
            self.pipeline = Gst.Pipeline.new(None)
            self.webrtc = Gst.ElementFactory.make("webrtcbin", "webrtc")
            self.webrtc.set_property("bundle-policy", "max-bundle")
            self.webrtc.connect("deep-element-added", self.on_element)
            self.webrtc.connect("pad-added", self.on_pad)
            self.pipeline.add(self.webrtc)
            receive = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            for codec in ("OPUS", wish["codec"]):
                self.webrtc.emit("add-transceiver", receive, Gst.Caps.from_string(CAPS[codec]))
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: print(message.parse_error(), file=sys.stderr))

    def begin(self):
        # A publisher's encoders run before the connection is there, as those of encoders do.
        self.pipeline.set_state(Gst.State.PLAYING)
        self.promise = Gst.Promise.new_with_change_func(lambda *_: GLib.idle_add(self.on_offer))
        self.webrtc.emit("create-offer", None, self.promise)

    def on_offer(self):
        reply = self.promise.get_reply()  # it owns the offer
        self.webrtc.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def on_element(self, _, __, element):
        """Gives DTLS the certificate of the wish; without one it makes its own, which is RSA."""
        factory = element.get_factory()
        if self.wish.get("pem") and factory and factory.get_name() == "dtlssrtpdec":
            element.set_property("pem", self.wish["pem"])

    def look(self):
        """Tells of states that are new. Handlers of their own would be called with locks held that calls from here wait for."""
        complete = GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if not self.offered and self.webrtc.props.ice_gathering_state == complete:
            self.offered = True
            text = self.webrtc.props.local_description.sdp.as_text()
            if fingerprint := self.wish.get("fingerprint"):
                # This version takes that of the certificate and its key together, which is the fingerprint of nothing.
                text = re.sub(r"a=fingerprint:\S+ \S+", f"a=fingerprint:sha-256 {fingerprint}", text)
            say("offer", sdp=text)
        state = self.webrtc.props.connection_state.value_nick
        if state != self.state:
            self.state = state
            say("state", state=state)

    def answer(self, text):
        _, message = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.webrtc.emit("set-remote-description", answer, Gst.Promise.new())

    def on_pad(self, _, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        codec = pad.get_current_caps().get_structure(0).get_string("encoding-name")
        received = Gst.parse_bin_from_description(
            f"identity name=count ! {RECEIVED[codec]} ! appsink name=sink emit-signals=true sync=false async=false", True
        )
        received.get_by_name("sink").connect("new-sample", self.on_sound if codec == "OPUS" else self.on_picture)
        kind = "audio" if codec == "OPUS" else "video"
        self.counters[kind] = received.get_by_name("count")
        self.pipeline.add(received)
        received.sync_state_with_parent()
        pad.link(received.get_static_pad("sink"))

    def on_sound(self, sink):
        data = bytes_of(sink.emit("pull-sample"))
        self.sound.add(array.array("h", data), RATE)
        return Gst.FlowReturn.OK

    def on_picture(self, sink):
        sample = sink.emit("pull-sample")
        shape = sample.get_caps().get_structure(0)
        width, height = shape.get_int("width")[1], shape.get_int("height")[1]
        self.picture.add(bytes_of(sample), width, [width, height])
        return Gst.FlowReturn.OK

    def packets(self, kind):
        counter = self.counters.get(kind)
        return counter.props.stats.get_uint64("num-buffers")[1] if counter else 0

    def stats(self):
        say(
            "stats",
            audio={"packets": self.packets("audio"), "decoded": self.sound.frames, "hz": self.sound.hz},
            video={"packets": self.packets("video"), "decoded": self.picture.frames, "luma": self.picture.luma},
        )

    def close(self):
        self.pipeline.set_state(Gst.State.NULL)


def bytes_of(sample):
    buffer = sample.get_buffer()
    return buffer.extract_dup(0, buffer.get_size())


def main():
    Gst.init(None)
    loop = GLib.MainLoop()
    peer = Peer(json.loads(sys.argv[1]))

    def command(asked):
        nonlocal peer
        if asked["do"] == "answer":
            peer.answer(asked["sdp"])
        elif asked["do"] == "again":
            # This version does not restart ICE: another connection.
            peer.close()
            peer = Peer(peer.wish)
            peer.begin()
        else:
            loop.quit()

    def read():
        for asked in commands():
            GLib.idle_add(command, asked)
        GLib.idle_add(loop.quit)

    def report():
        peer.stats()
        return True

    def look():
        peer.look()
        return True

    threading.Thread(target=read, daemon=True).start()
    GLib.timeout_add(250, report)
    GLib.timeout_add(20, look)
    peer.begin()
    loop.run()
    peer.close()


main()
