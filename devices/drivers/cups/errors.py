"""Ways in which a CUPS server fails, each with its own code and advice."""

from __future__ import annotations

from devices.contracts.device import Action, DeviceError, Fault
from devices.drivers.ipp.client import REFUSALS

DENIED = (0x0401, 0x0402, 0x0403)  # forbidden, not authenticated, not authorised (RFC 8011 appendix B)
NOT_POSSIBLE, NOT_FOUND, NOT_ACCEPTING = 0x0404, 0x0406, 0x0506

QUEUE_STOPPED = Fault("queue-stopped", Action.RESET, "the CUPS queue is stopped: a reset or `cupsenable` starts it")
QUEUE_REJECTING = Fault("queue-rejecting", Action.RESET, "the CUPS queue takes no jobs: `cupsaccept` mends it")
QUEUE_HELD = Fault("job-held", Action.RESET, "the job is held in the CUPS queue: `lp -i JOB -H resume` frees it")
NO_FILTER = Fault(
    "document-format", Action.CONFIGURE, "the queue takes no PDF: install cups-filters, or give it passthrough.ppd"
)


class CupsRefused(DeviceError):
    """cupsd has answered, and the answer is no. ``status`` is the IPP status."""

    def __init__(self, status: int, code: str, message: str, advice: str, *, retryable: bool, action: Action) -> None:
        super().__init__(code, message, advice=advice, retryable=retryable, action=action)
        self.status = status


def refused(status: int, detail: str, queue: str) -> CupsRefused:
    """By the IPP status; ``detail`` is cupsd's own text (it names queues, never documents)."""
    if status in DENIED:
        advice = "Add the service user to the group lpadmin, or allow it in cupsd.conf's policy."
        message = f"cupsd does not allow that on the queue {queue}"
        return CupsRefused(status, "port-denied", message, advice, retryable=False, action=Action.CONFIGURE)
    if status == NOT_ACCEPTING:
        advice = f"Run `cupsaccept {queue}`; see why it was told to reject jobs."
        message = f"the queue {queue} takes no jobs"
        return CupsRefused(status, QUEUE_REJECTING.code, message, advice, retryable=True, action=Action.RESET)
    code, action, retryable = REFUSALS.get(status, ("refused", Action.RESET, status >= 0x0500))
    message = f"cupsd refused, IPP status {status:#06x}: {detail[:80]}"
    advice = "See cupsd's error_log; check the queue's settings if this stays."
    return CupsRefused(status, code, message, advice, retryable=retryable, action=action)


def queue_missing(queue: str) -> CupsRefused:
    advice = f"`lpstat -v` lists the queues; set one up with `lpadmin -p {queue} -E -v ipp://… -m everywhere`."
    message = f"the CUPS server has no queue {queue}"
    return CupsRefused(NOT_FOUND, "queue-missing", message, advice, retryable=True, action=Action.CONFIGURE)


def cups_missing() -> DeviceError:
    return DeviceError(
        "cups-missing",
        "pycups is not installed",
        advice="Install the extra: pip install 'kiosk-7x24[cups]' (needs libcups2-dev to build).",
        retryable=False,
        action=Action.CONFIGURE,
    )


def cups_gone(server: str) -> DeviceError:
    return DeviceError(
        "cups-gone",
        f"no CUPS server answers at {server or 'the usual place'}",
        advice="Start it (`systemctl start cups`) and see its error_log.",
        retryable=True,
        action=Action.RESET,
    )


def socket_denied(server: str) -> DeviceError:
    return DeviceError(
        "port-denied",
        f"this user may not open the CUPS server's socket {server}",
        advice="Give the service user the right to write to the socket (Debian: group lp or lpadmin).",
        retryable=False,
        action=Action.CONFIGURE,
    )


def no_answer(server: str) -> DeviceError:
    return DeviceError(
        "no-answer",
        f"the CUPS server at {server or 'the usual place'} does not answer in time",
        advice="Restart it (`systemctl restart cups`) if this stays.",
        retryable=True,
        action=Action.RESET,
    )


def bad_port(port: str) -> DeviceError:
    return DeviceError(
        "bad-port",
        f"{port!r} names no CUPS queue",
        advice="Use cups:QUEUE, cups://host[:631]/QUEUE or cups:///path/of/cups.sock#QUEUE in the profile.",
        retryable=False,
        action=Action.CONFIGURE,
    )
