"""What aplay and amixer mean by their last words (alsa-utils 1.2, LC_ALL=C): our code, advice, what mends it."""

from __future__ import annotations

from devices.contracts.device import Action, Fault

STOPPED = Fault("stopped", Action.NONE, "somebody stopped it", blocking=False)
LATE = Fault("timeout", Action.NONE, "it did not end in time", blocking=False)
SILENT = Fault("no-answer", Action.RESET, "the sound output takes no data")
NO_PROGRAM = Fault("player-missing", Action.CONFIGURE, "aplay is not installed (Debian: alsa-utils)")
KILLED = Fault("player-died", Action.RESET, "the player was ended by somebody else")

# The first that occurs in the words decides. The system's own messages (strerror) stand at the end of aplay's lines.
_MEANINGS: tuple[tuple[str, Fault], ...] = (
    ("Unable to find simple control", Fault("mixer-missing", Action.CONFIGURE, "there is no such mixer control")),
    ("Invalid card number", Fault("mixer-missing", Action.CONFIGURE, "there is no such sound card")),
    ("Mixer attach", Fault("mixer-missing", Action.CONFIGURE, "there is no such mixer")),
    ("Device or resource busy", Fault("port-busy", Action.CLEAR, "another program holds the sound output")),
    ("Permission denied", Fault("port-denied", Action.CONFIGURE, "the service user is not in the group audio")),
    ("write error: No such device", Fault("unplugged", Action.CALL_TECHNICIAN, "the sound output went away")),
    ("write error: File descriptor in bad state", Fault("unplugged", Action.CALL_TECHNICIAN, "it went away")),
    ("Unknown PCM", Fault("port-missing", Action.CONFIGURE, "there is no sound output of that name")),
    ("Cannot get card index", Fault("port-missing", Action.CONFIGURE, "there is no such sound card")),
    ("cannot find card", Fault("port-missing", Action.CONFIGURE, "there is no such sound card")),
    ("No such device", Fault("port-missing", Action.CONFIGURE, "there is no such sound output")),
    ("No such file or directory", Fault("port-missing", Action.CONFIGURE, "there is no such sound output")),
    ("Channels count non available", Fault("format", Action.CONFIGURE, "the output does not take this many channels")),
    ("Sample format non available", Fault("format", Action.CONFIGURE, "the output does not take 16-bit samples")),
)
_ODD = Fault("sound-failed", Action.RESET, "the player failed")

ADVICE = {
    "port-busy": "End the other program that plays; `fuser -v /dev/snd/*` names it.",
    "port-denied": "Add the service user to the group audio.",
    "port-missing": "Check the sound card and the name of the output in the profile; `aplay -L` lists them.",
    "unplugged": "Plug the sound card in again; it is taken up by itself.",
    "mixer-missing": "Check card and control of the mixer in the profile; `amixer scontrols` lists them.",
    "player-missing": "Install the Debian package alsa-utils.",
    "no-answer": "Check the sound card; restart the terminal if it stays.",
    "format": "Name the output with plughw: or default in the profile: those convert.",
}


def meaning(words: str) -> Fault:
    """The fault that a failed run's words tell."""
    return next((fault for sign, fault in _MEANINGS if sign in words), _ODD)
