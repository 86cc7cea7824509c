"""The profile: what this terminal is. TOML, checked, with errors that name the key and the cure."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk import address
from kiosk.domain.place import Place
from kiosk.domain.text import LANGUAGES, Language, Text

DEVICE_KINDS = (
    "id_reader",
    "camera",
    "page_printer",
    "receipt_printer",
    "document_camera",
    "document_scanner",
    "code_scanner",
    "card_reader",  # a slot or field for smart cards (PC/SC, XFS4IoT); the next three read cards in it
    "social_card",
    "travel_document",
    "staff_card",
    "sensors",
    "locker",
    "lights",
    "ups",
    "sound",
)


class ProfileError(ValueError):
    """The profile cannot be used; the message names file, key and cure."""

    code = "profile"
    retryable = False

    @property
    def advice(self) -> str:
        """The message itself: a profile holds nothing of a citizen's."""
        return str(self)


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One device of the cabinet. ``options`` go to its driver as they are; ``on`` names whose line it uses."""

    kind: str
    driver: str
    port: str
    options: Mapping[str, Any] = field(default_factory=dict)
    on: str = ""


@dataclass(frozen=True, slots=True)
class PhotoDecoderProfile:
    """A vendor's library that decodes card photographs (WLT); empty ``library`` means none."""

    library: str = ""
    function: str = "unpack"


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that ``kiosk run`` needs."""

    place: Place  # as papers name it
    street: Text  # as the screen names it: 区 and street
    terminal: Text
    data: Path
    backend_url: str
    devices: tuple[DeviceProfile, ...]
    services: tuple[str, ...] = ()  # empty: all built-in packs
    language: Language = "zh_CN"
    test: bool = False
    face_check: bool = True
    face_threshold: float | None = None
    staff_secret_file: Path | None = None
    enrolment_code: str = ""
    photo: PhotoDecoderProfile = field(default_factory=PhotoDecoderProfile)
    size: tuple[int, int] = (1080, 1920)
    fullscreen: bool = True

    def device(self, kind: str) -> DeviceProfile | None:
        return next((device for device in self.devices if device.kind == kind), None)


def load(path: Path) -> Profile:
    """Read a profile. Raises ProfileError. Paths are taken relative to the file."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read ({error.strerror}); give --profile FILE") from error
    except RecursionError as error:
        raise ProfileError(f"{path}: not valid TOML: nested too deeply; write it as the example is") from error
    except ValueError as error:  # TOML's own, no UTF-8, and integers of thousands of digits
        raise ProfileError(f"{path}: not valid TOML: {error}") from error
    return parse(table, path.parent, str(path))


def parse(table: Mapping[str, Any], base: Path, name: str = "profile") -> Profile:
    """Check a table and turn it into a Profile; ``base`` is where relative paths start."""
    reader = _Reader(table, name)
    terminal = reader.section("terminal")
    street, name_shown = terminal.text("street"), terminal.text("name")
    place = Place(
        area_code=terminal.code("area_code", 6),
        province=terminal.string("province"),
        city=terminal.string("city"),
        district=terminal.string("district"),
        street=street.zh,
        terminal=name_shown.zh,
        registrar=terminal.string("registrar"),
        phone=terminal.string("phone", ""),
        progress_url=terminal.string("progress_url", ""),
        english=f"{street.en} · {name_shown.en}",
    )
    language = terminal.string("language", "zh_CN")
    if language not in LANGUAGES:
        raise ProfileError(f"{name}: terminal.language is {language!r}; use one of {', '.join(LANGUAGES)}")
    access = reader.section("access", optional=True)
    secret = access.string("staff_secret_file", "")
    data, backend = reader.section("data"), reader.section("backend")
    services = reader.section("services", optional=True)
    policy = reader.section("policy", optional=True)
    photo = reader.section("photo_decoder", optional=True)
    screen = reader.section("screen", optional=True)
    profile = Profile(
        place=place,
        street=Text(place.district + street.zh, street.en),
        terminal=name_shown,
        data=base / data.string("folder"),
        backend_url=_backend_url(backend),
        enrolment_code=backend.string("enrolment_code", ""),
        devices=tuple(_devices(reader)),
        services=_services(services),
        language=language,
        test=terminal.boolean("test", False),
        face_check=policy.boolean("face_check", True),
        face_threshold=policy.number("face_threshold"),
        staff_secret_file=base / secret if secret else None,
        photo=PhotoDecoderProfile(photo.string("library", ""), photo.string("function", "unpack")),
        size=parse_size(screen.string("size", "1080x1920")),
        fullscreen=screen.boolean("fullscreen", True),
    )
    for section in (reader, terminal, data, backend, services, access, policy, photo, screen):
        section.refuse_unknown()
    return profile


def parse_size(text: str) -> tuple[int, int]:
    """``"1080x1920"`` to (1080, 1920)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 320 <= int(width) <= 8192 and 320 <= int(height) <= 8192):
        raise ProfileError(f"screen size {text!r}: write WIDTHxHEIGHT, for example 1080x1920")
    return int(width), int(height)


def _backend_url(backend: _Reader) -> str:
    url = backend.string("url")
    try:
        address.parse(url)
    except ValueError as error:
        raise ProfileError(f"{backend.name}: backend.url: {error}") from None
    return url


def _devices(reader: _Reader) -> list[DeviceProfile]:
    devices = []
    for kind, table in reader.section("devices", optional=True).items():
        if kind not in DEVICE_KINDS:
            raise ProfileError(f"{reader.name}: devices.{kind}: unknown; use one of {', '.join(DEVICE_KINDS)}")
        section = _Reader(table, reader.name, f"devices.{kind}.")
        options = {key: value for key, value in section.items() if key not in ("driver", "port", "on")}
        on = section.string("on", "")
        if on and "port" in table:
            raise section.fail("port", f"is not for a device that is on {on!r}; take one of the two out")
        port = section.string("port", "" if on else None)
        devices.append(DeviceProfile(kind, section.string("driver"), port, options, on))
    lines = {device.kind for device in devices if not device.on}
    for device in devices:
        if device.on and device.on not in lines:
            raise ProfileError(
                f"{reader.name}: devices.{device.kind}.on: {device.on!r} is no device of this profile that has a "
                f"port of its own; use one of {', '.join(sorted(lines))}"
            )
    return devices


def _services(section: _Reader) -> tuple[str, ...]:
    wanted = section.strings("enabled")
    if wanted:
        from kiosk.services.loader import BUILTIN

        for name in wanted:
            if name not in BUILTIN:
                raise section.fail("enabled", f"there is no service {name!r}; {_meant(name, BUILTIN)}")
    return tuple(wanted)


def _meant(word: str, known: Collection[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(sorted(known))}"


class _Reader:
    """A table with errors that say where and what. It knows what it was asked for, and refuses what it was not."""

    def __init__(self, table: Any, name: str, prefix: str = "") -> None:
        if not isinstance(table, Mapping):
            raise ProfileError(f"{name}: {prefix.rstrip('.')} must be a table")
        self._table, self.name, self._prefix = table, name, prefix
        self._asked: set[str] = set()

    def refuse_unknown(self) -> None:
        """A key that nobody asked for is misspelt: what it says would not be done."""
        for key in self._table:
            if key not in self._asked:
                raise self.fail(key, f"is not known; {_meant(key, self._asked)}")

    def _get(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        return self._table.get(key, default)

    def fail(self, key: str, cure: str) -> ProfileError:
        return ProfileError(f"{self.name}: {self._prefix}{key}: {cure}")

    def items(self) -> list[tuple[str, Any]]:
        return list(self._table.items())

    def section(self, key: str, *, optional: bool = False) -> _Reader:
        if key not in self._table and not optional:
            raise self.fail(key, f"is missing; add a [{key}] table")
        return _Reader(self._get(key, {}), self.name, f"{self._prefix}{key}.")

    def string(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.fail(key, "is missing" if value is None else "must be a string")
        if "\0" in value:  # neither a path nor a port can hold one
            raise self.fail(key, "holds a null character; take it out")
        return value

    def code(self, key: str, digits: int) -> str:
        value = self.string(key)
        if not (value.isascii() and value.isdigit() and len(value) == digits):
            raise self.fail(key, f"must be {digits} digits in quotes")
        return value

    def text(self, key: str) -> Text:
        value = self._get(key)
        if isinstance(value, str):
            return Text(value, value)
        if isinstance(value, Mapping) and set(value) == {"zh", "en"} and all(type(v) is str for v in value.values()):
            return Text(value["zh"], value["en"])
        raise self.fail(key, 'must be { zh = "...", en = "..." }')

    def strings(self, key: str) -> list[str]:
        value = self._get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(key, "must be a list of strings")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def number(self, key: str) -> float | None:
        value = self._get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self.fail(key, "must be a number")
