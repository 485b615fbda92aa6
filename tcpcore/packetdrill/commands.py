"""Shell in scripts: we read it ourselves, and start no shell.

Understood: sysctl in its usual forms (``sysctl -q net.ipv4.tcp_x=y``, ``echo y > /proc/sys/...``,
a program that takes ``/proc/sys/...=y``), the same for parameters of modules (``echo 0 >
/sys/module/tcp_cubic/parameters/hystart``), sleep, files of such lines beside the script, and what
`shell_text` reads of the shell itself: variables, sums, conditions, loops, functions.
Everything else goes to the backend, one command at a time, which runs it, ignores it, or refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tcpcore.errors import UsageError
from tcpcore.packetdrill.shell_text import ShellError, ShellText
from tcpcore.packetdrill.shell_words import Words, split
from tcpcore.packetdrill.system import System, Unsupported
from tcpcore.units import SECOND

_PROC = re.compile(r"(?:/proc/sys/|(?=/sys/module/))([\w./-]+)")
_PARAMETER = re.compile(r"\.sys\.module\.(\w+)\.parameters\.(\w+)")
_SETTING = re.compile(r"(?:/proc/sys/)?([\w./-]+)\s*=\s*(.*)", re.DOTALL)
_WRITTEN = re.compile(r"\s*(?:>|\|\s*(?:sudo\s+)?tee)\s*(?=/proc/sys/|/sys/module/)")
_SHELLS = ("source", ".", "sh", "bash", "/bin/sh", "/bin/bash")
_DEEPEST = 5
_LARGEST = 1 << 20
_LONGEST_SLEEP = 3600


class Commands:
    """Runs the commands of one script; `folder` is where it lies, None for text without a file.

    `done` has every sysctl set so far, by its full name.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.done: dict[str, str] = {}
        self._words = Words(self._printed)
        self._shell = ShellText(self._words)

    def run(self, text: str, system: System) -> list[str]:
        """Run commands; remarks on what was ignored.  Raises `Unsupported` or `UsageError`."""
        return list(self._run(text, system, self.folder, 0))

    def _run(self, text: str, system: System, folder: Path | None, depth: int) -> Iterator[str]:
        try:
            for line in self._shell.commands(text):
                yield from self._one(line, system, folder, depth)
        except ShellError as error:
            raise Unsupported(str(error)) from None

    def _one(self, line: str, system: System, folder: Path | None, depth: int) -> Iterator[str]:
        words = split(_WRITTEN.sub(" > ", line))
        if words[0] == "sudo":
            words, line = words[1:] or ["true"], line.removeprefix("sudo ").lstrip()
        if settings := _settings(words):
            for name, value in settings:
                yield from self._set(name, value, system)
        elif words[0] == "sleep" and len(words) == 2:
            yield from _sleep(words[1], system)
        elif self._elsewhere(words):
            yield f"ignored: {line} (files are read beside the script only)"
        elif (path := self._file(words, folder)) is not None:
            self._words.arguments = words[2:] if words[0] in _SHELLS else words[1:]
            yield from self._file_run(path, system, depth)
        elif (remark := system.shell(line)) is not None:
            yield remark

    def _printed(self, command: str) -> str | None:
        """What a command would print, where that is a sysctl that was set."""
        words = split(command)
        name = words[-1] if words and words[0] in ("cat", "sysctl") else ""
        return self.done.get(_dotted(name))

    def _set(self, name: str, value: str, system: System) -> Iterator[str]:
        if parameter := _PARAMETER.fullmatch(name):
            remark = system.set_parameter(parameter[1], parameter[2], value)
        else:
            remark = system.set_sysctl(name, value)
        self.done[name] = value
        if remark is not None:
            yield remark

    def _file(self, words: list[str], folder: Path | None) -> Path | None:
        """The file of commands that a line runs, if it does that."""
        name = words[1] if words[0] in _SHELLS and len(words) > 1 else words[0]
        if "/" not in name and words[0] not in _SHELLS:
            return None
        if folder is None:
            raise Unsupported(f"a file of commands ({name}) in a script that is no file")
        return folder / name

    @staticmethod
    def _elsewhere(words: list[str]) -> bool:
        """Whether a line runs a file that other programs left, such as one that undoes sysctls."""
        name = words[1] if words[0] in _SHELLS and len(words) > 1 else words[0]
        return name.startswith("/") and name.endswith(".sh")

    def _file_run(self, path: Path, system: System, depth: int) -> Iterator[str]:
        if depth >= _DEEPEST:
            raise UsageError(f"files of commands that run each other: {path.name}.")
        try:
            if path.stat().st_size > _LARGEST:
                raise UsageError(f"{path} is too large for a file of commands.")
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"the script runs {path}: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise UsageError(f"the script runs {path}, which is no text.") from None
        yield from self._run(text, system, path.parent, depth + 1)


def _settings(words: list[str]) -> list[tuple[str, str]]:
    """The sysctls that a command sets; empty when it is another command."""
    if words[0] in ("sysctl", "/sbin/sysctl", "/usr/sbin/sysctl"):
        return _pairs([word for word in words[1:] if not word.startswith("-")])
    if words[0] == "echo" and ">" in words:
        at = words.index(">")
        found = _PROC.fullmatch(words[at + 1]) if at + 1 < len(words) else None
        value = " ".join(word for word in words[1:at] if word != "-n")
        return [(_dotted(found[1]), value)] if found else []
    arguments = words[1:]
    if arguments and all(_PROC.match(word) and "=" in word for word in arguments):
        return _pairs(arguments)
    return []


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    """``name=value`` each, or ``name = value`` in three words; what only reads sets nothing."""
    found = []
    for word in re.sub(r"\n=\n", "=", "\n".join(words)).split("\n"):
        if match := _SETTING.fullmatch(word):
            found.append((_dotted(match[1]), " ".join(match[2].strip("\"'").split())))
    return found


def _dotted(name: str) -> str:
    return name.removeprefix("/proc/sys/").replace("/", ".")


def _sleep(word: str, system: System) -> Iterator[str]:
    try:
        duration = float(word)
    except ValueError:
        raise UsageError(f"sleep takes seconds, not {word!r}") from None
    if not 0 <= duration <= _LONGEST_SLEEP:
        yield f"sleep {word}: at most {_LONGEST_SLEEP} s are waited"
        duration = min(max(duration, 0.0), _LONGEST_SLEEP)
    system.pass_time(system.now + round(duration * SECOND))
