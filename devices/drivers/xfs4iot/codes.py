"""What completion codes, error codes and device states mean here: code, advice, retry, what mends it. Data alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devices.contracts.device import Action, DeviceError, Fault, State
from devices.contracts.printing import Paper
from devices.drivers.xfs4iot.protocol import Message


@dataclass(frozen=True, slots=True)
class Meaning:
    """``sure``: what was asked for has certainly not been done. Where it is not, nobody knows how far it went."""

    code: str
    advice: str
    action: Action
    retryable: bool = True
    sure: bool = True


_CONFIGURE = "Check that the service in the profile is this device's, and that its version fits this software."
_AGAIN = "Try again; restart the device's service if it stays."
_BROKEN = "Reset the device; call a technician if it stays."
_RIGHTS = "Give this terminal the right to command the device, as the vendor describes it (end-to-end security)."
_TAMPERED = "Take the terminal out of service and call a technician: somebody may have tampered with it."

# Completion codes of Common (2021-1 and later; the later editions spell authorisation with an s).
COMPLETIONS: Mapping[str, Meaning] = {
    "canceled": Meaning("cancelled", "The command was called off.", Action.NONE, sure=False),
    "deviceNotReady": Meaning("device-not-ready", _AGAIN, Action.RESET),
    "hardwareError": Meaning("hardware-error", _BROKEN, Action.RESET, sure=False),
    "internalError": Meaning("service-error", _AGAIN, Action.RESET, sure=False),
    "invalidCommand": Meaning("command-unknown", _CONFIGURE, Action.CONFIGURE, retryable=False),
    "invalidRequestID": Meaning("bad-request-id", _AGAIN, Action.RESET),
    "timeOut": Meaning("timed-out", _AGAIN, Action.RESET, sure=False),
    "unsupportedCommand": Meaning("command-unsupported", _CONFIGURE, Action.CONFIGURE, retryable=False),
    "invalidData": Meaning("data-refused", _CONFIGURE, Action.CONFIGURE, retryable=False),
    "userError": Meaning("user-error", "Follow what the device shows, then try again.", Action.CLEAR, sure=False),
    "unsupportedData": Meaning("data-unsupported", _CONFIGURE, Action.CONFIGURE, retryable=False),
    "fraudAttempt": Meaning("fraud-attempt", _TAMPERED, Action.CALL_TECHNICIAN, retryable=False, sure=False),
    "sequenceError": Meaning("sequence", _AGAIN, Action.RESET),
    "authorizationRequired": Meaning("not-authorised", _RIGHTS, Action.CONFIGURE, retryable=False),
    "authorisationRequired": Meaning("not-authorised", _RIGHTS, Action.CONFIGURE, retryable=False),
    "noCommandNonce": Meaning("token-refused", _RIGHTS, Action.CONFIGURE, retryable=False),
    "invalidToken": Meaning("token-refused", _RIGHTS, Action.CONFIGURE, retryable=False),
    "invalidTokenNonce": Meaning("token-refused", _RIGHTS, Action.CONFIGURE, retryable=False),
    "invalidTokenHMAC": Meaning("token-refused", _RIGHTS, Action.CONFIGURE, retryable=False),
    "invalidTokenFormat": Meaning("token-refused", _RIGHTS, Action.CONFIGURE, retryable=False),
    "invalidTokenKeyNoValue": Meaning("token-refused", _RIGHTS, Action.CONFIGURE, retryable=False),
    "notEnoughSpace": Meaning("no-space", "Free the device's storage.", Action.CALL_TECHNICIAN),
}

_JAM = "Open the device, take out what is stuck, close it and reset it."
_BIN = "Empty the bin of retained papers or cards."
_CARD = "Put the card in again, chip first; the card itself may be damaged."
_TAKEN = "The citizen did not take it: it was drawn in again. Print it once more when somebody asks for it."

# Error codes of single commands (completion code commandErrorCode): "Interface" -> word -> meaning.
ERRORS: Mapping[str, Mapping[str, Meaning]] = {
    "CardReader": {
        "mediaJam": Meaning("card-jammed", _JAM, Action.CLEAR),
        "shutterFail": Meaning("shutter", "Reset the reader; call a technician if it stays.", Action.RESET),
        "noMedia": Meaning("no-card", "Put the card in and leave it there.", Action.NONE),
        "invalidMedia": Meaning("card-invalid", _CARD, Action.NONE),
        "cardTooShort": Meaning("card-invalid", _CARD, Action.NONE),
        "cardTooLong": Meaning("card-invalid", _CARD, Action.NONE),
        "cardCollision": Meaning("card-collision", "Hold one card alone before the reader.", Action.NONE),
        "securityFail": Meaning("card-security", _CARD, Action.NONE, retryable=False),
        "invalidData": Meaning("data-refused", _CONFIGURE, Action.CONFIGURE, retryable=False),
        "protocolNotSupported": Meaning("chip-protocol", _CONFIGURE, Action.CONFIGURE, retryable=False),
        "atrNotObtained": Meaning("card-mute", _CARD, Action.NONE),
        "chipPowerNotSupported": Meaning("chip-power", _CONFIGURE, Action.CONFIGURE, retryable=False),
        "retainBinFull": Meaning("retain-bin-full", _BIN, Action.REPLENISH),
        "full": Meaning("retain-bin-full", _BIN, Action.REPLENISH),
        "occupied": Meaning("occupied", "Take out the card that is there.", Action.CLEAR),
        "mediaRetained": Meaning("card-retained", _TAKEN, Action.NONE, retryable=False),
    },
    "Printer": {
        "paperOut": Meaning("media-empty", "Put in paper.", Action.REPLENISH),
        "paperJammed": Meaning("media-jam", _JAM, Action.CLEAR, sure=False),  # which page it was nobody says
        "mediaJammed": Meaning("media-jam", _JAM, Action.CLEAR, sure=False),
        "tonerOut": Meaning("toner-empty", "Put in toner.", Action.REPLENISH),
        "inkOut": Meaning("ink-empty", "Put in ink.", Action.REPLENISH),
        "shutterFail": Meaning("shutter", "Reset the printer; call a technician if it stays.", Action.RESET),
        "retractBinFull": Meaning("retract-bin-full", _BIN, Action.REPLENISH),
        "stackerFull": Meaning("stacker-full", "Take out what lies on the stacker.", Action.CLEAR),
        "mediaRetained": Meaning("media-retained", _TAKEN, Action.NONE),
        "mediaRetracted": Meaning("media-retracted", _TAKEN, Action.NONE),
        "mediaRejected": Meaning("media-rejected", "Check the paper that is loaded.", Action.REPLENISH),
        "mediaOverflow": Meaning("too-wide", _CONFIGURE, Action.CONFIGURE, retryable=False),
        "blackMark": Meaning("black-mark", "Load the paper so that the printer finds its mark.", Action.REPLENISH),
        "flushFail": Meaning("flush-failed", "Reset the printer.", Action.RESET, sure=False),
        "noMediaPresent": Meaning("no-media", "There is nothing in the printer to act on.", Action.NONE),
        "sequenceInvalid": Meaning("sequence", _AGAIN, Action.RESET),
        "sourceInvalid": Meaning("source-unknown", _CONFIGURE, Action.CONFIGURE, retryable=False),
        "pageTurnFail": Meaning("page-turn", "Reset the printer.", Action.RESET),
        "mediaTurnFail": Meaning("page-turn", "Reset the printer.", Action.RESET),
    },
    "Camera": {
        "cameraNotSupported": Meaning("camera-missing", _CONFIGURE, Action.CONFIGURE, retryable=False),
        "mediaFull": Meaning("no-space", "Free the camera's storage.", Action.CALL_TECHNICIAN),
        "cameraInoperable": Meaning("camera-broken", "Reset the camera; call a technician.", Action.CALL_TECHNICIAN),
    },
    "Lights": {
        "invalidLight": Meaning("light-unknown", _CONFIGURE, Action.CONFIGURE, retryable=False),
        "lightError": Meaning("light-broken", "Call a technician when it suits.", Action.CALL_TECHNICIAN),
    },
    "Common": {
        "noMatchingRequestIDs": Meaning("nothing-to-cancel", "The command had ended.", Action.NONE, retryable=False),
    },
}

# Status of an acknowledge other than ok: the command was not taken, nothing moved.
REFUSALS: Mapping[str, Meaning] = {
    "invalidMessage": Meaning("command-refused", _CONFIGURE, Action.CONFIGURE, retryable=False),
    "invalidRequestID": Meaning("bad-request-id", _AGAIN, Action.RESET),
    "tooManyRequests": Meaning("device-busy", "Wait until the device has done what it does.", Action.NONE),
}
_ODD = Meaning("device-refused", _AGAIN, Action.RESET, sure=False)
_REFUSED = Meaning("command-refused", _AGAIN, Action.RESET)

# Actions of Common.ErrorEvent.
EVENT_ACTIONS: Mapping[str, Action] = {
    "reset": Action.RESET,
    "softwareError": Action.RESET,
    "configuration": Action.CONFIGURE,
    "clear": Action.CLEAR,
    "maintenance": Action.CALL_TECHNICIAN,
    "suspend": Action.CALL_TECHNICIAN,
}

# Device states that need somebody, and whom.
STATE_FAULTS: Mapping[State, Fault] = {
    State.OFFLINE: Fault("device-offline", Action.RESET),
    State.POWER_OFF: Fault("power-off", Action.CALL_TECHNICIAN),
    State.NO_DEVICE: Fault("no-device", Action.CALL_TECHNICIAN),
    State.HARDWARE_ERROR: Fault("hardware-error", Action.RESET),
    State.USER_ERROR: Fault("user-error", Action.CLEAR),
    State.FRAUD_ATTEMPT: Fault("fraud-attempt", Action.CALL_TECHNICIAN),
    State.POTENTIAL_FRAUD: Fault("potential-fraud", Action.CALL_TECHNICIAN),
}

PAPER_FAULTS: Mapping[Paper, Fault] = {
    Paper.OUT: Fault("media-empty", Action.REPLENISH),
    Paper.LOW: Fault("media-low", Action.REPLENISH, blocking=False),
    Paper.JAMMED: Fault("media-jam", Action.CLEAR),
    Paper.UNKNOWN: Fault("paper-unknown", Action.NONE, "the printer does not say", blocking=False),
}


class CommandFailed(DeviceError):
    """The service answered that a command was not taken, or did not succeed. ``sure`` says that what was asked
    for has certainly not been done; ``word`` is the service's own."""

    def __init__(self, name: str, word: str, meaning: Meaning) -> None:
        super().__init__(
            meaning.code,
            f"{name} ended with {word}",  # never the service's free text: it may quote what was printed or read
            advice=meaning.advice,
            retryable=meaning.retryable,
            action=meaning.action,
        )
        self.sure, self.word = meaning.sure, word


def state_of(word: object) -> State:
    """A device state from ``Common.Status``; UNKNOWN for every word we do not know, and for none."""
    try:
        return State(word)
    except ValueError:
        return State.UNKNOWN


def paper_of(word: object) -> Paper:
    try:
        return Paper(word)
    except ValueError:
        return Paper.UNKNOWN


def failure(completion: Message) -> CommandFailed:
    """The error of a completion that is no success."""
    interface = completion.name.partition(".")[0]
    word = completion.error_code
    meaning = ERRORS.get(interface, {}).get(word)
    if meaning is None:
        meaning = COMPLETIONS.get(completion.completion, _ODD)
        word = word or completion.completion
    return CommandFailed(completion.name, word, meaning)


def refusal(name: str, status: str) -> CommandFailed:
    """The error of an acknowledge that is not ok."""
    return CommandFailed(name, status, REFUSALS.get(status, _REFUSED))
