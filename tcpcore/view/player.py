"""The player as a widget: `Player("handshake", rtt=50)` in a notebook, or on the built page.

It is an ordinary ipywidget: it goes into a `VBox`, `step` links to other widgets, `observe` works
on `step`, `parameters`, `drop` and `document`.  What it shows is `document`; when `parameters` or
`drop` change, from Python or by a slider, the scenario runs again.
"""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from tcpcore.errors import UsageError
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.view import bundle, host_scripts
from tcpcore.view.document import as_text, document, page_state
from tcpcore.view.web_assets import plotly_js

MIME = "application/vnd.tcpcore.player+json"


class Player(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget has no types
    """Plays one run of a scenario, step by step.

    `scenario` is a name from `python -m tcpcore list`; further keywords are its parameters.
    `profile` is the kernel played, by default the scenario's own.  `step` starts at 1; `panels`
    names those that stand open (step, segment, states, client, server, third, timers, queues,
    counters, text: hosts in their order); `figures` are drawn below and follow the steps (sequence,
    cwnd, rtt, queue, throughput: see `drawings`); `name` is the player's address in links,
    ``page.html#name:step``.  UsageError for an unknown scenario or a value out of range.
    """

    _esm = bundle.widget_module()
    _css = bundle.style_sheet()

    scenario = traitlets.Unicode(read_only=True).tag(sync=True)
    profile = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    parameters = traitlets.Dict().tag(sync=True)
    drop = traitlets.List(traitlets.Int()).tag(sync=True)
    figures = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    plotly = traitlets.Unicode("", read_only=True).tag(sync=True)
    wants_plotly = traitlets.Bool(False).tag(sync=True)
    step = traitlets.Int(1).tag(sync=True)
    panels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    live = traitlets.Bool(True, read_only=True).tag(sync=True)
    document = traitlets.Dict(read_only=True).tag(sync=True)
    wants_scripts = traitlets.Int(0).tag(sync=True)
    scripts = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(
        self,
        scenario: str,
        *,
        step: int = 1,
        drop: tuple[int, ...] | list[int] = (),
        profile: str | None = None,
        panels: tuple[str, ...] | list[str] = (),
        figures: tuple[str, ...] | list[str] = (),
        name: str = "",
        **parameters: Any,
    ) -> None:
        complete = registry.get(scenario).check(parameters, profile)
        super().__init__()
        with self.hold_trait_notifications():
            self.set_trait("scenario", scenario)
            self.set_trait("figures", list(figures))
            self.profile = profile or registry.get(scenario).profile
            self.name = name or scenario
            self.panels = list(panels)
            self.drop = list(drop)
            self.parameters = complete
            self.set_trait("document", self._run())
            self.step = step

    @classmethod
    def of(cls, trace: Trace, *, title: str = "", question: str = "", name: str = "run") -> Player:
        """A player of a run that is no scenario: of a lab's network, of a student's own endpoint.

        It steps and rewinds; there are no sliders, because nothing is known that could run again.
        """
        player: Player = cls.__new__(cls)
        anywidget.AnyWidget.__init__(player)
        player.name = name
        player.set_trait("live", False)
        player.set_trait("document", document(trace, title=title, question=question))
        return player

    def _run(self) -> dict[str, Any]:
        trace = registry.run(
            self.scenario, self.parameters, profile=self.profile, drop=tuple(self.drop)
        )
        return document(trace, figures=self.figures)

    @traitlets.observe("wants_plotly")
    def _bring_plotly(self, _change: Any) -> None:
        self.set_trait("plotly", plotly_js())

    @traitlets.observe("wants_scripts")
    def _write_scripts(self, _change: Any) -> None:
        self.set_trait("scripts", self._scripts())

    def _scripts(self) -> host_scripts.Scripts:
        if not self.scenario:
            return {}
        hosts = [host["name"] for host in self.document["hosts"]]
        how = self.parameters, self.profile, tuple(self.drop)
        return host_scripts.scripts_of(self.scenario, hosts, *how)

    @traitlets.validate("step")
    def _existing_step(self, proposal: Any) -> int:
        return max(1, min(int(proposal["value"]), max(1, len(self.document.get("steps", ())))))

    @traitlets.observe("parameters", "drop", "profile")
    def _compute(self, _change: Any) -> None:
        if not self.document or not self.scenario:
            return
        try:
            fresh = self._run()
        except UsageError as error:
            self.status = str(error)
            return
        self.status = ""
        if fresh != self.document:
            self.set_trait("scripts", {})
            self.set_trait("document", fresh)
            self.step = min(self.step, len(fresh["steps"]))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget for notebooks, the stored run for pages, its text for everything else."""
        result = super()._repr_mimebundle_(**kwargs)
        data, metadata = result if isinstance(result, tuple) else (result or {}, {})
        state = page_state(
            self.document,
            name=self.name,
            step=self.step,
            panels=tuple(self.panels),
            live=self.live,
            scripts=host_scripts.stored(self._scripts()),
        )
        data = {**data, "text/plain": as_text(self.document), MIME: state}
        return data, metadata
