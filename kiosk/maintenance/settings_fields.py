"""The values of a profile that can be changed at the terminal: typed, each with its range.

A chosen set: what changes after the installation. What decides who the terminal is (area, data folder, keys, crypto
suite, publishers) is not here: a slip of it cannot be undone by rolling back.

``key`` is the place in the TOML, dots between: ``terminal.name.zh``. Its words are ``maint.settings.key.KEY`` and
``maint.settings.help.KEY``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kiosk import address
from kiosk.domain.window import Window
from kiosk.profile import DEVICE_KINDS, LEAST_KEEP, Profile, ProfileError, parse

Kind = Literal["text", "digits", "number", "choice", "switch", "list"]
Group = Literal["place", "backend", "service", "policy", "screen", "devices"]
GROUPS: tuple[Group, ...] = ("place", "backend", "service", "policy", "screen", "devices")
LONGEST = 80  # characters
_PHONE = re.compile(r"[0-9+() -]{3,20}")


class WrongValue(ValueError):
    """Words ``maint.settings.wrong.CODE`` with ``values``."""

    def __init__(self, code: str, *values: str | int) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(frozen=True, slots=True)
class Setting:
    """``read`` turns what was typed into the TOML's value, None where the key is to be left out; raises WrongValue.

    ``usual`` is what holds where the profile says nothing, as it would be typed.
    """

    key: str
    group: Group
    kind: Kind
    read: Callable[[str], Any]
    usual: str = ""
    choices: tuple[str, ...] = ()

    @property
    def optional(self) -> bool:
        """Whether what holds where the profile says nothing may also be said."""
        try:
            self.read(self.usual)
        except WrongValue:
            return False
        return True

    def shown(self, table: Mapping[str, Any]) -> str:
        """The value of a profile's table as it would be typed."""
        value: Any = table
        for part in self.key.split("."):
            if isinstance(value, str):  # a text that is the same in both languages
                break
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            return self.usual
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, list):
            return ",".join(map(str, value))
        return f"{value:g}" if isinstance(value, float) else str(value)

    def put(self, document: Any, typed: str) -> None:
        """Into a TOML document (tomlkit), whose comments and order stay. Raises WrongValue."""
        import tomlkit

        value = self.read(typed)
        *tables, last = self.key.split(".")
        place, above = document, None
        for part in tables:
            if part not in place:
                if value is None:
                    return
                place[part] = _both(value) if last in ("zh", "en") else tomlkit.table()
            above, place = place, place[part]
        if isinstance(place, str):  # a text that was the same in both languages becomes two
            assert above is not None  # noqa: S101 (a document is no text)
            above[tables[-1]] = _both(place)
            place = above[tables[-1]]
        if value is None:
            if last in place:
                del place[last]
        elif place.get(last) != value or isinstance(place.get(last), bool) != isinstance(value, bool):
            place[last] = value


def _both(text: str) -> Any:
    """The same text in both languages, as a profile has it."""
    import tomlkit

    made = tomlkit.inline_table()
    made.update({"zh": str(text), "en": str(text)})
    return made


# -- what may be typed


def _text(typed: str) -> str:
    said = typed.strip()
    if not said:
        raise WrongValue("empty")
    return _plain(said)


def _maybe(typed: str) -> str:
    return _plain(typed.strip())


def _plain(said: str) -> str:
    if len(said) > LONGEST:
        raise WrongValue("too-long", LONGEST)
    if not said.isprintable():
        raise WrongValue("unprintable")
    return said


def _phone(typed: str) -> str:
    said = typed.strip()
    if said and not _PHONE.fullmatch(said):
        raise WrongValue("phone")
    return said


def _url(typed: str) -> str:
    said = typed.strip()
    try:
        address.parse(said)
    except ValueError:
        raise WrongValue("url") from None
    return said


def _switch(typed: str) -> bool:
    if typed not in ("on", "off"):
        raise WrongValue("switch")
    return typed == "on"


def _window(*, never: str | None) -> Callable[[str], str | None]:
    """``never``: what nothing at all is written as; None: the key is left out."""

    def read(typed: str) -> str | None:
        said = typed.strip().replace("–", "-")
        if not said:
            return never
        try:
            Window.parse(said)
        except ValueError:
            raise WrongValue("window") from None
        return said

    return read


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(typed: str) -> int:
        said = typed.strip()
        if not (said.isascii() and said.isdigit() and len(said) < 10 and least <= int(said) <= most):
            raise WrongValue("range", least, most)
        return int(said)

    return read


def _number(least: float, most: float) -> Callable[[str], float | None]:
    """Nothing at all: the driver's own, or never."""

    def read(typed: str) -> float | None:
        said = typed.strip()
        if not said:
            return None
        try:
            value = float(said)
        except ValueError:
            value = math.nan
        if not least <= value <= most:  # also for nan
            raise WrongValue("range", f"{least:g}", f"{most:g}")
        return value

    return read


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(typed: str) -> str:
        if typed not in choices:
            raise WrongValue("choice")
        return typed

    return read


def _some_of(choices: tuple[str, ...]) -> Callable[[str], list[str]]:
    """All of them, or none: no choice at all, which is all."""

    def read(typed: str) -> list[str]:
        wanted = [each for each in typed.split(",") if each]
        if any(each not in choices for each in wanted):
            raise WrongValue("choice")
        return [] if set(wanted) == set(choices) else [each for each in choices if each in wanted]

    return read


# -- the set


def _choice(key: str, group: Group, usual: str, *choices: str) -> Setting:
    return Setting(key, group, "choice", _one_of(choices), usual, choices)


def _flag(key: str, usual: str) -> Setting:
    return Setting(key, "policy", "switch", _switch, usual)


FIXED: tuple[Setting, ...] = (
    Setting("terminal.name.zh", "place", "text", _text),
    Setting("terminal.name.en", "place", "text", _text),
    Setting("terminal.street.zh", "place", "text", _text),
    Setting("terminal.street.en", "place", "text", _text),
    Setting("terminal.nearest.zh", "place", "text", _maybe),
    Setting("terminal.nearest.en", "place", "text", _maybe),
    Setting("terminal.phone", "place", "text", _phone),
    Setting("terminal.registrar", "place", "text", _text),
    Setting("backend.url", "backend", "text", _url),
    Setting("backend.roots", "backend", "text", _maybe),
    Setting("backend.pictures", "backend", "text", _window(never=None)),
    Setting("backend.enrolment_code", "backend", "text", _maybe),
    Setting("data.least_free_mb", "backend", "number", _whole(64, 1_000_000), "256"),
    Setting("policy.closed", "service", "text", _window(never=None)),
    Setting("night.hours", "service", "text", _window(never=""), "02:30-04:30"),
    Setting("night.restart_days", "service", "number", _whole(0, 90), "7"),
    _flag("policy.face_check", "on"),
    Setting("policy.face_threshold", "policy", "number", _number(0, 2)),
    _flag("policy.face_liveness", "off"),
    Setting("policy.draft_days", "policy", "number", _whole(0, 30), "7"),
    Setting("policy.answer_days", "policy", "number", _whole(0, 365), "90"),
    Setting("policy.retention_days", "policy", "number", _whole(1, 3650), "30"),
    Setting("cards.keep_after", "policy", "number", _number(LEAST_KEEP, 86_400)),
    _choice("terminal.language", "screen", "zh_CN", "zh_CN", "en"),
    _choice("screen.size", "screen", "1080x1920", "1080x1920", "1920x1080"),
    Setting("screen.fullscreen", "screen", "switch", _switch, "on"),
)


def settings_of(
    table: Mapping[str, Any], services: tuple[str, ...], drivers: Mapping[str, tuple[str, ...]]
) -> tuple[Setting, ...]:
    """Every setting of a profile with this table: the fixed ones, its services, driver and port of its devices.

    ``services``: ids of all packs; ``drivers``: those that there are for a kind of device.
    """
    enabled = Setting("services.enabled", "service", "list", _some_of(services), "", services)
    found = [*FIXED, enabled]
    devices = table.get("devices", {})
    for kind in DEVICE_KINDS:
        device = devices.get(kind)
        if not isinstance(device, Mapping):
            continue
        choices = drivers.get(kind, ())
        found.append(Setting(f"devices.{kind}.driver", "devices", "choice", _one_of(choices), "", choices))
        if "on" not in device:  # it uses another device's line
            found.append(Setting(f"devices.{kind}.port", "devices", "text", _maybe))
        if kind == "sound":
            found.append(Setting("devices.sound.volume", "devices", "number", _whole(0, 100), "60"))
    return tuple(found)


def written(text: str, changes: Mapping[Setting, str]) -> str:
    """The profile's text with these values; comments and order stay. Raises WrongValue."""
    import tomlkit

    document = tomlkit.parse(text)
    for setting, typed in changes.items():
        setting.put(document, typed)
    return tomlkit.dumps(document)


def checked(text: str, folder: Path) -> Profile:
    """The whole changed profile as a start would read it, its drivers made and nothing opened. Raises ProfileError."""
    import ssl
    import tomllib

    from kiosk.cabinet import specs

    made = parse(tomllib.loads(text), folder)
    specs(made)
    if made.backend_roots is not None:
        try:
            ssl.create_default_context(cafile=made.backend_roots)
        except OSError as error:
            raise ProfileError(f"backend.roots: {made.backend_roots} cannot be used ({error.strerror})") from error
    return made


def drivers() -> dict[str, tuple[str, ...]]:
    """Those that there are for each kind of device."""
    from kiosk.cabinet import DRIVERS

    return {kind: tuple(sorted(driver for driver, other in DRIVERS if other == kind)) for kind in DEVICE_KINDS}
