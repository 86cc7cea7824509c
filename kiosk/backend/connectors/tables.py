"""Tables as a department has them: columns with types, lengths and lists, from ``data/exchange.toml`` or a mapping."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

TYPES = ("text", "int", "datetime", "day")
COMMON = ("row_guid", "cd_operation", "cd_time", "cd_batch", "data_source")
_SQL = {"int": "integer", "datetime": "timestamp(0)", "day": "varchar(8)"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column; what each value means stands at the head of ``data/exchange.toml``. ``length`` 0: no limit."""

    name: str
    words: str = ""
    type: str = "text"
    length: int = 0
    required: bool = False
    codes: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What has to hold between columns: ``order`` (earlier, later), or ``needs`` where ``when`` is in ``values``."""

    order: tuple[str, str] | None = None
    needs: str = ""
    when: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """``back``: it is the department that writes it."""

    name: str
    columns: Mapping[str, Column]
    words: str = ""
    rules: tuple[Rule, ...] = ()
    back: bool = False
    required: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        needed = tuple(column.name for column in self.columns.values() if column.required)
        object.__setattr__(self, "required", needed)


@cache
def exchange() -> Mapping[str, Table]:
    """The national exchange tables by name. Raises ValueError when the file does not fit."""
    text = (files("kiosk.backend.connectors") / "data" / "exchange.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    common = _columns("common", raw.pop("common"))
    if tuple(common) != COMMON:
        raise ValueError("exchange.toml: the common columns are others")
    return {name: _table(name, each, common) for name, each in raw.items()}


def ddl() -> str:
    """The tables as PostgreSQL makes them: ``data/exchange.sql`` says the same (a test compares)."""
    return "\n".join(_create(table) for table in exchange().values())


def _table(name: str, raw: Mapping[str, Any], common: Mapping[str, Column]) -> Table:
    if set(raw) - {"words", "columns", "rules", "back"}:
        raise ValueError(f"exchange.toml: {name} says something that nobody reads")
    back = bool(raw.get("back", False))
    columns = dict(_columns(name, raw["columns"]))
    columns = columns if back else {**common, **columns}
    rules = tuple(rule(each) for each in raw.get("rules", []))
    for each in rules:
        named = {*(each.order or ()), each.needs, each.when} - {""}
        if named - set(columns):
            raise ValueError(f"exchange.toml: a rule of {name} names a column that is not there")
    return Table(name, columns, raw["words"], rules, back)


def _columns(name: str, raw: Mapping[str, Any]) -> Mapping[str, Column]:
    found = {}
    for key, each in raw.items():
        column = Column(key, **each)
        if column.type not in TYPES or (column.type == "text") is not (column.length > 0):
            raise ValueError(f"exchange.toml: {name}.{key} needs a type of {', '.join(TYPES)}, and a text a length")
        found[key] = column
    return found


def rule(raw: Mapping[str, Any]) -> Rule:
    """Raises KeyError, ValueError."""
    if "order" in raw:
        earlier, later = raw["order"]
        return Rule(order=(earlier, later))
    return Rule(needs=raw["needs"], when=raw["when"], values=tuple(raw["is"]))


def _create(table: Table) -> str:
    lines = []
    for column in table.columns.values():
        kind = _SQL.get(column.type, f"varchar({column.length})")
        key = " primary key" if column.name == "row_guid" else " not null" if column.required else ""
        lines.append(f"  {column.name} {kind}{key}")
    comments = [f"comment on column {table.name}.{each.name} is '{each.words}';" for each in table.columns.values()]
    index = "read_time" if table.back else "project_no" if "project_no" in table.columns else "cd_batch"
    return "\n".join((
        f"create table {table.name} (", ",\n".join(lines), ");",
        f"create index {table.name}_{index} on {table.name} ({index});",
        f"comment on table {table.name} is '{table.words}';", *comments, "",
    ))  # fmt: skip
