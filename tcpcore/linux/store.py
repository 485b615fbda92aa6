"""Records of real kernels: what one holds, its JSON, and those that come with the package.

Reading needs no Linux, no root and only the standard library.  A record is named by its content
(scenario and parameters), not by its file; `find` looks through all of them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.files import write_whole
from tcpcore.wire import codec, icmp
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment

FORMAT = 1
_HEADERS = 40
FOLDER = Path(__file__).with_name("records")
STATES = FOLDER / "states"
"""Where `states` keeps what it saw."""


@dataclass(slots=True)
class RecordedSegment:
    """A segment on the wire: host indices, µs since the first segment, fate, the IP packet.

    Behind a router that shares its address the packet is as the world outside sees it.
    """

    sender: int
    receiver: int
    sent: int
    arrived: int | None
    fate: str
    packet: bytes

    @property
    def segment(self) -> Segment:
        """The packet, taken apart."""
        return codec.decode(self.packet)


@dataclass(slots=True)
class RecordedCall:
    """An application's call: when it began and returned, ``ok`` or an errno's name, bytes moved."""

    host: int
    began: int
    returned: int
    call: str
    result: str
    moved: int | None = None


@dataclass(slots=True)
class RecordedError:
    """An ICMP error that arrived: host index, µs since the first segment, the IP packet."""

    host: int
    arrived: int
    packet: bytes

    @property
    def error(self) -> IcmpError:
        """The packet, taken apart."""
        found = icmp.decode_icmp(self.packet)
        if found is None:
            raise UsageError("a record's ICMP packet is no error about a TCP segment.")
        return found


@dataclass(slots=True)
class Output:
    """What a program printed on a host, µs after the first segment."""

    time: int
    host: int
    command: str
    text: str


@dataclass(slots=True)
class Record:
    """One run of a scenario on a real kernel; times in µs since the first segment.

    `hz` is the kernel's CONFIG_HZ, None when unknown.  `sysctls` are what the first host's kernel
    said; each host's differences stand in `hosts`, with the ones that the scenario set, and with
    the counters that moved (absent in older records).  `outputs` are of programs that looked,
    `errors` the ICMP errors that arrived.
    """

    scenario: str
    parameters: dict[str, Any]
    kernel: str
    machine: str
    hz: int | None
    recorded: str
    hosts: list[dict[str, Any]]
    sysctls: dict[str, int | str]
    segments: list[RecordedSegment]
    calls: list[RecordedCall]
    end: int
    drop: list[int] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    errors: list[RecordedError] = field(default_factory=list)

    @property
    def release(self) -> str:
        """The kernel's version as people name it: ``6.18``."""
        return ".".join(self.kernel.split(".")[:2])

    def to_json(self) -> str:
        """The file's text: one line for each segment and call, so that differences are readable."""
        head = {
            "format": FORMAT,
            "scenario": self.scenario,
            "kernel": self.kernel,
            "machine": self.machine,
            "hz": self.hz,
            "recorded": self.recorded,
            "parameters": self.parameters,
            "drop": self.drop,
            "sysctls": self.sysctls,
        }
        lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        lines.append(_json_list("hosts", self.hosts))
        lines.append(_json_list("segments", [_segment_to_json(s) for s in self.segments]))
        lines.append(_json_list("calls", [_call_to_json(c) for c in self.calls]))
        if self.outputs:
            lines.append(_json_list("outputs", [asdict(one) for one in self.outputs]))
        if self.errors:
            lines.append(_json_list("errors", [_error_to_json(one) for one in self.errors]))
        lines.append(f' "end": {self.end}')
        return "{\n" + ",\n".join(lines) + "\n}\n"


def _json_list(name: str, items: list[dict[str, Any]]) -> str:
    rows = ",\n".join("  " + json.dumps(item) for item in items)
    return f' "{name}": [\n{rows}\n ]' if items else f' "{name}": []'


def _error_to_json(one: RecordedError) -> dict[str, Any]:
    return {"to": one.host, "arrived": one.arrived, "bytes": one.packet.hex()}


def _segment_to_json(segment: RecordedSegment) -> dict[str, Any]:
    return {
        "from": segment.sender,
        "to": segment.receiver,
        "sent": segment.sent,
        "arrived": segment.arrived,
        "fate": segment.fate,
        "bytes": _without_zeros(segment.packet).hex(),
    }


def _without_zeros(packet: bytes) -> bytes:
    """The packet without the zeros at its end, which most bulk data is; `_whole` puts them back."""
    return packet[:_HEADERS] + packet[_HEADERS:].rstrip(b"\0")


def _whole(text: str) -> bytes:
    """The packet of that hexadecimal text, as long as its IPv4 header says."""
    packet = bytes.fromhex(text)
    return packet.ljust(int.from_bytes(packet[2:4], "big"), b"\0") if packet[:1] == b"E" else packet


def _call_to_json(call: RecordedCall) -> dict[str, Any]:
    found: dict[str, Any] = {
        "host": call.host,
        "began": call.began,
        "t": call.returned,
        "call": call.call,
        "result": call.result,
    }
    if call.moved is not None:
        found["bytes"] = call.moved
    return found


def from_json(text: str, source: str = "the record") -> Record:
    """The record that a file's text holds; `UsageError` when it holds none of this format."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise UsageError(f"{source} has format {data['format']}; only {FORMAT} is known.")
        segments = [
            RecordedSegment(
                s["from"], s["to"], s["sent"], s["arrived"], s["fate"], _whole(s["bytes"])
            )
            for s in data["segments"]
        ]
        calls = [
            RecordedCall(c["host"], c["began"], c["t"], c["call"], c["result"], c.get("bytes"))
            for c in data["calls"]
        ]
        outputs = [Output(**one) for one in data.get("outputs", ())]
        errors = [
            RecordedError(e["to"], e["arrived"], bytes.fromhex(e["bytes"]))
            for e in data.get("errors", ())
        ]
        names = ("scenario", "parameters", "kernel", "machine", "hz", "recorded", "hosts")
        head = {name: data[name] for name in (*names, "sysctls", "end", "drop")}
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{source} is no record of a kernel: {error!r}.") from error
    return Record(segments=segments, calls=calls, outputs=outputs, errors=errors, **head)


def load(path: Path) -> Record:
    """The record in a file."""
    try:
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}.") from error


def save(record: Record, path: Path) -> None:
    """Write the record, whole or not at all."""
    write_whole(path, record.to_json().encode())


def file_name(scenario: str, parameters: dict[str, Any], drop: tuple[int, ...] = ()) -> str:
    """``syn-unanswered,tcp_syn_retries=2.json``: the scenario and what is not its default."""
    parts = [scenario, *(f"{name}={value:g}" for name, value in sorted(parameters.items()))]
    if drop:
        parts.append("drop=" + "+".join(str(number) for number in drop))
    return ",".join(parts) + ".json"


def committed(folder: Path = FOLDER) -> list[Record]:
    """The records in a folder, those that come with the package unless told otherwise."""
    return [_loaded(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("*.json"))]


@cache
def _loaded(path: Path, _changed: int) -> Record:
    """`load`, once for each version of a file: a page asks for many records."""
    return load(path)


def find(scenario: str, parameters: dict[str, Any], drop: tuple[int, ...] = ()) -> Record | None:
    """The record of that scenario with exactly these (full) parameters, or None."""
    for record in committed():
        if (record.scenario, record.parameters, tuple(record.drop)) == (scenario, parameters, drop):
            return record
    return None
