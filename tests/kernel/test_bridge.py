"""Real programs of this machine talk to an engine host over a TUN device, and the other way."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tcpcore.linux.bridge.services import PATTERN

pytestmark = pytest.mark.kernel

ENGINE = "10.9.0.2"
PATIENCE = 240
"""Seconds: a busy machine is slow, and a bridge that hangs fails all the same."""
BRIDGE = [sys.executable, "-m", "tcpcore", "bridge"]


def bridge(
    *options: str, program: str = "", timeout: float = PATIENCE
) -> subprocess.CompletedProcess[bytes]:
    """Run the command, with a shell line inside."""
    words = ["--", "sh", "-c", program] if program else []
    return subprocess.run(
        [*BRIDGE, *options, *words], capture_output=True, timeout=timeout, check=False
    )


def pattern(size: int) -> bytes:
    return (PATTERN * (size // len(PATTERN) + 1))[:size]


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def need(program: str) -> str:
    """The program, or a skip (in CI a failure) that names it."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"this test needs {program} (`make packages`)")
    return found


@pytest.fixture
def upload(tmp_path: Path) -> tuple[Path, bytes]:
    data = os.urandom(5_000_000)
    (tmp_path / "upload").write_bytes(data)
    return tmp_path / "upload", data


BAD_PATHS = {
    "calm": ([], ""),
    "slow": (["--delay", "20", "--rate", "40"], ""),
    "lossy": (["--delay", "2", "--loss", "2"], ""),
    "reordering": (["--delay", "2", "--reorder", "5", "--rate", "50"], ""),
    "shaped": ([], "tc qdisc add dev tun0 root tbf rate 50mbit burst 10k latency 20ms; "),
    "dropping": (
        ["--delay", "1"],
        "nft add table ip t; nft 'add chain ip t in { type filter hook input priority 0; }'; "
        "nft 'add rule ip t in numgen random mod 100 < 3 drop'; ",
    ),
}


@pytest.mark.parametrize("path", BAD_PATHS)
def test_curl_gets_and_puts_every_byte(path: str, upload: tuple[Path, bytes]) -> None:
    need("curl")
    file, data = upload
    options, setup = BAD_PATHS[path]
    url = f"http://{ENGINE}"
    done = bridge(
        *options,
        program=f"{setup}curl -sS {url}/bytes/5000000 | sha256sum; curl -sS -T {file} {url}/",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [digest(pattern(5_000_000)), b"-", digest(data), b"5000000"]


def test_a_hundred_megabytes_each_way(tmp_path: Path) -> None:
    size = 100_000_000
    data = os.urandom(1_000_000) * 100
    (tmp_path / "big").write_bytes(data)
    url = f"http://{ENGINE}"
    done = bridge(
        program=f"curl -sS -T {tmp_path}/big {url}/; curl -sS {url}/bytes/{size} | sha256sum"
    )
    assert done.stdout.split() == [digest(data), b"100000000", digest(pattern(size)), b"-"]


def test_nc_half_closes_and_gets_everything_back(upload: tuple[Path, bytes]) -> None:
    need("nc")
    file, data = upload
    done = bridge("--loss", "1", program=f"nc -N {ENGINE} 7 < {file} | sha256sum")
    assert done.stdout.split()[0] == digest(data)


def test_discard_and_chargen_and_a_closed_port() -> None:
    need("nc")
    done = bridge(
        program=f"head -c 100000 /dev/zero | nc -N {ENGINE} 9; echo discarded $?; "
        f"nc {ENGINE} 19 < /dev/null | head -c 74; nc -v {ENGINE} 81; echo $?"
    )
    assert done.stdout.startswith(b"discarded 0\n !\"#$%&'()*+,-./0123456789:;<=>?@ABC")
    assert done.stdout.endswith(b"1\n")
    assert b"refused" in done.stderr


@pytest.mark.parametrize("direction", ["", "-R"])
def test_iperf3_measures(direction: str) -> None:
    need("iperf3")
    done = bridge(program=f"iperf3 -c {ENGINE} -t 1 -P 2 -f m {direction}")
    assert done.returncode == 0, done.stdout
    total = re.search(rb"\[SUM\] .* ([\d.]+) Mbits/sec +receiver", done.stdout)
    assert total is not None, done.stdout
    assert float(total[1]) > 5


@pytest.mark.parametrize("option", ["--bidir", "-u"])
def test_iperf3_is_told_what_its_server_cannot_do(option: str) -> None:
    need("iperf3")
    done = bridge(program=f"iperf3 -c {ENGINE} -t 1 {option}")
    assert done.returncode == 1
    assert b"not implemented" in (done.stdout + done.stderr).lower(), done


def test_python_sockets_see_what_linux_would_do() -> None:
    """The engine negotiates SACK, timestamps and scaling; data for nobody is answered by RST."""
    script = """
import socket, struct
c = socket.create_connection(("10.9.0.2", 7)); c.setsockopt(6, 9, 1)
options = c.getsockopt(6, 11, 8)[5]
print(options & 7)
c.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
c.setsockopt(6, socket.TCP_KEEPIDLE, 1); c.setsockopt(6, socket.TCP_KEEPINTVL, 1)
c.setsockopt(6, socket.TCP_KEEPCNT, 1)
import time; time.sleep(2.6)
c.send(b"alive"); print(c.recv(10))
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()
d = socket.create_connection(("10.9.0.2", 80)); d.send(b"nonsense\\r\\n\\r\\n" + b"x" * 200000)
try:
    while d.recv(65536): pass
    for _ in range(100): d.send(b"x"); time.sleep(0.01)
except (ConnectionResetError, BrokenPipeError): print("reset")
"""
    done = bridge(program=f"{sys.executable} -c '{script.replace(chr(39), chr(34))}'")
    assert done.stdout.split() == [b"7", b'b"alive"'.replace(b'"', b"'"), b"reset"], done.stderr


def test_a_syn_in_fragments_is_put_together_and_answered() -> None:
    script = """
import socket, struct
from tcpcore.wire import codec
from tcpcore.wire.segment import SYN, Segment
whole = codec.encode(Segment("10.9.0.1", 40000, "10.9.0.2", 80, SYN, 1, window=1000))
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
back = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
for at in (8, 0):
    more = 0x2000 * (at == 0)
    head = whole[:4] + struct.pack("!HH", 7, at // 8 | more) + whole[8:10] + bytes(2) + whole[12:20]
    out.sendto(head + (whole[20:28] if more else whole[28:]), ("10.9.0.2", 0))
print(codec.decode(back.recv(100)))
"""
    done = bridge(program=f"{sys.executable} -c '{script}'")
    assert b"flags=0x12 seq=" in done.stdout, (done.stdout, done.stderr)
    assert b"ack=2 " in done.stdout


SERVED = """
import hashlib, os, socket, threading
data = os.urandom(300000)
listener = socket.create_server(("10.9.0.1", 2000))

def serve():
    c, _ = listener.accept()
    got = b""
    while part := c.recv(65536): got += part
    c.sendall(hashlib.sha256(got).digest() + got)
    c.close()

threading.Thread(target=serve, daemon=True).start()
c = socket.create_connection(("10.9.0.2", 8000)); c.sendall(data); c.shutdown(socket.SHUT_WR)
back = b""
while part := c.recv(65536): back += part
print(back == hashlib.sha256(data).digest() + data)
try: print(socket.create_connection(("10.9.0.2", 9000)).recv(9))
except ConnectionError: print("reset")
"""


def test_a_forwarded_port_leads_to_a_server_of_the_kernel(tmp_path: Path) -> None:
    """Every byte and the half-close go through the engine twice; a refusal comes back as a RST."""
    (tmp_path / "both.py").write_text(SERVED)
    done = bridge(
        *("--forward", "8000=2000,9000", "--loss", "1", "--services", ""),
        program=f"{sys.executable} {tmp_path}/both.py",
    )
    assert done.stdout.split() == [b"True", b"reset"], done.stderr


def test_a_reset_is_forwarded_as_a_reset(tmp_path: Path) -> None:
    (tmp_path / "both.py").write_text("""
import socket, struct, time
listener = socket.create_server(("10.9.0.1", 2000))
near = socket.create_connection(("10.9.0.2", 2000))
far, _ = listener.accept()
near.sendall(b"bye"); print(far.recv(9))
near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); near.close()
try: print(far.recv(9))
except ConnectionResetError: print("reset")
""")
    done = bridge("--forward", "2000", program=f"{sys.executable} {tmp_path}/both.py")
    assert done.stdout.split() == [b"b'bye'", b"reset"], done.stderr


def test_an_idle_listener_is_pinged() -> None:
    need("ping")
    done = bridge("--delay", "10", program=f"ping -c 2 -i 0.2 {ENGINE}")
    assert b"2 received" in done.stdout
    times = [float(one) for one in re.findall(rb"time=([\d.]+)", done.stdout)]
    assert all(20 <= time < 60 for time in times)


def test_the_engine_fetches_from_a_real_nginx(tmp_path: Path, upload: tuple[Path, bytes]) -> None:
    nginx = need("nginx")
    file, data = upload
    os.chmod(tmp_path, 0o755)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; user root; pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path};"
        f" server {{ listen 8080; root {file.parent}; }} }}\n"
    )
    saved = tmp_path / "saved"
    done = bridge(
        *("--loss", "1", "--delay", "2", "--fetch", "http://10.9.0.1:8080/upload"),
        *("--save", str(saved)),
        program=f"exec {nginx} -c {tmp_path}/nginx.conf",
    )
    assert done.returncode == 0, done.stderr
    assert saved.read_bytes() == data
    assert done.stdout.split()[-1] == digest(data)


def test_a_fetch_that_fails_says_why_and_saves_nothing(tmp_path: Path) -> None:
    done = bridge(
        *("--fetch", "http://10.9.0.1:8080/", "--save", str(tmp_path / "saved")), program="exit 3"
    )
    assert done.returncode == 1
    assert done.stderr == (
        b"tcpcore bridge: cannot fetch http://10.9.0.1:8080/: "
        b"the program ended before it was fetched.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_browser_reads_the_greeting() -> None:
    chromium = need("chromium")
    done = bridge(
        program=f"{chromium} --headless --no-sandbox --disable-gpu --dump-dom http://{ENGINE}/"
    )
    assert b"a TCP that is written in Python" in done.stdout


def test_the_capture_has_what_passed_the_device(tmp_path: Path) -> None:
    from tcpcore.observe.explain import explain

    file = tmp_path / "bridge.pcap"
    done = bridge("--pcap", str(file), program=f"curl -sS http://{ENGINE}/bytes/100000 | wc -c")
    assert done.stdout.split() == [b"100000"]
    [connection] = explain(str(file)).connections
    assert [end.socket for end in connection.ends][1] == f"{ENGINE}:80"
    assert sum(len(one.packet.data) for one in connection.segments) > 100_000


# --- the command itself ---------------------------------------------------------------------------


@pytest.fixture
def open_bridge(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    options: list[str] = getattr(request, "param", [])
    program = subprocess.Popen(
        [*BRIDGE, *options],
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's & ignores it
    )
    yield program
    program.kill()
    program.wait()


def read_until(program: subprocess.Popen[str], part: str) -> str:
    assert program.stdout is not None
    for line in program.stdout:
        if part in line:
            return line
    raise AssertionError(f"the bridge never said {part!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_clears_up(open_bridge: subprocess.Popen[str], number: signal.Signals) -> None:
    words = read_until(open_bridge, "nsenter").split()[3:]
    namespace = os.readlink(words[1].removeprefix("--net="))
    answer = subprocess.run(words, capture_output=True, timeout=PATIENCE, check=True)
    assert b"Hello" in answer.stdout
    open_bridge.send_signal(number)
    assert open_bridge.wait(10) == 130
    left = [entry for entry in Path("/proc").glob("[0-9]*/ns/net") if _link(entry) == namespace]
    assert left == []


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


@pytest.mark.parametrize("open_bridge", [["--player"]], indirect=True)
def test_the_player_shows_the_run_while_it_goes_on(open_bridge: subprocess.Popen[str]) -> None:
    import json

    url = read_until(open_bridge, "The player is at").split()[-1]
    words = read_until(open_bridge, "nsenter").split()[3:]
    with urlopen(url) as page:
        assert b'data-figure="player"' in page.read()
    subprocess.run(words, capture_output=True, timeout=PATIENCE, check=True)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with urlopen(f"{url}document.json?have=-1") as answer:
            run = json.load(answer)["document"]
        if len(run["segments"]) >= 8:
            break
        time.sleep(0.2)
    assert [host["name"] for host in run["hosts"]] == ["kernel", "engine"]
    assert run["segments"][0]["label"].startswith("SYN")
    assert any(step["transitions"] for step in run["steps"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--loss", "101"], "--loss is a percentage and takes 0 to 100."),
        (["--address", "engine"], "--address takes an IPv4 or IPv6 address, not 'engine'."),
        (["--address", "10.9.0.300"], "--address: 10.9.0.300 is no address."),
        (
            ["--peer", "224.0.0.1"],
            "--peer: 224.0.0.1 is no address that a host on a link can have.",
        ),
        (["--address", "127.0.0.1"], "--address: 127.0.0.1 is no address that a host on a link"),
        (["--fetch", "http://name/"], "--fetch takes an IPv4 or IPv6 address, not 'name'."),
        (
            ["--fetch", "http://[::1]/"],
            "--fetch: ::1 is no address that a host on a link can have.",
        ),
        (["--address", "10.9.0.1"], "cannot share a name or an address"),
        (["--services", "ftp"], "There is no service 'ftp'"),
        (["--set", "tcp_sack"], "--set takes SYSCTL=VALUE, not 'tcp_sack'."),
        (["--fetch", "https://10.9.0.1/"], "--fetch takes http://ADDRESS[:PORT]/PATH"),
        (["--save", "x"], "--save says where --fetch writes"),
        (["--profile", "windows"], "windows"),
        (["--forward", "ssh"], "--forward takes PORT or PORT=PORT from 1 to 65535, not 'ssh'."),
        (["--forward", "1=65536"], "from 1 to 65535, not '1=65536'."),
        (["--forward", "22,22"], "--forward has port 22 twice."),
        (["--forward", "80"], "--forward: port 80 is that of http; see --services."),
        (["--mtu", "10"], "--mtu takes 68 to 65535 bytes, not 10."),
        (["--delay", "nan"], "--delay takes milliseconds from 0 on."),
        (["--rate", "0"], "--rate takes Mbit/s above 0."),
        (["--pcap", "/nowhere/x"], "Cannot write /nowhere/x: No such file or directory."),
        (["--", "no-such-program"], "Cannot run no-such-program: No such file or directory."),
    ],
)
def test_mistakes_are_one_sentence(options: list[str], sentence: str) -> None:
    done = bridge(*options, timeout=PATIENCE)
    assert done.returncode == 2, done
    text = done.stderr.decode()
    assert sentence in text
    assert text.count("\n") == 1


def test_the_programs_exit_code_is_the_commands() -> None:
    assert bridge(program="exit 7").returncode == 7
    assert bridge(program="kill -9 $$").returncode == 137
