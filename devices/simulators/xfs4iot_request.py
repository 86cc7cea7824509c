"""A command at a simulated XFS4IoT service, from its acknowledge to its completion, and the faults on that way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from devices.drivers.xfs4iot.protocol import Edition, Kind, Message, encode
from devices.simulators.xfs4iot_wire import Client

FAULTS = (
    "mute",  # the command is not even acknowledged
    "too-many",  # acknowledged with tooManyRequests
    "no-acknowledge",  # the completion comes without it
    "no-completion",  # acknowledged, and never completed; cancelling does not help
    "slow",  # completes late; can be cancelled
    "half-message",  # half of the completion's JSON, in a whole frame
    "garbage",  # what comes in the completion's place is not JSON
    "torn-frame",  # half of the completion's frame, then the connection breaks
    "wrong-id",  # the completion carries another request's number
    "wrong-type",  # a completion whose properties have the wrong types
    "double",  # two completions
    "drop",  # the connection breaks in place of the completion
    "huge",  # the completion is longer than anybody reads
    "flood",  # hundreds of unsolicited events before the completion
    "fail",  # completes with code= or error=
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with ``command`` (``*`` for all); ``times`` commands long, or until ``ok`` when 0."""

    name: str
    times: int
    command: str
    seconds: float = 0.5
    code: str = "hardwareError"
    error: str = ""


class Request:
    """One command under way."""

    def __init__(self, client: Client, message: Message, edition: Edition, fault: Fault | None) -> None:
        self.client, self.message = client, message
        self._edition, self._fault = edition, fault
        self.done = False
        self.on_cancel: Callable[[], None] | None = None  # a service that waits for something sets it

    @property
    def name(self) -> str:
        return self.message.name

    @property
    def payload(self) -> Mapping[str, Any]:
        return self.message.payload

    def acknowledge(self) -> bool:
        """Whether the command goes on to be done."""
        name = self._fault.name if self._fault else ""
        if name == "mute":
            return False
        if name == "too-many":
            self._say(Kind.ACKNOWLEDGE, self.name, status="tooManyRequests")
            return False
        if name != "no-acknowledge":
            self._say(Kind.ACKNOWLEDGE, self.name, status="ok")
        return True

    def event(self, name: str, payload: Mapping[str, Any] | None = None) -> None:
        self._say(Kind.EVENT, name, payload or {})

    def complete(self, code: str = "success", payload: Mapping[str, Any] | None = None, *, error: str = "") -> None:
        """The end, once. ``error`` makes it a commandErrorCode."""
        if self.done:
            return
        self.done = True
        told = dict(payload or {})
        if error:
            code, told["errorCode"] = "commandErrorCode", error
        fault = self._fault
        if fault is not None and fault.name == "slow" and code != "canceled":
            self.done = False
            self._fault = None
            self.client.later(fault.seconds, lambda: self.complete(code, payload, error=error))
        elif fault is not None and fault.name == "fail" and code == "success":
            what = {"errorCode": fault.error} if fault.error else {}
            self._say(Kind.COMPLETION, self.name, what, completion="commandErrorCode" if fault.error else fault.code)
        else:
            self._end(code, told, fault.name if fault else "")

    def cancel(self) -> bool:
        """Whether there was anything to cancel."""
        if self.done or (self._fault and self._fault.name == "no-completion"):
            return False
        if self.on_cancel is not None:
            self.on_cancel()
        self.complete("canceled")
        return True

    def _end(self, code: str, told: dict[str, Any], fault: str) -> None:
        message = Message(Kind.COMPLETION, self.name, self.message.request_id, told, completion=code)
        text = encode(message, self._edition)
        if fault == "no-completion":
            self.done = False
        elif fault == "half-message":
            self.client.say(text[: len(text) // 2])
        elif fault == "garbage":
            self.client.say("\x00\x01 this is not JSON")
        elif fault == "torn-frame":
            self.client.say(text, cut=max(1, len(text) // 2))
            self.client.drop()
        elif fault == "drop":
            self.client.drop()
        elif fault == "wrong-id":
            self._say(Kind.COMPLETION, self.name, told, completion=code, number=self.message.request_id + 1000)
        elif fault == "wrong-type":
            spoilt = {"chipData": 7, "data": [], "services": {}, "common": 1, "interfaces": "none", "pictureFile": "%"}
            self._say(Kind.COMPLETION, self.name, spoilt, completion=code)
        elif fault == "huge":
            self._say(Kind.COMPLETION, self.name, {**told, "filler": "x" * 6_000_000}, completion=code)
        else:
            if fault == "flood":
                for _ in range(500):
                    self._say(Kind.UNSOLICITED, "Common.ErrorEvent", {"eventId": "software"}, number=0)
            for _ in range(2 if fault == "double" else 1):
                self.client.say(text)

    def _say(
        self,
        kind: Kind,
        name: str,
        payload: Mapping[str, Any] | None = None,
        *,
        status: str = "",
        completion: str = "",
        number: int | None = None,
    ) -> None:
        request_id = self.message.request_id if number is None else number
        message = Message(kind, name, request_id, payload or {}, status=status, completion=completion)
        self.client.say(encode(message, self._edition))
