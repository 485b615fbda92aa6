"""Same seed, same trace, byte for byte: in other processes and with other hash seeds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tcpcore.scenarios import registry

PROGRAM = """
import hashlib, json, sys
from tcpcore import Network, ms, mbit, seconds
from tcpcore.scenarios import registry
from tcpcore.view.document import document

def lossy(seed):
    net = Network(seed)
    a, b = net.host("a", "10.0.0.1"), net.host("b", "10.0.0.2")
    net.link(a, b, delay=ms(20), rate=mbit(5), loss=0.05)
    async def serve(host):
        c = await host.socket().bind(80).listen(4).accept()
        while data := await c.recv(3000):
            await c.send(data)
        await c.close()
    async def ask(host):
        s = host.socket()
        await s.connect("10.0.0.2", 80)
        await s.send(bytes(20000))
        s.shutdown("write")
        while await s.recv(3000):
            pass
        await s.close()
    b.spawn(serve); a.spawn(ask)
    return net.run(seconds(400))

for name in registry.names():
    text = json.dumps(document(registry.run(name)))
    print(name, hashlib.sha256(text.encode()).hexdigest())
for seed in (1, 2):
    text = json.dumps(document(lossy(seed)))
    print(seed, hashlib.sha256(text.encode()).hexdigest())
"""


def output(hash_seed: str) -> list[str]:
    root = Path(registry.__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()


def test_two_processes_with_different_hash_seeds_give_the_same_bytes():
    first, second = output("1"), output("4711")
    assert len(first) == len(registry.names()) + 2
    assert first == second
    assert first[-1].split()[1] != first[-2].split()[1], "another seed loses other segments"


@pytest.mark.parametrize("name", registry.names())
def test_a_second_run_in_the_same_process_is_the_same(name: str):
    first, second = registry.run(name), registry.run(name)
    assert [vars_of(one) for one in first.segments] == [vars_of(one) for one in second.segments]
    assert first.calls == second.calls


def vars_of(one: object) -> tuple[object, ...]:
    return tuple(getattr(one, name) for name in ("segment", "sent", "arrived", "fate", "sender"))


def test_another_seed_gives_other_initial_sequence_numbers():
    first, second = (registry.run("handshake", seed=seed) for seed in (1, 2))
    assert first.segments[0].segment.seq != second.segments[0].segment.seq
