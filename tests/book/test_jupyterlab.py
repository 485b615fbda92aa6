"""In JupyterLab itself, as on Binder: a click opens a chapter, and its kernel answers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tcpcore.view.capture_page import sample
from tests.book.conftest import ROOT

pytestmark = pytest.mark.browser

_PATIENCE = 120
"""Seconds: a busy machine starts JupyterLab and a kernel slowly."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab whose chapters are a copy; what `postBuild` does is done."""
    home = tmp_path_factory.mktemp("jupyterlab")
    shutil.copytree(ROOT / "chapters", home / "chapters")
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    asked = [line for line in (ROOT / "postBuild").read_text().splitlines() if "jupytext" in line]
    for command in asked:
        subprocess.run(command.split(), env=environment, check=True, cwd=home)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "port": port,
        "port_retries": 0,
        "open_browser": False,
        "allow_root": True,
        "root_dir": str(home),
    }
    command = [sys.executable, "-m", "jupyterlab", "--IdentityProvider.token="]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=home)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status", server, home / "log")
        yield address
    finally:
        server.terminate()
        server.wait(timeout=_PATIENCE)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                json.load(answer)
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture
def notebook(pages: Any, lab: str) -> Any:
    """Opens a chapter as a click does, and runs all of its cells."""

    pages.expected_error = "internal reference|implicit heading"  # of chapters: Sphinx knows them

    def opened(path: str, awaited: str) -> Any:
        page = pages.new(viewport={"width": 1500, "height": 1300})
        page.set_default_timeout(_PATIENCE * 1000)
        page.goto(f"{lab}/lab/tree/{path}?reset")
        page.get_by_text("(ipykernel) | Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(_AT_THE_TOP, arg=awaited, polling=500)
        page.get_by_text("(ipykernel) | Idle").wait_for()
        page.wait_for_function(_SETTLED, arg=awaited, polling=500)
        return page.locator(awaited).first

    return opened


_AT_THE_TOP = """(awaited) => {
  document.querySelector(".jp-Notebook .jp-WindowedPanel-outer").scrollTop = 0;
  return document.querySelector(awaited);
}"""
"""Cells far from what is seen are not drawn, and after a run the last one is what is seen."""
_SETTLED = """(awaited) => {
  const panel = document.querySelector(".jp-Notebook .jp-WindowedPanel-outer");
  const found = document.querySelector(awaited);
  const place = panel.scrollTop === 0 && found ? found.getBoundingClientRect().top : null;
  const settled = place !== null && found === window.found && place === window.place;
  panel.scrollTop = 0;
  [window.found, window.place] = [found, place];
  return settled;
}"""
"""The cells' outputs come and move what is below: the same is to stand at the same place twice."""


def test_a_player_is_there_steps_and_its_slider_asks_the_kernel(notebook: Any) -> None:
    player = notebook("chapters/handshake/three-way-handshake.md", ".tcpcore[data-step]")
    player.get_by_role("button", name="Next step").click()
    assert player.get_attribute("data-step") == "2"
    assert "450 ms" not in player.locator(".ladder-box").inner_text()
    slider = player.locator("[data-parameter=rtt]")
    slider.fill("300")
    slider.dispatch_event("change")
    player.locator(".ladder-box", has_text="450 ms").wait_for()


def test_the_capture_reader_gives_a_file_to_the_kernel(notebook: Any, tmp_path: Path) -> None:
    frame = notebook("chapters/observing/your-own-capture.md", ".tcpcore-capture")
    path = tmp_path / "mine.pcap"
    path.write_bytes(sample("accept-queue-overflow"))
    frame.get_by_label("Drop a capture here, or choose a file").set_input_files(path)
    frame.locator(".status", has_text="mine.pcap: 4 connections").wait_for()
    frame.get_by_role("button", name="Show connection 3").click()
    frame.locator(".heading", has_text="Connection 3").wait_for()
    assert frame.locator(".findings li", has_text="accept queue").count()
    assert frame.locator(".tcpcore[data-step]").count() == 1
    assert "the kernel of this notebook reads it" in frame.inner_text()
