"""The real kernel beside the engine: the same scenarios on network namespaces of this machine.

Playing: `namespace` and `tun` make hosts and their network cards, `sockets` gives applications the
engine's socket calls on real sockets, `cable` and `world` are the network (`KernelNetwork`) with
this process as its wire.  Keeping: `record` plays a scenario; `store` holds what was on the wire,
`states` what was inside the hosts.  Comparing: `events` puts an engine's trace and a kernel's
record into the same terms, `align` and `compare` lay them side by side.
Playing needs Linux, root and /dev/net/tun; reading and comparing need nothing.
"""
