"""Files and pipes in scripts: what a stranger's script may open, and what it is told otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpcore.packetdrill.drill import Plan, perform, run_file, run_text
from tcpcore.packetdrill.source import ScriptError, Source

CONNECTED = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
"""


def refusal(text: str, folder: Path | None = None) -> str:
    """The sentence that a script ends in which cannot be run."""
    source = Source(text)
    with pytest.raises(ScriptError) as caught:
        perform(source, folder=folder)
    assert caught.value.unsupported
    return str(caught.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret", "missing", "", "."])
def test_only_files_beside_the_script_are_open_to_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x" * 100)
    folder = tmp_path / "scripts"
    folder.mkdir()
    said = refusal(f'0 open("{name}", O_RDONLY) = 5\n', folder)
    assert "/dev/zero, /dev/null, /dev/urandom, /dev/random, and files beside the script" in said


def test_a_link_that_leads_away_from_the_script_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x" * 100)
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    assert "open() of 'link'" in refusal('0 open("link", O_RDONLY) = 5\n', folder)


def test_a_script_without_a_file_opens_devices_only() -> None:
    assert "open() of 'a'" in refusal('0 open("a", O_RDONLY) = 5\n')
    assert run_text('0 open("/dev/zero", O_RDONLY) = 5\n').passed


@pytest.mark.parametrize("flags", ["O_WRONLY", "O_RDWR", "O_RDONLY|O_CREAT", "O_RDONLY|O_TRUNC"])
def test_nothing_is_written_into(flags: str) -> None:
    assert "to write into it" in refusal(f'0 open("/dev/null", {flags}) = 5\n')


def test_the_bytes_of_a_file_are_not_shown_to_the_script(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("secret")
    script = tmp_path / "script.pkt"
    script.write_text('0 open("data", O_RDONLY) = 5\n+0 read(5, "\\0\\0\\0\\0\\0\\0", 10) = 6\n')
    assert run_file(script).passed


@pytest.mark.kernel
def test_the_kernel_backend_opens_no_more(tmp_path: Path) -> None:
    script = tmp_path / "script.pkt"
    script.write_text('0 open("/etc/hostname", O_RDONLY) = 5\n')
    with pytest.raises(ScriptError, match="without --allow-shell only /dev/zero") as caught:
        run_file(script, Plan("kernel"))
    assert caught.value.unsupported


@pytest.mark.kernel
def test_the_kernel_backend_creates_no_file(tmp_path: Path) -> None:
    script = tmp_path / "script.pkt"
    script.write_text('0 open("new", O_WRONLY|O_CREAT) = 5\n')
    with pytest.raises(ScriptError):
        run_file(script, Plan("kernel"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("pipe([5]) = 0", "two descriptors"),
        ("pipe([5, ...]) = 0", "two numbers"),
        ("sendfile(4, 9, [0], 10) = 10", "descriptor 9"),
        ("sendfile(4, 4, [-1], 10) = 10", "no negative number"),
        ("splice(4, NULL, 4, NULL, -1, 0) = 10", "0 to"),
        ("open(5, O_RDONLY) = 5", "the name of a file"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(call: str, said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        run_text(CONNECTED + f"+0 {call}\n")


def test_a_call_that_is_not_of_a_pipe_is_not_supported() -> None:
    assert "getsockopt() on this descriptor" in refusal(
        "0 pipe([5, 6]) = 0\n+0 getsockopt(5, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n"
    )


def test_a_pipe_without_readers_takes_nothing() -> None:
    assert run_text(
        "0 pipe([5, 6]) = 0\n+0 close(5) = 0\n+0 write(6, ..., 4) = -1 EPIPE (Broken pipe)\n"
    ).passed


def test_sendfile_blocks_until_all_of_it_is_handed_over() -> None:
    text = CONNECTED + (
        '+0 open("/dev/zero", O_RDONLY) = 5\n'
        "+0 setsockopt(4, SOL_SOCKET, SO_SNDBUF, [5000], 4) = 0\n"
        "+0...0.1 sendfile(4, 5, [0], 60000) = 60000\n"
        "+0 > P. 1:10001(10000) ack 1\n"
        "+.1 < . 1:1(0) ack 10001 win 65535\n"
    )
    assert not run_text(text).passed  # 42000 fit into a buffer of 10000: a large packet is filled
    assert run_text(text.replace("60000", "40000").replace("0...0.1", "0")).passed


@pytest.mark.kernel
@pytest.mark.parametrize(
    "call",
    [
        "getsockopt(5, SOL_SOCKET, SO_ERROR, [0], [4]) = 0",
        "recvmsg(5, {msg_name(...)=..., msg_iov(1)=[{...,1}], msg_flags=0}, 0) = 0",
        "accept(5, ..., ...) = 7",
    ],
)
def test_on_the_kernel_such_a_call_is_told_in_a_sentence_too(call: str) -> None:
    with pytest.raises(ScriptError, match="on this descriptor"):
        run_text(f"0 pipe([5, 6]) = 0\n+0 {call}\n", plan=Plan("kernel"))


@pytest.mark.parametrize(
    ("command", "size"),
    [
        ("dd if=/dev/zero of=/tmp/data bs=1k count=3 status=none", 3072),
        ("dd if=/dev/urandom of=/tmp/data bs=1kB count=3", 3000),
        ("dd if=/dev/zero of=/tmp/data count=2", 1024),
        ("truncate -s 5000 /tmp/data", 5000),
        ("fallocate -l 1M /tmp/data", 1 << 20),
    ],
)
def test_a_file_that_the_shell_makes_has_its_size(command: str, size: int) -> None:
    script = f'`{command}`\n{CONNECTED}+0 open("/tmp/data", O_RDONLY) = 5\n'
    assert run_text(script + f"+0 sendfile(4, 5, [{size - 10}], 100) = 10\n").passed
    assert run_text(script + f"+0 sendfile(4, 5, [{size}], 100) = 0\n").passed


@pytest.mark.parametrize(
    "command", ["dd if=/etc/passwd of=/tmp/data", "dd of=/tmp/data", "truncate -s x /tmp/data"]
)
def test_a_file_of_unknown_size_is_not_made(command: str) -> None:
    assert "the shell command" in refusal(f"`{command}`\n{CONNECTED}")
