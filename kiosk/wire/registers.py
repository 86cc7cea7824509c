"""What a department's register says of the person at a terminal, asked through the backend (`POST /v1/queries`).

Sealed both ways as the questions of kiosk/wire/lives.py are: the question to the backend, the answer to a key that the
question brought. Neither is kept at the backend.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

RegisterOutcome = Literal["found", "none", "silent"]


@dataclass(frozen=True, slots=True, repr=False)
class RegisterQuery:
    """The plain text of a question, sealed to the backend with ``register_query_info``.

    ``register``: its name in the backend's settings. ``number`` and ``name`` are of the document on the reader.
    ``reply_key``: as in PersonQuery. ``test``: a terminal that is being tried out.
    """

    register: str
    number: str
    name: str
    reply_key: str
    test: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class RegisterAnswer:
    """The plain text of the answer, sealed to ``reply_key`` with ``register_answer_info``.

    ``fields``: what was found, by the pack's field keys. ``cause``: one of kiosk.domain.register.SILENT where
    ``outcome`` is ``silent``.
    ``at``: ISO 8601, the backend's clock. ``proof``: `proof_bytes`, signed by the backend; "" where it is silent.
    """

    outcome: RegisterOutcome
    fields: dict[str, str] = field(default_factory=dict)
    cause: str = ""
    at: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class QueryRequest:
    """``sealed``: a RegisterQuery as JSON, sealed, in base64."""

    sealed: str


@dataclass(frozen=True, slots=True, repr=False)
class QueryReply:
    """``sealed``: a RegisterAnswer as JSON, sealed, in base64. Padded: its length says nothing."""

    sealed: str


def register_query_info(terminal_id: str) -> bytes:
    """What binds a sealed question to the terminal that asks."""
    return b"kiosk register query 1\0" + terminal_id.encode()


def register_answer_info(terminal_id: str) -> bytes:
    """What binds a sealed answer to the terminal that asked."""
    return b"kiosk register answer 1\0" + terminal_id.encode()


def proof_bytes(
    terminal_id: str, register: str, number: str, at: str, outcome: str, fields: Mapping[str, str],
    *, test: bool = False,
) -> bytes:  # fmt: skip
    """What the backend signs of an answer: a certificate rests on this, never on a terminal's own word. ``test``: a
    register may answer a terminal that is being tried out with anything.
    """
    said = [terminal_id, register, number, at, outcome, dict(fields), *(["test"] if test else [])]
    told = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return b"kiosk register proof 1\0" + told.encode()
