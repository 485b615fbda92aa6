"""Build one page alone into _build/try, in seconds: for those who write it.

Warnings about links to pages of the book that are left out here are kept back; everything else is
shown as `make build` would show it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import time
from pathlib import Path

from tools import build_book, printed_numbers
from tools.progress import ROOT, alone, say, stop

OUT = ROOT / "_build" / "try"
BUILT = OUT / "_build" / "html"  # jupyter-book adds these two names itself
TOC = OUT / "_toc.yml"
CHAPTERS = ROOT / "chapters"
# Pages without cells that every chapter may refer to by words of its own.
ALWAYS = ("appendix/glossary",)
MISSING = re.compile(r"""(?:not found: |unknown (?:source )?document:? )['"]([^'"#]+)""", re.I)


def page_named(wanted: str) -> str:
    """`handshake/unusual-openings`, however it was written; ends the program for unknown pages.

    A lab is named `labs/NAME`; its page stands as `../labs/NAME/lab`, seen from the chapters.
    """
    if lab := re.match(r"^(?:\./|\.\./)?labs/([\w-]+)", wanted):
        if (ROOT / "labs" / lab[1] / "lab.md").is_file():
            return f"../labs/{lab[1]}/lab"
        stop(f"there is no labs/{lab[1]}/lab.md.")
    name = re.sub(r"^(\./)?(chapters/)?|\.md$", "", wanted)
    if (CHAPTERS / f"{name}.md").is_file():
        return name
    alike = sorted(CHAPTERS.rglob(f"{Path(name).name}.md"))
    hint = f"; do you mean {alike[0].relative_to(CHAPTERS).with_suffix('')}?" if alike else "."
    stop(f"there is no chapters/{name}.md{hint}")


def leads_to_another_page(line: str) -> bool:
    """Whether a warning only says that a page of the book is not part of this try."""
    found = MISSING.search(line)
    if found is None:
        return False
    return any(CHAPTERS.rglob(f"{Path(found[1]).name.removesuffix('.md')}.md"))


def wrong(line: str) -> bool:
    """Whether the line says something that the writer has to mend."""
    return build_book.is_trouble(line) and not leads_to_another_page(line)


def write_toc(name: str) -> None:
    """A table of contents with this page, and those that every page refers to."""
    files = [one for one in ALWAYS if one != name and (CHAPTERS / f"{one}.md").is_file()]
    root = f"chapters/{name}".replace("chapters/../", "")
    lines = ["format: jb-book", f"root: {root}"]
    lines += ["chapters:"] if files else []
    lines += [f"  - file: chapters/{one}" for one in files]
    OUT.mkdir(parents=True, exist_ok=True)
    TOC.write_text("\n".join(lines) + "\n")


def show_unproven(name: str) -> None:
    """Name the times and sizes of the prose that no run of the page shows."""
    chapter, page = CHAPTERS / f"{name}.md", BUILT / "chapters" / f"{name}.html"
    page = page.resolve()
    for one in printed_numbers.unproven(chapter.read_text(), page.read_text()):
        say(f"  {one!r} in the prose: no run of this page shows it (see tools/printed_numbers.py)")


def main() -> None:
    """Build the page, and print where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", help="as in _toc.yml: handshake/three-way-handshake")
    name = page_named(parser.parse_args().page)
    start = time.monotonic()
    write_toc(name)
    shutil.rmtree(OUT / "_build" / ".doctrees", ignore_errors=True)
    shutil.rmtree(BUILT / "reports", ignore_errors=True)
    command = [build_book.JUPYTER_BOOK, "build", "-n", "--keep-going", "--toc", str(TOC)]
    command += ["--path-output", str(OUT), "."]
    failed = build_book.build(command, OUT / "build.log", wrong)
    build_book.show_reports(BUILT / "reports")
    if failed or any((BUILT / "reports").rglob("*.err.log")):
        stop(f"the page is not whole; the whole output is in {OUT.relative_to(ROOT)}/build.log.")
    show_unproven(name)
    say(f"  done in {time.monotonic() - start:.1f} s: {BUILT / 'chapters' / name}.html")
    say("  with sliders: .venv/bin/python -m tools.serve --folder _build/try/_build/html")


if __name__ == "__main__":
    with alone():
        main()
