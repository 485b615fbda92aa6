"""The bridge: an engine host that answers real programs over a TUN device, in real time.

`gate` joins the engine's network to the device, `services`, `iperf` and `forward` are what the host
offers, `http` is what it asks for, too, `command` is ``python -m tcpcore bridge``.
"""
