"""Conditions in CEL, the Common Expression Language (github.com/google/cel-spec): typed, without side effects, ending.

The wheel's package imports its command line (typer, rich, prompt_toolkit: 0.3 s and 32 MB), so the compiled
module is loaded by itself: 27 ms and 6 MB, measured with common-expression-language 0.10.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.machinery import PathFinder
from typing import Any

_MODULE = "cel.cel"


class ExpressionError(Exception):
    """A condition that cannot be compiled or evaluated."""

    code = "expression-invalid"
    retryable = False
    advice = "Check the pack with `kiosk pack check`."


@cache
def _engine() -> Any:
    loaded = sys.modules.get(_MODULE)
    if loaded is not None:
        return loaded
    package = importlib.util.find_spec("cel")
    if package is None or package.submodule_search_locations is None:
        raise ExpressionError("the package common-expression-language is not installed")
    spec = PathFinder.find_spec(_MODULE, list(package.submodule_search_locations))
    if spec is None or spec.loader is None:
        raise ExpressionError("the package common-expression-language has no compiled module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)
    return module


class Environment:
    """Facts for many conditions, turned into CEL's values once: 18 conditions cost 6 µs with it and 680 µs without.

    Of one thread; what the facts say then is kept, whatever becomes of them.
    """

    __slots__ = ("context",)

    def __init__(self, facts: Mapping[str, Any]) -> None:
        try:
            self.context = _engine().Context(variables=dict(facts))
        except ValueError:
            raise ExpressionError("a fact is of no type that a condition knows") from None  # the message may quote it


Facts = Mapping[str, Any] | Environment


class Condition:
    """One compiled condition. An unknown name or a wrong type is an error, never False."""

    __slots__ = ("_program", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self._program = _engine().compile(source)
        except ValueError as error:
            raise ExpressionError(str(error)) from error

    @property
    def names(self) -> frozenset[str]:
        """The variables the condition reads."""
        return frozenset(self._program.variables())

    def holds(self, facts: Facts) -> bool:
        """Whether it holds. Raises ExpressionError, also when the value is not a truth value."""
        try:
            value = self._program.execute(facts.context if isinstance(facts, Environment) else dict(facts))
        except (RuntimeError, TypeError, ValueError, KeyError) as error:
            raise ExpressionError(f"{self.source}: {type(error).__name__}") from None  # the message may quote an answer
        if not isinstance(value, bool):
            raise ExpressionError(f"{self.source}: gives {type(value).__name__}, not true or false")
        return value


@lru_cache(maxsize=4096)  # far more than all packs have; a backend meets those of every place
def condition(source: str) -> Condition:
    """The compiled condition; compiled once per process."""
    return Condition(source)
