"""Tables of the appendix, made from the code's own lists and from runs of every scenario.

So a sysctl that the engine obeys, a counter that a scenario moves or an errno that a call returns
is in its table, and nothing else is.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tcpcore import errors, sysctl
from tcpcore.host import profiles
from tcpcore.host.history import HISTORY
from tcpcore.linux import store
from tcpcore.observe import counter_names
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import format_seconds
from tcpcore.view.beliefs import beliefs
from tcpcore.view.rfc_titles import TITLES
from tcpcore.view.shown import Shown

OTHER_KERNELS = ("linux-6.4", "linux-4.9", "rfc9293")
_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_OPTIONS = re.compile(r"\A(?:---\n.*?\n---\n|(?::[^\n]*\n)+)", re.DOTALL)
_RFC = re.compile(r"(?:\bRFC\s?|rfc-editor\.org/rfc/rfc)(\d{3,5})\b")
_EXAMPLES = 3

Cell = tuple[str, str]
"""What a table shows (after a line feed in small), and the address of its link or nothing."""


def sysctl_table() -> Shown:
    """Every sysctl that the engine obeys: default, unit, meaning, history and other profiles."""
    now = sysctl.Sysctls()
    others = {name: profiles.sysctls(name) for name in OTHER_KERNELS}
    rows = []
    for name in sorted([*sysctl.names(), "tcp_tw_recycle"]):
        unit, about = sysctl.describe(name)
        default = _plain(getattr(now, name))
        changed = [
            f"{kernel}: {_plain(getattr(values, name))}"
            for kernel, values in others.items()
            if getattr(values, name) != getattr(now, name)
        ]
        gone = name == "tcp_tw_recycle"
        below = "; ".join(one for one in (HISTORY.get(name, ""), *changed) if one)
        rows.append(
            [
                (sysctl.full_name(name).removeprefix("net.ipv4."), ""),
                ("gone" if gone else f"{default} {unit}".strip(), ""),
                (f"{about}\n{below}" if below else about, ""),
            ]
        )
    heads = ("sysctl", "default in 6.18", "what it is, and what it was")
    return _table("Sysctls", heads, rows)


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@cache
def _runs() -> dict[str, Trace]:
    """Every scenario, run with its defaults."""
    return {name: registry.run(name, {}) for name in registry.names()}


def errno_table(chapters: str = "..") -> Shown:
    """Every errno that a call of some scenario returns: when, and where to see it.

    `chapters` is the folder of the chapters, seen from the page's own.
    """
    seen: dict[str, dict[str, set[str]]] = {}
    for name, trace in _runs().items():
        for _, _, call, result in trace.calls:
            if result.startswith("E"):
                calls = seen.setdefault(result, {})
                calls.setdefault(call, set()).add(name)
    places = _places(Path(chapters))
    rows: list[list[Cell]] = []
    for code in sorted(seen):
        number = getattr(errors, code)
        callers = ", ".join(f"{call}()" for call in sorted(seen[code]))
        names = sorted({name for found in seen[code].values() for name in found})
        rows.append(
            [
                (f"{code}\n{number}", ""),
                (errors.socket_error(number).strerror or "", ""),
                (callers, ""),
                *_examples(names, places),
            ]
        )
    heads = ("errno", "message", "returned by", *_example_heads())
    return _table("Errors that calls return", heads, rows)


def counter_table(chapters: str = "..") -> Shown:
    """Every counter that a scenario moves: the words of `netstat -s`, and where to see it move."""
    moved: dict[str, list[str]] = {}
    for name, trace in _runs().items():
        for counter in _moved(trace):
            moved.setdefault(counter, []).append(name)
    places = _places(Path(chapters))
    rows: list[list[Cell]] = []
    for counter in sorted(moved):
        words = counter_names.WORDS.get(re.sub(r"^(TcpExt|Tcp|Icmp)", "", counter), "")
        rows.append([(counter, ""), (words.replace("{} ", ""), ""),
                     *_examples(moved[counter], places)])  # fmt: skip
    heads = ("nstat's name", "netstat -s says", *_example_heads())
    return _table("Counters", heads, rows)


def _moved(trace: Trace) -> set[str]:
    found: set[str] = set()
    for moment in trace.moments:
        found.update(moment.sections.get("counters", {}))
    return found


def rfc_index(chapters: str = "..") -> Shown:
    """Every RFC that the chapters or the reasons of the engine cite, and where."""
    cited: dict[int, dict[str, str]] = {}
    folder = Path(chapters)
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        title = next((line[2:] for line in text.splitlines() if line.startswith("# ")), path.stem)
        for number in {int(one) for one in _RFC.findall(text)}:
            if path.parent.name != "appendix":
                page = f"{chapters}/{path.relative_to(folder).with_suffix('.html').as_posix()}"
                cited.setdefault(number, {})[title] = page
    rows = [
        [
            (f"RFC {number}", f"https://www.rfc-editor.org/rfc/rfc{number}"),
            (TITLES[number], ""),
            *[(title, page) for title, page in cited[number].items()],
        ]
        for number in sorted(cited)
    ]
    return _table("RFCs", ("number", "title", "chapters"), rows, together=2)


def belief_table(chapters: str = "..") -> Shown:
    """Every belief, and the prediction where readers may find out."""
    rows: list[list[Cell]] = []
    for one in beliefs():
        page = f"{chapters}/{one.chapter}.html#predict-{one.prediction}"
        text = Path(chapters, f"{one.chapter}.md").read_text(encoding="utf-8")
        title = next(line[2:] for line in text.splitlines() if line.startswith("# "))
        rows.append([(one.number, ""), (one.says, ""), (title, page)])
    return _table("Beliefs", ("number", "people believe", "predict it in"), rows)


def record_table() -> Shown:
    """Every record of the real kernel that this book is checked against."""
    rows = []
    for record in store.committed():
        changes = [f"{name}={value}" for name, value in record.parameters.items()]
        changes += [f"segment {number} lost" for number in record.drop]
        last = max((one.sent for one in record.segments), default=0)
        rows.append(
            [
                (record.scenario, ""),
                (", ".join(changes), ""),
                (str(len(record.segments)), ""),
                (f"{format_seconds(last)} s", ""),
                (record.release, ""),
            ]
        )
    heads = ("scenario", "changed", "segments", "last one after", "kernel")
    return _table("Records", heads, rows)


# --- making tables -------------------------------------------------------------------------------


@cache
def _places(folder: Path) -> dict[str, str]:
    """For each scenario the page and the player where it can be stepped, relative to the folder."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        page = path.relative_to(folder).with_suffix(".html").as_posix()
        for scenario, name in _players(path.read_text(encoding="utf-8")):
            found.setdefault(scenario, f"{folder.as_posix()}/{page}#{name}")
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _players(chapter: str) -> Iterator[tuple[str, str]]:
    """The scenario and the address of each player in a chapter's cells."""
    for cell in _CELL.findall(chapter):
        for node in ast.walk(ast.parse(_OPTIONS.sub("", cell))):
            if isinstance(node, ast.Call) and node.args and _name(node.func) == "Player":
                first = node.args[0]
                names = [one.value for one in node.keywords if one.arg == "name"]
                if isinstance(first, ast.Constant):
                    name = names[0].value if names and isinstance(names[0], ast.Constant) else ""
                    yield str(first.value), str(name or first.value)


def _example_heads() -> tuple[str]:
    return ("see it in",)


def _examples(names: list[str], places: dict[str, str]) -> list[Cell]:
    """Some scenarios, those with a player in a chapter first."""
    chosen = sorted(names, key=lambda name: (name not in places, name))[:_EXAMPLES]
    return [(name, places.get(name, "")) for name in chosen]


def _table(
    caption: str, heads: tuple[str, ...], rows: list[list[Cell]], together: int | None = None
) -> Shown:
    """A table; cells beyond the last head (from `together` on) share its column."""
    last = len(heads) - 1 if together is None else together
    top = "".join(f"<th scope='col'>{html.escape(head)}</th>" for head in heads)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{_linked(cell)}</td>" for cell in row[:last])
        + f"<td>{', '.join(_linked(cell) for cell in row[last:])}</td></tr>"
        for row in rows
    )
    name = html.escape(caption, quote=True)
    page = (
        f"<div class='tcpfig scroll reference' role='region' tabindex='0' aria-label='{name}'>"
        f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    lines = [
        " | ".join([*[_flat(cell) for cell in row[:last]], ", ".join(map(_flat, row[last:]))])
        for row in rows
    ]
    return Shown(page, "\n".join([" | ".join(heads), *lines]))


def _flat(cell: Cell) -> str:
    return cell[0].replace("\n", ": ")


def _linked(cell: Cell) -> str:
    text, address = cell
    first, _, below = (
        html.escape(text).replace("_", "_<wbr>").replace("core.", "core.<wbr>").partition("\n")
    )
    shown = f"{first}<small>{below}</small>" if below else first
    return f"<a href='{html.escape(address, quote=True)}'>{shown}</a>" if address else shown
