"""Rules about the tree itself: what may import what, how long things get, what may be named."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tcpcore"
SKIPPED = {".venv", "node_modules", "_build", ".git", ".hypothesis", "build", "dist"}

# Lower may not import higher; parts of one layer may import each other.
LAYERS = (
    {
        "errors",
        "files",
        "units",
        "seqnum",
        "why",
        "reasons",
        "queue_record",
        "traced",
        "trace",
        "sysctl",
        "module",
        "multistream",
    },
    {"wire"},
    {"tcp"},
    {"host"},
    {"net"},
    {"observe", "packetdrill", "scenarios", "linux", "sweeps"},
    {"view", "cli", "__main__"},
)
# Where other people's packages may be imported: scapy at the edges (inside functions), widgets and
# Sphinx in the views.  All the rest also runs in a browser, on the standard library alone.
THIRD_PARTY = {"wire/scapy_bridge.py": {"scapy"}, "linux": {"scapy"}, "sweeps": {"tqdm"}}
VIEWS = {
    "anywidget",
    "docutils",
    "ipywidgets",
    "IPython",
    "plotly",
    "sphinx",
    "traitlets",
    "myst_nb",
}

# An obsolete RFC -> what replaced it.  Naming one is fine on a line that says `historic`.
OBSOLETE = {
    761: 9293,
    793: 9293,
    813: 9293,
    879: 9293,
    896: 9293,
    1072: 7323,
    1185: 7323,
    1323: 7323,
    1948: 9293,
    2001: 5681,
    2414: 3390,
    2581: 5681,
    2582: 6582,
    2861: 7661,
    2873: 9293,
    2988: 6298,
    3517: 6675,
    3782: 6582,
    4614: 7414,
    6093: 9293,
    6429: 9293,
    6528: 9293,
    6691: 9293,
    6937: 9937,
    8312: 9438,
}
RFC = re.compile(r"\bRFC\s?(\d+)")
FURTHER = re.compile(r"\bRFC\s?\d+(?:\s§[\w.]+)?((?:,\s*\d{3,5}\b(?:\s§[\w.]+)?)+)")


@cache
def files() -> list[Path]:
    """Every file of ours."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in SKIPPED]
        found += [Path(folder, one) for one in names]
    return sorted(found)


def sources(*suffixes: str) -> list[Path]:
    """Every file of ours with one of these endings."""
    return [path for path in files() if path.suffix in suffixes and path.is_file()]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def package_files() -> list[Path]:
    return [path for path in sources(".py") if path.is_relative_to(PACKAGE)]


def part_of(path: Path) -> str:
    """The part of the package that a file belongs to: ``wire`` for tcpcore/wire/codec.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def layer_of(part: str) -> int | None:
    return next((number for number, parts in enumerate(LAYERS) if part in parts), None)


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Each import of a file: line, full dotted name, and whether it stands inside a function."""
    tree = ast.parse(path.read_text())
    inside = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = path.relative_to(ROOT).parts[: -node.level]
                base = ".".join([*above, *([base] if base else [])])
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}", id(node) in inside


@pytest.mark.parametrize("path", package_files(), ids=name)
def test_imports_point_one_way(path: Path) -> None:
    part = part_of(path)
    if part == "__init__":
        return
    own = layer_of(part)
    assert own is not None, f"give `{part}` a place in LAYERS"
    for line, module, _ in imports(path):
        if not module.startswith("tcpcore."):
            continue
        other = module.split(".")[1]
        theirs = layer_of(other)
        assert theirs is None or theirs <= own, (
            f"{name(path)}:{line}: `{part}` imports `{other}`, which stands above it"
        )


@pytest.mark.parametrize("path", package_files(), ids=name)
def test_the_package_needs_only_the_standard_library(path: Path) -> None:
    inside_package = str(path.relative_to(PACKAGE))
    allowed = set(THIRD_PARTY.get(inside_package, ())) | set(THIRD_PARTY.get(part_of(path), ()))
    if part_of(path) == "view":
        allowed |= VIEWS
    for line, module, lazy in imports(path):
        top = module.split(".")[0]
        if top == "tcpcore" or top in sys.stdlib_module_names:
            continue
        assert top in allowed, f"{name(path)}:{line}: `{top}` is not in the standard library"
        if top in ("scapy", "tqdm"):
            assert lazy, f"{name(path)}:{line}: import {top} inside the function that uses it"


@pytest.mark.parametrize("path", sources(".py", ".js", ".mjs", ".css"), ids=name)
def test_no_file_is_longer_than_400_lines(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= 400, f"{name(path)} has {lines} lines: which noun is missing?"


@pytest.mark.parametrize("path", sources(".py"), ids=name)
def test_no_function_is_longer_than_50_lines(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= 50, f"{name(path)}:{node.lineno}: {node.name}() has {lines} lines"


def cited_rfcs(line: str) -> set[int]:
    """The RFC numbers a line cites, also the later ones of ``RFC 9293 §3.1, 7323, 2018``."""
    found = {int(number) for number in RFC.findall(line)}
    for tail in FURTHER.findall(line):
        found |= {int(number) for number in re.findall(r",\s*(\d+)", tail)}
    return found


def obsolete_citations(text: str) -> list[tuple[int, int]]:
    """Line and number of each obsolete RFC that is cited as if it were in force."""
    return [
        (line_number, rfc)
        for line_number, line in enumerate(text.splitlines(), 1)
        if "historic" not in line.lower()
        for rfc in sorted(cited_rfcs(line) & OBSOLETE.keys())
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("(RFC 793 §3.9)", [(1, 793)]),
        ("RFC 9293 §3.1, 1323", [(1, 1323)]),
        ("RFC793 and RFC 9293", [(1, 793)]),
        ("historic: RFC 793 said so first", []),
        ("RFC 9293 §3.10.7.4, RFC 6298 §5, 2018", []),
        ("after 793 bytes, RFC 9293 waits", []),
    ],
)
def test_a_citation_of_an_obsolete_rfc_is_recognised(
    line: str, expected: list[tuple[int, int]]
) -> None:
    assert obsolete_citations(line) == expected


@pytest.mark.parametrize(
    "path", [path for path in sources(".py", ".js", ".md") if path != Path(__file__)], ids=name
)
def test_no_obsolete_rfc_is_cited_as_if_in_force(path: Path) -> None:
    found = [
        f"{name(path)}:{line}: RFC {rfc} was replaced by RFC {OBSOLETE[rfc]}; "
        "cite that, or write `historic` on the line"
        for line, rfc in obsolete_citations(path.read_text())
    ]
    assert not found, "\n".join(found)


# Written in pieces, so that this file does not contain what it looks for.
FOREIGN = {
    "a registry's host": re.compile(
        "|".join(
            re.escape(host)
            for host in (
                "registry." + "npmjs.org",
                "files." + "pythonhosted.org",
                "pypi." + "org",
                "deb." + "debian.org",
            )
        )
    ),
    "a CDN": re.compile(
        "|".join(re.escape(host) for host in ("cdn." + "jsdelivr", "unp" + "kg.com"))
    ),
    "a path of one machine": re.compile(r"(?<![\w.$}/-])/(?:work|home|root)/\w+"),
}


@pytest.mark.parametrize(
    "path",
    sources(".py", ".js", ".mjs", ".css", ".md", ".json", ".toml", ".yml", ".txt", ".svg"),
    ids=name,
)
def test_nothing_names_a_registry_a_cdn_or_one_machine(path: Path) -> None:
    text = path.read_text()
    for what, pattern in FOREIGN.items():
        found = pattern.search(text)
        assert found is None, f"{name(path)} names {what}: {found and found.group()}"


IMPORT_PROBE = """
import sys, time
before = set(sys.modules)
start = time.perf_counter()
import tcpcore
elapsed = time.perf_counter() - start
tops = {module.partition(".")[0] for module in set(sys.modules) - before}
print(elapsed, *sorted(tops - sys.stdlib_module_names - {"tcpcore"}))
"""


def test_importing_tcpcore_is_quick_and_brings_nothing_else() -> None:
    best = 1.0
    for _ in range(5):
        answer = subprocess.run(
            [sys.executable, "-c", IMPORT_PROBE],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout.split()
        assert answer[1:] == [], f"`import tcpcore` brings {', '.join(answer[1:])}"
        best = min(best, float(answer[0]))
    assert best <= 0.050, f"`import tcpcore` takes {best * 1000:.0f} ms"
