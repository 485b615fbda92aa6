"""The compiled engine says what the other one says, to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import fast

ROOT = Path(fast.ROOT)
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

PROGRAM = """
import hashlib
import tcpcore
from benchmarks import transfer
from tcpcore.scenarios import registry
from tcpcore.view.document import document, dumps

print(tcpcore.tcp.prediction.__file__.endswith(".py"))
for name in registry.names():
    print(name, hashlib.sha256(dumps(document(registry.run(name))).encode()).hexdigest())
for loss in (0.0, 0.01):
    trace = transfer.run(300_000, traced=True, loss=loss)
    print(loss, hashlib.sha256(dumps(document(trace)).encode()).hexdigest())
"""


def told(*folders: Path) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment, cwd=folders[0], capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return out.splitlines()


@pytest.mark.skipif(not IN_CI and not fast.is_built(), reason="`make fast` was not run since")
def test_the_compiled_engine_gives_the_same_traces() -> None:
    if not fast.is_built():
        reason = fast.missing()
        assert reason is None, reason
        fast.build(level=0)
    compiled, interpreted = told(fast.FOLDER, ROOT), told(ROOT)
    assert (compiled[0], interpreted[0]) == ("False", "True")
    assert compiled[1:] == interpreted[1:]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast.shutil, "which", lambda name: None)
    assert fast.missing() == (
        "no C compiler was found; on Debian or Ubuntu run `sudo apt-get install gcc`"
    )


def test_every_module_to_compile_is_there() -> None:
    found = [str(path.relative_to(ROOT / "tcpcore")) for path in fast.sources(ROOT / "tcpcore")]
    assert "tcp/prediction.py" in found
    assert "net/network.py" in found
    assert not [name for name in found if name.startswith("tcp/congestion")]
    for pattern in fast.MODULES:
        assert list((ROOT / "tcpcore").glob(pattern)), pattern
