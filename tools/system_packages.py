"""Install the programs that tests use and that only the system's package manager has.

As root on Debian or Ubuntu they are installed; otherwise one sentence says what to run, and the
tests that need them are skipped with that reason.
"""

from __future__ import annotations

import os
import shutil
import sys

from tools.progress import run, say, step, stop

# program -> Debian packages that bring it (the fonts are for the symbols in screenshots)
PACKAGES = {
    "cc": ("gcc", "libc6-dev"),
    "chromium": ("chromium", "fonts-dejavu-core", "fonts-liberation"),
    "chromium-headless-shell": ("chromium-headless-shell",),
    "curl": ("curl",),
    "iperf3": ("iperf3",),
    "iptables": ("iptables",),
    "lsof": ("lsof",),
    "nc": ("netcat-openbsd",),
    "netstat": ("net-tools",),
    "nft": ("nftables",),
    "nginx": ("nginx-light",),
    "ping": ("iputils-ping",),
    "ss": ("iproute2",),
    "sysctl": ("procps",),
    "tcpdump": ("tcpdump",),
    "tshark": ("tshark",),
}
# program -> another that does its work more slowly, where there is none
SPARE = {"chromium-headless-shell": "chromium"}
APT = ["apt-get", "-o", "DPkg::Lock::Timeout=120"]


def main(programs: list[str]) -> None:
    """Make each program available, or say how."""
    if unknown := [program for program in programs if program not in PACKAGES]:
        stop(f"no package is known for {', '.join(unknown)}; known are {', '.join(PACKAGES)}.")
    missing = [program for program in programs if not shutil.which(program)]
    if not missing:
        return
    needed = [program for program in missing if program not in SPARE]
    if os.geteuid() or not shutil.which("apt-get"):
        if needed:
            say(
                f"Missing: {', '.join(needed)}. Tests that need it are skipped; on Debian or "
                f"Ubuntu run `sudo apt-get install {' '.join(packages(missing))}` first."
            )
        return
    if needed != missing:
        try:
            install(missing)
            return
        except SystemExit:
            for program in sorted(SPARE.keys() & set(missing)):
                say(f"  {SPARE[program]} does what {program} does, only more slowly.")
    if needed:
        install(needed)


def packages(programs: list[str]) -> list[str]:
    """What brings them."""
    return [package for program in programs for package in PACKAGES[program]]


def install(programs: list[str]) -> None:
    """Install them, or stop."""
    names = packages(programs)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing {' '.join(names)} with apt-get"):
        run([*APT, "update", "-qq"], quiet=True, env=quiet)
        run(
            [*APT, "install", "-y", "-qq", "--no-install-recommends", *names],
            quiet=True,
            env=quiet,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
