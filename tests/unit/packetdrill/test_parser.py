"""What is a script, what is none, and that nothing else ever comes out."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.packetdrill.drill import run_text
from tcpcore.packetdrill.evaluate import value_of
from tcpcore.packetdrill.options import settings_of, usual_definitions
from tcpcore.packetdrill.parser import parse
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.syntax import ABSOLUTE, ANY, DOTS, RELATIVE, Items, Struct, Symbol
from tcpcore.packetdrill.system import Settings


def events(text: str):
    return parse(Source(text)).events


def test_times_are_absolute_relative_any_or_a_range():
    times = [event.time for event in events("0.5 `a`\n+.25 `b`\n* `c`\n+.1~+.2 `d`\n1~2 `e`")]
    assert [time.kind for time in times] == [ABSOLUTE, RELATIVE, ANY, RELATIVE, ABSOLUTE]
    assert [time.start for time in times] == [500_000, 250_000, 0, 100_000, 1_000_000]
    assert [time.latest for time in times] == [None, None, None, 200_000, 2_000_000]


def test_a_blocking_call_has_an_end():
    call = events("+0...0.100 connect(3, ..., ...) = -1 ETIMEDOUT (Connection timed out)")[0].action
    assert (call.name, call.end, call.errno) == ("connect", 100_000, "ETIMEDOUT")
    assert call.arguments == [3, DOTS, DOTS]
    assert call.note == "Connection timed out"


def test_arguments_are_arrays_structures_names_and_numbers():
    text = "0 poll([{fd=4, events=POLLIN|POLLOUT, revents=0x4}], 1, -1) = 1"
    array, one, timeout = events(text)[0].action.arguments
    assert isinstance(array, Items)
    assert isinstance(array.values[0], Struct)
    assert array.values[0].get("fd") == 4
    assert array.values[0].get("revents") == 4
    assert array.values[0].get("events").parts == [Symbol("POLLIN"), Symbol("POLLOUT")]
    assert (one, timeout) == (1, -1)


def test_a_packet_has_marks_ports_flags_and_options():
    packet = events("+0 > [ect0] 80 > 4000 P. 1:11(10) ack 1 win 5 <nop,nop,TS val 1 ecr 2>")[
        0
    ].action
    assert (packet.inbound, packet.ecn, packet.ports) == (False, "ect0", (80, 4000))
    assert (packet.pattern.seq, packet.pattern.size, packet.pattern.ack) == (1, 10, 1)


def test_options_may_be_anything():
    assert events("0 > S. 0:0(0) ack 1 <...>")[0].action.pattern.options is None


def test_an_icmp_error_quotes_a_segment_before_or_after():
    for text in (
        "0 < icmp unreachable frag_needed mtu 1200 [1:1461(1460)]",
        "0 < [1:1461(1460)] icmp unreachable frag_needed mtu 1200",
    ):
        icmp = events(text)[0].action
        assert (icmp.type, icmp.code, icmp.mtu) == ("unreachable", "frag_needed", 1200)
        assert icmp.quoted == (1, 1460)


def test_comments_may_stand_anywhere():
    assert len(events("// a\n# b\n0 /* c\n d */ `x` // e\n")) == 1


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("0 socket(..., SOCK_STREAM = 3", (1, 27), "',' or ')'"),
        ("0 < S 0:5(0)", (1, 9), "0, which is 0 and 0 bytes"),
        ("0 < X 0:0(0)", (1, 5), "flags"),
        ("0 `sleep 1", (1, 4), "this shell command has no end"),
        ("\n\n0 > . 1:1(0) ack 1 <mss>", (3, 24), "the number of mss"),
        ("0 < icmp unreachable frag_needed mtu 1200 [1:1460(1460)]", (1, 43), "1461, not 1460"),
        ("hello", (1, 1), "the time of an event"),
        ("", (1, 1), "an event"),
        ("0 read(3", (1, 9), "',' or ')'"),
        ("+.2~.1 `x`", (1, 4), "both ends"),
        ("/* no end", (1, 1), "comment"),
    ],
)
def test_a_mistake_is_told_with_line_column_and_caret(text, place, words):
    with pytest.raises(ScriptError) as caught:
        parse(Source(text, "x.pkt"))
    assert (caught.value.line, caught.value.column) == place
    assert words in caught.value.problem
    assert str(caught.value).startswith(f"x.pkt:{place[0]}:{place[1]}: ")
    assert str(caught.value).endswith("^")


@pytest.mark.parametrize(
    "text",
    ["0 < udp (1000)", "0 frobnicate(3) = 0", "0 socket(..., SOCK_DGRAM, 0) = 3", "0 `rm -rf /`"],
)
def test_what_is_not_supported_is_told_apart_from_a_mistake(text):
    with pytest.raises(ScriptError) as caught:
        run_text(text)
    assert caught.value.unsupported


PIECES = [
    "0", "+0", "+.1", "*", ".1", "~", "...", "<", ">", "S", "S.", ".", "P.", "F.", "R", "0:0(0)",
    "1:11(10)", "ack 1", "win 1000", "<mss 1460>", "<...>", "[ect0]", "socket(...,", "bind(3,",
    "listen(3,", "accept(3,", ")", "= 3", "-1", "EAGAIN", "(", "{", "}", "[", "]", ",", "=",
    "`sysctl -q a=b`", "%{", "}%", "assert", "tcpi_rtt", "icmp unreachable", "mtu",
    "--tolerance_usecs=1", "/*", "*/", "//", "\n", "\"", "x",
]  # fmt: skip


@settings(max_examples=400)
@given(
    st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))
)
def test_any_text_is_run_or_refused_with_a_sentence(text):
    with contextlib.suppress(UsageError):
        run_text(text)


def test_a_definition_stands_for_a_number_a_name_or_the_bytes_of_a_cookie():
    script = """--define=COOKIE=0123456789abcdef
        --define=LEVEL=SOL_TCP
        0 setsockopt(3, LEVEL, TCP_NODELAY, [1], 4) = 0
       +0 < S 0:0(0) win 100 <FO COOKIE>"""
    call, packet = (event.action for event in events(script))
    assert call.arguments[1] == Symbol("LEVEL")
    assert value_of(Symbol("LEVEL"), {"LEVEL": "SOL_TCP"}) == 6
    assert value_of(Symbol("N"), {"N": "0x10"}) == 16
    assert packet.pattern.options == ((34, bytes.fromhex("0123456789abcdef")),)


def test_the_cookies_of_the_usual_keys_have_their_usual_names():
    names = usual_definitions(Settings())
    assert names["TFO_COOKIE"] == "3021b9d889017eeb"
    assert names["TFO_COOKIE_ZERO"] == "b7c12350a90dc8f5"


def test_strings_one_after_the_other_are_one():
    call = events('0 setsockopt(3, SOL_TCP, TCP_CONGESTION, "re" "no", 4) = 0')[0].action
    assert call.arguments[3] == "reno"


def test_shell_without_a_time_may_stand_first_and_last():
    script = parse(Source("`sysctl -q a=1`\n0 `b`\n`sysctl -q a=0`"))
    assert (len(script.setup), len(script.events)) == (1, 1)
    assert script.cleanup is not None
    with pytest.raises(ScriptError, match="the end"):
        parse(Source("0 `b`\n`c`\n0 `d`"))


def test_what_undoes_sysctls_elsewhere_is_no_business_of_ours():
    outcome = run_text("0 `sleep 0`\n`/tmp/sysctl_restore_${PPID}.sh`")
    assert outcome.passed
    assert outcome.remarks[-1].startswith("ignored: /tmp/sysctl_restore")


def test_ip_fields_stand_in_brackets_or_parentheses():
    for text in ("0 < [tos 0x20] S 0:0(0)", "0 < (tos 0x20) S 0:0(0)"):
        assert events(text)[0].action.ip == {"tos": 0x20}


def test_a_definition_may_be_a_string():
    script = '--define=CC="reno"\n0 socket(..., SOCK_STREAM, 0) = 3\n'
    outcome = run_text(script + "+0 setsockopt(3, SOL_TCP, TCP_CONGESTION, CC, 4) = 0")
    assert outcome.passed


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--ip_version=ipv5", "ip_version is one of"),
        ("--local_ip=1.2.3", "no IP address"),
        ("--local_ip=2001:db8::1", "different IP versions"),
        ("--mtu=0", "from 1 to 65535"),
        ("--colour=red", "no option is called"),
    ],
)
def test_an_option_that_cannot_be_is_told_with_its_place(option, words):
    with pytest.raises(ScriptError) as caught:
        run_text(f"{option}\n0 `sleep 0`")
    assert caught.value.line == 1
    assert words in caught.value.problem


def test_ipv6_has_addresses_of_its_own_and_takes_those_of_the_script():
    script = parse(Source("--ip_version=ipv6\n0 `x`"))
    assert settings_of(script, Source(""), Settings())[0].local == "fd3d:a0b:17d6::1"
    script = parse(Source("--ip_version=ipv6 --local_ip=2001:DB8::5\n0 `x`"))
    assert settings_of(script, Source(""), Settings())[0].local == "2001:db8::5"
