"""The firewall: iptables' words, verdicts, listings; and what a connection makes of its rules."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.host.firewall import ACCEPT, DROP, Firewall
from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.icmp import FRAG_NEEDED, UNREACHABLE, IcmpError
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment

RULES = """\
-A INPUT -p tcp --dport 80 -j DROP
-A INPUT -s 10.0.0.0/24 -d 10.0.0.2 -p tcp --sport 1000:1010 ! --dport 22 \
--tcp-flags FIN,SYN FIN -j REJECT --reject-with tcp-reset
-A INPUT -p tcp --syn -m statistic --mode nth --every 3 --packet 1 -j DROP
-A INPUT -p tcp ! --syn -m statistic --mode random --probability 0.3 -j REJECT
-A INPUT -p tcp -m limit --limit 5/second --limit-burst 7 -j ACCEPT
-A INPUT -p icmp -j DROP
-A INPUT ! -s 10.0.0.9 -j REJECT --reject-with icmp-host-prohibited
-A INPUT -m length --length 100:200 -j DROP
-A INPUT -p icmp --icmp-type fragmentation-needed -j DROP
-P FORWARD DROP
-A OUTPUT -p tcp --tcp-flags RST RST -j DROP
-I OUTPUT -p tcp --tcp-flags ALL SYN,ACK -j DROP
""".splitlines()

# What iptables 1.8.9 prints for these rules.
LISTED = """\
Chain INPUT (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         
    0     0 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80
    0     0 REJECT     6    --  *      *       10.0.0.0/24          10.0.0.2             tcp spts:1000:1010 dpt:!22 flags:0x03/0x01 reject-with tcp-reset
    0     0 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp flags:0x17/0x02 statistic mode nth every 3 packet 1
    0     0 REJECT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp flags:!0x17/0x02 statistic mode random probability 0.29999999981 reject-with icmp-port-unreachable
    0     0 ACCEPT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            limit: avg 5/sec burst 7
    0     0 DROP       1    --  *      *       0.0.0.0/0            0.0.0.0/0           
    0     0 REJECT     0    --  *      *      !10.0.0.9             0.0.0.0/0            reject-with icmp-host-prohibited
    0     0 DROP       0    --  *      *       0.0.0.0/0            0.0.0.0/0            length 100:200
    0     0 DROP       1    --  *      *       0.0.0.0/0            0.0.0.0/0            icmptype 3 code 4

Chain FORWARD (policy DROP 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         

Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
 pkts bytes target     prot opt in     out     source               destination         
    0     0 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp flags:0x3F/0x12
    0     0 DROP       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp flags:0x04/0x04
"""  # noqa: E501, W291


def segment(
    flags: int = SYN, src: str = "10.0.0.1", sport: int = 1500, dport: int = 80, size: int = 0
) -> Segment:
    return Segment(src, sport, "10.0.0.2", dport, flags, 1, 1, payload=bytes(size))


def verdicts(firewall: Firewall, *packets: Segment | IcmpError, size: int = 60) -> list[str]:
    return [firewall.judge("INPUT", packet, size, 0).target for packet in packets]


def test_listing_is_as_iptables_prints_it():
    firewall = Firewall("server")
    for rule in RULES:
        firewall.append(rule)
    assert firewall.run("-L -n -v") == LISTED


IPTABLES = shutil.which("iptables", path=f"{os.environ['PATH']}:/usr/sbin")
LISTINGS = ("-L -n -v", "-L -n", "-L", "-S", "-L INPUT -n --line-numbers", "-nvL", "-S OUTPUT")


@pytest.mark.skipif(os.geteuid() != 0 or not IPTABLES, reason="needs root and iptables")
@pytest.mark.parametrize("listing", LISTINGS)
def test_this_machines_iptables_prints_the_same(listing: str):
    firewall = Firewall("server")
    script = []
    for rule in RULES:
        firewall.append(rule)
        script.append(f"{IPTABLES} {rule}")
    script.append(f"{IPTABLES} {listing}")
    shown = subprocess.run(
        ["unshare", "-n", "sh", "-ec", "\n".join(script)], capture_output=True, text=True
    )
    if shown.returncode:
        pytest.skip(f"iptables cannot be used here: {shown.stderr.strip()}")
    assert firewall.run(listing) == shown.stdout


def test_the_first_rule_that_fits_decides():
    firewall = Firewall("server")
    firewall.append("-A INPUT -p tcp --dport 80 -j ACCEPT")
    firewall.append("-A INPUT -j DROP")
    assert verdicts(firewall, segment(), segment(dport=81)) == [ACCEPT, DROP]
    assert [(r.packets, r.bytes) for r in firewall.chains["INPUT"].rules] == [(1, 60), (1, 60)]


def test_a_rule_without_target_only_counts():
    firewall = Firewall("server")
    firewall.append("-A INPUT -p tcp")
    assert verdicts(firewall, segment()) == [ACCEPT]
    assert firewall.chains["INPUT"].rules[0].packets == 1


def test_the_policy_decides_when_no_rule_does():
    firewall = Firewall("server")
    assert not firewall.active
    firewall.append("-P INPUT DROP")
    assert firewall.active
    assert verdicts(firewall, segment()) == [DROP]


@pytest.mark.parametrize(
    ("rule", "fits", "others"),
    [
        ("-p tcp", segment(), IcmpError("a", "b", 3, 1, segment())),
        ("-p icmp", IcmpError("a", "b", 3, 1, segment()), segment()),
        ("! -p icmp", segment(), IcmpError("a", "b", 3, 1, segment())),
        ("-s 10.0.0.1", segment(), segment(src="10.0.0.9")),
        ("-s 10.0.0.0/29", segment(), segment(src="10.0.0.9")),
        ("! -s 10.0.0.9", segment(), segment(src="10.0.0.9")),
        ("-p tcp --dport 80", segment(), segment(dport=81)),
        ("-p tcp --dport http", segment(), segment(dport=81)),
        ("-p tcp --dport 70:80", segment(), segment(dport=81)),
        ("-p tcp --dport :80", segment(), segment(dport=81)),
        ("-p tcp --sport 1500:", segment(), segment(sport=1499)),
        ("-p tcp ! --sport 1499", segment(), segment(sport=1499)),
        ("-p tcp --syn", segment(), segment(SYN | ACK)),
        ("-p tcp ! --syn", segment(ACK), segment(SYN)),
        ("-p tcp --tcp-flags FIN FIN", segment(FIN | ACK), segment(ACK)),
        ("-p tcp --tcp-flags ALL PSH,ACK", segment(PSH | ACK), segment(ACK)),
        ("-p tcp --tcp-flags RST NONE", segment(ACK), segment(RST)),
        (
            "-p icmp --icmp-type 3/4",
            IcmpError("a", "b", UNREACHABLE, FRAG_NEEDED, segment()),
            IcmpError("a", "b", UNREACHABLE, 1, segment()),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_match_fits_what_it_says(rule: str, fits: Segment, others: Segment):
    firewall = Firewall("server")
    firewall.append(f"-A INPUT {rule} -j DROP")
    if isinstance(fits, IcmpError) or isinstance(others, IcmpError):
        assert verdicts(firewall, fits, others) == [DROP, ACCEPT]
    else:
        assert verdicts(firewall, fits, others) == [DROP, ACCEPT]


def test_length_counts_the_bytes_of_the_ip_packet():
    firewall = Firewall("server")
    firewall.append("-A INPUT -m length --length 100:200 -j DROP")
    found = [verdicts(firewall, segment(), size=size)[0] for size in (99, 100, 200, 201)]
    assert found == [ACCEPT, DROP, DROP, ACCEPT]


def test_nth_takes_the_first_packet_and_every_nth_after_it():
    firewall = Firewall("server")
    firewall.append("-A INPUT -m statistic --mode nth --every 3 --packet 0 -j DROP")
    assert verdicts(firewall, *[segment()] * 6) == [DROP, ACCEPT, ACCEPT] * 2


def test_nth_can_let_some_packets_through_first():
    firewall = Firewall("server")
    firewall.append("-A INPUT -m statistic --mode nth --every 3 --packet 2 -j DROP")
    assert verdicts(firewall, *[segment()] * 4) == [ACCEPT, ACCEPT, DROP, ACCEPT]


def test_random_is_about_as_frequent_as_asked_and_the_seeds():
    def dropped(seed: str) -> list[str]:
        firewall = Firewall("server", seed)
        firewall.append("-A INPUT -m statistic --mode random --probability 0.3 -j DROP")
        return verdicts(firewall, *[segment()] * 1000)

    assert 250 < dropped("a").count(DROP) < 350
    assert dropped("a") == dropped("a")
    assert dropped("a") != dropped("b")


def test_limit_lets_a_burst_through_and_then_the_rate():
    firewall = Firewall("server")
    firewall.append("-A INPUT -m limit --limit 2/second --limit-burst 3 -j ACCEPT")
    firewall.append("-A INPUT -j DROP")
    at = [0, 0, 0, 0, 499_999, 500_000, 500_001]
    found = [firewall.judge("INPUT", segment(), 60, now).target for now in at]
    assert found == [ACCEPT, ACCEPT, ACCEPT, DROP, DROP, ACCEPT, DROP]


def test_rules_are_inserted_deleted_flushed_and_counters_set_to_zero():
    firewall = Firewall("server")
    firewall.append("-A INPUT -s 10.0.0.1 -j DROP")
    firewall.append("-I INPUT -s 10.0.0.2 -j DROP")
    firewall.append("-I INPUT 2 -s 10.0.0.3 -j DROP")
    assert firewall.run("-S INPUT") == (
        "-P INPUT ACCEPT\n-A INPUT -s 10.0.0.2/32 -j DROP\n-A INPUT -s 10.0.0.3/32 -j DROP\n"
        "-A INPUT -s 10.0.0.1/32 -j DROP\n"
    )
    verdicts(firewall, segment())
    firewall.append("-Z")
    assert [rule.packets for rule in firewall.chains["INPUT"].rules] == [0, 0, 0]
    firewall.append("-D INPUT 1")
    firewall.append("-D INPUT -s 10.0.0.1 -j DROP")
    assert firewall.run("-S INPUT").count("-A") == 1
    firewall.append("-F")
    assert not firewall.active


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("-A INPUT --frob 1 -j DROP", "unknown option '--frob'; known are -p -s -d --sport"),
        ("-A FOO -j DROP", "unknown chain 'FOO'; known are INPUT, FORWARD, OUTPUT"),
        ("-A INPUT -j LOG", "unknown target 'LOG'; known are ACCEPT, DROP, REJECT"),
        ("-A INPUT -m owner -j DROP", "unknown match 'owner'; known are tcp, icmp"),
        ("-A INPUT -p udp -j DROP", "unknown protocol 'udp'; known are all, icmp, tcp"),
        ("-t nat -A INPUT", "unknown table 'nat'; known is filter"),
        ("-A INPUT --dport 80 -j DROP", "--dport needs -p tcp before it"),
        ("-A INPUT -p tcp --dport 70000", "--dport takes a number from 0 to 65535, not '70000'"),
        ("-A INPUT -p tcp --dport 80:70", "--dport takes a number from 80 to 65535, not '70'"),
        ("-A INPUT -p tcp --dport", "--dport needs a value"),
        ("-A INPUT -s nowhere -j DROP", "-s takes an address or a network"),
        ("-A INPUT -p tcp --tcp-flags SIN SIN", "unknown TCP flag 'SIN'; known are FIN, SYN"),
        ("-A INPUT -m statistic -j DROP", "-m statistic needs --mode random or --mode nth"),
        ("-A INPUT --probability 0.1 -j DROP", "--probability needs -m statistic before it"),
        (
            "-A INPUT -m statistic --mode random --probability 2 -j DROP",
            "--probability takes 0 to 1, not '2'",
        ),
        ("-A INPUT -m statistic --mode nth -j DROP", "-m statistic takes --mode random"),
        ("-A INPUT -m limit --limit 0/second", "--limit takes 5/second, 3/hour"),
        ("-A INPUT -j DROP --reject-with tcp-reset", "--reject-with goes with -j REJECT"),
        ("-A INPUT -j REJECT --reject-with tcp-reset", "tcp-reset needs -p tcp"),
        ("-D INPUT 1", "INPUT has 0 rules and no number 1"),
        ("-D INPUT -j DROP", "INPUT has no rule '-j DROP'"),
        ("-I INPUT 3 -j DROP", "none can be inserted as number 3"),
        ("-P INPUT REJECT", "a policy is ACCEPT or DROP, not 'REJECT'"),
        ("-p tcp -j DROP", "say what to do with the rule; known are -A -I -D"),
        ("-F INPUT -p tcp", r"-F takes no rule \(-p\)"),
        ("-A INPUT -A OUTPUT", "-A and -A cannot both be done"),
        ("-A INPUT 'x", "is no line of options"),
        ("-A INPUT -p tcp -p tcp", "-p is given twice"),
    ],
)
def test_a_mistake_is_one_sentence(line: str, sentence: str):
    with pytest.raises(UsageError, match=sentence) as caught:
        Firewall("server").append(line)
    assert str(caught.value).startswith("iptables: ")
    assert str(caught.value).endswith(".")


# --- what connections make of it -----------------------------------------------------------------


def attempt(*rules: str, at: str = "server") -> tuple[Trace, Host, Host, list[str]]:
    """A connect() with 100 bytes after it, past a firewall; what the client's calls came to."""
    net = Network()
    client = net.host("client", "10.0.0.1", tcp_syn_retries=1)
    server = net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(5))
    for rule in rules:
        (server if at == "server" else client).firewall.append(rule)
    results: list[str] = []

    async def serve(host: Host) -> None:
        connection = await host.socket().bind(8888).listen(1).accept()
        await connection.recv(100)

    async def fetch(host: Host) -> None:
        connection = host.socket()
        try:
            await connection.connect("10.0.0.2", 8888)
            await connection.send(bytes(100))
            results.append(repr(await connection.recv(10)))
        except OSError as error:
            results.append(f"{type(error).__name__} {error.errno} at {host.now}")

    server.spawn(serve)
    client.spawn(fetch)
    return net.run(until=seconds(100)), client, server, results


def test_drop_is_silence_and_the_rule_is_named():
    trace, _, server, results = attempt("-A INPUT -p tcp --dport 8888 -j DROP")
    assert results == [f"SocketTimedOut 110 at {seconds(3)}"]
    assert "-A INPUT -p tcp -m tcp --dport 8888 -j DROP" in trace.segments[0].lost_because.text
    assert server.counters.get("TcpInSegs") is None
    assert "    3   180 DROP" in server.iptables("-L -n -v")


def test_reject_makes_connect_fail_at_once_with_connection_refused():
    trace, _, _, results = attempt("-A INPUT -p tcp --dport 8888 -j REJECT")
    assert results == [f"SocketRefused 111 at {ms(10)}"]
    (error,) = trace.icmp
    assert (error.message.name, error.sender, error.arrived) == (
        "port unreachable",
        "server",
        ms(10),
    )
    assert error.segment is trace.segments[0].segment


@pytest.mark.parametrize(
    ("answer", "errno"),
    [
        ("icmp-net-unreachable", 101),
        ("icmp-host-unreachable", 113),
        ("icmp-proto-unreachable", 92),
        ("icmp-admin-prohibited", 113),
    ],
)
def test_reject_can_say_something_else(answer: str, errno: int):
    rule = f"-A INPUT -p tcp --dport 8888 -j REJECT --reject-with {answer}"
    _, _, _, results = attempt(rule)
    assert results == [f"SocketError {errno} at {ms(10)}"]


def test_reject_with_tcp_reset_looks_like_a_closed_port():
    trace, _, server, results = attempt("-A INPUT -p tcp -j REJECT --reject-with tcp-reset")
    assert results == [f"SocketRefused 111 at {ms(10)}"]
    assert [s.segment.flags for s in trace.segments] == [SYN, RST | ACK]
    assert trace.segments[1].why.why.key == "firewall.reset"
    assert server.counters.get("TcpOutRsts") is None


def test_output_drop_loses_what_the_host_sends():
    trace, _, _, results = attempt("-A OUTPUT -p tcp --dport 8888 -j DROP", at="client")
    assert results == [f"SocketTimedOut 110 at {seconds(3)}"]
    assert {s.fate for s in trace.segments} == {"lost"}


def test_output_reject_fails_at_once():
    _, _, _, results = attempt("-A OUTPUT -p tcp -j REJECT", at="client")
    assert results == ["SocketRefused 111 at 0"]


def test_dropping_fins_leaves_the_rest_alone():
    trace, _, server, _ = attempt("-A OUTPUT -p tcp --tcp-flags FIN FIN -j DROP")
    fins = [s for s in trace.segments if s.sender == 1 and s.segment.flags & FIN]
    assert len(fins) > 1
    assert {s.fate for s in fins} == {"lost"}
    assert server.counters["TcpInSegs"] > 2


def test_a_rebooted_host_has_no_rules():
    _, _, server, _ = attempt("-P INPUT DROP")
    server.reboot(0)
    assert not server.firewall.active


FRAGMENTS = (
    "-p tcp", "-p icmp", "! -p icmp", "-p all", "-s 10.0.0.1", "! -d 10.0.0.0/8", "-s 0/0",
    "--dport 80", "! --sport 5:", "--tcp-flags ALL NONE", "--syn", "! --syn",
    "-m statistic --mode random --probability 0.5", "-m statistic --mode nth --every 2 --packet 1",
    "-m limit", "-m limit --limit 3/day --limit-burst 2", "-m length --length :100", "-m tcp",
    "--icmp-type 3/4", "--icmp-type time-exceeded-in-transit", "--reject-with tcp-reset", "-j",
    "--length 9", "!", "1", "-x", "-A INPUT", "-L -n", "-t filter", "-m", "--dport",
)  # fmt: skip
LINES = st.tuples(
    st.sampled_from(["-A INPUT", "-I OUTPUT", "-A INPUT -p tcp", "-D INPUT", "-F", ""]),
    st.lists(st.sampled_from(FRAGMENTS), max_size=4).map(" ".join),
    st.sampled_from(["-j DROP", "-j ACCEPT", "-j REJECT", ""]),
).map(" ".join)


@given(LINES)
@example("-A INPUT -p tcp --tcp-flags ALL NONE --syn -j DROP")
@settings(max_examples=1000)
def test_any_words_are_a_rule_or_one_sentence(line: str):
    firewall = Firewall("server")
    sentence = ""
    try:
        firewall.append(line)
    except UsageError as error:
        sentence = str(error)
    assert not sentence or (sentence.startswith("iptables: ") and sentence.endswith("."))
    firewall.judge("INPUT", segment(), 60, 0)
    firewall.judge("OUTPUT", IcmpError("10.0.0.9", "10.0.0.1", 3, 1, segment()), 60, 0)
    firewall.run("-L -n -v")
    again = Firewall("server")
    for rule in firewall.run("-S").splitlines():
        again.append(rule)
    assert again.run("-S") == firewall.run("-S")
