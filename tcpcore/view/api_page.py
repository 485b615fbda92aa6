"""Sphinx extension: the reference of what readers call, made from the docstrings.

``{api}`` lists objects, one a line, as ``module:Name`` or ``module:Class.method``
(`addresses`); ``{scenarios}``
lists every scenario with its parameters.  Both fail the build for a name that does not exist.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from tcpcore.scenarios import registry

_CODE = re.compile(r"``(.+?)``|`(.+?)`", re.DOTALL)


class ApiDirective(SphinxDirective):
    """``{api}``: names of objects, one a line."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # docstrings change without this page
        entries = [
            _entry(address)
            for line in self.content
            if line.strip()
            for address in addresses(line.strip())
        ]
        return [nodes.definition_list("", *entries, classes=["api"])]


class ScenariosDirective(SphinxDirective):
    """``{scenarios}``: every scenario by name, its question, and its parameters."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()
        entries = []
        for name in registry.names():
            scenario = registry.get(name)
            body = [nodes.paragraph("", f"{scenario.title}. {scenario.question}")]
            items = [_parameter(one) for one in scenario.parameters]
            if items:
                body.append(nodes.bullet_list("", *items))
            entries.append(_item(f"scenario-{name}", nodes.literal("", name), body))
        return [nodes.definition_list("", *entries, classes=["api"])]


def _parameter(one: registry.Parameter) -> nodes.list_item:
    unit = f" {one.unit}" if one.unit else ""
    words = f": {one.label}, {one.default}{unit}" + (f" ({one.help})" if one.help else "")
    return nodes.list_item(
        "", nodes.paragraph("", "", nodes.literal("", one.name), nodes.Text(words))
    )


def addresses(line: str) -> list[str]:
    """The line itself; ``module:Class.*`` means every described method and property of a class."""
    if not line.endswith(".*"):
        return [line]
    module, _, name = line.removesuffix(".*").partition(":")
    members = vars(getattr(import_module(module), name))
    return [
        f"{module}:{name}.{member}"
        for member, thing in members.items()
        if not member.startswith("_")
        and (inspect.isfunction(thing) or isinstance(thing, property))
        and thing.__doc__
    ]


def _entry(address: str) -> nodes.definition_list_item:
    """One object: its signature and its docstring."""
    module, _, path = address.partition(":")
    thing: Any = import_module(module)
    for name in path.split("."):
        thing = getattr(thing, name)
    if not inspect.getdoc(thing):
        raise ValueError(f"{address} has no docstring")
    term = nodes.literal("", path + signature(thing))
    return _item(f"api-{path}", term, described(inspect.getdoc(thing) or ""))


def _item(key: str, term: nodes.Node, body: list[nodes.Node]) -> nodes.definition_list_item:
    return nodes.definition_list_item(
        "", nodes.term("", "", term, ids=[key]), nodes.definition("", *body)
    )


def signature(thing: Any) -> str:
    """How it is called, without types; nothing for a property or a value."""
    if not callable(thing):
        return ""
    try:
        found = inspect.signature(thing)
    except ValueError:
        return "()"
    shown = [
        one.replace(annotation=inspect.Parameter.empty)
        for one in found.parameters.values()
        if one.name != "self" and not one.name.startswith("_")
    ]
    return str(inspect.Signature(shown)).replace("<factory>", "...")


def described(text: str) -> list[nodes.Node]:
    """A docstring as paragraphs, with code where backquotes are; indented blocks stay."""
    found: list[nodes.Node] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith(("    ", "\t")):
            code = inspect.cleandoc(block)
            found.append(nodes.literal_block(code, code, language="none"))
        else:
            found.append(nodes.paragraph("", "", *_inline(" ".join(block.split()))))
    return found


def _inline(text: str) -> list[nodes.Node]:
    parts: list[nodes.Node] = []
    done = 0
    for code in _CODE.finditer(text):
        parts += [nodes.Text(text[done : code.start()]), nodes.literal("", code[1] or code[2])]
        done = code.end()
    return [*parts, nodes.Text(text[done:])]


def setup(app: Any) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_directive("api", ApiDirective)
    app.add_directive("scenarios", ScenariosDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
