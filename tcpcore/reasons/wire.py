"""Reasons why a segment does not arrive."""

from __future__ import annotations

from tcpcore.why import Why

LOST_BY_READER = Why("wire.chosen", "Lost on purpose: you chose this segment.")
LOST_BY_RULE = Why("wire.rule", "Lost: the link drops everything toward {host}.")
LOST_BY_CHANCE = Why("wire.chance", "Lost by chance: the link loses {percent} % of its packets.")
LOST_BY_QUEUE = Why("wire.queue", "Lost: the queue of the link is full ({limit} packets).")
NO_ROUTE = Why("wire.no-route", "Lost: no link leads to {address}.")
