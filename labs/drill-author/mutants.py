"""Sixteen rules of the engine that can be broken; ten of them are a student's own."""

from __future__ import annotations

from labs.kit.mutants import Mutant

ARRIVAL, RETRANSMIT = "tcpcore.tcp.arrival", "tcpcore.tcp.retransmit"

MUTANTS = {
    "exact reset": Mutant(
        "an RST resets only at exactly rcv.nxt; elsewhere in the window it is challenged",
        ARRIVAL,
        "c.sysctl.exact_resets:\n        return segment.seq == c.rcv_nxt",
        "_in_window(c, segment):\n        return True",
    ),
    "old reset": Mutant(
        "an RST outside the window is dropped without a word",
        ARRIVAL,
        "    if rst:\n        _drop(c, reasons.OLD_RST())\n",
        "    if rst:\n        lifecycle.reset_by_peer(c, reasons.RESET_BY_PEER())\n",
    ),
    "challenged SYN": Mutant(
        "a SYN in an open connection is answered with an ACK",
        ARRIVAL,
        "        challenge.ask(c, now, reasons.DUPLICATE_SYN())\n        return False\n",
        "        return False\n",
    ),
    "challenged ACK": Mutant(
        "an ACK of what was never sent is answered with an ACK",
        ARRIVAL,
        "    if (c.snd_nxt - ack) & HALF or (ack - oldest) & HALF:",
        "    if (ack - oldest) & HALF:",
    ),
    "wrong ACK in SYN_SENT": Mutant(
        "while a SYN waits for its answer, an ACK of something else is reset",
        ARRIVAL,
        "        if not flags & RST:\n            c.out.append",
        "        if False:\n            c.out.append",
    ),
    "refusal": Mutant(
        "while a SYN waits for its answer, an RST counts only with an ACK of that SYN",
        ARRIVAL,
        "        if flags & ACK:\n            lifecycle.reset_by_peer(c, reasons.REFUSED())",
        "        if True:\n            lifecycle.reset_by_peer(c, reasons.REFUSED())",
    ),
    "outside the window": Mutant(
        "data outside the window is answered with an ACK",
        ARRIVAL,
        "    else:\n        reception.duplicate(c, segment)\n"
        "        challenge.answer(c, segment, now, reasons.ACK_DUPLICATE())\n    return False",
        "    return False",
    ),
    "the FIN's number": Mutant(
        "a FIN takes a sequence number",
        "tcpcore.tcp.reception",
        "    c.rcv_nxt = (c.rcv_nxt + 1) & MASK\n    c.bytes_received",
        "    c.bytes_received",
    ),
    "data after close": Mutant(
        "data that comes after close() is reset",
        "tcpcore.tcp.reception",
        "    if segment.payload and (c.orphan or c.no_reader) and c.state in _FIN_WAIT:",
        "    if False:",
    ),
    "doubling": Mutant(
        "every time-out doubles the RTO",
        RETRANSMIT,
        "        c.rto = min(c.rto << 1, c.sysctl.tcp_rto_max_ms * 1000)\n",
        "        c.rto = min(c.rto + c.rto // 2, c.sysctl.tcp_rto_max_ms * 1000)\n",
    ),
    "linear SYNs": Mutant(
        "only SYNs have time-outs that do not double",
        RETRANSMIT,
        "    elif c.state != state.SYN_SENT or c.retransmissions > linear:",
        "    elif c.retransmissions > linear:",
    ),
    "first RTO": Mutant(
        "the RTO is the round trip and at least 200 ms",
        "tcpcore.tcp.rtt",
        "        c.rttvar = max(c.mdev, sysctl.tcp_rto_min_us)\n",
        "        c.rttvar = c.mdev\n",
    ),
    "Nagle": Mutant(
        "a small segment waits while another one is in flight",
        "tcpcore.tcp.sending",
        "    return not c.sysctl.minshall or gt(c.small_sent_end, c.snd_una)\n",
        "    return False\n",
    ),
    "last probe": Mutant(
        "keepalive gives up when TCP_KEEPCNT probes were not answered",
        "tcpcore.tcp.keepalive",
        "    return c.probes_out >= _probes(c)\n",
        "    return c.probes_out > _probes(c)\n",
    ),
    "window probes": Mutant(
        "probes of a shut window come later each time",
        "tcpcore.tcp.persist",
        "    if c.backoff < c.sysctl.tcp_retries2:\n        c.backoff += 1\n",
        "",
    ),
    "FIN in TIME_WAIT": Mutant(
        "in TIME_WAIT a FIN that comes again is acknowledged again",
        "tcpcore.tcp.time_wait",
        "    challenge.answer(c, segment, now, reason)\n",
        "",
    ),
}
