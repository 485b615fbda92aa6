"""Let atheris, which watches what code each input reaches, look for inputs that break a target.

    python -m tests.fuzz                     the targets' names
    python -m tests.fuzz capture             until interrupted; libFuzzer's options may follow
    python -m tests.fuzz --seconds 10 all    each target for so long (`make fuzz`)

An input that breaks a target is written to a file, whose name libFuzzer prints; give that file as
an argument to see the failure again.
"""

from __future__ import annotations

import subprocess
import sys

NAMES = "tests.fuzz.targets"


def main(words: list[str]) -> int:
    """Run the command; the exit code."""
    from tests.fuzz.targets import TARGETS

    if not words:
        for name, function in TARGETS.items():
            print(f"{name}: {(function.__doc__ or '').splitlines()[0]}")
        return 0
    if words[0] == "--seconds" and len(words) == 3:
        chosen = list(TARGETS) if words[2] == "all" else [words[2]]
        return max(_in_a_process(name, int(words[1])) for name in chosen)
    return fuzz(words[0], words[1:])


def _in_a_process(name: str, seconds: int) -> int:
    print(f"{name}, {seconds} s", flush=True)
    options = [f"-max_total_time={seconds}", "-max_len=4096", "-verbosity=0"]
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, *options], check=False
    ).returncode


def fuzz(name: str, options: list[str]) -> int:
    """Run one target under atheris."""
    import atheris

    with atheris.instrument_imports(include=["tcpcore"]):
        from tests.fuzz.targets import TARGETS
    if name not in TARGETS:
        print(f"There is no target {name!r}; known are {', '.join(TARGETS)}.", file=sys.stderr)
        return 2
    atheris.Setup([sys.argv[0], *options], TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
