"""MSG_EOR: which ends of records a sender keeps."""

from __future__ import annotations

from tcpcore.host.messages import MSG_EOR
from tcpcore.seqnum import distance
from tests.notation import Wire


def test_the_end_of_a_record_is_kept_until_it_is_acknowledged():
    wire = Wire()
    sock = wire.accepted("mss 1000")
    sock.set("TCP_NODELAY", 1)
    for first in (1, 101, 201):
        sock.write(100, MSG_EOR)
        wire >> f"P. {first}:{first + 100}(100) ack 1"
    c = sock.connection
    assert [distance(c.iss, end) for end in c.record_ends] == [101, 201, 301]
    wire << ". 1:1(0) ack 201 win 65535"
    sock.write(100, MSG_EOR)
    wire >> "P. 301:401(100) ack 1"
    assert [distance(c.iss, end) for end in c.record_ends] == [301, 401]
