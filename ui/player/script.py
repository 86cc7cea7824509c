"""A visit script: what a citizen touches, types, shows and expects. TOML; see tests/visits/README.md."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DEFAULT_LIMIT = 20.0
ROLES = ("keeper", "technician", "administrator")
VERBS: Mapping[str, type | tuple[type, ...]] = {
    "touch": str,
    "type": str,
    "hold": str,
    "card": str,
    "take_card": bool,
    "sign": bool,
    "staff_code": bool,
    "entry_code": str,
    "publish": str,
    "staff": str,
    "meet": str,
    "device": str,
    "network": str,
    "page": str,
    "see": str,
    "not_see": str,
    "shot": str,
}
EXTRAS = {
    "device": ("do", "with"), "touch": ("until",), "hold": ("until", "seconds"),
    "staff": ("lacking", "reason", "to", "approval", "role"),
}  # fmt: skip
EXPECTED = ("outcome", "ends", "saved", "passes", "typed", "touches")
ALWAYS = ("within", "why")


class ScriptError(ValueError):
    """The script cannot be played; the message names file, step and cure."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the script: a verb, its argument, and how long it may take (seconds)."""

    number: int
    verb: str
    argument: Any
    extras: Mapping[str, Any]
    within: float

    def __str__(self) -> str:
        return f"step {self.number}: {self.verb} = {self.argument!r}"


@dataclass(frozen=True, slots=True)
class Expectation:
    """How the visit must end. None: not looked at."""

    outcome: str | None = None
    ends: str | None = None
    saved: bool | None = None
    passes: tuple[str, ...] = ()
    typed: int | None = None  # so many keys at the most
    touches: int | None = None  # the finger came down so often at the most


@dataclass(frozen=True, slots=True)
class Script:
    """``path`` as it was named on the command line; ``name`` begins the names of its pictures."""

    path: str
    name: str
    title: str
    lang: str | None
    steps: tuple[Step, ...]
    expect: Expectation = field(default_factory=Expectation)


def load(path: Path) -> Script:
    """Read and check a script. Raises ScriptError."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path}: not valid TOML: {error}") from error
    return parse(table, path.stem, str(path))


def parse(table: Mapping[str, Any], name: str, where: str) -> Script:
    unknown = set(table) - {"title", "lang", "step", "expect"}
    if unknown:
        raise ScriptError(f"{where}: unknown key {sorted(unknown)[0]!r}; known are title, lang, expect, step")
    steps = table.get("step", [])
    if not isinstance(steps, list) or not steps:
        raise ScriptError(f"{where}: has no [[step]]")
    lang = table.get("lang")
    if lang not in (None, "zh_CN", "en"):
        raise ScriptError(f"{where}: lang is {lang!r}; use zh_CN or en")
    return Script(
        path=where,
        name=name,
        title=str(table.get("title", name)),
        lang=lang,
        steps=tuple(_step(step, number, where) for number, step in enumerate(steps, 1)),
        expect=_expect(table.get("expect", {}), where),
    )


def _step(table: Any, number: int, where: str) -> Step:
    place = f"{where}, step {number}"
    if not isinstance(table, Mapping):
        raise ScriptError(f"{place}: write [[step]] and below it one of {', '.join(VERBS)}")
    verbs = [key for key in table if key in VERBS]
    strange = set(table) - {*VERBS, *ALWAYS, *(word for words in EXTRAS.values() for word in words)}
    if strange:
        raise ScriptError(f"{place}: unknown key {sorted(strange)[0]!r}; a step has one of {', '.join(VERBS)}")
    if len(verbs) != 1:
        raise ScriptError(f"{place}: needs exactly one of {', '.join(VERBS)}; it has {', '.join(verbs) or 'none'}")
    verb = verbs[0]
    known = {verb, *EXTRAS.get(verb, ()), *ALWAYS}
    strange = set(table) - known
    if strange:
        raise ScriptError(f"{place}: {sorted(strange)[0]!r} does not go with {verb}")
    if not isinstance(table[verb], VERBS[verb]):
        raise ScriptError(f"{place}: {verb} takes {VERBS[verb]}")
    if verb == "device" and not isinstance(table.get("do"), str):
        raise ScriptError(f'{place}: device needs do = "action", for example do = "paper-out"')
    if verb == "staff" and not isinstance(table.get("lacking", []), list):
        raise ScriptError(f"{place}: lacking takes a list of keys or words")
    if verb == "network" and table[verb] not in ("on", "off", "portal", "slow"):
        raise ScriptError(f'{place}: network takes "on", "off", "portal" or "slow"')
    if verb == "entry_code" and table[verb] not in ROLES:
        raise ScriptError(f"{place}: entry_code takes {', '.join(ROLES)}")
    if not isinstance(table.get("seconds", 1), int | float) or table.get("seconds", 1) <= 0:
        raise ScriptError(f"{place}: seconds takes a number above 0")
    within = table.get("within", DEFAULT_LIMIT)
    if not isinstance(within, int | float) or within <= 0:
        raise ScriptError(f"{place}: within takes seconds")
    extras = {key: table[key] for key in EXTRAS.get(verb, ()) if key in table}
    return Step(number, verb, table[verb], extras, float(within))


def _expect(table: Any, where: str) -> Expectation:
    if not isinstance(table, Mapping):
        raise ScriptError(f"{where}: expect must be a table")
    unknown = set(table) - set(EXPECTED)
    if unknown:
        raise ScriptError(f"{where}: expect.{sorted(unknown)[0]}: known are {', '.join(EXPECTED)}")
    for key in ("typed", "touches"):
        if not isinstance(table.get(key, 0), int):
            raise ScriptError(f"{where}: expect.{key} takes a number")
    return Expectation(
        outcome=table.get("outcome"),
        ends=table.get("ends"),
        saved=table.get("saved"),
        passes=tuple(table.get("passes", ())),
        typed=table.get("typed"),
        touches=table.get("touches"),
    )
