"""The packetdrill scripts that a player offers: each host's part in the run that it shows.

Standard library only: this runs in the reader's browser, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tcpcore.packetdrill.story import NoScript
from tcpcore.packetdrill.to_script import of_scenario

Scripts = dict[str, dict[str, str]]
MOST_STORED = 16_000
"""Characters of scripts that lie in a page; longer ones are written when somebody asks."""


def scripts_of(
    scenario: str,
    hosts: Iterable[str],
    parameters: Mapping[str, Any],
    profile: str | None,
    drop: Iterable[int],
) -> Scripts:
    """``{host: {"script": text}}``, or ``{"refused": sentence}`` for a part that is no script."""
    found: Scripts = {}
    for host in hosts:
        try:
            text = of_scenario(scenario, parameters, side=host, profile=profile, drop=drop)
            found[host] = {"script": text}
        except NoScript as error:
            found[host] = {"refused": str(error)}
    return found


def stored(found: Scripts) -> Scripts:
    """Those that a page holds; none when they are long."""
    size = sum(len(text) for one in found.values() for text in one.values())
    return found if size <= MOST_STORED else {}
