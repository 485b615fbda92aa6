"""Option lines of scripts, and the same words on the command line: how a script is run.

``--ip_version=ipv6 --mtu=1500 --local_ip=2001:db8::1``.  What only matters to a program that sets
up network cards has no effect here, and is remarked on.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host.fastopen import cookie
from tcpcore.packetdrill.parser import DEFINING, unquoted
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.syntax import Script
from tcpcore.packetdrill.system import IPV4, IPV6, MAPPED, Settings
from tcpcore.wire import address

USUAL_KEY = bytes.fromhex("a1a1a1a1b2b2b2b2c3c3c3c3d4d4d4d4")
"""The Fast Open key that public scripts take for set."""
WITHOUT_EFFECT = (
    "local_ip_prefix", "gateway_ip", "netmask_ip", "speed", "non_fatal", "persistent_tun_dev",
    "tcp_ts_ecr_scaled", "send_omit_free", "init_scripts", "dry_run", "udp_encaps", "wire_client",
    "wire_server", "wire_server_ip", "wire_server_port", "wire_client_dev", "wire_server_dev",
    "so_filename", "so_flags", "code_command", "code_format", "code_sockopt", "tun_dev", "is_anyip",
    "anyip", "debug", "tolerance_percent", "local_linklocal_ip", "timeout_usecs",
    "live_bind_ip", "live_bind_port", "live_connect_ip", "live_connect_port", "live_gateway_ip",
    "live_local_ip", "live_remote_ip", "live_netmask_ip", "live_remote_prefix",
)  # fmt: skip
ADDRESSES = {"local_ip": "local", "remote_ip": "remote"}
NUMBERS = {
    "bind_port": ("bind_port", 65535),
    "connect_port": ("connect_port", 65535),
    "mss": ("merged_mss", 65535),
    "mtu": ("mtu", 65535),
    "tolerance_usecs": ("tolerance", 10**9),
    "tcp_ts_tick_usecs": ("tick", 10**6),
}
VERSIONS = (IPV4, IPV6, MAPPED)
_OFF = ("0", "false")
_SIX_LOCAL, _SIX_REMOTE = "fd3d:a0b:17d6::1", "fd3d:fa7b:d17d::1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that set something, as words of a command line; the others are taken, too."""
    parser.add_argument("--tolerance_usecs", metavar="N", help="how far off, instead of 4000")
    parser.add_argument("--strict_segments", action="store_true", help="packets as they are sent")
    parser.add_argument("--ip_version", metavar="VERSION", help=", ".join(VERSIONS))
    for name in ("local_ip", "remote_ip"):
        parser.add_argument(f"--{name}", metavar="ADDRESS", help="the address of that end")
    for name in ("bind_port", "connect_port", "mss", "mtu", "tcp_ts_tick_usecs"):
        parser.add_argument(f"--{name}", metavar="N", help=argparse.SUPPRESS)
    for name in WITHOUT_EFFECT:
        parser.add_argument(f"--{name}", nargs="?", help=argparse.SUPPRESS)


def settings_of_line(words: Mapping[str, Any]) -> Settings:
    """The settings that a command line asks for; `UsageError` for a value that cannot be."""
    given = {
        name: str(words[name])
        for name in ("ip_version", *ADDRESSES, *NUMBERS)
        if words.get(name) is not None
    }
    changed: dict[str, Any] = {"strict_segments": bool(words.get("strict_segments"))}
    for name, value in given.items():
        try:
            changed.update(_setting(name, value))
        except ValueError as error:
            raise UsageError(f"{error}.") from None
    return _of_version(Settings(), changed)


def settings_of(script: Script, source: Source, given: Settings) -> tuple[Settings, list[str]]:
    """The settings after the script's own option lines; remarks on those without effect."""
    changed: dict[str, Any] = {}
    remarks: list[str] = []
    at = 0
    for name, value, offset in script.options:
        if name in DEFINING:
            continue
        if name in WITHOUT_EFFECT or name == "verbose":
            remarks.append(f"--{name} has no effect here")
            continue
        at = offset
        try:
            changed.update(_setting(name, value))
        except ValueError as error:
            raise ScriptError(source, offset, str(error)) from None
    settings = _of_version(given, changed)
    if (":" in settings.local) != (":" in settings.remote):
        problem = f"{settings.local} and {settings.remote} are of different IP versions"
        raise ScriptError(source, at, problem)
    return settings, remarks


def _setting(name: str, value: str) -> dict[str, Any]:
    """What one option sets; ValueError with what is wrong."""
    if name in NUMBERS:
        attribute, most = NUMBERS[name]
        least = 0 if attribute == "tick" else 1
        if not value.isdecimal() or not least <= int(value[:12]) <= most:
            raise ValueError(f"--{name} takes a number from {least} to {most}, not {value!r}")
        return {attribute: int(value)}
    if name in ADDRESSES:
        return {ADDRESSES[name]: _address(value)}
    if name == "strict_segments":
        return {name: value not in _OFF}
    if name == "ip_version":
        value = value.replace("_", "-")
        if value not in VERSIONS:
            raise ValueError(f"--ip_version is one of {', '.join(VERSIONS)}, not {value!r}")
        return {name: value}
    raise ValueError(f"no option is called --{name}")


def _address(value: str) -> str:
    try:
        return address.unpack(address.pack(value.split("/")[0]))
    except ValueError:
        raise ValueError(f"{value!r} is no IP address") from None


def _of_version(given: Settings, changed: dict[str, Any]) -> Settings:
    """The settings changed; without addresses of its own, IPv6 has others."""
    if changed.get("ip_version") == IPV6 and ":" not in given.local:
        changed = {"local": _SIX_LOCAL, "remote": _SIX_REMOTE, **changed}
    return replace(given, **changed)


# --- definitions ---------------------------------------------------------------------------------


def usual_definitions(settings: Settings) -> dict[str, str]:
    """Names that public scripts take for given, as their runners define them.

    The Fast Open cookies of the run's addresses under two keys: the one that these scripts set,
    and zeros.
    """
    pair = settings.remote, settings.local
    level = "SOL_IPV6" if settings.ip_version == IPV6 else "SOL_IP"
    kind = "IPV6_RECVERR" if settings.ip_version == IPV6 else "IP_RECVERR"
    return {
        "TFO_COOKIE": cookie(*pair, USUAL_KEY).hex(),
        "TFO_COOKIE_ZERO": cookie(*pair, bytes(len(USUAL_KEY))).hex(),
        "CMSG_LEVEL_IP": level,
        "CMSG_TYPE_RECVERR": kind,
    }


def defined(script: Script, source: Source) -> dict[str, str]:
    """What ``--define=NAME=VALUE`` lines define."""
    found: dict[str, str] = {}
    for name, value, offset in script.options:
        if name in DEFINING:
            try:
                found.update([definition(value)])
            except UsageError as error:
                raise ScriptError(source, offset, str(error)) from None
    return found


def definition(text: str) -> tuple[str, str]:
    """``NAME=VALUE``, taken apart; `UsageError` for anything else."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(f"a definition is NAME=VALUE, not {text!r}.")
    return name, unquoted(value)
