"""A terminal on a host of the engine, at one moment of a run: `ss`, `nstat`, `iptables` and so on.

The programs are those of `tcpcore.observe.shell`; they read the engine, and nothing of this
machine.  `shells` lays what they print beside what the real programs printed of a real kernel.
"""

from __future__ import annotations

import html
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.scenarios import registry
from tcpcore.units import format_seconds, seconds
from tcpcore.view import evidence
from tcpcore.view.shown import Shown


def shell(
    scenario: str,
    host: str,
    *commands: str,
    at: float,
    drop: tuple[int, ...] = (),
    seed: int = 1,
    profile: str | None = None,
    **parameters: Any,
) -> Shown:
    """Run the scenario up to `at` (seconds of the run), then type `commands` on the host.

    `UsageError` for an unknown host, a command that there is not, or parameters that do not fit.
    """
    network = registry.prepare(scenario, parameters, profile=profile, drop=drop, seed=seed)
    network.run(seconds(at))
    found = next((one for one in network.hosts if one.name == host), None)
    if found is None:
        names = ", ".join(one.name for one in network.hosts)
        raise UsageError(f"{scenario} has no host {host!r}; it has {names}.")
    typed = [(f"{host}$ {command}", _trimmed(found.sh(command))) for command in commands]
    when = f"{host}, {format_seconds(seconds(at))} s after the start"
    return Shown(_html(host, typed, when), _text(typed, when))


def shells(scenario: str, host: str, *commands: str, **parameters: Any) -> Shown:
    """What the scenario's own looks (`host.look`) printed on a host: engine, then real programs.

    `UsageError` for a command that the scenario does not ask there.
    """
    blocks = []
    for run in evidence.both(scenario, **parameters):
        typed = [(f"{host}$ {one}", _trimmed(run.printed(one, host))) for one in commands]
        blocks.append((f"{host}, {run.by}", typed))
    return Shown(
        "".join(_html(host, typed, who) for who, typed in blocks),
        "\n\n".join(_text(typed, who) for who, typed in blocks),
    )


def _text(typed: list[tuple[str, str]], when: str) -> str:
    return "\n".join([when, *(f"{prompt}\n{output}".rstrip() for prompt, output in typed)])


def _trimmed(output: str) -> str:
    return "\n".join(line.rstrip() for line in output.rstrip("\n").split("\n"))


def _html(host: str, typed: list[tuple[str, str]], when: str) -> str:
    e = html.escape
    body = "\n".join(
        f"<b class='{e(host)}'>{e(prompt)}</b>\n{e(output)}".rstrip() for prompt, output in typed
    )
    return (
        f"<div class='tcpfig terminal'><p class='caption'>{e(when)}</p>"
        f"<pre class='scroll' tabindex='0' role='group' aria-label='{e(when)}'>{body}</pre></div>"
    )
