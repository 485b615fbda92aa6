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
    Mutant(
        "the memory of a peer begins with what the route says",
        "tcp/metrics.py",
        "metrics[c.remote] = Metrics(c.by_route)\n",
        "metrics[c.remote] = Metrics()\n",
    ),
    Mutant(
        "a locked rtt of a route stays",
        "tcp/metrics.py",
        '    if "rtt" not in known.fixed:\n',
        "    if True:\n",
    ),
    Mutant(
        "a locked ssthresh of a route stays",
        "tcp/metrics.py",
        ' and "ssthresh" not in known.fixed:\n',
        ":\n",
    ),
    Mutant(
        "ICMP does not change a locked mtu of a route",
        "host/machine.py",
        " and not fixed:\n",
        ":\n",
    ),
    Mutant(
        "the window of a route bounds what is offered",
        "host/routes.py",
        "        c.window_clamp = self.window\n",
        "",
    ),
    Mutant(
        "TCP_WINDOW_CLAMP goes before the window of a route",
        "host/socket_options.py",
        'options.get("TCP_WINDOW_CLAMP", 0) or connection.window_clamp\n',
        'connection.window_clamp or options.get("TCP_WINDOW_CLAMP", 0)\n',
    ),
    Mutant(
        "a route may need no cookie for Fast Open",
        "host/fastopen.py",
        "    return bool(host.routes.get(remote, UNSET).fastopen_no_cookie)\n",
        "    return False\n",
    ),
    Mutant(
        "a locked reordering of a route stays",
        "tcp/metrics.py",
        ' and "reordering" not in known.fixed:\n',
        ":\n",
    ),
)
