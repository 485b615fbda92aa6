"""What the engine does in many worlds, a digest for each: `python -m tests.fast.digests PLANS`.

Run with and without the compiled engine, it must print the same (`test_same_traces`).  PLANS is a
JSON file of conversations: hypothesis, which makes them, also looks at the source for numbers to
try, and finds none in compiled modules.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import transfer
from tcpcore import Network
from tcpcore.host.process import Process
from tcpcore.host.request import Request
from tcpcore.host.sockets import Socket
from tcpcore.host.stack import Host
from tcpcore.scenarios import registry
from tcpcore.tcp import prediction
from tcpcore.tcp.connection import Connection
from tcpcore.view.document import document, dumps
from tcpcore.view.script_document import verdict
from tests import patterns
from tests.drill.test_scripts import SCRIPTS
from tests.flight import on_engine
from tests.pairs import hostile
from tests.worlds import TALKS, WORLDS, talk, told, world


def digest(texts: Iterable[str]) -> str:
    """One for all of them, in their order."""
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode())
    return found.hexdigest()


def scenarios() -> Iterator[tuple[str, str]]:
    for name in registry.names():
        yield name, digest([dumps(document(registry.run(name)))])


def losses() -> Iterator[tuple[str, str]]:
    for name, algorithm in patterns.CASES:
        lines = on_engine(patterns.PATTERNS[name], algorithm)
        yield f"{name}, {algorithm}", digest(f"{line.at} {line.text}\n" for line in lines)


def scripts() -> Iterator[tuple[str, str]]:
    for path in SCRIPTS:
        yield path.stem, digest([json.dumps(verdict(path.read_text(), path.name), default=repr)])


def worlds() -> Iterator[tuple[str, str]]:
    for name in WORLDS:
        yield name, digest(told(world(**WORLDS[name])))
    for name in TALKS:
        yield f"talk, {name}", digest(told(talk(1, **TALKS[name])))
    for loss in (0.0, 0.01):
        yield f"transfer, loss {loss}", digest(told(transfer.run(400_000, traced=True, loss=loss)))


def conversations() -> Iterator[tuple[str, str]]:
    for number, (client, server, network) in enumerate(json.loads(Path(sys.argv[1]).read_text())):
        reports, net = hostile.run([client, server], network)
        hostile.judge(reports, net)
        yield str(number), digest(told(net.trace))


def left() -> Iterator[tuple[str, str]]:
    """What is still there of all those worlds: nothing of them may hold another for ever."""
    gc.collect()
    found = [type(one) for one in gc.get_objects()]
    for kind in (Network, Host, Connection, Request, Socket, Process):
        yield kind.__name__, str(sum(issubclass(one, kind) for one in found))


GROUPS = {
    "scenarios": scenarios, "losses": losses, "scripts": scripts, "worlds": worlds,
    "conversations": conversations, "left": left,
}  # fmt: skip


def main() -> None:
    """Print them all as JSON, and whose engine it was."""
    found: dict[str, Any] = {name: dict(group()) for name, group in GROUPS.items()}
    print(json.dumps({"engine": prediction.__file__, **found}))


if __name__ == "__main__":
    main()
