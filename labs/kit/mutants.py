"""An engine with one rule broken, in this process, for a while: do a student's tests notice?

Functions of the module are made anew from its source with a few words changed, and made right again
afterwards.  Only functions that are looked up through their module can be broken so.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from tcpcore.errors import UsageError


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken rule: `old`, which stands once in `module` (``tcpcore.tcp.arrival``), becomes `new`.

    `rule` is the sentence that then no longer holds.
    """

    rule: str
    module: str
    old: str
    new: str


@lru_cache(maxsize=256)
def _codes(mutant: Mutant) -> dict[str, types.CodeType]:
    """The code of each function of the module, with the rule broken."""
    module = import_module(mutant.module)
    path = Path(str(module.__file__))
    if path.suffix != ".py":
        raise UsageError(f"{mutant.module} is compiled here, and rules are broken in its source.")
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise ValueError(
            f"{mutant.module}: {mutant.old!r} stands there {text.count(mutant.old)} times"
        )
    namespace = dict(module.__dict__)
    exec(compile(text.replace(mutant.old, mutant.new), str(path), "exec"), namespace)
    changed = {}
    for name, function in namespace.items():
        if isinstance(function, types.FunctionType) and function.__module__ == mutant.module:
            now = module.__dict__.get(name)
            if isinstance(now, types.FunctionType) and now.__code__ != function.__code__:
                changed[name] = function.__code__
    return changed


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """Inside, the rule is broken; afterwards it holds again, whatever happened."""
    module = import_module(mutant.module)
    codes = _codes(mutant)
    before = {name: module.__dict__[name].__code__ for name in codes}
    try:
        for name, code in codes.items():
            module.__dict__[name].__code__ = code
        yield
    finally:
        for name, code in before.items():
            module.__dict__[name].__code__ = code
