"""``%{ ... }%``: a small part of Python, read by us, so that a stranger's script is safe to run.

Statements: assert, assignments to names, if, for, pass, and expressions such as
``print(tcpi_rtt)``; an import does nothing, and ``print`` may be Python 2's.
Expressions: numbers, strings, names, arithmetic, bits, comparisons, and/or/not, conditional ones,
tuples, f-strings, and the functions below.  Nothing reaches a file, an attribute or a module.
"""

from __future__ import annotations

import ast
import operator
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

_BIGGEST = 1 << 128
_LONGEST = 10_000
_MOST_ROUNDS = 10_000
"""Rounds of all loops of a script together."""
_MOST_IN_RANGE = 1000
_FORMAT = re.compile(r"(?:[^%]|%%|%[-+ #0]?[0-9]{0,2}(?:\.[0-9]{1,2})?[dsriuxXofegFEG])*")

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}


def _range(*ends: int) -> range:
    """range(), of so many that whatever goes through them is done soon."""
    found = range(*ends)
    if len(found) > _MOST_IN_RANGE:
        raise ValueError(f"a range has at most {_MOST_IN_RANGE} numbers")
    return found


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs, "min": min, "max": max, "int": int, "float": float, "len": len, "str": str,
    "round": round, "bool": bool, "hex": hex, "sum": sum, "any": any, "all": all,
    "sorted": sorted, "range": _range,
}  # fmt: skip


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
)
_EXPRESSIONS = (
    ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple,
    ast.List, ast.Call, ast.JoinedStr, ast.FormattedValue,
)  # fmt: skip


def _require_known(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, _STATEMENTS):
            raise UnsupportedCode(node.lineno, f"{_name(node)} is not supported in code")
        if isinstance(node, ast.expr) and not isinstance(node, _EXPRESSIONS):
            raise UnsupportedCode(node.lineno, f"{_name(node)} is not supported in code")
        if isinstance(node, ast.Call):
            known = isinstance(node.func, ast.Name) and node.func.id in (*_FUNCTIONS, "print")
            if not known or node.keywords:
                raise UnsupportedCode(node.lineno, "only simple functions, such as print and abs")
        if isinstance(node, ast.Assign | ast.AugAssign | ast.For):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if not all(_is_names(target) for target in targets):
                raise UnsupportedCode(node.lineno, "values are assigned to simple names")


def _is_names(target: ast.expr) -> bool:
    """A name, or names in a row, as in ``for name, value in ...``."""
    if isinstance(target, ast.Tuple | ast.List):
        return all(_is_names(part) for part in target.elts)
    return isinstance(target, ast.Name)


def _name(node: ast.AST) -> str:
    return type(node).__name__.lower()


def _formatted(text: str, values: Any) -> str:
    """``"cwnd %d" % value``, of small widths only."""
    if not _FORMAT.fullmatch(text):
        raise ValueError("a format has %d, %s and the like, at most 99 wide")
    return str(text % values)[:_LONGEST]


class Interpreter:
    """Runs code with the names given; what it assigns is known to the code that follows.

    `say` takes what print() prints; `names` are those that it has assigned.
    """

    def __init__(self, constants: dict[str, Any], say: Callable[[str], None]) -> None:
        self._constants = constants
        self.names: dict[str, Any] = {}
        self._facts: dict[str, Any] = {}
        self._say = say
        self._rounds = 0

    def run(self, tree: ast.Module, facts: dict[str, Any]) -> None:
        """Run the code; `facts` are the fields of tcp_info now.  Raises `CodeError`."""
        self._facts = facts
        self._block(tree.body)

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            try:
                self._statement(statement)
            except CodeError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the script's arithmetic does
                problem = f"{type(error).__name__}: {error}"
                raise CodeError(statement.lineno, problem) from None

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assert):
            self._assert(node)
        elif isinstance(node, ast.If):
            self._block(node.body if self._value(node.test) else node.orelse)
        elif isinstance(node, ast.For):
            self._loop(node)
        elif isinstance(node, ast.Assign):
            value = self._value(node.value)
            for target in node.targets:
                self._bind(target, value)
        elif isinstance(node, ast.AugAssign):
            assert isinstance(node.target, ast.Name)
            old = self._lookup(node.target)
            self.names[node.target.id] = self._combine(node.op, old, self._value(node.value))
        elif isinstance(node, ast.Expr):
            self._value(node.value)

    def _loop(self, node: ast.For) -> None:
        for value in self._value(node.iter):
            self._rounds += 1
            if self._rounds > _MOST_ROUNDS:
                raise CodeError(node.lineno, "the loops of this script do not end")
            self._bind(node.target, value)
            self._block(node.body)
        self._block(node.orelse)

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            values = tuple(value)
            if len(values) != len(target.elts):
                raise ValueError(f"{len(target.elts)} names for a row of {len(values)}")
            for part, one in zip(target.elts, values, strict=True):
                self._bind(part, one)
        elif isinstance(target, ast.Name):
            self.names[target.id] = value

    def _assert(self, node: ast.Assert) -> None:
        if self._value(node.test):
            return
        named = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        values = ", ".join(
            f"{name} = {self._facts[name]}" for name in sorted(named & {*self._facts})
        )
        said = f" ({self._value(node.msg)})" if node.msg is not None else ""
        problem = f"{ast.unparse(node.test)} is false{': ' + values if values else ''}{said}"
        raise AssertionFailed(node.lineno, problem)

    def _value(self, node: ast.expr) -> Any:
        method = getattr(self, f"_{_name(node)}")
        return method(node)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _lookup(self, node: ast.Name) -> Any:
        for known in (self.names, self._facts, self._constants):
            if node.id in known:
                return known[node.id]
        raise CodeError(node.lineno, f"nothing is called {node.id}")

    _name = _lookup

    def _binop(self, node: ast.BinOp) -> Any:
        return self._combine(node.op, self._value(node.left), self._value(node.right))

    def _combine(self, op: ast.operator, left: Any, right: Any) -> Any:
        """The result, unless its size could get out of hand."""
        if isinstance(op, ast.Mod) and isinstance(left, str):
            return _formatted(left, right)
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if isinstance(op, ast.LShift | ast.Pow) and not (numbers and abs(right) <= 64):
            raise ValueError("the second number is at most 64")
        if isinstance(op, ast.Mult) and not numbers:
            raise ValueError("only numbers are multiplied")
        if type(op) not in _BINARY:
            raise ValueError(f"{_name(op)} is not supported in code")
        result = _BINARY[type(op)](left, right)
        if isinstance(result, int) and abs(result) > _BIGGEST:
            raise ValueError("this number is too big")
        if isinstance(result, str | list | tuple) and len(result) > _LONGEST:
            raise ValueError("this is too long")
        return result

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        return _UNARY[type(node.op)](self._value(node.operand))

    def _boolop(self, node: ast.BoolOp) -> Any:
        value: Any = None
        for part in node.values:
            value = self._value(part)
            if bool(value) != isinstance(node.op, ast.And):
                break
        return value

    def _compare(self, node: ast.Compare) -> Any:
        left = self._value(node.left)
        for op, part in zip(node.ops, node.comparators, strict=True):
            right = self._value(part)
            if not _COMPARE[type(op)](left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp) -> Any:
        return self._value(node.body if self._value(node.test) else node.orelse)

    def _tuple(self, node: ast.Tuple) -> Any:
        return tuple(self._value(part) for part in node.elts)

    def _list(self, node: ast.List) -> Any:
        return [self._value(part) for part in node.elts]

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        return "".join(str(self._value(part)) for part in node.values)[:_LONGEST]

    def _formattedvalue(self, node: ast.FormattedValue) -> str:
        return str(self._value(node.value))

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        values = [self._value(part) for part in node.args]
        if node.func.id == "print":
            self._say(" ".join(map(str, values))[:_LONGEST])
            return None
        return _FUNCTIONS[node.func.id](*values)


def result_of(text: str, names: Mapping[str, Any]) -> Any:
    """The value of one expression; `CodeError` when it is none, or too much."""
    statement = prepare(f"_ = ({text})")
    interpreter = Interpreter({}, lambda _: None)
    interpreter.run(statement, dict(names))
    return interpreter.names["_"]
