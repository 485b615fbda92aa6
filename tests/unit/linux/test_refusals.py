"""Without root or TUN the recorder says so in one sentence, and nothing else happens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux import namespace, world

PROBE = """
import os
from tcpcore.errors import UsageError
from tcpcore.linux.world import KernelNetwork
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    KernelNetwork()
except UsageError as error:
    print(error)
"""


def test_without_root_a_network_of_kernels_is_refused_in_one_sentence(root: Path):
    answer = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=root, capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    assert answer.stdout == (
        "recording the kernel needs root for network namespaces: run it again with sudo.\n"
    )


def test_without_a_tun_device_the_sentence_names_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(namespace, "TUN_DEVICE", "/dev/net/no-such-thing")
    with pytest.raises(UsageError, match="/dev/net/no-such-thing, which this system lacks"):
        world.KernelNetwork()


def test_a_kernel_that_refuses_namespaces_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch):
    def refuses() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(namespace, "TUN_DEVICE", "/dev/null")
    monkeypatch.setattr(namespace, "Namespace", refuses)
    with pytest.raises(UsageError, match="the kernel refuses one: Operation not permitted"):
        world.KernelNetwork()
