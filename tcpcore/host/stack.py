"""A Linux host: which segment belongs to which endpoint, and everything that endpoints share.

Demultiplexing, listeners, RSTs to strangers, ports, initial sequence numbers, processes, sysctls,
counters, and the snapshot that players show.  Hosts know time and wires only through the
`Network` that made them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

from tcpcore import reasons, trace
from tcpcore.errors import EADDRINUSE, EADDRNOTAVAIL, socket_error
from tcpcore.host import counters, profiles, snapshot
from tcpcore.host.counters import Counters
from tcpcore.host.fastopen_client import Cache
from tcpcore.host.listener import Listener
from tcpcore.host.machine import Machine
from tcpcore.host.peers import Peers
from tcpcore.host.process import Application, Process, Scheduler, Wait, WaitQueue
from tcpcore.host.request import Request
from tcpcore.host.routes import UNSET
from tcpcore.host.secrets import FourTuple, Secrets
from tcpcore.host.sockets import Socket
from tcpcore.host.syncookies import SynCookies
from tcpcore.host.time_waits import TimeWaits
from tcpcore.tcp import departure, signature, state, timers
from tcpcore.tcp.connection import Connection
from tcpcore.why import Reason
from tcpcore.wire.segment import ACK, RST, SYN, Segment


class Wire(Scheduler, Protocol):
    """What a host needs of its network."""

    now: int
    trace: trace.Trace | None

    def transmit(self, host: Any, packets: Sequence[Segment]) -> None:
        """Carry what leaves a host at once to the one that has its destination address."""

    def mtu_of(self, host: Any, address: str) -> int:
        """The MTU of the link by which the host sends to that address."""


class Host(Machine):
    """A virtual Linux host with one address.  `Network.host` makes it."""

    def __init__(self, network: Wire, name: str, address: str, profile: str, seed: str) -> None:
        super().__init__(name, seed)
        self.network = network
        self.trace = network.trace
        self.name = name
        self.address = address
        self.index = 0
        self.merged_mss = 0  # size of the segments that its device merges into large packets (GRO)
        self.sysctl = profiles.sysctls(profile)
        self.counters = Counters()
        self.listeners = {}
        self.bound_ports = {}
        self.endpoints = {}
        self.processes = []
        self.spawned = 0  # processes so far
        self.cookies = 0  # sockets that were asked for their SO_COOKIE so far
        self.running = None
        self._random = random.Random(seed)
        self.start_afresh()
        self._scheduled = {}

    def start_afresh(self) -> None:
        """A kernel boots: fresh secrets, an empty TIME_WAIT table, no memory of other hosts."""
        self.secrets = Secrets(self.fresh_key())
        self.uptime = self.secrets.number("uptime", ("", 0, "", 0))
        self.time_waits = TimeWaits(self)
        self.peers = Peers(self.random_below)
        self.syncookies = SynCookies(self.secrets)
        self.fast_open = Cache(self)
        self.routes = {}
        self.fast_open_keys: tuple[bytes, ...] = (self.secrets.key("fast open"),)
        self.kernel_log: list[tuple[int, str]] = []

    # --- for applications and whoever builds the world -------------------------------------------

    def socket(self) -> Socket:
        """A new TCP socket of the running process."""
        return self.own((self.socket_type or Socket)(self))

    def own(self, socket: Socket) -> Socket:
        """Give the socket to the running process, whose exit closes it."""
        return socket.share(self.running) if self.running is not None else socket

    def spawn(self, application: Application, name: str = "") -> Process:
        """Start ``application(host)`` as a process; it runs when the network does."""
        label = name or getattr(application, "__name__", "process")
        process = Process(self, label, application(self), self.network, self.spawned)
        self.spawned += 1
        self.processes.append(process)
        process.ready()
        return process

    async def sleep(self, duration: int) -> None:
        """Block the running process for `duration` microseconds."""
        await Wait(None, self.now + duration)

    async def pause(self) -> None:
        """Block the running process for ever (pause(2)): it keeps its sockets open."""
        while True:
            await WaitQueue()

    def inject(self, segment: Segment) -> None:
        """Send a segment that no socket made, as raw sockets can; its source may be anybody's."""
        self.call(f"inject {_summary((segment.dst, segment.dport, segment.src, segment.sport))}")
        if segment.reason is None:
            segment.reason = reasons.INJECTED()
        self.network.transmit(self, (segment,))

    # --- what the network brings -----------------------------------------------------------------

    def receive(self, segment: Segment, number: int | None) -> None:
        """A segment arrived (tcp_v4_rcv()); `number` is its index in the trace."""
        ends = (segment.dst, segment.dport, segment.src, segment.sport)
        endpoint = self.endpoints.get(ends)
        now, kept = self.network.now, self.trace
        if kept is not None:
            kept.begin(now, self.index, _ARRIVAL, _summary(ends), number)
        self.counters.in_segs += 1
        if endpoint is not None and endpoint.state != _TIME_WAIT:
            self.transmit(endpoint, endpoint.arrives(segment, now))
        else:
            self._receive_anew(segment, ends, endpoint)

    def _receive_anew(
        self, segment: Segment, ends: FourTuple, endpoint: Connection | Request | None
    ) -> None:
        """A segment for nobody yet, or for who is in TIME_WAIT."""
        listener, isn = self.listeners.get(segment.dport), None
        if listener is not None:
            listener = listener.chosen(ends)
        if listener is not None and isinstance(endpoint, Connection):
            isn = self.time_waits.reborn(endpoint, segment)
        if endpoint is not None and isn is None:
            self.transmit(endpoint, endpoint.arrives(segment, self.now))
            return
        if listener is not None:
            out = listener.arrives(segment, self.now, isn)
            opened = self.endpoints.get(ends)
            if opened is None:
                if out:
                    self._send_all(out)
            else:
                self.transmit(opened, out)
            return
        self._answer_stranger(segment)

    def _answer_stranger(self, segment: Segment) -> None:
        """No endpoint wants the segment (tcp_v4_send_reset())."""
        if segment.flags & RST or signature.unexpected(segment):
            why = reasons.STRANGER_RST if segment.flags & RST else reasons.SIGNED
            self.tell(trace.REFUSED, "", why())
            return
        opens = segment.flags & SYN and not segment.flags & ACK
        port = {"port": segment.dport}
        reason = Reason(reasons.STRANGER_SYN, port) if opens else reasons.STRANGER()
        self.event(trace.REFUSED, "", reason)
        self._send_all([departure.refusal_of(segment, reason)])

    def transmit(self, endpoint: Connection | Request, segments: list[Segment]) -> None:
        """Send what a step of an endpoint made, and look after its timers and its processes."""
        if segments:
            self.counters.sent(segments)
            self.network.transmit(self, segments)
        if not isinstance(endpoint, Connection):
            key = endpoint.ends
            self._schedule(key, self.endpoints.get(key))
            return
        queue = endpoint.waiters
        if queue is not None and (queue.watchers or (queue.waiting and not endpoint.no_news)):
            queue.wake()
        endpoint.no_news = False
        if endpoint.state in _OVER and self._closed(endpoint):
            return
        if endpoint.due < endpoint.wakes_at:
            self._schedule(endpoint.ends, self.endpoints.get(endpoint.ends))

    def _closed(self, connection: Connection) -> bool:
        """Little or nothing is kept of a connection any more; whether it is gone altogether."""
        if connection.state == state.FIN_WAIT_2 and not connection.small:
            return False
        self.peers.learn(connection)
        if connection.state != state.CLOSED:
            self.time_waits.enter(connection)
        gone = connection.state == state.CLOSED
        fast = connection.fast_open
        if fast is not None and fast.keeper is not None and (gone or not fast.passive):
            fast.keeper.closed(self.now)
        if not gone:
            return False
        self.remove_endpoint(connection)
        return True

    def _send_all(self, segments: list[Segment]) -> None:
        self.counters.sent(segments)
        self.network.transmit(self, segments)

    # --- timers ----------------------------------------------------------------------------------

    def _schedule(self, key: FourTuple, endpoint: Connection | Request | None) -> None:
        """Make sure that the network wakes us at the endpoint's next deadline, or before.

        A deadline that moves on costs nothing: who is woken too early sleeps again.
        """
        if endpoint is None:
            return
        deadline = endpoint.next_deadline()
        scheduled = self._scheduled.get(key)
        if deadline is not None and (scheduled is None or deadline < scheduled):
            self._scheduled[key] = scheduled = deadline
            self.network.at(deadline, self._timer, (key, deadline))
        if isinstance(endpoint, Connection):
            endpoint.due = timers.FAR if deadline is None else deadline
            endpoint.wakes_at = timers.FAR if scheduled is None else scheduled

    def _timer(self, argument: tuple[FourTuple, int]) -> None:
        key, at = argument
        if self._scheduled.get(key) != at:
            return
        del self._scheduled[key]
        endpoint = self.endpoints.get(key)
        if endpoint is None:
            return
        deadline = endpoint.next_deadline()
        if isinstance(endpoint, Connection):
            endpoint.wakes_at = timers.FAR
        if deadline is not None and deadline <= self.now:
            due = [name for name, when in endpoint.running_timers() if when <= self.now]
            if timers.RETRANSMISSION in due:
                self.count(counters.TIMEOUTS)
            self._begin(trace.TIMER, " and ".join(due), None)
            self.transmit(endpoint, endpoint.fire(self.now))
        else:
            self._schedule(key, endpoint)

    # --- endpoints, listeners, ports -------------------------------------------------------------

    def new_connection(
        self, local: str, local_port: int, remote: str, remote_port: int, isn: int | None = None
    ) -> Connection:
        """An endpoint with its own initial sequence number and timestamp offset; not yet known."""
        ends = (local, local_port, remote, remote_port)
        mss = self.mtu_to(remote) - (60 if ":" in remote else 40)
        offset = self._timestamp_offset(ends)
        if isn is None:
            isn = self.secrets.initial_sequence(ends, self.now, self.sysctl.isn_tick)
        c = Connection(local, local_port, remote, remote_port, self.sysctl, isn, offset, mss)
        self.routes.get(remote, UNSET).give(c)
        c.merged_mss, c.metrics = self.merged_mss, self.peers.metrics
        c.challenges = self.peers.challenges
        return c

    def _timestamp_offset(self, ends: FourTuple) -> int:
        """Where the connection's timestamp clock starts; before 4.10 one clock served the host."""
        if self.sysctl.stamps_per_host:
            return self.uptime
        return self.secrets.timestamp_offset(ends) if self.sysctl.tcp_timestamps == 1 else 0

    def open_connection(
        self, local_port: int, remote: str, remote_port: int, isn: int | None = None
    ) -> Connection:
        """An endpoint for connect(), known from now on; EADDRNOTAVAIL when its ports are taken."""
        ends = (self.address, local_port, remote, remote_port)
        connection = self.new_connection(*ends, isn)
        old = self.endpoints.get(ends)
        if old is not None and not (
            isinstance(old, Connection) and self.time_waits.reuse(old, connection)
        ):
            raise socket_error(EADDRNOTAVAIL)
        connection.journal = self
        self.add_endpoint(connection)
        return connection

    def add_endpoint(self, endpoint: Connection | Request) -> None:
        """Make the endpoint known; a connection takes the place of its request."""
        self.endpoints[endpoint.ends] = endpoint

    def remove_endpoint(self, endpoint: Connection | Request) -> None:
        """Forget the endpoint."""
        key = endpoint.ends
        if self.endpoints.get(key) is endpoint:
            del self.endpoints[key]
            if isinstance(endpoint, Connection):
                endpoint.waiters = None
                self.time_waits.leave(endpoint)

    def watch(self, connection: Connection, queue: WaitQueue) -> None:
        """Wake `queue` after everything that happens to the connection."""
        connection.waiters = queue

    def start_listening(
        self, address: str, port: int, backlog: int, options: dict[str, Any]
    ) -> Listener:
        """listen() on a port; EADDRINUSE when a listener has it, unless both share it."""
        others = self.sharing(port)
        if not all(one.shared and options.get("SO_REUSEPORT") for one in others):
            raise socket_error(EADDRINUSE)
        listener = Listener(self, address, port, backlog, options)
        self.call(f"listen(port {port}, backlog {backlog})")
        listener.join(others)
        self.listeners.setdefault(port, listener)
        reason = Reason(reasons.LISTENING, {"port": port, "backlog": listener.backlog})
        self.event(trace.STATE, listener.name, reason, (state.CLOSED, state.LISTEN))
        return listener

    def stop_listening(self, listener: Listener) -> None:
        """close() of a listener: requests are forgotten, connections not accepted are reset."""
        self.listeners.pop(listener.port, None)
        for other in listener.leave():
            self.listeners.setdefault(listener.port, other)
        reason = Reason(reasons.LISTENER_CLOSED, {"port": listener.port})
        self.event(trace.STATE, listener.name, reason, (state.LISTEN, state.CLOSED))
        for request in list(listener.syn_queue):
            listener.remove_request(request)
            self.remove_endpoint(request)
        while listener.accept_queue:
            connection = listener.accept_queue.popleft()
            self.transmit(connection, connection.abort(self.now))

    # --- telling ---------------------------------------------------------------------------------

    def count(self, name: str, times: int = 1) -> None:
        """Move a counter."""
        self.counters.count(name, times)

    def event(
        self, kind: str, subject: str, reason: Reason | None = None, values: Any = None
    ) -> None:
        """The journal of this host's endpoints: count what counts, and keep it in the trace."""
        if kind == _STATE:
            old, new = values
            self.counters.state_changed(old, new, reason)
            self.counters.noted(reason)
        elif kind == _REFUSED:
            self.counters.noted(reason)
        kept = self.trace
        if kept is not None:
            kept.event(kind, subject, reason, values)

    def tell(
        self, kind: str, subject: str, reason: Reason | None = None, values: Any = None
    ) -> None:
        """Keep an event in the trace, and count nothing: what requests do is not a socket's."""
        kept = self.trace
        if kept is not None:
            kept.event(kind, subject, reason, values)

    def call(self, label: str) -> None:
        """An application calls: a new moment."""
        self._begin(trace.CALL, label, None)

    def returned(self, call: str, result: str, note: str = "", moved: int | None = None) -> None:
        """An application's call returned; `moved` so many bytes."""
        kept = self.trace
        if kept is None:
            return
        now, index, running = self.network.now, self.index, self.running
        if running is None or not running.looking:
            kept.call_returned(now, index, call, result, moved)
        if note:
            kept.note(now, index, note)

    def note(self, text: str) -> None:
        """Something that a reader may like to see, with no consequence of its own."""
        if self.trace is not None:
            self.trace.note(self.now, self.index, text)

    def log(self, text: str) -> None:
        """A message of the kernel, as `dmesg` shows it."""
        self.kernel_log.append((self.now, text))
        self.note(text)

    def _begin(self, kind: str, label: str, number: int | None) -> None:
        if self.trace is not None:
            self.trace.begin(self.network.now, self.index, kind, label, number)

    def snapshot(self) -> dict[str, Any]:
        """What a player shows of this host: sockets, timers, queues, counters."""
        return snapshot.of(self)


_ARRIVAL, _STATE, _REFUSED = trace.ARRIVAL, trace.STATE, trace.REFUSED
_TIME_WAIT = state.TIME_WAIT
_OVER = frozenset((state.FIN_WAIT_2, state.TIME_WAIT, state.CLOSED))


@lru_cache(maxsize=1024)
def _summary(ends: FourTuple) -> str:
    dst, dport, src, sport = ends
    return f"{src}:{sport} > {dst}:{dport}"
