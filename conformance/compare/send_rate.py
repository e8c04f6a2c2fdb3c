"""Messages per second, and memory, of Anteroom and of Matrix Synapse with the same client."""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time

import aiohttp

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "lib"))

from service import Service  # noqa: E402
from signing import AccessKey  # noqa: E402

CHAT, IDENTITY = "2024-03-07", "2023-10-01"


def memory_mib(pid):
    """Resident memory of a process."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


async def rate(send, rooms, senders, seconds):
    """Sends answered per second by so many senders, each with one message on its way; `send(room)` sends one."""
    until = time.monotonic() + seconds
    took = []

    async def sender(number):
        room = number % rooms
        while time.monotonic() < until:
            began = time.monotonic()
            await send(room)
            took.append(time.monotonic() - began)

    await asyncio.gather(*(sender(number) for number in range(senders)))
    took.sort()
    return len(took) / seconds, took[len(took) * 99 // 100] * 1000


async def anteroom(arguments, directory):
    os.environ["ANTEROOM_BIN"] = str(pathlib.Path(arguments.anteroom).resolve())
    service = Service(directory)
    try:
        context = ssl.create_default_context(cafile=service.dev["ca_file"])
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:
            user = await anteroom_user(service)
            headers = {"Authorization": f"Bearer {user}"}

            async def post(path, body, status=201):
                url = f"{service.endpoint}{path}?api-version={CHAT}"
                async with http.post(url, json=body, headers=headers) as answer:
                    assert answer.status == status, await answer.text()
                    return await answer.json()

            threads = [(await post("/chat/threads", {"topic": "x"}))["chatThread"]["id"] for _ in range(arguments.rooms)]
            result = await rate(
                lambda room: post(f"/chat/threads/{threads[room]}/messages", {"content": "hello"}),
                arguments.rooms, arguments.senders, arguments.seconds,
            )
            return *result, memory_mib(service.process.pid)
    finally:
        service.process.stop()


async def anteroom_user(service):
    import requests

    made = await asyncio.to_thread(
        requests.post,
        f"{service.endpoint}/identities?api-version={IDENTITY}",
        json={"createTokenWithScopes": ["chat"]},
        auth=AccessKey(service.access_key),
        verify=service.dev["ca_file"],
        timeout=30,
    )
    return made.json()["accessToken"]["token"]


async def synapse(arguments, directory):
    directory = pathlib.Path(directory)
    config = {
        "server_name": "bench.local",
        "pid_file": str(directory / "pid"),
        "listeners": [{"port": arguments.port, "bind_addresses": ["127.0.0.1"], "type": "http",
                       "resources": [{"names": ["client"], "compress": False}]}],
        "database": {"name": "sqlite3", "args": {"database": str(directory / "synapse.db")}},
        "media_store_path": str(directory / "media"),
        "signing_key_path": str(directory / "signing.key"),
        "registration_shared_secret": "bench",
        "report_stats": False,
        "trusted_key_servers": [],
        "rc_message": {"per_second": 1e6, "burst_count": 1e6},
        "rc_room_creation": {"per_second": 1e6, "burst_count": 1e6},
    }
    file = directory / "homeserver.yaml"
    file.write_text(json.dumps(config))  # JSON is YAML
    module = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", str(file)]
    subprocess.run([*module, "--generate-keys"], check=True, cwd=directory)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(open(directory / "log", "w"))
        server = subprocess.Popen(module, cwd=directory, stdout=log, stderr=log)
        stack.callback(lambda: (server.terminate(), server.wait(30)))
        base = f"http://127.0.0.1:{arguments.port}"
        async with aiohttp.ClientSession(base, connector=aiohttp.TCPConnector(limit=0)) as http:
            late = time.monotonic() + 60
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get("/_matrix/client/versions") as answer:
                        if answer.status == 200:
                            break
                assert time.monotonic() < late, (directory / "log").read_text()
                await asyncio.sleep(0.2)

            async def call(method, path, body=None, headers=None):
                async with http.request(method, path, json=body, headers=headers) as answer:
                    assert answer.status == 200, await answer.text()
                    return await answer.json()

            nonce = (await call("GET", "/_synapse/admin/v1/register"))["nonce"]
            mac = hmac.new(b"bench", f"{nonce}\0ann\0secret\0notadmin".encode(), hashlib.sha1).hexdigest()
            made = await call("POST", "/_synapse/admin/v1/register", {
                "nonce": nonce, "username": "ann", "password": "secret", "mac": mac, "admin": False})
            headers = {"Authorization": f"Bearer {made['access_token']}"}
            rooms = [(await call("POST", "/_matrix/client/v3/createRoom", {}, headers))["room_id"]
                     for _ in range(arguments.rooms)]
            numbers = iter(range(10**9))
            result = await rate(
                lambda room: call(
                    "PUT", f"/_matrix/client/v3/rooms/{rooms[room]}/send/m.room.message/{next(numbers)}",
                    {"msgtype": "m.text", "body": "hello"}, headers),
                arguments.rooms, arguments.senders, arguments.seconds,
            )
            return *result, memory_mib(server.pid)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anteroom", required=True, help="the program, built for release")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rooms", type=int, default=20, help="rooms or threads, all of one user")
    parser.add_argument("--senders", type=int, default=20, help="requests on their way at a time")
    parser.add_argument("--port", type=int, default=18_008, help="for Synapse, on loopback")
    arguments = parser.parse_args()
    for name, run in (("Anteroom", anteroom), ("Synapse", synapse)):
        with tempfile.TemporaryDirectory() as directory:
            per_second, p99, memory = asyncio.run(run(arguments, directory))
        print(f"{name}: {per_second:,.0f} messages/s, p99 {p99:,.0f} ms, {memory:,.0f} MiB")


if __name__ == "__main__":
    main()
