"""IPP requests over HTTP: one call, one answer, typed errors."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError
from devices.drivers.ipp.protocol import (
    CONTENT_TYPE,
    Attribute,
    IppFormatError,
    Message,
    Operation,
    decode,
    encode,
    request,
)
from devices.transports.http import Exchange, exchange
from devices.transports.tcp import address

# RFC 8011 appendix B: status -> (our code, what mends it, whether trying again can help)
REFUSALS: dict[int, tuple[str, Action, bool]] = {
    0x0401: ("forbidden", Action.CONFIGURE, False),
    0x0402: ("not-authenticated", Action.CONFIGURE, False),
    0x0403: ("not-authorised", Action.CONFIGURE, False),
    0x0404: ("not-possible", Action.NONE, False),
    0x0406: ("not-found", Action.CONFIGURE, False),
    0x040A: ("document-format", Action.CONFIGURE, False),
    0x0411: ("document-damaged", Action.CONFIGURE, False),
    0x0501: ("operation-not-supported", Action.CONFIGURE, False),
    0x0502: ("printer-unavailable", Action.RESET, True),
    0x0504: ("device-error", Action.CALL_TECHNICIAN, True),
    0x0506: ("not-accepting-jobs", Action.RESET, True),
    0x0507: ("busy", Action.NONE, True),
    0x0508: ("job-cancelled", Action.NONE, True),
    0x050A: ("printer-deactivated", Action.CALL_TECHNICIAN, False),
}


class Refused(DeviceError):
    """The printer has answered, and the answer is no."""

    def __init__(self, operation: Operation, status: int) -> None:
        code, action, retryable = REFUSALS.get(status, ("refused", Action.RESET, status >= 0x0500))
        advice = "See the printer's own display; check its settings if this stays."
        if code == "not-found" and operation is Operation.GET_PRINTER_ATTRIBUTES:
            advice = "Correct the path in the printer's address: most printers are at ipp://HOST/ipp/print."
        super().__init__(
            code,
            f"the printer refused {operation.name} with IPP status {status:#06x}",
            advice=advice,
            retryable=retryable,
            action=action,
        )
        self.status = status


class IppClient:
    """Speaks to one printer. ``port`` is ``ipp://host[:631]/path``; ``carry`` replaces the network."""

    def __init__(self, port: str, carry: Exchange = exchange) -> None:
        if urlsplit(port).scheme not in ("ipp", "http"):
            raise DeviceError(
                "bad-port",
                "a printer's port is ipp://host[:port]/path",
                advice="Correct the printer's port in the profile. ipps:// is not supported.",
                retryable=False,
                action=Action.CONFIGURE,
            )
        self.host, self.number = address(port, 631)
        self.path = urlsplit(port).path or "/"
        self.uri = f"ipp://{urlsplit(port).netloc}{self.path}"
        self._carry = carry
        self.exchanges = 0

    def call(
        self,
        operation: Operation,
        deadline: Deadline,
        *extra: Attribute,
        job: Iterable[Attribute] = (),
        document: bytes = b"",
    ) -> Message:
        """Raises Refused, or DeviceError of the transport (PortMissing: nothing was sent), or ``bad-ipp``."""
        self.exchanges += 1
        asked = self.exchanges & 0x7FFFFFFF
        message = request(operation, asked, self.uri, *extra, job=job, document=document)
        answer = self._carry(
            self.host, self.number, self.path, encode(message), content_type=CONTENT_TYPE, deadline=deadline
        )
        if answer.status != 200:
            raise self._not_ipp(f"HTTP status {answer.status}")
        try:
            reply = decode(answer.body)
        except IppFormatError as error:
            raise self._not_ipp(str(error)) from error
        if reply.request_id != asked:
            raise self._not_ipp("an answer to another request")
        if reply.code >= 0x0400:
            raise Refused(operation, reply.code)
        return reply

    @staticmethod
    def _not_ipp(detail: str) -> DeviceError:
        return DeviceError(
            "bad-ipp",
            f"the answer is not IPP: {detail}",
            advice="Check that the port's path is the printer's (usually /ipp/print).",
            retryable=True,
            action=Action.CONFIGURE,
        )
