"""The filters of `ss`: states, and expressions over addresses and ports.

    state time-wait            exclude listening           state connected
    sport = :80                dport != 443                ( src 10.0.0.1 or dst 10.0.0.0/24 )

Words joined without `or` must all hold.  Source: iproute2's misc/ss.c and ss_util's grammar
(ssfilter.y).
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from tcpcore.errors import UsageError
from tcpcore.observe.inventory import Entry
from tcpcore.observe.networks import inside
from tcpcore.tcp import state

Test = Callable[[Entry], bool]

STATES = {
    "established": state.ESTABLISHED,
    "syn-sent": state.SYN_SENT,
    "syn-recv": state.SYN_RECV,
    "fin-wait-1": state.FIN_WAIT_1,
    "fin-wait-2": state.FIN_WAIT_2,
    "time-wait": state.TIME_WAIT,
    "closed": state.CLOSED,
    "close-wait": state.CLOSE_WAIT,
    "last-ack": state.LAST_ACK,
    "listening": state.LISTEN,
    "closing": state.CLOSING,
}
ALL = frozenset(STATES.values())
_LISTENING = {state.LISTEN, state.CLOSED}
GROUPS = {
    "all": ALL,
    "connected": ALL - _LISTENING,
    "synchronized": ALL - _LISTENING - {state.SYN_SENT},
    "bucket": frozenset((state.SYN_RECV, state.TIME_WAIT)),
    "big": ALL - {state.SYN_RECV, state.TIME_WAIT},
}
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "eq": operator.eq,
    "!=": operator.ne,
    "ne": operator.ne,
    "neq": operator.ne,
    "<": operator.lt,
    "lt": operator.lt,
    "<=": operator.le,
    "le": operator.le,
    "leq": operator.le,
    ">": operator.gt,
    "gt": operator.gt,
    ">=": operator.ge,
    "ge": operator.ge,
    "geq": operator.ge,
}
_WORDS = ("sport", "dport", "src", "dst")
_NOT = ("not", "!")
_OR = ("or", "|", "||")
_AND = ("and", "&", "&&")


def states(words: list[str], default: frozenset[str]) -> tuple[frozenset[str], list[str]]:
    """``(states to show, the words after them)``: `state NAME` and `exclude NAME`, repeated."""
    chosen: frozenset[str] | None = None
    rest = list(words)
    while len(rest) >= 2 and rest[0] in ("state", "exclude"):
        keyword, name = rest[0], rest[1]
        named = _named(name)
        if keyword == "state":
            chosen = named if chosen is None else chosen | named
        else:
            chosen = (ALL if chosen is None else chosen) - named
        rest = rest[2:]
    if rest and rest[0] in ("state", "exclude"):
        raise UsageError(f"ss: {rest[0]} needs a state; {_known_states()}.")
    return (default if chosen is None else chosen), rest


def _named(name: str) -> frozenset[str]:
    lowered = name.lower()
    if lowered in GROUPS:
        return GROUPS[lowered]
    if lowered not in STATES:
        raise UsageError(f"ss: unknown state {name!r}; {_known_states()}.")
    return frozenset((STATES[lowered],))


def _known_states() -> str:
    return f"known ones are {', '.join([*STATES, *GROUPS])}"


def expression(words: list[str]) -> Test | None:
    """The test that the words express; None for no words."""
    text = " ".join(words)
    for sign in ("(", ")"):
        text = text.replace(sign, f" {sign} ")
    tokens = text.split()
    if not tokens:
        return None
    parser = _Parser(tokens)
    test = parser.alternatives()
    if parser.tokens:
        raise UsageError(f"ss: the filter ends too early, before {parser.tokens[0]!r}.")
    return test


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def alternatives(self) -> Test:
        test = self.together()
        while self.tokens and self.tokens[0] in _OR:
            self.tokens.pop(0)
            test = _either(test, self.together())
        return test

    def together(self) -> Test:
        test = self.one()
        while self.tokens and self.tokens[0] != ")" and self.tokens[0] not in _OR:
            if self.tokens[0] in _AND:
                self.tokens.pop(0)
            test = _both(test, self.one())
        return test

    def one(self) -> Test:
        word = self._next("a condition")
        if word in _NOT:
            return _negated(self.one())
        if word == "(":
            test = self.alternatives()
            if self._next("')'") != ")":
                raise UsageError("ss: a '(' in the filter has no ')'.")
            return test
        if word not in _WORDS:
            known = ", ".join((*_WORDS, "state", "exclude", "and", "or", "not"))
            raise UsageError(f"ss: unknown filter {word!r}; known words are {known}.")
        compare: Callable[[int, int], bool] = operator.eq
        if self.tokens and self.tokens[0] in _COMPARISONS:
            compare = _COMPARISONS[self.tokens.pop(0)]
        value = self._next(f"a value for {word}")
        return _port(word, compare, value) if word.endswith("port") else _ends(word, compare, value)

    def _next(self, wanted: str) -> str:
        if not self.tokens:
            raise UsageError(f"ss: the filter ends where {wanted} should stand.")
        return self.tokens.pop(0)


def _both(first: Test, second: Test) -> Test:
    return lambda entry: first(entry) and second(entry)


def _either(first: Test, second: Test) -> Test:
    return lambda entry: first(entry) or second(entry)


def _negated(test: Test) -> Test:
    return lambda entry: not test(entry)


def _port(word: str, compare: Callable[[int, int], bool], value: str) -> Test:
    number = _number(value.removeprefix(":"))
    if word == "sport":
        return lambda entry: compare(entry.local_port, number)
    return lambda entry: compare(entry.remote_port, number)


def _ends(word: str, compare: Callable[[int, int], bool], value: str) -> Test:
    """``src 10.0.0.1``, ``src 10.0.0.0/8:80``, ``src :80``."""
    address, _, port = value.rpartition(":") if ":" in value else (value, "", "")
    number = _number(port) if port not in ("", "*") else None
    fits = inside(address, "ss") if address not in ("", "*") else None
    wanted = compare is not operator.ne
    if compare not in (operator.eq, operator.ne):
        raise UsageError(f"ss: {word} can be equal (=) or not (!=), no more.")

    def matches(entry: Entry) -> bool:
        if word == "src":
            here, its_port = entry.local, entry.local_port
        else:
            here, its_port = entry.remote, entry.remote_port
        same = fits is None or fits(here)
        return (same and number in (None, its_port)) == wanted

    return matches


def _number(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise UsageError(f"ss: a port is a number from 0 to 65535, not {text!r}.")
    return int(text)
