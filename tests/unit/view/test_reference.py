"""The appendix lists what is there: every sysctl, counter, errno, RFC and record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tcpcore import sysctl
from tcpcore.host.history import HISTORY
from tcpcore.linux import store
from tcpcore.view import reference
from tcpcore.view.beliefs import beliefs
from tcpcore.view.rfc_titles import TITLES

CHAPTERS = Path(__file__).resolve().parents[3] / "chapters"


@pytest.fixture(autouse=True)
def _in_the_appendix(monkeypatch):
    """Where the pages' cells run."""
    monkeypatch.chdir(CHAPTERS / "appendix")


def rows(shown) -> list[list[str]]:
    return [line.split(" | ") for line in str(shown).splitlines()[1:]]


def test_every_sysctl_that_the_engine_obeys_is_in_the_table_with_its_default():
    found = {row[0].rsplit(".", 1)[-1]: row[1] for row in rows(reference.sysctl_table())}
    assert set(found) == {*sysctl.names(), "tcp_tw_recycle"}
    assert found["tcp_syn_retries"] == "6"
    assert found["tcp_rto_max_ms"] == "120000 ms"
    assert found["tcp_tw_recycle"] == "gone"


def test_a_sysctl_tells_where_an_older_kernel_differs_and_since_when():
    row = next(row for row in rows(reference.sysctl_table()) if "linear_timeouts" in row[0])
    assert "linux-6.4: 0" in row[2]
    assert "new in 6.5" in row[2]


def test_history_is_told_of_known_sysctls_only():
    assert set(HISTORY) <= {*sysctl.names(), "tcp_tw_recycle"}


def test_an_errno_names_the_calls_that_return_it_and_links_to_a_player():
    found = {row[0].split(":")[0]: row for row in rows(reference.errno_table())}
    assert found["ECONNREFUSED"][:3] == ["ECONNREFUSED: 111", "Connection refused", "connect()"]
    assert {"ECONNRESET", "EPIPE", "ETIMEDOUT"} <= set(found)
    assert "href='../handshake/three-way-handshake.html#connection-refused'" in (
        reference.errno_table().html
    )


def test_a_counter_names_a_scenario_that_moves_it():
    found = {row[0]: row[-1] for row in rows(reference.counter_table())}
    assert "accept-queue-overflow" in found["TcpExtListenOverflows"]
    assert "TcpActiveOpens" in found


def test_every_rfc_of_the_chapters_has_a_title_and_the_chapters_that_cite_it():
    found = {row[0]: row for row in rows(reference.rfc_index())}
    text = "".join(
        path.read_text() for path in CHAPTERS.rglob("*.md") if path.parent.name != "appendix"
    )
    cited = {int(one) for one in re.findall(r"rfc-editor\.org/rfc/rfc(\d+)", text)}
    assert {f"RFC {number}" for number in cited} <= set(found)
    assert cited <= set(TITLES)
    assert "The three-way handshake" in found["RFC 9293"][2]


def test_every_committed_record_is_listed():
    assert len(rows(reference.record_table())) == len(store.committed())


def test_a_player_is_found_by_its_scenario_and_linked_by_its_own_name(tmp_path: Path):
    part = tmp_path / "part"
    part.mkdir()
    cell = "```{code-cell} ipython3\n:tags: [hide-input]\n"
    cell += 'Player("handshake", panels=("queues",), name="tour")\nQueues("accept-late")\n```\n'
    (part / "page.md").write_text(f'Player("syn-unanswered")\n\n{cell}')
    assert reference._places(tmp_path) == {"handshake": f"{tmp_path}/part/page.html#tour"}


def test_every_belief_is_in_the_table():
    found = [row[0] for row in rows(reference.belief_table())]
    assert found == [one.number for one in beliefs()]
