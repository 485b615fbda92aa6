"""A transfer as that of `benchmarks.transfer` in ns.py (pure Python, on SimPy).

    python nspy_transfer.py MEGABYTES     -> one line of JSON

ns.py has no handshake, no SACK, no timestamps, no receive window and no delayed ACKs: what it
simulates is less.  Segments are as large as everybody's, and cwnd stops growing where the others'
window does, so that nothing is lost.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from time import process_time

import simpy
from ns.flow.cc import TCPReno
from ns.flow.flow import Flow
from ns.packet.tcp_generator import TCPPacketGenerator
from ns.packet.tcp_sink import TCPSink
from ns.port.port import Port
from ns.port.wire import Wire

MSS = 1448
WINDOW = 262_144


class Bounded(TCPReno):
    """Reno whose window ends where the receiver's would."""

    def ack_received(self, rtt: float = 0, current_time: float = 0) -> None:
        super().ack_received(rtt, current_time)
        self.cwnd = min(self.cwnd, WINDOW)


def main(megabytes: int) -> None:
    segments = -(-megabytes * 1_000_000 // MSS)
    env = simpy.Environment()
    flow = Flow(0, "client", "server", size=segments * MSS, start_time=0, finish_time=3600)
    sender = TCPPacketGenerator(env, flow, Bounded(), element_id="client")
    sender.mss = sender.congestion_control.mss = MSS
    sender.congestion_control.cwnd = 10 * MSS
    port = Port(env, rate=100_000_000, qlimit=1000, limit_bytes=False, element_id="port")
    there, back = Wire(env, lambda: 0.01), Wire(env, lambda: 0.01)
    sink = TCPSink(env, rec_arrivals=False, rec_waits=False)
    sender.out, port.out, there.out, sink.out, back.out = port, there, sink, back, sender
    start = process_time()
    env.run(until=3600)
    seconds = process_time() - start
    told = {"bytes": sink.next_seq_expected, "seconds": seconds, "version": version("ns.py")}
    print(json.dumps({"name": "ns.py", "segments": segments, **told}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
