"""Connectivity checks of our own: which credentials of ICE does the service still answer to?"""

import dataclasses
import re
import socket

from aioice import stun

SECONDS = 0.25  # in which the service, on this machine, answers if it does


@dataclasses.dataclass(frozen=True)
class Credentials:
    ufrag: str
    pwd: str

    @staticmethod
    def of(description):
        found = [re.search(rf"^a=ice-{name}:(\S+)", description, re.M)[1] for name in ("ufrag", "pwd")]
        return Credentials(*found)


def answers(answer, offer):
    """Whether a check between the ends of these two descriptions is answered.

    The check does not nominate, so that the path in use stays what it is.
    """
    ours, theirs = Credentials.of(answer), Credentials.of(offer)
    port = int(re.search(r"^a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host", answer, re.M)[1])
    check = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{ours.ufrag}:{theirs.ufrag}"
    check.attributes["PRIORITY"] = 1
    check.attributes["ICE-CONTROLLING"] = 2**64 - 1
    check.add_message_integrity(ours.pwd.encode())
    check.add_fingerprint()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(SECONDS)
        udp.sendto(bytes(check), ("127.0.0.1", port))
        try:
            answer, _ = udp.recvfrom(2048)
        except TimeoutError:
            return False
    return stun.parse_message(answer).message_class == stun.Class.RESPONSE
