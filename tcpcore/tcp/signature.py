"""TCP MD5 signatures (RFC 2385) without a key: a signed segment is for somebody who has one.

No socket here has a key, so a segment that carries a signature is dropped, and nothing answers it.
Linux differs from other stacks, which ignore the option (tcp_inbound_md5_hash()).
"""

from __future__ import annotations

from operator import itemgetter

from tcpcore.wire.options import MD5_SIGNATURE, TIMESTAMPS
from tcpcore.wire.segment import Segment

_kind = itemgetter(0)
_DIGEST = 16
"""Bytes of a signature; the option with another length is nothing that Linux knows."""


def unexpected(segment: Segment) -> bool:
    """Whether the segment is signed, which nobody asked for."""
    options = segment.options
    if len(options) == 3 and options[2][0] == TIMESTAMPS:
        return False
    if MD5_SIGNATURE not in map(_kind, options):
        return False
    return any(one[0] == MD5_SIGNATURE and len(one[1]) == _DIGEST for one in options)
