"""A lab's page as students get it, as a notebook, and as the source for ``otter assign``."""

from __future__ import annotations

import re

from labs.kit.lab import Declared, Lab

LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)+[^)]+\)")
FRONT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""
ASSIGNMENT = """
```{{raw-cell}}
# ASSIGNMENT CONFIG
name: {name}
init_cell: false
export_cell: false
check_all_cell: false
run_tests: false
tests:
  ok_format: false
generate:
  pdf: false
  zips: false
  show_stdout: true
files:
  - support.zip
```
"""
QUESTION = """
```{{raw-cell}}
# BEGIN QUESTION
name: check_{number}
points: {each}
```

### Check {number}: {name}

{checked} ({points:g} points)
{answer}
```{{raw-cell}}
# BEGIN TESTS
```
{tests}
```{{raw-cell}}
# END TESTS
```

```{{raw-cell}}
# END QUESTION
```
"""
ANSWER = """
```{{raw-cell}}
# BEGIN SOLUTION
```

```{{code-cell}} ipython3
{cell}```

```{{raw-cell}}
# END SOLUTION
```
"""
TEST = """
```{{code-cell}} ipython3
\"\"\" # BEGIN TEST CONFIG
name: {name}
points: {points:g}
\"\"\" # END TEST CONFIG
def test_{number}_{part}(env):
    import sys
    sys.path.insert(0, "support.zip")
    from judge import judge
    judge({number}, {share})
```
"""
JUDGE = '''"""Judges answer.py for otter by the checks of check.py; the answer runs in a child."""

import sys
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

ARCHIVE = Path(__file__).resolve().parent  # this file lies in it
NAME = "{name}"


@lru_cache(maxsize=1)
def verdicts():
    folder = tempfile.mkdtemp()
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(folder)
    sys.path[:0] = [folder]
    from labs.grading.worker import grade_one
    from labs.kit.answer import constant

    source = Path("answer.py").read_text(encoding="utf-8", errors="replace")
    student = str(constant(source, "ID") or "demo")
    task = {{"lab": NAME, "student": student, "file": "answer.py", "source": source}}
    result = grade_one({{**task, "problem": "", "limits": {{"hide": [f"{{folder}}/labs"]}}}})
    return result["checks"]


def judge(number, part):
    """Fail unless so many parts of a check's points were reached."""
    one = verdicts()[number - 1]
    if one["points"] + 1e-6 < one["of"] * part:
        found = [one["message"], "Rule: " + one["rule"], "First at: " + one["where"]]
        raise AssertionError("\\n".join(found))
'''


def page_for_students(lab: Lab) -> str:
    """lab.md without links into the book's folders: the words stay."""
    page = (lab.folder / "lab.md").read_text(encoding="utf-8")
    return LINK.sub(r"*\1*", page)


def to_notebook(page: str) -> str:
    """A MyST page as .ipynb."""
    import jupytext

    notebook = jupytext.reads(page, fmt="md:myst")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # jupytext draws them by chance
    text: str = jupytext.writes(notebook, fmt="ipynb")
    return text


def indented(code: str, mark: str) -> str:
    """A block of otter's in a code cell."""
    return f"# BEGIN {mark}\n{code.rstrip()}\n# END {mark.split()[0]}\n"


def for_otter(lab: Lab) -> str:
    """The master notebook for ``otter assign``: one cell with the answer, a question per check."""
    starter = (lab.folder / "starter.py").read_text(encoding="utf-8")
    solution = (lab.folder / "solution.py").read_text(encoding="utf-8")
    prompt = f'""" # BEGIN PROMPT\n{commented(starter)}\n""" # END PROMPT\n'
    cell = f"%%writefile answer.py\n{indented(solution, 'SOLUTION NO PROMPT')}{prompt}"
    answer = ANSWER.format(cell=cell)
    questions = "".join(question(one, answer * (one.number == 1)) for one in lab.checks)
    intro = (
        f"# {lab.title}\n\nThe tasks are told in lab.md. Complete the cell below and run it: it "
        "writes answer.py. You may as well hand in answer.py alone.\n"
    )
    head = FRONT + ASSIGNMENT.format(name=lab.name)
    return f"{head}\n{intro}\n{questions}"


def commented(starter: str) -> str:
    """The starter inside a text in three quotes."""
    return starter.rstrip().replace('"""', "'''")


def question(one: Declared, answer: str) -> str:
    """A check as a question of otter's, its points in as many cases as it gives parts."""
    each = one.points / one.parts
    tests = "".join(
        TEST.format(
            name=one.name if one.parts == 1 else f"{one.name}, part {part} of {one.parts}",
            points=each,
            number=one.number,
            part=part,
            share=f"{part} / {one.parts}",
        )
        for part in range(1, one.parts + 1)
    )
    return QUESTION.format(
        number=one.number,
        name=one.name,
        checked=one.checked,
        points=one.points,
        each=[each] * one.parts,
        tests=tests,
        answer=answer,
    )
