"""What a real kernel made of the example scripts: ``records/scripts/NAME.json``.

Reading needs no Linux and no root.  ``python -m tcpcore.linux.script_records`` runs all examples
on this machine's kernel, in a namespace of their own, and writes the records (root, some seconds).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.files import write_whole
from tcpcore.linux import store
from tcpcore.packetdrill import examples, report
from tcpcore.packetdrill.drill import Plan, perform
from tcpcore.packetdrill.source import Source
from tcpcore.packetdrill.system import Settings

FOLDER = store.FOLDER / "scripts"
TOLERANCE = 14_000
"""With HZ=250 a kernel is up to 14 ms late."""


@dataclass(slots=True)
class ScriptRecord:
    """A script, the kernel that ran it, and its outcome as `report.as_dict` gives it."""

    name: str
    script: str
    kernel: str
    tolerance: int
    outcome: dict[str, Any]


def find(name: str, folder: Path = FOLDER) -> ScriptRecord:
    """The record of an example; `UsageError` when there is none, or the script has changed."""
    path = folder / f"{name}.json"
    if not path.is_file():
        raise UsageError(f"There is no kernel record of the script {name!r}.")
    found = ScriptRecord(**json.loads(path.read_text(encoding="utf-8")))
    if found.script != examples.read(name):
        raise UsageError(f"The script {name!r} is not the one that was recorded; record it again.")
    return found


def record(name: str, folder: Path = FOLDER) -> ScriptRecord:
    """Run an example on this machine's kernel and keep what came of it.

    `UsageError` where there is no kernel to ask, without root for example.
    """
    from tcpcore.linux.record import kernel_version

    script = examples.read(name)
    source = Source(script, name)
    plan = Plan("kernel", settings=Settings(tolerance=TOLERANCE))
    outcome = report.as_dict(source, perform(source, plan)[1])
    made = ScriptRecord(name, script, kernel_version(), TOLERANCE, outcome)
    content = json.dumps(asdict(made), indent=1, ensure_ascii=False) + "\n"
    folder.mkdir(exist_ok=True)
    write_whole(folder / f"{name}.json", content.encode())
    return made


def main(names: list[str]) -> int:
    """Record these examples, all of them if none is named."""
    try:
        for name in names or examples.names():
            print(f"  {name}: {record(name).outcome['verdict']}")
    except UsageError as error:
        print(f"tcpcore.linux.script_records: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
