"""Code between ``%{`` and ``}%`` becomes a tree, if it is of the part of Python that we run.

What may stand there is a list of syntax that is allowed; what each means, `code` says.
"""

from __future__ import annotations

import ast
import re
import textwrap


class CodeError(Exception):
    """`problem`, and the `line` of the code (from 1) where it is."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(problem)


class UnsupportedCode(CodeError):
    """Python that is more than we run."""


class AssertionFailed(CodeError):
    """An assert that does not hold."""


def prepare(text: str) -> ast.Module:
    """The code as a tree; `CodeError` when it is not Python, `UnsupportedCode` when too much."""
    text = _OLD_PRINT.sub(r"\1print(\2)", textwrap.dedent(text.strip("\n")).strip() + "\n")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        raise CodeError(line, f"this is not Python: {getattr(error, 'msg', error)}") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            node.keywords = []  # wherever it is to go, and with what between
    _require_known(tree)
    return tree


_OLD_PRINT = re.compile(r"^([ \t]*)print[ \t]+(?![(=])([^\n]*?)[ \t]*$", re.MULTILINE)
_STATEMENTS = (
    ast.Import,
    ast.ImportFrom,
    ast.Assert,
    ast.Assign,
    ast.AugAssign,
    ast.If,
    ast.For,
    ast.Pass,
    ast.Expr,
    ast.While,
    ast.Break,
    ast.Continue,
    ast.FunctionDef,
    ast.Return,
    ast.Global,
)
_EXPRESSIONS = (
    ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple,
    ast.List, ast.Call, ast.JoinedStr, ast.FormattedValue, ast.Dict, ast.Subscript, ast.Slice,
    ast.ListComp, ast.GeneratorExp,
)  # fmt: skip


def _require_known(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS):
            raise UnsupportedCode(node.lineno, f"{kind(node)} is not supported in code")
        if isinstance(node, ast.expr) and not isinstance(node, _EXPRESSIONS):
            raise UnsupportedCode(node.lineno, f"{kind(node)} is not supported in code")
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name):
            raise UnsupportedCode(node.lineno, "only simple functions, such as print and abs")
        if isinstance(node, ast.FunctionDef):
            _require_simple(node)
        if isinstance(node, ast.Assign | ast.AugAssign | ast.For):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if not all(_is_names(target) for target in targets):
                raise UnsupportedCode(node.lineno, "values are assigned to simple names")


def _require_simple(node: ast.FunctionDef) -> None:
    """A function has names for its arguments, perhaps with values, and nothing else."""
    arguments = node.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or node.decorator_list:
        raise UnsupportedCode(node.lineno, "functions take plain arguments only")


def _is_names(target: ast.expr) -> bool:
    """A name, or names in a row, as in ``for name, value in ...``."""
    if isinstance(target, ast.Tuple | ast.List):
        return all(_is_names(part) for part in target.elts)
    return isinstance(target, ast.Name)


def kind(node: ast.AST) -> str:
    return type(node).__name__.lower()
