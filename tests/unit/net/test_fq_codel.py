"""FQ-CoDel (RFC 8290): who is served first, and who pays."""

from __future__ import annotations

from tcpcore.net.discipline import Discipline
from tcpcore.net.fq_codel import FqCoDel
from tcpcore.units import ms
from tests.unit.net.waiting import come, made, packet


def ports(queue: Discipline, count: int) -> list[int]:
    items = [queue.dequeue(0) for _ in range(count)]
    return [item.packet.sport for item in items if item is not None]


def two_ports(queue: FqCoDel) -> tuple[int, int]:
    """Ports of two connections that do not share a queue."""
    first = 1000
    return first, next(
        port
        for port in range(1001, 1100)
        if queue.flow_of(packet(sport=port)) != queue.flow_of(packet(sport=first))
    )


def test_a_flow_of_few_packets_overtakes_one_of_many():
    queue: FqCoDel = made("fq_codel")
    many, few = two_ports(queue)
    for _ in range(5):
        come(queue, 0, sport=many)
    assert ports(queue, 2) == [many] * 2
    come(queue, 0, sport=few)
    assert few in ports(queue, 2)


def test_flows_share_the_line_by_bytes_and_not_by_packets():
    queue: FqCoDel = made("fq_codel quantum 1500")
    big, small = two_ports(queue)
    for _ in range(30):
        come(queue, 0, sport=big)
        for _ in range(3):
            come(queue, 0, sport=small, size=500)
    order = ports(queue, 40)
    assert order.count(small) == 3 * order.count(big)


def test_packets_of_one_connection_stay_in_order():
    queue: FqCoDel = made("fq_codel flows 4")
    items = [come(queue, 0, sport=1000 + number % 7) for number in range(70)]
    out = [queue.dequeue(0) for _ in items]
    for port in range(1000, 1007):
        mine = [item for item in items if item.packet.sport == port]
        assert mine == [item for item in out if item is not None and item.packet.sport == port]


def test_the_fattest_flow_pays_when_all_queues_are_full():
    queue: FqCoDel = made("fq_codel limit 40")
    fat, thin = two_ports(queue)
    for _ in range(35):
        come(queue, 0, sport=fat)
    for _ in range(6):
        come(queue, 0, sport=thin)
    assert {item.packet.sport for item, _ in queue.lost} == {fat}
    assert len(queue.lost) == 18, "half of its bytes at once"


def test_each_flow_has_codel_s_law():
    queue: FqCoDel = made("fq_codel noecn")
    for now in range(0, ms(300), ms(1)):
        for _ in range(3 - queue.packets):
            come(queue, now - ms(20))
        queue.dequeue(now)
    assert {reason.why.key for _, reason in queue.lost} == {"wire.codel"}
