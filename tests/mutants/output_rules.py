"""Rules of ports, of connections that nobody holds any more, and of counters of what is sent."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    # --- ports
    Mutant(
        "bind(0) chooses odd ports first",
        "host/ports.py",
        "        for port in chain(odd[start:], odd[:start], even):\n",
        "        for port in chain(even[start:], even[:start], odd):\n",
    ),
    Mutant(
        "bind(0) with SO_REUSEADDR chooses in the lower half first",
        "host/ports.py",
        '    if options.get("SO_REUSEADDR") and high + 1 - low >= _FEW:\n',
        "    if False:\n",
    ),
    Mutant(
        "IP_BIND_ADDRESS_NO_PORT leaves the port to connect()",
        "host/ports.py",
        '    if not port and socket.options.get("IP_BIND_ADDRESS_NO_PORT"):\n',
        "    if False:\n",
    ),
    Mutant(
        "IP_LOCAL_PORT_RANGE bounds the ports of its socket",
        "host/ports.py",
        '    own = options.get("IP_LOCAL_PORT_RANGE", 0)\n',
        "    own = 0\n",
    ),
    Mutant(
        "on a port only listeners that all have SO_REUSEPORT are together",
        "host/ports.py",
        '        if not (share and one.options.get("SO_REUSEPORT")):\n',
        "        if not share:\n",
    ),
    Mutant(
        "what accept() gave has SO_REUSEPORT of its listener",
        "host/ports.py",
        "one.reuse_address, one.reuse_port)",
        "one.reuse_address, False)",
    ),
    Mutant(
        "a hash chooses among all listeners of a port",
        "host/listener.py",
        "ends) * len(self.group) >> 32]\n",
        "ends) * 1 >> 32]\n",
    ),
    Mutant(
        "the last listener of a port gets the place of the one that leaves",
        "host/listener.py",
        "            group[group.index(self)] = group[-1]\n            group.pop()\n",
        "            group.remove(self)\n",
    ),
    # --- who is held no more
    Mutant(
        "who closed is tried no more once its time-out has grown",
        "tcp/retransmit.py",
        "        growing = c.rto < s.tcp_rto_max_ms * MILLISECOND\n",
        "        growing = True\n",
    ),
    Mutant(
        "after an ICMP error who closed is not tried once more",
        "tcp/retransmit.py",
        "    return retries if c.soft_error is None else 0\n",
        "    return retries\n",
    ),
    Mutant(
        "who closed is not probed for ever, answers or not",
        "tcp/persist.py",
        "            if not growing and c.backoff >= most:\n",
        "            if False:\n",
    ),
    Mutant(
        "beyond a minute an orphan in FIN_WAIT_2 waits twice",
        "tcp/timers.py",
        "    if beyond <= 0 and not fin:\n        _become_small(c, now, longest)\n        return\n",
        "    _become_small(c, now, longest)\n    return\n",
    ),
    Mutant(
        "an orphan resets what comes too early with the ACK of its FIN",
        "tcp/lifecycle.py",
        "    elif segment.length and gt((segment.end - fin) & MASK, c.rcv_nxt):\n",
        "    elif segment.payload and gt((segment.end - fin) & MASK, c.rcv_nxt):\n",
    ),
    Mutant(
        "a FIN alone is paced like data",
        "tcp/sending.py",
        "    if c.flow.paced and pacing.waits(c, now):\n        return\n    assert",
        "    assert",
    ),
    # --- counters
    Mutant(
        "a FIN counts as new data",
        "host/counters.py",
        "        if not again and (segment.payload or flags & FIN):\n",
        "        if not again and segment.payload:\n",
    ),
    Mutant(
        "what is sent again is no new data",
        "host/counters.py",
        "        if not again and (segment.payload or flags & FIN):\n",
        "        if segment.payload or flags & FIN:\n",
    ),
    Mutant(
        "an orphan in FIN_WAIT_2 is one of tcp_max_tw_buckets",
        "host/stack.py",
        "        if connection.state != state.CLOSED:\n",
        "        if connection.state == state.TIME_WAIT:\n",
    ),
    Mutant(
        "what waits for its end 4 s or less is counted apart",
        "host/time_waits.py",
        "SOON = 4 * SECOND\n",
        "SOON = 3 * SECOND\n",
    ),
    Mutant(
        "a window that was shut and opens is counted",
        "tcp/window.py",
        "    elif field:\n        c.tally(",
        "    elif False:\n        c.tally(",
    ),
)
