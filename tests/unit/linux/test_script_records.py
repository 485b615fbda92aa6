"""Records of scripts: one for each example, of its very text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux import script_records
from tcpcore.packetdrill import examples


@pytest.mark.parametrize("name", examples.names())
def test_every_example_has_a_record_of_a_kernel(name: str) -> None:
    found = script_records.find(name)
    assert found.kernel.startswith("6.")
    assert found.outcome["verdict"] in ("passed", "failed")


def test_a_record_of_another_text_is_refused(tmp_path: Path) -> None:
    name = examples.names()[0]
    found = json.loads((script_records.FOLDER / f"{name}.json").read_text())
    (tmp_path / f"{name}.json").write_text(json.dumps({**found, "script": "other"}))
    with pytest.raises(UsageError, match="record it again"):
        script_records.find(name, tmp_path)


def test_a_script_without_a_record_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="There is no kernel record of the script 'nothing'"):
        script_records.find("nothing")
