"""Functions, loops and collections in ``%{ ... }%``, and where they end."""

from __future__ import annotations

import pytest

from tcpcore.packetdrill.code import Interpreter
from tcpcore.packetdrill.code_reading import CodeError, UnsupportedCode, prepare


def names_after(*codes: str) -> dict[str, object]:
    """What the codes, one after the other, have assigned."""
    interpreter = Interpreter({}, lambda _: None)
    for code in codes:
        interpreter.run(prepare(code), {"tcpi_snd_cwnd": 10})
    return interpreter.names


def result(*codes: str) -> object:
    return names_after(*codes)["r"]


def test_a_function_is_known_to_later_code() -> None:
    assert result("def double(x):\n    return 2 * x", "r = double(tcpi_snd_cwnd)") == 20


def test_arguments_may_have_values_and_names() -> None:
    code = "def near(x, y, slack=2):\n    return abs(x - y) <= slack\n"
    assert result(code + "r = near(1, 3), near(1, 4), near(1, y=4, slack=3)") == (True, False, True)


def test_a_function_without_return_gives_none() -> None:
    assert result("def nothing():\n    pass\nr = nothing()") is None


def test_what_a_function_assigns_is_its_own() -> None:
    assert result("r = 1\ndef change():\n    r = 2\nchange()") == 1


def test_what_a_function_declares_global_is_everybodys() -> None:
    assert result("r = 1\ndef change():\n    global r\n    r += 1\nchange()") == 2


def test_break_and_continue_leave_a_loop_and_a_round() -> None:
    code = "r = 0\nfor i in range(9):\n    if i == 2: continue\n    if i == 5: break\n    r += i"
    assert result(code + "\nelse:\n    r = -1") == 1 + 3 + 4


def test_while_goes_on_while_it_holds() -> None:
    assert result("r = 1\nwhile r < 100:\n    r *= 2") == 128


def test_a_comprehension_keeps_its_names_to_itself() -> None:
    names = names_after("x = 7\nr = [x * y for x in (1, 2) if x > 1 for y in (3, 4)]")
    assert (names["r"], names["x"]) == ([6, 8], 7)


def test_parts_of_lists_and_dictionaries() -> None:
    assert result("d = {'a': [1, 2, 3]}\nr = d['a'][1:], d['a'][-1]") == ([2, 3], 3)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f():\n    return f()\nf()", "more than 20 calls within each other"),
        ("while True: pass", "do not end"),
        ("return 1", "return stands where there is nothing to leave"),
        ("def f():\n    break\nfor i in (1, 2): f()", "break stands where"),
        ("def f(x): pass\nf()", r"f\(\) takes \(x\)"),
        ("def f(x): pass\nf(1, x=2)", r"f\(\) takes \(x\)"),
        ("{'a': 1}['b']", "KeyError"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(code: str, said: str) -> None:
    with pytest.raises(CodeError, match=said):
        names_after(code)


@pytest.mark.parametrize(
    "code",
    ["def f(*x): pass", "@f\ndef g(): pass", "open('x')", "x.y()", "class A: pass", "r = {**{}}"],
)
def test_more_of_python_than_we_run_is_named(code: str) -> None:
    with pytest.raises(UnsupportedCode):
        names_after(code)
