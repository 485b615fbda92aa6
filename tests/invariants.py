"""What must hold for a connection after every event, whatever anybody did."""

from __future__ import annotations

from tcpcore.errors import EngineBug
from tcpcore.host import snapshot
from tcpcore.host.listener import Request
from tcpcore.host.stack import Host
from tcpcore.seqnum import MASK, distance, leq
from tcpcore.tcp import departure, state, window
from tcpcore.tcp.connection import Connection

SILENT = (state.CLOSED, state.TIME_WAIT)


class Watch:
    """Checks hosts again and again, and remembers what may only move forward."""

    def __init__(self, hosts: list[Host]) -> None:
        self.hosts = hosts
        self._last: dict[int, tuple[Connection, int, int, str]] = {}

    def check(self) -> None:
        """Raise `EngineBug` for the first promise that is broken."""
        for host in self.hosts:
            for key, endpoint in host.endpoints.items():
                if isinstance(endpoint, Connection):
                    self._connection(host, key, endpoint)
                else:
                    _request(endpoint)
            for listener in (one for port in host.listeners for one in host.sharing(port)):
                _that(
                    len(listener.accept_queue) <= listener.backlog + 1,
                    f"{listener.name}: accept queue holds {len(listener.accept_queue)}",
                )
                for request in listener.syn_queue:
                    known = any(request is one for one in host.endpoints.values())
                    _that(known, f"{request.name} is in the SYN queue, and no endpoint")

    def _connection(self, host: Host, key: object, c: Connection) -> None:
        _that(c.state != state.CLOSED, f"{c.name} is CLOSED and still an endpoint")
        connection(c)
        deadline = c.next_deadline()
        if deadline is not None:
            at = host._scheduled.get(key)  # type: ignore[arg-type]
            _that(at is not None and at <= deadline, f"{c.name}: nobody wakes it at {deadline}")
        last = self._last.get(id(c))
        if last is not None:
            _, una, nxt, was = last
            _that(leq(una, c.snd_una), f"{c.name}: snd_una went back")
            _that(was == state.SYN_SENT or leq(nxt, c.rcv_nxt), f"{c.name}: rcv_nxt went back")
        self._last[id(c)] = (c, c.snd_una, c.rcv_nxt, c.state)


def connection(c: Connection) -> None:
    """Every promise that one connection keeps by itself."""

    def that(holds: bool, promise: str) -> None:
        _that(holds, f"{c.name} in {c.state}: {promise}")

    that(leq(c.snd_una, c.snd_nxt), "snd_una <= snd_nxt")
    that(leq(c.snd_nxt, (c.write_end + c.fin_sent) & MASK), "snd_nxt <= what was written")
    that(leq(c.rcv_wup, c.rcv_nxt), "rcv_wup <= rcv_nxt")
    that(window.current(c) >= 0, "the window is not negative")
    that(c.cwnd >= 1, "cwnd >= 1")
    that(0 < c.rto <= c.sysctl.tcp_rto_max_ms * 1000, f"rto {c.rto}")
    that(c.ack_deadline is None or c.ack_pending, "a delayed ACK's timer has an ACK to send")
    _queue(c, that)
    _buffers(c, that)
    _timers(c, that)
    for kept in c.out_of_order:
        that(distance(c.rcv_nxt, kept[0]) > 0, "what came out of order lies ahead")
    that(c.error is None or c.state == state.CLOSED or c.orphan, f"error {c.error} while open")


def _queue(c: Connection, that: object) -> None:
    assert callable(that)
    queue = c.retransmission_queue
    if c.state in SILENT:
        that(not queue, "nothing is to be retransmitted")
        return
    expected = c.iss if c.request_out else c.snd_una
    for sent in queue:
        that(sent.seq == expected, f"the queue is contiguous: {sent.seq} after {expected}")
        empty = c.fast_open is not None and c.fast_open.packet and sent.seq == (c.iss + 1) & MASK
        that(
            empty or distance(sent.seq, sent.end) > 0, "a segment in the queue takes sequence space"
        )
        that(sent.last_sent >= sent.first_sent, "sent again after it was sent")
        expected = sent.end
    lost = sum(sent.lost for sent in queue)
    that(c.lost_out == lost, f"{lost} segments are marked as lost, {c.lost_out} counted")
    joined = sum(sent.joined for sent in queue)
    that(c.joined_out == joined, f"{joined} segments left with the next, {c.joined_out} counted")
    that(expected == c.snd_nxt, f"the queue reaches snd_nxt: {expected}, {c.snd_nxt}")


def _buffers(c: Connection, that: object) -> None:
    assert callable(that)
    if c.state in (state.CLOSED, state.LISTEN):
        return
    first = c.snd_una
    if departure.syn_unacknowledged(c):
        first = (c.iss + 1) & MASK
    left = max(distance(first, c.write_end), 0)  # once the FIN is acknowledged, it is one too far
    that(len(c.send_buffer) == left, f"send buffer {len(c.send_buffer)} of {left} bytes")


def _timers(c: Connection, that: object) -> None:
    assert callable(that)
    if c.state == state.CLOSED:
        that(c.next_deadline() is None, "no timer runs")
    elif c.state == state.TIME_WAIT:
        that([name for name, _ in c.running_timers()] == ["TIME_WAIT"], "only TIME_WAIT runs")
    else:
        waits = c.retransmit_deadline is not None
        that(waits == bool(c.retransmission_queue), "the retransmission timer runs when needed")
    if c.wait_deadline is not None and c.state != state.TIME_WAIT:
        that(c.state == state.FIN_WAIT_2 and c.orphan, "only an orphan waits for tcp_fin_timeout")


def _request(request: Request) -> None:
    _that(request.state == state.SYN_RECV, f"{request.name} is a request in {request.state}")
    _that(request in request.listener.syn_queue, f"{request.name} is in no SYN queue")
    _that(bool(request.deadline), f"{request.name} has no timer")
    fresh = snapshot.request(request)
    _that(request.shown in (None, fresh), f"{request.name} is shown as it was before")


def _that(holds: bool, promise: str) -> None:
    if not holds:
        raise EngineBug(promise)
