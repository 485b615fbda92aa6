"""The real kernel beside the engine: the same scenarios on network namespaces of this machine.

`namespace` and `tun` make hosts and their network cards, `sockets` gives applications the engine's
socket calls on real sockets, `world` is the network (`KernelNetwork`) with this process as its
wire.  `record` stores what happened as JSON, `compare` lays it beside a trace of the engine.
Needs Linux, root and /dev/net/tun, but for `compare` and for reading records.
"""
