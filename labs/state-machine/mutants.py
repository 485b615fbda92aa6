"""Ten rules of the engine, broken one at a time: a good set of tests notices each."""

from __future__ import annotations

from labs.kit.mutants import Mutant

ARRIVAL = "tcpcore.tcp.arrival"

MUTANTS = (
    Mutant(
        "an RST resets only at exactly rcv.nxt (RFC 5961 §3.2)",
        ARRIVAL,
        "c.sysctl.exact_resets:\n        return segment.seq == c.rcv_nxt",
        "_in_window(c, segment):\n        return True",
    ),
    Mutant(
        "a SYN in an open connection is only challenged (RFC 5961 §4.2)",
        ARRIVAL,
        "        challenge.ask(c, now, reasons.DUPLICATE_SYN())\n        return False\n",
        "        lifecycle.reset_by_peer(c, reasons.RESET_BY_PEER())\n        return False\n",
    ),
    Mutant(
        "a segment without ACK is dropped (RFC 9293 §3.10.7.4)",
        ARRIVAL,
        "    if not flags & _UNUSUAL:\n        _drop(c, reasons.NO_ACK_FLAG())",
        "    if False:\n        _drop(c, reasons.NO_ACK_FLAG())",
    ),
    Mutant(
        "an ACK of what was never sent is challenged (RFC 5961 §5.2)",
        ARRIVAL,
        "    if (c.snd_nxt - ack) & HALF or (ack - oldest) & HALF:",
        "    if (ack - oldest) & HALF:",
    ),
    Mutant(
        "in SYN_SENT an ACK that acknowledges nothing of ours is answered with RST "
        "(RFC 9293 §3.10.7.3)",
        ARRIVAL,
        "        if not flags & RST:\n            c.out.append",
        "        if False:\n            c.out.append",
    ),
    Mutant(
        "what lies outside the window is answered with ACK (RFC 9293 §3.10.7.4)",
        ARRIVAL,
        "    else:\n        reception.duplicate(c, segment)\n"
        "        challenge.answer(c, segment, now, reasons.ACK_DUPLICATE())\n    return False",
        "    return False",
    ),
    Mutant(
        "an RST outside the window is dropped (RFC 5961 §3.2)",
        ARRIVAL,
        "    if rst:\n        _drop(c, reasons.OLD_RST())\n",
        "    if rst:\n        lifecycle.reset_by_peer(c, reasons.RESET_BY_PEER())\n",
    ),
    Mutant(
        "in SYN_SENT an RST counts only with an ACK of our SYN (RFC 9293 §3.10.7.3)",
        ARRIVAL,
        "        if flags & ACK:\n            lifecycle.reset_by_peer(c, reasons.REFUSED())",
        "        if True:\n            lifecycle.reset_by_peer(c, reasons.REFUSED())",
    ),
    Mutant(
        "a FIN takes a sequence number (RFC 9293 §3.4)",
        "tcpcore.tcp.reception",
        "    c.rcv_nxt = (c.rcv_nxt + 1) & MASK\n    c.bytes_received",
        "    c.bytes_received",
    ),
    Mutant(
        "in TIME_WAIT a FIN that comes again is acknowledged again (RFC 9293 §3.10.7.4)",
        "tcpcore.tcp.time_wait",
        "    challenge.answer(c, segment, now, reason)\n",
        "",
    ),
)
