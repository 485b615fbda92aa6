"""What the bridge's engine host offers, asked by another engine host: no root, no real time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux.bridge import http, iperf, services
from tcpcore.net.network import Network
from tcpcore.units import ms, seconds


def talk(names: list[str], client: Callable[[Any], Any], until: int = seconds(60)) -> list[Any]:
    """Run `client(host)` against a host with these services; what it returned."""
    net = Network(1)
    near, far = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(near, far, delay=ms(5))
    services.start(far, names)
    results: list[Any] = []

    async def run(host: Any) -> None:
        results.append(await client(host))

    near.spawn(run)
    net.run(until)
    assert results, "the client never finished"
    return results


async def say(host: Any, port: int, text: bytes, close: bool = True) -> bytes:
    """Send `text`, close this direction, and read to the end."""
    socket = host.socket()
    await socket.connect("10.0.0.2", port)
    await socket.send(text)
    if close:
        socket.shutdown("write")
    answer = b""
    while part := await socket.recv(65_536):
        answer += part
    await socket.close()
    return answer


def test_echo_sends_back_what_comes_after_a_half_close_too() -> None:
    text = bytes(range(256)) * 2000
    assert talk(["echo"], lambda host: say(host, 7, text)) == [text]


def test_discard_says_nothing() -> None:
    assert talk(["discard"], lambda host: say(host, 9, b"x" * 100_000)) == [b""]


def test_chargen_sends_the_lines_of_rfc_864() -> None:
    async def client(host: Any) -> bytes:
        socket = host.socket()
        await socket.connect("10.0.0.2", 19)
        text = b""
        while len(text) < 148:
            text += await socket.recv(148 - len(text))
        await socket.close()
        return text

    [text] = talk(["chargen"], client)
    first, second = text.split(b"\r\n")[:2]
    assert first == bytes(range(32, 104))
    assert second == bytes(range(33, 105))


def test_several_clients_are_served_at_once() -> None:
    async def client(host: Any) -> bytes:
        first = host.socket()
        await first.connect("10.0.0.2", 7)
        answer = await say(host, 7, b"second")  # while the first says nothing
        await first.send(b"first")
        answer += await first.recv(100)
        await first.close()
        return answer

    assert talk(["echo"], client) == [b"secondfirst"]


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_000_000])
def test_http_serves_as_many_bytes_as_asked_for(size: int) -> None:
    got = bytearray()

    async def client(host: Any) -> int:
        return await http.get(host, "10.0.0.2", 80, f"/bytes/{size}", got.extend)

    assert talk(["http"], client) == [200]
    assert bytes(got) == (services.PATTERN * (size // len(services.PATTERN) + 1))[:size]


BODY = b"0123456789" * 20_000
DIGEST = f"{hashlib.sha256(BODY).hexdigest()} {len(BODY)}\n".encode()


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[first : first + size] for first in range(0, len(body), size)]
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"PUT /sha256 HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY),
        b"POST /sha256 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(BODY, 999),
    ],
    ids=["length", "chunked"],
)
def test_http_says_what_was_uploaded(request_: bytes) -> None:
    [answer] = talk(["http"], lambda host: say(host, 80, request_))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n" + DIGEST)


def test_a_client_that_waits_for_100_continue_is_told() -> None:
    request = b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
    [answer] = talk(["http"], lambda host: say(host, 80, request))
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\n\r\n", 404),
        (b"DELETE / HTTP/1.1\r\n\r\n", 405),
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/2\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nContent-Length: minus one\r\n\r\n", 400),
        (b"GET /bytes/99999999999 HTTP/1.1\r\n\r\n", 404),
        (b"HEAD /bytes/1000000 HTTP/1.1\r\n\r\n", 200),
        (b"GET / HTTP/1.0\r\n\r\n", 200),
    ],
)
def test_every_request_is_answered(request_: bytes, status: int) -> None:
    [answer] = talk(["http"], lambda host: say(host, 80, request_))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert len(answer) < 1000


def test_a_head_without_an_end_is_not_read_for_ever() -> None:
    [answer] = talk(
        ["http"], lambda host: say(host, 80, b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 30_000)
    )
    assert answer == b""


def test_a_connection_is_kept_for_the_next_request() -> None:
    request = b"GET /bytes/3 HTTP/1.1\r\n\r\n"
    last = b"GET /bytes/3 HTTP/1.1\r\nConnection: close\r\n\r\n"
    [answer] = talk(["http"], lambda host: say(host, 80, request + last, close=False))
    assert answer.count(b"\r\n\r\n\x00\x01\x02") == 2


def test_what_does_not_speak_http_is_a_value_error() -> None:
    async def client(host: Any) -> str:
        try:
            await http.get(host, "10.0.0.2", 7, "/", len)
        except ValueError as error:
            return str(error)
        return ""

    assert "is no response of HTTP/1" in talk(["echo"], client)[0]


def test_an_unknown_service_is_named() -> None:
    with pytest.raises(UsageError, match="no service 'ftp'; known are echo, discard"):
        services.start(Network(1).host("a", "10.0.0.1"), ["ftp"])


# --- iperf3 ---------------------------------------------------------------------------------------


async def exactly(socket: Any, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = await socket.recv(length - len(data))
        assert part
        data += part
    return data


async def iperf_client(host: Any, streams: int, reverse: bool) -> tuple[dict[str, Any], int]:
    """What an iperf3 client does on the wire; the server's results, and the bytes it moved."""
    cookie = b"a" * 36 + b"\0"

    async def opened() -> Any:
        socket = host.socket()
        await socket.connect("10.0.0.2", iperf.PORT)
        await socket.send(cookie)
        return socket

    async def expect(state: int) -> None:
        assert struct.unpack("b", await exactly(control, 1))[0] == state

    async def send_json(value: Any) -> None:
        text = json.dumps(value).encode()
        await control.send(len(text).to_bytes(4, "big") + text)

    control = await opened()
    await expect(iperf.PARAM_EXCHANGE)
    await send_json({"tcp": True, "parallel": streams, "time": 1, "reverse": reverse})
    await expect(iperf.CREATE_STREAMS)
    data = [await opened() for _ in range(streams)]
    await expect(iperf.TEST_START)
    await expect(iperf.TEST_RUNNING)
    moved = 0
    for socket in data:
        moved += len(await exactly(socket, 50_000)) if reverse else await socket.send(bytes(50_000))
    await host.sleep(ms(100))
    await control.send(struct.pack("b", iperf.TEST_END))
    await expect(iperf.EXCHANGE_RESULTS)
    await send_json({"streams": []})
    length = int.from_bytes(await exactly(control, 4), "big")
    results = json.loads(await exactly(control, length))
    await expect(iperf.DISPLAY_RESULTS)
    await control.send(struct.pack("b", iperf.IPERF_DONE))
    for socket in (*data, control):
        await socket.close()
    return results, moved


@pytest.mark.parametrize("streams", [1, 3])
def test_iperf3_uploads_are_counted_by_stream(streams: int) -> None:
    async def twice(host: Any) -> Any:
        await iperf_client(host, streams, reverse=False)
        return await iperf_client(host, streams, reverse=False)

    [(results, moved)] = talk(["iperf3"], twice)
    assert moved == 50_000 * streams
    assert [one["bytes"] for one in results["streams"]] == [50_000] * streams
    assert [one["id"] for one in results["streams"]] == [1, 3, 4][:streams]


def test_iperf3_in_reverse_the_server_sends() -> None:
    [(results, _)] = talk(["iperf3"], lambda host: iperf_client(host, 2, reverse=True))
    assert all(one["bytes"] >= 50_000 for one in results["streams"])


def test_who_does_not_speak_iperf3_does_not_stop_the_server() -> None:
    strange = [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(37) + (2_000_000).to_bytes(4, "big") + b"{}",
        bytes(37) + (3).to_bytes(4, "big") + b"[1]",
        bytes(37) + (4).to_bytes(4, "big") + b"\xff\xff\xff\xff",
    ]

    async def client(host: Any) -> Any:
        for text in strange:
            with contextlib.suppress(ConnectionResetError):  # some of it was never read
                await say(host, iperf.PORT, text)
        return await iperf_client(host, 1, reverse=False)

    [(results, _)] = talk(["iperf3"], client)
    assert results["streams"][0]["bytes"] == 50_000


@pytest.mark.parametrize("path", ["/", "/bytes/3000"])
def test_requests_on_one_connection_do_not_wait_for_delayed_acks(path: str) -> None:
    async def client(host: Any) -> int:
        socket = host.socket()
        await socket.connect("10.0.0.2", 80)
        stream = http.Stream(socket)
        began: int = host.now
        for _ in range(10):
            await socket.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            head = await stream.head()
            length = int(http.fields_of((head or b"").decode().split("\r\n"))["content-length"])
            async for _part in stream.exactly(length):
                pass
        return host.now - began

    [took] = talk(["http"], client)
    assert took < 10 * ms(11), "a round trip of 10 ms each"
