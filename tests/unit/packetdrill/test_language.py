"""What scripts in the wild write besides: old Python, formats, words for digests, options."""

from __future__ import annotations

import pytest

from tcpcore.packetdrill.drill import run_text
from tcpcore.packetdrill.source import ScriptError

SERVER = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.02 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
"""


def said(code: str) -> list[str]:
    """What code in a script prints."""
    return run_text(SERVER + f"+0 %{{ {code} }}%\n").remarks


def test_print_may_be_a_statement_as_in_python_2() -> None:
    assert any("cwnd 10" in remark for remark in said('print "cwnd", tcpi_snd_cwnd'))


def test_print_may_name_a_stream_after_an_import() -> None:
    code = "\nimport sys\nprint(tcpi_snd_cwnd, file=sys.stderr)\n"
    assert any("10" in remark for remark in said(code))


def test_a_format_fills_in_numbers() -> None:
    assert any("cwnd=10!" in remark for remark in said('print("cwnd=%d!" % tcpi_snd_cwnd)'))


def test_a_format_that_is_very_wide_is_refused() -> None:
    with pytest.raises(ScriptError, match="at most 99 wide"):
        said('print("%999999999d" % tcpi_snd_cwnd)')


def test_a_loop_goes_through_what_it_is_given() -> None:
    code = "\nfor n in (tcpi_lost, tcpi_sacked):\n    assert n == 0\nprint(n, sum(range(4)))\n"
    assert any("0 6" in remark for remark in said(code))


def test_names_in_a_row_take_values_in_a_row() -> None:
    code = "\na, (b, c) = 1, (2, 3)\nfor name, n in (('x', a), ('y', b + c)):\n    print(name, n)\n"
    remarks = " ".join(said(code))
    assert "x 1" in remarks
    assert "y 5" in remarks


def test_too_few_values_for_names_in_a_row_are_said() -> None:
    with pytest.raises(ScriptError, match="2 names for a row of 1"):
        said("a, b = 1,")


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("\nfor n in range(1001):\n    pass\n", "a range has at most 1000 numbers"),
        (
            "\nfor n in range(1000):\n    for m in range(11):\n        pass\n",
            "the loops of this script do not end",
        ),
    ],
)
def test_loops_that_would_last_are_refused(code: str, problem: str) -> None:
    with pytest.raises(ScriptError, match=problem):
        said(code)


@pytest.mark.parametrize("field", ["tcpi_rehash", "tcpi_last_ack_sent", "SK_MEMINFO_RMEM_ALLOC"])
def test_code_sees_every_field_that_the_kernel_tells(field: str) -> None:
    assert run_text(SERVER + f"+0 %{{ assert {field} == 0 }}%\n").passed


@pytest.mark.parametrize("digest", ["...", "valid", "invalid", "00" * 16])
def test_a_digest_may_be_left_open_because_nobody_has_the_key(digest: str) -> None:
    signed = f"+.01 < P. 1:11(10) ack 1 win 257 <md5 {digest}>\n"
    assert run_text(SERVER + signed + "+0 read(4, ..., 1) = -1 EAGAIN\n").failure is not None
    assert run_text(SERVER + signed + "+.1 ioctl(4, SIOCINQ, [0]) = 0\n").passed


def test_a_tick_of_0_lets_any_timestamp_pass() -> None:
    script = """0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000,TS val 7 ecr 0>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 100 ecr 7>
+.5 < . 1:1(0) ack 1 win 257 <nop,nop,TS val 9 ecr 100>
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 10) = 10
+0 > P. 1:11(10) ack 1 <nop,nop,TS val 100 ecr 9>
"""
    assert run_text("--tcp_ts_tick_usecs=0\n" + script).passed
    assert not run_text("--tcp_ts_tick_usecs=1000\n" + script).passed


def test_the_ip_version_may_be_written_with_underscores() -> None:
    assert run_text("--ip_version=ipv4_mapped_ipv6\n" + SERVER).passed
    with pytest.raises(ScriptError):
        run_text("--ip_version=ipv5\n" + SERVER)


def test_an_errno_may_have_its_other_name() -> None:
    script = """0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 accept(3, ..., ...) = -1 EWOULDBLOCK (Resource temporarily unavailable)
"""
    assert run_text(script).passed


def test_an_errno_that_nobody_has_is_no_script() -> None:
    with pytest.raises(ScriptError, match="no errno is called EAGIAN"):
        run_text(SERVER + "+0 read(4, ..., 10) = -1 EAGIAN\n")


def test_a_call_takes_no_more_arguments_than_in_c() -> None:
    with pytest.raises(ScriptError, match=r"write\(\) takes at most 3 arguments, not 4"):
        run_text(SERVER + "+0 write(4, ..., 10, 0) = 10\n")
    assert run_text(SERVER + "+0 send(4, ..., 10, 0) = 10\n").passed
