"""The shape of a pack or of a bundle, by its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from kiosk.services.document import PathKey

SCHEMA = "pack.schema.json"


@cache
def _schema(name: str = SCHEMA) -> Any:
    """A bundle's schema refers to the pack's, which is put in there."""
    schema = json.loads((files("kiosk.services") / name).read_text(encoding="utf-8"))
    if name == SCHEMA:
        return schema
    whole = _schema()
    schema["$defs"] |= whole["$defs"]
    return _put_in(schema, whole)


def _put_in(part: Any, whole: Mapping[str, Any]) -> Any:
    if isinstance(part, Mapping):
        where = str(part.get("$ref", ""))
        group, _, key = where.removeprefix(f"{SCHEMA}#/").partition("/")
        if where.startswith(SCHEMA):
            return whole[group][key] if group == "properties" else {"$ref": f"#/$defs/{key}"}
        return {name: _put_in(each, whole) for name, each in part.items()}
    return [_put_in(each, whole) for each in part] if isinstance(part, list) else part


@cache
def _validator(name: str = SCHEMA) -> Any:
    import jsonschema

    schema = _schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


_CURES = {
    "required": "Add it.",
    "additionalProperties": "Remove it or correct its spelling.",
    "enum": "Use one of the allowed values.",
    "type": "Write it in the expected form; texts need both zh and en.",
    "pattern": "Write it in the expected form.",
    "minLength": "Write the text; both languages are needed.",
    "minItems": "Add what is missing.",
}


def findings(data: Any, *, bundled: bool) -> Iterator[tuple[PathKey, str, str]]:
    """What does not fit: (path, message, cure)."""
    for error in _validator("bundle.schema.json" if bundled else SCHEMA).iter_errors(data):
        yield tuple(error.absolute_path), _schema_message(error), _CURES.get(error.validator, "Correct it.")


def _schema_message(error: Any) -> str:
    message: str = error.message
    return (message if len(message) < 160 else message[:157] + "...") + "."
