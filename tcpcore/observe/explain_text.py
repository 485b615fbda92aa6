"""An explanation as text: a table of the connections, then each of them line by line."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypedDict

from tcpcore.errors import UsageError
from tcpcore.observe.diagnosis.finding import span
from tcpcore.observe.explain import (
    MOST_LISTED,
    Explanation,
    cautions,
    count,
    picked,
    reasons,
)
from tcpcore.observe.explained import ExplainedConnection
from tcpcore.observe.tcpdump import flag_letters
from tcpcore.units import SECOND

MOST_SHOWN = 2_000
"""Segments that are printed one by one unless one connection is asked for."""
MOST_OF_ONE = 50_000
"""Segments that are printed of the one that is asked for."""
_FEW = 20
"""Connections of which all findings are told even when their segments are too many."""
_MOST_ROWS = 200
"""Connections in the table of a large capture: those with faults come before others."""


def format_text(explanation: Explanation, connection: int | None = None) -> str:
    """The explanation as text; `connection` from 1 picks one.

    Times count from the first segment of the file.  UsageError when there is no such connection.
    """
    return "\n".join(_lines(explanation, connection)) + "\n"


def _lines(explanation: Explanation, only: int | None) -> Iterator[str]:
    wanted = picked(explanation, only)
    yield (
        f"{explanation.name}: {count(explanation.count, 'connection')},"
        f" {count(explanation.segments, 'TCP segment')}"
    )
    if explanation.left_out:
        yield f"Left out{reasons(explanation)}."
    for caution in cautions(explanation):
        yield f"Careful: {caution}."
    if only is None and len(explanation.connections) > 1:
        yield ""
        yield from _table(explanation)
    if only is None and explanation.segments > _kept(explanation):
        yield from _in_short(explanation)
        return
    for index in wanted:
        yield ""
        yield from _connection_lines(explanation, explanation.connections[index])


def _in_short(explanation: Explanation) -> Iterator[str]:
    """What a capture shows that is too long to be printed: of few connections, all findings."""
    few = explanation.count <= _FEW
    for item in explanation.connections if few else ():
        yield ""
        yield from _about(item)
    yield ""
    one = explanation.count == 1
    asked = "--connection 1 prints them" if one else "choose a connection with --connection N"
    yield f"Too long to print segment by segment: {asked}."


def _kept(explanation: Explanation) -> int:
    return sum(len(one.segments) for one in explanation.connections)


def _table(explanation: Explanation) -> Iterator[str]:
    """One line for each connection; of very many, those with faults first."""
    listed = explanation.connections
    if len(listed) > _MOST_ROWS:
        listed = sorted(listed, key=lambda one: not any(f.fault for f in one.findings))
        listed = sorted(listed[:_MOST_ROWS], key=lambda one: one.number)
    heading = ("", "client", "server", "start", "took", "segments", "bytes", "again", "verdict")
    rows = [heading]
    for one in listed:
        client, server = one.ends
        there, back = one.bytes
        rows.append(
            (
                str(one.number),
                client.socket,
                server.socket,
                _seconds(one.start - explanation.start),
                span(one.end - one.start),
                str(one.total),
                f"{there}/{back}",
                str(one.again),
                one.verdict,
            )
        )
    yield from _columns(rows, right=(0, 3, 4, 5, 6, 7))
    left = explanation.count - len(listed)
    if left:
        yield f"  and {count(left, 'more connection')}"
    if explanation.further:
        kinds = ", ".join(f"{many} {kind}" for kind, many in explanation.further.most_common())
        yield f"  Of those after the first {MOST_LISTED}: {kinds}."


def _about(item: ExplainedConnection) -> Iterator[str]:
    """A connection's verdict, findings and notes."""
    client, server = item.ends
    yield f"Connection {item.number}: client {client.socket}, server {server.socket}"
    yield f"  Verdict: {item.verdict}."
    for finding in item.findings:
        yield f"  - {_capital(str(finding))}."
    for note in item.notes:
        yield f"  Note: {note}."


def _connection_lines(explanation: Explanation, item: ExplainedConnection) -> Iterator[str]:
    yield from _about(item)
    if len(item.segments) < item.total:
        shown = len(item.segments)
        yield f"  Note: only the first {shown} of its {item.total} segments are shown."
    rows = [("", "time", "from", "flags", "seq", "ack", "len", "client", "server", "meaning")]
    for explained in item.segments:
        segment = explained.packet.segment
        rows.append(
            (
                str(explained.packet.number),
                _seconds(explained.time - explanation.start),
                item.ends[explained.sender].name,
                flag_letters(segment.flags),
                f"{explained.seq} ({segment.seq})",
                "" if explained.ack is None else f"{explained.ack} ({segment.ack})",
                str(len(segment.payload)),
                *explained.states,
                explained.meaning,
            )
        )
    yield from _columns(rows, right=(0, 1, 6))


def _columns(rows: Sequence[Sequence[str]], right: tuple[int, ...]) -> Iterator[str]:
    """Rows as aligned lines; the last column is as long as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        yield "  " + "  ".join([*cells, row[-1]]).rstrip()


def _seconds(time: int) -> str:
    return f"{'-' if time < 0 else ''}{abs(time) // SECOND}.{abs(time) % SECOND:06d}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- the command ----------------------------------------------------------------------------------


class HelpTexts(TypedDict):
    """What argparse prints around the arguments."""

    help: str
    description: str
    epilog: str
    formatter_class: type[argparse.HelpFormatter]


def help_texts() -> HelpTexts:
    """What the command does, and how to read what it prints."""
    return {
        "help": "say what happens in a capture",
        "description": _DESCRIPTION,
        "epilog": _EPILOG,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


_DESCRIPTION = """\
Reads a capture and says what happened: which TCP connections it holds, what is
wrong with each of them and which packets show it, and what every segment means.
Nothing is sent anywhere. The capture may be from either end or from between."""
_EPILOG = """\
how to read it:
  verdict     the gravest fault, then the names of others; below it all findings
  packets     numbers of the file's packets, as Wireshark counts them
  time        seconds since the first segment of the file
  flags       S SYN, F FIN, R RST, P PSH, . ACK, U URG, E ECE, W CWR
  seq, ack    counted from the connection's first byte, 1; in brackets as on the wire
  client,     their states after the segment, as far as the wire proves them
  server      (the client is who sent the first SYN, or has the higher port)

for example:
  tcpdump -i any -s 0 -w mine.pcap 'port 443'     (as root; Ctrl-C ends it)
  python -m tcpcore explain mine.pcap
  python -m tcpcore explain mine.pcap --connection 3 --html mine.html"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``python -m tcpcore explain``."""
    parser.add_argument(
        "file", metavar="FILE", help="a pcap or pcapng file, also gzipped; - for standard input"
    )
    parser.add_argument(
        "--connection", type=int, metavar="N", help="only this connection, counted from 1"
    )
    parser.add_argument(
        "--interface",
        type=int,
        metavar="N",
        help="only what this interface of a pcapng file saw, counted from 0",
    )
    parser.add_argument("--html", metavar="OUT", help="also write the player for it as a page")


def progress_bar(path: str) -> Callable[[int], object] | None:
    """Shows on a terminal how much of a large file is read; None where nobody would look."""
    try:
        size = os.path.getsize(path)
    except OSError:
        return None
    if size < 20_000_000 or not sys.stderr.isatty():
        return None

    def show(done: int) -> None:
        part = min(done / size, 1)
        bar = "#" * math.floor(part * 40)
        end = "\n" if part == 1 else ""
        print(f"\r[{bar:<40}] {part:4.0%}", end=end, file=sys.stderr, flush=True)

    return show


def check(connection: int | None, interface: int | None = None) -> None:
    """UsageError for a number that no connection, or no interface, has."""
    if connection is not None and connection < 1:
        raise UsageError(f"--connection counts from 1, not {connection}.")
    if interface is not None and interface < 0:
        raise UsageError(f"--interface counts from 0, not {interface}.")
