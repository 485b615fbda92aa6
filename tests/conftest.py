"""Which tests can run here; with CI=true one that cannot is a failure, not a skip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

from tcpcore.tcp import prediction
from tests.held_up import Watch, undisturbed

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "_build" / "html" / "index.html"
UNFINISHED = ROOT / "_build" / "unfinished"
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
COMPILED = not prediction.__file__.endswith(".py")
NEEDY = ("kernel", "book", "browser", "compiled")

WATCH = pytest.StashKey[Watch]()
DISTURBED = pytest.StashKey[list[str]]()

# No deadlines: this machine may be busy.  CI looks at the same examples each time; at home each run
# looks at new ones, and a failure prints how to replay it.
settings.register_profile("home", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if IN_CI else "home")


def missing_for(marker: str) -> str | None:
    """What this machine lacks to run tests with `marker`, as a reason; None when nothing."""
    if marker == "kernel":
        if os.geteuid():
            return "kernel tests need root (network namespaces and a TUN device)"
        if not Path("/dev/net/tun").exists():
            return "kernel tests need /dev/net/tun"
        return None
    if marker == "compiled":
        from tools import fast

        return None if fast.is_built() else "this engine was not compiled: run `make fast`"
    if not BUILT.is_file() or UNFINISHED.exists():
        return "there is no book that was built to the end: run `make build`"
    if marker == "browser" and not shutil.which("chromium"):
        return "browser tests need chromium (`make packages`)"
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in NEEDY:
        if item.get_closest_marker(marker) and (reason := missing_for(marker)):
            pytest.skip(reason)
    if COMPILED and (mark := item.get_closest_marker("interpreted")):
        pytest.skip(mark.args[0])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """A kernel test that failed while this machine was held up begins again: `tests.held_up`."""
    if not item.get_closest_marker("kernel") or missing_for("kernel"):
        return None
    if WATCH not in item.config.stash:
        item.config.stash[WATCH] = Watch()
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports, reasons = undisturbed(
        lambda: runtestprotocol(item, log=False, nextitem=nextitem),
        lambda reports: any(report.failed for report in reports),
        item.config.stash[WATCH],
    )
    said = item.config.stash.setdefault(DISTURBED, [])
    said += [f"begun again: {item.nodeid}: {reason}" for reason in reasons]
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for said in terminalreporter.config.stash.get(DISTURBED, []):
        terminalreporter.write_line(said)


def pytest_unconfigure(config: pytest.Config) -> None:
    if watch := config.stash.get(WATCH, None):
        watch.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    needy = any(item.get_closest_marker(marker) for marker in NEEDY)
    if IN_CI and needy and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CI must run every test with needs, but: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"CI must run every test file, but: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT
