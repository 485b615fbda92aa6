"""One TCP endpoint: three doors, no I/O, no clock.

    arrives(segment, now)   a segment came         \\
    fire(now)               timers that are due      >  -> the segments to send
    connect, send, ...      what the application asks /
    next_deadline()         when to call fire() again

`now` is always an argument, in microseconds.  Start reading here; then `arrival` (RFC 9293
§3.10.7 in its order), `departure`, `retransmit`.
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.errors import ENOTCONN, EPIPE, socket_error
from tcpcore.tcp import (
    ack_compression,
    arrival,
    autotune,
    chrono,
    delayed_ack,
    departure,
    early,
    icmp,
    keepalive,
    lifecycle,
    persist,
    prediction,
    receive_buffer,
    resend,
    retransmit,
    sending,
    state,
    timers,
    urgent,
    window,
    write_queue,
)
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire.segment import Segment


class Connection(Tcb):
    """A TCP endpoint; see the module.  Data is in the TCB, behaviour in the modules named there."""

    __slots__ = ()

    # --- what the application asks ---------------------------------------------------------------

    def open_active(self, now: int, data: bytes = b"") -> list[Segment]:
        """Send a SYN (RFC 9293 §3.10.1, active OPEN); `data` is written before the answer comes.

        How much of it the SYN carries is for `fast_open`.
        """
        self._begin()
        stamps = departure.TIMESTAMP_SPACE if self.ts_recent_at else 0  # known from a TIME_WAIT
        window.open_receive(self, self.advertised_mss - stamps)
        reason = Reason(reasons.CONNECT, {"remote": f"{self.remote}:{self.remote_port}"})
        lifecycle.change(self, state.ACTIVE_OPEN, reason)
        departure.start_syn(self, now, reason)
        if data:
            chrono.start(self, chrono.BUSY, now)
            write_queue.behind_syn(self, data)
        return self.out

    def send(
        self,
        data: bytes,
        now: int,
        *,
        oob: bool = False,
        more: bool = False,
        first: bool = True,
        last: bool = True,
    ) -> list[Segment]:
        """Queue bytes and send what may be sent.  Raises the socket's error, or EPIPE.

        `oob` is MSG_OOB: they end with urgent data; `more` is MSG_MORE: a part of a segment waits;
        `first` and `last`: whether they are that of one call, which may have to wait in between.
        """
        self._begin()
        self.raise_error()
        writable = departure.may_send_data(self)
        shut = self.shut_early is not None
        if self.fin_queued is not None or shut or self.no_writer or not writable:
            not_yet = self.state in _NOT_YET and not shut
            raise socket_error(ENOTCONN if not_yet else EPIPE)
        if data and self.chrono == chrono.IDLE:
            chrono.start(self, chrono.BUSY, now)
        if oob and data:
            urgent.mark(self, len(data))
        sending.write(self, data, now, first=first, last=last, more=more)
        persist.look_after(self, now)
        return self.out

    def push_before_waiting(self, now: int) -> list[Segment]:
        """A call that is not through with its bytes has to wait: send what there is."""
        self._begin()
        write_queue.push(self)
        sending.send_pending(self, now, sending.PUSHED)
        persist.look_after(self, now)
        return self.out

    def receive(self, most: int, now: int) -> tuple[bytes, list[Segment]]:
        """Take up to `most` bytes from the receive buffer; reading may be worth an ACK.

        Reading stops at urgent data; see `urgent`.
        """
        self.out = []
        tuning = self.tuning
        if tuning.rtt and now - tuning.space_start >= tuning.rtt >> 3 and self.unread:
            autotune.copied(self, min(self.unread[0][0], most), now)
        data = urgent.read(self, most) if self.urg_data else receive_buffer.take(self, most)
        if self.rcv_closed and len(data) < most and not self.receive_buffer:
            self.end_read = True
        if data and self.state != _CLOSED:
            if self.ack_pending and delayed_ack.application_read(self):
                departure.send_ack(self, now, reasons.ACK_QUICK())
            elif self.state in _RECEIVES_DATA and window.opened_enough(self):
                departure.send_ack(self, now, reasons.ACK_WINDOW())
        return data, self.out

    def shut_down_sending(self, now: int) -> list[Segment]:
        """Send FIN after all queued data: ``shutdown(SHUT_WR)``."""
        self._begin()
        if not early.shut_down(self, reasons.SHUTDOWN_CALLED()):
            self._close_sending(reasons.SHUTDOWN_CALLED(), now)
        return self.out

    def close(self, now: int) -> list[Segment]:
        """The application lets go of the socket (RFC 9293 §3.10.4; tcp_close()).

        Unread data makes it a reset (RFC 2525 §2.17).  What is still queued is sent, then FIN.
        """
        self._begin()
        self.orphan = True
        if self.receive_buffer and (self.state, state.ABORT) in state.NEXT:
            reason = Reason(reasons.UNREAD_DATA, {"unread": len(self.receive_buffer)})
            receive_buffer.take(self, len(self.receive_buffer))  # the RST offers its room
            lifecycle.abort(self, reason, now)
        elif self.linger == 0 and (self.state, state.ABORT) in state.NEXT:
            lifecycle.disconnect(self, reasons.LINGER_ZERO(), now)
        elif self.state == state.SYN_SENT:
            linger_zero = self.linger == 0  # no RST: the peer knows of nothing
            why = reasons.LINGER_ZERO if linger_zero else reasons.CLOSED_BEFORE_OPEN
            lifecycle.change(self, state.CLOSE, why())
            lifecycle.forget(self)
        elif self.state == state.FIN_WAIT_2 and self.linger2 < 0:
            lifecycle.abort(self, reasons.NO_FIN_WAIT_2(), now)
            self.tally("TcpExtTCPAbortOnLinger")
        elif self.state == state.FIN_WAIT_2:
            timers.set_fin_wait_2(self, now)
        else:
            self._close_sending(reasons.CLOSE_CALLED(), now)
        return self.out

    def may_send(self) -> bool:
        """Whether data may go out: after the handshake; with Fast Open a server also before."""
        return departure.may_send_data(self)

    def push(self, now: int, *, whatever: bool = False) -> list[Segment]:
        """An option changed that held data back (TCP_NODELAY, TCP_CORK): send what may go now.

        `whatever`: also what the cork or Nagle holds back.
        """
        self._begin()
        sending.send_pending(self, now, sending.PUSHED if whatever else sending.USUAL)
        persist.look_after(self, now)
        return self.out

    def be_quick(self, on: bool, now: int) -> list[Segment]:
        """TCP_QUICKACK: acknowledge at once from now on, or leave it to the ping-pong again.

        An ACK that is due goes now only when nothing is left to read (__tcp_sock_set_quickack()).
        """
        self._begin()
        self.pingpong, self.answers = int(not on), 0
        receives = self.state in state.RECEIVES_DATA or self.state == state.CLOSE_WAIT
        if on and self.ack_pending and receives:
            self.ack_pushed = self.ack_pushed or 1
            if delayed_ack.application_read(self):
                departure.send_ack(self, now, reasons.ACK_QUICK())
        return self.out

    def keep_alive(self, on: bool, now: int) -> None:
        """SO_KEEPALIVE was set, again perhaps, or cleared."""
        self.keepalive = on
        if on and self.keepalive_deadline is None:
            keepalive.start(self, now)
        elif not on:
            keepalive.stop(self)

    def disconnect(self, now: int) -> list[Segment]:
        """Forget the connection; the peer gets a reset if it may know of it (tcp_disconnect())."""
        if self.state == state.SYN_SENT:
            return self.close(now)
        self._begin()
        lifecycle.disconnect(self, reasons.ABORTED(), now)
        return self.out

    def abort(self, now: int) -> list[Segment]:
        """Reset the connection (RFC 9293 §3.10.5)."""
        self._begin()
        if (self.state, state.ABORT) in state.NEXT:
            lifecycle.disconnect(self, reasons.ABORTED(), now)
        return self.out

    # --- what the network and time bring ---------------------------------------------------------

    def arrives(self, segment: Segment, now: int) -> list[Segment]:
        """Take in one segment of this connection.  Nothing a peer sends raises."""
        self.out = []
        self.turn += 1
        self.segs_in += 1
        if segment.payload:
            self.data_segs_in += 1
        if not prediction.takes(self, segment, now):
            arrival.process(self, segment, now)
        return self.out

    def icmp(self, kind: int, code: int, seq: int, mtu: int, now: int) -> list[Segment]:
        """An ICMP error came about our segment `seq`; `mtu` is the path's, as the host knows it."""
        self.out = []
        icmp.process(self, kind, code, seq, mtu, now)
        return self.out

    def fire(self, now: int) -> list[Segment]:
        """Run every timer that is due."""
        self._begin()
        if self.retransmit_deadline is not None and self.retransmit_deadline <= now:
            if self.loss.reo_deadline:
                resend.reordering_over(self, now)
            elif self.loss_probe:
                retransmit.on_loss_probe(self, now)
            else:
                retransmit.on_timeout(self, now)
        if self.pacing_deadline is not None and self.pacing_deadline <= now:
            resend.pacing_over(self, now)
        if self.ack_deadline is not None and self.ack_deadline <= now:
            self._delayed_ack_due(now)
        if self.probe_deadline is not None and self.probe_deadline <= now:
            persist.on_timeout(self, now)
        if self.keepalive_deadline is not None and self.keepalive_deadline <= now:
            keepalive.on_timeout(self, now)
        if self.wait_deadline is not None and self.wait_deadline <= now:
            self._wait_over()
        return self.out

    def next_deadline(self) -> int | None:
        """When `fire` has something to do, in microseconds; None: no timer runs."""
        return timers.next_deadline(self)

    def running_timers(self) -> list[tuple[str, int]]:
        """``(name, deadline)`` of each timer that runs."""
        return timers.running(self)

    def raise_error(self) -> None:
        """Report the pending error once, as a system call does."""
        if self.error is not None:
            number, self.error = self.error, None
            raise socket_error(number)

    # --- inside ----------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.out = []
        self.turn += 1

    def _close_sending(self, reason: Reason, now: int) -> None:
        if (self.state, state.CLOSE) not in state.NEXT:
            return
        self.fin_queued = reason
        chrono.start(self, chrono.BUSY, now)
        lifecycle.change(self, state.CLOSE, reason)
        sending.send_pending(self, now, sending.PUSHED)
        persist.look_after(self, now)

    def _delayed_ack_due(self, now: int) -> None:
        self.ack_deadline = None
        if self.held_acks:
            ack_compression.release(self, now)
        elif self.ack_pending:
            waited = timers.span(now - max(self.last_data_received, 0))
            delayed_ack.timer_fired(self)
            departure.send_ack(self, now, Reason(reasons.ACK_DELAYED, {"waited": waited}))

    def _wait_over(self) -> None:
        if self.state == state.TIME_WAIT:
            reason = reasons.TIME_WAIT_OVER()
        else:
            reason = Reason(reasons.ORPHAN_OVER, {"waited": f"{self.sysctl.tcp_fin_timeout} s"})
        lifecycle.change(self, state.TIMEOUT, reason)
        lifecycle.forget(self)


_CLOSED, _RECEIVES_DATA = state.CLOSED, state.RECEIVES_DATA
_NOT_YET = frozenset((state.LISTEN, state.SYN_SENT, state.SYN_RECV))
