"""What happened as a script, and the round trip: the engine does it again."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tcpcore.cli import main
from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.packetdrill import habits, inferring
from tcpcore.packetdrill.drill import Plan, run_text
from tcpcore.packetdrill.report import text
from tcpcore.packetdrill.source import Source
from tcpcore.packetdrill.story import NoScript
from tcpcore.packetdrill.to_script import of_capture, of_record, of_scenario
from tcpcore.scenarios import registry
from tcpcore.units import MILLISECOND
from tcpcore.wire import codec, pcap
from tcpcore.wire import options as kinds
from tcpcore.wire.options import Option
from tcpcore.wire.segment import ACK, CWR, ECE, FIN, SYN, URG
from tcpcore.wire.text import parse_packetdrill

NOT_TOLD = (
    "it sends segments that no socket makes",
    "it has a firewall",
    "it loses its power",
    "a script has two",
    "the host neither sends nor receives anything",
    "side by side, from ports that nobody can know",
    "given up by the program itself",
    "still connects when the run ends",
    "begins its phases at random",
)
"""Why a host's part is no script."""
NOT_RECORDED = (
    "less often than the engine's",
    "made calls that the engine's did not",
    "a matter of how late the kernel's timers were",
    "damaged segments arrived",
    "refuses a SYN",
    "the host talks to itself",
)
"""Why a host's part in a record is none, beside that."""
TOLD_AT_LEAST = 160
RECORDS_AT_LEAST = 620


@cache
def told(name: str) -> dict[str, str]:
    """The scripts of a scenario's hosts; for one that has none, why, with a ``!`` before it."""
    found = {}
    for side, _ in registry.run(name).hosts:
        try:
            found[side] = of_scenario(name, side=side)
        except NoScript as reason:
            found[side] = f"!{reason}"
    return found


@pytest.mark.parametrize("name", registry.names())
def test_every_hosts_part_in_a_scenario_passes_as_a_script_or_says_why_it_is_none(name):
    for script in told(name).values():
        if script.startswith("!"):
            assert any(one in script for one in NOT_TOLD), script
            continue
        outcome = run_text(script, name, Plan(profile=registry.get(name).profile))
        assert outcome.passed, text(Source(script, name), outcome)


def test_most_scenarios_are_scripts():
    scripts = [one for name in registry.names() for one in told(name).values()]
    assert sum(not one.startswith("!") for one in scripts) >= TOLD_AT_LEAST


@cache
def recorded() -> dict[str, str]:
    """The scripts of every committed record's hosts; with a ``!`` before it, why there is none."""
    found = {}
    for number, record in enumerate(store.committed()):
        for host in record.hosts:
            try:
                script = of_record(record, host["name"])
            except NoScript as reason:
                script = f"!{reason}"
            found[f"{record.scenario} {number} {host['name']}"] = script
    return found


@pytest.mark.filterwarnings("ignore:coroutine")
def test_every_part_of_a_kernels_record_passes_on_the_engine_or_says_why_it_is_no_script():
    failed = []
    for name, script in recorded().items():
        if script.startswith("!"):
            assert any(one in script for one in (*NOT_TOLD, *NOT_RECORDED)), script
        elif not (outcome := run_text(script, name)).passed:
            failed.append(text(Source(script, name), outcome))
    assert not failed, f"{len(failed)} fail; the first:\n{failed[0]}"


def test_most_parts_of_records_are_scripts():
    assert sum(not one.startswith("!") for one in recorded().values()) >= RECORDS_AT_LEAST


@pytest.mark.parametrize(
    ("scenario", "old", "new"),
    [
        ("first-rto", "> P. 1:101(100) ack 1", "> P. 2:102(100) ack 1"),
        ("data-unanswered", "-1 ETIMEDOUT", "-1 ECONNRESET"),
        ("keepalive", "+2.0", "+3.0"),
        ("icmp-unreachable", "host_unreachable", "net_unreachable"),
    ],
)
def test_a_record_that_says_something_else_does_not_pass(scenario, old, new):
    scripts = [one for name, one in recorded().items() if name.startswith(f"{scenario} ")]
    changed = [one.replace(old, new) for one in scripts if old in one and one[0] != "!"]
    assert changed
    assert not all(run_text(one).passed for one in changed)


def test_a_records_icmp_errors_and_first_windows_are_told():
    scripts = recorded().items()
    assert any(
        "< icmp unreachable frag_needed mtu 1200 [1:1449(1448)]" in one for _, one in scripts
    )
    assert any("ip route change 10.0.0.2 dev tun0 initcwnd 40" in one for _, one in scripts)


def test_a_script_tells_calls_options_and_relative_numbers():
    script = of_scenario("nagle-delayed-ack", side="client").splitlines()
    assert script[0] == "// nagle-delayed-ack, as client saw it."
    assert "0.000000 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3" in script
    syn = next(line for line in script if "> S " in line)
    assert syn.startswith("0.000000 > S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1000 ecr 0")


def test_sysctls_of_the_host_are_set_and_a_lost_segment_stays_lost():
    script = of_scenario("handshake", {"tcp_sack": 0}, side="server", drop=[1])
    assert "`sysctl -q net.ipv4.tcp_sack=0`" in script
    assert script.count("S. 0:0(0)") == 2
    assert run_text(script).passed


def captured(lines: str) -> list[tuple[int, object]]:
    """Packets between a client (>) and a server (<), with milliseconds before them."""
    packets = []
    for line in lines.strip().splitlines():
        time, arrow, rest = line.split(maxsplit=2)
        here, there = ("10.0.0.1", 40000), ("10.0.0.2", 80)
        if arrow == "<":
            here, there = there, here
        ends = {"src": here[0], "sport": here[1], "dst": there[0], "dport": there[1]}
        packets.append((int(time) * MILLISECOND, parse_packetdrill(rest, **ends)))
    return packets


CONVERSATION = """
0   > S 0:0(0) win 64240 <mss 1460>
0   < S. 0:0(0) ack 1 win 64240 <mss 1460>
50  > . 1:1(0) ack 1 win 64240
50  > P. 1:101(100) ack 1 win 64240
50  < . 1:1(0) ack 101 win 64240
50  < P. 1:501(500) ack 101 win 64240
100 > . 101:101(0) ack 501 win 64240
100 > F. 101:101(0) ack 501 win 64240
100 < F. 501:501(0) ack 102 win 64240
150 > . 102:102(0) ack 502 win 64240
"""


def test_calls_are_inferred_from_packets():
    script, agrees = inferring.best(captured(CONVERSATION), "server", "It")
    assert agrees
    assert "accept(3, ..., ...) = 4" in script
    assert "read(4, ..., 100) = 100" in script
    assert "write(4, ..., 500) = 500" in script
    assert "close(4) = 0" in script
    assert "sysctl -q net.ipv4.tcp_timestamps=0" not in script  # the client asked for none


def test_a_capture_becomes_a_script_of_either_end(tmp_path, capsys):
    path = tmp_path / "x.pcap"
    path.write_bytes(
        pcap.pcap_bytes([(time, codec.encode(one)) for time, one in captured(CONVERSATION)])
    )
    for side in ("client", "server"):
        script, _ = of_capture(path, side=side)
        assert f"as its {side} may have seen it" in script
    assert main(["explain", str(path), "--to-pkt", str(tmp_path / "x.pkt")]) == 0
    assert run_text((tmp_path / "x.pkt").read_text()).passed
    assert main(["explain", str(path), "--to-pkt", "--connection", "2"]) == 2
    assert "there is no connection 2" in capsys.readouterr().err


MSS_ONLY = ((kinds.MSS, 1460),)
WINDOWS = (
    (kinds.MSS, 1460),
    (kinds.NOP,),
    (kinds.WINDOW_SCALE, 8),
    (kinds.NOP,),
    (kinds.NOP,),
    (kinds.SACK_PERMITTED,),
)


def opened_with(*options: Option) -> list[tuple[int, Any]]:
    """The conversation, with other options in the client's SYN."""
    packets = captured(CONVERSATION)
    packets[0][1].options = options
    return packets


def test_a_syn_that_no_linux_sends_is_told_and_its_options_are_left_open():
    script, agrees = inferring.best(opened_with(*WINDOWS), "client", "It")
    assert agrees
    assert "> S 0:0(0) <...>" in script
    head = " ".join(line.removeprefix("// ") for line in script.splitlines()[1:5])
    assert "it has <mss 1460,nop,wscale 8,nop,nop,sackOK> where Linux writes " in head
    assert "<mss 1460,nop,nop,sackOK,nop,wscale 8>" in head


@pytest.mark.parametrize("options", [(), (*MSS_ONLY, (kinds.WINDOW_SCALE, 15)), WINDOWS])
def test_what_no_linux_sends_is_recognised(options):
    assert inferring.infer(opened_with(*options), "client", "It").foreign
    assert not inferring.infer(opened_with(*options), "server", "It").foreign


@pytest.mark.parametrize("scale", [0, 1, 2, 7, 14])
def test_every_scale_that_linux_can_offer_is_set_up(scale):
    packets = opened_with(*MSS_ONLY, (kinds.NOP,), (kinds.WINDOW_SCALE, scale))
    script, agrees = inferring.best(packets, "client", "It")
    assert agrees
    assert f"<mss 1460,nop,wscale {scale}>" in script


def test_a_server_that_was_asked_for_ecn_and_did_not_agree_has_it_off():
    packets = captured(CONVERSATION)
    packets[0][1].flags |= ECE | CWR
    script, agrees = inferring.best(packets, "server", "It")
    assert agrees
    assert "sysctl -q net.ipv4.tcp_ecn=0" in script


def test_what_a_capture_has_twice_is_told_once():
    doubled = [one for one in captured(CONVERSATION) for _ in range(2)]
    for _, one in doubled:
        one.ip_id = 7
    assert inferring.connections(doubled) == inferring.connections(doubled[::2])


def test_a_clock_that_goes_back_stands_still_in_the_script():
    packets = [(time - 60 * MILLISECOND * (time > 50), one) for time, one in captured(CONVERSATION)]
    times = [time for time, _ in inferring.connections(packets)[0]]
    assert times == sorted(times)


def test_far_away_a_syn_ack_may_have_left_earlier_than_the_way_back_took():
    """The capture is beside the client, 100 ms away; the SYN+ACK took 70 ms more than the rest."""
    late = "\n".join(
        f"{int(time) + (0 if arrow == '>' else 100) + 70 * (index > 0)} {arrow} {rest}"
        for index, line in enumerate(CONVERSATION.strip().splitlines())
        for time, arrow, rest in [line.split(maxsplit=2)]
    )
    script, _ = inferring.best(sorted(captured(late), key=lambda one: one[0]), "server", "It")
    assert "+0.000000~+0.070000 > S. 0:0(0) ack 1" in script


def test_a_script_that_fails_names_its_line_and_why():
    packets = captured(CONVERSATION)
    packets[4][1].ack += 1
    script, agrees = inferring.best(packets, "server", "It")
    assert not agrees
    failure = run_text(script).failure
    line = script.count("\n", 0, failure.offset) + 1
    head = " ".join(one.removeprefix("// ") for one in script.splitlines() if one[:2] == "//")
    assert head.endswith(f"Line {line} will fail: {failure.problem}.")
    assert "ack 102" in script.splitlines()[line - 1]


QUIET = """
0     > S 0:0(0) win 64240 <mss 1460>
0     < S. 0:0(0) ack 1 win 64240 <mss 1460>
0     > . 1:1(0) ack 1 win 64240
"""
PROBE, ANSWER = "> . 0:0(0) ack 1 win 64240", "< . 1:1(0) ack 1 win 64240"


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ([(20, PROBE), (20, ANSWER)], ["SO_KEEPALIVE, [1]", "TCP_KEEPIDLE, [20]"]),
        (
            [(20, PROBE), (20, ANSWER), (40, PROBE), (40, ANSWER)],
            ["TCP_KEEPIDLE, [20]", "TCP_KEEPINTVL, [20]"],
        ),
        (
            [(20, PROBE), (25, PROBE), (30, PROBE), (35, "> R. 1:1(0) ack 1 win 64240")],
            ["TCP_KEEPIDLE, [20]", "TCP_KEEPINTVL, [5]", "TCP_KEEPCNT, [3]"],
        ),
    ],
)
def test_keep_alive_probes_show_the_socket_options_behind_them(more, shown):
    lines = QUIET + "".join(f"{second * 1000} {rest}\n" for second, rest in more)
    script, agrees = inferring.best(captured(lines), "client", "It")
    assert agrees, script
    assert all(one in script for one in shown)
    assert "SO_LINGER" not in script


def test_probes_of_a_closed_window_are_no_keep_alive():
    lines = f"{QUIET}0 < . 1:1(0) ack 1 win 0\n20000 {PROBE}"
    assert not list(habits.options(captured(lines), "10.0.0.1"))


def test_a_capture_without_tcp_is_said_to_have_none(tmp_path):
    (tmp_path / "a").write_bytes(pcap.pcap_bytes([]))
    with pytest.raises(UsageError, match="no TCP segment in 0 packets"):
        of_capture(tmp_path / "a")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: setattr(one, "flags", ACK) if one.flags & SYN else None, "first SYN"),
        (lambda one: setattr(one, "flags", one.flags | URG), "urgent data"),
        (lambda one: setattr(one, "payload", b"x") if one.flags == SYN else None, "Fast Open"),
    ],
)
def test_what_packets_do_not_tell_is_said(change, words):
    packets = captured(CONVERSATION)
    for _, one in packets:
        change(one)
    with pytest.raises(NoScript, match=words):
        inferring.infer(packets, "server", "It")


def test_a_peer_that_goes_on_after_our_fin_shows_a_shutdown():
    packets = captured(CONVERSATION)
    fin = next(index for index, (_, one) in enumerate(packets) if one.flags & FIN)
    later = captured("120 < P. 501:601(100) ack 102 win 64240")
    script, _ = inferring.best([*packets[: fin + 1], *later], "client", "It")
    assert "shutdown(3, SHUT_WR) = 0" in script


def test_run_writes_the_script_of_a_side(capsys):
    assert main(["run", "handshake", "--to-pkt", "--side", "client"]) == 0
    assert "connect(3, " in capsys.readouterr().out
    assert main(["run", "handshake", "--to-pkt", "--side", "nobody"]) == 2
    assert "no host is called 'nobody'" in capsys.readouterr().err
