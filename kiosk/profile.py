"""The profile: what this terminal is. TOML, checked, with errors that name the key and the cure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.domain.place import Place
from kiosk.domain.text import LANGUAGES, Language, Text

DEVICE_KINDS = ("id_reader", "camera", "page_printer", "receipt_printer")


class ProfileError(ValueError):
    """The profile cannot be used; the message names file, key and cure."""


@dataclass(frozen=True, slots=True)
class DeviceProfile:
    """One device of the cabinet. ``options`` go to its driver as they are."""

    kind: str
    driver: str
    port: str
    options: Mapping[str, Any] = field(default_factory=dict)


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
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
    policy = reader.section("policy", optional=True)
    photo = reader.section("photo_decoder", optional=True)
    screen = reader.section("screen", optional=True)
    return Profile(
        place=place,
        street=Text(place.district + street.zh, street.en),
        terminal=name_shown,
        data=base / reader.section("data").string("folder"),
        backend_url=reader.section("backend").string("url"),
        enrolment_code=reader.section("backend").string("enrolment_code", ""),
        devices=tuple(_devices(reader)),
        services=tuple(reader.section("services", optional=True).strings("enabled")),
        language=language,
        test=terminal.boolean("test", False),
        face_check=policy.boolean("face_check", True),
        face_threshold=policy.number("face_threshold"),
        staff_secret_file=base / secret if secret else None,
        photo=PhotoDecoderProfile(photo.string("library", ""), photo.string("function", "unpack")),
        size=parse_size(screen.string("size", "1080x1920")),
        fullscreen=screen.boolean("fullscreen", True),
    )


def parse_size(text: str) -> tuple[int, int]:
    """``"1080x1920"`` to (1080, 1920)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 320 <= int(width) <= 8192 and 320 <= int(height) <= 8192):
        raise ProfileError(f"screen size {text!r}: write WIDTHxHEIGHT, for example 1080x1920")
    return int(width), int(height)


def _devices(reader: _Reader) -> list[DeviceProfile]:
    devices = []
    for kind, table in reader.section("devices", optional=True).items():
        if kind not in DEVICE_KINDS:
            raise ProfileError(f"{reader.name}: devices.{kind}: unknown; use one of {', '.join(DEVICE_KINDS)}")
        section = _Reader(table, reader.name, f"devices.{kind}.")
        options = {key: value for key, value in section.items() if key not in ("driver", "port")}
        devices.append(DeviceProfile(kind, section.string("driver"), section.string("port"), options))
    return devices


class _Reader:
    """A table with errors that say where and what."""

    def __init__(self, table: Any, name: str, prefix: str = "") -> None:
        if not isinstance(table, Mapping):
            raise ProfileError(f"{name}: {prefix.rstrip('.')} must be a table")
        self._table, self.name, self._prefix = table, name, prefix

    def _fail(self, key: str, cure: str) -> ProfileError:
        return ProfileError(f"{self.name}: {self._prefix}{key}: {cure}")

    def items(self) -> list[tuple[str, Any]]:
        return list(self._table.items())

    def section(self, key: str, *, optional: bool = False) -> _Reader:
        if key not in self._table and not optional:
            raise self._fail(key, f"is missing; add a [{key}] table")
        return _Reader(self._table.get(key, {}), self.name, f"{self._prefix}{key}.")

    def string(self, key: str, default: str | None = None) -> str:
        value = self._table.get(key, default)
        if not isinstance(value, str):
            raise self._fail(key, "is missing" if value is None else "must be a string")
        return value

    def code(self, key: str, digits: int) -> str:
        value = self.string(key)
        if not (value.isascii() and value.isdigit() and len(value) == digits):
            raise self._fail(key, f"must be {digits} digits in quotes")
        return value

    def text(self, key: str) -> Text:
        value = self._table.get(key)
        if isinstance(value, str):
            return Text(value, value)
        if isinstance(value, Mapping) and isinstance(value.get("zh"), str) and isinstance(value.get("en"), str):
            return Text(value["zh"], value["en"])
        raise self._fail(key, 'must be { zh = "...", en = "..." }')

    def strings(self, key: str) -> list[str]:
        value = self._table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._fail(key, "must be a list of strings")
        return value

    def boolean(self, key: str, default: bool) -> bool:
        value = self._table.get(key, default)
        if not isinstance(value, bool):
            raise self._fail(key, "must be true or false")
        return value

    def number(self, key: str) -> float | None:
        value = self._table.get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self._fail(key, "must be a number")
