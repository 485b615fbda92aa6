"""What is broken: in which file, which words, and how."""

from __future__ import annotations

from tests.mutants import input_rules, knob_rules, output_rules, recovery_rules
from tests.mutants.mutant import Mutant as Mutant

MUTANTS = (
    # --- what arrives
    Mutant(
        "an RST resets only at exactly rcv.nxt (RFC 5961 §3)",
        "tcp/arrival.py",
        "c.sysctl.exact_resets:\n        return segment.seq == c.rcv_nxt",
        "_in_window(c, segment):\n        return True",
    ),
    Mutant(
        "a SYN in an open connection is only challenged (RFC 5961 §4)",
        "tcp/arrival.py",
        "    if segment.flags & SYN and not _crossing_syn_ack(c, segment):\n",
        "    if False and segment.flags & SYN and not _crossing_syn_ack(c, segment):\n",
    ),
    Mutant(
        "what carries no ACK is dropped (RFC 9293 §3.10.7.4)",
        "tcp/arrival.py",
        "    if not flags & _UNUSUAL:\n        _drop(c, reasons.NO_ACK_FLAG())",
        "    if False:\n        _drop(c, reasons.NO_ACK_FLAG())",
    ),
    Mutant(
        "an ACK of what was never sent is challenged (RFC 5961 §5)",
        "tcp/arrival.py",
        "    if (c.snd_nxt - ack) & HALF or (ack - oldest) & HALF:",
        "    if (ack - oldest) & HALF:",
    ),
    Mutant(
        "in SYN_SENT an unacceptable ACK is answered with RST",
        "tcp/arrival.py",
        "        if not flags & RST:\n            c.out.append",
        "        if False:\n            c.out.append",
    ),
    Mutant(
        "an RST is not subject to PAWS (RFC 7323 §5.2)",
        "tcp/arrival.py",
        "    if not rst and paws.rejects",
        "    if paws.rejects",
    ),
    Mutant(
        "PAWS forgives one tick only",
        "tcp/paws.py",
        "SLACK = 1\n",
        "SLACK = 2\n",
    ),
    Mutant(
        "the window of a SYN is not scaled (RFC 7323 §2.2)",
        "tcp/arrival.py",
        "    c.snd_wnd = c.max_window = c.mss_window = segment.window  #",
        "    c.snd_wnd = c.max_window = c.mss_window = segment.window << c.snd_scale  #",
    ),
    Mutant(
        "a window from an older segment is not believed",
        "tcp/acknowledgement.py",
        "    old = ack == before and not (c.snd_wl1 - seq) & HALF\n",
        "    old = False\n",
    ),
    Mutant(
        "a second challenge waits for tcp_invalid_ratelimit",
        "tcp/challenge.py",
        "now - c.last_challenge < limit * MILLISECOND",
        "now - c.last_challenge <= limit * MILLISECOND",
    ),
    Mutant(
        "data after close() is reset",
        "tcp/reception.py",
        "    if segment.payload and (c.orphan or c.no_reader) and c.state in _FIN_WAIT:",
        "    if segment.payload and c.orphan and c.state in _FIN_WAIT:",
    ),
    Mutant(
        "a hole that is filled is acknowledged at once (RFC 5681 §4.2)",
        "tcp/reception.py",
        "        c.ack_now = filled  #",
        "        c.ack_now = False  #",
    ),
    Mutant(
        "the FIN takes a sequence number",
        "tcp/reception.py",
        "    c.rcv_nxt = (c.rcv_nxt + 1) & MASK\n    c.bytes_received",
        "    c.bytes_received",
    ),
    # --- what goes out
    Mutant(
        "Karn: a segment that was sent again gives no round-trip time",
        "tcp/acknowledgement.py",
        "            news.retransmitted = True\n        elif not sent.sacked:",
        "        if not sent.sacked:",
    ),
    Mutant(
        "the first RTO is srtt and 200 ms at least",
        "tcp/rtt.py",
        "        c.rttvar = max(c.mdev, sysctl.tcp_rto_min_us)\n",
        "        c.rttvar = c.mdev\n",
    ),
    Mutant(
        "every time-out doubles the RTO (RFC 6298 §5.5)",
        "tcp/retransmit.py",
        "        c.rto = min(c.rto << 1, c.sysctl.tcp_rto_max_ms * 1000)\n",
        "        c.rto = min(c.rto + c.rto // 2, c.sysctl.tcp_rto_max_ms * 1000)\n",
    ),
    Mutant(
        "linear time-outs are for SYNs only",
        "tcp/retransmit.py",
        "    elif c.state != state.SYN_SENT or c.retransmissions > linear:",
        "    elif c.retransmissions > linear:",
    ),
    Mutant(
        "a limit of an orphan is tcp_orphan_retries, and 0 means 8",
        "tcp/retransmit.py",
        "ORPHAN_RETRIES = 8\n",
        "ORPHAN_RETRIES = 7\n",
    ),
    Mutant(
        "cwnd bounds what is in flight",
        "tcp/sending.py",
        "        room = c.cwnd - flight if flight < c.cwnd else 0\n",
        "        room = c.cwnd - flight + 1\n",
    ),
    Mutant(
        "a full segment is half of a small window at most",
        "tcp/segment_size.py",
        "        half >>= 1\n",
        "        pass\n",
    ),
    Mutant(
        "Nagle holds a small segment while another one is in flight",
        "tcp/sending.py",
        "    return not c.sysctl.minshall or gt(c.small_sent_end, c.snd_una)\n",
        "    return False\n",
    ),
    Mutant(
        "the receiver avoids silly windows",
        "tcp/window.py",
        "        if free < allowed >> 4 or free < mss:",
        "        if free < 0:",
    ),
    Mutant(
        "the window scale is for the largest buffer that a program may ask for",
        "tcp/window.py",
        "max(space, sysctl.tcp_rmem[2], sysctl.rmem_max)",
        "max(space, sysctl.tcp_rmem[2])",
    ),
    Mutant(
        "an offered window is never taken back",
        "tcp/window.py",
        "        if window < now_open:\n",
        "        if False:\n",
    ),
    Mutant(
        "probes of a shut window back off",
        "tcp/persist.py",
        "    if c.backoff < c.sysctl.tcp_retries2:\n        c.backoff += 1\n",
        "",
    ),
    Mutant(
        "keepalive gives up after tcp_keepalive_probes",
        "tcp/keepalive.py",
        "    return c.probes_out >= _probes(c)\n",
        "    return c.probes_out > _probes(c)\n",
    ),
    # --- the end of a connection
    Mutant(
        "TIME_WAIT lasts 60 s",
        "sysctl.py",
        "    timewait_len: int = _constant(60,",
        "    timewait_len: int = _constant(61,",
    ),
    Mutant(
        "a FIN that comes again restarts TIME_WAIT",
        "tcp/time_wait.py",
        "    if old_stamp or flags & ACK:\n        timers.set_time_wait(c, now)\n",
        "",
    ),
    Mutant(
        "only a newer SYN ends TIME_WAIT (RFC 6191)",
        "tcp/time_wait.py",
        "    if not gt(segment.seq, c.rcv_nxt) and not newer_stamp:\n        return None\n",
        "",
    ),
    Mutant(
        "tcp_rfc1337 forbids assassination",
        "tcp/time_wait.py",
        "        if c.sysctl.tcp_rfc1337:",
        "        if False:",
    ),
    Mutant(
        "tcp_tw_reuse waits for tcp_tw_reuse_delay",
        "host/time_waits.py",
        "self._host.now - old.ts_recent_at > sysctl.tcp_tw_reuse_delay * MILLISECOND",
        "True",
    ),
    # --- the host
    Mutant(
        "the accept queue holds one more than the backlog",
        "host/listener.py",
        "        return len(self.accept_queue) > self.backlog\n",
        "        return len(self.accept_queue) >= self.backlog\n",
    ),
    Mutant(
        "the SYN queue holds one more than the backlog",
        "host/listener.py",
        "        return len(self.syn_queue) > self.backlog\n",
        "        return len(self.syn_queue) >= self.backlog\n",
    ),
    Mutant(
        "an overflow of the accept queue moves both counters",
        "host/request.py",
        "        host.count(counters.LISTEN_DROPS)\n        if not host.sysctl.tcp_abort",
        "        if not host.sysctl.tcp_abort",
    ),
    Mutant(
        "the SYN+ACK's time-out doubles",
        "host/request.py",
        "RTO_INITIAL << self.timeouts",
        "RTO_INITIAL << min(self.timeouts, 3)",
    ),
    Mutant(
        "a cookie is good for two minutes",
        "host/syncookies.py",
        "MAX_AGE = 2\n",
        "MAX_AGE = 3\n",
    ),
    Mutant(
        "an RST is never answered with an RST (RFC 9293 §3.10.7.1)",
        "host/stack.py",
        '            self.tell(trace.REFUSED, "", why())\n            return\n',
        '            self.tell(trace.REFUSED, "", why())\n',
    ),
    Mutant(
        "without cookies the last quarter of the SYN queue is for peers known to live",
        "host/listener.py",
        "        return limit - len(self.syn_queue) < limit >> 2 and",
        "        return False and",
    ),
    # --- queues, and recovery without SACK
    Mutant(
        "CoDel's drops come faster by the square root of their count (RFC 8289 §3.3)",
        "net/codel.py",
        "        return isqrt(interval * interval // self.count)\n",
        "        return interval // self.count\n",
    ),
    Mutant(
        "CoDel lets the last packets of one MTU pass (RFC 8289 §5.2)",
        "net/codel.py",
        " or self._discipline.backlog <= self.aims.mtu:",
        ":",
    ),
    Mutant(
        "RED's average falls while the line is idle",
        "net/red.py",
        "        elif passed:\n",
        "        elif False:\n",
    ),
    Mutant(
        "a new flow of FQ-CoDel is served first (RFC 8290 §4.2)",
        "net/fq_codel.py",
        "            flows = self._new or self._old\n",
        "            flows = self._old or self._new\n",
    ),
    Mutant(
        "without SACK the end of a recovery takes nothing back",
        "tcp/undo.py",
        "        if not c.sack_permitted and end is not None and not lt(c.snd_una, end):\n",
        "        if False:\n",
    ),
    Mutant(
        "a request keeps the SYN's timestamp until a connection takes it over",
        "host/request.py",
        "        if self.listener.accept_queue_full:\n            return self._overflow(segment)\n",
        "        if self.listener.accept_queue_full:\n"
        "            c.ts_recent = (wire_options.timestamps(segment.options) or (0,))[0]\n"
        "            return self._overflow(segment)\n",
    ),
    Mutant(
        "reading acknowledges what is owed after a FIN, too",
        "tcp/connection.py",
        "        if data and self.state != _CLOSED:\n",
        "        if data and self.state in _RECEIVES_DATA:\n",
    ),
    Mutant(
        "an ICMP error does not make a connection look at its clock",
        "tcp/icmp.py",
        "    return min(now, max(c.last_sent_at, c.last_ack_received, c.last_data_received))\n",
        "    return now\n",
    ),
    Mutant(
        "three duplicate ACKs are never held back",
        "tcp/ack_compression.py",
        "AT_ONCE = 3\n",
        "AT_ONCE = 2\n",
    ),
    Mutant(
        "what is held back goes before a third block stirs",
        "tcp/ack_compression.py",
        "    if number >= BLOCKS_EXPECTED:\n",
        "    if number > BLOCKS_EXPECTED:\n",
    ),
    Mutant(
        "data just before a delayed ACK is due takes it along",
        "tcp/delayed_ack.py",
        "    if standing is not None and standing - now <= nearly(ato):\n",
        "    if standing is not None and standing - now < 0:\n",
    ),
    *input_rules.MUTANTS,
    Mutant(
        "the delay of ACKs is reckoned in whole ticks",
        "tcp/delayed_ack.py",
        "c.ato = c.ato // _TWO_TICKS * timers.TICK + ATO_MIN // 2",
        "c.ato = (c.ato >> 1) + ATO_MIN // 2",
    ),
    Mutant(
        "ticks begin anywhere: half of one counts in the mean",
        "tcp/delayed_ack.py",
        "(ato // timers.TICK >> 2) * timers.TICK + timers.TICK // 2",
        "(ato // timers.TICK >> 2) * timers.TICK",
    ),
    Mutant(
        "what begins where the window ends has no place in it",
        "tcp/reception.py",
        "        return ahead < room\n",
        "        return True\n",
    ),
    Mutant(
        "only the beginning of a packet ends a pause, not what joins one that waits",
        "tcp/sending.py",
        "not c.retransmission_queue and not (c.packets and write_queue.last_length(c) < size)",
        "not c.retransmission_queue",
    ),
    Mutant(
        "a window for a part of the packet that waits leaves the probes' back-off",
        "tcp/persist.py",
        "    if packet + (c.fin_queued is not None and packet >= unsent) <= room:\n",
        "    if min(packet, segment_size.mss(c)) <= room and packet:\n",
    ),
    Mutant(
        "TIME_WAIT counts no segments for the socket that was",
        "tcp/time_wait.py",
        "    c.segs_in -= 1\n",
        "",
    ),
    Mutant(
        "echoed timestamps measure the sender's round trip only while established",
        "tcp/arrival.py",
        "c.timestamps and before == _ESTABLISHED",
        "c.timestamps",
    ),
    Mutant(
        "the RST for unread data offers the room that this had",
        "tcp/connection.py",
        "            receive_buffer.take(self, len(self.receive_buffer))",
        "            ",
    ),
    Mutant(
        "a reset forgets the back-off, and not what was lost",
        "tcp/lifecycle.py",
        "c.joined_out = c.request_out = c.backoff = 0",
        "c.joined_out = c.request_out = c.lost_out = 0",
    ),
    Mutant(
        "what carries no ACK is dropped before its numbers are looked at",
        "tcp/arrival.py",
        "    if not flags & _UNUSUAL:\n        _drop(c, reasons.NO_ACK_FLAG())",
        "    if not flags & _UNUSUAL and _check_sequence(c, segment, now):\n"
        "        _drop(c, reasons.NO_ACK_FLAG())",
    ),
    Mutant(
        "an old ACK is no sign of life",
        "tcp/arrival.py",
        "    if not old:\n        c.last_ack_received",
        "    if True:\n        c.last_ack_received",
    ),
    Mutant(
        "a request answers from behind its SYN, whatever the peer's window",
        "tcp/departure.py",
        "    c.out[-1].seq = c.snd_nxt\n    c.out[-1].window",
        "    c.out[-1].window",
    ),
    Mutant(
        "CWR ends the echo also on a pure ACK",
        "tcp/arrival.py",
        "    if flags & CWR:\n",
        "    if flags & CWR and segment.payload:\n",
    ),
    Mutant(
        "an early connection has its send buffer at once",
        "host/fastopen.py",
        "        send_buffer.expand(c)\n",
        "",
    ),
    *knob_rules.MUTANTS,
    *recovery_rules.MUTANTS,
    *output_rules.MUTANTS,
)
