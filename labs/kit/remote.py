"""An answer in a child process: sandboxed, limited in time and memory, and nothing but a pipe away.

The checks, the engine that judges and the key stay in this process.  What the child sends is read
as plain data: it can answer wrongly, and it cannot mark itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labs.kit import plain
from labs.kit.answer import LINES, Answer
from labs.kit.room import ALLOWED, Message, allowed_imports
from labs.kit.verdicts import Failed

CHILD = Path(__file__).with_name("child.py")
LIBRARY = {"tcpcore": str(CHILD.parents[2] / "tcpcore"), "python": str(Path(os.__file__).parent)}
"""What a program may import where its lab allows the engine: that, and all of Python's own."""
DEATHS = 2
"""How often an answer may die: the checks after that are not begun."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission may take: seconds in which it is waited for, bytes of memory.

    `hide` are folders that the program shall find empty, where the kernel allows to hide them.
    """

    seconds: float = 20.0
    memory: int = 512 << 20
    lines: int = LINES
    hide: tuple[str, ...] = ()
    namespaces: bool = True


class Remote(Answer):
    """The answer in a child, which is started again when a check has killed it."""

    def __init__(
        self,
        source: str,
        file: str = "answer.py",
        imports: tuple[str, ...] = (),
        given: Any = None,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(source, file, imports, given)
        self.locks: list[str] = []
        self._limits = limits or Limits()
        self._left = self._limits.seconds
        self._deaths = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._scratch = tempfile.mkdtemp(prefix="answer-")
        self._unread = b""

    def close(self) -> None:
        """End the child and remove its folder."""
        self._kill()
        shutil.rmtree(self._scratch, ignore_errors=True)

    # --- the child -------------------------------------------------------------------------------

    def _start(self) -> None:
        limits = self._limits
        os.chmod(self._scratch, 0o777)
        request = {
            "cpu": int(limits.seconds) + 2,
            "memory": limits.memory,
            "lines": limits.lines,
            "hide": [folder for folder in limits.hide if os.path.isdir(folder)],
            "namespaces": limits.namespaces,
            "scratch": self._scratch,
            "modules": allowed_imports(self.source, ALLOWED),
            "library": LIBRARY if "tcpcore" in self._imports else {},
        }
        self._unread = b""
        self._left = limits.seconds
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(CHILD), json.dumps(request)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        self.locks = list(self._read()["locks"])
        self.load()

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()
        child.wait()

    def _dead(self, text: str) -> Failed:
        self._deaths += 1
        self._kill()
        return Failed(text, where="the program as a whole")

    # --- messages --------------------------------------------------------------------------------

    def _exchange(self, asked: Message) -> Message:
        if self._child is None:
            if self._deaths >= DEATHS:
                raise Failed(
                    f"Not asked any more: the program was ended {DEATHS} times before.",
                    where="the program as a whole",
                )
            self._start()
        self._write(asked)
        reply = self._read()
        while "ask" in reply:
            self._write(self._served(reply["ask"]))
            reply = self._read()
        return reply

    def _served(self, letter: Any) -> list[Any]:
        if not isinstance(letter, dict) or "name" not in letter:
            raise self._dead("The program sent something that is no answer.")
        return self._doors.serve(letter)

    def _write(self, value: Any) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        pipe = self._child.stdin.fileno()
        content = memoryview((plain.dumps(value) + "\n").encode())
        while content:
            self._wait([], [pipe])
            try:
                content = content[os.write(pipe, content[: select.PIPE_BUF]) :]
            except OSError:
                raise self._ended() from None

    def _read(self) -> Message:
        line = self._line()
        try:
            reply = plain.loads(line)
        except plain.NotPlain:
            reply = None
        if not isinstance(reply, dict):
            raise self._dead("The program sent something that is no answer.")
        return reply

    def _line(self) -> bytes:
        """One line; waiting for it costs the program's seconds."""
        assert self._child is not None
        assert self._child.stdout is not None
        pipe = self._child.stdout.fileno()
        pieces = [self._unread]
        size = len(self._unread)
        while b"\n" not in pieces[-1]:
            self._wait([pipe], [])
            piece = os.read(pipe, 1 << 16)
            size += len(piece)
            if not piece:
                raise self._ended()
            if size > 2 * plain.LONGEST:
                raise self._dead("The program sends more than any answer needs.")
            pieces.append(piece)
        line, _, self._unread = b"".join(pieces).partition(b"\n")
        return line

    def _wait(self, reading: list[int], writing: list[int]) -> None:
        """Until a pipe is ready; the time it takes is the program's."""
        begun = time.monotonic()
        ready = select.select(reading, writing, [], max(self._left, 0))
        self._left -= time.monotonic() - begun
        if not any(ready):
            seconds = f"{self._limits.seconds:g}"
            raise self._dead(f"No answer within {seconds} s: an endless loop, or a long sleep?")

    def _ended(self) -> Failed:
        """The child is gone: say how, as far as its parent can know."""
        child = self._child
        status: int | None = None
        if child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = child.wait(timeout=1)
        how = "It ended itself in the middle of a question (os._exit?), or was out of memory."
        if status in (-signal.SIGXCPU, 256 - signal.SIGXCPU, -signal.SIGKILL, 256 - signal.SIGKILL):
            how = "It was ended for using too much processor time or memory."
        return self._dead(f"The program is gone. {how}")
