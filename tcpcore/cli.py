"""The command line: ``python -m tcpcore list | run | sweep | record | drill | bridge | explain``.

A user's mistake is one sentence on standard error and exit code 2; nothing is half-written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from tcpcore import __version__
from tcpcore.errors import UsageError
from tcpcore.files import write_whole
from tcpcore.host import profiles
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import format_seconds

FORMATS = ("text", "json", "pcap", "ss", "html")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 the machine cannot, 2 a mistake in the words."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.run(chosen)
        sys.stdout.flush()
        return code
    except UsageError as error:
        print(f"tcpcore {chosen.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # standard output is a full disk, say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"tcpcore {chosen.command}: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"tcpcore {chosen.command}: stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tcpcore", description="TCP as Linux does it, in virtual time."
    )
    parser.add_argument("--version", action="version", version=f"tcpcore {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="the scenarios and their parameters")
    listing.set_defaults(run=_list)

    from tcpcore.packetdrill import to_script

    running = commands.add_parser("run", help="run a scenario in virtual time")
    _add_run_arguments(running)
    to_script.add_arguments(running, "host", "the last one if not given")
    running.set_defaults(run=_run)

    sweeping = commands.add_parser("sweep", help="run a scenario for every point of a grid")
    from tcpcore.sweeps import command

    command.add_arguments(sweeping)
    sweeping.set_defaults(run=command.main)

    recording = commands.add_parser("record", help="run a scenario on this machine's kernel (root)")
    from tcpcore.linux import record

    record.add_arguments(recording)
    to_script.add_arguments(recording, "host", "the last one if not given")
    recording.set_defaults(run=record.main)

    drilling = commands.add_parser("drill", help="run packetdrill scripts, without root")
    from tcpcore.packetdrill import drill

    drill.add_arguments(drilling)
    drilling.set_defaults(run=drill.main)

    bridging = commands.add_parser("bridge", help="let real programs talk to the engine (root)")
    from tcpcore.linux.bridge import command as bridge

    bridge.add_arguments(bridging)
    bridging.set_defaults(run=_bridge)

    from tcpcore.observe import explain_text

    explaining = commands.add_parser("explain", **explain_text.help_texts())
    explain_text.add_arguments(explaining)
    to_script.add_arguments(explaining, "client or a server", "the server if not given")
    explaining.set_defaults(run=_explain)
    return parser


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the scenario")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter, or any sysctl (then of every host); may be repeated",
    )
    parser.add_argument(
        "--profile",
        metavar="PROFILE",
        help=f"whose defaults, the scenario's own if not given: {', '.join(profiles.names())}",
    )
    parser.add_argument(
        "--drop", action="append", default=[], type=int, metavar="N", help="lose segment N (from 0)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the seed of all chance")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text is tcpdump's")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file")


# --- list -----------------------------------------------------------------------------------------


def _list(_: argparse.Namespace) -> int:
    for name in registry.names():
        scenario = registry.get(name)
        other = f" ({scenario.profile})" if scenario.profile != profiles.DEFAULT else ""
        print(f"{name}: {scenario.title}{other}")
        for parameter in scenario.parameters:
            unit = f" {parameter.unit}" if parameter.unit else ""
            span = f"{parameter.minimum:g} to {parameter.maximum:g}{unit}"
            print(f"    {parameter.name} = {parameter.default}    {span}; {parameter.help}")
    return 0


# --- run ------------------------------------------------------------------------------------------


def _run(arguments: argparse.Namespace) -> int:
    if arguments.to_pkt:
        from tcpcore.packetdrill import to_script

        text = to_script.of_scenario(
            arguments.name,
            settings(arguments.set),
            side=arguments.side,
            profile=arguments.profile,
            drop=arguments.drop,
            seed=arguments.seed,
        )
        return to_script.deliver(text, arguments.to_pkt)
    trace = registry.run(
        arguments.name,
        settings(arguments.set),
        profile=arguments.profile,
        drop=arguments.drop,
        seed=arguments.seed,
    )
    content = render(trace, arguments.format)
    if arguments.output:
        write_whole(arguments.output, content)
    elif arguments.format == "pcap" and sys.stdout.isatty():
        raise UsageError("A capture is not for a terminal: name a file with -o FILE.")
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    if arguments.format == "text":
        _tell_outcomes(trace)
    return 0


def settings(pairs: Sequence[str]) -> dict[str, str]:
    """``{"rtt": "20"}`` from ``["rtt=20"]``."""
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--set takes NAME=VALUE, not {pair!r}.")
        values[name.strip()] = value.strip()
    return values


def render(trace: Trace, form: str) -> bytes:
    """The trace in one of `FORMATS`."""
    from tcpcore.observe import ss
    from tcpcore.observe.tcpdump import Printer
    from tcpcore.view.document import document
    from tcpcore.wire import codec, icmp, pcap

    if form == "pcap":
        packets = [(one.sent, codec.encode(one.public)) for one in trace.segments]
        packets += [(one.sent, icmp.encode_icmp(one.message)) for one in trace.icmp]
        return pcap.pcap_bytes(sorted(packets, key=lambda packet: packet[0]))
    if form == "json":
        return (json.dumps(document(trace), indent=1) + "\n").encode()
    if form == "html":
        from tcpcore.view.html_page import html_page

        return html_page([document(trace)]).encode()
    if form == "ss":
        return ss.history(trace).encode()
    printer = Printer()
    sent = [(one.sent, one.public) for one in trace.segments]
    sent += [(one.sent, one.message) for one in trace.icmp]
    lines = [printer.line(packet, at) for at, packet in sorted(sent, key=lambda one: one[0])]
    return "".join(f"{line}\n" for line in lines).encode()


def _tell_outcomes(trace: Trace) -> None:
    """What tcpdump cannot see goes to standard error: how calls ended, and when."""
    for time, host, call, result in trace.calls:
        if result != "ok":
            at = format_seconds(time)
            print(
                f"{trace.hosts[host][0]}: {call}() failed after {at} s: {result}", file=sys.stderr
            )


# --- bridge ---------------------------------------------------------------------------------------


def _bridge(arguments: argparse.Namespace) -> int:
    from tcpcore.linux.bridge import command

    def open_page(port: int) -> command.Page:
        from tcpcore.view.live import LivePage

        return LivePage(port)

    return command.main(arguments, open_page)


# --- explain --------------------------------------------------------------------------------------


def _explain(arguments: argparse.Namespace) -> int:
    from tcpcore.observe import explain_text
    from tcpcore.observe.explain import explain

    only = arguments.connection
    explain_text.check(only, arguments.interface)
    if arguments.to_pkt and arguments.html:
        raise UsageError("--html and --to-pkt exclude each other; ask for one at a time.")
    if arguments.to_pkt:
        from tcpcore.packetdrill import to_script

        text, agrees = to_script.of_capture(
            arguments.file, connection=only or 1, side=arguments.side, interface=arguments.interface
        )
        if not agrees:
            print(to_script.DOUBT, file=sys.stderr)
        return to_script.deliver(text, arguments.to_pkt)
    explanation = explain(
        arguments.file,
        connection=only,
        most=explain_text.MOST_SHOWN if only is None else explain_text.MOST_OF_ONE,
        progress=explain_text.progress_bar(arguments.file),
        interface=arguments.interface,
    )
    text = explain_text.format_text(explanation, only)
    if arguments.html:
        from tcpcore.view.capture_document import MOST_CONNECTIONS, to_documents
        from tcpcore.view.html_page import html_page

        documents = to_documents(explanation, arguments.connection)
        write_whole(arguments.html, html_page(documents, title=explanation.name).encode())
        if len(explanation.connections) > MOST_CONNECTIONS and arguments.connection is None:
            print(
                f"The page has the first {MOST_CONNECTIONS} connections;"
                " choose another one with --connection N.",
                file=sys.stderr,
            )
    print(text, end="")
    return 0
