"""What /openapi.json says beyond the routes' types: signatures, the limits of each value, the shape of a refusal.

The limits stand here as the core keeps them; that both agree is what tests/backend/test_backend_schemathesis.py finds.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from kiosk import wire
from kiosk.backend.problems import CATALOGUE
from kiosk.backend.publishing import CODE

HASH = r"^[0-9a-f]{64}$"
CURSOR = r"^[0-9]{0,18}$"
ID = r"^[0-9a-zA-Z][0-9a-zA-Z._-]{0,63}$"  # wire.ID
_ID = r"^[0-9a-zA-Z][0-9a-zA-Z._-]{0,63}$"
# base64 of 32 bytes (Ed25519), or of 65 that begin with 04 (a point of SM2's curve)
_KEY = r"^([A-Za-z0-9+/]{42}|B[A-P][A-Za-z0-9+/]{84})[AEIMQUYcgkosw048]=$"
_SIGNATURE = r"^[A-Za-z0-9+/]{85}[AQgw]==$"  # of 64
_BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE = {"minimum": 1, "maximum": 2**53 - 1}

# message -> value -> what its type does not say; in `items` nothing is narrowed: a bad item has an answer of its own
LIMITS: dict[str, dict[str, dict[str, Any]]] = {
    "EnrolRequest": {"public_key": {"pattern": _KEY}},
    "PushRequest": {"items": {"maxItems": wire.MAX_BATCH}},
    "BlockRequest": {"count": {"minimum": 1, "maximum": wire.MAX_BLOCK}, "request_id": {"pattern": _ID}},
    "PersonCasesRequest": {"sealed": {"pattern": _BASE64, "maxLength": 4096}},
    "InboxRequest": {"inbox": {"pattern": HASH}, "reply_key": {"pattern": _KEY}},
    "QueryRequest": {"sealed": {"pattern": _BASE64, "maxLength": 4096}},
    "EntrySecretTold": {"sealed": {"pattern": _BASE64, "maxLength": 1024}},
    "KeyChange": {
        "public_key": {"pattern": _KEY},
        "endorsement": {"pattern": _SIGNATURE},
        "proof": {"pattern": _SIGNATURE},
    },
    "Checkpoint": {
        "terminal_id": {"pattern": _ID},
        "log": {"pattern": HASH},
        "seq": _WHOLE,
        "head": {"pattern": HASH},
        "base_seq": {"minimum": 0, "maximum": 2**53 - 1},
        "base_head": {"pattern": r"^([0-9a-f]{64})?$"},
        "key_epoch": {"minimum": 1, "maximum": 2**31 - 1},
        "at": {"format": "date-time", "maxLength": 40},
        "signature": {"maxLength": 88},
    },
    "CommandReport": {
        "id": {"pattern": _ID},
        "terminal_id": {"pattern": _ID},
        "code": {"pattern": CODE},
        "at": {"format": "date-time", "maxLength": 40},
        "details": {
            "maxProperties": wire.MAX_REPORT_DETAILS,
            "propertyNames": {"pattern": _ID},
            "additionalProperties": {"type": "string", "maxLength": wire.MAX_REPORT_TEXT},
        },
        "signature": {"maxLength": 88},
    },
}

_HEADERS = {
    wire.TERMINAL_HEADER: "The terminal's id; `new` when enrolling.",
    wire.TIMESTAMP_HEADER: "Unix seconds, within five minutes of the backend's clock.",
    wire.NONCE_HEADER: "32 lower-case hex digits, never used before.",
    wire.SIGNATURE_HEADER: "Base64, by the suite of the key: Ed25519 over method, target, terminal, timestamp, "
    "nonce and the body's SHA-256, or SM2 over the same with its SM3.",
}
_REPLY_HEADERS: dict[str, dict[str, Any]] = {
    wire.REPLY_TIME_HEADER: {
        "description": "The backend's clock.",
        "required": True,
        "schema": {**_TEXT, "format": "date-time"},
    },
    wire.REPLY_SIGNATURE_HEADER: {
        "description": "Base64, by the same suite, over terminal, method, target and nonce of the request, status, "
        "time and hash of the body; there whenever the request had a nonce.",
        "schema": _TEXT,
    },
    wire.NEWEST_KEY_HEADER: {
        "description": "There are newer keys than the one that was named: a hint, to be had from /v1/keys.",
        "schema": {**_TEXT, "pattern": "^[0-9a-f]{16}$"},
    },
}
_KNOWN_KEY = {
    "name": wire.KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "The id of the backend's signing key that the terminal goes by; any other means the newest.",
    "schema": _TEXT,
}


def document(app: FastAPI) -> None:
    """Adds it to the application's schema."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = made()
            _describe(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the schema


def _describe(schema: dict[str, Any]) -> None:
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {
        name: {"type": "apiKey", "in": "header", "name": name, "description": text} for name, text in _HEADERS.items()
    }
    messages = components.setdefault("schemas", {})
    messages["Problem"] = _problem()
    for message, values in LIMITS.items():
        for name, limits in values.items():
            messages[message]["properties"][name].update(limits)
    for path, methods in schema["paths"].items():
        signed = path.startswith("/v1/")
        for operation in methods.values():
            operation["security"] = [{name: [] for name in _HEADERS}] if signed else []
            if signed:
                operation.setdefault("parameters", []).append(_KNOWN_KEY)
            for answer in operation["responses"].values():
                answer["headers"] = _REPLY_HEADERS


def _problem() -> dict[str, Any]:
    properties = {
        "code": {**_TEXT, "enum": sorted(CATALOGUE)},
        "message": _TEXT,
        "advice": _TEXT,
        "retryable": {"type": "boolean"},
        "server_time": {**_TEXT, "format": "date-time"},
    }
    return {"type": "object", "properties": properties, "required": sorted(properties)}
