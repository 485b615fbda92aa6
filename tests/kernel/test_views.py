"""What the tools show of the engine's hosts, beside what the real ones show of the kernel's."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore import Network, sysctl
from tcpcore.linux.namespace import Namespace
from tcpcore.linux.world import KernelNetwork
from tcpcore.observe import nstat
from tcpcore.units import ms, seconds
from tests.kernel.views import (
    PORT,
    RTT,
    SERVER,
    TOLERANCE,
    Story,
    counters,
    differences,
    infos,
    masked,
    masked_lsof,
    masked_proc,
    masked_summary,
    play,
    timers,
)

pytestmark = pytest.mark.kernel

TABLES = (
    "ss -tan",
    "ss -ant",
    "ss -tn",
    "ss -4",
    "ss -lnt",
    "ss -tano",
    "ss -tanp",
    "ss -tanoe",
    "ss -Htan",
    "ss -tuan",
    "ss -uan",
    "ss -s",
    "ss -tan state established",
    "ss -H -tan state time-wait",
    "ss -tan state connected",
    "ss -tan exclude listening",
    f"ss -tan sport = :{PORT}",
    f"ss -tan 'dport = :{PORT} or src 10.0.0.0/24'",
    f"ss -tan not dst {SERVER}",
    "netstat -atn",
    "netstat -tn",
    "netstat -lnt",
    "netstat -tuln",
    "netstat -uan",
    "netstat -tano",
    "netstat -atnp",
    "netstat -atnpo",
)
INSIDE = ("ss -tani", "ss -tanoi", "cat /proc/net/tcp", "lsof -nP -iTCP", "netstat -st", "nstat -a")
STATES = ("ss -tanoe", "netstat -tano")
QUICK = ("ss -tanoi", "ss -tanoe", "netstat -tano", "cat /proc/net/tcp")


ATTEMPTS = 3
"""A busy machine may hold up the wire, and then the kernel answers to that."""


def compare(story: Story, until: int) -> None:
    """Fail, with all that differs, unless both show the same."""
    found: list[str] = []
    for _ in range(ATTEMPTS):
        engine, kernel = play(story, until)
        assert engine.keys() == kernel.keys()
        found = []
        for place, ours in engine.items():
            found += [f"{place}: {what}" for what in differing(place[2], ours, kernel[place])]
        if not found:
            return
    raise AssertionError("\n".join(found))


def differing(command: str, ours: str, theirs: str) -> list[str]:
    """Sentences about what differs between two outputs of one command."""
    if command.startswith("nstat") or command == "netstat -st":
        return counters(command, ours, theirs)
    found = []
    if command == "ss -s":
        ours, theirs = masked_summary(ours), masked_summary(theirs)
    if command.startswith("cat"):
        if masked_proc(ours) != masked_proc(theirs):
            found.append(f"\n{ours}-- the kernel:\n{theirs}")
    elif command.startswith("lsof"):
        if masked_lsof(ours) != masked_lsof(theirs):
            found.append(f"\n{ours}-- the kernel:\n{theirs}")
    elif "i" in command.split()[1] if command.startswith("ss -") else False:
        left, right = infos(ours), infos(theirs)
        if left.keys() != right.keys():
            found.append(f"{sorted(left)}, the kernel's {sorted(right)}")
        else:
            found += [what for one in left for what in differences(left[one], right[one])]
    elif masked(ours) != masked(theirs):
        found.append(f"\n{ours}-- the kernel:\n{theirs}")
    pairs = zip(timers(ours), timers(theirs), strict=True)
    if not found and any(abs(our - their) > TOLERANCE + their / 8 for our, their in pairs):
        found.append(f"times {timers(ours)}, the kernel's {timers(theirs)}")
    return found


async def receive(socket: Any, size: int) -> None:
    while size > 0:
        size -= len(await socket.recv(3000))


def test_a_connection_open_at_both_ends_looks_alike_in_every_window():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        async def serve(host: Any) -> None:
            listener = host.socket().bind(PORT).listen(2)
            connection = await listener.accept()
            await connection.recv(100)
            await connection.send(bytes(5000))
            await host.pause()
            await connection.close()

        async def fetch(host: Any) -> None:
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            await connection.send(bytes(100))
            await receive(connection, 5000)
            await host.sleep(ms(300))
            for one in (client, server):
                look("open", one, *INSIDE, *TABLES)
            await host.pause()
            await connection.close()

        server.spawn(serve)
        client.spawn(fetch)

    compare(story, until=seconds(4))


def test_a_close_looks_alike_from_half_closed_to_time_wait():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        async def serve(host: Any) -> None:
            connection = await host.socket().bind(PORT).listen(2).accept()
            await host.sleep(ms(600))
            look("fin unread", host, *QUICK)
            await connection.recv(10)
            await host.sleep(ms(300))
            look("fin read", host, *QUICK)
            await connection.close()
            await host.pause()

        async def leave(host: Any) -> None:
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            connection.shutdown("write")
            await host.sleep(ms(400))
            look("half closed", host, *QUICK, "lsof -i")
            await host.sleep(ms(1200))
            look("waiting", host, *QUICK, *TABLES, "lsof -i", "nstat -a")

        server.spawn(serve)
        client.spawn(leave)

    compare(story, until=seconds(6))


def test_an_orphan_in_fin_wait_2_and_connections_not_accepted_look_alike():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        async def serve(host: Any) -> None:
            host.socket().bind(PORT).listen(4)
            await host.sleep(ms(900))
            look("queued", host, *QUICK, "ss -lnt", "ss -tanp", "netstat -atnp", "lsof -i")
            await host.pause()

        async def leave(host: Any) -> None:
            for number in range(3):
                connection = host.socket()
                await connection.connect(SERVER, PORT)
                await connection.send(bytes(number + 1))
                await connection.close()
            await host.sleep(ms(500))
            look("orphans", host, *QUICK, "ss -tan state fin-wait-2", "netstat -atnp")

        server.spawn(serve)
        client.spawn(leave)

    compare(story, until=seconds(4))


def test_a_syn_and_a_request_on_their_way_look_alike_with_their_timers():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        link.drop(to=client)

        async def serve(host: Any) -> None:
            host.socket().bind(PORT).listen(4)
            await host.sleep(ms(500))
            look("first", host, *QUICK)
            link.drop(to=server)  # or the SYN that comes again races with the timer
            await host.sleep(ms(1200))
            look("again", host, *QUICK, "nstat -a")
            await host.pause()

        async def ask(host: Any) -> None:
            await host.socket().connect(SERVER, PORT)

        async def watch(host: Any) -> None:
            await host.sleep(ms(500))
            look("first", host, "ss -tano", "netstat -tano", "ss -tan state syn-sent")
            await host.sleep(ms(1200))
            look("again", host, "ss -tano", "netstat -tano")

        server.spawn(serve)
        client.spawn(ask)
        client.spawn(watch)

    compare(story, until=seconds(4))


def test_data_unread_and_data_unacknowledged_look_alike():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        async def serve(host: Any) -> None:
            connection = await host.socket().bind(PORT).listen(4).accept()
            await host.sleep(ms(500))
            look("unread", host, *QUICK, "ss -tan", "netstat -tn")
            link.drop(to=client)
            await connection.send(bytes(1000))
            await host.sleep(ms(2300))
            look("unacknowledged", host, "ss -tano", "netstat -tano", "ss -tan", "netstat -tn")
            await connection.close()
            await host.pause()

        async def talk(host: Any) -> None:
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            await connection.send(bytes(6000))
            await host.pause()
            await connection.close()

        server.spawn(serve)
        client.spawn(talk)

    compare(story, until=seconds(5))


def test_nc_says_what_the_real_one_says():
    commands = [
        f"nc -vz {SERVER} {PORT}",
        f"nc -nvz {SERVER} {PORT}",
        f"nc -z {SERVER} {PORT}",
        f"nc -vz {SERVER} 81",
        "nc -v -z -w 1 10.0.0.2 9999",
    ]
    answers: list[list[str]] = []
    for network in (Network(), KernelNetwork()):
        client, server = network.host("client", "10.0.0.1"), network.host("server", SERVER)
        link = network.link(client, server, delay=RTT // 2)

        async def serve(host: Any) -> None:
            host.socket().bind(PORT).listen(9)
            await host.pause()

        server.spawn(serve)
        said: list[str] = []
        answers.append(said)
        if isinstance(network, Network):
            network.run(until=ms(10))
            said += [client.sh(command) for command in commands[:-1]]
            link.drop(to=server)
            said.append(client.sh(commands[-1]))
            continue

        async def ask(host: Any, said: list[str] = said, link: Any = link) -> None:
            said += [host.sh(command) for command in commands[:-1]]
            link.drop(to=server)  # noqa: B023 - called while it runs
            said.append(host.sh(commands[-1]))

        client.spawn(ask)
        network.run(until=seconds(5))
    assert answers[0] == answers[1]


def test_sysctl_prints_the_kernels_names_and_values_as_the_real_one_does():
    host = Network().host("client", "10.0.0.1")
    namespace = Namespace()
    machine_made = {"tcp_max_syn_backlog", "tcp_max_tw_buckets", "tcp_rmem", "tcp_wmem"}
    machine_made |= {"tcp_congestion_control"}
    network = KernelNetwork()
    kernel = network.host("client", "10.0.0.1")
    names = [sysctl.full_name(name) for name in sysctl.names() if name not in machine_made]
    for command in (f"sysctl {' '.join(names)}", f"sysctl -n {' '.join(names)}"):
        assert host.sh(command).splitlines() == kernel.sh(command).splitlines()
    for command in (
        "sysctl -w net.ipv4.tcp_syn_retries=3",
        "sysctl net.ipv4.tcp_rmem='4096 100000 200000'",
        "sysctl net.ipv4.tcp_rmem net/ipv4/tcp_syn_retries",
        "cat /proc/sys/net/ipv4/tcp_rmem",
        "sysctl -a | grep -c ipv4.tcp_syn_retries",
    ):
        assert host.sh(command) == kernel.sh(command)
    namespace.close()
    network.close()


def test_every_counter_that_nstat_lists_is_one_of_this_kernel():
    network = KernelNetwork()
    kernel = network.host("client", "10.0.0.1")
    theirs = {line.split()[0] for line in kernel.sh("nstat -az").splitlines()[1:]}
    network.close()
    assert set(nstat.NAMES) <= theirs


def test_a_silent_peer_and_a_shut_window_show_their_timers_alike():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        async def serve(host: Any) -> None:
            listener = host.socket().bind(PORT).listen(4)
            first = await listener.accept()
            second = await listener.accept()
            await host.sleep(ms(1500))
            look("kept", host, "ss -tano")
            await host.pause()
            await first.close()
            await second.close()

        async def stay(host: Any) -> None:
            quiet = host.socket().setsockopt("SO_KEEPALIVE", 1).setsockopt("TCP_KEEPIDLE", 100)
            await quiet.connect(SERVER, PORT)
            busy = host.socket()
            await busy.connect(SERVER, PORT)
            await busy.send(bytes(100_000))
            await host.sleep(ms(1200))
            look("kept", host, "ss -tano", "netstat -tano")
            await host.pause()

        server.spawn(serve)
        client.spawn(stay)

    compare(story, until=seconds(4))


def test_a_syn_on_its_way_shows_the_same_variables():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        link.drop(to=server)

        async def ask(host: Any) -> None:
            await host.socket().connect(SERVER, PORT)

        async def watch(host: Any) -> None:
            await host.sleep(ms(400))
            look("first", host, *QUICK)

        client.spawn(ask)
        client.spawn(watch)

    compare(story, until=seconds(2))


def test_fins_that_nobody_acknowledges_look_alike():
    def story(client: Any, server: Any, link: Any, look: Any) -> None:
        async def serve(host: Any) -> None:
            connection = await host.socket().bind(PORT).listen(2).accept()
            await connection.recv(10)
            await host.sleep(ms(200))
            link.drop(to=client)
            await connection.close()
            await host.sleep(ms(500))
            look("last ack", host, *STATES, "lsof -i", "netstat -atnp")
            await host.pause()

        async def leave(host: Any) -> None:
            first, second = host.socket(), host.socket()
            await first.connect(SERVER, PORT)
            await second.connect(SERVER, PORT)
            first.shutdown("write")
            await host.sleep(ms(400))  # by now nothing comes back any more
            await second.close()
            await host.sleep(ms(500))
            look("fin wait", host, *STATES, "lsof -i", "ss -tan state fin-wait-1")
            await host.pause()
            await first.close()

        server.spawn(serve)
        client.spawn(leave)

    compare(story, until=seconds(3))
