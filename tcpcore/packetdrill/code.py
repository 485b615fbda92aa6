"""``%{ ... }%``: a small part of Python, read by us, so that a stranger's script is safe to run.

Statements: assert, assignments to names, if, for, while, pass, functions of plain arguments, and
expressions such as ``print(tcpi_rtt)``; an import does nothing, and ``print`` may be Python 2's.
Expressions: numbers, strings, names, arithmetic, bits, comparisons, and/or/not, conditional ones,
tuples, lists, dictionaries, comprehensions, f-strings, and calls of functions: those below, and the
script's own.  Nothing reaches a file, an attribute or a module.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tcpcore.packetdrill.code_reading import (
    AssertionFailed,
    CodeError,
    UnsupportedCode,
    kind,
    prepare,
)

_BIGGEST = 1 << 128
_LONGEST = 10_000
_MOST_ROUNDS = 10_000
"""Rounds of all loops of a script together."""
_MOST_IN_RANGE = 1000
_DEEPEST = 20
"""Calls within each other."""
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


def _formatted(text: str, values: Any) -> str:
    """``"cwnd %d" % value``, of small widths only."""
    if not _FORMAT.fullmatch(text):
        raise ValueError("a format has %d, %s and the like, at most 99 wide")
    return str(text % values)[:_LONGEST]


class _Jump(Exception):
    """``return``, ``break`` and ``continue``, on their way to what they leave."""

    def __init__(self, node: ast.stmt, value: Any = None) -> None:
        self.node = node
        self.value = value


def _nothing_to_leave(jump: _Jump) -> CodeError:
    problem = f"{kind(jump.node)} stands where there is nothing to leave"
    return CodeError(jump.node.lineno, problem)


class _Scope(dict[str, Any]):
    """Names within a function; `shared` are those that it declared global."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        super().__init__(names)
        self.shared: set[str] = set()


class _Function:
    """A function of the script; `defaults` are the values of its last arguments."""

    def __init__(self, node: ast.FunctionDef, defaults: list[Any]) -> None:
        self.node = node
        self.names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        self.defaults = dict(zip(reversed(self.names), reversed(defaults), strict=False))

    def __repr__(self) -> str:
        return f"the function {self.node.name}"

    def scope(self, values: list[Any], named: dict[str, Any]) -> _Scope:
        """The arguments of a call, by name.  Raises TypeError where they do not fit."""
        given = dict(zip(self.names, values, strict=False))
        wrong = len(values) > len(self.names) or given.keys() & named.keys()
        given = {**self.defaults, **given, **named}
        if wrong or given.keys() != set(self.names):
            raise TypeError(f"{self.node.name}() takes ({', '.join(self.names)})")
        return _Scope(given)


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
        self._scopes: list[_Scope] = []

    def run(self, tree: ast.Module, facts: dict[str, Any]) -> None:
        """Run the code; `facts` are the fields of tcp_info now.  Raises `CodeError`."""
        self._facts = facts
        self._scopes.clear()
        try:
            self._block(tree.body)
        except _Jump as jump:
            raise _nothing_to_leave(jump) from None

    def _block(self, body: list[ast.stmt]) -> None:
        for statement in body:
            try:
                self._statement(statement)
            except (CodeError, _Jump):
                raise
            except Exception as error:  # noqa: BLE001 - whatever the script's arithmetic does
                problem = f"{type(error).__name__}: {error}"
                raise CodeError(statement.lineno, problem) from None

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assert):
            self._assert(node)
        elif isinstance(node, ast.Return):
            raise _Jump(node, None if node.value is None else self._value(node.value))
        elif isinstance(node, ast.Break | ast.Continue):
            raise _Jump(node)
        elif isinstance(node, ast.FunctionDef):
            defaults = [self._value(one) for one in node.args.defaults]
            self._bind(ast.Name(node.name), _Function(node, defaults))
        elif isinstance(node, ast.Global) and self._scopes:
            self._scopes[-1].shared.update(node.names)
        elif isinstance(node, ast.If):
            self._block(node.body if self._value(node.test) else node.orelse)
        elif isinstance(node, ast.For | ast.While):
            self._loop(node)
        elif isinstance(node, ast.Assign):
            value = self._value(node.value)
            for target in node.targets:
                self._bind(target, value)
        elif isinstance(node, ast.AugAssign):
            assert isinstance(node.target, ast.Name)
            old = self._lookup(node.target)
            self._bind(node.target, self._combine(node.op, old, self._value(node.value)))
        elif isinstance(node, ast.Expr):
            self._value(node.value)

    def _loop(self, node: ast.For | ast.While) -> None:
        for _ in self._each(node):
            try:
                self._block(node.body)
            except _Jump as jump:
                if isinstance(jump.node, ast.Break):
                    return
                if isinstance(jump.node, ast.Return):
                    raise
        self._block(node.orelse)

    def _each(self, node: ast.For | ast.While | ast.comprehension) -> Iterator[None]:
        """One round after the other, each counted; a loop's name has its value then."""
        if isinstance(node, ast.While):
            while self._value(node.test):
                self._count(node.lineno)
                yield
            return
        for value in self._value(node.iter):
            self._count(node.iter.lineno)
            self._bind(node.target, value)
            yield

    def _count(self, line: int) -> None:
        self._rounds += 1
        if self._rounds > _MOST_ROUNDS:
            raise CodeError(line, "the loops of this script do not end")

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            values = tuple(value)
            if len(values) != len(target.elts):
                raise ValueError(f"{len(target.elts)} names for a row of {len(values)}")
            for part, one in zip(target.elts, values, strict=True):
                self._bind(part, one)
        elif isinstance(target, ast.Name):
            local = self._scopes and target.id not in self._scopes[-1].shared
            (self._scopes[-1] if local else self.names)[target.id] = value

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
        method = getattr(self, f"_{kind(node)}")
        return method(node)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _lookup(self, node: ast.Name) -> Any:
        for known in (*self._scopes[-1:], self.names, self._facts, self._constants):
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
            raise ValueError(f"{kind(op)} is not supported in code")
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

    def _dict(self, node: ast.Dict) -> Any:
        if None in node.keys:
            raise UnsupportedCode(node.lineno, "** is not supported in code")
        keys = [self._value(key) for key in node.keys if key is not None]
        return dict(zip(keys, [self._value(one) for one in node.values], strict=True))

    def _subscript(self, node: ast.Subscript) -> Any:
        return self._value(node.value)[self._value(node.slice)]

    def _slice(self, node: ast.Slice) -> Any:
        ends = (node.lower, node.upper, node.step)
        return slice(*(None if one is None else self._value(one) for one in ends))

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp) -> Any:
        scope = _Scope(self._scopes[-1] if self._scopes else {})
        self._scopes.append(scope)
        try:
            return [self._value(node.elt) for _ in self._rounds_of(node.generators)]
        finally:
            self._scopes.pop()

    _generatorexp = _listcomp

    def _rounds_of(self, generators: list[ast.comprehension]) -> Iterator[None]:
        """Each round of loops within each other, of which the first is the outermost."""
        if not generators:
            yield
            return
        for _ in self._each(generators[0]):
            if all(self._value(test) for test in generators[0].ifs):
                yield from self._rounds_of(generators[1:])

    def _call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        name = node.func.id
        own = next((one[name] for one in (*self._scopes[-1:], self.names) if name in one), None)
        if isinstance(own, _Function):
            return self._own(node, own)
        if node.keywords or name not in (*_FUNCTIONS, "print"):
            raise UnsupportedCode(node.lineno, "only simple functions, such as print and abs")
        values = [self._value(part) for part in node.args]
        if name == "print":
            self._say(" ".join(map(str, values))[:_LONGEST])
            return None
        return _FUNCTIONS[name](*values)

    def _own(self, node: ast.Call, function: _Function) -> Any:
        """Call a function of the script."""
        self._count(node.lineno)
        if len(self._scopes) >= _DEEPEST:
            raise CodeError(node.lineno, f"more than {_DEEPEST} calls within each other")
        named = {one.arg or "**": self._value(one.value) for one in node.keywords}
        self._scopes.append(function.scope([self._value(one) for one in node.args], named))
        try:
            self._block(function.node.body)
        except _Jump as jump:
            if not isinstance(jump.node, ast.Return):
                raise _nothing_to_leave(jump) from None
            return jump.value
        finally:
            self._scopes.pop()
        return None


def result_of(text: str, names: Mapping[str, Any]) -> Any:
    """The value of one expression; `CodeError` when it is none, or too much."""
    statement = prepare(f"_ = ({text})")
    interpreter = Interpreter({}, lambda _: None)
    interpreter.run(statement, dict(names))
    return interpreter.names["_"]
