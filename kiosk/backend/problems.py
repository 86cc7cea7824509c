"""Refusals: one shape for every answer that is not a success, and never a word of what was sent."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from kiosk.wire import Problem

MEDIA_TYPE = "application/problem+json"

# code -> (status, message, advice, retryable)
CATALOGUE: dict[str, tuple[int, str, str, bool]] = {
    "unsigned": (401, "The request is not signed.", "Sign it with the terminal's key.", False),
    "bad-signature": (401, "The signature does not fit the request.", "Sign exactly what is sent.", False),
    "unknown-terminal": (401, "No such terminal.", "Enrol the terminal with a one-time code.", False),
    "clock": (401, "The timestamp is too far off.", "Take the time from server_time and sign again.", True),
    "replayed": (401, "This request was seen before.", "Sign again with a new nonce.", True),
    "terminal-revoked": (403, "This terminal was withdrawn.", "Call the operator.", False),
    "code-refused": (403, "The enrolment code is not valid.", "Ask the operator for a new code.", False),
    "code-used": (403, "The enrolment code was used by another terminal.", "Ask the operator for a new code.", False),
    "code-expired": (403, "The enrolment code has expired.", "Ask the operator for a new code.", False),
    "suite-not-served": (
        403,
        "This backend has no keys of the terminal's crypto suite.",
        "Correct keys.suite in the terminal's profile, or start the backend with --suite.",
        False,
    ),
    "suite-differs": (422, "The new key is of another crypto suite.", "Enrol the terminal anew to change it.", False),
    "too-many-codes": (429, "Too many wrong codes.", "Wait a minute.", True),
    "not-found": (404, "There is nothing here.", "See /openapi.json.", False),
    "method": (405, "Not this method.", "See /openapi.json.", False),
    "slow-body": (408, "The body did not arrive in time.", "Send it again.", True),
    "too-large": (413, "The body is too large.", "Send fewer items at a time.", False),
    "bad-request": (400, "The request cannot be read.", "See /openapi.json.", False),
    "bad-encoding": (415, "The body's encoding is not known here.", "Send it as it is.", False),
    "bad-fields": (422, "The request does not have the fields it should.", "See /openapi.json.", False),
    "hash-mismatch": (422, "The body does not have the hash in the path.", "Send the sealed bytes unchanged.", False),
    "offset-differs": (409, "Another number of bytes is here.", "GET the material for its offset.", True),
    "not-sealed": (
        422,
        "The question is not sealed to this backend, or brings no key for its answer.",
        "Seal a PersonQuery or RegisterQuery to the newest key of /v1/keys.",
        False,
    ),
    "not-endorsed": (422, "Old and new key must both sign the change.", "Sign wire.key_change_bytes with both.", False),
    "key-taken": (409, "This key was used before.", "Make a new one.", False),
    "too-many-requests": (429, "This terminal asks too often.", "Wait some seconds; send items in batches.", True),
    "too-many-items": (422, "Too many items in one batch.", "Send at most 500.", False),
    "bad-count": (422, "A block has 1 to 10000 numbers.", "Ask for fewer.", False),
    "too-many-reserved": (
        429,
        "This terminal holds too many numbers that it has not used.",
        "Send the cases that wait first.",
        True,
    ),
    "numbers-exhausted": (409, "No numbers of this kind are left.", "Call the operator.", False),
    "request-differs": (409, "This request id was used for another block.", "Take a new request id.", False),
    "no-certificate": (
        404,
        "There is no sealed certificate of this case here.",
        "Print the terminal's own; the office's log says why.",
        False,
    ),
    "no-inbox": (
        404,
        "Telephones cannot reach this backend.",
        "Start it with --console, or scan the papers.",
        False,
    ),
    "store-busy": (503, "The store cannot take this now.", "Try again later.", True),
    "fault": (500, "The backend has a fault.", "Try again later; the operator sees it in the log.", True),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A refusal ready to send."""

    status: int
    body: bytes


class Refusal(Exception):
    """Ends a request with the catalogue's answer for ``code``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    def answer(self, now: datetime) -> Answer:
        status, message, advice, retryable = CATALOGUE[self.code]
        problem = Problem(self.code, message, advice, retryable, now.isoformat())
        return Answer(status, json.dumps(asdict(problem)).encode())
