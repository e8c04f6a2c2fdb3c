"""HMAC-SHA256 with an access key, for requests that no official package would send."""

import base64
import email.utils
import hashlib
import hmac
import urllib.parse

from requests.auth import AuthBase


def signature(key, *lines):
    signed = "\n".join(lines).encode()
    return base64.b64encode(hmac.new(base64.b64decode(key), signed, hashlib.sha256).digest()).decode()


class AccessKey(AuthBase):
    """Signs what is sent, as it is sent."""

    def __init__(self, key, date_header="x-ms-date", time=None):
        self.key = key
        self.date_header = date_header
        self.time = time

    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        url = urllib.parse.urlsplit(request.url)
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        date = email.utils.formatdate(self.time, usegmt=True)
        target = url.path + (f"?{url.query}" if url.query else "")
        signed = signature(self.key, request.method, target, f"{date};{url.netloc};{digest}")
        request.headers[self.date_header] = date
        request.headers["x-ms-content-sha256"] = digest
        request.headers["Authorization"] = (
            f"HMAC-SHA256 SignedHeaders={self.date_header};host;x-ms-content-sha256&Signature={signed}"
        )
        return request


class Bearer(AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request
