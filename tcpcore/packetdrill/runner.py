"""Runs a script, event by event, on a host under test.

An event happens at its time, counted from the start or from the event before.  What the host sends
waits in order until the script asks for it; what the script never asks for does not matter.  A
call with an end (``+0...0.1``) goes on while the script does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tcpcore.errors import UsageError, errno_name
from tcpcore.packetdrill.calls import prepare
from tcpcore.packetdrill.code import Interpreter
from tcpcore.packetdrill.code_reading import AssertionFailed, CodeError, UnsupportedCode
from tcpcore.packetdrill.code_reading import prepare as prepare_code
from tcpcore.packetdrill.commands import Commands
from tcpcore.packetdrill.constants import INFO
from tcpcore.packetdrill.evaluate import Meaningless, is_dots, value_of
from tcpcore.packetdrill.outcome import FAILED, PASSED, Failed, Failure, Outcome, Step
from tcpcore.packetdrill.prepared import Context, Prepared
from tcpcore.packetdrill.sniffer import Sniffer
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.syntax import (
    ABSOLUTE,
    ANY,
    Call,
    Code,
    Command,
    Event,
    Icmp,
    Packet,
    Script,
)
from tcpcore.packetdrill.system import Pending, System, Unsupported
from tcpcore.units import SECOND, format_seconds
from tcpcore.wire.segment import SYN
from tcpcore.wire.text import Pattern

_COMMENT_BEHIND = re.compile(r"(?:\s*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)\s*)+\Z")
PATIENCE = 3600 * SECOND
"""How long a call may block that the script expects to return at once."""


class Runner:
    """One run of one script."""

    def __init__(
        self,
        script: Script,
        source: Source,
        system: System,
        commands: Commands,
        definitions: Mapping[str, str] | None = None,
    ) -> None:
        self.script = script
        self.source = source
        self.system = system
        self.commands = commands
        names = dict(definitions or {})
        self.context = Context(system.settings, definitions=names, folder=commands.folder)
        self.outcome = Outcome([self._step(event) for event in script.events])
        self.sniffer = Sniffer(system, self.outcome.remarks)
        self._last = 0
        self._connecting: Any = None  # the handle of a connect() of which no packet was seen yet
        self._late = 0  # how far what happens lags behind the script's own times, added up
        self._blocked: list[tuple[Event, Call, Prepared, Pending, int]] = []
        self._code = Interpreter(INFO, self.outcome.remarks.append)

    def _step(self, event: Event) -> Step:
        line, _ = self.source.place(event.offset)
        text = _COMMENT_BEHIND.sub("", self.source.text[event.offset : event.end])
        return Step(line, " ".join(text.split()))

    def _step_at(self, offset: int) -> Step | None:
        """The step of the event there: a call that blocks fails long after its line."""
        pairs = zip(self.script.events, self.outcome.steps, strict=True)
        return next((step for event, step in pairs if event.offset == offset), None)

    def run(self) -> Outcome:
        """All of it; raises `ScriptError` for what is no script or cannot be run."""
        step: Step | None = None
        try:
            for event in self.script.setup:
                self._at(event, self._command, event.action)
            self.system.begin()
            for event, step in zip(self.script.events, self.outcome.steps, strict=True):
                self._at(event, self._event, event)
                step.time, step.verdict = self._last, PASSED
            self._collect(at_end=True)
            if (cleanup := self.script.cleanup) is not None:
                self._at(cleanup, self._command, cleanup.action)
        except Failed as failed:
            self.outcome.failure = failed.failure
            failed.failure.story = self.system.story()
            if step is not None:
                step = self._step_at(failed.failure.offset) or step
                step.time, step.verdict = self.system.now, FAILED
        self.outcome.time = self.system.now
        return self.outcome

    # --- events ----------------------------------------------------------------------------------

    def _event(self, event: Event) -> None:
        start, latest = self._times(event)
        if isinstance(event.action, Packet | Icmp):
            self._connecting = None
        late = 0 if event.time.kind == ABSOLUTE else self._late
        if isinstance(event.action, Packet) and not event.action.inbound:
            slack = max(self.system.settings.tolerance, (start - self._last) // 8)
            window = None if event.time.kind == ANY else (start, latest, slack, late)
            self._last = self.sniffer.expect(event.action, event.offset, window)
            known = self.sniffer.behind
        else:
            self._do(event, start)
            known = None
        if event.time.kind != ANY:
            least, most = late + self._last - latest, late + self._last - start
            self._late = least if known is None else min(max(known, least), most)

    def _do(self, event: Event, start: int) -> None:
        """Whatever the script does itself, at `start`."""
        action = event.action
        base = 0 if event.time.kind == ABSOLUTE else self._last
        if event.time.kind != ANY and start > self.system.now:
            arrives = isinstance(action, Packet | Icmp)
            (self.system.reach if arrives else self.system.pass_time)(start)
        self._last = self.system.now
        self._collect(before=action if isinstance(action, Call) else None)
        if isinstance(action, Packet):
            answer = self._answer(event) if action.pattern.flags & SYN else None
            self._at(event, lambda packet: self.sniffer.inject(packet, answer), action)
        elif isinstance(action, Icmp):
            self._at(event, self.sniffer.inject_icmp, action)
        elif isinstance(action, Call):
            self._call(event, action, base)
        elif isinstance(action, Code):
            self._run_code(event, action)
        else:
            self._at(event, self._command, action)
        if not isinstance(action, Packet | Icmp):
            self._last = self.system.now

    def _answer(self, event: Event) -> Pattern | None:
        """The next packet after the event that the script expects of the host."""
        later = (one.action for one in self.script.events if one.offset > event.offset)
        sent = (one for one in later if isinstance(one, Packet) and not one.inbound)
        return next((one.pattern for one in sent), None)

    def _times(self, event: Event) -> tuple[int, int]:
        """The first and the last moment at which the event may happen."""
        time = event.time
        base = 0 if time.kind == ABSOLUTE else self._last
        start = base + time.start
        return start, start if time.latest is None else base + time.latest

    def _at(self, event: Event, function: Any, argument: Any) -> None:
        """Call it; whatever it complains about is about this event."""
        try:
            function(argument)
        except Unsupported as error:
            problem = f"{error} is not supported by the {self.system.kind} backend"
            raise ScriptError(self.source, event.offset, problem, unsupported=True) from None
        except Meaningless as error:
            raise ScriptError(self.source, event.offset, str(error)) from None
        except UsageError as error:
            if isinstance(error, ScriptError):
                raise
            raise ScriptError(self.source, event.offset, str(error)) from None

    def _command(self, action: Command) -> None:
        for remark in self.commands.run(action.text, self.system):
            self.outcome.remarks.append(remark)
        self.sniffer.cookies = self.commands.done.get("net.ipv4.tcp_syncookies") == "2"

    # --- code ------------------------------------------------------------------------------------

    def _run_code(self, event: Event, action: Code) -> None:
        try:
            tree = prepare_code(action.text)
            facts = self.system.info(self._handle(), self.sniffer.ports)
            self._code.run(tree, facts)
        except AssertionFailed as error:
            raise Failed(Failure(event.offset, f"assertion failed: {error.problem}")) from None
        except UnsupportedCode as error:
            raise ScriptError(self.source, event.offset, error.problem, unsupported=True) from None
        except CodeError as error:
            raise ScriptError(self.source, event.offset, error.problem) from None
        except UsageError as error:
            raise ScriptError(self.source, event.offset, str(error)) from None
        except OSError as error:
            problem = f"TCP_INFO of the socket: {errno_name(error.errno)}"
            raise Failed(Failure(event.offset, problem)) from None

    def _handle(self) -> Any:
        """The socket that the script's packets belong to: what tcp_info is asked of."""
        known = self.context.descriptors.items()
        if any(handle is self._connecting for _, handle in known):
            return self._connecting
        for _, handle in reversed(known):
            if self.sniffer.ports is not None and self.system.ends(handle) == self.sniffer.ports:
                return handle
        if self.sniffer.ports is not None:
            return None
        return known[-1][1] if known else None

    # --- calls -----------------------------------------------------------------------------------

    def _call(self, event: Event, call: Call, base: int) -> None:
        prepared: list[Prepared] = []
        self._at(event, lambda _: prepared.append(prepare(call, self.context)), None)
        pending = self.system.start(prepared[0].method, *prepared[0].arguments)
        if prepared[0].method == "connect":
            self._connecting = prepared[0].arguments[0]
        if call.end is not None:
            self._blocked.append((event, call, prepared[0], pending, base + call.end))
            return
        if not pending.done:
            self.system.wait(pending, self.system.now + PATIENCE)
        if not pending.done:
            raise Failed(Failure(event.offset, f"{call.name}() has not returned"))
        self._judge(event, call, prepared[0], pending)

    def _collect(self, *, before: Call | None = None, at_end: bool = False) -> None:
        """Judge the calls that blocked and have returned by now, or should have.

        Before another call, one that should return now gets the time to do so: its descriptor may
        be needed.  Before its descriptor is closed, it gets all the time that it may have.
        """
        still = []
        for blocked in self._blocked:
            event, call, prepared, pending, end = blocked
            slack = max(self.system.settings.tolerance, (end - pending.started) // 8)
            allowed = slack + 1
            if before is not None:
                ends = before.name == "close" and before.arguments[:1] == call.arguments[:1]
                allowed = -slack if ends else 0
            due = at_end or end + allowed <= self.system.now
            if due and not pending.done:
                self.system.wait(pending, end + slack)
            if pending.done:
                self._judge(event, call, prepared, pending, (end, slack))
            elif due:
                at = format_seconds(end)
                problem = f"{call.name}() has not returned; the script expects it at {at} s"
                raise Failed(Failure(event.offset, problem))
            else:
                still.append(blocked)
        self._blocked = still

    def _judge(
        self,
        event: Event,
        call: Call,
        prepared: Prepared,
        pending: Pending,
        end: tuple[int, int] | None = None,
    ) -> None:
        """Compare what a call returned, and when, with what the script says."""
        if pending.trouble is not None:
            trouble = pending.trouble
            self._at(event, _raise, trouble)
        wanted: Any = None
        values: list[Any] = []
        self._at(
            event, lambda _: values.append(value_of(call.result, self.context.definitions)), None
        )
        wanted = values[0]
        if end is not None:
            assert pending.returned is not None
            if abs(pending.returned - end[0]) > end[1]:
                found, due = format_seconds(pending.returned), format_seconds(end[0])
                problem = f"{call.name}() returned at {found} s, not at {due} s"
                raise Failed(Failure(event.offset, problem))
        if pending.errno is not None:
            self._judge_errno(event, call, wanted, errno_name(pending.errno))
            return
        problems: list[str] = []
        value = pending.result
        if prepared.gives_descriptor:
            value = self._new_descriptor(wanted, pending.result)
        else:
            value, problems = prepared.check(pending.result)
        if prepared.numbers:
            for number, handle in zip(prepared.numbers, pending.result, strict=True):
                self.context.descriptors.give(number, handle)
        if not is_dots(wanted) and value != wanted:
            problems.insert(0, "the result differs")
        if problems:
            problem = f"{call.name}(): {'; '.join(problems)}"
            raise Failed(
                Failure(event.offset, problem, _outcome(call, wanted), _value(call, value))
            )
        if prepared.method == "listen":
            self.sniffer.listens(prepared.descriptor)
        elif prepared.method == "close":
            self.sniffer.listeners.discard(prepared.descriptor)
            self.context.descriptors.forget(prepared.descriptor)

    def _new_descriptor(self, wanted: Any, handle: Any) -> Any:
        if isinstance(wanted, int) and wanted >= 0:
            self.context.descriptors.give(wanted, handle)
            return wanted
        return "a descriptor"

    def _judge_errno(self, event: Event, call: Call, wanted: Any, name: str) -> None:
        if is_dots(wanted) or (wanted == -1 and call.errno in ("", name)):
            return
        problem = f"{call.name}() fails with {name}"
        found = f"{call.name}(...) = -1 {name}"
        raise Failed(Failure(event.offset, problem, _outcome(call, wanted), found))


def _raise(error: BaseException) -> None:
    raise error


def _outcome(call: Call, wanted: Any) -> str:
    return f"{call.name}(...) = {wanted}{' ' + call.errno if call.errno else ''}"


def _value(call: Call, value: Any) -> str:
    return f"{call.name}(...) = {value}"
