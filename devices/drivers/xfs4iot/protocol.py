"""Messages of XFS4IoT (CEN CWA 17852): five kinds, one header, one payload. No I/O.

Two editions are on the street. In 2021-1 the time-out of a command, the status of an acknowledge and the completion
code stand in the *payload*; later editions moved them to the *header*, and say "accepted" by leaving the status out.
Reading takes both; writing follows the edition that the peer was heard to speak.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NoReturn

from devices.contracts.device import DeviceError
from devices.drivers.xfs4iot.shapes import misfit

PATH = "/xfs4iot/v1.0"  # of the service publisher; a service stands below it
PORTS = (80, 443, *range(5846, 5857))  # where a service publisher may listen
MOST_PARTS = 50_000  # of a message: what is large in one is a picture or a paper, one text; more would take seconds
LARGEST_ID = 2**53  # beyond it JSON readers disagree about a number
ACCEPTED = "ok"
SUCCESS = "success"
_NAME = re.compile(r"[A-Za-z]{1,40}\.[A-Za-z]{1,60}")
_WORD = re.compile(r"[A-Za-z0-9]{1,40}")
_VERSION = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")

# Versions of the commands in the later editions, where a service does not say what it has; "2.0" where not named.
# Services were seen to refuse every version but their own. 2021-1 has "1.0" throughout.
FIRST_VERSION, LATER_VERSION = "1.0", "2.0"
LATER_VERSIONS = dict.fromkeys(
    (
        "CardReader.ChipIO", "Lights.SetLight", "Printer.ControlMedia", "Printer.PrintNative", "Printer.PrintRaw",
        "Printer.RetractMedia", "Printer.Reset",
    ),
    "3.0",
)  # fmt: skip

# In 2021-1 the schema takes every property of this payload for a light, the time-out too: it is left out (0: none).
_EVERY_PROPERTY_IS_A_LIGHT = frozenset({"Lights.SetLight"})


class Kind(Enum):
    """Type of a message."""

    COMMAND = "command"
    ACKNOWLEDGE = "acknowledge"
    EVENT = "event"
    COMPLETION = "completion"
    UNSOLICITED = "unsolicited"


class Edition(Enum):
    """Where time-out, acknowledge status and completion code stand."""

    PAYLOAD = "2021-1"
    HEADER = "later"


class BadMessage(DeviceError):
    """What came is no message. ``request_id`` and ``kind`` tell whose it was, where that much could be read."""

    def __init__(self, detail: str, request_id: int | None = None, kind: Kind | None = None) -> None:
        super().__init__(
            "bad-message",
            f"the service sent something that is no XFS4IoT message: {detail}",
            advice="Try again; restart the device's service if it stays, and tell its vendor.",
            retryable=True,
        )
        self.request_id, self.kind = request_id, kind


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One message, whatever its edition. ``request_id`` is 0 where there is none (unsolicited).

    ``timeout`` in milliseconds, 0 for none (command); ``status`` is ``ok`` or why not (acknowledge); ``completion`` the
    completion code. The payload holds the rest; a property that is null counts as absent.
    """

    kind: Kind
    name: str
    request_id: int = 0
    payload: Mapping[str, Any] = field(default_factory=dict)
    timeout: int = 0
    status: str = ""
    completion: str = ""
    version: str = FIRST_VERSION
    edition: Edition | None = None

    @property
    def error_code(self) -> str:
        """The command's own word for what went wrong; empty where it gave none."""
        code = self.payload.get("errorCode")
        return code if isinstance(code, str) and _WORD.fullmatch(code) else ""

    def __repr__(self) -> str:  # payloads hold tracks, APDUs and papers
        return f"Message({self.kind.value} {self.name} #{self.request_id})"


def encode(message: Message, edition: Edition) -> str:
    """The text of a message in an edition. ValueError where a payload does not have the command's shape."""
    if message.kind is Kind.COMMAND and (trouble := misfit(message.name, message.kind.value, message.payload)):
        raise ValueError(f"{message.name}: {trouble}")
    header: dict[str, Any] = {"type": message.kind.value, "name": message.name, "requestId": message.request_id}
    payload: dict[str, Any] = dict(message.payload)
    if edition is Edition.PAYLOAD:
        header["version"] = FIRST_VERSION
        moved = payload
    else:
        header["version"] = message.version
        moved = header
        if message.kind is Kind.UNSOLICITED:
            del header["requestId"]
    if message.kind is Kind.COMMAND and not (moved is payload and message.name in _EVERY_PROPERTY_IS_A_LIGHT):
        moved["timeout"] = message.timeout
    elif message.kind is Kind.ACKNOWLEDGE and (edition is Edition.PAYLOAD or message.status != ACCEPTED):
        moved["status"] = message.status
    elif message.kind is Kind.COMPLETION:
        moved["completionCode"] = message.completion
    return json.dumps({"header": header, "payload": payload}, ensure_ascii=False, separators=(",", ":"))


def decode(text: str) -> Message:
    """A message from its text. Raises BadMessage for everything that is none, however hostile."""
    whole = _parse(text)
    if not isinstance(whole, dict) or not isinstance(whole.get("header"), dict):
        raise BadMessage("it has no header")
    header: dict[str, Any] = whole["header"]
    kind, request_id = _kind(header), _request_id(header)
    name = header.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadMessage("its name is no name", request_id, kind)
    payload = {} if whole.get("payload") is None else whole["payload"]
    if not isinstance(payload, dict):
        raise BadMessage("its payload is no object", request_id, kind)
    payload = {key: value for key, value in payload.items() if value is not None}
    edition = _edition(kind, header, payload)
    moved = payload if edition is Edition.PAYLOAD else header
    version = header.get("version")
    message = Message(
        kind,
        name,
        request_id,
        {key: value for key, value in payload.items() if key not in ("timeout", "status", "completionCode")}
        if edition is Edition.PAYLOAD
        else payload,
        timeout=_timeout(moved, request_id) if kind is Kind.COMMAND else 0,
        status=_word(moved, "status", ACCEPTED, request_id, kind) if kind is Kind.ACKNOWLEDGE else "",
        completion=_word(moved, "completionCode", "", request_id, kind) if kind is Kind.COMPLETION else "",
        version=version if isinstance(version, str) and _VERSION.fullmatch(version) else FIRST_VERSION,
        edition=edition,
    )
    if kind is Kind.COMPLETION and not message.completion:
        raise BadMessage("a completion without its code", request_id, kind)
    if trouble := misfit(name, kind.value, message.payload):
        raise BadMessage(trouble, request_id, kind)
    return message


def _parse(text: str) -> Any:
    if sum(map(text.count, "[{,")) > MOST_PARTS:
        raise BadMessage("it has too many parts")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # a number of thousands of digits is a ValueError too
        raise BadMessage("it is not JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("the same name twice: readers disagree about which counts")
    return result


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _kind(header: Mapping[str, Any]) -> Kind:
    try:
        return Kind(header.get("type"))
    except ValueError:
        raise BadMessage("its type is none of the five") from None


def _request_id(header: Mapping[str, Any]) -> int:
    number = header.get("requestId")
    if number is None and header.get("type") == Kind.UNSOLICITED.value:
        return 0
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= LARGEST_ID:
        raise BadMessage("its request id is no number")
    return number


def _edition(kind: Kind, header: Mapping[str, Any], payload: Mapping[str, Any]) -> Edition | None:
    """What a message shows of its edition; events show nothing."""
    if kind is Kind.ACKNOWLEDGE:
        return Edition.PAYLOAD if "status" in payload else Edition.HEADER
    if kind is Kind.COMPLETION:
        return Edition.PAYLOAD if header.get("completionCode") is None else Edition.HEADER
    if kind is Kind.COMMAND:
        return Edition.PAYLOAD if header.get("timeout") is None else Edition.HEADER
    return None


def _timeout(moved: Mapping[str, Any], request_id: int) -> int:
    number = moved.get("timeout", 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= LARGEST_ID:
        raise BadMessage("its time-out is no number", request_id, Kind.COMMAND)
    return number


def _word(moved: Mapping[str, Any], key: str, default: str, request_id: int, kind: Kind) -> str:
    word = moved.get(key)
    if word is None:
        return default
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise BadMessage(f"its {key} is no word", request_id, kind)
    return word
