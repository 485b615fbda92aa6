"""Rules of loss detection, recovery, congestion control and pacing."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    # --- loss and recovery
    Mutant(
        "RACK: a segment is lost when one that was sent later has arrived (RFC 8985 §6)",
        "tcp/rack.py",
        "    return loss.rack_rtt + reordering - age + younger",
        "    return 2 * loss.rack_rtt + reordering - age + younger",
    ),
    Mutant(
        "RACK: in recovery nothing is waited for, unless reordering was seen",
        "tcp/rack.py",
        "        if c.ca_state >= RECOVERY:\n            return 0\n",
        "",
    ),
    Mutant(
        "RACK: the reordering window is a quarter of the least round trip",
        "tcp/rack.py",
        "c.min_rtt >> 2",
        "c.min_rtt >> 4",
    ),
    Mutant(
        "RACK: the answer to an earlier sending is no arrival of the later one",
        "tcp/rack.py",
        "if sent.retransmissions and (not c.min_rtt or rtt < c.min_rtt):",
        "if False and rtt:",
    ),
    Mutant(
        "RACK: nor where the echoed timestamp is older than the later one",
        "tcp/acknowledgement.py",
        "if not (sent.retransmissions and undo.echoes_before(c, segment, sent.last_sent)):",
        "if True:",
    ),
    Mutant(
        "Quick ACKs: one that tells of a hole is one of them",
        "tcp/reception.py",
        "    c.ack_pending = True  # so that the ACK counts as one of the quick ones\n",
        "",
    ),
    Mutant(
        "A packet acknowledged in part is cut anew from there",
        "tcp/trim.py",
        "    if len(packet) == 1:\n",
        "    if packet:\n",
    ),
    Mutant(
        "PRR: one segment more for each delivered while snd.una moves on (RFC 9937)",
        "tcp/congestion/prr.py",
        "        if advanced and not lost:",
        "        if False and advanced and not lost:",
    ),
    Mutant(
        "PRR: cwnd comes down in proportion, and not at once",
        "tcp/congestion/prr.py",
        "    if room < 0:",
        "    if False and room < 0:",
    ),
    Mutant(
        "PRR: at the end cwnd is ssthresh",
        "tcp/congestion/prr.py",
        "        c.cwnd = c.ssthresh\n",
        "        c.cwnd = c.cwnd\n",
    ),
    Mutant(
        "of lost segments the oldest is sent again first",
        "tcp/scoreboard.py",
        "heapq.heappush(self._lost, (self.position(sent.seq), self._count, sent))",
        "heapq.heappush(self._lost, (-self.position(sent.seq), self._count, sent))",
    ),
    Mutant(
        "of SACK blocks only what is new is looked at, and all of that",
        "tcp/scoreboard.py",
        "            found.append((place, sent))\n",
        "            found += [(place, sent)] if not runs else []\n",
    ),
    Mutant(
        "F-RTO: after a time-out new data goes out first (RFC 5682)",
        "tcp/recovery.py",
        "    loss.frto = bool(c.sysctl.tcp_frto)",
        "    loss.frto = False and bool(c.sysctl.tcp_frto)",
    ),
    Mutant(
        "a reduction is taken back when every retransmission was a duplicate (RFC 3708)",
        "tcp/undo.py",
        "    if loss.undo_marker is None or loss.undo_retrans != 0:\n        return False\n",
        "    if loss.undo_marker is None or True:\n        return False\n",
    ),
    Mutant(
        "an undo brings cwnd back, not only ssthresh",
        "tcp/undo.py",
        "        c.cwnd = c.congestion.undo(c)\n",
        "",
    ),
    # --- congestion control
    Mutant(
        "Reno: half after a loss",
        "tcp/congestion/base.py",
        "max(c.cwnd >> 1, LEAST)",
        "max(c.cwnd * 3 >> 2, LEAST)",
    ),
    Mutant(
        "in avoidance cwnd grows by one for each window that was acknowledged",
        "tcp/congestion/base.py",
        "        c.cwnd_counter -= grown * window\n",
        "",
    ),
    Mutant(
        "CUBIC: who lost earlier than last time leaves room (fast convergence)",
        "tcp/congestion/cubic.py",
        "        less = c.cwnd < self.last_max and parameters.fast_convergence\n",
        "        less = False\n",
    ),
    Mutant(
        "CUBIC: seven tenths after a loss",
        "module.py",
        "beta: int = 717",
        "beta: int = 512",
    ),
    Mutant(
        "CUBIC is never slower than Reno would be",
        "tcp/congestion/cubic.py",
        "            self.count = min(self.count, cwnd // (self.reno_cwnd - cwnd))",
        "            pass",
    ),
    Mutant(
        "cwnd grows only while it is what limits",
        "tcp/congestion/usage.py",
        "    return c.cwnd < c.ssthresh and c.cwnd < 2 * loss.max_packets_out",
        "    return True",
    ),
    Mutant(
        "a burst does not wait for an ACK that is far away",
        "tcp/sending.py",
        "    if next_ack > MILLISECOND or next_ack > srtt >> 4:",
        "    if False:",
    ),
    Mutant(
        "a sample of the rate spans the longer of sending and acknowledging",
        "tcp/rate.py",
        "    if interval < sending:\n",
        "    if False:\n",
    ),
    Mutant(
        "what the application limited is no sample of the network",
        "tcp/congestion/bbr_bandwidth.py",
        "        if not sample.app_limited or bandwidth >= self._best.value:",
        "        if True:",
    ),
    Mutant(
        "BBR: the pipe is full after three rounds without a quarter more",
        "tcp/congestion/bbr_bandwidth.py",
        "FULL_GROWTH, FULL_ROUNDS = ONE * 5 // 4, 3",
        "FULL_GROWTH, FULL_ROUNDS = ONE * 5 // 4, 2",
    ),
    Mutant(
        "BBR: two lossy intervals of the same rate are a policer",
        "tcp/congestion/bbr_bandwidth.py",
        "                self.policed = True\n",
        "                self.policed = False\n",
    ),
    Mutant(
        "BBR: only the first round of a recovery sends just what is delivered",
        "tcp/congestion/bbr.py",
        "        if bandwidth.round_start:\n            self._conserving = False\n",
        "",
    ),
    Mutant(
        "BBR drains the queue that starting up has made",
        "tcp/congestion/bbr.py",
        "            self.mode = DRAIN\n",
        "            self._enter_probe_bw(c)\n",
    ),
    Mutant(
        "BBR looks for a shorter round trip after ten seconds",
        "tcp/congestion/bbr.py",
        "MIN_RTT_WINDOW = 10 * SECOND",
        "MIN_RTT_WINDOW = 30 * SECOND",
    ),
    Mutant(
        "BBR keeps four segments in flight while it does",
        "tcp/congestion/bbr.py",
        "LEAST_CWND = 4",
        "LEAST_CWND = 8",
    ),
    Mutant(
        "who is paced sends no more before its time",
        "tcp/pacing.py",
        "    if due <= now * NANOSECONDS:",
        "    if True or due <= now * NANOSECONDS:",
    ),
)
