"""The server's side of iperf3's protocol over TCP, as iperf 3.12 speaks it.

A control connection carries one-byte states and JSON texts behind their length; the data go over
connections of their own, one for each stream, which begin with the control connection's cookie.
One test at a time.  ``-R`` and ``-P`` are served, ``--bidir`` and UDP are not.
"""

from __future__ import annotations

import json
import struct
from typing import Any

from tcpcore.host.process import Wait
from tcpcore.host.sockets import Socket
from tcpcore.units import seconds

PORT = 5201
_CHUNK = 131_072
_COOKIE = 37
_LONGEST_JSON = 1_000_000

TEST_START, TEST_RUNNING, TEST_END = 1, 2, 4
PARAM_EXCHANGE, CREATE_STREAMS, EXCHANGE_RESULTS = 9, 10, 13
DISPLAY_RESULTS, IPERF_DONE, SERVER_ERROR = 14, 16, -2
"""States of a test (iperf_api.h)."""
_NOT_IMPLEMENTED = 13
"""IEUNIMP: what this server says of UDP, and of both directions at once."""


class _Test:
    """One test: its parameters and what each stream has carried."""

    def __init__(self, cookie: bytes, parameters: dict[str, Any]) -> None:
        self.cookie = cookie
        self.reverse = bool(parameters.get("reverse"))
        count = parameters.get("parallel", 1)
        self.count = count if isinstance(count, int) and 1 <= count <= 128 else 1
        self.supported = bool(parameters.get("tcp")) and not parameters.get("bidirectional")
        self.carried: list[int] = []
        self.started = 0
        self.over = False


async def server(host: Any) -> None:
    """Serve tests for ever, one after the other."""
    listener = host.socket().setsockopt("SO_REUSEADDR", 1).bind(PORT).listen(128)
    while True:
        control = await listener.accept()
        try:
            await _serve(host, listener, control)
        except (OSError, ValueError):  # the client went away, or is none of iperf3's
            pass
        finally:
            await control.close()


async def _serve(host: Any, listener: Socket, control: Socket) -> None:
    cookie = await _exactly(control, _COOKIE)
    await _say(control, PARAM_EXCHANGE)
    test = _Test(cookie, await _read_json(control))
    if not test.supported:
        await _say(control, SERVER_ERROR)
        await control.send(struct.pack("!ii", _NOT_IMPLEMENTED, 0))
        return
    await _say(control, CREATE_STREAMS)
    for number in range(test.count):
        await _open_stream(host, listener, control, test, number)
    test.started = host.now
    await _say(control, TEST_START)
    await _say(control, TEST_RUNNING)
    if await _hear(control) != TEST_END:
        test.over = True
        return
    took = host.now - test.started
    test.over = True
    await _say(control, EXCHANGE_RESULTS)
    await _read_json(control)
    await _write_json(control, _results(test, took))
    await _say(control, DISPLAY_RESULTS)
    await _hear(control)


async def _open_stream(
    host: Any, listener: Socket, control: Socket, test: _Test, number: int
) -> None:
    """Accept one of the test's streams and give it a process; strangers are turned away."""
    while True:
        data = await listener.accept()
        if await _exactly(data, _COOKIE) == test.cookie:
            break
        await data.close()
    test.carried.append(0)

    async def stream(host: Any) -> None:
        await control.close()
        await listener.close()
        while not test.started:
            await Wait(None, host.now + 1000)
        if test.reverse:
            await _fill(host, data, test, number)
        else:
            while part := await data.recv(_CHUNK):
                test.carried[number] += len(part)
        await data.close()

    host.fork(stream, f"iperf3 stream {number + 1}")
    await data.close()


async def _fill(host: Any, data: Socket, test: _Test, number: int) -> None:
    block_of_zeros = bytes(_CHUNK)
    while not test.over:
        test.carried[number] += await data.send(block_of_zeros)


def _results(test: _Test, took: int) -> dict[str, Any]:
    """What the server tells at the end (send_results() in iperf_api.c)."""
    ids = [1, *range(3, test.count + 2)]  # iperf3 counts its streams that way
    streams = [
        {
            "id": ids[number],
            "bytes": carried,
            "retransmits": -1,
            "jitter": 0,
            "errors": 0,
            "packets": 0,
            "start_time": 0,
            "end_time": took / seconds(1),
        }
        for number, carried in enumerate(test.carried)
    ]
    return {
        "cpu_util_total": 0,
        "cpu_util_user": 0,
        "cpu_util_system": 0,
        "sender_has_retransmits": 0 if test.reverse else -1,
        "congestion_used": "cubic",
        "streams": streams,
    }


async def _exactly(socket: Socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        part = await socket.recv(length - len(data))
        if not part:
            raise ValueError("the client closed too early")
        data += part
    return data


async def _say(control: Socket, state: int) -> None:
    await control.send(struct.pack("b", state))


async def _hear(control: Socket) -> int:
    return int(struct.unpack("b", await _exactly(control, 1))[0])


async def _read_json(control: Socket) -> dict[str, Any]:
    length = int.from_bytes(await _exactly(control, 4), "big")
    if length > _LONGEST_JSON:
        raise ValueError("a text of more than a million bytes")
    value = json.loads(await _exactly(control, length))
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


async def _write_json(control: Socket, value: dict[str, Any]) -> None:
    text = json.dumps(value).encode()
    await control.send(len(text).to_bytes(4, "big") + text)
