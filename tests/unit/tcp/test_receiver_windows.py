"""What a receiver offers whose application reads slowly (RFC 9293 §3.8.6.2.2)."""

from __future__ import annotations

from typing import Any

from tests.states.conftest import Make


class Filler:
    """A peer that fills the window to its last byte; the host's scale is 7."""

    def __init__(self, make: Make) -> None:
        self.wire: Any = make(tcp_rmem="4096 32000 6291456")
        self.wire.listen()
        self.wire << "S 0:0(0) win 65535 <mss 1000,nop,wscale 0>"
        self.wire >> "S. 0:0(0) ack 1 <mss 1460,nop,wscale 7>"
        self.wire << ". 1:1(0) ack 1 win 65535"
        self.sock = self.wire.call_accept()
        self.next = 1
        self._send(500)

    def _send(self, size: int) -> None:
        self.answers()
        self.wire << f"P. {self.next}:{self.next + size}({size}) ack 1 win 65535"
        self.next += size

    def answers(self) -> list[Any]:
        """What the host has sent meanwhile."""
        desk = getattr(self.wire, "_desk", None)  # a kernel's
        desk = self.wire.net.desk if desk is None else desk
        found = [self.wire.peer._relative(segment) for _, segment in desk]
        desk.clear()
        return found

    def offered(self) -> int:
        """Ask with a byte that was received before; the window of the answer, in bytes."""
        self.answers()
        self.wire << f"P. {self.next - 1}:{self.next}(1) ack 1 win 65535"
        return int(self.answers()[-1].window) << 7

    def fill(self) -> None:
        for _ in range(200):
            room = self.offered()
            if not room:
                return
            self._send(min(room, 1000))
        raise AssertionError("the window does not shut")


def test_a_shut_window_stays_shut_until_a_whole_segment_fits(make: Make):
    peer = Filler(make)
    peer.fill()
    peer.sock.read(300, 300)
    assert peer.offered() == 0
    peer.sock.read(300, 300)
    assert peer.offered() == 0


def test_a_window_that_opens_again_opens_by_a_segment_at_least(make: Make):
    peer = Filler(make)
    peer.fill()
    for _ in range(100):
        peer.sock.read(300, 300)
        if room := peer.offered():
            assert room >= 1000
            return
    raise AssertionError("the window stays shut")
