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
    Mutant(
        "tcp_reflect_tos answers with the TOS of the SYN",
        "host/listener.py",
        "            connection.ip.tos = segment.tos & ~ecn.MASK\n",
        "            pass\n",
    ),
    Mutant(
        "the TOS of the SYN outlives the handshake",
        "host/listener.py",
        "            connection.ip.tos = reflected\n",
        "            pass\n",
    ),
    Mutant(
        "tcp_pingpong_thresh answers make for ping-pong",
        "tcp/departure.py",
        "        if c.answers >= c.sysctl.tcp_pingpong_thresh:\n",
        "        if c.answers:\n",
    ),
    Mutant(
        "tcp_mtu_probe_floor bounds what time-outs halve",
        "tcp/mtu_probing.py",
        "max(c.sysctl.tcp_mtu_probe_floor, c.sysctl.tcp_min_snd_mss)",
        "c.sysctl.tcp_min_snd_mss",
    ),
    Mutant(
        "tcp_app_win keeps a part of the window back",
        "tcp/receive_buffer.py",
        "    if kept and most >> kept and clamp == most and most > 4 * mss:\n",
        "    if False:\n",
    ),
    Mutant(
        "with tcp_app_win 0 no segment is set aside",
        "tcp/receive_buffer.py",
        "    if kept and 2 * mss < clamp",
        "    if 2 * mss < clamp",
    ),
    Mutant(
        "tcp_workaround_signed_windows bounds the first window",
        "tcp/window.py",
        "        usable = min(usable, MAX_SIGNED)\n",
        "        pass\n",
    ),
    Mutant(
        "tcp_workaround_signed_windows bounds later windows",
        "tcp/window.py",
        "        free = MAX_SIGNED\n",
        "        pass\n",
    ),
    Mutant(
        "ports of ip_local_reserved_ports are given to nobody",
        "host/ports.py",
        " or port in reserved:\n",
        ":\n",
    ),
    Mutant(
        "without path MTU discovery an error is worth min_pmtu",
        "host/path_mtu.py",
        "0 if sysctl.ip_no_pmtu_disc == _UNBELIEVED and",
        "0 if False and",
    ),
    Mutant(
        "with ip_no_pmtu_disc 2 no error is heard",
        "host/path_mtu.py",
        "host.sysctl.ip_no_pmtu_disc == _UNHEARD\n",
        "False\n",
    ),
    Mutant(
        "a path MTU lasts for mtu_expires",
        "host/path_mtu.py",
        "sysctl.mtu_expires * SECOND",
        "600 * SECOND",
    ),
    Mutant(
        "no path is taken for narrower than min_pmtu",
        "host/path_mtu.py",
        "min(sysctl.min_pmtu, known)",
        "min(552, known)",
    ),
    Mutant(
        "a SYN says min_adv_mss at least",
        "host/routes.py",
        "            c.advertised_mss = c.sysctl.min_adv_mss",
        "            pass",
    ),
    Mutant(
        "tcp_challenge_ack_limit is for all connections of a host",
        "tcp/challenge.py",
        "    if budget is not None and budget.spent(limit, now):\n",
        "    if False:\n",
    ),
    Mutant(
        "each second has its own challenge ACKs",
        "tcp/challenge.py",
        "        if now // SECOND != self._second:\n",
        "        if self._second < 0:\n",
    ),
)
