"""iptables' own words: a line of options to a command and a rule.

What is known: the table filter; ``-A -I -D -F -Z -P -L -S``; matches ``-p -s -d --sport --dport
--tcp-flags --syn --icmp-type``, ``-m statistic``, ``-m limit``, ``-m length``; targets ACCEPT,
DROP and REJECT.  Anything else is one sentence that names what is known.  See `iptables(8)`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import lru_cache

from tcpcore.errors import UsageError
from tcpcore.host import matches
from tcpcore.host.matches import Match
from tcpcore.wire import icmp

CHAINS = ("INPUT", "FORWARD", "OUTPUT")
TARGETS = ("ACCEPT", "DROP", "REJECT")
MODULES = ("tcp", "icmp", "statistic", "limit", "length")
REJECT_WITH = {
    "icmp-net-unreachable": icmp.NET,
    "icmp-host-unreachable": icmp.HOST,
    "icmp-proto-unreachable": icmp.PROTOCOL_UNREACHABLE,
    "icmp-port-unreachable": icmp.PORT,
    "icmp-net-prohibited": icmp.NET_PROHIBITED,
    "icmp-host-prohibited": icmp.HOST_PROHIBITED,
    "icmp-admin-prohibited": icmp.ADMIN_PROHIBITED,
    "tcp-reset": None,
}
_LISTING_LETTERS = re.compile("-[nvx]+L|-L[nvx]+")
ICMP_TYPES = {name.replace(" ", "-"): number for number, name in icmp.NAMES.items()}
OPTIONS = {
    "-p": "-p", "--protocol": "-p", "--proto": "-p",
    "-s": "-s", "--source": "-s", "--src": "-s",
    "-d": "-d", "--destination": "-d", "--dst": "-d",
    "--sport": "--sport", "--source-port": "--sport",
    "--dport": "--dport", "--destination-port": "--dport",
    "--tcp-flags": "--tcp-flags", "--syn": "--syn", "--icmp-type": "--icmp-type",
    "-m": "-m", "--match": "-m",
    "--mode": "--mode", "--probability": "--probability", "--every": "--every",
    "--packet": "--packet",
    "--limit": "--limit", "--limit-burst": "--limit-burst", "--length": "--length",
    "-j": "-j", "--jump": "-j", "--reject-with": "--reject-with",
}  # fmt: skip
_NEEDS_TCP = ("--sport", "--dport", "--tcp-flags", "--syn")
_MODULE_OF = {
    "--mode": "statistic", "--probability": "statistic", "--every": "statistic",
    "--packet": "statistic", "--limit": "limit", "--limit-burst": "limit", "--length": "length",
}  # fmt: skip
COMMANDS = {
    "--append": "-A", "--insert": "-I", "--delete": "-D", "--flush": "-F", "--zero": "-Z",
    "--policy": "-P", "--list": "-L", "--list-rules": "-S",
}  # fmt: skip


@dataclass(slots=True)
class Rule:
    """What a packet must be, and what then becomes of it; with the rule's own counters."""

    target: str = ""
    reject_with: str = "icmp-port-unreachable"
    protocol: matches.Protocol = field(default_factory=lambda: matches.Protocol("all", False))
    source: matches.Address | None = None
    destination: matches.Address | None = None
    matches: list[Match] = field(default_factory=list)
    packets: int = 0
    bytes: int = 0

    def said(self) -> str:
        """The rule as `iptables -S` prints it, without ``-A CHAIN``."""
        words = [one.said() for one in (self.source, self.destination) if one is not None]
        if self.protocol.name != "all":
            words.append(self.protocol.said())
        module = ""
        for match in self.matches:
            if match.module != module:
                module = match.module
                words.append(f"-m {module}")
            words.append(match.said())
        if self.target:
            words.append(f"-j {self.target}")
        if self.target == "REJECT":
            words.append(f"--reject-with {self.reject_with}")
        return " ".join(words)


@dataclass(slots=True)
class Command:
    """One line: `verb` such as ``-A``, the chain, the place in it, the rule, the policy."""

    verb: str
    chain: str = ""
    number: int = 0
    rule: Rule | None = None
    policy: str = ""
    numeric: bool = False
    verbose: bool = False
    line_numbers: bool = False


def parse(line: str, seed: str = "") -> Command:
    """The command that a line gives; `UsageError` with one sentence for what it cannot be."""
    return _Parser(list(_words(line)), seed).command()


@lru_cache(maxsize=256)
def _words(line: str) -> tuple[str, ...]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"iptables: {line!r} is no line of options: {error}.") from None
    return tuple(words[1:] if words[:1] == ["iptables"] else words)


class _Parser:
    """Words left to right."""

    def __init__(self, words: list[str], seed: str) -> None:
        self._words = words
        self._seed = seed
        self._given: dict[str, tuple[list[str], bool]] = {}
        self._order: list[str] = []
        self._modules: set[str] = set()

    def _take(self, option: str) -> str:
        if not self._words or (self._words[0].startswith("-") and self._words[0] != "-"):
            raise UsageError(f"iptables: {option} needs a value.")
        return self._words.pop(0)

    def command(self) -> Command:
        """Verb, chain and what they need; then the rule."""
        command = Command("")
        while self._words:
            word = self._words.pop(0)
            if _LISTING_LETTERS.fullmatch(word):  # -nvL is -n -v -L
                self._listing(word.replace("L", ""), command)
                word = "-L"
            verb = COMMANDS.get(word, word)
            if word in ("-t", "--table"):
                if (table := self._take(word)) != "filter":
                    raise UsageError(f"iptables: unknown table {table!r}; known is filter.")
            elif verb in COMMANDS.values():
                if command.verb:
                    raise UsageError(f"iptables: {word} and {command.verb} cannot both be done.")
                command.verb = verb
                self._verb(command)
            elif command.verb == "-L" and word.startswith("-") and self._listing(word, command):
                pass
            else:
                self._option(word)
        if not command.verb:
            known = " ".join(COMMANDS.values())
            raise UsageError(f"iptables: say what to do with the rule; known are {known}.")
        return self._with_rule(command)

    def _verb(self, command: Command) -> None:
        takes_chain = command.verb in ("-A", "-I", "-D", "-P")
        if takes_chain or (self._words and not self._words[0].startswith("-")):
            command.chain = self._take(command.verb)
            if command.chain not in CHAINS:
                raise UsageError(
                    f"iptables: unknown chain {command.chain!r}; known are {', '.join(CHAINS)}."
                )
        if command.verb in ("-I", "-D") and self._words and self._words[0].isdigit():
            command.number = int(self._words.pop(0))
        if command.verb == "-P":
            command.policy = self._take("-P")
            if command.policy not in ("ACCEPT", "DROP"):
                raise UsageError(f"iptables: a policy is ACCEPT or DROP, not {command.policy!r}.")

    @staticmethod
    def _listing(word: str, command: Command) -> bool:
        if word == "--line-numbers":
            command.line_numbers = True
            return True
        if set(word[1:]) <= {"n", "v", "x"}:
            command.numeric |= "n" in word
            command.verbose |= "v" in word
            return True
        return False

    def _option(self, word: str) -> None:
        inverted = word == "!"
        if inverted:
            word = self._words.pop(0) if self._words else ""
        option = OPTIONS.get(word)
        if option is None:
            known = " ".join(dict.fromkeys(OPTIONS.values()))
            raise UsageError(f"iptables: unknown option {word!r}; known are {known}.")
        if option == "-m":
            module = self._take("-m")
            if module not in MODULES:
                raise UsageError(
                    f"iptables: unknown match {module!r}; known are {', '.join(MODULES)}."
                )
            self._modules.add(module)
            return
        values = {"--syn": 0, "--tcp-flags": 2}.get(option, 1)
        if option in self._given:
            raise UsageError(f"iptables: {option} is given twice.")
        if {option, *self._given} >= {"--syn", "--tcp-flags"}:
            raise UsageError("iptables: --syn is short for --tcp-flags; give one of the two.")
        self._given[option] = ([self._take(option) for _ in range(values)], inverted)
        self._order.append(option)

    # --- the rule --------------------------------------------------------------------------------

    def _with_rule(self, command: Command) -> Command:
        if command.verb in ("-A", "-I") or (command.verb == "-D" and not command.number):
            command.rule = self._rule()
        elif self._given:
            raise UsageError(f"iptables: {command.verb} takes no rule ({self._order[0]}).")
        return command

    def _rule(self) -> Rule:
        rule = Rule()
        if "-p" in self._given:
            (name,), inverted = self._given["-p"]
            names = {str(number): known for known, number in matches.PROTOCOLS.items()}
            name = names.get(name, name.lower())
            if name not in matches.PROTOCOLS:
                known = ", ".join(matches.PROTOCOLS)
                raise UsageError(f"iptables: unknown protocol {name!r}; known are {known}.")
            rule.protocol = matches.Protocol(name, inverted)
        for option in self._order:
            self._check_place(option, rule)
        rule.source = self._address("-s")
        rule.destination = self._address("-d")
        rule.matches = self._matches()
        self._target(rule)
        return rule

    def _check_place(self, option: str, rule: Rule) -> None:
        """An option without the protocol or the -m that it belongs to."""
        if option in _NEEDS_TCP and (rule.protocol.name != "tcp" or rule.protocol.inverted):
            raise UsageError(f"iptables: {option} needs -p tcp before it.")
        if option == "--icmp-type" and rule.protocol.name != "icmp":
            raise UsageError("iptables: --icmp-type needs -p icmp before it.")
        module = _MODULE_OF.get(option)
        if module and module not in self._modules:
            raise UsageError(f"iptables: {option} needs -m {module} before it.")

    def _address(self, option: str) -> matches.Address | None:
        if option not in self._given:
            return None
        (text,), inverted = self._given[option]
        try:
            return matches.Address(option, text, inverted)
        except ValueError as error:
            raise UsageError(
                f"iptables: {option} takes an address or a network: {error}."
            ) from None

    def _matches(self) -> list[Match]:
        made: list[Match] = []
        for option in self._order:
            words, inverted = self._given[option]
            if option in ("--sport", "--dport"):
                made.append(matches.Ports(option, *_span(option, words[0], 65535), inverted))
            elif option == "--tcp-flags":
                mask, wanted = _flags(words[0]), _flags(words[1])
                made.append(matches.Flags(mask, wanted, inverted))
            elif option == "--syn":
                made.append(matches.Flags(matches.SYN_MASK, matches.SYN_ONLY, inverted))
            elif option == "--icmp-type":
                made.append(matches.IcmpType(*_icmp_type(words[0]), inverted))
            elif option == "--mode":
                made.append(self._statistic(words[0]))
            elif option == "--length":
                made.append(matches.Length(*_span(option, words[0], 65535), inverted))
        if "limit" in self._modules:
            made.append(self._limit())
        if "statistic" in self._modules and "--mode" not in self._given:
            raise UsageError("iptables: -m statistic needs --mode random or --mode nth.")
        return made

    def _statistic(self, mode: str) -> Match:
        if mode == "random" and "--probability" in self._given:
            (text,), inverted = self._given["--probability"]
            try:
                probability = float(text)
            except ValueError:
                probability = -1.0
            if not 0 <= probability <= 1:
                raise UsageError(f"iptables: --probability takes 0 to 1, not {text!r}.")
            return matches.Random(probability, inverted, self._seed)
        if mode == "nth" and "--every" in self._given:
            (text,), inverted = self._given["--every"]
            every = _number("--every", text, 1, 1 << 31)
            packet = self._given.get("--packet", (["0"], False))[0][0]
            return matches.Nth(every, _number("--packet", packet, 0, every - 1), inverted)
        raise UsageError(
            "iptables: -m statistic takes --mode random --probability P, or --mode nth --every N "
            "--packet P."
        )

    def _limit(self) -> Match:
        text = self._given.get("--limit", (["3/hour"], False))[0][0]
        rate, _, unit = text.partition("/")
        named = [known for known in matches.Limit.UNITS if unit and _begins(known, unit)]
        if not rate.isdigit() or not int(rate) or (unit and not named):
            raise UsageError(f"iptables: --limit takes 5/second, 3/hour ..., not {text!r}.")
        burst = self._given.get("--limit-burst", (["5"], False))[0][0]
        return matches.Limit(
            int(rate), named[0] if named else "sec", _number("--limit-burst", burst, 1, 10_000)
        )

    def _target(self, rule: Rule) -> None:
        if "-j" in self._given:
            rule.target = self._given["-j"][0][0]
            if rule.target not in TARGETS:
                raise UsageError(
                    f"iptables: unknown target {rule.target!r}; known are {', '.join(TARGETS)}."
                )
        if "--reject-with" in self._given:
            rule.reject_with = self._given["--reject-with"][0][0]
            if rule.target != "REJECT" or rule.reject_with not in REJECT_WITH:
                known = ", ".join(REJECT_WITH)
                raise UsageError(
                    f"iptables: --reject-with goes with -j REJECT and takes one of {known}, "
                    f"not {rule.reject_with!r}."
                )
            if rule.reject_with == "tcp-reset" and rule.protocol.name != "tcp":
                raise UsageError("iptables: --reject-with tcp-reset needs -p tcp.")


def _number(option: str, text: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise UsageError(f"iptables: {option} takes a number from {low} to {high}, not {text!r}.")
    return int(text)


def _span(option: str, text: str, most: int) -> tuple[int, int]:
    """``80`` or ``1000:2000``; a side left out is the end of the range."""
    low, colon, high = text.partition(":")
    names = {name: str(port) for port, name in matches.SERVICES.items()}
    low, high = names.get(low, low), names.get(high, high)
    first = _number(option, low or "0", 0, most)
    return first, _number(option, high or str(most), first, most) if colon else first


def _flags(text: str) -> int:
    if text == "ALL":
        return 0x3F
    flags = 0
    for name in [] if text == "NONE" else text.split(","):
        if name not in matches.FLAG_BITS:
            known = ", ".join(matches.FLAG_BITS)
            raise UsageError(f"iptables: unknown TCP flag {name!r}; known are {known}, ALL, NONE.")
        flags |= matches.FLAG_BITS[name]
    return flags


def _icmp_type(text: str) -> tuple[int, int]:
    names = {**ICMP_TYPES, "fragmentation-needed": (icmp.UNREACHABLE, icmp.FRAG_NEEDED)}
    if text in names:
        return names[text]
    kind, slash, code = text.partition("/")
    if kind.isdigit() and code.isdigit() and slash:
        return int(kind), int(code)
    raise UsageError(
        f"iptables: --icmp-type takes a type and code such as 3/4, or one of {', '.join(names)}, "
        f"not {text!r}."
    )


def _begins(known: str, word: str) -> bool:
    full = {"sec": "second", "min": "minute", "hour": "hour", "day": "day"}[known]
    return full.startswith(word) or word == known
