"""What an operator may change from afar: a closed set of the profile's values, as a small TOML file, checked once.

    version = "2026-06"

    [values]
    pictures = "22:00-06:00"

A value left out is the profile's. What is not listed here can be changed at the cabinet alone: above all the backend's
address, the publishing keys, the devices, and how like a face has to be.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.domain.window import Window
from kiosk.domain.workdays import entries
from kiosk.profile import Profile
from kiosk.services.signing import VERSION

NAME = "policy"  # of the artefact: there is one for each scope
LARGEST = 16 * 1024  # bytes
LOUDEST = 100
FROM_PROFILE = "profile"


class PolicyError(ValueError):
    """A policy that cannot be used; the message names key and cure."""

    code = "policy-invalid"
    retryable = False

    @property
    def advice(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Policy:
    """One checked file. ``values`` are as they were written."""

    version: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as it holds now, and where it comes from: ``profile``, or the policy's scope and version."""

    key: str
    value: str
    origin: str = FROM_PROFILE


def parse(data: bytes) -> Policy:
    """Raises PolicyError."""
    if len(data) > LARGEST:
        raise PolicyError(f"longer than {LARGEST >> 10} kB: give a policy file")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"not valid TOML: {error}") from None
    if unknown := sorted(set(table) - {"version", "values"}):
        raise PolicyError(f"{unknown[0]}: is not known; write `version` and a [values] table")
    version, values = table.get("version"), table.get("values", {})
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        raise PolicyError("version: must be letters, digits, dots and dashes in quotes")
    if not isinstance(values, dict):
        raise PolicyError("values: must be a table")
    for key, value in values.items():
        if key not in SETTABLE:
            raise PolicyError(f"values.{key}: may not be changed from afar; use one of {', '.join(SETTABLE)}")
        SETTABLE[key].check(key, value)
    return Policy(version, values)


def applied(profile: Profile, policy: Policy | None) -> Profile:
    """The profile with the policy's values in their places."""
    for key, value in (policy.values if policy is not None else {}).items():
        profile = SETTABLE[key].put(profile, value)
    return profile


def settings(profile: Profile, policy: Policy | None, origin: str = "") -> list[Setting]:
    """Every value that may be changed from afar, as it holds. ``profile``: as it was read, without the policy."""
    changed = applied(profile, policy)
    values = policy.values if policy is not None else {}
    return [
        Setting(key, each.shown(changed), origin if key in values else FROM_PROFILE) for key, each in SETTABLE.items()
    ]


# -- the closed set ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settable:
    check: Callable[[str, Any], None]  # raises PolicyError
    put: Callable[[Profile, Any], Profile]
    shown: Callable[[Profile], str]


def _switch(name: str) -> _Settable:
    def check(key: str, value: Any) -> None:
        if type(value) is not bool:
            raise PolicyError(f"values.{key}: must be true or false")

    def put(profile: Profile, value: Any) -> Profile:
        change: dict[str, Any] = {name: value}
        return replace(profile, **change)

    return _Settable(check, put, lambda profile: "on" if getattr(profile, name) else "off")


def _hours(name: str) -> _Settable:
    """A window, or "" for none."""

    def check(key: str, value: Any) -> None:
        if not isinstance(value, str):
            raise PolicyError(f"values.{key}: must be a string in quotes")
        try:
            _window(value)
        except ValueError as error:
            raise PolicyError(f"values.{key}: {error}") from None

    def put(profile: Profile, value: Any) -> Profile:
        change: dict[str, Any] = {name: _window(value)}
        return replace(profile, **change)

    def shown(profile: Profile) -> str:
        window: Window | None = getattr(profile, name)
        return "none" if window is None else f"{window.begin:%H:%M}-{window.end:%H:%M}"

    return _Settable(check, put, shown)


def _window(text: str) -> Window | None:
    return Window.parse(text) if text else None


def _days(name: str, least: int, most: int) -> _Settable:
    def check(key: str, value: Any) -> None:
        if type(value) is not int or not least <= value <= most:
            raise PolicyError(f"values.{key}: must be a whole number, {least} to {most}")

    def put(profile: Profile, value: Any) -> Profile:
        change: dict[str, Any] = {name: value}
        return replace(profile, **change)

    return _Settable(check, put, lambda profile: str(getattr(profile, name)))


def _loudness() -> _Settable:
    """The volume that every visit begins with, where the terminal has a device for sound."""

    def check(key: str, value: Any) -> None:
        if type(value) is not int or not 0 <= value <= LOUDEST:
            raise PolicyError(f"values.{key}: must be a whole number, 0 to {LOUDEST}")

    def put(profile: Profile, value: Any) -> Profile:
        devices = [
            replace(device, options={**device.options, "volume": value}) if device.kind == "sound" else device
            for device in profile.devices
        ]
        return replace(profile, devices=tuple(devices))

    def shown(profile: Profile) -> str:
        device = profile.device("sound")
        return "no sound device" if device is None else str(device.options.get("volume", "the driver's"))

    return _Settable(check, put, shown)


def _calendar() -> _Settable:
    """Days that the offices of this place work or do not: a flood, or the next year's arrangement, for all at once."""

    def check(key: str, value: Any) -> None:
        try:
            entries(value)
        except ValueError as error:
            raise PolicyError(f"values.{key}: {error}") from None

    def put(profile: Profile, value: Any) -> Profile:
        return replace(profile, calendar=entries(value))

    def shown(profile: Profile) -> str:
        return "; ".join(entry.source for entry in profile.calendar) or "the nation's"

    return _Settable(check, put, shown)


SETTABLE: Mapping[str, _Settable] = {
    "face_check": _switch("face_check"),
    "face_liveness": _switch("face_liveness"),
    "pictures": _hours("pictures"),
    "closed": _hours("closed"),
    "volume": _loudness(),
    "calendar": _calendar(),
    "retention_days": _days("retention_days", 1, 3650),
    "draft_days": _days("draft_days", 0, 30),
    "answer_days": _days("answer_days", 0, 365),
}
