"""The bridge over IPv6: real programs and the engine, as in `test_bridge` over IPv4."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.kernel.test_bridge import bridge, digest, need, pattern

pytestmark = pytest.mark.kernel

OVER_SIX = ("--address", "fd09::2", "--peer", "fd09::1")


def test_every_byte_arrives_over_ipv6_both_ways(tmp_path: Path) -> None:
    need("curl")
    data = os.urandom(5_000_000)
    file, url = tmp_path / "upload", "http://[fd09::2]"
    file.write_bytes(data)
    done = bridge(
        *(*OVER_SIX, "--loss", "1", "--mtu", "1280"),
        program=f"curl -g -sS '{url}/bytes/5000000' | sha256sum; curl -g -sS -T {file} '{url}/'",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [digest(pattern(5_000_000)), b"-", digest(data), b"5000000"]


def test_the_engine_fetches_over_ipv6() -> None:
    server = f"exec {sys.executable} -m http.server 8000 --bind :: >/dev/null 2>&1"
    done = bridge(*OVER_SIX, "--fetch", "http://[fd09::1]:8000/", program=server)
    assert done.stdout.startswith(b"200, "), done.stderr


def test_the_engine_answers_pings_over_ipv6() -> None:
    need("ping")
    assert b" 0% packet loss" in bridge(*OVER_SIX, program="ping -c 1 fd09::2").stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (OVER_SIX[:2], "--address and --peer are both IPv4 addresses, or both IPv6 addresses."),
        (
            (*OVER_SIX, "--fetch", "http://10.9.0.1/"),
            "--fetch takes a URL whose address is of the same IP version as --address.",
        ),
        ((*OVER_SIX, "--mtu", "1279"), "--mtu is at least 1280 bytes with IPv6 (RFC 8200 §5)."),
    ],
)
def test_what_ipv6_cannot_do_is_refused(options: tuple[str, ...], sentence: str) -> None:
    done = bridge(*options)
    assert (done.returncode, done.stderr.decode()) == (2, f"tcpcore bridge: {sentence}\n")
