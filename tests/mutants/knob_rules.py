"""Rules that a knob turns: sysctls, metrics of routes, what a disconnect sets back or leaves."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a socket that connects again knows what its memory holds",
        "host/successor.py",
        "    c.scaling_ratio = old.scaling_ratio\n",
        "",
    ),
    Mutant(
        "the least round trip outlives a disconnect",
        "host/successor.py",
        "    c.min_rtt, c.rehashes = old.min_rtt, old.rehashes\n",
        "    c.rehashes = old.rehashes\n",
    ),
    Mutant(
        "the degree of reordering outlives a disconnect",
        "host/successor.py",
        "    c.loss.reordering = old.loss.reordering\n",
        "",
    ),
    Mutant(
        "a disconnect sets back the connection's own options",
        "host/successor.py",
        "        socket.options.pop(name, None)\n",
        "        pass\n",
    ),
    Mutant(
        "numbers go on behind the largest window after a disconnect",
        "host/successor.py",
        "old.max_window + 2) & MASK or 1\n",
        "2) & MASK or 1\n",
    ),
)
