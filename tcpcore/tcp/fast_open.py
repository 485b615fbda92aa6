"""TCP Fast Open at one endpoint: an option, and perhaps data, in the SYN (RFC 7413).

A client that knows a server's cookie sends it with its SYN, and data behind it; a server that
knows the cookie again takes the data before the handshake is over.  Cookies, their cache and the
limits are the host's: see `host.fastopen`.  Source: tcp_send_syn_data() in net/ipv4/tcp_output.c,
tcp_rcv_fastopen_synack() in net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from typing import Protocol

from tcpcore.wire.options import EXPERIMENTAL, FAST_OPEN, FAST_OPEN_MAGIC, NOP_OPTION, Option

OPTION_SPACE = 40
"""Room that a client leaves for options in a SYN with data (MAX_TCP_OPTION_SPACE)."""

Options = tuple[Option, ...]

MAGIC = FAST_OPEN_MAGIC.to_bytes(2, "big")


class Keeper(Protocol):
    """The host's side: told what became of it."""

    def answered(self, options: Options, mss: int, retransmitted: bool, taken: bool) -> None:
        """The SYN+ACK came: its options and MSS, and whether it took the data of our SYN."""

    def timed_out(self, retransmissions: int, expired: bool, now: int) -> None:
        """The retransmission timer fired after so many retransmissions; `expired`: for good."""

    def closed(self, now: int) -> None:
        """The connection is over."""


class FastOpen:
    """The part of Fast Open in one connection.

    `option` goes into the next SYN or SYN+ACK only, and `data` behind our first SYN; `passive`:
    the server's end, which took data with the SYN; `window` is what its SYN+ACK offers each time.
    `writing`: a call waits that has not handed over all of its data, so that more is to come;
    `packet`: behind our first SYN there is one for its data, be it empty; `clamp`: the MSS of a
    SYN+ACK that names none; `by_connect`: connect() opened it, and not what hands over data.
    """

    __slots__ = (
        "accepted",
        "asked",
        "by_connect",
        "carried",
        "clamp",
        "data",
        "failed",
        "keeper",
        "opened",
        "option",
        "packet",
        "passive",
        "taken",
        "window",
        "writing",
    )

    def __init__(
        self,
        option: tuple[Option, ...],
        *,
        data: bytes = b"",
        passive: bool = False,
        window: int = 0,
        writing: bool = False,
        packet: bool = False,
        clamp: int = 0,
        keeper: Keeper | None = None,
    ) -> None:
        self.option = option
        self.data = data
        self.carried = len(data)
        self.asked = bool(option) and not passive
        self.passive = passive
        self.failed = 0  # why no data was taken, as tcp_info tells
        self.opened = False  # the last ACK came to the early connection
        self.accepted = False  # by the program, before the handshake is over
        self.taken = False  # the data of the SYN, by the server
        self.window = window
        self.writing = writing
        self.by_connect = False
        self.packet = packet
        self.clamp = clamp
        self.keeper = keeper

    def once(self) -> tuple[tuple[Option, ...], bytes]:
        """``(options, data)`` for the SYN that goes out now; a retransmission has none."""
        taken, self.option, self.data = (self.option, self.data), (), b""
        return taken


def option(cookie: bytes, experimental: bool = False) -> tuple[Option, ...]:
    """The option for a cookie, or for the wish to have one (``b""``), with Linux's padding."""
    if experimental:
        found: Option = (EXPERIMENTAL, MAGIC + cookie)
        size = 4 + len(cookie)
    else:
        found = (FAST_OPEN, cookie)
        size = 2 + len(cookie)
    return (found,) + (NOP_OPTION,) * (-size % 4)


def find(options: tuple[Option, ...]) -> tuple[bytes, bool] | None:
    """``(cookie, experimental)`` of the last Fast Open option; None without a sound one.

    A cookie has an even length of 4 to 16 bytes, or none (tcp_parse_fastopen_option()).
    """
    found: tuple[bytes, bool] | None = None
    for kind, *rest in options:
        data = rest[0] if rest and isinstance(rest[0], bytes) else b""
        experimental = kind == EXPERIMENTAL and data[:2] == MAGIC
        if kind != FAST_OPEN and not experimental:
            continue
        cookie = data[2:] if experimental else data
        if len(cookie) % 2 == 0:
            sound = not cookie or 4 <= len(cookie) <= 16
            found = (cookie, experimental) if sound else None
    return found
