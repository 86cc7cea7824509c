"""Holds XFS4IoT messages against the public JSON schema of 2021-1, where its file lies beside the project.

    ../shared/data/xfs4iot-2021-1.schema.json

The file is not part of the project. Without it ``load`` gives None and tests say that they did not validate.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from devices.contracts.deadline import Deadline
from devices.transports.websocket import MessageLine

FILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "xfs4iot-2021-1.schema.json"
MISSING = f"not validated: the public schema {FILE.name} is not beside the project (../shared/data/)"


class Schema:
    """Every message must be one that the schema names: the schema itself lets unknown ones pass."""

    def __init__(self, text: str) -> None:
        # Its parts refer to each other as documents of their own. As places in one document they are found at once;
        # else every look-up searches the whole for names, 0.15 s a message.
        text = text.replace('"#/2021-01/', '"#/$defs/schemas/2021-01/')
        for part in ("schemas", "messages"):
            text = text.replace(f'"/{part}#/', f'"#/$defs/{part}/')
        whole: dict[str, Any] = json.loads(text)
        self._parts: dict[str, Any] = whole["$defs"]
        for definitions in self._parts.values():
            del definitions["$id"]
        self._known: dict[tuple[str, str], str] = {}
        for rule in whole["allOf"]:
            header = rule["if"]["properties"]["header"]["properties"]
            name = header.get("name", {}).get("const", "*")
            self._known[header["type"]["const"], name] = rule["then"]["properties"]["payload"]["$ref"]
        self._validators: dict[str, Draft202012Validator] = {}
        self._header = self._validator("#/$defs/schemas/2021-01/Common.XFSHeader")
        self.checked = 0

    def check(self, text: str) -> None:
        """AssertionError where the message does not have the shape that the schema gives it."""
        message = json.loads(text)
        assert set(message) == {"header", "payload"}
        header = message["header"]
        self._demand(self._header, header, text)
        kind, name = header["type"], header["name"]
        reference = self._known.get((kind, "*" if kind == "acknowledge" else name))
        assert reference, f"the schema knows no {kind} {name}"
        self._demand(self._validator(reference), message["payload"], f"{kind} {name}: {text[:300]}")
        self.checked += 1

    def _demand(self, validator: Draft202012Validator, value: Any, what: str) -> None:
        for error in validator.iter_errors(value):
            raise AssertionError(f"{'/'.join(map(str, error.path))}: {error.message[:300]} in {what}")

    def _validator(self, reference: str) -> Draft202012Validator:
        if reference not in self._validators:
            self._validators[reference] = Draft202012Validator({"$ref": reference, "$defs": self._parts})
        return self._validators[reference]


@cache
def load() -> Schema | None:
    return Schema(FILE.read_text(encoding="utf-8")) if FILE.is_file() else None


class CheckedLine:
    """A MessageLine that holds every message of both sides against the schema. ``answers`` False: ours alone, in tests
    whose service sends nonsense on purpose."""

    def __init__(self, inner: MessageLine, *, answers: bool = True) -> None:
        self._inner, self._answers, self._schema = inner, answers, load()

    @property
    def port(self) -> str:
        return self._inner.port

    @property
    def is_open(self) -> bool:
        return self._inner.is_open

    def open(self, deadline: Deadline) -> None:
        self._inner.open(deadline)

    def close(self) -> None:
        self._inner.close()

    def send(self, text: str, deadline: Deadline) -> None:
        if self._schema is not None:
            self._schema.check(text)
        self._inner.send(text, deadline)

    def receive(self, deadline: Deadline) -> str | None:
        text = self._inner.receive(deadline)
        if text is not None and self._answers and self._schema is not None:
            self._schema.check(text)
        return text
