"""What a sweep came to: one record for each cell, in the order of the grid."""

from __future__ import annotations

import csv
import html
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, overload

from tcpcore.errors import UsageError
from tcpcore.files import write_whole

Record = dict[str, Any]
Path = str | os.PathLike[str]

ERROR = "error"
"""The column of a cell that failed: what went wrong, and nothing measured."""


class Table(Sequence[Record]):
    """Records: what varies first, then what was measured, each in a column of its own.

    `failures` are the records of cells that failed; `varied` the names of what varies.
    """

    def __init__(self, scenario: str, varied: Sequence[str], records: Sequence[Record]) -> None:
        self.scenario = scenario
        self.varied = list(varied)
        self.records = list(records)

    @property
    def columns(self) -> list[str]:
        """All columns, those of what varies first, `error` last and only when something failed."""
        names = dict.fromkeys([*self.varied, *(name for one in self.records for name in one)])
        if ERROR in names:
            del names[ERROR]
            names[ERROR] = None
        return list(names)

    @property
    def failures(self) -> list[Record]:
        """The cells that failed."""
        return [record for record in self.records if ERROR in record]

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Table: ...
    def __getitem__(self, index: int | slice) -> Record | Table:
        if isinstance(index, slice):
            return Table(self.scenario, self.varied, self.records[index])
        return self.records[index]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self.records == other.records

    __hash__ = None  # type: ignore[assignment]

    # --- asking ----------------------------------------------------------------------------------

    def where(self, **values: Any) -> Table:
        """The records with these values: ``table.where(loss=0.01)``."""
        for name in values:
            self._known(name)
        chosen = [r for r in self.records if all(r.get(n) == v for n, v in values.items())]
        return Table(self.scenario, self.varied, chosen)

    def column(self, name: str) -> list[Any]:
        """One column, None where a record has nothing."""
        self._known(name)
        return [record.get(name) for record in self.records]

    def mean(self, name: str, by: Sequence[str] = ()) -> dict[tuple[Any, ...], float]:
        """The mean of a column for each combination of the columns `by`, without what is None."""
        for column in (name, *by):
            self._known(column)
        found: dict[tuple[Any, ...], list[float]] = {}
        for record in self.records:
            value = record.get(name)
            if isinstance(value, (int, float)):
                found.setdefault(tuple(record.get(column) for column in by), []).append(value)
        return {key: sum(values) / len(values) for key, values in found.items()}

    def _known(self, name: str) -> None:
        if name not in self.columns:
            raise UsageError(f"The table has no column {name!r}; it has {', '.join(self.columns)}.")

    # --- giving ----------------------------------------------------------------------------------

    def to_csv(self, path: Path | None = None) -> str:
        """Comma-separated values with a line of names; also written to `path`, if given."""
        out = io.StringIO()
        writer = csv.DictWriter(out, self.columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.records)
        return self._given(out.getvalue(), path)

    def to_json(self, path: Path | None = None) -> str:
        """A list of objects; also written to `path`, if given."""
        return self._given(json.dumps(self.records, indent=1) + "\n", path)

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`; `UsageError` where pandas is not installed."""
        try:
            pandas: Any = import_module("pandas")
        except ImportError:
            raise UsageError(
                "pandas is not installed; to_csv(), to_json() and the records do without."
            ) from None
        return pandas.DataFrame(self.records, columns=self.columns)

    @staticmethod
    def _given(text: str, path: Path | None) -> str:
        if path is not None:
            write_whole(path, text.encode())
        return text

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(map(str.rjust, row, widths)).rstrip() for row in rows)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        cells = "".join(f"<th>{html.escape(name)}</th>" for name in head)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"

    def _rows(self) -> list[list[str]]:
        columns = self.columns
        shown = [[_text(record.get(name)) for name in columns] for record in self.records]
        return [columns, *shown]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(values: Mapping[str, Any], whose: str) -> Record:
    """`values` if a file can keep them; `UsageError` names what it cannot."""
    if not isinstance(values, Mapping):
        raise UsageError(f"{whose} gives a mapping of names to numbers, not {values!r}.")
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, (int, float, str, type(None))):
            raise UsageError(f"{whose} gives {value!r} for {name!r}: no number, text or None.")
    return dict(values)
