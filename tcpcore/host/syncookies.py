"""SYN cookies: a SYN+ACK whose sequence number is all that the server remembers.

The cookie is a number that only this host can make: a keyed hash of the four-tuple, plus the peer's
sequence number, a minute counter in the top 8 bits, and below them a second hash that the minute
goes into, plus an index into a table of four MSS values.  The ACK brings it back, less one.  What
has no room in 32 bits (window scale, SACK, ECN) rides in the low bits of our timestamp, if the
client uses timestamps; without them it is lost.  Source: net/ipv4/syncookies.c; RFC 4987 §3.6.
"""

from __future__ import annotations

import struct

from tcpcore.host.secrets import FourTuple, Secrets
from tcpcore.host.siphash import siphash
from tcpcore.seqnum import MASK
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.wire import address

MSS_TABLE = (536, 1300, 1440, 1460)
"""The four MSS values that a cookie can stand for: the commonest ones on the Internet."""

PERIOD = 60 * SECOND
"""The counter in a cookie moves once a minute (TCP_SYNCOOKIE_PERIOD)."""

MAX_AGE = 2
"""A cookie counts in the minute of its making and in the next one (MAX_SYNCOOKIE_AGE)."""

VALID = MAX_AGE * PERIOD
"""How long after sending cookies a listener believes in them (TCP_SYNCOOKIE_VALID)."""

_COUNT_BITS = 24
_LOW = (1 << _COUNT_BITS) - 1

_STAMP_BITS = 6
_NO_SCALE = 0xF
_SACK = 1 << 4
_ECN = 1 << 5


def mss_index(mss: int) -> int:
    """The largest entry of the table that is not above `mss` (at least the first)."""
    return max((i for i, entry in enumerate(MSS_TABLE) if entry <= mss), default=0)


class SynCookies:
    """Makes and checks cookies with the secrets of one host."""

    __slots__ = ("_secrets",)

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = (secrets.key("syncookie 0"), secrets.key("syncookie 1"))

    def _hash(self, ends: FourTuple, count: int, which: int) -> int:
        local, local_port, remote, remote_port = ends
        addresses = address.pack(remote) + address.pack(local)
        text = addresses + struct.pack("<HHI", local_port, remote_port, count & MASK)
        return siphash(text, self._secrets[which]) & MASK

    def make(self, ends: FourTuple, peer_sequence: int, mss: int, now: int) -> int:
        """The sequence number of our SYN+ACK to a SYN with `peer_sequence`."""
        count = now // PERIOD
        low = (self._hash(ends, count, 1) + mss_index(mss)) & _LOW
        return (self._hash(ends, 0, 0) + peer_sequence + (count << _COUNT_BITS) + low) & MASK

    def check(self, ends: FourTuple, cookie: int, peer_sequence: int, now: int) -> int | None:
        """The MSS that the cookie stands for; None when we never made it, or too long ago."""
        left = (cookie - self._hash(ends, 0, 0) - peer_sequence) & MASK
        count = now // PERIOD
        age = (count - (left >> _COUNT_BITS)) & 0xFF
        if age >= MAX_AGE:
            return None
        index = (left - self._hash(ends, count - age, 1)) & _LOW
        return MSS_TABLE[index] if index < len(MSS_TABLE) else None


def stamp(now: int, scale: int | None, sack: bool, ecn: bool) -> int:
    """A timestamp in ms, not later than `now`, whose low bits hold options.

    `scale` is the peer's window scale, None when it has none (cookie_init_timestamp()).
    """
    options = (_NO_SCALE if scale is None else scale) | _SACK * sack | _ECN * ecn
    clock = now // MILLISECOND
    value = clock >> _STAMP_BITS << _STAMP_BITS | options
    return value - (1 << _STAMP_BITS) if value > clock else value


def options_in(echo: int) -> tuple[int | None, bool, bool]:
    """``(scale, sack, ecn)`` from the timestamp that came back (cookie_timestamp_decode())."""
    scale = echo & _NO_SCALE
    return None if scale == _NO_SCALE else scale, bool(echo & _SACK), bool(echo & _ECN)
