"""The line to a department's HTTP interface: JSON or XML by POST, results fetched by GET or called back.

A yes is an answer that says so, about this very row (mapping.Reply): a captive portal's 200 is none. What is refused
for what it says (400, 409, 413, 415, 422, or an answer that says no) waits for a person; what is not (401, 403, 404,
405, every 5xx) is the line's fault, or its settings', and keeps everything where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import msgspec

from kiosk.backend.connectors.lines import Fetched, Incoming, Later, LineDown, Refused, Sheet
from kiosk.backend.connectors.mapping import Reply
from kiosk.backend.connectors.rendering import as_json, as_xml
from kiosk.backend.connectors.rows import Row
from kiosk.sync.transport import HttpTransport, TransportFailure
from kiosk.sync.transport import Reply as Answer

LARGEST = 1 << 20  # bytes of an answer
DEEPEST = 8  # of an answer's parts within parts
_OF_THE_LETTER = (400, 409, 413, 415, 422)
_LATER = (408, 425, 429)


class Garbled(Exception):
    """An answer that cannot be read."""


class HttpLine:
    """``results``: where results are fetched, "" where they are called back; ``kind``: json or xml."""

    def __init__(self, url: str, secret: str, kind: str, root: str, reply: Reply, results: str, seconds: float) -> None:
        self._url, self._results = urlsplit(url), urlsplit(results)
        self._secret, self._kind, self._root, self._reply, self._seconds = secret, kind, root, reply, seconds
        self._transports: dict[str, HttpTransport] = {}

    def send(self, sheet: Sheet) -> None:
        for row in sheet.rows:  # one by one: each is answered by itself, and sent again it is the same one
            self._send(row)

    def _send(self, row: Row) -> None:
        body = as_json([row]) if self._kind == "json" else as_xml([row], self._root)
        answer = self._ask("POST", self._url.geturl(), body, {"Idempotency-Key": row.guid})
        if answer.status in _LATER:
            raise Later(f"http-{answer.status}")
        if not 200 <= answer.status < 300 and answer.status not in _OF_THE_LETTER:
            raise LineDown(f"http-{answer.status}")
        try:
            said = read(answer.body, self._kind)
        except Garbled:
            if answer.status in _OF_THE_LETTER:
                raise Refused(f"http-{answer.status}", f"refused with {answer.status}, and no word why") from None
            raise LineDown("garbled") from None
        if 200 <= answer.status < 300 and said.get(self._reply.echo) != row.guid:
            raise LineDown("other-answer")  # somebody else answers, or about something else
        if not 200 <= answer.status < 300 or said.get(self._reply.field) not in self._reply.taken:
            code, why = said.get(self._reply.field, str(answer.status)), said.get(self._reply.said, "no word why")
            raise Refused("refused", f"answered {code[:32]}: {why[:500]}")

    def fetch(self, limit: int) -> Fetched:
        """A list of results. What cannot be read is kept by its bytes; a person looks at it."""
        if not self._results.geturl():
            return Fetched()
        answer = self._ask("GET", f"{self._results.geturl()}?limit={limit}", b"", {})
        if answer.status == 204:
            return Fetched()
        if answer.status != 200:
            raise LineDown(f"http-{answer.status}")
        return Fetched(incoming(answer.body, self._kind), more=False)

    def taken(self, results: Sequence[Incoming]) -> None:
        """Told by their ids, so that they need not come again; a department that forgets is told the same once more."""
        named = [each.handle for each in results if each.handle]
        if not named or not self._results.geturl():
            return
        answer = self._ask("POST", f"{self._results.geturl()}/taken", msgspec.json.encode({"taken": named}), {})
        if not 200 <= answer.status < 300:
            raise LineDown(f"http-{answer.status}")

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()

    def _ask(self, method: str, url: str, body: bytes, more: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        transport = self._transports.setdefault(base, HttpTransport(base, stall=self._seconds))
        kind = f"application/{self._kind}" if body[:1] != b"{" else "application/json"
        headers = {"Content-Type": kind, "Accept": f"application/{self._kind}",
                   "Authorization": f"Bearer {self._secret}", **more}  # fmt: skip
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            answer = self._once_more(transport, method, target, headers, body)
        except TransportFailure as failure:
            transport.close()
            raise LineDown(failure.cause) from None
        if len(answer.body) > LARGEST:
            raise LineDown("too-large")
        return answer

    def _once_more(self, transport: HttpTransport, method: str, target: str, headers: Any, body: bytes) -> Answer:
        """A kept connection that was closed meanwhile says nothing about the line."""
        try:
            return transport.send(method, target, headers, body, self._seconds)
        except TransportFailure as failure:
            if not failure.stale:
                raise
            return transport.send(method, target, headers, body, self._seconds)


def incoming(body: bytes, kind: str) -> list[Incoming]:
    """The results in an answer or a callback: one, a list, or a list under ``results``. Never raises."""
    try:
        whole = _parsed(body, kind)
    except Garbled:
        return [Incoming({"body": body[:4096].decode("utf-8", "replace")}, trouble="garbled")]
    listed = whole.get("results", whole.get("result", whole)) if isinstance(whole, dict) else whole
    found = []
    for each in listed if isinstance(listed, list) else [listed]:
        if isinstance(each, dict):
            values = flat(each)
            found.append(Incoming(values, next((values[key] for key in values if key.lower().endswith("guid")), "")))
        elif each not in ("", None):
            found.append(Incoming({"body": str(each)[:4096]}, trouble="garbled"))
    return found


def read(body: bytes, kind: str) -> dict[str, str]:
    """One object's values by name; what lies deeper by ``outer.inner``. Raises Garbled."""
    whole = _parsed(body, kind)
    if not isinstance(whole, dict):
        raise Garbled
    return flat(whole)


def flat(whole: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in whole.items():
        if isinstance(value, dict) and depth < DEEPEST:
            found |= flat(value, f"{before}{name}.", depth + 1)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            found[f"{before}{name}"] = str(value)
        elif isinstance(value, bool):
            found[f"{before}{name}"] = "true" if value else "false"
    return found


def _parsed(body: bytes, kind: str) -> Any:
    if not body.strip() or len(body) > LARGEST:
        raise Garbled
    if kind == "json":
        try:
            return msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Garbled from None
    if b"<!" in body:  # a document type: entities that unfold, or name files; nobody needs one here
        raise Garbled
    try:
        return _of_element(ElementTree.fromstring(body.decode("utf-8")), 0)  # noqa: S314  # without a document type
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError, RecursionError):
        raise Garbled from None


def _of_element(element: ElementTree.Element, depth: int) -> Any:
    if depth > DEEPEST:
        raise Garbled
    if len(element) == 0:
        return element.text or ""
    whole: dict[str, Any] = {}
    for child in element:
        value = _of_element(child, depth + 1)
        if child.tag in whole:
            known = whole[child.tag]
            if isinstance(known, list):  # grown in place: copied for each, a megabyte of them takes minutes
                known.append(value)
            else:
                whole[child.tag] = [known, value]
        else:
            whole[child.tag] = value
    return whole
