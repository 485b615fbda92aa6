"""Reasons of the world between and around hosts: links, routers, NAT, firewalls, power."""

from __future__ import annotations

from tcpcore.why import Why

# --- links ---------------------------------------------------------------------------------------
LOST_IN_BURST = Why("wire.burst", "Lost by chance: the link is in a bad stretch.")
LOST_ON_CUT_CABLE = Why("wire.unplugged", "Lost: the cable is pulled out.")
LOST_WITH_THE_CABLE = Why("wire.cut", "Lost: the cable was pulled out while the packet was on it.")
CORRUPTED = Why(
    "wire.corrupt",
    "Damaged on the way: the checksum does not fit, so {host} drops it.",
    "RFC 9293 §3.1",
    "tcp_v4_rcv()",
)
HOST_IS_DOWN = Why("wire.host-down", "Lost: {host} is switched off.")

# --- routers -------------------------------------------------------------------------------------
ROUTER_NO_ROUTE = Why(
    "router.no-route",
    "{router} knows no way to {address}: drop the packet, and tell its sender with ICMP.",
    "RFC 1812 §5.2.7.1",
    "ip_error()",
)
ROUTER_TTL = Why(
    "router.ttl",
    "The packet has passed as many routers as it may (TTL): {router} drops it, and tells its "
    "sender with ICMP.",
    "RFC 1812 §5.3.1",
    "ip_forward()",
)
ROUTER_TOO_BIG = Why(
    "router.too-big",
    "{size} bytes do not fit into the next link's MTU of {mtu}, and the sender set Don't Fragment: "
    "{router} drops the packet and tells its sender the MTU with ICMP.",
    "RFC 1191 §4",
    "ip_forward()",
)
ROUTER_NO_NEIGHBOUR = Why(
    "router.no-neighbour",
    "{address} does not answer {router}'s ARP requests for 3 s: drop the packet, and tell its "
    "sender with ICMP.",
    "RFC 1122 §2.3.2.2",
    "arp_error_report()",
)

ROUTER_MOVED = Why(
    "router.moved",
    "{router} no longer has the address {address}: the packet is lost, and nobody says so.",
)

# --- address translation -------------------------------------------------------------------------
NAT_UNKNOWN = Why(
    "nat.unknown",
    "{router} has no mapping for port {port}: to it the packet is for nobody, and it answers with "
    "RST.",
    "RFC 5382 §7.1",
    "nf_conntrack_in()",
)
NAT_STRICT = Why(
    "nat.strict",
    "{router} knows no connection from port {port}, and only a SYN may begin one: it drops the "
    "packet without a word.",
    "RFC 5382 §7.1",
    "nf_conntrack_tcp_loose",
)
NAT_NO_PORT = Why("nat.no-port", "{router} has no free port left to map this connection to.")

# --- firewalls -----------------------------------------------------------------------------------
FIREWALL_DROPS = Why(
    "firewall.drop",
    "The firewall of {host} drops it without a word: {rule}",
    "",
    "ipt_do_table()",
)
FIREWALL_REJECTS = Why(
    "firewall.reject",
    "The firewall of {host} refuses it and says so ({answer}): {rule}",
    "",
    "reject_tg()",
)
FIREWALL_RESET = Why(
    "firewall.reset",
    "The firewall answers with RST instead of the host's TCP: {rule}",
    "RFC 9293 §3.10.7.1",
    "nf_send_reset()",
)

# --- what TCP makes of ICMP ----------------------------------------------------------------------
ICMP_OUTSIDE = Why(
    "icmp.outside",
    "An ICMP error about a byte that is not in flight: it is old or made up, so ignore it.",
    "RFC 5927 §4.1",
    "tcp_v4_err()",
)
ICMP_STRANGER = Why(
    "icmp.stranger",
    "An ICMP error about a connection that this host does not have: ignore it.",
    "RFC 5927 §4.1",
    "tcp_v4_err()",
)
ICMP_HARD = Why(
    "icmp.connect-fails",
    "ICMP says {what} while the connection is being opened: give up at once with {error}.",
    "RFC 1122 §4.2.3.9",
    "tcp_v4_err()",
)
ICMP_FINAL = Why(
    "icmp.final",
    "ICMP says {what}, and that will not pass: give up at once with {error}.",
    "RFC 9293 §3.9.2.2",
    "tcp_v4_err()",
)
ICMP_SOFT = Why(
    "icmp.soft",
    "ICMP says {what}. This may pass: keep {error} as a soft error, and go on.",
    "RFC 1122 §4.2.3.9",
    "tcp_v4_err()",
)
ICMP_REQUEST = Why(
    "icmp.request",
    "ICMP says {what}: the client cannot be reached, so forget the half-open request.",
    "RFC 1122 §4.2.3.9",
    "tcp_req_err()",
)
ICMP_BACKOFF = Why(
    "icmp.backoff",
    "The network said that the segment could not be delivered, so no congestion was at work: take "
    "the last doubling of the RTO back.",
    "RFC 6069 §3",
    "tcp_ld_RTO_revert()",
)
PATH_MTU = Why(
    "mtu.smaller",
    "A link on the way carries only {mtu} bytes: cut segments to {mss} bytes from now on.",
    "RFC 1191 §6.5",
    "tcp_v4_mtu_reduced()",
)
PATH_MTU_AGAIN = Why(
    "mtu.again",
    "The segment was too big for a link on the way, so it is certainly lost: send its bytes again "
    "in smaller segments, without waiting for the time-out.",
    "RFC 1191 §6.5",
    "tcp_simple_retransmit()",
)
BLACK_HOLE = Why(
    "mtu.black-hole",
    "So many time-outs: perhaps a narrow link on the way swallows what is too big, and nobody says "
    "so. Cut segments to {mss} bytes from now on.",
    "RFC 4821 §7.7",
    "tcp_mtu_probing()",
)
PATH_MTU_IGNORED = Why(
    "mtu.no-change",
    "ICMP names an MTU of {mtu}, and segments are no larger already: nothing to do.",
    "RFC 1191 §6.5",
    "tcp_v4_mtu_reduced()",
)

# --- damage, processes and power -----------------------------------------------------------------
BAD_CHECKSUM = Why(
    "drop.checksum",
    "The checksum does not fit: some bit changed on the way. Drop it without an answer.",
    "RFC 9293 §3.1",
    "tcp_v4_rcv()",
)
