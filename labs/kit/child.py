"""The sandboxed child: locks itself in, then answers questions from its input, one line each.

Run by path, ``python -I -S child.py LIMITS``, so that it has this folder and the standard library.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import plain  # type: ignore[import-not-found]
import room  # type: ignore[import-not-found]
import sandbox  # type: ignore[import-not-found]


def library(limits: dict[str, Any], bound: bool) -> list[str]:
    """Where the program finds what the lab lets it import beyond the usual."""
    if not bound:
        return [os.path.dirname(limits["library"]["tcpcore"])]
    here = os.path.join(limits["scratch"], sandbox.LIBRARY)
    python = os.path.join(here, "python")
    return [here, python, os.path.join(python, "lib-dynload")]


def main() -> None:
    """Serve until the input ends."""
    limits = json.loads(sys.argv[1])
    questions, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)
    for module in limits["modules"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    incoming = os.fdopen(questions, "rb")
    locks = sandbox.lock(limits)
    if limits["library"]:
        sys.path[1:1] = library(limits, "files" in locks)

    def write(value: Any) -> None:
        content = (plain.dumps(value) + "\n").encode()
        while content:
            content = content[os.write(answers, content) :]

    def ask(letter: Any) -> Any:
        write({"ask": letter})
        return plain.loads(incoming.readline())

    write({"locks": locks})
    own = room.Room(limits["lines"], ask)
    for line in incoming:
        write(own.handle(plain.loads(line)))
    os._exit(0)


main()
