"""The profile: what this terminal is. TOML, checked, with errors that name the key and the cure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiosk import address
from kiosk.domain.keys import SOURCES, SUITES, SourceName, SuiteName
from kiosk.domain.place import Place
from kiosk.domain.text import EMPTY, LANGUAGES, Language, Text
from kiosk.domain.window import Window
from kiosk.profile_words import cure, instead, meant

if TYPE_CHECKING:
    from kiosk.domain.workdays import Entry

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


_PCRS = re.compile(r"sha(1|256|384|512):[0-9]{1,2}(,[0-9]{1,2})*")
QUIET_HOURS = Window(time(2, 30), time(4, 30))
LEAST_KEEP = 30.0  # seconds that anybody needs to see that a card is offered, and to take it


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
class PowerProfile:
    """``command``: program and arguments, run when the terminal has ended because the UPS's battery is low; or none."""

    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeysProfile:
    """``suite`` signs and seals (kiosk/suites), ``source`` keeps what is the terminal's own (kiosk/keystore).

    ``pcrs``: the measured state that a TPM's keys are bound to, such as ``sha256:0,7``; empty: none.
    """

    suite: SuiteName = "international"
    source: SourceName = "file"
    pcrs: str = ""
    change_days: float = 365.0  # after which the terminal's signing key is changed, by a clock that may be believed


@dataclass(frozen=True, slots=True)
class NightProfile:
    """``hours``: when the terminal tests itself, if nobody is there; None: never. ``restart_days``: days after which it
    begins anew by itself in those hours; 0: never."""

    hours: Window | None = QUIET_HOURS
    restart_days: int = 7
    exit_seen_by: str = ""  # the camera that sees the A4 printer's exit: then a test page is printed and read at night


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
    draft_days: int = 7  # for which what was entered and not committed is kept, where the citizen agrees; 0: never
    answer_days: int = 90  # for which answers are remembered for a later visit, where the citizen agrees; 0: never
    retention_days: int = 30  # after its acknowledgement the sealed bytes of a case are erased here
    least_free_mb: int = 256  # MB free besides the reserve of the journal; with less no visit is begun
    face_liveness: bool = False  # whether a sign of life (活体检测) is asked for once the faces match
    staff_secret_file: Path | None = None
    staff_cards_file: Path | None = None  # whose staff cards open maintenance mode (kiosk/access/cards.py); None: none
    entry_secret_file: Path | None = None  # for entry codes; None: the terminal's own, told to the backend
    enrolment_code: str = ""
    backend_roots: Path | None = None  # PEM: no other authority is believed; None: those the system trusts
    pictures: Window | None = None  # when cases with large materials may go; None: at once
    closed: Window | None = None  # hours in which the terminal is out of service; None: it serves day and night
    publishing_keys: tuple[bytes, ...] = ()  # who may publish packs, policies and commands, oldest first; none: nobody
    photo: PhotoDecoderProfile = field(default_factory=PhotoDecoderProfile)
    power: PowerProfile = field(default_factory=PowerProfile)
    keys: KeysProfile = field(default_factory=KeysProfile)
    night: NightProfile = field(default_factory=NightProfile)
    calendar: tuple[Entry, ...] = ()  # days that the offices of this place work, or do not, beside the nation's
    keep_card_after: float | None = None  # s; a smart card that was given back and not taken; None: never kept
    nearest: Text = EMPTY  # another terminal near by, in words: told where this one cannot serve
    size: tuple[int, int] = (1080, 1920)
    fullscreen: bool = True

    def device(self, kind: str) -> DeviceProfile | None:
        return next((device for device in self.devices if device.kind == kind), None)


def load(path: Path) -> Profile:
    """Read a profile. Raises ProfileError. Paths are taken relative to the file."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read ({error.strerror}); give --profile FILE") from error
    except RecursionError as error:
        raise ProfileError(f"{path}: not valid TOML: nested too deeply; write it as the example is") from error
    except ValueError as error:  # TOML's own, no UTF-8, and integers of thousands of digits
        raise ProfileError(f"{path}: not valid TOML: {error}{cure(str(error))}") from error
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
    secret, cards_file = access.string("staff_secret_file", ""), access.string("staff_cards_file", "")
    entry_secret = access.string("entry_secret_file", "")
    data, backend = reader.section("data"), reader.section("backend")
    services = reader.section("services", optional=True)
    policy = reader.section("policy", optional=True)
    publishing = reader.section("publishing", optional=True)
    photo = reader.section("photo_decoder", optional=True)
    power, cards = reader.section("power", optional=True), reader.section("cards", optional=True)
    screen, keys = reader.section("screen", optional=True), reader.section("keys", optional=True)
    calendar, night = reader.section("calendar", optional=True), reader.section("night", optional=True)
    profile = Profile(
        place=place,
        street=Text(place.district + street.zh, street.en),
        terminal=name_shown,
        data=base / data.string("folder"),
        backend_url=_backend_url(backend),
        enrolment_code=backend.string("enrolment_code", ""),
        backend_roots=base / roots if (roots := backend.string("roots", "")) else None,
        pictures=_window(backend, "pictures"),
        closed=_window(policy, "closed"),
        publishing_keys=_publishing_keys(publishing),
        devices=tuple(_devices(reader)),
        services=_services(services),
        language=language,
        test=terminal.boolean("test", False),
        face_check=policy.boolean("face_check", True),
        face_threshold=policy.number("face_threshold"),
        draft_days=policy.whole("draft_days", 7, 0, 30),
        answer_days=policy.whole("answer_days", 90, 0, 365),
        retention_days=policy.whole("retention_days", 30, 1, 3650),
        least_free_mb=data.whole("least_free_mb", 256, 64, 1_000_000),
        face_liveness=policy.boolean("face_liveness", False),
        staff_secret_file=base / secret if secret else None,
        staff_cards_file=base / cards_file if cards_file else None,
        entry_secret_file=base / entry_secret if entry_secret else None,
        photo=PhotoDecoderProfile(photo.string("library", ""), photo.string("function", "unpack")),
        power=PowerProfile(_command(power)),
        keys=_keys(keys),
        night=_night(night),
        calendar=_calendar(calendar),
        keep_card_after=_keep_after(cards),
        nearest=terminal.text("nearest", EMPTY),
        size=_size(screen),
        fullscreen=screen.boolean("fullscreen", True),
    )
    tables = (terminal, data, backend, services, access, policy, photo, power, cards, screen, publishing, keys)
    for section in (reader, *tables, calendar, night):
        section.refuse_unknown()
    return profile


def parse_size(text: str) -> tuple[int, int]:
    """``"1080x1920"`` to (1080, 1920)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and 320 <= int(width) <= 8192 and 320 <= int(height) <= 8192):
        raise ProfileError(f"screen size {text!r}: write WIDTHxHEIGHT, for example 1080x1920")
    return int(width), int(height)


def _size(screen: _Reader) -> tuple[int, int]:
    try:
        return parse_size(screen.string("size", "1080x1920"))
    except ProfileError as error:
        raise ProfileError(f"{screen.name}: screen.size: {error}") from None


def _backend_url(backend: _Reader) -> str:
    url = backend.string("url")
    try:
        address.parse(url)
    except ValueError as error:
        raise ProfileError(f"{backend.name}: backend.url: {error}") from None
    return url


def _command(power: _Reader) -> tuple[str, ...]:
    command = power.strings("command")
    if command and not command[0].startswith("/"):
        raise power.fail("command", 'must begin with a program\'s whole path: ["/usr/bin/systemctl", "poweroff"]')
    if any("\0" in word for word in command):
        raise power.fail("command", "holds a null character; take it out")
    return tuple(command)


def _keys(keys: _Reader) -> KeysProfile:
    suite = next((name for name in SUITES if name == keys.string("suite", "international")), None)
    if suite is None:
        raise keys.fail("suite", f"there is no such suite; use one of {', '.join(SUITES)}")
    source = next((name for name in SOURCES if name == keys.string("source", "file")), None)
    if source is None:
        raise keys.fail("source", f"there is no such source; use one of {', '.join(SOURCES)}")
    pcrs, asked = keys.string("pcrs", ""), keys.number("change_days")
    days = 365.0 if asked is None else asked
    if pcrs and (source != "tpm" or not _PCRS.fullmatch(pcrs)):
        raise keys.fail("pcrs", 'must be like "sha256:0,7", and goes with source = "tpm" alone')
    if not 1 <= days <= 3650:
        raise keys.fail("change_days", "must be 1 to 3650 days")
    return KeysProfile(suite, source, pcrs, days)


def _night(night: _Reader) -> NightProfile:
    usual = NightProfile()
    hours = usual.hours if night.string("hours", "-") == "-" else _window(night, "hours")  # "" for never
    seen_by = night.string("exit_seen_by", "")
    if seen_by not in ("", "document_camera"):
        raise night.fail("exit_seen_by", 'use "document_camera", or leave it out where a person carries the page')
    return NightProfile(hours, night.whole("restart_days", usual.restart_days, 0, 90), seen_by)


def _keep_after(cards: _Reader) -> float | None:
    seconds = cards.number("keep_after")
    if seconds is not None and not LEAST_KEEP <= seconds <= 86_400:
        raise cards.fail("keep_after", f"must be {LEAST_KEEP:.0f} to 86400 seconds; leave it out to keep no card")
    return seconds


def _calendar(section: _Reader) -> tuple[Entry, ...]:
    days = section.array("days")
    if days == []:
        return ()
    from kiosk.domain.workdays import entries

    try:
        return entries(days)
    except ValueError as error:
        raise section.fail("days", str(error)) from None


def _window(section: _Reader, key: str) -> Window | None:
    text = section.string(key, "")
    try:
        return Window.parse(text) if text else None
    except ValueError as error:
        raise section.fail(key, str(error)) from None


def _publishing_keys(publishing: _Reader) -> tuple[bytes, ...]:
    texts = publishing.strings("keys")
    if not texts:
        return ()
    from kiosk.services.signing import public_keys

    try:
        return public_keys(texts)
    except ValueError:
        raise publishing.fail("keys", "must be public keys as `kiosk pack key` prints them") from None


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
        from kiosk.services.loader import BUILTIN, BUNDLES

        for name in wanted:
            if name not in (*BUILTIN, *BUNDLES):
                raise section.fail("enabled", f"there is no service {name!r}; {meant(name, (*BUILTIN, *BUNDLES))}")
    return tuple(wanted)


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
                raise self.fail(key, f"is not known; {meant(key, self._asked)}")

    def _get(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        return self._table.get(key, default)

    def fail(self, key: str, cure: str) -> ProfileError:
        return ProfileError(f"{self.name}: {self._prefix}{key}: {cure}")

    def items(self) -> list[tuple[str, Any]]:
        return list(self._table.items())

    def section(self, key: str, *, optional: bool = False) -> _Reader:
        if key not in self._table and not optional:
            raise self.fail(key, f"is missing; add a [{key}] table{instead(key, self._table, self._asked)}")
        return _Reader(self._get(key, {}), self.name, f"{self._prefix}{key}.")

    def string(self, key: str, default: str | None = None) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.fail(
                key,
                f"is missing{instead(key, self._table, self._asked)}"
                if value is None
                else "must be a string in quotes",
            )
        if "\0" in value:  # neither a path nor a port can hold one
            raise self.fail(key, "holds a null character; take it out")
        return value

    def code(self, key: str, digits: int) -> str:
        value = self.string(key)
        if not (value.isascii() and value.isdigit() and len(value) == digits):
            raise self.fail(key, f"must be {digits} digits in quotes")
        return value

    def text(self, key: str, default: Text | None = None) -> Text:
        value = self._get(key)
        if value is None and default is not None:
            return default
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

    def array(self, key: str) -> Any:
        """Whatever stands there, for a check of its own."""
        return self._get(key, [])

    def boolean(self, key: str, default: bool) -> bool:
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        value = self._get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise self.fail(key, f"must be a whole number from {least} to {most}")

    def number(self, key: str) -> float | None:
        value = self._get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value
        raise self.fail(key, "must be a number")
