"""A host's or router's packet filter: chains of rules in iptables' words, verdicts, counters.

    host.firewall.append("-A INPUT -p tcp --dport 80 -j DROP")
    print(host.firewall.run("-L -n -v"))

INPUT sees what arrives for a host, OUTPUT what it sends, FORWARD what a router passes on.  The
first rule that fits decides; a rule without target only counts.  Source: ipt_do_table().
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.host import iptables
from tcpcore.host.iptables import CHAINS, REJECT_WITH, Command, Rule
from tcpcore.host.matches import Address, Packet
from tcpcore.tcp import departure
from tcpcore.why import Reason
from tcpcore.wire import icmp
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import RST, Segment

ACCEPT, DROP, REJECT = "ACCEPT", "DROP", "REJECT"


class Verdict:
    """What becomes of a packet: `target`, and for REJECT `answer` (an option of --reject-with)."""

    __slots__ = ("answer", "rule", "target")

    def __init__(self, target: str, rule: str = "", answer: str | None = None) -> None:
        self.target = target
        self.rule = rule
        self.answer = answer

    def reason(self, host: str) -> Reason:
        """Why the packet is thrown away."""
        values = {"host": host, "rule": self.rule, "answer": self.answer}
        return Reason(reasons.FIREWALL_REJECTS if self.answer else reasons.FIREWALL_DROPS, values)

    def reply(self, address: str, packet: Packet) -> Packet | None:
        """The packet that says so to its sender, from `address`; None where none may be sent.

        Never about an ICMP error or an RST (nf_send_unreach(), nf_send_reset()).
        """
        if not isinstance(packet, Segment):
            return None
        if self.answer == "tcp-reset":
            if packet.flags & RST:
                return None
            return departure.refusal_of(packet, Reason(reasons.FIREWALL_RESET, {"rule": self.rule}))
        code = REJECT_WITH[self.answer or "icmp-port-unreachable"]
        if code is None or ":" in packet.src:
            return None
        return IcmpError(address, packet.src, icmp.UNREACHABLE, code, packet)


_ACCEPTED = Verdict(ACCEPT)


@dataclass(slots=True)
class Chain:
    """A list of rules, and what happens to packets that none decides on."""

    policy: str = ACCEPT
    rules: list[Rule] = field(default_factory=list)
    packets: int = 0
    bytes: int = 0


class Firewall:
    """The table `filter`.  `active` is False until a rule or a policy could matter."""

    def __init__(self, host: str, seed: str = "") -> None:
        self.host = host
        self.active = False
        self.chains = {name: Chain() for name in CHAINS}
        self._seed = seed
        self._made = 0

    def append(self, line: str) -> None:
        """Carry out one line of iptables: ``-A INPUT -p tcp --dport 80 -j DROP``."""
        self.run(line)

    def run(self, line: str) -> str:
        """Carry out one line of iptables and return what it prints (``-L``, ``-S``)."""
        self._made += 1
        command = iptables.parse(line, f"{self._seed}:{self._made}")
        if command.verb == "-L":
            return self._listing(command)
        if command.verb == "-S":
            return self._rules(command)
        self._change(command)
        self.active = any(chain.rules or chain.policy != ACCEPT for chain in self.chains.values())
        return ""

    # --- packets ---------------------------------------------------------------------------------

    def judge(self, chain: str, packet: Packet, size: int, now: int) -> Verdict:
        """Take a packet of `size` bytes through a chain."""
        rules = self.chains[chain]
        for rule in rules.rules:
            if not _fits(rule, packet, size, now):
                continue
            rule.packets += 1
            rule.bytes += size
            if rule.target == ACCEPT:
                return _ACCEPTED
            if rule.target:
                answer = rule.reject_with if rule.target == REJECT else None
                return Verdict(rule.target, f"-A {chain} {rule.said()}", answer)
        rules.packets += 1
        rules.bytes += size
        if rules.policy == ACCEPT:
            return _ACCEPTED
        return Verdict(DROP, f"-P {chain} {rules.policy}")

    # --- changes ---------------------------------------------------------------------------------

    def _change(self, command: Command) -> None:
        names = (command.chain,) if command.chain else CHAINS
        for chain in (self.chains[name] for name in names):
            if command.verb == "-F":
                chain.rules.clear()
            elif command.verb == "-Z":
                chain.packets = chain.bytes = 0
                for rule in chain.rules:
                    rule.packets = rule.bytes = 0
            elif command.verb == "-P":
                chain.policy = command.policy
            elif command.verb == "-A":
                assert command.rule is not None
                chain.rules.append(command.rule)
            elif command.verb == "-I":
                self._insert(chain, command)
            else:
                self._delete(chain, command)

    @staticmethod
    def _insert(chain: Chain, command: Command) -> None:
        assert command.rule is not None
        place = command.number or 1
        if place > len(chain.rules) + 1:
            raise UsageError(
                f"iptables: {command.chain} has {len(chain.rules)} rules: none can be inserted as "
                f"number {place}."
            )
        chain.rules.insert(place - 1, command.rule)

    @staticmethod
    def _delete(chain: Chain, command: Command) -> None:
        if command.rule is not None:
            wanted = command.rule.said()
            for number, rule in enumerate(chain.rules):
                if rule.said() == wanted:
                    del chain.rules[number]
                    return
            raise UsageError(
                f"iptables: {command.chain} has no rule {wanted!r}; `-S` lists those it has."
            )
        if not 1 <= command.number <= len(chain.rules):
            raise UsageError(
                f"iptables: {command.chain} has {len(chain.rules)} rules and no number "
                f"{command.number}."
            )
        del chain.rules[command.number - 1]

    # --- listings --------------------------------------------------------------------------------

    def _rules(self, command: Command) -> str:
        names = (command.chain,) if command.chain else CHAINS
        lines = [f"-P {name} {self.chains[name].policy}" for name in names]
        for name in names:
            lines += [f"-A {name} {rule.said()}" for rule in self.chains[name].rules]
        return "".join(f"{line}\n" for line in lines)

    def _listing(self, command: Command) -> str:
        """``iptables -L`` (1.8.9), column by column."""
        blocks = []
        for name in (command.chain,) if command.chain else CHAINS:
            chain = self.chains[name]
            counts = f" {_short(chain.packets, 0)} packets, {_short(chain.bytes, 0)} bytes"
            lines = [f"Chain {name} (policy {chain.policy}{counts if command.verbose else ''})"]
            lines.append(_heading(command))
            for number, rule in enumerate(chain.rules, 1):
                lines.append(_row(rule, number, command))
            blocks.append("".join(f"{line}\n" for line in lines))
        return "\n".join(blocks)


def _fits(rule: Rule, packet: Packet, size: int, now: int) -> bool:
    if not rule.protocol.fits(packet, size, now):
        return False
    for address in (rule.source, rule.destination):
        if address is not None and not address.fits(packet, size, now):
            return False
    return not rule.matches or all(match.fits(packet, size, now) for match in rule.matches)


def _heading(command: Command) -> str:
    number = "num  " if command.line_numbers else ""
    if command.verbose:
        return (
            f"{number} pkts bytes target     prot opt in     out     source"
            "               destination         "
        )
    return f"{number}target     prot opt source               destination         "


def _row(rule: Rule, number: int, command: Command) -> str:
    numeric = command.numeric
    row = f"{number:<4} " if command.line_numbers else ""
    if command.verbose:
        row += f"{_short(rule.packets, 5)} {_short(rule.bytes, 5)} "
    row += f"{rule.target:<10} {rule.protocol.shown(numeric):<5}"
    row += "-- " if not command.verbose else "--  *      *      "
    row += f"{_address(rule.source, numeric)} {_address(rule.destination, numeric)} "
    shown = [match.shown(numeric) for match in rule.matches]
    if rule.matches and rule.matches[0].module == "tcp":
        shown.insert(0, "tcp")
    if rule.target == REJECT:
        shown.append(f"reject-with {rule.reject_with}")
    return row + "".join(f" {text}" for text in shown)


def _address(match: Address | None, numeric: bool) -> str:
    """Nineteen columns, after one for the ``!``."""
    text = match.shown(numeric) if match else ("0.0.0.0/0" if numeric else "anywhere")
    return f"{text:<20}" if text.startswith("!") else f" {text:<19}"


def _short(count: int, width: int) -> str:
    """Counts as iptables shortens them: 99999, 100K, 9999K, 10M (xtables_print_num())."""
    text = str(count)
    for unit in ("K", "M", "G", "T"):
        if count <= 99999 if unit == "K" else count <= 9999:
            break
        count = (count + 500) // 1000
        text = f"{count}{unit}"
    return f"{text:>{width}}"
