"""The virtual network: a clock, links that delay and lose, and the hosts they join."""

from tcpcore.net.network import Network

__all__ = ["Network"]
