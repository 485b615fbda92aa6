"""A figure by itself: `Plot("fast-retransmit", "sequence")`, of one run or of several.

It costs a page a fraction of what a player does, because it holds no steps.  Beside the ladder, and
linked to it, the same figures stand in `Player(..., figures=("sequence", "cwnd"))`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from tcpcore.errors import UsageError
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import seconds
from tcpcore.view import bundle, drawings
from tcpcore.view import flows as measured
from tcpcore.view.flows import Points, Series
from tcpcore.view.web_assets import plotly_js

MIME = "application/vnd.tcpcore.figure+json"


class Plot(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget has no types
    """A figure of a scenario's run; `kind` is one of `drawings.KINDS`, further keywords parameters.

    `runs` maps names to parameters and lays those runs over each other; `host` names the sender,
    `until` ends the figure (s), `title` replaces its own.  UsageError for what does not exist.
    """

    _esm = bundle.widget_module("plot")
    _css = bundle.style_sheet()

    figure = traitlets.Dict(read_only=True).tag(sync=True)
    plotly = traitlets.Unicode("", read_only=True).tag(sync=True)
    wants_plotly = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        scenario: str,
        kind: str = "sequence",
        *,
        runs: Mapping[str, Mapping[str, Any]] | None = None,
        host: str = "",
        drop: Sequence[int] = (),
        profile: str | None = None,
        until: float | None = None,
        title: str = "",
        **parameters: Any,
    ) -> None:
        how: dict[str, Any] = {"profile": profile, "drop": drop}
        if runs is None:
            trace = registry.run(scenario, parameters, **how)
            (figure,) = drawings.figures(trace, [kind], host)
        else:
            figure = drawings.together(_runs(scenario, runs, parameters, how), kind, host)
        if until is not None:
            figure = drawings.cut(figure, seconds(until))
        super().__init__()
        self.set_trait("figure", figure | ({"title": title} if title else {}))

    @traitlets.observe("wants_plotly")
    def _bring_plotly(self, _change: Any) -> None:
        self.set_trait("plotly", plotly_js())

    @property
    def text(self) -> str:
        """The figure in words."""
        return f"{self.figure['title']}. {self.figure['text']}"

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget for notebooks, its data for pages, its text for everything else."""
        result = super()._repr_mimebundle_(**kwargs)
        data, metadata = result if isinstance(result, tuple) else (result or {}, {})
        state = {
            "kind": "plot",
            "state": {"figure": self.figure},
            "text": self.text,
            "label": self.figure["title"],
        }
        return {**data, "text/plain": self.text, MIME: state}, metadata


def _runs(
    scenario: str,
    runs: Mapping[str, Mapping[str, Any]],
    common: Mapping[str, Any],
    how: Mapping[str, Any],
) -> dict[str, Trace]:
    if not runs:
        raise UsageError('runs maps names to parameters, as in {"Reno": {"control": "reno"}}.')
    return {name: registry.run(scenario, {**common, **own}, **how) for name, own in runs.items()}


def series(
    scenario: str,
    *,
    host: str = "",
    drop: Sequence[int] = (),
    profile: str | None = None,
    **parameters: Any,
) -> Series:
    """The time series of a run's largest transfer, for cells; times in seconds.

    `cwnd`, `ssthresh`, `in_flight` in segments, `srtt`, `rto`, `rtt` in seconds, `rwnd`,
    `delivered` in bytes: lists of (seconds, value).
    """
    found = measured.of(registry.run(scenario, parameters, profile=profile, drop=drop), host)[0]
    for name in ("srtt", "rto", "rtt"):
        in_us: Points = getattr(found, name)
        setattr(found, name, [(t, None if us is None else us / 1e6) for t, us in in_us])
    names = ("cwnd", "ssthresh", "in_flight", "ca_state", "srtt", "rto", "rtt", "rwnd")
    for name in (*names, "acked", "edge", "delivered"):
        setattr(found, name, [(t / 1e6, value) for t, value in getattr(found, name)])
    return found
