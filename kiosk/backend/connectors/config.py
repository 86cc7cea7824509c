"""The operator's file of connectors (``kiosk backend --connectors FILE``): YAML, one table for each department.

    civil_affairs:
      mapping: national_tables        # a built-in one, or a file beside this one (mapping.py)
      services: [elder_allowance]     # whose cases; without it, all
      areas: ["140213"]               # and of which area codes, by their beginning; without it, all
      since: "2026-11-01"             # no case that was committed before
      tests: true                     # a department's trial system: cases that try a terminal out, and no others
      items: { elder_allowance: "…" } # the locality's item codes (实施编码), in place of the packs'
      office: { org_code: "…", org_name: "平城区民政局", data_source: "100" }
      seconds: 20                     # for one exchange
      poll: 60                        # seconds between two looks for results
      url_file: civil.url             # tables: postgresql://…, with its password, for its owner's eyes alone
      url: https://HOST/PATH          # json, xml: where letters go; plain http:// on this machine alone
      results: https://HOST/PATH      # and where results are fetched, if they are
      secret_file: civil.secret       # bearer token, and key of callbacks
      folder: exchange/civil          # csv, xlsx: with `out` and `in`
      encoding: gb18030               # of CSV: utf-8 (the default), gb18030

Cases that try a terminal out are sent nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kiosk import address
from kiosk.backend.connectors import mapping
from kiosk.backend.connectors.mapping import Mapped, MappingError
from kiosk.backend.connectors.rendering import ENCODINGS
from kiosk.backend.settings import BackendError
from kiosk.services.document import Document, PackProblem, PathKey, read_document

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_OF_KIND = {"tables": {"url_file"}, "json": {"url", "secret_file", "results"}, "csv": {"folder", "encoding"}}
_OF_KIND |= {"xml": _OF_KIND["json"], "xlsx": {"folder"}}
_NEEDED = {"tables": ("url_file",), "json": ("url", "secret_file"), "xml": ("url", "secret_file"), "csv": ("folder",),
           "xlsx": ("folder",)}  # fmt: skip
_ALL = {"mapping", "services", "areas", "since", "tests", "items", "office", "seconds", "poll"}
SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True, repr=False)
class Connector:
    """One department, as declared. ``url`` of tables holds a password; ``secret`` is the token and callbacks' key."""

    name: str
    mapped: Mapped
    services: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    since: str = ""
    tests: bool = False
    items: Mapping[str, str] = field(default_factory=dict)
    office: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 20.0
    poll: float = 60.0
    url: str = ""
    results: str = ""
    secret: str = ""
    folder: Path | None = None
    encoding: str = "utf-8"

    def wants(self, service_id: str, area_code: str, committed_at: str, test: bool = False) -> bool:
        """Whether a case is for this department. ``committed_at``: ISO 8601 in UTC."""
        ours = not self.services or service_id in self.services
        there = not self.areas or area_code.startswith(self.areas)
        return ours and there and committed_at >= self.since and test is self.tests


def load(path: Path) -> dict[str, Connector]:
    """The connectors of this file by name. Raises BackendError, which says file, line, place and cure."""
    document = read_document(path)
    data = document.data
    if not document.problems and not isinstance(data, Mapping):
        document.problems.append(document.problem((), "is no table of connectors.", "See kiosk/backend/connectors."))
    found = {}
    if isinstance(data, Mapping):
        for name, each in data.items():
            reader = _Reader(document, name, path.parent)
            connector = reader.connector(each)
            if connector is not None:
                found[name] = connector
    if document.problems:
        raise told(document.problems)
    return found


def told(problems: list[PackProblem] | tuple[PackProblem, ...]) -> BackendError:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return BackendError("bad-connectors", f"{problems[0]}{more}")


class _Reader:
    def __init__(self, document: Document, name: str, beside: Path) -> None:
        self._document, self._name, self._beside = document, name, beside

    def connector(self, raw: Any) -> Connector | None:
        before = len(self._document.problems)
        if not _NAME.fullmatch(self._name):
            self._tell((), "is no name of a connector.", "Use small letters, digits and underscores.")
        if not isinstance(raw, Mapping) or not isinstance(raw.get("mapping"), str):
            self._tell((), "lacks its mapping.", f"Say one of {', '.join(mapping.BUILTIN)}, or a file.")
            return None
        mapped = self._mapping(raw["mapping"])
        if mapped is None:
            return None
        allowed = _ALL | _OF_KIND[mapped.kind]
        for key in raw:
            if key not in allowed:
                self._tell((key,), f"is read by nobody for {mapped.kind}.", f"It takes {', '.join(sorted(allowed))}.")
        for key in _NEEDED[mapped.kind]:
            if not raw.get(key):
                self._tell((), f"lacks {key}.", "Add it: see kiosk/backend/connectors/config.py.")
        values = self._values(raw)
        return None if len(self._document.problems) > before else Connector(self._name, mapped, **values)

    def _values(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        folder = raw.get("folder")
        return {
            "services": self._texts(raw, "services"), "areas": self._texts(raw, "areas"), "since": self._since(raw),
            "tests": self._flag(raw, "tests"),
            "items": self._table(raw, "items"), "office": self._table(raw, "office"),
            "seconds": self._number(raw, "seconds", 20.0, 1, 120), "poll": self._number(raw, "poll", 60.0, 1, 86400),
            "url": self._secret(raw, "url_file", 1) if raw.get("url_file") else self._url(raw, "url"),
            "results": self._url(raw, "results"),
            "secret": self._secret(raw, "secret_file", SHORTEST_SECRET) if raw.get("secret_file") else "",
            "folder": self._beside / folder if isinstance(folder, str) and folder else None,
            "encoding": self._encoding(raw),
        }  # fmt: skip

    def _mapping(self, name: str) -> Mapped | None:
        try:
            if name in mapping.BUILTIN:
                return mapping.builtin(name)
            if not (self._beside / name).is_file():
                cure = f"Say one of {', '.join(mapping.BUILTIN)}, or a file beside this one."
                self._tell(("mapping",), "is neither built in nor a file here.", cure)
                return None
            return mapping.load(self._beside / name)
        except MappingError as error:
            self._document.problems.extend(error.problems)
            return None

    def _texts(self, raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            self._tell((key,), "is no list of texts.", "Put each in quotes.")
            return ()
        return tuple(value)

    def _table(self, raw: Mapping[str, Any], key: str) -> dict[str, str]:
        value = raw.get(key, {})
        if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value.values()):
            self._tell((key,), "is no table of texts.", "Put each value in quotes.")
            return {}
        return dict(value)

    def _number(self, raw: Mapping[str, Any], key: str, usual: float, least: float, most: float) -> float:
        value = raw.get(key, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            self._tell((key,), "is no number of seconds that can be.", f"Say {least:g} to {most:g}.")
            return usual
        return float(value)

    def _since(self, raw: Mapping[str, Any]) -> str:
        value = raw.get("since", "")
        try:
            return date.fromisoformat(value).isoformat() if value else ""
        except (ValueError, TypeError):
            self._tell(("since",), "is no day.", 'Write "2026-11-01".')
            return ""

    def _flag(self, raw: Mapping[str, Any], key: str) -> bool:
        value = raw.get(key, False)
        if not isinstance(value, bool):
            self._tell((key,), "is neither yes nor no.", "Write true or false.")
        return value is True

    def _encoding(self, raw: Mapping[str, Any]) -> str:
        value = raw.get("encoding", "utf-8")
        if value not in ENCODINGS:
            self._tell(("encoding",), "is no encoding that is written.", f"Say {' or '.join(ENCODINGS)}.")
        return str(value)

    def _url(self, raw: Mapping[str, Any], key: str) -> str:
        value = raw.get(key, "")
        if not value:
            return ""
        parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
        try:
            address.parse(f"{parts.scheme}://{parts.netloc}")
        except ValueError:
            self._tell((key,), "is no address.", "Write https://HOST/PATH; plain http:// on this machine alone.")
            return ""
        if parts.username is not None or parts.query or parts.fragment:
            self._tell((key,), "holds a password, query or fragment.", "Put the token into secret_file.")
        return str(value)

    def _secret(self, raw: Mapping[str, Any], key: str, shortest: int) -> str:
        file = self._beside / str(raw[key])
        try:
            if file.stat().st_mode & 0o077:
                self._tell((key,), f"{file.name} is not its owner's alone.", "chmod 600")
            secret = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            self._tell((key,), f"cannot be read: {type(error).__name__}.", "Name a file of one line beside this one.")
            return ""
        if len(secret) < shortest or not secret.isprintable() or " " in secret:
            self._tell((key,), f"holds no line of {shortest} characters or more.", "One line, without spaces.")
        return secret

    def _tell(self, path: PathKey, message: str, cure: str) -> None:
        self._document.problems.append(self._document.problem((self._name, *path), message, cure))
