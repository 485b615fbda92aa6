"""The files that set the project up agree with each other."""

from __future__ import annotations

import json
import os
import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[3]
IN_CI = os.environ.get("CI") == "true"
PLACEHOLDER = "github.com/example/"


def read(name: str) -> str:
    return (ROOT / name).read_text()


def canonical(requirement: str) -> str:
    """The normalised name of a requirement: ``jupyter-book`` for ``Jupyter_Book<2``."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def pins() -> dict[str, str]:
    lines = [line for line in read("constraints.txt").splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
    return {canonical(line): line.split("==")[1] for line in lines}


def asked_for() -> list[str]:
    project = tomllib.loads(read("pyproject.toml"))
    asked = list(project["build-system"]["requires"])
    for extra in project["project"]["optional-dependencies"].values():
        asked += extra
    asked += [line for line in read("requirements.txt").splitlines() if line[:1].isalpha()]
    return asked


@pytest.mark.parametrize("requirement", asked_for())
def test_every_package_that_is_asked_for_is_pinned(requirement: str) -> None:
    assert canonical(requirement) in pins()


def test_what_is_installed_is_what_is_pinned() -> None:
    """At home more may lie beside it, such as a debugger; in CI nothing does."""
    base = {"pip", "setuptools", "wheel", "tcpcore"}
    installed = {canonical(each.name): each.version for each in metadata.distributions()}
    pinned = pins()
    others = {
        name: version
        for name, version in installed.items()
        if name not in base and pinned.get(name, version if not IN_CI else "") != version
    }
    assert not others


def test_every_pin_runs_on_the_oldest_python_that_we_promise() -> None:
    """Debian 12 has Python 3.11.2, and a package may ask for 3.11.5."""
    oldest = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    assert oldest == ">=3.11"
    too_new = {
        each.name: wanted
        for each in metadata.distributions()
        if (wanted := each.metadata.get("Requires-Python"))
        and not SpecifierSet(wanted).contains("3.11.0")
    }
    assert not too_new


def test_jupyter_book_is_one_that_reads_the_config() -> None:
    assert pins()["jupyter-book"].startswith("1.")


def test_binder_gets_the_pins_the_package_and_a_python_that_is_new_enough() -> None:
    lines = read("requirements.txt").splitlines()
    assert "-c constraints.txt" in lines
    assert "-e ." in lines
    assert re.fullmatch(r"python-3\.(1[1-9])", read("runtime.txt").strip())
    assert "jupytext-config set-default-viewer markdown" in read("postBuild")
    assert not (ROOT / ".binder").exists()
    assert not (ROOT / "binder").exists()


def test_npm_packages_have_exact_versions_and_the_lock_file_names_no_host() -> None:
    package = json.loads(read("package.json"))
    for versions in (package["dependencies"], package["devDependencies"]):
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
    lock: dict[str, Any] = json.loads(read("package-lock.json"))
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]


def test_every_page_of_the_table_of_contents_exists() -> None:
    toc = yaml.safe_load(read("_toc.yml"))
    pages = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    assert [page for page in pages if not (ROOT / f"{page}.md").is_file()] == []


def test_the_repository_s_address_stands_in_two_places_only() -> None:
    """A placeholder until the project has a home; CONTRIBUTING.md explains where to change it."""
    address = yaml.safe_load(read("_config.yml"))["repository"]["url"]
    slug = address.removeprefix("https://github.com/")
    assert f"/gh/{slug}/main" in read("README.md")
    others = [*(ROOT / "tcpcore").rglob("*.py"), *(ROOT / "chapters").rglob("*.md")]
    assert [path for path in others if PLACEHOLDER in path.read_text()] == []


@pytest.mark.parametrize("key", ["allow_errors", "execute_notebooks", "stderr_output"])
def test_a_cell_that_fails_or_complains_fails_the_build(key: str) -> None:
    expected = {"allow_errors": False, "execute_notebooks": "cache", "stderr_output": "error"}
    assert yaml.safe_load(read("_config.yml"))["execute"][key] == expected[key]


def test_no_package_of_npm_follows_a_tag_that_moves() -> None:
    """`npm ci` compares a dependency on "latest" with today's registry, and refuses an old lock."""
    lock = json.loads(read("package-lock.json"))
    moving = {
        name
        for package in lock["packages"].values()
        for name, wanted in package.get("dependencies", {}).items()
        if wanted == "latest"
    }
    overrides = json.loads(read("package.json"))["overrides"]
    assert moving <= set(overrides)
