"""TCP MD5 signatures (RFC 2385) without a key: a signed segment is for somebody who has one.

No socket here has a key, so a segment that carries a signature is dropped, and nothing answers it.
Linux differs from other stacks, which ignore the option (tcp_inbound_md5_hash()).
"""

from __future__ import annotations

from operator import itemgetter

from tcpcore.wire.options import MD5_SIGNATURE, TIMESTAMPS
from tcpcore.wire.segment import Segment

_kind = itemgetter(0)


def unexpected(segment: Segment) -> bool:
    """Whether the segment is signed, which nobody asked for."""
    options = segment.options
    if len(options) == 3 and options[2][0] == TIMESTAMPS:
        return False
    return MD5_SIGNATURE in map(_kind, options)
