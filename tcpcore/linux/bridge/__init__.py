"""The bridge: an engine host that answers real programs over a TUN device, in real time.

`gate` joins the engine's network to the device, `services` and `iperf` are what the engine's host
offers, `client` is what it asks for, `command` is ``python -m tcpcore bridge``.
"""
