"""What OBS does over HTTP (it is no package of a registry): its offer, the answer it needs, `DELETE` of `Location`."""

import pathlib
import urllib.parse

import requests

from service import PATIENCE

OFFER = pathlib.Path(__file__).parents[2] / "crates/signaling/src/sdp/data/obs-offer.sdp"


def test_a_session_begins_and_ends(service):
    url = service.dev["whip_url"]
    headers = {"Authorization": f"Bearer {service.dev['media_token']}", "Content-Type": "application/sdp"}
    offer = "\r\n".join([*OFFER.read_text().splitlines(), ""])
    began = requests.post(url, data=offer, headers=headers, timeout=PATIENCE)
    assert began.status_code == 201, began.text
    assert began.headers["Content-Type"] == "application/sdp"
    lines = began.text.splitlines()
    assert "a=setup:passive" in lines and "a=ice-lite" in lines
    assert [line for line in lines if line.startswith("a=rtpmap:")] == [
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:96 H264/90000",
    ]
    assert lines.count("a=recvonly") == 2
    # It makes an address of a location that is a path.
    session = urllib.parse.urljoin(url, began.headers["Location"])
    bearer = {"Authorization": headers["Authorization"]}
    assert requests.delete(session, headers=bearer, timeout=PATIENCE).status_code == 200
    assert requests.delete(session, headers=bearer, timeout=PATIENCE).status_code == 404
