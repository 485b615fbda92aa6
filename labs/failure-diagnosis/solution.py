"""All tickets closed: full marks for every id."""

import itertools
import re

from tcpcore.observe.tcpdump import Printer
from tcpcore.scenarios import registry
from tcpcore.trace import DELIVERED

ID = "demo"

SCENARIOS = {
    "accept queue full": "accept-queue-overflow",
    "application does not read": "zero-window",
    "Nagle meets delayed ACK": "nagle-delayed-ack",
    "server rebooted": "host-reboot",
    "application never closes": "close-wait-leak",
    "path drops large packets": "path-mtu",
    "nobody listens": "connection-refused",
    "peer vanished while idle": "keepalive",
    "closed with data unread": "close-with-unread-data",
    "answers are filtered": "synack-filtered",
    "line went dark": "data-unanswered",
    "peer is gone, FIN unheard": "fin-wait-1-stuck",
}


def cause_of(ticket):
    lines = ticket["tcpdump"]
    text = "\n".join(lines)
    server = ticket["end"].get("server", {"ss": {}, "nstat": {}})
    flags = [re.search(r"Flags \[([^]]*)\]", line) for line in lines]
    flags = [found[1] if found else "" for found in flags]
    if "ICMP" in text:
        return "path drops large packets"
    if ticket["captured on"] == "server":
        return "answers are filtered"
    if flags[:2] == ["S", "R."]:
        return "nobody listens"
    if server["nstat"].get("TcpExtListenOverflows"):
        return "accept queue full"
    if server["ss"].get("CLOSE_WAIT"):
        return "application never closes"
    if any("win 0," in line for line in lines if "10.0.0.2.8888 >" in line and "[R" not in line):
        return "application does not read"
    if flags.count("F.") > 2:
        return "peer is gone, FIN unheard"
    data = [line for line in lines if re.search(r"length [1-9]", line)]
    if "R" in "".join(flags):
        if not data:
            return "peer vanished while idle"
        return "server rebooted" if "R" in flags else "closed with data unread"
    sizes = [re.search(r"seq (\d+:\d+)", line) for line in data]
    sizes = [found[1] for found in sizes if found]
    if len(sizes) - len(set(sizes)) >= 3:
        return "line went dark"
    return "Nagle meets delayed ACK"


def captured(scenario, settings, side):
    trace = registry.run(scenario, settings)
    host = [name for name, _ in trace.hosts].index(side)
    seen = []
    for one in trace.segments:
        if one.sender == host:
            seen.append((one.sent, one.public))
        elif one.receiver == host and one.fate == DELIVERED:
            seen.append((one.arrived, one.public))
    seen += [(one.arrived, one.message) for one in trace.icmp if one.receiver == host]
    seen.sort(key=lambda packet: packet[0])
    printer = Printer()
    return [printer.line(packet, time) for time, packet in seen[:60]]


def seconds(line):
    hours, minutes, rest = line.split()[0].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def tries(scenario, ticket):
    times = [seconds(line) for line in ticket["tcpdump"]]
    answers = [at for at, line in zip(times, ticket["tcpdump"], strict=True) if "[S.]" in line]
    step = answers[0] if answers else times[-1]
    rtts = [round(1000 * step), *range(10, 122, 2)]
    if scenario == "accept-queue-overflow":
        return [
            {"rtt": r, "backlog": b, "clients": c}
            for r in rtts[:1]
            for b in range(4)
            for c in (6, 7, 8)
        ]
    if scenario == "zero-window":
        return [{"rtt": r, "read_after": n} for r in rtts[:1] for n in range(2, 10)]
    if scenario == "nagle-delayed-ack":
        return [{"rtt": r, "writes": n} for r in rtts[:1] for n in (2, 3, 4)]
    if scenario == "path-mtu":
        ack = max(
            int(n) for n in re.findall(r"ack (\d+)", "\n".join(ticket["tcpdump"])) if int(n) < 20000
        )
        return [
            {"rtt": r, "size": ack + more}
            for r in (rtts[0], rtts[0] - 1, rtts[0] + 1)
            for more in (-1, -2, 0)
        ]
    if scenario == "keepalive":
        gaps = [round(b - a) for a, b in itertools.pairwise(times)]
        return [{"rtt": rtts[0], "idle": gaps[2], "interval": gaps[3]}]
    if scenario == "data-unanswered":
        return [{"rtt": rtts[0], "tcp_retries2": n} for n in range(4, 10)]
    if scenario == "fin-wait-1-stuck":
        return [{"rtt": rtts[0], "tcp_orphan_retries": n} for n in range(2, 8)]
    if scenario == "synack-filtered":
        return [{"rtt": r} for r in range(10, 122, 2)]
    return [{"rtt": r} for r in rtts]


def CAUSES(given):
    return {letter: cause_of(ticket) for letter, ticket in given["tickets"].items()}


def PROOF(given):
    found = {}
    for letter, ticket in given["tickets"].items():
        scenario = SCENARIOS[cause_of(ticket)]
        for settings in tries(scenario, ticket):
            try:
                same = captured(scenario, settings, ticket["captured on"]) == ticket["tcpdump"]
            except ValueError:
                continue
            if same:
                found[letter] = {"scenario": scenario, "settings": settings}
                break
    return found


def alarm(end):
    client, server = end["client"], end["server"]
    if server["nstat"].get("TcpExtListenOverflows"):
        return "accept queue full"
    if server["ss"].get("CLOSE_WAIT"):
        return "application never closes"
    if client["nstat"].get("IcmpInDestUnreachs"):
        return "path drops large packets"
    if server["nstat"].get("TcpExtTCPAbortOnClose"):
        return "closed with data unread"
    if client["nstat"].get("TcpExtTCPAbortOnTimeout"):
        return "line went dark"
    if client["nstat"].get("TcpAttemptFails"):
        return "nobody listens"
    return "fine"
