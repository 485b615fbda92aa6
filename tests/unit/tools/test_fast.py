"""tools/fast.py: what the compiler is told, and what is said when it cannot work."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import fast

PACKAGE = fast.ROOT / "tcpcore"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package as mypyc gets it."""
    package = tmp_path_factory.mktemp("fast") / "tcpcore"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    fast.tell_mypyc(package)
    return package


def test_without_a_compiler_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fast.shutil, "which", lambda name: None)
    assert fast.missing() == (
        "no C compiler was found; on Debian or Ubuntu run `sudo apt-get install gcc libc6-dev`"
    )


def test_without_pythons_headers_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fast.shutil, "which", lambda name: "/usr/bin/cc")
    monkeypatch.setattr(fast.sysconfig, "get_path", lambda name: str(tmp_path))
    assert fast.missing() == (
        "Python.h was not found; on Debian or Ubuntu run `sudo apt-get install python3-dev`"
    )
    (tmp_path / "Python.h").touch()
    assert fast.missing() is None


def test_every_module_to_compile_is_there() -> None:
    found = [str(path.relative_to(PACKAGE)) for path in fast.sources(PACKAGE)]
    assert len(found) == len(set(found))
    for pattern in fast.MODULES:
        assert list(PACKAGE.glob(pattern)), pattern
    assert set(fast.ATTRIBUTES) <= set(found)


def test_what_mypyc_gets_is_the_same_program_with_marks(told: Path) -> None:
    text = (told / "trace.py").read_text()
    assert "@mypyc_attr(allow_interpreted_subclasses=True)\nclass Trace:" in text
    for path in fast.sources(told):
        ast.parse(path.read_text())


def test_the_source_itself_imports_no_third_party_module(told: Path) -> None:
    name = "tcp/tcb.py"
    assert "mypy_extensions" in (told / name).read_text()
    assert "mypy_extensions" not in (PACKAGE / name).read_text()


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("MASK = 0xFFFF", "MASK: Final = 0xFFFF"),
        ("_QUICK = TEN // 2", "_QUICK: Final = TEN // 2"),
        ("A, B = 1, 'x'", "A: Final = 1; B: Final = 'x'"),
        ("OPEN, LOSS = range(2)", "OPEN: Final = 0; LOSS: Final = 1"),
        ("A, B = pair()", "A, B = pair()"),
        ("A = B = 1", "A = B = 1"),
        ("Section = list[int]", "Section = list[int]"),
        ("NAMES: list[str] = []", "NAMES: list[str] = []"),
        ("if True:\n    A = 1", "if True:\n    A = 1"),
        ("A = 1\nA = 2", "A = 1\nA = 2"),
    ],
)
def test_constants_are_marked_and_nothing_else(line: str, marked: str) -> None:
    assert fast.constants(f"{line}\n") == f"{marked}\n"


def test_a_tuple_of_several_lines_keeps_the_numbers_of_those_below() -> None:
    text = fast.constants("A, B = (\n    1,\n    2,\n)\nC = 3\n")
    assert text == "A: Final = 1; B: Final = 2\n\n\n\nC: Final = 3\n"


def test_a_changed_source_is_no_longer_what_was_compiled(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("A = 1\n")
    before = fast.fingerprint(tmp_path)
    assert fast.fingerprint(tmp_path) == before
    (tmp_path / "one.py").write_text("A = 2\n")
    assert fast.fingerprint(tmp_path) != before


def test_what_was_never_compiled_is_not_built(tmp_path: Path) -> None:
    assert not fast.is_built(tmp_path)
    (tmp_path / fast.STAMP).write_text(fast.fingerprint(PACKAGE))
    assert fast.is_built(tmp_path)


def test_its_python_says_when_the_engine_has_changed_since(tmp_path: Path) -> None:
    folder = tmp_path / "_build"
    package = tmp_path / "tcpcore"
    for one in (folder, package):
        one.mkdir()
    (package / "one.py").touch()
    (folder / fast.STAMP).touch()
    python = folder / "python"
    python.write_text(
        fast.PYTHON.format(folder=folder, root=tmp_path, python="/bin/echo", stamp=fast.STAMP)
    )

    def run() -> tuple[str, str]:
        done = subprocess.run(["sh", str(python), "it runs"], capture_output=True, text=True)
        return done.stdout, done.stderr

    assert run() == ("it runs\n", "")
    newer = (folder / fast.STAMP).stat().st_mtime + 10
    os.utime(package / "one.py", (newer, newer))
    assert run() == (
        "it runs\n",
        "tcpcore has changed: this is the engine of the last `make fast`.\n",
    )


def declared(node: ast.ClassDef) -> set[str]:
    """The attributes that a class gives a type, in its body or in a method."""
    found = [one for one in ast.walk(node) if isinstance(one, ast.AnnAssign)]
    names = [ast.unparse(one.target) for one in found if "ClassVar" not in ast.unparse(one)]
    own = [ast.unparse(one.target) for one in node.body if isinstance(one, ast.AnnAssign)]
    return {one.removeprefix("self.") for one in names if one in own or one.startswith("self.")}


def test_no_attribute_is_declared_in_a_class_and_again_in_one_derived_from_it() -> None:
    """Mypyc 2.4 would visit it twice where garbage is looked for, and never free a cycle."""
    bodies = [ast.parse(path.read_text()).body for path in fast.sources(PACKAGE)]
    classes = {one.name: one for body in bodies for one in body if isinstance(one, ast.ClassDef)}

    def above(name: str) -> set[str]:
        bases = {ast.unparse(one) for one in classes[name].bases} & set(classes)
        return bases.union(*(above(one) for one in bases))

    for name, node in classes.items():
        for other in above(name):
            assert not declared(node) & declared(classes[other]), f"{other}, {name}"
