"""Reasons why a segment does not arrive."""

from __future__ import annotations

from tcpcore.why import Why

LOST_BY_READER = Why("wire.chosen", "Lost on purpose: you chose this segment.")
LOST_BY_RULE = Why("wire.rule", "Lost: the link drops everything toward {host}.")
LOST_BY_CHANCE = Why("wire.chance", "Lost by chance: the link loses {percent} % of its packets.")
LOST_BY_QUEUE = Why("wire.queue", "Lost: the queue of the link is full ({limit} packets).")
LOST_BY_BYTES = Why("wire.queue-bytes", "Lost: the queue of the link is full ({limit} bytes).")
LOST_BY_RED = Why(
    "wire.red",
    "Lost early, by chance: the queue's average of {average} bytes is above {threshold}, and who "
    "sends should hear of it before the queue is full.",
    "RFC 7567 §4.3",
    "red_enqueue()",
)
LOST_BY_RED_FORCED = Why(
    "wire.red-forced",
    "Lost: the queue's average of {average} bytes is above {threshold}, where RED lets nobody in.",
    "RFC 7567 §4.3",
    "red_enqueue()",
)
LOST_BY_CODEL = Why(
    "wire.codel",
    "Lost at the head of the queue, after {waited} ms in it: for a whole interval no packet has "
    "waited less than the target.",
    "RFC 8289 §5.3",
    "codel_dequeue()",
)
LOST_BY_FATTEST = Why(
    "wire.fattest",
    "Lost: the queues are full ({limit} packets), and this packet's flow has most of them.",
    "RFC 8290 §4.1",
    "fq_codel_drop()",
)
NO_ROUTE = Why("wire.no-route", "Lost: no link leads to {address}.")
