"""The command line of a virtual host: programs, options, pipes, and what it says of mistakes."""

from __future__ import annotations

from typing import Any

import pytest

import tcpcore
from tcpcore import Network, UsageError, ms, seconds
from tcpcore.host.stack import Host
from tcpcore.observe import nc

PORT = 8888


async def serve(host: Host) -> None:
    listener = host.socket().bind(PORT).listen(2)
    connection = await listener.accept()
    await connection.recv(100)
    await connection.send(bytes(3000))
    await host.pause()
    await connection.close()


async def fetch(host: Host) -> None:
    connection = host.socket()
    await connection.connect("10.0.0.2", PORT)
    await connection.send(bytes(100))
    await host.sleep(ms(500))
    await connection.recv(1000)
    await host.pause()
    await connection.close()


def network(**options: Any) -> tuple[Network, Host, Host]:
    net = Network(**options)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(20))
    server.spawn(serve)
    client.spawn(fetch)
    return net, client, server


@pytest.fixture
def client() -> Host:
    net, client, _ = network()
    net.run(until=seconds(2))
    return client


@pytest.fixture
def server() -> Host:
    net, _, server = network()
    net.run(until=seconds(2))
    return server


def test_a_host_has_a_shell_and_so_has_the_package(client: Host):
    assert client.sh("ss -tan") == tcpcore.sh(client, "ss -tan")
    assert "ESTAB" in client.sh("ss -tan")


def test_looking_changes_nothing(client: Host):
    before = client.snapshot()
    for command in ("ss -tanoip", "netstat -atnpo", "cat /proc/net/tcp", "lsof -i", "tcpdump -nv"):
        assert client.sh(command) == client.sh(command)
    assert client.snapshot() == before


def test_pipes_lead_into_grep_head_tail_and_wc(server: Host):
    assert server.sh("ss -tan | grep LISTEN | wc -l") == "1\n"
    assert server.sh("ss -tan | grep -v State | wc -l") == "2\n"
    assert server.sh("ss -tan | grep -c -i estab") == "1\n"
    assert server.sh("ss -tan | head -n 1").startswith("State")
    assert server.sh("ss -tan | head -1") == server.sh("ss -tan | head -n1")
    assert "ESTAB" in server.sh("ss -tan | tail -n 1")
    assert server.sh("ss -tan | tail -n 0") == ""
    assert server.sh("ss -tan | grep 'LISTEN|ESTAB' | wc -l") == "2\n"


def test_ss_shows_who_holds_a_socket_and_what_lies_in_its_queues(client: Host):
    line = client.sh("ss -Htanp")
    assert line.split()[:3] == ["ESTAB", "2000", "0"]
    assert 'users:(("fetch",pid=1001,fd=3))' in line


def test_ss_without_a_trace_shows_what_the_connection_knows_by_itself():
    net, client, _ = network(traced=False)
    net.run(until=seconds(2))
    text = client.sh("ss -ti")
    assert "cwnd:10" in text
    assert "segs_out:6" in text
    with pytest.raises(UsageError, match="keeps no trace"):
        client.sh("tcpdump -n")


def test_ss_writes_rates_short_unless_asked_for_numbers(client: Host):
    assert "send 2.9Mbps" in client.sh("ss -ti")
    assert "send 2896000bps" in client.sh("ss -tin")


def test_a_host_without_power_runs_nothing(client: Host):
    client.crash()
    with pytest.raises(UsageError, match="client has no power: no program runs there"):
        client.sh("ss -tan")


def test_ss_on_one_line_with_O(client: Host):
    assert len(client.sh("ss -tOi").splitlines()) == 2
    assert len(client.sh("ss -ti").splitlines()) == 3


def test_nstat_shows_what_moved_since_it_was_last_asked(client: Host):
    assert "TcpActiveOpens                  1                  0.0\n" in client.sh("nstat")
    assert client.sh("nstat") == "#kernel\n"
    assert "TcpActiveOpens " in client.sh("nstat -a")
    assert client.sh("nstat -z TcpExtListenDrops").splitlines()[1].split()[1] == "0"
    assert client.sh("nstat -s -a Tcp*Opens | wc -l") == "2\n"


def test_nstat_remembers_each_host_by_itself():
    net, client, server = network()
    net.run(until=seconds(2))
    client.sh("nstat")
    assert "TcpPassiveOpens" in server.sh("nstat")


def test_sysctl_changes_the_host(client: Host):
    assert client.sh("sysctl net.ipv4.tcp_syn_retries=3") == "net.ipv4.tcp_syn_retries = 3\n"
    assert client.sysctl.tcp_syn_retries == 3
    assert client.sh("sysctl -qw net.ipv4.tcp_syn_retries=4") == ""
    assert client.sh("cat /proc/sys/net/ipv4/tcp_syn_retries") == "4\n"


def test_tcpdump_shows_a_lost_segment_at_its_sender_only():
    net, client, server = network()
    net.drop_segments([0])
    net.run(until=ms(900))
    assert client.sh("tcpdump -n | wc -l") == "1\n"
    assert server.sh("tcpdump -n | wc -l") == "0\n"


def test_tcpdump_times_and_counts_as_asked(client: Host):
    lines = client.sh("tcpdump -tt -n -c 3").splitlines()
    assert [line.split()[0] for line in lines] == ["0.000000", "0.040000", "0.040000"]
    assert client.sh("tcpdump -t -n -c 1").startswith("IP 10.0.0.1.")
    assert client.sh("tcpdump -nttt -c 2").splitlines()[1].startswith(" 00:00:00.040000 IP")
    assert " eth0  In  IP 10.0.0.2.8888 >" in client.sh("tcpdump -i any src port 8888")


def test_iptables_and_dmesg_are_the_hosts_own(client: Host):
    assert client.sh("iptables -A INPUT -p tcp --dport 80 -j DROP") == ""
    assert "dpt:80" in client.sh("iptables -L -n")
    client.log("TCP: something happened")
    assert client.sh("dmesg") == f"[    {client.now / 1e6:.6f}] TCP: something happened\n"


def test_nc_lets_time_run_until_it_is_done(client: Host):
    before = client.now
    assert client.sh("nc -nvz 10.0.0.2 8888") == (
        "Connection to 10.0.0.2 8888 port [tcp/*] succeeded!\n"
    )
    assert ms(40) <= client.now - before <= ms(42)
    assert client.sh("nc -vz 10.0.0.2 80") == (
        "nc: connect to 10.0.0.2 port 80 (tcp) failed: Connection refused\n"
    )
    assert client.sh("nc -z 10.0.0.2 8888") == ""


def test_nc_gives_up_when_nobody_answers():
    net, client, server = network()
    net.links[0].drop(to=server)
    assert client.sh("nc -vz 10.0.0.2 80") == (
        "nc: connect to 10.0.0.2 port 80 (tcp) failed: Connection timed out\n"
    )
    assert client.sh("nc -vz -w 2 10.0.0.2 80") == (
        "nc: connect to 10.0.0.2 port 80 (tcp) timed out: Operation now in progress\n"
    )


def test_nc_prints_what_a_server_says():
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(20))

    async def greet(host: Host) -> None:
        connection = await host.socket().bind(22).listen(2).accept()
        await connection.send(b"SSH-2.0-OpenSSH_9.6\r\n")
        await connection.close()

    server.spawn(greet)
    assert client.sh("nc -v 10.0.0.2 22") == (
        "Connection to 10.0.0.2 22 port [tcp/ssh] succeeded!\nSSH-2.0-OpenSSH_9.6\r\n"
    )


def test_nc_in_the_middle_of_a_run_is_an_application():
    net, client, _ = network()
    application, lines = nc.client("-vz 10.0.0.2 8888")
    client.spawn(application)
    net.run(until=seconds(1))
    assert lines == ["Connection to 10.0.0.2 8888 port [tcp/*] succeeded!\n"]


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("nc -vz 10.0.0.2 8888 | wc -l", "1\n"),
        ("nc -vz 10.0.0.2 8888 | grep refused", ""),
        ("ss -ltn | wc -l", "1\n"),
        ("ss 'tan", 'The command "ss \'tan" has an open quote (No closing quotation).'),
        ("nc '10.0.0.2", 'The command "nc \'10.0.0.2" has an open quote (No closing quotation).'),
    ],
)
def test_an_application_may_look_through_pipes_and_is_told_of_mistakes(command: str, printed: str):
    net, client, _ = network()
    said: list[str] = []

    async def look(host: Host) -> None:
        try:
            said.append(await host.look(command))
        except UsageError as error:
            said.append(str(error))

    client.spawn(look)
    net.run(until=seconds(1))
    assert said == [printed]


def test_nc_as_a_command_cannot_wait_inside_an_application():
    net = Network()
    client = net.host("client", "10.0.0.1")
    said: list[str] = []

    async def ask(host: Host) -> None:
        try:
            host.sh("nc -vz 10.0.0.2 80")
        except UsageError as error:
            said.append(str(error))

    client.spawn(ask)
    net.run(until=seconds(1))
    assert said == ["nc: an application cannot wait for it here: spawn nc.client(...)."]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("sl", "sl: no such program here; there are cat, dmesg, iptables, lsof, nc"),
        ("", "lacks a program"),
        ("ss -tan |", "lacks a program"),
        ("ss 'tan", "open quote"),
        ("ss -tan | sort", "no such program behind a pipe; there are grep, head, tail, wc"),
        ("ss -taQ", "ss: unknown option -Q; known ones are -t -a -l -n"),
        ("ss --foo", "ss: unknown option --foo; known ones are"),
        ("ss -tan state foo", "ss: unknown state 'foo'; known ones are established, syn-sent"),
        ("ss -tan state", "ss: state needs a state"),
        ("ss -tan sprot = :80", "ss: unknown filter 'sprot'; known words are sport"),
        ("ss -tan sport = :http", "ss: a port is a number from 0 to 65535, not 'http'"),
        ("ss -tan dst foo", "ss: an address or network such as 10.0.0.0/8, not 'foo'"),
        ("ss -tan dst", "ss: the filter ends where a value for dst should stand"),
        ("ss -tan '( dst 10.0.0.1'", "ss: the filter ends where ')' should stand"),
        ("netstat -Q", "netstat: unknown option -Q; known ones are -t -a -l"),
        ("nstat -Q", "nstat: unknown option -Q"),
        ("lsof", "lsof: a virtual host has sockets only"),
        ("lsof -i :http", "lsof: ports are numbers"),
        ("lsof -iUDP", "lsof: -i takes [4][TCP][@address][:port]"),
        ("lsof -i -sTCP:FOO", "lsof: -s takes TCP: and states, not 'TCP:FOO'; known ones are"),
        ("nc 10.0.0.2", "nc: it takes an address and a port"),
        ("nc -l 80", "nc: unknown option -l; known ones are -v -z -n -w"),
        ("sysctl", "sysctl: which variable?"),
        ("sysctl net.ipv4.tcp_syn_retry", "did you mean net.ipv4.tcp_syn_retries"),
        ("sysctl tcp_syn_retries", "did you mean net.ipv4.tcp_syn_retries"),
        ("sysctl -w net.ipv4.tcp_syn_retries", "sysctl: -w takes NAME=VALUE"),
        ("sysctl net.ipv4.tcp_syn_retries=999", "takes a number from 1 to 127, not 999"),
        ("cat /etc/passwd", "cat: there is no file '/etc/passwd' on a virtual host"),
        ("tcpdump -Q in", "tcpdump: unknown option -Q; known ones are -n -S -v -t"),
        ("tcpdump -c many", "tcpdump: -c takes a whole number, not 'many'"),
        ("tcpdump -c", "tcpdump: -c needs a value"),
        ("tcpdump -i wlan0", "tcpdump: no interface 'wlan0'; there are any, eth0, lo"),
        ("tcpdump hots 10.0.0.1", "known words: host, net, port"),
        ("dmesg -T", "dmesg: it takes no argument"),
        ("ss -tan | grep", "grep: it takes one pattern"),
        ("ss -tan | grep '('", "grep: the pattern '(' makes no sense"),
        ("ss -tan | wc", "wc: only -l"),
    ],
)
def test_what_is_not_known_is_one_sentence_that_says_what_is(client: Host, command: str, part: str):
    with pytest.raises(UsageError) as caught:
        client.sh(command)
    assert part in str(caught.value)
    assert str(caught.value)[-1] in ".?"
    assert "\n" not in str(caught.value)


def test_behind_a_router_that_shares_its_address_each_side_sees_its_own():
    net = Network()
    inside, outside = net.host("client", "192.168.1.10"), net.host("server", "203.0.113.5")
    router = net.router("home", "203.0.113.1")
    net.link(inside, router, delay=ms(5))
    net.link(router, outside, delay=ms(5))
    router.masquerade("192.168.1.0/24")

    async def ask(host: Host) -> None:
        connection = host.socket()
        await connection.connect("203.0.113.5", PORT)
        await connection.send(bytes(10))
        await host.pause()

    outside.spawn(serve)
    inside.spawn(ask)
    net.run(until=seconds(1))
    assert " IP 192.168.1.10." in inside.sh("tcpdump -n -c 1")
    assert " IP 203.0.113.1." in outside.sh("tcpdump -n -c 1")
    assert "ttl 64" in inside.sh("tcpdump -nv -c 1")
    assert "ttl 63" in outside.sh("tcpdump -nv -c 1")
    assert inside.sh("tcpdump -n dst host 192.168.1.10 | wc -l") != "0\n"
    assert "bytes_received:10 " in outside.sh("ss -ti")
    assert " data_segs_in:1 " in outside.sh("ss -ti")


SUMMARY = [
    "Total: 2",
    "TCP:   2 (estab 1, closed 0, orphaned 0, timewait 0)",
    "",
    "Transport Total     IP        IPv6",
    "RAW\t  0         0         0        ",
    "UDP\t  0         0         0        ",
    "TCP\t  2         2         0        ",
    "INET\t  2         2         0        ",
    "FRAG\t  0         0         0        ",
    "",
]


def test_ss_s_counts_sockets_by_kind(server: Host):
    assert server.sh("ss -s").splitlines() == SUMMARY
    assert server.sh("cat /proc/net/sockstat").splitlines()[:2] == [
        "sockets: used 2",
        "TCP: inuse 2 orphan 0 tw 0 alloc 2 mem 0",
    ]


def test_ss_s_counts_time_wait_and_its_like_apart_and_among_the_closed_ones():
    net, _, server = network()
    net.run(until=seconds(2))
    server.processes[0].kill()
    net.run(until=seconds(3))
    assert "FIN-WAIT-2" in server.sh("ss -tan")
    assert "TCP:   1 (estab 0, closed 1, orphaned 0, timewait 1)" in server.sh("ss -s")


def test_u_changes_the_columns_and_hides_tcp_when_it_stands_alone(server: Host):
    assert server.sh("ss -tuln").splitlines()[0].startswith("Netid State")
    assert server.sh("ss -tuln").splitlines()[1].startswith("tcp   LISTEN")
    assert server.sh("ss -uan").splitlines()[0].startswith("State")
    assert len(server.sh("ss -uan").splitlines()) == 1
    assert server.sh("netstat -tulpn") == server.sh("netstat -tlpn")
    assert len(server.sh("netstat -uln").splitlines()) == 2
