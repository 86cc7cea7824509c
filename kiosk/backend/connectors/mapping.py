"""A mapping: which rows are made of a case, when, and from which of its names. A YAML file, checked in full once.

    id: shop_office              kind: tables | json | xml | csv | xlsx
    common: { row_guid: row.guid }            # columns of every row
    rows:
      - table: up_pro_accept                  # of data/exchange.toml, or one of its own (then columns say their types)
        at: [accepted]                        # deeds of a case's life, or a word of view.MOMENTS
        each: materials                       # a row for each of them; without it, one
        columns:
          project_no: case.no                 # a name of view.NAMES, field.KEY or office.KEY
          handle_explain: { from: [event.reason, event.title], cut: true }   # the first that is there; cut to length
          event_name: { from: event.deed, codes: event_name }                # by a cross-walk
          accept_date: { from: life.accepted, format: datetime }             # datetime | date | day | gbt
          is_delivery_results: { text: "0" }
    results: …                                # how what comes back is read: `Back`
    reply: …                                  # how an HTTP answer says that it was taken: `Reply`

Every problem is told with file, line, place, message and cure, as those of service packs are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from kiosk.backend.connectors import tables, view
from kiosk.backend.connectors.codes import CrossWalk, cross_walk, cross_walks
from kiosk.backend.connectors.tables import Column, Table
from kiosk.domain.life import Deed
from kiosk.services.document import Document, PackProblem, PathKey, read_document

BUILTIN = ("national_tables", "office_json", "office_xml", "office_csv", "office_xlsx", "rating_upload")
KINDS = ("tables", "json", "xml", "csv", "xlsx")
FORMATS = ("datetime", "date", "day", "gbt")
FORMS = ("guid", "project_no", "catalog_code", "task_code", "document_number", "mobile", "count", "file_name", "area",
         "licence_id")  # fmt: skip
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_NEEDED_FORMAT = {"datetime": ("", "datetime"), "day": ("day",)}


class MappingError(Exception):
    """A mapping that cannot be used: ``problems`` are all of them, the first stands in the message."""

    code = "mapping-invalid"
    retryable = False

    def __init__(self, problems: tuple[PackProblem, ...]) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(str(problems[0]) + more)

    @property
    def advice(self) -> str:
        return self.problems[0].cure


@dataclass(frozen=True, slots=True)
class Cell:
    """How one column gets its value. ``sources``: the first that is there; without any, ``text``."""

    column: Column
    sources: tuple[str, ...] = ()
    text: str = ""
    codes: CrossWalk | None = None
    format: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class RowSpec:
    """Rows of one table: ``at`` which steps, one for ``each`` of these or ("") one."""

    table: Table
    at: frozenset[str]
    each: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Back:
    """Where in what a department sends back stands what. ``table``: of a database; ``codes``: its results' list."""

    guid: str
    case_no: str
    result: str
    codes: CrossWalk
    at: str
    reason: str = ""
    who: str = ""
    number: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer in which ``field`` is one of ``taken``, and ``echo`` the row's own id: only that is a yes."""

    field: str
    taken: tuple[str, ...]
    echo: str
    said: str = ""  # where it says why not


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping as it is used. ``root``: of an XML text."""

    mapping_id: str
    kind: str
    rows: tuple[RowSpec, ...]
    back: Back | None = None
    reply: Reply | None = None
    root: str = "record"
    walks: Mapping[str, CrossWalk] = field(default_factory=dict)  # its own and ours
    open: tuple[str, ...] = ()  # cross-walks in use whose list is not confirmed

    @property
    def rates(self) -> bool:
        """Whether it is ratings that go up, not cases."""
        return any("rated" in row.at for row in self.rows)


def load(path: Path) -> Mapped:
    """A mapping from a file. Raises MappingError."""
    reader = _Reader(read_document(path))
    mapped = reader.mapped() if not reader.problems else None
    if mapped is None or reader.problems:
        raise MappingError(tuple(reader.problems))
    return mapped


@lru_cache(maxsize=len(BUILTIN))
def builtin(name: str) -> Mapped:
    """One that comes with the program. Raises KeyError."""
    if name not in BUILTIN:
        raise KeyError(name)
    with as_file(files("kiosk.backend.connectors") / "mappings" / f"{name}.yaml") as path:
        return load(path)


class _Reader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.problems: list[PackProblem] = list(document.problems)
        self._walks: dict[str, CrossWalk] = {}
        self._open: set[str] = set()

    def mapped(self) -> Mapped | None:
        data = self._document.data
        if not self._shaped(
            data, (), {"id", "kind", "sources", "rows"}, {"codes", "common", "results", "reply", "root"}
        ):
            return None
        kind = data["kind"]
        if kind not in KINDS:
            self._tell(("kind",), "is no kind of mapping.", f"Say one of {', '.join(KINDS)}.")
        if not isinstance(data["id"], str) or not _NAME.fullmatch(data["id"]):
            self._tell(("id",), "is no name.", "Use small letters, digits and underscores.")
        if not isinstance(data["sources"], list) or not data["sources"]:
            self._tell(("sources",), "says nothing.", "Name the paper that says what the department wants.")
        self._own_walks(data.get("codes", {}))
        rows = tuple(self._rows(data))
        back, reply = self._back(data.get("results")), self._reply(data.get("reply"), kind)
        root = data.get("root", "record")
        if kind == "xml" and (not isinstance(root, str) or not re.fullmatch(r"[A-Za-z]\w*", root, re.ASCII)):
            self._tell(("root",), "is no name of an XML element.", "Use letters and digits.")
        return Mapped(data["id"], kind, rows, back, reply, root, self._walks, tuple(sorted(self._open)))

    # -- parts

    def _own_walks(self, raw: Any) -> None:
        self._walks = dict(cross_walks())
        if not isinstance(raw, Mapping):
            self._tell(("codes",), "is no table of cross-walks.", "Write a name, and below it source and values.")
            return
        for name, each in raw.items():
            try:
                self._walks[name] = cross_walk(name, each if isinstance(each, Mapping) else {})
            except ValueError as error:
                self._tell(("codes", name), f"is no cross-walk: {error}.", "See data/codes.toml for examples.")

    def _rows(self, data: Mapping[str, Any]) -> Iterator[RowSpec]:
        common = data.get("common", {})
        if not isinstance(common, Mapping):
            self._tell(("common",), "is no table of columns.", "Write columns with where they come from.")
            common = {}
        if not isinstance(data["rows"], list) or not data["rows"]:
            self._tell(("rows",), "makes no rows.", "Add the tables that are written.")
            return
        for place, raw in enumerate(data["rows"]):
            path: PathKey = ("rows", place)
            if self._shaped(raw, path, {"table", "at", "columns"}, {"each", "rules"}):
                yield from self._row(raw, path, common, data["kind"])

    def _row(self, raw: Mapping[str, Any], path: PathKey, common: Mapping[str, Any], kind: str) -> Iterator[RowSpec]:
        each = raw.get("each", "")
        if each and each not in view.EACH:
            self._tell((*path, "each"), "is nothing that a case has several of.", f"Say {' or '.join(view.EACH)}.")
            return
        moments = {*(deed.value for deed in Deed), *view.MOMENTS}
        at = raw["at"] if isinstance(raw["at"], list) else []
        for word in at or [None]:
            if word not in moments:
                self._tell((*path, "at"), f"has no step {word!r}.", "Say deeds of a life, accepted, decided or any.")
        if not isinstance(raw["columns"], Mapping):
            self._tell((*path, "columns"), "is no table of columns.", "Write columns with where they come from.")
            return
        where = {name: ("common", name) for name in common} | {
            name: (*path, "columns", name) for name in raw["columns"]
        }
        said = {**common, **raw["columns"]}
        name = raw["table"]
        given = tables.exchange().get(name) if kind == "tables" else None
        if given is not None and given.back:
            self._tell((*path, "table"), "is written by the department.", "Name it under results.")
            return
        cells = []
        for column, source in said.items():
            cell = self._cell(column, source, where[column], each, given)
            if cell is not None:
                cells.append(cell)
        table = given or self._own_table(name, cells, raw.get("rules", []), path)
        self._complete(table, cells, path)
        yield RowSpec(table, frozenset(at), each, tuple(cells))

    def _own_table(self, name: Any, cells: list[Cell], rules: Any, path: PathKey) -> Table:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z]\w{0,62}", name, re.ASCII):
            self._tell((*path, "table"), "is no name of a table.", "Use letters, digits and underscores.")
            name = "table"
        try:
            found = tuple(tables.rule(each) for each in rules)
        except (KeyError, ValueError, TypeError, AttributeError):
            found = ()
            self._tell((*path, "rules"), "is no rule.", "Write order: [earlier, later], or needs, when and is.")
        return Table(name, {cell.column.name: cell.column for cell in cells}, rules=found)

    def _complete(self, table: Table, cells: list[Cell], path: PathKey) -> None:
        filled = {cell.column.name for cell in cells}
        for missing in table.required:
            if missing not in filled:
                self._tell((*path, "columns"), f"lacks {missing}, which may not be empty.", "Say where it comes from.")
        for each in table.rules:
            for name in {*(each.order or ()), each.needs, each.when} - {"", *table.columns}:
                self._tell((*path, "rules"), f"names the column {name}, which is not there.", "Correct its spelling.")

    def _cell(self, name: str, raw: Any, path: PathKey, each: str, table: Table | None) -> Cell | None:
        if isinstance(raw, str):
            raw = {"from": raw}
        allowed = {"from", "text", "codes", "format", "cut"}
        own = {"type", "length", "required", "list", "form", "words"} if table is None else set()
        if not self._shaped(raw, path, set(), allowed | own):
            return None
        column = self._own_column(name, raw, path) if table is None else table.columns.get(name)
        if column is None:
            self._tell(path, "is no column of this table.", "Correct its spelling: data/exchange.toml has them all.")
            return None
        sources = raw.get("from", [])
        sources = (sources,) if isinstance(sources, str) else tuple(sources) if isinstance(sources, list) else ()
        for source in sources:
            if not isinstance(source, str) or not view.known(source, each):
                self._tell(path, f"comes from {source}, which no case says.", "See NAMES in view.py for all names.")
        if bool(sources) is bool(raw.get("text")):
            self._tell(path, "needs either from or text.", "Say where it comes from, or the text itself.")
        walk = self._walk(raw.get("codes", ""), path)
        self._formatted(column, raw.get("format", ""), walk, sources, path)
        if raw.get("cut") and not column.length:
            self._tell(path, "cannot be cut without a length.", "Give its length, or leave cut out.")
        return Cell(column, sources, str(raw.get("text", "")), walk, raw.get("format", ""), raw.get("cut") is True)

    def _own_column(self, name: str, raw: Mapping[str, Any], path: PathKey) -> Column:
        kind, length, form, codes = (
            raw.get("type", "text"),
            raw.get("length", 0),
            raw.get("form", ""),
            raw.get("list", ""),
        )
        if not _NAME.fullmatch(name):
            self._tell(
                path, "is no name of a column.", "Use letters, digits, underscores, and points for what lies in it."
            )
        if kind not in tables.TYPES:
            self._tell((*path, "type"), "is no type.", f"Say one of {', '.join(tables.TYPES)}.")
        if not isinstance(length, int) or isinstance(length, bool) or length < 0:
            self._tell((*path, "length"), "is no number of characters.", "Write a whole number.")
            length = 0
        if form and form not in FORMS:
            self._tell((*path, "form"), "is no form.", f"Say one of {', '.join(FORMS)}.")
        if codes and codes not in self._walks:
            self._tell((*path, "list"), "is no list of codes.", "Add it under codes, or take one of data/codes.toml.")
        return Column(name, str(raw.get("words", "")), kind, length, raw.get("required") is True, codes, form)

    def _formatted(
        self, column: Column, wanted: Any, walk: CrossWalk | None, sources: tuple[str, ...], path: PathKey
    ) -> None:  # fmt: skip
        if wanted and wanted not in FORMATS:
            self._tell((*path, "format"), "is no format of a moment.", f"Say one of {', '.join(FORMATS)}.")
        elif sources and wanted not in _NEEDED_FORMAT.get(column.type, (wanted,)):
            self._tell(path, f"is a {column.type}, which is written otherwise.", f"Say format: {column.type}.")
        if column.codes and walk is not None and walk.name != column.codes:
            known = self._walks.get(column.codes)
            if known is not None and set(walk.codes) - set(known.codes):
                self._tell((*path, "codes"), f"has codes that {column.codes} does not have.", "Take that list.")

    def _walk(self, name: Any, path: PathKey) -> CrossWalk | None:
        if not name:
            return None
        if name not in self._walks:
            self._tell((*path, "codes"), f"names {name}, which is no cross-walk.", "Add it under codes, or correct it.")
            return None
        if self._walks[name].open:
            self._open.add(name)
        return self._walks[name]

    def _back(self, raw: Any) -> Back | None:
        path: PathKey = ("results",)
        needed = {"guid", "case_no", "result", "codes", "at"}
        if raw is None or not self._shaped(raw, path, needed, {"reason", "who", "number", "table"}):
            return None
        walk = self._walk(raw["codes"], (*path, "codes"))
        for name, value in raw.items():
            if not isinstance(value, str) or (name != "codes" and not _NAME.fullmatch(value)):
                self._tell((*path, name), "is no name.", "Write what the department calls it.")
                return None
        table = raw.get("table", "")
        if table and (table not in tables.exchange() or not tables.exchange()[table].back):
            self._tell((*path, "table"), "is no table of results.", "Take down_pro_result (data/exchange.sql).")
        own = {name: raw[name] for name in raw if name in Back.__dataclass_fields__}
        return None if walk is None else Back(**{**own, "codes": walk})

    def _reply(self, raw: Any, kind: str) -> Reply | None:
        path: PathKey = ("reply",)
        if raw is None:
            if kind in ("json", "xml"):
                self._tell(
                    (), "does not say by which answer its rows were taken.", "Add reply with field, is and echo."
                )
            return None
        if not self._shaped(raw, path, {"field", "is", "echo"}, {"said"}):
            return None
        taken = raw["is"] if isinstance(raw["is"], list) else [raw["is"]]
        if not all(isinstance(each, str) and each for each in (raw["field"], raw["echo"], *taken)):
            self._tell(path, "does not say which words mean yes.", "Write field, is and echo as texts.")
            return None
        return Reply(raw["field"], tuple(taken), raw["echo"], str(raw.get("said", "")))

    # -- helpers

    def _shaped(self, raw: Any, path: PathKey, needed: set[str], allowed: set[str]) -> bool:
        """Whether it is a table that has what is needed, and nothing that nobody reads."""
        if not isinstance(raw, Mapping):
            self._tell(path, "is no table.", "Write names with their values.")
            return False
        for name in sorted(set(raw) - needed - allowed):
            self._tell((*path, name), "is read by nobody.", "Remove it or correct its spelling.")
        for name in sorted(needed - set(raw)):
            self._tell(path, f"lacks {name}.", "Add it.")
        return needed <= set(raw)

    def _tell(self, path: PathKey, message: str, cure: str) -> None:
        self.problems.append(self._document.problem(path, message, cure))
