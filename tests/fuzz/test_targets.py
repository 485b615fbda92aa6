"""Every entrance with bytes that hypothesis makes up, and for some seconds with atheris."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

SECONDS = 2
SLOW = {"bridge": 60, "script": 100, "page_request": 100}


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_breaks_on_made_up_bytes(name: str) -> None:
    request = b'{"scenario":"handshake","parameters":{},"profile":"linux-6.18","drop":[]}'
    words = st.sampled_from(
        [
            *(b"tcp", b"-A INPUT", b" and ", b"port 80", b"0:0(0)", b"S.", b"ack 1", b"win 1"),
            *(b"...", b"1e400", b"min", b'"drop":[-1]', request),
        ]
    )
    pieces = st.lists(st.one_of(words, st.binary(max_size=80)), max_size=12).map(b"".join)

    @settings(
        max_examples=SLOW.get(name, 300),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(pieces, st.binary(max_size=2048)))
    def run(data: bytes) -> None:
        TARGETS[name](data)

    run()


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="needs atheris, which there is for Python 3.11 on 64-bit Intel Linux",
)
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_breaks_when_atheris_looks_for_new_paths(name: str, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz", name),
            *(f"-max_total_time={SECONDS}", "-max_len=2048", f"-artifact_prefix={tmp_path}/"),
        ],
        capture_output=True,
        text=True,
        cwd=root,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
