"""How a setting is called, and how its value is read by a person."""

from __future__ import annotations

from kiosk.health.readiness import without_login
from kiosk.maintenance.screen import Said, plain
from kiosk.maintenance.settings_fields import Setting

SECRET = ("backend.enrolment_code",)  # shown as set or not


def title(setting: Setting) -> Said:
    parts = setting.key.split(".")
    if parts[0] == "devices":
        return Said(f"maint.settings.device_{parts[2]}", (Said(f"maint.device.{parts[1]}"),))
    return Said(f"maint.settings.key.{setting.key}")


def said(setting: Setting, typed: str) -> Said:
    """A value as a person reads it."""
    if setting.kind == "switch":
        return Said(f"maint.settings.{typed or 'off'}")
    if setting.kind == "list":
        return Said("maint.settings.all") if not typed else Said("maint.settings.some", (typed.count(",") + 1,))
    if setting.key == "terminal.language":
        return Said(f"maint.settings.language.{typed}")
    if not typed:
        return Said("maint.settings.nothing")
    return Said("maint.settings.set") if setting.key in SECRET else plain(without_login(typed))


def family(key: str) -> str:
    """Help is the same for a text's two languages, and for every device."""
    parts = key.split(".")
    if parts[0] == "devices":
        return parts[2]
    return ".".join(parts[:2])
