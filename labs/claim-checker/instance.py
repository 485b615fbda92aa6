"""One student's claims: five, with their own settings, some true, some as people get them wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any


def _claims() -> Any:
    spec = importlib.util.spec_from_file_location("claims", Path(__file__).with_name("claims.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(draw: Any, student: str) -> dict[str, Any]:
    """Claims A to E with their truth, and a run of which the kernel's record is to be read."""
    from tcpcore.linux import store
    from tcpcore.scenarios import registry

    claims = _claims()
    given, expected = {}, {}
    for letter, claim in zip("ABCDE", draw.sample(claims.CLAIMS, 5), strict=True):
        settings = claim.draw(draw)
        truth = claims.measured(claim.scenario, settings, claim.quantity)
        others = [one for one in claim.mistaken(settings) if one != truth]
        claimed = draw.choice(others) if others and draw.random() < 0.6 else truth
        given[letter] = {
            "says": claim.says.format(claimed=claimed, **settings),
            "settings": settings,
            "claimed": claimed,
        }
        expected |= {
            f"scenario {letter}": claim.scenario,
            f"measured {letter}": truth,
            f"holds {letter}": claimed == truth,
            f"rfc {letter}": claim.rfc,
        }
    scenario, settings = draw.choice(claims.RECORDED)
    record = store.find(scenario, registry.get(scenario).check(settings))
    assert record is not None
    last = max(one.sent for one in record.segments if one.sender == 0)
    expected["kernel"] = round(last / 1e6, 1)
    return {
        "given": {"claims": given, "record": {"scenario": scenario, "settings": settings}},
        "expected": expected,
    }
