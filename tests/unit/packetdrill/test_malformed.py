"""A script with mistakes ends in a sentence that names a line, never in a traceback."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.packetdrill.drill import run_text

SCRIPTS = [
    path.read_text() for path in sorted((Path(__file__).parents[2] / "drill").rglob("*.pkt"))
]
PIECES = st.sampled_from(
    [
        "...",
        "-1",
        "0",
        "4294967296",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        "(",
        ")",
        "%{",
        "}%",
        "`",
        "~",
        '"',
        "*",
        "+",
        "|",
        "=",
        "3",
        "9",
        "NULL",
        "sack 1:2",
        "TS val 1 ecr 2",
        "urg",
        "...0.1",
        "//",
    ]
)
PLACES = st.floats(0, 1, exclude_max=True)


def complaint(script: str) -> str:
    """Why the script cannot be run, with its place; the bare name when it can."""
    try:
        run_text(script)
    except UsageError as error:
        return str(error)
    return "script:"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SCRIPTS), st.lists(st.tuples(PLACES, PIECES, st.integers(0, 6)), max_size=3))
def test_a_script_with_mistakes_passes_or_fails_or_is_refused(script, changes):
    for place, piece, gone in changes:
        at = int(place * len(script))
        script = script[:at] + piece + script[at + gone :]
    assert complaint(script).startswith("script:")
