"""Shell in scripts: we read it ourselves, and start no shell.

Understood: sysctl in its usual forms (``sysctl -q net.ipv4.tcp_x=y``, ``echo y > /proc/sys/...``,
a program that takes ``/proc/sys/...=y``), sleep, and files of such lines beside the script.
Conditions (``if``, ``[ -f file ]``) are taken to hold.
Everything else goes to the backend, one command at a time, which runs it, ignores it, or refuses.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from tcpcore.errors import UsageError
from tcpcore.packetdrill.system import System, Unsupported
from tcpcore.units import SECOND

_PROC = re.compile(r"/proc/sys/([\w./-]+)")
_SETTING = re.compile(r"(?:/proc/sys/)?([\w./-]+)\s*=\s*(.*)", re.DOTALL)
_REDIRECTION = re.compile(r"\s*(?:[12&]?>>?\s*/dev/null|2>&1|\|\|\s*true)")
_PART = re.compile(r"""(?:[^;&'"]|(?<!&)&(?!&)|'[^']*'|"[^"]*")+""")
"""A command up to the next ``;`` or ``&&`` that no quotes hide."""
_SHELLS = ("source", ".", "sh", "bash", "/bin/sh", "/bin/bash")
_TESTS = ("[", "[[", "test")
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

    def run(self, text: str, system: System) -> list[str]:
        """Run commands; remarks on what was ignored.  Raises `Unsupported` or `UsageError`."""
        return list(self._run(text, system, self.folder, 0))

    def _run(self, text: str, system: System, folder: Path | None, depth: int) -> Iterator[str]:
        for line in _branches(_lines(text)):
            yield from self._one(line, system, folder, depth)

    def _one(self, line: str, system: System, folder: Path | None, depth: int) -> Iterator[str]:
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            raise UsageError(f"this shell command has {error}: {line}") from None
        if not words:
            return
        if settings := _settings(words):
            for name, value in settings:
                yield from self._set(name, value, system)
        elif words[0] == "sleep" and len(words) == 2:
            yield from _sleep(words[1], system)
        elif self._elsewhere(words):
            yield f"ignored: {line} (files are read beside the script only)"
        elif (path := self._file(words, folder)) is not None:
            yield from self._file_run(path, system, depth)
        elif (remark := system.shell(line)) is not None:
            yield remark

    def _set(self, name: str, value: str, system: System) -> Iterator[str]:
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


def _lines(text: str) -> Iterator[str]:
    """Single commands: continued lines joined, ``;`` and ``&&`` taken apart, silence dropped."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.lstrip().startswith("#"):
            continue
        open_ended = line.count("'") % 2 or line.count('"') % 2
        for part in [line] if open_ended else _PART.findall(line):
            command = _REDIRECTION.sub("", part).strip()
            if command:
                yield command


def _branches(lines: Iterable[str]) -> Iterator[str]:
    """What a shell would run if each condition held: it is not ours to find out."""
    skipped: list[bool] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word in ("if", *_TESTS):
            if word == "if":
                skipped.append(False)
            continue
        if skipped and word in ("then", "else", "elif", "fi"):
            if word == "fi":
                skipped.pop()
            else:
                skipped[-1] = word != "then" or skipped[-1]
            line = rest.strip() if word == "then" else ""
        if line and not any(skipped):
            yield line


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
