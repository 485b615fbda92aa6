"""``python -m tcpcore sweep SCENARIO --grid NAME=VALUE,VALUE``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tcpcore.errors import UsageError
from tcpcore.sweeps.grid import from_words
from tcpcore.sweeps.run import sweep
from tcpcore.sweeps.table import ERROR, Table

LINES = ".jsonl"
"""The ending of a file that keeps each cell as it is done."""
WHOLE = (".csv", ".json")
"""Those of files that are written when all is done."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's words."""
    parser.add_argument("name", metavar="SCENARIO", help="see `python -m tcpcore list`")
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="NAME=VALUE,...",
        help="a parameter, sysctl, profile, seed (1..5 counts) or drop (3+4 loses both), and its "
        "values; may be repeated",
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="a name in .csv or .json: the table; in .jsonl: each cell as soon as it is done",
    )
    parser.add_argument(
        "--resume", action="store_true", help="do only what is missing in the FILE.jsonl"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes; all processors if not given"
    )
    parser.add_argument(
        "--no-trace",
        action="store_true",
        help="faster, without the columns that only a trace can give",
    )


def main(arguments: argparse.Namespace) -> int:
    """Sweep, and print or write the table; 1 when cells failed."""
    file = _file(arguments.output, arguments.resume)
    try:
        table = sweep(
            arguments.name,
            from_words(arguments.grid),
            jobs=arguments.jobs,
            file=file if file is not None and file.suffix == LINES else None,
            traced=not arguments.no_trace,
        )
    except KeyboardInterrupt:
        if file is None or file.suffix != LINES:
            raise
        print(f"tcpcore sweep: stopped; --resume goes on with {file}.", file=sys.stderr)
        return 130
    _write(table, file)
    for record in table.failures:
        cell = " ".join(f"{name}={record[name]}" for name in table.varied)
        print(f"tcpcore sweep: {cell} failed: {record[ERROR]}", file=sys.stderr)
    return 1 if table.failures else 0


def _file(output: str | None, resume: bool) -> Path | None:
    file = Path(output) if output else None
    if file is not None and file.suffix not in (LINES, *WHOLE):
        raise UsageError(f"A table's file ends in .csv, .json or .jsonl, not as {output}.")
    lines = file is not None and file.suffix == LINES
    if resume and not lines:
        raise UsageError("--resume needs -o FILE.jsonl, the file to go on with.")
    if file is not None and lines and not resume and file.exists():
        raise UsageError(f"{file} is there already: --resume goes on with it.")
    return file


def _write(table: Table, file: Path | None) -> None:
    if file is None:
        print(table.to_csv(), end="")
    elif file.suffix == ".csv":
        table.to_csv(file)
    elif file.suffix == ".json":
        table.to_json(file)
